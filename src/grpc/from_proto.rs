//! Messages in: what a request means, or which of its fields are wrong.

mod changes;
mod inline;
mod plan;
mod questions;
mod rows;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use prost::Message;

use super::pb::google::longrunning::ListOperationsRequest;
use super::pb::suffice::v1 as pb;
use crate::domain::{BadRows, Coordinates, Id};
use crate::engine;
use crate::matching::Route;
use crate::service::{
    AuthorityName, CallLimits, ChangeOrder, DeleteOrder, Error, Limits, LocalityName, Named, OperationName,
    Precondition, RequestKey, Source, UploadOrder, Violation, pages,
};

pub(super) use changes::changes;
pub(super) use inline::draft;
pub(super) use plan::{by_field, plan_order};
pub(super) use questions::gap_questions;

/// How a question is to be solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Solving {
    pub route: Route,
    pub time_limit: Option<Duration>,
}

impl Solving {
    pub fn limits(self, deadline: Instant) -> CallLimits {
        CallLimits { deadline, time_limit: self.time_limit }
    }
}

pub(super) fn solving(options: Option<pb::SolveOptions>) -> Result<Solving, Error> {
    let pb::SolveOptions { backend, time_limit } = options.unwrap_or_default();
    let route = route("options.backend", backend)?;
    Ok(Solving { route, time_limit: duration("options.time_limit", time_limit)? })
}

fn route(field: &str, backend: i32) -> Result<Route, Error> {
    match pb::Backend::try_from(backend) {
        Ok(pb::Backend::Unspecified | pb::Backend::Network) => Ok(Route::Network),
        Ok(pb::Backend::Program) => Ok(Route::Program),
        Err(_) => Err(Error::invalid(field, "wanted BACKEND_NETWORK, BACKEND_PROGRAM or nothing")),
    }
}

pub(super) fn duration(field: &str, duration: Option<prost_types::Duration>) -> Result<Option<Duration>, Error> {
    let read = duration.map(Duration::try_from).transpose();
    read.map_err(|_| Error::invalid(field, "wanted a duration of 0 or more"))
}

pub(super) fn bad_rows(set_aside: bool) -> BadRows {
    match set_aside {
        true => BadRows::SetAside,
        false => BadRows::Refuse,
    }
}

/// Where the locality of a question is. The generated code has an enum of its own for each request.
pub(super) enum Asked {
    Name(String),
    Locality(Box<pb::InlineLocality>),
}

macro_rules! asked {
    ($($module:ident),+) => {$(
        impl From<pb::$module::Source> for Asked {
            fn from(source: pb::$module::Source) -> Asked {
                match source {
                    pb::$module::Source::Name(name) => Asked::Name(name),
                    pb::$module::Source::Locality(locality) => Asked::Locality(Box::new(locality)),
                }
            }
        }
    )+};
}

asked!(
    match_request,
    stream_assignments_request,
    find_options_request,
    explain_need_request,
    analyse_gaps_request,
    measure_mismatch_request
);

pub(super) fn source(source: Option<impl Into<Asked>>, set_aside: bool, limits: Limits) -> Result<Source, Error> {
    match source.map(Into::into) {
        Some(Asked::Name(name)) => Ok(Source::Named(Named::parse("name", &name)?)),
        Some(Asked::Locality(locality)) if limits.inline_needs < locality.needs.len() => {
            Err(Error::OverLimit { what: "needs of an inline locality", allowed: limits.inline_needs as u64 })
        }
        Some(Asked::Locality(locality)) => {
            let bytes = locality.encoded_len() as u64;
            let draft = Box::new(move || draft(*locality, limits.field_bytes).map_err(Error::Invalid));
            Ok(Source::Inline { draft, bytes, bad_rows: bad_rows(set_aside) })
        }
        None => Err(Error::invalid("name", "wanted a locality's name, or a locality in the field of that name")),
    }
}

/// What options are asked for: a stored need, or one sent along.
pub(super) enum NeedAsked {
    Stored(String),
    Inline(pb::InlineNeed),
}

pub(super) fn need_asked(asked: Option<pb::find_options_request::Asked>) -> Result<NeedAsked, Error> {
    match asked {
        Some(pb::find_options_request::Asked::Need(id)) => Ok(NeedAsked::Stored(stored_need(id)?)),
        Some(pb::find_options_request::Asked::InlineNeed(need)) => Ok(NeedAsked::Inline(need)),
        None => Err(Error::invalid("need", "wanted a need's id, or a need in the field inline_need")),
    }
}

pub(super) fn stored_need(id: String) -> Result<String, Error> {
    match id.is_empty() {
        true => Err(Error::invalid("need", "wanted a need's id")),
        false => Ok(id),
    }
}

/// Which pair of coordinates a point came in; the locality says which one it should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    Nowhere,
    At { system: Coordinates, x: f64, y: f64 },
}

