//! One captured record as a tree, tolerant where OTLP/JSON asks for it and strict where silence
//! would lose something: duplicate members are refused, numbers keep their exact value.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::any_value::Reason;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Double(f64),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Parses one value: UTF-8, no duplicate members, no lone surrogates, at most 127 levels.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json, Reason> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// Are there only integers that 64 bits hold? Larger ones would become doubles, and lose digits on the way;
/// of telemetry they are, where a double may be spelt so.
pub(crate) fn exact(json: &str) -> Result<(), Reason> {
    // Of a text in quotes every second piece is a string; a quote behind a backslash does not end one.
    let mut rest = json;
    loop {
        let (outside, behind) = rest.split_once('"').unwrap_or((rest, ""));
        let mut numbers =
            outside.split(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
        let large = |number: &&str| {
            number.len() > 18
                && number.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit())
                && number.parse::<i64>().is_err()
                && number.parse::<u64>().is_err()
        };
        if let Some(number) = numbers.find(large) {
            let shown: String = number.chars().take(40).collect();
            return Err(format!("the integer {shown} is beyond 64 bits (write it as a string)"));
        }
        if behind.is_empty() {
            return Ok(());
        }
        rest = behind_string(behind);
    }
}

/// What stands behind a string that began before.
fn behind_string(json: &str) -> &str {
    let mut escaped = false;
    let end = json.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.and_then(|end| json.get(end + 1..)).unwrap_or_default()
}

impl Json {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Signed(_) | Self::Unsigned(_) | Self::Double(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Signed(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Unsigned(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Double(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object: Vec<(String, Json)> = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        while let Some((name, value)) = members.next_entry::<String, Json>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("the member `{name}` stands twice")));
            }
            object.push((name, value));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_that_would_lose_digits_are_found_outside_of_strings() {
        for json in [
            r#"{"a":18446744073709551615,"b":-9223372036854775808,"c":1e400}"#,
            r#"{"a":"18446744073709551616","b\"":"\\","c":"\"99999999999999999999"}"#,
            r#"[100000000000000000000.0,1.5e30,0.10000000000000000000000001]"#,
            "",
            "\"",
            r#""\"#,
        ] {
            assert_eq!(exact(json), Ok(()), "{json}");
        }
        for json in [
            r#"{"a":18446744073709551616}"#,
            "[-9223372036854775809]",
            r#"{"\\":100000000000000000001}"#,
            "100000000000000000000",
        ] {
            assert!(exact(json).unwrap_err().contains("beyond 64 bits"), "{json}");
        }
    }
}
