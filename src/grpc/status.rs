//! The one table of codes: which gRPC code and reason each kind of error has, and what details go with it (AIP-193).

use std::collections::HashMap;
use std::time::Duration;

use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use super::places;
use crate::domain::Severity;
use crate::service::{Error, ErrorKind, Violation};

/// The domain of every reason.
const DOMAIN: &str = "suffice";

/// Details travel in a header, and clients limit headers: grpc-core accepts 8 KiB for certain. Base64 takes a third more.
const MOST_DETAIL_BYTES: usize = 5 << 10;

/// Of a message or a part of one: the message is repeated in a header and in the details.
const MOST_CHARS: usize = 300;

/// When another server, or this one after its restart, will be there.
const RETRY_ELSEWHERE: Duration = Duration::from_secs(1);

fn code_and_reason(kind: ErrorKind) -> (Code, &'static str) {
    match kind {
        ErrorKind::Invalid => (Code::InvalidArgument, "FIELD_INVALID"),
        ErrorKind::Refused => (Code::InvalidArgument, "LOCALITY_REFUSED"),
        ErrorKind::RequestIdReused => (Code::InvalidArgument, "REQUEST_ID_REUSED"),
        ErrorKind::NotFound => (Code::NotFound, "NOT_FOUND"),
        ErrorKind::AlreadyExists => (Code::AlreadyExists, "ALREADY_EXISTS"),
        ErrorKind::EtagMismatch => (Code::Aborted, "ETAG_MISMATCH"),
        ErrorKind::Busy => (Code::ResourceExhausted, "SOLVERS_BUSY"),
        ErrorKind::OverLimit => (Code::ResourceExhausted, "LIMIT_EXCEEDED"),
        ErrorKind::NoMemory => (Code::ResourceExhausted, "MEMORY_EXHAUSTED"),
        ErrorKind::Deadline => (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
        ErrorKind::Cancelled => (Code::Cancelled, "CANCELLED"),
        ErrorKind::Closing => (Code::Unavailable, "SHUTTING_DOWN"),
        ErrorKind::NotYet => (Code::Unimplemented, "NOT_IMPLEMENTED"),
        ErrorKind::Internal => (Code::Internal, "INTERNAL"),
    }
}

/// The reason of a status that was made below us (by the transport, or the health and reflection services).
fn reason_of(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "MESSAGE_TOO_LARGE",
        Code::Unimplemented => "METHOD_UNKNOWN",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// The status of an error of ours.
fn of(error: Error) -> Status {
    let (code, reason) = code_and_reason(error.kind());
    let mut message = shortened(&error.to_string());
    let mut details = ErrorDetails::new();
    let mut about = HashMap::new();
    let mut metadata = MetadataMap::new();
    match error {
        Error::Invalid(violations) => add_violations(&mut details, &mut message, violations),
        Error::Refused { problems, origin } => {
            let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
            let violations = errors.map(|problem| places::violation(problem, origin)).collect();
            add_violations(&mut details, &mut message, violations);
        }
        Error::NotFound { what, name } => {
            details.set_resource_info(what, shortened(&name), "", message.clone());
        }
        Error::AlreadyExists { name } | Error::EtagMismatch { name } => {
            details.set_resource_info("locality", shortened(&name), "", message.clone());
        }
        Error::Busy { retry_after } => {
            details.set_retry_info(Some(retry_after));
            // What gRPC's own retry policy reads (proposal A6): whole milliseconds.
            metadata.insert("grpc-retry-pushback-ms", MetadataValue::from(retry_after.as_millis() as u64));
        }
        Error::Closing => {
            details.set_retry_info(Some(RETRY_ELSEWHERE));
        }
        Error::OverLimit { allowed, .. } | Error::NoMemory { allowed_bytes: allowed } => {
            about.insert("allowed".to_owned(), allowed.to_string());
        }
        Error::RequestIdReused => {
            details.add_bad_request_violation("request_id", "wanted a new id for a new request");
        }
        Error::Deadline | Error::Cancelled | Error::CancelledEarly | Error::NotYet { .. } | Error::Internal { .. } => {}
    }
    details.set_error_info(reason, DOMAIN, about);
    Status::with_error_details_and_metadata(code, message, details, metadata)
}

impl From<Error> for Status {
    fn from(error: Error) -> Status {
        of(error)
    }
}

/// The status of a call that the layers below us ended. Codes that gRPC reserves for applications are put right: tonic says
/// OUT_OF_RANGE of a message that is too large, where gRPC's table of codes wants RESOURCE_EXHAUSTED.
pub(super) fn completed(status: &Status) -> Option<Status> {
    let reason = reason_of(status.code());
    let code = match status.code() {
        Code::Ok => return None,
        Code::OutOfRange => Code::ResourceExhausted,
        _ if !status.details().is_empty() => return None,
        code => code,
    };
    let message = match status.message() {
        "" if code == Code::Unimplemented => "there is no such method",
        message => message,
    };
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, HashMap::new());
    Some(Status::with_error_details_and_metadata(code, shortened(message), details, status.metadata().clone()))
}

/// As many violations as fit; the message says how many there are.
fn add_violations(details: &mut ErrorDetails, message: &mut String, violations: Vec<Violation>) {
    let n_violations = violations.len();
    let mut bytes = 0;
    let fits = |violation: &FieldViolation| {
        // Two strings with their lengths and tags.
        bytes += violation.field.len() + violation.description.len() + 12;
        bytes <= MOST_DETAIL_BYTES
    };
    let listed: Vec<FieldViolation> = violations
        .into_iter()
        .map(|Violation { field, description }| FieldViolation::new(shortened(&field), shortened(&description)))
        .take_while(fits)
        .collect();
    if listed.len() < n_violations {
        message.push_str(&format!("; the details list the first {} of {n_violations}", listed.len()));
    }
    details.set_bad_request(listed);
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(MOST_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::{completed, of};
    use crate::domain::Problem;
    use crate::service::{Error, Origin, Violation};
    use std::time::Duration;
    use tonic::{Code, Status};
    use tonic_types::StatusExt;

    #[test]
    fn every_error_has_its_code_and_one_reason() {
        let name = || "authorities/local/localities/x".to_owned();
        let table = [
            (Error::invalid("name", "wanted"), Code::InvalidArgument, "FIELD_INVALID"),
            (Error::Refused { problems: vec![], origin: Origin::Files }, Code::InvalidArgument, "LOCALITY_REFUSED"),
            (Error::RequestIdReused, Code::InvalidArgument, "REQUEST_ID_REUSED"),
            (Error::NotFound { what: "locality", name: name() }, Code::NotFound, "NOT_FOUND"),
            (Error::AlreadyExists { name: name() }, Code::AlreadyExists, "ALREADY_EXISTS"),
            (Error::EtagMismatch { name: name() }, Code::Aborted, "ETAG_MISMATCH"),
            (Error::Busy { retry_after: Duration::from_secs(1) }, Code::ResourceExhausted, "SOLVERS_BUSY"),
            (Error::OverLimit { what: "needs", allowed: 3 }, Code::ResourceExhausted, "LIMIT_EXCEEDED"),
            (Error::NoMemory { allowed_bytes: 3 }, Code::ResourceExhausted, "MEMORY_EXHAUSTED"),
            (Error::Deadline, Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
            (Error::Cancelled, Code::Cancelled, "CANCELLED"),
            (Error::CancelledEarly, Code::Cancelled, "CANCELLED"),
            (Error::Closing, Code::Unavailable, "SHUTTING_DOWN"),
            (Error::NotYet { what: "WhatIf" }, Code::Unimplemented, "NOT_IMPLEMENTED"),
            (Error::Internal { log: "secret".to_owned() }, Code::Internal, "INTERNAL"),
        ];
        for (error, code, reason) in table {
            let status = of(error);
            let info = status.get_details_error_info().unwrap();
            assert_eq!((status.code(), info.reason.as_str(), info.domain.as_str()), (code, reason, "suffice"));
            assert!(!status.message().contains("secret"), "what is for the log stays there");
        }
    }

    #[test]
    fn a_busy_server_says_when_to_come_back() {
        let status = of(Error::Busy { retry_after: Duration::from_secs(2) });
        assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_secs(2)));
        assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "2000");
    }

    #[test]
    fn a_thousand_problems_still_fit_a_header() {
        let problems: Vec<Problem> = (2..1002)
            .map(|row| Problem::error("needs.csv", Some(row), Some("level"), "9", "wanted a level from 1 to 4"))
            .collect();
        let status = of(Error::Refused { problems, origin: Origin::Files });
        let listed = status.get_details_bad_request().unwrap().field_violations;
        assert!(50 < listed.len(), "{}", listed.len());
        assert!(status.details().len() < 7 << 10, "{}", status.details().len());
        assert!(status.message().ends_with(&format!("the details list the first {} of 1000", listed.len())));
        let long = "x".repeat(1 << 20);
        let status = of(Error::Invalid(vec![Violation::new(long.as_str(), long.as_str())]));
        assert!(status.details().len() < 7 << 10);
    }

    #[test]
    fn what_the_layers_below_say_is_put_right() {
        let too_large = completed(&Status::out_of_range("decoded message length too large")).unwrap();
        assert_eq!(too_large.code(), Code::ResourceExhausted);
        assert_eq!(too_large.get_details_error_info().unwrap().reason, "MESSAGE_TOO_LARGE");
        let no_method = completed(&Status::unimplemented("")).unwrap();
        assert_eq!(no_method.message(), "there is no such method");
        assert!(completed(&Status::ok("")).is_none());
        assert!(completed(&of(Error::Deadline)).is_none(), "ours are complete");
    }
}
