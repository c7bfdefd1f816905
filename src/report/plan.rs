//! The page of a plan: what to commission and what it closes, how far that is proved, what stays unmet, and how the plan
//! does where things turn out otherwise.

mod beyond;

use super::assurance;
use super::page::Page;
use super::table::{Align, Table};
use super::words::{change, child_needs, counted, list, number, pounds, share, stop_reason};
use crate::view::PlanDocument;
use crate::view::plan::{ChosenRow, GainRow, LeftRow, NotReachableDocument, PlanRow, SetRow, UnmetDocument};

/// Rows of a table that a page shows; the document lists them all.
const SHOWN: usize = 15;

/// Names that a sentence gives before it says how many more there are.
const NAMES_SHOWN: usize = 4;

pub fn page(document: &PlanDocument) -> String {
    let mut page = Page::new(&headline(document));
    assurance::what_is_counted(&mut page, &document.notes);
    proof(&mut page, document);
    if let Some(not) = &document.not_reachable {
        not_reachable(&mut page, not, document.floors.len());
    }
    beyond::floors(&mut page, document);
    chosen(&mut page, document);
    closes(&mut page, document);
    shortages(&mut page, document);
    stays(&mut page, document);
    beyond::frontier(&mut page, document);
    beyond::cases(&mut page, document);
    beyond::equal_weights(&mut page, document);
    beyond::travel(&mut page, document);
    assurance::notes(&mut page, &document.notes);
    assurance::completeness(&mut page, &document.completeness, &document.notes);
    assurance::provenance(&mut page, &document.provenance, &document.disclosure);
    page.finish()
}

/// What is chosen, what it closes and what it leaves.
pub(super) fn body(page: &mut Page, document: &PlanDocument) {
    proof(page, document);
    chosen(page, document);
    closes(page, document);
    stays(page, document);
}

/// The answer in one sentence.
pub fn headline(document: &PlanDocument) -> String {
    let PlanDocument { status, chosen, met, today, totals, cost, .. } = document;
    let place = &document.provenance.locality;
    if document.bound.is_none() && status == "stopped" {
        let why = stop_reason(document.reason.as_deref());
        return format!("{place}: stopped before there was a plan, because {why}.");
    }
    let of_all = format!("{} of {}", number(met.child_needs), child_needs(totals.child_needs));
    let part = share(met.child_needs, totals.child_needs);
    if status == "not_reachable" {
        let what = match document.not_reachable.as_ref().map(|not| not.what.as_str()) {
            Some("limits") => "no plan keeps to these limits",
            _ => "what is asked cannot be reached with these candidates",
        };
        return format!("{place}: {what}. The best that can be had meets {of_all} ({part}) for {}.", pounds(*cost));
    }
    let closed = met.child_needs as i64 - today.child_needs as i64;
    let more = match closed {
        0 => "meets no more than today".to_owned(),
        more if 0 < more => format!("meets {} more than today", child_needs(more.unsigned_abs())),
        fewer => format!("meets {} fewer than today", child_needs(fewer.unsigned_abs())),
    };
    if chosen.is_empty() {
        return format!(
            "{place}: nothing is worth commissioning within these limits; today's places meet {of_all} ({part})."
        );
    }
    let what = counted(chosen.len() as u64, "candidate", "candidates");
    let price = match *cost {
        0 => "at no cost".to_owned(),
        saved if saved < 0 => format!("saving {}", pounds(-saved)),
        _ => format!("for {}", pounds(*cost)),
    };
    format!("{place}: a plan of {what} {price} {more}: {of_all} ({part}).")
}

