//! The localities that the server holds. Readers take a snapshot and never wait; one writer at a time prepares the next.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::error::Error;
use super::memory::Reservation;
use super::names::{AuthorityName, LocalityName, Named};
use crate::domain::Id;
use crate::engine::Resident;
use crate::view::CompletenessDocument;
use crate::view::check::LocalitySummary;

/// A revision of a locality, held.
pub struct Held {
    pub about: Arc<About>,
    pub resident: Arc<Resident>,
    /// Given back when the last reader of the last revision lets go: revisions share what they hold.
    pub(super) reservation: Arc<Reservation>,
}

/// What there is to say about a revision; it outlives the revision itself.
#[derive(Debug)]
pub struct About {
    pub name: LocalityName,
    /// 64 hexadecimal digits.
    pub digest: String,
    /// Quoted, as RFC 7232 has it.
    pub etag: String,
    pub summary: LocalitySummary,
    pub completeness: CompletenessDocument,
    /// When the locality was first made.
    pub created: SystemTime,
    /// When this revision was made.
    pub updated: SystemTime,
}

impl About {
    /// The name of exactly this revision.
    pub fn revision(&self) -> Named {
        Named { locality: self.name.clone(), revision: Some(self.digest.clone()) }
    }
}

/// The etag of a revision: part of its digest is enough to tell a locality's revisions apart.
pub fn etag(digest: &str) -> String {
    format!("\"{}\"", digest.get(..32).unwrap_or(digest))
}

/// What must hold of the present state for a change to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// There is no such locality yet.
    Absent,
    /// Whatever is there, if anything.
    Whatever,
    /// This is its etag.
    Etag(String),
}

impl Precondition {
    /// `*` stands for any state.
    pub const ANY: &str = "*";

    /// Whether it holds of `present`, the locality called `name`.
    pub fn check(&self, name: &LocalityName, present: Option<&Held>) -> Result<(), Error> {
        match (self, present) {
            (Precondition::Whatever, _) | (Precondition::Absent, None) => Ok(()),
            (Precondition::Absent, Some(_)) => Err(Error::AlreadyExists { name: name.to_string() }),
            (Precondition::Etag(etag), Some(held)) if *etag == held.about.etag => Ok(()),
            (Precondition::Etag(_), Some(_)) => Err(Error::EtagMismatch { name: name.to_string() }),
            (Precondition::Etag(_), None) => Err(not_found(name)),
        }
    }
}

fn not_found(name: &impl ToString) -> Error {
    Error::NotFound { what: "locality", name: name.to_string() }
}

type Localities = BTreeMap<LocalityName, Arc<Held>>;

#[derive(Default)]
pub struct Registry {
    now: ArcSwap<Localities>,
    writer: Mutex<()>,
    /// Localities whose next revision is being prepared.
    turns: Mutex<BTreeMap<LocalityName, Weak<AsyncMutex<()>>>>,
}

/// The right to prepare a locality's next revision, held by one at a time.
pub type Turn = OwnedMutexGuard<()>;

/// The right to write, held by one at a time.
pub struct Writer<'a> {
    registry: &'a Registry,
    _alone: MutexGuard<'a, ()>,
}

impl Registry {
    pub fn find(&self, name: &LocalityName) -> Option<Arc<Held>> {
        self.now.load().get(name).cloned()
    }

    /// The locality as it is now, or the named revision if that is still the present one.
    pub fn get(&self, named: &Named) -> Result<Arc<Held>, Error> {
        let held = self.find(&named.locality);
        let wanted = |held: &Arc<Held>| named.revision.as_deref().is_none_or(|digest| digest == held.about.digest);
        held.filter(wanted).ok_or_else(|| not_found(named))
    }

    /// At most `most` localities of an authority by id, those after `after`; and whether there are more.
    pub fn page(&self, parent: &AuthorityName, after: Option<&Id>, most: usize) -> (Vec<Arc<Held>>, bool) {
        let name = |locality: &Id| LocalityName { authority: parent.authority.clone(), locality: locality.clone() };
        let now = self.now.load();
        let start = after.map(name);
        let from = start.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = now
            .range((from, Bound::Unbounded))
            .skip_while(|(name, _)| name.authority < parent.authority)
            .take_while(|(name, _)| name.authority == parent.authority)
            .map(|(_, held)| held.clone());
        let page = rest.by_ref().take(most).collect();
        (page, rest.next().is_some())
    }

    /// Waits, without a thread, until nobody else prepares the next revision of this locality. First come, first served.
    /// Readers have nothing to do with it.
    pub async fn turn(&self, name: &LocalityName) -> Turn {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| 0 < turn.strong_count());
            let turn = turns.get(name).and_then(Weak::upgrade).unwrap_or_default();
            turns.insert(name.clone(), Arc::downgrade(&turn));
            turn
        };
        turn.lock_owned().await
    }

    /// Waits for its turn: nothing long is done under this lock.
    pub fn write(&self) -> Writer<'_> {
        Writer { registry: self, _alone: self.writer.lock().unwrap_or_else(PoisonError::into_inner) }
    }
}

impl Writer<'_> {
    pub fn find(&self, name: &LocalityName) -> Option<Arc<Held>> {
        self.registry.find(name)
    }

    pub fn put(&mut self, held: Arc<Held>) {
        self.change(|next| drop(next.insert(held.about.name.clone(), held)));
    }

    pub fn remove(&mut self, name: &LocalityName) {
        self.change(|next| drop(next.remove(name)));
    }

    /// Copies the map, which holds pointers alone: readers of the one before are not disturbed.
    fn change(&mut self, change: impl FnOnce(&mut Localities)) {
        let mut next = Localities::clone(&self.registry.now.load());
        change(&mut next);
        self.registry.now.store(Arc::new(next));
    }
}
