//! What to buy: levers that change the capacities of a network, chosen so that most need is met, or a target at least
//! cost, or with least travel.
//!
//! A [`Choices`] is a network that already contains the sinks of everything that could be had, with [`Lever`]s that
//! open, widen, enlarge or close them, their costs, and the [`Rule`]s between them. A [`Planner`] answers [`Question`]s
//! about it and keeps what it learns (cuts) for the next question, so a frontier costs little more than a few answers.
//!
//! The method is Benders' (1962) in the form of a branch and cut over the levers alone (Fischetti, Ljubic and Sinnl
//! 2017), with the need solver as the inner problem:
//!
//! * `ceiling` turns prices of the units into a **cut**: a bound on what any choice of levers leaves unmet, that is
//!   exact for the choice the prices come from. It holds whatever the prices are, so a wrong price cannot make a wrong
//!   bound, and it is as strong as the formulation that links each pair to its lever.
//! * `stretch` finds the best prices where levers are only partly chosen.
//! * `relaxation` solves the linear relaxation of the cuts, starting from where it was; its bound is recomputed from
//!   the multipliers, so an error of rounding can weaken a bound, never falsify it.
//! * `branch` walks the tree of choices; `first` finds a first answer by lazy greedy steps and exchanges.
//!   `branch::master` is the other [`Route`]: Benders' loop as it was first written down, with the backend of `mip` for
//!   the master.
//! * `aims`, `floors`, `transport` and `travel` are the questions as the tree sees them: what a whole choice is worth, and
//!   cuts where it is not whole.

mod aims;
mod branch;
mod ceiling;
mod first;
mod floors;
mod model;
mod relaxation;
mod stretch;
mod transport;
mod travel;

use super::effort::{Effort, StopReason};
use super::network::Network;
use super::outcome::Flow;
use super::program::BackendError;

pub use aims::Planner;

/// A network and what could be done to it, valid by construction.
///
/// The first stage of the network is the need: costs on unsent units alone, none negative. A second stage, where there
/// is one, is the travel: costs on pairs alone, none negative; questions about travel ask for it. There are no pools.
#[derive(Clone, Debug)]
pub struct Choices {
    network: Network,
    levers: Vec<Lever>,
    rules: Vec<Rule>,
}

/// Something that can be bought, in whole steps. Costs are whole and may be negative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lever {
    /// Most steps, 1 or more where it is to be chosen at all; 1 for what is bought whole or not.
    pub most: u32,
    /// Paid once if any step is taken.
    pub fixed_cost: i64,
    /// Paid for each step: places of the step times the cost of a place.
    pub cost_per_step: i64,
    /// Which fund pays, as a position in [`Within::funds`]; None: only the whole budget counts.
    pub fund: Option<u32>,
    pub effects: Vec<Effect>,
}

/// What a lever does to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Each step adds so many places.
    Adds { node: Node, places: u64 },
    /// The node has its capacity only if the lever is chosen. With several such levers, only if all are.
    Opens(Node),
    /// The node has no capacity if the lever is chosen, whatever else is bought there.
    Closes(Node),
}

/// Where capacity sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    Sink(u32),
    Limit(u32),
}

/// What goes with what. A lever is chosen if any of its steps is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// All of them are chosen, or none.
    Together(Vec<u32>),
    /// At most one of them is chosen.
    OneOf(Vec<u32>),
    /// The lever is chosen only if each of the others is.
    AfterAll { lever: u32, others: Vec<u32> },
    /// The lever is chosen only if at least one of the others is.
    AfterAny { lever: u32, others: Vec<u32> },
}

/// The parts do not make choices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ChoicesError(pub String);

impl Choices {
    /// Greatest sum of costs of all levers, so that money stays exact in a double.
    pub const MOST_COST: i64 = 1 << 52;

    pub fn new(network: Network, levers: Vec<Lever>, rules: Vec<Rule>) -> Result<Choices, ChoicesError> {
        model::check(&network, &levers, &rules)?;
        Ok(Choices { network, levers, rules })
    }

    pub fn network(&self) -> &Network {
        &self.network
    }

