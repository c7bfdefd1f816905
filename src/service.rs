//! What stands between the wire and the engine: which localities are held, who may work now, when work has to stop, and
//! what was asked before. It knows nothing of how messages look.

pub mod error;
pub mod memory;
pub mod names;
pub mod operations;
pub mod pages;
pub mod plans;
pub mod pool;
pub mod registry;
pub mod requests;
pub mod settings;
pub mod upload;
pub mod watch;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use tracing::{error, info};

use crate::domain::check::NotLoaded;
use crate::domain::{BadRows, Change, Draft, Id, Problem};
use crate::engine::{Applied, Failure, Loaded, Resident};
use crate::import::bundle;
use crate::solve::Effort;
use crate::view::{CheckDocument, check};

pub use error::{Error, ErrorKind, Origin, Violation};
pub use memory::MemoryBudget;
pub use names::{AuthorityName, LocalityName, Named, OperationName};
pub use operations::{Operation, Operations};
pub use plans::PlanOrder;
pub use pool::SolverPool;
pub use registry::{About, Held, Precondition, Registry};
pub use requests::{RequestKey, RequestMemory};
pub use settings::{BadSettings, Connections, Limits, Settings};
pub use upload::{Assembly, Bundle};
pub use watch::{BeforeAnswer, CallLimits, CallWatch};

pub struct Service {
    settings: Settings,
    registry: Arc<Registry>,
    /// For questions.
    solvers: SolverPool,
    /// For changes and what they would come to: a slow one never keeps a question waiting.
    changers: SolverPool,
    /// For plans, which may take long.
    planners: SolverPool,
    operations: Arc<Operations>,
    memory: Arc<MemoryBudget>,
    answered: Arc<Mutex<RequestMemory<Answered>>>,
}

/// Where the locality of a question is.
pub enum Source {
    /// Held by the server.
    Named(Named),
    /// Sent along. Read on a solver thread, since that is work. `bytes` is its length as it was sent.
    Inline { draft: Box<dyn FnOnce() -> Result<Draft, Error> + Send>, bytes: u64, bad_rows: BadRows },
}

/// What an upload is meant to do.
#[derive(Clone, Debug)]
pub struct UploadOrder {
    pub name: LocalityName,
    pub request: Option<RequestKey>,
    pub precondition: Precondition,
    pub validate_only: bool,
    pub bad_rows: BadRows,
}

/// A locality made by an upload or by changes, and its first warnings (`about.completeness.warnings` has their number).
#[derive(Clone, Debug)]
pub struct Uploaded {
    pub about: Arc<About>,
    pub warnings: Arc<Vec<Problem>>,
}

#[derive(Clone, Debug)]
pub struct DeleteOrder {
    pub name: LocalityName,
    pub request: Option<RequestKey>,
    pub precondition: Precondition,
    pub validate_only: bool,
}

/// What to change in a locality.
#[derive(Clone, Debug)]
pub struct ChangeOrder {
    pub name: LocalityName,
    pub request: Option<RequestKey>,
    pub precondition: Precondition,
    pub validate_only: bool,
    pub changes: Vec<Change>,
}

/// An answer that is kept for a repeat of its request.
#[derive(Clone)]
enum Answered {
    Upload(Uploaded),
    Delete,
    Plan(OperationName),
}

