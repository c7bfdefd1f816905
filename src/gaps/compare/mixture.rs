//! Mixtures of two localities: the need of one, the supply of one or the other, and the matching rules of either.
//!
//! A mixture is a draft like any other and goes through the same check. What does not bear on who is met stays out of it:
//! population (its estimates are among the needs), deprivation, drives, outcomes, candidates, scenarios, and receipts but
//! where they are taken off the needs.
//!
//! Rows that join need to supply (travel.csv, declines.csv) belong to the rules of matching. Where the side whose rules
//! hold does not know one of the two ends, it cannot have said anything of them, and the other side's rows are lent; rows
//! of an end that is not in the mixture have nothing to say there and are left out. Both are counted.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::draft::{Setting, Table};
use crate::domain::policy::{GroupBy, SupplyUse};
use crate::domain::{Draft, Locality, TravelUnit, draft_of};
use crate::measures::decompose::Side;
use crate::solve::{Effort, StopReason};

/// Ticks for a row.
const TICKS: u64 = 64;

/// The three things that a mixture takes from one side or the other, in the order of their positions.
pub(super) const NEED: usize = 0;
pub(super) const SUPPLY: usize = 1;
pub(super) const MATCHING: usize = 2;

/// So many rows of a table (or keys of a file of settings).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rows {
    pub table: String,
    pub rows: u64,
}

/// A draft of both sides, and what became of the rows that name the other.
#[derive(Debug)]
pub(super) struct Mixed {
    pub draft: Draft,
    /// Rows of an end that is not there.
    pub left_out: Vec<Rows>,
    /// Rows of the side whose rules do not hold, about ends that the other side does not know.
    pub lent: Vec<Rows>,
}

/// Why there is no mixture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotMixed {
    /// It would make no sense; why, in words.
    Refused(String),
    Stopped(StopReason),
}

impl From<StopReason> for NotMixed {
    fn from(reason: StopReason) -> NotMixed {
        NotMixed::Stopped(reason)
    }
}

pub(super) fn in_words(side: Side) -> &'static str {
    match side {
        Side::Before => "before",
        Side::After => "after",
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Before => Side::After,
        Side::After => Side::Before,
    }
}

/// Two localities, written back as drafts.
pub(super) struct Mixer<'l> {
    localities: [&'l Locality; 2],
    drafts: [Draft; 2],
}

impl<'l> Mixer<'l> {
    /// O(rows of both).
    pub fn new(before: &'l Locality, after: &'l Locality, effort: &Effort) -> Result<Mixer<'l>, NotMixed> {
        let (one, two) = (before.about(), after.about());
        let refuse = |what: &str, one: &str, two: &str| {
            Err(NotMixed::Refused(format!("{what} {one} before and {two} after, so the two cannot be mixed")))
        };
        if one.coordinates != two.coordinates {
            return refuse("points are in", one.coordinates.as_str(), two.coordinates.as_str());
        }
        if one.ages != two.ages {
            return refuse("ages are in", one.ages.as_str(), two.ages.as_str());
        }
        let (drafts, other) = effort.both(|| draft_of(before, effort), || draft_of(after, effort));
        Ok(Mixer { localities: [before, after], drafts: [drafts?, other?] })
    }

    /// Whether some area is the same on both sides.
    pub fn is_one_place(&self) -> bool {
        let [before, after] = self.localities;
        before.areas().iter().any(|area| after.find_area(area.id.as_str()).is_some())
    }

    fn locality(&self, side: Side) -> &'l Locality {
        self.localities[side as usize]
    }

    fn draft(&self, side: Side) -> &Draft {
        &self.drafts[side as usize]
    }

    /// For each factor the tables, and keys of settings, in which the two differ as far as that bears on who is met.
    /// `lots` says whether the lottery among equals does.
    pub fn changed(&self, lots: bool) -> [Vec<String>; 3] {
        let [before, after] = &self.drafts;
        let differs = |&(table, but): &(&str, &[&str])| {
            let [one, two] = [before, after].map(|draft| draft.tables.get(table));
            let same = match (one, two) {
                (Some(one), Some(two)) => same(one, two, but),
                (None, None) => true,
                _ => false,
            };
            (!same).then(|| format!("{table}.csv"))
        };
        let list = |tables: &[(&str, &[&str])]| -> Vec<String> { tables.iter().filter_map(differs).collect() };
        let need = list(&[("areas", &["name", "deprivation_rank"]), ("needs", &["certainty", "household"])]);
        let mut supply = list(&[("services", &["name", "setting", "target", "evidence"]), ("offers", &[])]);
        if self.localities.iter().any(|locality| takes_off_receipts(locality)) {
            supply.extend(list(&[("receipts", &["kind", "holder", "area", "age"])]));
        }
        let mut matching = list(&[
            ("kinds", &["label", "layer", "domain", "source"]),
            ("meets", &["source"]),
            ("declines", &["reason"]),
            ("travel", &[]),
        ]);
        let [stale, dates] = [
            self.localities.map(|locality| locality.policy().unknown.stale_days != 0),
            self.localities
                .map(|locality| locality.about().reference_date == self.localities[0].about().reference_date),
        ];
        if stale.contains(&true) && dates.contains(&false) {
            matching.push("locality.toml: reference_date".to_owned());
        }
        let nothing = BTreeMap::new();
        let [one, two] = [before, after].map(|draft| draft.policy.as_ref().unwrap_or(&nothing));
        let sections: BTreeSet<&String> = one.keys().chain(two.keys()).collect();
        let bears = |section: &&&String| section.as_str() != "plan" && (lots || section.as_str() != "ties");
        let differing = sections.iter().filter(bears).filter(|section| one.get(**section) != two.get(**section));
        matching.extend(differing.map(|section| format!("policy.toml: {section}")));
        [need, supply, matching]
    }

    /// The mixture in which each factor is of one side. O(rows).
    pub fn mix(&self, sides: [Side; 3], effort: &Effort) -> Result<Mixed, NotMixed> {
        let mixing = Mixing {
            mixer: self,
            sides,
            need: self.locality(sides[NEED]),
            supply: self.locality(sides[SUPPLY]),
            rules: self.locality(sides[MATCHING]),
            effort,
            areas: BTreeSet::new(),
            left_out: BTreeMap::new(),
            lent: BTreeMap::new(),
        };
        mixing.draft()
    }
}

