//! Needs that no rule can tell apart share a profile, and each profile is tested once against each service that could
//! help its kind. Services that could help are found through kind -> types -> services, so no other is ever looked at.

use std::collections::BTreeMap;

use super::facts::{NeedFacts, OfferFacts, travel_unit};
use super::reach::{Range, Reached, policy_range, reach_under};
use super::rules::{Answer, Verdict, answer_of_service, meet, meets_of, under_status, verdict_of_service};
use crate::domain::{AgeBand, KindIx, Level, Locality, NeedIx, OfferIx, Service, ServiceIx};
use crate::solve::{Effort, StopReason};

/// Position of a profile; profiles are sorted by kind, then level, then ages, then tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileIx(u32);

impl ProfileIx {
    fn new(position: usize) -> ProfileIx {
        // There are at most as many profiles as needs, and needs fit 32 bits.
        ProfileIx(position as u32)
    }

    pub fn ix(self) -> usize {
        self.0 as usize
    }
}

/// The profiles of a locality and what its services say to each. Memory: 4 bytes for each need, and one byte for each
/// profile and each service that fits its kind.
pub struct Profiles {
    /// For each need its profile.
    of: Vec<ProfileIx>,
    profiles: Vec<Profile>,
    kinds: Vec<OfKind>,
    /// For each kind a block of `profiles x services`, row by profile; see [`OfKind::table`].
    answers: Vec<Answer>,
    /// For each service its offers, rising.
    offers_of: Vec<Vec<OfferIx>>,
}

struct Profile {
    kind: KindIx,
    /// Speaks for all of its profile: the rules see no difference.
    representative: NeedIx,
    /// What the policy gives where an offer states no reach.
    policy_reach: Range,
}

struct OfKind {
    /// The profiles of the kind are `first_profile..first_profile + n_profiles`.
    first_profile: usize,
    n_profiles: usize,
    /// Services with a type that meets the kind, rising, each with its greatest effect in thousandths.
    services: Vec<(ServiceIx, Option<u16>)>,
    /// Where the kind's block of answers begins.
    table: usize,
}

impl Profiles {
    /// As [`Profiles::build_within`], as long as it takes.
    pub fn build(locality: &Locality) -> Profiles {
        Profiles::build_within(locality, &Effort::unlimited()).expect("nothing stops an unlimited effort")
    }

    /// O(needs x log profiles + sum over kinds of profiles x fitting services).
    pub fn build_within(locality: &Locality, effort: &Effort) -> Result<Profiles, StopReason> {
        let (of, profiles) = group(locality, effort)?;
        let mut kinds = index(locality);
        for (position, profile) in profiles.iter().enumerate() {
            let kind = &mut kinds[profile.kind.ix()];
            if kind.n_profiles == 0 {
                kind.first_profile = position;
            }
            kind.n_profiles += 1;
        }
        let mut answers = Vec::new();
        for kind in &mut kinds {
            kind.table = answers.len();
            for profile in &profiles[kind.first_profile..kind.first_profile + kind.n_profiles] {
                let need = NeedFacts::of(locality, profile.representative);
                effort.tick(kind.services.len() as u64 * 8)?;
                answers.extend(
                    kind.services
                        .iter()
                        .map(|&(service, _)| answer_of_service(locality, &need, &locality.services()[service.ix()])),
                );
            }
        }
        let mut offers_of = vec![Vec::new(); locality.services().len()];
        for (position, offer) in locality.offers().iter().enumerate() {
            offers_of[offer.service.ix()].push(OfferIx::new(position));
        }
        Ok(Profiles { of, profiles, kinds, answers, offers_of })
    }

