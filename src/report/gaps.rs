//! The page of gaps: how much need is unmet, why, for whom and where.

mod behind;
mod beyond;
mod breakdown;
mod next;
mod reasons;

pub(super) use beyond::access;
pub(super) use breakdown::by_kind_and_area;

use self::breakdown::{Order, breakdown};
use super::assurance;
use super::page::Page;
use super::table::{Align, Table};
use super::words::{child_needs, counted, list, number, share, stop_reason};
use crate::view::GapsDocument;
use crate::view::gaps::{CauseRow, DeficientSet, Ecology, GapTotals, LayerMatrix};

/// Rows of a breakdown, sets and the like that a page shows; the document lists them all.
const SHOWN: usize = 10;

/// Ids that a sentence names before it says how many more there are.
const IDS_SHOWN: usize = 5;

pub fn page(document: &GapsDocument) -> String {
    let mut page = Page::new(&headline(document));
    assurance::what_is_counted(&mut page, &document.notes);
    page.say(&range(&document.totals));
    if let Some(children) = &document.children {
        behind::children(&mut page, children);
    }
    causes(&mut page, &document.causes, document.totals.unmet);
    next::what_next(&mut page, document);
    breakdown(&mut page, "By kind of need", &document.by_kind, Order::WorstFirst);
    breakdown(&mut page, "By layer, where the need sits", &document.by_layer, Order::AsGiven);
    breakdown(&mut page, "By level, 1 universal to 4 acute", &document.by_level, Order::AsGiven);
    breakdown(&mut page, "By age", &document.by_age, Order::AsGiven);
    breakdown(&mut page, "By area", &document.by_area, Order::WorstFirst);
    for (column, rows) in &document.by_group {
        breakdown(&mut page, &format!("By {column}"), rows, Order::WorstFirst);
    }
    page.gap();
    page.say(breakdown::how_to_read(&document.by_kind));
    if let Some(cascade) = &document.cascade {
        beyond::cascade(&mut page, cascade);
    }
    behind::subgroups(&mut page, &document.subgroups);
    deficient_sets(&mut page, &document.deficient_sets);
    if let Some(relaxations) = &document.relaxations {
        reasons::relaxations(&mut page, relaxations);
    }
    if let Some(providers) = &document.providers {
        reasons::providers(&mut page, providers);
    }
    if let Some(overlap) = &document.overlap {
        reasons::overlap(&mut page, overlap);
    }
    layers(&mut page, &document.layer_matrix);
    behind::programmes(&mut page, &document.programmes);
    if let Some(access) = &document.access {
        beyond::access(&mut page, access);
    }
    if let Some(ecology) = &document.ecology {
        self::ecology(&mut page, ecology);
    }
    if let Some(families) = &document.families {
        beyond::families(&mut page, families);
    }
    beyond::outcomes(&mut page, &document.outcomes);
    assurance::notes(&mut page, &document.notes);
    assurance::completeness(&mut page, &document.completeness, &document.notes);
    if let Some(rests) = &document.rests {
        behind::rests(&mut page, rests);
    }
    assurance::provenance(&mut page, &document.provenance, &document.disclosure);
    page.finish()
}

/// The answer in one sentence: the range, where what is not known makes one.
pub fn headline(document: &GapsDocument) -> String {
    let GapTotals { child_needs: needed, unmet, unmet_low, unmet_high, unknown_rows, .. } = document.totals;
    let locality = &document.provenance.locality;
    let stopped = match document.status.as_str() {
        "stopped" => format!(
            "; the search ended before the best answer was proved, because {}, so fewer may go without",
            stop_reason(document.reason.as_deref())
        ),
        _ => String::new(),
    };
    if unmet_low != unmet_high {
        // More may ask in the reading against them than by the policy's: then a share of these says nothing.
        let of = if unmet_high <= needed {
            format!("{} of {}", number(unmet_high), child_needs(needed))
        } else {
            child_needs(unmet_high)
        };
        let why = main_cause(&document.causes, unmet);
        return format!(
            "Between {} and {of} in {locality} go unmet, depending on what is not known{}{stopped}.",
            number(unmet_low),
            why.replacen(", ", "; by the policy's reading ", 1)
        );
    }
    if needed == 0 {
        return match unknown_rows {
            0 => format!("There are no needs to be met in {locality}, so none goes unmet."),
            n => format!(
                "How much need goes unmet in {locality} is not known: {} no number of children.",
                counted(n, "row of needs has", "rows of needs have")
            ),
        };
    }
    if unmet == 0 {
        return format!("Every one of the {} in {locality} can be met.", child_needs(needed));
    }
    let verb = if unmet == 1 { "goes" } else { "go" };
    let unmet_of = format!("{} of {} ({})", number(unmet), child_needs(needed), share(unmet, needed));
    format!("{unmet_of} in {locality} {verb} unmet{}{stopped}.", main_cause(&document.causes, unmet))
}

