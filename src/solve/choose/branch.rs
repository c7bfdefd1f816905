//! The tree of choices: branch and cut over the levers, the best bound first, with plunges.
//!
//! A node is a box of columns. Its relaxation is solved from where the last one stood; cuts hold everywhere, so they are
//! shared by all nodes. A whole point is asked of the aim, which says what it is worth and gives cuts that make the
//! relaxation say the same. Where that does not suffice (floors that overlap), a whole point is branched on until its box
//! holds nothing else, so the tree is exact whatever the cuts.

mod master;
mod pick;

use std::collections::{BTreeMap, BinaryHeap};

#[cfg(test)]
pub(super) use master::Solver;
use master::Went;

use super::model::{Column, Model, Row};
use super::relaxation::{Relaxation, Solved};
use super::{ChooseError, ProvedBy, Route, Within, Work, first};
use crate::solve::effort::{Effort, StopReason};
use crate::solve::mip;
use crate::solve::outcome::Flow;

/// A question as the tree sees it. Columns are those of the model; what the objective holds besides their cost is one
/// more column, the last, which cuts bound from below.
pub(super) trait Aim {
    fn counted(&self) -> Counted;
    /// What whole steps are worth.
    fn whole(&mut self, model: &Model, steps: &[u32], effort: &Effort) -> Result<Whole, Halt>;
    /// Cuts that may be violated at a point that is not whole.
    fn between(&mut self, model: &Model, point: &[f64], effort: &Effort) -> Result<Vec<Row>, Halt>;
    /// How far from the best an objective may be, for a gap.
    fn slack(&self, objective: i64, gap: f64) -> i64;
    /// On what rests what `whole` says.
    fn proof(&self) -> ProvedBy {
        ProvedBy::Multipliers
    }
}

/// What the objective is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    /// How often the cost of the columns counts; 0: not at all.
    pub cost: i64,
    /// Greatest value of the last column; None: there is none.
    pub last: Option<f64>,
}

/// What whole steps are worth.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    /// By how much targets are missed; 0: it is an answer.
    pub missing: u64,
    pub objective: i64,
    pub rows: Vec<Row>,
    /// A flow that gives it, over the pairs of the whole network.
    pub flow: Flow,
}

/// The best whole steps so far.
#[derive(Clone, Debug)]
pub(super) struct Best {
    pub objective: i64,
    pub steps: Vec<u32>,
    pub flow: Flow,
}

/// Why the tree was left.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Halt {
    Stop(StopReason),
    Fault(ChooseError),
}

impl From<StopReason> for Halt {
    fn from(reason: StopReason) -> Halt {
        Halt::Stop(reason)
    }
}

/// What the tree found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub best: Option<Best>,
    /// Of the choices looked at that keep to the limits, the one that misses the targets by least.
    pub nearest: Option<(u64, i64, Vec<u32>)>,
    /// No answer has a lower objective; None: there is no answer.
    pub bound: Option<i64>,
    pub proof: ProvedBy,
    pub stopped: Option<StopReason>,
    pub work: Work,
    pub within: Within,
}

/// How a tree is to be searched.
#[derive(Clone, Debug)]
pub(super) struct Search<'a> {
    pub route: Route,
    pub within: &'a Within,
    pub gap: f64,
    /// An answer with this objective or less is enough, and others are of no interest.
    pub target: Option<i64>,
    /// Rows known from before.
    pub known: Vec<Row>,
    /// Choices to look at first.
    pub hints: Vec<Vec<u32>>,
}

struct Node {
    bound: f64,
    number: u64,
    depth: u32,
    boxes: Vec<(u32, f64, f64)>,
}

impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.number == other.number
    }
}
impl Eq for Node {}
impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Node) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Node {
    /// The greatest is the one with the least bound, then the youngest.
    fn cmp(&self, other: &Node) -> std::cmp::Ordering {
        other.bound.total_cmp(&self.bound).then(self.number.cmp(&other.number))
    }
}

