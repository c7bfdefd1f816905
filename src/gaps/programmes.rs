//! Providers' programmes by how far they work at several layers of the child's ecology at once (Richard, Potvin, Kishchuk,
//! Prlic and Green 1996, American Journal of Health Promotion 10).
//!
//! A programme is what one provider does here, and each way of doing it is a strategy: types of service in a setting with a
//! target. The same at two addresses is one strategy. The children are the participants, so a strategy that targets the
//! individual layer works on them directly, and any other on what is around them.

use std::collections::BTreeSet;

use crate::domain::{Layer, Locality, ProviderIx, TypeIx};
use crate::measures::integration::{Integration, Strategy, Target, integration};

/// One provider's programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Programme {
    pub provider: ProviderIx,
    pub services: u64,
    /// Services without a setting or a target: in no strategy, so that the programme may be more integrated than it seems.
    pub uncoded: u64,
    pub strategies: u64,
    /// Settings of the strategies that are told apart.
    pub settings: u64,
    /// None where no service is coded.
    pub integration: Option<Integration>,
}

/// Every provider with a service, in their order. O(services log services).
pub fn programmes(locality: &Locality) -> Vec<Programme> {
    let mut ways: Vec<BTreeSet<(Layer, Layer, &[TypeIx])>> = vec![BTreeSet::new(); locality.providers().len()];
    let mut counts = vec![(0u64, 0u64); locality.providers().len()];
    for service in locality.services() {
        let (services, uncoded) = &mut counts[service.provider.ix()];
        *services += 1;
        match service.setting.zip(service.target) {
            Some((setting, target)) => {
                ways[service.provider.ix()].insert((setting, target, &service.types));
            }
            None => *uncoded += 1,
        }
    }
    let programme = |(at, (ways, (services, uncoded))): (usize, (BTreeSet<_>, (u64, u64)))| {
        let strategy = |&(setting, target, _): &(Layer, Layer, _)| Strategy {
            setting,
            target: if target == Layer::Individual { Target::Participants } else { Target::Surroundings },
        };
        let strategies: Vec<Strategy<Layer>> = ways.iter().map(strategy).collect();
        Programme {
            provider: ProviderIx::new(at),
            services,
            uncoded,
            strategies: strategies.len() as u64,
            settings: strategies.iter().map(|strategy| strategy.setting).collect::<BTreeSet<_>>().len() as u64,
            integration: integration(&strategies),
        }
    };
    let all = ways.into_iter().zip(counts).enumerate().map(programme);
    all.filter(|programme| programme.services != 0).collect()
}

#[cfg(test)]
mod tests;
