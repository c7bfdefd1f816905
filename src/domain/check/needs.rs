//! `needs.csv`: needs and those who have them.

use std::ops::Range;

use super::BadRows;
use super::about::Terms;
use super::cells::{self, MOST_CHILDREN};
use super::findings::{Findings, RowRef, numbered};
use super::groups::{Groups, PREFIX};
use super::names::{Names, State};
use super::row::Row;
use super::services::required_tags;
use super::sheet::{AgeColumns, Column, PointColumns, Sheet};
use crate::domain::age::AgeBand;
use crate::domain::draft::Draft;
use crate::domain::geometry::Point;
use crate::domain::ids::{AreaIx, HolderIx, Id, KindIx, NeedIx};
use crate::domain::layer::{Basis, BasisSet, Certainty, Level};
use crate::domain::locality::{Area, Holder, HolderSort, Need, NeedOrigin, Received, Tag};
use crate::domain::policy::Policy;
use crate::domain::stated::Stated;
use crate::solve::{Effort, StopReason};

pub(super) const FILE: &str = "needs.csv";

/// How receipts.csv writes that there is no measured need; so no need may be called that.
pub(super) const NO_NEED: &str = "none";

/// A need and the row that it comes from. Its holder is a position among the holders as they were met.
#[derive(Clone, Debug)]
pub(super) struct NeedRow {
    pub need: Need,
    pub from: RowRef,
    /// Its numbers before named children were taken off it; None where none were.
    pub received: Option<Received>,
}

/// Holders in the order in which they were met, and needs in the order of the rows; [`Needs::in_order`] sorts both.
#[derive(Debug)]
pub(super) struct Needs<'a> {
    pub names: Names<'a>,
    pub holder_names: Names<'a>,
    pub holders: Vec<Holder>,
    pub needs: Vec<NeedRow>,
}

/// What needs are read against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'g, 'a> {
    pub terms: &'g Terms,
    pub areas: &'g [Area],
    pub area_names: &'g Names<'a>,
    pub kind_names: &'g Names<'a>,
    pub policy: &'g Policy,
}

/// `held` are holders who have other rows, checked before: rows of theirs have to agree with them.
pub(super) fn read<'a>(
    draft: &'a Draft,
    ground: &Ground<'_, 'a>,
    groups: &mut Groups<'a>,
    held: &'a [Holder],
    effort: &Effort,
    findings: &mut Findings,
) -> Result<Needs<'a>, StopReason> {
    let mut sheet = Sheet::open(draft, FILE, findings);
    sheet.must_exist(findings);
    let columns = Columns::take(&mut sheet, ground, findings);
    let group_columns = groups.take(&mut sheet, findings);
    sheet.close_header(findings);

    let n_rows = sheet.rows().len();
    let mut read = Needs {
        names: Names::new("a need", FILE),
        holder_names: Names::new("a holder", FILE),
        holders: Vec::new(),
        needs: Vec::with_capacity(n_rows),
    };
    // Most holders have one row.
    read.names.reserve(n_rows);
    read.holder_names.reserve(n_rows);
    // By the number of the holder's name.
    let mut said: Vec<Option<Said>> = Vec::new();
    for (position, holder) in held.iter().enumerate() {
        // Each id is there once, so none of them is taken.
        let _ = read.holder_names.claim(holder.id.as_str(), RowRef::HELD);
        said.push(Some(Said { row: RowRef::HELD, holder: position }));
        read.holders.push(holder.clone());
    }
    let agreed = Agreed {
        areas: ground.areas,
        area: columns.area,
        age: columns.ages.age,
        household: columns.household,
        groups: &group_columns,
    };
    let mut from = 0;
    while from < n_rows {
        let batch = from..n_rows.min(from + BATCH);
        from = batch.end;
        let bad_rows = findings.bad_rows();
        let pieces = effort.share(batch.len().div_ceil(PIECE), |piece| {
            let first = batch.start + piece * PIECE;
            let rows = first..batch.end.min(first + PIECE);
            effort.tick(rows.len() as u64 * TICKS)?;
            Ok(quickly(&sheet, rows, &columns, ground, &read, bad_rows))
        })?;
        for (at, quick) in batch.zip(pieces.into_iter().flatten()) {
            effort.tick(TICKS)?;
            let (mut row, cells) = match quick {
                Some(cells) => {
                    let Some(row) = sheet.row_again(at, findings) else { continue };
                    (row, cells)
                }
                None => {
                    let Some(mut row) = sheet.row(at, findings) else { continue };
                    let cells = columns.read(&mut row, ground, &read);
                    (row, cells)
                }
            };
            let own_groups = {
                let home = cells.home.map(|home| ground.areas[home].groups.as_slice());
                groups.read(&mut row, &group_columns, home)
            };
            read.add(row, cells, own_groups, &columns, &agreed, &mut said, ground, groups);
        }
    }
    Ok(read)
}

