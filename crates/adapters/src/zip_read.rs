//! The strict zip reader: reads what [`crate::ZipWriter`] writes and nothing else.
//!
//! Zip says many things twice, and readers disagree about which to believe; a bundle that shows one
//! reader other members than another proves nothing. So every header is rebuilt from what was
//! parsed and compared byte for byte: what the writer would not have written is refused, and no
//! byte of the file is left that nobody looked at.

use std::io::{self, Read, Seek, SeekFrom};

use thiserror::Error;

use crate::zip_write::{
    CENTRAL_SIGNATURE, END_SIGNATURE, Header, MAX_MEMBER_BYTES, MAX_MEMBERS, end_record,
    is_plain_name,
};

/// The bytes of an end record.
const END_BYTES: u64 = 22;
/// The fixed bytes of a directory record.
const CENTRAL_BYTES: usize = 46;
/// A directory of the most members with the longest names.
const MAX_DIRECTORY_BYTES: u32 = 4 << 20;

/// A file that is not a bundle's zip.
#[derive(Debug, Error)]
pub enum ZipReadError {
    /// It cannot be read.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// No end record where a zip ends.
    #[error(
        "not a whole zip file: no end record in the last 22 bytes (cut off, something appended, or another kind of file)"
    )]
    NotZip,
    /// The zip says something that a bundle's writer does not.
    #[error("the zip is not as a bundle is written: {what} at byte {at} (changed or repacked)")]
    Structure {
        /// What differs.
        what: String,
        /// Where.
        at: u64,
    },
    /// A member is larger than the reader accepts.
    #[error("the member `{name}` has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// Its name.
        name: String,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// No such member.
    #[error("the bundle has no member `{0}`")]
    Missing(String),
    /// The bytes do not fit their checksum.
    #[error("the member `{0}` does not fit its checksum in the zip (its bytes were changed)")]
    Checksum(String),
}

/// A bundle's zip, its directory checked.
#[derive(Debug)]
pub struct ZipReader<F> {
    file: F,
    members: Vec<Header>,
}

impl<F: Read + Seek> ZipReader<F> {
    /// Reads and checks the directory. Nothing of a member is read or allocated yet.
    ///
    /// # Errors
    /// Anything but the bytes that the writer writes.
    pub fn open(mut file: F) -> Result<Self, ZipReadError> {
        let length = file.seek(SeekFrom::End(0))?;
        let end_at = length.checked_sub(END_BYTES).ok_or(ZipReadError::NotZip)?;
        file.seek(SeekFrom::Start(end_at))?;
        let mut end = [0_u8; END_BYTES as usize];
        file.read_exact(&mut end)?;
        if u32_at(&end, 0) != END_SIGNATURE {
            return Err(ZipReadError::NotZip);
        }
        let (count, bytes, start) = (u16_at(&end, 10), u32_at(&end, 12), u32_at(&end, 16));
        if end.as_slice() != end_record(count, bytes, start)
            || u64::from(start) + u64::from(bytes) != end_at
            || usize::from(count) > MAX_MEMBERS
            || bytes > MAX_DIRECTORY_BYTES
        {
            return Err(structure("the end record", end_at));
        }
        file.seek(SeekFrom::Start(start.into()))?;
        let mut directory = vec![0_u8; bytes as usize];
        file.read_exact(&mut directory)?;
        let members = parse_directory(&directory, count, start)?;
        Ok(Self { file, members })
    }

    /// Member names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// The bytes of a member of at most `limit` bytes.
    ///
    /// # Errors
    /// It is not there, too large, or its bytes or header were changed.
    pub fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, ZipReadError> {
        let member = self
            .members
            .binary_search_by(|member| member.name.as_str().cmp(name))
            .ok()
            .and_then(|at| self.members.get(at))
            .ok_or_else(|| ZipReadError::Missing(name.to_owned()))?;
        if u64::from(member.size) > limit {
            return Err(ZipReadError::TooLarge {
                name: name.to_owned(),
                size: member.size.into(),
                limit,
            });
        }
        self.file.seek(SeekFrom::Start(member.offset.into()))?;
        let expected = member.local();
        let mut local = vec![0_u8; expected.len()];
        self.file.read_exact(&mut local)?;
        if local != expected {
            let what = format!("the header of `{name}`");
            return Err(ZipReadError::Structure { what, at: member.offset.into() });
        }
        let mut bytes = vec![0_u8; member.size as usize];
        self.file.read_exact(&mut bytes)?;
        if crc32fast::hash(&bytes) != member.crc {
            return Err(ZipReadError::Checksum(name.to_owned()));
        }
        Ok(bytes)
    }
}

