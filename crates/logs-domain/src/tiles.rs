//! A log as files: tiles, entry bundles and the checkpoint, for readers without the database.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use audit_evidence::{
    OpenedCheckpoint, Tile, TileError, consistency_proof, entry_bundle, hash_tile, open_checkpoint,
    tiles_between, verify_consistency,
};
use store_traits::{Checkpoint, TenantId};

use crate::{DomainError, LogsDomain};

/// What an export of tiles wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilesExported {
    /// Leaves of the tree that the written checkpoint speaks of.
    pub size: u64,
    /// Leaves that the folder held before.
    pub before: u64,
    /// Files that were written, the checkpoint among them.
    pub files: u64,
}

/// Where tiles lie: objects by name, `checkpoint` beside them.
#[async_trait]
pub(crate) trait TilePlace: Send + Sync {
    /// An object's name as people know it.
    fn shown(&self, name: &str) -> String;

    /// The checkpoint that lies there.
    async fn checkpoint(&self) -> Result<Option<String>, DomainError>;

    /// Writes an object that never changes; `false` where it is there already. One with other bytes
    /// is left alone: two logs in one place would prove neither.
    async fn keep(&self, name: &str, bytes: Vec<u8>) -> Result<bool, DomainError>;

    /// Puts a checkpoint in place of the one that was read.
    async fn replace_checkpoint(&self, note: &str) -> Result<(), DomainError>;
}

/// What to say of an object that is there with other bytes.
pub(crate) fn differs(shown: String) -> DomainError {
    let why = "is there with other bytes, and a tile never changes".to_owned();
    DomainError::OtherTiles { object: shown, why }
}

impl LogsDomain {
    /// Writes a tenant's log into a folder as C2SP tlog-tiles: what is new since the checkpoint that
    /// lies there, and the newest checkpoint last. A crash in between leaves a folder whose checkpoint
    /// still speaks of files that are all there; doing it again completes it.
    ///
    /// # Errors
    /// Nothing was recorded or there is no key; the folder holds another log, or a later state of this
    /// one; a file cannot be written.
    pub async fn export_tiles(
        &self,
        tenant: &TenantId,
        folder: &Path,
    ) -> Result<TilesExported, DomainError> {
        self.export_tiles_to(tenant, &Folder(folder.to_owned())).await
    }

    /// The newest checkpoint that was signed; signs nothing.
    ///
    /// # Errors
    /// The store failed.
    pub async fn newest_checkpoint(
        &self,
        tenant: &TenantId,
    ) -> Result<Option<Checkpoint>, DomainError> {
        Ok(self.ledger.newest_checkpoint(tenant).await?)
    }

    /// The bytes of a tile, as [`LogsDomain::export_tiles`] writes them; `None` where the newest signed
    /// checkpoint does not cover all of it.
    ///
    /// # Errors
    /// The store failed, or lacks what was signed.
    pub async fn signed_tile(
        &self,
        tenant: &TenantId,
        tile: &Tile,
    ) -> Result<Option<Vec<u8>>, DomainError> {
        let signed = self.newest_checkpoint(tenant).await?.map_or(0, |signed| signed.size);
        if covers(signed, tile) { Ok(Some(self.tile(tenant, tile).await?)) } else { Ok(None) }
    }

    pub(crate) async fn export_tiles_to(
        &self,
        tenant: &TenantId,
        place: &dyn TilePlace,
    ) -> Result<TilesExported, DomainError> {
        let checkpoint = self.checkpoint(tenant).await?;
        let before = match place.checkpoint().await? {
            None => 0,
            Some(note) => self.published(tenant, place, &note, &checkpoint).await?,
        };
        let mut files = 0;
        for tile in tiles_between(before, checkpoint.size) {
            let bytes = self.tile(tenant, &tile).await?;
            files += u64::from(place.keep(&tile.to_string(), bytes).await?);
        }
        if before < checkpoint.size || before == 0 {
            place.replace_checkpoint(&checkpoint.note).await?;
            files += 1;
        }
        Ok(TilesExported { size: checkpoint.size, before, files })
    }

    async fn tile(&self, tenant: &TenantId, tile: &Tile) -> Result<Vec<u8>, DomainError> {
        let made = match tile.level {
            Some(level) => hash_tile(self.ledger.as_ref(), tenant, level, tile).await,
            None => {
                let start = tile.index.saturating_mul(audit_evidence::TILE_WIDTH);
                let range = start..start.saturating_add(tile.width);
                entry_bundle(tile, &self.ledger.entries(tenant, range).await?)
            }
        };
        made.map_err(|error| match error {
            TileError::Store(error) => DomainError::Store(error),
            other => DomainError::Proof(other.to_string()),
        })
    }

