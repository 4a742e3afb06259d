//! The zip writer: the same members give the same bytes, on any machine and with any release of
//! any library, because each byte is decided here (APPNOTE 6.3.10).
//!
//! Stored, never compressed (a compressor's next release writes other bytes, and a page in a
//! browser can then read members without inflating); time 1980-01-01 00:00; mode 0644; names in
//! order of their UTF-8 bytes; no directories, comments, extra fields or data descriptors; no
//! zip64, so a bundle ends at 4 GiB.

use std::io::{self, Write};

use thiserror::Error;

/// The most members that a bundle has.
pub const MAX_MEMBERS: usize = 10_000;
/// The most bytes that a member has: 1 GiB.
pub const MAX_MEMBER_BYTES: u64 = 1 << 30;

pub(crate) const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
pub(crate) const CENTRAL_SIGNATURE: u32 = 0x0201_4b50;
pub(crate) const END_SIGNATURE: u32 = 0x0605_4b50;
/// 1980-01-01, the first day that the format can write.
const DOS_DATE: u16 = 0x0021;
/// Unix, format 2.0.
const MADE_BY: u16 = 0x0314;
/// A plain member needs format 1.0.
const NEEDED: u16 = 10;
/// A regular file, rw-r--r--.
const ATTRIBUTES: u32 = 0o100_644 << 16;

/// Members that cannot be a bundle.
#[derive(Debug, Error)]
pub enum ZipWriteError {
    /// A name that a reader would refuse, or one that does not follow the last in order.
    #[error("the member name `{0}` is not allowed there (relative, plain, in byte order, once)")]
    Name(String),
    /// More than the format or the limits hold.
    #[error("{what} (split the export by time or by run)")]
    TooLarge {
        /// What is too large.
        what: String,
    },
    /// The file could not be written.
    #[error("the bundle cannot be written")]
    Io(#[from] io::Error),
}

/// What is said of a member twice: before its bytes and in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) crc: u32,
    pub(crate) size: u32,
    pub(crate) offset: u32,
}

impl Header {
    fn common(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(26);
        out.extend(NEEDED.to_le_bytes());
        out.extend([0; 6]); // flags, method Stored, time 00:00
        out.extend(DOS_DATE.to_le_bytes());
        out.extend(self.crc.to_le_bytes());
        out.extend(self.size.to_le_bytes());
        out.extend(self.size.to_le_bytes());
        out.extend(u16::try_from(self.name.len()).unwrap_or(u16::MAX).to_le_bytes());
        out.extend([0; 2]); // no extra field
        out
    }

    /// The bytes before the member's bytes.
    pub(crate) fn local(&self) -> Vec<u8> {
        let mut out = LOCAL_SIGNATURE.to_le_bytes().to_vec();
        out.extend(self.common());
        out.extend(self.name.as_bytes());
        out
    }

    /// The bytes in the directory.
    pub(crate) fn central(&self) -> Vec<u8> {
        let mut out = CENTRAL_SIGNATURE.to_le_bytes().to_vec();
        out.extend(MADE_BY.to_le_bytes());
        out.extend(self.common());
        out.extend([0; 6]); // no comment, disk 0, no internal attributes
        out.extend(ATTRIBUTES.to_le_bytes());
        out.extend(self.offset.to_le_bytes());
        out.extend(self.name.as_bytes());
        out
    }
}

/// The 22 bytes at the end.
pub(crate) fn end_record(members: u16, directory_bytes: u32, directory_at: u32) -> Vec<u8> {
    let mut out = END_SIGNATURE.to_le_bytes().to_vec();
    out.extend([0; 4]); // one disk
    out.extend(members.to_le_bytes());
    out.extend(members.to_le_bytes());
    out.extend(directory_bytes.to_le_bytes());
    out.extend(directory_at.to_le_bytes());
    out.extend([0; 2]); // no comment
    out
}

/// Is this a member name that every reader extracts to the same place? Relative, `/` between
/// segments, no `.` or `..`, printable ASCII without `\`, `:` and other characters that some
/// file system treats specially.
#[must_use]
pub fn is_plain_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    !name.is_empty()
        && name.len() <= 200
        && name.split('/').all(|segment| {
            !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(plain)
        })
}

/// Writes members one after the other.
#[derive(Debug)]
pub struct ZipWriter<W> {
    out: W,
    at: u64,
    headers: Vec<Header>,
}

