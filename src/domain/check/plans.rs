//! `candidates.csv` and `scenarios.csv`: what a commissioner could do, and what the future could bring.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::BadRows;
use super::about::Terms;
use super::cells::MOST_PENCE;
use super::findings::{Findings, RowRef, numbered};
use super::names::{Names, State, not_applicable, not_set_aside};
use super::offers::{Ground, Offers, Place, PlaceColumns, WhatColumns};
use super::row::Row;
use super::services::Services;
use super::sheet::{Column, Sheet};
use crate::domain::age::AgeUnit;
use crate::domain::draft::Draft;
use crate::domain::ids::{AreaIx, Id, KindIx, OfferIx, ServiceIx};
use crate::domain::locality::{Candidate, CandidateKind, Scenario};

pub(super) const FILE: &str = "candidates.csv";

/// Decimal places of a scenario's factor, and the greatest factor.
const FACTOR_PLACES: usize = 6;
const GREATEST_FACTOR: u64 = 1000;

/// `kind_of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KindOf {
    Places,
    Offer,
    Widen,
    Close,
}

impl KindOf {
    const ALL: [KindOf; 4] = [KindOf::Places, KindOf::Offer, KindOf::Widen, KindOf::Close];

    fn as_str(self) -> &'static str {
        match self {
            KindOf::Places => "places",
            KindOf::Offer => "offer",
            KindOf::Widen => "widen",
            KindOf::Close => "close",
        }
    }

    fn parse(text: &str) -> Option<KindOf> {
        KindOf::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for KindOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug)]
pub(super) struct Candidates<'a> {
    pub names: Names<'a>,
    /// Sorted by id.
    pub candidates: Vec<Candidate>,
    /// The row of each candidate.
    pub rows: Vec<RowRef>,
}

/// The columns that only some kinds of candidate have.
#[derive(Clone, Copy, Debug)]
struct Columns<'a> {
    what: WhatColumns<'a>,
    place: PlaceColumns<'a>,
    places_per_step: Column<'a>,
    max_steps: Column<'a>,
    capacity: Column<'a>,
    age_min: Column<'a>,
    age_max: Column<'a>,
    level_min: Column<'a>,
    level_max: Column<'a>,
}

impl<'a> Columns<'a> {
    fn take(sheet: &mut Sheet<'a>, terms: &Terms, findings: &mut Findings) -> Columns<'a> {
        Columns {
            what: WhatColumns::take(sheet),
            place: PlaceColumns::take(sheet, terms.coordinates, findings),
            places_per_step: sheet.optional("places_per_step"),
            max_steps: sheet.optional("max_steps"),
            capacity: sheet.optional("capacity"),
            age_min: sheet.optional("age_min"),
            age_max: sheet.optional("age_max"),
            level_min: sheet.optional("level_min"),
            level_max: sheet.optional("level_max"),
        }
    }

    /// A filled cell that means nothing for this kind of candidate would be passed over in silence otherwise.
    fn refuse_foreign(&self, row: &mut Row<'_, 'a>, kind_of: KindOf) {
        let Columns { what, place, places_per_step, max_steps, capacity, .. } = *self;
        let [x, y] = place.own_point();
        let limits = [self.age_min, self.age_max, self.level_min, self.level_max];
        let reaches = [place.reach_km, place.reach_minutes, place.areas];
        let foreign: Vec<Column<'a>> = match kind_of {
            KindOf::Places => {
                [what.service, x, y, place.area, capacity].into_iter().chain(limits).chain(reaches).collect()
            }
            KindOf::Offer => [what.offer, places_per_step, max_steps].into_iter().chain(limits).collect(),
            KindOf::Widen => vec![x, y, place.area, capacity, places_per_step, max_steps],
            KindOf::Close => [what.service, x, y, place.area, capacity, places_per_step, max_steps]
                .into_iter()
                .chain(limits)
                .chain(reaches)
                .collect(),
        };
        for column in foreign {
            if !row.is_blank(column) {
                row.wrong_cell(column, format!("nothing here where kind_of is {kind_of}"));
            }
        }
    }
}