    pub fn levers(&self) -> &[Lever] {
        &self.levers
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The network as it is after these steps, one number for each lever: the same pairs, other places.
    pub fn network_after(&self, steps: &[u32]) -> Network {
        model::Model::of(self).network_after(steps)
    }

    /// What each sink and each limit takes after these steps (None: no end), without the network around them. A limit has
    /// an end. O(sinks + limits + effects).
    pub fn capacities_after(&self, steps: &[u32]) -> (Vec<Option<u64>>, Vec<u64>) {
        let shapes = model::Shapes::of(self);
        let sinks = shapes.sinks.iter().map(|shape| shape.capacity(steps)).collect();
        (sinks, shapes.limits.iter().map(|shape| shape.capacity(steps).unwrap_or(u64::MAX)).collect())
    }

    /// Whether these steps keep to the limits and the rules.
    pub fn allows(&self, steps: &[u32], within: &Within) -> bool {
        let levers = &self.levers;
        let chosen = |lever: &u32| 0 < steps[*lever as usize];
        let spent = |fund: Option<u32>| {
            let own = levers.iter().zip(steps).filter(|(lever, _)| fund.is_none() || lever.fund == fund);
            own.map(|(lever, steps)| lever.cost(*steps)).sum::<i64>()
        };
        within.budget.is_none_or(|budget| spent(None) <= budget)
            && (0u32..).zip(&within.funds).all(|(fund, most)| most.is_none_or(|most| spent(Some(fund)) <= most))
            && within.at_most.is_none_or(|most| steps.iter().filter(|steps| 0 < **steps).count() <= most as usize)
            && self.rules.iter().all(|rule| match rule {
                Rule::Together(levers) => levers.iter().all(chosen) || !levers.iter().any(chosen),
                Rule::OneOf(levers) => levers.iter().filter(|lever| chosen(lever)).count() <= 1,
                Rule::AfterAll { lever, others } => !chosen(lever) || others.iter().all(chosen),
                Rule::AfterAny { lever, others } => !chosen(lever) || others.iter().any(chosen),
            })
    }

    /// What these steps cost, fixed costs included.
    pub fn cost(&self, steps: &[u32]) -> i64 {
        self.levers.iter().zip(steps).map(|(lever, steps)| lever.cost(*steps)).sum()
    }
}

impl Lever {
    /// Cost of so many steps.
    pub fn cost(&self, steps: u32) -> i64 {
        if steps == 0 { 0 } else { self.fixed_cost + self.cost_per_step * i64::from(steps) }
    }
}

/// What a choice may take. None: no end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Within {
    /// Greatest cost of all levers together.
    pub budget: Option<i64>,
    /// Greatest cost of the levers of each fund.
    pub funds: Vec<Option<i64>>,
    /// Most levers chosen.
    pub at_most: Option<u32>,
}

/// A least number of units met among some sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floor {
    /// Positions of sources, rising, none twice.
    pub sources: Vec<u32>,
    /// Units.
    pub least: u64,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aim {
    /// The least weight of unmet need. The answer's objective is that weight.
    MostNeed,
    /// The least cost at which each floor is kept (a target for all is a floor over every source). Groups may overlap.
    /// The objective is the cost of the levers; with travel, see [`TravelCost`].
    LeastCost { floors: Vec<Floor>, travel: Option<TravelCost> },
    /// The least cost at which no more weight than this goes unmet: with the objective of [`Aim::MostNeed`], the cheapest of
    /// the choices that are as good. The objective is the cost of the levers.
    Cheapest { unmet: i64 },
    /// Among the choices with the least weight of unmet need, the least cost of the pairs used. The objective is that
    /// cost; with units as people and metres for costs, the p-median.
    LeastTravel,
    /// Among the choices with the least weight of unmet need, the least of the dearest pair used (p-centre). The
    /// objective is the cost of that pair.
    LeastFarthest,
}

/// What travel counts beside the cost of the levers: the objective is `scale` x the cost of the levers + `per_unit` x the
/// cost of the pairs used, which is the least at which the floors can be kept. With pairs in metres and `per_unit` in
/// pence for a kilometre, a scale of 1,000 gives thousandths of a penny. Budgets and funds never pay for travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TravelCost {
    /// 0 or more.
    pub per_unit: i64,
    /// 1 or more.
    pub scale: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub within: Within,
    pub aim: Aim,
    /// Enough when the objective is proved to lie within this share of the weight of all need (for
    /// [`Aim::MostNeed`]: of the weight met) or of the objective (else). 0: the optimum.
    pub gap: f64,
}

