//! Needs and holders after the changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::shift::{Origin, Shift, merged};
use super::supply::Reading;
use super::told::Told;
use crate::domain::age::AgeUnit;
use crate::domain::check::findings::{Findings, RowRef};
use crate::domain::check::groups::Groups;
use crate::domain::check::names::Names;
use crate::domain::check::needs::{self, FILE, Ground, NeedRow, Needs};
use crate::domain::check::services::Services;
use crate::domain::check::{BadRows, Completeness};
use crate::domain::check::{limits, overlap};
use crate::domain::ids::{AreaIx, HolderIx, Id, KindIx, NeedIx};
use crate::domain::locality::{Area, Holder, HolderSort, Kind, Need, NeedOrigin, Received};
use crate::domain::policy::Policy;
use crate::domain::stated::Stated;
use crate::solve::Effort;

const HELD: RowRef = RowRef { file: FILE, row: RowRef::HELD };

pub(super) struct People<'a> {
    pub needs: Arc<Vec<Need>>,
    pub holders: Arc<Vec<Holder>>,
    pub received: Vec<(NeedIx, Received)>,
    pub need_shift: Shift,
    pub holder_shift: Shift,
    /// Rows that a change brought, by position.
    new_rows: Vec<(usize, RowRef)>,
    /// The rows that were read.
    read: Option<Needs<'a>>,
    overlapping: u64,
}

/// Need rows by what is known of them.
pub(super) struct Count {
    pub unknown: u64,
    pub not_counted: u64,
    pub overlapping: u64,
}

/// Positions of the holders who are named by rows to be read and who keep other rows, which these have to agree with.
fn agreeing(reading: &Reading<'_, '_>) -> Vec<usize> {
    let Reading { locality, orders, .. } = *reading;
    let named = orders.needs.set.values().filter_map(|order| order.cells.get("holder"));
    let named: BTreeSet<usize> = named.filter_map(|id| locality.find_holder(id.trim())).map(HolderIx::ix).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let stays = |need: &&Need| named.contains(&need.holder.ix()) && !orders.needs.touches(need.id.as_str());
    let keep: BTreeSet<usize> = locality.needs().iter().filter(stays).map(|need| need.holder.ix()).collect();
    keep.into_iter().collect()
}

/// The holders that the rows to be read have to agree with, sorted by id.
pub(super) fn agreeing_holders(reading: &Reading<'_, '_>) -> Vec<Holder> {
    agreeing(reading).into_iter().map(|at| reading.locality.holders()[at].clone()).collect()
}

