//! A child-need against a receipt whose type meets its kind.

use std::collections::BTreeMap;

use super::population::Population;
use super::{Counts, Here, Table};
use crate::domain::{AreaIx, HolderIx, KindIx, Locality, NeedIx, Receipt, ReceiptNeed};
use crate::gaps::received::{Received, service_of};
use crate::solve::{Effort, StopReason};

/// One table for each kind and their sum, in child-needs. A kind's n is the population within its ages; the sum's adds
/// them up, so a child is in it once for each kind. Tables by area and group are sums over the kinds.
///
/// - *both*: of a need's children as many as its fitting receipts name, at most all of them;
/// - *receipt only*: receipts without a measured need (`none`), and receipts that name a need which their service does
///   not meet where the holder has none that it does. A holder's receipts of one kind count once.
///
/// A `none` receipt of a service that meets several kinds and names none belongs to one of them: surely in the sum,
/// perhaps in each. A receipt that does not say of which need it is may be of someone in need, of someone who is not, or
/// of someone who receives already. One that does not say who belongs perhaps in each area and group.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    pub sum: Table,
    /// Kinds that someone needs or may receive something for.
    pub by_kind: BTreeMap<KindIx, Table>,
    pub by_area: BTreeMap<AreaIx, Table>,
    /// For each group column, by position of the value.
    pub by_group: Vec<BTreeMap<u32, Table>>,
    /// Receipts of children without a measured need are recorded: some row says `none` or does not say. Otherwise nothing
    /// is known of them, and `receipt_only` is None.
    pub others_recorded: bool,
    pub left_out: TypedLeftOut,
}

/// What is in no table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypedLeftOut {
    /// Needs whose number is not known.
    pub unknown_need_rows: u64,
    /// Children who receive for such a need, or for one that the policy does not count.
    pub of_uncounted_needs: u64,
    /// Children who receive what meets no kind, or not the kind that the receipt names.
    pub of_no_kind: u64,
}

/// `needs` are those that count inside, rising. O(needs log needs + receipts (log receipts + kinds of a service)).
pub(super) fn tables(
    locality: &Locality,
    received: &Received,
    needs: &[NeedIx],
    effort: &Effort,
) -> Result<Typed, StopReason> {
    let mut cells = Cells::new(locality);
    let mut left_out = TypedLeftOut::default();
    for &need in needs {
        effort.tick(8)?;
        let row = &locality.needs()[need.ix()];
        let Some(children) = row.children.known() else {
            left_out.unknown_need_rows += 1;
            continue;
        };
        let (mut receive, mut is_open) = (0u64, false);
        for receipt in
            received.by(need).filter(|receipt| received.meets().fits(service_of(locality, receipt), row.kind))
        {
            match receipt.children.known() {
                Some(more) => receive = receive.saturating_add(more),
                None => is_open = true,
            }
        }
        let receive = receive.min(children);
        let may_receive = if is_open { children - receive } else { 0 };
        let holder = locality.holder(need);
        let whose = Whose { area: Some(holder.area), groups: Some(&holder.groups) };
        cells.at(&[row.kind], whose, |counts, _| counts.need(children, receive, may_receive));
    }
    let others_recorded = received.all().iter().any(|receipt| !matches!(receipt.need, ReceiptNeed::Need(_)));
    let mut others =
        Others { locality, received, needed: needed(locality, received, needs, effort)?, once: BTreeMap::new() };
    for receipt in received.all() {
        effort.tick(4)?;
        others.add(receipt, &mut cells, &mut left_out);
    }
    others.finish(&mut cells, effort)?;
    let kinds: Vec<KindIx> =
        (0..locality.kinds().len()).filter(|&at| cells.by_kind[at].is_seen).map(KindIx::new).collect();
    let population = Population::of(locality, needs, Some(&kinds), effort)?;
    Ok(cells.tables(&population, &kinds, others_recorded, left_out))
}

/// The kinds that each holder needs, as sorted pairs; empty where no receipt asks for them.
fn needed(
    locality: &Locality,
    received: &Received,
    needs: &[NeedIx],
    effort: &Effort,
) -> Result<Vec<(HolderIx, KindIx)>, StopReason> {
    let asks = |receipt: &Receipt| match receipt.need {
        ReceiptNeed::Need(need) => {
            !received.meets().fits(service_of(locality, receipt), locality.needs()[need.ix()].kind)
        }
        ReceiptNeed::NotKnown => receipt.holder.is_some(),
        ReceiptNeed::NoNeed => false,
    };
    let mut needed = Vec::new();
    if received.all().iter().any(asks) {
        let rows = needs.iter().map(|need| &locality.needs()[need.ix()]);
        needed.extend(rows.map(|row| (row.holder, row.kind)));
        effort.sort(&mut needed)?;
    }
    Ok(needed)
}

/// Receipts that are of no need in the tables, or not known to be.
struct Others<'a> {
    locality: &'a Locality,
    received: &'a Received<'a>,
    /// Sorted.
    needed: Vec<(HolderIx, KindIx)>,
    /// Children of a holder who receive without the need, by kind: more receipts are not more children.
    once: BTreeMap<(HolderIx, KindIx), u64>,
}

