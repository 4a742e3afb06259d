//! Who has a key may do what it is for, in the one tenant that it is for.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use logs_api::{ApiKeys, Role, new_api_key};
use logs_domain::{OsEntropy, SystemClock, TenantId};
use support::{Answer, JSON, PROTOBUF, Served, spans};

struct Keyed {
    served: Served,
    keys: Vec<(&'static str, Role, String)>,
}

impl Keyed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("factlog.apikeys");
        let make = |tenant: &'static str, role: Role| {
            let owner = TenantId::parse(tenant).unwrap();
            let key = new_api_key(&path, &owner, role, "test", &SystemClock, &OsEntropy).unwrap();
            (tenant, role, key)
        };
        let keys = ["acme", "globex"]
            .into_iter()
            .flat_map(|tenant| {
                [Role::Writer, Role::Reader, Role::Auditor].map(|role| make(tenant, role))
            })
            .collect();
        let read = ApiKeys::read(&path).unwrap();
        Self { served: Served::with_keys(folder, read), keys }
    }

    fn key(&self, tenant: &str, role: Role) -> String {
        let found = self.keys.iter().find(|(owner, of, _)| *owner == tenant && *of == role);
        format!("Bearer {}", found.unwrap().2)
    }

    fn post(&self, key: &str, body: &[u8]) -> Answer {
        let headers = [("content-type", JSON), ("authorization", key)];
        self.served.ask("POST", "/v1/traces", &headers, body)
    }

    fn get(&self, key: &str, path: &str) -> Answer {
        self.served.ask("GET", path, &[("authorization", key)], b"")
    }
}

#[test]
fn each_role_may_do_what_it_is_for() {
    let keyed = Keyed::new();
    let (runs, hashes) = ("/api/v1/logs/llm-runs", "/tlog/acme/tile/0/000.p/3");
    let (entries, checkpoint) = ("/tlog/acme/tile/entries/000.p/3", "/tlog/acme/checkpoint");
    keyed.post(&keyed.key("acme", Role::Writer), &spans(0, 3)).expect(200);
    let served = &keyed.served;
    served.runtime.block_on(served.domain.checkpoint(&served.tenant)).unwrap();
    for (role, post, read, read_entries) in [
        (Role::Writer, 200, 403, 403),
        (Role::Reader, 403, 200, 403),
        (Role::Auditor, 403, 200, 200),
    ] {
        let key = keyed.key("acme", role);
        keyed.post(&key, &spans(0, 3)).expect(post);
        for path in [runs, hashes, checkpoint, "/api/v1/logs/audit/0", "/api/v1/logs/system"] {
            let keep = keyed.get(&key, path).expect(read);
            let keep = keep.header("cache-control").unwrap();
            assert!(!path.starts_with("/api") || keep == "no-store", "{path}: {keep}");
        }
        keyed.get(&key, entries).expect(read_entries);
    }
}

#[test]
fn another_tenants_record_is_not_there() {
    let keyed = Keyed::new();
    keyed.post(&keyed.key("acme", Role::Writer), &spans(0, 3)).expect(200);
    let served = &keyed.served;
    served.runtime.block_on(served.domain.checkpoint(&served.tenant)).unwrap();
    let other = keyed.key("globex", Role::Auditor);
    let run = |n: u32| format!("/api/v1/logs/llm-runs/{n:032x}/envelope");
    keyed.get(&keyed.key("acme", Role::Reader), &run(1)).expect(200);
    let (log, nobodys) = ("/tlog/acme/checkpoint", "/tlog/nobody/checkpoint");
    let (entries, none) = ("/tlog/acme/tile/entries/000.p/3", "/tlog/nobody/tile/entries/000.p/3");
    for (path, nowhere) in [(&run(1)[..], &run(9)[..]), (log, nobodys), (entries, none)] {
        let there = keyed.get(&other, path).expect(404);
        let nowhere = keyed.get(&other, nowhere).expect(404);
        assert_eq!(there.body, nowhere.body, "{path}: as if it did not exist");
    }
    let runs = keyed.get(&other, "/api/v1/logs/llm-runs").expect(200).json();
    assert_eq!(runs["items"].as_array().unwrap().len(), 0);
    // What it posts itself goes to its own ledger, also what another has.
    keyed.post(&keyed.key("globex", Role::Writer), &spans(0, 3)).expect(200);
    let mine = keyed.get(&other, "/api/v1/logs/llm-runs").expect(200).json();
    assert_eq!(mine["items"].as_array().unwrap().len(), 3);
    assert_eq!(served.size(), 3 + 1, "and that its own reader asked once");
}

