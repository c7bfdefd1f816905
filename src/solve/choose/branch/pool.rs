//! The cuts of a tree: kept once, brought into the relaxation where it violates them, and asked what a choice promises.

use super::{Halt, Tree};
use crate::solve::choose::model::Row;

impl Tree<'_, '_> {
    /// In units of the relaxation, with a greatest factor of 1.
    pub(super) fn scaled(&self, mut row: Row) -> Row {
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
    pub(super) fn learn(&mut self, row: Row) -> usize {
        self.work.cuts += 1;
        let row = self.scaled(row);
        self.pool.push(row);
        self.used.push(0);
        self.pool.len() - 1
    }

    /// Whether to go on, before what walks the pool.
    pub fn poll(&self) -> Result<(), Halt> {
        self.effort.tick((self.pool.len() * self.model.columns.len()) as u64)?;
        Ok(self.effort.look()?)
    }

    /// What the cuts say that whole steps are worth at least, and the cut that says it; None where they say that targets
    /// are missed.
    pub fn promised(&self, steps: &[u32]) -> Option<(f64, Option<&Row>)> {
        let point = self.model.point_of(steps);
        let last = point.len() as u32;
        let (mut most, mut at) = (0.0, None);
        for row in &self.pool {
            let (mut own, mut factor) = (-row.right, 0.0);
            for (column, term) in &row.terms {
                if *column == last { factor = -term } else { own += term * point[*column as usize] }
            }
            if factor <= 0.0 {
                if 1e-6 < own {
                    return None;
                }
            } else if most < own / factor {
                (most, at) = (own / factor, Some(row));
            }
        }
        let cost = self.aim.counted().cost as f64 * self.model.choices.cost(steps) as f64;
        Some((most * self.unit + cost, at))
    }

    /// Whether steps could be better than the best, by what the cuts say.
    pub fn promising(&self, steps: &[u32]) -> bool {
        let best = self.best.as_ref().map_or(f64::INFINITY, |best| best.objective as f64);
        !self.seen.contains_key(steps) && self.promised(steps).is_some_and(|(bound, _)| bound < best - 0.5)
    }

    /// Adds the cuts of the pool that a point violates most; gives how many.
    pub(super) fn violated(&mut self, point: &[f64], most: usize) -> usize {
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
}

/// By how much a point breaks a row.
pub(super) fn violation(row: &Row, point: &[f64]) -> f64 {
    row.terms.iter().map(|(column, factor)| factor * point[*column as usize]).sum::<f64>() - row.right
}

/// The cuts that were of most use, in real units, for another question.
pub(super) fn best_cuts(pool: Vec<Row>, used: &[u32], unit: f64, last: u32) -> Vec<Row> {
    const MOST: usize = 200;
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
