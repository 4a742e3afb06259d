//! Where in a value a walk is.

/// Bytes of a member name that a pointer shows; what is longer is cut, so that a table stays small.
const LONGEST_SEGMENT: usize = 128;

/// The way from the root to here, kept on the walk's own stack: a pointer is written only for what
/// was replaced.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'p> {
    Root,
    Member(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl Path<'_> {
    /// The JSON Pointer (RFC 6901 §3); `shown` gives a member name as it may be told.
    pub(crate) fn pointer(&self, shown: &dyn Fn(&str) -> String) -> String {
        let mut segments = Vec::new();
        let mut here = self;
        loop {
            here = match here {
                Path::Root => break,
                Path::Member(parent, name) => {
                    segments.push(shown(name));
                    parent
                }
                Path::Item(parent, index) => {
                    segments.push(index.to_string());
                    parent
                }
            };
        }
        let mut out = String::new();
        for segment in segments.iter().rev() {
            out.push('/');
            let cut = segment.char_indices().nth(LONGEST_SEGMENT).map(|(at, _)| at);
            let segment = cut.and_then(|at| segment.get(..at)).unwrap_or(segment);
            for c in segment.chars() {
                match c {
                    '~' => out.push_str("~0"),
                    '/' => out.push_str("~1"),
                    c => out.push(c),
                }
            }
            if cut.is_some() {
                out.push('…');
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_what_it_must_and_stays_short() {
        let list = Path::Member(&Path::Root, "a/b~c");
        let item = Path::Item(&list, 7);
        let long = "é".repeat(1_000);
        let end = Path::Member(&item, &long);
        let pointer = end.pointer(&str::to_owned);
        assert_eq!(pointer, format!("/a~1b~0c/7/{}…", "é".repeat(LONGEST_SEGMENT)));
        assert_eq!(Path::Root.pointer(&str::to_owned), "");
    }
}