/// The rows it stands among.
#[derive(Clone, Copy, Debug)]
pub(super) struct Among<'n, 'a> {
    pub ground: &'n Ground<'n, 'a>,
    pub terms: &'n Terms,
    pub services: &'n Services<'a>,
    pub offers: &'n Offers<'a>,
}

pub(super) fn candidates<'a>(draft: &'a Draft, among: &Among<'_, 'a>, findings: &mut Findings) -> Candidates<'a> {
    let mut sheet = Sheet::open(draft, FILE, findings);
    let id = sheet.required("candidate", findings);
    let kind_of = sheet.required("kind_of", findings);
    let columns = Columns::take(&mut sheet, among.terms, findings);
    let fixed_cost = sheet.required("fixed_cost", findings);
    let cost_per_place = sheet.required("cost_per_place", findings);
    let together = sheet.optional("together");
    let one_of = sheet.optional("one_of");
    let after = sheet.optional("after");
    let fund = sheet.optional("fund");
    sheet.close_header(findings);

    let mut names = Names::new("a candidate", FILE);
    let mut rows = Vec::with_capacity(sheet.rows().len());
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let own = row.own_id(id, &mut names);
        let of = row.code(kind_of, KindOf::parse, &KindOf::ALL);
        let fixed = row.whole(fixed_cost, -MOST_PENCE, MOST_PENCE);
        let per_place = row.whole(cost_per_place, -MOST_PENCE, MOST_PENCE);
        let kind = of.and_then(|of| {
            columns.refuse_foreign(&mut row, of);
            kind(&mut row, of, &columns, among)
        });
        if let Some(CandidateKind::Offer { capacity, .. }) = &kind {
            if capacity.is_none() && per_place.is_some_and(|pence| pence != 0) {
                row.wrong_cell(cost_per_place, "0, since the capacity is unlimited");
            }
            if let Some((first, _)) = among.offers.names.get(row.text(id)) {
                row.wrong_cell(id, format!("an id that no offer has: {} of offers.csv has this one", numbered(first)));
            }
        }
        let links = Links { together: row.ids(together), one_of: row.ids(one_of), after: row.ids(after) };
        for (column, ids) in [(together, &links.together), (one_of, &links.one_of), (after, &links.after)] {
            if let Some(own) = own.as_ref().filter(|own| ids.contains(own)) {
                row.wrong(column.name, own.as_str(), "other candidates than the row's own, or a group name");
            }
        }
        let fund = row.optional_id(fund);
        if row.lost() == Some(State::Dropped) && own.is_some() {
            names.settle(row.text(id), State::Dropped);
        }
        let candidate = match (own, kind, fixed, per_place) {
            (Some(id), Some(kind), Some(fixed_cost), Some(cost_per_place)) if row.is_kept() => {
                let Links { together, one_of, after } = links.clone();
                Some(Candidate { id, kind, fixed_cost, cost_per_place, together, one_of, after, fund })
            }
            _ => None,
        };
        rows.push(CandidateRow { from: row.at(), links, candidate });
    }
    refuse_loose_links(&mut rows, &names, findings);
    leave_out_the_linked(&mut rows, &mut names, findings);
    let mut kept: Vec<(Candidate, RowRef)> =
        rows.into_iter().filter_map(|row| Some((row.candidate?, row.from))).collect();
    kept.sort_by(|(one, _), (two, _)| one.id.cmp(&two.id));
    names.settle_all(kept.iter().map(|(candidate, _)| candidate.id.as_str()));
    let (candidates, rows) = kept.into_iter().unzip();
    Candidates { names, candidates, rows }
}

#[derive(Clone, Debug)]
struct Links {
    together: Vec<Id>,
    one_of: Vec<Id>,
    after: Vec<Id>,
}

