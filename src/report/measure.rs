//! The page of measures: how far receipt follows need, how evenly, and how many places there are for each child-need.

mod floors;

use self::floors::floors;
use super::assurance;
use super::gaps::access;
use super::page::Page;
use super::table::{Align, Table};
use super::words::{child_needs, counted, number, share};
use crate::view::MeasureDocument;
use crate::view::measure::{
    AnyDocument, ConcentrationDocument, EquityOf, Measures, PartsDocument, ShareRow, TableDocument, TableRow,
    TypedDocument,
};

/// Rows of a table that a page shows; the document lists them all.
const SHOWN: usize = 10;

pub fn page(document: &MeasureDocument) -> String {
    let mut page = Page::new(&headline(document));
    assurance::what_is_counted(&mut page, &document.notes);
    if let Some(tables) = &document.need_receipt {
        page.say(&in_short(&tables.typed.parts));
        typed(&mut page, &tables.typed);
        any(&mut page, &tables.any);
    }
    if let Some(equity) = &document.equity {
        equity_of(&mut page, "Is it even? Being placed in this matching", &equity.met);
        if let Some(received) = &equity.received {
            equity_of(&mut page, "Is it even? Receiving today", received);
        }
        if let Some(found) = &equity.floors {
            floors(&mut page, found);
        }
    }
    if let Some(found) = &document.access {
        access(&mut page, found);
    }
    assurance::notes(&mut page, &document.notes);
    assurance::completeness(&mut page, &document.completeness, &document.notes);
    assurance::provenance(&mut page, &document.provenance, &document.disclosure);
    page.finish()
}

/// The answer in one sentence.
pub fn headline(document: &MeasureDocument) -> String {
    let locality = &document.provenance.locality;
    let Some(tables) = &document.need_receipt else {
        return match document.status.as_str() {
            "stopped" => format!("The run was stopped before need was held against receipt in {locality}."),
            _ => {
                let offered = document.access.as_ref().and_then(|access| {
                    let least = if access.unknown_offers == 0 { "" } else { "at least " };
                    Some(format!(" There are {least}{:.2} places for each child-need.", access.places_per_child_need?))
                });
                let offered = offered.unwrap_or_default();
                format!("What children receive in {locality} is not recorded, so coverage cannot be measured.{offered}")
            }
        };
    };
    let sum = &tables.typed.sum;
    match (&sum.low, &sum.high) {
        (Some(low), Some(high)) => format!(
            "Between {} and {} of the child-needs in {locality} are met by what children receive today, depending on what receipts do \
             not say.",
            percent(low.coverage),
            percent(high.coverage)
        ),
        _ => {
            let both = sum.measures.both.unwrap_or(0);
            let need = both.saturating_add(sum.measures.need_only.unwrap_or(0));
            if need == 0 {
                return format!("There are no counted needs in {locality} to hold against what children receive.");
            }
            let interval = sum.intervals.first().and_then(|interval| interval.coverage);
            let sure = interval.map_or(String::new(), |[low, high]| {
                format!(
                    ", and of all such children between {} and {} (95 % interval)",
                    percent(Some(low)),
                    percent(Some(high))
                )
            });
            format!(
                "{} of {} ({}) in {locality} are met by what children receive today{sure}.",
                number(both),
                child_needs(need),
                share(both, need)
            )
        }
    }
}

/// A share as a percentage with two decimals; "not known" where it is not.
fn percent(share: Option<f64>) -> String {
    share.map_or("not known".to_owned(), |share| format!("{:.2}%", share * 100.0))
}

fn count(count: Option<u64>) -> String {
    count.map_or("not known".to_owned(), number)
}

fn decimal(value: Option<f64>) -> String {
    value.map_or("not known".to_owned(), |value| format!("{value:.3}"))
}

fn typed(page: &mut Page, typed: &TypedDocument) {
    page.section("Need against receipt");
    page.say("A child-need counts as met where a receipt names it and the service's type meets its kind.");
    let cells = |heading: &'static str, measures: &Measures| {
        [
            heading.to_owned(),
            count(measures.both),
            count(measures.need_only),
            count(measures.receipt_only),
            count(measures.neither),
        ]
    };
    let mut table = Table::new([
        ("", Align::Left),
        ("Need, receives", Align::Right),
        ("Need, does not", Align::Right),
        ("Receives, no need", Align::Right),
        ("Neither", Align::Right),
    ]);
    match (&typed.sum.low, &typed.sum.high) {
        (Some(low), Some(high)) => {
            table.push(cells("At worst", low));
            table.push(cells("At best", high));
        }
        _ => table.push(cells("Children", &typed.sum.measures)),
    }
    page.table(&table);
    if let Some(reason) = &typed.sum.population_reason {
        page.say(&format!("How many have neither is not known: {reason}."));
    }
    measures(page, &typed.sum);
    parts(page, typed);
    rows(page, "Receipt by kind of need", &typed.by_kind);
    rows(page, "Receipt by area", &typed.by_area);
    for (column, of_column) in &typed.by_group {
        rows(page, &format!("Receipt by {column}"), of_column);
    }
}

