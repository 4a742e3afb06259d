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
pub const PAGES: [&str; 1] = ["dee111de45bc72132fbbd42b8af031335991000b7d13bc1c9f99cc8c7c5b268c"];

/// Is it a page of this version or of one before?
pub(crate) fn is_known(sha256: &Digest) -> bool {
    let sha256 = sha256.to_string();
    PAGES.contains(&sha256.as_str())
}
