//! Long work that goes on without its caller: how it stands, who is told of every change, how it is stopped, and how long
//! its result is kept.
//!
//! Kept in memory: what is done is forgotten by age and number, and nothing outlives the server.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;

use super::error::Error;
use super::names::{Named, OperationName};
use crate::domain::Id;
use crate::solve::{Observer, Progress};

/// A plan that was asked for.
pub struct Operation {
    pub name: OperationName,
    /// The revision that the plan is for.
    pub revision: Named,
    /// What is made most or least: `need`, `cost`, `cost_and_transport`, `travel` or `farthest`.
    pub goal: &'static str,
    pub created: SystemTime,
    state: watch::Sender<State>,
    cancel: CancellationToken,
}

/// How an operation stands.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// None while it waits for a solver.
    pub began: Option<SystemTime>,
    /// The latest that the search said.
    pub progress: Option<Progress>,
    pub cancel_requested: bool,
    /// None while it goes on.
    pub end: Option<End>,
}

#[derive(Clone, Debug)]
pub struct End {
    pub at: SystemTime,
    pub outcome: Result<Finished, Error>,
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// What the plan comes to in its goal, and what no plan can do better than; None where a stop came before it was known.
    pub value: i64,
    pub bound: Option<i64>,
    /// The whole answer as it is sent: it is made once, may be asked for often, and is smaller than the document.
    pub message: Bytes,
}

impl Operation {
    pub(super) fn new(revision: Named, goal: &'static str) -> Operation {
        let created = SystemTime::now();
        let name = OperationName { id: new_id(created) };
        Operation {
            name,
            revision,
            goal,
            created,
            state: watch::Sender::new(State::default()),
            cancel: CancellationToken::new(),
        }
    }

    /// How it stands now.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// How it stands, and every change from now on; of changes that come faster than they are read the latest.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// How it stands when it is done, or at `until` if that comes first.
    pub async fn wait(&self, until: Instant) -> State {
        let mut states = self.watch();
        // Both ends of the channel are held here, so the wait can only end with a state or with time.
        let _ = timeout_at(until.into(), states.wait_for(|state| state.end.is_some())).await;
        self.state()
    }

    /// Tells the search to stop. What is done stays as it is.
    pub fn cancel(&self) {
        self.state.send_if_modified(|state| {
            let first = state.end.is_none() && !state.cancel_requested;
            state.cancel_requested |= first;
            first
        });
        self.cancel.cancel();
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Ready when it was cancelled before a solver had taken it up; never, if one had.
    pub(super) async fn cancelled_while_waiting(&self) {
        self.cancel.cancelled().await;
        if self.state.borrow().began.is_some() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn begin(&self) {
        self.state.send_modify(|state| state.began = Some(SystemTime::now()));
    }

    fn end(&self, outcome: Result<Finished, Error>) {
        self.state.send_modify(|state| state.end = Some(End { at: SystemTime::now(), outcome }));
    }
}

/// Hands on what a search says, not more often than anyone can read.
pub(super) struct Teller<'o> {
    operation: &'o Operation,
    told: Mutex<Option<Instant>>,
}

/// Between two words about the same phase.
const BETWEEN_WORDS: Duration = Duration::from_millis(100);

impl<'o> Teller<'o> {
    pub fn of(operation: &'o Operation) -> Teller<'o> {
        Teller { operation, told: Mutex::default() }
    }
}

impl Observer for Teller<'_> {
    fn progress(&self, progress: Progress) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let soon = told.is_some_and(|told| now.saturating_duration_since(told) < BETWEEN_WORDS);
        let new = self.operation.state.send_if_modified(|state| {
            let other_phase = state.progress.is_none_or(|before| before.phase != progress.phase);
            let tell = other_phase || !soon && state.progress != Some(progress);
            if tell {
                state.progress = Some(progress);
            }
            tell
        });
        if new {
            *told = Some(now);
        }
    }
}

/// Ids rise with time, so that a list by id is one by age; the end cannot be guessed, and differs after a restart.
fn new_id(created: SystemTime) -> Id {
    let micros = created.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let chance = RandomState::new().build_hasher().finish();
    Id::parse(&format!("{micros:016x}{chance:016x}")).expect("hexadecimal digits are an id")
}

/// The operations that are known.
pub struct Operations {
    /// Done ones that are kept at most.
    most_done: usize,
    keep: Duration,
    held: Mutex<HeldOperations>,
}

#[derive(Default)]
struct HeldOperations {
    all: BTreeMap<Id, Arc<Operation>>,
    /// Those that are done and when, the first done first.
    done: VecDeque<(Instant, Id)>,
}

impl Operations {
    pub(super) fn new(most_done: usize, keep: Duration) -> Operations {
        Operations { most_done, keep, held: Mutex::default() }
    }

    pub(super) fn add(&self, operation: Arc<Operation>) {
        self.lock().all.insert(operation.name.id.clone(), operation);
    }

    /// Ends an operation, and keeps it as long as the settings say.
    pub(super) fn end(&self, operation: &Operation, outcome: Result<Finished, Error>) {
        operation.end(outcome);
        let mut held = self.lock();
        // Who deleted it meanwhile does not want the result.
        if held.all.contains_key(&operation.name.id) {
            held.done.push_back((Instant::now(), operation.name.id.clone()));
        }
        while self.most_done < held.done.len() {
            held.forget_first();
        }
    }

