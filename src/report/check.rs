//! The page of a check: whether a bundle can be answered from, and every problem in it.

use super::assurance;
use super::page::Page;
use super::table::{Align, Table};
use super::words::{counted, number};
use crate::view::CheckDocument;
use crate::view::check::{LocalitySummary, ProblemRow};

pub fn page(document: &CheckDocument) -> String {
    let mut page = Page::new(&headline(document));
    if document.summary.is_some() {
        page.section("What the bundle holds");
        counts(&mut page, document);
    }
    if !document.problems.is_empty() {
        page.section("What was found");
        page.say("Rows are numbered as a spreadsheet does: the header is row 1.");
        for problem in &document.problems {
            page.item(&line(problem));
        }
    }
    if let Some(completeness) = &document.completeness {
        assurance::completeness(&mut page, completeness, &[]);
    }
    page.finish()
}

/// The answer in one sentence.
pub fn headline(document: &CheckDocument) -> String {
    let errors = counted(document.errors, "error", "errors");
    let warnings = counted(document.warnings, "warning", "warnings");
    match (&document.summary, document.warnings) {
        (None, 0) => format!("The bundle is refused: {errors}."),
        (None, _) => format!("The bundle is refused: {errors} and {warnings}."),
        (Some(summary), 0) if document.errors == 0 => format!("{} can be used: nothing is wrong.", summary.name),
        (Some(summary), _) if document.errors == 0 => {
            format!("{} can be used, with {warnings} to look at.", summary.name)
        }
        (Some(summary), _) => {
            format!("{} can be used without the rows that were set aside: {errors}, {warnings}.", summary.name)
        }
    }
}

/// A problem on one line: the place, what was seen, what would be right.
pub fn line(problem: &ProblemRow) -> String {
    let ProblemRow { severity, table, row, column, seen, wanted } = problem;
    let mut place = table.clone();
    if let Some(row) = row {
        place.push_str(&format!(", row {row}"));
    }
    if let Some(column) = column {
        place.push_str(&format!(", {column}"));
    }
    let seen = if seen.is_empty() { "nothing there".to_owned() } else { format!("saw \"{seen}\"") };
    format!("{severity}: {place}: {seen}; {wanted}")
}

/// What an accepted bundle holds.
pub(super) fn counts(page: &mut Page, document: &CheckDocument) {
    let Some(summary) = &document.summary else { return };
    let LocalitySummary {
        name: _,
        digest,
        reference_date,
        areas,
        holders,
        needs,
        child_needs,
        services,
        providers,
        offers,
        population,
    } = summary;
    let mut table = Table::new([("", Align::Left), ("Number", Align::Right)]);
    let rows = [
        ("Areas", areas),
        ("Holders of needs (children or groups of children)", holders),
        ("Rows of needs", needs),
        ("Child-needs (one child's one need)", child_needs),
        ("Services", services),
        ("Providers", providers),
        ("Offers (a service at one place)", offers),
    ];
    for (name, count) in rows {
        table.push([name.to_owned(), number(*count)]);
    }
    let population = population.map_or("not known".to_owned(), number);
    table.push(["Children in the population".to_owned(), population]);
    page.table(&table);
    page.say(&format!("Reference date {reference_date}; digest {digest}."));
}

#[cfg(test)]
mod tests {
    use super::{headline, page};
    use crate::report::sample;

    #[test]
    fn an_accepted_bundle_as_a_page() {
        insta::assert_snapshot!(page(&sample::accepted()), @r#"
        Exampleshire can be used, with 1 warning to look at.

        What the bundle holds
        =====================
                                                              Number
        -------------------------------------------------  ---------
        Areas                                                      2
        Holders of needs (children or groups of children)         38
        Rows of needs                                             41
        Child-needs (one child's one need)                     1,500
        Services                                                   3
        Providers                                                  2
        Offers (a service at one place)                            4
        Children in the population                         not known
        Reference date 2024-08-31; digest 3f2a9c01be448d1c.

        What was found
        ==============
        Rows are numbered as a spreadsheet does: the header is row 1.
        - warning: offers, row 3, free: saw "12"; at most the capacity, 10

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
        "#);
    }

    #[test]
    fn a_refused_bundle_as_a_page() {
        insta::assert_snapshot!(page(&sample::refused()), @r#"
        The bundle is refused: 2 errors.

        What was found
        ==============
        Rows are numbered as a spreadsheet does: the header is row 1.
        - error: needs, row 7, children: saw "-3"; a whole number, 0 to 1000000000
        - error: areas, lat: nothing there; a column lat
        "#);
    }

    #[test]
    fn a_bundle_without_a_flaw() {
        let mut document = sample::accepted();
        document.warnings = 0;
        document.problems.clear();
        insta::assert_snapshot!(headline(&document), @"Exampleshire can be used: nothing is wrong.");
    }

    #[test]
    fn rows_set_aside_are_errors_in_a_bundle_that_can_be_used() {
        let mut document = sample::accepted();
        document.errors = 2;
        insta::assert_snapshot!(headline(&document), @"Exampleshire can be used without the rows that were set aside: 2 errors, 1 warning.");
    }
}
