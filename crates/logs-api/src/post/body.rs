//! A post's body: taken within a time and a size, inflated, named.

use std::io::{BufReader, Read as _, Seek as _, SeekFrom, Write as _};

use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use intake::IntakeError;
use logs_domain::Input;
use replay_determinism::Sha256Stream;
use tempfile::SpooledTempFile;
use tokio::time::timeout;

use super::head::Encoding;
use super::refusal::Refusal;
use super::{Lines, Taken};
use crate::Limits;

/// Bytes of a body that are held in memory; what is larger goes into a file that the system removes.
const IN_MEMORY: usize = 1 << 20;

/// A body that came whole.
pub(crate) struct Received {
    held: SpooledTempFile,
    /// What came last and is not in it yet.
    rest: Vec<u8>,
}

/// Takes a body, if it is small enough and comes in time.
pub(super) async fn read(body: &mut Body, limits: &Limits) -> Result<Received, Refusal> {
    let whole = timeout(limits.body_timeout, collect(body, limits.max_body_bytes)).await;
    whole.unwrap_or(Err(Refusal::Slow { seconds: limits.body_timeout.as_secs() }))
}

/// Takes a body that is used as it came, if it has no more than 1 MiB.
pub(crate) async fn read_small(body: &mut Body, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let limit_bytes = limits.max_body_bytes.min(IN_MEMORY as u64 - 1);
    let whole = timeout(limits.body_timeout, collect(body, limit_bytes)).await;
    let whole = whole.unwrap_or(Err(Refusal::Slow { seconds: limits.body_timeout.as_secs() }))?;
    // Less than that is nowhere else.
    Ok(whole.rest)
}

async fn collect(body: &mut Body, limit_bytes: u64) -> Result<Received, Refusal> {
    // What is announced as too large is not waited for.
    if body.size_hint().lower() > limit_bytes {
        return Err(Refusal::TooLarge { limit_bytes });
    }
    let mut received = Received { held: SpooledTempFile::new(IN_MEMORY), rest: Vec::new() };
    let mut size_bytes = 0_u64;
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|_| Refusal::Cut)?.into_data() else { continue };
        size_bytes += piece.len() as u64;
        if size_bytes > limit_bytes {
            return Err(Refusal::TooLarge { limit_bytes });
        }
        received.rest.extend_from_slice(&piece);
        if received.rest.len() >= IN_MEMORY {
            // It may reach a disk, and nobody else should wait for that.
            let kept = tokio::task::spawn_blocking(move || received.keep());
            received = kept.await.map_err(|ended| Refusal::Ended(ended.to_string()))??;
        }
    }
    Ok(received)
}

/// Reads on what nobody wants, so that its sender comes to read the answer; not for ever.
pub(super) async fn drain(body: &mut Body, limits: &Limits) {
    let mut left = limits.max_body_bytes;
    let rest = async {
        while let Some(Ok(frame)) = body.frame().await {
            let size = frame.data_ref().map_or(0, |piece| piece.len() as u64);
            let Some(fewer) = left.checked_sub(size) else { break };
            left = fewer;
        }
    };
    let _ = timeout(limits.body_timeout, rest).await;
}

impl Received {
    fn keep(mut self) -> Result<Self, Refusal> {
        self.held.write_all(&self.rest).map_err(Refusal::Spool)?;
        self.rest.clear();
        Ok(self)
    }

    /// The body as an input, inflated. Blocks.
    ///
    /// It is named by its bytes: what is refused of a body is a fact with this name, so that it is one
    /// fact however often the body is sent, and another for another body.
    pub(super) fn into_input(
        self,
        taken: Taken,
        encoding: Encoding,
        limit_bytes: u64,
    ) -> Result<Input, Refusal> {
        let Self { mut held, .. } = self.keep()?;
        if encoding == Encoding::Gzip {
            held = inflated(held, taken.name, limit_bytes)?;
        }
        if taken.lines == Lines::OneValue {
            held = on_one_line(held)?;
        }
        let digest = digest(&mut held).map_err(Refusal::Spool)?;
        let name = format!("{} post {}", taken.name, digest.get(..16).unwrap_or_default());
        Ok(Input::of(name, held)?)
    }
}

fn inflated(
    mut packed: SpooledTempFile,
    name: &str,
    limit_bytes: u64,
) -> Result<SpooledTempFile, Refusal> {
    packed.seek(SeekFrom::Start(0)).map_err(Refusal::Spool)?;
    let mut plain = SpooledTempFile::new(IN_MEMORY);
    let name = format!("{name} post");
    match intake::inflate(&mut BufReader::new(packed), &mut plain, limit_bytes, &name) {
        Ok(_) => Ok(plain),
        Err(IntakeError::TooLarge { .. }) => Err(Refusal::TooLarge { limit_bytes }),
        Err(other) => Err(Refusal::Body(other)),
    }
}

/// A JSON value on one line: outside of its strings a line's end is a space like another, and inside
/// of them there is none (RFC 8259 §2, §7).
fn on_one_line(mut held: SpooledTempFile) -> Result<SpooledTempFile, Refusal> {
    let mut line = SpooledTempFile::new(IN_MEMORY);
    let (mut buffer, mut is_blank) = (vec![0_u8; 64 << 10], true);
    held.seek(SeekFrom::Start(0)).map_err(Refusal::Spool)?;
    loop {
        let read = held.read(&mut buffer).map_err(Refusal::Spool)?;
        let piece = buffer.get_mut(..read).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        for byte in &mut *piece {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
            is_blank &= byte.is_ascii_whitespace();
        }
        line.write_all(piece).map_err(Refusal::Spool)?;
    }
    // Lines may be none; a value is one.
    if is_blank { Err(Refusal::NoValue) } else { Ok(line) }
}

fn digest(held: &mut SpooledTempFile) -> std::io::Result<String> {
    held.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256Stream::new();
    let mut buffer = vec![0_u8; 64 << 10];
    loop {
        match held.read(&mut buffer)? {
            0 => return Ok(hash.finish().to_string()),
            read => hash.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}