pub(super) struct Tree<'t, 'm> {
    pub model: &'t Model<'m>,
    pub search: Search<'t>,
    aim: &'t mut dyn Aim,
    effort: &'t Effort<'t>,
    relaxation: Relaxation,
    /// Rows of limits and rules, which stay.
    kept: usize,
    /// All cuts, scaled.
    pool: Vec<Row>,
    /// How often each was violated.
    used: Vec<u32>,
    /// Real units of one unit of the last column.
    unit: f64,
    seen: BTreeMap<Vec<u32>, (u64, i64)>,
    pub best: Option<Best>,
    nearest: Option<(u64, i64, Vec<u32>)>,
    /// Least bound of the nodes that were left because they could not be better by more than the gap.
    left: f64,
    /// The backend's word that no answer has a lower objective; whole.
    claimed: f64,
    /// Who solves masters.
    solver: master::Solver,
    /// Bounds of the columns everywhere.
    box_lower: Vec<f64>,
    box_upper: Vec<f64>,
    guess: Vec<[(f64, f64); 2]>,
    number: u64,
    pub work: Work,
}

/// What a relaxation said of a node.
enum Verdict {
    Pruned,
    Branch { bound: f64, point: Vec<f64> },
}

/// A relaxation at its optimum, or what is proved of it.
struct Relaxed {
    bound: f64,
    /// Of each column, at the multipliers of the bound.
    reduced: Vec<f64>,
    point: Vec<f64>,
}

const WHOLE: f64 = 1e-6;
const ROUNDS_AT_ROOT: usize = 400;
const MOST_PIVOTS: usize = 5000;

impl<'t, 'm> Tree<'t, 'm> {
    pub fn new(model: &'t Model<'m>, search: Search<'t>, aim: &'t mut dyn Aim, effort: &'t Effort<'t>) -> Tree<'t, 'm> {
        let counted = aim.counted();
        let mut cost: Vec<f64> = model.columns.iter().map(|own| own.cost as f64 * counted.cost as f64).collect();
        let mut lower = vec![0.0; cost.len()];
        let mut upper: Vec<f64> = model.columns.iter().map(|column| f64::from(column.most)).collect();
        let mut unit = 1.0;
        if let Some(most) = counted.last {
            unit = (most / 64.0).max(1.0);
            cost.push(unit);
            lower.push(0.0);
            upper.push(most / unit);
        }
        let n = model.columns.len();
        let mut tree = Tree {
            relaxation: Relaxation::new(cost, lower.clone(), upper.clone()),
            box_lower: lower,
            box_upper: upper,
            guess: vec![[(0.0, 0.0); 2]; n],
            kept: 0,
            pool: Vec::new(),
            used: Vec::new(),
            unit,
            seen: BTreeMap::new(),
            best: None,
            nearest: None,
            left: f64::INFINITY,
            claimed: f64::NEG_INFINITY,
            solver: mip::solve_within,
            number: 0,
            work: Work::default(),
            model,
            aim,
            effort,
            search,
        };
        for row in model.rows(tree.search.within) {
            let row = tree.scaled(row);
            tree.relaxation.add(row);
        }
        tree.kept = tree.relaxation.n_rows();
        for row in std::mem::take(&mut tree.search.known) {
            tree.learn(row);
        }
        tree
    }

    /// In units of the relaxation, with a greatest factor of 1.
    fn scaled(&self, mut row: Row) -> Row {
        let n = self.model.columns.len() as u32;
        for term in row.terms.iter_mut().filter(|term| term.0 == n) {
            term.1 *= self.unit;
        }
        let size = row.terms.iter().map(|term| term.1.abs()).fold(0.0, f64::max);
        if 0.0 < size {
            row.terms.iter_mut().for_each(|term| term.1 /= size);
            row.right /= size;
        }
        row
    }

