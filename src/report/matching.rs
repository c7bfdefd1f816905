//! The page of a matching: how many child-needs can be met, how that was chosen, and where a place is worth most.

use super::assurance;
use super::page::Page;
use super::table::{Align, Table};
use super::words::{change, child_needs, counted, number, pounds, share, signed, stop_reason};
use crate::view::matching::{MatchTotals, OfferUse};
use crate::view::{MatchDocument, StageDelta, StageValue};

/// Offers shown where one more place helps most; the document lists them all.
const OFFERS_SHOWN: usize = 10;

pub fn page(document: &MatchDocument) -> String {
    let mut page = Page::new(&headline(document));
    assurance::what_is_counted(&mut page, &document.notes);
    page.section("Totals");
    totals(&mut page, document);
    objective(&mut page, document);
    scarce(&mut page, &document.offers);
    spare(&mut page, &document.offers);
    assurance::notes(&mut page, &document.notes);
    assurance::completeness(&mut page, &document.completeness, &document.notes);
    assurance::provenance(&mut page, &document.provenance, &document.disclosure);
    page.finish()
}

/// The answer in one sentence.
pub fn headline(document: &MatchDocument) -> String {
    let MatchTotals { child_needs: needed, met, unmet, rows, unknown_rows, .. } = document.totals;
    let locality = &document.provenance.locality;
    if needed == 0 {
        return match (rows, unknown_rows) {
            (_, 0) => format!("There are no needs to be met in {locality}."),
            _ => format!(
                "How many needs there are to be met in {locality} is not known: {} no number of children.",
                counted(unknown_rows, "row of needs has", "rows of needs have")
            ),
        };
    }
    let met_of = format!("{} of {} ({})", number(met), child_needs(needed), share(met, needed));
    if document.status == "stopped" {
        return format!(
            "At least {met_of} in {locality} can be met; the search ended before the best answer was proved, because {}.",
            stop_reason(document.reason.as_deref())
        );
    }
    let rest = match unmet {
        0 => "none goes without".to_owned(),
        1 => "1 goes without".to_owned(),
        n => format!("{} go without", number(n)),
    };
    format!("{met_of} in {locality} can be met with the places on offer; {rest}.")
}

pub(super) fn totals(page: &mut Page, document: &MatchDocument) {
    let totals = &document.totals;
    let mut table = Table::new([("", Align::Left), ("Number", Align::Right), ("Share", Align::Right)]);
    table.push(["Child-needs", &number(totals.child_needs), ""]);
    table.push(["Met", &number(totals.met), &share(totals.met, totals.child_needs)]);
    table.push(["Unmet", &number(totals.unmet), &share(totals.unmet, totals.child_needs)]);
    table.push(["Weight, by convention", &number(totals.weight), ""]);
    table.push(["Weight met", &number(totals.weight_met), &share(totals.weight_met, totals.weight)]);
    page.table(&table);
    let mean = match (totals.metres, totals.minutes) {
        (Some(Some(metres)), _) => mean_travel(metres, totals.met, "metres"),
        (_, Some(Some(minutes))) => mean_travel(minutes, totals.met, "minutes"),
        (Some(None), _) | (_, Some(None)) => {
            Some("Mean travel cannot be given: some pair in use has no distance.".to_owned())
        }
        (None, None) => None,
    };
    if let Some(mean) = mean {
        page.say(&mean);
    }
}

fn mean_travel(sum: u64, met: u64, unit: &str) -> Option<String> {
    (met != 0).then(|| format!("Mean travel of a child-need that is met: {} {unit}.", number(sum / met)))
}

fn objective(page: &mut Page, document: &MatchDocument) {
    page.section("How the answer was chosen");
    page.say(&format!(
        "Out of {}. Each line is decided without giving up anything of the lines above it.",
        counted(
            document.pairs,
            "pair of a row of needs and an offer that may take it",
            "pairs of a row of needs and an offer that may take it"
        )
    ));
    let mut table = Table::new([
        ("Stage", Align::Left),
        ("What it seeks", Align::Left),
        ("Reached", Align::Right),
        ("Proved", Align::Left),
    ]);
    let unit = if document.totals.minutes.is_some() { "minutes" } else { "metres" };
    for stage in &document.objective {
        let StageValue { name, value, bound } = stage;
        let proved = match bound {
            Some(bound) if bound == value => "best possible".to_owned(),
            Some(bound) => format!("at best {}", stage_value(name, *bound, unit)),
            None => "not reached".to_owned(),
        };
        table.push([name.clone(), seeks(name).to_owned(), stage_value(name, *value, unit), proved]);
    }
    page.table(&table);
    for skipped in &document.skipped {
        page.item(&format!("Left out: {}: {}", skipped.name, skipped.reason));
    }
    page.say(&proof(document));
}

