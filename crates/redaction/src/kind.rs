//! What can be found, and the text that replaces it.

use std::borrow::Cow;
use std::fmt;

use crate::RuleError;

/// A kind of secret or personal datum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// A payment card number that passes Luhn and has a known issuer prefix.
    Card,
    /// A United States social security number.
    Ssn,
    /// An international bank account number that passes mod 97.
    Iban,
    /// A telephone number.
    Phone,
    /// An AWS access key id.
    AwsAccessKey,
    /// An AWS secret access key.
    AwsSecretKey,
    /// A token or key of any service, a JWT, or a private key block.
    ApiKey,
    /// A password or another value that only its name marks as secret.
    Secret,
    /// A person's name.
    PersonName,
    /// What a caller's own rule names.
    Custom(KindName),
}

impl Kind {
    /// Every kind that is built in.
    pub const ALL: [Self; 10] = [
        Self::Email,
        Self::Card,
        Self::Ssn,
        Self::Iban,
        Self::Phone,
        Self::AwsAccessKey,
        Self::AwsSecretKey,
        Self::ApiKey,
        Self::Secret,
        Self::PersonName,
    ];

    /// The kind of this name: a built-in one, else a custom one.
    ///
    /// ```
    /// use redaction::Kind;
    /// assert_eq!(Kind::parse("email"), Ok(Kind::Email));
    /// assert_eq!(Kind::parse("badge_no").map(|kind| kind.marker().into_owned()), Ok("[redacted:badge_no]".into()));
    /// assert!(Kind::parse("Badge No").is_err());
    /// ```
    ///
    /// # Errors
    /// The name is not 1 to 24 characters of `a-z`, `0-9` and `_`, a letter first.
    pub fn parse(name: &str) -> Result<Self, RuleError> {
        if let Some(kind) = Self::ALL.iter().find(|kind| kind.as_str() == name) {
            return Ok(*kind);
        }
        KindName::parse(name).map(Self::Custom)
    }

    /// The name under which a [`Report`](crate::Report) counts it.
    ///
    /// ```
    /// assert_eq!(redaction::Kind::AwsAccessKey.as_str(), "aws_access_key");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email => "email",
            Self::Card => "card",
            Self::Ssn => "ssn",
            Self::Iban => "iban",
            Self::Phone => "phone",
            Self::AwsAccessKey => "aws_access_key",
            Self::AwsSecretKey => "aws_secret_key",
            Self::ApiKey => "api_key",
            Self::Secret => "secret",
            Self::PersonName => "person_name",
            Self::Custom(name) => name.as_str(),
        }
    }

    /// The text that stands where it was.
    ///
    /// ```
    /// assert_eq!(redaction::Kind::Email.marker(), "[redacted:email]");
    /// ```
    #[must_use]
    pub fn marker(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Email => "[redacted:email]",
            Self::Card => "[redacted:card]",
            Self::Ssn => "[redacted:ssn]",
            Self::Iban => "[redacted:iban]",
            Self::Phone => "[redacted:phone]",
            Self::AwsAccessKey => "[redacted:aws_access_key]",
            Self::AwsSecretKey => "[redacted:aws_secret_key]",
            Self::ApiKey => "[redacted:api_key]",
            Self::Secret => "[redacted:secret]",
            Self::PersonName => "[redacted:person_name]",
            Self::Custom(name) => return Cow::Owned(format!("{MARKER_START}{name}]")),
        })
    }
}

/// The start that all markers share.
pub(crate) const MARKER_START: &str = "[redacted:";

const LONGEST_NAME: usize = 24;

/// The name of a custom kind: 1 to 24 characters of `a-z`, `0-9` and `_`, a letter first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KindName {
    /// Padded with zeros, so that the order is that of the texts.
    bytes: [u8; LONGEST_NAME],
}

impl KindName {
    fn parse(name: &str) -> Result<Self, RuleError> {
        let mut bytes = [0; LONGEST_NAME];
        let fits = name.bytes().all(is_name_byte)
            && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        match bytes.get_mut(..name.len()).filter(|_| fits) {
            Some(place) => place.copy_from_slice(name.as_bytes()),
            None => return Err(RuleError::Kind { kind: name.to_owned() }),
        }
        Ok(Self { bytes })
    }

    /// The name.
    ///
    /// ```
    /// use redaction::Kind;
    /// let Ok(Kind::Custom(name)) = Kind::parse("badge_no") else { panic!("it is a kind's name") };
    /// assert_eq!(name.as_str(), "badge_no");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.bytes.iter().position(|b| *b == 0).unwrap_or(LONGEST_NAME);
        self.bytes.get(..end).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'
}

/// Where the markers of a text stand, in order.
pub(crate) fn markers(text: &str) -> Vec<std::ops::Range<usize>> {
    let starts = memchr::memmem::find_iter(text.as_bytes(), MARKER_START);
    starts
        .filter_map(|start| {
            let name = text.as_bytes().get(start + MARKER_START.len()..)?;
            let length = name.iter().take(LONGEST_NAME).take_while(|b| is_name_byte(**b)).count();
            let end = start + MARKER_START.len() + length;
            (length > 0 && name.get(length) == Some(&b']')).then_some(start..end + 1)
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "a list of one range is meant")]
mod tests {
    use super::*;

    #[test]
    fn a_marker_names_its_kind() {
        for kind in Kind::ALL {
            assert_eq!(kind.marker(), format!("{MARKER_START}{}]", kind.as_str()));
            assert_eq!(markers(&kind.marker()), [0..kind.marker().len()]);
        }
    }

    #[test]
    fn a_custom_name_is_short_and_plain() {
        for name in ["a", "badge_no", "abcdefghijklmnopqrstuvwx"] {
            assert_eq!(Kind::parse(name).map(|kind| kind.as_str().to_owned()), Ok(name.to_owned()));
        }
        for name in ["", "_a", "1a", "A", "a b", "é", "a]", "abcdefghijklmnopqrstuvwxy"] {
            assert_eq!(Kind::parse(name), Err(RuleError::Kind { kind: name.to_owned() }));
        }
    }
}
