//! A witness of C2SP tlog-witness behind a real socket.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use adapters::{Ed25519Signer, StrictVerifier};
use audit_evidence::{
    CheckpointBody, SignedNote, VerifierKey, WitnessKey, cosign, verify_consistency,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use replay_determinism::empty_root;
use store_traits::{Digest, Signer as _};

/// When it says that it saw everything.
pub const SEEN_AT: u64 = 1_767_225_600;

pub struct Witness {
    pub key: WitnessKey,
    pub url: String,
    state: Arc<State>,
}

struct State {
    signer: Ed25519Signer,
    name: String,
    logs: Mutex<Vec<VerifierKey>>,
    seen: Mutex<BTreeMap<String, (u64, Digest)>>,
}

impl Witness {
    /// Listens until the test ends.
    pub fn start(seed: u8) -> Self {
        let signer = Ed25519Signer::from_seed(&[seed; 32]);
        let name = format!("witness.test/{seed}");
        let key = WitnessKey::ed25519(&name, signer.public_key()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (logs, seen) = (Mutex::default(), Mutex::default());
        let state = Arc::new(State { signer, name, logs, seen });
        let own = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&own);
                std::thread::spawn(move || state.serve(stream.unwrap()));
            }
        });
        Self { key, url, state }
    }

    pub fn trust(&self, log: VerifierKey) {
        self.state.logs.lock().unwrap().push(log);
    }

    pub fn seen(&self, origin: &str) -> u64 {
        self.state.seen.lock().unwrap().get(origin).map_or(0, |seen| seen.0)
    }
}

impl State {
    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        loop {
            let (mut first, mut length) = (String::new(), 0);
            if reader.read_line(&mut first).unwrap_or(0) == 0 {
                return;
            }
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim_end().to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            assert!(first.starts_with("POST /add-checkpoint HTTP/1.1"), "{first}");
            let (status, kind, said) = self.answer(std::str::from_utf8(&body).unwrap());
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
                said.len()
            );
            stream.write_all((head + &said).as_bytes()).unwrap();
        }
    }

    fn answer(&self, body: &str) -> (u16, &'static str, String) {
        let plain = |status| (status, "text/plain", String::new());
        let Some((head, note)) = body.split_once("\n\n") else { return plain(400) };
        let mut lines = head.lines();
        let old: u64 = lines.next().unwrap().strip_prefix("old ").unwrap().parse().unwrap();
        let hash =
            |line: &str| Digest::try_from(STANDARD.decode(line).unwrap().as_slice()).unwrap();
        let proof: Vec<Digest> = lines.map(hash).collect();
        let note = SignedNote::parse(note).unwrap();
        let new = CheckpointBody::parse(note.text()).unwrap();
        let logs = self.logs.lock().unwrap().clone();
        if !logs.iter().any(|key| key.name() == new.origin) {
            return plain(404);
        }
        if note.verify(&logs, &StrictVerifier).is_err() {
            return plain(403);
        }
        let mut seen = self.seen.lock().unwrap();
        let (size, root) = seen.get(&new.origin).copied().unwrap_or((0, empty_root()));
        if old != size {
            return (409, "text/x.tlog.size", format!("{size}\n"));
        }
        if verify_consistency(old, new.size, &root, &new.root, &proof).is_err() {
            return plain(422);
        }
        seen.insert(new.origin, (new.size, new.root));
        let line = cosign(note.text(), &self.name, SEEN_AT, &self.signer).unwrap();
        let bytes = [&line.key_id.to_be_bytes()[..], &line.signature].concat();
        (200, "text/plain", format!("— {} {}\n", self.name, STANDARD.encode(bytes)))
    }
}
