use proptest::prelude::*;

use super::{
    BadIndicators, Bounds, ConcentrationIndex, Disparity, HorizontalInequity, Indicators, Observation, Part,
    concentration_index, disparity, horizontal_inequity,
};
use crate::solve::{Effort, StopReason};

fn observations(rows: &[(f64, f64, f64)]) -> Vec<Observation> {
    rows.iter().map(|&(rank, weight, value)| Observation { rank, weight, value }).collect()
}

fn index(rows: &[(f64, f64, f64)]) -> Option<ConcentrationIndex> {
    concentration_index(&observations(rows), &Effort::unlimited()).expect("nothing stops it")
}

#[track_caller]
fn near(found: Option<f64>, wanted: f64) {
    let found = found.expect("there is an index");
    assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
}

#[test]
fn all_with_the_worst_off_of_four() {
    // research/domain.md section 2.6.
    let found = index(&[(1.0, 1.0, 1.0), (2.0, 1.0, 0.0), (3.0, 1.0, 0.0), (4.0, 1.0, 0.0)]).expect("an index");
    near(found.index(), -0.75);
    near(found.wagstaff(Bounds::SHARE), -1.0);
    near(found.erreygers(Bounds::SHARE), -0.75);
    near(Some(found.mean), 0.25);
}

#[test]
fn a_line_by_hand() {
    // Values 1, 2, 3 at fractional ranks 1/6, 1/2, 5/6: 2 / (2 x 3) x (-1/6 + 0 + 5/6) = 2/9.
    near(index(&[(10.0, 1.0, 1.0), (20.0, 1.0, 2.0), (30.0, 1.0, 3.0)]).unwrap().index(), 2.0 / 9.0);
    // Tied, they are all in the middle.
    near(index(&[(10.0, 1.0, 1.0), (10.0, 1.0, 2.0), (10.0, 1.0, 3.0)]).unwrap().index(), 0.0);
    // Two tied at (0 + 1) / 3 = 1/3 and one at 5/6, mean 2: 2 / 6 x (-1/3 + 0 + 5/6) = 1/6.
    near(index(&[(10.0, 1.0, 1.0), (10.0, 1.0, 2.0), (30.0, 1.0, 3.0)]).unwrap().index(), 1.0 / 6.0);
    // Weights 3 and 1, values 0 and 4: mean 1, ranks 3/8 and 7/8: 2 / 4 x (-3 x 3/8 + 3 x 7/8) = 3/4.
    near(index(&[(1.0, 3.0, 0.0), (2.0, 1.0, 4.0)]).unwrap().index(), 0.75);
}

#[test]
fn without_an_answer_there_is_none() {
    assert_eq!(index(&[]), None);
    assert_eq!(index(&[(1.0, 0.0, 1.0)]), None);
    for bad in [(f64::NAN, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, f64::INFINITY, 1.0), (1.0, 1.0, f64::NAN)] {
        assert_eq!(index(&[(1.0, 1.0, 1.0), bad]), None, "{bad:?}");
    }
    assert_eq!(index(&[(1.0, 1.0, f64::MAX), (2.0, 2.0, f64::MAX)]), None);
    // Nobody met anywhere: no relative index, but no absolute inequality either.
    let nothing = index(&[(1.0, 1.0, 0.0), (2.0, 1.0, 0.0)]).expect("values");
    assert_eq!((nothing.index(), nothing.wagstaff(Bounds::SHARE)), (None, None));
    near(nothing.erreygers(Bounds::SHARE), 0.0);
    let outside = index(&[(1.0, 1.0, 0.5), (2.0, 1.0, 1.5)]).expect("values");
    assert_eq!((outside.wagstaff(Bounds::SHARE), outside.erreygers(Bounds::SHARE)), (None, None));
    // Other bounds: half the range of shares, so half the Erreygers index of the same numbers.
    near(outside.erreygers(Bounds { low: 0.0, high: 2.0 }), 4.0 * outside.absolute / 2.0);
    assert_eq!(outside.erreygers(Bounds { low: 2.0, high: 2.0 }), None);
}

#[test]
fn a_stop_ends_it() {
    let rows = observations(&[(1.0, 1.0, 1.0); 50]);
    assert_eq!(concentration_index(&rows, &Effort::unlimited().at_most(10)), Err(StopReason::TickLimit));
    let mut need = Indicators::new(0).expect("few");
    rows.iter().for_each(|_| need.push([]).expect("no column"));
    for ticks in [10, 60, 120, 180, 240] {
        let found = horizontal_inequity(&rows, &need, &Effort::unlimited().at_most(ticks));
        assert_eq!(found, Err(StopReason::TickLimit), "{ticks}");
    }
}

