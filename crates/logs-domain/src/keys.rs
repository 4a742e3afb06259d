//! Rotating the signing keys.
//!
//! `add` makes a key that signs beside the others; once its public half has reached the readers,
//! `retire` takes the old one out of use. Both leave a fact in every tenant's log, so a reader who
//! trusts the old key can follow to the new one. What an old key signed keeps verifying.

use adapters::{Ed25519Signer, KeyRing, KeyState};
use audit_evidence::VerifierKey;
use store_traits::{
    Draft, FactKind, IdempotencyKey, Identity, Object, Signer as _, TenantId, Timestamp,
};

use crate::own_facts::own_meta;
use crate::{DomainError, LogsDomain, key_file};

/// A key of a tenant's log, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownKey {
    /// Whose log.
    pub tenant: TenantId,
    /// The key.
    pub vkey: VerifierKey,
    /// When it was added; `None` for the key that the database was made with.
    pub added_at: Option<Timestamp>,
    /// Whether it signs.
    pub state: ShownState,
}

/// Whether a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownState {
    /// It signs.
    Active,
    /// It verifies what it signed until then.
    Retired(Timestamp),
}

impl LogsDomain {
    /// The keys of a tenant's log, in the order in which they were added.
    ///
    /// # Errors
    /// There is no key file.
    pub fn show_keys(&self, tenant: &TenantId) -> Result<Vec<ShownKey>, DomainError> {
        let vkeys = self.verifier_keys(tenant)?;
        let shown = self.keys()?.keys().iter().zip(vkeys).map(|(key, vkey)| ShownKey {
            tenant: tenant.clone(),
            vkey,
            added_at: key.added_at,
            state: match &key.state {
                KeyState::Active(_) => ShownState::Active,
                KeyState::Retired { at } => ShownState::Retired(*at),
            },
        });
        Ok(shown.collect())
    }

    /// Makes a new signing key, and records that it came into use.
    ///
    /// # Errors
    /// The key file cannot be changed, or the store failed: then the key is in the file, and the
    /// next `add` or `retire` records it.
    pub async fn add_key(&mut self) -> Result<[u8; 32], DomainError> {
        let mut seed = [0_u8; 32];
        self.entropy.fill(&mut seed)?;
        let signer = Ed25519Signer::from_seed(&seed);
        let public_key = signer.public_key();
        let now = self.clock.now();
        let (ring, ()) = key_file::change(&self.place.key_file, |ring| Ok(ring.add(signer, now)?))?;
        self.take_up(ring).await?;
        Ok(public_key)
    }

    /// Takes a key out of use, and records it. The key is named by its vkey in any tenant's log.
    ///
    /// # Errors
    /// No active key is meant, it is the only one, the key file cannot be changed, or the store
    /// failed (see [`LogsDomain::add_key`]).
    pub async fn retire_key(&mut self, vkey: &VerifierKey) -> Result<(), DomainError> {
        let now = self.clock.now();
        let (ring, ()) =
            key_file::change(
                &self.place.key_file,
                |ring| Ok(ring.retire(vkey.public_key(), now)?),
            )?;
        self.take_up(ring).await
    }

    async fn take_up(&mut self, ring: KeyRing) -> Result<(), DomainError> {
        self.replace_keys(ring);
        for tenant in self.ledger.tenants().await? {
            let facts = self.key_facts(&tenant)?;
            self.recorder.record(&tenant, &facts).await?;
        }
        Ok(())
    }

    /// All that happened to the keys: what is recorded already is a duplicate.
    fn key_facts(&self, tenant: &TenantId) -> Result<Vec<Draft>, DomainError> {
        let mut facts = Vec::new();
        for key in self.show_keys(tenant)? {
            if let Some(at) = key.added_at {
                facts.push(fact(FactKind::KeyAdded, &key.vkey, at)?);
            }
            if let ShownState::Retired(at) = key.state {
                facts.push(fact(FactKind::KeyRetired, &key.vkey, at)?);
            }
        }
        Ok(facts)
    }
}

fn fact(kind: FactKind, vkey: &VerifierKey, at: Timestamp) -> Result<Draft, DomainError> {
    let key = IdempotencyKey::parse(&format!("{kind}:{:08x}", vkey.id()))
        .map_err(|error| DomainError::Proof(error.to_string()))?;
    Ok(Draft {
        kind,
        meta: own_meta("keys", at),
        body: Object::from([("record", "key".into()), ("vkey", vkey.to_string().into())]),
        committed: Vec::new(),
        identity: Identity::Key(key),
    })
}