impl<'a> People<'a> {
    /// `agreeing` is [`agreeing_holders`].
    pub fn after(
        reading: &Reading<'_, 'a>,
        ground: &Ground<'_, 'a>,
        agreeing: &'a [Holder],
        groups: &mut Groups<'a>,
        findings: &mut Findings,
        told: &mut Told<'_>,
    ) -> People<'a> {
        let (locality, orders) = (reading.locality, reading.orders);
        if orders.needs.is_empty() {
            return People {
                needs: locality.parts().needs.clone(),
                holders: locality.parts().holders.clone(),
                received: locality.parts().received.clone(),
                need_shift: Shift::Same,
                holder_shift: Shift::Same,
                new_rows: Vec::new(),
                read: None,
                overlapping: locality.completeness().overlapping_need_rows,
            };
        }
        let read = needs::read(reading.draft, ground, groups, agreeing, &Effort::unlimited(), findings)
            .expect("nothing stops an unlimited effort");
        refuse_holders_of_estimates(reading, told);
        let mut joined = Joined::of(reading, &read, agreeing.len());
        let touched = joined.touched_holders(reading, &read);
        joined.tell_children_from_cohorts(&touched.after);
        let (overlapping, changed) = joined.settle_overlaps(reading, ground, &touched, findings);
        joined.count_children(touched.after.iter().chain(&changed).copied().collect());
        let Joined { needs, holders, received, need_shift, holder_shift, new_rows } = joined;
        People {
            needs: needs.into(),
            holders: holders.into(),
            received: received.into_iter().map(|(at, received)| (NeedIx::new(at), received)).collect(),
            need_shift,
            holder_shift,
            new_rows,
            read: Some(read),
            overlapping,
        }
    }

    /// Every need and where it stands.
    pub fn rows(&self) -> impl Iterator<Item = (&Need, RowRef)> {
        let mut new = self.new_rows.iter().peekable();
        self.needs.iter().enumerate().map(move |(at, need)| {
            let row = new.next_if(|&&(position, _)| position == at);
            (need, row.map_or(HELD, |&(_, row)| row))
        })
    }

    /// Where a need of this revision stands, if a change brought it.
    pub fn brought(&self, need: NeedIx) -> Option<usize> {
        let at = self.new_rows.binary_search_by_key(&need.ix(), |&(at, _)| at).ok()?;
        RowRef::change(self.new_rows[at].1.row)
    }

    /// Of the rows that were read; of the others it was said when they came.
    pub fn warn_of_straddling(
        &self,
        kinds: &[Kind],
        services: &Services<'_>,
        policy: &Policy,
        findings: &mut Findings,
    ) {
        if let Some(read) = &self.read {
            limits::warn_of_straddling(read, kinds, services, policy, findings);
        }
    }

    /// O(needs), where any was changed.
    pub fn count(&self, before: &Completeness) -> Count {
        if self.read.is_none() {
            return Count {
                unknown: before.unknown_need_rows,
                not_counted: before.not_counted_need_rows,
                overlapping: before.overlapping_need_rows,
            };
        }
        let count = |is: fn(&Need) -> bool| self.needs.iter().filter(|need| is(need)).count() as u64;
        Count {
            unknown: count(|need| need.children.known().is_none()),
            not_counted: count(|need| !need.counts),
            overlapping: self.overlapping,
        }
    }

    /// Adds the ids of the needs of which anything differs, and of those whose holder differs. O(needs) where needs were
    /// changed at all.
    pub fn differ(&self, reading: &Reading<'_, '_>, ids: &mut Vec<Id>) {
        let (locality, orders) = (reading.locality, reading.orders);
        if orders.needs.is_empty() {
            return;
        }
        for (at, need) in locality.needs().iter().enumerate() {
            let Some(after) = self.need_shift.of(at).map(|at| &self.needs[at]) else {
                ids.push(need.id.clone());
                continue;
            };
            let same_holder = locality.holder(NeedIx::new(at)) == &self.holders[after.holder.ix()];
            if !is_same_row(need, after) || !same_holder {
                ids.push(need.id.clone());
            }
        }
        let is_new = |(at, _): &&(usize, RowRef)| locality.find_need(self.needs[*at].id.as_str()).is_none();
        ids.extend(self.new_rows.iter().filter(is_new).map(|&(at, _)| self.needs[at].id.clone()));
    }
}

/// Whether two rows say the same of a need, whatever the position of its holder is by now.
fn is_same_row(one: &Need, two: &Need) -> bool {
    let Need {
        id,
        holder: _,
        kind,
        level,
        children,
        children_low,
        children_high,
        point,
        weight,
        basis,
        certainty,
        tags,
        origin,
        counts,
    } = one;
    (id, kind, level, children) == (&two.id, &two.kind, &two.level, &two.children)
        && (children_low, children_high, point) == (&two.children_low, &two.children_high, &two.point)
        && (weight, basis, certainty, tags) == (&two.weight, &two.basis, &two.certainty, &two.tags)
        && (origin, counts) == (&two.origin, &two.counts)
}