/// How far it is proved that no plan does better.
fn proof(page: &mut Page, document: &PlanDocument) {
    let objective = &document.objective;
    let Some(bound) = objective.bound else { return };
    let amount = |value: i64| beyond::amount(objective, value);
    let (what, no_better) = match objective.name.as_str() {
        "need" => ("the weight of need met", "no plan within the limits meets more than"),
        "cost" => ("the cost", "no plan that reaches what is asked costs less than"),
        "cost_and_transport" => {
            ("the cost with transport", "no plan that reaches what is asked costs less, transport included, than")
        }
        "travel" => ("the travel of all children together", "no plan that meets as much need has less than"),
        _ => ("the way of the farthest child", "no plan that meets as much need has a shorter one than"),
    };
    let gap = objective.gap.map_or(String::new(), |gap| format!(" (within {:.2}%)", 100.0 * gap));
    if document.status != "not_reachable" {
        page.gap();
    }
    match document.status.as_str() {
        "optimal" => page.say(&format!("Proved: {what} is {}, and {no_better} that.", amount(objective.value))),
        "within_gap" => page.say(&format!(
            "Near enough, as asked: {what} is {}, and {no_better} {}{gap}.",
            amount(objective.value),
            amount(bound)
        )),
        "stopped" => page.say(&format!(
            "Stopped because {}: this is the best plan so far. {} is {}, and {no_better} {}{gap}.",
            stop_reason(document.reason.as_deref()),
            capital(what),
            amount(objective.value),
            amount(bound)
        )),
        _ => {}
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

fn not_reachable(page: &mut Page, not: &NotReachableDocument, n_floors: usize) {
    page.section("Why it cannot be reached");
    match not.missing {
        None => page.say("The money, the number of candidates and the rules between them leave no choice at all, not even to buy nothing."),
        Some(missing) => {
            let sum = if 1 < n_floors { ", summed over the shares that were asked for" } else { "" };
            let proved = if not.proved { "Even the best choice" } else { "The best choice found so far" };
            page.say(&format!("{proved} falls short by {}{sum}.", child_needs(missing)));
        }
    }
    if not.beyond_reach != 0 {
        page.say(&format!(
            "Of those left short, {} can be reached by no offer and no candidate, whatever is bought. What is missing is a candidate for them:",
            child_needs(not.beyond_reach)
        ));
        let name = |row: &&GainRow| format!("{} ({})", row.label, number(row.child_needs.unsigned_abs()));
        for (what, rows) in [("By kind", &not.beyond_reach_by_kind), ("By area", &not.beyond_reach_by_area)] {
            let mut rows: Vec<&GainRow> = rows.iter().collect();
            rows.sort_by_key(|row| std::cmp::Reverse(row.child_needs));
            let names: Vec<String> = rows.iter().map(name).collect();
            page.item(&format!("{what}: {}.", list(&names, SHOWN)));
        }
    } else if not.missing.is_some() {
        page.say(
            "Everyone left short could be reached by some offer or candidate: it is the limits that were set, the rules between candidates, or too few places that leave them out.",
        );
    }
}

fn chosen(page: &mut Page, document: &PlanDocument) {
    if document.chosen.is_empty() {
        return;
    }
    page.section("What to commission");
    let mut table = Table::new([
        ("Candidate", Align::Left),
        ("What", Align::Left),
        ("Places", Align::Right),
        ("Used", Align::Right),
        ("Cost", Align::Right),
        ("Closes", Align::Right),
        ("Alone", Align::Right),
    ]);
    let mut rows: Vec<&ChosenRow> = document.chosen.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.closes.as_ref().map(|closes| closes.child_needs)));
    for row in rows {
        let gain = |gains: &Option<crate::view::plan::GainsDocument>| {
            gains.as_ref().map_or("-".to_owned(), |gains| change(gains.child_needs))
        };
        table.push([
            row.candidate.clone(),
            what(row),
            row.places.map_or("no limit".to_owned(), number),
            row.placed.map_or("-".to_owned(), number),
            pounds(row.cost),
            gain(&row.closes),
            gain(&row.alone),
        ]);
    }
    page.table(&table);
    page.say(
        "Used: child-needs placed on what it adds. Closes: child-needs that would go unmet again without this candidate, the others being there. Alone: child-needs that it would meet by itself.",
    );
    for row in &document.funds {
        let limit = row.limit.map_or(String::new(), |limit| format!(" of {}", pounds(limit)));
        page.item(&format!("Fund {}: {}{limit}.", row.fund, pounds(row.cost)));
    }
    let closed = document.met.child_needs.saturating_sub(document.today.child_needs);
    if 0 < closed && 0 < document.cost {
        let each = (i128::from(document.cost) * 2 + i128::from(closed)).div_euclid(i128::from(closed) * 2);
        let each = beyond::price(i64::try_from(each).unwrap_or(i64::MAX));
        page.say(&format!("On average {each} for each child-need more that is met."));
    }
}

fn what(row: &ChosenRow) -> String {
    let steps = if row.steps == 1 { String::new() } else { format!(", {} steps", number(row.steps.into())) };
    match row.kind_of.as_str() {
        "places" => format!("more places at {}{steps}", row.what),
        "offer" => format!("a new place of {}", row.what),
        "widen" => format!("a wider rule at {}", row.what),
        _ => format!("close {}", row.what),
    }
}

/// What the plan closes, by kind, layer, level, area and group.
fn closes(page: &mut Page, document: &PlanDocument) {
    page.section("What it closes");
    let tables = [("kind", &document.by_kind), ("layer", &document.by_layer), ("level", &document.by_level)];
    let by_group = document.by_group.iter().map(|(column, rows)| (column.as_str(), rows));
    let all = tables.into_iter().chain([("area", &document.by_area)]).chain(by_group);
    // A cut with one part says nothing that the kinds do not say.
    for (at, (of, rows)) in all.filter(|(of, rows)| *of == "kind" || 1 < rows.len()).enumerate() {
        let mut moved: Vec<&PlanRow> = rows.iter().filter(|row| row.met != row.met_today).collect();
        if moved.is_empty() {
            continue;
        }
        moved.sort_by_key(|row| std::cmp::Reverse(row.met as i64 - row.met_today as i64));
        let mut table = Table::new([
            (format!("By {of}"), Align::Left),
            ("Child-needs".to_owned(), Align::Right),
            ("Met today".to_owned(), Align::Right),
            ("Met then".to_owned(), Align::Right),
            ("Closes".to_owned(), Align::Right),
            ("Unmet then".to_owned(), Align::Right),
        ]);
        for row in moved.iter().take(SHOWN) {
            table.push([
                row.label.clone(),
                number(row.child_needs),
                number(row.met_today),
                number(row.met),
                change(row.met as i64 - row.met_today as i64),
                number(row.unmet),
            ]);
        }
        if at != 0 {
            page.gap();
        }
        page.table(&table);
        let more = moved.len().saturating_sub(SHOWN);
        if more != 0 {
            page.say(&format!("... and {}.", counted(more as u64, "more row", "more rows")));
        }
    }
    if document.met == document.today {
        page.say("Nothing changes in who is met.");
    }
}

