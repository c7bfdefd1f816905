//! What a floor would give one group and cost the rest.

use super::SHOWN;
use crate::report::page::Page;
use crate::report::table::{Align, Table};
use crate::report::words::{change, child_needs, counted, number, share};
use crate::view::measure::{FloorDocument, FloorRow, TriedFloorDocument};

pub(super) fn floors(page: &mut Page, floors: &[FloorDocument]) {
    // That a grouping is even, or that a policy has floors, is worth a line only beside one that was tried.
    if floors.iter().all(|floor| floor.tried.is_none()) {
        return;
    }
    page.section("What a floor would give one group, and cost the rest");
    for FloorDocument { group, not_tried, tried } in floors {
        match tried {
            Some(found) => tried_floor(page, group, found),
            None => page.say(&format!("By {group}, none was tried: {}.", not_tried.as_deref().unwrap_or("not known"))),
        }
    }
    page.say(
        "Solved again with the floors first, then as much weight as can be, then as little as can be taken from any group. \
         Evenness between areas is set aside. Whether a floor is fair is for people to say.",
    );
}

fn tried_floor(page: &mut Page, group: &str, found: &TriedFloorDocument) {
    let TriedFloorDocument {
        share: floor,
        worst: _,
        worst_label,
        met,
        met_with_floor,
        rest_loses,
        shortfall,
        child_needs_change,
        weight_change,
        weight_of_all_change: _,
        by_value,
    } = found;
    let more = met_with_floor.saturating_sub(*met);
    page.say(&format!(
        "If each group of {group} were to have at least the {:.1}% that all have together, the group {worst_label:?} \
         would have {} more met ({} instead of {}); the other groups would lose {}; in all, {}.",
        floor * 100.0,
        number(more),
        number(*met_with_floor),
        number(*met),
        number(*rest_loses),
        match (child_needs_change, weight_change) {
            (0, 0) => "as many are met, and as much weight".to_owned(),
            (needs, weight) => format!("{} child-needs met and {} of weight", change(*needs), change(*weight)),
        }
    ));
    if *shortfall != 0 {
        page.say(&format!(
            "That cannot be reached for everyone: whoever gives way, the floors lack {}, because no place that fits is in \
             reach or others hold it who have a floor of their own.",
            child_needs(*shortfall)
        ));
    }
    let mut table = Table::new([
        (group, Align::Left),
        ("Child-needs", Align::Right),
        ("Met now", Align::Right),
        ("Share", Align::Right),
        ("Floor", Align::Right),
        ("Met with floors", Align::Right),
        ("Share", Align::Right),
    ]);
    for row in by_value.iter().take(SHOWN) {
        let FloorRow { key: _, label, child_needs, floor, met, met_with_floor } = row;
        table.push([
            label.clone(),
            number(*child_needs),
            number(*met),
            share(*met, *child_needs),
            number(*floor),
            number(*met_with_floor),
            share(*met_with_floor, *child_needs),
        ]);
    }
    page.table(&table);
    let more = by_value.len().saturating_sub(SHOWN);
    if more != 0 {
        page.say(&format!("... and {}.", counted(more as u64, "more group", "more groups")));
    }
}

#[cfg(test)]
mod tests {
    use super::{FloorDocument, FloorRow, Page, TriedFloorDocument, floors};

    fn row(label: &str, child_needs: u64, floor: u64, met: u64, met_with_floor: u64) -> FloorRow {
        FloorRow { key: label.to_owned(), label: label.to_owned(), child_needs, floor, met, met_with_floor }
    }

    fn tried() -> FloorDocument {
        let tried = TriedFloorDocument {
            share: 0.62,
            worst: "yes".to_owned(),
            worst_label: "yes".to_owned(),
            met: 28,
            met_with_floor: 37,
            rest_loses: 11,
            shortfall: 0,
            child_needs_change: -2,
            weight_change: -1_040,
            weight_of_all_change: -1_040,
            by_value: vec![row("no", 1_940, 1_202, 1_212, 1_201), row("yes", 60, 37, 28, 37)],
        };
        FloorDocument { group: "send".to_owned(), not_tried: None, tried: Some(tried) }
    }

    fn even() -> FloorDocument {
        let not_tried = Some("no group lies a whole child-need or more below the share that all have".to_owned());
        FloorDocument { group: "sex".to_owned(), not_tried, tried: None }
    }

    fn page(of: &[FloorDocument]) -> String {
        let mut page = Page::new("Measures");
        floors(&mut page, of);
        page.finish()
    }

    #[test]
    fn a_floor_is_one_sentence_and_a_table() {
        insta::assert_snapshot!(page(&[tried(), even()]), @r#"
        Measures

        What a floor would give one group, and cost the rest
        ====================================================
        If each group of send were to have at least the 62.0% that all have together, the group "yes" would
        have 9 more met (37 instead of 28); the other groups would lose 11; in all, -2 child-needs met and
        -1,040 of weight.
        send  Child-needs  Met now  Share  Floor  Met with floors  Share
        ----  -----------  -------  -----  -----  ---------------  -----
        no          1,940    1,212  62.5%  1,202            1,201  61.9%
        yes            60       28  46.7%     37               37  61.7%
        By sex, none was tried: no group lies a whole child-need or more below the share that all have.
        Solved again with the floors first, then as much weight as can be, then as little as can be taken
        from any group. Evenness between areas is set aside. Whether a floor is fair is for people to say.
        "#);
    }

    #[test]
    fn what_cannot_be_reached_is_said() {
        let mut floor = tried();
        floor.tried.as_mut().unwrap().shortfall = 3;
        assert!(page(&[floor]).contains("the floors lack 3 child-needs"));
    }

    #[test]
    fn where_none_was_tried_the_page_says_nothing() {
        assert_eq!(page(&[even()]), page(&[]));
    }
}
