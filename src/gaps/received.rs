//! Receipts by need, and which kinds a service meets: what the cascade and the tables of need by receipt both read.

use crate::domain::{DeclineWhat, KindIx, Locality, NeedIx, Receipt, ReceiptNeed, ServiceIx, TypeIx};
use crate::solve::{Effort, StopReason};

/// The receipts of a locality that records them. Memory: 8 bytes for each receipt that names a need.
pub(super) struct Received<'a> {
    receipts: &'a [Receipt],
    /// Need and position of the receipt, sorted.
    of_need: Vec<(NeedIx, u32)>,
    meets: Meets,
}

/// Which kinds each service meets.
pub(super) struct Meets {
    /// By service, rising.
    kinds: Vec<Vec<KindIx>>,
}

impl Meets {
    /// O(meets + types of services x kinds that they meet).
    pub(super) fn of(locality: &Locality) -> Meets {
        let mut of_type: Vec<Vec<KindIx>> = vec![Vec::new(); locality.types().len()];
        for meet in locality.meets() {
            of_type[meet.service_type.ix()].push(meet.kind);
        }
        let of_service = |types: &[TypeIx]| {
            let mut kinds: Vec<KindIx> = types.iter().flat_map(|of| of_type[of.ix()].iter().copied()).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        };
        Meets { kinds: locality.services().iter().map(|service| of_service(&service.types)).collect() }
    }

    /// Rising.
    pub(super) fn kinds(&self, service: ServiceIx) -> &[KindIx] {
        &self.kinds[service.ix()]
    }

    pub(super) fn fits(&self, service: ServiceIx, kind: KindIx) -> bool {
        self.kinds(service).binary_search(&kind).is_ok()
    }
}

impl<'a> Received<'a> {
    /// None where receipts are not recorded. O(receipts x log receipts + meets).
    pub(super) fn of(locality: &'a Locality, effort: &Effort) -> Result<Option<Received<'a>>, StopReason> {
        let Some(receipts) = locality.receipts() else { return Ok(None) };
        let mut of_need = Vec::new();
        for (at, receipt) in (0u32..).zip(receipts) {
            effort.tick(1)?;
            if let ReceiptNeed::Need(need) = receipt.need {
                of_need.push((need, at));
            }
        }
        effort.sort(&mut of_need)?;
        Ok(Some(Received { receipts, of_need, meets: Meets::of(locality) }))
    }

    pub(super) fn all(&self) -> &'a [Receipt] {
        self.receipts
    }

    pub(super) fn meets(&self) -> &Meets {
        &self.meets
    }

    /// The receipts that name a need, in their order. O(log receipts).
    pub(super) fn by(&self, need: NeedIx) -> impl Iterator<Item = &'a Receipt> {
        let from = self.of_need.partition_point(|&(of, _)| of < need);
        let own = self.of_need[from..].iter().take_while(move |&&(of, _)| of == need);
        own.map(|&(_, at)| &self.receipts[at as usize])
    }
}

/// The service that a receipt is of.
pub(super) fn service_of(locality: &Locality, receipt: &Receipt) -> ServiceIx {
    match receipt.what {
        DeclineWhat::Service(service) => service,
        DeclineWhat::Offer(offer) => locality.offers()[offer.ix()].service,
    }
}
