//! What a person's name looks like where something already says that one stands there.

use crate::shape::{is_east_asian, is_han, is_hangul, is_hiragana, is_katakana, is_word};

const MOST_WORDS: usize = 4;

/// Words that make a capitalised phrase the name of a thing.
const THINGS: &[&str] = &[
    "service",
    "gateway",
    "agent",
    "server",
    "system",
    "team",
    "inc",
    "ltd",
    "llc",
    "gmbh",
    "corp",
    "corporation",
    "company",
    "tool",
    "order",
    "orders",
    "search",
    "payment",
    "payments",
    "api",
    "bot",
    "assistant",
    "policy",
    "workflow",
    "shop",
    "store",
    "bank",
    "department",
    "support",
    "project",
    "model",
    "the",
    "unknown",
    "none",
    "null",
    "required",
    "string",
    "not",
    "user",
    "customer",
    "name",
    "error",
    "test",
    "account",
    "card",
    "data",
    "invoice",
    "report",
    "engine",
    "desk",
    "helpdesk",
    "please",
    "i",
    "you",
    "this",
    "that",
    "true",
    "false",
    "group",
    "office",
];

/// Particles that stand in names without a capital.
const PARTICLES: &[&str] = &[
    "de", "da", "do", "dos", "del", "della", "di", "der", "den", "van", "von", "la", "le", "al",
    "el", "bin", "ibn", "y", "e",
];

/// Whether a whole text is a name of two to four words, or one run of an East Asian script.
pub(crate) fn is_name(text: &str) -> bool {
    let text = text.trim();
    if text.len() > 120 {
        return false;
    }
    let words = text.split([' ', '　', '・']).count();
    let east_asian = text.chars().any(is_east_asian);
    (words >= 2 || east_asian && (2..=8).contains(&text.chars().count()))
        && reading(text, Words::Many) == Some(text.len())
}

/// How many words a name at a place must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// One is enough: what stands before leaves no doubt.
    One,
    /// At least two in scripts with spaces.
    Many,
}

/// The length of the name with which a text begins.
pub(crate) fn reading(text: &str, least: Words) -> Option<usize> {
    let first = text.chars().next()?;
    if is_east_asian(first) { east_asian(text) } else { spaced(text, least) }
}

fn east_asian(text: &str) -> Option<usize> {
    let core = |c: char| is_han(c) || is_katakana(c) || is_hangul(c);
    let (mut end, mut count) = (0, 0);
    for (at, c) in text.char_indices() {
        let inner = matches!(c, ' ' | '　' | '・' | '＝')
            && text.get(at + c.len_utf8()..)?.chars().next().is_some_and(core);
        if count >= 12 || !(core(c) || inner && count <= 6 && at > 0) {
            break;
        }
        end = at + c.len_utf8();
        count += 1;
    }
    // A given name in hiragana, but not the copula or a particle that follows a name.
    let rest = text.get(end..)?;
    let kana: String = rest.chars().take_while(|c| is_hiragana(*c)).take(6).collect();
    let verb = [
        "です",
        "で",
        "だ",
        "と",
        "は",
        "が",
        "の",
        "を",
        "に",
        "さん",
        "さま",
        "も",
        "ちゃん",
        "くん",
        "から",
        "へ",
    ];
    if !kana.is_empty() && kana.chars().count() <= 4 && !verb.iter().any(|v| kana.starts_with(v)) {
        end += kana.len();
        count += kana.chars().count();
    }
    (count >= 2).then_some(end)
}

fn spaced(text: &str, least: Words) -> Option<usize> {
    let mut end = 0;
    let mut words = 0;
    let mut at = 0;
    while words < MOST_WORDS {
        let rest = text.get(at..)?;
        let word = word(rest);
        let particle = words > 0 && PARTICLES.contains(&word);
        if word.is_empty() || !(particle || capital(word)) {
            break;
        }
        let bare = word.trim_end_matches('.');
        if THINGS.contains(&bare.to_lowercase().as_str()) {
            // `Payment Gateway` names a thing; `Jane Doe. Please …` has ended.
            if words < 2 {
                return None;
            }
            break;
        }
        at += word.len();
        if !particle {
            end = at - usize::from(word.ends_with('.') && word.chars().count() > 3);
            words += 1;
        }
        if end != at && !particle || !text.get(at..)?.starts_with(' ') {
            break;
        }
        at += 1;
    }
    let enough = match least {
        Words::One => 1,
        Words::Many => 2,
    };
    (words >= enough).then_some(end)
}

/// A word with the marks that stand inside names: `O'Brien`, `Jean-Luc`, `J.`
fn word(text: &str) -> &str {
    let end = text
        .char_indices()
        .take(40)
        .find(|(_, c)| !(is_word(*c) && !is_east_asian(*c) || matches!(c, '\'' | '’' | '-' | '.')))
        .map_or_else(|| text.char_indices().nth(40).map_or(text.len(), |(at, _)| at), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

/// Begins as a name does: with a capital, or in a script that has none. All capitals and
/// identifiers are not names, except short initials.
fn capital(word: &str) -> bool {
    let mut chars = word.chars();
    let Some(first) = chars.next() else { return false };
    if !first.is_alphabetic() {
        return false;
    }
    first.is_uppercase() || !first.is_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_scripts_are_names() {
        for name in [
            "Dana Whitfield",
            "Maria López",
            "Ludwig van Beethoven",
            "Seán O'Brien",
            "J. Doe",
            "Иван Петров",
            "محمد علي",
            "राम शर्मा",
            "田中宏",
            "田中 宏",
            "鈴木さくら",
            "김철수",
            "マリア・ロペス",
            "王小明",
        ] {
            assert!(is_name(name), "{name}");
        }
    }

    #[test]
    fn names_of_things_are_not() {
        for name in [
            "",
            "lookup_order",
            "Payment Gateway",
            "acme",
            "Acme",
            "support copilot",
            "ops-agent",
            "gpt-4o",
            "10-4471",
            "tanaka.hiroshi@example.jp",
            "決済ログを確認してください。",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
