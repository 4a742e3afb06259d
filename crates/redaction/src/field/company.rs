//! Whose a bare `name` is, by what stands beside or above it.

use super::normal;
use super::persons::PERSON_LIKE;
use super::rule::Rule;

/// Members that, beside `name`, say that it is a person's.
const COMPANIONS: &[&str] = &[
    "email",
    "email_address",
    "e_mail",
    "mail",
    "phone",
    "phone_number",
    "mobile",
    "tel",
    "birth_date",
    "date_of_birth",
    "dob",
    "birthday",
    "ssn",
    "passport",
    "passport_number",
    "gender",
    "age",
    "address",
    "home_address",
    "postal_code",
    "customer_id",
    "patient_id",
    "employee_id",
    "nationality",
    "iban",
    "card",
    "card_number",
    "pan",
    "住所",
    "電話",
    "電話番号",
    "メール",
    "生年月日",
    "年齢",
    "性別",
];

/// Members that, beside `name`, say that it is a tool's, a message's or a component's.
const MACHINERY: &[&str] = &[
    "arguments",
    "parameters",
    "role",
    "type",
    "version",
    "input_schema",
    "output_schema",
    "schema",
    "description",
    "mime_type",
    "uri",
    "url",
    "function",
    "tool_call_id",
    "call_id",
    "method",
    "jsonrpc",
];

/// The rule for a member `name`, which only its neighbours can tell apart from a tool's name.
pub(crate) fn name_among<'k>(siblings: impl Iterator<Item = &'k str> + Clone) -> Option<Rule> {
    let has = |names: &[&str]| {
        siblings.clone().any(|key| key.len() <= 80 && names.contains(&normal(key).as_str()))
    };
    (!has(MACHINERY) && has(COMPANIONS)).then_some(Rule::Person)
}

/// Whether `name` in an object under this member is a person's.
pub(super) fn is_person(parent: &str) -> bool {
    let parent = normal(parent);
    let one = parent.strip_suffix('s').unwrap_or(&parent);
    PERSON_LIKE.contains(&parent.as_str())
        || PERSON_LIKE.contains(&one)
        || matches!(one, "cardholder" | "account_holder" | "enduser")
}
