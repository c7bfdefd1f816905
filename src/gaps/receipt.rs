//! Need by receipt: do those in need receive, and are those who receive in need?
//!
//! Two definitions, because the definition drives the gap: [`Typed`] holds a child-need against a receipt whose type meets
//! its kind; [`Any`] a child with at least so many domains of need, at some level, against a receipt of anything. And
//! [`Retargeting`] says how much of the unmet need today's receipts, idle places and missing places each account for.
//!
//! What receipts do not say is never guessed. A receipt that does not say of which need it is may be of someone in need
//! or of someone who is not, so each table is a pair of tables: one reads all that is not known against the targeting,
//! the other in its favour, and every table that fits the receipts lies between them cell by cell.

mod any;
mod population;
mod retargeting;
#[cfg(test)]
mod tests;
mod typed;

use super::most::Member;
use super::received::Received;
use super::subgroup::{Members, Subgroup};
use crate::domain::Locality;
use crate::eligibility::{Pairs, Profiles};
use crate::matching::NotFormulated;
use crate::measures::targeting::NeedReceipt;
use crate::solve::{Effort, StopReason};

pub use any::{Any, AnyCell, AnyLeftOut};
pub use population::NoPopulation;
pub use retargeting::{Parts, Retargeting};
pub use typed::{Typed, TypedLeftOut};

/// What the receipts of a locality say.
#[derive(Clone, Debug, PartialEq)]
pub struct NeedByReceipt {
    pub typed: Typed,
    pub any: Any,
    pub retargeting: Retargeting,
}

/// A 2 x 2 table between its bounds. Over the areas that are inside and the needs that count; a receipt that does not say
/// where its child lives counts as inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// All that is not known read against the targeting: as few of those in need receive, and as many others.
    pub low: NeedReceipt,
    /// The same in its favour.
    pub high: NeedReceipt,
    /// n, or why there is none: then `neither` is not known.
    pub population: Result<u64, NoPopulation>,
}

impl Table {
    /// Nothing that the receipts leave open touches this table.
    pub fn is_exact(&self) -> bool {
        self.low == self.high
    }
}

/// The tables of a locality; None where receipts are not recorded. O(needs log needs + receipts log receipts +
/// population), and for [`Retargeting`] two flows over all pairs, or four where receipts leave places open.
pub fn need_by_receipt(
    locality: &Locality,
    profiles: &Profiles,
    pairs: &Pairs,
    effort: &Effort,
) -> Result<Option<NeedByReceipt>, NotFormulated> {
    let Some(received) = Received::of(locality, effort)? else { return Ok(None) };
    let Members { needs, .. } = Subgroup::default().members(locality, effort)?;
    let typed = typed::tables(locality, &received, &needs, effort)?;
    let any = any::tables(locality, &received, &needs, effort)?;
    let mut members: Vec<Member> = needs.into_iter().map(|need| (pairs.spots().class_of(need), need)).collect();
    effort.sort(&mut members)?;
    let retargeting = retargeting::parts(locality, profiles, pairs, &received, &members, &typed.sum, effort)?;
    Ok(Some(NeedByReceipt { typed, any, retargeting }))
}

/// The typed tables alone; None where receipts are not recorded. O(needs log needs + receipts log receipts + population).
pub fn typed_tables(locality: &Locality, effort: &Effort) -> Result<Option<Typed>, StopReason> {
    let Some(received) = Received::of(locality, effort)? else { return Ok(None) };
    let Members { needs, .. } = Subgroup::default().members(locality, effort)?;
    typed::tables(locality, &received, &needs, effort).map(Some)
}

/// What goes into a table, while it is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    /// In need.
    need: u64,
    /// Of those, they receive.
    both: u64,
    /// Of those, they may receive: how many is not known.
    both_maybe: u64,
    /// Receive without the need.
    without: u64,
    /// The same, if they belong in this table at all.
    without_maybe: u64,
    /// Receive; whether with the need, without it, or as someone already counted, is not known.
    either: u64,
    /// There are more `without_maybe`, and how many is not known.
    without_open: bool,
    /// There are more `either`, and how many is not known.
    either_open: bool,
    /// Something was counted here itself, not only what may belong anywhere.
    is_seen: bool,
}

/// Whether what is counted belongs in this table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Here {
    Surely,
    Perhaps,
}

impl Counts {
    fn need(&mut self, children: u64, receive: u64, may_receive: u64) {
        self.is_seen = true;
        self.need = self.need.saturating_add(children);
        self.both = self.both.saturating_add(receive);
        self.both_maybe = self.both_maybe.saturating_add(may_receive);
    }

    /// Children who receive without the need; None: how many is not known.
    fn without(&mut self, here: Here, children: Option<u64>) {
        self.is_seen = true;
        match (children, here) {
            (Some(children), Here::Surely) => self.without = self.without.saturating_add(children),
            (Some(children), Here::Perhaps) => self.without_maybe = self.without_maybe.saturating_add(children),
            (None, _) => self.without_open = true,
        }
    }

    /// Children who receive, with the need or not.
    fn either(&mut self, children: Option<u64>) {
        self.is_seen = true;
        match children {
            Some(children) => self.either = self.either.saturating_add(children),
            None => self.either_open = true,
        }
    }

    /// With what may belong in any of several tables.
    fn with_anywhere(mut self, anywhere: &Counts) -> Counts {
        self.without_maybe = self.without_maybe.saturating_add(anywhere.without_maybe);
        self.either = self.either.saturating_add(anywhere.either);
        self.without_open |= anywhere.without_open;
        self.either_open |= anywhere.either_open;
        self
    }

    /// `others_recorded`: receipts of children without the need are recorded at all.
    fn table(&self, population: Result<u64, NoPopulation>, others_recorded: bool) -> Table {
        let Counts { need, both, both_maybe, without, without_maybe, either, without_open, either_open, .. } = *self;
        let population = match population {
            Ok(n) if others_recorded && n < need.saturating_add(without) => Err(NoPopulation::FewerThanCounted),
            Ok(n) if n < need => Err(NoPopulation::FewerThanCounted),
            population => population,
        };
        let both_most = both.saturating_add(both_maybe).saturating_add(either);
        let both_most = if either_open { need } else { need.min(both_most) };
        let without_most = without.saturating_add(without_maybe).saturating_add(either);
        // No more can receive without the need than are without it.
        let without_most = population.map_or(without_most, |n| without_most.min(n - need));
        let table = |both: u64, receipt_only: Option<u64>| NeedReceipt {
            both,
            need_only: need - both,
            receipt_only,
            neither: population.ok().zip(receipt_only).map(|(n, receipt_only)| n - need - receipt_only),
        };
        Table {
            low: table(both, (others_recorded && !without_open && !either_open).then_some(without_most)),
            high: table(both_most, others_recorded.then_some(without)),
            population,
        }
    }
}
