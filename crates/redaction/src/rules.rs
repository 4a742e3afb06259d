//! Rules that a caller adds to the built-in ones.

use serde::Deserialize;
use thiserror::Error;

/// Field names that a set of rules may hold.
pub(crate) const MOST_FIELDS: usize = 1_000;
/// Bytes of a field's name.
pub(crate) const LONGEST_FIELD: usize = 80;
/// Patterns that a set of rules may hold: each is one more walk over every text.
pub(crate) const MOST_PATTERNS: usize = 64;
/// Bytes of a pattern.
pub(crate) const LONGEST_PATTERN: usize = 1_000;
/// Bytes that one match may have. A search that has begun to match looks no further than this, which
/// is what keeps repeated searches linear.
pub(crate) const LONGEST_MATCH: usize = 4_096;

/// A caller's own rules: member names whose value goes, and patterns whose matches go.
///
/// They add to the built-in rules and take none away.
///
/// ```
/// use redaction::{Redactor, Report, Rules};
/// let rules = Rules::parse(r#"
///     [[field]]
///     name = "badge"          # also `Badge`, `BADGE`, `user.badge`, and `badge: …` in a text
///     kind = "badge"
///
///     [[pattern]]
///     regex = 'CASE-[0-9]{6}'
///     kind = "case_no"
/// "#)?;
/// let redactor = Redactor::with_rules(&rules)?;
/// let text = redactor.text("badge: 4711, see CASE-004711", &mut Report::default()).into_owned();
/// assert_eq!(text, "badge: [redacted:badge], see [redacted:case_no]");
/// # Ok::<(), redaction::RuleError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Member names, at most 1,000.
    #[serde(default, rename = "field")]
    pub fields: Vec<FieldRule>,
    /// Patterns, at most 64; where two match at one place, the one that stands first.
    #[serde(default, rename = "pattern")]
    pub patterns: Vec<PatternRule>,
}

/// A member, attribute or label whose whole value goes.
///
/// `customerName`, `Customer-Name` and `customer name` are one name; of a dotted key either the whole
/// or its last part has to be it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// The name, of at most 80 bytes.
    pub name: String,
    /// What to count it as: a built-in kind or a name of one's own ([`Kind::parse`](crate::Kind::parse)).
    pub kind: String,
}

/// A pattern whose matches go, wherever in a text they stand.
///
/// A match that would cut an identifier, a digest or a time in two is left alone: nine digits do not
/// occur in the middle of a span's time. One that covers it whole is what the caller asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternRule {
    /// A regular expression of the `regex` crate, of at most 1,000 bytes, whose longest match is
    /// bounded (`{0,40}` for `*`) and never empty.
    pub regex: String,
    /// What to count it as: a built-in kind or a name of one's own.
    pub kind: String,
}

/// Rules that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RuleError {
    /// The text is no set of rules.
    #[error(
        "the rules cannot be read: {reason} (write `[[field]]` with `name` and `kind`, or `[[pattern]]` with `regex` and `kind`)"
    )]
    Syntax {
        /// What the reader said.
        reason: String,
    },
    /// More rules than are allowed.
    #[error("there are {given} {what} (at most {most} are allowed)")]
    TooMany {
        /// Fields or patterns.
        what: &'static str,
        /// How many there are.
        given: usize,
        /// How many there may be.
        most: usize,
    },
    /// A field's name is empty or too long.
    #[error("`{name}` cannot be a field's name (write 1 to {LONGEST_FIELD} bytes, not only marks)")]
    Field {
        /// The name, cut.
        name: String,
    },
    /// A kind's name is not one.
    #[error(
        "`{kind}` cannot name a kind (write 1 to 24 characters of a-z, 0-9 and _, a letter first)"
    )]
    Kind {
        /// The name.
        kind: String,
    },
    /// A pattern cannot be used.
    #[error("pattern {number} cannot be used: {reason}")]
    Pattern {
        /// Which, counted from 1.
        number: usize,
        /// Why.
        reason: String,
    },
}

impl Rules {
    /// Reads rules from TOML, or from JSON if the text begins with `{`.
    ///
    /// ```
    /// use redaction::Rules;
    /// let toml = Rules::parse("[[field]]\nname = \"badge\"\nkind = \"badge\"");
    /// let json = Rules::parse(r#"{"field":[{"name":"badge","kind":"badge"}]}"#);
    /// assert_eq!(toml, json);
    /// assert!(Rules::parse("[[fields]]").is_err());
    /// ```
    ///
    /// # Errors
    /// The text is neither, or holds something else. Whether the rules can be used is found by
    /// [`Redactor::with_rules`](crate::Redactor::with_rules).
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let reason = |reason: String| RuleError::Syntax { reason: one_line(&reason) };
        if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| reason(error.to_string()))
        } else {
            toml::from_str(text).map_err(|error| reason(error.to_string()))
        }
    }
}

/// A reader's message as a fragment; some draw the line and point at it.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