#[test]
fn a_group_against_all_others() {
    // 30 of 100 in the group; 90 of 150 of everyone, so 60 of the 50 others cannot be.
    assert_eq!(disparity(Part { with: 30, of: 100 }, Part { with: 90, of: 150 }), None);
    let found = disparity(Part { with: 30, of: 100 }, Part { with: 60, of: 150 }).expect("a part");
    assert_eq!((found.rate, found.others), (Some(0.3), Some(0.6)));
    near(found.difference, -0.3);
    near(found.ratio, 0.5);
    let alone = disparity(Part { with: 3, of: 4 }, Part { with: 3, of: 4 });
    let only_rate = Disparity { rate: Some(0.75), others: None, difference: None, ratio: None };
    assert_eq!(alone, Some(only_rate));
    let nobody = disparity(Part::default(), Part { with: 0, of: 4 });
    assert_eq!(nobody, Some(Disparity { rate: None, others: Some(0.0), difference: None, ratio: None }));
    let unmatched = disparity(Part { with: 2, of: 4 }, Part { with: 2, of: 10 }).expect("a part");
    assert_eq!((unmatched.difference, unmatched.ratio), (Some(0.5), None));
    assert_eq!(disparity(Part { with: 5, of: 4 }, Part { with: 9, of: 10 }), None);
    assert_eq!(disparity(Part { with: 1, of: 4 }, Part { with: 0, of: 10 }), None);
    assert_eq!(disparity(Part { with: 1, of: 11 }, Part { with: 1, of: 10 }), None);
}

/// Rows of rank, weight, use and the columns of need that are yes.
type Row<'a> = (f64, f64, f64, &'a [u32]);

fn inequity(n_columns: u32, rows: &[Row]) -> Option<HorizontalInequity> {
    let mut need = Indicators::new(n_columns).expect("few columns");
    for row in rows {
        need.push(row.3.iter().copied()).expect("a column");
    }
    let rows: Vec<_> = rows.iter().map(|&(rank, weight, used, _)| (rank, weight, used)).collect();
    horizontal_inequity(&observations(&rows), &need, &Effort::unlimited()).expect("nothing stops it")
}

#[test]
fn use_that_follows_need_is_no_inequity_though_it_lies_with_the_poor() {
    let rows: [Row; 4] = [(1.0, 1.0, 3.0, &[0]), (2.0, 1.0, 3.0, &[0]), (3.0, 1.0, 1.0, &[]), (4.0, 1.0, 1.0, &[])];
    let found = inequity(1, &rows).expect("an answer");
    near(Some(found.index), 0.0);
    // Ranks 1/8, 3/8, 5/8, 7/8, mean 2: 2 / 8 x (1/8 + 3/8 - 5/8 - 7/8) = -1/4.
    near(Some(found.of_use), -0.25);
    near(Some(found.of_need), -0.25);
}

#[test]
fn the_better_off_who_receive_more_for_equal_need_show() {
    // Everyone in need, the two better off served: C = 2 / (0.5 x 4) x 0.5 x (-1/8 - 3/8 + 5/8 + 7/8) = 1/2, need gives 0.
    // The column of need is the constant over again, and goes.
    let rows: [Row; 4] = [(1.0, 1.0, 0.0, &[0]), (2.0, 1.0, 0.0, &[0]), (3.0, 1.0, 1.0, &[0]), (4.0, 1.0, 1.0, &[0])];
    let found = inequity(1, &rows).expect("an answer");
    near(Some(found.index), 0.5);
    near(Some(found.of_need), 0.0);
    assert_eq!(found.dropped, [0]);
}

