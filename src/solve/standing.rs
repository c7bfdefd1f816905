//! An optimum that takes changes: after each one, flow and prices are an exact optimum again, without starting over.
//!
//! The state is what certifies an optimum: a flow and prices such that every residual arc has a reduced cost that is not
//! negative, as a vector over the stages. A change breaks that in one place, and is repaired by cheapest augmenting paths
//! (successive shortest paths: Ahuja, Magnanti and Orlin 1993, section 9.7), each of which also moves the prices of
//! what it looked at, and of nothing else.
//!
//! What makes it fast is the graph that is searched. A unit of a source always stands in some *container*: the sink it
//! was sent to, or the pool (or the ground) where its unsent units arrive. Sources themselves are passed through: from a
//! container, each source that has units there can move one to any of its other containers, and of all that could move
//! from one container to another only the cheapest counts. These cheapest *exchanges* are kept (see `exchange`), so that
//! a search runs over sinks, limits and pools alone, and looks at no pair.

mod evidence;
mod exchange;
mod lengths;
mod near;
mod nearest;
mod paged;
mod repair;
mod search;
mod shortlist;
mod state;
mod worths;

use std::sync::Arc;

use self::state::Optimum;
use super::effort::{Effort, StopReason};
use super::network::{Network, NetworkError, Step};
use super::outcome::{Flow, Prices, Worth};

/// An optimum of a network that changes. A copy shares what has not changed since, so it costs far less than the network
/// is large.
///
/// Positions of sources, sinks, limits and pools are those of the network it was made of; what is added later follows.
#[derive(Clone)]
pub struct Standing(Sized);

/// One of the sizes of [`Network::MOST_STAGES`].
#[derive(Clone)]
enum Sized {
    One(Optimum<1>),
    Two(Optimum<2>),
    Three(Optimum<3>),
    Four(Optimum<4>),
    Five(Optimum<5>),
    Six(Optimum<6>),
    Seven(Optimum<7>),
    Eight(Optimum<8>),
}

/// The same for whatever number of stages there is.
macro_rules! sized {
    ($sized:expr, $optimum:ident => $answer:expr) => {
        match $sized {
            Sized::One($optimum) => $answer,
            Sized::Two($optimum) => $answer,
            Sized::Three($optimum) => $answer,
            Sized::Four($optimum) => $answer,
            Sized::Five($optimum) => $answer,
            Sized::Six($optimum) => $answer,
            Sized::Seven($optimum) => $answer,
            Sized::Eight($optimum) => $answer,
        }
    };
}

/// A change of the problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A sink has so many places now; None: no end.
    Places { sink: u32, places: Option<u64> },
    /// A sink is added after the last one.
    NewSink { places: Option<u64>, limit: Option<u32> },
    /// A limit lets so many units through now.
    Capacity { limit: u32, capacity: u64 },
    /// A pool asks for so many unsent units now, at these costs: for each stage its steps, as in
    /// [`Stage::pool_steps`](super::Stage::pool_steps).
    Pool { pool: u32, least: u64, steps: Vec<Vec<Step>> },
    /// A source is another one now. No units: it is gone.
    Source { source: u32, with: SourceParts },
    /// A source is added after the last one.
    NewSource { with: SourceParts },
}

/// All of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceParts {
    pub units: u64,
    pub pool: Option<u32>,
    /// Rising by sink, none twice.
    pub pairs: Vec<PairParts>,
    /// Cost of an unsent unit, for each stage.
    pub unsent_cost: Vec<i64>,
}

/// A pair of a source with a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairParts {
    pub sink: u32,
    /// Cost of a unit, for each stage.
    pub cost: Vec<i64>,
}

/// A change was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotChanged {
    /// It would not make a valid network.
    Refused(NetworkError),
    Stopped(StopReason),
}

impl From<StopReason> for NotChanged {
    fn from(reason: StopReason) -> NotChanged {
        NotChanged::Stopped(reason)
    }
}

/// An optimum as the solvers give it, with its problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub network: Network,
    pub flow: Flow,
    pub prices: Prices,
}

impl Standing {
    /// Takes up an optimum. None where the problem is no network (it has side groups), or where flow or prices are not of
    /// its shape. That they certify an optimum is the caller's word: with others, answers mean nothing.
    /// O(pairs) in time, O(sources) in memory.
    pub fn of(network: Arc<Network>, flow: &Flow, prices: &Prices) -> Option<Standing> {
        // Nothing stops an unlimited effort.
        let mut standing = Standing::as_it_is(network, flow, prices, &Effort::unlimited()).ok()??;
        sized!(&mut standing.0, optimum => optimum.count_greatest());
        Some(standing)
    }

