//! What a solver answers, with its evidence.

use std::ops::Range;

use super::effort::StopReason;

/// Units on the pairs of a network that carry any. What is not sent stays unsent.
///
/// Few pairs carry something (at most one for each unit sent, and mostly one for each source), so the others are not
/// stored: 16 bytes for each that does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Pair and units, rising by pair; units are never zero.
    carried: Vec<(u32, u64)>,
}

impl Flow {
    /// The flow that sends nothing.
    pub fn nothing() -> Flow {
        Flow::default()
    }

    /// The flow with these units on these pairs, in any order; a pair that is named twice carries the sum.
    pub fn new(mut carried: Vec<(u32, u64)>) -> Flow {
        if !carried.is_sorted_by(|one, next| one.0 < next.0) {
            carried.sort_unstable();
            carried.dedup_by(|next, one| {
                let same = one.0 == next.0;
                if same {
                    one.1 = one.1.saturating_add(next.1);
                }
                same
            });
        }
        carried.retain(|(_, units)| 0 < *units);
        Flow { carried }
    }

    /// The flow with these units on the pairs in order, one number for each.
    pub fn of_all(units: impl IntoIterator<Item = u64>) -> Flow {
        Flow { carried: (0..).zip(units).filter(|(_, units)| 0 < *units).collect() }
    }

    /// Pairs that carry something, rising, with their units.
    pub fn carried(&self) -> &[(u32, u64)] {
        &self.carried
    }

    /// Units on a pair. O(log carried).
    pub fn of(&self, pair: usize) -> u64 {
        let found = self.carried.binary_search_by_key(&pair, |(pair, _)| *pair as usize);
        found.map_or(0, |at| self.carried[at].1)
    }

    /// What is carried by the pairs in a range: a source's pairs, say. O(log carried).
    pub fn within(&self, pairs: Range<usize>) -> &[(u32, u64)] {
        let from = self.carried.partition_point(|(pair, _)| (*pair as usize) < pairs.start);
        let own = self.carried[from..].partition_point(|(pair, _)| (*pair as usize) < pairs.end);
        &self.carried[from..from + own]
    }
}

/// Node prices of one stage: the least cost at which one more unit arriving at the node reaches the ground.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StagePrices {
    pub sources: Vec<i64>,
    pub sinks: Vec<i64>,
    pub limits: Vec<i64>,
    pub pools: Vec<i64>,
}

/// Prices stage by stage. They certify the optimum: an arc's reduced cost, compared as a vector over the stages, is not
/// negative where the arc has room, and not positive where it carries something (vector complementary slackness).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    pub stages: Vec<StagePrices>,
}

/// Why an optimum is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Certifying prices: see `check::optimal`.
    Prices(Prices),
    /// The backend's word: it gives no certificate that we can check.
    Backend,
}

/// The answer. There is no "infeasible": leaving everything unsent is always allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing better exists, stage by stage. `values` are the stages' costs.
    Optimal { flow: Flow, values: Vec<i64>, proof: Proof },
    /// A limit came first. The flow is feasible; `bounds` hold for the optimum: no flow that is optimal in the stages
    /// before costs less in this one (None: nothing is known of this stage, because a stage before it is still open).
    Stopped { flow: Flow, values: Vec<i64>, bounds: Vec<Option<i64>>, reason: StopReason },
}

impl Outcome {
    pub fn flow(&self) -> &Flow {
        match self {
            Outcome::Optimal { flow, .. } | Outcome::Stopped { flow, .. } => flow,
        }
    }

    pub fn values(&self) -> &[i64] {
        match self {
            Outcome::Optimal { values, .. } | Outcome::Stopped { values, .. } => values,
        }
    }
}

/// What one place more or one less in a sink changes, stage by stage (cost after less cost before: one more is at most
/// zero in the first stage that changes, one less at least zero).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth {
    /// None where there is no end of places.
    pub one_more: Option<Vec<i64>>,
    /// None where there is no end of places, or no place to lose.
    pub one_less: Option<Vec<i64>>,
}