/// Whether receipts are taken off the needs.
fn takes_off_receipts(locality: &Locality) -> bool {
    locality.policy().supply == SupplyUse::Free
}

/// Whether two tables say the same, but for some columns.
fn same(one: &Table, two: &Table, but: &[&str]) -> bool {
    let bearing = |table: &Table| -> Vec<usize> {
        let counts = |name: &String| !but.contains(&name.as_str()) && !name.starts_with("code:");
        (0..table.header().len()).filter(|&at| counts(&table.header()[at])).collect()
    };
    let (columns, others) = (bearing(one), bearing(two));
    let header = |table: &Table, columns: &[usize]| -> Vec<String> {
        columns.iter().map(|&at| table.header()[at].clone()).collect()
    };
    one.len() == two.len()
        && header(one, &columns) == header(two, &others)
        && (0..one.len())
            .all(|row| columns.iter().zip(&others).all(|(&at, &other)| one.cell(row, at) == two.cell(row, other)))
}

/// A mixture while it is made.
struct Mixing<'m, 'l> {
    mixer: &'m Mixer<'l>,
    sides: [Side; 3],
    need: &'l Locality,
    supply: &'l Locality,
    rules: &'l Locality,
    effort: &'m Effort<'m>,
    /// Areas that only the supply side has, lent because an offer lies there or covers them; with their ancestors.
    areas: BTreeSet<&'l str>,
    left_out: BTreeMap<&'static str, u64>,
    lent: BTreeMap<&'static str, u64>,
}

