//! The other route: Benders' loop (1962) with the master in the hands of an outside solver.
//!
//! The master has the levers whole, the limits and rules, and every cut so far. What it chooses is asked of the inner
//! problem, whose cut says what that choice is really worth; the master with this cut chooses again, until it promises
//! nothing better than what is known. It begins where the tree does, with a first answer and the cuts of the root, which
//! say at points between whole ones what a loop over whole choices would take hundreds of masters to find out (Magnanti
//! and Wong 1981); and each master gets besides the cut halfway from its choice to the best one.
//!
//! **Tolerances.** A master solved to its end bounds every choice from below, by the backend's word. That word is good
//! to the backend's tolerances: it keeps rows to some 10^-6 and stops as near to the optimum as it was told. A value is
//! lowered by what that can make of it before it is rounded up to the next whole number. Where this does not suffice
//! (objectives of more than nine digits), or where a choice comes twice and no row can part it from the others, the tree
//! goes on from there.

use super::{Halt, Relaxed, Tree};
use crate::solve::choose::model::Row;
use crate::solve::effort::Effort;
use crate::solve::program::{BackendError, Kind, Program, ProgramOutcome, Relation};

/// Solves a program to within a share of its cost: `mip::solve_within`.
pub(in crate::solve::choose) type Solver = fn(&Program, f32, &Effort) -> Result<ProgramOutcome, BackendError>;

/// How the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    /// Nothing better exists, or nothing at all.
    ToTheEnd,
    /// The backend failed, or its tolerances do not suffice.
    Nowhere,
}

/// Most choices that are parted from the others by a row of their own: where cuts say too little (floors that overlap)
/// there may be very many.
const MOST_APART: usize = 50;

/// To what a backend keeps rows and wholeness.
const TOLERANCE: f64 = 1e-6;

impl Tree<'_, '_> {
    /// The same with another solver: how tests have one fail.
    #[cfg(test)]
    pub(in crate::solve::choose) fn masters_by(&mut self, solver: Solver) {
        self.solver = solver;
    }

    /// Masters until one promises nothing better. `at_hand` is the bound that is proved by multipliers.
    pub(super) fn masters(&mut self, at_hand: &mut Option<f64>) -> Result<Went, Halt> {
        let mut apart: Vec<Row> = Vec::new();
        while !self.enough() {
            // Our own relaxation is cheap beside a master: it may end the matter, and narrows the boxes.
            self.set_box(&[]);
            let Some(Relaxed { bound, reduced, .. }) = self.relax()? else {
                *at_hand = None;
                break;
            };
            *at_hand = Some(at_hand.map_or(bound, |known| known.max(bound)));
            if self.cutoff() < Tree::whole_bound(bound) {
                break;
            }
            self.fix(bound, &reduced);

            self.work.nodes += 1;
            self.effort.report("plan", self.work.nodes, None);
            let margin = self.margin();
            // Objectives are whole, so under half a unit short of the optimum is near enough.
            let gap = (0.4 / self.cutoff().abs().max(1.0)).min(1e-4) as f32;
            let program = self.master(&apart, margin);
            let values = match (self.solver)(&program, gap, self.effort) {
                Ok(ProgramOutcome::Optimal(values)) => values,
                Ok(ProgramOutcome::Infeasible) => {
                    self.claim(self.cutoff() + 1.0);
                    break;
                }
                // What it has in hand would need an inner problem, and there is no time.
                Ok(ProgramOutcome::Stopped { reason, .. }) => return Err(Halt::Stop(reason)),
                Ok(ProgramOutcome::Unbounded) | Err(_) => return Ok(Went::Nowhere),
            };
            // What keeps to no rule is no optimum either.
            let steps = self.steps_of(&values);
            if !self.model.allowed(&steps, self.search.within) {
                return Ok(Went::Nowhere);
            }
            let value = program.cost(&values);
            // The boxes leave out what is of no interest.
            self.claim((value - margin - (1e-9 + f64::from(gap)) * value.abs()).ceil().min(self.cutoff() + 1.0));
            if self.cutoff() < self.claimed {
                break;
            }
            if self.seen.contains_key(&steps) {
                let Some(row) = self.parted(&steps).filter(|_| apart.len() < MOST_APART) else {
                    return Ok(Went::Nowhere);
                };
                apart.push(row);
                continue;
            }
            self.look(&steps)?;
            if let Some(best) = &self.best {
                let (one, other) = (self.model.point_of(&steps), self.model.point_of(&best.steps));
                let half: Vec<f64> = one.iter().zip(&other).map(|(one, other)| 0.5 * (one + other)).collect();
                self.work.inner += 1;
                for row in self.aim.between(self.model, &half, self.effort)? {
                    self.learn(row);
                }
            }
        }
        Ok(Went::ToTheEnd)
    }

    /// Notes the backend's word that no answer has a lower objective than this.
    fn claim(&mut self, bound: f64) {
        self.claimed = self.claimed.max(bound);
    }

    /// By how much the value of a master may be too great: what the tolerance of a row makes of the bounding column
    /// where its factor is least.
    fn margin(&self) -> f64 {
        let last = self.model.columns.len() as u32;
        let factors = self.pool.iter().flat_map(|row| &row.terms).filter(|term| term.0 == last);
        let least = factors.map(|term| term.1.abs()).fold(1.0, f64::min);
        TOLERANCE * (1.0 + if self.aim.counted().last.is_some() { self.unit / least } else { 0.0 })
    }

    /// The levers whole, the limits and rules, every cut so far, and the choices that are parted from the others.
    fn master(&self, apart: &[Row], margin: f64) -> Program {
        let mut program = Program::default();
        let counted = self.aim.counted();
        for (at, column) in self.model.columns.iter().enumerate() {
            let variable = program.variable(self.box_lower[at], self.box_upper[at], Kind::Whole);
            program.variables[variable].cost = column.cost as f64 * counted.cost as f64;
        }
        let n = self.model.columns.len();
        if counted.last.is_some() {
            // Half a unit above what is of interest, so that no tolerance hides anything that is.
            let alone = counted.cost == 0 && margin < 0.25;
            let cutoff = if alone { (self.cutoff() + 0.5) / self.unit } else { f64::INFINITY };
            let variable = program.variable(0.0, self.box_upper[n].min(cutoff.max(0.0)), Kind::Real);
            program.variables[variable].cost = self.unit;
        }
        let limits = self.model.rows(self.search.within).into_iter().map(|row| self.scaled(row));
        for row in limits.chain(self.pool.iter().cloned()).chain(apart.iter().cloned()) {
            let terms: Vec<(usize, f64)> = row.terms.iter().map(|term| (term.0 as usize, term.1)).collect();
            program.row(terms, Relation::AtMost, row.right);
        }
        program
    }

    /// A row that every other whole choice keeps and this one breaks; None where a column has more than two values.
    fn parted(&self, steps: &[u32]) -> Option<Row> {
        if self.model.columns.iter().any(|column| 1 < column.most) {
            return None;
        }
        let point = self.model.point_of(steps);
        let terms: Vec<(u32, f64)> = (0u32..).zip(&point).map(|(at, value)| (at, 2.0 * value - 1.0)).collect();
        Some(Row { right: point.iter().sum::<f64>() - 1.0, terms })
    }
}
