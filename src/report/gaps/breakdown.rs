//! Tables of met and unmet need, and which of their rows can be ranked.

use std::cmp::{Ordering, Reverse};

use super::SHOWN;
use crate::report::page::Page;
use crate::report::table::{Align, Table};
use crate::report::words::{child_needs, number, share};
use crate::view::GapsDocument;
use crate::view::gaps::GapRow;

/// Rows of a breakdown with an order of its own (levels, ages) that are shown in it.
const LONGEST_AS_GIVEN: usize = 25;

/// How the rows of a breakdown follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    WorstFirst,
    /// Levels and ages read best in their own order; only a list too long to read is cut to its worst.
    AsGiven,
}

impl Order {
    /// Rows shown, each with its rank where it has one: all of a short list; of a long one the worst that have unmet need.
    fn choose(self, rows: &[GapRow]) -> Vec<(&GapRow, Option<Rank>)> {
        let ranks = if self == Order::WorstFirst { ranks(rows) } else { Vec::new() };
        let mut chosen: Vec<_> =
            rows.iter().enumerate().map(|(at, row)| (row, ranks.get(at).copied().flatten())).collect();
        if self == Order::WorstFirst || LONGEST_AS_GIVEN < rows.len() {
            // Stable: rows with the same number keep the document's order.
            if ranks.is_empty() {
                chosen.sort_by_key(|(row, _)| Reverse(row.unmet));
            } else {
                // Without child-needs a row has no rank and comes last.
                chosen.sort_by_key(|(row, rank)| (rank.is_none(), *rank, Reverse(unmet_share(row))));
            }
            if SHOWN < chosen.len() {
                chosen.retain(|(row, _)| may_go_unmet(row));
            }
            chosen.truncate(SHOWN);
        }
        chosen
    }
}

fn may_go_unmet(row: &GapRow) -> bool {
    row.unmet != 0 || row.met_least.is_some_and(|least| least < row.child_needs)
}

/// Part of a whole that is not zero, compared exactly.
#[derive(Clone, Copy, Debug)]
struct Share {
    part: u64,
    whole: u64,
}

impl Ord for Share {
    fn cmp(&self, other: &Share) -> Ordering {
        let across = |one: &Share, other: &Share| u128::from(one.part) * u128::from(other.whole);
        across(self, other).cmp(&across(other, self))
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Share) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Share) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Share {}

/// What this answer leaves unmet; a row without child-needs leaves nothing.
fn unmet_share(row: &GapRow) -> Share {
    Share { part: row.unmet, whole: row.child_needs.max(1) }
}

/// The places at which a row can stand, the worst first: after all rows that are worse in every answer, and before all
/// that are better in every answer. The orders that ranges allow are no ranking with ties: one row may be no other than
/// each of two which are not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    first: usize,
    last: usize,
}

/// By the share unmet. Empty where there are no ranges; None for rows without child-needs. O(n log n).
fn ranks(rows: &[GapRow]) -> Vec<Option<Rank>> {
    let range = |row: &GapRow| {
        let (least, most) = (row.met_least?, row.met_most?);
        let unmet = |met: u64| Share { part: row.child_needs.saturating_sub(met), whole: row.child_needs };
        (row.child_needs != 0).then(|| (unmet(most), unmet(least)))
    };
    let ranges: Vec<_> = rows.iter().map(range).collect();
    let (mut least, mut most): (Vec<Share>, Vec<Share>) = ranges.iter().flatten().copied().unzip();
    if least.is_empty() {
        return Vec::new();
    }
    least.sort_unstable();
    most.sort_unstable();
    let rank = |(fewest, worst): (Share, Share)| {
        let worse = least.len() - least.partition_point(|share| *share <= worst);
        let better = most.partition_point(|share| *share < fewest);
        Rank { first: 1 + worse, last: most.len() - better }
    };
    ranges.into_iter().map(|range| range.map(rank)).collect()
}

pub(super) fn breakdown(page: &mut Page, title: &str, rows: &[GapRow], order: Order) {
    if rows.is_empty() {
        return;
    }
    page.section(title);
    let shown = order.choose(rows);
    if shown.is_empty() {
        page.say(&format!("Nothing goes unmet in any of the {}.", number(rows.len() as u64)));
        return;
    }
    let some_unknown = rows.iter().any(|row| row.unknown_rows != 0);
    let ranged = rows.iter().any(|row| row.met_least.is_some());
    let ranked = 1 < rows.len() && shown.iter().any(|(_, rank)| rank.is_some());
    let mut headings = vec![("Of", Align::Left), ("Child-needs", Align::Right), ("Met", Align::Right)];
    if ranged {
        headings.extend([("At least", Align::Right), ("At most", Align::Right)]);
    }
    headings.extend([("Unmet", Align::Right), ("Unmet share", Align::Right)]);
    if ranked {
        headings.push(("Rank", Align::Right));
    }
    if some_unknown {
        headings.push(("Rows without a number", Align::Right));
    }
    let mut table = Table::new(headings);
    for (row, rank) in &shown {
        let GapRow { key, label, child_needs, met, unmet, unknown_rows, met_least, met_most } = row;
        let name = if label.is_empty() { key } else { label };
        let mut cells = vec![
            if name.is_empty() { "not stated".to_owned() } else { name.clone() },
            number(*child_needs),
            number(*met),
        ];
        if ranged {
            cells.extend([met_least, met_most].map(|met| met.map_or_else(|| "-".to_owned(), number)));
        }
        cells.extend([number(*unmet), share(*unmet, *child_needs)]);
        if ranked {
            cells.push(rank.map_or_else(|| "-".to_owned(), in_words));
        }
        if some_unknown {
            cells.push(number(*unknown_rows));
        }
        table.push(cells);
    }
    page.table(&table);
    let more = rows.len() - shown.len();
    if more != 0 {
        let unmet =
            |rows: &mut dyn Iterator<Item = &GapRow>| rows.fold(0_u64, |sum, row| sum.saturating_add(row.unmet));
        let rest = unmet(&mut rows.iter()).saturating_sub(unmet(&mut shown.iter().map(|(row, _)| *row)));
        page.say(&format!("... and {} more, with {} unmet.", number(more as u64), child_needs(rest)));
    }
    let all = ranks(rows).into_iter().flatten();
    let n_ranked = all.clone().count();
    if ranked && 1 < n_ranked && all.clone().all(|rank| rank == Rank { first: 1, last: n_ranked }) {
        page.say("No two of these can be told apart: their ranges overlap.");
    }
}

