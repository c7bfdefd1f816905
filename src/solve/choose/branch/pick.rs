//! Which column to branch on.

use super::{Halt, Node, Tree, WHOLE};
use crate::solve::choose::relaxation::Solved;

impl Tree<'_, '_> {
    /// The column to branch on: by what branching on it is found or guessed to raise the bound (Achterberg, Koch and
    /// Martin 2005).
    pub(super) fn fractional(&mut self, point: &[f64], bound: f64, node: &Node) -> Result<Option<(usize, f64)>, Halt> {
        const TRIED: usize = 8;
        const TRUSTED: f64 = 4.0;
        const TRIAL_PIVOTS: usize = 12;
        let mut candidates: Vec<(f64, usize)> = (0..self.model.columns.len())
            .filter(|column| WHOLE <= (point[*column] - point[*column].round()).abs())
            .map(|column| (self.score(column, point[column]), column))
            .collect();
        if candidates.is_empty() {
            return Ok(None);
        }
        candidates.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        let mut best = (f64::NEG_INFINITY, candidates[0].1);
        let mut tried = 0;
        for (score, column) in candidates {
            let value = point[column];
            let known = self.guess[column];
            let score = if known[0].1.min(known[1].1) < TRUSTED && tried < TRIED {
                tried += 1;
                self.set_box(&node.boxes);
                let (lower, upper) = self.relaxation.bounds(column);
                let mut rise = [0.0; 2];
                for (side, (low, high)) in [(lower, value.floor()), (value.ceil(), upper)].into_iter().enumerate() {
                    self.effort.tick((self.relaxation.n_rows() * self.model.columns.len()) as u64)?;
                    let mut trial = self.relaxation.clone();
                    trial.set_bounds(column, low, high);
                    let solved = trial.solve(TRIAL_PIVOTS);
                    rise[side] = if solved == Solved::Infeasible && trial.proved_infeasible() {
                        (self.cutoff().min(1e15) - bound).max(0.0)
                    } else {
                        (trial.proved().0 - bound).max(0.0)
                    };
                    let share = if side == 0 { value - value.floor() } else { value.ceil() - value };
                    let own = &mut self.guess[column][side];
                    own.0 += rise[side] / share.max(1e-6);
                    own.1 += 1.0;
                }
                rise[0].max(1e-6) * rise[1].max(1e-6)
            } else {
                score
            };
            if best.0 < score {
                best = (score, column);
            }
        }
        Ok(Some((best.1, point[best.1])))
    }

    /// The product of the guessed rises on both sides.
    fn score(&self, column: usize, value: f64) -> f64 {
        let share = [value - value.floor(), value.ceil() - value];
        let rise = |side: usize| {
            let (sum, count) = self.guess[column][side];
            if count == 0.0 { share[side] * 1e3 } else { (sum / count * share[side]).max(1e-6) }
        };
        rise(0) * rise(1)
    }
}
