//! The matching service.

use tonic::{Request, Response, Status, async_trait};

use super::Api;
use crate::domain::Problem;
use crate::engine::{Asked, Failure, InlineNeed, Resident};
use crate::grpc::from_proto::{self, NeedAsked, Place};
use crate::grpc::pb::suffice::v1 as pb;
use crate::grpc::to_proto;
use crate::matching::Route;
use crate::service::{Error, Named};
use crate::view::{self, MatchFiles};

type Part = Result<pb::StreamAssignmentsResponse, Status>;

#[async_trait]
impl pb::matching_service_server::MatchingService for Api {
    async fn r#match(&self, request: Request<pb::MatchRequest>) -> Result<Response<pb::MatchResponse>, Status> {
        let deadline = self.deadline(&request);
        let pb::MatchRequest { set_aside_bad_rows, options, source } = request.into_inner();
        let solving = from_proto::solving(options)?;
        let source = from_proto::source(source, set_aside_bad_rows, self.limits())?;
        let most_rows = self.limits().answer_rows;
        let matched = self.service.ask(source, solving.limits(deadline), move |resident, effort| {
            Ok(to_proto::matched(view::matching::run(resident, solving.route, effort)?, most_rows))
        });
        Ok(Response::new(matched.await?))
    }

    type StreamAssignmentsStream = tokio_stream::Iter<Box<dyn Iterator<Item = Part> + Send>>;

    async fn stream_assignments(
        &self,
        request: Request<pb::StreamAssignmentsRequest>,
    ) -> Result<Response<Self::StreamAssignmentsStream>, Status> {
        let deadline = self.deadline(&request);
        let pb::StreamAssignmentsRequest { set_aside_bad_rows, options, include_prices, source } = request.into_inner();
        let solving = from_proto::solving(options)?;
        let source = from_proto::source(source, set_aside_bad_rows, self.limits())?;
        let matched = self.service.ask(source, solving.limits(deadline), move |resident, effort| {
            view::matching::run(resident, solving.route, effort)
        });
        let mut files = matched.await?;
        if !include_prices {
            files.prices = Vec::new();
        }
        Ok(Response::new(tokio_stream::iter(parts(files, self.limits().stream_rows))))
    }

    async fn find_options(
        &self,
        request: Request<pb::FindOptionsRequest>,
    ) -> Result<Response<pb::FindOptionsResponse>, Status> {
        let deadline = self.deadline(&request);
        let pb::FindOptionsRequest { set_aside_bad_rows, options, source, asked } = request.into_inner();
        let solving = from_proto::solving(options)?;
        let source = from_proto::source(source, set_aside_bad_rows, self.limits())?;
        let asked = match from_proto::need_asked(asked)? {
            NeedAsked::Stored(id) => Wanted::Stored(id),
            NeedAsked::Inline(need) => {
                let (need, place) = from_proto::inline_need(need)?;
                Wanted::Inline(need, place)
            }
        };
        let found = self.service.ask(source, solving.limits(deadline), move |resident, effort| {
            let asked = match &asked {
                Wanted::Stored(id) => Asked::Stored(id),
                Wanted::Inline(need, place) => Asked::Inline(placed(resident, need, *place)?),
            };
            Ok(to_proto::options(view::options::run(resident, &asked, effort)?))
        });
        Ok(Response::new(found.await?))
    }

    async fn explain_need(
        &self,
        request: Request<pb::ExplainNeedRequest>,
    ) -> Result<Response<pb::ExplainNeedResponse>, Status> {
        let deadline = self.deadline(&request);
        let pb::ExplainNeedRequest { set_aside_bad_rows, need, options, source } = request.into_inner();
        let solving = from_proto::solving(options)?;
        let source = from_proto::source(source, set_aside_bad_rows, self.limits())?;
        let need = from_proto::stored_need(need)?;
        let explained = self.service.ask(source, solving.limits(deadline), move |resident, effort| {
            Ok(to_proto::explained(view::explain::run(resident, &need, solving.route, effort)?))
        });
        Ok(Response::new(explained.await?))
    }

    async fn what_if(&self, request: Request<pb::WhatIfRequest>) -> Result<Response<pb::WhatIfResponse>, Status> {
        let deadline = self.deadline(&request);
        let pb::WhatIfRequest { name, changes, options } = request.into_inner();
        let solving = from_proto::solving(options)?;
        if solving.route == Route::Program {
            let wanted = "wanted BACKEND_NETWORK or nothing: changes are answered from the standing matching";
            return Err(Error::invalid("options.backend", wanted).into());
        }
        let named = Named::parse("name", &name)?;
        let changes = from_proto::changes(changes, self.limits())?;
        let most_rows = self.limits().answer_rows;
        let what_if = self.service.ask_what_if(named, solving.limits(deadline), move |resident, effort| {
            Ok(to_proto::what_if(view::what_if::run(resident, &changes, effort)?, most_rows))
        });
        Ok(Response::new(what_if.await?))
    }
}

enum Wanted {
    Stored(String),
    Inline(InlineNeed, Place),
}

/// The need with its point in the locality's own coordinates.
fn placed(resident: &Resident, need: &InlineNeed, place: Place) -> Result<InlineNeed, Failure> {
    let used = resident.locality().about().coordinates;
    match place {
        Place::Nowhere => Ok(need.clone()),
        Place::At { system, x, y } if system == used => Ok(InlineNeed { x: Some(x), y: Some(y), ..need.clone() }),
        Place::At { system, .. } => {
            let wanted = format!("points of this locality are in {}", used.as_str());
            Err(Failure::BadInput(vec![Problem::error("need", None, Some("lon"), system.as_str(), wanted)]))
        }
    }
}

/// The whole first, then rows by the thousand, made as they are sent.
fn parts(files: MatchFiles, rows_in_one: usize) -> Box<dyn Iterator<Item = Part> + Send> {
    let MatchFiles { document, assignments, prices } = files;
    let whole = pb::StreamAssignmentsResponse {
        matching: Some(to_proto::matching(document)),
        assignment_rows: i64::try_from(assignments.len()).unwrap_or(i64::MAX),
        ..Default::default()
    };
    let assignments = chunks(assignments.into_iter().map(to_proto::assignment), rows_in_one)
        .map(|assignments| pb::StreamAssignmentsResponse { assignments, ..Default::default() });
    let prices = chunks(prices.into_iter().map(to_proto::price), rows_in_one)
        .map(|prices| pb::StreamAssignmentsResponse { prices, ..Default::default() });
    Box::new(std::iter::once(whole).chain(assignments).chain(prices).map(Ok))
}

fn chunks<T>(mut items: impl Iterator<Item = T>, most: usize) -> impl Iterator<Item = Vec<T>> {
    std::iter::from_fn(move || {
        let chunk: Vec<T> = items.by_ref().take(most).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::chunks;

    #[test]
    fn chunks_are_full_but_for_the_last() {
        let cut = |n: u32| chunks(0..n, 3).collect::<Vec<_>>();
        assert_eq!(cut(0), Vec::<Vec<u32>>::new());
        assert_eq!(cut(3), [vec![0, 1, 2]]);
        assert_eq!(cut(4), [vec![0, 1, 2], vec![3]]);
    }
}
