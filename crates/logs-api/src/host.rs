//! Which host a request is for.
//!
//! A page in a browser of this machine may not speak with another host than its own. An attacker makes
//! his own host name stand for 127.0.0.1, and then it may: only the name in the request still tells.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::HOST;

/// Is a request meant for this machine? One that names no host comes from no browser.
pub(crate) fn is_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_names_of_this_machine_are_taken() {
        #[track_caller]
        fn check(host: &'static str, expect: bool) {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            assert_eq!(is_this_machine(&headers), expect, "{host}");
        }
        check("127.0.0.1:4318", true);
        check("127.0.0.1", true);
        check("localhost:4318", true);
        check("LOCALHOST", true);
        check("[::1]:4318", true);
        check("[::1]", true);
        check("localhost.evil.example", false);
        check("evil.example:4318", false);
        check("127.0.0.1.evil.example", false);
        check("192.0.2.1", false);
        check("", false);
        assert!(is_this_machine(&HeaderMap::new()));
    }
}
