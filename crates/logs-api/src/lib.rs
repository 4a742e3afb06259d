//! The HTTP edge: an OTLP receiver, a read API, a console and a transparency log over a LOGS domain.
//!
//! Layer: L2
//! Audience: CUSTOMER
//! Intent: telemetry
//! Role: recorder
//!
//! What comes in is handed to [`LogsDomain::receive`](logs_domain::LogsDomain::receive), and answered
//! for when it is durable. This crate knows methods, content types, statuses and limits, and nothing of
//! facts: it shapes HTTP, the JSON that answers are made of ([`shape`]), and pages for a browser.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use logs_api::{Callers, Limits, Server};
//! use logs_domain::{Access, LogsDomain, TenantId};
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let domain = LogsDomain::builder("sqlite://factlog.db").open(Access::Write).await?;
//! let domain = Arc::new(domain);
//! let callers = Callers::ThisMachine(TenantId::parse("acme")?);
//! let report = Arc::new(|line: &str| eprintln!("{line}"));
//! let listen = "127.0.0.1:4318".parse()?;
//! let server = Server::bind(listen, Arc::clone(&domain), callers, Limits::default(), report).await?;
//! println!("listening on http://{}", server.address());
//! server.run(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```

mod api;
mod app;
mod callers;
mod console;
mod drawn_in;
mod file_state;
mod health;
mod host;
mod keys;
mod limits;
mod metrics;
mod openapi;
mod otlp;
mod patient;
mod post;
mod problem;
mod server;
pub mod shape;
mod signing;
pub mod text;
mod tlog;

pub use app::Report;
pub use callers::Callers;
pub use keys::{ApiKeys, ApiKeysError, Role, RoleError, new_api_key};
pub use limits::Limits;
pub use server::{ServeError, Server};