/// An estimate out of rates.csv is a holder of its own.
fn refuse_holders_of_estimates(reading: &Reading<'_, '_>, told: &mut Told<'_>) {
    let Reading { locality, orders, .. } = *reading;
    if locality.completeness().estimated_need_rows == 0 {
        return;
    }
    let estimated = locality.needs().iter().filter(|need| need.origin == NeedOrigin::Rate);
    let estimated: BTreeSet<HolderIx> = estimated.map(|need| need.holder).collect();
    for order in orders.needs.set.values() {
        let holder = order.cells.get("holder").map_or("", |id| id.trim());
        if locality.find_holder(holder).is_some_and(|holder| estimated.contains(&holder)) {
            told.wrong(
                order.at,
                "holder",
                holder,
                "another holder: an estimated cohort of population.csv is called this",
            );
        }
    }
}

/// Rows that stay and rows that were read, in one order.
struct Joined {
    needs: Vec<Need>,
    holders: Vec<Holder>,
    received: BTreeMap<usize, Received>,
    need_shift: Shift,
    holder_shift: Shift,
    new_rows: Vec<(usize, RowRef)>,
}

/// Holders of whom a row came or went, as positions before and after.
struct Touched {
    before: BTreeSet<usize>,
    after: BTreeSet<usize>,
}

/// Rows of one kind and area: only these can hold the same children.
type Places = BTreeSet<(KindIx, AreaIx)>;

impl Joined {
    fn of(reading: &Reading<'_, '_>, read: &Needs<'_>, n_agreeing: usize) -> Joined {
        let Reading { locality, orders, .. } = *reading;
        let (held_needs, held_holders) = (locality.needs(), locality.holders());
        let stays: Vec<bool> = held_needs.iter().map(|need| !orders.needs.touches(need.id.as_str())).collect();
        let mut keeps = vec![false; held_holders.len()];
        for (need, _) in held_needs.iter().zip(&stays).filter(|&(_, &stays)| stays) {
            keeps[need.holder.ix()] = true;
        }
        // Holders who are new, or whose rows were all replaced; one without a row that was kept is none.
        let mut has_row = vec![false; read.holders.len()];
        read.needs.iter().for_each(|row| has_row[row.need.holder.ix()] = true);
        let mut new: Vec<usize> = (n_agreeing..read.holders.len()).filter(|&at| has_row[at]).collect();
        new.sort_by(|&one, &two| read.holders[one].id.cmp(&read.holders[two].id));

        let staying = held_holders.iter().enumerate().filter(|&(at, _)| keeps[at]).map(|(at, holder)| (at, &holder.id));
        let order = merged(staying, new.iter().map(|&at| &read.holders[at].id));
        let mut of_held = vec![None; held_holders.len()];
        let mut of_read = vec![0; read.holders.len()];
        let mut holders = Vec::with_capacity(order.len());
        for (position, from) in order.into_iter().enumerate() {
            holders.push(match from {
                Origin::Held(at) => {
                    of_held[at] = Some(position);
                    held_holders[at].clone()
                }
                Origin::New(at) => {
                    of_read[new[at]] = position;
                    read.holders[new[at]].clone()
                }
            });
        }
        for (at, holder) in read.holders.iter().enumerate().take(n_agreeing) {
            of_read[at] = locality.find_holder(holder.id.as_str()).and_then(|held| of_held[held.ix()]).unwrap_or(0);
        }

        let mut rows: Vec<&NeedRow> = read.needs.iter().collect();
        rows.sort_by(|one, two| one.need.id.cmp(&two.need.id));
        let staying = held_needs.iter().enumerate().filter(|&(at, _)| stays[at]).map(|(at, need)| (at, &need.id));
        let order = merged(staying, rows.iter().map(|row| &row.need.id));
        let mut needs = Vec::with_capacity(order.len());
        let mut new_rows = Vec::with_capacity(rows.len());
        let mut needs_shift = vec![None; held_needs.len()];
        for (position, from) in order.into_iter().enumerate() {
            needs.push(match from {
                Origin::Held(at) => {
                    needs_shift[at] = Some(position);
                    let need = &held_needs[at];
                    // A holder of a row that stays was kept just above.
                    let holder = of_held[need.holder.ix()].unwrap_or(0);
                    Need { holder: HolderIx::new(holder), ..need.clone() }
                }
                Origin::New(at) => {
                    let NeedRow { need, from, .. } = rows[at];
                    new_rows.push((position, *from));
                    if let Some(held) = locality.find_need(need.id.as_str()) {
                        needs_shift[held.ix()] = Some(position);
                    }
                    Need { holder: HolderIx::new(of_read[need.holder.ix()]), ..need.clone() }
                }
            });
        }
        let received = locality.parts().received.iter().filter(|(need, _)| stays[need.ix()]);
        let received = received.filter_map(|&(need, received)| Some((needs_shift[need.ix()]?, received))).collect();
        let holder_shift = Shift::by_id(
            held_holders.iter().map(|holder| &holder.id),
            holders.iter().map(|holder: &Holder| &holder.id),
        );
        Joined { needs, holders, received, need_shift: Shift::to(needs_shift), holder_shift, new_rows }
    }

