//! From a [`Draft`] to a [`Locality`], or to every [`Problem`] at once.
//!
//! Tables are read in the order in which they name one another, so that a row which names a row that was set aside is
//! known to be lost when its turn comes. Nothing stops at the first problem: what is needed later is guessed where it is
//! broken, and no locality is made where anything was. The work grows in line with the rows, but for sorting.

mod about;
mod areas;
mod cells;
mod changes;
mod findings;
mod flows;
mod groups;
mod kinds;
mod limits;
mod meets;
mod names;
mod needs;
mod offers;
mod overlap;
mod plans;
mod policy;
mod population;
mod rates;
mod row;
mod services;
mod settings;
mod sheet;
#[cfg(test)]
mod tests;
mod totals;

use std::sync::Arc;

pub use self::changes::apply;
use self::findings::Findings;
use self::names::with_hint;
use super::draft::{Draft, MAX_ROWS, TABLES};
use super::locality::{Locality, NeedOrigin, Parts};
use super::problem::Problem;
use super::stated::Stated;
use crate::solve::{Effort, StopReason};

/// What to do with rows that cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRows {
    /// Refuse the whole bundle.
    Refuse,
    /// Load the rest and keep each such row with its reason in [`Completeness::set_aside`].
    SetAside,
}

/// A row that was left out because it could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetAside {
    pub table: String,
    pub row: u64,
    pub reasons: Vec<Problem>,
}

/// How much of the locality is known, and what the reading assumed. Part of every answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    pub set_aside: Vec<SetAside>,
    /// Rows dropped because they are marked `z`, not applicable.
    pub not_applicable_rows: u64,
    /// Need rows whose number of children is not known.
    pub unknown_need_rows: u64,
    /// Need rows made from rates.csv.
    pub estimated_need_rows: u64,
    /// Need rows whose only basis is not counted by the policy (by default: felt).
    pub not_counted_need_rows: u64,
    /// Need rows of one kind that may hold the same children as another row.
    pub overlapping_need_rows: u64,
    /// Services whose blank level limits were read as 1 and 4.
    pub assumed_level_services: u64,
    /// There was no meets.csv: every kind is met by the type of the same code.
    pub meets_by_code: bool,
    /// The kinds are the program's own table.
    pub built_in_kinds: bool,
    pub warnings: u64,
}

/// A locality and the warnings that came with it.
#[derive(Clone, Debug)]
pub struct Checked {
    pub locality: Locality,
    /// Warnings, in the order table, row, column.
    pub warnings: Vec<Problem>,
}

/// Why a bundle did not become a locality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLoaded {
    /// Every problem; never empty.
    Problems(Vec<Problem>),
    /// A limit came first, and nothing is known of the bundle.
    Stopped(StopReason),
}

impl NotLoaded {
    /// The problems; none where it was a stop.
    pub fn problems(self) -> Vec<Problem> {
        match self {
            NotLoaded::Problems(problems) => problems,
            NotLoaded::Stopped(_) => Vec::new(),
        }
    }
}

impl From<StopReason> for NotLoaded {
    fn from(reason: StopReason) -> NotLoaded {
        NotLoaded::Stopped(reason)
    }
}

/// Reads a draft. Err: every problem, errors and warnings, sorted by table, row and column.
///
/// With [`BadRows::SetAside`] the rows that cannot be understood are left out, with those that name them; what no row can
/// be set aside for (a missing file or column, a broken setting, numbers too large to add up) refuses the draft still.
/// O(rows log rows), the rows of needs.csv over the effort's threads.
pub fn check(draft: Draft, bad_rows: BadRows, effort: &Effort) -> Result<Checked, NotLoaded> {
    let mut findings = Findings::new(bad_rows);
    let parts = read(&draft, effort, &mut findings)?;
    // The text of a large bundle is not needed beside the locality that is made of it.
    drop(draft);
    let loadable = findings.conclude().map_err(NotLoaded::Problems)?;
    // Without an error of `locality.toml` there is an `About`, so this list is never handed out empty.
    let mut parts = parts.ok_or_else(|| NotLoaded::Problems(Vec::new()))?;
    parts.completeness.set_aside = loadable.set_aside;
    parts.completeness.warnings = loadable.warnings.len() as u64;
    Ok(Checked { locality: Locality::from_checked(parts), warnings: loadable.warnings })
}

