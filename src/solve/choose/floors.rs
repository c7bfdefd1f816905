//! Targets: a least number of units met in each of some groups of sources.
//!
//! The group g misses its floor by s_g = max(0, unmet_g - allowed_g), where allowed_g is what may go unmet. For any
//! multipliers m_g between 0 and 1, the sum of all s_g is at least the unmet weight of a need whose weights are
//! w_i = sum of m_g over the groups of i, less sum m_g allowed_g: so each choice of multipliers gives a family of cuts,
//! whose prices come from the need solver and from `stretch` as for any other weights. Where the groups nest, one flow
//! with a pool for each group gives the least shortfall and the multipliers that prove it (the differences of the pools'
//! prices). Where they overlap, the outside solver gives the shortfall in whole units, each group and the sum of the
//! missed ones give cuts, and what these leave open the tree closes by branching.

use super::aims::{inner, need_cut, share, whole_flow};
use super::branch::{Aim as TreeAim, Halt, Whole};
use super::model::{Model, Row};
use super::{ChooseError, Floor, ProvedBy, stretch};
use crate::solve::effort::{Effort, StopReason};
use crate::solve::network::{Network, Pool, SideGroup, Source, Stage, Step};
use crate::solve::outcome::{Flow, Outcome, Proof};
use crate::solve::{flow as flows, program};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Objective {
    /// Floors are kept, the cost of the columns is least.
    Cost,
    /// The sum of what is missed is least.
    Shortfall,
}

/// Weights and what may go unmet of them.
struct Family {
    weights: Vec<i64>,
    allowed: f64,
}

pub(super) struct Floors<'f> {
    floors: &'f [Floor],
    objective: Objective,
    groups: Groups,
    families: Vec<Family>,
    /// Which family is asked next at points that are not whole.
    turn: usize,
}

/// How the groups lie to one another.
enum Groups {
    /// One, or none.
    Single,
    /// Parent of each floor, and the innermost floor of each source.
    Nested {
        parents: Vec<Option<u32>>,
        innermost: Vec<Option<u32>>,
    },
    Overlapping,
}

/// Units of a floor's sources.
fn held(model: &Model, floor: &Floor) -> u64 {
    floor.sources.iter().map(|source| model.network().sources()[*source as usize].units).sum()
}

impl Groups {
    fn of(model: &Model, floors: &[Floor]) -> Groups {
        if floors.len() <= 1 {
            return Groups::Single;
        }
        // From the largest down: a group nests if all its sources have the same innermost group so far.
        let mut order: Vec<usize> = (0..floors.len()).collect();
        order.sort_by_key(|floor| std::cmp::Reverse(floors[*floor].sources.len()));
        let mut innermost: Vec<Option<u32>> = vec![None; model.network().n_sources()];
        let mut parents = vec![None; floors.len()];
        for floor in order {
            let sources = &floors[floor].sources;
            let parent = sources.first().and_then(|source| innermost[*source as usize]);
            if sources.iter().any(|source| innermost[*source as usize] != parent) {
                return Groups::Overlapping;
            }
            parents[floor] = parent;
            for source in sources {
                innermost[*source as usize] = Some(floor as u32);
            }
        }
        Groups::Nested { parents, innermost }
    }
}

