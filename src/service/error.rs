//! What can go wrong with a call, as data. `grpc/status.rs` alone decides which code each kind has.

use std::fmt;
use std::time::Duration;

use crate::domain::Problem;

/// One field of a request that is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the request, such as `locality.needs[3].children`.
    pub field: String,
    pub description: String,
}

impl Violation {
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Violation {
        Violation { field: field.into(), description: description.into() }
    }

    /// A question's own field: `subgroup` in row 2 is `subgroups[1]` of the request.
    pub(super) fn of_question(problem: &Problem) -> Violation {
        let Problem { table, row, column, seen, wanted, .. } = problem;
        let mut field = table.replace('-', "_");
        if let Some(row) = row {
            field += &format!("s[{}]", row.saturating_sub(1));
        }
        if let Some(column) = column.as_deref().filter(|column| !column.is_empty()) {
            field += &format!(".{column}");
        }
        Violation { field, description: format!("saw \"{seen}\"; {wanted}") }
    }
}

/// Where a draft came from: it decides how the place of a problem is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Typed messages of a request's `locality` field.
    Inline,
    /// Uploaded files.
    Files,
    /// Changes of a locality: the problem itself says which one and which field.
    Changes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fields of the request are wrong.
    Invalid(Vec<Violation>),
    /// The locality does not pass the check.
    Refused {
        problems: Vec<Problem>,
        origin: Origin,
    },
    /// The request id was used before with another body.
    RequestIdReused,
    NotFound {
        what: &'static str,
        name: String,
    },
    AlreadyExists {
        name: String,
    },
    /// The etag is not that of the present revision.
    EtagMismatch {
        name: String,
    },
    /// The solvers are busy and the queue is full.
    Busy {
        retry_after: Duration,
    },
    /// More than a limit allows; asking again does not help.
    OverLimit {
        /// What is limited, in words.
        what: &'static str,
        allowed: u64,
    },
    /// No room for it now.
    NoMemory {
        allowed_bytes: u64,
    },
    /// The call's deadline came.
    Deadline,
    /// The caller left.
    Cancelled,
    /// Long work was cancelled before it had anything to answer with.
    CancelledEarly,
    /// The server is shutting down.
    Closing,
    /// Promised by the interface, and not there yet.
    NotYet {
        what: &'static str,
    },
    /// Our fault. The text is for the log and never for the caller.
    Internal {
        log: String,
    },
}

/// The kinds of [`Error`]; each has one code and one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    Invalid,
    Refused,
    RequestIdReused,
    NotFound,
    AlreadyExists,
    EtagMismatch,
    Busy,
    OverLimit,
    NoMemory,
    Deadline,
    Cancelled,
    Closing,
    NotYet,
    Internal,
}

impl Error {
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Error {
        Error::Invalid(vec![Violation::new(field, description)])
    }

    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Invalid(_) => ErrorKind::Invalid,
            Error::Refused { .. } => ErrorKind::Refused,
            Error::RequestIdReused => ErrorKind::RequestIdReused,
            Error::NotFound { .. } => ErrorKind::NotFound,
            Error::AlreadyExists { .. } => ErrorKind::AlreadyExists,
            Error::EtagMismatch { .. } => ErrorKind::EtagMismatch,
            Error::Busy { .. } => ErrorKind::Busy,
            Error::OverLimit { .. } => ErrorKind::OverLimit,
            Error::NoMemory { .. } => ErrorKind::NoMemory,
            Error::Deadline => ErrorKind::Deadline,
            Error::Cancelled | Error::CancelledEarly => ErrorKind::Cancelled,
            Error::Closing => ErrorKind::Closing,
            Error::NotYet { .. } => ErrorKind::NotYet,
            Error::Internal { .. } => ErrorKind::Internal,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Invalid(violations) => match violations.as_slice() {
                [] => f.write_str("the request is not valid"),
                [only] => write!(f, "{}: {}", only.field, only.description),
                [first, rest @ ..] => {
                    write!(f, "{}: {} (and {} more)", first.field, first.description, rest.len())
                }
            },
            Error::Refused { problems, origin } => {
                let what = match origin {
                    Origin::Inline | Origin::Files => "the locality was refused",
                    Origin::Changes => "the changes were refused",
                };
                match problems.as_slice() {
                    [] => f.write_str(what),
                    [only] => write!(f, "{what}: {only}"),
                    [first, rest @ ..] => write!(f, "{what}: {first} (and {} more)", rest.len()),
                }
            }
            Error::RequestIdReused => f.write_str("this request_id was used before with another request"),
            Error::NotFound { what, name } => write!(f, "there is no {what} \"{name}\""),
            Error::AlreadyExists { name } => {
                write!(f, "\"{name}\" exists; to replace it, send its etag, or \"*\" for any revision")
            }
            Error::EtagMismatch { name } => {
                write!(f, "\"{name}\" has changed: the etag is not that of its present state")
            }
            Error::Busy { .. } => f.write_str("all solvers are busy and the queue is full"),
            Error::OverLimit { what, allowed } => write!(f, "{what}: at most {allowed}"),
            Error::NoMemory { allowed_bytes } => {
                write!(f, "no room: localities and uploads together may take {allowed_bytes} bytes of memory")
            }
            Error::Deadline => f.write_str("the deadline came before the answer"),
            Error::Cancelled => f.write_str("the caller left"),
            Error::CancelledEarly => f.write_str("cancelled before there was an answer"),
            Error::Closing => f.write_str("the server is shutting down"),
            Error::NotYet { what } => write!(f, "{what}: not there yet"),
            Error::Internal { .. } => f.write_str("a fault in the program; it has been logged"),
        }
    }
}

impl std::error::Error for Error {}