#[test]
fn a_changed_file_is_read_again_and_a_broken_one_changes_nothing() {
    let keyed = Keyed::new();
    let path = keyed.served.folder.path().join("factlog.apikeys");
    let runs = "/api/v1/logs/llm-runs";
    let (reader, other) = (keyed.key("acme", Role::Reader), keyed.key("globex", Role::Reader));
    keyed.get(&reader, runs).expect(200);
    let told = || keyed.served.told.lock().unwrap().join("\n");

    let lines = std::fs::read_to_string(&path).unwrap();
    let id = keyed.served.fact(0)["body"]["reader"]["key"].as_str().unwrap().to_owned();
    let without: String = lines
        .lines()
        .filter(|line| !line.contains(&id))
        .fold(String::new(), |text, line| format!("{text}{line}\n"));
    std::fs::write(&path, &without).unwrap();
    keyed.get(&reader, runs).expect(401);
    keyed.get(&other, runs).expect(200);
    assert!(told().contains("are read again"), "{}", told());

    std::fs::write(&path, &lines).unwrap();
    keyed.get(&reader, runs).expect(200);

    for broken in [format!("{without}reader acme\n"), lines.replace(" globex ", " root-log ")] {
        std::fs::write(&path, broken).unwrap();
        keyed.get(&reader, runs).expect(200);
        keyed.get(&other, runs).expect(200);
    }
    std::fs::remove_file(&path).unwrap();
    keyed.get(&reader, runs).expect(200);
    keyed.get(&reader, runs).expect(200);
    assert_eq!(told().matches("those from before stay").count(), 3, "each once: {}", told());

    let owner = TenantId::parse("initech").unwrap();
    let new = new_api_key(&path, &owner, Role::Reader, "n", &SystemClock, &OsEntropy).unwrap();
    keyed.get(&format!("Bearer {new}"), runs).expect(200);
    keyed.get(&reader, runs).expect(401);

    std::fs::write(&path, "\n").unwrap();
    keyed.get(&format!("Bearer {new}"), runs).expect(401);
    assert!(told().contains("nobody is let in"), "{}", told());
    keyed.served.get("/readyz").expect(200);
}

#[test]
fn nothing_but_health_is_answered_without_a_key() {
    let keyed = Keyed::new();
    let served = &keyed.served;
    served.get("/healthz").expect(200);
    served.get("/readyz").expect(200);
    let good = keyed.key("acme", Role::Reader);
    let shorter = &good[..good.len() - 1];
    let basic = good.replace("Bearer", "Basic");
    for wrong in ["", "Bearer", "Bearer ", "Bearer factlog_", shorter, &basic, &format!("{good}x")]
    {
        for path in ["/api/v1/logs/llm-runs", "/tlog/acme/checkpoint", "/api/v1/logs/audit/x?y=z"] {
            let refused = keyed.get(wrong, path).expect(401);
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"), "{path}");
        }
        keyed.post(wrong, &spans(0, 1)).expect(401);
    }
    served.get("/api/v1/logs/llm-runs").expect(401);
    let twice = [("authorization", good.as_str()), ("authorization", good.as_str())];
    served.ask("GET", "/api/v1/logs/llm-runs", &twice, b"").expect(401);
    let refused = served.post("/v1/traces", PROTOBUF, b"").expect(401);
    assert_eq!(refused.header("content-type"), Some(PROTOBUF));
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    // Other hosts' names are nobody's business where a key is asked for.
    let mut stream = served.connect();
    let head = format!(
        "GET /api/v1/logs/llm-runs HTTP/1.1\r\nhost: logs.example.com\r\nauthorization: {good}\r\nconnection: close\r\n\r\n"
    );
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    assert_eq!(served.size(), 0);
    support::answer(&mut stream).expect(200);
    assert_eq!(served.size(), 1, "that it was read");
}
