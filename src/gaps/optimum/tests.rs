use crate::gaps::matched::matched;

/// Child-needs inside, their weight, and the weight of all.
fn optimum(text: &str) -> (u64, u64, u64) {
    let found = matched(text).today().optimum();
    (found.child_needs, found.weight, found.weight_of_all)
}

const ONE_PLACE: &str = "
    area a at=0,0
    area z at=0,0 outside
    service s types=k
    offer o service=s at=0,0 reach=any capacity=1
    ";

#[test]
fn among_equals_the_areas_that_are_inside_come_first() {
    // Were it left to the lottery, some of these names would lose it.
    for name in ["a", "b", "c", "d", "e", "f"] {
        let needs = format!("need in-{name} kind=k area=a\nneed out-{name} kind=k area=z");
        assert_eq!(optimum(&format!("{ONE_PLACE}{needs}")), (1, 1, 1), "{name}");
    }
}

#[test]
fn a_heavier_need_from_outside_comes_before_a_lighter_one_from_inside() {
    let needs = "need in kind=k area=a weight=4\nneed out kind=k area=z weight=5";
    assert_eq!(optimum(&format!("{ONE_PLACE}{needs}")), (0, 0, 5));
}

#[test]
fn limits_of_providers_and_holders_stay() {
    let place = |policy: &str| {
        format!(
            "{policy}
             area a at=0,0
             service s types=k provider=p
             service t types=l provider=p
             offer o service=s at=0,0 reach=any capacity=5
             offer q service=t at=0,0 reach=any capacity=5
             need n1 holder=h kind=k area=a
             need n2 holder=h kind=l area=a weight=3"
        )
    };
    assert_eq!(optimum(&place("")), (2, 4, 4));
    assert_eq!(optimum(&place("policy provider-limit=p")), (1, 3, 3));
    assert_eq!(optimum(&place("policy holder-limit=1")), (1, 3, 3));
}
