//! The planning service, and the operations that it begins.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio_stream::Stream;
use tokio_stream::wrappers::WatchStream;
use tonic::{Request, Response, Status, async_trait};

use super::Api;
use crate::grpc::from_proto;
use crate::grpc::pb::google::longrunning::operations_server::Operations;
use crate::grpc::pb::google::longrunning::{
    CancelOperationRequest, DeleteOperationRequest, GetOperationRequest, ListOperationsRequest, ListOperationsResponse,
    Operation as Sent, WaitOperationRequest,
};
use crate::grpc::pb::suffice::v1 as pb;
use crate::grpc::to_proto::{self, Results};
use crate::service::operations::State;
use crate::service::{CallLimits, Operation, OperationName, pages};

#[async_trait]
impl pb::planning_service_server::PlanningService for Api {
    async fn plan_commissioning(
        &self,
        request: Request<pb::PlanCommissioningRequest>,
    ) -> Result<Response<Sent>, Status> {
        let limits = CallLimits { deadline: self.deadline(&request), time_limit: None };
        let order = from_proto::plan_order(request.into_inner())?;
        let most_rows = self.limits().answer_rows;
        let begun = self.service.plan(order, limits, move |planned| to_proto::packed(planned, most_rows));
        Ok(Response::new(match begun.await.map_err(from_proto::by_field)? {
            Some(operation) => now(&operation),
            None => to_proto::checked(),
        }))
    }

    type WatchPlanStream = Watching;

    async fn watch_plan(&self, request: Request<pb::WatchPlanRequest>) -> Result<Response<Watching>, Status> {
        let pb::WatchPlanRequest { name } = request.into_inner();
        let operation = self.operation(&name)?;
        let states = WatchStream::new(operation.watch());
        Ok(Response::new(Watching { operation, states, over: false }))
    }
}

/// The operation as it is, and again whenever that changes, until it is done.
pub struct Watching {
    operation: Arc<Operation>,
    states: WatchStream<State>,
    over: bool,
}

impl Stream for Watching {
    type Item = Result<pb::WatchPlanResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let Some(state) = ready!(Pin::new(&mut self.states).poll_next(context)) else { return Poll::Ready(None) };
        self.over = state.end.is_some();
        let operation = to_proto::operation(&self.operation, state, Results::Sent);
        Poll::Ready(Some(Ok(pb::WatchPlanResponse { operation: Some(operation) })))
    }
}

/// A wait ends this long before its call would, so that its answer still arrives.
const BEFORE_DEADLINE: Duration = Duration::from_millis(100);

#[async_trait]
impl Operations for Api {
    async fn list_operations(
        &self,
        request: Request<ListOperationsRequest>,
    ) -> Result<Response<ListOperationsResponse>, Status> {
        let from_proto::OperationsPage { after, size } = from_proto::operations_page(request.into_inner())?;
        let (page, more) = self.service.operations().page(after.as_ref(), size);
        let last = page.last().filter(|_| more).map(|last| pages::token(&OperationName::COLLECTION, &last.name.id));
        let listed =
            page.iter().map(|operation| to_proto::operation(operation, operation.state(), Results::LeftOut)).collect();
        Ok(Response::new(ListOperationsResponse {
            operations: listed,
            next_page_token: last.unwrap_or_default(),
            unreachable: Vec::new(),
        }))
    }

    async fn get_operation(&self, request: Request<GetOperationRequest>) -> Result<Response<Sent>, Status> {
        let GetOperationRequest { name } = request.into_inner();
        Ok(Response::new(now(&*self.operation(&name)?)))
    }

    async fn delete_operation(&self, request: Request<DeleteOperationRequest>) -> Result<Response<()>, Status> {
        let DeleteOperationRequest { name } = request.into_inner();
        self.service.operations().delete(&OperationName::parse("name", &name)?)?;
        Ok(Response::new(()))
    }

    async fn cancel_operation(&self, request: Request<CancelOperationRequest>) -> Result<Response<()>, Status> {
        let CancelOperationRequest { name } = request.into_inner();
        self.operation(&name)?.cancel();
        Ok(Response::new(()))
    }

    async fn wait_operation(&self, request: Request<WaitOperationRequest>) -> Result<Response<Sent>, Status> {
        let deadline = self.deadline(&request);
        let WaitOperationRequest { name, timeout } = request.into_inner();
        let timeout = from_proto::duration("timeout", timeout)?;
        let operation = self.operation(&name)?;
        let last = deadline.checked_sub(BEFORE_DEADLINE).unwrap_or(deadline);
        let asked = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let state = operation.wait(asked.map_or(last, |asked| asked.min(last))).await;
        Ok(Response::new(to_proto::operation(&operation, state, Results::Sent)))
    }
}

impl Api {
    fn operation(&self, name: &str) -> Result<Arc<Operation>, Status> {
        Ok(self.service.operations().get(&OperationName::parse("name", name)?)?)
    }
}

fn now(operation: &Operation) -> Sent {
    to_proto::operation(operation, operation.state(), Results::Sent)
}
