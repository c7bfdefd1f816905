//! What would let most in, on whom it depends and who competes for whom.

use super::SHOWN;
use crate::report::page::Page;
use crate::report::table::{Align, Table};
use crate::report::words::{change, child_needs, counted, number, share};
use crate::view::gaps::{ConcentrationRow, LossRow, OverlapDocument, ProvidersDocument, RelaxationsDocument};

pub(super) fn relaxations(page: &mut Page, found: &RelaxationsDocument) {
    let RelaxationsDocument { kept_out, looked_at, one_rule_away, rules, tried } = found;
    if tried.is_empty() {
        return;
    }
    page.section("Which rule, relaxed, would let most in");
    page.say(&format!(
        "{} go unmet because of rules or distance; one rule alone keeps {} of them from some offer.",
        child_needs(*kept_out),
        number(*one_rule_away)
    ));
    for row in tried.iter().take(SHOWN) {
        let whose = row.offer.as_ref().map_or(row.name.clone(), |offer| format!("{} ({offer})", row.name));
        let gain = match (row.child_needs, row.weight) {
            (Some(child_needs), Some(weight)) => {
                format!("solved again, {} child-needs met and {} of weight", change(child_needs), change(weight))
            }
            _ => "not solved again".to_owned(),
        };
        page.item(&format!(
            "If {whose} {}: {gain}; it opens to {}, {} of them unmet.",
            row.change,
            child_needs(row.opens_to),
            number(row.opens_to_unmet)
        ));
    }
    let more = rules.saturating_sub(tried.len().min(SHOWN) as u64);
    if more != 0 {
        page.say(&format!("{} the nearest miss of fewer.", counted(more, "more rule is", "more rules are")));
    }
    if looked_at < kept_out {
        page.say(&format!("Nearest misses were looked for of {} of them.", number(*looked_at)));
    }
    page.say("Rules are for people to change: some of them protect children.");
}

pub(super) fn providers(page: &mut Page, found: &ProvidersDocument) {
    let ProvidersDocument { all, by_kind, losses, providers } = found;
    let Some(hhi) = all.hhi else { return };
    page.section("On how few providers it depends");
    page.say(&format!(
        "{} known places; the index of Herfindahl and Hirschman is {hhi:.2}, where 1 means that one has all.",
        counted(all.providers, "provider has", "providers have")
    ));
    let mut narrow: Vec<&ConcentrationRow> =
        by_kind.iter().filter(|row| row.hhi.is_some_and(|hhi| 0.5 <= hhi)).collect();
    // Stable: rows with the same index keep the document's order.
    narrow.sort_by(|one, other| other.hhi.unwrap_or(0.0).total_cmp(&one.hhi.unwrap_or(0.0)));
    for row in narrow.iter().take(SHOWN) {
        page.item(&format!(
            "{}: {} of {} known places are {}'s (index {:.2}).",
            if row.label.is_empty() { &row.key } else { &row.label },
            number(row.largest_places),
            number(row.places),
            row.largest.as_deref().unwrap_or("nobody"),
            row.hhi.unwrap_or(0.0)
        ));
    }
    let more = narrow.len().saturating_sub(SHOWN);
    if more != 0 {
        page.item(&format!("... and {}.", counted(more as u64, "more such kind", "more such kinds")));
    }
    for row in losses.iter().filter(|row| row.newly_unmet != 0).take(SHOWN) {
        page.item(&loss(row));
    }
    let untested = providers.saturating_sub(losses.len() as u64);
    if untested != 0 {
        page.say(&format!(
            "Closing was tried for {} of {}, those that take most children.",
            number(losses.len() as u64),
            counted(*providers, "provider", "providers")
        ));
    }
}

fn loss(row: &LossRow) -> String {
    format!(
        "If {} closed, {} that are met today would not be; {} could go nowhere else.",
        row.provider,
        child_needs(row.newly_unmet),
        number(row.lose_every_offer)
    )
}

pub(super) fn overlap(page: &mut Page, found: &OverlapDocument) {
    let all = &found.all;
    let asking = all.none.saturating_add(all.one).saturating_add(all.two).saturating_add(all.three_or_more);
    if asking == 0 {
        return;
    }
    page.section("Who competes for whom");
    page.say(&format!(
        "{} ({}) could go to no service, {} to one alone, {} to two, {} to three or more, with places or not.",
        child_needs(all.none),
        share(all.none, asking),
        number(all.one),
        number(all.two),
        number(all.three_or_more)
    ));
    let mut table = Table::new([
        ("Provider", Align::Left),
        ("Could take", Align::Right),
        ("Another could too", Align::Right),
        ("Share", Align::Right),
    ]);
    for row in found.by_provider.iter().take(SHOWN) {
        table.push([
            row.provider.clone(),
            number(row.child_needs),
            number(row.another_provider_too),
            share(row.another_provider_too, row.child_needs),
        ]);
    }
    page.table(&table);
    let more = found.by_provider.len().saturating_sub(SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more provider", "more providers")));
    }
}