impl<'f> Floors<'f> {
    pub fn of(model: &Model, floors: &'f [Floor], objective: Objective) -> Floors<'f> {
        let n = model.network().n_sources();
        let families = floors.iter().map(|floor| {
            let mut weights = vec![0; n];
            floor.sources.iter().for_each(|source| weights[*source as usize] = 1);
            Family { weights, allowed: held(model, floor) as f64 - floor.least as f64 }
        });
        Floors { floors, objective, groups: Groups::of(model, floors), families: families.collect(), turn: 0 }
    }

    /// Rows known before anything is tried: a floor above what its group holds cannot be kept.
    pub fn known(&self, model: &Model) -> Vec<Row> {
        let nothing = vec![0; model.network().n_sources()];
        let limits = vec![0; model.network().limits().len()];
        let hopeless = self.families.iter().filter(|family| family.allowed < 0.0);
        hopeless
            .map(|family| need_cut(model, &nothing, &limits, &vec![0.0; model.columns.len()]).at_most(family.allowed))
            .collect()
    }

    fn row(&self, cut: super::aims::Cut, allowed: f64) -> Row {
        match self.objective {
            Objective::Cost => cut.at_most(allowed),
            Objective::Shortfall => cut.less(allowed).bounding(),
        }
    }

    /// The cut of a family at whole steps, where it is violated, with what is missed.
    fn family_at(
        &self,
        model: &Model,
        family: &Family,
        steps: &[u32],
        effort: &Effort,
    ) -> Result<(i64, Option<Row>, Flow), StopReason> {
        let inner = inner(model, &family.weights, steps, effort)?;
        let missed = (inner.unmet as f64 - family.allowed).max(0.0) as i64;
        let row = (0 < missed || self.objective == Objective::Shortfall).then(|| {
            let cut = need_cut(model, &inner.sources, &inner.limits, &model.point_of(steps));
            self.row(cut, family.allowed)
        });
        Ok((missed, row, inner.flow))
    }
}

impl TreeAim for Floors<'_> {
    fn ceiling(&self) -> Option<f64> {
        let all: u64 = self.floors.iter().fold(0, |sum, floor| sum.saturating_add(floor.least));
        (self.objective == Objective::Shortfall).then_some(all as f64)
    }

    fn whole(&mut self, model: &Model, steps: &[u32], effort: &Effort) -> Result<Whole, Halt> {
        let mut rows = Vec::new();
        let mut flow = Flow::nothing();
        let missing = match &self.groups {
            Groups::Single => {
                let mut missing = 0;
                for family in &self.families {
                    let (missed, row, own) = self.family_at(model, family, steps, effort)?;
                    missing += missed as u64;
                    rows.extend(row);
                    flow = own;
                }
                missing
            }
            Groups::Nested { parents, innermost } => {
                let short = nested(model, self.floors, parents, innermost, steps, effort)?;
                let mut point_cut = None;
                if 0 < short.missing || self.objective == Objective::Shortfall {
                    let cut = need_cut(model, &short.sources, &short.limits, &model.point_of(steps));
                    point_cut = Some(self.row(cut, short.allowed));
                }
                rows.extend(point_cut);
                let new = 0 < short.missing && !self.families.iter().any(|family| family.weights == short.weights);
                if new && self.families.len() < self.floors.len() + 8 {
                    self.families.push(Family { weights: short.weights, allowed: short.allowed });
                }
                flow = short.flow;
                short.missing
            }
            Groups::Overlapping => {
                let mut missed_most = 0u64;
                let mut joint = Family { weights: vec![0; model.network().n_sources()], allowed: 0.0 };
                for family in &self.families {
                    let (missed, row, _) = self.family_at(model, family, steps, effort)?;
                    missed_most = missed_most.max(missed as u64);
                    rows.extend(row);
                }
                let (own, lacks) = overlapping(model, self.floors, None, steps, effort)?;
                flow = own;
                let missing: u64 = lacks.iter().sum();
                if missed_most < missing {
                    for (floor, _) in self.floors.iter().zip(&lacks).filter(|(_, lacks)| 0 < **lacks) {
                        floor.sources.iter().for_each(|source| joint.weights[*source as usize] += 1);
                        joint.allowed += held(model, floor) as f64 - floor.least as f64;
                    }
                    let (_, row, _) = self.family_at(model, &joint, steps, effort)?;
                    rows.extend(row);
                }
                missing
            }
        };
        Ok(match self.objective {
            Objective::Cost => Whole { missing, objective: model.choices.cost(steps), rows, flow },
            Objective::Shortfall => Whole { missing: 0, objective: missing as i64, rows, flow },
        })
    }

    fn between(&mut self, model: &Model, point: &[f64], effort: &Effort) -> Result<Vec<Row>, Halt> {
        const AT_ONCE: usize = 4;
        let mut rows = Vec::new();
        for _ in 0..self.families.len().min(AT_ONCE) {
            let family = &self.families[self.turn % self.families.len()];
            let prices = stretch::prices(model, &family.weights, point, effort)?;
            let cut = need_cut(model, &prices.sources, &prices.limits, point);
            if self.objective == Objective::Shortfall || family.allowed < cut.value(point) {
                rows.push(self.row(cut, family.allowed));
            }
            self.turn += 1;
        }
        Ok(rows)
    }

    fn slack(&self, objective: i64, gap: f64) -> i64 {
        share(objective, gap)
    }