/// A measure; where receipts leave it open, from the lesser end to the greater.
fn between<T: PartialOrd>(
    table: &TableDocument,
    of: fn(&Measures) -> Option<T>,
    show: fn(Option<T>) -> String,
) -> String {
    let (Some(low), Some(high)) = (&table.low, &table.high) else { return show(of(&table.measures)) };
    let (worst, best) = (of(low), of(high));
    if worst == best {
        return show(worst);
    }
    let (from, to) = if best < worst { (best, worst) } else { (worst, best) };
    format!("{} to {}", show(from), show(to))
}

/// The measures in words, with the interval of each that has one.
fn measures(page: &mut Page, table: &TableDocument) {
    let range = |of: fn(&Measures) -> Option<f64>, show: fn(Option<f64>) -> String| between(table, of, show);
    let interval = |of: fn(&crate::view::measure::IntervalDocument) -> Option<[f64; 2]>| {
        let levels = table.intervals.iter().filter_map(|interval| {
            let [low, high] = of(interval)?;
            let level = interval.level * 100.0;
            Some(format!("{level} %: {} to {}", percent(Some(low)), percent(Some(high))))
        });
        let levels: Vec<String> = levels.collect();
        if levels.is_empty() { String::new() } else { format!(" [{}]", levels.join("; ")) }
    };
    page.item(&format!(
        "Coverage {}{}: the share of need that receives. The rest, {}, is undercoverage.",
        range(|of| of.coverage, percent),
        interval(|of| of.coverage),
        range(|of| of.undercoverage, percent)
    ));
    page.item(&format!(
        "Leakage {}{}: the share of receipt that goes to no measured need. By the other definition, of those without need who \
         receive, {}.",
        range(|of| of.leakage, percent),
        interval(|of| of.leakage),
        range(|of| of.leakage_among_those_without_need, percent)
    ));
    page.item(&format!("In need are {}{} of all.", range(|of| of.prevalence, percent), interval(|of| of.prevalence)));
    page.item(&format!(
        "Those in need receive {} times their share (Coady, Grosh and Hoddinott 2004: 1 is as good as a lot), at odds {} times those \
         of others.",
        range(|of| of.cgh, decimal),
        range(|of| of.odds_ratio, decimal)
    ));
    page.item(&format!("As many receipts as today could cover {} of need at most.", range(|of| of.ceiling, percent)));
    if table.intervals.is_empty() {
        page.say("There is no sampling error in these figures; what is not known makes ranges instead.");
    }
}

/// A number, its range where it is open, or that it is not known.
fn said(sure: Option<u64>, range: Option<[u64; 2]>) -> String {
    match (sure, range) {
        (Some(sure), _) => number(sure),
        (None, Some([low, high])) if low == high => number(low),
        (None, Some([low, high])) => format!("{} to {}", number(low), number(high)),
        (None, None) => "a number that is not known".to_owned(),
    }
}

/// What would close the gap, in one sentence.
fn in_short(parts: &PartsDocument) -> String {
    let PartsDocument { retargeting, idle, volume, retargeting_range, idle_range, volume_range } = parts;
    format!(
        "Of those who do not receive, {} could be met by today's receipts in other hands and {} by places that nobody uses; for {} there \
         are too few places.",
        said(*retargeting, *retargeting_range),
        said(*idle, *idle_range),
        said(*volume, *volume_range)
    )
}

fn parts(page: &mut Page, typed: &TypedDocument) {
    let parts = &typed.parts;
    page.section("What would close it: other hands, idle places, or more places");
    page.item(&format!(
        "Retargeting: {} unmet child-needs could be met by today's receipts in other hands.",
        said(parts.retargeting, parts.retargeting_range)
    ));
    page.item(&format!("Idle: {} more by places that nobody uses today.", said(parts.idle, parts.idle_range)));
    page.item(&format!(
        "Volume: for {} there are too few places that fit, whoever has them.",
        said(parts.volume, parts.volume_range)
    ));
    page.say(
        "Retargeting is the most that could be had: in it places interchange, and those now served without measured need may be \
         well because they are served.",
    );
}

