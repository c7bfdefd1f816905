//! A stop at any look ends the work there and then, and what is answered holds.
//!
//! No clock: a watch that says stop from its k-th look on, for many k. What it counts after that says how much went on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use suffice::domain::BadRows;
use suffice::engine::Resident;
use suffice::generate::{Instance, Params};
use suffice::matching::Route;
use suffice::solve::{Effort, StopReason, Watch};
use suffice::view;
use suffice::view::gaps::GapQuestions;

/// Says stop from its k-th look on.
struct AtLook {
    last: u64,
    looks: AtomicU64,
}

impl AtLook {
    fn new(last: u64) -> AtLook {
        AtLook { last, looks: AtomicU64::new(0) }
    }

    fn never() -> AtLook {
        AtLook::new(u64::MAX)
    }

    fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }
}

impl Watch for AtLook {
    fn stop(&self) -> Option<StopReason> {
        (self.last < self.looks.fetch_add(1, Ordering::Relaxed) + 1).then_some(StopReason::Cancelled)
    }

    fn remaining(&self) -> Option<Duration> {
        None
    }
}

/// 4,000 needs and 60 services: some hundred looks.
fn instance() -> Instance {
    let params = Params::new(4_000, 60, 1).and_then(|params| params.radius_percent(300));
    Instance::generate(&params.expect("they are in range"))
}

fn resident() -> Resident {
    let loaded = Resident::load(instance().to_draft(), BadRows::Refuse, &Effort::unlimited());
    loaded.unwrap_or_else(|problems| panic!("{problems:#?}")).resident
}

/// Steps of an answer that ask once more after a stop, because each of them can be left out.
const MOST_LOOKS_AFTER: u64 = 40;

/// Runs with a stop at the first look, at the last and at many in between; gives what each says to `check`.
fn at_many_looks<T>(run: impl Fn(&Effort) -> T, check: impl Fn(T)) {
    let watch = AtLook::never();
    check(run(&Effort::unlimited().watched(&watch)));
    let all = watch.looks();
    assert!(20 < all, "only {all} looks");
    for at in (0..20).map(|part| part * all / 20).chain(all.saturating_sub(4)..all) {
        let watch = AtLook::new(at);
        check(run(&Effort::unlimited().watched(&watch)));
        let after = watch.looks() - at;
        assert!(after <= MOST_LOOKS_AFTER, "stopped at look {at} of {all}, it looked {after} times more");
    }
}

#[test]
fn loading_ends_at_the_look_that_says_stop() {
    let draft = instance().to_draft();
    at_many_looks(|effort| Resident::load(draft.clone(), BadRows::Refuse, effort).map(drop), drop);
}

#[test]
fn a_matching_that_was_stopped_anywhere_is_verified() {
    at_many_looks(
        // A fresh one each time, so that nothing is known from the time before.
        |effort| {
            let resident = resident();
            let files = view::matching::run(&resident, Route::Network, effort).expect("a stop is an answer");
            (resident, files)
        },
        |(resident, files)| {
            let effort = Effort::unlimited();
            let verified = view::verify::run(&resident, &files.document, &files.assignments, &files.prices, &effort);
            assert!(verified.verified, "{verified:#?}");
            let totals = &files.document.totals;
            assert_eq!(totals.met + totals.unmet, totals.child_needs);
        },
    );
}

#[test]
fn gaps_that_were_stopped_anywhere_add_up() {
    at_many_looks(
        |effort| {
            view::gaps::run(&resident(), Route::Network, &GapQuestions::default(), effort).expect("a stop is an answer")
        },
        |document| {
            let totals = &document.totals;
            assert_eq!(document.causes.iter().map(|row| row.child_needs).sum::<u64>(), totals.unmet);
            assert_eq!(document.by_kind.iter().map(|row| row.unmet).sum::<u64>(), totals.unmet);
            assert_eq!(document.by_area.iter().map(|row| row.child_needs).sum::<u64>(), totals.child_needs);
            assert_eq!(document.layer_matrix.rows.iter().map(|row| row.unmet).sum::<u64>(), totals.unmet);
            assert!(totals.unmet_low <= totals.unmet && totals.unmet <= totals.unmet_high, "{totals:?}");
            assert!(document.unmet.len() as u64 <= totals.unmet);
        },
    );
}

#[test]
fn a_verification_that_was_stopped_does_not_hold_and_says_so() {
    let resident = resident();
    let files = view::matching::run(&resident, Route::Network, &Effort::unlimited()).expect("an answer");
    let watch = AtLook::never();
    let run = |watch: &AtLook| {
        let effort = Effort::unlimited().watched(watch);
        view::verify::run(&resident, &files.document, &files.assignments, &files.prices, &effort)
    };
    assert!(run(&watch).verified);
    for at in 0..watch.looks() {
        let stopped = run(&AtLook::new(at));
        let said = |check: &view::verify::VerifyCheck| check.detail.starts_with("stopped before it could be checked");
        assert!(!stopped.verified && stopped.checks.iter().any(|check| !check.held && said(check)), "{stopped:#?}");
    }
}