impl<W: Write> ZipWriter<W> {
    /// Starts at the beginning of `out`.
    pub fn new(out: W) -> Self {
        Self { out, at: 0, headers: Vec::new() }
    }

    /// Writes a member. Names come in byte order.
    ///
    /// # Errors
    /// The name is not plain or out of order, a limit is passed, or the write failed.
    pub fn member(&mut self, name: &str, bytes: &[u8]) -> Result<(), ZipWriteError> {
        let follows = self.headers.last().is_none_or(|last| last.name.as_str() < name);
        if !is_plain_name(name) || !follows {
            return Err(ZipWriteError::Name(name.to_owned()));
        }
        if self.headers.len() >= MAX_MEMBERS {
            return Err(too_large(format!("a bundle holds at most {MAX_MEMBERS} members")));
        }
        let size = u32::try_from(bytes.len())
            .ok()
            .filter(|size| u64::from(*size) <= MAX_MEMBER_BYTES)
            .ok_or_else(|| too_large(format!("the member `{name}` is larger than 1 GiB")))?;
        let offset = u32::try_from(self.at)
            .map_err(|_| too_large("the bundle is larger than 4 GiB".to_owned()))?;
        let header = Header { name: name.to_owned(), crc: crc32fast::hash(bytes), size, offset };
        self.put(&header.local())?;
        self.put(bytes)?;
        self.headers.push(header);
        Ok(())
    }

    /// Writes the directory and gives the output back.
    ///
    /// # Errors
    /// The bundle is larger than 4 GiB, or the write failed.
    pub fn finish(mut self) -> Result<W, ZipWriteError> {
        let start = self.at;
        let headers = std::mem::take(&mut self.headers);
        for header in &headers {
            self.put(&header.central())?;
        }
        let fits = |value: u64| {
            u32::try_from(value)
                .map_err(|_| too_large("the bundle is larger than 4 GiB".to_owned()))
        };
        let members = u16::try_from(headers.len()).unwrap_or(u16::MAX);
        let end = end_record(members, fits(self.at - start)?, fits(start)?);
        self.put(&end)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}

fn too_large(what: String) -> ZipWriteError {
    ZipWriteError::TooLarge { what }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _, Write as _};

    use super::*;

    fn two() -> Vec<u8> {
        let mut zip = ZipWriter::new(Vec::new());
        zip.member("a.txt", b"alpha\n").unwrap();
        zip.member("dir/b.bin", &[0; 300]).unwrap();
        zip.finish().unwrap()
    }

    #[test]
    fn an_independent_reader_reads_it() {
        let mut archive = zip::ZipArchive::new(Cursor::new(two())).unwrap();
        assert_eq!(archive.len(), 2);
        let mut text = String::new();
        let mut member = archive.by_name("a.txt").unwrap();
        assert_eq!(member.unix_mode(), Some(0o100_644));
        member.read_to_string(&mut text).unwrap();
        assert_eq!(text, "alpha\n");
    }

    #[test]
    fn an_independent_writer_writes_the_same_bytes() {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o644)
            .system(zip::System::Unix);
        let mut oracle = zip::ZipWriter::new(Cursor::new(Vec::new()));
        oracle.start_file("a.txt", options).unwrap();
        oracle.write_all(b"alpha\n").unwrap();
        oracle.start_file("dir/b.bin", options).unwrap();
        oracle.write_all(&[0; 300]).unwrap();
        let theirs = oracle.finish().unwrap().into_inner();
        // Only "made by" may differ: the library states its own format version there.
        let ours = two();
        assert_eq!(ours.len(), theirs.len());
        let different: Vec<usize> = (0..ours.len()).filter(|i| ours[*i] != theirs[*i]).collect();
        assert!(different.len() <= 4, "{different:?}");
    }

    #[test]
    fn names_that_leave_the_folder_or_the_order_are_refused() {
        for name in ["", "/etc/passwd", "../x", "a/../b", "a\\b", "C:x", "a//b", "./a", "é"] {
            assert!(ZipWriter::new(Vec::new()).member(name, b"").is_err(), "{name}");
        }
        let mut zip = ZipWriter::new(Vec::new());
        zip.member("b", b"").unwrap();
        assert!(zip.member("a", b"").is_err());
        assert!(zip.member("b", b"").is_err());
    }
}
