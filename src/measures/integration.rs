//! How far a programme works at several layers of the child's ecology at once.
//!
//! Richard, Potvin, Kishchuk, Prlic and Green (1996, "Assessment of the integration of the ecological approach in health
//! promotion programs", American Journal of Health Promotion 10) coded each strategy of 44 programmes twice, by the setting
//! in which it works and by whose change it seeks, and ranked the programmes on five steps. The numbers 0 to 4 are this
//! project's reading of the order of their table.

use std::collections::BTreeSet;

/// Whose change a strategy seeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Those for whom the programme is, themselves.
    Participants,
    /// Someone or something around them: parents, a school, a law.
    Surroundings,
}

/// One way in which a programme works. The setting is whatever the caller tells settings apart by, a layer say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strategy<S> {
    pub setting: S,
    pub target: Target,
}

/// The five steps, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Integration {
    /// A single strategy.
    OneStrategy,
    /// Two strategies or more, none of them aimed at the participants themselves.
    NoneDirect,
    /// Two strategies or more, at least one aimed at the participants, all in one setting.
    OneSetting,
    /// The same in two settings.
    TwoSettings,
    /// The same in three settings or more.
    ThreeSettings,
}

impl Integration {
    /// 0 to 4: an order, not an amount, so it has no mean.
    pub fn score(self) -> u8 {
        match self {
            Integration::OneStrategy => 0,
            Integration::NoneDirect => 1,
            Integration::OneSetting => 2,
            Integration::TwoSettings => 3,
            Integration::ThreeSettings => 4,
        }
    }
}

/// The step of a programme. Each entry is a strategy of its own, so the caller lists one that is done in two places once.
/// `None` for a programme without strategies. O(n log n).
pub fn integration<S: Ord>(strategies: &[Strategy<S>]) -> Option<Integration> {
    let direct = strategies.iter().any(|strategy| strategy.target == Target::Participants);
    let settings: BTreeSet<&S> = strategies.iter().map(|strategy| &strategy.setting).collect();
    match (strategies.len(), direct, settings.len()) {
        (0, ..) => None,
        (1, ..) => Some(Integration::OneStrategy),
        (_, false, _) => Some(Integration::NoneDirect),
        (_, true, 1) => Some(Integration::OneSetting),
        (_, true, 2) => Some(Integration::TwoSettings),
        (_, true, _) => Some(Integration::ThreeSettings),
    }
}

#[cfg(test)]
mod tests;
