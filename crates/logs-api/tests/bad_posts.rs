//! What goes wrong on the way in: the status says whether to send it again, and nothing else suffers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use logs_api::{Callers, Limits, ServeError, Server};
use prost::Message;
use support::{JSON, PROTOBUF, Served, answer, gzip, head, request, spans};

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

const TRACES: &str = "/v1/traces";

#[test]
fn who_never_reads_the_answer_is_cut_off() {
    let answer_timeout = Duration::from_millis(200);
    let served = Served::limited(Limits { answer_timeout, ..Limits::default() });
    let mut deaf = served.connect();
    let one = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
    // Far more than all buffers between here and there can hold.
    let asked = 2_000;
    deaf.write_all(&one.repeat(asked)).unwrap();
    let open = || {
        let text = String::from_utf8(served.get("/metrics").expect(200).body).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("factlog_connections "));
        line.unwrap().parse::<u32>().unwrap()
    };
    while open() > 1 {
        std::thread::yield_now();
    }
    let mut got = Vec::new();
    let _ = deaf.read_to_end(&mut got);
    let one_answer = served.get("/openapi.json").expect(200).body.len();
    assert!(got.len() < asked * one_answer / 2, "{} bytes", got.len());
    served.end();
}

#[test]
fn a_failure_is_a_status_in_the_encoding_of_the_post() {
    let served = Served::new();
    let refused = served.post(TRACES, PROTOBUF, b"\x0a\xff\xff").expect(400);
    assert_eq!(refused.header("content-type"), Some(PROTOBUF));
    let status = Status::decode(&refused.body[..]).unwrap();
    assert_eq!(status.code, 3);
    assert!(status.message.contains("traces post"), "{}", status.message);

    let refused = served.post(TRACES, JSON, b"{\"resourceSpans\":[").expect(400);
    assert_eq!(refused.header("content-type"), Some(JSON));
    assert_eq!(refused.json()["code"], 3);
    assert_eq!(refused.header("retry-after"), None, "it will never be good");
    assert_eq!(served.size(), 0);
    let told = served.told.lock().unwrap();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|line| !line.contains("resourceSpans")), "no payload: {told:?}");
}

#[test]
fn methods_types_and_encodings_are_named_where_they_are_wrong() {
    let served = Served::new();
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"] {
        let refused = served.ask(method, TRACES, &[("content-type", JSON)], b"").expect(405);
        assert_eq!(refused.header("allow"), Some("POST"), "{method}");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        // What a page in a browser may post without being asked for leave.
        served.post(TRACES, kind, &spans(0, 1)).expect(415);
    }
    served.ask("POST", TRACES, &[], &spans(0, 1)).expect(415);
    for encoding in ["deflate", "br", "zstd", "gzip, gzip"] {
        let headers = [("content-type", JSON), ("content-encoding", encoding)];
        let refused = served.ask("POST", TRACES, &headers, &spans(0, 1)).expect(415);
        assert_eq!(refused.header("accept-encoding"), Some("gzip"));
    }
    assert_eq!(served.size(), 0);
    served.get("/nothing").expect(404);
    let refused = served.ask("POST", "/healthz", &[], b"").expect(405);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
}

