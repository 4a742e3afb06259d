//! The page in each bundle: a second verifier, in code of its own, for whoever has a browser and no
//! command line.
//!
//! Its bytes are the same in every bundle of a release, so that a reader can compare them with what
//! the release publishes. Data is given to it by the reader, never by the bundle that it lies in.

use store_traits::Digest;

/// The page, as it lies in a bundle as `index.html`.
pub const PAGE: &[u8] = include_bytes!("page/index.html");

/// SHA-256 of the pages that this version knows, its own first. A release adds its page here and
/// keeps those before, since their bundles are still handed around.
pub const PAGES: [&str; 1] = ["7520dc3a3e8154f97d8067e451f23ed3baaaf40d5186b9f21270610124fe8578"];

/// Is it a page of this version or of one before?
pub(crate) fn is_known(sha256: &Digest) -> bool {
    let sha256 = sha256.to_string();
    PAGES.contains(&sha256.as_str())
}