/// The commonest cause, after a comma; nothing where none is recorded.
fn main_cause(causes: &[CauseRow], unmet: u64) -> String {
    // The first of equals, in the order in which causes are tried.
    let most = causes.iter().rev().max_by_key(|cause| cause.child_needs).filter(|cause| cause.child_needs != 0);
    match most {
        None => String::new(),
        Some(cause) if cause.child_needs == unmet => format!(", because {}", because(&cause.cause)),
        Some(cause) => format!(", {} of them because {}", number(cause.child_needs), because(&cause.cause)),
    }
}

/// A cause as the end of a sentence.
pub(super) fn because(cause: &str) -> &str {
    match cause {
        "no_type" => "no service here does what would meet the need",
        "ineligible" => "no fitting service lets them in",
        "eligibility_unknown" => "it is not known whether a fitting service would let them in",
        "place_unknown" => "it is not known whether a fitting service is in reach",
        "out_of_reach" => "every service that would let them in is out of reach",
        "declined" => "every service in reach was declined",
        "capacity_unknown" => "services that could help do not say how many places they have",
        "capacity" => "services that could help are full",
        "policy" => "the policy's floors or limits stand against it",
        "not_worth_cost" => "the policy's prices make it not worth its cost",
        "stopped" => "the run was stopped before it was known why",
        other => other,
    }
}

fn range(totals: &GapTotals) -> String {
    let GapTotals { rows: _, unknown_rows: _, child_needs: needed, met, unmet, unmet_low, unmet_high, .. } = totals;
    let policy = format!(
        "By the policy's reading of what is not known, {} of {} are met and {} ({}) are not.",
        number(*met),
        child_needs(*needed),
        number(*unmet),
        share(*unmet, *needed)
    );
    if unmet_low == unmet_high {
        return policy;
    }
    format!(
        "{policy} Read in the children's favour, everything that is not known leaves {} unmet; read against them, {}.",
        number(*unmet_low),
        number(*unmet_high)
    )
}

pub(super) fn causes(page: &mut Page, causes: &[CauseRow], unmet: u64) {
    if unmet == 0 {
        return;
    }
    page.section("Why needs go unmet");
    let mut table = Table::new([
        ("Cause", Align::Left),
        ("Child-needs", Align::Right),
        ("Share", Align::Right),
        ("What it means", Align::Left),
    ]);
    for CauseRow { cause, child_needs, meaning } in causes.iter().filter(|row| row.child_needs != 0) {
        table.push([cause, &number(*child_needs), &share(*child_needs, unmet), meaning]);
    }
    page.table(&table);
    page.say("Each unmet child-need has one cause, the first that holds.");
}

pub(super) fn deficient_sets(page: &mut Page, sets: &[DeficientSet]) {
    if sets.is_empty() {
        return;
    }
    page.section("Needs that share too few places");
    for set in sets.iter().take(SHOWN) {
        page.item(&deficient_set(set));
    }
    let more = sets.len().saturating_sub(SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more such group", "more such groups")));
    }
}