impl<'m, 'l> Mixing<'m, 'l> {
    fn draft(mut self) -> Result<Mixed, NotMixed> {
        self.refuse_unknown_kinds()?;
        let need = self.mixer.draft(self.sides[NEED]);
        let supply = self.mixer.draft(self.sides[SUPPLY]);
        let rules = self.mixer.draft(self.sides[MATCHING]);
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for (from, name) in
            [(need, "needs"), (supply, "services"), (supply, "offers"), (rules, "kinds"), (rules, "meets")]
        {
            if let Some(table) = from.tables.get(name) {
                self.effort.tick(TICKS * table.len() as u64)?;
                tables.insert(name.to_owned(), table.clone());
            }
        }
        self.lend_areas();
        tables.insert("areas".to_owned(), self.areas_table()?);
        let joined = [("declines", self.declines()?), ("travel", self.travel()?), ("receipts", self.receipts()?)];
        tables.extend(joined.into_iter().filter_map(|(name, table)| Some((name.to_owned(), table?))));
        let policy = self.policy()?;
        let mut about = rules.about.clone().unwrap_or_default();
        about.remove("deprivation");
        let draft = Draft { about: Some(about), policy: Some(policy), tables, built_in: rules.built_in.clone() };
        let rows = |counted: BTreeMap<&'static str, u64>| {
            counted.into_iter().map(|(table, rows)| Rows { table: table.to_owned(), rows }).collect()
        };
        Ok(Mixed { draft, left_out: rows(self.left_out), lent: rows(self.lent) })
    }

    fn other(&self) -> Side {
        other(self.sides[MATCHING])
    }

    fn refuse_unknown_kinds(&self) -> Result<(), NotMixed> {
        let mut missing: BTreeSet<&str> = BTreeSet::new();
        let mut has_needs = vec![false; self.need.kinds().len()];
        for need in self.need.needs() {
            self.effort.tick(1)?;
            has_needs[need.kind.ix()] = true;
        }
        for (kind, has_needs) in self.need.kinds().iter().zip(has_needs) {
            if has_needs && self.rules.find_kind(kind.id.as_str()).is_none() {
                missing.insert(kind.id.as_str());
            }
        }
        let Some(first) = missing.first() else { return Ok(()) };
        Err(NotMixed::Refused(format!(
            "needs {} are of {} kinds that the definitions {} do not have ({first} is one)",
            in_words(self.sides[NEED]),
            missing.len(),
            in_words(self.sides[MATCHING]),
        )))
    }

    /// An offer may lie in an area, or cover one, that the side of the needs does not have. Nobody lives there in the
    /// mixture, but the offer stays what it is.
    fn lend_areas(&mut self) {
        for offer in self.supply.offers() {
            for &named in offer.area.iter().chain(&offer.covers) {
                for area in self.supply.area_and_ancestors(named) {
                    let id = self.supply.areas()[area.ix()].id.as_str();
                    // Above an area that is there, the side of the needs says what lies where.
                    if self.need.find_area(id).is_some() {
                        break;
                    }
                    self.areas.insert(id);
                }
            }
        }
    }

    fn areas_table(&mut self) -> Result<Table, NotMixed> {
        let own = &self.mixer.draft(self.sides[NEED]).tables["areas"];
        let lender = &self.mixer.draft(self.sides[SUPPLY]).tables["areas"];
        let mut table = Table::new(own.header().to_vec());
        let ranks = column(own, "deprivation_rank");
        for row in 0..own.len() {
            self.effort.tick(TICKS)?;
            table.push(own.cells(row).enumerate().map(|(at, cell)| if Some(at) == ranks { "" } else { cell }));
        }
        let columns: Vec<Option<usize>> = own.header().iter().map(|name| column(lender, name)).collect();
        for (row, area) in self.supply.areas().iter().enumerate() {
            if !self.areas.contains(area.id.as_str()) {
                continue;
            }
            self.effort.tick(TICKS)?;
            let cell = |(at, from): (usize, &Option<usize>)| match from {
                Some(from) if Some(at) != ranks => lender.cell(row, *from),
                _ => "",
            };
            table.push(columns.iter().enumerate().map(cell));
            *self.lent.entry("areas.csv").or_default() += 1;
        }
        Ok(table)
    }

    fn has_area(&self, id: &str) -> bool {
        self.need.find_area(id).is_some() || self.areas.contains(id)
    }

    fn has_what(&self, service: &str, offer: &str) -> bool {
        if offer.is_empty() {
            self.supply.find_service(service).is_some()
        } else {
            self.supply.find_offer(offer).is_some()
        }
    }

    /// Rows of a side's table that are kept: all of `keeps`. Those that are not are counted where `counts`.
    fn take(
        &self,
        from: &Table,
        into: &mut Table,
        keeps: impl Fn(&Row<'_>) -> bool,
        mut seen: impl FnMut(bool),
    ) -> Result<(), StopReason> {
        let row = Row::columns(from);
        for at in 0..from.len() {
            self.effort.tick(TICKS)?;
            let kept = keeps(&Row { table: from, at, columns: &row });
            if kept {
                into.push(from.cells(at));
            }
            seen(kept);
        }
        Ok(())
    }

    /// The rows that join need to supply: those of the side whose rules hold, and of the other those about ends that
    /// this side does not know. `fits` says whether both ends are in the mixture, `known` whether a locality knows both.
    fn joined(
        &mut self,
        name: &'static str,
        file: &'static str,
        fits: impl Fn(&Self, &Row<'_>) -> bool,
        known: impl Fn(&Locality, &Row<'_>) -> bool,
    ) -> Result<Option<Table>, NotMixed> {
        let own = self.mixer.draft(self.sides[MATCHING]).tables.get(name);
        let lender = self.mixer.draft(self.other()).tables.get(name);
        let Some(header) = own.or(lender).map(|table| table.header().to_vec()) else { return Ok(None) };
        let mut table = Table::new(header);
        let (mut left_out, mut lent) = (0, 0);
        if let Some(own) = own {
            self.take(own, &mut table, |row| fits(self, row), |kept| left_out += u64::from(!kept))?;
        }
        if let Some(lender) = lender {
            let keeps = |row: &Row<'_>| !known(self.rules, row) && fits(self, row);
            self.take(lender, &mut table, keeps, |kept| lent += u64::from(kept))?;
        }
        count(&mut self.left_out, file, left_out);
        count(&mut self.lent, file, lent);
        // Where nothing was recorded by the rules that hold, and nothing had to be lent, nothing is recorded.
        Ok((own.is_some() || lent != 0).then_some(table))
    }

    fn declines(&mut self) -> Result<Option<Table>, NotMixed> {
        let fits = |mixing: &Self, row: &Row<'_>| {
            let who = match (row.of("need"), row.of("holder")) {
                ("", "") => mixing.rules.find_kind(row.of("kind")).is_some() && mixing.has_area(row.of("area")),
                ("", holder) => mixing.need.find_holder(holder).is_some(),
                (need, _) => mixing.need.find_need(need).is_some(),
            };
            who && mixing.has_what(row.of("service"), row.of("offer"))
        };
        let known = |of: &Locality, row: &Row<'_>| {
            let who = match (row.of("need"), row.of("holder")) {
                ("", "") => of.find_area(row.of("area")).is_some(),
                ("", holder) => of.find_holder(holder).is_some(),
                (need, _) => of.find_need(need).is_some(),
            };
            who && knows(of, row)
        };
        self.joined("declines", "declines.csv", fits, known)
    }

    fn travel(&mut self) -> Result<Option<Table>, NotMixed> {
        let Some(own) = self.rules.travel() else { return Ok(None) };
        let lender = self.mixer.locality(self.other()).travel();
        if lender.is_none_or(|lender| lender.unit != own.unit) {
            self.refuse_untravelled(own.unit)?;
        }
        // Journeys to what would be built are no part of a mixture, and no loss.
        let is_offer = |of: &Locality, row: &Row<'_>| of.find_offer(row.of("offer")).is_some();
        let fits = |mixing: &Self, row: &Row<'_>| mixing.has_area(row.of("area")) && is_offer(mixing.supply, row);
        let known = |of: &Locality, row: &Row<'_>| of.find_area(row.of("area")).is_some() && is_offer(of, row);
        if lender.is_some_and(|lender| lender.unit == own.unit) {
            return self.joined("travel", "travel.csv", fits, known);
        }
        let from = &self.mixer.draft(self.sides[MATCHING]).tables["travel"];
        let mut table = Table::new(from.header().to_vec());
        let mut left_out = 0;
        self.take(from, &mut table, |row| fits(self, row), |kept| left_out += u64::from(!kept))?;
        count(&mut self.left_out, "travel.csv", left_out);
        Ok(Some(table))
    }

    /// Without journeys to the other side's offers, and from its areas, they would seem out of everyone's reach.
    fn refuse_untravelled(&self, unit: TravelUnit) -> Result<(), NotMixed> {
        let offers =
            self.supply.offers().iter().filter(|offer| self.rules.find_offer(offer.id.as_str()).is_none()).count();
        let areas = self.need.areas().iter().filter(|area| self.rules.find_area(area.id.as_str()).is_none()).count();
        if offers == 0 && areas == 0 {
            return Ok(());
        }
        let unit = match unit {
            TravelUnit::Metres => "kilometres",
            TravelUnit::Minutes => "minutes",
        };
        Err(NotMixed::Refused(format!(
            "travel.csv {} says nothing of {offers} offers and {areas} areas that are only there {}, where there are no \
             journeys in {unit}",
            in_words(self.sides[MATCHING]),
            in_words(self.other()),
        )))
    }

    /// Receipts that name a need, where they are taken off it: those of the side of the places, and of the other side
    /// those of needs that this side does not know.
    fn receipts(&mut self) -> Result<Option<Table>, NotMixed> {
        if !takes_off_receipts(self.rules) {
            return Ok(None);
        }
        let side = self.sides[SUPPLY];
        let mut table = Table::new(["service", "offer", "children", "need"]);
        let (mut left_out, mut lent) = (0, 0);
        for (from, is_own) in [(side, true), (other(side), false)] {
            let Some(receipts) = self.mixer.draft(from).tables.get("receipts") else { continue };
            let columns = Row::columns(receipts);
            for at in 0..receipts.len() {
                self.effort.tick(TICKS)?;
                let row = Row { table: receipts, at, columns: &columns };
                let need = row.of("need");
                if need.is_empty() || need == "none" || !is_own && self.supply.find_need(need).is_some() {
                    continue;
                }
                let fits = self.need.find_need(need).is_some() && self.has_what(row.of("service"), row.of("offer"));
                match (fits, is_own) {
                    (true, own) => {
                        table.push([row.of("service"), row.of("offer"), row.of("children"), need]);
                        lent += u64::from(!own);
                    }
                    (false, true) => left_out += 1,
                    (false, false) => {}
                }
            }
        }
        count(&mut self.left_out, "receipts.csv", left_out);
        count(&mut self.lent, "receipts.csv", lent);
        Ok(Some(table))
    }

    /// Limits of providers and floors of groups that are not there bind nobody, and are left out.
    fn policy(&mut self) -> Result<BTreeMap<String, Setting>, NotMixed> {
        let mut policy = self.mixer.draft(self.sides[MATCHING]).policy.clone().unwrap_or_default();
        let stated = self.rules.policy();
        let mut left_out = 0;
        if let Some(Setting::Keys(places)) = inner(&mut policy, "limits", "provider_places") {
            let providers = self.supply.providers();
            let before = places.len();
            places.retain(|provider, _| providers.binary_search_by(|id| id.as_str().cmp(provider)).is_ok());
            left_out += (before - places.len()) as u64;
        }
        let group = |by: GroupBy| match by {
            GroupBy::Nothing | GroupBy::Area => Ok(None),
            GroupBy::Column(column) => {
                let name = &self.rules.group_columns()[column].name;
                let found = self.need.group_columns().iter().find(|own| own.name == *name);
                found.map(Some).ok_or_else(|| {
                    NotMixed::Refused(format!(
                        "the policy {} goes by the group column \"{name}\", which the needs {} do not have",
                        in_words(self.sides[MATCHING]),
                        in_words(self.sides[NEED]),
                    ))
                })
            }
        };
        group(stated.objective.even_by)?;
        let floors = group(stated.floors.group)?;
        if let Some(Setting::Keys(shares)) = inner(&mut policy, "floors", "share") {
            let before = shares.len();
            shares.retain(|value, _| match floors {
                Some(column) => column.values.contains(value),
                None => self.has_area(value),
            });
            left_out += (before - shares.len()) as u64;
        }
        count(&mut self.left_out, "policy.toml", left_out);
        Ok(policy)
    }
}

