//! How a command ends: the one table of exit codes, and what is said on standard error where it did not go well.

use std::path::PathBuf;
use std::time::Duration;

use super::files::WriteError;
use super::output::{self, Form};
use crate::domain::Problem;
use crate::engine;
use crate::import::bundle::BundleError;
use crate::solve::StopReason;
use crate::view;

/// The exit code of a command line that was not understood; clap uses the same.
pub(super) const WRONG_USE: u8 = 2;

/// A command that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    /// The answer is "no".
    No,
    /// Interrupted; the answer so far has been given.
    Interrupted,
}

impl Ending {
    pub(super) fn code(self) -> u8 {
        match self {
            Ending::Done => 0,
            Ending::No => 1,
            Ending::Interrupted => 130,
        }
    }

    /// Of an answer that may have been stopped. A time limit that came is what was asked for.
    pub(super) fn of(reason: Option<&str>) -> Ending {
        if reason == Some("cancelled") { Ending::Interrupted } else { Ending::Done }
    }
}

/// A command that could not give an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the bundle {} is refused", path.display())]
    Refused { path: PathBuf, problems: Vec<Problem> },
    #[error(transparent)]
    Bundle(BundleError),
    #[error("{}", stopped(*reason, *limit))]
    Stopped { reason: StopReason, limit: Option<Duration> },
    #[error("{what} cannot be used")]
    BadInput { what: String, problems: Vec<Problem> },
    #[error("{} is not the locality that was pinned: its digest is {digest}, and {pinned} was asked for", path.display())]
    NotPinned { path: PathBuf, digest: String, pinned: String },
    #[error("there is no {what} {id:?} in {}", path.display())]
    NotFound { path: PathBuf, what: &'static str, id: String },
    #[error("{path}: {source}", path = path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("standard output cannot be written: {0}")]
    Output(std::io::Error),
    #[error("{0}")]
    Serve(String),
    #[error("the solver failed: {0}")]
    Backend(String),
    #[error("this is a fault in Suffice, not in your data. Please report it with the lines above")]
    Panic,
}

fn stopped(reason: StopReason, limit: Option<Duration>) -> String {
    let when = "before the bundle was read and checked, so there is no answer yet";
    match (reason, limit) {
        (StopReason::Deadline, Some(limit)) => {
            format!("stopped: the time limit of {} seconds came {when}", limit.as_secs_f64())
        }
        (StopReason::Cancelled, _) => format!("stopped: interrupted {when}"),
        (StopReason::Deadline | StopReason::TickLimit, _) => format!("stopped: the limit came {when}"),
    }
}

impl Failure {
    pub(super) fn code(&self) -> u8 {
        match self {
            Failure::Refused { .. }
            | Failure::Bundle(_)
            | Failure::BadInput { .. }
            | Failure::NotPinned { .. }
            | Failure::NotFound { .. }
            | Failure::Unreadable { .. }
            | Failure::Output(_)
            | Failure::Serve(_) => 1,
            Failure::Stopped { reason: StopReason::Cancelled, .. } => Ending::Interrupted.code(),
            Failure::Stopped { reason: StopReason::Deadline | StopReason::TickLimit, .. } => 1,
            // Only --force, another folder or another place helps: the command has to be typed differently.
            Failure::Write(WriteError::NotEmpty(_) | WriteError::NotAFolder(_)) => WRONG_USE,
            Failure::Write(WriteError::Io { .. } | WriteError::LeftBehind { .. }) => 1,
            Failure::Backend(_) | Failure::Panic => 3,
        }
    }

    /// Says in a stop what the limit was.
    pub(super) fn within(self, limit: Option<Duration>) -> Failure {
        match self {
            Failure::Stopped { reason, .. } => Failure::Stopped { reason, limit },
            other => other,
        }
    }

    /// Says on standard error what went wrong. A refused bundle is an answer, so `--json` has its document too.
    pub(super) fn explain(&self, form: Form) {
        let problems = match self {
            Failure::Refused { problems, .. } | Failure::BadInput { problems, .. } => problems.as_slice(),
            _ => &[],
        };
        match problems.len() {
            0 => output::remark(&format!("error: {self}.")),
            1 => output::remark(&format!("error: {self}: 1 problem.")),
            n => output::remark(&format!("error: {self}: {n} problems.")),
        }
        for problem in problems {
            output::remark(&problem.to_string());
        }
        if let (Failure::Refused { problems, .. }, Form::Json) = (self, form) {
            // Nothing is left to be done where this fails as well.
            let _ = output::json(&view::check::refused(problems));
        }
    }

    /// What the engine says about the bundle in `path`.
    pub(super) fn of(path: &std::path::Path, failure: engine::Failure) -> Failure {
        match failure {
            engine::Failure::NotFound { what, id } => Failure::NotFound { path: path.to_owned(), what, id },
            engine::Failure::BadInput(problems) => Failure::Refused { path: path.to_owned(), problems },
            engine::Failure::BadQuestion(problems) => {
                Failure::BadInput { what: format!("what is asked of {}", path.display()), problems }
            }
            engine::Failure::Stopped(reason) => Failure::Stopped { reason, limit: None },
            engine::Failure::Backend(why) => Failure::Backend(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Ending, Failure};
    use crate::solve::StopReason;

    #[test]
    fn a_stop_before_there_is_a_locality_says_what_came() {
        let stopped = |reason| Failure::Stopped { reason, limit: None }.within(Some(Duration::from_millis(1500)));
        let key = stopped(StopReason::Cancelled);
        assert_eq!(key.code(), Ending::Interrupted.code());
        assert_eq!(
            key.to_string(),
            "stopped: interrupted before the bundle was read and checked, so there is no answer yet"
        );
        let limit = stopped(StopReason::Deadline);
        assert_eq!(limit.code(), 1);
        assert_eq!(
            limit.to_string(),
            "stopped: the time limit of 1.5 seconds came before the bundle was read and checked, so there is no answer yet"
        );
    }
}
