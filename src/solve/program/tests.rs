//! The program route against the flow solver, and, where side groups leave only this route, against every flow.

use proptest::prelude::ProptestConfig;
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::solve;
use crate::solve::samples::{Sizes, least_values, place, small};
use crate::solve::{Effort, Flow, Outcome, Proof, StopReason, check, flow};

#[test]
fn both_routes_agree_on_a_place_of_some_size() {
    let network = place(120, 10, 300, 3);
    let by_flow = flow::solve(&network, &Effort::unlimited());
    let by_program = solve(&network, &Effort::unlimited()).unwrap();
    assert_eq!(by_program.values(), by_flow.values());
}

#[test]
fn a_stop_before_the_first_stage_leaves_everything_unsent() {
    let network = place(30, 4, 400, 4);
    let outcome = solve(&network, &Effort::unlimited().at_most(0)).unwrap();
    let Outcome::Stopped { flow, bounds, reason, .. } = outcome else { panic!("expected a stop") };
    assert_eq!(flow, Flow::nothing());
    assert_eq!(reason, StopReason::TickLimit);
    assert!(bounds[0].is_some() && bounds[1].is_none());
}

#[test]
fn a_stop_between_stages_keeps_what_is_finished() {
    let network = place(30, 4, 400, 4);
    let best = flow::solve(&network, &Effort::unlimited());
    let terms = |finished: &[i64]| -> u64 {
        let program = super::write(&network, finished.len(), finished, super::Kind::Real);
        program.rows.iter().map(|row| row.terms.len() as u64).sum()
    };
    let outcome = solve(&network, &Effort::unlimited().at_most(terms(&[]))).unwrap();
    let Outcome::Stopped { flow, values, bounds, .. } = outcome else { panic!("expected a stop") };
    assert_eq!(check::feasible(&network, &flow), Ok(values.clone()));
    assert_eq!(values[0], best.values()[0]);
    assert_eq!(bounds[0], Some(values[0]));
    assert!(bounds[1].is_some_and(|bound| bound <= best.values()[1]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn both_routes_agree(network in small(Sizes::SMALL)) {
        let by_flow = flow::solve(&network, &Effort::unlimited());
        let by_program = solve(&network, &Effort::unlimited()).unwrap();
        prop_assert_eq!(by_program.values(), by_flow.values());
        prop_assert_eq!(check::feasible(&network, by_program.flow()), Ok(by_program.values().to_vec()));
        let proved_by_backend = matches!(by_program, Outcome::Optimal { proof: Proof::Backend, .. });
        prop_assert!(proved_by_backend);
    }

    #[test]
    fn no_flow_is_better_with_side_groups(network in small(Sizes::SIDE)) {
        let outcome = solve(&network, &Effort::unlimited()).unwrap();
        prop_assert_eq!(outcome.values(), least_values(&network));
    }
}