/// Rows that are read before any of them is added: what lies between is 16 MB or so.
const BATCH: usize = 1 << 16;

/// Rows in a piece of work.
const PIECE: usize = 1 << 11;

/// Ticks for a row.
const TICKS: u64 = 128;

/// Ticks for a look at some place in memory that nothing leads to.
const TICKS_TO_LOOK_UP: u64 = 16;

/// Rows read with nothing but what stands in them; None for those about which there is something to say, which are read
/// again in their turn, so that findings come in the order of the rows.
fn quickly<'a>(
    sheet: &Sheet<'a>,
    rows: Range<usize>,
    columns: &Columns<'a>,
    ground: &Ground<'_, 'a>,
    needs: &Needs<'a>,
    bad_rows: BadRows,
) -> Vec<Option<Cells>> {
    let mut unsaid = Findings::new(bad_rows);
    let mut read = |at: usize| {
        let mut row = sheet.row(at, &mut unsaid)?;
        let cells = columns.read(&mut row, ground, needs);
        let good = row.lost().is_none() && row.findings.is_empty();
        if !good {
            unsaid = Findings::new(bad_rows);
        }
        good.then_some(cells)
    };
    rows.map(&mut read).collect()
}

/// The columns of `needs.csv` but groups.
struct Columns<'a> {
    id: Column<'a>,
    holder: Column<'a>,
    kind: Column<'a>,
    level: Column<'a>,
    children: Column<'a>,
    area: Column<'a>,
    ages: AgeColumns<'a>,
    point: PointColumns<'a>,
    weight: Column<'a>,
    basis: Column<'a>,
    certainty: Column<'a>,
    low: Column<'a>,
    high: Column<'a>,
    tags: Column<'a>,
    household: Column<'a>,
    origin: Column<'a>,
}

/// What stands in a row, before other rows are asked.
struct Cells {
    id: Option<Id>,
    holder: Option<Id>,
    /// Of the two ids' texts, as the names take them.
    hashes: [u64; 2],
    kind: Option<usize>,
    level: Option<Level>,
    children: Stated<u64>,
    bounds: (Option<u64>, Option<u64>),
    /// Position of the area.
    home: Option<usize>,
    ages: Option<AgeBand>,
    point: Option<Point>,
    weight: Option<u32>,
    basis: BasisSet,
    certainty: Option<Certainty>,
    tags: Vec<Tag>,
    household: Option<Id>,
    origin: NeedOrigin,
}

