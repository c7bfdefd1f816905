//! What would let most in, on whom it depends, and who competes for whom: the reasons of `suffice.gaps/1` beyond causes.

use serde::{Deserialize, Serialize};

use crate::domain::{Locality, ProviderIx};
use crate::eligibility::SinglePoint;
use crate::engine::{Failure, Resident};
use crate::gaps::Gaps;
use crate::gaps::optimum::Today;
use crate::gaps::overlap::{self, Choice, CouldTake, Overlap, ProviderOverlap, ServiceOverlap};
use crate::gaps::providers::{self, Concentration, Loss, Losses, PlacesByProvider};
use crate::gaps::relaxations::{self, Relaxation, Relaxations, Relaxed, Standing};
use crate::matching::NotFormulated;
use crate::solve::Effort;
use crate::view::common::kind_key;

/// Which single rule, relaxed by how much, would let most unmet child-needs in, found by solving again with each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelaxationsDocument {
    /// Child-needs that go unmet because of rules or distance.
    pub kept_out: u64,
    /// Of these, those whose nearest misses were looked for.
    pub looked_at: u64,
    /// Of these, those whom one rule alone keeps from some offer.
    pub one_rule_away: u64,
    /// Rules that are the nearest miss of some.
    pub rules: u64,
    /// Those tried; what gives most first.
    pub tried: Vec<RelaxationRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelaxationRow {
    pub service: String,
    /// The service's name, for a reader.
    pub name: String,
    /// Null where the rule is the service's own.
    pub offer: Option<String>,
    /// What would change: "takes up to 6 years, not 4".
    pub change: String,
    /// Child-needs kept out whose nearest miss this is.
    pub nearest_for: u64,
    /// Child-needs, met today or not, that could go where they cannot go today.
    pub opens_to: u64,
    pub opens_to_unmet: u64,
    /// Change of the most child-needs that can be met; null where there was no time to solve.
    pub child_needs: Option<i64>,
    /// The same by weight.
    pub weight: Option<i64>,
}

