//! What must hold of every network that `Network::new` accepts, whoever wrote it.

use std::slice;
use std::sync::Arc;

use suffice::solve::need::{self, NeedOutcome};
use suffice::solve::standing::{Change, Evidence, Standing};
use suffice::solve::{Effort, Flow, Network, Outcome, Prices, Proof, StopReason, check, program, solve};

use super::every_flow::least_values;
use super::from_bytes::Case;

/// A verified answer.
pub struct Optimum {
    pub flow: Flow,
    pub values: Vec<i64>,
    /// None where side groups left only the backend's word.
    pub prices: Option<Prices>,
}

/// Solves and verifies the answer.
///
/// Side groups leave only the program route, whose numbers are doubles: it may refuse with an error what it cannot
/// prove, and then there is no answer.
pub fn optimum(network: &Network) -> Option<Optimum> {
    let outcome = match solve(network, &Effort::unlimited()) {
        Ok(outcome) => outcome,
        Err(_) if !network.is_network() => return None,
        Err(error) => panic!("our own route asks no backend, yet: {error}"),
    };
    let Outcome::Optimal { flow, values, proof } = outcome else {
        panic!("without a limit nothing stops it");
    };
    assert_eq!(check::feasible(network, &flow).as_ref(), Ok(&values));
    let prices = match proof {
        Proof::Prices(prices) => {
            assert_eq!(check::optimal(network, &flow, &prices), Ok(()));
            Some(prices)
        }
        Proof::Backend => None,
    };
    assert_eq!(prices.is_some(), network.is_network(), "our own route brings prices");
    Some(Optimum { flow, values, prices })
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

/// The solver of the need stage alone finds the first stage's value, with prices that prove it, where that stage is one;
/// and stopped, a flow and a bound on either side of it.
pub fn by_need(network: &Network, best: &[i64], ticks: u64) {
    if !need::fits(network, 0) {
        return;
    }
    let mut parts = network.clone().into_parts();
    parts.stages.truncate(1);
    let alone = Network::new(parts).expect("fewer stages are fine");
    match need::solve(network, 0, &Effort::unlimited()) {
        NeedOutcome::Optimal { flow, value, prices } => {
            assert_eq!(value, best[0]);
            assert_eq!(check::feasible(&alone, &flow), Ok(vec![value]));
            assert_eq!(check::optimal(&alone, &flow, &Prices { stages: vec![prices] }), Ok(()));
        }
        NeedOutcome::Stopped { .. } => panic!("without a limit nothing stops it"),
    }
    match need::solve(network, 0, &Effort::unlimited().at_most(ticks)) {
        NeedOutcome::Optimal { value, .. } => assert_eq!(value, best[0]),
        NeedOutcome::Stopped { flow, value, bound, reason } => {
            assert_eq!(reason, StopReason::TickLimit);
            assert_eq!(check::feasible(&alone, &flow), Ok(vec![value]));
            assert!(bound <= best[0] && best[0] <= value, "{bound} <= {} <= {value}", best[0]);
        }
    }
}

/// More would keep a fuzzer from trying other inputs.
const MOST_FLOWS: u64 = 2_000;

/// What a fuzzer asks of any bytes: nothing panics, and whatever `Network::new` lets in is solved rightly, and so is
/// whatever it is changed into.
pub fn of_bytes(bytes: &[u8]) {
    let Case { parts, ticks, changes } = Case::of(bytes);
    let Ok(network) = Network::new(parts) else { return };
    let Some(best) = optimum(&network) else { return };
    by_trying(&network, &best.values, MOST_FLOWS);
    stop(&network, &best.values, ticks);
    by_need(&network, &best.values, ticks);
    if let Some(prices) = &best.prices {
        changed(network, &best.flow, prices, &changes);
    }
}

/// Changes one after the other: each is refused, or leaves an optimum that costs what a fresh solve finds.
pub fn changed(network: Network, flow: &Flow, prices: &Prices, changes: &[Change]) {
    /// A change sends one unit after the other, and there may be 2^53 of them.
    const TICKS: u64 = 1 << 18;
    let mut standing = Standing::of(Arc::new(network), flow, prices).expect("an optimum of its shape");
    for change in changes {
        let effort = Effort::unlimited().at_most(TICKS);
        // What is refused or stopped leaves the optimum before it as it was.
        if let Ok(after) = standing.after(slice::from_ref(change), &effort) {
            standing = after;
        }
        let everything = |count: usize| (0..count as u32).collect::<Vec<u32>>();
        let evidence = standing.evidence(&everything(standing.n_sources()), &everything(standing.n_sinks()));
        let Evidence { network, flow, prices } = evidence.expect("what was not refused is a network");
        assert_eq!(check::feasible(&network, &flow), Ok(standing.values()));
        assert_eq!(check::optimal(&network, &flow, &prices), Ok(()));
        assert_eq!(optimum(&network).map(|best| best.values), Some(standing.values()), "a fresh solve");
    }
}