#[test]
fn weighted_means_of_two_kinds_by_hand() {
    // Kind 0: weights 1 and 3 use 4 and 0, predicted 1; kind 1: weights 2 and 2 use 3 and 5, predicted 4. Mean 2.5 of 8.
    let rows: [Row; 4] = [(1.0, 1.0, 4.0, &[0]), (2.0, 2.0, 3.0, &[1]), (3.0, 3.0, 0.0, &[0]), (4.0, 2.0, 5.0, &[1])];
    let found = inequity(2, &rows).expect("an answer");
    let predicted = index(&[(1.0, 1.0, 1.0), (2.0, 2.0, 4.0), (3.0, 3.0, 1.0), (4.0, 2.0, 4.0)]).unwrap();
    // Ranks 1/16, 2/8, 4.5/8, 7/8: 2 / 20 x (1.5 x (-1/16 + 2 x 2/8 - 3 x 4.5/8 + 2 x 7/8)).
    near(predicted.index(), 0.1 * 1.5 * (-1.0 / 16.0 + 0.5 - 13.5 / 8.0 + 1.75));
    near(Some(found.of_need), predicted.index().unwrap());
    // The two kinds together are the constant: the later goes.
    assert_eq!(found.dropped, [1]);
}

#[test]
fn columns_that_add_nothing_are_named() {
    // 0 and 1 are kinds of which everyone has one; 2 is never yes; 3 is 0 again; 4 is a level of its own.
    let rows: [Row; 5] = [
        (1.0, 1.0, 1.0, &[0, 3]),
        (2.0, 1.0, 2.0, &[3, 0, 4]),
        (3.0, 1.0, 3.0, &[1]),
        (4.0, 1.0, 4.0, &[1, 4, 4]),
        (5.0, 1.0, 5.0, &[1]),
    ];
    let found = inequity(5, &rows).expect("an answer");
    assert_eq!(found.dropped, [1, 2, 3]);
    let fewer: Vec<Row> = rows
        .iter()
        .map(|&(rank, weight, used, yes)| {
            let yes: &[u32] = match (yes.contains(&0), yes.contains(&4)) {
                (true, true) => &[0, 1],
                (true, false) => &[0],
                (false, true) => &[1],
                (false, false) => &[],
            };
            (rank, weight, used, yes)
        })
        .collect();
    let same = inequity(2, &fewer).expect("an answer");
    assert_eq!(same.dropped, [0_u32; 0]);
    near(Some(found.index), same.index);
}

#[test]
fn without_use_or_rows_there_is_no_inequity() {
    assert_eq!(inequity(1, &[]), None);
    assert_eq!(inequity(1, &[(1.0, 1.0, 0.0, &[0]), (2.0, 1.0, 0.0, &[])]), None);
    let need = Indicators::new(1).expect("few");
    let one = observations(&[(1.0, 1.0, 1.0)]);
    assert_eq!(horizontal_inequity(&one, &need, &Effort::unlimited()), Ok(None));
    assert_eq!(Indicators::new(513).err(), Some(BadIndicators::TooMany { columns: 513 }));
    let mut need = Indicators::new(2).expect("few");
    assert_eq!(need.push([0, 2]), Err(BadIndicators::NoSuchColumn { column: 2 }));
    assert_eq!(need.rows(), 0);
}

fn rows() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    // Few ranks, so that many are tied.
    prop::collection::vec((0_u8..6, 0_u8..5, 0_u16..100), 2..40).prop_map(|rows| {
        rows.into_iter().map(|(rank, weight, value)| (rank.into(), weight.into(), f64::from(value) / 100.0)).collect()
    })
}

fn close(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-9,
        (one, other) => one == other,
    }
}

