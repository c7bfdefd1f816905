//! The planner: questions put to the tree, answers recomputed from the flow. And the first question: most need.

use super::branch::{Aim as TreeAim, Best, Counted, Found, Halt, Memory, Search, Tree, Whole};
use super::ceiling::{Ceiling, Given};
use super::floors::{self, Floors};
use super::model::{Model, Row};
use super::transport::{self, Counts, Transport};
use super::travel::{self, Travel};
use super::{Aim, Answer, Choices, ChooseError, Question, Route, Shortfall, Status, Within, Work, stretch};
use crate::solve::check;
use crate::solve::effort::{Effort, StopReason};
use crate::solve::need::{self, NeedOutcome};
use crate::solve::network::{PairCosts, Stage};
use crate::solve::outcome::Flow;

/// The inner problem at whole steps: what goes unmet, and prices that prove it.
pub(super) struct Inner {
    pub unmet: i64,
    pub sources: Vec<i64>,
    pub limits: Vec<i64>,
    /// Over the pairs of the whole network.
    pub flow: Flow,
}

pub(super) fn inner(model: &Model, weights: &[i64], steps: &[u32], effort: &Effort) -> Result<Inner, StopReason> {
    let (network, pairs) = model.open_part(steps, weights);
    effort.tick(network.n_pairs() as u64)?;
    match need::solve(&network, 0, effort) {
        NeedOutcome::Optimal { flow, value, prices } => {
            let flow = whole_flow(&flow, &pairs);
            Ok(Inner { unmet: value, sources: prices.sources, limits: prices.limits, flow })
        }
        NeedOutcome::Stopped { reason, .. } => Err(reason),
    }
}

/// The flow of a part of the network, by the pairs of the whole.
pub(super) fn whole_flow(flow: &Flow, pairs: &[u32]) -> Flow {
    Flow::new(flow.carried().iter().map(|(pair, units)| (pairs[*pair as usize], *units)).collect())
}

/// unmet(y) >= constant - terms x: what a cut says, before it is a row.
pub(super) struct Cut {
    constant: f64,
    ceiling: Ceiling,
}

impl Cut {
    pub fn of(model: &Model, given: &Given, point: &[f64]) -> Cut {
        let sources = model.network().sources().iter().zip(given.sources);
        let paid: i128 = sources.map(|(source, price)| i128::from(source.units) * i128::from(*price)).sum();
        Cut { constant: paid as f64, ceiling: Ceiling::at(model, given, point) }
    }

    /// So many times the same.
    pub fn times(mut self, factor: i64) -> Cut {
        let factor = factor as f64;
        self.constant *= factor;
        self.ceiling.constant *= factor;
        self.ceiling.terms.iter_mut().for_each(|term| *term *= factor);
        self
    }

    /// The same less a number.
    pub fn less(mut self, number: f64) -> Cut {
        self.constant -= number;
        self
    }

    /// What it says at a point.
    pub fn value(&self, point: &[f64]) -> f64 {
        self.constant - self.ceiling.value(&point[..self.ceiling.terms.len()])
    }

    /// As a bound on the last column.
    pub fn bounding(&self) -> Row {
        let mut row = self.at_most(0.0);
        row.terms.push((self.ceiling.terms.len() as u32, -1.0));
        row
    }

    /// As a row that keeps it at or below a number.
    pub fn at_most(&self, allowed: f64) -> Row {
        let terms = (0u32..).zip(&self.ceiling.terms).filter(|(_, term)| **term != 0.0);
        Row {
            terms: terms.map(|(column, term)| (column, -term)).collect(),
            right: allowed - self.constant + self.ceiling.constant,
        }
    }
}

/// The cut of the unmet need for some weights, from prices.
pub(super) fn need_cut(model: &Model, sources: &[i64], limits: &[i64], point: &[f64]) -> Cut {
    Cut::of(model, &Given { sources, limits, pair_cost: &PairCosts::Zero }, point)
}

/// Least weight of unmet need.
pub(super) struct MostNeed<'w> {
    pub weights: &'w [i64],
    pub total: i64,
}

impl TreeAim for MostNeed<'_> {
    fn counted(&self) -> Counted {
        Counted { cost: 0, last: Some(self.total as f64) }
    }

    fn whole(&mut self, model: &Model, steps: &[u32], effort: &Effort) -> Result<Whole, Halt> {
        let inner = inner(model, self.weights, steps, effort)?;
        let cut = need_cut(model, &inner.sources, &inner.limits, &model.point_of(steps));
        Ok(Whole { missing: 0, objective: inner.unmet, rows: vec![cut.bounding()], flow: inner.flow })
    }

    fn between(&mut self, model: &Model, point: &[f64], effort: &Effort) -> Result<Vec<Row>, Halt> {
        let prices = stretch::prices(model, self.weights, point, effort)?;
        Ok(vec![need_cut(model, &prices.sources, &prices.limits, point).bounding()])
    }

    fn slack(&self, objective: i64, gap: f64) -> i64 {
        share(self.total - objective, gap)
    }
}

