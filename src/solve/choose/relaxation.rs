//! The linear relaxation: minimise a cost over boxed columns and rows that come and go.
//!
//! A dual simplex with bounded columns on a dense tableau (Lemke 1954; Koberstein 2005 for the bound flipping ratio
//! test). All columns have finite bounds, so any basis can be made dual feasible by putting each nonbasic column at the
//! bound that its reduced cost asks for. That is what the tree of choices needs: after a cut is added or a bound moved,
//! a few pivots from where it was. A program here is small, some hundred columns and rows, and is solved thousands of
//! times; a backend that starts each one afresh is hundreds of times slower, and that is why this is our own.
//!
//! **No bound rests on the tableau.** For any multipliers m >= 0 of the rows a x <= b,
//!
//! ```text
//! c x  >=  c x + sum m_r (a_r x - b_r)  >=  - sum m_r b_r + sum over columns of min over its box (c_j + sum m_r a_rj) x_j,
//! ```
//!
//! which [`Relaxation::proved`] adds up from the rows as they were given, with an allowance for rounding.

use super::model::Row;

#[derive(Clone, Debug)]
pub(super) struct Relaxation {
    n: usize,
    cost: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    rows: Vec<Row>,
    /// Variable of each row of the tableau; the slack of row r is variable n + r.
    basic: Vec<usize>,
    /// Variable of each column of the tableau: there are always n.
    nonbasic: Vec<usize>,
    /// Where each variable is: a row of the tableau, or a column.
    place: Vec<Place>,
    high: Vec<bool>,
    /// basic + sum over table x nonbasic = right.
    table: Vec<Vec<f64>>,
    right: Vec<f64>,
    reduced: Vec<f64>,
    values: Vec<f64>,
    pivots: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Row(usize),
    Column(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Solved {
    Optimal,
    /// Of the rows, or because too many pivots were needed: `proved` says which, as far as it can be told.
    Infeasible,
    Unfinished,
}

const FEASIBLE: f64 = 1e-7;
const PIVOT: f64 = 1e-8;

impl Relaxation {
    pub fn new(cost: Vec<f64>, lower: Vec<f64>, upper: Vec<f64>) -> Relaxation {
        let n = cost.len();
        Relaxation {
            n,
            reduced: cost.clone(),
            cost,
            lower,
            upper,
            rows: Vec::new(),
            basic: Vec::new(),
            nonbasic: (0..n).collect(),
            place: (0..n).map(Place::Column).collect(),
            high: vec![false; n],
            table: Vec::new(),
            right: Vec::new(),
            values: Vec::new(),
            pivots: 0,
        }
    }

    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    pub fn bounds(&self, column: usize) -> (f64, f64) {
        (self.lower[column], self.upper[column])
    }

    pub fn set_bounds(&mut self, column: usize, lower: f64, upper: f64) {
        (self.lower[column], self.upper[column]) = (lower, upper);
    }

    /// Adds a row; its slack becomes basic.
    pub fn add(&mut self, row: Row) {
        let variable = self.n + self.rows.len();
        let (table, right) = self.written(&row);
        self.place.push(Place::Row(self.basic.len()));
        self.basic.push(variable);
        self.table.push(table);
        self.right.push(right);
        self.values.push(0.0);
        self.rows.push(row);
    }

    /// Whether the first rows are these, whatever their right sides.
    pub fn begins_with(&self, rows: &[Row]) -> bool {
        rows.len() <= self.rows.len() && rows.iter().zip(&self.rows).all(|(row, own)| row.terms == own.terms)
    }

    /// Another right side of a row: its slack is another by the difference.
    pub fn set_right(&mut self, row: usize, right: f64) {
        let more = right - self.rows[row].right;
        self.rows[row].right = right;
        match self.place[self.n + row] {
            Place::Row(at) => self.right[at] += more,
            Place::Column(at) => {
                for (right, table) in self.right.iter_mut().zip(&self.table) {
                    *right += table[at] * more;
                }
            }
        }
    }

    /// A row over the columns that are nonbasic now.
    fn written(&self, row: &Row) -> (Vec<f64>, f64) {
        let mut table = vec![0.0; self.n];
        let mut right = row.right;
        for (column, factor) in &row.terms {
            match self.place[*column as usize] {
                Place::Column(at) => table[at] += factor,
                Place::Row(at) => {
                    for (own, other) in table.iter_mut().zip(&self.table[at]) {
                        *own -= factor * other;
                    }
                    right -= factor * self.right[at];
                }
            }
        }
        (table, right)
    }

    /// Drops the rows from `kept` on that do not bind, by more than `slack`.
    pub fn drop_slack(&mut self, kept: usize, slack: f64) -> usize {
        let loose: Vec<bool> = (0..self.rows.len())
            .map(|row| match self.place[self.n + row] {
                Place::Row(at) => kept <= row && slack < self.values[at],
                Place::Column(_) => false,
            })
            .collect();
        let dropped = loose.iter().filter(|loose| **loose).count();
        if dropped == 0 {
            return 0;
        }
        let mut renamed = vec![usize::MAX; self.rows.len()];
        let mut next = 0;
        for (row, loose) in loose.iter().enumerate() {
            if !loose {
                renamed[row] = next;
                next += 1;
            }
        }
        let n = self.n;
        let rename = |variable: usize| if variable < n { variable } else { n + renamed[variable - n] };
        let keep: Vec<bool> = self.basic.iter().map(|variable| *variable < n || !loose[variable - n]).collect();
        retain(&mut self.table, &keep);
        retain(&mut self.right, &keep);
        retain(&mut self.values, &keep);
        retain(&mut self.basic, &keep);
        retain(&mut self.rows, &loose.iter().map(|loose| !loose).collect::<Vec<_>>());
        self.basic.iter_mut().chain(&mut self.nonbasic).for_each(|variable| *variable = rename(*variable));
        self.replace();
        dropped
    }

    fn replace(&mut self) {
        self.place = vec![Place::Column(0); self.n + self.rows.len()];
        for (at, variable) in self.basic.iter().enumerate() {
            self.place[*variable] = Place::Row(at);
        }
        for (at, variable) in self.nonbasic.iter().enumerate() {
            self.place[*variable] = Place::Column(at);
        }
    }

    fn range(&self, variable: usize) -> (f64, f64) {
        if variable < self.n { (self.lower[variable], self.upper[variable]) } else { (0.0, f64::INFINITY) }
    }

    /// The point: a value for each column.
    pub fn point(&self) -> Vec<f64> {
        let mut point = vec![0.0; self.n];
        for (at, variable) in self.nonbasic.iter().enumerate().filter(|(_, variable)| **variable < self.n) {
            point[*variable] = if self.high[at] { self.upper[*variable] } else { self.lower[*variable] };
        }
        for (at, variable) in self.basic.iter().enumerate().filter(|(_, variable)| **variable < self.n) {
            point[*variable] = self.values[at].clamp(self.lower[*variable], self.upper[*variable]);
        }
        point
    }

    /// Pivots until nothing is violated. Work: pivots x rows x columns, counted in `pivots`.
    pub fn solve(&mut self, most_pivots: usize) -> Solved {
        if 2000 < self.pivots {
            self.refresh();
        }
        self.settle();
        for done in 0..most_pivots {
            if done % 256 == 255 {
                self.settle();
            }
            let Some((row, below)) = self.leaving() else {
                return Solved::Optimal;
            };
            if !self.enter(row, below) {
                return Solved::Infeasible;
            }
        }
        Solved::Unfinished
    }

    /// Puts nonbasic columns where their reduced costs ask, and works out the basic ones afresh.
    fn settle(&mut self) {
        for at in 0..self.n {
            let variable = self.nonbasic[at];
            if self.n <= variable {
                self.high[at] = false;
                self.reduced[at] = self.reduced[at].max(0.0);
            } else if self.reduced[at] < 0.0 {
                self.high[at] = true;
            } else if 0.0 < self.reduced[at] {
                self.high[at] = false;
            }
        }
        let at_bound: Vec<f64> = (0..self.n)
            .map(|at| {
                let (lower, upper) = self.range(self.nonbasic[at]);
                if self.high[at] { upper } else { lower }
            })
            .collect();
        for ((value, right), table) in self.values.iter_mut().zip(&self.right).zip(&self.table) {
            *value = right - table.iter().zip(&at_bound).map(|(factor, bound)| factor * bound).sum::<f64>();
        }
    }

    /// The row whose variable is furthest outside its box, and whether it is below.
    fn leaving(&self) -> Option<(usize, bool)> {
        let mut worst = None;
        let mut most = FEASIBLE;
        for (at, variable) in self.basic.iter().enumerate() {
            let (lower, upper) = self.range(*variable);
            let (below, above) = (lower - self.values[at], self.values[at] - upper);
            if most < below {
                (worst, most) = (Some((at, true)), below);
            }
            if most < above {
                (worst, most) = (Some((at, false)), above);
            }
        }
        worst
    }

    /// Brings a column into the basis for this row, passing those whose whole box does not mend it; false if all
    /// together do not.
    fn enter(&mut self, row: usize, below: bool) -> bool {
        let variable = self.basic[row];
        let (lower, upper) = self.range(variable);
        let mut missing = if below { lower - self.values[row] } else { self.values[row] - upper };
        // A column helps if moving off its bound moves the row towards its box.
        let sign = if below { -1.0 } else { 1.0 };
        let mut helps: Vec<(f64, usize)> = (0..self.n)
            .filter_map(|at| {
                let factor = sign * self.table[row][at];
                let (low, high) = self.range(self.nonbasic[at]);
                let useful = if self.high[at] { factor < -PIVOT } else { PIVOT < factor };
                (useful && low < high).then(|| (self.reduced[at].abs() / factor.abs(), at))
            })
            .collect();
        helps.sort_unstable_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
        let mut flipped: Vec<usize> = Vec::new();
        let mut entering = None;
        for (position, (ratio, at)) in helps.iter().enumerate() {
            let (low, high) = self.range(self.nonbasic[*at]);
            let moved = self.table[row][*at].abs() * (high - low);
            if moved < missing - FEASIBLE {
                missing -= moved;
                flipped.push(*at);
                continue;
            }
            // Among those that come at the same ratio, the greatest factor is the safest pivot.
            let same = helps[position..].iter().take_while(|(other, _)| *other <= ratio + 1e-11);
            let best = same.max_by(|one, other| {
                let size = |at: usize| self.table[row][at].abs();
                size(one.1).partial_cmp(&size(other.1)).unwrap_or(std::cmp::Ordering::Equal).then(other.1.cmp(&one.1))
            });
            entering = best.map(|(_, at)| *at);
            break;
        }
        let Some(entering) = entering else {
            return false;
        };
        for at in flipped {
            let (low, high) = self.range(self.nonbasic[at]);
            let step = if self.high[at] { low - high } else { high - low };
            self.high[at] = !self.high[at];
            self.shift(at, step);
        }
        let target = if below { lower } else { upper };
        let step = (self.values[row] - target) / self.table[row][entering];
        self.shift(entering, step);
        let (low, high) = self.range(self.nonbasic[entering]);
        let value = step + if self.high[entering] { high } else { low };
        self.pivot(row, entering);
        self.values[row] = value;
        self.high[entering] = !below;
        true
    }

    /// Moves a nonbasic column by `step`: the basic ones follow.
    fn shift(&mut self, column: usize, step: f64) {
        for (value, table) in self.values.iter_mut().zip(&self.table) {
            *value -= table[column] * step;
        }
    }

    fn pivot(&mut self, row: usize, column: usize) {
        self.pivots += 1;
        let factor = self.table[row][column];
        let mut own = std::mem::take(&mut self.table[row]);
        for entry in &mut own {
            *entry /= factor;
        }
        own[column] = 1.0 / factor;
        self.right[row] /= factor;
        let right = self.right[row];
        for (at, table) in self.table.iter_mut().enumerate().filter(|(at, _)| *at != row) {
            let share = table[column];
            if share != 0.0 {
                table[column] = 0.0;
                for (entry, own) in table.iter_mut().zip(&own) {
                    *entry -= share * own;
                }
                self.right[at] -= share * right;
            }
        }
        let share = self.reduced[column];
        self.reduced[column] = 0.0;
        for (entry, own) in self.reduced.iter_mut().zip(&own) {
            *entry -= share * own;
        }
        self.table[row] = own;
        std::mem::swap(&mut self.basic[row], &mut self.nonbasic[column]);
        self.place[self.basic[row]] = Place::Row(row);
        self.place[self.nonbasic[column]] = Place::Column(column);
    }

    /// Writes the tableau afresh for the same basis, so that rounding does not build up.
    fn refresh(&mut self) {
        let wanted: Vec<usize> = self.basic.iter().copied().filter(|variable| *variable < self.n).collect();
        let rows = std::mem::take(&mut self.rows);
        let cost = self.cost.clone();
        let high: Vec<(usize, bool)> = self.nonbasic.iter().copied().zip(self.high.iter().copied()).collect();
        *self = Relaxation::new(cost, std::mem::take(&mut self.lower), std::mem::take(&mut self.upper));
        let mut tight = vec![false; rows.len()];
        for (variable, _) in high.iter().filter(|(variable, _)| self.n <= *variable) {
            tight[*variable - self.n] = true;
        }
        for row in rows {
            self.add(row);
        }
        for variable in wanted {
            let Place::Column(column) = self.place[variable] else { continue };
            let candidates =
                (0..self.basic.len()).filter(|at| self.n <= self.basic[*at] && tight[self.basic[*at] - self.n]);
            let best = candidates.max_by(|one, other| {
                let size = |at: usize| self.table[at][column].abs();
                size(*one).partial_cmp(&size(*other)).unwrap_or(std::cmp::Ordering::Equal)
            });
            if let Some(row) = best.filter(|row| PIVOT < self.table[*row][column].abs()) {
                self.pivot(row, column);
            }
        }
        for (variable, high) in high {
            if let Place::Column(at) = self.place[variable] {
                self.high[at] = high && variable < self.n;
            }
        }
        self.pivots = 0;
    }

    /// What the cost is at least over the box and rows, from the multipliers of the tableau; and the reduced cost of
    /// each column at those multipliers.
    pub fn proved(&self) -> (f64, Vec<f64>) {
        let multipliers = (0..self.rows.len()).map(|row| match self.place[self.n + row] {
            Place::Row(_) => 0.0,
            Place::Column(at) => self.reduced[at].max(0.0),
        });
        self.bound_of(&self.cost, multipliers)
    }

    fn bound_of(&self, cost: &[f64], multipliers: impl Iterator<Item = f64>) -> (f64, Vec<f64>) {
        let mut reduced = cost.to_vec();
        let (mut bound, mut sizes) = (0.0, 0.0);
        let mut error = vec![0.0; self.n];
        for (row, multiplier) in self.rows.iter().zip(multipliers).filter(|(_, multiplier)| 0.0 < *multiplier) {
            bound -= multiplier * row.right;
            sizes += (multiplier * row.right).abs();
            for (column, factor) in &row.terms {
                reduced[*column as usize] += multiplier * factor;
                error[*column as usize] += (multiplier * factor).abs();
            }
        }
        for column in 0..self.n {
            let (lower, upper) = (self.lower[column], self.upper[column]);
            bound += (reduced[column] * lower).min(reduced[column] * upper);
            sizes += (error[column] + cost[column].abs()) * lower.abs().max(upper.abs());
        }
        // Each of some thousand sums and products is off by at most 2^-53 of its size.
        (bound - 1e-12 * sizes, reduced)
    }

    /// Whether the row that could not be mended, as a sum of the rows as given, proves that nothing fits (Farkas): a sum
    /// of m_r (a_r x - b_r) with m >= 0 that is above zero all over the box.
    pub fn proved_infeasible(&self) -> bool {
        let Some((row, below)) = self.leaving() else {
            return false;
        };
        let flip = if below { 1.0 } else { -1.0 };
        let multipliers = (0..self.rows.len()).map(|other| match self.place[self.n + other] {
            Place::Row(at) if at == row => 1.0,
            Place::Row(_) => 0.0,
            Place::Column(at) => (flip * self.table[row][at]).max(0.0),
        });
        0.0 < self.bound_of(&vec![0.0; self.n], multipliers).0
    }
}

fn retain<T>(items: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| *keep.next().expect("one for each"));
}
