//! Addresses, and how they are shown.

/// Does the URL name a PostgreSQL database?
pub(crate) fn names(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// The address as it may be printed: without a password, and without options, which may hold one.
pub(crate) fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let rest = rest.split('?').next().unwrap_or_default();
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let shown = match authority.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split(':').next().unwrap_or_default()),
        None => authority.to_owned(),
    };
    format!("{scheme}://{shown}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_a_password_is_shown() {
        for (url, shown) in [
            ("postgres://me:secret@host:5432/db", "postgres://me@host:5432/db"),
            ("postgres://me:se@cret@host/db", "postgres://me@host/db"),
            ("postgresql:///db?host=/run&user=me&password=secret", "postgresql:///db"),
            ("postgres://host", "postgres://host"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
