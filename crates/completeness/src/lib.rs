//! Is all of it there: what a run or a period recorded, what is missing.
//!
//! Layer: L4
//! Audience: CUSTOMER
//! Intent: compliance
//! Role: verifier
//!
//! What is missing is stated as a fact about the record. Nothing here says whether it matters: there
//! are no scores, no grades and no thresholds, only COMPLETE, PARTIAL or INCOMPLETE and the reasons
//! with the entries that show them. That nothing is known to be missing is not a proof that
//! everything that happened was recorded; what the record proves is stated with each answer.
//!
//! [`RunRecord`] takes the facts of a run and answers for a [`Profile`]; [`PopulationCount`] takes the
//! entries of a ledger and answers which runs of a period there are, none left out.
//!
//! # Profiles
//!
//! A profile *requires* a field (without it the record is INCOMPLETE) or *recommends* it (without it
//! PARTIAL; in [`Mode::Strict`] INCOMPLETE).
//!
//! | field | is there when | evidence | soc2 | executive |
//! |---|---|---|---|---|
//! | `tenant` | the envelope names it | required | required | required |
//! | `agent` | a step or an actor names the agent | required | required | required |
//! | `started_at` | a step or `run.started` has a time | required | required | required |
//! | `ended_at` | a terminal fact says when | required | required | required |
//! | `outcome` | a terminal fact says how | required | required | required |
//! | `steps` | a step was recorded | required | required | – |
//! | `checkpoint` | a signed checkpoint covers every entry | required | required | recommended |
//! | `provider` | every model call names it | required | required | – |
//! | `model` | every model call names it | required | required | required |
//! | `trace_id` | the envelope names it | recommended | recommended | – |
//! | `opening` | `run.started` was recorded | recommended | required | – |
//! | `declared_steps` | the run's opening or end says how many | recommended | required | – |
//! | `input_tokens`, `output_tokens` | every model call says so | recommended | recommended | required |
//! | `cost` | every model call says so | recommended | – | recommended |
//! | `inputs`, `outputs` | every model call has them, clear or committed | recommended | required | – |
//! | `actor` | an agent or a person acts, not only a component | recommended | required | – |
//! | `policy_ids` | a fact names a policy | recommended | required | – |
//! | `policy_decision` | somebody's decision was recorded | recommended | required | recommended |
//! | `environment` | a resource, a measurement or an event of the system | recommended | recommended | – |
//! | `mapping` | every view names the mapping that made it | recommended | recommended | – |
//! | `correlation_id` | the envelope names it | recommended | – | – |
//! | `incident_ids` | a fact names an incident | – | recommended | recommended |
//! | `expectation`, `ack` | what was undertaken, and what became of it | – | recommended | – |
//! | `replay_proof` | a certificate was issued for the run | recommended | recommended | – |
//! | `tools` | tool calls name their tool | recommended | recommended | recommended |
//!
//! What concerns model or tool calls does not apply to a run without them, and what an answer would
//! have (tokens, cost, outputs) not to a call that failed. Whatever the profile, a
//! record is INCOMPLETE where no fact ends the run, terminal facts disagree, numbered or declared
//! steps are missing, a call was never answered, or declared totals differ from what the distinct
//! calls give; it is PARTIAL where numbers repeat or are out of order, a parent span was never
//! recorded, several terminal facts say the same, or evidence could not be captured.

mod calls;
mod class;
mod ends;
mod nest;
mod outer;
mod period;
mod profile;
mod reason;
mod record;
mod run;
mod said;
mod steps;
mod verdict;

pub use calls::{Call, CallKind};
pub use class::{ClassEvidence, ClassState, EvidenceClass};
pub use ends::End;
pub use nest::{MAX_DEPTH, Nested, nest};
pub use period::{MOST_OPEN_NAMED, PeriodRun, Population, PopulationCount, PopulationError};
pub use profile::{Field, Mode, Need, Profile};
pub use reason::{Completeness, Reason};
pub use record::{Coverage, RunRecord};
pub use run::{Gap, gaps_of_run};
pub use said::Contents;
pub use steps::{MOST_NAMED, Named, StepNumbers};
pub use verdict::{FieldState, Found, RunCompleteness};