/// A share of a number that is not negative, rounded down.
pub(super) fn share(of: i64, gap: f64) -> i64 {
    (of.max(0) as f64 * gap.max(0.0)).min(of.max(0) as f64) as i64
}

/// Answers questions about some choices, and keeps what it learns.
///
/// Deterministic: the same questions in the same order give the same answers, unless time stops one.
pub struct Planner<'a> {
    model: Model<'a>,
    route: Route,
    /// What was learnt of the unmet need.
    need: Memory,
    /// Good choices so far.
    hints: Vec<Vec<u32>>,
}

impl<'a> Planner<'a> {
    pub fn new(choices: &'a Choices) -> Planner<'a> {
        Planner::by(choices, Route::default())
    }

    pub fn by(choices: &'a Choices, route: Route) -> Planner<'a> {
        Planner { model: Model::of(choices), route, need: Memory::default(), hints: Vec::new() }
    }

    /// The best choice for a question, with its proof.
    ///
    /// A stop gives the best choice so far, with a bound that is one. It takes effect within the time of one inner
    /// problem's poll.
    pub fn answer(&mut self, question: &Question, effort: &Effort) -> Result<Answer, ChooseError> {
        let Question { within, aim, gap } = question;
        match aim {
            Aim::MostNeed => self.most_need(within, *gap, effort),
            Aim::LeastCost { floors, travel } => {
                let counts = match travel {
                    Some(_) if self.model.network().stages().len() < 2 => return Err(ChooseError::NoTravel),
                    Some(travel) => Some(Counts::of(&self.model, *travel)?),
                    None => None,
                };
                self.least_cost(within, floors, counts, *gap, effort)
            }
            Aim::Cheapest { unmet } => self.cheapest(within, *unmet, *gap, effort),
            Aim::LeastTravel => self.least_travel(within, *gap, effort),
            Aim::LeastFarthest => self.least_farthest(within, effort),
        }
    }

    /// Most need within each of these budgets, all else as in `within`: the cost-coverage frontier. Later points use the
    /// cuts and choices of those before. A stop ends the list early, with the point it came in.
    pub fn frontier(
        &mut self,
        within: &Within,
        budgets: &[i64],
        gap: f64,
        effort: &Effort,
    ) -> Result<Vec<Answer>, ChooseError> {
        let mut answers = Vec::new();
        for budget in budgets {
            let within = Within { budget: Some(*budget), ..within.clone() };
            let answer = self.most_need(&within, gap, effort)?;
            let stopped = matches!(answer.status, Status::Stopped(_));
            answers.push(answer);
            if stopped {
                break;
            }
        }
        Ok(answers)
    }

    fn weights(&self) -> Vec<i64> {
        let network = self.model.network();
        let weights = &network.stages()[0].unsent_cost;
        if weights.is_empty() { vec![0; network.n_sources()] } else { weights.clone() }
    }

    fn total(&self, weights: &[i64]) -> i64 {
        let sources = self.model.network().sources().iter().zip(weights);
        // A network promises that this stays within its greatest sum.
        sources.map(|(source, weight)| i128::from(source.units) * i128::from(*weight)).sum::<i128>() as i64
    }

    fn most_need(&mut self, within: &Within, gap: f64, effort: &Effort) -> Result<Answer, ChooseError> {
        let weights = self.weights();
        let found = self.find_most_need(&weights, within, gap, effort)?;
        self.finish(found, Goal::Need)
    }

    fn find_most_need(
        &mut self,
        weights: &[i64],
        within: &Within,
        gap: f64,
        effort: &Effort,
    ) -> Result<Found, ChooseError> {
        let mut aim = MostNeed { weights, total: self.total(weights) };
        let search = Search {
            route: self.route,
            within,
            gap,
            target: None,
            hints: self.hints.clone(),
            memory: std::mem::take(&mut self.need),
        };
        let (found, memory) = Tree::new(&self.model, search, &mut aim, effort).run()?;
        self.need = memory;
        if let Some(Best { steps, .. }) = &found.best
            && !self.hints.contains(steps)
        {
            // The latest few: near questions have near answers.
            self.hints.insert(0, steps.clone());
            self.hints.truncate(4);
        }
        Ok(found)
    }

    fn least_cost(
        &mut self,
        within: &Within,
        wanted: &[super::Floor],
        counts: Option<Counts>,
        gap: f64,
        effort: &Effort,
    ) -> Result<Answer, ChooseError> {
        let n_sources = self.model.network().n_sources();
        for (floor, own) in wanted.iter().enumerate() {
            if let Some(source) = own.sources.iter().find(|source| n_sources <= **source as usize) {
                return Err(ChooseError::FloorBeyond { floor, source_position: *source, sources: n_sources });
            }
        }
        let search = Search {
            route: self.route,
            within,
            gap,
            target: None,
            hints: self.hints.clone(),
            memory: Memory::default(),
        };
        let (found, _) = match counts {
            None => {
                let mut aim = Floors::of(&self.model, wanted, floors::Objective::Cost);
                let search = Search { memory: Memory::of(aim.known(&self.model)), ..search };
                Tree::new(&self.model, search, &mut aim, effort).run()?
            }
            Some(counts) => {
                let mut aim = Transport::of(&self.model, wanted, counts);
                let search = Search { memory: Memory::of(aim.known(&self.model)), ..search };
                Tree::new(&self.model, search, &mut aim, effort).run()?
            }
        };
        if found.best.is_some() || found.stopped.is_some() {
            return self.finish(found, Goal::Floors { wanted, counts, short: None });
        }
        // No choice reaches the targets. The best that can be had falls short by the least.
        let mut aim = Floors::of(&self.model, wanted, floors::Objective::Shortfall);
        let hints = found.nearest.map(|(_, _, steps)| steps).into_iter().collect();
        let search = Search { route: self.route, within, gap: 0.0, target: None, memory: Memory::default(), hints };
        let (short, _) = Tree::new(&self.model, search, &mut aim, effort).run()?;
        let work = Work {
            nodes: found.work.nodes + short.work.nodes,
            relaxations: found.work.relaxations + short.work.relaxations,
            inner: found.work.inner + short.work.inner,
            cuts: found.work.cuts + short.work.cuts,
        };
        let least = short.best.as_ref().map(|best| best.objective as u64);
        let shortfall =
            Shortfall { least, missed: Vec::new(), out_of_reach: Vec::new(), proved: short.stopped.is_none() };
        let found = Found { work, proof: found.proof.max(short.proof), ..short };
        self.finish(found, Goal::Floors { wanted, counts, short: Some(shortfall) })
    }

    fn cheapest(&mut self, within: &Within, unmet: i64, gap: f64, effort: &Effort) -> Result<Answer, ChooseError> {
        let mut aim = Floors::holding(self.weights(), unmet);
        // What was learnt of the unmet need says what it asks of the levers, once it is held.
        let last = self.model.columns.len() as u32;
        let held = |row: &Row| {
            let factor = row.terms.last().filter(|term| term.0 == last).map_or(0.0, |term| term.1);
            let terms = row.terms.iter().copied().filter(|term| term.0 != last).collect();
            Row { terms, right: row.right - factor * unmet as f64 }
        };
        let known = aim.known(&self.model).into_iter().chain(self.need.cuts.iter().map(held)).collect();
        let search = Search {
            route: self.route,
            within,
            gap,
            target: None,
            hints: self.hints.clone(),
            memory: Memory::of(known),
        };
        let (found, _) = Tree::new(&self.model, search, &mut aim, effort).run()?;
        self.finish(found, Goal::Cheapest)
    }

    fn least_travel(&mut self, within: &Within, gap: f64, effort: &Effort) -> Result<Answer, ChooseError> {
        if self.model.network().stages().len() < 2 {
            return Err(ChooseError::NoTravel);
        }
        let weights = self.weights();
        let first = self.find_most_need(&weights, within, 0.0, effort)?;
        let Some(Best { objective: unmet, steps, .. }) = first.best.clone().filter(|_| first.stopped.is_none()) else {
            return self.finish(first, Goal::Unknown);
        };
        let mut aim = Travel::of(&self.model, &weights, unmet);
        let search =
            Search { route: self.route, within, gap, target: None, memory: Memory::default(), hints: vec![steps] };
        let (mut found, _) = Tree::new(&self.model, search, &mut aim, effort).run()?;
        found.proof = found.proof.max(first.proof);
        self.finish(found, Goal::Travel)
    }

    fn least_farthest(&mut self, within: &Within, effort: &Effort) -> Result<Answer, ChooseError> {
        if self.model.network().stages().len() < 2 {
            return Err(ChooseError::NoTravel);
        }
        let weights = self.weights();
        let first = self.find_most_need(&weights, within, 0.0, effort)?;
        let Some(Best { objective: unmet, steps, .. }) = first.best.clone().filter(|_| first.stopped.is_none()) else {
            return self.finish(first, Goal::Unknown);
        };
        let mut found = travel::least_farthest(&self.model, &weights, within, unmet, steps, self.route, effort)?;
        found.proof = found.proof.max(first.proof);
        self.finish(found, Goal::Farthest)
    }

    /// The answer, with everything recomputed from its flow.
    fn finish(&self, found: Found, goal: Goal) -> Result<Answer, ChooseError> {
        let model = &self.model;
        let Found { best, nearest, bound, proof, stopped, work, within } = found;
        let (steps, known) = match best {
            Some(best) => (best.steps, Some(best.flow)),
            None => (nearest.map_or_else(|| vec![0; model.n_levers()], |(_, _, steps)| steps), None),
        };
        let allowed = known.is_some() || model.allowed(&steps, &within);
        let weights = self.weights();
        // An answer without its flow would be none, so this is not stopped; but after a stop it is kept short.
        let calm = Effort::unlimited();
        let by_need = || inner(model, &weights, &steps, &calm).map(|inner| inner.flow).map_err(|_| unsound("stopped"));
        let flow = match (&goal, known, stopped) {
            (Goal::Need | Goal::Cheapest, Some(flow), _) | (_, Some(flow), Some(_)) => flow,
            (Goal::Need | Goal::Cheapest | Goal::Unknown, None, _) | (_, None, Some(_)) => by_need()?,
            (Goal::Floors { wanted, counts, short }, _, None) => {
                let part = model.open_part(&steps, &[]);
                let need = Stage { name: "need", unsent_cost: weights.clone(), ..Stage::default() };
                let travel = counts.map(|_| transport::travel_of(model, &part.1));
                // Kept floors send no one farther than they ask for; missed ones leave no place empty.
                let later = match short {
                    None => travel.into_iter().chain([need]).collect(),
                    Some(_) => std::iter::once(need).chain(travel).collect(),
                };
                floors::flow(model, wanted, part, later)?
            }
            (Goal::Travel | Goal::Unknown, _, None) => travel::flow(model, &weights, &steps, None, &calm),
            (Goal::Farthest, _, None) => travel::nearest_farthest(model, &weights, &steps, &calm),
        };
        let network = model.network_after(&steps);
        let values = check::feasible(&network, &flow)
            .map_err(|violations| unsound(&violations.first().map_or(String::new(), ToString::to_string)))?;
        let unsent = network.unsent(&flow);
        let units_met: u64 = network.sources().iter().zip(&unsent).map(|(source, left)| source.units - left).sum();
        let cost = model.choices.cost(&steps);
        let missed = match &goal {
            Goal::Floors { wanted, .. } => floors::missed(model, wanted, &unsent),
            _ => Vec::new(),
        };
        let missing = missed.iter().map(|(_, units)| units).sum();
        let unit = match &goal {
            Goal::Floors { counts: Some(counts), .. } => counts.unit,
            _ => 1,
        };
        let bound = bound.map(|bound| bound.saturating_mul(unit));
        let objective = match goal {
            Goal::Need => values[0],
            Goal::Cheapest | Goal::Floors { counts: None, .. } => cost,
            Goal::Floors { counts: Some(counts), .. } => counts.unit * counts.objective(cost, values[1]),
            Goal::Travel | Goal::Unknown => values[1],
            Goal::Farthest => travel::dearest(&network, &flow),
        };
        let (status, bound) = match goal {
            Goal::Floors { wanted, short: Some(mut shortfall), .. } => {
                shortfall.out_of_reach = floors::out_of_reach(model, wanted, &missed);
                shortfall.missed = missed;
                (Status::NotReachable(shortfall), objective)
            }
            _ if !allowed && stopped.is_none() => {
                let nothing = Shortfall { least: None, missed: Vec::new(), out_of_reach: Vec::new(), proved: true };
                (Status::NotReachable(nothing), objective)
            }
            // Stopped before it was known how much need can be met at all: nothing is known of travel.
            Goal::Unknown => (Status::Stopped(stopped.unwrap_or(StopReason::TickLimit)), 0),
            _ => match (stopped, bound) {
                (_, Some(bound)) if bound == objective && missing == 0 => (Status::Optimal, bound),
                (Some(reason), bound) => (Status::Stopped(reason), bound.unwrap_or(objective)),
                (None, Some(bound)) => (Status::WithinGap, bound),
                (None, None) => (Status::Optimal, objective),
            },
        };
        let weight_met = self.total(&weights) - values[0];
        Ok(Answer { steps, cost, objective, bound, proof, weight_met, units_met, flow, status, missing, allowed, work })
    }
}

/// What an answer is to be recomputed for.
enum Goal<'g> {
    Need,
    Cheapest,
    Floors {
        wanted: &'g [super::Floor],
        counts: Option<Counts>,
        short: Option<Shortfall>,
    },
    /// Travel, but a stop came before it was known how much need can be met.
    Unknown,
    Travel,
    Farthest,
}

fn unsound(message: &str) -> ChooseError {
    ChooseError::Unsound { message: message.to_owned() }
}
