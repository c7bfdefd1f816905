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
use super::branch::{Aim as TreeAim, Counted, Halt, Whole};
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
    Nested(Layer),
    Overlapping,
}

/// Floors whose groups nest.
pub(super) struct Layer {
    /// Positions of the floors, each after those that hold it.
    pub members: Vec<usize>,
    /// The floor right around each member, as a position among the members.
    parents: Vec<Option<u32>>,
    /// The innermost floor of each source, as a position among the members.
    innermost: Vec<Option<u32>>,
}

impl Layer {
    /// No floor at all.
    fn of(model: &Model) -> Layer {
        Layer { members: Vec::new(), parents: Vec::new(), innermost: vec![None; model.network().n_sources()] }
    }
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
        let mut layers = layers(model, floors);
        match layers.pop() {
            Some(only) if layers.is_empty() => Groups::Nested(only),
            _ => Groups::Overlapping,
        }
    }
}

/// The floors in as many layers as it takes, each as soon as it fits: one, where all nest. O(layers x sources of floors).
pub(super) fn layers(model: &Model, floors: &[Floor]) -> Vec<Layer> {
    // From the largest down: a group nests if all its sources have the same innermost group so far.
    let mut order: Vec<usize> = (0..floors.len()).collect();
    order.sort_by_key(|floor| std::cmp::Reverse(floors[*floor].sources.len()));
    let mut layers: Vec<Layer> = Vec::new();
    for floor in order {
        let sources = &floors[floor].sources;
        let parent = |layer: &Layer| sources.first().and_then(|source| layer.innermost[*source as usize]);
        let nests = |layer: &Layer| {
            let parent = parent(layer);
            sources.iter().all(|source| layer.innermost[*source as usize] == parent)
        };
        let at = layers.iter().position(nests).unwrap_or_else(|| {
            layers.push(Layer::of(model));
            layers.len() - 1
        });
        let layer = &mut layers[at];
        layer.parents.push(parent(layer));
        for source in sources {
            layer.innermost[*source as usize] = Some(layer.members.len() as u32);
        }
        layer.members.push(floor);
    }
    layers
}