    /// Keeps a cut; gives its place in the pool.
    fn learn(&mut self, row: Row) -> usize {
        self.work.cuts += 1;
        let row = self.scaled(row);
        self.pool.push(row);
        self.used.push(0);
        self.pool.len() - 1
    }

    /// What whole steps are worth; a new one may become the best, and its cuts are kept.
    pub fn look(&mut self, steps: &[u32]) -> Result<(u64, i64, Vec<Row>), Halt> {
        if let Some((missing, objective)) = self.seen.get(steps) {
            return Ok((*missing, *objective, Vec::new()));
        }
        let Whole { missing, objective, rows, flow } = self.aim.whole(self.model, steps, self.effort)?;
        self.work.inner += 1;
        for row in &rows {
            self.learn(row.clone());
        }
        self.seen.insert(steps.to_vec(), (missing, objective));
        let allowed = self.model.allowed(steps, self.search.within);
        let nearer = |(other, value, _): &(u64, i64, Vec<u32>)| (missing, objective) < (*other, *value);
        if allowed && self.nearest.as_ref().is_none_or(nearer) {
            self.nearest = Some((missing, objective, steps.to_vec()));
        }
        if missing == 0 && allowed && self.best.as_ref().is_none_or(|best| objective < best.objective) {
            self.best = Some(Best { objective, steps: steps.to_vec(), flow });
            self.effort.report("plan", self.work.nodes, None);
        }
        Ok((missing, objective, rows))
    }

    /// As `look`, with the cuts even if the steps were looked at before.
    pub fn look_again(&mut self, steps: &[u32]) -> Result<(u64, i64, Vec<Row>), Halt> {
        self.seen.remove(steps);
        self.look(steps)
    }

    /// Whether the cost of the columns counts in the objective.
    pub fn costs_count(&self) -> bool {
        self.aim.counted().cost != 0
    }

    /// An objective above this is of no interest.
    fn cutoff(&self) -> f64 {
        let target = self.search.target.map_or(f64::INFINITY, |target| target as f64);
        let best = self.best.as_ref().map_or(f64::INFINITY, |best| {
            (best.objective - self.aim.slack(best.objective, self.search.gap).max(1)) as f64
        });
        target.min(best)
    }

    /// A bound in whole numbers. Objectives are whole, so a bound just above one is the next.
    fn whole_bound(bound: f64) -> f64 {
        (bound - 1e-6).ceil()
    }

    fn enough(&self) -> bool {
        matches!((&self.best, self.search.target), (Some(best), Some(target)) if best.objective <= target)
    }

    pub fn run(mut self) -> Result<(Found, Vec<Row>), ChooseError> {
        let mut open = BinaryHeap::new();
        let mut at_hand = None;
        let halt = self.walk(&mut open, &mut at_hand).err();
        let stopped = match halt {
            Some(Halt::Fault(fault)) => return Err(fault),
            Some(Halt::Stop(reason)) => Some(reason),
            None => None,
        };
        let still = open.iter().map(|node: &Node| node.bound).chain(at_hand).fold(self.left, f64::min);
        let best = self.best.as_ref().map_or(f64::INFINITY, |best| best.objective as f64);
        let own = Tree::whole_bound(still).min(best);
        let claimed = self.claimed.min(best);
        let (bound, proof) = if own < claimed { (claimed, ProvedBy::Backend) } else { (own, self.aim.proof()) };
        let found = Found {
            bound: bound.is_finite().then_some(bound as i64),
            proof,
            best: self.best,
            nearest: self.nearest,
            stopped,
            work: self.work,
            within: self.search.within.clone(),
        };
        Ok((found, best_cuts(self.pool, &self.used, self.unit, self.model.columns.len() as u32)))
    }

