//! Tenants: whose facts they are. In every key and every store call.

use std::fmt;

use thiserror::Error;

/// A tenant's name: 1 to 64 characters of `a-z`, `0-9`, `-`, `_`, `.`, starting with a letter or
/// digit. It is the last segment of the log's origin, so it holds nothing that a note key name
/// may not (no white space, no `+`, no `/`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(String);

/// A text that is not a tenant name.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is not a tenant name (1 to 64 of a-z, 0-9, `-`, `_`, `.`, starting with a letter or digit)"
)]
pub struct TenantError(String);

impl TenantId {
    /// Checks a tenant name.
    ///
    /// # Errors
    /// The name is empty, too long, or has a character outside the alphabet.
    pub fn parse(text: &str) -> Result<Self, TenantError> {
        let alphabet = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        let starts_well = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if text.len() <= 64 && starts_well && text.bytes().all(alphabet) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TenantError(text.chars().take(80).collect()))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for TenantId {
    type Err = TenantError;

    fn from_str(text: &str) -> Result<Self, TenantError> {
        Self::parse(text)
    }
}
