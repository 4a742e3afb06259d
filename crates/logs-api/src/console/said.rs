//! What somebody recorded, as a page may say it: text and nothing else, with nothing unseen in it.

use std::fmt::Write as _;

use logs_domain::Timestamp;
use maud::{Escaper, Markup, Render, html};

use crate::text::{is_unseen, moment};

/// Characters of a text that a page says; the entry has the rest.
const LONGEST: usize = 200;

/// A text of unknown origin. Characters that cannot be seen, or that turn the reading order around,
/// are written out; and the text is kept apart from what stands beside it.
pub(super) struct Said<'t>(pub(super) &'t str);

impl Render for Said<'_> {
    fn render_to(&self, page: &mut String) {
        page.push_str("<bdi>");
        for (at, c) in self.0.chars().enumerate() {
            if at == LONGEST {
                page.push('…');
                break;
            }
            // Writing into a string cannot fail.
            let _ = if is_unseen(c) {
                write!(page, "<span class=\"unseen\">{}</span>", c.escape_unicode())
            } else {
                Escaper::new(page).write_char(c)
            };
        }
        page.push_str("</bdi>");
    }
}

/// The same where no element can be, as in a page's title.
pub(super) fn visible(text: &str) -> String {
    let shown = |c: char| {
        if is_unseen(c) { c.escape_unicode().to_string() } else { c.to_string() }
    };
    text.chars().take(LONGEST).map(shown).collect()
}

/// A text, or that there is none.
pub(super) fn said(text: Option<&str>) -> Markup {
    html! {
        @match text.filter(|text| !text.is_empty()) {
            Some(text) => (Said(text)),
            None => span.none { "not recorded" },
        }
    }
}

/// The same in a cell, where a dash is enough for the eye.
pub(super) fn cell(text: Option<&str>) -> Markup {
    html! {
        @match text.filter(|text| !text.is_empty()) {
            Some(text) => (Said(text)),
            None => (nothing()),
        }
    }
}

pub(super) fn nothing() -> Markup {
    html! { span.none { span aria-hidden="true" { "–" } span.heard { "not recorded" } } }
}

/// A time in UTC, to the second for the eye.
pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) { (moment(at)) } }
}

/// What begins a name that is too long for a cell.
pub(super) fn short(text: &str) -> String {
    let begin: String = text.chars().take(16).collect();
    if begin.len() < text.len() { format!("{begin}…") } else { begin }
}

/// An address on this server: each part and value is one, whatever is in it.
pub(super) fn address(path: &[&str], asked: &[(&str, Option<&str>)]) -> String {
    let mut address = String::new();
    for part in path {
        address.push('/');
        encode(&mut address, part);
    }
    let given = asked.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    for ((name, value), mark) in given.zip(std::iter::once('?').chain(std::iter::repeat('&'))) {
        address.push(mark);
        encode(&mut address, name);
        address.push('=');
        encode(&mut address, value);
    }
    address
}

/// RFC 3986 §2.3: what is not unreserved is percent-encoded.
fn encode(address: &mut String, text: &str) {
    for byte in text.bytes() {
        let _ = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                address.write_char(char::from(byte))
            }
            other => write!(address, "%{other:02X}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_inert_and_nothing_in_it_is_unseen() {
        #[track_caller]
        fn check(text: &str, expect: &str) {
            assert_eq!(Said(text).render().into_string(), format!("<bdi>{expect}</bdi>"));
        }
        check("a<b>&\"'", "a&lt;b&gt;&amp;&quot;'");
        let shown = |code: &str| format!("<span class=\"unseen\">\\u{{{code}}}</span>");
        check("a\u{202e}b", &format!("a{}b", shown("202e")));
        check("\0\u{1b}[0m", &format!("{}{}[0m", shown("0"), shown("1b")));
        check("\u{e0041}\u{feff}", &format!("{}{}", shown("e0041"), shown("feff")));
        check("عربي 👩\u{200d}🔧", "عربي 👩\u{200d}🔧");
        check(&"x".repeat(300), &format!("{}…", "x".repeat(200)));
        assert_eq!(visible("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn an_address_holds_any_name_as_one_part() {
        assert_eq!(address(&[], &[]), "");
        assert_eq!(address(&["runs", "a/b?c#d%é"], &[]), "/runs/a%2Fb%3Fc%23d%25%C3%A9");
        let asked = [("agent", Some("a&b=c")), ("status", None), ("cursor", Some("1"))];
        assert_eq!(address(&["audit"], &asked), "/audit?agent=a%26b%3Dc&cursor=1");
    }
}