    /// `at_hand` is the bound of the node in work, for a stop amid it.
    fn walk(&mut self, open: &mut BinaryHeap<Node>, at_hand: &mut Option<f64>) -> Result<(), Halt> {
        let per_cost = self.aim.counted().cost as f64;
        let least = |column: &Column| (column.cost * i64::from(column.most)).min(0) as f64 * per_cost;
        let floor = self.model.columns.iter().map(least).sum();
        *at_hand = Some(floor);
        for hint in std::mem::take(&mut self.search.hints) {
            if hint.len() == self.model.n_levers() {
                self.look(&hint)?;
            }
        }
        first::answer(self)?;
        if self.enough() {
            return Ok(());
        }
        self.root(at_hand)?;
        if self.search.route == Route::Master && self.masters(at_hand)? == Went::ToTheEnd {
            return Ok(());
        }
        let mut next = Some(Node { bound: at_hand.unwrap_or(floor), number: 0, depth: 0, boxes: Vec::new() });
        while let Some(node) = next.take().or_else(|| open.pop()) {
            *at_hand = Some(node.bound);
            if self.enough() {
                return Ok(());
            }
            if self.cutoff() < Tree::whole_bound(node.bound) {
                self.leave(node.bound);
                *at_hand = None;
                continue;
            }
            self.work.nodes += 1;
            if self.work.nodes.is_multiple_of(64) {
                self.effort.report("plan", self.work.nodes, None);
            }
            next = self.expand(node, open)?;
            *at_hand = None;
        }
        Ok(())
    }

    /// Notes a node that is not followed because it cannot be much better.
    fn leave(&mut self, bound: f64) {
        if let Some(best) = &self.best
            && bound < best.objective as f64
        {
            self.left = self.left.min(bound);
        }
    }

    fn set_box(&mut self, boxes: &[(u32, f64, f64)]) {
        for column in 0..self.model.columns.len() {
            self.relaxation.set_bounds(column, self.box_lower[column], self.box_upper[column]);
        }
        for (column, lower, upper) in boxes {
            let (own_lower, own_upper) = self.relaxation.bounds(*column as usize);
            self.relaxation.set_bounds(*column as usize, lower.max(own_lower), upper.min(own_upper));
        }
    }

    fn box_is_empty(&self) -> bool {
        (0..self.model.columns.len()).any(|column| {
            let (lower, upper) = self.relaxation.bounds(column);
            upper < lower
        })
    }

    /// Solves the relaxation, with every cut of the pool that it violates. None: nothing fits here.
    fn relax(&mut self) -> Result<Option<Relaxed>, Halt> {
        loop {
            self.work.relaxations += 1;
            self.effort.tick((self.relaxation.n_rows() * self.model.columns.len()) as u64)?;
            self.effort.look()?;
            let solved = self.relaxation.solve(MOST_PIVOTS);
            if solved == Solved::Infeasible && self.relaxation.proved_infeasible() {
                return Ok(None);
            }
            let (bound, reduced) = self.relaxation.proved();
            let point = self.relaxation.point();
            if solved != Solved::Optimal || self.cutoff() < Tree::whole_bound(bound) {
                return Ok(Some(Relaxed { bound, reduced, point }));
            }
            if 0 == self.violated(&point, 40) {
                return Ok(Some(Relaxed { bound, reduced, point }));
            }
        }
    }

    /// Adds the cuts of the pool that a point violates most; gives how many.
    fn violated(&mut self, point: &[f64], most: usize) -> usize {
        let mut worst: Vec<(f64, usize)> = (self.pool.iter().enumerate())
            .map(|(at, row)| (violation(row, point), at))
            .filter(|(by, _)| 1e-6 < *by)
            .collect();
        worst.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        worst.truncate(most);
        for (_, at) in &worst {
            self.relaxation.add(self.pool[*at].clone());
            self.used[*at] += 1;
        }
        worst.len()
    }

