//! Where places are short: as things stand, and under the plan.

use super::UnmetUnderPlan;
use crate::domain::Locality;
use crate::gaps::deficient::{self, Block};
use crate::planning::cases::Case;
use crate::planning::market::{Market, NoMarket};
use crate::planning::serve::{Costs, Served, Server, Weighing};
use crate::solve::Effort;

/// As things stand.
pub(super) struct Today {
    pub(super) served: Served,
    /// Largest shortage first.
    pub(super) sets: Vec<Block>,
    /// By source.
    pub(super) set_of: Vec<Option<u32>>,
}

impl Today {
    pub(super) fn of(server: &Server<'_>, recorded: &Case, effort: &Effort) -> Result<Today, NoMarket> {
        let market = server.market();
        let nothing = vec![0; market.choices.levers().len()];
        let (served, sets) = short(server, recorded, &nothing, effort)?;
        let mut set_of = vec![None; market.needs.len()];
        for (at, set) in (0u32..).zip(&sets) {
            set.sources.iter().for_each(|source| set_of[*source as usize] = Some(at));
        }
        Ok(Today { served, sets, set_of })
    }
}

/// Why child-needs inside stay unmet. O(pairs).
pub(super) fn unmet_under_plan(locality: &Locality, market: &Market, steps: &[u32], met: &[u64]) -> UnmetUnderPlan {
    let network = market.choices.network();
    let (places, _) = market.choices.capacities_after(steps);
    let mut unmet = UnmetUnderPlan::default();
    for (source, (need, met)) in market.needs.iter().zip(met).enumerate() {
        let children = network.sources()[source].units.saturating_sub(*met);
        if children == 0 || !locality.areas()[locality.holder(*need).area.ix()].inside {
            continue;
        }
        let mut sinks = network.sinks()[network.pairs_of(source)].iter();
        let of = if sinks.len() == 0 {
            &mut unmet.beyond_reach
        } else if sinks.any(|sink| (*sink as usize) < market.n_today || places[*sink as usize] != Some(0)) {
            &mut unmet.places
        } else {
            &mut unmet.left_out
        };
        *of += children;
    }
    unmet
}

/// Child-needs of today's sets that go unmet, set by set.
pub(super) fn sets_after(today: &Today, met: &[u64]) -> Vec<u64> {
    let met_of = |set: &Block| set.sources.iter().map(|source| met[*source as usize]).sum::<u64>();
    today.sets.iter().map(|set| set.units.saturating_sub(met_of(set))).collect()
}

/// Whom some steps serve, and where places are short then, largest shortage first.
pub(super) fn short(
    server: &Server<'_>,
    case: &Case,
    steps: &[u32],
    effort: &Effort,
) -> Result<(Served, Vec<Block>), NoMarket> {
    let part = server.part(case, steps, Costs::Need(Weighing::ByWeight), effort)?;
    let served = server.served(&part, effort)?;
    let mut sets = deficient::of_flow(&part.network, &part.flow_of_part(&served.flow), effort)?;
    sets.sort_by_key(|set| (std::cmp::Reverse(set.units.saturating_sub(set.places)), set.sources.first().copied()));
    Ok((served, sets))
}