pub(super) fn deficient_set(set: &DeficientSet) -> String {
    let DeficientSet { needs, child_needs: together, offers, places, short } = set;
    let share = match offers.len() {
        0 => "have no place open to them".to_owned(),
        1 => format!("can use only {}, which has {}", offers[0], counted(*places, "place", "places")),
        n => format!(
            "can use only {} offers ({}), which have {} together",
            number(n as u64),
            list(offers, IDS_SHOWN),
            counted(*places, "place", "places")
        ),
    };
    format!(
        "{} {share}: {} must go without, however places are given out. Needs: {}.",
        child_needs(*together),
        number(*short),
        list(needs, IDS_SHOWN)
    )
}

/// Columns and rows of nothing are left out.
fn layers(page: &mut Page, matrix: &LayerMatrix) {
    let LayerMatrix { columns, rows, places, places_by_setting } = matrix;
    if rows.iter().all(|row| row.child_needs == 0) {
        return;
    }
    page.section("Layer of the need by layer that the service seeks to change");
    let at = |numbers: &[u64], column: usize| numbers.get(column).copied().unwrap_or(0);
    let used: Vec<usize> = (0..columns.len())
        .filter(|&column| {
            at(places, column) != 0
                || at(places_by_setting, column) != 0
                || rows.iter().any(|row| at(&row.met, column) != 0)
        })
        .collect();
    let mut headings = vec![("Need", Align::Left), ("Child-needs", Align::Right)];
    headings.extend(used.iter().map(|&column| (columns[column].as_str(), Align::Right)));
    headings.push(("Unmet", Align::Right));
    let mut table = Table::new(headings);
    let line = |name: &str, total: String, numbers: &[u64], last: String| {
        let mut cells = vec![name.to_owned(), total];
        cells.extend(used.iter().map(|&column| number(at(numbers, column))));
        cells.push(last);
        cells
    };
    for row in rows.iter().filter(|row| row.child_needs != 0) {
        table.push(line(&row.layer, number(row.child_needs), &row.met, number(row.unmet)));
    }
    table.push(line("places, by target", String::new(), places, String::new()));
    table.push(line("places, by setting", String::new(), places_by_setting, String::new()));
    if table.fits(super::WIDTH) {
        page.table(&table);
    } else {
        for row in rows.iter().filter(|row| row.child_needs != 0) {
            let met: Vec<String> = used
                .iter()
                .filter(|&&column| at(&row.met, column) != 0)
                .map(|&column| format!("{} by {}", number(at(&row.met, column)), columns[column]))
                .collect();
            page.item(&format!(
                "{}: {}, met {}, unmet {}.",
                row.layer,
                child_needs(row.child_needs),
                if met.is_empty() { "none".to_owned() } else { met.join(", ") },
                number(row.unmet)
            ));
        }
    }
    page.say("Places are those known.");
}

