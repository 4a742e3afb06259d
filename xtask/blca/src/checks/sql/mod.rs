//! SQL in source code: S001 outside the store layer; S002, S003, S006 and S008 inside it.

pub(crate) mod append_only;
pub(crate) mod recognise;
mod statement;
pub(crate) mod words;

use super::{Include, Judge};
use crate::syntax::Source;
use crate::syntax::tokens::{Kind, Token};
use recognise::is_sql;

/// For one file.
pub(super) fn check(judge: &mut Judge<'_>, source: &Source) {
    includes(judge, source);
    if judge.context.owns_sql {
        changes(judge, source);
        statement::check(judge, source);
    } else {
        text_outside(judge, source);
    }
}

/// S001: every literal, what `concat!` and `stringify!` make, and what stands together in a statement.
fn text_outside(judge: &mut Judge<'_>, source: &Source) {
    let tables = &judge.context.tables;
    let mut hits: Vec<(usize, String)> = Vec::new();
    for (at, token) in source.tokens.iter().enumerate() {
        if let Some(text) = token.string()
            && is_sql(&text, tables)
        {
            hits.push((at, text));
        }
        if let Some(joined) = made_by_macro(&source.tokens, at)
            && is_sql(&joined, tables)
        {
            hits.push((at, joined));
        }
    }
    for (first, together) in statements(&source.tokens) {
        let alone = hits.iter().any(|(at, _)| (first.start..first.end).contains(at));
        if !alone && together.iter().any(|text| is_sql(text, tables)) {
            let text = together.into_iter().next().unwrap_or_default();
            hits.push((first.literal, text));
        }
    }
    for (at, text) in hits {
        let start: String = text.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
        let message = format!("SQL text in {}: `{start} …`", judge.context.layer);
        report(judge, "S001", source.tokens.get(at), &start, message);
    }
}

/// S002 in the literals of a store.
fn changes(judge: &mut Judge<'_>, source: &Source) {
    let tables = judge.context.fact_names.clone();
    let mut seen: Vec<(usize, String)> = Vec::new();
    for (at, token) in source.tokens.iter().enumerate() {
        let texts = [token.string(), made_by_macro(&source.tokens, at)];
        for message in texts.iter().flatten().flat_map(|text| changes_of(text, &tables)) {
            seen.push((at, message));
        }
    }
    for (first, together) in statements(&source.tokens) {
        let alone = seen.iter().any(|(at, _)| (first.start..first.end).contains(at));
        if !alone {
            let found =
                together.iter().find_map(|text| changes_of(text, &tables).into_iter().next());
            seen.extend(found.map(|message| (first.literal, message)));
        }
    }
    for (at, message) in seen {
        report(judge, "S002", source.tokens.get(at), &message.clone(), message);
    }
}

fn changes_of(text: &str, tables: &[String]) -> Vec<String> {
    [append_only::breaches(text, tables), append_only::weakened(text, &[], &[])].concat()
}

/// What `concat!` joins or `stringify!` spells, at its first token.
fn made_by_macro(tokens: &[Token], at: usize) -> Option<String> {
    let name = tokens.get(at).filter(|t| t.kind == Kind::Ident)?;
    let opened = tokens.get(at + 1)?.is("!") && tokens.get(at + 2)?.kind == Kind::Bracket;
    let spells = name.is("stringify");
    if !opened || !(spells || name.is("concat")) {
        return None;
    }
    let mut depth = 0_usize;
    let mut text = String::new();
    for token in tokens.iter().skip(at + 2) {
        match &*token.text {
            "(" | "[" | "{" if token.kind == Kind::Bracket => depth += 1,
            ")" | "]" | "}" if token.kind == Kind::Bracket => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if spells && token.kind != Kind::Bracket {
            text.push_str(&token.text);
            text.push(' ');
        } else if let Some(piece) = token.string() {
            text.push_str(&piece);
        }
    }
    Some(text)
}

struct Statement {
    start: usize,
    end: usize,
    literal: usize,
}

/// Literals that stand in one statement, joined as they are and with spaces: `"SEL" + "ECT …"`,
/// `["SELECT", "id", …].join(" ")`.
fn statements(tokens: &[Token]) -> Vec<(Statement, Vec<String>)> {
    let mut out = Vec::new();
    let mut start = 0;
    for end in 0..=tokens.len() {
        let stops = tokens.get(end).is_none_or(|t| t.is(";") || t.is("{") || t.is("}"));
        if !stops {
            continue;
        }
        let part = tokens.get(start..end).unwrap_or_default();
        let literals: Vec<(usize, String)> = part
            .iter()
            .enumerate()
            .filter_map(|(offset, token)| Some((start + offset, token.string()?)))
            .collect();
        if let [(literal, _), _, ..] = literals.as_slice() {
            let pieces: Vec<&str> = literals.iter().map(|(_, text)| text.as_str()).collect();
            let texts = vec![pieces.concat(), pieces.join(" ")];
            out.push((Statement { start, end, literal: *literal }, texts));
        }
        start = end + 1;
    }
    out
}

/// Files that macros take in, for S007 and X004.
fn includes(judge: &mut Judge<'_>, source: &Source) {
    for (at, token) in source.tokens.iter().enumerate() {
        let by = matches!(&*token.text, "include" | "include_str" | "include_bytes");
        let next = |n: usize| source.tokens.get(at + n);
        if !by || token.kind != Kind::Ident || !next(1).is_some_and(|t| t.is("!")) {
            continue;
        }
        let literal = next(3).and_then(Token::string);
        let path = literal.or_else(|| made_by_macro(&source.tokens, at + 3)).unwrap_or_default();
        judge.verdict.facts.includes.push(Include {
            by: token.text.to_string(),
            path,
            line: token.line,
            column: token.column,
        });
    }
}

fn report(
    judge: &mut Judge<'_>,
    rule: &str,
    token: Option<&Token>,
    subject: &str,
    message: String,
) {
    let Some(token) = token else { return };
    let width = token.text.lines().next().unwrap_or("").chars().count();
    judge.report(rule, token.line, token.column, width, subject, message);
}
