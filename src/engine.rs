//! The facade: everything Suffice can answer about a resident locality, with no file, clock or network in sight.
//!
//! A [`Resident`] is immutable. What is dear to build and always the same (the pairs, the standing matching) is built on
//! first use and kept; readers share it. A change makes the next one, which takes over what it can.

pub mod change;
pub mod options;
pub mod solution;
pub mod verify;

use std::sync::{Arc, OnceLock};

use crate::canon::Digests;
use crate::domain::check::NotLoaded;
use crate::domain::{BadRows, Draft, Locality, NeedIx, Problem, check};
use crate::eligibility::{Declines, Pairs, Profiles};
use crate::gaps::{self, Gaps, GapsError, Reasons};
use crate::matching::{
    self, Formulation, Matching, NotFormulated, Reading, Refused, Route, Scope, Standing, Worths, asking, formulate,
    without_pairs,
};
use crate::planning::{self, NoMarket, NoPlan, Plan};
use crate::solve::{BackendError, Effort, StopReason};

pub use change::{Applied, OfferChange, PlacementChange, WhatIf};
pub use options::{Asked, InlineNeed, Options};
pub use solution::Solution;
pub use verify::{Check, verify};

/// A checked locality, ready to answer.
pub struct Resident {
    locality: Locality,
    digests: Digests,
    profiles: Arc<Profiles>,
    declines: Arc<Declines>,
    pairs: OnceLock<Arc<Pairs>>,
    /// The optimal matching by our own solver, once there is one.
    matching: OnceLock<Arc<Matching>>,
    /// The same so that it can take changes: taken over from the revision before, or made for the next one.
    standing: OnceLock<Arc<Standing>>,
}

/// A resident locality and the warnings that came with its bundle.
pub struct Loaded {
    pub resident: Resident,
    pub warnings: Vec<Problem>,
}

/// Why there is no answer. An answer that was stopped is one: it says so and brings its bound.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("there is no {what} \"{id}\" in this locality")]
    NotFound { what: &'static str, id: String },
    #[error("{}", list(.0))]
    BadInput(Vec<Problem>),
    /// What was asked does not fit the locality.
    #[error("{}", list(.0))]
    BadQuestion(Vec<Problem>),
    /// A stop came before there was anything to answer about.
    #[error("stopped before there was an answer: {}", .0.as_str())]
    Stopped(StopReason),
    /// Our fault, or the backend's.
    #[error("the solver behind this answer failed: {0}")]
    Backend(String),
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Failure {
        Failure::Backend(error.to_string())
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        let column = match refused {
            Refused::NoCost { .. } => "objective.cost",
            Refused::NoKilometres { .. } => "objective.km",
            Refused::TooLarge(_) => "objective",
        };
        Failure::BadInput(vec![Problem::error("policy.toml", None, Some(column), "", refused.to_string())])
    }
}

impl From<GapsError> for Failure {
    fn from(error: GapsError) -> Failure {
        match error {
            GapsError::Refused(refused) => refused.into(),
            GapsError::Backend(error) => error.into(),
        }
    }
}

impl From<NoPlan> for Failure {
    fn from(error: NoPlan) -> Failure {
        let problem = |table: &str, column: &str, error: &dyn std::fmt::Display| {
            Problem::error(table, None, Some(column), "", error.to_string())
        };
        match error {
            NoPlan::NoMarket(NoMarket::Stopped(reason)) => Failure::Stopped(reason),
            NoPlan::NoMarket(error @ NoMarket::LimitsPerHolder) => {
                Failure::BadQuestion(vec![problem("policy.toml", "limits.placements_per_holder", &error)])
            }
            NoPlan::NoMarket(error @ NoMarket::TransportInMinutes) => {
                Failure::BadQuestion(vec![problem("policy.toml", "plan.travel_pence_per_km", &error)])
            }
            NoPlan::NoMarket(error @ NoMarket::NoDistance { .. }) => {
                Failure::BadQuestion(vec![problem("plan", "objective", &error)])
            }
            NoPlan::NoMarket(error @ NoMarket::TooLarge(_)) => {
                Failure::BadInput(vec![problem("needs.csv", "children", &error)])
            }
            NoPlan::Choose(error) => Failure::Backend(error.to_string()),
        }
    }
}

impl Resident {
    /// Checks a draft and makes it resident, or says everything that is wrong with it.
    pub fn load(draft: Draft, bad_rows: BadRows, effort: &Effort) -> Result<Loaded, NotLoaded> {
        let checked = check::check(draft, bad_rows, effort)?;
        effort.report("index", 0, None);
        let locality = &checked.locality;
        let (digests, profiles) =
            effort.both(|| Digests::of(locality, effort), || Profiles::build_within(locality, effort));
        let (digests, profiles) = (digests?, Arc::new(profiles?));
        let declines = Arc::new(Declines::of(locality));
        let resident = Resident::new(checked.locality, digests, profiles, declines);
        Ok(Loaded { resident, warnings: checked.warnings })
    }

