//! What a solver answers, with its evidence.

use super::effort::StopReason;

/// Units on each pair of a network, in the network's order of pairs. What is not sent stays unsent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    pub pairs: Vec<u64>,
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
