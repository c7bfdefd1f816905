//! Beyond the plan itself: other budgets, other cases, other weights, and travel.

use super::SHOWN;
use crate::report::page::Page;
use crate::report::table::{Align, Table};
use crate::report::words::{child_needs, counted, list, number, pounds, share, signed};
use crate::view::PlanDocument;
use crate::view::plan::{FrontierPoint, ObjectiveDocument, TravelledDocument};

/// A value of the objective in its unit.
pub(super) fn amount(objective: &ObjectiveDocument, value: i64) -> String {
    match objective.unit.as_str() {
        "pence" => pounds(value),
        "thousandths_of_pence" => pounds((value + 500).div_euclid(1000)),
        "metres" => far(value),
        "minutes" => format!("{} minutes", signed(value)),
        _ => signed(value),
    }
}

/// How far someone goes, in the unit of the document's distances.
pub(super) fn way(document: &PlanDocument, value: i64) -> String {
    match document.travel.as_ref().map(|travel| travel.unit.as_str()) {
        Some("minutes") => format!("{} minutes", signed(value)),
        _ => far(value),
    }
}

/// A price that may be less than a penny.
pub(super) fn price(pence: i64) -> String {
    if pence == 0 { "less than a penny".to_owned() } else { pounds(pence) }
}

/// Metres as kilometres with one decimal from 10 km on.
fn far(metres: i64) -> String {
    if metres.unsigned_abs() < 10_000 {
        format!("{} metres", signed(metres))
    } else {
        let tenths = (metres.unsigned_abs() + 50) / 100;
        format!("{}.{} km", number(tenths / 10), tenths % 10)
    }
}

/// The shares that were asked for, those that are missed first.
pub(super) fn floors(page: &mut Page, document: &PlanDocument) {
    let floors = &document.floors;
    if floors.is_empty() {
        return;
    }
    page.section("What was asked for");
    let mut order: Vec<_> = floors.iter().collect();
    order.sort_by_key(|floor| (floor.least <= floor.met, floor.met.saturating_sub(floor.least)));
    let several = floors.iter().any(|floor| floor.case != floors[0].case);
    let mut table = Table::new([
        ("Part", Align::Left),
        ("Share asked", Align::Right),
        ("Child-needs", Align::Right),
        ("At least", Align::Right),
        ("Met", Align::Right),
        ("Share met", Align::Right),
        ("", Align::Left),
    ]);
    for floor in order.iter().take(SHOWN) {
        let part = if floor.of == "all" { "all".to_owned() } else { format!("{} {}", floor.of, floor.label) };
        table.push([
            if several { format!("{part}, {}", floor.case) } else { part },
            format!("{}%", percent(floor.share)),
            number(floor.child_needs),
            number(floor.least),
            number(floor.met),
            share(floor.met, floor.child_needs),
            if floor.met < floor.least { "missed".to_owned() } else { String::new() },
        ]);
    }
    page.table(&table);
    let more = order.len().saturating_sub(SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more part", "more parts")));
    }
}

/// A share as it was written: 95, 97.5.
fn percent(share: f64) -> String {
    let text = format!("{:.4}", 100.0 * share);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn frontier(page: &mut Page, document: &PlanDocument) {
    let Some(points) = document.frontier.as_deref().filter(|points| !points.is_empty()) else { return };
    page.section("What other budgets would buy");
    let mut table = Table::new([
        ("Budget", Align::Right),
        ("Spent", Align::Right),
        ("Met", Align::Right),
        ("Share", Align::Right),
        ("For each child-need more", Align::Right),
        ("Candidates", Align::Right),
    ]);
    // A budget that buys what a smaller one does has no line of its own.
    let is_new = |at: usize| at == 0 || points[at].chosen != points[at - 1].chosen;
    for (_, point) in points.iter().enumerate().filter(|(at, _)| is_new(*at)) {
        let FrontierPoint { budget, cost, child_needs, pence_per_child_need, chosen, .. } = point;
        let each = pence_per_child_need.map_or("-".to_owned(), |pence| match pence.round() as i64 {
            0 if 0.0 < pence => "<£0.01".to_owned(),
            pence => pounds(pence),
        });
        table.push([
            pounds(*budget),
            pounds(*cost),
            number(*child_needs),
            share(*child_needs, document.totals.child_needs),
            each,
            number(chosen.len() as u64),
        ]);
    }
    page.table(&table);
    page.say("For each child-need more: what it costs more than the line above, over what it meets more.");
    if points.iter().any(|point| point.status != "optimal") {
        page.say("Not every line is proved to be the best; the document gives the bound of each.");
    }
}

pub(super) fn cases(page: &mut Page, document: &PlanDocument) {
    let Some(cases) = document.cases.as_deref().filter(|cases| 1 < cases.len()) else { return };
    page.section("If things turn out otherwise");
    let mut table = Table::new([
        ("Case", Align::Left),
        ("Child-needs", Align::Right),
        ("Met without the plan", Align::Right),
        ("Met with it", Align::Right),
        ("Share", Align::Right),
        ("Planned for", Align::Left),
    ]);
    for case in cases {
        let name = match case.of.as_str() {
            "recorded" => "as recorded".to_owned(),
            "scenario" => format!("scenario {}", case.id),
            _ => format!("without provider {}", case.id),
        };
        table.push([
            name,
            number(case.child_needs),
            number(case.met_without_plan),
            number(case.met),
            share(case.met, case.child_needs),
            if case.planned_for { "yes" } else { "no" }.to_owned(),
        ]);
    }
    page.table(&table);
}

/// Whether the plan rests on the weights.
pub(super) fn equal_weights(page: &mut Page, document: &PlanDocument) {
    let Some(equal) = &document.equal_weights else { return };
    if document.objective.name != "need" {
        return;
    }
    page.section("If every child-need counted the same");
    let best = if equal.is_proved { "the best plan" } else { "the best plan found" };
    if equal.met_by_best <= equal.met {
        let none = if equal.is_proved {
            "No plan within these limits would meet more"
        } else {
            "No plan was found that would meet more within these limits"
        };
        page.say(&format!("{none}: {} with this one.", child_needs(equal.met)));
        return;
    }
    let names: Vec<String> = equal.best.iter().map(|row| row.candidate.clone()).collect();
    page.say(&format!(
        "This plan would meet {}; {best} within the same limits would meet {} more, for {}: {}. The difference is what the weights by level decide.",
        child_needs(equal.met),
        number(equal.met_by_best - equal.met),
        pounds(equal.cost_of_best),
        list(&names, SHOWN)
    ));
}

pub(super) fn travel(page: &mut Page, document: &PlanDocument) {
    let Some(travel) = &document.travel else { return };
    page.section("How far children go");
    for (when, of) in [("Today", &travel.today), ("Under the plan", &travel.plan)] {
        let Some(of) = of else { continue };
        let (mean, TravelledDocument { children, all: _, farthest, pence }) = (of.mean(), of);
        if *children == 0 {
            page.item(&format!("{when}: nobody is placed."));
            continue;
        }
        let say = |value: i64| way(document, value);
        let cost = match pence {
            Some(pence) if travel.pence_per_km != 0 => format!("; transport {}", pounds(*pence)),
            _ => String::new(),
        };
        page.item(&format!(
            "{when}: {} are met, {} on average, {} at most, one way{cost}.",
            child_needs(*children),
            say(mean),
            say(*farthest)
        ));
    }
    page.say("Each child goes where it is nearest for all together. Transport is never part of the budget.");
}
