//! The cascade, access, families' views and outcomes: what the page of gaps says beyond who goes without and why.

use super::{IDS_SHOWN, SHOWN};
use crate::report::page::Page;
use crate::report::table::{Align, Table};
use crate::report::words::{child_needs, counted, list, number};
use crate::view::gaps::{
    AccessDocument, AccessRow, AgeRow, BottleneckRow, CascadeDocument, FamiliesDocument, OutcomeRow, TenthRow,
    VoicesRow,
};

/// Places per child-need, with two decimals; "-" where there is no child-need.
fn ratio(places_per_child_need: Option<f64>) -> String {
    places_per_child_need.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"))
}

pub(super) fn cascade(page: &mut Page, cascade: &CascadeDocument) {
    let CascadeDocument { child_needs: of, unknown_rows: _, stages, contact_most, contact_outside, bottleneck } =
        cascade;
    if *of == 0 {
        return;
    }
    page.section("At which step children are lost");
    let mut table = Table::new([
        ("Step", Align::Left),
        ("Child-needs", Align::Right),
        ("Of all", Align::Right),
        ("What it means", Align::Left),
    ]);
    for row in stages {
        let (count, share) = match (row.child_needs, row.share) {
            (Some(count), Some(share)) => (number(count.round() as u64), format!("{:.1}%", share * 100.0)),
            _ => ("not recorded".to_owned(), "-".to_owned()),
        };
        table.push([row.stage.as_str(), &count, &share, meaning(&row.stage)]);
    }
    page.table(&table);
    for row in stages {
        if let Some(why) = &row.not_recorded {
            page.say(&format!("{} is {why}.", row.stage));
        }
    }
    if let Some(BottleneckRow { from, to, lost, sure }) = bottleneck {
        page.say(&format!(
            "Most are lost between {} and {to}: {}{}.",
            from.as_deref().unwrap_or("all who are in need"),
            child_needs(lost.round() as u64),
            if *sure { "" } else { ", as far as receipts say whose they are" }
        ));
    }
    let contact = stages.iter().find(|row| row.stage == "contact").and_then(|row| row.child_needs);
    if let Some((most, contact)) = contact_most.zip(contact)
        && contact < most as f64
    {
        page.say(&format!("Contact may be as high as {}: some receipts do not say whose they are.", number(most)));
    }
    if let Some(outside) = contact_outside.as_ref().filter(|outside| outside.total != 0) {
        page.say(&format!(
            "Besides, {} receive what by these rules they could not, and are in no step.",
            child_needs(outside.total)
        ));
    }
}

/// What a step of the cascade asks.
fn meaning(stage: &str) -> &'static str {
    match stage {
        "available" => "there is a service of a fitting type with a place",
        "accessible" => "it lets them in and is in reach",
        "acceptable" => "they did not decline it",
        "contact" => "they receive it today",
        _ => "their need is resolved, by the effect stated",
    }
}

pub(in crate::report) fn access(page: &mut Page, access: &AccessDocument) {
    let AccessDocument {
        measure: _,
        places_per_child_need: Some(overall),
        e2sfca,
        by_kind,
        by_area,
        by_age,
        not_by_age,
        by_tenth,
        unlimited_offers,
        unknown_offers,
    } = access
    else {
        return;
    };
    page.section("Places for each child-need");
    if *overall == 0.0 && *unknown_offers != 0 {
        page.say(&format!(
            "How many there are is not known: {} how many places there are, and no other could be used.",
            counted(*unknown_offers, "offer does not say", "offers do not say")
        ));
        return;
    }
    let least = if *unknown_offers == 0 { "" } else { "at least " };
    page.say(&format!(
        "There are {least}{overall:.2} places for each child-need. Each place is shared out over all who could use it (right kind, let in, \
         in reach, not declined), and each child-need adds up its shares: the two-step floating catchment area of Luo and \
         Wang (2003). There is no sampling error; what is not known is read as the policy says.",
    ));
    page.say(&format!(
        "Where the nearer counts for more, it is {least}{}: within a third of its reach an offer counts in full, within two thirds as \
         0.68, beyond as 0.22 (E2SFCA, Luo and Qi 2009).",
        ratio(*e2sfca)
    ));
    fewest(page, "Kind", by_kind);
    fewest(page, "Area", by_area);
    if let Some(tenths) = by_tenth.as_deref().filter(|tenths| !tenths.is_empty()) {
        page.say(&inverse_care(tenths));
    }
    for row in by_age.iter().filter(|row| row.falls_by_half).take(SHOWN) {
        page.item(&fall(row, by_age));
    }
    let more = by_age.iter().filter(|row| row.falls_by_half).count().saturating_sub(SHOWN);
    if more != 0 {
        page.item(&format!("... and {}.", counted(more as u64, "more such age", "more such ages")));
    }
    let banded: u64 = not_by_age.iter().map(|row| row.child_needs).sum();
    if banded != 0 {
        page.say(&format!(
            "Ages are compared where they are single years; {} are in wider bands, or without an age.",
            child_needs(banded)
        ));
    }
    if *unknown_offers != 0 {
        page.say(&format!(
            "{} how many places there are: each of these figures is the least that it can be.",
            counted(*unknown_offers, "offer does not say", "offers do not say")
        ));
    }
    if *unlimited_offers != 0 {
        page.say(&format!(
            "{} no end of places and {} in none of these figures.",
            counted(*unlimited_offers, "offer has", "offers have"),
            if *unlimited_offers == 1 { "is" } else { "are" }
        ));
    }
}