impl<'a> Others<'a> {
    fn add(&mut self, receipt: &'a Receipt, cells: &mut Cells, left_out: &mut TypedLeftOut) {
        let Others { locality, received, .. } = *self;
        let service = service_of(locality, receipt);
        let named = match receipt.need {
            ReceiptNeed::Need(need) => Some(need),
            ReceiptNeed::NoNeed | ReceiptNeed::NotKnown => None,
        };
        let holder = named.map(|need| locality.needs()[need.ix()].holder).or(receipt.holder);
        let home = holder.map(|holder| &locality.holders()[holder.ix()]);
        let area = receipt.area.filter(|_| named.is_none()).or(home.map(|holder| holder.area));
        if area.is_some_and(|area| !locality.areas()[area.ix()].inside) {
            return;
        }
        let known = receipt.children.known();
        if let Some(need) = named {
            let row = &locality.needs()[need.ix()];
            if !row.counts || row.children.known().is_none() {
                left_out.of_uncounted_needs = left_out.of_uncounted_needs.saturating_add(known.unwrap_or(0));
                return;
            }
            if received.meets().fits(service, row.kind) {
                return;
            }
        }
        let kinds = match receipt.kind.filter(|_| named.is_none()) {
            None => received.meets().kinds(service),
            Some(kind) => {
                let kinds = received.meets().kinds(service);
                kinds.binary_search(&kind).map_or(&[][..], |at| &kinds[at..=at])
            }
        };
        if kinds.is_empty() {
            left_out.of_no_kind = left_out.of_no_kind.saturating_add(known.unwrap_or(0));
            return;
        }
        let may_be_needed = match holder {
            None => true,
            Some(holder) => kinds.iter().any(|&kind| self.needed.binary_search(&(holder, kind)).is_ok()),
        };
        let whose = Whose { area, groups: home.map(|holder| holder.groups.as_slice()) };
        match (receipt.need, may_be_needed, holder, known, kinds) {
            (ReceiptNeed::NotKnown | ReceiptNeed::Need(_), true, ..) => {
                cells.at(kinds, whose, |counts, _| counts.either(known));
            }
            (_, _, Some(holder), Some(known), &[kind]) => {
                let once = self.once.entry((holder, kind)).or_default();
                *once = once.saturating_add(known);
            }
            _ => cells.at(kinds, whose, |counts, here| counts.without(here, known)),
        }
    }

    fn finish(self, cells: &mut Cells, effort: &Effort) -> Result<(), StopReason> {
        for ((holder, kind), children) in self.once {
            effort.tick(4)?;
            let holder = &self.locality.holders()[holder.ix()];
            let children = children.min(holder.children);
            let whose = Whose { area: Some(holder.area), groups: Some(&holder.groups) };
            cells.at(&[kind], whose, |counts, here| counts.without(here, Some(children)));
        }
        Ok(())
    }
}

/// Where a child lives and to which groups it belongs, where that is known.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) area: Option<AreaIx>,
    pub(super) groups: Option<&'a [u32]>,
}

/// All tables while they are counted.
struct Cells {
    sum: Counts,
    by_kind: Vec<Counts>,
    by_area: Vec<Counts>,
    any_area: Counts,
    by_group: Vec<Vec<Counts>>,
    any_group: Counts,
}

impl Cells {
    fn new(locality: &Locality) -> Cells {
        let columns = locality.group_columns().iter();
        Cells {
            sum: Counts::default(),
            by_kind: vec![Counts::default(); locality.kinds().len()],
            by_area: vec![Counts::default(); locality.areas().len()],
            any_area: Counts::default(),
            by_group: columns.map(|column| vec![Counts::default(); column.values.len()]).collect(),
            any_group: Counts::default(),
        }
    }

    /// Counts something of one of these kinds wherever it belongs.
    fn at(&mut self, kinds: &[KindIx], whose: Whose, count: impl Fn(&mut Counts, Here)) {
        let of_kind = if kinds.len() == 1 { Here::Surely } else { Here::Perhaps };
        kinds.iter().for_each(|kind| count(&mut self.by_kind[kind.ix()], of_kind));
        count(&mut self.sum, Here::Surely);
        match whose.area {
            Some(area) => count(&mut self.by_area[area.ix()], Here::Surely),
            None => count(&mut self.any_area, Here::Perhaps),
        }
        match whose.groups {
            Some(groups) => {
                for (values, &value) in self.by_group.iter_mut().zip(groups) {
                    count(&mut values[value as usize], Here::Surely);
                }
            }
            None => count(&mut self.any_group, Here::Perhaps),
        }
    }

    fn tables(self, population: &Population, kinds: &[KindIx], others_recorded: bool, left_out: TypedLeftOut) -> Typed {
        let Cells { sum, by_kind, by_area, any_area, by_group, any_group } = self;
        let by_kind: BTreeMap<KindIx, Table> = kinds
            .iter()
            .map(|&kind| (kind, by_kind[kind.ix()].table(population.of_kind(kind), others_recorded)))
            .collect();
        let area = |(at, counts): (usize, Counts)| {
            let area = AreaIx::new(at);
            (area, counts.with_anywhere(&any_area).table(population.of_area(area), others_recorded))
        };
        let group = |(column, values): (usize, Vec<Counts>)| {
            let value = |(value, counts): (u32, Counts)| {
                let counts = counts.with_anywhere(&any_group);
                (value, counts.table(population.of_group(column, value), others_recorded))
            };
            (0u32..).zip(values).filter(|(_, counts)| counts.is_seen).map(value).collect()
        };
        let mut sum = sum.table(population.sum(), others_recorded);
        // No kind takes more of what is not known than it has need, so neither do all of them.
        let most = by_kind.values().fold(0u64, |most, table| most.saturating_add(table.high.both));
        if most < sum.high.both {
            sum.high.need_only += sum.high.both - most;
            sum.high.both = most;
        }
        Typed {
            sum,
            by_kind,
            by_area: by_area.into_iter().enumerate().filter(|(_, counts)| counts.is_seen).map(area).collect(),
            by_group: by_group.into_iter().enumerate().map(group).collect(),
            others_recorded,
            left_out,
        }
    }
}
