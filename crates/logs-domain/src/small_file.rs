//! Files that people write by hand: keys, policies, rules, certificates.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The most bytes of such a file: some thousand keys, or hundreds of certificates.
const MOST: u64 = 1 << 20;

/// Reads a text of at most 1 MiB. A larger file is not the one that was meant (a database, a device that
/// never ends), and is refused before it fills the memory.
///
/// # Errors
/// The file cannot be read, is larger, or is not UTF-8.
pub fn read_small_text(path: &Path) -> io::Result<String> {
    let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not text (UTF-8)");
    String::from_utf8(read_small(path)?).map_err(not_text)
}

pub(crate) fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_a_mebibyte() {
        let folder = tempfile::tempdir().unwrap();
        let file = |bytes: &[u8]| {
            let path = folder.path().join("file");
            std::fs::write(&path, bytes).unwrap();
            read_small_text(&path).map_err(|error| error.to_string())
        };
        let most = usize::try_from(MOST).unwrap();
        assert_eq!(file(b"a key"), Ok("a key".to_owned()));
        assert_eq!(file(&vec![b'x'; most]).unwrap().len(), most);
        assert_eq!(file(&vec![b'x'; most + 1]), Err("it is larger than 1 MiB".to_owned()));
        assert_eq!(file(b"\xff"), Err("it is not text (UTF-8)".to_owned()));
        assert!(read_small_text(&folder.path().join("none")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_that_never_ends_is_refused() {
        let error = read_small_text(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
