//! The high-water marks in a small file beside the key: one line a log.
//!
//! ```text
//! <origin> <size> <base64 root>
//! ```
//!
//! The file lies beside the signing key and not beside the database, so that a backup of the
//! database does not carry it. It is replaced as a whole (written beside it, synced, renamed, the
//! folder synced); a lock file keeps processes apart, because the file itself changes under its name.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use audit_evidence::CheckpointBody;
use store_traits::{Advance, HighWater, HighWaterError, SignedState};

/// High-water marks in a file.
#[derive(Debug, Clone)]
pub struct HighWaterFile {
    path: PathBuf,
}

impl HighWaterFile {
    /// Marks in this file, which is made when the first mark is set.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where the marks of a signing key are kept by default: beside it.
    #[must_use]
    pub fn beside(key_file: &Path) -> PathBuf {
        key_file.with_extension("highwater")
    }

    fn failed(&self, doing: &'static str, why: impl ToString) -> HighWaterError {
        HighWaterError { place: self.path.display().to_string(), doing, why: why.to_string() }
    }

    fn load(&self) -> Result<BTreeMap<String, SignedState>, HighWaterError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(self.failed("read", error)),
        };
        let mut marks = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let refuse = || {
                let line = at + 1;
                self.failed(
                    "read",
                    format!("line {line} is not `<origin> <size> <root>` (restore the file; without it a rolled-back database cannot be told)"),
                )
            };
            let (origin, state) = parse(line).ok_or_else(refuse)?;
            if marks.insert(origin, state).is_some() {
                return Err(refuse());
            }
        }
        Ok(marks)
    }

    /// Held until it is dropped.
    fn lock(&self) -> io::Result<File> {
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(name)?;
        file.lock()?;
        Ok(file)
    }

    fn swap(
        &self,
        origin: &str,
        from: Option<SignedState>,
        to: SignedState,
    ) -> Result<Advance, HighWaterError> {
        let moved = |error: io::Error| self.failed("moved", error);
        let _lock = self.lock().map_err(moved)?;
        let mut marks = self.load()?;
        let stands = marks.get(origin).copied();
        if stands != from {
            return Ok(Advance::Elsewhere(stands));
        }
        marks.insert(origin.to_owned(), to);
        self.store(&marks).map_err(moved)?;
        Ok(Advance::Moved)
    }

    fn store(&self, marks: &BTreeMap<String, SignedState>) -> io::Result<()> {
        let mut text = String::new();
        for (origin, state) in marks {
            text.push_str(&print(origin, state));
        }
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut part = tempfile::NamedTempFile::new_in(folder)?;
        part.write_all(text.as_bytes())?;
        part.as_file().sync_all()?;
        part.persist(&self.path).map_err(|error| error.error)?;
        // The new name is durable once the folder is; a mark that is lost signs a second history.
        File::open(folder)?.sync_all()
    }

    async fn beside_the_runtime<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Self) -> Result<T, HighWaterError> + Send + 'static,
    ) -> Result<T, HighWaterError> {
        let own = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&own)).await;
        done.map_err(|error| self.failed(doing, error))?
    }
}

#[async_trait]
impl HighWater for HighWaterFile {
    async fn read(&self, origin: &str) -> Result<Option<SignedState>, HighWaterError> {
        let origin = origin.to_owned();
        // Reading takes no lock: the name always leads to a whole file.
        self.beside_the_runtime("read", move |file| Ok(file.load()?.get(&origin).copied())).await
    }

    async fn origins(&self) -> Result<Vec<String>, HighWaterError> {
        self.beside_the_runtime("read", |file| Ok(file.load()?.into_keys().collect())).await
    }

    async fn advance(
        &self,
        origin: &str,
        from: Option<SignedState>,
        to: SignedState,
    ) -> Result<Advance, HighWaterError> {
        let origin = origin.to_owned();
        self.beside_the_runtime("moved", move |file| file.swap(&origin, from, to)).await
    }
}

/// A line holds the three values of a checkpoint, parted by spaces, so it is read as one.
fn parse(line: &str) -> Option<(String, SignedState)> {
    let mut checkpoint = line.replace(' ', "\n");
    checkpoint.push('\n');
    let CheckpointBody { origin, size, root } = CheckpointBody::parse(&checkpoint).ok()?;
    Some((origin, SignedState { size, root }))
}

fn print(origin: &str, state: &SignedState) -> String {
    let body = CheckpointBody { origin: origin.to_owned(), size: state.size, root: state.root }
        .to_string();
    let mut line = body.trim_end().replace('\n', " ");
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use replay_determinism::leaf_hash;

    use super::*;

    fn state(size: u64) -> SignedState {
        SignedState { size, root: leaf_hash(&size.to_be_bytes()) }
    }

    fn file() -> (tempfile::TempDir, HighWaterFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = HighWaterFile::new(folder.path().join("factlog.highwater"));
        (folder, file)
    }

    #[tokio::test]
    async fn a_mark_moves_only_from_where_it_stands() {
        let (_folder, file) = file();
        assert_eq!(file.read("a/x").await.unwrap(), None);
        assert_eq!(file.advance("a/x", None, state(3)).await.unwrap(), Advance::Moved);
        assert_eq!(file.advance("a/y", None, state(9)).await.unwrap(), Advance::Moved);
        let elsewhere = Advance::Elsewhere(Some(state(3)));
        assert_eq!(file.advance("a/x", None, state(5)).await.unwrap(), elsewhere);
        assert_eq!(file.advance("a/x", Some(state(2)), state(5)).await.unwrap(), elsewhere);
        assert_eq!(file.advance("a/x", Some(state(3)), state(5)).await.unwrap(), Advance::Moved);
        assert_eq!(file.read("a/x").await.unwrap(), Some(state(5)));
        assert_eq!(file.read("a/y").await.unwrap(), Some(state(9)));
        assert_eq!(fs::read_to_string(&file.path).unwrap().lines().count(), 2);
    }

    #[tokio::test]
    async fn a_damaged_file_is_never_taken_for_a_log_that_never_signed() {
        let (_folder, file) = file();
        for text in ["a/x 3\n", "a/x 03 AAAA\n", "a/x 3 AAAA\n", "garbage", "\n"] {
            fs::write(&file.path, text).unwrap();
            assert!(file.read("a/x").await.unwrap_err().to_string().contains("line 1"), "{text:?}");
            assert!(file.advance("a/x", None, state(1)).await.is_err());
            assert_eq!(fs::read_to_string(&file.path).unwrap(), text);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_many_that_move_a_mark_at_once_one_does_each_step() {
        let (_folder, file) = file();
        file.advance("a/x", None, state(1)).await.unwrap();
        let file = Arc::new(file);
        let mut tasks = Vec::new();
        for _ in 0..8 {
            let file = Arc::clone(&file);
            tasks.push(tokio::spawn(async move {
                let mut moved = 0;
                for step in 1..6 {
                    let (from, to) = (Some(state(step)), state(step + 1));
                    moved +=
                        u32::from(file.advance("a/x", from, to).await.unwrap() == Advance::Moved);
                }
                moved
            }));
        }
        let mut moved = 0;
        for task in tasks {
            moved += task.await.unwrap();
        }
        let stands = file.read("a/x").await.unwrap().unwrap();
        assert_eq!(u64::from(moved) + 1, stands.size);
        assert_eq!(stands, state(stands.size));
    }
}
