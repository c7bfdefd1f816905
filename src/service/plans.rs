//! Plans: asked for, admitted, searched on threads of their own, and stopped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tracing::info;

use super::error::{Error, Origin};
use super::names::Named;
use super::operations::{Finished, Operation, Teller};
use super::registry::Held;
use super::requests::{self, BodyDigest, RequestKey};
use super::watch::{CallLimits, CallWatch};
use super::{Answered, Service, answer, lock, recall};
use crate::domain::Locality;
use crate::engine::Failure;
use crate::matching::Route;
use crate::planning::transport_of;
use crate::solve::{Effort, StopReason, Watch};
use crate::view::plan::{self, PlanAsked, Planned};

/// What is to be planned.
#[derive(Clone, Debug)]
pub struct PlanOrder {
    pub named: Named,
    pub request: Option<RequestKey>,
    pub validate_only: bool,
    /// The search stops this long after it began.
    pub time_limit: Option<Duration>,
    pub asked: PlanAsked,
    /// Who solves the choice of candidates.
    pub route: Route,
}

impl PlanOrder {
    fn body(&self) -> BodyDigest {
        let PlanOrder { named, request: _, validate_only, time_limit, asked, route } = self;
        requests::digest(&["plan", &named.to_string(), &format!("{validate_only} {time_limit:?} {route:?} {asked:?}")])
    }

    fn goal(&self, locality: &Locality) -> &'static str {
        match self.asked.target.is_some() || !self.asked.floors.is_empty() {
            true if transport_of(locality).is_some() => "cost_and_transport",
            true => "cost",
            false => self.asked.objective.as_str(),
        }
    }
}

impl Service {
    /// Begins a plan, unless it is only to be checked. `pack` makes of it what is sent. The operation goes on when the
    /// caller has left.
    pub async fn plan(
        &self,
        order: PlanOrder,
        limits: CallLimits,
        pack: impl FnOnce(Planned) -> Bytes + Send + 'static,
    ) -> Result<Option<Arc<Operation>>, Error> {
        let body = order.body();
        if let Some(first) = self.planned_before(&order, &body)? {
            return Ok(Some(first));
        }
        let held = self.get(&order.named)?;
        self.check_plan(&held, &order, limits).await?;
        if order.validate_only {
            return Ok(None);
        }
        // Held from the look to the note, so that of two calls with one id one begins and the other finds it.
        let mut answered = lock(&self.answered);
        let now = Instant::now();
        if let Some(key) = &order.request
            && let Some(first) = answered.recall(key, &body, now)?
        {
            return self.first_plan(first).map(Some);
        }
        let request = order.request.clone();
        let operation = self.begin_plan(held, order, pack)?;
        if let Some(key) = request {
            answered.remember(key, body, Answered::Plan(operation.name.clone()), 1, now);
        }
        Ok(Some(operation))
    }

    fn planned_before(&self, order: &PlanOrder, body: &BodyDigest) -> Result<Option<Arc<Operation>>, Error> {
        let first = recall(&self.answered, order.request.as_ref(), body, Instant::now())?;
        first.map(|first| self.first_plan(first)).transpose()
    }

    /// The operation that a request began. It may have been forgotten or deleted since: to plan again takes a new id.
    fn first_plan(&self, first: Answered) -> Result<Arc<Operation>, Error> {
        match first {
            Answered::Plan(name) => self.operations.get(&name),
            // The digest of a body begins with what was asked for, so this is another request's.
            Answered::Upload(_) | Answered::Delete => Err(Error::RequestIdReused),
        }
    }

    /// Everything that is wrong with a question. It is read before any work is done, so no work is allowed.
    async fn check_plan(&self, held: &Arc<Held>, order: &PlanOrder, limits: CallLimits) -> Result<(), Error> {
        let (held, asked, route) = (held.clone(), order.asked.clone(), order.route);
        let none = || Effort::unlimited().at_most(0);
        let check = move |_: &CallWatch| match plan::run(&held.resident, &asked, route, &none()) {
            Ok(_) | Err(Failure::Stopped(_)) => Ok(()),
            Err(failure) => answer(Err(failure), Origin::Files),
        };
        self.solvers.run(limits, check).await
    }

    fn begin_plan(
        &self,
        held: Arc<Held>,
        order: PlanOrder,
        pack: impl FnOnce(Planned) -> Bytes + Send + 'static,
    ) -> Result<Arc<Operation>, Error> {
        let operation = Arc::new(Operation::new(held.about.revision(), order.goal(held.resident.locality())));
        let longest = self.settings.longest_plan;
        let time_limit = order.time_limit.map_or(longest, |asked| asked.min(longest));
        let searched = operation.clone();
        let search = move |call: &CallWatch| {
            searched.begin();
            let watch = PlanWatch { call, operation: &searched, stop_at: Instant::now().checked_add(time_limit) };
            let teller = Teller::of(&searched);
            let effort = Effort::unlimited().watched(&watch).observed(&teller);
            let planned = answer(plan::run(&held.resident, &order.asked, order.route, &effort), Origin::Files)?;
            let objective = &planned.document.objective;
            let (value, bound) = (objective.value, objective.bound);
            if bound.is_none() && searched.is_cancelled() {
                return Err(Error::CancelledEarly);
            }
            Ok(Finished { value, bound, message: pack(planned) })
        };
        // Nobody waits: only its own limits and the closing of the server end it.
        let never = Instant::now() + NEVER;
        let running = self.planners.begin(CallLimits { deadline: never, time_limit: None }, search)?;
        self.operations.add(operation.clone());
        info!(operation.name = %operation.name, "Planning {} for {}", operation.name, operation.revision);
        let (operations, ended) = (self.operations.clone(), operation.clone());
        tokio::spawn(async move {
            let outcome = tokio::select! {
                outcome = running.outcome() => outcome,
                () = ended.cancelled_while_waiting() => Err(Error::CancelledEarly),
            };
            operations.end(&ended, outcome);
        });
        Ok(operation)
    }
}

/// As good as never, and far from where the clock ends.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// What the search asks: the server, whoever may cancel it, and the clock since it began.
struct PlanWatch<'w> {
    call: &'w CallWatch,
    operation: &'w Operation,
    /// None: later than the clock can say.
    stop_at: Option<Instant>,
}

impl Watch for PlanWatch<'_> {
    fn stop(&self) -> Option<StopReason> {
        if self.operation.is_cancelled() {
            return Some(StopReason::Cancelled);
        }
        let late = || self.stop_at.is_some_and(|at| at <= Instant::now()).then_some(StopReason::Deadline);
        self.call.stop().or_else(late)
    }

    fn remaining(&self) -> Option<Duration> {
        self.stop_at.map(|at| at.saturating_duration_since(Instant::now()))
    }
}
