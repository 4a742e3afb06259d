//! A wire between a client and a PostgreSQL server that can be cut at the worst moment.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// On which side of the server's commit the wire is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    BeforeTheServerHasIt,
    AfterTheServerHasIt,
}

pub(crate) struct Proxy {
    port: u16,
    armed: Arc<Mutex<Option<Cut>>>,
}

impl Proxy {
    /// Listens on a port of its own, and passes everything on to this one. Its threads end with the
    /// connections that they serve.
    pub(crate) fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let armed = Arc::new(Mutex::new(None));
        let cut = Arc::clone(&armed);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                let cut = Arc::clone(&cut);
                thread::spawn(move || serve(client, server, &cut));
            }
        });
        Self { port, armed }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The next COMMIT of a writing transaction never comes back.
    pub(crate) fn cut_next_commit(&self, cut: Cut) {
        *self.armed.lock().unwrap() = Some(cut);
    }
}

fn serve(client: TcpStream, server: TcpStream, armed: &Mutex<Option<Cut>>) {
    let (mut from_client, mut to_server) =
        (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (mut from_server, mut to_client) =
        (server.try_clone().unwrap(), client.try_clone().unwrap());
    let muted = Arc::new(AtomicBool::new(false));
    let silent = Arc::clone(&muted);
    let answers = thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(read @ 1..) = from_server.read(&mut bytes) {
            if !silent.load(Ordering::SeqCst) && to_client.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
    });
    let mut bytes = [0; 65_536];
    let mut writes = false;
    while let Ok(read @ 1..) = from_client.read(&mut bytes) {
        let said = &bytes[..read];
        let says = |words: &[u8]| said.windows(words.len()).any(|window| window == words);
        writes |= says(b"READ WRITE\0");
        let commits = writes && says(b"COMMIT\0");
        match commits.then(|| armed.lock().unwrap().take()).flatten() {
            None => {
                writes &= !commits;
                if to_server.write_all(said).is_err() {
                    break;
                }
            }
            Some(Cut::BeforeTheServerHasIt) => break,
            Some(Cut::AfterTheServerHasIt) => {
                muted.store(true, Ordering::SeqCst);
                to_server.write_all(said).unwrap();
                // A farewell behind it: when the server closes its side, the commit is done.
                to_server.write_all(b"X\0\0\0\x04").unwrap();
                answers.join().unwrap();
                break;
            }
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}
