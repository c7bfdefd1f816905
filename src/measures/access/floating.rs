//! Floating catchments: supply shared among those who reach it, summed over what each can reach.

use super::{Geography, Steps};
use crate::solve::{Effort, StopReason};

/// What floating catchments give.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// At each demand point, places per child: 0 where nothing is in reach. Times the children, and summed, it gives the
    /// supply that anyone reaches.
    pub at_demand: Vec<f64>,
    /// At each supply point, places per child who comes: R in the literature. `None` where no child is in reach; such a
    /// point adds nothing to anyone's access.
    pub at_supply: Vec<Option<f64>>,
}

/// Two-step floating catchment areas. 1: each supply point's places over the weighted demand in its reach,
/// R_j = S_j / sum_i P_i W_ij. 2: at each demand point the ratios in its reach, A_i = sum_j R_j W_ij.
///
/// With [`Steps::within`] the plain 2SFCA (Luo and Wang 2003, Environment and Planning B 30); with several steps the
/// enhanced one, E2SFCA (Luo and Qi 2009, Health and Place 15). O(pairs x log steps).
pub fn two_step(geography: &Geography, weights: &Steps, effort: &Effort) -> Result<Access, StopReason> {
    catchments(geography, effort, |_, cost| weights.weight(cost))
}

/// Three-step floating catchment areas (Wan, Zou and Sternberg 2012, International Journal of Geographical Information
/// Science 26): where several supply points are in reach, demand divides among them first, by
/// G_ij = W_ij / sum_k W_ik, and G_ij W_ij stands in both steps instead of W_ij. O(pairs x log steps).
pub fn three_step(geography: &Geography, weights: &Steps, effort: &Effort) -> Result<Access, StopReason> {
    let mut choices = vec![0.0; geography.demand().len()];
    for supply in 0..geography.supply().len() {
        let pairs = geography.of(supply);
        effort.tick(1 + pairs.len() as u64)?;
        for pair in pairs {
            choices[pair.demand as usize] += weights.weight(pair.cost);
        }
    }
    catchments(geography, effort, |demand, cost| {
        let weight = weights.weight(cost);
        // No weight of its own, no share in the choice; and so no division of nothing by nothing.
        if 0.0 < weight { weight * (weight / choices[demand as usize]) } else { 0.0 }
    })
}

fn catchments(geography: &Geography, effort: &Effort, weight: impl Fn(u32, f64) -> f64) -> Result<Access, StopReason> {
    let mut at_demand = vec![0.0; geography.demand().len()];
    let mut at_supply = Vec::with_capacity(geography.supply().len());
    for (supply, &places) in geography.supply().iter().enumerate() {
        let pairs = geography.of(supply);
        effort.tick(1 + 2 * pairs.len() as u64)?;
        let children = |demand: u32| geography.demand()[demand as usize];
        let coming: f64 = pairs.iter().map(|pair| children(pair.demand) * weight(pair.demand, pair.cost)).sum();
        let ratio = (0.0 < coming).then(|| places / coming);
        if let Some(ratio) = ratio {
            // Supply points come in their order, so each demand point's sum runs in that order too.
            for pair in pairs {
                at_demand[pair.demand as usize] += ratio * weight(pair.demand, pair.cost);
            }
        }
        at_supply.push(ratio);
    }
    Ok(Access { at_demand, at_supply })
}
