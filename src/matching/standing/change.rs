//! From rows that changed to changes of the network.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::groups::{Groups, NewGroup};
use super::terms::{Terms, has_number};
use super::{Edits, NONE, Standing};
use crate::domain::policy::StageName;
use crate::domain::{DeclineWho, Id, KindIx, Locality, NeedIx, Offer, OfferIx, Status};
use crate::eligibility::{Answer, Declines, NeedFacts, OfferFacts, Profiles, judge_facts, reach_facts};
use crate::matching::formulate::StageMeaning;
use crate::matching::reading::{Reading, Room, asking_of};
use crate::solve::standing::{Change, NotChanged, SourceParts};
use crate::solve::{Effort, StopReason};

/// A locality before and after, with what is built of the one after.
#[derive(Clone, Copy)]
pub(super) struct Revisions<'a> {
    pub before: &'a Locality,
    pub after: &'a Locality,
    pub profiles: &'a Profiles,
    pub declines: &'a Declines,
}

/// Why there is no standing matching of the locality after.
pub(super) enum NotRepaired {
    SolveAfresh,
    Stopped(StopReason),
}

impl From<StopReason> for NotRepaired {
    fn from(reason: StopReason) -> NotRepaired {
        NotRepaired::Stopped(reason)
    }
}

impl From<NewGroup> for NotRepaired {
    fn from(_: NewGroup) -> NotRepaired {
        NotRepaired::SolveAfresh
    }
}

impl From<NotChanged> for NotRepaired {
    fn from(not_changed: NotChanged) -> NotRepaired {
        match not_changed {
            NotChanged::Refused(_) => NotRepaired::SolveAfresh,
            NotChanged::Stopped(reason) => NotRepaired::Stopped(reason),
        }
    }
}

/// Repairing so many needs one by one takes as long as solving afresh.
const MOST_NEEDS: usize = 5_000;

pub(super) fn after(
    standing: &Standing,
    revisions: Revisions,
    edits: &Edits,
    effort: &Effort,
) -> Result<Standing, NotRepaired> {
    let Revisions { before, after, .. } = revisions;
    let holders_limited = after.policy().limits.placements_per_holder != 0 && !edits.needs.is_empty();
    if !same_frame(before, after) || holders_limited {
        return Err(NotRepaired::SolveAfresh);
    }
    // Before the copy: else each change would find it anew.
    standing.optimum.prepare(effort)?;
    let mut change = Changing { revisions, effort, standing: standing.clone(), changes: Vec::new() };
    let (needs, gone_needs) = change.move_needs(&edits.needs);
    let rewired = change.offers(&edits.offers)?;
    let mut touched: BTreeSet<NeedIx> = needs.iter().copied().collect();
    change.declined(edits, &mut touched)?;
    for offer in rewired {
        change.takers(offer, &mut touched)?;
    }
    if MOST_NEEDS < touched.len() {
        return Err(NotRepaired::SolveAfresh);
    }
    change.needs(&needs, &gone_needs, &touched)?;
    let Changing { mut standing, changes, .. } = change;
    standing.optimum = standing.optimum.after(&changes, effort)?;
    if still_skipped(&standing, after) { Ok(standing) } else { Err(NotRepaired::SolveAfresh) }
}

/// Whether all that positions and costs rest on is as it was.
fn same_frame(before: &Locality, after: &Locality) -> bool {
    before.policy() == after.policy()
        && before.areas().len() == after.areas().len()
        && before.kinds().len() == after.kinds().len()
        && before.services().len() == after.services().len()
        && before.providers().len() == after.providers().len()
        && before.group_columns() == after.group_columns()
}

/// Whether the stages that are skipped because pairs lack numbers still have one such pair each.
fn still_skipped(standing: &Standing, after: &Locality) -> bool {
    let lacks = |stage: StageName| {
        let needs = (0..after.needs().len()).filter(|need| standing.sources[*need] != NONE);
        let mut pairs = needs.flat_map(|need| {
            let pairs = standing.optimum.parts(standing.sources[need]).pairs;
            pairs.into_iter().map(move |pair| (NeedIx::new(need), pair.sink))
        });
        pairs.any(|(need, sink)| {
            standing.offers[sink as usize].is_some_and(|offer| !has_number(after, stage, need, offer))
        })
    };
    let skipped = standing.first.formulation.skipped.iter().map(|skipped| skipped.stage);
    skipped.filter(|stage| matches!(stage, StageName::Effect | StageName::Travel | StageName::Cost)).all(lacks)
}

