//! A pull scanner over JSON that need not fit in memory: it walks the structure that it is told to
//! walk and captures or skips every other value by its bytes.
//!
//! It checks brackets, strings and commas of what it walks; what it captures is parsed by its caller,
//! and what it skips is checked for balanced brackets only.

use std::io::{BufRead, BufReader, Read, Seek};

use crate::IntakeError;

/// Brackets that may be open at once.
const MAX_DEPTH: usize = 512;
/// Longest captured value: one span, log record, metric or resource.
const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;
/// Longest member name at a walked level.
const MAX_NAME_BYTES: usize = 1024;

pub(crate) struct JsonScan<'s, S> {
    reader: BufReader<&'s mut S>,
    at: u64,
    file: &'s str,
}

impl<'s, S: Read + Seek> JsonScan<'s, S> {
    /// Begins at the source's current position, which must be its start.
    pub(crate) fn new(source: &'s mut S, file: &'s str) -> Self {
        Self { reader: BufReader::with_capacity(256 * 1024, source), at: 0, file }
    }

    /// The byte offset of what comes next.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Goes back (or on) to a byte offset.
    pub(crate) fn seek(&mut self, at: u64) -> Result<(), IntakeError> {
        let by = i128::from(at) - i128::from(self.at);
        let by = i64::try_from(by).map_err(|_| self.malformed("the input is too long"))?;
        self.reader.seek_relative(by).map_err(|source| self.io(source))?;
        self.at = at;
        Ok(())
    }

    /// The next byte that is not white space; `None` at the end.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, IntakeError> {
        loop {
            match self.byte()? {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.advance(1),
                other => return Ok(other),
            }
        }
    }

    /// Walks an object: `member` is called with each name, the scanner standing before the value,
    /// and must consume the value.
    pub(crate) fn object(
        &mut self,
        member: &mut dyn FnMut(&mut Self, &str) -> Result<(), IntakeError>,
    ) -> Result<(), IntakeError> {
        self.expect(b'{', "an object")?;
        if self.peek()? == Some(b'}') {
            self.advance(1);
            return Ok(());
        }
        loop {
            let name = self.name()?;
            self.expect(b':', "`:`")?;
            member(self, &name)?;
            match self.peek()? {
                Some(b',') => self.advance(1),
                Some(b'}') => {
                    self.advance(1);
                    return Ok(());
                }
                _ => return Err(self.malformed("`,` or `}` is wanted")),
            }
        }
    }

    /// Walks an array (`null` is an empty one): `item` is called before each item, with its index,
    /// and must consume it.
    pub(crate) fn array(
        &mut self,
        item: &mut dyn FnMut(&mut Self, u64) -> Result<(), IntakeError>,
    ) -> Result<(), IntakeError> {
        if self.peek()? == Some(b'n') {
            return self.skip();
        }
        self.expect(b'[', "an array")?;
        if self.peek()? == Some(b']') {
            self.advance(1);
            return Ok(());
        }
        for index in 0.. {
            item(self, index)?;
            match self.peek()? {
                Some(b',') => self.advance(1),
                Some(b']') => {
                    self.advance(1);
                    return Ok(());
                }
                _ => return Err(self.malformed("`,` or `]` is wanted")),
            }
        }
        Ok(())
    }

    /// The bytes of the next value.
    pub(crate) fn capture(&mut self) -> Result<Vec<u8>, IntakeError> {
        let mut bytes = Vec::new();
        self.value(Some(&mut bytes))?;
        Ok(bytes)
    }

    /// Leaves the next value out.
    pub(crate) fn skip(&mut self) -> Result<(), IntakeError> {
        self.value(None)
    }

    fn name(&mut self) -> Result<String, IntakeError> {
        if self.peek()? != Some(b'"') {
            return Err(self.malformed("a member name is wanted"));
        }
        let bytes = self.capture()?;
        if bytes.len() > MAX_NAME_BYTES {
            return Err(self.malformed("the member name is longer than 1,024 bytes"));
        }
        serde_json::from_slice(&bytes).map_err(|error| self.malformed(&error.to_string()))
    }

    fn expect(&mut self, byte: u8, wanted: &str) -> Result<(), IntakeError> {
        if self.peek()? == Some(byte) {
            self.advance(1);
            return Ok(());
        }
        Err(self.malformed(&format!("{wanted} is wanted")))
    }

    /// Consumes one value by its bytes.
    fn value(&mut self, mut sink: Option<&mut Vec<u8>>) -> Result<(), IntakeError> {
        if self.peek()?.is_none() {
            return Err(self.malformed("the input ends where a value is wanted"));
        }
        let mut state = ValueState::default();
        loop {
            let buffer = self
                .reader
                .fill_buf()
                .map_err(|source| IntakeError::Io { file: self.file.to_owned(), source })?;
            if buffer.is_empty() {
                return match state.ends_at_end_of_input() {
                    true => Ok(()),
                    false => Err(self.malformed("the input ends inside a value")),
                };
            }
            let (taken, outcome) = state.take(buffer);
            if let Some(sink) = sink.as_deref_mut() {
                sink.extend(buffer.iter().take(taken));
            }
            self.reader.consume(taken);
            self.at += taken as u64;
            match outcome {
                Taken::All => {}
                Taken::Done => return Ok(()),
                Taken::Wrong(why) => return Err(self.malformed(why)),
            }
            if sink.as_ref().is_some_and(|sink| sink.len() > MAX_RECORD_BYTES) {
                return Err(IntakeError::TooLarge {
                    file: self.file.to_owned(),
                    what: format!("the record that ends behind byte {}", self.at),
                    limit: "16 MiB".to_owned(),
                    hint: "split it where it is made",
                });
            }
        }
    }

    fn byte(&mut self) -> Result<Option<u8>, IntakeError> {
        match self.reader.fill_buf() {
            Ok(buffer) => Ok(buffer.first().copied()),
            Err(source) => Err(self.io(source)),
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.at += bytes as u64;
    }

    pub(crate) fn malformed(&self, why: &str) -> IntakeError {
        IntakeError::Malformed {
            file: self.file.to_owned(),
            at: format!("byte {}", self.at),
            why: why.to_owned(),
        }
    }

    fn io(&self, source: std::io::Error) -> IntakeError {
        IntakeError::Io { file: self.file.to_owned(), source }
    }
}

