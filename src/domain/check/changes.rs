//! Changes of single rows: from a locality to its next revision, or to every [`Problem`] at once.
//!
//! There is no second copy of a rule. The rows that changed become a small draft, which the readers of the bundle's
//! tables read as they read files; the difference is what they read it against, which is a locality that was checked
//! before. What rules say of several rows together (holders who agree, cohorts that overlap, sums that stay exact) is
//! asked of the rows that a change can touch, by the functions that ask it of all. The outcome equals the check of the
//! edited bundle, which a property test holds it to.
//!
//! Tables that no change touches are shared with the revision before. A change of places costs O(offers), one of declines
//! or receipts O(offers + declines + receipts + ids of needs); a change of a need copies the needs.

mod named;
mod orders;
mod people;
mod shift;
mod supply;
mod told;

use std::sync::Arc;

use self::named::{Flows, declines_after, receipts_after};
use self::orders::Orders;
use self::people::People;
use self::supply::{Reading, Supply};
use self::told::Told;
use super::about::Terms;
use super::findings::Findings;
use super::groups::Groups;
use super::names::Names;
use super::{BadRows, Completeness, areas, kinds, needs, offers, policy, totals};
use crate::domain::change::{Change, Changed, Difference};
use crate::domain::locality::{Locality, Parts};
use crate::domain::problem::Problem;
use crate::solve::Effort;

/// Makes the next revision out of single changes, in this order, all of them or none. Rules between rows are judged when
/// all are made. A row that a later change of the same call replaces is not looked at.
///
/// Err: every problem, sorted by the change's position; `table` is `changes[3]`, `column` the field, such as
/// `set_need.level`. A problem that no single change is to blame for stands at `changes`.
pub fn apply(locality: &Locality, changes: &[Change]) -> Result<Changed, Vec<Problem>> {
    let mut findings = Findings::new(BadRows::Refuse);
    let mut told = Told::new(changes);
    let orders = Orders::take(locality, changes, &mut told);
    let parts = locality.parts();
    let terms = Terms::of_held(&parts.about);
    let area_names = Names::of_held("an area", areas::FILE, parts.areas.iter().map(|area| &area.id));
    let kind_names = Names::of_held("a kind", kinds::FILE, parts.kinds.iter().map(|kind| &kind.id));

    let ground = offers::Ground {
        coordinates: terms.coordinates,
        areas: &parts.areas,
        area_names: &area_names,
        units: offers::ReachUnits::of_held(locality.travel()),
    };
    orders.refuse_unknown_groups(locality, &mut told);
    let draft = orders.draft(terms.coordinates);
    let reading = Reading { locality, draft: &draft, orders: &orders, terms: &terms };
    let agreeing = people::agreeing_holders(&reading);
    let supply = Supply::after(&reading, &ground, &mut findings, &mut told);
    let policy = supply.policy(&parts.policy, &reading, &mut told);

    let mut groups = Groups::of_held(&parts.group_columns);
    let ground = needs::Ground {
        terms: &terms,
        areas: &parts.areas,
        area_names: &area_names,
        kind_names: &kind_names,
        policy: &policy,
    };
    let mut people = People::after(&reading, &ground, &agreeing, &mut groups, &mut findings, &mut told);
    people.warn_of_straddling(&parts.kinds, &supply.services, &policy, &mut findings);

    // Values of groups may have come and gone; from here on they have their final numbers.
    let in_areas = parts.areas.iter().map(|area| area.groups.as_slice());
    let in_holders = people.holders.iter().map(|holder| holder.groups.as_slice());
    let in_population = parts.population.iter().map(|row| row.groups.as_slice());
    let (group_columns, renumbering) = groups.close(in_areas.chain(in_holders).chain(in_population));
    let (mut areas, mut population) = (parts.areas.clone(), parts.population.clone());
    let regrouped = group_columns != parts.group_columns;
    if regrouped {
        Arc::make_mut(&mut areas).iter_mut().for_each(|area| renumbering.apply(&mut area.groups));
        Arc::make_mut(&mut population).iter_mut().for_each(|row| renumbering.apply(&mut row.groups));
        Arc::make_mut(&mut people.holders).iter_mut().for_each(|holder| renumbering.apply(&mut holder.groups));
        policy::refuse_unknown_floors(&policy, &group_columns, &area_names, &mut findings);
    }

    let flows = Flows { reading: &reading, areas: &area_names, kinds: &kind_names, supply: &supply, people: &people };
    let mut difference = Difference::default();
    let declines = declines_after(&flows, &mut difference, &mut findings, &mut told);
    let receipts = receipts_after(&flows, &mut difference, &mut findings, &mut told);
    people.differ(&reading, &mut difference.needs);
    difference.needs.sort();
    difference.needs.dedup();
    difference.offers = supply.differ(locality, &orders);
    difference.wide = regrouped || supply.is_wide(locality);

    // Sums over needs stay what they are while needs, costs and the farthest journey do.
    let sums_may_change = !orders.needs.is_empty() || !orders.services.is_empty() || supply.has_moved(locality);
    let asking: Vec<_> = if sums_may_change { people.rows().collect() } else { Vec::new() };
    let summed = totals::Summed {
        policy: &policy,
        coordinates: terms.coordinates,
        areas: &areas,
        needs: &asking,
        holders: &people.holders,
        services: &supply.services,
        offers: &supply.offers,
        candidates: &supply.candidates,
        scenarios: &parts.scenarios,
        travel: supply.travel.as_deref(),
    };
    match sums_may_change {
        true => totals::guard(&summed, &Effort::unlimited(), &mut findings).expect("nothing stops an unlimited effort"),
        false => totals::guard_supply(&summed, &mut findings),
    }
    drop(asking);

    let not_applicable_rows = findings.not_applicable_rows;
    let loadable = findings.conclude();
    let warnings = told.conclude(loadable, &orders)?;
    let before = &parts.completeness;
    let count = people.count(before);
    let completeness = Completeness {
        set_aside: before.set_aside.clone(),
        not_applicable_rows: before.not_applicable_rows + not_applicable_rows,
        unknown_need_rows: count.unknown,
        estimated_need_rows: before.estimated_need_rows,
        not_counted_need_rows: count.not_counted,
        overlapping_need_rows: count.overlapping,
        assumed_level_services: supply.services.services.iter().filter(|service| service.levels.assumed).count() as u64,
        meets_by_code: before.meets_by_code,
        built_in_kinds: before.built_in_kinds,
        warnings: before.warnings + warnings.len() as u64,
    };
    let Supply { services, offers, candidates, travel, .. } = supply;
    let next = Parts {
        about: parts.about.clone(),
        policy,
        group_columns,
        areas,
        kinds: parts.kinds.clone(),
        types: services.types,
        meets: services.meets,
        holders: people.holders,
        needs: people.needs,
        providers: services.providers,
        services: services.services,
        offers: offers.offers,
        travel,
        declines,
        receipts,
        population,
        drives: parts.drives.clone(),
        outcomes: parts.outcomes.clone(),
        candidates: candidates.candidates,
        scenarios: parts.scenarios.clone(),
        declines_recorded: parts.declines_recorded || orders.brings_declines(),
        completeness,
        received: people.received,
    };
    Ok(Changed { locality: Locality::from_checked(next), warnings, difference })
}