    pub fn len(&self) -> usize {
        self.profiles.len()
    }

    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty()
    }

    pub fn of(&self, need: NeedIx) -> ProfileIx {
        self.of[need.ix()]
    }

    pub fn kind(&self, profile: ProfileIx) -> KindIx {
        self.profiles[profile.ix()].kind
    }

    /// Services with a type that meets the kind, rising.
    pub fn fitting_services(&self, kind: KindIx) -> impl Iterator<Item = ServiceIx> {
        self.kinds[kind.ix()].services.iter().map(|&(service, _)| service)
    }

    /// Offers of services with a type that meets the kind, by service, then rising.
    pub fn fitting(&self, kind: KindIx) -> impl Iterator<Item = OfferIx> {
        self.fitting_services(kind).flat_map(|service| self.offers_of(service).iter().copied())
    }

    /// The offers of a service, rising.
    pub fn offers_of(&self, service: ServiceIx) -> &[OfferIx] {
        &self.offers_of[service.ix()]
    }

    /// Whether a service lets in a profile; its offers' status comes on top. O(log services).
    pub fn answer(&self, profile: ProfileIx, service: ServiceIx) -> Answer {
        match self.column(self.kind(profile), service) {
            Some(column) => column.answer(profile),
            None => Answer::No,
        }
    }

    /// As [`Profiles::answer`], under the offer's own status.
    pub fn answer_of_offer(&self, locality: &Locality, profile: ProfileIx, offer: OfferIx) -> Answer {
        let offer = &locality.offers()[offer.ix()];
        under_status(self.answer(profile, offer.service), offer.status)
    }

    /// Why a service lets in a profile or does not, without its offers' status. The words of a refusal quote one need of
    /// the profile, whose tags may differ from another's where no rule looks. O(rules of the service).
    pub fn verdict(&self, locality: &Locality, profile: ProfileIx, service: ServiceIx) -> Verdict {
        let need = NeedFacts::of(locality, self.profiles[profile.ix()].representative);
        verdict_of_service(locality, &need, &locality.services()[service.ix()])
    }

    /// As [`reach_facts`](super::reach::reach_facts), for a stored need of this profile: what the policy gives it is not
    /// worked out anew.
    pub fn reach(&self, locality: &Locality, profile: ProfileIx, need: &NeedFacts, offer: &OfferFacts) -> Reached {
        reach_under(locality, need, offer, || self.policy_reach(profile))
    }

    /// The greatest effect, in thousandths, among those given for the service's types that meet the kind; None where none
    /// is given or the service does not fit. O(log services).
    pub fn effect(&self, kind: KindIx, service: ServiceIx) -> Option<u16> {
        let services = &self.kinds[kind.ix()].services;
        let at = services.binary_search_by_key(&service, |&(service, _)| service).ok()?;
        services[at].1
    }

    /// The kinds in need that a service fits, rising. O(kinds x types of the service x log meets).
    pub(super) fn kinds_of(&self, locality: &Locality, service: &Service) -> Vec<KindIx> {
        let fits = |kind: &KindIx| service.types.iter().any(|&of_type| meet(locality, *kind, of_type).is_some());
        (0..self.kinds.len()).filter(|&kind| 0 < self.kinds[kind].n_profiles).map(KindIx::new).filter(fits).collect()
    }

    /// What one service says to all profiles of one kind; None where it does not fit the kind.
    pub(super) fn column(&self, kind: KindIx, service: ServiceIx) -> Option<Column<'_>> {
        let of_kind = &self.kinds[kind.ix()];
        let at = of_kind.services.binary_search_by_key(&service, |&(service, _)| service).ok()?;
        // A kind without profiles has no block, and its `table + at` may lie past the end.
        let answers = self.answers.get(of_kind.table + at..)?;
        Some(Column { answers, first_profile: of_kind.first_profile, stride: of_kind.services.len() })
    }

    /// What a service that the locality does not hold (a service as it would become) says to all profiles of a kind, as a
    /// table of its own. O(profiles of the kind).
    pub(super) fn answers_to(&self, locality: &Locality, kind: KindIx, service: &Service) -> OwnColumn {
        let need = |profile: &Profile| NeedFacts::of(locality, profile.representative);
        let profiles = self.of_kind(kind).iter();
        OwnColumn {
            answers: profiles.map(|profile| answer_of_service(locality, &need(profile), service)).collect(),
            first_profile: self.kinds[kind.ix()].first_profile,
        }
    }

    /// What the services that fit a profile's kind say to it, in the order of [`Profiles::fitting_services`].
    pub(super) fn row(&self, profile: ProfileIx) -> &[Answer] {
        let OfKind { first_profile, services, table, .. } = &self.kinds[self.kind(profile).ix()];
        let from = table + (profile.ix() - first_profile) * services.len();
        &self.answers[from..from + services.len()]
    }

    fn of_kind(&self, kind: KindIx) -> &[Profile] {
        let OfKind { first_profile, n_profiles, .. } = self.kinds[kind.ix()];
        &self.profiles[first_profile..first_profile + n_profiles]
    }

    /// What the policy gives a profile where an offer states no reach.
    pub(super) fn policy_reach(&self, profile: ProfileIx) -> Range {
        self.profiles[profile.ix()].policy_reach
    }

    /// The farthest that the policy lets any profile of a kind go.
    pub(super) fn widest_policy_reach(&self, kind: KindIx) -> f64 {
        self.of_kind(kind).iter().map(|profile| profile.policy_reach.largest).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// One service's answers to the profiles of one kind, out of a table.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    answers: &'a [Answer],
    first_profile: usize,
    /// How many answers stand between one profile's and the next one's.
    stride: usize,
}