/// How a question is answered. By either route the objective is the same; which of several best choices is given may
/// differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// Branch and cut with a linear relaxation of our own: one tree, in which cuts are found as it grows. Bounds are
    /// recomputed from multipliers, and a stop takes effect within the time of one inner problem's poll.
    #[default]
    Tree,
    /// The master, levers whole and all cuts so far, is solved to its end by the backend of `mip`, again and again until
    /// it promises nothing better than what is known. Its bounds are the backend's word. The backend can be told a time
    /// limit, but not interrupted: a cancellation counts between two masters. A backend that fails leaves the rest to
    /// the tree.
    Master,
}

/// On what the bound of an answer rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProvedBy {
    /// Multipliers of rows that hold for every choice: we recompute the bound from them.
    Multipliers,
    /// The word of the backend of `mip`, which gives no certificate that we can check.
    Backend,
}

/// How far an answer is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing better exists.
    Optimal,
    /// Within the gap that was asked for.
    WithinGap,
    /// A limit came first. The bound is one.
    Stopped(StopReason),
    /// No choice keeps to the limits and reaches what is asked. The answer is the best there is: the choice that falls
    /// short by the least, where some choice keeps to the limits at all.
    NotReachable(Shortfall),
}

/// Why a target cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// By how many units all floors together are missed at least, at the best choice; None where the limits and rules
    /// admit no choice at all.
    pub least: Option<u64>,
    /// The floors that the answer misses, by position, with the units that each lacks.
    pub missed: Vec<(u32, u64)>,
    /// Sources of missed floors that no choice of levers can send anywhere: they have no pair with a sink that could
    /// have places. Rising.
    pub out_of_reach: Vec<u32>,
    /// Whether `least` is proved; else a stop came before.
    pub proved: bool,
}

/// A choice with what it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Steps of each lever.
    pub steps: Vec<u32>,
    pub cost: i64,
    /// The aim's own number, recomputed from the flow.
    pub objective: i64,
    /// No choice within the limits that reaches the targets has a lower objective.
    pub bound: i64,
    /// On what the bound rests, and with it the status: that nothing better, or nothing at all, exists.
    pub proof: ProvedBy,
    /// Weight of the need that is met, and units.
    pub weight_met: i64,
    pub units_met: u64,
    /// What goes where, over the pairs of the network; checked against [`Choices::network_after`].
    pub flow: Flow,
    pub status: Status,
    /// By how many units the floors are missed: 0 where targets are reached, as they are wherever there are none.
    pub missing: u64,
    /// Whether the steps keep to the limits and the rules. They do not only where a stop came before any that do, or
    /// where there are none; then the steps are all zero.
    pub allowed: bool,
    /// Nodes of the tree or masters, linear programs, inner problems solved and cuts: what the answer took.
    pub work: Work,
}

/// What an answer took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    pub nodes: u64,
    pub relaxations: u64,
    pub inner: u64,
    pub cuts: u64,
}

/// The planner could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    #[error("travel is asked about, but the network has no second stage")]
    NoTravel,
    #[error(
        "travel counts {per_unit} to a scale of {scale}: the first must be 0 or more, the second 1 or more, and all \
         costs together within 2^53"
    )]
    TravelCost { per_unit: i64, scale: i64 },
    #[error("the floor {floor} asks for source {source_position}, but there are {sources}")]
    FloorBeyond { floor: usize, source_position: u32, sources: usize },
    #[error("the floors overlap, and the outside solver that they need failed: {0}")]
    Backend(#[from] BackendError),
    /// A fault of our own: no answer is better than a wrong one.
    #[error("the answer does not hold: {message}")]
    Unsound { message: String },
}

/// The answer to one question: see [`Planner`] for several.
pub fn solve(choices: &Choices, question: &Question, effort: &Effort) -> Result<Answer, ChooseError> {
    Planner::new(choices).answer(question, effort)
}

#[cfg(test)]
mod tests;