fn in_words(rank: Rank) -> String {
    match rank {
        Rank { first, last } if first == last => number(first as u64),
        Rank { first, last } => format!("{}-{}", number(first as u64), number(last as u64)),
    }
}

/// What the order of the rows says, and what it does not.
pub(super) fn how_to_read(rows: &[GapRow]) -> &'static str {
    if rows.iter().any(|row| row.met_least.is_some()) {
        "At least and at most are what is met of a row over all answers that meet as much weight as this one. Kinds, \
         areas and groups are ranked by the share unmet, the worst first. A rank of 2-4 says that the row can come \
         second, third or fourth in answers that are equally good: rows whose ranks overlap are not ranked against \
         each other."
    } else {
        "Kinds, areas and groups are listed by unmet child-needs. Which of several equally needy groups goes without can \
         differ between answers that are equally good, so rows that lie close together are not ranked by this; --ranges \
         says which can be."
    }
}

/// The two breakdowns that a first look needs.
pub(in crate::report) fn by_kind_and_area(page: &mut Page, document: &GapsDocument) {
    breakdown(page, "By kind of need", &document.by_kind, Order::WorstFirst);
    breakdown(page, "By area", &document.by_area, Order::WorstFirst);
}

#[cfg(test)]
mod tests {
    use super::{Order, Page, Rank, breakdown, ranks};
    use crate::view::gaps::GapRow;

    /// Rows as child-needs, met, met at least and at most.
    fn rows(of: &[(u64, u64, u64, u64)]) -> Vec<GapRow> {
        let row = |(at, &(child_needs, met, least, most)): (usize, &(u64, u64, u64, u64))| GapRow {
            key: format!("row-{at}"),
            label: String::new(),
            child_needs,
            met,
            unmet: child_needs - met,
            unknown_rows: 0,
            met_least: Some(least),
            met_most: Some(most),
        };
        of.iter().enumerate().map(row).collect()
    }

    #[test]
    fn rows_are_ranked_where_their_ranges_do_not_overlap() {
        // Unmet of 10: 9, 2 to 8, 4 to 6, 0 to 1, and 8 to 8, which touches the second.
        let rows = rows(&[(10, 1, 1, 1), (10, 5, 2, 8), (10, 5, 4, 6), (10, 10, 9, 10), (0, 0, 0, 0), (10, 2, 2, 2)]);
        let rank = |first, last| Some(Rank { first, last });
        assert_eq!(ranks(&rows), [rank(1, 1), rank(2, 4), rank(3, 4), rank(5, 5), None, rank(2, 3)]);
        let mut page = Page::new("Unmet");
        breakdown(&mut page, "By area", &rows, Order::WorstFirst);
        insta::assert_snapshot!(page.finish(), @r"
        Unmet

        By area
        =======
        Of     Child-needs  Met  At least  At most  Unmet  Unmet share  Rank
        -----  -----------  ---  --------  -------  -----  -----------  ----
        row-0           10    1         1        1      9        90.0%     1
        row-5           10    2         2        2      8        80.0%   2-3
        row-1           10    5         2        8      5        50.0%   2-4
        row-2           10    5         4        6      5        50.0%   3-4
        row-3           10   10         9       10      0         0.0%     5
        row-4            0    0         0        0      0            -     -
        ");
    }

    #[test]
    fn shares_are_compared_and_not_numbers() {
        // A third of 3 is more than a quarter of 400, and the same as 2 of 6.
        let rows = rows(&[(400, 300, 300, 300), (3, 2, 2, 2), (6, 4, 4, 4)]);
        let rank = |first, last| Some(Rank { first, last });
        assert_eq!(ranks(&rows), [rank(3, 3), rank(1, 2), rank(1, 2)]);
    }

    #[test]
    fn rows_that_cannot_be_told_apart_are_said_to_be_so() {
        let mut page = Page::new("Unmet");
        breakdown(&mut page, "By area", &rows(&[(2, 2, 0, 2), (2, 0, 0, 2)]), Order::WorstFirst);
        assert!(page.finish().contains("No two of these can be told apart"));
    }
}
