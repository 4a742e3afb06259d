//! Each kind: what is found, and what only looks like it.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use redaction::{Redactor, Report};

fn redact(text: &str) -> String {
    Redactor::standard().text(text, &mut Report::default()).into_owned()
}

#[track_caller]
fn check(text: &str, expect: &str) {
    assert_eq!(redact(text), expect, "from {text:?}");
}

/// Each text is nothing but one value of the kind, alone and inside a sentence.
#[track_caller]
fn found(kind: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(redact(text), format!("[redacted:{kind}]"), "from {text:?}");
        assert_eq!(
            redact(&format!("see {text}, thanks")),
            format!("see [redacted:{kind}], thanks"),
            "from {text:?}"
        );
        assert_eq!(
            redact(&format!("「{text}」")),
            format!("「[redacted:{kind}]」"),
            "from {text:?}"
        );
    }
}

#[track_caller]
fn kept(texts: &[&str]) {
    for text in texts {
        assert_eq!(redact(text), *text);
        let sentence = format!("see {text}, thanks");
        assert_eq!(redact(&sentence), sentence);
        let json = format!("{{\"a\": [\"{text}\"]}}");
        assert_eq!(redact(&json), json);
    }
}

#[test]
fn emails() {
    found(
        "email",
        &[
            "dana.whitfield@example.com",
            "a+b_c@mail.example.co.uk",
            "o'neil@example.org",
            "иван@пример.рф",
            "user@exämple.de",
            "dana%40example.com",
        ],
    );
    check("連絡先はtanaka.hiroshi@example.jpまで", "連絡先は[redacted:email]まで");
    check("user=tanaka@example.jp.", "user=[redacted:email].");
    kept(&[
        "git@github.com:org/repo.git",
        "pkg@1.2.3",
        "@app.route",
        "user@host",
        "image@sha256:9fceb02d",
        "a @ b.com",
    ]);
}

#[test]
fn cards() {
    found(
        "card",
        &[
            "4111 1111 1111 1111",
            "4111111111111111",
            "4111-1111-1111-1111",
            "5500 0000 0000 0004",
            "378282246310005",
            "3782 822463 10005",
            "6011111111111117",
            "3530111333300000",
            "30569309025904",
            "2223003122003222",
            "4222222222222",
            "４１１１１１１１１１１１１１１１",
            "4111\u{00A0}1111\u{00A0}1111\u{00A0}1111",
        ],
    );
    check("card=4111111111111111 cvv=***", "card=[redacted:card] cvv=***");
    check("12 4111 1111 1111 1111 12/27", "12 [redacted:card] 12/27");
    check("PAN4111111111111111", "PAN[redacted:card]");
    check(
        r#"{"pan":4111111111111111,"n":1234567890123456}"#,
        r#"{"pan":"[redacted:card]","n":1234567890123456}"#,
    );
    check(r"x\n4111111111111111\n", r"x\n[redacted:card]\n");
    kept(&[
        "1234567890123456",
        "4111111111111112",
        "1111 1111 1111 1111",
        "0000000000000000",
        "1795422705843350620",
        "1795422705843",
        "9999999999999995",
        "41111111111111110000",
        "4111111111111111.25",
    ]);
}

#[test]
fn social_security_numbers() {
    found("ssn", &["078-05-1120", "219-09-9999", "899-12-3456"]);
    check("SSN: 078 05 1120.", "SSN: [redacted:ssn].");
    check("ssn=078051120", "ssn=[redacted:ssn]");
    kept(&[
        "000-12-3456",
        "666-12-3456",
        "900-12-3456",
        "123-00-4567",
        "123-45-0000",
        "123-45-6789-01",
        "1-123-45-6789",
        "078-05-112",
    ]);
}

#[test]
fn ibans() {
    found(
        "iban",
        &[
            "GB82 WEST 1234 5698 7654 32",
            "GB82WEST12345698765432",
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "FR14 2004 1010 0505 0001 3M02 606",
            "NO93 8601 1117 947",
        ],
    );
    kept(&[
        "GB82 WEST 1234 5698 7654 33",
        "DE89370400440532013001",
        "XX82WEST12345698765432",
        "GB82",
        "IT12 ABC",
    ]);
}

