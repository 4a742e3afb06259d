//! What to do with a value because of its name.

use crate::Kind;
use crate::kind::MARKER_START;
use crate::name;

/// What to do with the value behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The whole value goes, whatever it is; of a container, every scalar in it.
    Whole(Kind),
    /// The whole value goes if it is a text; containers are looked at like any other.
    Text(Kind),
    /// The value goes if it is made of at least so many digits.
    Digits(Kind, usize),
    /// A person's name, whatever it looks like.
    Person,
    /// A person's name if it looks like one.
    PersonLike,
}

impl Rule {
    /// The kind to replace the whole of a text by, if this rule wants it replaced.
    pub(crate) fn judge(self, text: &str) -> Option<Kind> {
        let text = text.trim();
        // An `x` alone may be a password; `xxxx` is what somebody put in its place.
        let masked = text.chars().all(|c| matches!(c, '*' | '•' | '.' | '-'))
            || text.len() >= 3 && text.chars().all(|c| matches!(c, 'x' | 'X'));
        if masked || text.starts_with(MARKER_START) {
            return None;
        }
        match self {
            Self::Whole(kind) => Some(kind),
            Self::Text(kind) => (text.len() >= 8).then_some(kind),
            Self::Digits(kind, least) => {
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                let only = text.chars().all(|c| {
                    c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '+' | '(' | ')' | '/')
                });
                (only && digits >= least).then_some(kind)
            }
            Self::Person => text.chars().any(char::is_alphabetic).then_some(Kind::PersonName),
            Self::PersonLike => name::is_name(text).then_some(Kind::PersonName),
        }
    }

    /// The rule for the members of a container under this one.
    pub(crate) fn inherited(self) -> Option<Self> {
        match self {
            Self::Whole(_) => Some(self),
            Self::Text(_) | Self::Digits(..) | Self::Person | Self::PersonLike => None,
        }
    }
}