impl<'a> Columns<'a> {
    fn take(sheet: &mut Sheet<'a>, ground: &Ground<'_, 'a>, findings: &mut Findings) -> Columns<'a> {
        Columns {
            id: sheet.required("need", findings),
            holder: sheet.required("holder", findings),
            kind: sheet.required("kind", findings),
            level: sheet.required("level", findings),
            children: sheet.required("children", findings),
            area: sheet.required("area", findings),
            ages: sheet.ages(),
            point: sheet.point(ground.terms.coordinates, findings),
            weight: sheet.optional("weight"),
            basis: sheet.optional("basis"),
            certainty: sheet.optional("certainty"),
            low: sheet.optional("children_low"),
            high: sheet.optional("children_high"),
            tags: sheet.optional("tags"),
            household: sheet.optional("household"),
            origin: sheet.optional("origin"),
        }
    }

    fn read(&self, row: &mut Row<'_, 'a>, ground: &Ground<'_, 'a>, needs: &Needs<'a>) -> Cells {
        let id = row.id(self.id);
        if row.text(self.id) == NO_NEED {
            row.wrong_cell(self.id, "another id: in receipts.csv, none says that there is no measured need");
        }
        let holder = row.id(self.holder);
        let hashes = [needs.names.hash(row.text(self.id)), needs.holder_names.hash(row.text(self.holder))];
        let kind = row.refer(self.kind, ground.kind_names);
        let level = row.level(self.level);
        let children = row.stated(self.children);
        let bounds = bounds(row, children, self.low, self.high);
        let home = row.refer(self.area, ground.area_names);
        let ages = row.optional_ages(self.ages, ground.terms.ages);
        let point = row.optional_point(self.point, ground.terms.coordinates);
        let weight = row.optional_whole(self.weight, 1, MOST_CHILDREN).and_then(|weight| u32::try_from(weight).ok());
        let basis = bases(row, self.basis);
        let certainty = row.optional_code(self.certainty, Certainty::parse, Certainty::ALL);
        let tags = required_tags(row, self.tags);
        let household = row.optional_id(self.household);
        let origin = match row.text(self.origin) {
            "" => NeedOrigin::Row,
            NeedOrigin::RATE => NeedOrigin::Rate,
            _ => {
                row.wrong_cell(self.origin, "nothing, or rate for an estimate that a rate was applied to make");
                NeedOrigin::Row
            }
        };
        Cells {
            id,
            holder,
            hashes,
            kind,
            level,
            children,
            bounds,
            home,
            ages,
            point,
            weight,
            basis,
            certainty,
            tags,
            household,
            origin,
        }
    }
}

impl<'a> Needs<'a> {
    /// Adds a row that was read: its id and its holder among those of the rows before it.
    #[allow(clippy::too_many_arguments, reason = "one row, and the state of the walk through all")]
    fn add(
        &mut self,
        mut row: Row<'_, 'a>,
        cells: Cells,
        groups: Vec<u32>,
        columns: &Columns<'a>,
        agreed: &Agreed<'_, 'a>,
        said: &mut Vec<Option<Said>>,
        ground: &Ground<'_, 'a>,
        all_groups: &Groups<'a>,
    ) {
        let Cells { id, holder, hashes: [id_hash, holder_hash], home, .. } = cells;
        let own = match id {
            Some(_) => row.claim(columns.id, id_hash, &mut self.names),
            None => None,
        };
        let holder_text = row.text(columns.holder);
        let is_holder = holder.is_some();
        let holder = holder.zip(home).map(|(id, home)| Holder {
            id,
            sort: HolderSort::Cohort,
            area: AreaIx::new(home),
            ages: cells.ages,
            household: cells.household,
            groups,
            children: 0,
        });
        let mut number = self.holder_names.find_hashed(holder_hash, holder_text);
        let before = number.and_then(|number| said.get(number as usize).copied().flatten());
        if let (Some(holder), Some(said)) = (&holder, before) {
            agreed.compare(&mut row, holder, &self.holders[said.holder], said.row, all_groups);
        }
        let lost = row.lost();
        if let (Some(State::Dropped), Some(own)) = (lost, own) {
            self.names.settle_at(own, State::Dropped);
        }
        if let (Some(lost), true) = (lost, is_holder)
            && let Ok(claimed) = self.holder_names.claim_hashed(holder_hash, holder_text, row.at().row)
        {
            self.holder_names.settle_at(claimed, lost);
            number = Some(claimed);
        }
        // Where bad rows refuse the bundle anyway, they too may say what later rows have to agree on, so that every
        // disagreement is found at once. Where they are set aside, only a good row may.
        let speaks = lost.is_none() || lost == Some(State::SetAside) && row.findings.bad_rows() == BadRows::Refuse;
        let mut position = None;
        if let Some(holder) = holder.filter(|_| speaks) {
            position = Some(match before {
                Some(said) => said.holder,
                None => {
                    let first = Said { row: row.at().row, holder: self.holders.len() };
                    self.holders.push(holder);
                    // Its state is settled with its position, once the holders are in order.
                    let claimed = self.holder_names.claim_hashed(holder_hash, holder_text, first.row);
                    if let Some(number) = claimed.ok().or(number) {
                        said.resize(said.len().max(number as usize + 1), None);
                        said[number as usize] = Some(first);
                    }
                    first.holder
                }
            });
        }
        if !row.is_kept() || own.is_none() {
            return;
        }
        let (Some(id), Some(kind), Some(level), Some(position), Some(home)) =
            (id, cells.kind, cells.level, position, home)
        else {
            return;
        };
        let need = Need {
            id,
            holder: HolderIx::new(position),
            kind: KindIx::new(kind),
            level,
            children: cells.children,
            children_low: cells.bounds.0,
            children_high: cells.bounds.1,
            point: cells.point.or(ground.areas[home].point),
            weight: cells.weight.unwrap_or(ground.policy.level_weights[usize::from(level.get() - 1)]),
            basis: cells.basis,
            certainty: cells.certainty,
            tags: cells.tags,
            origin: cells.origin,
            counts: cells.basis.is_empty() || cells.basis.overlaps(ground.policy.count.basis),
        };
        self.needs.push(NeedRow { need, from: row.at(), received: None });
    }
}

/// The row that says what a holder's rows have to agree on, and the holder's position.
#[derive(Clone, Copy)]
struct Said {
    row: u64,
    holder: usize,
}

/// The columns on which the rows of a holder have to agree.
struct Agreed<'c, 'a> {
    areas: &'c [Area],
    area: Column<'a>,
    age: Column<'a>,
    household: Column<'a>,
    groups: &'c [Option<Column<'a>>],
}