    fn touched_holders(&self, reading: &Reading<'_, '_>, read: &Needs<'_>) -> Touched {
        let Reading { locality, orders, .. } = *reading;
        let ids = orders.needs.set.keys().chain(orders.needs.removed.keys());
        let gone = ids.filter_map(|id| locality.find_need(id)).map(|need| locality.needs()[need.ix()].holder.ix());
        let joined =
            read.holders.iter().filter_map(|holder| locality.find_holder(holder.id.as_str())).map(HolderIx::ix);
        let before: BTreeSet<usize> = gone.chain(joined).collect();
        let still = before.iter().filter_map(|&at| self.holder_shift.of(at));
        let after = still.chain(self.new_rows.iter().map(|&(at, _)| self.needs[at].holder.ix())).collect();
        Touched { before, after }
    }

    /// The number of children as it was received.
    fn received_children(&self, at: usize) -> Stated<u64> {
        self.received.get(&at).map_or(self.needs[at].children, |received| received.children)
    }

    fn tell_children_from_cohorts(&mut self, touched: &BTreeSet<usize>) {
        let rows = (0..self.needs.len()).filter(|&at| touched.contains(&self.needs[at].holder.ix()));
        let is_cohort = |at: &usize| needs::is_of_cohort(self.received_children(*at), self.needs[*at].origin);
        let cohorts: BTreeSet<usize> = rows.filter(is_cohort).map(|at| self.needs[at].holder.ix()).collect();
        for &holder in touched {
            let is_cohort = cohorts.contains(&holder);
            self.holders[holder].sort = if is_cohort { HolderSort::Cohort } else { HolderSort::Child };
        }
    }

