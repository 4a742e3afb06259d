//! Tiles in an S3 bucket: the same objects, names and bytes as in a folder.
//!
//! A tile is created and never overwritten (`If-None-Match: *`); the checkpoint is replaced last, and
//! only in the version that was read, so that of two exports at once one says that it lost. A store that
//! ignores these conditions is found out with the first tile, and no checkpoint is written there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpService,
};
use object_store::path::Path;
use object_store::{
    Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, UpdateVersion,
};
use store_traits::TenantId;
use ureq::Agent;

use crate::tiles::{TilePlace, differs};
use crate::{DomainError, LogsDomain, TilesExported};

/// The longest answer: an entry bundle of 256 entries has at most 16 MiB.
const LONGEST_ANSWER: u64 = 32 * 1024 * 1024;
/// What to look at when the first request fails.
const FROM_ENVIRONMENT: &str = "AWS_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment say where and as whom";
const TIMEOUT: Duration = Duration::from_secs(60);

impl LogsDomain {
    /// As [`LogsDomain::export_tiles`], into `s3://bucket/prefix`. Endpoint, region and credentials
    /// are those of the environment (`AWS_ENDPOINT`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, …).
    ///
    /// # Errors
    /// As [`LogsDomain::export_tiles`]; the address is no bucket's; another export came in between.
    pub async fn export_tiles_to_bucket(
        &self,
        tenant: &TenantId,
        url: &str,
    ) -> Result<TilesExported, DomainError> {
        let wrong =
            |why: String| DomainError::ObjectStore { doing: "use", object: url.to_owned(), why };
        let rest = url.strip_prefix("s3://").unwrap_or_default();
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(wrong("it names no bucket (write `s3://bucket/prefix`)".to_owned()));
        }
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_http_connector(Http::new())
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let bucket = Bucket::new(Arc::new(store), prefix, format!("s3://{bucket}/"));
        self.export_tiles_to(tenant, &bucket).await
    }

    /// As [`LogsDomain::export_tiles`], into any object store, under a prefix.
    ///
    /// # Errors
    /// As [`LogsDomain::export_tiles`]; another export came in between.
    pub async fn export_tiles_to_store(
        &self,
        tenant: &TenantId,
        store: Arc<dyn ObjectStore>,
        prefix: &str,
    ) -> Result<TilesExported, DomainError> {
        self.export_tiles_to(tenant, &Bucket::new(store, prefix, String::new())).await
    }
}

struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// What stands before an object's path where people read it.
    root: String,
    /// Was the store seen to refuse what is there already?
    refuses: AtomicBool,
    /// The version of the checkpoint that was read.
    read: Mutex<Option<UpdateVersion>>,
}

impl Bucket {
    fn new(store: Arc<dyn ObjectStore>, prefix: &str, root: String) -> Self {
        let (refuses, read) = (AtomicBool::new(false), Mutex::new(None));
        Self { store, prefix: Path::from(prefix), root, refuses, read }
    }

    fn path(&self, name: &str) -> Path {
        Path::from(format!("{}/{name}", self.prefix))
    }

    fn failed(&self, doing: &'static str, name: &str, error: &Error) -> DomainError {
        DomainError::ObjectStore { doing, object: self.shown(name), why: error.to_string() }
    }

