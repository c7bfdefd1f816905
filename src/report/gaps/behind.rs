//! Distinct children, what rests on estimates and assumptions, providers' programmes, and cascades of subgroups.

use super::SHOWN;
use crate::report::page::Page;
use crate::report::table::{Align, Table};
use crate::report::words::{counted, number, share};
use crate::view::gaps::{ChildrenDocument, ProgrammeRow, RestsDocument, SubgroupCascade};

/// How many children the child-needs are of.
pub(super) fn children(page: &mut Page, children: &ChildrenDocument) {
    let ChildrenDocument { named, all_met, partly_met, none_met, cohorts_low, cohorts_high } = children;
    if *named != 0 {
        page.say(&format!(
            "Behind the child-needs stand {} listed one by one: {} can have all of their needs met, {} some but not all, {} none.",
            counted(*named, "child", "children"),
            number(*all_met),
            number(*partly_met),
            number(*none_met)
        ));
    }
    if *cohorts_high != 0 {
        let range = if cohorts_low == cohorts_high {
            number(*cohorts_low)
        } else {
            format!("between {} and {}", number(*cohorts_low), number(*cohorts_high))
        };
        let several = if cohorts_low == cohorts_high { "" } else { " Which of them have several needs is not known." };
        page.say(&format!(
            "{} are counted in groups: {range} distinct children.{several}",
            if *named == 0 { "The child-needs" } else { "Others" }
        ));
    }
}

/// How much of the answer rests on what was estimated or assumed, as items under the heading on how sure we are.
pub(super) fn rests(page: &mut Page, rests: &RestsDocument) {
    let RestsDocument {
        child_needs: all,
        estimated,
        certainty_not_stated,
        met,
        met_by_default_reach,
        met_at_assumed_levels,
        met_by_unknown_eligibility,
        met_at_unknown_places,
        met_at_undated_places,
    } = rests;
    let mut say = |part: u64, whole: u64, of: &str, what: &str| {
        if part != 0 {
            page.item(&format!("{} of {} {of} ({}) {what}.", number(part), number(whole), share(part, whole)));
        }
    };
    say(*estimated, *all, "child-needs", "are estimates");
    say(*certainty_not_stated, *all, "child-needs", "come without a word on whether they were counted or estimated");
    let of_met = "child-needs met";
    say(*met_by_default_reach, *met, of_met, "are in reach by the policy's distance alone");
    say(*met_at_assumed_levels, *met, of_met, "are at services whose levels were assumed");
    say(*met_by_unknown_eligibility, *met, of_met, "may not be eligible where they are placed");
    say(*met_at_unknown_places, *met, of_met, "are at offers that do not say how many places they have");
    say(*met_at_undated_places, *met, of_met, "are at offers that do not say when their places were counted");
}

/// Providers' programmes by how far they work at several layers at once.
pub(super) fn programmes(page: &mut Page, programmes: &[ProgrammeRow]) {
    let coded = || programmes.iter().filter(|row| row.score.is_some());
    if coded().next().is_none() {
        return;
    }
    page.section("How far each provider's programme is integrated");
    let mut rows: Vec<&ProgrammeRow> = coded().collect();
    // Stable: equals keep the document's order.
    rows.sort_by_key(|row| std::cmp::Reverse((row.score, row.services)));
    let mut table = Table::new([
        ("Provider", Align::Left),
        ("Services", Align::Right),
        ("Strategies", Align::Right),
        ("Settings", Align::Right),
        ("Score", Align::Right),
        ("What it means", Align::Left),
    ]);
    for row in rows.iter().take(SHOWN) {
        let ProgrammeRow { provider, services, uncoded: _, strategies, settings, score, meaning } = row;
        table.push([
            provider,
            &number(*services),
            &number(*strategies),
            &number(*settings),
            &score.map_or("-".to_owned(), |score| score.to_string()),
            meaning,
        ]);
    }
    page.table(&table);
    let more = rows.len().saturating_sub(SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more provider", "more providers")));
    }
    page.say(
        "The scale is from 0 to 4 (Richard and others 1996): in how many ways and settings a programme works, and whether with the child \
         as well as with what is around it. It is an order, not a mark of quality.",
    );
    let uncoded: u64 = programmes.iter().map(|row| row.uncoded).sum();
    if uncoded != 0 {
        page.say(&format!(
            "{} where {} or whose change {}, and so in no strategy.",
            counted(uncoded, "service does not say", "services do not say"),
            if uncoded == 1 { "it works" } else { "they work" },
            if uncoded == 1 { "it seeks" } else { "they seek" }
        ));
    }
}

/// The cascades that were asked for, one row each.
pub(super) fn subgroups(page: &mut Page, subgroups: &[SubgroupCascade]) {
    if subgroups.is_empty() {
        return;
    }
    page.section("At which step children of each group are lost");
    let mut table = Table::new([
        ("Of", Align::Left),
        ("Child-needs", Align::Right),
        ("Available", Align::Right),
        ("Accessible", Align::Right),
        ("Acceptable", Align::Right),
        ("Contact", Align::Right),
        ("Effective", Align::Right),
        ("Most lost at", Align::Left),
    ]);
    for SubgroupCascade { of: _, label, straddling_rows: _, cascade } in subgroups {
        let Some(cascade) = cascade else {
            page.item(&format!("{label}: the run was stopped before this was worked out."));
            continue;
        };
        let mut cells = vec![label.clone(), number(cascade.child_needs)];
        cells.extend(cascade.stages.iter().map(|stage| match stage.share {
            Some(share) => format!("{:.1}%", share * 100.0),
            None => "-".to_owned(),
        }));
        cells.push(cascade.bottleneck.as_ref().map_or("-".to_owned(), |bottleneck| bottleneck.to.clone()));
        table.push(cells);
    }
    page.table(&table);
    page.say(
        "Each row is the most of that group's needs that could be served if it had the places to itself, so rows can be compared and do \
         not add up. A stage that is not recorded shows as -.",
    );
    let straddling: u64 = subgroups.iter().map(|row| row.straddling_rows).sum();
    if straddling != 0 {
        page.say(&format!(
            "{} of needs {} children on both sides of the ages asked for, or no age: in no row.",
            counted(straddling, "row", "rows"),
            if straddling == 1 { "has" } else { "have" }
        ));
    }
    let unknown: u64 = subgroups.iter().filter_map(|row| row.cascade.as_ref()).map(|of| of.unknown_rows).sum();
    if unknown != 0 {
        page.say(&format!(
            "{} no number of children and {} in no stage.",
            counted(unknown, "row of needs has", "rows of needs have"),
            if unknown == 1 { "is" } else { "are" }
        ));
    }
}