/// The answers of a service that is in no table.
pub(super) struct OwnColumn {
    answers: Vec<Answer>,
    first_profile: usize,
}

impl OwnColumn {
    pub(super) fn column(&self) -> Column<'_> {
        Column { answers: &self.answers, first_profile: self.first_profile, stride: 1 }
    }
}

impl Column<'_> {
    pub(super) fn answer(&self, profile: ProfileIx) -> Answer {
        self.answers[(profile.ix() - self.first_profile) * self.stride]
    }
}

/// All that rules and reach read of a need but its place, as far as some rule reads it.
type Key = (KindIx, Level, Option<AgeBand>, u32);

/// Each need's profile, and the profiles in order.
fn group(locality: &Locality, effort: &Effort) -> Result<(Vec<ProfileIx>, Vec<Profile>), StopReason> {
    const BLOCK: usize = 1 << 10;
    let mut tags = TagSets::of(locality);
    let n_needs = locality.needs().len();
    // Profiles are numbered as they are met, then ranked.
    let mut met: BTreeMap<Key, u32> = BTreeMap::new();
    let mut representatives: Vec<NeedIx> = Vec::new();
    let mut of: Vec<u32> = Vec::with_capacity(n_needs);
    for block in (0..n_needs).step_by(BLOCK) {
        effort.tick(8 * BLOCK as u64)?;
        for need in (block..n_needs.min(block + BLOCK)).map(NeedIx::new) {
            let facts = NeedFacts::of(locality, need);
            let key = (facts.kind, facts.level, facts.ages, tags.project(&facts));
            let number = *met.entry(key).or_insert_with(|| {
                representatives.push(need);
                representatives.len() as u32 - 1
            });
            of.push(number);
        }
    }
    let mut rank = vec![ProfileIx(0); met.len()];
    for (position, &number) in met.values().enumerate() {
        rank[number as usize] = ProfileIx::new(position);
    }
    let unit = travel_unit(locality);
    let profiles = met.iter().map(|(&(kind, _, ages, _), &number)| Profile {
        kind,
        representative: representatives[number as usize],
        policy_reach: policy_range(locality, unit, kind, ages),
    });
    let profiles = profiles.collect();
    Ok((of.into_iter().map(|number| rank[number as usize]).collect(), profiles))
}

/// Sets of tags as far as rules read them: names that no rule uses are left out, and values that no rule names are one.
struct TagSets<'a> {
    /// For each name that a rule uses, the values that rules name.
    used: BTreeMap<&'a str, Vec<&'a str>>,
    sets: BTreeMap<Vec<(u32, u32)>, u32>,
    scratch: Vec<(u32, u32)>,
}

impl<'a> TagSets<'a> {
    const OTHER_VALUE: u32 = u32::MAX;