/// Which of today's shortages the plan relieves, and by which candidates.
fn shortages(page: &mut Page, document: &PlanDocument) {
    let sets = &document.deficient_sets;
    if sets.is_empty() {
        return;
    }
    page.section("Which shortages it relieves");
    for (at, set) in sets.iter().enumerate().take(NAMES_SHOWN) {
        let SetRow { kinds, child_needs: together, offers, places, short, unmet_after } = set;
        let by: Vec<String> = (document.chosen.iter())
            .filter(|row| {
                let relieves = row.closes.iter().flat_map(|closes| &closes.relieves);
                relieves.clone().any(|of| of.deficient_set == at as u64 && 0 < of.child_needs)
            })
            .map(|row| row.candidate.clone())
            .collect();
        let by = if by.is_empty() { String::new() } else { format!("; relieved by {}", list(&by, NAMES_SHOWN)) };
        page.item(&format!(
            "{} of {} share {} in {}: {} short today, {} unmet under the plan{by}.",
            child_needs(*together),
            list(kinds, NAMES_SHOWN),
            counted(*places, "place", "places"),
            list(offers, NAMES_SHOWN),
            number(*short),
            number(*unmet_after)
        ));
    }
    let more = sets.len().saturating_sub(NAMES_SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more shortage", "more shortages")));
    }
}

/// What the plan leaves.
fn stays(page: &mut Page, document: &PlanDocument) {
    page.section("What it leaves");
    let unmet = document.totals.child_needs.saturating_sub(document.met.child_needs);
    if unmet == 0 {
        page.say("Every child-need whose number is known is met.");
        return;
    }
    page.say(&format!("{} stay unmet.", capital(&child_needs(unmet))));
    let UnmetDocument { beyond_reach, candidates_left_out, places } = document.unmet;
    for (children, why) in [
        (beyond_reach, "can be reached by no offer and no candidate, whatever is bought"),
        (candidates_left_out, "could be reached only by candidates that are not part of the plan"),
        (places, "could use something that is there under the plan, but its places are for others"),
    ] {
        if children != 0 {
            page.item(&format!("{} {why}.", child_needs(children)));
        }
    }
    let mut kinds: Vec<&PlanRow> = document.by_kind.iter().filter(|row| row.unmet != 0).collect();
    kinds.sort_by_key(|row| std::cmp::Reverse(row.unmet));
    let names: Vec<String> = kinds.iter().map(|row| format!("{} ({})", row.label, number(row.unmet))).collect();
    page.item(&format!("By kind: {}.", list(&names, SHOWN)));
    let mut areas: Vec<&PlanRow> = document.by_area.iter().filter(|row| row.unmet != 0).collect();
    areas.sort_by_key(|row| std::cmp::Reverse(row.unmet));
    let names: Vec<String> = areas.iter().map(|row| format!("{} ({})", row.label, number(row.unmet))).collect();
    page.item(&format!("By area: {}.", list(&names, SHOWN)));
    for set in document.left.iter().flatten().take(NAMES_SHOWN) {
        let LeftRow { kinds, child_needs: together, offers, places, short } = set;
        page.item(&format!(
            "{} of {} share {} in {}: {} short.",
            child_needs(*together),
            list(kinds, NAMES_SHOWN),
            counted(*places, "place", "places"),
            list(offers, NAMES_SHOWN),
            number(*short)
        ));
    }
    let more = document.left.as_ref().map_or(0, Vec::len).saturating_sub(NAMES_SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more shortage", "more shortages")));
    }
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::report::sample;

    #[test]
    fn the_longest_ids_and_the_greatest_numbers_fit() {
        let mut plan = sample::plan();
        let row = &mut plan.chosen[0];
        row.candidate = "c".repeat(128);
        row.what = format!("{} ({})", "S".repeat(512), "o".repeat(128));
        row.places = Some(1_000_000_000);
        row.cost = -1_000_000_000_000;
        plan.by_kind[0].label = "k".repeat(512);
        plan.cost = 1 << 52;
        sample::assert_fits(&page(&plan));
    }

    #[test]
    fn a_stop_before_the_end_says_what_is_proved() {
        let mut plan = sample::plan();
        plan.status = "stopped".to_owned();
        plan.reason = Some("deadline".to_owned());
        plan.objective.bound = Some(4_200);
        plan.objective.gap = Some(40.0 / 4_200.0);
        let text = page(&plan);
        assert!(text.contains("no plan within the limits meets more than 4,200 (within 0.95%)"), "{text}");
        plan.bound = None;
        assert!(page(&plan).starts_with("Exampleshire: stopped before there was a plan"), "{}", page(&plan));
    }
}