proptest! {
    #[test]
    fn only_the_order_of_ranks_the_shares_of_weight_and_the_scale_of_values_do_not_matter(
        rows in rows(), by in 0.5..20.0,
    ) {
        let plain = index(&rows);
        let scaled: Vec<_> = rows.iter().map(|&(rank, weight, value)| (rank, weight, value * by)).collect();
        let weighed: Vec<_> = rows.iter().map(|&(rank, weight, value)| (rank, weight * by, value)).collect();
        let stretched: Vec<_> = rows.iter().map(|&(rank, weight, value)| (rank.exp(), weight, value)).collect();
        for other in [scaled, weighed, stretched] {
            prop_assert!(close(plain.and_then(|plain| plain.index()), index(&other).and_then(|other| other.index())));
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter_to_the_last_bit(rows in rows(), turn in 0_usize..40) {
        let mut turned = rows.clone();
        turned.rotate_left(turn % rows.len());
        prop_assert_eq!(index(&turned), index(&rows));
        turned.reverse();
        prop_assert_eq!(index(&turned), index(&rows));
    }

    #[test]
    fn a_weight_is_so_many_times_the_same_row(rows in rows()) {
        let repeated: Vec<_> = rows
            .iter()
            .flat_map(|&(rank, weight, value)| vec![(rank, 1.0, value); weight as usize])
            .collect();
        let (one, other) = (index(&rows), index(&repeated));
        prop_assert!(close(one.map(|one| one.absolute), other.map(|other| other.absolute)));
    }

    #[test]
    fn every_form_keeps_to_its_range_and_turns_round_with_the_ranks(rows in rows()) {
        let Some(found) = index(&rows) else { return Ok(()) };
        let forms = [found.index(), found.wagstaff(Bounds::SHARE), found.erreygers(Bounds::SHARE)];
        for form in forms.into_iter().flatten() {
            prop_assert!((-1.0 - 1e-12..=1.0 + 1e-12).contains(&form), "{form}");
        }
        let turned: Vec<_> = rows.iter().map(|&(rank, weight, value)| (-rank, weight, value)).collect();
        let turned = index(&turned).expect("the same weights");
        prop_assert!((found.absolute + turned.absolute).abs() < 1e-9);
        // What is unmet is the mirror of what is met.
        let unmet: Vec<_> = rows.iter().map(|&(rank, weight, value)| (rank, weight, 1.0 - value)).collect();
        let unmet = index(&unmet).expect("the same weights").erreygers(Bounds::SHARE);
        prop_assert!(close(found.erreygers(Bounds::SHARE), unmet.map(|unmet| -unmet)));
    }

    #[test]
    fn with_kinds_that_exclude_one_another_need_predicts_the_mean_of_the_kind(
        rows in rows(), kinds in prop::collection::vec(0_u32..4, 40),
    ) {
        let mut means = [(0.0, 0.0); 4];
        for (&(_, weight, value), &kind) in rows.iter().zip(&kinds) {
            means[kind as usize].0 += weight * value;
            means[kind as usize].1 += weight;
        }
        let mean = |kind: u32| means[kind as usize].0 / means[kind as usize].1;
        let predicted: Vec<_> = rows
            .iter()
            .zip(&kinds)
            .map(|(&(rank, weight, _), &kind)| (rank, weight, if 0.0 < weight { mean(kind) } else { 0.0 }))
            .collect();
        let columns: Vec<[u32; 1]> = kinds.iter().map(|&kind| [kind]).collect();
        let with_kinds: Vec<Row> =
            rows.iter().zip(&columns).map(|(&(rank, weight, used), kind)| (rank, weight, used, &kind[..])).collect();
        let found = inequity(4, &with_kinds);
        let by_hand = index(&predicted).and_then(|need| need.index());
        prop_assert!(close(found.as_ref().map(|found| found.of_need), by_hand), "{found:?} {by_hand:?}");
    }

    #[test]
    fn use_that_is_a_sum_over_columns_is_all_predicted(
        rows in rows(),
        yes in prop::collection::vec(prop::collection::vec(0_u32..6, 0..4), 40),
        effects in prop::array::uniform6(0_u8..9),
    ) {
        // Kinds and levels that overlap: only a regression, not a mean of each kind, takes them apart.
        let summed: Vec<Row> = rows
            .iter()
            .zip(&yes)
            .map(|(&(rank, weight, _), yes)| {
                let columns = (0..6).filter(|column| yes.contains(column));
                let effect: f64 = columns.map(|column| f64::from(effects[column as usize])).sum();
                (rank, weight, 1.0 + effect, &yes[..])
            })
            .collect();
        let Some(found) = inequity(6, &summed) else { return Ok(()) };
        prop_assert!(found.index.abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn any_numbers_give_a_number_or_none(
        rows in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>(), 0_u32..6), 0..12),
        ordinary in any::<bool>(),
    ) {
        // Positive halves of the time, or hardly a row would be taken.
        let number = |number: f64| if ordinary { number.abs() } else { number };
        let columns: Vec<[u32; 1]> = rows.iter().map(|row| [row.3]).collect();
        let rows: Vec<Row> = rows
            .iter()
            .zip(&columns)
            .map(|(&(rank, weight, used, _), column)| (rank, number(weight), number(used), &column[..]))
            .collect();
        let plain: Vec<_> = rows.iter().map(|&(rank, weight, used, _)| (rank, weight, used)).collect();
        if let Some(found) = index(&plain) {
            prop_assert!(found.mean.is_finite() && found.absolute.is_finite());
            prop_assert!(found.index().is_none_or(f64::is_finite));
        }
        if let Some(found) = inequity(6, &rows) {
            prop_assert!(found.index.is_finite(), "{found:?}");
        }
    }
}
