//! The most child-needs that some places can meet, where nothing counts but how many: no floors, no limits per holder,
//! no costs.
//!
//! Needs of one class have the same pairs, so a class is one source. All limits lie behind the offers, which makes this
//! the fast need stage ([`need`](crate::solve::need)).

use std::collections::BTreeMap;

use crate::domain::{Locality, NeedIx, OfferIx};
use crate::eligibility::{ClassIx, Grade, Pairs};
use crate::matching::{NotFormulated, Reading, Refused, Room};
use crate::solve::{Effort, Flow, Limit, Network, NetworkParts, Outcome, Source, Stage, StopReason, flow};

/// Who may go where: rows of sinks with the child-needs that ask there. The first sinks are the offers by position.
#[derive(Debug)]
pub(super) struct Asking {
    units: Vec<u64>,
    starts: Vec<usize>,
    sinks: Vec<u32>,
}

/// What the sinks hold, and what lies behind them.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// By sink; None: no end.
    pub(super) of: Vec<Option<u64>>,
    /// By sink, the limit behind it.
    pub(super) behind: Vec<Option<u32>>,
    pub(super) limits: Vec<u64>,
}

impl Asking {
    pub(super) fn nobody() -> Asking {
        Asking { units: Vec::new(), starts: vec![0], sinks: Vec::new() }
    }

    /// Adds child-needs that may go to these sinks, which rise. Without a sink nobody goes anywhere, and nothing is added.
    pub(super) fn push(&mut self, units: u64, sinks: impl IntoIterator<Item = u32>) {
        let before = self.sinks.len();
        self.sinks.extend(sinks);
        if 0 < units && before < self.sinks.len() {
            self.units.push(units);
            self.starts.push(self.sinks.len());
        } else {
            self.sinks.truncate(before);
        }
    }

    /// Adds the rows of another after its own.
    fn append(&mut self, other: &Asking) {
        let before = self.sinks.len();
        self.units.extend(&other.units);
        self.starts.extend(other.starts[1..].iter().map(|start| before + start));
        self.sinks.extend(&other.sinks);
    }

    /// How many child-needs the places can meet at most. As [`need::solve`](crate::solve::need::solve) in time; the rows
    /// are lent to the network, not copied.
    pub(super) fn most_met(&mut self, places: &Places, effort: &Effort) -> Result<u64, NotFormulated> {
        let Asking { units, starts, mut sinks } = std::mem::replace(self, Asking::nobody());
        let asked = places.asked(&mut sinks);
        let Places { of, behind, limits } = asked.as_ref().map_or_else(|| places.clone(), |asked| places.only(asked));
        effort.look()?;
        let stage = Stage { name: "most", unsent_cost: vec![1; units.len()], ..Stage::default() };
        let parts = NetworkParts {
            sources: units.iter().map(|&units| Source { units, pool: None }).collect(),
            starts,
            sinks,
            places: of,
            sink_limits: behind,
            limits: limits.into_iter().map(|capacity| Limit { capacity, parent: None }).collect(),
            stages: vec![stage],
            ..NetworkParts::default()
        };
        let network = Network::new(parts).map_err(|error| Refused::TooLarge(error.to_string()))?;
        effort.look()?;
        let solved = best(&network, effort);
        let NetworkParts { starts, mut sinks, .. } = network.into_parts();
        if let Some(asked) = asked {
            sinks.iter_mut().for_each(|sink| *sink = asked[*sink as usize]);
        }
        *self = Asking { units, starts, sinks };
        Ok(solved?.carried().iter().map(|&(_, units)| units).sum())
    }
}

/// The best flow of a network without side groups.
pub(super) fn best(network: &Network, effort: &Effort) -> Result<Flow, StopReason> {
    match flow::solve(network, effort) {
        Outcome::Optimal { flow, .. } => Ok(flow),
        Outcome::Stopped { reason, .. } => Err(reason),
    }
}

/// A place may be given on a pair of this grade, were it not for who declined it: eligible, the unknown read as the
/// policy says, and known to be in reach.
pub(super) fn accessible(locality: &Locality, grade: Grade) -> bool {
    grade.but_for_declines().admits(locality.policy().unknown.eligibility)
}

/// All that an offer takes in the period, the unknown read as the policy says. Receipts of today are held against all
/// places, so this does not ask `supply.use`.
pub(super) fn room(locality: &Locality, offer: OfferIx) -> Room {
    Reading::Policy.room_for(locality, offer, locality.capacity(offer))
}

impl Places {
    /// Of every offer, with the providers' limits behind them. An offer whose places are not known has none to give.
    pub(super) fn of_all(locality: &Locality) -> Places {
        Places::of_each(locality, |offer| room(locality, offer))
    }

    /// The same with other numbers of places.
    pub(super) fn of_each(locality: &Locality, room: impl Fn(OfferIx) -> Room) -> Places {
        let offers = (0..locality.offers().len()).map(OfferIx::new);
        let places = |offer| match room(offer) {
            Room::Places(places) => Some(places),
            Room::NoEnd => None,
            Room::NotKnown => Some(0),
        };
        let limits = &locality.policy().limits.provider_places;
        let position: BTreeMap<_, u32> = limits.iter().map(|&(provider, _)| provider).zip(0..).collect();
        let behind = |offer| position.get(&locality.service_of(offer).provider).copied();
        Places {
            of: offers.clone().map(places).collect(),
            behind: offers.map(behind).collect(),
            limits: limits.iter().map(|&(_, places)| places).collect(),
        }
    }
}

