//! `POST /exports`, `GET /llm-runs/ID/export`: evidence as one file that verifies offline, the bytes that `factlog export` writes.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use logs_domain::{
    DomainError, ExportRequest, ExportSubject, Exported, Profile, RunId, TenantId, Withhold,
};
use serde::{Deserialize, Deserializer};
use tokio::sync::OwnedSemaphorePermit;

use super::answered::{AskedInBody, Disclosed};
use super::query::{self, Named, period};
use crate::app::App;
use crate::callers::Auditor;
use crate::post::{Refusal, body, head};
use crate::problem::Problem;

/// Bytes of a request; the longest that makes sense is far below.
const MOST_BYTES: u64 = 64 << 10;
const TAKEN: &str = "`application/json`";

/// The members of a request: the options of `factlog export`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    profile: String,
    #[serde(default, deserialize_with = "text")]
    run: Option<String>,
    #[serde(default, deserialize_with = "text")]
    incident: Option<String>,
    #[serde(default, deserialize_with = "text")]
    actor: Option<String>,
    #[serde(default, deserialize_with = "text")]
    since: Option<String>,
    #[serde(default, deserialize_with = "text")]
    until: Option<String>,
    #[serde(default, deserialize_with = "text")]
    withhold: Option<String>,
}

/// A member that is there is a text: `null` would be a second way to leave it out.
fn text<'de, D: Deserializer<'de>>(given: D) -> Result<Option<String>, D::Error> {
    String::deserialize(given).map(Some)
}

/// A bundle, and the room that it takes until the last of it is sent.
struct Held {
    bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

pub(super) async fn make(
    State(app): State<Arc<App>>,
    Auditor(tenant): Auditor,
    request: Request,
) -> Response {
    let asked = match asked(&app, request).await {
        Ok(asked) => asked,
        Err(problem) => return problem.into_response(),
    };
    let members = AskedInBody(asked.members());
    let mut response = made(app, tenant, asked).await.into_response();
    response.extensions_mut().insert(members);
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfRun {
    withhold: Option<String>,
}

/// The evidence of a run, for whoever has its address.
pub(super) async fn of_run(
    State(app): State<Arc<App>>,
    Auditor(tenant): Auditor,
    Named(id): Named,
    query::Asked(OfRun { withhold }): query::Asked<OfRun>,
) -> Result<Response, Problem> {
    let profile = Profile::Evidence.as_str().to_owned();
    let of_run = Asked { profile, run: Some(id), withhold, ..Asked::default() };
    made(app, tenant, of_run).await
}

/// What is asked for, as its sender spelt it.
async fn asked(app: &App, request: Request) -> Result<Asked, Problem> {
    let (parts, mut body) = request.into_parts();
    let limits = crate::Limits { max_body_bytes: MOST_BYTES, ..app.limits.clone() };
    if !head::is_type(&parts, "application/json") {
        return Err(Problem::from(&Refusal::MediaType { taken: TAKEN }));
    }
    let text = body::read_small(&mut body, &limits).await.map_err(|why| Problem::from(&why))?;
    serde_json::from_slice(&text).map_err(|error| Problem::bad_request(error.to_string()))
}

async fn made(app: Arc<App>, tenant: TenantId, asked: Asked) -> Result<Response, Problem> {
    let request = asked.request()?;
    let profile = request.profile;
    let busy = |_| Problem::unavailable("a bundle is being made or fetched already (ask again)");
    let room = Arc::clone(&app.exports).try_acquire_owned().map_err(busy)?;
    // A task of its own, so that the room is kept as long as something is being made in it, also where
    // whoever asked is gone.
    let making = tokio::spawn(async move {
        let made = app.domain.export_bytes(&tenant, &request).await;
        app.has_recorded(tenant);
        if let Ok((bytes, _)) = &made {
            app.metrics.exported(request.profile, bytes.len() as u64);
        }
        // A server that ends waits for the room, and then nobody may hold its domain any more.
        drop(app);
        made.map(|(bytes, exported)| (Bytes::from_owner(Held { bytes, _room: room }), exported))
    });
    let made = making.await.map_err(|ended| DomainError::Task(ended.to_string()))?;
    match made {
        Ok((bytes, exported)) => Ok(answer(bytes, profile, &exported)),
        Err(DomainError::EmptyLedger(_)) => Err(Problem::not_found("nothing is recorded yet")),
        Err(other) => Err(other.into()),
    }
}

impl Asked {
    fn members(&self) -> Vec<(String, String)> {
        let Self { profile, run, incident, actor, since, until, withhold } = self.clone();
        let named = [
            ("profile", Some(profile)),
            ("run", run),
            ("incident", incident),
            ("actor", actor),
            ("since", since),
            ("until", until),
            ("withhold", withhold),
        ];
        named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    fn request(self) -> Result<ExportRequest, Problem> {
        let Self { profile, run, incident, actor, since, until, withhold } = self;
        let profile = Profile::parse(&profile).ok_or_else(|| {
            Problem::bad_request("`profile` is `evidence`, `soc2` or `executive`")
        })?;
        let withhold = match withhold.as_deref() {
            None => Withhold::Nothing,
            Some("content") => Withhold::Content,
            Some(_) => return Err(Problem::bad_request("`withhold` is `content`, or absent")),
        };
        let period = period(since.as_deref(), until.as_deref())?;
        let subject = match (run, incident, actor) {
            (Some(run), None, None) if period.is_open() => ExportSubject::Run(run_id(&run)?),
            (None, Some(incident), None) if period.is_open() => ExportSubject::Incident(incident),
            (None, None, Some(name)) => ExportSubject::Actor { name, period },
            (None, None, None) => ExportSubject::Period(period),
            _ => return Err(Problem::bad_request(ONE)),
        };
        Ok(ExportRequest { profile, subject, withhold })
    }
}

const ONE: &str =
    "an export is of a `run`, of an `incident`, of an `actor`, or of a period (`since`, `until`)";

fn run_id(text: &str) -> Result<RunId, Problem> {
    RunId::parse(text).map_err(|_| Problem::not_found("no run with this id is recorded"))
}

fn answer(bytes: Bytes, profile: Profile, exported: &Exported) -> Response {
    let Exported { entries, bytes: _, sha256, tree_size } = exported;
    let (hex, digest) = (sha256.to_string(), STANDARD.encode(sha256.as_bytes()));
    let name = format!("factlog-{profile}-{}.zip", hex.get(..16).unwrap_or_default());
    let mut headers = HeaderMap::new();
    let mut say = |header: HeaderName, value: &str| {
        // What cannot be a header's value cannot happen here, and would only be left out.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(header, value);
        }
    };
    say(CONTENT_TYPE, "application/zip");
    say(CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    say(ETAG, &format!("\"{hex}\""));
    // RFC 9530 §3.
    say(HeaderName::from_static("repr-digest"), &format!("sha-256=:{digest}:"));
    let mut response = (headers, Body::from(bytes)).into_response();
    response.extensions_mut().insert(Disclosed { items: *entries, as_of_size: *tree_size });
    response
}
