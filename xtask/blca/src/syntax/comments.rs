//! Comments: what stands between two tokens, and doc comments.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};

/// A comment with the line that it starts on.
pub(crate) struct Comment {
    /// Its text, with the slashes.
    pub(crate) text: String,
    /// Line, from 1.
    pub(crate) line: usize,
}

/// All comments of a file, one for each line of them.
pub(crate) fn comments(text: &str, stream: &TokenStream) -> Vec<Comment> {
    let mut tokens = Vec::new();
    ranges(stream, &mut tokens);
    tokens.sort_unstable();
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut out = Vec::new();
    let mut end = 0;
    for (start, stop) in tokens {
        if start > end {
            lines(text, &starts, end..start, &mut out);
        }
        // A doc comment is one token whose span covers the comment.
        if text.get(start..).is_some_and(|rest| rest.starts_with("//") || rest.starts_with("/*")) {
            lines(text, &starts, start..stop, &mut out);
        }
        end = end.max(stop);
    }
    lines(text, &starts, end..text.len(), &mut out);
    out
}

fn ranges(stream: &TokenStream, out: &mut Vec<(usize, usize)>) {
    for token in stream.clone() {
        match token {
            TokenTree::Group(group) => {
                let (open, close) =
                    (group.span_open().byte_range(), group.span_close().byte_range());
                out.push((open.start, open.end));
                ranges(&group.stream(), out);
                out.push((close.start, close.end));
            }
            other => {
                let range = other.span().byte_range();
                out.push((range.start, range.end));
            }
        }
    }
}

fn lines(text: &str, starts: &[usize], gap: Range<usize>, out: &mut Vec<Comment>) {
    let first = starts.partition_point(|start| *start <= gap.start);
    let Some(gap) = text.get(gap) else { return };
    if !gap.contains(['/', '*']) {
        return;
    }
    for (index, line) in gap.lines().enumerate() {
        if !line.trim().is_empty() {
            out.push(Comment { text: line.trim().to_owned(), line: first + index });
        }
    }
}
