//! What a fact is about.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// The kind of a fact. A kind that this version does not know is kept as [`FactKind::Other`],
        /// so that an older reader keeps a newer writer's facts.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FactKind {
            $($(#[$doc])* $variant,)+
            /// A kind of a newer version.
            Other(String),
        }

        impl FactKind {
            /// Reads a kind; never fails.
            #[must_use]
            pub fn parse(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }

            /// The text as stored.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }
    };
}

kinds! {
    /// A run began.
    RunStarted = "run.started",
    /// A model was called.
    RunLlmCall = "run.llm_call",
    /// Any other step of a run: a tool, a retrieval, a framework span.
    RunStep = "run.step",
    /// A log record that belongs to a run: a message, the details of a call, an exception.
    RunEvent = "run.event",
    /// A run ended; its outcome is in the body.
    RunCompleted = "run.completed",
    /// A run was given up.
    RunAborted = "run.aborted",
    /// Something happened in the environment.
    SystemEvent = "system.event",
    /// A measurement.
    SystemTelemetry = "system.telemetry",
    /// Somebody did something that governance cares about.
    AuditEvent = "audit.event",
    /// An MCP tool event.
    AuditTool = "audit.tool",
    /// A recorded decision of somebody else: allow, deny, escalate.
    AuditAuthorization = "audit.authorization",
    /// Somebody read the log.
    AuditAccess = "audit.access",
    /// Something that a domain undertook to do for a run, and by when.
    AuditExpectation = "audit.expectation",
    /// What a domain says became of an expectation.
    AuditAck = "audit.ack",
    /// A legal hold was placed or released: while one is in force, nothing is erased.
    AuditHold = "audit.hold",
    /// Something that should have been recorded was not, and why.
    AuditCaptureFailure = "audit.capture_failure",
    /// An export was asked for.
    ExportRequested = "export.requested",
    /// An export failed, and why.
    ExportFailed = "export.failed",
    /// A certificate was issued.
    CertificateIssued = "certificate.issued",
    /// A certificate holds no more.
    CertificateRevoked = "certificate.revoked",
    /// A job waits.
    JobQueued = "job.queued",
    /// A job began.
    JobStarted = "job.started",
    /// How far a job is.
    JobProgress = "job.progress",
    /// A job is tried again.
    JobRetried = "job.retried",
    /// A job is done.
    JobCompleted = "job.completed",
    /// A job failed.
    JobFailed = "job.failed",
    /// A job was given up.
    JobCancelled = "job.cancelled",
    /// Another domain sent an alert.
    AlertSent = "alert.sent",
    /// Another domain kept an alert back.
    AlertSuppressed = "alert.suppressed",
    /// An export was made.
    ExportCompleted = "export.completed",
    /// A signing key came into use.
    KeyAdded = "key.added",
    /// A signing key signs no more; its public half still verifies what it signed.
    KeyRetired = "key.retired",
    /// A tenant's checkpoint, as a leaf of the root log.
    LogCheckpoint = "log.checkpoint",
    /// A checkpoint of the root log that witnesses cosigned.
    LogCosigned = "log.cosigned",
    /// A cosigned checkpoint of the root log that an authority time-stamped (RFC 3161).
    LogTimestamped = "log.timestamped",
    /// A content was erased; the commitment stays.
    ContentErased = "content.erased",
}

impl fmt::Display for FactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
