//! Members made of lines, split so that no file grows beyond what auditors' tools take.

/// A new file is begun before this size is passed; one line may be larger.
pub(crate) const SPLIT_BYTES: usize = 20_000_000;

/// A file of lines, and which items are in it.
#[derive(Debug, Default)]
pub(crate) struct LineFile {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Sequence numbers in order of the lines, as half-open ranges.
    pub(crate) ranges: Vec<(u64, u64)>,
    pub(crate) lines: u64,
}

/// Puts lines into `<stem>-000.jsonl`, `<stem>-001.jsonl`, …
#[derive(Debug)]
pub(crate) struct LineFiles {
    stem: &'static str,
    split_bytes: usize,
    pub(crate) files: Vec<LineFile>,
}

impl LineFiles {
    pub(crate) fn new(stem: &'static str, split_bytes: usize) -> Self {
        Self { stem, split_bytes, files: Vec::new() }
    }

    pub(crate) fn push(&mut self, seq: u64, line: &[u8]) {
        let full = self
            .files
            .last()
            .is_none_or(|file| file.bytes.len() + line.len() + 1 > self.split_bytes);
        if full {
            let name = format!("{}-{:03}.jsonl", self.stem, self.files.len());
            self.files.push(LineFile { name, ..LineFile::default() });
        }
        let Some(file) = self.files.last_mut() else { return };
        file.bytes.extend_from_slice(line);
        file.bytes.push(b'\n');
        file.lines += 1;
        match file.ranges.last_mut() {
            Some((_, end)) if *end == seq => *end += 1,
            Some((_, end)) if *end == seq + 1 => {}
            _ => file.ranges.push((seq, seq + 1)),
        }
    }
}

/// Joins ranges that touch.
pub(crate) fn joined(ranges: impl IntoIterator<Item = (u64, u64)>) -> Vec<(u64, u64)> {
    let mut out: Vec<(u64, u64)> = Vec::new();
    for (start, end) in ranges {
        match out.last_mut() {
            Some((_, last)) if *last == start => *last = end,
            _ => out.push((start, end)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_in_a_new_file_before_it_grows_too_large() {
        let mut files = LineFiles::new("entries", 10);
        for seq in [3, 4, 7, 8, 9] {
            files.push(seq, b"1234");
        }
        let seen: Vec<_> = files
            .files
            .iter()
            .map(|f| (f.name.as_str(), f.bytes.len(), f.ranges.clone()))
            .collect();
        assert_eq!(
            seen,
            [
                ("entries-000.jsonl", 10, vec![(3, 5)]),
                ("entries-001.jsonl", 10, vec![(7, 9)]),
                ("entries-002.jsonl", 5, vec![(9, 10)]),
            ]
        );
        assert_eq!(joined([(3, 5), (7, 9), (9, 10)]), [(3, 5), (7, 10)]);
    }
}
