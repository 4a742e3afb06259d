//! What the name of a member, an attribute or a label says about its value.

use std::sync::LazyLock;

use crate::Kind;
use crate::custom::Custom;
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

const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "client_secret",
    "secret_key",
    "private_key",
    "credentials",
    "secret_value",
    "cvv",
    "cvc",
    "cvv2",
    "pin_code",
    "otp_secret",
    "mfa_secret",
    "signing_key",
    "encryption_key",
    "connection_string",
    "パスワード",
    "暗証番号",
    "비밀번호",
    "密码",
    "密碼",
    "пароль",
    "contraseña",
    "mot_de_passe",
    "passwort",
    "kennwort",
    "senha",
    "كلمة_المرور",
    "पासवर्ड",
];

const KEYS: &[&str] = &[
    "api_key",
    "apikey",
    "api_token",
    "api_secret",
    "access_token",
    "refresh_token",
    "auth_token",
    "id_token",
    "session_token",
    "bearer_token",
    "security_token",
    "oauth_token",
    "bot_token",
    "csrf_token",
    "xsrf_token",
    "personal_access_token",
    "access_key",
    "account_key",
    "x_api_key",
    "subscription_key",
    "webhook_secret",
];

const TOKENS: &[&str] =
    &["authorization", "proxy_authorization", "token", "auth", "cookie", "set_cookie", "jwt"];

const PHONES: &[&str] = &[
    "phone",
    "phone_number",
    "telephone",
    "tel",
    "mobile",
    "mobile_phone",
    "mobile_number",
    "cell",
    "cell_phone",
    "fax",
    "contact_number",
    "phone_no",
    "msisdn",
    "電話",
    "電話番号",
    "携帯",
    "携帯電話",
    "携帯番号",
    "연락처",
    "전화",
    "전화번호",
    "电话",
    "手机",
    "手机号",
    "телефон",
    "тел",
    "هاتف",
    "फोन",
    "teléfono",
    "telefon",
    "téléphone",
];

const PERSONS: &[&str] = &[
    "full_name",
    "first_name",
    "last_name",
    "given_name",
    "family_name",
    "middle_name",
    "maiden_name",
    "surname",
    "customer_name",
    "cardholder",
    "cardholder_name",
    "card_holder",
    "card_holder_name",
    "account_holder",
    "account_holder_name",
    "holder_name",
    "patient_name",
    "employee_name",
    "contact_name",
    "recipient_name",
    "sender_name",
    "person_name",
    "legal_name",
    "passenger_name",
    "guest_name",
    "applicant_name",
    "beneficiary_name",
    "claimant_name",
    "insured_name",
    "tenant_name_full",
    "billing_name",
    "shipping_name",
    "name_on_card",
    "fullname",
    "firstname",
    "lastname",
    "author_name",
    "assignee_name",
    "approver_name",
    "owner_name",
    "name_kana",
    "氏名",
    "名前",
    "お名前",
    "姓",
    "姓名",
    "フリガナ",
    "ふりがな",
    "顧客名",
    "担当者名",
    "患者名",
    "宛名",
    "契約者名",
    "名義人",
    "口座名義",
    "이름",
    "성명",
    "имя",
    "фамилия",
    "фио",
    "الاسم",
    "नाम",
    "nombre",
    "apellido",
    "apellidos",
    "nombre_completo",
    "prénom",
    "vorname",
    "nachname",
    "cognome",
    "sobrenome",
];

const PERSON_LIKE: &[&str] = &[
    "customer",
    "holder",
    "owner",
    "user",
    "author",
    "assignee",
    "approver",
    "contact",
    "recipient",
    "passenger",
    "patient",
    "employee",
    "person",
    "guest",
    "applicant",
    "sender",
    "beneficiary",
    "claimant",
    "insured",
    "requester",
    "reporter",
    "reviewer",
    "manager",
    "attendee",
    "member",
    "signatory",
    "user_name",
    "display_name",
    "client",
    "client_name",
    "real_name",
    "approved_by",
    "created_by",
    "requested_by",
    "assigned_to",
    "reported_by",
    "signed_by",
    "担当",
    "担当者",
    "顧客",
    "お客様",
    "契約者",
    "申込者",
    "患者",
    "宛先",
    "客户",
    "患者姓名",
    "고객",
    "고객명",
    "клиент",
    "cliente",
    "kunde",
    "العميل",
    "ग्राहक",
];

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

/// The last three bytes of every name that [`plain_rule`] or a label knows, in order.
static ENDINGS: LazyLock<Vec<[u8; 3]>> = LazyLock::new(|| {
    let lists = [SECRETS, KEYS, TOKENS, PHONES, PERSONS, PERSON_LIKE, ALONE, NUMBERS];
    let mut endings: Vec<_> =
        lists.iter().flat_map(|list| list.iter().filter_map(|name| ending(name))).collect();
    endings.sort_unstable();
    endings.dedup();
    endings
});