    /// The size of what lies in the place, after a check that the newest state extends it.
    async fn published(
        &self,
        tenant: &TenantId,
        place: &dyn TilePlace,
        note: &str,
        newest: &Checkpoint,
    ) -> Result<u64, DomainError> {
        let refuse = |why: String| DomainError::OtherTiles {
            object: place.shown("checkpoint"),
            why: format!("is not an older state of the log `{}`: {why}", self.log_origin(tenant)),
        };
        let keys = self.verifier_keys(tenant)?;
        let OpenedCheckpoint { origin, size, root, .. } =
            open_checkpoint(note, &keys, &Self::verifier()).map_err(|e| refuse(e.to_string()))?;
        if origin != self.log_origin(tenant) {
            return Err(refuse(format!("it is signed for `{origin}`")));
        }
        if size > newest.size {
            return Err(refuse(format!("it has {size} entries, the ledger has {}", newest.size)));
        }
        let proof = consistency_proof(self.ledger.as_ref(), tenant, size, newest.size)
            .await
            .map_err(|error| DomainError::Proof(error.to_string()))?;
        verify_consistency(size, newest.size, &root, &newest.root, &proof)
            .map_err(|_| refuse("its history is another one".to_owned()))?;
        Ok(size)
    }
}

/// Does a tree of so many leaves have every element of a tile?
fn covers(size: u64, tile: &Tile) -> bool {
    let has = size >> (8 * u32::from(tile.level.unwrap_or(0)));
    let end = tile.index.checked_mul(audit_evidence::TILE_WIDTH);
    end.and_then(|start| start.checked_add(tile.width)).is_some_and(|end| end <= has)
}

struct Folder(PathBuf);

#[async_trait]
impl TilePlace for Folder {
    fn shown(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    async fn checkpoint(&self) -> Result<Option<String>, DomainError> {
        read(&self.0.join("checkpoint"))
    }

    async fn keep(&self, name: &str, bytes: Vec<u8>) -> Result<bool, DomainError> {
        keep(&self.0.join(name), &bytes)
    }

    async fn replace_checkpoint(&self, note: &str) -> Result<(), DomainError> {
        replace(&self.0.join("checkpoint"), note.as_bytes())
    }
}

fn read(path: &Path) -> Result<Option<String>, DomainError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DomainError::File { doing: "read", path: path.to_path_buf(), source }),
    }
}

fn keep(path: &Path, bytes: &[u8]) -> Result<bool, DomainError> {
    match std::fs::read(path) {
        Ok(there) if there == bytes => Ok(false),
        Ok(_) => Err(differs(path.display().to_string())),
        Err(error) if error.kind() == ErrorKind::NotFound => replace(path, bytes).map(|()| true),
        Err(source) => Err(DomainError::File { doing: "read", path: path.to_path_buf(), source }),
    }
}

/// Writes a file so that a reader sees all of it or nothing, also after a loss of power.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), DomainError> {
    let failed = |source| DomainError::File { doing: "write", path: path.to_path_buf(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let partial = partial(path);
    let mut file = File::create(&partial).map_err(failed)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let renamed = written.and_then(|()| std::fs::rename(&partial, path));
    if renamed.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    renamed.and_then(|()| File::open(folder)?.sync_all()).map_err(failed)
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_covers_what_lies_in_it() {
        #[track_caller]
        fn check(size: u64, tile: &str, expect: bool) {
            assert_eq!(covers(size, &tile.parse().unwrap()), expect, "{size} {tile}");
        }
        check(0, "tile/0/000.p/1", false);
        check(300, "tile/0/000", true);
        check(300, "tile/0/001.p/44", true);
        check(300, "tile/0/001.p/45", false);
        check(300, "tile/0/001", false);
        check(300, "tile/entries/001.p/1", true);
        check(300, "tile/1/000.p/1", true);
        check(300, "tile/1/000.p/2", false);
        check(65_536, "tile/1/000", true);
        check(65_535, "tile/1/000", false);
        check(u64::MAX, "tile/0/x018/x446/x744/x073/x709/x551/615", false);
        check(u64::MAX, "tile/7/000.p/255", true);
    }
}