impl Places {
    /// Where few ask, the sinks that they ask at: numbers those afresh, in the same order. A split has thousands of parts,
    /// and each asks at a few of thousands of offers. None: all sinks stay.
    pub(super) fn asked(&self, sinks: &mut [u32]) -> Option<Vec<u32>> {
        if self.of.len() <= sinks.len() {
            return None;
        }
        let mut asked = sinks.to_vec();
        asked.sort_unstable();
        asked.dedup();
        for sink in sinks {
            // Every sink is among those asked at, and there are at most as many as before.
            *sink = asked.partition_point(|other| other < sink) as u32;
        }
        Some(asked)
    }

    /// Of some sinks, which rise.
    pub(super) fn only(&self, sinks: &[u32]) -> Places {
        Places {
            of: sinks.iter().map(|&sink| self.of[sink as usize]).collect(),
            behind: sinks.iter().map(|&sink| self.behind[sink as usize]).collect(),
            limits: self.limits.clone(),
        }
    }
}

/// Members of a population of needs, each with its class, in this order.
pub(super) type Member = (ClassIx, NeedIx);

/// Which pairs count beside eligibility and reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declined {
    Counts,
    IsNone,
}

/// Whose rows are asked for: members of classes, and what of each pair counts.
pub(super) struct ByClass<'a, U, A> {
    pub(super) pairs: &'a Pairs,
    /// Sorted.
    pub(super) members: &'a [Member],
    /// Child-needs of a member that ask.
    pub(super) units: U,
    /// Whether a place may be given on a pair of this grade, declines left out of account.
    pub(super) admits: A,
    pub(super) declined: Declined,
    /// Rising; these are left out.
    pub(super) apart: &'a [NeedIx],
}

impl<U, A> ByClass<'_, U, A>
where
    U: Fn(NeedIx) -> u64 + Sync,
    A: Fn(Grade) -> bool + Sync,
{
    /// Who may go where: one source for each class, and one for each need that declined something alone. `more_sinks`
    /// adds to those that a row has. O(members + pairs of their classes), over the effort's threads.
    pub(super) fn asking(
        &self,
        more_sinks: impl Fn(&[u32], &mut Vec<u32>) + Sync,
        effort: &Effort,
    ) -> Result<Asking, StopReason> {
        let pieces = effort.each(self.pieces(), |members| self.piece(members, &more_sinks, effort))?;
        let mut pieces = pieces.into_iter();
        let mut asking = pieces.next().unwrap_or_else(Asking::nobody);
        for piece in pieces {
            effort.tick(piece.sinks.len() as u64 / 8)?;
            asking.append(&piece);
        }
        Ok(asking)
    }

    /// The members in stretches that cut no class.
    fn pieces(&self) -> Vec<&[Member]> {
        const MEMBERS: usize = 1 << 16;
        let mut pieces = Vec::new();
        let mut rest = self.members;
        while !rest.is_empty() {
            let (_, later) = rest.split_at(MEMBERS.min(rest.len()));
            let last = rest[rest.len() - later.len() - 1].0;
            let to = rest.len() - later.len() + later.partition_point(|member| member.0 == last);
            let (piece, after) = rest.split_at(to);
            pieces.push(piece);
            rest = after;
        }
        pieces
    }

    fn piece(
        &self,
        members: &[Member],
        more_sinks: &impl Fn(&[u32], &mut Vec<u32>),
        effort: &Effort,
    ) -> Result<Asking, StopReason> {
        let ByClass { pairs, units, admits, declined, apart, .. } = self;
        let admits =
            |grade: Grade| admits(grade.but_for_declines()) && (*declined == Declined::Counts || !grade.declined());
        let sink = |offer: OfferIx| offer.ix() as u32;
        let mut asking = Asking::nobody();
        let (mut row, mut more) = (Vec::new(), Vec::new());
        for of_class in members.chunk_by(|one, next| one.0 == next.0) {
            let class = of_class[0].0;
            let is_alone = |need: NeedIx| *declined == Declined::IsNone && !pairs.declined_by(need).is_empty();
            let mut alike = 0u64;
            for &(_, need) in of_class {
                if apart.binary_search(&need).is_ok() {
                    continue;
                }
                let children = units(need);
                if is_alone(need) {
                    row.clear();
                    row.extend(pairs.of(need).filter(|pair| admits(pair.grade)).map(|pair| sink(pair.offer)));
                    more.clear();
                    more_sinks(&row, &mut more);
                    asking.push(children, row.iter().chain(&more).copied());
                } else {
                    // The check keeps all children together below 2^53.
                    alike += children;
                }
            }
            row.clear();
            if 0 < alike {
                let grades = pairs.grades_of_class(class);
                row.extend(grades.filter(|&(_, grade)| admits(grade)).map(|(offer, _)| sink(offer)));
            }
            more.clear();
            more_sinks(&row, &mut more);
            asking.push(alike, row.iter().chain(&more).copied());
            effort.tick((of_class.len() + 1 + row.len()) as u64)?;
        }
        Ok(asking)
    }
}