fn seeks(stage: &str) -> &str {
    match stage {
        "floors" => "least shortfall against the floors, in child-needs",
        "need" => "most weight of child-needs met",
        "evenness" => "unmet need spread evenly over groups (lower is more even)",
        "effect" => "most child-needs expected to be resolved",
        "travel" => "least travel",
        "cost" => "least cost of places",
        "blended" => "most weight met, less cost and travel",
        other => other,
    }
}

fn stage_value(stage: &str, value: i64, travel_unit: &str) -> String {
    match stage {
        // Effects are held in thousandths, so that they can be added without rounding.
        "effect" => {
            let sign = if value < 0 { "-" } else { "" };
            format!("{sign}{}.{:03}", number(value.unsigned_abs() / 1000), value.unsigned_abs() % 1000)
        }
        "travel" => format!("{} {travel_unit}", signed(value)),
        "cost" => pounds(value),
        _ => signed(value),
    }
}

fn proof(document: &MatchDocument) -> String {
    match document.proof.as_str() {
        "prices" => {
            "Proved: prices.csv certifies that nothing better exists, and `suffice verify` checks it from scratch."
                .to_owned()
        }
        "backend" => format!("That nothing better exists rests on the word of {}.", document.provenance.backend),
        _ => "Not proved to be the best: `at best` says how much better an answer could be at most.".to_owned(),
    }
}

/// Offers whose next place would meet more need, most first.
pub(super) fn scarce(page: &mut Page, offers: &[OfferUse]) {
    let mut scarce: Vec<(i64, &OfferUse)> =
        offers.iter().filter_map(|offer| Some((gain(offer.one_more.as_ref()?)?, offer))).collect();
    if scarce.is_empty() {
        return;
    }
    scarce.sort_by(|(gain_a, a), (gain_b, b)| gain_b.cmp(gain_a).then_with(|| a.offer.cmp(&b.offer)));
    page.section("Where one more place would help most");
    let mut table = Table::new([
        ("Offer", Align::Left),
        ("Name", Align::Left),
        ("Places", Align::Right),
        ("Used", Align::Right),
        ("One more place", Align::Right),
        ("One place less", Align::Right),
    ]);
    for (gain, offer) in scarce.iter().take(OFFERS_SHOWN) {
        table.push([
            offer.offer.clone(),
            offer.name.clone(),
            places(offer),
            number(offer.used),
            change(*gain),
            offer.one_less.as_ref().and_then(worth).map_or("-".to_owned(), change),
        ]);
    }
    page.table(&table);
    let more = scarce.len().saturating_sub(OFFERS_SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more offer", "more offers")));
    }
    page.say(
        "Changes are in weight met, for one place alone: two places need not be worth twice as much as one, and the lines \
         cannot be added up.",
    );
}

/// What the decisive stage gains; None where it gains nothing.
fn gain(delta: &StageDelta) -> Option<i64> {
    worth(delta).filter(|&worth| 0 < worth)
}

/// The change of the stage that counts need, by whichever name it goes.
fn worth(delta: &StageDelta) -> Option<i64> {
    delta.get("need").or_else(|| delta.get("blended")).copied()
}

pub(super) fn places(offer: &OfferUse) -> String {
    match offer.capacity {
        Some(capacity) => number(capacity),
        None if offer.places == "unlimited" => "no end".to_owned(),
        None => "not known".to_owned(),
    }
}

fn spare(page: &mut Page, offers: &[OfferUse]) {
    page.section("Places that are left over");
    let with_spare: Vec<u64> =
        offers.iter().filter_map(|offer| offer.capacity?.checked_sub(offer.used)).filter(|&spare| spare != 0).collect();
    let spare = with_spare.iter().fold(0_u64, |sum, &spare| sum.saturating_add(spare));
    page.say(&match with_spare.len() as u64 {
        0 => "Every known place is used.".to_owned(),
        n => format!(
            "{} not used, at {}: no unmet need fits, reaches or accepts them, or using them would not be better.",
            counted(spare, "place is", "places are"),
            counted(n, "offer", "offers"),
        ),
    });
}

