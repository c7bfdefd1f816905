//! Instances as bundles, for what begins with files.

use std::collections::BTreeMap;

use suffice::domain::{BadRows, Draft, Setting};
use suffice::engine::Resident;
use suffice::matching::{Formulation, Reading, Scope, formulate};
use suffice::solve::Effort;

use super::known::generate;
use super::rung::Rung;

/// What the policy of a bundle asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// No policy.toml: floors, need, evenness, effect, travel, cost, as far as they apply.
    DefaultOrder,
    /// 1000 * weight - cost_per_place - 3 * whole kilometres.
    Blended,
}

impl Policy {
    /// What policy.toml holds; None where there is none.
    pub fn settings(self) -> Option<BTreeMap<String, Setting>> {
        match self {
            Policy::DefaultOrder => None,
            Policy::Blended => {
                let mode = ("mode".to_owned(), Setting::Text("blended".to_owned()));
                Some(BTreeMap::from([("objective".to_owned(), Setting::Keys(BTreeMap::from([mode])))]))
            }
        }
    }
}

pub fn draft(rung: Rung, policy: Policy) -> Draft {
    Draft { policy: policy.settings(), ..generate(rung).to_draft() }
}

pub fn resident(draft: Draft) -> Resident {
    let loaded = Resident::load(draft, BadRows::Refuse, &Effort::unlimited());
    loaded.unwrap_or_else(|problems| panic!("the generator's bundles are good: {problems:#?}")).resident
}

/// What matching solves of a locality.
pub fn formulation(resident: &Resident, effort: &Effort) -> Formulation {
    let locality = resident.locality();
    let pairs = resident.pairs(effort).expect("nothing stops it");
    let formulation = formulate(locality, resident.profiles(), &pairs, Reading::Policy, Scope::Everything, effort);
    formulation.expect("the policy fits the bundle")
}
