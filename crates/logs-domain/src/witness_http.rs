//! Witnesses over HTTP and HTTPS.

use std::time::Duration;

use async_trait::async_trait;
use audit_evidence::{HttpAnswer, MAX_ANSWER_BYTES, WitnessClient, WitnessUnreachable};
use ureq::Agent;

/// A witness that takes longer is away.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Speaks to witnesses over HTTP and HTTPS, ten seconds each, without following redirects.
#[derive(Debug, Clone)]
pub struct HttpWitnesses {
    agent: Agent,
}

impl HttpWitnesses {
    /// Connections are kept open from one witness's answer to the next.
    #[must_use]
    pub fn new() -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            // A status is an answer; tlog-witness gives each its meaning.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        Self { agent: config.into() }
    }

    fn ask(&self, url: &str, body: &str) -> Result<HttpAnswer, ureq::Error> {
        let mut response = self.agent.post(url).content_type("text/plain").send(body)?;
        let limit = MAX_ANSWER_BYTES as u64;
        let said = response.body_mut().with_config().limit(limit).read_to_string()?;
        Ok(HttpAnswer { status: response.status().as_u16(), body: said })
    }
}

impl Default for HttpWitnesses {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl WitnessClient for HttpWitnesses {
    async fn post(&self, url: &str, body: String) -> Result<HttpAnswer, WitnessUnreachable> {
        let (own, to) = (self.clone(), url.to_owned());
        let asked = tokio::task::spawn_blocking(move || {
            own.ask(&to, &body).map_err(|error| error.to_string())
        })
        .await;
        let answer = asked.unwrap_or_else(|error| Err(error.to_string()));
        answer.map_err(|why| WitnessUnreachable { url: url.to_owned(), why })
    }
}