#[test]
fn phones() {
    found(
        "phone",
        &[
            "+1-202-555-0143",
            "+1 (202) 555-0143",
            "+12025550143",
            "(202) 555-0143",
            "202-555-0143",
            "1-202-555-0143",
            "090-1234-5678",
            "03-1234-5678",
            "0120-123-456",
            "+81 90 1234 5678",
            "+44 20 7946 0958",
            "+49 30 901820",
            "020 7946 0958",
            "06 12 34 56 78",
            "０９０－１２３４－５６７８",
        ],
    );
    check("電話 090-1234-5678）", "電話 [redacted:phone]）");
    check("tel: 5550143", "tel: [redacted:phone]");
    check("+1-202-555-0143 4111 1111 1111 1111", "[redacted:phone] [redacted:card]");
    kept(&[
        "10-4471",
        "CLM-2026-0093",
        "INC-5521",
        "RF-77120",
        "114-3941689-8772232",
        "2026-11-23",
        "2026-11-23 10:15:00",
        "2026-11-23T08:33:05.470741083Z",
        "2026-11-23T10:00:00+10:00",
        "192.168.100.200",
        "127.0.0.1:4318",
        "1.45.2",
        "1.2.3+20130313144700",
        "v10.20.3000",
        "1,200",
        "48210.55",
        "+1234567.89",
        "123-456-7890",
        "110-555-0143",
        "00-af6717cc740b20916aca1006bcdcca98-cbf6de778dd0f90d-03",
        "gpt-4o-2026-01-01",
        "chatcmpl-o1-0",
        "190211",
        "2025-12-29",
        "INV-202-555-0143",
        "order number 202-555-0143",
        "Ticket #202-555-0143",
        "注文番号：090-1234-5678",
    ]);
}