    fn new(locality: Locality, digests: Digests, profiles: Arc<Profiles>, declines: Arc<Declines>) -> Resident {
        Resident {
            locality,
            digests,
            profiles,
            declines,
            pairs: OnceLock::new(),
            matching: OnceLock::new(),
            standing: OnceLock::new(),
        }
    }

    pub fn locality(&self) -> &Locality {
        &self.locality
    }

    /// SHA-256 of the locality's canonical bytes, in hexadecimal.
    pub fn digest(&self) -> &str {
        self.digests.whole()
    }

    pub fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    pub fn declines(&self) -> &Declines {
        &self.declines
    }

    /// All pairs of need and offer that may be; built on first use.
    pub fn pairs(&self, effort: &Effort) -> Result<Arc<Pairs>, StopReason> {
        if let Some(pairs) = self.pairs.get() {
            return Ok(Arc::clone(pairs));
        }
        effort.report("pairs", 0, None);
        let pairs = Arc::new(Pairs::build(&self.locality, &self.profiles, effort)?);
        // Where two callers built them at once both have the same, and the first stays.
        Ok(Arc::clone(self.pairs.get_or_init(|| pairs)))
    }

    /// Matches needs to offers. A stop gives the best so far with its bound; an optimum of the network route with its
    /// worths is kept, and whoever asks again shares it.
    pub fn matching(&self, route: Route, effort: &Effort) -> Result<Arc<Matching>, Failure> {
        if let Some(matching) = self.matching.get().filter(|_| route == Route::Network) {
            return Ok(Arc::clone(matching));
        }
        let taken_over = match self.standing.get().filter(|_| route == Route::Network) {
            // A stop leads to the solver, which says that it was stopped and brings a bound.
            Some(standing) => standing.matching(&self.locality, effort).ok(),
            None => None,
        };
        let matching = match taken_over {
            Some(matching) => Arc::new(matching),
            None => Arc::new(self.solve(route, effort)?),
        };
        let complete = matching.is_optimal() && matching.worths.is_some();
        if route == Route::Network && complete {
            return Ok(Arc::clone(self.matching.get_or_init(|| matching)));
        }
        Ok(matching)
    }

    /// What is known of the optimum, without building more than there is: from the standing matching where there is one,
    /// else from the whole, which is solved where it was not.
    pub fn solution(&self, effort: &Effort) -> Result<Solution, Failure> {
        match self.standing.get() {
            Some(standing) if self.matching.get().is_none() => Ok(Solution::Standing(Arc::clone(standing))),
            _ => Ok(Solution::Whole(self.matching(Route::Network, effort)?)),
        }
    }

    fn solve(&self, route: Route, effort: &Effort) -> Result<Matching, Failure> {
        let asking = asking(&self.locality, Reading::Policy);
        match self.formulate(effort) {
            Ok(formulation) => {
                Ok(matching::solve(&self.locality, formulation, asking, route, effort, Worths::Compute)?)
            }
            Err(NotFormulated::Refused(refused)) => Err(refused.into()),
            Err(NotFormulated::Stopped(reason)) => {
                // Before there is a network the empty matching is valid, and bounded by everything that asks.
                let formulation = without_pairs(&self.locality, &self.profiles)?;
                Ok(matching::nothing_placed(&self.locality, formulation, asking, reason))
            }
        }
    }

    fn formulate(&self, effort: &Effort) -> Result<Formulation, NotFormulated> {
        let pairs = self.pairs(effort)?;
        effort.report("network", 0, None);
        formulate(&self.locality, &self.profiles, &pairs, Reading::Policy, Scope::Everything, effort)
    }

    /// Says what is missing and why.
    pub fn gaps(&self, route: Route, effort: &Effort) -> Result<Gaps, Failure> {
        let matching = self.matching(route, effort)?;
        let pairs = self.pairs(effort).ok();
        Ok(gaps::analyse(&self.locality, &self.profiles, pairs.as_deref(), matching, route, effort)?)
    }

    /// Says why needs go unmet under a matching: the part of [`Resident::gaps`] that explains one need.
    pub fn reasons(&self, matching: &Matching, effort: &Effort) -> Reasons {
        gaps::reasons(&self.locality, &self.profiles, self.pairs(effort).ok().as_deref(), matching, effort)
    }

    /// Chooses among the candidates. A stop before anything can be said is [`Failure::Stopped`].
    pub fn plan(&self, question: &planning::Question, effort: &Effort) -> Result<Plan, Failure> {
        let pairs = self.pairs(effort).map_err(Failure::Stopped)?;
        planning::plan(&self.locality, &self.profiles, &pairs, question, effort).map_err(Failure::from)
    }

    pub fn need(&self, id: &str) -> Result<NeedIx, Failure> {
        self.locality.find_need(id).ok_or_else(|| Failure::NotFound { what: "need", id: shortened(id) })
    }
}

/// An id as it may be repeated to whoever sent it.
fn shortened(id: &str) -> String {
    id.chars().take(Problem::SEEN_CHARS).collect()
}
