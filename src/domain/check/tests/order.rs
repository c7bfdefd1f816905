//! The same rows in another order make the same locality.

use proptest::prelude::{any, proptest};
use proptest::test_runner::Config;

use super::Bundle;

/// The good bundle with populations and rates, so that ties have to be decided.
fn with_estimates() -> Bundle {
    Bundle::good()
        .table(
            "population",
            "area,age,age_max,children,group:sex
             south,5,9,20,girls
             south,5,9,20,boys
             north,5,9,20,girls
             hill,5,9,10,boys
             hill,10,14,c,
             beyond,5,9,4,",
        )
        .table(
            "rates",
            "kind,age_min,age_max,rate,source,group:sex
             autism,5,9,0.125,s,girls
             autism,5,9,0.125,s,boys
             speech,0,18,0.3,s,",
        )
        .table("meets", "kind,type,effect\nspeech,speech,0.5\nautism,autism,0.25\nautism,speech,0.1")
        .table("travel", "area,offer,km\nnorth,talk-north,1\nsouth,talk-north,9\nhill,new,3\nhill,club-south,2")
}

/// The bundle with the rows of each table, but the header, in an order that the seed decides.
fn shuffled(bundle: &Bundle, seed: u64) -> Bundle {
    let mut bundle = bundle.clone();
    let mut state = seed;
    for rows in bundle.tables.values_mut() {
        for at in (2..rows.len()).rev() {
            // Knuth's MMIX generator; any would do.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            rows.swap(at, 1 + (state >> 33) as usize % at);
        }
    }
    bundle
}

proptest! {
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    #[test]
    fn shuffled_rows_make_the_same_locality(seed in any::<u64>()) {
        let bundle = with_estimates();
        let plain = format!("{:?}", bundle.checked().locality);
        let shuffled = format!("{:?}", shuffled(&bundle, seed).checked().locality);
        proptest::prop_assert_eq!(plain, shuffled);
    }
}

#[test]
fn everything_is_sorted_by_id_and_every_index_is_valid() {
    let checked = with_estimates().checked();
    let locality = &checked.locality;
    assert!(locality.needs().is_sorted_by(|one, two| one.id < two.id));
    assert!(locality.holders().is_sorted_by(|one, two| one.id < two.id));
    assert!(locality.meets().is_sorted_by_key(|meet| (meet.kind, meet.service_type)));
    assert!(locality.population().is_sorted_by_key(|row| (row.area, row.ages, &row.groups)));
    let travel = locality.travel().expect("there is one");
    assert_eq!((travel.offers.len(), travel.candidates.len()), (locality.offers().len(), locality.candidates().len()));
    for need in locality.needs() {
        let holder = &locality.holders()[need.holder.ix()];
        assert!(need.children.known().is_none_or(|children| children <= holder.children));
        assert_eq!(holder.groups.len(), locality.group_columns().len());
        for (&value, column) in holder.groups.iter().zip(locality.group_columns()) {
            assert!((value as usize) < column.values.len());
        }
    }
}