/// Where inside a value the scanner stands.
#[derive(Default)]
struct ValueState {
    open: Vec<u8>,
    in_string: bool,
    escaped: bool,
    /// A number or a word at the top level: it ends where something else begins.
    bare: bool,
}

enum Taken {
    All,
    Done,
    Wrong(&'static str),
}

impl ValueState {
    fn ends_at_end_of_input(&self) -> bool {
        self.bare && self.open.is_empty()
    }

    /// Takes bytes until the value ends or the buffer does.
    fn take(&mut self, buffer: &[u8]) -> (usize, Taken) {
        for (at, byte) in buffer.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_string = false;
                        if self.open.is_empty() {
                            return (at + 1, Taken::Done);
                        }
                    }
                    0..=0x1f => {
                        return (at, Taken::Wrong("a control character stands in a string"));
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' if !self.bare => self.in_string = true,
                b'{' | b'[' if !self.bare => {
                    if self.open.len() == MAX_DEPTH {
                        return (at, Taken::Wrong("values are nested more than 512 deep"));
                    }
                    self.open.push(*byte);
                }
                b'}' | b']' if !self.bare => {
                    match (self.open.pop(), byte) {
                        (Some(b'{'), b'}') | (Some(b'['), b']') => {}
                        _ => return (at, Taken::Wrong("a bracket is closed that was not opened")),
                    }
                    if self.open.is_empty() {
                        return (at + 1, Taken::Done);
                    }
                }
                b',' | b'}' | b']' | b':' | b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'{' | b'['
                    if self.bare =>
                {
                    return (at, Taken::Done);
                }
                _ if self.open.is_empty() => {
                    if matches!(byte, b',' | b':') {
                        return (at, Taken::Wrong("a value is wanted"));
                    }
                    self.bare = true;
                }
                _ => {}
            }
        }
        (buffer.len(), Taken::All)
    }
}
