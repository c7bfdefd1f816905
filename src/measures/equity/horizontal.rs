//! Whether children with equal need receive alike, rich area or poor.
//!
//! Use may lie with the worse off only because need does. What need alone would predict is taken off: by a weighted linear
//! regression of use on indicators of need, as indirect standardisation does it (Wagstaff and van Doorslaer 2000;
//! O'Donnell and others 2008, Analyzing Health Equity Using Household Survey Data, chapter 15).

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::{Observation, concentration_index};
use crate::solve::{Effort, StopReason};

/// Yes-or-no columns of a regression, a row for each observation: this kind of need, this level. Held as a list of the
/// columns that are yes, so a million rows of some hundred columns cost what is yes in them.
#[derive(Clone, Debug)]
pub struct Indicators {
    n_columns: u32,
    /// Where each row's columns begin in `yes`, and where the last ends.
    starts: Vec<usize>,
    yes: Vec<u32>,
}

/// Why indicators were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIndicators {
    #[error("{columns} columns are more than the {} of one regression", Indicators::MAX_COLUMNS)]
    TooMany { columns: u32 },
    #[error("there is no column {column}")]
    NoSuchColumn { column: u32 },
}

impl Indicators {
    /// The square of it is held and its cube is computed.
    pub const MAX_COLUMNS: u32 = 512;

    /// No rows yet, of columns 0 to `n_columns` less one.
    pub fn new(n_columns: u32) -> Result<Indicators, BadIndicators> {
        if Indicators::MAX_COLUMNS < n_columns {
            return Err(BadIndicators::TooMany { columns: n_columns });
        }
        Ok(Indicators { n_columns, starts: vec![0], yes: Vec::new() })
    }