    /// The same, only to be asked and not to be changed.
    pub(super) fn as_it_is(
        network: Arc<Network>,
        flow: &Flow,
        prices: &Prices,
        effort: &Effort,
    ) -> Result<Option<Standing>, StopReason> {
        Ok(match network.stages().len() {
            1 => Optimum::of(network, flow, prices, effort)?.map(Sized::One),
            2 => Optimum::of(network, flow, prices, effort)?.map(Sized::Two),
            3 => Optimum::of(network, flow, prices, effort)?.map(Sized::Three),
            4 => Optimum::of(network, flow, prices, effort)?.map(Sized::Four),
            5 => Optimum::of(network, flow, prices, effort)?.map(Sized::Five),
            6 => Optimum::of(network, flow, prices, effort)?.map(Sized::Six),
            7 => Optimum::of(network, flow, prices, effort)?.map(Sized::Seven),
            8 => Optimum::of(network, flow, prices, effort)?.map(Sized::Eight),
            _ => None,
        }
        .map(Standing))
    }

    /// Finds what every change needs to know, if it is not yet found, so that copies made from now on share it.
    /// O(pairs) once, over the threads of `effort`.
    pub fn prepare(&self, effort: &Effort) -> Result<(), StopReason> {
        sized!(&self.0, optimum => optimum.arrivals(effort).map(|_| ()))
    }

    /// The optimum after these changes, made one after the other.
    ///
    /// Each costs one search over sinks, limits and pools for each path that units take (one for each unit at most), cut
    /// short at the path's length; a search looks at O(sinks^2) exchanges at worst, and usually at few.
    pub fn after(&self, changes: &[Change], effort: &Effort) -> Result<Standing, NotChanged> {
        self.prepare(effort)?;
        let mut after = self.clone();
        for change in changes {
            sized!(&mut after.0, optimum => optimum.make(change, effort))?;
        }
        Ok(after)
    }

    /// The stages' costs.
    pub fn values(&self) -> Vec<i64> {
        sized!(&self.0, optimum => optimum.values())
    }

    pub fn n_sources(&self) -> usize {
        sized!(&self.0, optimum => optimum.n_sources())
    }

    pub fn n_sinks(&self) -> usize {
        sized!(&self.0, optimum => optimum.n_sinks())
    }

    pub fn units(&self, source: u32) -> u64 {
        sized!(&self.0, optimum => optimum.source(source).units)
    }

    /// All of a source, as a change would give it.
    pub fn parts(&self, source: u32) -> SourceParts {
        sized!(&self.0, optimum => optimum.parts(source))
    }

    /// Where a source's units are sent: sinks, in no promised order, with the units of each, never zero.
    pub fn sent(&self, source: u32) -> Vec<(u32, u64)> {
        sized!(&self.0, optimum => optimum.sent(source))
    }

    /// Units in a sink.
    pub fn taken(&self, sink: u32) -> u64 {
        sized!(&self.0, optimum => optimum.taken(sink))
    }

    /// What one place more and one less in a sink would change, as [`worth::worths`](super::worth::worths) gives it.
    /// Two searches at most.
    pub fn worth(&self, sink: u32, effort: &Effort) -> Result<Worth, StopReason> {
        sized!(&self.0, optimum => optimum.worth(sink, effort))
    }

    /// What one place less in a sink would change, as in [`Standing::worth`]. One search at most.
    pub fn loss(&self, sink: u32, effort: &Effort) -> Result<Option<Vec<i64>>, StopReason> {
        sized!(&self.0, optimum => optimum.loss(sink, effort))
    }

    /// The worths of all sinks. One look at all pairs, over the threads of `effort`, then two searches over sinks, limits
    /// and pools at most for each distinct node right behind some full sink.
    pub fn worths(&self, effort: &Effort) -> Result<Vec<Worth>, StopReason> {
        sized!(&self.0, optimum => optimum.worths(effort))
    }

    /// The problem with these sources and sinks alone, in these orders, and its optimum with certifying prices
    /// (`check::optimal` accepts them). What is left out must have no units and no places: it is not there any more.
    /// O(pairs log pairs of a source).
    pub fn evidence(&self, sources: &[u32], sinks: &[u32]) -> Result<Evidence, NetworkError> {
        sized!(&self.0, optimum => optimum.evidence(sources, sinks))
    }
}

impl std::fmt::Debug for Standing {
    /// In short: all of it would be as long as the problem.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sources, sinks) = (self.n_sources(), self.n_sinks());
        write!(f, "Standing {{ sources: {sources}, sinks: {sinks}, values: {:?} }}", self.values())
    }
}

#[cfg(test)]
mod tests;
