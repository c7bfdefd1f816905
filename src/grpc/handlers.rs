//! Calls, a few lines each: read the request, ask the service, write the answer.

mod locality;
mod matching;
mod planning;

use std::sync::Arc;
use std::time::Instant;

use tonic::{Request, Response, Status, async_trait};

use super::deadline::Deadline;
use super::from_proto;
use super::pb::suffice::v1 as pb;
use super::to_proto;
use crate::service::{Error, Limits, Named, Service};
use crate::view;

/// All services of the interface.
#[derive(Clone)]
pub(super) struct Api {
    service: Arc<Service>,
}

impl Api {
    pub fn new(service: Arc<Service>) -> Api {
        Api { service }
    }

    fn limits(&self) -> Limits {
        self.service.settings().limits
    }

    /// The deadline that the layer below put in; the longest allowed where it did not (which it always does here).
    fn deadline<T>(&self, request: &Request<T>) -> Instant {
        let longest = || Instant::now() + self.service.settings().longest_call;
        request.extensions().get::<Deadline>().map_or_else(longest, |deadline| deadline.0)
    }
}

fn not_yet<T>(what: &'static str) -> Result<T, Status> {
    Err(Error::NotYet { what }.into())
}

#[async_trait]
impl pb::gap_service_server::GapService for Api {
    async fn analyse_gaps(
        &self,
        request: Request<pb::AnalyseGapsRequest>,
    ) -> Result<Response<pb::AnalyseGapsResponse>, Status> {
        let deadline = self.deadline(&request);
        let pb::AnalyseGapsRequest { set_aside_bad_rows, options, source, subgroups, cascade_by, ranges } =
            request.into_inner();
        let solving = from_proto::solving(options)?;
        let questions = from_proto::gap_questions(subgroups, cascade_by, ranges)?;
        let source = from_proto::source(source, set_aside_bad_rows, self.limits())?;
        let most_rows = self.limits().answer_rows;
        let gaps = self.service.ask(source, solving.limits(deadline), move |resident, effort| {
            Ok(to_proto::gaps(view::gaps::run(resident, solving.route, &questions, effort)?, most_rows))
        });
        Ok(Response::new(gaps.await?))
    }
}

#[async_trait]
impl pb::mismatch_service_server::MismatchService for Api {
    async fn measure_mismatch(
        &self,
        request: Request<pb::MeasureMismatchRequest>,
    ) -> Result<Response<pb::MeasureMismatchResponse>, Status> {
        let deadline = self.deadline(&request);
        let pb::MeasureMismatchRequest { set_aside_bad_rows, options, source } = request.into_inner();
        let solving = from_proto::solving(options)?;
        let source = from_proto::source(source, set_aside_bad_rows, self.limits())?;
        let measured = self.service.ask(source, solving.limits(deadline), move |resident, effort| {
            Ok(to_proto::measures(view::measure::run(resident, solving.route, effort)?))
        });
        Ok(Response::new(measured.await?))
    }

    async fn compare_localities(
        &self,
        request: Request<pb::CompareLocalitiesRequest>,
    ) -> Result<Response<pb::CompareLocalitiesResponse>, Status> {
        let deadline = self.deadline(&request);
        let pb::CompareLocalitiesRequest { before, after, options } = request.into_inner();
        let solving = from_proto::solving(options)?;
        let named = [Named::parse("before", &before)?, Named::parse("after", &after)?];
        let most_rows = self.limits().answer_rows;
        let compared = self.service.ask_of_both(named, solving.limits(deadline), move |[before, after], effort| {
            Ok(to_proto::comparison(view::compare::run(before, after, solving.route, effort)?, most_rows))
        });
        Ok(Response::new(compared.await?))
    }
}
