//! `needs.csv`: needs and those who have them.

use std::collections::HashMap; // lookup only

use super::BadRows;
use super::about::Terms;
use super::cells::{self, MOST_CHILDREN};
use super::findings::{Findings, RowRef, numbered};
use super::groups::{Groups, PREFIX};
use super::names::{Names, State};
use super::row::Row;
use super::services::required_tags;
use super::sheet::{Column, Sheet};
use crate::domain::age::AgeBand;
use crate::domain::draft::Draft;
use crate::domain::ids::{AreaIx, HolderIx, Id, KindIx, NeedIx};
use crate::domain::layer::{Basis, BasisSet, Certainty};
use crate::domain::locality::{Area, Holder, HolderSort, Need, NeedOrigin, Received};
use crate::domain::policy::Policy;
use crate::domain::stated::Stated;

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
    findings: &mut Findings,
) -> Needs<'a> {
    let mut sheet = Sheet::open(draft, FILE, findings);
    sheet.must_exist(findings);
    let id = sheet.required("need", findings);
    let holder = sheet.required("holder", findings);
    let kind = sheet.required("kind", findings);
    let level = sheet.required("level", findings);
    let children = sheet.required("children", findings);
    let area = sheet.required("area", findings);
    let ages = sheet.ages();
    let point = sheet.point(ground.terms.coordinates, findings);
    let weight = sheet.optional("weight");
    let basis = sheet.optional("basis");
    let certainty = sheet.optional("certainty");
    let low = sheet.optional("children_low");
    let high = sheet.optional("children_high");
    let tags = sheet.optional("tags");
    let household = sheet.optional("household");
    let group_columns = groups.take(&mut sheet, findings);
    sheet.close_header(findings);

    let mut read = Needs {
        names: Names::new("a need", FILE),
        holder_names: Names::new("a holder", FILE),
        holders: Vec::new(),
        needs: Vec::with_capacity(sheet.rows().len()),
    };
    let mut said: HashMap<&'a str, Said> = HashMap::new();
    for (position, holder) in held.iter().enumerate() {
        // Each id is there once, so none of them is taken.
        let _ = read.holder_names.claim(holder.id.as_str(), RowRef::HELD);
        said.insert(holder.id.as_str(), Said { row: RowRef::HELD, holder: position });
        read.holders.push(holder.clone());
    }
    let agreed = Agreed { areas: ground.areas, area, age: ages.age, household, groups: &group_columns };
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let own = row.own_id(id, &mut read.names);
        if row.text(id) == NO_NEED {
            row.wrong_cell(id, "another id: in receipts.csv, none says that there is no measured need");
        }
        let of = row.id(holder);
        let kind = row.refer(kind, ground.kind_names);
        let level = row.level(level);
        let number = row.stated(children);
        let (children_low, children_high) = bounds(&mut row, number, low, high);
        let home = row.refer(area, ground.area_names).map(|home| (home, &ground.areas[home]));
        let band = row.optional_ages(ages, ground.terms.ages);
        let own_point = row.optional_point(point, ground.terms.coordinates);
        let weight = row.optional_whole(weight, 1, MOST_CHILDREN).and_then(|weight| u32::try_from(weight).ok());
        let basis = bases(&mut row, basis);
        let certainty = row.optional_code(certainty, Certainty::parse, Certainty::ALL);
        let tags = required_tags(&mut row, tags);
        let house = row.optional_id(household);
        let own_groups = groups.read(&mut row, &group_columns, home.map(|(_, area)| area.groups.as_slice()));

        let holder_text = row.text(holder);
        let is_holder = of.is_some();
        let holder = of.zip(home).map(|(id, (home, _))| Holder {
            id,
            sort: HolderSort::Cohort,
            area: AreaIx::new(home),
            ages: band,
            household: house,
            groups: own_groups,
            children: 0,
        });
        if let (Some(holder), Some(said)) = (&holder, said.get(holder_text)) {
            agreed.compare(&mut row, holder, &read.holders[said.holder], said.row, groups);
        }
        let lost = row.lost();
        if lost == Some(State::Dropped) && own.is_some() {
            read.names.settle(row.text(id), State::Dropped);
        }
        if let (Some(lost), true) = (lost, is_holder)
            && read.holder_names.claim(holder_text, row.at().row).is_ok()
        {
            read.holder_names.settle(holder_text, lost);
        }
        // Where bad rows refuse the bundle anyway, they too may say what later rows have to agree on, so that every
        // disagreement is found at once. Where they are set aside, only a good row may.
        let speaks = lost.is_none() || lost == Some(State::SetAside) && row.findings.bad_rows() == BadRows::Refuse;
        let mut position = None;
        if let Some(holder) = holder.filter(|_| speaks) {
            let first = Said { row: row.at().row, holder: read.holders.len() };
            let said = said.entry(holder_text).or_insert(first);
            position = Some(said.holder);
            if said.holder == read.holders.len() {
                read.holders.push(holder);
                // Its state is settled with its position, once the holders are in order.
                let _ = read.holder_names.claim(holder_text, said.row);
            }
        }
        if !row.is_kept() {
            continue;
        }
        let (Some(id), Some(kind), Some(level), Some(position), Some((_, home))) = (own, kind, level, position, home)
        else {
            continue;
        };
        let need = Need {
            id,
            holder: HolderIx::new(position),
            kind: KindIx::new(kind),
            level,
            children: number,
            children_low,
            children_high,
            point: own_point.or(home.point),
            weight: weight.unwrap_or(ground.policy.level_weights[usize::from(level.get() - 1)]),
            basis,
            certainty,
            tags,
            origin: NeedOrigin::Row,
            counts: basis.is_empty() || basis.overlaps(ground.policy.count.basis),
        };
        read.needs.push(NeedRow { need, from: row.at(), received: None });
    }
    read
}

/// The row that says what a holder's rows have to agree on, and the holder's position.
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
    pub fn in_order(&mut self) {
        self.needs.sort_by(|one, two| one.need.id.cmp(&two.need.id));
        let mut has_needs = vec![false; self.holders.len()];
        for NeedRow { need, .. } in &self.needs {
            has_needs[need.holder.ix()] = true;
            let holder = &mut self.holders[need.holder.ix()];
            holder.children = holder.children.max(need.children.known().unwrap_or(0));
        }
        let mut order: Vec<usize> = (0..self.holders.len()).filter(|&at| has_needs[at]).collect();
        order.sort_by(|&one, &two| self.holders[one].id.cmp(&self.holders[two].id));
        let mut new = vec![0; self.holders.len()];
        for (to, &from) in order.iter().enumerate() {
            new[from] = to;
        }
        for NeedRow { need, .. } in &mut self.needs {
            need.holder = HolderIx::new(new[need.holder.ix()]);
        }
        let mut holders: Vec<Option<Holder>> = std::mem::take(&mut self.holders).into_iter().map(Some).collect();
        self.holders = order.into_iter().filter_map(|at| holders[at].take()).collect();
        self.names.settle_all(self.needs.iter().map(|row| row.need.id.as_str()));
        self.holder_names.settle_all(self.holders.iter().map(|holder| holder.id.as_str()));
    }
}
