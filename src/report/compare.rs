//! The page of a comparison: how many indicators improved, by how much unmet need changed, and what moved it.

use super::assurance;
use super::page::Page;
use super::table::{Align, Table};
use super::words::{change, child_needs, counted, list, number, share, stop_reason};
use crate::view::CompareDocument;
use crate::view::compare::{EstimateDocument, FactorRow, IndicatorRow, PartDocument, ScoreDocument, SideDocument};

/// Rows of a table that a page shows; the document lists them all.
const SHOWN: usize = 15;

/// Names that a sentence gives before it says how many more there are.
const NAMES_SHOWN: usize = 4;

pub fn page(document: &CompareDocument) -> String {
    let mut page = Page::new(&headline(document));
    assurance::what_is_counted(&mut page, &document.notes);
    unmet(&mut page, document);
    moved(&mut page, document);
    if let Some(indicators) = &document.indicators {
        verdicts(&mut page, "What improved", indicators, "improved");
        verdicts(&mut page, "What worsened", indicators, "worsened");
        verdicts(&mut page, "What cannot be told apart", indicators, "not_distinguishable");
        not_compared(&mut page, indicators);
    }
    assurance::notes(&mut page, &document.notes);
    for (title, side) in [("before", &document.before), ("after", &document.after)] {
        page.chapter(&format!("{}: {title}", name(side)));
        assurance::completeness(&mut page, &side.completeness, &document.notes);
        assurance::provenance(&mut page, &side.provenance, &document.disclosure);
    }
    page.finish()
}

/// The answer in one sentence.
pub fn headline(document: &CompareDocument) -> String {
    let [before, after] = [&document.before, &document.after].map(name);
    let whole =
        if before == after { format!("{before}, before and after") } else { format!("From {before} to {after}") };
    let Some(score) = &document.score else {
        let why = stop_reason(document.reason.as_deref());
        return format!("{whole}: stopped before indicators were compared, because {why}.");
    };
    let ScoreDocument { improved, worsened, not_distinguishable, comparable, .. } = *score;
    if comparable == 0 {
        return format!("{whole}: nothing can be measured on both sides.");
    }
    format!(
        "{whole}: {} of {} improved and {} worsened; {} cannot be told apart.",
        number(improved),
        counted(comparable, "indicator", "indicators"),
        number(worsened),
        number(not_distinguishable)
    )
}

fn name(side: &SideDocument) -> String {
    format!("{} at {}", side.provenance.locality, side.provenance.reference_date)
}

/// Unmet child-needs on both sides, and the change.
fn unmet(page: &mut Page, document: &CompareDocument) {
    let side = |side: &SideDocument| {
        let range = match (side.unmet_low, side.unmet_high) {
            (Some(low), Some(high)) if low != high => format!(" (between {} and {})", number(low), number(high)),
            _ => String::new(),
        };
        format!("{} of {} go unmet{range}", number(side.unmet), child_needs(side.child_needs))
    };
    let (before, after) = (&document.before, &document.after);
    let by = match document.change.unmet {
        0 => "as many as before".to_owned(),
        more if 0 < more => format!("{} more", number(more.unsigned_abs())),
        fewer => format!("{} fewer", number(fewer.unsigned_abs())),
    };
    page.say(&format!(
        "Before, {}, {}. After, {}, {}: {by}.",
        side(before),
        share(before.unmet, before.child_needs),
        side(after),
        share(after.unmet, after.child_needs)
    ));
    if document.before.status != "optimal" || document.after.status != "optimal" {
        page.say(&format!(
            "The run was stopped because {}: what is said of it is the best so far.",
            stop_reason(document.reason.as_deref())
        ));
    }
}

