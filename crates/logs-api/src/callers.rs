//! Who asks, for whom, and what they may.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use logs_domain::{LogReader, TenantId};
use thiserror::Error;

use crate::app::App;
use crate::host;
use crate::keys::{ApiKeys, Holder, Role};
use crate::problem::Problem;

/// Who may ask a server.
#[derive(Debug, Clone)]
pub enum Callers {
    /// Whoever is on this machine, without a key, everything of one tenant.
    ThisMachine(TenantId),
    /// Whoever has a key, what the key is for.
    Holders(ApiKeys),
}

/// Why a caller is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Denied {
    /// Sent to another host, and nobody is asked for a key.
    #[error("this is not the host that was asked for (ask 127.0.0.1 or localhost)")]
    Misdirected,
    /// No key, or one that is unknown.
    #[error("an API key is wanted (`Authorization: Bearer …`; `factlog api-key new` makes one)")]
    NoKey,
    /// A key for something else.
    #[error("this API key is not for that")]
    Role,
}

impl Denied {
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Misdirected => 421,
            Self::NoKey => 401,
            Self::Role => 403,
        }
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Post,
    Read,
    /// Entries as they are stored, and evidence.
    ReadEntries,
    /// What the server counted.
    Watch,
}

/// Somebody who asks, and who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// On this machine, without a key.
    ThisMachine(TenantId),
    /// With a key.
    Holder(Holder),
}

impl Callers {
    /// Who asks.
    pub(crate) fn known(&self, headers: &HeaderMap) -> Result<Caller, Denied> {
        match self {
            Self::ThisMachine(tenant) if host::is_this_machine(headers) => {
                Ok(Caller::ThisMachine(tenant.clone()))
            }
            Self::ThisMachine(_) => Err(Denied::Misdirected),
            Self::Holders(keys) => {
                let key = bearer(headers).ok_or(Denied::NoKey)?;
                keys.holder(key).map(Caller::Holder).ok_or(Denied::NoKey)
            }
        }
    }

    /// The tenant for whom a caller may do this.
    pub(crate) fn admit(&self, headers: &HeaderMap, wish: Wish) -> Result<TenantId, Denied> {
        let caller = self.known(headers)?;
        if caller.may(wish) { Ok(caller.into_tenant()) } else { Err(Denied::Role) }
    }

    /// For whom anything can be done.
    pub(crate) fn tenants(&self) -> Vec<TenantId> {
        match self {
            Self::ThisMachine(tenant) => vec![tenant.clone()],
            Self::Holders(keys) => keys.tenants().cloned().collect(),
        }
    }
}

impl Caller {
    pub(crate) fn may(&self, wish: Wish) -> bool {
        match self {
            Self::ThisMachine(_) => true,
            Self::Holder(holder) => may(holder.role, wish),
        }
    }

    /// Was nobody asked who it is?
    pub(crate) fn is_unasked(&self) -> bool {
        matches!(self, Self::ThisMachine(_))
    }

    pub(crate) fn tenant(&self) -> &TenantId {
        match self {
            Self::ThisMachine(tenant) | Self::Holder(Holder { tenant, .. }) => tenant,
        }
    }

    fn into_tenant(self) -> TenantId {
        match self {
            Self::ThisMachine(tenant) | Self::Holder(Holder { tenant, .. }) => tenant,
        }
    }

    /// Who it is, as a fact tells it.
    pub(crate) fn reader(&self) -> LogReader {
        match self {
            Self::ThisMachine(_) => LogReader::ThisMachine,
            Self::Holder(Holder { tenant: _, role, name, id }) => {
                LogReader::Key { id: id.clone(), name: name.clone(), role: role.to_string() }
            }
        }
    }
}

fn may(role: Role, wish: Wish) -> bool {
    match (role, wish) {
        (Role::Writer, Wish::Post) | (Role::Reader | Role::Auditor, Wish::Read) => true,
        (Role::Auditor, Wish::ReadEntries) => true,
        (Role::Writer | Role::Reader | Role::Auditor, Wish::Watch) => true,
        (Role::Writer, Wish::Read | Wish::ReadEntries)
        | (Role::Reader, Wish::Post | Wish::ReadEntries)
        | (Role::Auditor, Wish::Post) => false,
    }
}

/// The key of a request; one that gives several gives none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (only, None) = (given.next()?, given.next()) else { return None };
    let (scheme, key) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key)
}

/// Whose record a request may read.
pub(crate) struct Reader(pub(crate) TenantId);

/// Whose ledger a request may measure.
pub(crate) struct Watcher(pub(crate) TenantId);

/// Whoever asks, for pages that say what they may.
pub(crate) struct Visitor(pub(crate) Caller);

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = app.callers().known(&parts.headers)?;
        if caller.may(Wish::Read) { Ok(Self(caller)) } else { Err(Denied::Role.into()) }
    }
}

impl FromRequestParts<Arc<App>> for Watcher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        Ok(Self(app.callers().admit(&parts.headers, Wish::Watch)?))
    }
}

/// Whose entries a request may take away.
pub(crate) struct Auditor(pub(crate) TenantId);

impl FromRequestParts<Arc<App>> for Auditor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        Ok(Self(app.callers().admit(&parts.headers, Wish::ReadEntries)?))
    }
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        Ok(Self(app.callers().admit(&parts.headers, Wish::Read)?))
    }
}