/// None where `locality.toml` is broken. Where there are other errors the parts are unfinished, and not to be used.
fn read(draft: &Draft, effort: &Effort, findings: &mut Findings) -> Result<Option<Parts>, StopReason> {
    look_at_tables(draft, findings);
    let (about, terms) = about::read(draft, findings);
    let mut groups = groups::Groups::of(draft);
    let (kinds, kind_names) = kinds::read(draft, &terms, findings);
    let (mut areas, area_names) = areas::read(draft, &terms, &mut groups, findings);
    let meets = meets::read(draft, &kinds, &kind_names, findings);
    let services = services::read(draft, &terms, meets, findings);

    let units = offers::ReachUnits::of(draft);
    let nameable = policy::Nameable {
        kinds: &kind_names,
        providers: &services.providers,
        group_columns: &groups.names(),
        units,
        ages: terms.ages,
    };
    let policy = policy::read(draft, about::default_seed(about.as_ref()), &nameable, findings);

    let ground = offers::Ground { coordinates: terms.coordinates, areas: &areas, area_names: &area_names, units };
    let offers = offers::read(draft, &terms, &ground, &services, findings);
    let among = plans::Among { ground: &ground, terms: &terms, services: &services, offers: &offers };
    let candidates = plans::candidates(draft, &among, findings);

    let ground = needs::Ground {
        terms: &terms,
        areas: &areas,
        area_names: &area_names,
        kind_names: &kind_names,
        policy: &policy,
    };
    let mut needs = needs::read(draft, &ground, &mut groups, &[], effort, findings)?;
    let mut population = population::read(draft, &terms, &areas, &area_names, &mut groups, findings);

    // From here on the groups have their final numbers.
    let in_areas = areas.iter().map(|area| area.groups.as_slice());
    let in_holders = needs.holders.iter().map(|holder| holder.groups.as_slice());
    let in_population = population.iter().map(|cell| cell.row.groups.as_slice());
    let (group_columns, renumbering) = groups.close(in_areas.chain(in_holders).chain(in_population));
    effort.look()?;
    areas.iter_mut().for_each(|area| renumbering.apply(&mut area.groups));
    needs.holders.iter_mut().for_each(|holder| renumbering.apply(&mut holder.groups));
    population.iter_mut().for_each(|cell| renumbering.apply(&mut cell.row.groups));
    policy::refuse_unknown_floors(&policy, &group_columns, &area_names, findings);

    let population = population::in_order(population, findings);
    let ground = rates::Ground {
        terms: &terms,
        kind_names: &kind_names,
        kinds: &kinds,
        areas: &areas,
        groups: &group_columns,
        policy: &policy,
    };
    let population = rates::apply(draft, &ground, population, &mut needs, findings);
    effort.look()?;
    needs.tell_children_from_cohorts();
    effort.look()?;
    let overlapping_need_rows = overlap::settle(&mut needs, policy.count.overlap, &kinds, &areas, terms.ages, findings);
    needs.in_order(effort)?;
    // Only these name needs and holders.
    if ["declines", "receipts"].iter().any(|&table| draft.tables.contains_key(table)) {
        needs.settle_names(effort)?;
    }
    let received = needs.received();
    effort.look()?;
    limits::warn_of_straddling(&needs, &kinds, &services, &policy, findings);
    effort.look()?;

    let nameable = flows::Nameable {
        areas: &area_names,
        kinds: &kind_names,
        services: &services,
        offers: &offers,
        needs: &needs.names,
        holders: &needs.holder_names,
        kind_and_holder: &|at| (needs.needs[at].need.kind, needs.needs[at].need.holder),
        candidates: &candidates,
    };
    let travel = flows::travel(draft, &nameable, findings);
    let declines = flows::declines(draft, &nameable, findings);
    let receipts = flows::receipts(draft, &terms, &nameable, findings);
    let scenarios = plans::scenarios(draft, &kind_names, &area_names, findings);
    let drives = kinds::drives(draft, &kind_names, findings);
    let outcomes = kinds::outcomes(draft, &kind_names, findings);
    effort.look()?;
    let asking: Vec<_> = needs.needs.iter().map(|row| (&row.need, row.from)).collect();
    let summed = totals::Summed {
        policy: &policy,
        coordinates: terms.coordinates,
        areas: &areas,
        needs: &asking,
        holders: &needs.holders,
        services: &services,
        offers: &offers,
        candidates: &candidates,
        scenarios: &scenarios,
        travel: travel.as_ref(),
    };
    totals::guard(&summed, effort, findings)?;
    effort.look()?;

    let count = |is: fn(&needs::NeedRow) -> bool| needs.needs.iter().filter(|row| is(row)).count() as u64;
    let completeness = Completeness {
        // These two are known at the very end.
        set_aside: Vec::new(),
        warnings: 0,
        not_applicable_rows: findings.not_applicable_rows,
        unknown_need_rows: count(|row| matches!(row.need.children, Stated::Unknown(_))),
        estimated_need_rows: count(|row| row.need.origin == NeedOrigin::Rate),
        not_counted_need_rows: count(|row| !row.need.counts),
        overlapping_need_rows,
        assumed_level_services: services.services.iter().filter(|service| service.levels.assumed).count() as u64,
        meets_by_code: services.meets_by_code,
        built_in_kinds: kinds::is_built_in(draft, "kinds"),
    };
    let Some(about) = about else { return Ok(None) };
    effort.look()?;
    Ok(Some(Parts {
        about,
        policy,
        group_columns,
        areas: areas.into(),
        kinds,
        types: services.types,
        meets: services.meets,
        holders: needs.holders.into(),
        needs: Arc::new(needs.needs.into_iter().map(|row| row.need).collect()),
        providers: services.providers,
        services: services.services,
        offers: offers.offers,
        travel: travel.map(Arc::new),
        declines: declines.into(),
        receipts: receipts.map(Arc::new),
        population: Arc::new(population.into_iter().map(|cell| cell.row).collect()),
        drives,
        outcomes,
        candidates: candidates.candidates,
        scenarios,
        declines_recorded: draft.tables.contains_key("declines"),
        completeness,
        received,
    }))
}

/// Refuses tables that mean nothing here, and more rows than can be held.
fn look_at_tables(draft: &Draft, findings: &mut Findings) {
    for name in draft.tables.keys().filter(|name| !TABLES.contains(&name.as_str())) {
        let wanted = format!("one of the tables {}", TABLES.join(", "));
        let file = format!("{name}.csv");
        findings.structural(&file, None, &file, with_hint(&wanted, name, TABLES));
    }
    let n_rows: usize = draft.tables.values().map(|table| table.len()).sum();
    if MAX_ROWS < n_rows as u64 {
        findings.structural("bundle", None, &format!("{n_rows} rows"), format!("at most {MAX_ROWS} rows in all"));
    }
}
