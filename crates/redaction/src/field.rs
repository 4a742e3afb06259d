//! What the name of a member, an attribute or a label says about its value.

mod company;
mod known;
mod persons;
mod rule;
mod secrets;

use company::is_person;
pub(crate) use company::name_among;
pub(crate) use known::{may_be_known, plain_rule};
pub(crate) use rule::Rule;

use crate::custom::Custom;

/// What the name of a member says, given the name of the object that it is in.
pub(crate) fn rule(key: &str, parent: Option<&str>, custom: Option<&Custom>) -> Option<Rule> {
    if key.len() > 80 {
        return None;
    }
    if let Some(rule) = custom.and_then(|custom| own_rule(key, custom)) {
        return Some(rule);
    }
    let (parent_of_key, last) = match key.rsplit_once('.') {
        Some((head, last)) => (head.rsplit('.').next(), last),
        None => (parent, key),
    };
    if !may_be_known(last) {
        return None;
    }
    let key = normal(last);
    if let Some(rule) = plain_rule(&key) {
        return Some(rule);
    }
    if matches!(key.as_str(), "name" | "名" | "nom" | "nome" | "title_name")
        && parent_of_key.is_some_and(is_person)
    {
        return Some(Rule::Person);
    }
    None
}

/// What a caller's rules say of a name: of the whole, or of its last part.
fn own_rule(key: &str, custom: &Custom) -> Option<Rule> {
    let last = || key.rsplit_once('.').and_then(|(_, last)| custom.field(&normal(last)));
    if custom.has_fields() { custom.field(&normal(key)).or_else(last) } else { None }
}

/// `customerName`, `Customer-Name` and `customer name` are `customer_name`.
pub(crate) fn normal(key: &str) -> String {
    let mut out = String::with_capacity(key.len() + 4);
    let mut before = None::<char>;
    for c in key.trim().chars() {
        if matches!(c, '-' | ' ' | '.' | '_') {
            if !out.ends_with('_') {
                out.push('_');
            }
        } else {
            if c.is_uppercase() && before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit()) {
                out.push('_');
            }
            out.extend(c.to_lowercase());
        }
        before = Some(c);
    }
    out.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[track_caller]
    fn check(key: &str, expect: Option<Rule>) {
        assert_eq!(rule(key, None, None), expect, "{key}");
    }

    #[test]
    fn a_secret_is_known_by_the_end_of_its_name() {
        for key in [
            "password",
            "db_password",
            "userPassword",
            "DB-PASSWORD",
            "client_secret",
            "private_key",
        ] {
            check(key, Some(Rule::Whole(Kind::Secret)));
        }
        for key in ["api_key", "apiKey", "OPENAI_API_KEY", "x-api-key", "accessToken"] {
            check(key, Some(Rule::Whole(Kind::ApiKey)));
        }
        check("http.request.header.authorization", Some(Rule::Text(Kind::ApiKey)));
        check("customer_ssn", Some(Rule::Whole(Kind::Ssn)));
        check("aws_secret_access_key", Some(Rule::Whole(Kind::AwsSecretKey)));
    }

    #[test]
    fn counters_and_cursors_are_no_secrets() {
        for key in [
            "progressToken",
            "max_tokens",
            "input_tokens",
            "gen_ai.usage.input_tokens",
            "gen_ai.token.type",
            "next_page_token",
            "llm.token_count.prompt",
            "key",
            "aws_access_key_id",
            "password_policy",
            "secretary",
        ] {
            check(key, None);
        }
    }

    #[test]
    fn a_name_is_a_persons_only_in_company() {
        check("name", None);
        for key in [
            "gen_ai.tool.name",
            "gen_ai.agent.name",
            "service.name",
            "host.name",
            "tool_name",
            "file_name",
        ] {
            check(key, None);
        }
        assert_eq!(rule("name", Some("customer"), None), Some(Rule::Person));
        assert_eq!(rule("name", Some("function"), None), None);
        check("customer.name", Some(Rule::Person));
        check("customerName", Some(Rule::Person));
        check("氏名", Some(Rule::Person));
        assert_eq!(name_among(["name", "email"].into_iter()), Some(Rule::Person));
        assert_eq!(name_among(["name", "arguments", "email"].into_iter()), None);
        assert_eq!(name_among(["name", "id"].into_iter()), None);
    }
}
