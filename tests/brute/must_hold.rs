//! What must hold of every network that `Network::new` accepts, whoever wrote it.

use suffice::solve::{Effort, Network, Outcome, Proof, StopReason, check, program, solve};

use super::every_flow::least_values;
use super::from_bytes::Case;

/// Solves and verifies the answer; gives the values.
///
/// Side groups leave only the program route, whose numbers are doubles: it may refuse with an error what it cannot
/// prove, and then there is no answer.
pub fn optimum(network: &Network) -> Option<Vec<i64>> {
    let outcome = match solve(network, &Effort::unlimited()) {
        Ok(outcome) => outcome,
        Err(_) if !network.is_network() => return None,
        Err(error) => panic!("our own route asks no backend, yet: {error}"),
    };
    let Outcome::Optimal { flow, values, proof } = outcome else {
        panic!("without a limit nothing stops it");
    };
    assert_eq!(check::feasible(network, &flow).as_ref(), Ok(&values));
    match proof {
        Proof::Prices(prices) => assert_eq!(check::optimal(network, &flow, &prices), Ok(())),
        Proof::Backend => assert!(!network.is_network(), "our own route brings prices"),
    }
    Some(values)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    All,
    TooMany,
}

/// Compares with trying every flow, where there are at most `most` of them.
pub fn by_trying(network: &Network, values: &[i64], most: u64) -> Tried {
    let Some(least) = least_values(network, most) else { return Tried::TooMany };
    assert_eq!(values, least, "trying every flow finds the second");
    Tried::All
}

/// A stop after `ticks` ticks leaves a feasible flow and bounds that hold; the same each time.
pub fn stop(network: &Network, best: &[i64], ticks: u64) {
    let run = || solve(network, &Effort::unlimited().at_most(ticks));
    let Ok(outcome) = run() else {
        assert!(!network.is_network(), "our own route asks no backend");
        return;
    };
    assert_eq!(check::feasible(network, outcome.flow()).as_deref(), Ok(outcome.values()));
    match &outcome {
        Outcome::Optimal { values, .. } => assert_eq!(values, best),
        Outcome::Stopped { values, bounds, reason, .. } => {
            assert_eq!(*reason, StopReason::TickLimit);
            assert_eq!(bounds.len(), best.len());
            assert!(best <= values.as_slice(), "{values:?} beats the optimum {best:?}");
            // Bounds are of the stages in order, as far as they are known. All but the last of them are finished.
            let known = bounds.iter().take_while(|bound| bound.is_some()).count();
            assert!(bounds[known..].iter().all(Option::is_none), "{bounds:?}");
            for (stage, bound) in bounds.iter().flatten().enumerate() {
                assert!(*bound <= best[stage], "stage {stage} is bounded by {bound}, yet costs {}", best[stage]);
                assert!(stage + 1 == known || values[stage] == best[stage], "stage {stage} was finished");
            }
        }
    }
    assert_eq!(run().ok().as_ref(), Some(&outcome), "the same work stops at the same place");
}

/// good_lp finds the same values. Only for numbers that doubles add up exactly.
pub fn by_program(network: &Network, values: &[i64]) {
    let outcome = program::solve(network, &Effort::unlimited()).expect("the backend answers");
    assert_eq!(outcome.values(), values, "good_lp finds these");
    assert_eq!(check::feasible(network, outcome.flow()).as_deref(), Ok(values));
}

/// More would keep a fuzzer from trying other inputs.
const MOST_FLOWS: u64 = 2_000;

/// What a fuzzer asks of any bytes: nothing panics, and whatever `Network::new` lets in is solved rightly.
pub fn of_bytes(bytes: &[u8]) {
    let Case { parts, ticks } = Case::of(bytes);
    let Ok(network) = Network::new(parts) else { return };
    if let Some(best) = optimum(&network) {
        by_trying(&network, &best, MOST_FLOWS);
        stop(&network, &best, ticks);
    }
}