/// Members must lie one after the other from byte 0 to the directory: no byte between them.
fn parse_directory(bytes: &[u8], count: u16, start: u32) -> Result<Vec<Header>, ZipReadError> {
    let mut members: Vec<Header> = Vec::with_capacity(count.into());
    let (mut rest, mut next_offset) = (bytes, 0_u64);
    for _ in 0..count {
        let at = u64::from(start) + (bytes.len() - rest.len()) as u64;
        let wrong = || structure("a directory record", at);
        let fixed = rest.get(..CENTRAL_BYTES).ok_or_else(wrong)?;
        let end = CENTRAL_BYTES + usize::from(u16_at(fixed, 28));
        let record = rest.get(..end).ok_or_else(wrong)?;
        let name = record.get(CENTRAL_BYTES..).and_then(|name| std::str::from_utf8(name).ok());
        let header = Header {
            name: name.ok_or_else(wrong)?.to_owned(),
            crc: u32_at(fixed, 16),
            size: u32_at(fixed, 24),
            offset: u32_at(fixed, 42),
        };
        let follows = members.last().is_none_or(|last| last.name < header.name);
        if u32_at(fixed, 0) != CENTRAL_SIGNATURE
            || header.central() != record
            || !is_plain_name(&header.name)
            || !follows
            || u64::from(header.offset) != next_offset
            || u64::from(header.size) > MAX_MEMBER_BYTES
        {
            return Err(wrong());
        }
        next_offset += header.local().len() as u64 + u64::from(header.size);
        members.push(header);
        rest = rest.get(end..).unwrap_or_default();
    }
    if !rest.is_empty() || next_offset != u64::from(start) {
        return Err(structure("the directory", start.into()));
    }
    Ok(members)
}

fn structure(what: &str, at: u64) -> ZipReadError {
    ZipReadError::Structure { what: what.to_owned(), at }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    match bytes.get(at..at + 2) {
        Some([a, b]) => u16::from_le_bytes([*a, *b]),
        _ => 0,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..at + 4) {
        Some([a, b, c, d]) => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use super::*;
    use crate::ZipWriter;

    fn sample() -> Vec<u8> {
        let mut zip = ZipWriter::new(Vec::new());
        zip.member("a.txt", b"alpha\n").unwrap();
        zip.member("b/c.txt", b"").unwrap();
        zip.finish().unwrap()
    }

    fn read_all(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, ZipReadError> {
        let mut zip = ZipReader::open(Cursor::new(bytes))?;
        let names: Vec<String> = zip.names().map(str::to_owned).collect();
        names.into_iter().map(|name| zip.read(&name, 1 << 20).map(|bytes| (name, bytes))).collect()
    }

    #[test]
    fn what_was_written_is_read_back() {
        let members = read_all(&sample()).unwrap();
        assert_eq!(members[0], ("a.txt".to_owned(), b"alpha\n".to_vec()));
        assert_eq!(members[1].0, "b/c.txt");
        assert!(read_all(&ZipWriter::new(Vec::new()).finish().unwrap()).unwrap().is_empty());
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let good = sample();
        for at in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[at / 8] ^= 1 << (at % 8);
            assert!(read_all(&bad).is_err(), "bit {at}");
        }
    }

    #[test]
    fn every_cut_and_every_addition_is_refused() {
        let good = sample();
        for length in 0..good.len() {
            assert!(read_all(&good[..length]).is_err(), "{length}");
        }
        assert!(read_all(&[&good[..], b"x"].concat()).is_err());
        assert!(read_all(&[b"x", &good[..]].concat()).is_err());
    }

    #[test]
    fn a_bomb_is_refused_before_anything_is_allocated() {
        let mut zip = ZipWriter::new(Vec::new());
        zip.member("a", &[0; 5000]).unwrap();
        let bytes = zip.finish().unwrap();
        let mut zip = ZipReader::open(Cursor::new(bytes)).unwrap();
        assert!(matches!(zip.read("a", 4999), Err(ZipReadError::TooLarge { size: 5000, .. })));

        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .large_file(true);
        let mut other = zip::ZipWriter::new(Cursor::new(Vec::new()));
        other.start_file("a", options).unwrap();
        other.write_all(b"x").unwrap();
        assert!(read_all(&other.finish().unwrap().into_inner()).is_err());
    }

    #[test]
    fn a_member_that_is_not_there_is_named() {
        let mut zip = ZipReader::open(Cursor::new(sample())).unwrap();
        assert!(zip.read("manifest.json", 10).unwrap_err().to_string().contains("manifest.json"));
    }
}
