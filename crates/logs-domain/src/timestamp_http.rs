//! Time-stamping authorities over HTTP and HTTPS (RFC 3161 §3.4).

use std::time::Duration;

use async_trait::async_trait;
use ureq::Agent;

use crate::timestamp::{MAX_TIMESTAMP_BYTES, TimestampClient, TimestampUnreachable};

/// An authority that takes longer is away.
const TIMEOUT: Duration = Duration::from_secs(10);

const REPLY: &str = "application/timestamp-reply";

/// Speaks to time-stamping authorities over HTTP and HTTPS, ten seconds each, without following
/// redirects. The token is signed, so plain HTTP, which most authorities offer, is as good.
#[derive(Debug, Clone)]
pub struct HttpTimestamps {
    agent: Agent,
}

impl HttpTimestamps {
    /// Speaks to any authority.
    #[must_use]
    pub fn new() -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .max_redirects_will_error(true)
            .build();
        Self { agent: config.into() }
    }

    fn ask(&self, url: &str, query: &[u8]) -> Result<Vec<u8>, String> {
        let asked = self.agent.post(url).content_type("application/timestamp-query").send(query);
        let mut response = asked.map_err(|error| error.to_string())?;
        let kind = response.body().mime_type().unwrap_or_default().to_owned();
        if kind != REPLY {
            let kind: String = kind.chars().take(80).collect();
            return Err(format!("it answered with `{kind}` (`{REPLY}` is wanted)"));
        }
        let body = response.body_mut().with_config().limit(MAX_TIMESTAMP_BYTES as u64);
        body.read_to_vec().map_err(|error| error.to_string())
    }
}

impl Default for HttpTimestamps {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl TimestampClient for HttpTimestamps {
    async fn post(&self, url: &str, query: Vec<u8>) -> Result<Vec<u8>, TimestampUnreachable> {
        let (own, to) = (self.clone(), url.to_owned());
        let asked = tokio::task::spawn_blocking(move || own.ask(&to, &query)).await;
        let answer = asked.unwrap_or_else(|error| Err(error.to_string()));
        answer.map_err(|why| TimestampUnreachable { url: url.to_owned(), why })
    }
}