/// Names that stand in no list of their own.
const ALONE: &[&str] = &["name", "nom", "nome", "secret_access_key"];

const NUMBERS: &[&str] = &[
    "pan",
    "card_number",
    "cardnumber",
    "cc_number",
    "credit_card",
    "credit_card_number",
    "debit_card_number",
    "カード番号",
    "ssn",
    "social_security_number",
    "social_security",
];

fn ending(name: &str) -> Option<[u8; 3]> {
    name.as_bytes().last_chunk::<3>().map(|end| end.map(|b| b.to_ascii_lowercase()))
}

/// Whether a label may end in a known name. Nearly every `:` and `=` of a text stands behind a word
/// that does not, and reading it as a name costs much more than this.
pub(crate) fn may_be_known(label: &str) -> bool {
    let label = label.trim_end_matches([' ', '-', '_', '.']);
    // Capitals of other scripts have other bytes than the names; `Ｔ` and `K` are such.
    match ending(label) {
        // `phoneNo` and `phone no` end as `phone_no` does.
        Some(end) if end.is_ascii() => {
            let [_, before, last] = end;
            [end, [b'_', before, last]].iter().any(|end| ENDINGS.binary_search(end).is_ok())
        }
        _ => !label.is_empty(),
    }
}

/// What a normal name says by itself.
pub(crate) fn plain_rule(key: &str) -> Option<Rule> {
    let any = |names: &[&str]| names.contains(&key);
    // `customer_ssn`, `openai_api_key`: what is last decides.
    let ends = |names: &[&str]| {
        names.iter().any(|name| {
            // The last byte decides nearly always, and costs no call.
            key.as_bytes().last() == name.as_bytes().last()
                && key.strip_suffix(name).is_some_and(|head| head.is_empty() || head.ends_with('_'))
        })
    };
    if key.contains("aws") && ends(&["secret_access_key", "secret_key", "secret"])
        || key == "secret_access_key"
    {
        return Some(Rule::Whole(Kind::AwsSecretKey));
    }
    if ends(&["ssn", "social_security_number", "social_security"]) {
        return Some(Rule::Whole(Kind::Ssn));
    }
    if any(NUMBERS) || ends(&["card_number", "カード番号"]) {
        return Some(Rule::Digits(Kind::Card, 12));
    }
    if ends(KEYS) {
        return Some(Rule::Whole(Kind::ApiKey));
    }
    if ends(&["password", "passwd", "passphrase", "client_secret", "secret_key", "private_key"])
        || any(SECRETS)
    {
        return Some(Rule::Whole(Kind::Secret));
    }
    if any(TOKENS) {
        return Some(Rule::Text(Kind::ApiKey));
    }
    if any(PHONES) || ends(&["phone", "phone_number"]) {
        return Some(Rule::Digits(Kind::Phone, 7));
    }
    if any(PERSONS) {
        return Some(Rule::Person);
    }
    any(PERSON_LIKE).then_some(Rule::PersonLike)
}

/// The rule for a member `name`, which only its neighbours can tell apart from a tool's name.
pub(crate) fn name_among<'k>(siblings: impl Iterator<Item = &'k str> + Clone) -> Option<Rule> {
    let has = |names: &[&str]| {
        siblings.clone().any(|key| key.len() <= 80 && names.contains(&normal(key).as_str()))
    };
    (!has(MACHINERY) && has(COMPANIONS)).then_some(Rule::Person)
}

/// Whether `name` in an object under this member is a person's.
fn is_person(parent: &str) -> bool {
    let parent = normal(parent);
    let one = parent.strip_suffix('s').unwrap_or(&parent);
    PERSON_LIKE.contains(&parent.as_str())
        || PERSON_LIKE.contains(&one)
        || matches!(one, "cardholder" | "account_holder" | "enduser")
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

    fn camel(name: &str) -> String {
        let word = |word: &str| {
            let mut chars = word.chars();
            let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
            first + chars.as_str()
        };
        name.split('_').map(word).collect()
    }

    #[test]
    fn no_known_name_is_passed_over_by_its_ending() {
        for list in [SECRETS, KEYS, TOKENS, PHONES, PERSONS, PERSON_LIKE, ALONE, NUMBERS] {
            for name in list {
                for label in [
                    (*name).to_owned(),
                    format!("the {name} "),
                    name.to_uppercase().replace('_', " "),
                    name.replace('_', "-"),
                    camel(name),
                ] {
                    assert!(may_be_known(&label), "{label}");
                }
            }
        }
        for label in ["", "note", "  ", "step 4", "https"] {
            assert!(!may_be_known(label), "{label}");
        }
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
