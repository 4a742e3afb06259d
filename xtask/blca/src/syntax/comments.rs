//! Comments: what stands between two tokens, and doc comments.

use proc_macro2::{Span, TokenStream, TokenTree};

use super::tokens::Lines;

/// A comment with the line that it starts on.
pub(crate) struct Comment {
    /// Its text, with the slashes.
    pub(crate) text: String,
    /// Line, from 1.
    pub(crate) line: usize,
}

/// All comments of a file, one for each line of them.
pub(crate) fn comments(text: &str, stream: &TokenStream) -> Vec<Comment> {
    let lines = Lines::of(text);
    let mut gaps = Gaps { text, lines: &lines, end: 0, out: Vec::new() };
    gaps.stream(stream);
    gaps.until(text.len());
    gaps.out
}

struct Gaps<'g> {
    text: &'g str,
    lines: &'g Lines<'g>,
    /// Where the last token ended.
    end: usize,
    out: Vec<Comment>,
}

impl Gaps<'_> {
    fn stream(&mut self, stream: &TokenStream) {
        for token in stream.clone() {
            match token {
                TokenTree::Group(group) => {
                    self.token(group.span_open());
                    self.stream(&group.stream());
                    self.token(group.span_close());
                }
                other => self.token(other.span()),
            }
        }
    }

    fn token(&mut self, span: Span) {
        let start = self.lines.byte(span.start());
        if start > self.end {
            self.until(start);
        }
        let end = self.lines.byte(span.end());
        // All tokens of a doc comment stand where the comment stands.
        let rest = self.text.get(start..).unwrap_or("");
        if start >= self.end && (rest.starts_with("//") || rest.starts_with("/*")) {
            self.end = start;
            self.until(end);
        }
        self.end = self.end.max(end);
    }

    /// Keeps the lines of the gap between the last token and `to`.
    fn until(&mut self, to: usize) {
        let gap = self.text.get(self.end..to).unwrap_or("");
        if gap.contains(['/', '*']) {
            let first = self.lines.line(self.end);
            for (index, line) in gap.lines().enumerate().filter(|(_, line)| !line.trim().is_empty())
            {
                self.out.push(Comment { text: line.trim().to_owned(), line: first + index });
            }
        }
        self.end = to;
    }
}