/// What need, supply and matching did to the change.
fn moved(page: &mut Page, document: &CompareDocument) {
    page.section("What moved it");
    let factors = &document.decomposition.factors;
    match &document.decomposition.reason {
        Some(reason) if document.status == "stopped" && Some(reason) == document.reason.as_ref() => {
            page.say(&format!("It was not worked out, because {}.", stop_reason(Some(reason))));
        }
        Some(reason) => page.say(&format!("The change cannot be shared out: {reason}.")),
        None => {
            page.say(
                "Of the change in unmet child-needs, need, supply and the way of matching account for these parts, which \
                 sum to it:",
            );
            let mut table = Table::new([
                ("What changed", Align::Left),
                ("Unmet", Align::Right),
                ("Met", Align::Right),
                ("Where it differs", Align::Left),
            ]);
            for factor in factors {
                let FactorRow { factor, differs, parts } = factor;
                let cell = |part: fn(&crate::view::compare::PartsDocument) -> PartDocument| {
                    parts.as_ref().map_or(String::new(), |parts| sixths(part(parts).sixths))
                };
                let differs = match differs.as_deref() {
                    Some([]) | None => "nowhere".to_owned(),
                    Some(differs) => list(differs, NAMES_SHOWN),
                };
                table.push([factor_in_words(factor), cell(|of| of.unmet), cell(|of| of.met), differs]);
            }
            let together = [change(document.change.unmet), change(document.change.met)];
            let [unmet, met] = together;
            table.push(["together".to_owned(), unmet, met, String::new()]);
            page.table(&table);
        }
    }
    let moved = document.decomposition.mixtures.iter().flat_map(|mixture| mixture.left_out.iter().chain(&mixture.lent));
    if moved.clone().next().is_some() {
        let most = moved.map(|rows| rows.rows).max().unwrap_or(0);
        page.say(&format!(
            "Some rows name what only one side has: up to {} of a table were left out of a mixture or lent to it.",
            counted(most, "row", "rows")
        ));
    }
}

fn factor_in_words(factor: &str) -> String {
    match factor {
        "need" => "need (areas, needs)",
        "supply" => "supply (services, offers)",
        "matching" => "matching (rules, definitions)",
        other => other,
    }
    .to_owned()
}

/// A number of sixths with its sign, as a whole number and a fraction: +2 1/2, -1/3, 0.
fn sixths(sixths: i64) -> String {
    let sign = match sixths {
        0 => return "0".to_owned(),
        n if n < 0 => "-",
        _ => "+",
    };
    let sixths = sixths.unsigned_abs();
    let fraction = match sixths % 6 {
        1 => "1/6",
        2 => "1/3",
        3 => "1/2",
        4 => "2/3",
        5 => "5/6",
        _ => "",
    };
    match (sixths / 6, fraction) {
        (whole, "") => format!("{sign}{}", number(whole)),
        (0, fraction) => format!("{sign}{fraction}"),
        (whole, fraction) => format!("{sign}{} {fraction}", number(whole)),
    }
}

fn verdicts(page: &mut Page, title: &str, indicators: &[IndicatorRow], verdict: &str) {
    let rows: Vec<&IndicatorRow> = indicators.iter().filter(|row| row.verdict == verdict).collect();
    if rows.is_empty() {
        return;
    }
    page.section(title);
    let mut table = Table::new([
        ("Indicator", Align::Left),
        ("Of", Align::Left),
        ("Before", Align::Right),
        ("After", Align::Right),
    ]);
    for row in rows.iter().take(SHOWN) {
        let said =
            |estimate: &Option<EstimateDocument>| estimate.as_ref().map_or("-".to_owned(), |of| said(of, &row.unit));
        table.push([measure_in_words(&row.measure).to_owned(), of_whom(row), said(&row.before), said(&row.after)]);
    }
    page.table(&table);
    let more = rows.len().saturating_sub(SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more indicator", "more indicators")));
    }
}