/// A need that no locality holds, apart from its place, which only the locality can judge.
pub(super) fn inline_need(need: pb::InlineNeed) -> Result<(engine::InlineNeed, Place), Error> {
    let pb::InlineNeed { kind, level, area, age, age_max, lon, lat, x, y, tags } = need;
    let mut violations = Vec::new();
    let mut wrong = |field: &str, wanted: &str| violations.push(Violation::new(format!("inline_need.{field}"), wanted));
    if kind.is_empty() {
        wrong("kind", "wanted the code of a kind");
    }
    let level = u8::try_from(level).ok().filter(|level| (1..=4).contains(level)).unwrap_or_else(|| {
        wrong("level", "wanted a level from 1 to 4");
        1
    });
    let mut whole_age = |field: &str, age: Option<i32>| {
        age.and_then(|age| {
            let age = u16::try_from(age).ok();
            if age.is_none() {
                wrong(field, "wanted an age from 0 on");
            }
            age
        })
    };
    let (age, age_max) = (whole_age("age", age), whole_age("age_max", age_max));
    let place = match (lon, lat, x, y) {
        (None, None, None, None) => Place::Nowhere,
        (Some(x), Some(y), None, None) if x.is_finite() && y.is_finite() => {
            Place::At { system: Coordinates::LonLat, x, y }
        }
        (None, None, Some(x), Some(y)) if x.is_finite() && y.is_finite() => {
            Place::At { system: Coordinates::Metres, x, y }
        }
        _ => {
            wrong("lon", "wanted both lon and lat, or both x and y, as finite numbers, or none");
            Place::Nowhere
        }
    };
    if !violations.is_empty() {
        return Err(Error::Invalid(violations));
    }
    let tags = tags.into_iter().map(|pb::Tag { name, value }| (name, value)).collect();
    let area = (!area.is_empty()).then_some(area);
    Ok((engine::InlineNeed { kind, level, area, age, age_max, x: None, y: None, tags }, place))
}

pub(super) fn upload_order(header: pb::UploadHeader) -> Result<UploadOrder, Error> {
    let pb::UploadHeader { parent, locality_id, request_id, validate_only, set_aside_bad_rows, etag, upload_id } =
        header;
    let AuthorityName { authority } = AuthorityName::parse("header.parent", &parent)?;
    let locality =
        Id::parse(&locality_id).map_err(|wanted| Error::invalid("header.locality_id", format!("wanted {wanted}")))?;
    if !upload_id.is_empty() {
        return Err(Error::NotYet { what: "resumable uploads (header.upload_id)" });
    }
    let request = RequestKey::parse("header.request_id", &authority, &request_id)?;
    let precondition = match etag.as_str() {
        "" => Precondition::Absent,
        Precondition::ANY => Precondition::Whatever,
        _ => Precondition::Etag(etag),
    };
    let name = LocalityName { authority, locality };
    Ok(UploadOrder { name, request, precondition, validate_only, bad_rows: bad_rows(set_aside_bad_rows) })
}

pub(super) fn delete_order(request: pb::DeleteLocalityRequest) -> Result<DeleteOrder, Error> {
    let pb::DeleteLocalityRequest { name, etag, request_id, validate_only } = request;
    let name = LocalityName::parse("name", &name)?;
    let request = RequestKey::parse("request_id", &name.authority, &request_id)?;
    let precondition = match etag.as_str() {
        "" | Precondition::ANY => Precondition::Whatever,
        _ => Precondition::Etag(etag),
    };
    Ok(DeleteOrder { name, request, precondition, validate_only })
}

/// What to change, and under which conditions.
pub(super) fn change_order(request: pb::ApplyChangesRequest, limits: Limits) -> Result<ChangeOrder, Error> {
    let pb::ApplyChangesRequest { name, changes: messages, etag, request_id, validate_only } = request;
    let name = LocalityName::parse("name", &name)?;
    let request = RequestKey::parse("request_id", &name.authority, &request_id)?;
    let precondition = match etag.as_str() {
        "" | Precondition::ANY => Precondition::Whatever,
        _ => Precondition::Etag(etag),
    };
    let changes = changes(messages, limits)?;
    Ok(ChangeOrder { name, request, precondition, validate_only, changes })
}

/// A page of a list: whose, after which id, and how many.
pub(super) struct Page {
    pub parent: AuthorityName,
    pub after: Option<Id>,
    pub size: usize,
}

pub(super) fn page(request: pb::ListLocalitiesRequest) -> Result<Page, Error> {
    let pb::ListLocalitiesRequest { parent, page_size, page_token } = request;
    let parent = AuthorityName::parse("parent", &parent)?;
    let size = pages::size("page_size", page_size)?;
    let after = pages::after("page_token", &parent, &page_token)?;
    Ok(Page { parent, after, size })
}

/// A page of the operations: after which id, and how many.
pub(super) struct OperationsPage {
    pub after: Option<Id>,
    pub size: usize,
}

pub(super) fn operations_page(request: ListOperationsRequest) -> Result<OperationsPage, Error> {
    let ListOperationsRequest { name, filter, page_size, page_token, return_partial_success } = request;
    if !name.is_empty() && name != OperationName::COLLECTION {
        return Err(Error::invalid("name", "wanted operations, or nothing"));
    }
    if !filter.is_empty() {
        return Err(Error::invalid("filter", "wanted nothing: there are no filters"));
    }
    if return_partial_success {
        return Err(Error::NotYet { what: "return_partial_success" });
    }
    let size = pages::size("page_size", page_size)?;
    let after = pages::after("page_token", &OperationName::COLLECTION, &page_token)?;
    Ok(OperationsPage { after, size })
}
