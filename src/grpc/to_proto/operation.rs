//! Operations, out.

use std::time::SystemTime;

use bytes::Bytes;
use prost::Message;
use prost_types::Any;
use tonic::Status;

use super::plan::{goal, planned};
use super::{timestamp, whole};
use crate::grpc::from_proto::by_field;
use crate::grpc::pb::google::longrunning::Operation as Sent;
use crate::grpc::pb::google::longrunning::operation::Result as SentResult;
use crate::grpc::pb::google::rpc;
use crate::grpc::pb::suffice::v1 as pb;
use crate::service::Operation;
use crate::service::operations::{End, Finished, State};
use crate::solve::Progress;
use crate::view::plan::Planned;

const METADATA: &str = "type.googleapis.com/suffice.v1.PlanCommissioningMetadata";
const RESPONSE: &str = "type.googleapis.com/suffice.v1.PlanCommissioningResponse";

/// The phases that the search does not name itself.
const WAITING: &str = "waiting";
const DONE: &str = "done";

/// Whether an answer that is there is sent along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::grpc) enum Results {
    Sent,
    /// In a list, where many would not fit a message.
    LeftOut,
}

/// A plan as an operation keeps it.
pub(in crate::grpc) fn packed(plan: Planned, most_rows: usize) -> Bytes {
    planned(plan, most_rows).encode_to_vec().into()
}

/// An operation as it stands.
pub(in crate::grpc) fn operation(operation: &Operation, state: State, results: Results) -> Sent {
    let State { began, progress, cancel_requested, end } = state;
    let phase = match (&end, progress, began) {
        (Some(_), _, _) => DONE,
        (None, Some(said), _) => said.phase,
        (None, None, Some(_)) => "beginning",
        (None, None, None) => WAITING,
    };
    // What is done has no steps left to count.
    let (steps_done, steps_total) = match progress.filter(|_| end.is_none()) {
        Some(Progress { phase: _, done, total }) => (whole(done), total.map(whole)),
        None => (0, None),
    };
    let (ended, outcome) = match end {
        Some(End { at, outcome }) => (Some(at), Some(outcome)),
        None => (None, None),
    };
    let finished = outcome.as_ref().and_then(|outcome| outcome.as_ref().ok());
    let sent_time = |time: Option<SystemTime>| time.map(timestamp);
    let metadata = pb::PlanCommissioningMetadata {
        phase: phase.to_owned(),
        // Objectives stay within 2^53, where a double is exact.
        bound: finished.and_then(|finished| finished.bound).map(|bound| bound as f64),
        best: finished.filter(|finished| finished.bound.is_some()).map(|finished| finished.value as f64),
        revision: operation.revision.to_string(),
        steps_done,
        steps_total,
        create_time: Some(timestamp(operation.created)),
        start_time: sent_time(began),
        end_time: sent_time(ended),
        cancel_requested,
        goal: goal(operation.goal),
    };
    let done = outcome.is_some();
    let result = outcome.and_then(|outcome| match (outcome, results) {
        (Ok(_), Results::LeftOut) => None,
        (Ok(Finished { message, .. }), Results::Sent) => {
            Some(SentResult::Response(Any { type_url: RESPONSE.to_owned(), value: message.into() }))
        }
        (Err(error), _) => Some(SentResult::Error(status(by_field(error).into()))),
    });
    let metadata = Any { type_url: METADATA.to_owned(), value: metadata.encode_to_vec() };
    Sent { name: operation.name.to_string(), metadata: Some(metadata), done, result }
}

/// A plan that was only checked: there is no operation, and nothing to wait for.
pub(in crate::grpc) fn checked() -> Sent {
    Sent { done: true, ..Sent::default() }
}

/// An error as a message rather than the end of a call, with the same details.
fn status(status: Status) -> rpc::Status {
    let whole = rpc::Status::decode(status.details()).unwrap_or_default();
    rpc::Status { code: status.code().into(), message: status.message().to_owned(), details: whole.details }
}
