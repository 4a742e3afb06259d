//! Inputs: files opened, inflated, measured; and what arrived in another way.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use intake::IntakeError;

use crate::DomainError;

/// An input that can be read twice: once to validate it whole, once to record it.
pub struct Input {
    /// The name that errors show.
    pub(crate) name: String,
    source: Box<dyn Source>,
    length: u64,
    read: Arc<AtomicU64>,
}

trait Source: Read + Seek + Send {}

impl<S: Read + Seek + Send> Source for S {}

/// How far the reading of an input has come, in bytes.
#[derive(Clone)]
pub struct InputProgress {
    read: Arc<AtomicU64>,
    /// Length of the input in bytes.
    pub length: u64,
}

impl InputProgress {
    /// Bytes read so far.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

impl Input {
    /// Opens a file; gzip is inflated into an anonymous temporary file of at most `max_inflated`
    /// bytes, which the system removes by itself.
    ///
    /// # Errors
    /// The file is missing, is a directory, cannot be read, or inflates to more than the limit.
    pub fn open(path: &Path, max_inflated: u64) -> Result<Self, DomainError> {
        let wrong = |source| DomainError::File { doing: "read", path: path.to_owned(), source };
        let file = File::open(path).map_err(wrong)?;
        let meta = file.metadata().map_err(wrong)?;
        if !meta.is_file() {
            let what = if meta.is_dir() { "it is a directory" } else { "it is not a regular file" };
            return Err(wrong(io::Error::other(format!(
                "{what} (name files one by one, or use `-`)"
            ))));
        }
        Self::inflated(path.display().to_string(), file, max_inflated)
    }

    /// Takes all of standard input, or any other stream, into an anonymous temporary file.
    ///
    /// # Errors
    /// The stream cannot be read, or the temporary file cannot be written.
    pub fn spool(
        name: &str,
        stream: &mut dyn Read,
        max_inflated: u64,
    ) -> Result<Self, DomainError> {
        let wrong = |source| DomainError::File { doing: "read", path: name.into(), source };
        let mut file = tempfile::tempfile().map_err(wrong)?;
        io::copy(stream, &mut file).map_err(wrong)?;
        Self::inflated(name.to_owned(), file, max_inflated)
    }

    fn inflated(name: String, mut file: File, max_inflated: u64) -> Result<Self, DomainError> {
        let wrong = |source| DomainError::File { doing: "read", path: name.clone().into(), source };
        let mut magic = [0_u8; 2];
        file.seek(SeekFrom::Start(0)).map_err(wrong)?;
        let seen = file.read(&mut magic).map_err(wrong)?;
        file.seek(SeekFrom::Start(0)).map_err(wrong)?;
        if seen == 2 && intake::is_gzip(&magic) {
            let mut plain = tempfile::tempfile().map_err(wrong)?;
            intake::inflate(&mut BufReader::new(file), &mut plain, max_inflated, &name)?;
            plain.flush().map_err(wrong)?;
            file = plain;
        }
        Self::of(name, file)
    }

    /// Takes what arrived in another way, inflated already. The name is what errors and facts about
    /// refused records show.
    ///
    /// # Errors
    /// The source cannot tell its length.
    ///
    /// ```
    /// use std::io::Cursor;
    ///
    /// let input = logs_domain::Input::of("a body".to_owned(), Cursor::new(b"{}"))?;
    /// assert_eq!(input.progress().length, 2);
    /// # Ok::<(), logs_domain::DomainError>(())
    /// ```
    pub fn of(
        name: String,
        mut source: impl Read + Seek + Send + 'static,
    ) -> Result<Self, DomainError> {
        let wrong = |source| DomainError::File { doing: "read", path: name.clone().into(), source };
        let length = source.seek(SeekFrom::End(0)).map_err(wrong)?;
        source.seek(SeekFrom::Start(0)).map_err(wrong)?;
        Ok(Self { name, source: Box::new(source), length, read: Arc::new(AtomicU64::new(0)) })
    }

    /// The input from its start, line by line.
    pub(crate) fn lines(&mut self) -> Result<BufReader<&mut Self>, IntakeError> {
        let rewound = self.seek(SeekFrom::Start(0));
        rewound.map_err(|source| IntakeError::Io { file: self.name.clone(), source })?;
        Ok(BufReader::new(self))
    }

    /// The reading side's progress.
    #[must_use]
    pub fn progress(&self) -> InputProgress {
        InputProgress { read: Arc::clone(&self.read), length: self.length }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = self.source.seek(to)?;
        self.read.store(at, Ordering::Relaxed);
        Ok(at)
    }
}
