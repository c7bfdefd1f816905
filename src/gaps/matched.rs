//! A locality out of the few lines that the tests of eligibility read, matched; for the tests of this module.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::Strategy;
use proptest::sample::select;

use super::causes::{self, Unmet};
use super::deficient;
use super::optimum::Today;
use crate::domain::Locality;
use crate::eligibility::testing::{any_place, locality};
use crate::eligibility::{Declines, Pairs, Profiles};
use crate::matching::{Matching, Reading, Route, Scope, Worths, asking, formulate, solve};
use crate::solve::Effort;

pub(super) struct Matched {
    pub(super) locality: Locality,
    pub(super) profiles: Profiles,
    pub(super) declines: Declines,
    pub(super) pairs: Pairs,
    pub(super) matching: Matching,
    pub(super) unmet: Vec<Unmet>,
}

pub(super) fn matched(text: &str) -> Matched {
    matched_in(locality(text))
}

pub(super) fn matched_in(locality: Locality) -> Matched {
    let effort = Effort::unlimited();
    let profiles = Profiles::build(&locality);
    let pairs = Pairs::build(&locality, &profiles, &effort).unwrap();
    let formulation = formulate(&locality, &profiles, &pairs, Reading::Policy, Scope::WhoIsMet, &effort).unwrap();
    let asking = asking(&locality, Reading::Policy);
    let matching = solve(&locality, formulation, asking, Route::Network, &effort, Worths::Leave).unwrap();
    let sets = deficient::find(&matching, &effort).unwrap();
    let unmet = causes::find(&locality, &profiles, Some(&pairs), &matching, Some(&sets), &effort);
    let declines = Declines::of(&locality);
    Matched { locality, profiles, declines, pairs, matching, unmet }
}

impl Matched {
    pub(super) fn today(&self) -> Today<'_> {
        Today::solve(&self.locality, &self.matching, &Effort::unlimited()).unwrap()
    }
}

/// [`any_place`] with places for its offers (some not known), and with weights and numbers of children for its needs.
pub(super) fn any_supplied_place() -> impl Strategy<Value = String> {
    let weights = vec((select(&[1, 4, 16]), 1_u32..4), 20);
    let capacities = vec(option::weighted(0.9, 0_u32..6), 8);
    let limit = select(&["", "", "policy provider-limit=p0"]);
    (any_place(), weights, capacities, limit).prop_map(|(text, weights, capacities, limit)| {
        let (mut weights, mut capacities) = (weights.into_iter(), capacities.into_iter());
        let line = |line: &str| match line.split_once(' ') {
            Some(("need", _)) => {
                let (weight, children) = weights.next().unwrap_or((1, 1));
                format!("{line} weight={weight} children={children}")
            }
            Some(("offer", _)) => {
                let places = capacities.next().flatten();
                places.map_or(line.to_owned(), |places| format!("{line} capacity={places}"))
            }
            _ => line.to_owned(),
        };
        let mut lines: Vec<String> = text.lines().map(line).collect();
        // Only a provider that is there can be limited.
        lines.extend(text.contains("provider=p0").then(|| limit.to_owned()));
        lines.join("\n")
    })
}