impl Service {
    /// Starts the solver threads.
    pub fn start(settings: Settings) -> io::Result<Service> {
        let limits = settings.limits;
        Ok(Service {
            registry: Arc::default(),
            solvers: SolverPool::start(settings.solver_threads, settings.most_waiting)?,
            changers: SolverPool::start(settings.solver_threads, settings.most_waiting)?,
            planners: SolverPool::start(settings.solver_threads, settings.most_waiting)?,
            operations: Arc::new(Operations::new(limits.operations_kept, limits.operation_kept)),
            memory: MemoryBudget::new(limits.memory_bytes),
            answered: Arc::new(Mutex::new(RequestMemory::new(limits.remembered, limits.request_id_kept))),
            settings,
        })
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn solvers(&self) -> &SolverPool {
        &self.solvers
    }

    pub fn changers(&self) -> &SolverPool {
        &self.changers
    }

    pub fn planners(&self) -> &SolverPool {
        &self.planners
    }

    /// Plans that go on, and those that are done and not yet forgotten.
    pub fn operations(&self) -> &Operations {
        &self.operations
    }

    /// Tells all work to stop, and takes no more.
    pub fn close(&self) {
        self.solvers.close();
        self.changers.close();
        self.planners.close();
    }

    /// Asks `question` of a locality on a solver thread.
    pub async fn ask<T: Send + 'static>(
        &self,
        source: Source,
        limits: CallLimits,
        question: impl FnOnce(&Resident, &Effort<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        match source {
            Source::Named(named) => {
                let held = self.get(&named)?;
                self.solvers
                    .run(limits, move |watch| answer(question(&held.resident, &effort(watch)), Origin::Files))
                    .await
            }
            Source::Inline { draft, bytes, bad_rows } => {
                let reservation = self.memory.open();
                reservation.grow(MemoryBudget::resident_bytes(bytes))?;
                let work = move |watch: &CallWatch| {
                    let _reservation = reservation;
                    let loaded = load(draft()?, bad_rows, Origin::Inline, watch)?;
                    watch.over().map_or(Ok(()), Err)?;
                    answer(question(&loaded.resident, &effort(watch)), Origin::Inline)
                };
                self.solvers.run(limits, work).await
            }
        }
    }

    /// Asks `question` of two held localities, on one solver thread. Whoever mixes the two writes both down and reads a
    /// third, and room for three is set aside for that.
    pub async fn ask_of_both<T: Send + 'static>(
        &self,
        [one, other]: [Named; 2],
        limits: CallLimits,
        question: impl FnOnce([&Resident; 2], &Effort<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let (one, other) = (self.get(&one)?, self.get(&other)?);
        let work =
            move |watch: &CallWatch| answer(question([&one.resident, &other.resident], &effort(watch)), Origin::Files);
        self.solvers.run(limits, work).await
    }

    /// The authority, if it is served here.
    pub fn authority(&self, name: &AuthorityName) -> Result<(), Error> {
        match self.settings.authorities.contains(&name.authority) {
            true => Ok(()),
            false => Err(Error::NotFound { what: "authority", name: name.to_string() }),
        }
    }

    pub fn get(&self, named: &Named) -> Result<Arc<Held>, Error> {
        self.registry.get(named)
    }

    /// At most `most` localities by id after `after`, and whether there are more.
    pub fn page(
        &self,
        parent: &AuthorityName,
        after: Option<&Id>,
        most: usize,
    ) -> Result<(Vec<Arc<Held>>, bool), Error> {
        self.authority(parent)?;
        Ok(self.registry.page(parent, after, most))
    }

    /// Refuses an upload before its files are sent, where that is certain already.
    pub fn begin_upload(&self, order: &UploadOrder) -> Result<Assembly, Error> {
        self.authority(&AuthorityName { authority: order.name.authority.clone() })?;
        // A repeat of an answered request finds the state that the first one made: only its body can tell.
        if order.request.is_none() {
            order.precondition.check(&order.name, self.registry.find(&order.name).as_deref())?;
        }
        Ok(Assembly::new(self.settings.limits.bundle_bytes, &self.memory))
    }

    /// Reads and checks the bundle on a solver thread, and makes it the locality's present revision.
    pub async fn finish_upload(
        &self,
        order: UploadOrder,
        assembly: Assembly,
        limits: CallLimits,
    ) -> Result<Uploaded, Error> {
        let (registry, memory, answered) = (self.registry.clone(), self.memory.clone(), self.answered.clone());
        let most_warnings = self.settings.limits.answer_rows;
        let work = move |watch: &CallWatch| {
            let bundle = assembly.finish();
            let body = bundle.digest(&[
                "upload",
                &order.name.to_string(),
                &format!("{:?} {} {:?}", order.precondition, order.validate_only, order.bad_rows),
            ]);
            let now = Instant::now();
            if let Some(Answered::Upload(first)) = recall(&answered, order.request.as_ref(), &body, now)? {
                return Ok(first);
            }
            let reservation = memory.open();
            reservation.grow(MemoryBudget::resident_bytes(bundle.bytes))?;
            // The files' memory is given back when the draft is made: reading takes them.
            let Bundle { files, bytes: _, reservation: _files_reservation } = bundle;
            let before = BeforeAnswer(watch);
            let draft = bundle::read_files(files, &Effort::unlimited().watched(&before))
                .map_err(|not_loaded| refused(not_loaded, Origin::Files, watch))?;
            let loaded = load(draft, order.bad_rows, Origin::Files, watch)?;
            watch.over().map_or(Ok(()), Err)?;
            let CheckDocument { summary: Some(summary), completeness: Some(completeness), .. } =
                check::accepted(&loaded)
            else {
                return Err(Error::Internal { log: "an accepted locality has a summary".to_owned() });
            };
            let Loaded { resident, mut warnings } = loaded;
            warnings.truncate(most_warnings);

            let mut writer = registry.write();
            // Again, under the writer's lock: the same request may have been on its way twice.
            if let Some(Answered::Upload(first)) = recall(&answered, order.request.as_ref(), &body, now)? {
                return Ok(first);
            }
            let present = writer.find(&order.name);
            order.precondition.check(&order.name, present.as_deref())?;
            let updated = SystemTime::now();
            let about = Arc::new(About {
                name: order.name,
                digest: resident.digest().to_owned(),
                etag: registry::etag(resident.digest()),
                summary,
                completeness,
                created: present.map_or(updated, |present| present.about.created),
                updated,
            });
            let uploaded = Uploaded { about: about.clone(), warnings: Arc::new(warnings) };
            if order.validate_only {
                return Ok(uploaded);
            }
            info!(locality.name = %about.name, "Locality {} is now {}", about.name, about.etag);
            writer.put(Arc::new(Held { about, resident: Arc::new(resident), reservation: Arc::new(reservation) }));
            if let Some(key) = order.request {
                let weight = 1 + uploaded.warnings.len();
                lock(&answered).remember(key, body, Answered::Upload(uploaded.clone()), weight, now);
            }
            Ok(uploaded)
        };
        self.solvers.run(limits, work).await
    }

    /// Makes the next revision of a locality out of changes. It is prepared beside the present one, solved if that was,
    /// and put in its place at once: whoever reads has the one or the other and waits for neither. Changes of one
    /// locality are made one after another; an upload that came between is what they are made of then.
    ///
    /// The call's deadline ends it: nothing is changed then.
    pub async fn apply_changes(&self, order: ChangeOrder, limits: CallLimits) -> Result<Uploaded, Error> {
        self.authority(&AuthorityName { authority: order.name.authority.clone() })?;
        let turn = tokio::time::timeout_at(limits.deadline.into(), self.registry.turn(&order.name));
        let turn = turn.await.map_err(|_| Error::Deadline)?;
        let (registry, answered) = (self.registry.clone(), self.answered.clone());
        let most_warnings = self.settings.limits.answer_rows;
        let work = move |watch: &CallWatch| {
            let _turn = turn;
            let ChangeOrder { name, request, precondition, validate_only, changes } = order;
            let body = requests::digest(&[
                "changes",
                &name.to_string(),
                &format!("{precondition:?} {validate_only}"),
                &format!("{changes:?}"),
            ]);
            let now = Instant::now();
            loop {
                if let Some(Answered::Upload(first)) = recall(&answered, request.as_ref(), &body, now)? {
                    return Ok(first);
                }
                let Some(present) = registry.find(&name) else {
                    return Err(Error::NotFound { what: "locality", name: name.to_string() });
                };
                precondition.check(&name, Some(&present))?;
                let applied = match validate_only {
                    true => present.resident.revised(&changes, &effort(watch)),
                    false => present.resident.apply(&changes, &effort(watch)),
                };
                watch.over().map_or(Ok(()), Err)?;
                let Applied { resident, mut warnings, .. } = answer(applied, Origin::Changes)?;
                warnings.truncate(most_warnings);
                let about = Arc::new(About {
                    name: name.clone(),
                    digest: resident.digest().to_owned(),
                    etag: registry::etag(resident.digest()),
                    summary: check::summary(&resident),
                    completeness: check::completeness_of(&resident),
                    created: present.about.created,
                    updated: SystemTime::now(),
                });
                let changed = Uploaded { about: about.clone(), warnings: Arc::new(warnings) };
                if validate_only {
                    return Ok(changed);
                }
                present.reservation.grow(more_bytes(&present, &resident))?;
                let mut writer = registry.write();
                // An upload may have put another revision there meanwhile, or someone deleted the locality.
                if !writer.find(&name).is_some_and(|now| Arc::ptr_eq(&now, &present)) {
                    continue;
                }
                info!(locality.name = %name, changes = changes.len(), "Locality {name} is now {}", about.etag);
                let reservation = Arc::clone(&present.reservation);
                writer.put(Arc::new(Held { about, resident: Arc::new(resident), reservation }));
                if let Some(key) = request {
                    let weight = 1 + changed.warnings.len();
                    lock(&answered).remember(key, body, Answered::Upload(changed.clone()), weight, now);
                }
                return Ok(changed);
            }
        };
        self.changers.run(limits, work).await
    }

    /// Asks what changes would come to, apart from those who only read.
    pub async fn ask_what_if<T: Send + 'static>(
        &self,
        named: Named,
        limits: CallLimits,
        question: impl FnOnce(&Resident, &Effort<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let held = self.get(&named)?;
        let work = move |watch: &CallWatch| answer(question(&held.resident, &effort(watch)), Origin::Changes);
        self.changers.run(limits, work).await
    }

    pub fn delete(&self, order: DeleteOrder) -> Result<(), Error> {
        self.authority(&AuthorityName { authority: order.name.authority.clone() })?;
        let body = requests::digest(&["delete", &order.name.to_string(), &format!("{:?}", order.precondition)]);
        let now = Instant::now();
        let mut writer = self.registry.write();
        if recall(&self.answered, order.request.as_ref(), &body, now)?.is_some() {
            return Ok(());
        }
        let present = writer.find(&order.name);
        if present.is_none() {
            return Err(Error::NotFound { what: "locality", name: order.name.to_string() });
        }
        order.precondition.check(&order.name, present.as_deref())?;
        if order.validate_only {
            return Ok(());
        }
        writer.remove(&order.name);
        if let Some(key) = order.request {
            lock(&self.answered).remember(key, body, Answered::Delete, 1, now);
        }
        info!(locality.name = %order.name, "Locality {} deleted", order.name);
        Ok(())
    }
}

/// What the rows that a revision has more than the one before take, by what a row takes on average.
fn more_bytes(before: &Held, after: &Resident) -> u64 {
    let rows = |resident: &Resident| (resident.locality().needs().len() + resident.locality().offers().len()) as u64;
    let (had, has) = (rows(&before.resident), rows(after));
    let each = before.reservation.bytes() / had.max(1);
    has.saturating_sub(had).saturating_mul(each)
}

fn effort(watch: &CallWatch) -> Effort<'_> {
    Effort::unlimited().watched(watch)
}

