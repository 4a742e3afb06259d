//! The server: connections are taken, bounded, and brought to an end.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use logs_domain::{Fault, LogsDomain, TenantId};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use crate::app::{App, Report, router};
use crate::callers::Callers;
use crate::metrics::Metrics;
use crate::patient::Patient;
use crate::{Limits, signing};

/// How long to wait where the system can give no more connections.
const PAUSE: Duration = Duration::from_millis(100);

/// A server could not be started.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Others could reach it, and nobody would be asked who they are.
    #[error(
        "not listening on `{0}`: nobody is asked for a key, so only this machine may post and read (use a loopback address like 127.0.0.1:4318, or name a file of keys with --api-keys)"
    )]
    NotLoopback(SocketAddr),
    /// A name that no tenant can have.
    #[error("`{0}` is the root log's own name: nothing can be recorded under it")]
    Reserved(TenantId),
    /// The system did not give the address.
    #[error("cannot listen on `{address}`: {source} (is another program listening there?)")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

impl ServeError {
    /// Whose turn it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotLoopback(_) | Self::Reserved(_) => Fault::Input,
            Self::Listen { .. } => Fault::Environment,
        }
    }
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: Arc<App>,
}

impl Server {
    /// Listens. Connections wait until [`Server::run`].
    ///
    /// # Errors
    /// Nobody is asked for a key and the address is no loopback address, the log keeps a tenant's name
    /// for itself, or the system does not give the address.
    pub async fn bind(
        address: SocketAddr,
        domain: Arc<LogsDomain>,
        callers: Callers,
        limits: Limits,
        report: Report,
    ) -> Result<Self, ServeError> {
        let asks_for_keys = matches!(callers, Callers::Holders(_));
        if !asks_for_keys && !address.ip().to_canonical().is_loopback() {
            return Err(ServeError::NotLoopback(address));
        }
        let recorded_for = callers.tenants();
        for tenant in &recorded_for {
            domain.may_record(tenant).map_err(|_| ServeError::Reserved(tenant.clone()))?;
        }
        let listen = |source| ServeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let room = Arc::new(Semaphore::new(limits.connections));
        let posts = Arc::new(Semaphore::new(limits.posts));
        let exports = Arc::new(Semaphore::new(limits.exports));
        let (verifying, recorded) = (Semaphore::new(1), Notify::new());
        let recorded_for = Mutex::new(recorded_for.into_iter().collect());
        let app = App {
            domain,
            let_in: RwLock::new(Arc::new(callers)),
            limits,
            report,
            metrics: Metrics::new(),
            room,
            posts,
            exports,
            verifying,
            recorded_for,
            recorded,
        };
        Ok(Self { listener, address, app: Arc::new(app) })
    }

    /// Where it listens, with the port that the system chose where none was named.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the future is ready; then takes no more connections, and returns when what was
    /// begun is answered. The domain is left open.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let Self { listener, app, .. } = self;
        let signing = tokio::spawn(signing::run(Arc::clone(&app)));
        let mut connections = Connections::new(Arc::clone(&app));
        tokio::select! {
            () = connections.take(&listener) => {}
            () = until => {}
        }
        // From here on the system refuses connections: nobody waits for an answer that never comes.
        drop(listener);
        connections.end().await;
        // A post whose sender hung up is still being recorded, a bundle is still being made.
        for (room, size) in [(&app.posts, app.limits.posts), (&app.exports, app.limits.exports)] {
            let _ = room.acquire_many(u32::try_from(size).unwrap_or(u32::MAX)).await;
        }
        signing.abort();
        let _ = signing.await;
    }
}

struct Connections {
    app: Arc<App>,
    router: Router,
    graceful: GracefulShutdown,
    tasks: JoinSet<()>,
}

impl Connections {
    fn new(app: Arc<App>) -> Self {
        let router = router(Arc::clone(&app));
        Self { app, router, graceful: GracefulShutdown::new(), tasks: JoinSet::new() }
    }

    /// Takes connections as long as it is polled.
    async fn take(&mut self, listener: &TcpListener) {
        while let Ok(permit) = Arc::clone(&self.app.room).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let connection = self.serve(stream);
                    self.tasks.spawn(async move {
                        connection.await;
                        drop(permit);
                    });
                }
                // A connection that was gone before it was taken, or no file descriptor left.
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    fn serve(&self, stream: TcpStream) -> impl Future<Output = ()> + Send + use<> {
        // Answers are small and somebody waits for each.
        let _ = stream.set_nodelay(true);
        let stream = Patient::new(stream, self.app.limits.answer_timeout);
        let service = TowerToHyperService::new(self.router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.app.limits.head_timeout)
            // Who says that no more will come may still wait for the answer.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        // Whoever broke the connection knows it.
        async move { drop(connection.await) }
    }

    /// Lets requests that were begun be answered, idle connections be closed, and whoever is too slow
    /// be cut off.
    async fn end(mut self) {
        let _ = tokio::time::timeout(self.app.limits.body_timeout, self.graceful.shutdown()).await;
        self.tasks.shutdown().await;
    }
}
