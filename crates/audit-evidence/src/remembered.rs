//! What a recorder remembers of tenants, so that a call need not ask the store again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use store_traits::{Head, TenantId, TenantSecret};

/// Tenants that are remembered: bounds the memory, not the number of tenants.
const TENANTS: usize = 4_096;

/// Secrets, which never change, and newest heads, which may: a commit on a head that has moved is
/// refused by the store and told the new one.
pub(crate) struct Remembered(Mutex<BTreeMap<TenantId, Tenant>>);

#[derive(Default)]
struct Tenant {
    secret: Option<TenantSecret>,
    head: Option<Head>,
}

impl Remembered {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    pub(crate) fn secret(&self, tenant: &TenantId) -> Option<TenantSecret> {
        self.all().get(tenant)?.secret.clone()
    }

    pub(crate) fn head(&self, tenant: &TenantId) -> Option<Head> {
        self.all().get(tenant)?.head.clone()
    }

    pub(crate) fn keep_secret(&self, tenant: &TenantId, secret: &TenantSecret) {
        self.keep(tenant, |kept| kept.secret = Some(secret.clone()));
    }

    pub(crate) fn keep_head(&self, tenant: &TenantId, head: &Head) {
        self.keep(tenant, |kept| kept.head = Some(head.clone()));
    }

    /// After an error nobody knows where the tree stands.
    pub(crate) fn forget_head(&self, tenant: &TenantId) {
        if let Some(kept) = self.all().get_mut(tenant) {
            kept.head = None;
        }
    }

    fn keep(&self, tenant: &TenantId, change: impl FnOnce(&mut Tenant)) {
        let mut all = self.all();
        if !all.contains_key(tenant) && all.len() >= TENANTS {
            all.pop_first();
        }
        change(all.entry(tenant.clone()).or_default());
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<TenantId, Tenant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_tenants_are_remembered_than_the_bound() {
        let remembered = Remembered::new();
        for n in 0..TENANTS + 10 {
            remembered
                .keep_head(&TenantId::parse(&format!("tenant-{n:05}")).unwrap(), &Head::empty());
        }
        assert_eq!(remembered.all().len(), TENANTS);
        let last = TenantId::parse(&format!("tenant-{:05}", TENANTS + 9)).unwrap();
        assert_eq!(remembered.head(&last), Some(Head::empty()));
        remembered.forget_head(&last);
        assert_eq!(remembered.head(&last), None);
    }
}