fn load(draft: Draft, bad_rows: BadRows, origin: Origin, watch: &CallWatch) -> Result<Loaded, Error> {
    let before = BeforeAnswer(watch);
    let effort = Effort::unlimited().watched(&before);
    Resident::load(draft, bad_rows, &effort).map_err(|not_loaded| refused(not_loaded, origin, watch))
}

fn refused(not_loaded: NotLoaded, origin: Origin, watch: &CallWatch) -> Error {
    match not_loaded {
        NotLoaded::Problems(problems) => Error::Refused { problems, origin },
        NotLoaded::Stopped(_) => watch.over().unwrap_or(Error::Deadline),
    }
}

/// Whose fault a failure is. One place, so that every answer agrees.
fn answer<T>(outcome: Result<T, Failure>, origin: Origin) -> Result<T, Error> {
    outcome.map_err(|failure| match failure {
        Failure::NotFound { what, id } => Error::NotFound { what, name: id },
        Failure::BadInput(problems) => Error::Refused { problems, origin },
        Failure::BadQuestion(problems) => Error::Invalid(problems.iter().map(Violation::of_question).collect()),
        Failure::Stopped(_) => Error::Deadline,
        Failure::Backend(log) => {
            error!(backend.error = log, "The backend failed: {log}");
            Error::Internal { log }
        }
    })
}

fn recall(
    answered: &Mutex<RequestMemory<Answered>>,
    key: Option<&RequestKey>,
    body: &requests::BodyDigest,
    now: Instant,
) -> Result<Option<Answered>, Error> {
    key.map_or(Ok(None), |key| lock(answered).recall(key, body, now))
}

/// The memory is never left half changed: nothing that can panic runs under its lock.
fn lock(answered: &Mutex<RequestMemory<Answered>>) -> std::sync::MutexGuard<'_, RequestMemory<Answered>> {
    answered.lock().unwrap_or_else(PoisonError::into_inner)
}
