//! The tree of choices: branch and cut over the levers, the best bound first, with plunges.
//!
//! A node is a box of columns. Its relaxation is solved from where the last one stood; cuts hold everywhere, so they are
//! shared by all nodes. A whole point is asked of the aim, which says what it is worth and gives cuts that make the
//! relaxation say the same. Where that does not suffice (floors that overlap), a whole point is branched on until its box
//! holds nothing else, so the tree is exact whatever the cuts.

mod master;
mod pick;
mod pool;
mod root;

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
use pool::{best_cuts, violation};
use root::Patience;

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
    /// Choices to look at first.
    pub hints: Vec<Vec<u32>>,
    pub memory: Memory,
}

/// What one tree leaves for the next with the same aim and other limits: all of it holds whatever the limits are.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// Cuts, in real units.
    pub cuts: Vec<Row>,
    /// What choices are worth: by how much targets are missed, and the objective.
    seen: BTreeMap<Vec<u32>, (u64, i64)>,
    /// The relaxation of the root.
    root: Option<Relaxation>,
}

impl Memory {
    pub fn of(cuts: Vec<Row>) -> Memory {
        Memory { cuts, ..Memory::default() }
    }
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
    /// The relaxation of the root, for the next question.
    root: Option<Relaxation>,
    number: u64,
    pub work: Work,
    /// Whether there is a choice and cuts from before.
    pub warm: bool,
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
/// A tree of more nodes than this is worth cuts that a short one is not.
const LONG: u64 = 500;
const MOST_PIVOTS: usize = 5000;
/// Choices that are remembered from question to question.
const MOST_SEEN: usize = 20_000;

impl<'t, 'm> Tree<'t, 'm> {
    pub fn new(
        model: &'t Model<'m>,
        mut search: Search<'t>,
        aim: &'t mut dyn Aim,
        effort: &'t Effort<'t>,
    ) -> Tree<'t, 'm> {
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
            relaxation: search
                .memory
                .root
                .take()
                .unwrap_or_else(|| Relaxation::new(cost.clone(), lower.clone(), upper.clone())),
            box_lower: lower,
            box_upper: upper,
            guess: vec![[(0.0, 0.0); 2]; n],
            kept: 0,
            pool: Vec::new(),
            used: Vec::new(),
            unit,
            seen: std::mem::take(&mut search.memory.seen),
            root: None,
            best: None,
            nearest: None,
            left: f64::INFINITY,
            claimed: f64::NEG_INFINITY,
            solver: mip::solve_within,
            number: 0,
            warm: false,
            work: Work::default(),
            model,
            aim,
            effort,
            search,
        };
        let rows: Vec<Row> = model.rows(tree.search.within).into_iter().map(|row| tree.scaled(row)).collect();
        tree.kept = rows.len();
        if 0 < tree.relaxation.n_rows() && tree.relaxation.begins_with(&rows) {
            for (at, row) in rows.iter().enumerate() {
                tree.relaxation.set_right(at, row.right);
            }
        } else {
            tree.relaxation = Relaxation::new(cost, tree.box_lower.clone(), tree.box_upper.clone());
            rows.into_iter().for_each(|row| tree.relaxation.add(row));
        }
        for row in std::mem::take(&mut tree.search.memory.cuts) {
            tree.pool.push(tree.scaled(row));
            tree.used.push(0);
        }
        tree
    }