/// The rows with the fewest places for each child-need.
fn fewest(page: &mut Page, of: &str, rows: &[AccessRow]) {
    if rows.len() < 2 {
        return;
    }
    let mut shown: Vec<&AccessRow> = rows.iter().filter(|row| row.child_needs != 0).collect();
    // Stable: rows with as many keep the document's order. None is never here: each row has child-needs.
    shown.sort_by(|one, other| {
        let of = |row: &AccessRow| row.places_per_child_need.unwrap_or(0.0);
        of(one).total_cmp(&of(other))
    });
    let more = shown.len().saturating_sub(SHOWN);
    shown.truncate(SHOWN);
    let mut table = Table::new([
        (of, Align::Left),
        ("Child-needs", Align::Right),
        ("Places for each", Align::Right),
        ("Nearer counts more", Align::Right),
    ]);
    for AccessRow { key, label, child_needs, places_per_child_need, e2sfca } in shown {
        let name = if label.is_empty() { key } else { label };
        table.push([name, &number(*child_needs), &ratio(*places_per_child_need), &ratio(*e2sfca)]);
    }
    page.table(&table);
    if more != 0 {
        page.say(&format!("... and {} with more.", number(more as u64)));
    }
}

/// Tudor Hart's law in one line.
fn inverse_care(tenths: &[TenthRow]) -> String {
    let of = |row: &TenthRow| {
        format!(
            "tenth {}: {}, {} places fall to them, {} for each",
            row.tenth,
            child_needs(row.child_needs),
            number(row.places.round() as u64),
            ratio(row.places_per_child_need)
        )
    };
    let rows: Vec<String> = tenths.iter().map(of).collect();
    format!(
        "Need, supply and access by deprivation (1 is the most deprived tenth of the country): {}.",
        rows.join("; ")
    )
}

fn fall(row: &AgeRow, by_age: &[AgeRow]) -> String {
    let AgeRow { kind, age, child_needs: _, places_per_child_need, falls_by_half: _ } = row;
    let before = by_age.iter().find(|before| before.kind == *kind && before.age + 1 == *age);
    format!(
        "{kind}: at age {age} there are {} places for each child-need, half or less of the {} one year earlier. This compares \
         cohorts of today; it follows no child.",
        ratio(*places_per_child_need),
        ratio(before.and_then(|before| before.places_per_child_need))
    )
}

pub(super) fn families(page: &mut Page, families: &FamiliesDocument) {
    let FamiliesDocument { by_kind, not_stated } = families;
    let said = |of: fn(&VoicesRow) -> u64| by_kind.iter().map(of).sum::<u64>();
    let felt = said(|row| row.felt_not_normative);
    let normative = said(|row| row.normative_not_felt.unwrap_or(0));
    let asked = by_kind.iter().any(|row| row.normative_not_felt.is_some());
    let expressed = said(|row| row.expressed_not_supplied);
    if felt + normative + expressed == 0 {
        return;
    }
    page.section("What families say");
    let mut table = Table::new([
        ("Kind", Align::Left),
        ("Layer", Align::Left),
        ("Felt, in no record", Align::Right),
        ("On record, not felt", Align::Right),
        ("Asked for, no place", Align::Right),
    ]);
    let differs = |row: &&VoicesRow| {
        row.felt_not_normative + row.normative_not_felt.unwrap_or(0) + row.expressed_not_supplied != 0
    };
    for row in by_kind.iter().filter(differs).take(SHOWN) {
        table.push([
            row.label.as_str(),
            &row.layer,
            &number(row.felt_not_normative),
            &row.normative_not_felt.map_or("not recorded".to_owned(), number),
            &number(row.expressed_not_supplied),
        ]);
    }
    page.table(&table);
    let more = by_kind.iter().filter(differs).count().saturating_sub(SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more kind", "more kinds")));
    }
    page.say(&format!(
        "In child-needs, after Bradshaw (1972): {} felt without an expert's word, {} the other way round, {} asked for without a \
         place in this matching.",
        number(felt),
        if asked { number(normative) } else { "a number not recorded".to_owned() },
        number(expressed)
    ));
    if *not_stated != 0 {
        page.say(&format!("For {} it is not stated who says so.", child_needs(*not_stated)));
    }
}

pub(super) fn outcomes(page: &mut Page, outcomes: &[OutcomeRow]) {
    let threatened: Vec<&OutcomeRow> = outcomes.iter().filter(|row| row.unmet != 0).collect();
    if threatened.is_empty() {
        return;
    }
    page.section("Outcomes that the gap threatens");
    for row in threatened.iter().take(SHOWN) {
        page.item(&format!(
            "{} ({}), by way of {}: {} of {} unmet, of {}.",
            row.outcome,
            row.framework,
            row.indicator,
            number(row.unmet),
            child_needs(row.child_needs),
            list(&row.kinds, IDS_SHOWN)
        ));
    }
    let more = threatened.len().saturating_sub(SHOWN);
    if more != 0 {
        page.item(&format!("... and {}.", counted(more as u64, "more indicator", "more indicators")));
    }
    page.say("A kind of need may bear on several outcomes: these numbers do not add up.");
}
