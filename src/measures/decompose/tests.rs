use std::convert::Infallible;

use proptest::prelude::*;

use super::{Parts, Side, Sixths, count_over_orders, mean_over_orders};

/// The split of a function of three numbers that pass from one triple to another.
fn split(before: [f64; 3], after: [f64; 3], value: impl Fn([f64; 3]) -> f64) -> Parts {
    let mixed = |sides: [Side; 3]| {
        Ok::<f64, Infallible>(value([0, 1, 2].map(|factor| match sides[factor] {
            Side::Before => before[factor],
            Side::After => after[factor],
        })))
    };
    mean_over_orders(mixed).unwrap_or_else(|never| match never {})
}

#[test]
fn a_sum_falls_apart_into_its_own_changes() {
    let found = split([10.0, 4.0, 1.0], [13.0, 2.0, 1.0], |[need, supply, other]| need - supply + other);
    assert_eq!(found, Parts { parts: [3.0, 2.0, 0.0], change: 5.0 });
}

#[test]
fn a_product_by_hand() {
    // From 1 x 1 x 1 to 2 x 3 x 1: the first alone adds 1, after the second 3; the second alone 2, after the first 4.
    let found = split([1.0, 1.0, 1.0], [2.0, 3.0, 1.0], |[a, b, c]| a * b * c);
    assert_eq!(found, Parts { parts: [2.0, 3.0, 0.0], change: 5.0 });
    // 1 x 1 x 1 to 2 x 2 x 2: three alike share 7.
    let found = split([1.0; 3], [2.0; 3], |[a, b, c]| a * b * c);
    assert!(found.parts.iter().all(|part| (part - 7.0 / 3.0).abs() < 1e-12) && found.change == 7.0, "{found:?}");
}

#[test]
fn unmet_need_where_places_came_and_children_came() {
    // Unmet = max(0, children - places): 10 children and 5 places become 12 and 9. Children first: +2 then -4; places
    // first: -4 then +2. Another table, 10 and 5 to 8 and 20: children first -2 then -3; places first -5 then 0.
    let unmet = |[children, places, _]: [f64; 3]| (children - places).max(0.0);
    assert_eq!(split([10.0, 5.0, 0.0], [12.0, 9.0, 0.0], unmet).parts, [2.0, -4.0, 0.0]);
    let found = split([10.0, 5.0, 0.0], [8.0, 20.0, 0.0], unmet);
    assert_eq!(found, Parts { parts: [-1.0, -4.0, 0.0], change: -5.0 });
}

#[test]
fn a_count_is_split_in_sixths_and_nothing_is_rounded() {
    // 1 x 1 x 1 to 2 x 2 x 2: three alike share 7, which is 14 sixths each.
    let count =
        |sides: [Side; 3]| Ok::<u64, Infallible>(1 << sides.iter().filter(|&&side| side == Side::After).count());
    assert_eq!(count_over_orders(count), Ok(Sixths { parts: [14; 3], change: 7 }));
    // From the greatest count to none and back: a float would lose the last digits.
    let falls = |sides: [Side; 3]| Ok::<u64, Infallible>(if sides[1] == Side::After { 0 } else { u64::MAX });
    let most = i128::from(u64::MAX);
    assert_eq!(count_over_orders(falls), Ok(Sixths { parts: [0, -6 * most, 0], change: -most }));
}

#[test]
fn the_first_error_ends_it() {
    let mut asked = 0;
    let found = mean_over_orders(|sides| {
        asked += 1;
        if sides[0] == Side::After { Err("stopped") } else { Ok(1.0) }
    });
    assert_eq!((found, asked), (Err("stopped"), 2));
}

proptest! {
    #[test]
    fn the_parts_are_the_mean_over_the_orders_walked_one_by_one(values in prop::array::uniform8(-1e6..1e6)) {
        let index = |sides: [Side; 3]| (0..3).map(|k| if sides[k] == Side::After { 1 << k } else { 0 }).sum::<usize>();
        let found = mean_over_orders(|sides| Ok::<f64, Infallible>(values[index(sides)])).expect("it cannot fail");
        let mut walked = [0.0; 3];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut sides = [Side::Before; 3];
            for factor in order {
                let before = values[index(sides)];
                sides[factor] = Side::After;
                walked[factor] += (values[index(sides)] - before) / 6.0;
            }
        }
        for (part, walked) in found.parts.iter().zip(walked) {
            prop_assert!((part - walked).abs() < 1e-6);
        }
        prop_assert!((found.parts.iter().sum::<f64>() - found.change).abs() < 1e-6);
        prop_assert_eq!(found.change, values[7] - values[0]);
        let counted = |sides| Ok::<u64, Infallible>(values[index(sides)].abs() as u64);
        let counts = count_over_orders(counted).expect("it cannot fail");
        prop_assert_eq!(counts.parts.iter().sum::<i128>(), 6 * counts.change);
    }
}
