//! What can be found, and the text that replaces it.

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
}

impl Kind {
    /// Every kind.
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

    /// The name under which a [`Report`](crate::Report) counts it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
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
        }
    }

    /// The text that stands where it was.
    #[must_use]
    pub fn marker(self) -> &'static str {
        match self {
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
        }
    }
}

/// The start that all markers share.
pub(crate) const MARKER_START: &str = "[redacted:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_names_its_kind() {
        for kind in Kind::ALL {
            assert_eq!(kind.marker(), format!("{MARKER_START}{}]", kind.as_str()));
        }
    }
}
