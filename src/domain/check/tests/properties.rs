//! Whatever stands in the cells, the check ends, and either refuses or gives a locality that holds together.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::sample::{Index, select};
use proptest::test_runner::Config;

use super::unloading::assert_read_back;
use super::{BadRows, Bundle, check};
use crate::domain::Locality;
use crate::domain::problem::Severity;

/// Cells that readers stumble over, cells of other columns, and any text.
fn cells() -> impl Strategy<Value = String> {
    let odd = vec![
        "",
        " ",
        "0",
        "1",
        "-1",
        "1.0",
        "1.5",
        "1e9",
        "1,5",
        "1,234",
        "99999999999999999999",
        "1000000000",
        "NaN",
        "inf",
        "-0",
        "c",
        "z",
        "k",
        ":",
        "any",
        "none",
        "yes",
        "no",
        "n1",
        "n2",
        "ann",
        "c1",
        "south",
        "hill",
        "speech",
        "autism",
        "talk",
        "club",
        "talk-north",
        "club-south",
        "more",
        "new",
        "hub",
        "unlimited",
        "2024-02-30",
        "2024-09-01",
        ";",
        "=",
        "a=b",
        "a=b;a=c",
        "speech;autism",
        "é",
        "\u{0}",
        "\t",
        "places",
        "offer",
        "widen",
        "close",
        "0.128",
        "5",
        "12",
        "18",
    ];
    prop_oneof![4 => select(odd).prop_map(str::to_owned), 1 => any::<String>()]
}

fn mutated(changes: &[(Index, Index, Index, String)]) -> Bundle {
    let mut bundle = Bundle::good()
        .table("population", "area,age,age_max,children,group:sex\nsouth,5,9,20,girls\nnorth,5,9,30,boys\nhill,3,,c,")
        .table("rates", "kind,age_min,age_max,rate,low,high,level,source,group:sex\nautism,0,18,0.125,0.1,0.2,2,s,girls\nspeech,0,18,0.1,,,,s,")
        .table("meets", "kind,type,effect,source\nspeech,speech,0.5,\nautism,autism,,")
        .table("travel", "area,offer,km\nnorth,talk-north,1\nsouth,new,9");
    let names: Vec<String> = bundle.tables.keys().cloned().collect();
    for (table, row, column, value) in changes {
        let rows = bundle.tables.get_mut(table.get(&names)).expect("there");
        // Mostly rows, now and then the header.
        let row = row.index(rows.len());
        let column = column.index(rows[row].len());
        rows[row][column].clone_from(value);
    }
    bundle
}

/// Every index leads somewhere, and numbers are in range.
fn holds_together(locality: &Locality) {
    for need in locality.needs() {
        let holder = &locality.holders()[need.holder.ix()];
        assert!(holder.area.ix() < locality.areas().len() && need.kind.ix() < locality.kinds().len());
        assert!(1 <= need.weight && holder.children <= 1_000_000_000);
        if let (Some(low), Some(children)) = (need.children_low, need.children.known()) {
            assert!(low <= children);
        }
        assert_eq!(holder.groups.len(), locality.group_columns().len());
    }
    for service in locality.services() {
        assert!(!service.types.is_empty() && service.provider.ix() < locality.providers().len());
        assert!(service.types.iter().all(|of| of.ix() < locality.types().len()));
        assert!(service.levels.min <= service.levels.max);
    }
    for offer in locality.offers() {
        assert!(offer.service.ix() < locality.services().len() && 1 <= offer.turns);
        assert!(offer.covers.iter().all(|area| area.ix() < locality.areas().len()));
    }
    for area in (0..locality.areas().len()).map(crate::domain::AreaIx::new) {
        assert!(locality.area_and_ancestors(area).count() <= locality.areas().len(), "no circles");
    }
    assert!(locality.needs().is_sorted_by(|one, two| one.id < two.id));
    assert!(locality.holders().is_sorted_by(|one, two| one.id < two.id));
}

proptest! {
    #![proptest_config(Config { cases: 1500, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_cells_are_refused_or_make_a_locality(
        changes in vec((any::<Index>(), any::<Index>(), any::<Index>(), cells()), 1..6)
    ) {
        let bundle = mutated(&changes);
        match check(bundle.draft(), BadRows::Refuse) {
            Ok(checked) => {
                holds_together(&checked.locality);
                assert_read_back(&checked.locality);
                assert!(checked.locality.completeness().set_aside.is_empty());
                // With nothing to set aside, asking for it changes nothing.
                let other = check(bundle.draft(), BadRows::SetAside).expect("there is no error");
                assert_eq!(format!("{:?}", checked.locality), format!("{:?}", other.locality));
            }
            Err(problems) => {
                assert!(problems.is_sorted());
                assert!(problems.iter().any(|problem| problem.severity == Severity::Error));
                if let Ok(rest) = check(bundle.draft(), BadRows::SetAside) {
                    holds_together(&rest.locality);
                    assert_read_back(&rest.locality);
                    assert!(!rest.locality.completeness().set_aside.is_empty());
                }
            }
        }
    }
}