#[test]
fn aws_keys() {
    found("aws_access_key", &["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"]);
    found(
        "aws_secret_key",
        &["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "Xb7Qz0aPqL3mN8vTrY5wKs2UjH6dGf4CxE9iRo1B"],
    );
    check(
        "aws_access_key_id=AKIAIOSFODNN7EXAMPLE aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY, ok",
        "aws_access_key_id=[redacted:aws_access_key] aws_secret_access_key=[redacted:aws_secret_key], ok",
    );
    kept(&[
        "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "9FCEB02D0AE598E95DC970B74767F19372D61AF8",
        "AKIA",
        "AKIAIOSFODNN7EXAMPLEX",
        "xAKIAIOSFODNN7EXAMPLE",
        "src/components/Button/index/Main/Test123",
        "aaaaaaaaaaaaaaaaaaaaAAAAAAAAAAAAAAAAAAA1",
    ]);
}

#[test]
fn api_keys() {
    found(
        "api_key",
        &[
            "sk-test-FAKE0000000000000000000000000000000000000000abcd",
            "sk-proj-abcDEF0123456789abcDEF01",
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            "gho_abcdefghijklmnopqrstuvwxyz0123456789",
            "github_pat_11ABCDEFG0123456789_abcdef",
            "xoxb-123456789012-abcdefghij",
            "AIzaSyA0123456789abcdefghijklmnopqrstuv",
            "glpat-abcdefghij0123456789",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ],
    );
    check("Bearer abcdef1234567890", "Bearer [redacted:api_key]");
    check(
        "Authorization: Bearer test-ingest-acme\nx: y",
        "Authorization: Bearer [redacted:api_key]\nx: y",
    );
    let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
    check(&format!("key:\n{pem}\nend"), "key:\n[redacted:api_key]\nend");
    check("-----BEGIN PRIVATE KEY-----\nMIIE cut", "[redacted:api_key]");
    check(
        r#"{"k":"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"}"#,
        r#"{"k":"[redacted:api_key]\n"}"#,
    );
    kept(&[
        "sk-learn",
        "sk-",
        "ghp_short",
        "call_o1_lookup",
        "chatcmpl-o1-0",
        "resp_o6_0",
        "fc_o6_0_0",
        "msg_o6_2",
        "fp_fake01",
        "Bearer of news",
        "eyJ",
        "-----BEGIN CERTIFICATE-----",
        "conv-initech-1",
        "req_011CQabcdefghij",
    ]);
}

#[test]
fn passwords_by_label_and_in_addresses() {
    check("postgres://app:s3cr3t@db/x", "postgres://app:[redacted:secret]@db/x");
    check("https://example.com/a:b@c", "https://example.com/a:b@c");
    check("password=hunter2&x=1", "password=[redacted:secret]&x=1");
    check("password: Tr0ub4dor&3 ok", "password: [redacted:secret] ok");
    let long = "秘".repeat(1000);
    check(&format!("password: '{long}' ok"), "password: '[redacted:secret]' ok");
    check("DB_PASSWORD: 'hunter 2'", "DB_PASSWORD: '[redacted:secret]'");
    check("{'password': 'hunter2', 'a': 1}", "{'password': '[redacted:secret]', 'a': 1}");
    check("パスワード：ひみつ123", "パスワード：[redacted:secret]");
    kept(&[
        "password: ",
        "password: ********",
        "password=${PASSWORD}",
        "token: the unit of text",
        "max_tokens: 100",
        "a=b",
        "http://x.org:80/y",
    ]);
}

#[test]
fn persons_by_honorific_title_and_label() {
    check("ログに田中宏様のカード", "ログに[redacted:person_name]様のカード");
    check("。田中宏さん（", "。[redacted:person_name]さん（");
    check("田中 宏 様", "[redacted:person_name] 様");
    check("担当の鈴木さくらさん", "担当の[redacted:person_name]さん");
    check("今日はスミスさんと", "今日は[redacted:person_name]さんと");
    check("Tanakaさんへ", "[redacted:person_name]さんへ");
    check("김철수님께", "[redacted:person_name]님께");
    check("请问王小明先生在吗", "请[redacted:person_name]先生在吗");
    check("Dear Mr. John Smith, hello", "Dear Mr. [redacted:person_name], hello");
    check("Dr. Müller called", "Dr. [redacted:person_name] called");
    check("г-н Иванов упал", "г-н [redacted:person_name] упал");
    check("السيد محمد علي وصل", "السيد [redacted:person_name] وصل");
    check("My name is Jane Doe and", "My name is [redacted:person_name] and");
    check("Name: Jane Doe\nOrder: 10-4471", "Name: [redacted:person_name]\nOrder: 10-4471");
    check("Hi, I'm Dana Whitfield, card", "Hi, I'm [redacted:person_name], card");
    check("The customer Maria Lopez asked", "The customer [redacted:person_name] asked");
    check("Customer name: Jane, ok", "Customer name: [redacted:person_name], ok");
    check("氏名：佐藤花子、", "氏名：[redacted:person_name]、");
    check("customer: Maria Lopez", "customer: [redacted:person_name]");
    kept(&[
        "お客様",
        "皆様へ",
        "仕様を確認",
        "同様に",
        "様々な",
        "多様性",
        "たくさん",
        "皆さん",
        "看護師さん",
        "ユーザー様",
        "彼氏",
        "氏名",
        "摂氏20度",
        "고객님",
        "아저씨",
        "The customer Support Portal is down",
        "I'm Acme Support",
        "Tool name: Search Orders",
        "Service name: Payment Gateway",
        "user: please reset",
        "Mr. ",
        "決済ログを確認してください。",
        "هل الخدمة تعمل؟ Сервис «платежи» упал в 14:30, हाल बताओ 🙏",
        "Статус: всё работает. स्थिति: ठीक है 🙂",
        "name: lookup_order",
    ]);
}

#[test]
fn escapes_hide_nothing_outside_json_either() {
    check(
        r#"cut: {"a":"\u7530\u4e2d\u5b8f\u3055\u3093 dan"#,
        r#"cut: {"a":"[redacted:person_name]\u3055\u3093 dan"#,
    );
    check(r"x \\u0064ana@example.com", "x [redacted:email]");
    check("dana@exam\u{200B}ple.com", "[redacted:email]");
}
