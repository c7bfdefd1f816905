//! What would change the answer most, right after it: where places are missing, which rule keeps most out, what nobody
//! offers, and what asking would settle.

use super::{IDS_SHOWN, because};
use crate::report::page::Page;
use crate::report::words::{child_needs, counted, list, number};
use crate::view::GapsDocument;
use crate::view::gaps::{CauseRow, DeficientSet, RelaxationRow};

pub(super) fn what_next(page: &mut Page, document: &GapsDocument) {
    let items: Vec<String> =
        [places(document), rule(document), nobody(document), asking(document)].into_iter().flatten().collect();
    if items.is_empty() {
        return;
    }
    page.section("What would change most");
    for item in &items {
        page.item(item);
    }
    page.say("These are where to look first; what they would cost, and what is right to do, people decide.");
}

/// The largest shortage.
fn places(document: &GapsDocument) -> Option<String> {
    let DeficientSet { needs: _, child_needs: together, offers, places, short } = document.deficient_sets.first()?;
    let others = document.deficient_sets.len() - 1;
    let rest: u64 = document.deficient_sets[1..].iter().fold(0, |sum, set| sum.saturating_add(set.short));
    let where_to =
        if offers.is_empty() { "in no offer at all".to_owned() } else { format!("at {}", list(offers, IDS_SHOWN)) };
    let further = match others {
        0 => String::new(),
        _ => format!(
            " {} {} short besides.",
            counted(others as u64, "more such group is", "more such groups are"),
            number(rest)
        ),
    };
    Some(format!(
        "More places: {} share {} {where_to}, {} too few.{further}",
        child_needs(*together),
        counted(*places, "place", "places"),
        number(*short)
    ))
}

/// The rule that, relaxed, would let most be met with the places that are there.
fn rule(document: &GapsDocument) -> Option<String> {
    let tried = &document.relaxations.as_ref()?.tried;
    let RelaxationRow { name, change, child_needs: gained, .. } =
        tried.iter().find(|row| row.child_needs.is_some_and(|gained| 0 < gained))?;
    Some(format!(
        "A wider rule: if {name} {change}, {} more could be met with the places that are there.",
        number((*gained)?.unsigned_abs())
    ))
}

/// What nobody here does.
fn nobody(document: &GapsDocument) -> Option<String> {
    let no_type = of_cause(&document.causes, "no_type");
    (no_type != 0).then(|| format!("A new service: for {} {}.", child_needs(no_type), because("no_type")))
}

/// How far what is not known moves the answer.
fn asking(document: &GapsDocument) -> Option<String> {
    let totals = &document.totals;
    let open = totals.unmet_high.saturating_sub(totals.unmet_low);
    let unknown = document.completeness.unknown_capacity_offers;
    if open == 0 {
        return None;
    }
    let most = match unknown {
        0 => String::new(),
        _ => format!(" {} how many places there are.", counted(unknown, "offer does not say", "offers do not say")),
    };
    Some(format!("Asking: what is not known moves the unmet total by up to {}.{most}", number(open)))
}

fn of_cause(causes: &[CauseRow], cause: &str) -> u64 {
    causes.iter().filter(|row| row.cause == cause).map(|row| row.child_needs).sum()
}