    async fn bytes(&self, name: &str) -> Result<Option<(Vec<u8>, UpdateVersion)>, DomainError> {
        let failed = |error: Error| self.failed("read", name, &error);
        let there = match self.store.get(&self.path(name)).await {
            Ok(there) => there,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let version =
            UpdateVersion { e_tag: there.meta.e_tag.clone(), version: there.meta.version.clone() };
        Ok(Some((there.bytes().await.map_err(failed)?.to_vec(), version)))
    }

    async fn put(&self, name: &str, bytes: Vec<u8>, mode: PutMode) -> Result<(), Error> {
        let options = PutOptions { mode, ..PutOptions::default() };
        let (path, payload) = (self.path(name), PutPayload::from(bytes));
        self.store.put_opts(&path, payload, options).await.map(|_| ())
    }

    /// Creates an object once more that is there with these bytes: a store that lets it would let any be
    /// overwritten.
    async fn refuse_lax(&self, name: &str, bytes: Vec<u8>) -> Result<(), DomainError> {
        match self.put(name, bytes, PutMode::Create).await {
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(()),
            Err(error) => Err(self.failed("write", name, &error)),
            Ok(()) => Err(DomainError::ObjectStore {
                doing: "use",
                object: format!("{}{}", self.root, self.prefix),
                why: format!(
                    "the store ignores `If-None-Match: *` and wrote `{name}` twice (use one that keeps conditions on PUT; no checkpoint was written)"
                ),
            }),
        }
    }
}

#[async_trait]
impl TilePlace for Bucket {
    fn shown(&self, name: &str) -> String {
        format!("{}{}", self.root, self.path(name))
    }

    async fn checkpoint(&self) -> Result<Option<String>, DomainError> {
        let there = self.bytes("checkpoint").await.map_err(|error| match error {
            DomainError::ObjectStore { doing, object, why } => {
                let why = format!("{why} ({FROM_ENVIRONMENT})");
                DomainError::ObjectStore { doing, object, why }
            }
            other => other,
        });
        let Some((bytes, version)) = there? else { return Ok(None) };
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(version);
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    async fn keep(&self, name: &str, bytes: Vec<u8>) -> Result<bool, DomainError> {
        let refuses = self.refuses.load(Ordering::Relaxed);
        // A store that may overwrite is asked what is there before it is given anything.
        let there = if refuses { None } else { self.bytes(name).await? };
        let created = match there {
            Some((there, _)) if there != bytes => return Err(differs(self.shown(name))),
            Some(_) => false,
            None => match self.put(name, bytes.clone(), PutMode::Create).await {
                Ok(()) => true,
                Err(Error::AlreadyExists { .. }) => match self.bytes(name).await? {
                    Some((there, _)) if there == bytes => false,
                    _ => return Err(differs(self.shown(name))),
                },
                Err(error) => return Err(self.failed("write", name, &error)),
            },
        };
        if !refuses {
            self.refuse_lax(name, bytes).await?;
            self.refuses.store(true, Ordering::Relaxed);
        }
        Ok(created)
    }

    async fn replace_checkpoint(&self, note: &str) -> Result<(), DomainError> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mode = read.map_or(PutMode::Create, PutMode::Update);
        let put = self.put("checkpoint", note.as_bytes().to_vec(), mode).await;
        put.map_err(|error| match error {
            Error::AlreadyExists { .. } | Error::Precondition { .. } => DomainError::ObjectStore {
                doing: "replace",
                object: self.shown("checkpoint"),
                why: "another export replaced it in between (repeat it)".to_owned(),
            },
            error => self.failed("write", "checkpoint", &error),
        })
    }
}

/// The HTTP client that witnesses are asked with, for the object store.
#[derive(Debug, Clone)]
struct Http {
    agent: Agent,
}

impl Http {
    fn new() -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            // A status is an answer; the store gives each its meaning.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        Self { agent: config.into() }
    }
}

impl HttpConnector for Http {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Http {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes().to_vec();
        let agent = self.agent.clone();
        let unknown = |error| HttpError::new(HttpErrorKind::Unknown, error);
        let asked = tokio::task::spawn_blocking(move || {
            let answer = if body.is_empty() {
                agent.run(ureq::http::Request::from_parts(head, ()))
            } else {
                agent.run(ureq::http::Request::from_parts(head, body))
            };
            let (head, mut body) = answer?.into_parts();
            let bytes = body.with_config().limit(LONGEST_ANSWER).read_to_vec()?;
            Ok::<_, ureq::Error>(ureq::http::Response::from_parts(head, bytes.into()))
        });
        let answer = asked.await.map_err(|e| HttpError::new(HttpErrorKind::Unknown, e))?;
        answer.map_err(unknown)
    }
}