fn not_compared(page: &mut Page, indicators: &[IndicatorRow]) {
    let rows: Vec<String> = indicators
        .iter()
        .filter(|row| row.verdict == "not_comparable")
        .map(|row| {
            let why = row.reason.as_deref().unwrap_or("it cannot be compared");
            format!("{} of {}: {why}", measure_in_words(&row.measure), of_whom(row))
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    page.section("What cannot be compared");
    for row in rows.iter().take(SHOWN) {
        page.item(row);
    }
    let more = rows.len().saturating_sub(SHOWN);
    if more != 0 {
        page.item(&format!("... and {}.", counted(more as u64, "more indicator", "more indicators")));
    }
}

fn measure_in_words(measure: &str) -> &str {
    match measure {
        "unmet_share" => "unmet need",
        "coverage" => "coverage by receipt",
        "leakage" => "leakage of receipt",
        "places_per_child_need" => "places per child-need",
        other => other,
    }
}

fn of_whom(row: &IndicatorRow) -> String {
    match (row.of.as_str(), &row.group) {
        ("group", Some(group)) => format!("{group}: {}", row.label),
        _ => row.label.clone(),
    }
}

/// A number with its range where it has one: 40.0% (38.0% to 42.0%).
fn said(estimate: &EstimateDocument, unit: &str) -> String {
    let show = |value: f64| match unit {
        "share" => format!("{:.1}%", value * 100.0),
        _ => format!("{value:.3}"),
    };
    let EstimateDocument { value, low, high, counts: _ } = estimate;
    let range = match high {
        Some(high) if high == low => String::new(),
        Some(high) => format!("{} to {}", show(*low), show(*high)),
        None => format!("{} or more", show(*low)),
    };
    match (value, range.as_str()) {
        (Some(value), "") => show(*value),
        (None, "") => show(*low),
        (Some(value), range) => format!("{} ({range})", show(*value)),
        (None, range) => range.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{headline, page, sixths};
    use crate::report::sample;

    #[test]
    fn a_comparison_as_a_page() {
        let text = page(&sample::comparison());
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [
            "From Exampleshire at 2024-08-31 to Exampleshire at 2025-08-31: 2 of 4 indicators improved and 1 worsened; 1 \
             cannot be told apart.",
            "Before, 12 of 40 child-needs go unmet (between 11 and 14), 30.0%. After, 9 of 42 child-needs go unmet, 21.4%: \
             3 fewer.",
            "need (areas, needs) +1 +1 needs.csv",
            "supply (services, offers) -3 1/2 +3 1/2 offers.csv",
            "matching (rules, definitions) -1/2 +1/2 policy.toml: reach, travel.csv",
            "together -3 +5",
            "up to 3 rows of a table were left out of a mixture or lent to it.",
            "unmet need all 30.0% (27.5% to 35.0%) 21.4%",
            "places per child-need all 0.700 0.800 (0.800 or more)",
            "unmet need Speech 40.0% 50.0% (45.0% to 55.0%)",
            "unmet need sex: girls 30.0% (25.0% to 35.0%) 31.0% (30.0% to 40.0%)",
            "coverage by receipt of Speech: it can be measured only after",
        ] {
            assert!(flat.contains(said), "{said} is not in:\n{text}");
        }
        sample::assert_fits(&text);
    }

    #[test]
    fn what_cannot_be_shared_out_says_why() {
        let mut document = sample::comparison();
        document.decomposition.reason = Some("the two have no area in common".to_owned());
        document.decomposition.factors.iter_mut().for_each(|factor| factor.parts = None);
        let text = page(&document);
        assert!(text.contains("The change cannot be shared out: the two have no area in common."), "{text}");
        sample::assert_fits(&text);
    }

    #[test]
    fn a_stop_says_what_is_missing() {
        let mut document = sample::comparison();
        (document.score, document.indicators) = (None, None);
        (document.status, document.reason) = ("stopped".to_owned(), Some("deadline".to_owned()));
        document.decomposition.reason = Some("deadline".to_owned());
        assert!(headline(&document).ends_with("because the time limit came."), "{}", headline(&document));
        let text = page(&document);
        assert!(text.contains("It was not worked out, because the time limit came."), "{text}");
    }

    #[test]
    fn sixths_are_said_as_fractions_that_add_up() {
        let said: Vec<String> = [0, 1, -2, 3, 10, -15, 7200, -6005].map(sixths).to_vec();
        assert_eq!(said, ["0", "+1/6", "-1/3", "+1/2", "+1 2/3", "-2 1/2", "+1,200", "-1,000 5/6"]);
    }
}
