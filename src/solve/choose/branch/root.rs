//! The root: cuts before anything is branched on, and what its bound fixes everywhere.

use super::{Halt, Relaxed, Tree, WHOLE, first, violation};

const MOST_ROUNDS: usize = 400;

/// When cuts are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// After three rounds in a row that each close less than a hundredth of what is open: branching goes further for the
    /// time.
    Short,
    /// After twelve rounds in a row that hardly raise the bound.
    Long,
}

impl Tree<'_, '_> {
    /// Cuts at the root until its bound stops rising: at points between the relaxation's and a whole one first, which
    /// keeps it from leaping about (Ben-Ameur and Neto 2007).
    pub(super) fn root(&mut self, at_hand: &mut Option<f64>, patience: Patience) -> Result<(), Halt> {
        let mut inner: Option<Vec<f64>> = self.best.as_ref().map(|best| self.model.point_of(&best.steps));
        let mut stale = 0;
        let mut last = f64::NEG_INFINITY;
        for _ in 0..MOST_ROUNDS {
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
            let hardly = 1e-5 * (1.0 + last.abs());
            let (wanted, most) = match patience {
                Patience::Short if self.best.is_some() => (0.01 * (self.cutoff() - bound), 3),
                Patience::Short | Patience::Long => (hardly, 12),
            };
            stale = if last + wanted < bound { 0 } else { stale + 1 };
            last = last.max(bound);
            if most < stale {
                break;
            }
            self.relaxation.drop_slack(self.kept, 1e-4);
            let levers = &point[..self.model.columns.len()];
            if levers.iter().all(|value| (value - value.round()).abs() < WHOLE) {
                let steps = self.steps_of(&point);
                self.look(&steps)?;
            } else {
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

    /// Narrows boxes everywhere: a column whose move alone would cost more than the cutoff cannot move so far.
    pub(super) fn fix(&mut self, bound: f64, reduced: &[f64]) {
        // Not the cutoff: what lies within the gap is not looked for, but the bound has to count it.
        let target = self.search.target.map_or(f64::INFINITY, |target| target as f64);
        let best = self.best.as_ref().map_or(f64::INFINITY, |best| (best.objective - 1) as f64);
        let room = target.min(best) + 1e-6 - bound;
        if !room.is_finite() {
            return;
        }
        for (column, own) in reduced[..self.model.columns.len()].iter().copied().enumerate() {
            let (lower, upper) = (self.box_lower[column], self.box_upper[column]);
            if own * (upper - lower) > room && 1e-9 < own {
                self.box_upper[column] = upper.min(lower + (room / own + 1e-9).floor().max(0.0));
            } else if -own * (upper - lower) > room && own < -1e-9 {
                self.box_lower[column] = lower.max(upper - (room / -own + 1e-9).floor().max(0.0));
            }
        }
    }
}