    fn proof(&self) -> ProvedBy {
        // That a choice misses floors that overlap is the outside solver's word.
        if matches!(self.groups, Groups::Overlapping) { ProvedBy::Backend } else { ProvedBy::Multipliers }
    }
}

struct Short {
    missing: u64,
    weights: Vec<i64>,
    allowed: f64,
    sources: Vec<i64>,
    limits: Vec<i64>,
    flow: Flow,
}

/// The network after some steps with a pool for each floor; stage 0 is what is missed, stage 1 the need, if any.
fn pooled(
    model: &Model,
    floors: &[Floor],
    parents: &[Option<u32>],
    innermost: &[Option<u32>],
    need: Option<&[i64]>,
    steps: &[u32],
) -> (Network, Vec<u32>, Vec<usize>) {
    let (network, pairs) = model.open_part(steps, &[]);
    let mut parts = network.into_parts();
    // Parents come first: by falling size, a parent before its child where they are as large.
    let mut order: Vec<usize> = (0..floors.len()).collect();
    let depth = |floor: usize| std::iter::successors(Some(floor as u32), |at| parents[*at as usize]).count();
    order.sort_by_key(|floor| depth(*floor));
    let mut place = vec![0u32; floors.len()];
    for (at, floor) in (0u32..).zip(&order) {
        place[*floor] = at;
    }
    parts.pools =
        order.iter().map(|floor| Pool { parent: parents[*floor].map(|p| place[p as usize]), least: 0 }).collect();
    for (source, floor) in parts.sources.iter_mut().zip(innermost) {
        *source = Source { pool: floor.map(|floor| place[floor as usize]), ..*source };
    }
    let steps_of = |floor: &usize| {
        let all = held(model, &floors[*floor]);
        let kept = floors[*floor].least.min(all);
        vec![Step { units: all - kept, cost: 0 }, Step { units: kept, cost: 1 }]
    };
    let shortfall = Stage { name: "floors", pool_steps: order.iter().map(steps_of).collect(), ..Stage::default() };
    parts.stages = vec![shortfall];
    if let Some(weights) = need {
        parts.stages.push(Stage { name: "need", unsent_cost: weights.to_vec(), ..Stage::default() });
    }
    (Network::new(parts).expect("groups that nest make pools"), pairs, order)
}

/// The least shortfall of floors that nest, and the weights that prove it.
fn nested(
    model: &Model,
    floors: &[Floor],
    parents: &[Option<u32>],
    innermost: &[Option<u32>],
    steps: &[u32],
    effort: &Effort,
) -> Result<Short, StopReason> {
    let (network, pairs, order) = pooled(model, floors, parents, innermost, None, steps);
    let hopeless: u64 = floors.iter().map(|floor| floor.least.saturating_sub(held(model, floor))).sum();
    let (flow, values, prices) = match flows::solve(&network, effort) {
        Outcome::Optimal { flow, values, proof: Proof::Prices(prices) } => (flow, values, prices),
        Outcome::Optimal { .. } => return Err(StopReason::TickLimit),
        Outcome::Stopped { reason, .. } => return Err(reason),
    };
    let mut stage = prices.stages.into_iter().next().unwrap_or_default();
    let mut allowed = 0.0;
    // Multipliers: how much more a unit is worth in a pool than in the one behind it, between 0 and 1.
    let mut worth = vec![0i64; order.len()];
    for (at, floor) in order.iter().enumerate() {
        let behind = network.pools()[at].parent;
        let price = |pool: Option<u32>| pool.map_or(0, |pool| stage.pools[pool as usize]);
        let own = (price(Some(at as u32)) - price(behind)).clamp(0, 1);
        worth[at] = own + behind.map_or(0, |pool| worth[pool as usize]);
        let floor = &floors[*floor];
        allowed += own as f64 * (held(model, floor) as f64 - floor.least as f64);
    }
    let weights: Vec<i64> =
        network.sources().iter().map(|source| source.pool.map_or(0, |pool| worth[pool as usize])).collect();
    for (price, weight) in stage.sources.iter_mut().zip(&weights) {
        *price = (*price).clamp(0, *weight);
    }
    let missing = values[0].max(0) as u64 + hopeless;
    let flow = whole_flow(&flow, &pairs);
    Ok(Short { missing, weights, allowed, sources: stage.sources, limits: stage.limits, flow })
}

