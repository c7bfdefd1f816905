use proptest::prelude::*;

use super::{Level, wilson};

#[track_caller]
fn check(x: u64, n: u64, level: Level, low: f64, high: f64, within: f64) {
    let found = wilson(x, n, level).expect("somebody was asked");
    assert!((found.low - low).abs() <= within && (found.high - high).abs() <= within, "{x}/{n}: {found:?}");
}

/// The five vectors of research/domain.md section 2.8.
#[test]
fn the_vectors_of_the_field() {
    check(0, 10, Level::P95, 0.0, 0.277_533, 5e-7);
    check(5, 10, Level::P95, 0.236_593, 0.763_407, 5e-7);
    check(10, 10, Level::P95, 0.722_467, 1.0, 5e-7);
    check(1, 100, Level::P95, 0.001_767, 0.054_486, 5e-7);
    check(223, 2_176, Level::P95, 0.090_431, 0.115_933, 5e-7);
}

/// Perth and Kinross, in percent to two places (research/domain.md section 2.1).
#[test]
fn perth_and_kinross_as_published() {
    check(223, 2_176, Level::P95, 0.0904, 0.1159, 5e-5);
    check(223, 2_176, Level::P998, 0.0841, 0.1243, 5e-5);
    check(426, 649, Level::P95, 0.6190, 0.6919, 5e-5);
    check(2_176, 8_459, Level::P95, 0.2480, 0.2667, 5e-5);
}

#[test]
fn none_and_all_reach_the_ends_exactly() {
    for n in 1..10_000 {
        for level in Level::ALL {
            let [none, all] = [0, n].map(|x| wilson(x, n, level).expect("somebody was asked"));
            assert_eq!((none.low, all.high), (0.0, 1.0), "{n}");
        }
    }
}

#[test]
fn a_share_of_nobody_and_a_part_above_the_whole_have_none() {
    assert_eq!(wilson(0, 0, Level::P95), None);
    assert_eq!(wilson(3, 2, Level::P95), None);
}

#[test]
fn the_points_of_the_normal_distribution_leave_what_they_say() {
    // Abramowitz and Stegun 26.2.17 gives the area above z to 7.5e-8.
    let above = |z: f64| {
        let t = 1.0 / (1.0 + 0.231_641_9 * z);
        let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
        let sum = series.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
        (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum
    };
    for level in Level::ALL {
        let left = 1.0 - 2.0 * above(level.z());
        assert!((left - level.share()).abs() < 2e-7, "{level:?}: {left}");
    }
}

proptest! {
    #[test]
    fn it_holds_the_share_mirrors_and_widens(n in 1_u64..1_000_000, part in 0.0..=1.0) {
        let x = (part * n as f64) as u64;
        let share = x as f64 / n as f64;
        let narrow = wilson(x, n, Level::P95).expect("asked");
        let wide = wilson(x, n, Level::P998).expect("asked");
        prop_assert!(0.0 <= wide.low && wide.low <= narrow.low && narrow.low <= share);
        prop_assert!(share <= narrow.high && narrow.high <= wide.high && wide.high <= 1.0);
        let other = wilson(n - x, n, Level::P95).expect("asked");
        prop_assert!((narrow.low - (1.0 - other.high)).abs() < 1e-12);
        prop_assert!((narrow.high - (1.0 - other.low)).abs() < 1e-12);
    }

    #[test]
    fn any_counts_give_an_interval_within_0_and_1(x: u64, n: u64) {
        if let Some(found) = wilson(x, n, Level::P998) {
            prop_assert!(0.0 <= found.low && found.low <= found.high && found.high <= 1.0, "{:?}", found);
        } else {
            prop_assert!(n == 0 || n < x);
        }
    }
}