    pub fn get(&self, name: &OperationName) -> Result<Arc<Operation>, Error> {
        self.lock().all.get(&name.id).cloned().ok_or_else(|| not_found(name))
    }

    /// Forgets an operation; one that goes on does so, and its result is lost.
    pub fn delete(&self, name: &OperationName) -> Result<(), Error> {
        let mut held = self.lock();
        held.done.retain(|(_, id)| *id != name.id);
        held.all.remove(&name.id).map(|_| ()).ok_or_else(|| not_found(name))
    }

    /// At most `most` operations after `after`, the oldest first, and whether there are more.
    pub fn page(&self, after: Option<&Id>, most: usize) -> (Vec<Arc<Operation>>, bool) {
        let held = self.lock();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = held.all.range::<Id, _>((from, Bound::Unbounded)).map(|(_, operation)| operation.clone());
        let page = rest.by_ref().take(most).collect();
        (page, rest.next().is_some())
    }

    /// Those that are too old are never seen. Nothing that can panic runs under the lock.
    fn lock(&self) -> MutexGuard<'_, HeldOperations> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while held.done.front().is_some_and(|(since, _)| self.keep <= now.saturating_duration_since(*since)) {
            held.forget_first();
        }
        held
    }
}

impl HeldOperations {
    fn forget_first(&mut self) {
        if let Some((_, id)) = self.done.pop_front() {
            self.all.remove(&id);
        }
    }
}

fn not_found(name: &OperationName) -> Error {
    Error::NotFound { what: "operation", name: name.to_string() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use bytes::Bytes;

    use super::{Finished, Named, Operation, Operations, Teller};
    use crate::service::error::{Error, ErrorKind};
    use crate::solve::{Observer, Progress};

    const HOUR: Duration = Duration::from_secs(3600);

    fn operation() -> Arc<Operation> {
        let revision = Named::parse("name", "authorities/local/localities/north").unwrap();
        Arc::new(Operation::new(revision, "need"))
    }

    fn finished() -> Result<Finished, Error> {
        Ok(Finished { value: 7, bound: Some(8), message: Bytes::from_static(b"plan") })
    }

    #[test]
    fn what_is_done_is_kept_up_to_a_number_and_an_age_and_what_goes_on_is_kept() {
        let operations = Operations::new(2, HOUR);
        let all: Vec<Arc<Operation>> = (0..4).map(|_| operation()).collect();
        all.iter().for_each(|operation| operations.add(operation.clone()));
        let known = |at: usize| operations.get(&all[at].name).is_ok();
        operations.end(&all[2], finished());
        operations.end(&all[0], finished());
        assert!((0..4).all(known));
        operations.end(&all[1], finished());
        assert_eq!(
            (0..4).map(known).collect::<Vec<_>>(),
            [true, true, false, true],
            "the first that was done goes first"
        );
        let no_time = Operations::new(2, Duration::ZERO);
        no_time.add(all[0].clone());
        no_time.add(all[3].clone());
        no_time.end(&all[0], finished());
        assert!(no_time.get(&all[0].name).is_err_and(|error| error.kind() == ErrorKind::NotFound));
        assert!(no_time.get(&all[3].name).is_ok());
    }

    #[test]
    fn a_list_goes_on_where_it_stopped_and_what_is_deleted_stays_away() {
        let operations = Operations::new(10, HOUR);
        let all: Vec<Arc<Operation>> = (0..3).map(|_| operation()).collect();
        all.iter().for_each(|operation| operations.add(operation.clone()));
        let (first, more) = operations.page(None, 2);
        assert_eq!((first.len(), more), (2, true));
        let (rest, more) = operations.page(Some(&first[1].name.id), 2);
        assert_eq!((rest.len(), more), (1, false));
        operations.delete(&all[1].name).unwrap();
        assert!(operations.delete(&all[1].name).is_err());
        operations.end(&all[1], finished());
        assert_eq!(operations.page(None, 10).0.len(), 2);
        assert!(all[1].state().end.is_some(), "who watches it sees the end");
    }

    #[test]
    fn the_search_is_heard_phase_by_phase_and_not_word_by_word() {
        let operation = operation();
        let mut states = operation.watch();
        let teller = Teller::of(&operation);
        let say = |phase, done| teller.progress(Progress { phase, done, total: None });
        say("pairs", 0);
        assert!(states.has_changed().unwrap());
        say("plan", 0);
        assert_eq!(states.borrow_and_update().progress.map(|said| said.phase), Some("plan"));
        (1..1_000).for_each(|done| say("plan", done));
        let done = states.borrow_and_update().progress.map(|said| said.done);
        assert!(done.is_some_and(|done| done < 999), "a thousand words in one breath: {done:?}");
    }

    #[tokio::test]
    async fn a_wait_ends_with_the_operation_or_with_time() {
        let operation = operation();
        let state = operation.wait(Instant::now()).await;
        assert!(state.end.is_none());
        operation.cancel();
        operation.cancelled_while_waiting().await;
        operation.end(Err(Error::CancelledEarly));
        let state = operation.wait(Instant::now() + HOUR).await;
        assert!(state.cancel_requested && state.end.is_some_and(|end| end.outcome.is_err()));
    }
}
