use proptest::prelude::*;

use super::herfindahl_hirschman;

#[test]
fn shares_by_hand() {
    assert_eq!(herfindahl_hirschman(&[7]), Some(1.0));
    assert_eq!(herfindahl_hirschman(&[5, 5]), Some(0.5));
    assert_eq!(herfindahl_hirschman(&[3, 3, 3, 3, 0, 0]), Some(0.25));
    // Shares 0.5, 0.3 and 0.2: 0.25 + 0.09 + 0.04.
    let found = herfindahl_hirschman(&[50, 30, 20]).expect("there are places");
    assert!((found - 0.38).abs() < 1e-12, "{found}");
}

#[test]
fn no_places_are_not_concentrated_anywhere() {
    assert_eq!(herfindahl_hirschman(&[]), None);
    assert_eq!(herfindahl_hirschman(&[0, 0]), None);
}

proptest! {
    #[test]
    fn it_lies_between_equal_parts_and_one_and_grows_with_a_merger(parts in prop::collection::vec(any::<u64>(), 2..20)) {
        let Some(apart) = herfindahl_hirschman(&parts) else { return Ok(()) };
        prop_assert!(1.0 / parts.len() as f64 - 1e-12 <= apart && apart <= 1.0 + 1e-12, "{apart}");
        let halved: Vec<u64> = parts.iter().map(|part| part / 2).collect();
        let mut merged = halved.clone();
        let gone = merged.pop().expect("there are two");
        merged[0] += gone;
        if let (Some(apart), Some(together)) = (herfindahl_hirschman(&halved), herfindahl_hirschman(&merged)) {
            prop_assert!(apart <= together + 1e-12);
        }
    }
}