/// A standing matching on its way from one locality to the next: its positions are those of the next one already, its
/// optimum is still that of the one before.
struct Changing<'a> {
    revisions: Revisions<'a>,
    effort: &'a Effort<'a>,
    standing: Standing,
    /// What the optimum will be asked to make.
    changes: Vec<Change>,
}

impl Changing<'_> {
    /// Brings the lists by need to the positions of the locality after. Gives the edited needs that are there, and the
    /// sources of those that are gone.
    fn move_needs(&mut self, edited: &[Id]) -> (Vec<NeedIx>, Vec<u32>) {
        let Revisions { before, after, .. } = self.revisions;
        let edited: BTreeSet<&Id> = edited.iter().collect();
        let (mut added, mut removed, mut there) = (Vec::new(), Vec::new(), Vec::new());
        for id in edited {
            let (old, new) = (before.find_need(id.as_str()), after.find_need(id.as_str()));
            there.extend(new);
            match (old, new) {
                (None, Some(new)) => added.push(new.ix()),
                (Some(old), None) => removed.push(old.ix()),
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
        let gone = removed.iter().map(|need| self.standing.sources[*need]).filter(|source| *source != NONE).collect();
        moved(&mut self.standing.sources, &removed, &added, NONE);
        moved(&mut self.standing.asking, &removed, &added, None);
        (there, gone)
    }

    /// Brings the lists by offer to the positions of the locality after, and writes down what becomes of places. Gives
    /// the offers that take other needs than before.
    fn offers(&mut self, edited: &[Id]) -> Result<Vec<OfferIx>, NotRepaired> {
        let Revisions { before, after, .. } = self.revisions;
        let edited: BTreeSet<&Id> = edited.iter().collect();
        let found = |id: &&Id| (before.find_offer(id.as_str()), after.find_offer(id.as_str()));
        let edited: Vec<(Option<OfferIx>, Option<OfferIx>)> = edited.iter().map(found).collect();
        let removed = edited.iter().filter_map(|(old, new)| old.filter(|_| new.is_none()));
        let removed: Vec<usize> = removed.map(OfferIx::ix).collect();
        let added = edited.iter().filter_map(|(old, new)| new.filter(|_| old.is_none()));
        let added: Vec<usize> = added.map(OfferIx::ix).collect();
        for offer in &removed {
            self.close(self.standing.sinks[*offer]);
        }
        moved(&mut self.standing.sinks, &removed, &added, NONE);
        if !removed.is_empty() || !added.is_empty() {
            let offers = Arc::make_mut(&mut self.standing.offers);
            offers.fill(None);
            for (offer, sink) in self.standing.sinks.iter().enumerate().filter(|(_, sink)| **sink != NONE) {
                offers[*sink as usize] = Some(OfferIx::new(offer));
            }
        }
        let mut rewired = Vec::new();
        for (old, new) in edited {
            let Some(new) = new else { continue };
            let room = Reading::Policy.room(after, new);
            let sink = self.standing.sinks[new.ix()];
            let same_takers = old.is_some_and(|old| takes_alike(&before.offers()[old.ix()], &after.offers()[new.ix()]));
            if room == Room::NotKnown {
                self.close(sink);
                Arc::make_mut(&mut self.standing.sinks)[new.ix()] = NONE;
            } else if sink != NONE && same_takers {
                self.changes.push(Change::Places { sink, places: room.places() });
            } else {
                // Its pairs are others now: the sink of before is closed, and a new one takes those who may come.
                self.close(sink);
                self.open(new, room);
                rewired.push(new);
            }
        }
        Ok(rewired)
    }

    /// No place is left in a sink, and it stands for no offer.
    fn close(&mut self, sink: u32) {
        if sink != NONE {
            self.changes.push(Change::Places { sink, places: Some(0) });
            Arc::make_mut(&mut self.standing.offers)[sink as usize] = None;
        }
    }

    fn open(&mut self, offer: OfferIx, room: Room) {
        let provider = self.revisions.after.service_of(offer).provider;
        let providers = &self.standing.first.formulation.providers;
        let limit = providers.iter().position(|limited| *limited == provider).map(|at| at as u32);
        self.changes.push(Change::NewSink { places: room.places(), limit });
        let offers = Arc::make_mut(&mut self.standing.offers);
        Arc::make_mut(&mut self.standing.sinks)[offer.ix()] = offers.len() as u32;
        offers.push(Some(offer));
    }

    /// Needs that a decline that came or went speaks of.
    fn declined(&self, edits: &Edits, touched: &mut BTreeSet<NeedIx>) -> Result<(), NotRepaired> {
        let Revisions { before, after, .. } = self.revisions;
        let new_of = |need: NeedIx| after.find_need(before.needs()[need.ix()].id.as_str());
        for (who, _) in &edits.declined {
            self.each_of(after, *who, |need| touched.extend([need]))?;
        }
        for (who, _) in &edits.no_longer_declined {
            self.each_of(before, *who, |need| touched.extend(new_of(need)))?;
        }
        Ok(())
    }

    fn each_of(&self, locality: &Locality, who: DeclineWho, mut visit: impl FnMut(NeedIx)) -> Result<(), NotRepaired> {
        let is_meant = |need: NeedIx| match who {
            DeclineWho::Need(_) => false,
            DeclineWho::Holder(holder) => locality.needs()[need.ix()].holder == holder,
            DeclineWho::Everyone { kind, area } => {
                locality.needs()[need.ix()].kind == kind
                    && locality.area_and_ancestors(locality.holder(need).area).any(|own| own == area)
            }
        };
        if let DeclineWho::Need(need) = who {
            visit(need);
            return Ok(());
        }
        self.effort.tick(locality.needs().len() as u64)?;
        (0..locality.needs().len()).map(NeedIx::new).filter(|need| is_meant(*need)).for_each(visit);
        Ok(())
    }

    /// Needs that an offer may take, declines left out of account.
    fn takers(&self, offer: OfferIx, touched: &mut BTreeSet<NeedIx>) -> Result<(), NotRepaired> {
        let Revisions { after, profiles, .. } = self.revisions;
        let facts = OfferFacts::of(after, offer);
        let service = after.offers()[offer.ix()].service;
        let fits: Vec<bool> = (0..after.kinds().len())
            .map(|kind| profiles.fitting_services(KindIx::new(kind)).any(|fitting| fitting == service))
            .collect();
        for (position, need) in after.needs().iter().enumerate().filter(|(_, need)| fits[need.kind.ix()]) {
            self.effort.tick(1 << 4)?;
            let asker = NeedFacts::of(after, NeedIx::new(position));
            if reach_facts(after, &asker, &facts).verdict.answer() != Answer::No
                && judge_facts(after, &asker, &facts).answer() != Answer::No
                && self.standing.asking[position] != Some(0)
                && need.counts
            {
                touched.insert(NeedIx::new(position));
            }
        }
        Ok(())
    }

    /// Writes down what becomes of sources and of the groups they count in.
    fn needs(&mut self, edited: &[NeedIx], gone: &[u32], touched: &BTreeSet<NeedIx>) -> Result<(), NotRepaired> {
        let Revisions { after, profiles, declines, .. } = self.revisions;
        let mut edited: Vec<NeedIx> = edited.to_vec();
        edited.sort_unstable();
        let asking = asking_of(after, Reading::Policy, &edited);
        for (need, asking) in edited.iter().zip(asking) {
            Arc::make_mut(&mut self.standing.asking)[need.ix()] = asking;
        }
        let standing = &mut self.standing;
        let first = Arc::clone(&standing.first);
        let groups = Groups { locality: after, formulation: &first.formulation };
        let sinks = Arc::clone(&standing.sinks);
        let stages = standing.stages.clone();
        let terms = Terms { locality: after, profiles, declines, sinks: &sinks, stages: &stages };
        let mut moves = Moves::default();
        for &source in gone {
            let was = standing.optimum.parts(source);
            moves.source(&groups, &stages, Some(source), was, SourceParts::default());
        }
        for &need in touched {
            self.effort.tick(1 << 6)?;
            let source = standing.sources[need.ix()];
            let units = standing.asking[need.ix()].unwrap_or(0);
            let was = if source == NONE { SourceParts::default() } else { standing.optimum.parts(source) };
            let is_edited = edited.binary_search(&need).is_ok();
            let now = if units == 0 {
                SourceParts::default()
            } else {
                let pool = if is_edited { groups.leaf(need)? } else { was.pool };
                terms.source(need, units, pool).ok_or(NotRepaired::SolveAfresh)?
            };
            if was == now {
                continue;
            }
            let sources = Arc::make_mut(&mut standing.sources);
            if source == NONE {
                sources[need.ix()] = (standing.optimum.n_sources() + moves.new_sources()) as u32;
            } else if units == 0 {
                sources[need.ix()] = NONE;
            }
            moves.source(&groups, &stages, Some(source).filter(|source| *source != NONE), was, now);
        }
        self.changes.extend(moves.changes(&groups, &mut standing.pool_units)?);
        for (stage, more) in standing.stages.iter_mut().zip(&moves.totals) {
            // The locality's check keeps the greatest sum below 2^53.
            stage.total += more;
        }
        Ok(())
    }
}

/// What becomes of sources, and what that makes of pools.
#[derive(Default)]
struct Moves {
    shrinking: Vec<Change>,
    growing: Vec<Change>,
    new: Vec<Change>,
    /// How many units more (or fewer) the members of a pool have.
    more_units: BTreeMap<u32, i64>,
    /// How much more each stage's total is.
    totals: Vec<i64>,
}

impl Moves {
    fn new_sources(&self) -> usize {
        self.new.len()
    }

    fn source(
        &mut self,
        groups: &Groups,
        stages: &[StageMeaning],
        source: Option<u32>,
        was: SourceParts,
        now: SourceParts,
    ) {
        // Units are at most 2^53 together.
        for (parts, sign) in [(&was, -1), (&now, 1)] {
            for pool in groups.chain(parts.pool) {
                *self.more_units.entry(pool).or_insert(0) += sign * parts.units as i64;
            }
            self.totals.resize(stages.len(), 0);
            for ((total, stage), cost) in self.totals.iter_mut().zip(stages).zip(&parts.unsent_cost) {
                if stage.name == Some(StageName::Need) {
                    *total += sign * parts.units as i64 * cost;
                }
            }
        }
        let (fewer, mut with) = (now.units < was.units, now);
        with.unsent_cost.resize(stages.len(), 0);
        match source {
            None => self.new.push(Change::NewSource { with }),
            Some(source) if fewer => self.shrinking.push(Change::Source { source, with }),
            Some(source) => self.growing.push(Change::Source { source, with }),
        }
    }

    /// The changes in an order in which a pool's steps always cover its members' units: pools that grow, sources that
    /// shrink, sources that grow, pools that shrink.
    fn changes(&mut self, groups: &Groups, pool_units: &mut [u64]) -> Result<Vec<Change>, NotRepaired> {
        let (mut pools_grow, mut pools_shrink) = (Vec::new(), Vec::new());
        for (&pool, &more) in self.more_units.iter().filter(|(_, more)| **more != 0) {
            let units = &mut pool_units[pool as usize];
            *units = units.checked_add_signed(more).filter(|units| 0 < *units).ok_or(NotRepaired::SolveAfresh)?;
            let steps = groups.steps(pool, *units).ok_or(NotRepaired::SolveAfresh)?;
            let change = Change::Pool { pool, least: 0, steps };
            if 0 < more { pools_grow.push(change) } else { pools_shrink.push(change) }
        }
        let sources = self.shrinking.drain(..).chain(self.growing.drain(..)).chain(self.new.drain(..));
        Ok(pools_grow.into_iter().chain(sources).chain(pools_shrink).collect())
    }
}

/// Whether an offer takes the same needs as before: whatever else may differ is about its places.
fn takes_alike(before: &Offer, after: &Offer) -> bool {
    let assessed = |offer: &Offer| offer.status == Some(Status::AdditionalAssessmentRequired);
    before.service == after.service
        && before.point == after.point
        && before.reach == after.reach
        && before.covers == after.covers
        && assessed(before) == assessed(after)
}

/// Takes entries out (positions of before) and puts new ones in (positions of after).
fn moved<T: Copy>(list: &mut Arc<Vec<T>>, removed: &[usize], added: &[usize], new: T) {
    if removed.is_empty() && added.is_empty() {
        return;
    }
    let removed: BTreeSet<usize> = removed.iter().copied().collect();
    let added: BTreeSet<usize> = added.iter().copied().collect();
    let mut kept = list.iter().enumerate().filter(|(at, _)| !removed.contains(at)).map(|(_, item)| *item);
    let n_after = list.len() - removed.len() + added.len();
    let after = (0..n_after).map(|at| if added.contains(&at) { Some(new) } else { kept.next() });
    *list = Arc::new(after.map(|item| item.unwrap_or(new)).collect());
}