#[cfg(test)]
mod tests {
    use super::{headline, page};
    use crate::report::sample;

    #[test]
    fn an_optimum_as_a_page() {
        insta::assert_snapshot!(page(&sample::matching()), @r#"
        1,234 of 1,500 child-needs (82.3%) in Exampleshire can be met with the places on offer; 266 go
        without.

        Counts are child-needs: one child's one need. A child with two needs counts twice.

        Totals
        ======
                               Number  Share
        ---------------------  ------  -----
        Child-needs             1,500
        Met                     1,234  82.3%
        Unmet                     266  17.7%
        Weight, by convention   9,000
        Weight met              8,000  88.9%
        Mean travel of a child-need that is met: 2,000 metres.

        How the answer was chosen
        =========================
        Out of 3,962 pairs of a row of needs and an offer that may take it. Each line is decided without
        giving up anything of the lines above it.
        Stage   What it seeks                            Reached  Proved
        ------  ------------------------------  ----------------  -------------
        need    most weight of child-needs met             8,000  best possible
        travel  least travel                    2,468,000 metres  best possible
        cost    least cost of places                  £12,345.67  best possible
        - Left out: effect: not every pair has an effect
        Proved: prices.csv certifies that nothing better exists, and `suffice verify` checks it from
        scratch.

        Where one more place would help most
        ====================================
        Offer     Name            Places  Used  One more place  One place less
        --------  --------------  ------  ----  --------------  --------------
        oak-lane  Speech therapy     534   534             +16              -4
        elm-road  Speech therapy     700   700              +4              -1
        Changes are in weight met, for one place alone: two places need not be worth twice as much as one,
        and the lines cannot be added up.

        Places that are left over
        =========================
        50 places are not used, at 1 offer: no unmet need fits, reaches or accepts them, or using them would
        not be better.

        What to know when reading this
        ==============================
        - Weights by level [1, 4, 16, 64] are a convention, used where a need gives no weight of its own.
        - There is no meets.csv: every kind is met by the service type of the same code.

        How sure are we?
        ================
        - 1 row could not be understood and was set aside; such rows enter no total.
        - 1 row of needs does not say how many children; such rows enter no total.
        - 12 rows of needs are estimated from rates and population, not counted.
        - 2 offers do not say how many places there are.
        - 3 offers have no date of last update.
        - 1,400 pairs of need and offer count as in reach by the policy's distance, because the offer gives
          none of its own.
        - 1 warning came with the bundle: `suffice check` lists them.
        - Places were updated on 2023-11-02 at the earliest, half of the offers that say so 40 days or more
          before the reference date.
        - Set aside: needs, row 7: children: saw "-3"; a whole number, 0 to 1000000000

        What this rests on
        ==================
        Suffice 0.1.0; locality Exampleshire at 2024-08-31, digest 3f2a9c01be44; solved by network.
        Policy: limits.provider_places = none; objective.mode = lexicographic; objective.order = floors,
        need, evenness; reach.rules = { kind = school-place, km = 3.2 }; supply.use = capacity; weight.level
        = 1, 4, 16, 64.
        Not for publication: no disclosure control has been applied.
        "#);
    }

    #[test]
    fn a_stopped_run_says_so_first() {
        let mut document = sample::matching();
        document.status = "stopped".to_owned();
        document.reason = Some("deadline".to_owned());
        document.proof = "bound".to_owned();
        document.objective[1].bound = Some(2_400_000);
        document.objective[2].bound = None;
        let page = page(&document);
        assert!(page.contains("at best 2,400,000 metres") && page.contains("not reached"), "{page}");
        assert!(page.contains("Not proved to be the best") && !page.contains("certifies"), "{page}");
        insta::assert_snapshot!(headline(&document), @"At least 1,234 of 1,500 child-needs (82.3%) in Exampleshire can be met; the search ended before the best answer was proved, because the time limit came.");
    }

    #[test]
    fn no_needs_and_no_numbers_are_told_apart() {
        let mut document = sample::matching();
        document.totals.child_needs = 0;
        document.totals.unknown_rows = 0;
        insta::assert_snapshot!(headline(&document), @"There are no needs to be met in Exampleshire.");
        document.totals.unknown_rows = 3;
        insta::assert_snapshot!(headline(&document), @"How many needs there are to be met in Exampleshire is not known: 3 rows of needs have no number of children.");
    }

    #[test]
    fn lines_fit_the_page() {
        sample::assert_fits(&page(&sample::wide(sample::matching())));
    }
}
