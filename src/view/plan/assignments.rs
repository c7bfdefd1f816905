//! Who goes where under a plan.

use crate::domain::Locality;
use crate::planning::{Plan, SinkOf};

/// Who goes where under the plan, where time allowed to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedRow {
    pub need: String,
    /// The offer; for a new one, its candidate.
    pub offer: String,
    /// The candidate that makes it possible; empty where the offer takes the child today.
    pub candidate: String,
    pub children: u64,
    /// Metres or minutes, where known.
    pub travel: Option<i64>,
}

/// In the order of needs, then offers. O(placements x log placements).
pub(super) fn rows(locality: &Locality, plan: &Plan) -> Vec<PlannedRow> {
    let network = plan.market.choices.network();
    let far = network.stages().get(1).map(|stage| &stage.pair_cost);
    let mut rows = Vec::with_capacity(plan.flow.carried().len());
    for (source, pair, children) in network.carried(&plan.flow) {
        let sink = plan.market.sinks[network.sinks()[pair] as usize];
        let candidate = |at: usize| locality.candidates()[at].id.to_string();
        let (offer, by) = match sink {
            SinkOf::Offer(offer) => (locality.offers()[offer.ix()].id.to_string(), String::new()),
            SinkOf::New(at) => (candidate(at), candidate(at)),
            SinkOf::Widened { candidate: at, offer } => (locality.offers()[offer.ix()].id.to_string(), candidate(at)),
        };
        rows.push(PlannedRow {
            need: locality.needs()[plan.market.needs[source].ix()].id.to_string(),
            offer,
            candidate: by,
            children,
            travel: far.map(|far| far.of(pair)),
        });
    }
    rows.sort_by(|a, b| (&a.need, &a.offer, &a.candidate).cmp(&(&b.need, &b.offer, &b.candidate)));
    rows
}