    /// Cuts at the root until its bound stops rising: at points between the relaxation's and a whole one first, which
    /// keeps it from leaping about (Ben-Ameur and Neto 2007).
    fn root(&mut self, at_hand: &mut Option<f64>) -> Result<(), Halt> {
        let mut inner: Option<Vec<f64>> = self.best.as_ref().map(|best| self.model.point_of(&best.steps));
        let mut stale = 0;
        let mut last = f64::NEG_INFINITY;
        for round in 0..ROUNDS_AT_ROOT {
            self.set_box(&[]);
            let Some(Relaxed { bound, reduced, point }) = self.relax()? else {
                *at_hand = None;
                return Ok(());
            };
            *at_hand = Some(at_hand.map_or(bound, |known| known.max(bound)));
            if self.cutoff() < Tree::whole_bound(bound) {
                return Ok(());
            }
            self.fix(bound, &reduced);
            stale = if last + 1e-5 * (1.0 + last.abs()) < bound { 0 } else { stale + 1 };
            last = last.max(bound);
            if 12 < stale {
                break;
            }
            self.relaxation.drop_slack(self.kept, 1e-4);
            let levers = &point[..self.model.columns.len()];
            if levers.iter().all(|value| (value - value.round()).abs() < WHOLE) {
                let steps = self.steps_of(&point);
                self.look(&steps)?;
            } else if round % 5 == 0 {
                first::round(self, levers)?;
            }
            let core = inner.get_or_insert_with(|| levers.to_vec());
            let half: Vec<f64> = levers.iter().zip(core.iter()).map(|(one, other)| 0.5 * one + 0.5 * other).collect();
            for (own, value) in core.iter_mut().zip(levers) {
                *own = 0.7 * *own + 0.3 * value;
            }
            let before = self.pool.len();
            for row in self.aim.between(self.model, &half, self.effort)? {
                self.learn(row);
            }
            self.work.inner += 1;
            if self.pool[before..].iter().all(|row| violation(row, &point) <= 1e-6) {
                for row in self.aim.between(self.model, levers, self.effort)? {
                    self.learn(row);
                }
                self.work.inner += 1;
            }
            if self.pool.iter().all(|row| violation(row, &point) <= 1e-6) {
                break;
            }
        }
        Ok(())
    }

    fn steps_of(&self, point: &[f64]) -> Vec<u32> {
        let mut steps = vec![0; self.model.n_levers()];
        for (column, value) in self.model.columns.iter().zip(point) {
            steps[column.lever as usize] += value.round().clamp(0.0, f64::from(column.most)) as u32;
        }
        steps
    }

    /// Narrows boxes everywhere: a column whose move alone would cost more than the cutoff cannot move so far.
    fn fix(&mut self, bound: f64, reduced: &[f64]) {
        let room = self.cutoff() + 1e-6 - bound;
        if !room.is_finite() {
            return;
        }
        let mut narrowed = false;
        for (column, own) in reduced[..self.model.columns.len()].iter().copied().enumerate() {
            let (lower, upper) = (self.box_lower[column], self.box_upper[column]);
            if own * (upper - lower) > room && 1e-9 < own {
                self.box_upper[column] = upper.min(lower + (room / own + 1e-9).floor().max(0.0));
                narrowed = true;
            } else if -own * (upper - lower) > room && own < -1e-9 {
                self.box_lower[column] = lower.max(upper - (room / -own + 1e-9).floor().max(0.0));
                narrowed = true;
            }
        }
        // With a gap, what is left out may be better than the best, if not by enough.
        if narrowed {
            self.leave(self.cutoff() + 1.0);
        }
    }