impl Links {
    fn all(&self) -> impl Iterator<Item = (&'static str, &Id)> {
        let lists = [("together", &self.together), ("one_of", &self.one_of), ("after", &self.after)];
        lists.into_iter().flat_map(|(column, ids)| ids.iter().map(move |id| (column, id)))
    }
}

#[derive(Debug)]
struct CandidateRow {
    from: RowRef,
    links: Links,
    /// None where the row is bad.
    candidate: Option<Candidate>,
}

fn kind<'a>(
    row: &mut Row<'_, 'a>,
    kind_of: KindOf,
    columns: &Columns<'a>,
    among: &Among<'_, 'a>,
) -> Option<CandidateKind> {
    let (services, offers) = (&among.services.names, &among.offers.names);
    match kind_of {
        KindOf::Places => {
            let offer = row.refer(columns.what.offer, offers).map(OfferIx::new);
            let places_per_step = row.number(columns.places_per_step, 1);
            let max_steps = row.number(columns.max_steps, 1);
            Some(CandidateKind::Places { offer: offer?, places_per_step: places_per_step?, max_steps: max_steps? })
        }
        KindOf::Offer => {
            let service = row.refer(columns.what.service, services).map(ServiceIx::new);
            let Place { point, area, reach, covers } = columns.place.read(row, among.ground);
            let capacity = match row.text(columns.capacity) {
                "unlimited" => Some(None),
                _ => row.number(columns.capacity, 0).map(Some),
            };
            Some(CandidateKind::Offer { service: service?, point, area, capacity: capacity?, reach, covers })
        }
        KindOf::Widen => widen(row, columns, among),
        KindOf::Close => {
            let offer = row.refer(columns.what.offer, offers).map(OfferIx::new);
            Some(CandidateKind::Close { offer: offer? })
        }
    }
}

fn widen<'a>(row: &mut Row<'_, 'a>, columns: &Columns<'a>, among: &Among<'_, 'a>) -> Option<CandidateKind> {
    let what = columns.what.read(row, &among.services.names, &among.offers.names);
    let unit = among.terms.ages;
    let age_min = age_as_it_would_become(row, columns.age_min, unit, 0);
    let age_max = age_as_it_would_become(row, columns.age_max, unit, unit.max_age());
    if let (Some(min), Some(max)) = (age_min, age_max) {
        row.band(min, max, columns.age_min, columns.age_max);
    }
    let level_min = row.optional_level(columns.level_min);
    let level_max = row.optional_level(columns.level_max);
    if let (Some(min), Some(max)) = (level_min, level_max)
        && max < min
    {
        row.wrong_cell(columns.level_max, format!("{min} or more, the row's level_min"));
    }
    let (reach, covers) = columns.place.read_reach(row, among.ground);
    let rules = [columns.age_min, columns.age_max, columns.level_min, columns.level_max];
    let reaches = [columns.place.reach_km, columns.place.reach_minutes, columns.place.areas];
    if rules.into_iter().chain(reaches).all(|column| row.is_blank(column)) {
        row.wrong_cell(columns.age_min, "at least one rule that becomes wider: ages, levels, a reach or areas");
    }
    Some(CandidateKind::Widen { what: what?, age_min, age_max, level_min, level_max, reach, covers })
}

/// A limit that would fall is one that no age reaches.
fn age_as_it_would_become(row: &mut Row<'_, '_>, column: Column<'_>, unit: AgeUnit, any: u16) -> Option<u16> {
    match row.text(column) {
        "any" => Some(any),
        _ => row.optional_age(column, unit),
    }
}

