//! The page of one need: what it gets, why it goes without the rest, and what stands in the way at each offer.

use super::assurance;
use super::gaps::{because, deficient_set};
use super::page::Page;
use super::table::{Align, Table};
use super::words::{counted, number};
use crate::view::ExplainDocument;
use crate::view::explain::OfferVerdict;

/// Offers that a page shows, best first; the document lists them all.
const SHOWN: usize = 20;

pub fn page(document: &ExplainDocument) -> String {
    let mut page = Page::new(&headline(document));
    page.gap();
    body(&mut page, document);
    assurance::notes(&mut page, &document.notes);
    assurance::provenance(&mut page, &document.provenance, &document.disclosure);
    page.finish()
}

/// Everything but the headline and what the answer rests on.
pub(super) fn body(page: &mut Page, document: &ExplainDocument) {
    if let Some(why) = &document.why {
        page.say(&format!("Why: {why}"));
    }
    if let Some(set) = &document.deficient_set {
        page.item(&deficient_set(set));
    }
    placements(page, document);
    offers(page, document);
}

/// The answer in one sentence.
pub fn headline(document: &ExplainDocument) -> String {
    let ExplainDocument { need, kind, kind_label, level, children, area, met, unmet, .. } = document;
    let label = if kind_label.is_empty() { kind } else { kind_label };
    let who = match children {
        Some(n) => counted(*n, "child", "children"),
        None => "a number of children that is not known".to_owned(),
    };
    let because = document.cause.as_deref().map_or(String::new(), |cause| format!(", because {}", because(cause)));
    let outcome = match (children, met, unmet) {
        (None, ..) => "nothing can be placed while the number is not known".to_owned(),
        (_, 0, 0) => "nobody is in need".to_owned(),
        (_, 0, 1) => format!("the need goes unmet{because}"),
        (_, 0, _) => format!("all go unmet{because}"),
        (_, 1, 0) => "the need is met".to_owned(),
        (_, _, 0) => "all are met".to_owned(),
        (_, met, unmet) => format!("{} met, {} unmet{because}", number(*met), number(*unmet)),
    };
    let stopped =
        if document.status == "stopped" { " (the search ended early: a better answer may exist)" } else { "" };
    format!("Need {need} ({label}, level {level}, in {area}, {who}): {outcome}{stopped}.")
}

fn placements(page: &mut Page, document: &ExplainDocument) {
    if document.placements.is_empty() {
        return;
    }
    page.section("Where it is met");
    let mut table = Table::new([
        ("Offer", Align::Left),
        ("Name", Align::Left),
        ("Children", Align::Right),
        ("Travel", Align::Right),
    ]);
    for placement in &document.placements {
        table.push([
            placement.offer.clone(),
            placement.name.clone(),
            number(placement.children),
            travel(placement.travel),
        ]);
    }
    page.table(&table);
}

fn offers(page: &mut Page, document: &ExplainDocument) {
    page.section("Offers that do something for this kind of need");
    if document.offers.is_empty() {
        page.say("There are none here.");
        return;
    }
    let mut table = Table::new([
        ("Offer", Align::Left),
        ("Fits", Align::Left),
        ("In reach", Align::Left),
        ("Travel", Align::Right),
        ("Places", Align::Right),
        ("Used", Align::Right),
        ("What stands in the way", Align::Left),
    ]);
    for offer in document.offers.iter().take(SHOWN) {
        table.push([
            format!("{} {}", offer.offer, offer.name),
            offer.eligible.clone(),
            offer.in_reach.clone(),
            travel(offer.travel),
            places(offer),
            number(offer.used),
            in_the_way(offer),
        ]);
    }
    page.table(&table);
    let more = document.offers.len().saturating_sub(SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more offer", "more offers")));
    }
    page.say(&format!("Travel is in {}.", document.travel_unit));
}

fn in_the_way(offer: &OfferVerdict) -> String {
    let mut reasons = offer.reasons.clone();
    if offer.declined {
        reasons.push("declined".to_owned());
    }
    if offer.capacity.is_some_and(|capacity| capacity <= offer.used) {
        reasons.push("every place is used".to_owned());
    }
    if offer.places == "unknown" {
        reasons.push("its places are not known".to_owned());
    }
    if reasons.is_empty() { "nothing".to_owned() } else { reasons.join("; ") }
}

fn places(offer: &OfferVerdict) -> String {
    match offer.capacity {
        Some(capacity) => number(capacity),
        None if offer.places == "unlimited" => "no end".to_owned(),
        None => "not known".to_owned(),
    }
}

fn travel(travel: Option<u64>) -> String {
    travel.map_or("not known".to_owned(), number)
}

#[cfg(test)]
mod tests {
    use super::{headline, page};
    use crate::report::sample;

    #[test]
    fn a_need_partly_met_as_a_page() {
        insta::assert_snapshot!(page(&sample::explanation()), @r"
        Need n17 (Speech and language, level 3, in E02, 5 children): 3 met, 2 unmet, because services that
        could help are full.

        Why: Every offer that could take it is full.
        - 9 child-needs can use only oak-lane, which has 7 places: 2 must go without, however places are
          given out. Needs: n16, n17.

        Where it is met
        ===============
        Offer     Name            Children  Travel
        --------  --------------  --------  ------
        oak-lane  Speech therapy         3   1,200

        Offers that do something for this kind of need
        ==============================================
        Offer                    Fits  In reach     Travel     Places  Used  What stands in the way
        -----------------------  ----  --------  ---------  ---------  ----  -------------------------------
        oak-lane Speech therapy  yes   yes           1,200          7     7  every place is used
        ash-way Early talk       no    unknown   not known  not known     0  takes ages 0 to 4, and these
                                                                             are 5; declined; its places are
                                                                             not known
        Travel is in metres.

        What this rests on
        ==================
        Suffice 0.1.0; locality Exampleshire at 2024-08-31, digest 3f2a9c01be44; solved by network.
        Policy: limits.provider_places = none; objective.mode = lexicographic; objective.order = floors,
        need, evenness; reach.rules = { kind = school-place, km = 3.2 }; supply.use = capacity; weight.level
        = 1, 4, 16, 64.
        Not for publication: no disclosure control has been applied.
        ");
    }

    #[test]
    fn one_childs_need_is_spoken_of_as_one() {
        let mut document = sample::explanation();
        (document.children, document.met, document.unmet) = (Some(1), 0, 1);
        insta::assert_snapshot!(headline(&document), @"Need n17 (Speech and language, level 3, in E02, 1 child): the need goes unmet, because services that could help are full.");
        (document.met, document.unmet, document.cause) = (1, 0, None);
        insta::assert_snapshot!(headline(&document), @"Need n17 (Speech and language, level 3, in E02, 1 child): the need is met.");
    }

    #[test]
    fn an_unknown_number_is_not_nobody() {
        let mut document = sample::explanation();
        (document.children, document.met, document.unmet, document.cause) = (None, 0, 0, None);
        insta::assert_snapshot!(headline(&document), @"Need n17 (Speech and language, level 3, in E02, a number of children that is not known): nothing can be placed while the number is not known.");
    }

    #[test]
    fn lines_fit_the_page() {
        sample::assert_fits(&page(&sample::wide(sample::explanation())));
    }
}
