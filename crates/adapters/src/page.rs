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
pub const PAGES: [&str; 1] = ["aca324f96fa509bb3db91c3930f0c29a0cb49a5a824379a04cb4e487b329ff09"];

/// Is it a page of this version or of one before?
pub(crate) fn is_known(sha256: &Digest) -> bool {
    let sha256 = sha256.to_string();
    PAGES.contains(&sha256.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a stranger compares the page with has to be what the page is.
    #[test]
    fn its_hash_is_the_one_that_is_published() {
        let sha256 = replay_determinism::sha256(PAGE).to_string();
        assert_eq!(PAGES[0], sha256);
        for document in
            [include_str!("../../../docs/FORMATS.md"), include_str!("../../../docs/OPERATIONS.md")]
        {
            assert!(document.contains(&sha256), "{sha256} is not in it: {:.40}", document);
        }
    }

    #[test]
    fn it_reaches_no_network_and_writes_no_html_of_others() {
        let page = std::str::from_utf8(PAGE).unwrap();
        let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";
        assert!(
            page.contains(&format!("http-equiv=\"Content-Security-Policy\" content=\"{policy}"))
        );
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "http:",
            "https:",
        ] {
            assert!(!page.contains(word), "{word}");
        }
    }
}