    /// Adds the next row by its columns that are yes, in any order; one named twice is still only yes.
    pub fn push(&mut self, yes: impl IntoIterator<Item = u32>) -> Result<(), BadIndicators> {
        let start = self.yes.len();
        self.yes.extend(yes);
        if let Some(&column) = self.yes[start..].iter().find(|&&column| self.n_columns <= column) {
            self.yes.truncate(start);
            return Err(BadIndicators::NoSuchColumn { column });
        }
        self.yes[start..].sort_unstable();
        let mut kept = start;
        for at in start..self.yes.len() {
            if kept == start || self.yes[kept - 1] != self.yes[at] {
                self.yes[kept] = self.yes[at];
                kept += 1;
            }
        }
        self.yes.truncate(kept);
        self.starts.push(kept);
        Ok(())
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    fn row(&self, row: usize) -> &[u32] {
        &self.yes[self.starts[row]..self.starts[row + 1]]
    }
}

/// Whether use lies with the worse or the better off beyond what need explains.
#[derive(Clone, Debug, PartialEq)]
pub struct HorizontalInequity {
    /// The index of use less that of need-predicted use, -2 to 2: above zero, the better off receive more than others of
    /// equal need; 0, equal use for equal need.
    pub index: f64,
    /// The concentration index of use.
    pub of_use: f64,
    /// The concentration index of the use that need predicts.
    pub of_need: f64,
    /// Columns left out, rising: each is a sum of the constant and earlier columns (the last of several kinds of which
    /// everyone has one, a column that is never yes). Which of such a set goes is a matter of order and does not change what
    /// is predicted.
    pub dropped: Vec<u32>,
}

/// A column of which the earlier ones leave less than this share of its square unexplained adds nothing but rounding.
const NOTHING_NEW: f64 = 1e-11;

/// HI = C(use) - C(use as need predicts it), with the weighted concentration index for C and weighted least squares with a
/// constant for the prediction. An observation's value is its use.
///
/// `None` where there is no index of use ([`concentration_index`], mean above zero), or not one row for each observation.
/// O(n log n + sum of squares of the yes in a row + columns cubed).
pub fn horizontal_inequity(
    observations: &[Observation],
    need: &Indicators,
    effort: &Effort,
) -> Result<Option<HorizontalInequity>, StopReason> {
    if need.rows() != observations.len() {
        return Ok(None);
    }
    // It also refuses numbers that are not finite, which a regression would spread over everyone.
    let Some(use_) = concentration_index(observations, effort)? else { return Ok(None) };
    let Some(of_use) = use_.index() else { return Ok(None) };
    let normal = NormalEquations::of(observations, need, effort)?;
    let Some(Fit { coefficients, dropped }) = normal.solve(effort)? else { return Ok(None) };
    let mut predicted = Vec::with_capacity(observations.len());
    for (row, observation) in observations.iter().enumerate() {
        let yes = need.row(row);
        effort.tick(1 + yes.len() as u64)?;
        let by_need: f64 = yes.iter().map(|&column| coefficients[place(column)]).sum();
        predicted.push(Observation { value: coefficients[0] + by_need, ..*observation });
    }
    let Some(need) = concentration_index(&predicted, effort)? else { return Ok(None) };
    // A regression with a constant predicts the mean of use, which is above zero; the mean of the predictions differs from
    // it by rounding alone.
    let of_need = need.absolute / use_.mean;
    let index = of_use - of_need;
    Ok(index.is_finite().then_some(HorizontalInequity { index, of_use, of_need, dropped }))
}

/// Place of a column in the equations, the constant being the first.
fn place(column: u32) -> usize {
    column as usize + 1
}

/// X'WX and X'Wy, with a first column of ones. Yes-or-no columns make sums of weights of it, exact where weights are whole,
/// which is why the equations lose little here by squaring; and they need one pass over the rows, whatever their number.
struct NormalEquations {
    gram: DMatrix<f64>,
    right: DVector<f64>,
}

/// What the equations give.
struct Fit {
    /// The constant, then each column; 0 for what is dropped.
    coefficients: Vec<f64>,
    dropped: Vec<u32>,
}

impl NormalEquations {
    fn of(observations: &[Observation], need: &Indicators, effort: &Effort) -> Result<NormalEquations, StopReason> {
        let n = need.n_columns as usize + 1;
        let (mut gram, mut right) = (DMatrix::zeros(n, n), DVector::zeros(n));
        for (row, observation) in observations.iter().enumerate() {
            let yes = need.row(row);
            effort.tick(1 + (yes.len() * yes.len()) as u64)?;
            let weighted = observation.weight * observation.value;
            gram[(0, 0)] += observation.weight;
            right[0] += weighted;
            for (at, &column) in yes.iter().enumerate() {
                let one = place(column);
                right[one] += weighted;
                gram[(one, 0)] += observation.weight;
                // Columns of a row rise, so this is the lower triangle with its diagonal.
                for &other in &yes[..=at] {
                    gram[(one, place(other))] += observation.weight;
                }
            }
        }
        Ok(NormalEquations { gram, right })
    }

    /// `None` without weight. Columns enter the Cholesky factor one by one, so that the first of a dependent set stays. No step multiplies matrices, which some processors do
    /// with other rounding: the bits are the same everywhere.
    fn solve(&self, effort: &Effort) -> Result<Option<Fit>, StopReason> {
        let constant = DMatrix::from_element(1, 1, self.gram[(0, 0)]);
        let Some(mut factor): Option<Cholesky<f64, Dyn>> = Cholesky::new(constant) else { return Ok(None) };
        let mut kept = vec![0_usize];
        let mut dropped = Vec::new();
        for column in 0..self.right.len() as u32 - 1 {
            effort.tick((kept.len() * kept.len()) as u64)?;
            let at = place(column);
            let with_kept = DVector::from_iterator(kept.len(), kept.iter().map(|&other| self.gram[(at, other)]));
            let own = self.gram[(at, at)];
            let explained = factor.l_dirty().solve_lower_triangular(&with_kept).map(|part| part.norm_squared());
            if explained.is_none_or(|explained| own - explained <= NOTHING_NEW * own) {
                dropped.push(column);
                continue;
            }
            factor = factor.insert_column(kept.len(), with_kept.push(own));
            kept.push(at);
        }
        let right = DVector::from_iterator(kept.len(), kept.iter().map(|&at| self.right[at]));
        let found = factor.solve(&right);
        let mut coefficients = vec![0.0; self.right.len()];
        for (&at, &coefficient) in kept.iter().zip(found.iter()) {
            coefficients[at] = coefficient;
        }
        Ok(Some(Fit { coefficients, dropped }))
    }
}
