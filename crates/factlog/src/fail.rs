//! Errors become an exit status and a line on standard error.

use std::process::ExitCode;

use logs_api::{ApiKeysError, ServeError};
use logs_domain::{DomainError, Fault, OfflineError};
use owo_colors::OwoColorize as _;
use thiserror::Error;

/// Checked, and it does not hold.
pub(crate) const DOES_NOT_HOLD: u8 = 1;
/// Bad usage or bad input.
const BAD_INPUT: u8 = 2;
/// The environment failed.
const ENVIRONMENT: u8 = 3;

/// The caller gave something that cannot be used.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct BadInput(pub(crate) String);

/// Prints the error and gives the exit status for it.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let text = crate::text::printable(&with_causes(error));
    anstream::eprintln!("{} {text}", "error:".red().bold());
    ExitCode::from(status(error))
}

/// The error and the causes that it does not name itself.
fn with_causes(error: &anyhow::Error) -> String {
    error.chain().skip(1).fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.contains(&cause) { text } else { format!("{text}: {cause}") }
    })
}

fn status(error: &anyhow::Error) -> u8 {
    if let Some(error) = error.downcast_ref::<DomainError>() {
        return of_fault(error.fault());
    }
    if let Some(error) = error.downcast_ref::<OfflineError>() {
        return of_fault(error.fault());
    }
    if let Some(error) = error.downcast_ref::<ServeError>() {
        return of_fault(error.fault());
    }
    if let Some(error) = error.downcast_ref::<ApiKeysError>() {
        return of_fault(error.fault());
    }
    if error.downcast_ref::<BadInput>().is_some() {
        return BAD_INPUT;
    }
    ENVIRONMENT
}

fn of_fault(fault: Fault) -> u8 {
    match fault {
        Fault::DoesNotHold => DOES_NOT_HOLD,
        Fault::Input => BAD_INPUT,
        Fault::Environment => ENVIRONMENT,
    }
}
