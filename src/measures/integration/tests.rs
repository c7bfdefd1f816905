use super::{Strategy, Target, integration};

/// "home+ school" is a strategy at home aimed at the participants and one at school aimed at what is around them.
#[track_caller]
fn check(strategies: &str, wanted: Option<u8>) {
    let strategies: Vec<Strategy<&str>> = strategies
        .split_whitespace()
        .map(|word| match word.strip_suffix('+') {
            Some(setting) => Strategy { setting, target: Target::Participants },
            None => Strategy { setting: word, target: Target::Surroundings },
        })
        .collect();
    assert_eq!(integration(&strategies).map(|step| step.score()), wanted, "{strategies:?}");
}

#[test]
fn the_five_steps_of_richard_and_others_1996() {
    check("", None);
    check("school+", Some(0));
    check("school", Some(0));
    check("school school", Some(1));
    check("school home street", Some(1));
    check("school+ school", Some(2));
    check("school+ school+ school+", Some(2));
    check("school+ home", Some(3));
    check("school home+ school", Some(3));
    check("school home street+", Some(4));
    check("a+ b+ c+ d+ e+", Some(4));
}

#[test]
fn the_steps_are_in_their_order() {
    let steps = ["x", "x y", "x+ x", "x+ y", "x+ y z"].map(|text| {
        let strategies: Vec<Strategy<String>> = text
            .split(' ')
            .map(|word| Strategy {
                setting: word.trim_end_matches('+').to_owned(),
                target: if word.ends_with('+') { Target::Participants } else { Target::Surroundings },
            })
            .collect();
        integration(&strategies).expect("there are strategies")
    });
    assert!(steps.is_sorted_by(|one, next| one < next && one.score() + 1 == next.score()), "{steps:?}");
}