    /// What whole steps are worth; a new one may become the best, and its cuts are kept.
    pub fn look(&mut self, steps: &[u32]) -> Result<(u64, i64, Vec<Row>), Halt> {
        let allowed = self.model.allowed(steps, self.search.within);
        let known = self.best.as_ref().map_or(i64::MAX, |best| best.objective);
        if let Some((missing, objective)) = self.seen.get(steps)
            && !(allowed && *missing == 0 && *objective < known)
        {
            return Ok((*missing, *objective, Vec::new()));
        }
        let Whole { missing, objective, rows, flow } = self.aim.whole(self.model, steps, self.effort)?;
        self.work.inner += 1;
        for row in &rows {
            self.learn(row.clone());
        }
        self.seen.insert(steps.to_vec(), (missing, objective));
        let nearer = |(other, value, _): &(u64, i64, Vec<u32>)| (missing, objective) < (*other, *value);
        if allowed && self.nearest.as_ref().is_none_or(nearer) {
            self.nearest = Some((missing, objective, steps.to_vec()));
        }
        if missing == 0 && allowed && (self.best.is_none() || objective < known) {
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

    /// Whether prices between whole points, whose work goes with the pairs, cost no more than some ten nodes, whose work
    /// goes with the square of the columns. Where they cost a hundred, branching is the better half.
    fn cuts_are_cheap(&self) -> bool {
        3 * self.model.network().n_pairs() < 2 * self.model.columns.len() * self.model.columns.len()
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

    pub fn run(mut self) -> Result<(Found, Memory), ChooseError> {
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
        let cuts = best_cuts(self.pool, &self.used, self.unit, self.model.columns.len() as u32);
        if MOST_SEEN < self.seen.len() {
            self.seen.clear();
        }
        Ok((found, Memory { cuts, seen: self.seen, root: self.root }))
    }

    /// `at_hand` is the bound of the node in work, for a stop amid it.
    fn walk(&mut self, open: &mut BinaryHeap<Node>, at_hand: &mut Option<f64>) -> Result<(), Halt> {
        let per_cost = self.aim.counted().cost as f64;
        let least = |column: &Column| (column.cost * i64::from(column.most)).min(0) as f64 * per_cost;
        let floor = self.model.columns.iter().map(least).sum();
        *at_hand = Some(floor);
        let mut hints = std::mem::take(&mut self.search.hints);
        hints.extend(self.best_seen());
        for hint in hints {
            if hint.len() == self.model.n_levers() {
                self.look(&hint)?;
            }
        }
        self.warm = self.best.is_some() && !self.pool.is_empty();
        if !self.warm {
            first::answer(self)?;
        }
        if self.enough() {
            return Ok(());
        }
        let patience = if self.cuts_are_cheap() { Patience::Long } else { Patience::Short };
        self.root(at_hand, patience)?;
        if self.warm && at_hand.is_some_and(|bound| Tree::whole_bound(bound) <= self.cutoff()) {
            first::answer(self)?;
        }
        if self.search.route == Route::Master && self.masters(at_hand)? == Went::ToTheEnd {
            return Ok(());
        }
        self.set_box(&[]);
        self.root = Some(self.relaxation.clone());
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
            if self.work.nodes == LONG && !self.cuts_are_cheap() {
                self.root(&mut None, Patience::Long)?;
            }
            if self.work.nodes.is_multiple_of(64) {
                self.effort.report("plan", self.work.nodes, None);
            }
            next = self.expand(node, open)?;
            *at_hand = None;
        }
        Ok(())
    }

    /// The best of the choices looked at for other questions that will do for this one.
    fn best_seen(&self) -> Option<Vec<u32>> {
        let fit = self
            .seen
            .iter()
            .filter(|(steps, (missing, _))| *missing == 0 && self.model.allowed(steps, self.search.within));
        fit.min_by_key(|(_, (_, objective))| *objective).map(|(steps, _)| steps.clone())
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

    fn steps_of(&self, point: &[f64]) -> Vec<u32> {
        let mut steps = vec![0; self.model.n_levers()];
        for (column, value) in self.model.columns.iter().zip(point) {
            steps[column.lever as usize] += value.round().clamp(0.0, f64::from(column.most)) as u32;
        }
        steps
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
            } else if round < rounds_at(node.depth, self.cuts_are_cheap() || LONG < self.work.nodes) {
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

/// How often cuts are looked for at a node that is not whole: what the root did not find serves those near it most.
fn rounds_at(depth: u32, further: bool) -> usize {
    match depth {
        0 => 3,
        1..4 => 1,
        4..12 if further && depth.is_multiple_of(4) => 3,
        4..12 if further => 1,
        _ => 0,
    }
}