    /// Asks what overlaps among the rows of the kinds and areas that a change can touch, before and after; takes named
    /// children off cohorts where the policy says so, or gives them back. The number of rows that overlap another, in all,
    /// and the holders of rows whose number of children is another now.
    fn settle_overlaps(
        &mut self,
        reading: &Reading<'_, '_>,
        ground: &Ground<'_, '_>,
        touched: &Touched,
        findings: &mut Findings,
    ) -> (u64, BTreeSet<usize>) {
        let locality = reading.locality;
        let mut places = Places::new();
        add_places(&mut places, locality.needs(), locality.holders(), &touched.before);
        add_places(&mut places, &self.needs, &self.holders, &touched.after);
        let in_places = |need: &Need, holders: &[Holder]| places.contains(&(need.kind, holders[need.holder.ix()].area));
        let settling = Settling {
            kinds: reading.locality.kinds(),
            areas: ground.areas,
            policy: ground.policy,
            ages: ground.terms.ages,
        };

        let of_before: BTreeMap<usize, Received> =
            locality.parts().received.iter().map(|&(need, received)| (need.ix(), received)).collect();
        let rows = (0..locality.needs().len()).filter(|&at| in_places(&locality.needs()[at], locality.holders()));
        let mut before = settling.rows(rows.map(|at| (at, HELD)), locality.needs(), locality.holders(), &of_before);
        let n_before = settling.settle(&mut before, &mut Findings::new(BadRows::Refuse));

        let rows: Vec<usize> = (0..self.needs.len()).filter(|&at| in_places(&self.needs[at], &self.holders)).collect();
        let row = |&at: &usize| {
            let new = self.new_rows.binary_search_by_key(&at, |&(position, _)| position);
            (at, new.map_or(HELD, |new| self.new_rows[new].1))
        };
        let mut after = settling.rows(rows.iter().map(row), &self.needs, &self.holders, &self.received);
        let n_after = settling.settle(&mut after, findings);
        // Where the policy refuses overlaps, rows may be missing now, and there is a problem that refuses the changes.
        let mut changed = BTreeSet::new();
        if after.needs.len() == rows.len() {
            for (at, NeedRow { need, received, .. }) in rows.into_iter().zip(after.needs) {
                let own = &mut self.needs[at];
                if own.children != need.children {
                    changed.insert(own.holder.ix());
                }
                (own.children, own.children_low, own.children_high) =
                    (need.children, need.children_low, need.children_high);
                match received {
                    Some(received) => drop(self.received.insert(at, received)),
                    None => drop(self.received.remove(&at)),
                }
            }
        }
        (locality.completeness().overlapping_need_rows.saturating_sub(n_before) + n_after, changed)
    }

    /// The children of these holders.
    fn count_children(&mut self, of: BTreeSet<usize>) {
        let mut children: BTreeMap<usize, u64> = of.into_iter().map(|holder| (holder, 0)).collect();
        for need in &self.needs {
            if let Some(most) = children.get_mut(&need.holder.ix()) {
                *most = (*most).max(need.children.known().unwrap_or(0));
            }
        }
        for (holder, most) in children {
            self.holders[holder].children = most;
        }
    }
}

fn add_places(places: &mut Places, needs: &[Need], holders: &[Holder], of: &BTreeSet<usize>) {
    let rows = needs.iter().filter(|need| of.contains(&need.holder.ix()));
    places.extend(rows.map(|need| (need.kind, holders[need.holder.ix()].area)));
}

/// What overlaps are settled by.
struct Settling<'s> {
    kinds: &'s [Kind],
    areas: &'s [Area],
    policy: &'s Policy,
    ages: AgeUnit,
}

impl Settling<'_> {
    /// Some rows as they were received, with their holders, as the check of a bundle has them.
    fn rows<'n>(
        &self,
        rows: impl Iterator<Item = (usize, RowRef)>,
        needs: &[Need],
        holders: &[Holder],
        received: &BTreeMap<usize, Received>,
    ) -> Needs<'n> {
        let mut own: BTreeMap<usize, usize> = BTreeMap::new();
        let mut some = Needs {
            names: Names::new("a need", FILE),
            holder_names: Names::new("a holder", FILE),
            holders: Vec::new(),
            needs: Vec::new(),
        };
        for (at, from) in rows {
            let mut need = needs[at].clone();
            let holder = *own.entry(need.holder.ix()).or_insert_with(|| {
                some.holders.push(holders[need.holder.ix()].clone());
                some.holders.len() - 1
            });
            need.holder = HolderIx::new(holder);
            if let Some(&Received { children, low, high }) = received.get(&at) {
                (need.children, need.children_low, need.children_high) = (children, low, high);
            }
            some.needs.push(NeedRow { need, from, received: None });
        }
        some
    }

    fn settle(&self, needs: &mut Needs<'_>, findings: &mut Findings) -> u64 {
        overlap::settle(needs, self.policy.count.overlap, self.kinds, self.areas, self.ages, findings)
    }
}