    fn consider(&mut self, node: &Node) -> Result<Verdict, Halt> {
        const ROUNDS: usize = 30;
        for round in 0..ROUNDS {
            self.set_box(&node.boxes);
            if self.box_is_empty() {
                return Ok(Verdict::Pruned);
            }
            let Some(Relaxed { bound, reduced, point }) = self.relax()? else {
                return Ok(Verdict::Pruned);
            };
            let bound = bound.max(node.bound);
            if self.cutoff() < Tree::whole_bound(bound) {
                self.leave(bound);
                return Ok(Verdict::Pruned);
            }
            if node.boxes.is_empty() {
                self.fix(bound, &reduced);
            }
            let levers = &point[..self.model.columns.len()];
            let cuts = if levers.iter().all(|value| (value - value.round()).abs() < WHOLE) {
                let steps = self.steps_of(&point);
                self.look(&steps)?;
                true
            } else if round < rounds_at(node.depth) {
                let before = self.pool.len();
                for row in self.aim.between(self.model, levers, self.effort)? {
                    self.learn(row);
                }
                self.work.inner += 1;
                self.pool[before..].iter().any(|row| 1e-4 < violation(row, &point))
            } else {
                false
            };
            if !cuts || self.pool.iter().all(|row| violation(row, &point) <= 1e-6) {
                return Ok(Verdict::Branch { bound, point });
            }
        }
        self.set_box(&node.boxes);
        let point = self.relaxation.point();
        Ok(Verdict::Branch { bound: node.bound, point })
    }

    /// Works on a node; gives the child to go on with, and puts others by.
    fn expand(&mut self, node: Node, open: &mut BinaryHeap<Node>) -> Result<Option<Node>, Halt> {
        let (bound, point) = match self.consider(&node)? {
            Verdict::Pruned => return Ok(None),
            Verdict::Branch { bound, point } => (bound, point),
        };
        if 2 * self.model.columns.len() + 50 < self.relaxation.n_rows() {
            self.relaxation.drop_slack(self.kept, 1e-6);
        }
        let parts = match self.fractional(&point, bound, &node)? {
            Some((column, value)) => {
                let (down, up) = (value.floor(), value.ceil());
                let mut parts = vec![(column, f64::NEG_INFINITY, down), (column, up, f64::INFINITY)];
                if value - down < 0.5 {
                    parts.swap(0, 1);
                }
                parts
            }
            None => {
                // Whole, and the cuts do not yet say what it is worth: parted from the rest of its box.
                let Some(column) = (0..self.model.columns.len()).find(|column| {
                    let (lower, upper) = self.relaxation.bounds(*column);
                    lower < upper
                }) else {
                    // Nothing else is in the box, and it has been looked at.
                    let steps = self.steps_of(&point);
                    self.look(&steps)?;
                    return Ok(None);
                };
                let value = point[column].round();
                vec![
                    (column, f64::NEG_INFINITY, value - 1.0),
                    (column, value + 1.0, f64::INFINITY),
                    (column, value, value),
                ]
            }
        };
        let mut children: Vec<Node> = Vec::new();
        for (column, lower, upper) in parts {
            let mut boxes = node.boxes.clone();
            boxes.push((column as u32, lower, upper));
            self.number += 1;
            children.push(Node { bound, number: self.number, depth: node.depth + 1, boxes });
        }
        let next = children.pop();
        open.extend(children);
        Ok(next)
    }
}

/// How often cuts are looked for at a node that is not whole: they cost as much as many nodes, and serve those near the
/// root most.
fn rounds_at(depth: u32) -> usize {
    match depth {
        12.. => 0,
        depth if depth.is_multiple_of(4) => 3,
        _ => 1,
    }
}

/// By how much a point breaks a row.
fn violation(row: &Row, point: &[f64]) -> f64 {
    row.terms.iter().map(|(column, factor)| factor * point[*column as usize]).sum::<f64>() - row.right
}

/// The cuts that were of most use, in real units, for another question.
fn best_cuts(pool: Vec<Row>, used: &[u32], unit: f64, last: u32) -> Vec<Row> {
    const MOST: usize = 150;
    let mut order: Vec<usize> = (0..pool.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse((used[*at], *at)));
    order.truncate(MOST);
    order.sort_unstable();
    let real = |at: usize| {
        let mut row = pool[at].clone();
        row.terms.iter_mut().filter(|term| term.0 == last).for_each(|term| term.1 /= unit);
        row
    };
    order.into_iter().map(real).collect()
}