/// On how few providers places depend, and whose need is stranded if one closes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProvidersDocument {
    pub all: ConcentrationRow,
    /// A place that serves several kinds counts under each of them.
    pub by_kind: Vec<ConcentrationRow>,
    /// Closing one provider and keeping every other, those that take most children first.
    pub losses: Vec<LossRow>,
    /// Providers that take anyone; those beyond `losses` were not tested.
    pub providers: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConcentrationRow {
    /// The kind; empty for all.
    pub key: String,
    pub label: String,
    /// Herfindahl-Hirschman index of the providers' shares of known places, 0 to 1: 1 where one has all. Null where no
    /// place is known.
    pub hhi: Option<f64>,
    /// Providers with a known place.
    pub providers: u64,
    /// The provider with most places, and how many.
    pub largest: Option<String>,
    pub largest_places: u64,
    pub places: u64,
    pub offers_with_places_unknown: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossRow {
    pub provider: String,
    /// Child-needs that it takes in the matching.
    pub takes: u64,
    /// Child-needs met today that would not be.
    pub newly_unmet: u64,
    pub by_kind: Vec<LossKind>,
    /// Child-needs that no other provider could take, full or not.
    pub lose_every_offer: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossKind {
    pub kind: String,
    pub newly_unmet: u64,
}

/// Which services compete for the same needs while others have none: child-needs by how many services could take them
/// (let in, in reach, not declined), with places or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapDocument {
    pub all: ChoiceRow,
    pub by_kind: Vec<ChoiceRow>,
    pub by_provider: Vec<CouldTakeRow>,
    pub by_service: Vec<CouldTakeRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceRow {
    /// The kind; empty for all.
    pub key: String,
    pub label: String,
    pub none: u64,
    pub one: u64,
    pub two: u64,
    pub three_or_more: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouldTakeRow {
    pub provider: String,
    /// Null in the rows of providers.
    pub service: Option<String>,
    /// Child-needs that it could take.
    pub child_needs: u64,
    /// Of these, those that another provider could take too.
    pub another_provider_too: u64,
}

/// A part that a stop leaves out is null.
#[derive(Default)]
pub(super) struct FurtherReasons {
    pub relaxations: Option<RelaxationsDocument>,
    pub providers: Option<ProvidersDocument>,
    pub overlap: Option<OverlapDocument>,
}

/// Of a matching that was stopped none of it: there is no optimum to compare with.
/// `single_points` is None where a stop came before they were known.
pub(super) fn further_reasons(
    resident: &Resident,
    gaps: &Gaps,
    single_points: Option<&[SinglePoint]>,
    effort: &Effort,
) -> Result<FurtherReasons, Failure> {
    let Some(single_points) = single_points.filter(|_| gaps.matching.is_optimal()) else {
        return Ok(FurtherReasons::default());
    };
    match parts(resident, gaps, single_points, effort) {
        Ok(reasons) => Ok(reasons),
        Err(NotFormulated::Stopped(_)) => Ok(FurtherReasons::default()),
        Err(NotFormulated::Refused(refused)) => Err(refused.into()),
    }
}

fn parts(
    resident: &Resident,
    gaps: &Gaps,
    single_points: &[SinglePoint],
    effort: &Effort,
) -> Result<FurtherReasons, NotFormulated> {
    let locality = resident.locality();
    effort.look()?;
    let pairs = resident.pairs(effort)?;
    let (overlap, today) = effort.both(
        || overlap::find(locality, &pairs, &gaps.matching.asking, effort),
        || Today::solve(locality, &gaps.matching, effort),
    );
    let (overlap, today) = (overlap?, today?);
    let standing = Standing {
        locality,
        profiles: resident.profiles(),
        declines: resident.declines(),
        pairs: &pairs,
        matching: &gaps.matching,
        unmet: &gaps.reasons.unmet,
    };
    let settings = providers::Settings::default();
    let (relaxations, losses) = effort.both(
        || relaxations::find(standing, &today, relaxations::Settings::default(), effort),
        || providers::losses(locality, &gaps.matching, &today, single_points, settings, effort),
    );
    let (relaxations, losses) = (relaxations?, losses?);
    let concentration = providers::concentration(locality, resident.profiles(), effort)?;
    Ok(FurtherReasons {
        relaxations: Some(relaxations_document(locality, &relaxations)),
        providers: Some(providers_document(locality, &concentration, &losses)),
        overlap: Some(overlap_document(locality, &overlap)),
    })
}

fn relaxations_document(locality: &Locality, found: &Relaxations) -> RelaxationsDocument {
    let row = |relaxation: &Relaxation| {
        let Relaxation { relaxed, nearest_for, opens_to, opens_to_unmet, change } = relaxation;
        let (service, offer) = match relaxed {
            Relaxed::Service { service, .. } => (*service, None),
            Relaxed::Offer { offer, .. } => (locality.offers()[offer.ix()].service, Some(*offer)),
        };
        let service = &locality.services()[service.ix()];
        RelaxationRow {
            service: service.id.to_string(),
            name: service.name.clone(),
            offer: offer.map(|offer| locality.offers()[offer.ix()].id.to_string()),
            change: relaxed.words(locality),
            nearest_for: *nearest_for,
            opens_to: *opens_to,
            opens_to_unmet: *opens_to_unmet,
            child_needs: change.map(|change| change.child_needs),
            weight: change.map(|change| change.weight),
        }
    };
    RelaxationsDocument {
        kept_out: found.kept_out,
        looked_at: found.looked_at,
        one_rule_away: found.one_rule_away,
        rules: found.rules,
        tried: found.tried.iter().map(row).collect(),
    }
}

fn provider_id(locality: &Locality, provider: ProviderIx) -> String {
    locality.providers()[provider.ix()].to_string()
}

fn providers_document(locality: &Locality, concentration: &Concentration, losses: &Losses) -> ProvidersDocument {
    let row = |(key, label): (String, String), of: &PlacesByProvider| ConcentrationRow {
        key,
        label,
        hhi: of.hhi,
        providers: of.places.len() as u64,
        largest: of.places.first().map(|&(provider, _)| provider_id(locality, provider)),
        largest_places: of.places.first().map_or(0, |&(_, places)| places),
        places: of.places.iter().map(|&(_, places)| places).fold(0, u64::saturating_add),
        offers_with_places_unknown: of.offers_with_places_unknown,
    };
    let loss = |loss: &Loss| LossRow {
        provider: provider_id(locality, loss.provider),
        takes: loss.takes,
        newly_unmet: loss.newly_unmet_child_needs(),
        by_kind: loss
            .newly_unmet
            .iter()
            .map(|(&kind, &newly_unmet)| LossKind { kind: kind_key(locality, kind).0, newly_unmet })
            .collect(),
        lose_every_offer: loss.lose_every_offer.known,
    };
    ProvidersDocument {
        all: row((String::new(), String::new()), &concentration.all),
        by_kind: concentration.by_kind.iter().map(|(&kind, of)| row(kind_key(locality, kind), of)).collect(),
        losses: losses.tested.iter().map(loss).collect(),
        providers: losses.providers,
    }
}

fn overlap_document(locality: &Locality, found: &Overlap) -> OverlapDocument {
    let choice = |(key, label): (String, String), choice: &Choice| {
        let &Choice { none, one, two, three_or_more } = choice;
        ChoiceRow { key, label, none, one, two, three_or_more }
    };
    let could_take = |provider, service: Option<String>, taken: &CouldTake| CouldTakeRow {
        provider: provider_id(locality, provider),
        service,
        child_needs: taken.child_needs,
        another_provider_too: taken.another_provider_too,
    };
    let of_provider = |row: &ProviderOverlap| could_take(row.provider, None, &row.taken);
    let of_service = |row: &ServiceOverlap| {
        could_take(row.provider, Some(locality.services()[row.service.ix()].id.to_string()), &row.taken)
    };
    OverlapDocument {
        all: choice((String::new(), String::new()), &found.all),
        by_kind: found.by_kind.iter().map(|(&kind, row)| choice(kind_key(locality, kind), row)).collect(),
        by_provider: found.providers.iter().map(of_provider).collect(),
        by_service: found.services.iter().map(of_service).collect(),
    }
}