impl<'a> Agreed<'_, 'a> {
    fn compare(&self, row: &mut Row<'_, 'a>, own: &Holder, said: &Holder, said_row: u64, groups: &Groups<'a>) {
        let as_in = |what: String| format!("{what}, as in {}: the rows of a holder agree", numbered(said_row));
        if own.area != said.area {
            row.wrong_cell(self.area, as_in(self.areas[said.area.ix()].id.to_string()));
        }
        if own.ages != said.ages {
            row.wrong_cell(self.age, as_in(said.ages.map_or("no age".to_owned(), ages_in_words)));
        }
        if own.household != said.household {
            let household = said.household.as_ref().map_or("no household", Id::as_str);
            row.wrong_cell(self.household, as_in(household.to_owned()));
        }
        // The values of another area are another area's, and that has been said.
        if own.area != said.area {
            return;
        }
        for (at, (&one, &other)) in own.groups.iter().zip(&said.groups).enumerate() {
            if one != other {
                let value = Some(groups.value(at, other)).filter(|value| !value.is_empty()).unwrap_or("no value");
                let name = format!("{PREFIX}{}", groups.name(at));
                let seen = self.groups[at].map_or("", |column| row.text(column));
                row.wrong(&name, seen, as_in(value.to_owned()));
            }
        }
    }
}

/// "5" or "5 to 9".
pub(super) fn ages_in_words(ages: AgeBand) -> String {
    match ages.min() == ages.max() {
        true => ages.min().to_string(),
        false => format!("{} to {}", ages.min(), ages.max()),
    }
}

/// Bounds of the number of children, in order.
fn bounds(
    row: &mut Row<'_, '_>,
    children: Stated<u64>,
    low: Column<'_>,
    high: Column<'_>,
) -> (Option<u64>, Option<u64>) {
    let (least, most) = (row.bound(low), row.bound(high));
    if let (Some(least), Some(children)) = (least, children.known())
        && children < least
    {
        row.wrong_cell(low, format!("{children} or less, the row's children"));
    }
    if let (Some(most), Some(children)) = (most, children.known())
        && most < children
    {
        row.wrong_cell(high, format!("{children} or more, the row's children"));
    }
    if let (Some(least), Some(most)) = (least, most)
        && most < least
    {
        row.wrong_cell(high, format!("{least} or more, the row's children_low"));
    }
    (least, most)
}

fn bases(row: &mut Row<'_, '_>, column: Column<'_>) -> BasisSet {
    let mut bases = BasisSet::default();
    for entry in cells::list(row.text(column)) {
        bases = row.code_of(column, entry, Basis::parse, Basis::ALL).map_or(bases, |basis| bases.with(basis));
    }
    bases
}

/// Whether a row makes its holder a cohort; `children` as received.
pub(super) fn is_of_cohort(children: Stated<u64>, origin: NeedOrigin) -> bool {
    children != Stated::Known(1) || origin == NeedOrigin::Rate
}