impl<'f> Floors<'f> {
    pub fn of(model: &Model, floors: &'f [Floor], objective: Objective) -> Floors<'f> {
        let n = model.network().n_sources();
        let families = floors.iter().map(|floor| {
            let mut weights = vec![0; n];
            floor.sources.iter().for_each(|source| weights[*source as usize] = 1);
            Family { weights, allowed: allowed(model, floor) }
        });
        Floors { floors, objective, groups: Groups::of(model, floors), families: families.collect(), turn: 0 }
    }

    /// One floor on everything, by weight: no more than this goes unmet.
    pub fn holding(weights: Vec<i64>, unmet: i64) -> Floors<'static> {
        let families = vec![Family { weights, allowed: unmet as f64 }];
        Floors { floors: &[], objective: Objective::Cost, groups: Groups::Single, families, turn: 0 }
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
    fn counted(&self) -> Counted {
        let all: u64 = self.floors.iter().fold(0, |sum, floor| sum.saturating_add(floor.least));
        match self.objective {
            Objective::Cost => Counted { cost: 1, last: None },
            Objective::Shortfall => Counted { cost: 0, last: Some(all as f64) },
        }
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
            Groups::Nested(layer) => {
                let short = nested(model, self.floors, layer, steps, effort)?;
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
                let (own, lacks) = overlapping(model, self.floors, model.open_part(steps, &[]), Vec::new(), effort)?;
                flow = own;
                let missing: u64 = lacks.iter().sum();
                if missed_most < missing {
                    for (floor, _) in self.floors.iter().zip(&lacks).filter(|(_, lacks)| 0 < **lacks) {
                        floor.sources.iter().for_each(|source| joint.weights[*source as usize] += 1);
                        joint.allowed += allowed(model, floor);
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

/// A part of the network with a pool for each floor of a layer; stage 0 is what is missed, then come other stages.
pub(super) fn pooled(model: &Model, part: Network, floors: &[Floor], layer: &Layer, later: Vec<Stage>) -> Network {
    let mut parts = part.into_parts();
    parts.pools = layer.parents.iter().map(|parent| Pool { parent: *parent, least: 0 }).collect();
    for (source, pool) in parts.sources.iter_mut().zip(&layer.innermost) {
        *source = Source { pool: *pool, ..*source };
    }
    let pool_steps = layer.members.iter().map(|floor| steps_of(model, &floors[*floor])).collect();
    parts.stages = vec![Stage { name: "floors", pool_steps, ..Stage::default() }];
    parts.stages.extend(later);
    Network::new(parts).expect("groups that nest make pools")
}

/// Unsent units of a floor's sources cost nothing as long as it is kept.
fn steps_of(model: &Model, floor: &Floor) -> Vec<Step> {
    let all = held(model, floor);
    let kept = floor.least.min(all);
    vec![Step { units: all - kept, cost: 0 }, Step { units: kept, cost: 1 }]
}

/// What may go unmet of a floor's sources; less than nothing where it asks for more than they hold.
pub(super) fn allowed(model: &Model, floor: &Floor) -> f64 {
    held(model, floor) as f64 - floor.least as f64
}

/// How much more a unit is worth in each pool than in the one behind it, which is what its floor counts for, and the sum
/// of these over all floors of each source. A floor counts for no more than `most`.
pub(super) fn multipliers(network: &Network, prices: &[i64], most: i64) -> (Vec<i64>, Vec<i64>) {
    let mut own = vec![0i64; prices.len()];
    let mut worth = vec![0i64; prices.len()];
    for (at, pool) in network.pools().iter().enumerate() {
        let (price, sum) = pool.parent.map_or((0, 0), |pool| (prices[pool as usize], worth[pool as usize]));
        own[at] = prices[at].saturating_sub(price).clamp(0, most);
        worth[at] = own[at].saturating_add(sum);
    }
    let weights = network.sources().iter().map(|source| source.pool.map_or(0, |pool| worth[pool as usize]));
    (own, weights.collect())
}

/// The least shortfall of floors that nest, and the weights that prove it.
fn nested(model: &Model, floors: &[Floor], layer: &Layer, steps: &[u32], effort: &Effort) -> Result<Short, StopReason> {
    let (part, pairs) = model.open_part(steps, &[]);
    let network = pooled(model, part, floors, layer, Vec::new());
    let hopeless: u64 = floors.iter().map(|floor| floor.least.saturating_sub(held(model, floor))).sum();
    let (flow, values, prices) = match flows::solve(&network, effort) {
        Outcome::Optimal { flow, values, proof: Proof::Prices(prices) } => (flow, values, prices),
        Outcome::Optimal { .. } => return Err(StopReason::TickLimit),
        Outcome::Stopped { reason, .. } => return Err(reason),
    };
    let mut stage = prices.stages.into_iter().next().unwrap_or_default();
    let (own, weights) = multipliers(&network, &stage.pools, 1);
    let allowed =
        layer.members.iter().zip(&own).map(|(floor, own)| *own as f64 * allowed(model, &floors[*floor])).sum();
    for (price, weight) in stage.sources.iter_mut().zip(&weights) {
        *price = (*price).clamp(0, *weight);
    }
    let missing = values[0].max(0) as u64 + hopeless;
    let flow = whole_flow(&flow, &pairs);
    Ok(Short { missing, weights, allowed, sources: stage.sources, limits: stage.limits, flow })
}

/// The least shortfall of floors that overlap, by the outside solver, and what each lacks; then other stages.
pub(super) fn overlapping(
    model: &Model,
    floors: &[Floor],
    part: (Network, Vec<u32>),
    later: Vec<Stage>,
    effort: &Effort,
) -> Result<(Flow, Vec<u64>), Halt> {
    let (network, pairs) = part;
    let mut parts = network.into_parts();
    parts.side = floors.iter().map(|floor| SideGroup { sources: floor.sources.clone() }).collect();
    let side_steps = floors.iter().map(|floor| steps_of(model, floor)).collect();
    parts.stages = vec![Stage { name: "floors", side_steps, ..Stage::default() }];
    parts.stages.extend(later);
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

/// A flow that misses the floors by the least, and then is best by other stages, over the pairs of the whole network.
/// `part` is of the network after some steps.
pub(super) fn flow(
    model: &Model,
    floors: &[Floor],
    part: (Network, Vec<u32>),
    later: Vec<Stage>,
) -> Result<Flow, ChooseError> {
    // An answer without its flow would be none, so this is not stopped.
    let calm = Effort::unlimited();
    let layers = layers(model, floors);
    if layers.len() <= 1 {
        let (network, pairs) = part;
        let network = match layers.first() {
            Some(layer) => pooled(model, network, floors, layer, later),
            None => pooled(model, network, floors, &Layer::of(model), later),
        };
        return Ok(whole_flow(flows::solve(&network, &calm).flow(), &pairs));
    }
    match overlapping(model, floors, part, later, &calm) {
        Ok((flow, _)) => Ok(flow),
        Err(Halt::Fault(fault)) => Err(fault),
        // Without limits there is no stop.
        Err(Halt::Stop(_)) => Ok(Flow::nothing()),
    }
}