/// The least shortfall of floors that overlap, by the outside solver, and what each lacks.
fn overlapping(
    model: &Model,
    floors: &[Floor],
    need: Option<&[i64]>,
    steps: &[u32],
    effort: &Effort,
) -> Result<(Flow, Vec<u64>), Halt> {
    let (network, pairs) = model.open_part(steps, &[]);
    let mut parts = network.into_parts();
    parts.side = floors.iter().map(|floor| SideGroup { sources: floor.sources.clone() }).collect();
    let side_steps = floors.iter().map(|floor| {
        let all = held(model, floor);
        let kept = floor.least.min(all);
        vec![Step { units: all - kept, cost: 0 }, Step { units: kept, cost: 1 }]
    });
    parts.stages = vec![Stage { name: "floors", side_steps: side_steps.collect(), ..Stage::default() }];
    if let Some(weights) = need {
        parts.stages.push(Stage { name: "need", unsent_cost: weights.to_vec(), ..Stage::default() });
    }
    let network = Network::new(parts).map_err(|_| Halt::Stop(StopReason::TickLimit))?;
    let outcome = program::solve(&network, effort).map_err(|error| Halt::Fault(ChooseError::Backend(error)))?;
    let flow = match outcome {
        Outcome::Optimal { flow, .. } => flow,
        Outcome::Stopped { reason, .. } => return Err(Halt::Stop(reason)),
    };
    let unsent = network.unsent(&flow);
    let mut lacks = vec![0; floors.len()];
    for (floor, units) in missed(model, floors, &unsent) {
        lacks[floor as usize] = units;
    }
    Ok((whole_flow(&flow, &pairs), lacks))
}

/// The floors that are missed, with the units that each lacks.
pub(super) fn missed(model: &Model, floors: &[Floor], unsent: &[u64]) -> Vec<(u32, u64)> {
    let lacks = |floor: &Floor| {
        let unmet: u64 = floor.sources.iter().map(|source| unsent[*source as usize]).sum();
        floor.least.saturating_sub(held(model, floor) - unmet)
    };
    (0u32..).zip(floors).map(|(at, floor)| (at, lacks(floor))).filter(|(_, lacks)| 0 < *lacks).collect()
}

/// Sources of missed floors without a pair into a sink that could ever have places.
pub(super) fn out_of_reach(model: &Model, floors: &[Floor], missed: &[(u32, u64)]) -> Vec<u32> {
    let network = model.network();
    let could = |shape: &super::model::Shape| {
        shape.base != Some(0)
            || shape.adds.iter().any(|(lever, places)| 0 < *places && 0 < model.choices.levers()[*lever as usize].most)
    };
    let sinks: Vec<bool> = model.sinks.iter().map(could).collect();
    let mut sources: Vec<u32> =
        missed.iter().flat_map(|(floor, _)| &floors[*floor as usize].sources).copied().collect();
    sources.sort_unstable();
    sources.dedup();
    sources.retain(|source| {
        let source = *source as usize;
        0 < network.sources()[source].units
            && !network.pairs_of(source).any(|pair| sinks[network.sinks()[pair] as usize])
    });
    sources
}

/// A flow that misses the floors by the least and then meets most need.
pub(super) fn flow(
    model: &Model,
    floors: &[Floor],
    need: &[i64],
    steps: &[u32],
    effort: &Effort,
) -> Result<Flow, ChooseError> {
    let (parents, innermost) = match Groups::of(model, floors) {
        Groups::Overlapping => {
            return match overlapping(model, floors, Some(need), steps, effort) {
                Ok((flow, _)) => Ok(flow),
                Err(Halt::Fault(fault)) => Err(fault),
                // Without limits there is no stop.
                Err(Halt::Stop(_)) => Ok(Flow::nothing()),
            };
        }
        Groups::Nested { parents, innermost } => (parents, innermost),
        Groups::Single => {
            let mut innermost = vec![None; model.network().n_sources()];
            floors.iter().flat_map(|floor| &floor.sources).for_each(|source| innermost[*source as usize] = Some(0));
            (vec![None; floors.len()], innermost)
        }
    };
    let (network, pairs, _) = pooled(model, floors, &parents, &innermost, Some(need), steps);
    Ok(whole_flow(flows::solve(&network, effort).flow(), &pairs))
}
