//! A post's body: taken within a time and a size, inflated, named.

use std::io::{BufReader, Read as _, Seek as _, SeekFrom, Write as _};

use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use intake::IntakeError;
use logs_domain::{Input, Signal};
use replay_determinism::Sha256Stream;
use tempfile::SpooledTempFile;
use tokio::time::timeout;

use super::head::Encoding;
use super::refusal::Refusal;
use crate::Limits;

/// Bytes of a body that are held in memory; what is larger goes into a file that the system removes.
const IN_MEMORY: usize = 1 << 20;

/// A body that came whole.
pub(super) struct Received {
    held: SpooledTempFile,
    /// What came last and is not in it yet.
    rest: Vec<u8>,
}

/// Takes a body, if it is small enough and comes in time.
pub(super) async fn read(body: &mut Body, limits: &Limits) -> Result<Received, Refusal> {
    let whole = timeout(limits.body_timeout, collect(body, limits.max_body_bytes)).await;
    whole.unwrap_or(Err(Refusal::Slow { seconds: limits.body_timeout.as_secs() }))
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
        signal: Signal,
        encoding: Encoding,
        limit_bytes: u64,
    ) -> Result<Input, Refusal> {
        let Self { mut held, .. } = self.keep()?;
        if encoding == Encoding::Gzip {
            held = inflated(held, signal, limit_bytes)?;
        }
        let digest = digest(&mut held).map_err(Refusal::Spool)?;
        let name = format!("{} post {}", signal.as_str(), digest.get(..16).unwrap_or_default());
        Ok(Input::of(name, held)?)
    }
}

fn inflated(
    mut packed: SpooledTempFile,
    signal: Signal,
    limit_bytes: u64,
) -> Result<SpooledTempFile, Refusal> {
    packed.seek(SeekFrom::Start(0)).map_err(Refusal::Spool)?;
    let mut plain = SpooledTempFile::new(IN_MEMORY);
    let name = format!("{} post", signal.as_str());
    match intake::inflate(&mut BufReader::new(packed), &mut plain, limit_bytes, &name) {
        Ok(_) => Ok(plain),
        Err(IntakeError::TooLarge { .. }) => Err(Refusal::TooLarge { limit_bytes }),
        Err(other) => Err(Refusal::Body(other)),
    }
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