fn count(counted: &mut BTreeMap<&'static str, u64>, file: &'static str, rows: u64) {
    if rows != 0 {
        *counted.entry(file).or_default() += rows;
    }
}

/// Whether a locality has the service or the offer that a row names.
fn knows(locality: &Locality, row: &Row<'_>) -> bool {
    match row.of("offer") {
        "" => locality.find_service(row.of("service")).is_some(),
        offer => locality.find_offer(offer).is_some(),
    }
}

fn inner<'p>(policy: &'p mut BTreeMap<String, Setting>, section: &str, key: &str) -> Option<&'p mut Setting> {
    match policy.get_mut(section)? {
        Setting::Keys(keys) => keys.get_mut(key),
        _ => None,
    }
}

fn column(table: &Table, name: &str) -> Option<usize> {
    table.header().iter().position(|column| column == name)
}

/// A row of text, by column.
struct Row<'t> {
    table: &'t Table,
    at: usize,
    columns: &'t BTreeMap<String, usize>,
}

impl Row<'_> {
    fn columns(table: &Table) -> BTreeMap<String, usize> {
        table.header().iter().cloned().zip(0..).collect()
    }

    fn of(&self, column: &str) -> &str {
        self.columns.get(column).map_or("", |&at| self.table.cell(self.at, at))
    }
}