impl Needs<'_> {
    /// A holder is a child where every row of it is one child; estimates are of cohorts, however small.
    pub fn tell_children_from_cohorts(&mut self) {
        for holder in &mut self.holders {
            holder.sort = HolderSort::Child;
        }
        for NeedRow { need, .. } in &self.needs {
            if is_of_cohort(need.children, need.origin) {
                self.holders[need.holder.ix()].sort = HolderSort::Cohort;
            }
        }
    }

    /// Those needs that are not as they were received; to be asked in order.
    pub fn received(&self) -> Vec<(NeedIx, Received)> {
        let rows = self.needs.iter().enumerate();
        rows.filter_map(|(at, row)| row.received.map(|received| (NeedIx::new(at), received))).collect()
    }

    /// Sorts needs and holders by id, leaves out holders without a need, and counts the children of the rest.
    pub fn in_order(&mut self, effort: &Effort) -> Result<(), StopReason> {
        let mut order = by_id(self.needs.iter().map(|row| &row.need.id), effort)?;
        rearrange(&mut self.needs, &mut order, effort)?;
        let mut has_needs = vec![false; self.holders.len()];
        for NeedRow { need, .. } in &self.needs {
            effort.tick(TICKS_TO_LOOK_UP)?;
            has_needs[need.holder.ix()] = true;
            let holder = &mut self.holders[need.holder.ix()];
            holder.children = holder.children.max(need.children.known().unwrap_or(0));
        }
        effort.look()?;
        let mut order = by_id(self.holders.iter().map(|holder| &holder.id), effort)?;
        let kept = |order: &[u32]| order.iter().filter(|&&from| has_needs[from as usize]).count();
        let n_kept = kept(&order);
        // Those without a need go to the end, and off.
        order.sort_by_key(|&from| !has_needs[from as usize]);
        effort.look()?;
        let mut new = vec![0; order.len()];
        for (to, &from) in order.iter().enumerate() {
            new[from as usize] = to;
        }
        for NeedRow { need, .. } in &mut self.needs {
            effort.tick(TICKS_TO_LOOK_UP)?;
            need.holder = HolderIx::new(new[need.holder.ix()]);
        }
        rearrange(&mut self.holders, &mut order, effort)?;
        self.holders.truncate(n_kept);
        effort.look()
    }

    /// Lets the names say where needs and holders stand, once they are in order.
    pub fn settle_names(&mut self, effort: &Effort) -> Result<(), StopReason> {
        effort.look()?;
        self.names.settle_all(self.needs.iter().map(|row| row.need.id.as_str()));
        effort.look()?;
        self.holder_names.settle_all(self.holders.iter().map(|holder| holder.id.as_str()));
        effort.look()
    }
}

/// Positions by id.
fn by_id<'i>(ids: impl Iterator<Item = &'i Id>, effort: &Effort) -> Result<Vec<u32>, StopReason> {
    /// Ordered by the id's first bytes, which decide most comparisons where they lie, then by all of it.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    struct Key<'i> {
        start: u64,
        id: &'i str,
        at: u32,
    }
    let key = |(id, at): (&'i Id, u32)| {
        let id = id.as_str();
        let mut start = [0; 8];
        let n = id.len().min(start.len());
        start[..n].copy_from_slice(&id.as_bytes()[..n]);
        Key { start: u64::from_be_bytes(start), id, at }
    };
    let mut keys: Vec<Key<'i>> = ids.zip(0..).map(key).collect();
    effort.sort(&mut keys)?;
    Ok(keys.into_iter().map(|key| key.at).collect())
}

/// Puts item `order[at]` at `at`, for all at once and in place: cycle by cycle. The order is used up. A stop leaves the
/// items in no order.
fn rearrange<T>(items: &mut [T], order: &mut [u32], effort: &Effort) -> Result<(), StopReason> {
    for start in 0..order.len() {
        let mut at = start;
        loop {
            effort.tick(TICKS_TO_LOOK_UP)?;
            let from = std::mem::replace(&mut order[at], at as u32) as usize;
            if from == start || from == at {
                break;
            }
            items.swap(at, from);
            at = from;
        }
    }
    Ok(())
}