fn rows(page: &mut Page, title: &str, rows: &[TableRow]) {
    if rows.len() < 2 {
        return;
    }
    page.section(title);
    // The widest gap first; rows with the same keep the document's order.
    let unmet = |row: &TableRow| {
        let least = row.table.low.as_deref().unwrap_or(&row.table.measures);
        least.need_only.unwrap_or(0)
    };
    let mut shown: Vec<&TableRow> = rows.iter().collect();
    shown.sort_by_key(|row| std::cmp::Reverse(unmet(row)));
    let more = shown.len().saturating_sub(SHOWN);
    shown.truncate(SHOWN);
    let mut table = Table::new([
        ("Of", Align::Left),
        ("Need, receives", Align::Right),
        ("Need, does not", Align::Right),
        ("Coverage", Align::Right),
        ("Receives, no need", Align::Right),
    ]);
    for row in shown {
        table.push([
            if row.label.is_empty() { row.key.clone() } else { row.label.clone() },
            between(&row.table, |of| of.both, count),
            between(&row.table, |of| of.need_only, count),
            between(&row.table, |of| of.coverage, percent),
            between(&row.table, |of| of.receipt_only, count),
        ]);
    }
    page.table(&table);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more row", "more rows")));
    }
}

fn any(page: &mut Page, any: &AnyDocument) {
    if any.holders == 0 {
        return;
    }
    page.section("How much the definition of need drives the gap");
    page.say("Children with at least so many domains of need at such a level, against a receipt of anything:");
    let mut table = Table::new([
        ("Domains", Align::Right),
        ("Level", Align::Right),
        ("In need", Align::Right),
        ("Of these, receive", Align::Right),
        ("Coverage", Align::Right),
    ]);
    for cell in &any.cells {
        let measures = cell.table.low.as_deref().unwrap_or(&cell.table.measures);
        let need = measures.both.zip(measures.need_only).map(|(both, only)| both + only);
        if need == Some(0) {
            continue;
        }
        table.push([
            cell.domains.to_string(),
            format!("{} or more", cell.level),
            count(need),
            count(measures.both),
            percent(measures.coverage),
        ]);
    }
    page.table(&table);
    if any.cells.iter().any(|cell| cell.table.low.is_some()) {
        page.say("Receipts leave some of it open; these are the figures at worst.");
    }
    if any.cohort_need_rows != 0 {
        page.say(&format!(
            "{} of cohorts are in none of this: which of their children have how many needs is not known.",
            counted(any.cohort_need_rows, "row of needs", "rows of needs")
        ));
    }
}

fn equity_of(page: &mut Page, title: &str, equity: &EquityOf) {
    let has_groups = equity.by_group.values().any(|rows| 1 < rows.len());
    if equity.concentration.is_none() && !has_groups {
        return;
    }
    page.section(title);
    if let Some(concentration) = &equity.concentration {
        page.say(&by_deprivation(concentration));
    }
    groups(page, "Tenth", &equity.by_tenth);
    for (column, rows) in &equity.by_group {
        groups(page, column, rows);
    }
}

fn by_deprivation(concentration: &ConcentrationDocument) -> String {
    let ConcentrationDocument { index, wagstaff, erreygers, horizontal, unranked } = concentration;
    let leaning = match index {
        Some(index) if *index < 0.0 => "leans to children of more deprived areas",
        Some(index) if 0.0 < *index => "leans to children of less deprived areas",
        Some(_) => "leans to neither more nor less deprived areas",
        None => "goes to nobody",
    };
    let mut said = format!(
        "It {leaning}: the concentration index is {} (Wagstaff's form {}, Erreygers's {}), from -1, all with the most deprived, \
         to 1.",
        decimal(*index),
        decimal(*wagstaff),
        decimal(*erreygers)
    );
    if let Some(horizontal) = horizontal {
        said.push_str(&format!(
            " Beyond what kind and level of need predict: {:.3}; 0 is equal use for equal need.",
            horizontal.index
        ));
    }
    if *unranked != 0 {
        said.push_str(&format!(" {} are in areas without a rank and not in this.", child_needs(*unranked)));
    }
    said
}

fn groups(page: &mut Page, heading: &str, rows: &[ShareRow]) {
    if rows.len() < 2 {
        return;
    }
    let mut table = Table::new([
        (heading, Align::Left),
        ("Child-needs", Align::Right),
        ("With", Align::Right),
        ("Share", Align::Right),
        ("All others", Align::Right),
        ("Difference", Align::Right),
    ]);
    for row in rows.iter().take(SHOWN) {
        let against = row.against_others.as_ref();
        table.push([
            row.label.clone(),
            number(row.child_needs),
            number(row.with),
            share(row.with, row.child_needs),
            percent(against.map(|against| against.others)),
            against.map_or("-".to_owned(), |against| format!("{:+.2} points", against.difference * 100.0)),
        ]);
    }
    page.table(&table);
    let more = rows.len().saturating_sub(SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more group", "more groups")));
    }
}
