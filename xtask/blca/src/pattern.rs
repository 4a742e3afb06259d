//! Patterns of paths: `*` stands for anything within a folder, `**` for any number of folders.

/// Whether a path with `/` between folders fits a pattern.
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    folders(&pattern, &path)
}

fn folders(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => {
            folders(rest, path)
                || path.split_first().is_some_and(|(_, tail)| folders(pattern, tail))
        }
        ([first, rest @ ..], [name, tail @ ..]) => wild(first, name) && folders(rest, tail),
        _ => false,
    }
}

fn wild(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(before) else { return false };
    (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|tail| wild(after, tail)))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stay_in_a_folder_and_double_stars_do_not() {
        assert!(fits("crates/logs-facade/src/**", "crates/logs-facade/src/a/b.rs"));
        assert!(fits("crates/*/src/facade.rs", "crates/x/src/facade.rs"));
        assert!(fits("**/*_facade.rs", "crates/x/src/log_facade.rs"));
        assert!(!fits("crates/*/facade.rs", "crates/x/src/facade.rs"));
        assert!(!fits("crates/x/src/**", "crates/xy/src/a.rs"));
    }
}