    fn of(locality: &'a Locality) -> TagSets<'a> {
        let mut used: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for service in locality.services() {
            for tag in service.requires.iter().chain(&service.excludes) {
                used.entry(&tag.name).or_default().push(&tag.value);
            }
        }
        for values in used.values_mut() {
            values.sort_unstable();
            values.dedup();
        }
        TagSets { used, sets: BTreeMap::new(), scratch: Vec::new() }
    }

    /// A number for what the rules see of a need's tags; equal for equal sets. O(names in use x log tags).
    fn project(&mut self, need: &NeedFacts) -> u32 {
        self.scratch.clear();
        for (name_at, (name, values)) in self.used.iter().enumerate() {
            if let Some(value) = need.tag(name) {
                let value_at = values.binary_search(&value).map_or(TagSets::OTHER_VALUE, |at| at as u32);
                self.scratch.push((name_at as u32, value_at));
            }
        }
        if let Some(&set) = self.sets.get(&self.scratch) {
            return set;
        }
        let set = self.sets.len() as u32;
        self.sets.insert(self.scratch.clone(), set);
        set
    }
}

/// For each kind the services that fit it, through its types.
fn index(locality: &Locality) -> Vec<OfKind> {
    let mut services_of: Vec<Vec<ServiceIx>> = vec![Vec::new(); locality.types().len()];
    for (position, service) in locality.services().iter().enumerate() {
        for of_type in &service.types {
            services_of[of_type.ix()].push(ServiceIx::new(position));
        }
    }
    let of_kind = |kind: usize| {
        let mut services: BTreeMap<ServiceIx, Option<u16>> = BTreeMap::new();
        for meet in meets_of(locality, KindIx::new(kind)) {
            for &service in &services_of[meet.service_type.ix()] {
                let best = services.entry(service).or_insert(None);
                *best = (*best).max(meet.effect);
            }
        }
        OfKind { first_profile: 0, n_profiles: 0, services: services.into_iter().collect(), table: 0 }
    };
    (0..locality.kinds().len()).map(of_kind).collect()
}

#[cfg(test)]
mod tests {
    use super::Profiles;
    use crate::domain::NeedIx;
    use crate::eligibility::rules::{Answer, judge};
    use crate::eligibility::testing::locality;

    #[test]
    fn needs_share_a_profile_where_no_rule_tells_them_apart() {
        let place = locality(
            "area a
             need n1 kind=k area=a age=4 tags=hair:red;sex:f
             need n2 kind=k area=a age=4 tags=sex:f
             need n3 kind=k area=a age=4 tags=sex:m
             need n4 kind=k area=a age=4 tags=sex:x
             need n5 kind=k area=a age=4
             need n6 kind=k area=a age=5 tags=sex:f
             need n7 kind=l area=a age=4 tags=sex:f
             service s types=k requires=sex:f",
        );
        let profiles = Profiles::build(&place);
        let of = |id: &str| profiles.of(place.find_need(id).unwrap());
        assert_eq!(of("n1"), of("n2"));
        assert_eq!(of("n3"), of("n4"), "both are someone whom no rule names");
        for (one, other) in [("n2", "n3"), ("n3", "n5"), ("n2", "n5"), ("n2", "n6"), ("n2", "n7")] {
            assert_ne!(of(one), of(other), "{one} and {other}");
        }
        assert_eq!(profiles.len(), 5);
    }

    #[test]
    fn a_profile_speaks_for_each_of_its_needs() {
        let place = locality(
            "area a
             need n1 kind=k area=a age=4 level=2
             need n2 kind=k area=a age=4 level=3 tags=sex:f
             need n3 kind=l area=a age=9 tags=sex:m
             need n4 kind=l area=a
             service s types=k ages=3..8
             service t types=k;l ages=5..any levels=2-4 requires=sex:m
             service u types=m
             offer so service=s reach=any
             offer to service=t reach=any
             offer uo service=u reach=any",
        );
        let profiles = Profiles::build(&place);
        for need in (0..4).map(NeedIx::new) {
            for (at, offer) in place.offers().iter().enumerate() {
                let direct = judge(&place, need, crate::domain::OfferIx::new(at));
                let profile = profiles.of(need);
                assert_eq!(profiles.answer(profile, offer.service), direct.answer());
                assert_eq!(profiles.verdict(&place, profile, offer.service), direct);
            }
        }
        let kind = place.find_kind("l").unwrap();
        let fitting: Vec<&str> = profiles.fitting(kind).map(|offer| place.offers()[offer.ix()].id.as_str()).collect();
        assert_eq!(fitting, ["to"]);
    }

    #[test]
    fn the_greatest_effect_given_counts() {
        let place = locality(
            "area a
             meets k a effect=300
             meets k b effect=450
             meets k c
             meets l c
             need n kind=k area=a
             service s1 types=a;b;c
             service s2 types=c
             service s3 types=a",
        );
        let profiles = Profiles::build(&place);
        let effect = |kind: &str, service: &str| {
            let service = place.services().iter().position(|row| row.id.as_str() == service).unwrap();
            profiles.effect(place.find_kind(kind).unwrap(), crate::domain::ServiceIx::new(service))
        };
        assert_eq!(effect("k", "s1"), Some(450));
        assert_eq!(effect("k", "s2"), None);
        assert_eq!(effect("k", "s3"), Some(300));
        assert_eq!(effect("l", "s1"), None);
        assert_eq!(Answer::Yes.max(Answer::No), Answer::No);
    }
}