fn ecology(page: &mut Page, ecology: &Ecology) {
    let Ecology { components, largest_component_needs, single_points, drivers } = ecology;
    if *components == 0 && single_points.is_empty() && drivers.is_empty() {
        return;
    }
    page.section("How needs and services hang together");
    if *components != 0 {
        page.say(&format!(
            "Needs and offers fall into {} nothing with one another; the largest holds {}.",
            counted(*components, "group that shares", "groups that share"),
            counted(*largest_component_needs, "row of needs", "rows of needs")
        ));
    }
    for point in single_points.iter().take(SHOWN) {
        page.item(&format!(
            "Without provider {}, {} ({}) would have no offer left.",
            point.provider,
            child_needs(point.child_needs),
            counted(point.needs, "row", "rows")
        ));
    }
    let more = single_points.len().saturating_sub(SHOWN);
    if more != 0 {
        page.item(&format!("... and {}.", counted(more as u64, "more such provider", "more such providers")));
    }
    for driver in drivers.iter().take(SHOWN) {
        page.item(&format!(
            "{} is driven by {} (layer {}, strength {}; {} here). Of {}, {} have it in the same child and {} in the same \
             cohort or area; {}.",
            driver.kind,
            driver.driven_by,
            driver.layer,
            if driver.strength.is_empty() { "not stated" } else { &driver.strength },
            child_needs(driver.child_needs),
            child_needs(driver.driven),
            number(driver.in_child),
            number(driver.in_area),
            if driver.addressed { "some service here addresses it" } else { "no service here addresses it" }
        ));
    }
    let more = drivers.len().saturating_sub(SHOWN);
    if more != 0 {
        page.item(&format!("... and {}.", counted(more as u64, "more such link", "more such links")));
    }
    if !drivers.is_empty() {
        page.say(
            "What drives what is asserted by its source and not estimated; it speaks of places, never of one child. That a \
             driver is in the same cohort or area (ecological) does not say that it is in the same children.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{headline, page};
    use crate::report::sample;

    #[test]
    fn gaps_as_a_page() {
        insta::assert_snapshot!(page(&sample::gaps()), @r#"
        266 of 1,500 child-needs (17.7%) in Exampleshire go unmet, 200 of them because services that could
        help are full.

        Counts are child-needs: one child's one need. A child with two needs counts twice.
        By the policy's reading of what is not known, 1,234 of 1,500 child-needs are met and 266 (17.7%) are
        not.
        Behind the child-needs stand 300 children listed one by one: 210 can have all of their needs met, 40
        some but not all, 50 none.
        Others are counted in groups: between 800 and 1,100 distinct children. Which of them have several
        needs is not known.

        Why needs go unmet
        ==================
        Cause         Child-needs  Share  What it means
        ------------  -----------  -----  ---------------------------------------------------
        out_of_reach           66  24.8%  Every offer that would let them in is out of reach.
        capacity              200  75.2%  Offers that could take them are full.
        Each unmet child-need has one cause, the first that holds.

        What would change most
        ======================
        - More places: 700 child-needs share 534 places at oak-lane, 166 too few. 1 more such group is 34
          short besides.
        - A wider rule: if Talking together reaches 6.2 km, not 5 km, 12 more could be met with the places
          that are there.
        These are where to look first; what they would cost, and what is right to do, people decide.

        By kind of need
        ===============
        Of                   Child-needs  Met  Unmet  Unmet share
        -------------------  -----------  ---  -----  -----------
        A place at school            500  300    200        40.0%
        Speech and language        1,000  934     66         6.6%

        By layer, where the need sits
        =============================
        Of          Child-needs  Met  Unmet  Unmet share
        ----------  -----------  ---  -----  -----------
        Individual        1,000  934     66         6.6%
        Micro               500  300    200        40.0%

        By level, 1 universal to 4 acute
        ================================
        Of       Child-needs    Met  Unmet  Unmet share
        -------  -----------  -----  -----  -----------
        Level 2        1,500  1,234    266        17.7%

        By area
        =======
        Of     Child-needs  Met  Unmet  Unmet share
        -----  -----------  ---  -----  -----------
        South          700  434    266        38.0%
        North          800  800      0         0.0%

        By ethnicity
        ============
        Of          Child-needs    Met  Unmet  Unmet share
        ----------  -----------  -----  -----  -----------
        not stated        1,500  1,234    266        17.7%

        Kinds, areas and groups are listed by unmet child-needs. Which of several equally needy groups goes
        without can differ between answers that are equally good, so rows that lie close together are not
        ranked by this; --ranges says which can be.

        At which step children are lost
        ===============================
        Step         Child-needs  Of all  What it means
        ----------  ------------  ------  -------------------------------------------------
        available          1,450   96.7%  there is a service of a fitting type with a place
        accessible         1,234   82.3%  it lets them in and is in reach
        acceptable  not recorded       -  they did not decline it
        contact              700   46.7%  they receive it today
        effective            421   28.0%  their need is resolved, by the effect stated
        acceptable is not recorded: there is no declines.csv, so nothing is known of what is accepted.
        Most are lost between accessible and contact: 534 child-needs.
        Contact may be as high as 740: some receipts do not say whose they are.
        Besides, 25 child-needs receive what by these rules they could not, and are in no step.

        At which step children of each group are lost
        =============================================
        Of                  Child-needs  Available  Accessible  Acceptable  Contact  Effective  Most lost at
        ------------------  -----------  ---------  ----------  ----------  -------  ---------  ------------
        Speech and                1,000      95.0%       80.0%           -    50.0%          -  contact
        language, 4 to 5
        years
        Each row is the most of that group's needs that could be served if it had the places to itself, so
        rows can be compared and do not add up. A stage that is not recorded shows as -.
        1 row of needs has children on both sides of the ages asked for, or no age: in no row.

        Needs that share too few places
        ===============================
        - 700 child-needs can use only oak-lane, which has 534 places: 166 must go without, however places
          are given out. Needs: n1, n2, n3, n4, n5 and 1 more.
        - 40 child-needs can use only 2 offers (ash, elm), which have 6 places together: 34 must go without,
          however places are given out. Needs: m1.

        Which rule, relaxed, would let most in
        ======================================
        66 child-needs go unmet because of rules or distance; one rule alone keeps 60 of them from some
        offer.
        - If Talking together (elm) reaches 6.2 km, not 5 km: solved again, +12 child-needs met and +48 of
          weight; it opens to 55 child-needs, 40 of them unmet.
        - If Talking together takes up to 6 years, not 4: not solved again; it opens to 20 child-needs, 20
          of them unmet.
        Rules are for people to change: some of them protect children.

        On how few providers it depends
        ===============================
        3 providers have known places; the index of Herfindahl and Hirschman is 0.53, where 1 means that one
        has all.
        - Speech and language: 800 of 800 known places are trust-a's (index 1.00).
        - If trust-a closed, 300 child-needs that are met today would not be; 300 could go nowhere else.
        Closing was tried for 1 of 3 providers, those that take most children.

        Who competes for whom
        =====================
        66 child-needs (4.4%) could go to no service, 400 to one alone, 500 to two, 534 to three or more,
        with places or not.
        Provider  Could take  Another could too  Share
        --------  ----------  -----------------  -----
        trust-a        1,100                600  54.5%

        Layer of the need by layer that the service seeks to change
        ===========================================================
        Need                Child-needs  individual  micro  uncoded  Unmet
        ------------------  -----------  ----------  -----  -------  -----
        individual                1,000         934      0        0     66
        micro                       500           0    200      100    200
        places, by target                       950    200      134
        places, by setting                        0  1,150      134
        Places are those known.

        How far each provider's programme is integrated
        ===============================================
        Provider  Services  Strategies  Settings  Score  What it means
        --------  --------  ----------  --------  -----  ---------------------------------------------------
        trust-a          4           3         2      3  several strategies in two settings, at least one
                                                         with the child
        The scale is from 0 to 4 (Richard and others 1996): in how many ways and settings a programme works,
        and whether with the child as well as with what is around it. It is an order, not a mark of quality.
        2 services do not say where they work or whose change they seek, and so in no strategy.

        Places for each child-need
        ==========================
        There are at least 0.86 places for each child-need. Each place is shared out over all who could use
        it (right kind, let in, in reach, not declined), and each child-need adds up its shares: the
        two-step floating catchment area of Luo and Wang (2003). There is no sampling error; what is not
        known is read as the policy says.
        Where the nearer counts for more, it is at least 0.81: within a third of its reach an offer counts
        in full, within two thirds as 0.68, beyond as 0.22 (E2SFCA, Luo and Qi 2009).
        Kind                 Child-needs  Places for each  Nearer counts more
        -------------------  -----------  ---------------  ------------------
        A place at school            500             0.67                0.70
        Speech and language        1,000             0.95                0.87
        Area   Child-needs  Places for each  Nearer counts more
        -----  -----------  ---------------  ------------------
        South          700             0.69                0.50
        North          800             1.00                1.10
        Need, supply and access by deprivation (1 is the most deprived tenth of the country): tenth 1: 700
        child-needs, 484 places fall to them, 0.69 for each; tenth 8: 800 child-needs, 800 places fall to
        them, 1.00 for each.
        - speech: at age 5 there are 0.75 places for each child-need, half or less of the 1.50 one year
          earlier. This compares cohorts of today; it follows no child.
        Ages are compared where they are single years; 500 child-needs are in wider bands, or without an
        age.
        2 offers do not say how many places there are: each of these figures is the least that it can be.
        1 offer has no end of places and is in none of these figures.

        How needs and services hang together
        ====================================
        Needs and offers fall into 3 groups that share nothing with one another; the largest holds 30 rows
        of needs.
        - Without provider trust-a, 300 child-needs (12 rows) would have no offer left.
        - speech is driven by poor-housing (layer exo, strength moderate; 1 child-need here). Of 1,000
          child-needs, 0 have it in the same child and 40 in the same cohort or area; no service here
          addresses it.
        What drives what is asserted by its source and not estimated; it speaks of places, never of one
        child. That a driver is in the same cohort or area (ecological) does not say that it is in the same
        children.

        What families say
        =================
        Kind                 Layer       Felt, in no record  On record, not felt  Asked for, no place
        -------------------  ----------  ------------------  -------------------  -------------------
        Speech and language  individual                 120                   30                   60
        In child-needs, after Bradshaw (1972): 120 felt without an expert's word, 30 the other way round, 60
        asked for without a place in this matching.
        For 600 child-needs it is not stated who says so.

        Outcomes that the gap threatens
        ===============================
        - Getting a good education (Supporting Families), by way of Attendance: 266 of 1,500 child-needs
          unmet, of school-place, speech.
        A kind of need may bear on several outcomes: these numbers do not add up.

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
        - There is no meets.csv: each kind of need is met by the service type of the same code.
        - Set aside: needs, row 7: children: saw "-3"; a whole number, 0 to 1000000000
        - 375 of 1,500 child-needs (25.0%) are estimates.
        - 617 of 1,234 child-needs met (50.0%) are in reach by the policy's distance alone.
        - 300 of 1,234 child-needs met (24.3%) are at offers that do not say when their places were counted.

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
    fn the_headline_is_a_range_where_numbers_are_not_known() {
        let mut document = sample::gaps();
        document.totals.unmet_low = 11;
        document.totals.unmet_high = 1_240;
        insta::assert_snapshot!(headline(&document), @"Between 11 and 1,240 of 1,500 child-needs in Exampleshire go unmet, depending on what is not known; by the policy's reading 200 of them because services that could help are full.");
    }

    #[test]
    fn the_headline_names_the_only_cause_without_a_number() {
        let mut document = sample::gaps();
        document.causes.retain(|cause| cause.cause == "capacity");
        document.totals.unmet = document.causes[0].child_needs;
        insta::assert_snapshot!(headline(&document), @"200 of 1,500 child-needs (13.3%) in Exampleshire go unmet, because services that could help are full.");
    }

    #[test]
    fn nothing_unmet_is_said_in_words() {
        let mut document = sample::gaps();
        document.totals.unmet = 0;
        (document.totals.unmet_low, document.totals.unmet_high) = (0, 0);
        insta::assert_snapshot!(headline(&document), @"Every one of the 1,500 child-needs in Exampleshire can be met.");
    }

    #[test]
    fn a_long_breakdown_shows_the_ten_worst() {
        let mut document = sample::gaps();
        let row = document.by_area[0].clone();
        document.by_area = (0..13)
            .map(|n| crate::view::gaps::GapRow { label: format!("Area {n}"), unmet: n, ..row.clone() })
            .collect();
        let page = page(&document);
        assert!(page.contains("Area 12 ") && page.contains("Area 3 ") && !page.contains("Area 2 "), "{page}");
        assert!(page.contains("... and 3 more, with 3 child-needs unmet."), "{page}");
    }

    #[test]
    fn a_long_breakdown_without_unmet_need_is_one_sentence() {
        let mut document = sample::gaps();
        let row = document.by_area[0].clone();
        document.by_area = (0..13).map(|_| crate::view::gaps::GapRow { unmet: 0, ..row.clone() }).collect();
        assert!(page(&document).contains("Nothing goes unmet in any of the 13."));
    }

    #[test]
    fn lines_fit_the_page() {
        sample::assert_fits(&page(&sample::wide(sample::gaps())));
    }
}