#[test]
fn what_is_too_large_is_413_as_it_comes_and_inflated() {
    let served = Served::limited(Limits { max_body_bytes: 1 << 20, ..Limits::default() });
    let headers = [("content-type", JSON), ("content-encoding", "gzip")];
    let bomb = gzip(&vec![b' '; 50 << 20]);
    assert!(bomb.len() < 1 << 20);
    let refused = served.ask("POST", TRACES, &headers, &bomb).expect(413);
    assert!(refused.json()["message"].as_str().unwrap().contains("--max-body"));

    let announced = served.post(TRACES, JSON, &vec![b' '; (1 << 20) + 1]).expect(413);
    assert_eq!(announced.json()["code"], 8);
    served.post(TRACES, JSON, &[&spans(0, 1)[..], &vec![b' '; 1 << 19]].concat()).expect(200);

    // Nobody says beforehand how long a body in chunks is.
    let mut stream = served.connect();
    let start = format!(
        "POST {TRACES} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {JSON}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(start.as_bytes()).unwrap();
    let chunk = [&b"10000\r\n"[..], &vec![b' '; 1 << 16], b"\r\n"].concat();
    for _ in 0..17 {
        stream.write_all(&chunk).unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    answer(&mut stream).expect(413);
    assert_eq!(served.end(), 1);
}

#[test]
fn a_body_in_chunks_is_a_body() {
    let served = Served::new();
    let mut stream = served.connect();
    let start = format!(
        "POST {TRACES} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {JSON}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(start.as_bytes()).unwrap();
    for piece in spans(0, 20).chunks(100) {
        let size = format!("{:x}\r\n", piece.len());
        stream.write_all(&[size.as_bytes(), piece, b"\r\n"].concat()).unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    answer(&mut stream).expect(200);
    assert_eq!(served.size(), 20);
}

#[test]
fn a_sender_that_asks_for_leave_is_given_it_or_the_refusal() {
    let served = Served::new();
    let body = spans(0, 1);
    let mut stream = half(&served, &body);
    stream.write_all(&body[body.len() - 10..]).unwrap();
    answer(&mut stream).expect(200);

    let asking = [("content-type", "text/plain"), ("expect", "100-continue")];
    let mut stream = served.connect();
    stream.write_all(&head("POST", TRACES, &asking, body.len())).unwrap();
    answer(&mut stream).expect(415);
}

#[test]
fn half_a_post_records_nothing_and_disturbs_nobody() {
    let served = Served::new();
    let whole = request("POST", TRACES, &[("content-type", JSON)], &spans(0, 3));
    for cut in [1, 20, whole.len() / 2, whole.len() - 1] {
        let mut stream = served.connect();
        stream.write_all(&whole[..cut]).unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    }
    for garbage in
        [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"PRI * HTTP/2.0\r\n\r\n", b"\0\0\0\0\r\n\r\n"]
    {
        let mut stream = served.connect();
        stream.write_all(garbage).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // Whatever it says to that, it comes to an end.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    served.post(TRACES, JSON, &spans(0, 3)).expect(200);
    assert_eq!(served.end(), 3);
}

#[test]
fn whoever_hangs_up_after_the_last_byte_has_recorded_it() {
    let served = Served::new();
    let mut stream = served.connect();
    stream.write_all(&request("POST", TRACES, &[("content-type", JSON)], &spans(0, 3))).unwrap();
    drop(stream);
    while served.size() == 0 {
        std::thread::yield_now();
    }
    served.post(TRACES, JSON, &spans(0, 3)).expect(200);
    assert_eq!(served.end(), 3, "the next delivery is a duplicate");
}

/// Sends a head and all of a body but ten bytes. The server asks for the body when it has taken the
/// post in, so that it is inside when this returns.
fn half(served: &Served, body: &[u8]) -> TcpStream {
    let mut stream = served.connect();
    let asking = [("content-type", JSON), ("expect", "100-continue")];
    stream.write_all(&head("POST", TRACES, &asking, body.len())).unwrap();
    let mut leave = [0; 25];
    stream.read_exact(&mut leave).unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&body[..body.len() - 10]).unwrap();
    stream
}

#[test]
fn a_full_house_is_503_and_who_is_inside_is_served() {
    let served = Served::limited(Limits { posts: 1, ..Limits::default() });
    let body = spans(0, 3);
    let mut inside = half(&served, &body);
    let told = served.post(TRACES, JSON, b"{}").expect(503);
    assert_eq!(told.header("retry-after"), Some("1"));
    assert_eq!(told.json()["code"], 14);
    served.get("/healthz").expect(200);
    served.get("/readyz").expect(200);
    inside.write_all(&body[body.len() - 10..]).unwrap();
    answer(&mut inside).expect(200);
    served.post(TRACES, JSON, &spans(3, 1)).expect(200);
    assert_eq!(served.end(), 4);
}

#[test]
fn who_stalls_is_cut_off_and_told_to_come_again() {
    let limits = Limits { posts: 1, body_timeout: Duration::from_millis(50), ..Limits::default() };
    let served = Served::limited(limits);
    let mut stalled = half(&served, &spans(0, 3));
    answer(&mut stalled).expect(503);
    served.post(TRACES, JSON, &spans(0, 3)).expect(200);

    let limits = Limits { head_timeout: Duration::from_millis(50), ..Limits::default() };
    let served = Served::limited(limits);
    let mut stalled = served.connect();
    stalled.write_all(b"POST /v1/traces HTTP/1.1\r\nhost:").unwrap();
    let mut rest = Vec::new();
    // It ends by itself: that is what is tested.
    let _ = stalled.read_to_end(&mut rest);
}

#[test]
fn a_server_that_ends_finishes_what_was_begun() {
    let mut served = Served::new();
    let body = spans(0, 3);
    let mut inside = half(&served, &body);
    // A connection that is kept and idle keeps nobody waiting.
    let mut idle = served.connect();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    served.ask_to_stop();
    while TcpStream::connect(served.address).is_ok() {
        std::thread::yield_now();
    }
    inside.write_all(&body[body.len() - 10..]).unwrap();
    answer(&mut inside).expect(200);
    assert_eq!(served.end(), 3);
}

#[test]
fn others_cannot_reach_it_and_an_address_that_is_taken_is_named() {
    let served = Served::new();
    let bind = |address: &str| {
        let report = std::sync::Arc::new(|_: &str| {});
        let domain = std::sync::Arc::clone(&served.domain);
        let callers = Callers::ThisMachine(served.tenant.clone());
        let address = address.parse().unwrap();
        let server = Server::bind(address, domain, callers, Limits::default(), report);
        served.runtime.block_on(server).map(drop)
    };
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:4318", "[::ffff:192.0.2.1]:0"] {
        assert!(matches!(bind(address), Err(ServeError::NotLoopback(_))), "{address}");
    }
    let taken = bind(&served.address.to_string()).unwrap_err();
    assert!(taken.to_string().contains("another program"), "{taken}");
    assert!(bind("[::ffff:127.0.0.1]:0").is_ok());
}

#[test]
fn a_name_that_somebody_else_points_at_this_machine_is_refused() {
    let served = Served::new();
    let ask = |method: &str, path: &str, host: &str| {
        let mut stream = served.connect();
        let length = spans(0, 1).len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: {JSON}\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), &spans(0, 1)].concat()).unwrap();
        answer(&mut stream).status
    };
    for path in ["/api/v1/logs/llm-runs", "/tlog/acme/checkpoint", "/api/v1/logs/audit/0"] {
        assert_eq!(ask("GET", path, "evil.example:4318"), 421, "{path}");
    }
    assert_eq!(ask("POST", TRACES, "evil.example:4318"), 421);
    assert_eq!(served.size(), 0);
    assert_eq!(ask("POST", TRACES, "localhost:4318"), 200);
}
