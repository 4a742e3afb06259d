//! What the server lets in, and how much of it at once.

use std::time::Duration;

/// The bounds of a server. Whatever is beyond one is told so, in a way that its sender understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most that a body may have, as it came and inflated. 64 MiB, as OTLP recommends.
    pub max_body_bytes: u64,
    /// Posts that are read and recorded at once; one more is asked to come back. 64.
    pub posts: usize,
    /// Evidence bundles that are made or sent at once, each up to some 512 MiB in memory. 1.
    pub exports: usize,
    /// Connections that are open at once; one more waits in the system's queue. 1,024.
    pub connections: usize,
    /// The time for a request's head, and between two requests of a connection. 75 s, so that an
    /// exporter that posts once a minute keeps its connection.
    pub head_timeout: Duration,
    /// The time for a request's body. 30 s.
    pub body_timeout: Duration,
    /// The time in which at least some of an answer must be taken. 30 s.
    pub answer_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 << 20,
            posts: 64,
            exports: 1,
            connections: 1_024,
            head_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(30),
        }
    }
}