/// A name that is no candidate's is a group's, and a group has more than one row.
fn refuse_loose_links(rows: &mut [CandidateRow], names: &Names<'_>, findings: &mut Findings) {
    let mut mentions: BTreeMap<Id, u64> = BTreeMap::new();
    for row in rows.iter() {
        let groups: BTreeSet<&Id> = row.links.together.iter().chain(&row.links.one_of).collect();
        for id in groups {
            *mentions.entry(id.clone()).or_default() += 1;
        }
    }
    for row in rows {
        for (column, id) in row.links.all() {
            if names.get(id.as_str()).is_some() {
                continue;
            }
            let mentions = mentions.get(id).copied().unwrap_or(0);
            let hint = |plain: &str, findings: &mut Findings| match findings.hints.nearest(names, id.as_str()) {
                Some(near) => format!("{plain}; perhaps {near}"),
                None => plain.to_owned(),
            };
            if column == "after" && mentions == 0 {
                let wanted = hint("a candidate, or a group that another row's together or one_of names", findings);
                findings.error(row.from, column, id.as_str(), wanted);
                row.candidate = None;
            } else if column != "after" && mentions == 1 {
                let wanted = hint("a candidate, or a group that another row names too", findings);
                findings.warning(row.from, column, id.as_str(), wanted);
            }
        }
    }
}

/// Leaves out the candidates that name one which is left out, and those that name these. Where bad rows refuse the
/// bundle, only what is not applicable is left out: the problem of a bad row says all there is to say.
fn leave_out_the_linked(rows: &mut [CandidateRow], names: &mut Names<'_>, findings: &mut Findings) {
    let mut naming: BTreeMap<Id, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        for (_, id) in row.links.all() {
            naming.entry(id.clone()).or_default().push(at);
        }
        if let Some(candidate) = &row.candidate {
            names.settle(candidate.id.as_str(), State::At(at));
        }
    }
    let set_aside = findings.bad_rows() == BadRows::SetAside;
    let mut to_do: Vec<Id> = naming.keys().cloned().collect();
    while let Some(id) = to_do.pop() {
        let Some((number, state)) = names.get(id.as_str()) else { continue };
        if matches!(state, State::At(_)) || state == State::SetAside && !set_aside {
            continue;
        }
        for &at in naming.get(&id).into_iter().flatten() {
            let row = &mut rows[at];
            let Some(candidate) = row.candidate.take() else { continue };
            let column = row.links.all().find(|(_, named)| **named == id).map_or("together", |(column, _)| column);
            if state == State::Dropped {
                findings.not_applicable_rows += 1;
                findings.warning(row.from, column, id.as_str(), not_applicable(names, number));
            } else {
                findings.error(row.from, column, id.as_str(), not_set_aside(names, number));
            }
            names.settle(candidate.id.as_str(), state);
            to_do.push(candidate.id);
        }
    }
}

/// Sorted by scenario, kind, area.
pub(super) fn scenarios<'a>(
    draft: &'a Draft,
    kinds: &Names<'a>,
    areas: &Names<'a>,
    findings: &mut Findings,
) -> Vec<Scenario> {
    let mut sheet = Sheet::open(draft, "scenarios.csv", findings);
    let scenario = sheet.required("scenario", findings);
    let kind = sheet.required("kind", findings);
    let area = sheet.optional("area");
    let factor = sheet.required("factor", findings);
    sheet.close_header(findings);

    let mut scenarios: BTreeMap<(Id, KindIx, Option<AreaIx>), (u64, u64)> = BTreeMap::new();
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let own = row.id(scenario);
        let of = row.refer(kind, kinds).map(KindIx::new);
        let home = row.optional_refer(area, areas).map(AreaIx::new);
        let factor = row.fixed(factor, GREATEST_FACTOR, FACTOR_PLACES);
        if let (true, Some(own), Some(of), Some(factor)) = (row.is_kept(), own, of, factor) {
            let number = row.at().row;
            let (_, first) = *scenarios.entry((own, of, home)).or_insert((factor, number));
            if first != number {
                let wanted = format!("each scenario, kind and area once; row {first} has these already");
                row.wrong_cell(scenario, wanted);
            }
        }
    }
    let scenario = |((scenario, kind, area), (factor, _))| Scenario { scenario, kind, area, factor };
    scenarios.into_iter().map(scenario).collect()
}
