//! Cohorts that straddle an age limit: for some of their children a rule says yes, for others no, so that neither can be
//! said. Each is a warning that says where to split.

use std::collections::BTreeMap;

use super::findings::{Findings, RowRef};
use super::needs::{NeedRow, Needs, ages_in_words};
use super::rates::split;
use super::services::Services;
use crate::domain::age::{AgeBand, AgeLimit};
use crate::domain::ids::{KindIx, TypeIx};
use crate::domain::layer::Recipient;
use crate::domain::locality::Kind;
use crate::domain::policy::Policy;

/// Where ages are parted (the first age of the upper part), and by what. Services come before reach rules.
type Cuts = BTreeMap<u16, By>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    /// Position among the services: the first by id.
    Service(usize),
    /// Position among the policy's rules.
    ReachRule(usize),
}

/// One warning for each kind, band of ages and limit, at the first row that has them.
pub(super) fn warn_of_straddling(
    needs: &Needs<'_>,
    kinds: &[Kind],
    services: &Services<'_>,
    policy: &Policy,
    findings: &mut Findings,
) {
    let mut bands: BTreeMap<(KindIx, AgeBand), RowRef> = BTreeMap::new();
    for NeedRow { need, from, .. } in &needs.needs {
        if let Some(ages) = needs.holders[need.holder.ix()].ages
            && ages.min() < ages.max()
        {
            let first = bands.entry((need.kind, ages)).or_insert(*from);
            *first = *from.min(first);
        }
    }
    let by_type = cuts_by_type(services);
    let mut of_kind: Option<(KindIx, Cuts)> = None;
    for ((kind, ages), from) in bands {
        let cuts = match of_kind.take() {
            Some((last, cuts)) if last == kind => cuts,
            _ => cuts_of_kind(kind, kinds, services, &by_type, policy),
        };
        for (&cut, by) in cuts.range(ages.min() + 1..=ages.max()) {
            let limit = match by {
                By::Service(at) => format!("the age limit of {}", services.services[*at].id),
                By::ReachRule(at) => format!("the age limit of reach.rules[{at}] in policy.toml"),
            };
            let kind = &kinds[kind.ix()].id;
            let wanted = format!("ages on one side of {limit} for {kind}: {}", split(ages, cut));
            findings.warning(from, "age", &ages_in_words(ages), wanted);
        }
        of_kind = Some((kind, cuts));
    }
}

fn cuts_by_type(services: &Services<'_>) -> BTreeMap<TypeIx, Cuts> {
    let mut by_type: BTreeMap<TypeIx, Cuts> = BTreeMap::new();
    for (at, service) in services.services.iter().enumerate() {
        for &service_type in &service.types {
            let cuts = by_type.entry(service_type).or_default();
            if let AgeLimit::At(min) = service.ages.min {
                cuts.entry(min).or_insert(By::Service(at));
            }
            if let AgeLimit::At(max) = service.ages.max {
                cuts.entry(max + 1).or_insert(By::Service(at));
            }
        }
    }
    by_type
}

fn cuts_of_kind(
    kind: KindIx,
    kinds: &[Kind],
    services: &Services<'_>,
    by_type: &BTreeMap<TypeIx, Cuts>,
    policy: &Policy,
) -> Cuts {
    let mut cuts = Cuts::new();
    let mut add = |cut: u16, by: By| {
        let first = cuts.entry(cut).or_insert(by);
        *first = by.min(*first);
    };
    // A service's ages bind only where the child is the recipient.
    if kinds[kind.ix()].recipient == Recipient::Child {
        let from = services.meets.partition_point(|meet| meet.kind < kind);
        let of_kind = services.meets[from..].iter().take_while(|meet| meet.kind == kind);
        for (&cut, &by) in of_kind.filter_map(|meet| by_type.get(&meet.service_type)).flatten() {
            add(cut, by);
        }
    }
    for (at, rule) in policy.reach.rules.iter().enumerate() {
        if rule.kind.is_some_and(|of| of != kind) {
            continue;
        }
        rule.age_min.into_iter().for_each(|min| add(min, By::ReachRule(at)));
        rule.age_max.into_iter().for_each(|max| add(max + 1, By::ReachRule(at)));
    }
    cuts
}
