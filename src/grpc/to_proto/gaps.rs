//! What is missing.

mod behind;

use super::{cause, completeness, deficient_set, length, provenance, solve_status, stop_reason, whole};
use crate::grpc::pb::suffice::v1 as pb;
use crate::view::GapsDocument;
use crate::view::gaps::{
    AccessDocument, AccessRow, AgeRow, BottleneckRow, CascadeDocument, CauseRow, ChoiceRow, ConcentrationRow,
    CouldTakeRow, Driver, Ecology, FamiliesDocument, GapRow, GapTotals, LayerMatrix, LayerRow, LossKind, LossRow,
    NotByAge, OutcomeRow, OutsideRow, OverlapDocument, ProvidersDocument, RelaxationRow, RelaxationsDocument,
    SinglePoint, StageRow, TenthRow, UnmetRow, VoicesRow,
};

/// Deficient sets listed.
const MOST_SETS: usize = 1_000;

/// The analysis with the first `most_rows` needs that are unmet.
pub(in crate::grpc) fn gaps(document: GapsDocument, most_rows: usize) -> pb::AnalyseGapsResponse {
    let GapsDocument {
        schema: _,
        status,
        reason,
        totals,
        causes,
        by_kind,
        by_layer,
        by_level,
        by_age,
        by_area,
        by_group,
        deficient_sets,
        layer_matrix,
        cascade: lost_at,
        subgroups,
        children: distinct,
        rests: rest_on,
        programmes,
        unmet,
        ecology,
        relaxations: rules,
        providers: depends_on,
        overlap: competing,
        access,
        families,
        outcomes,
        notes,
        completeness: rows,
        provenance: rests_on,
        disclosure,
    } = document;
    let table = |rows: Vec<GapRow>| rows.into_iter().map(gap_row).collect();
    pb::AnalyseGapsResponse {
        status: solve_status(&status),
        reason: stop_reason(reason),
        totals: Some(gap_totals(totals)),
        causes: causes.into_iter().map(cause_count).collect(),
        by_kind: table(by_kind),
        by_layer: table(by_layer),
        by_level: table(by_level),
        by_age: table(by_age),
        by_area: table(by_area),
        by_group: by_group.into_iter().map(|(group, rows)| pb::GroupGaps { group, rows: table(rows) }).collect(),
        deficient_set_count: length(&deficient_sets),
        deficient_sets: deficient_sets.into_iter().take(MOST_SETS).map(deficient_set).collect(),
        layer_matrix: Some(matrix(layer_matrix)),
        unmet_rows: length(&unmet),
        unmet: unmet.into_iter().take(most_rows).map(unmet_need).collect(),
        ecology: ecology.map(ecological),
        relaxations: rules.map(relaxations),
        providers: depends_on.map(providers),
        overlap: competing.map(overlap),
        cascade: lost_at.map(cascade),
        subgroups: subgroups.into_iter().map(behind::subgroup).collect(),
        children: distinct.map(behind::children),
        rests: rest_on.map(behind::rests),
        programmes: programmes.into_iter().map(behind::programme).collect(),
        access: access.map(accessibility),
        families: families.map(voices),
        outcomes: outcomes.into_iter().map(outcome).collect(),
        notes,
        completeness: Some(completeness(rows)),
        provenance: Some(provenance(rests_on)),
        disclosure,
    }
}

fn gap_totals(totals: GapTotals) -> pb::GapTotals {
    let GapTotals { rows, unknown_rows, child_needs, met, unmet, unmet_low, unmet_high, weight, weight_met } = totals;
    pb::GapTotals {
        rows: whole(rows),
        unknown_rows: whole(unknown_rows),
        child_needs: whole(child_needs),
        met: whole(met),
        unmet: whole(unmet),
        unmet_low: whole(unmet_low),
        unmet_high: whole(unmet_high),
        weight: whole(weight),
        weight_met: whole(weight_met),
    }
}

fn cause_count(row: CauseRow) -> pb::CauseCount {
    let CauseRow { cause: word, child_needs, meaning } = row;
    pb::CauseCount { cause: cause(&word), child_needs: whole(child_needs), meaning }
}

fn gap_row(row: GapRow) -> pb::GapRow {
    let GapRow { key, label, child_needs, met, unmet, unknown_rows, met_least, met_most } = row;
    pb::GapRow {
        key,
        label,
        child_needs: whole(child_needs),
        met: whole(met),
        unmet: whole(unmet),
        unknown_rows: whole(unknown_rows),
        met_least: met_least.map(whole),
        met_most: met_most.map(whole),
    }
}

fn matrix(matrix: LayerMatrix) -> pb::LayerMatrix {
    let LayerMatrix { columns, rows, places, places_by_setting } = matrix;
    pb::LayerMatrix {
        columns,
        rows: rows.into_iter().map(layer_row).collect(),
        places: places.into_iter().map(whole).collect(),
        places_by_setting: places_by_setting.into_iter().map(whole).collect(),
    }
}

fn layer_row(row: LayerRow) -> pb::LayerRow {
    let LayerRow { layer, child_needs, met, unmet } = row;
    let met = met.into_iter().map(whole).collect();
    pb::LayerRow { layer, child_needs: whole(child_needs), met, unmet: whole(unmet) }
}

fn unmet_need(row: UnmetRow) -> pb::UnmetNeed {
    let UnmetRow { need, kind, area, child_needs, cause: word, why, nearest_offer, deficient_set } = row;
    pb::UnmetNeed {
        need,
        kind,
        area,
        child_needs: whole(child_needs),
        cause: cause(&word),
        why,
        nearest_offer: nearest_offer.unwrap_or_default(),
        deficient_set: deficient_set.map(whole),
    }
}

fn ecological(ecology: Ecology) -> pb::Ecology {
    let Ecology { components, largest_component_needs, single_points, drivers } = ecology;
    pb::Ecology {
        components: whole(components),
        largest_component_needs: whole(largest_component_needs),
        single_points: single_points.into_iter().map(single_point).collect(),
        drivers: drivers.into_iter().map(driver).collect(),
    }
}

fn single_point(point: SinglePoint) -> pb::SinglePoint {
    let SinglePoint { provider, needs, child_needs } = point;
    pb::SinglePoint { provider, needs: whole(needs), child_needs: whole(child_needs) }
}

fn driver(driver: Driver) -> pb::Driver {
    let Driver { kind, driven_by, strength, source, child_needs, driven, in_child, in_area, layer, addressed } = driver;
    pb::Driver {
        kind,
        driven_by,
        strength,
        source,
        child_needs: whole(child_needs),
        driven: whole(driven),
        in_child: whole(in_child),
        in_area: whole(in_area),
        layer,
        addressed,
    }
}

pub(super) fn accessibility(access: AccessDocument) -> pb::Access {
    let AccessDocument {
        measure,
        places_per_child_need,
        e2sfca,
        by_kind,
        by_area,
        by_age,
        not_by_age,
        by_tenth,
        unlimited_offers,
        unknown_offers,
    } = access;
    pb::Access {
        measure,
        places_per_child_need,
        e2sfca,
        by_kind: by_kind.into_iter().map(access_row).collect(),
        by_area: by_area.into_iter().map(access_row).collect(),
        by_age: by_age.into_iter().map(age_row).collect(),
        not_by_age: not_by_age.into_iter().map(not_by_age_row).collect(),
        by_tenth: by_tenth.unwrap_or_default().into_iter().map(tenth_row).collect(),
        unlimited_offers: whole(unlimited_offers),
        unknown_offers: whole(unknown_offers),
    }
}

fn access_row(row: AccessRow) -> pb::AccessRow {
    let AccessRow { key, label, child_needs, places_per_child_need, e2sfca } = row;
    pb::AccessRow { key, label, child_needs: whole(child_needs), places_per_child_need, e2sfca }
}

fn age_row(row: AgeRow) -> pb::AgeAccess {
    let AgeRow { kind, age, child_needs, places_per_child_need, falls_by_half } = row;
    pb::AgeAccess { kind, age: age.into(), child_needs: whole(child_needs), places_per_child_need, falls_by_half }
}

fn not_by_age_row(row: NotByAge) -> pb::NotByAge {
    let NotByAge { kind, child_needs } = row;
    pb::NotByAge { kind, child_needs: whole(child_needs) }
}

fn tenth_row(row: TenthRow) -> pb::TenthAccess {
    let TenthRow { tenth, areas, child_needs, places, places_per_child_need, e2sfca } = row;
    pb::TenthAccess {
        tenth: tenth.into(),
        areas: whole(areas),
        child_needs: whole(child_needs),
        places_per_child_need,
        e2sfca,
        places,
    }
}

fn voices(families: FamiliesDocument) -> pb::Families {
    let FamiliesDocument { by_kind, not_stated } = families;
    pb::Families { by_kind: by_kind.into_iter().map(voices_row).collect(), not_stated: whole(not_stated) }
}

fn voices_row(row: VoicesRow) -> pb::Voices {
    let VoicesRow {
        kind,
        label,
        layer,
        stated,
        felt_not_normative,
        normative_not_felt,
        expressed_not_supplied,
        unknown_rows,
    } = row;
    pb::Voices {
        kind,
        label,
        layer,
        stated: whole(stated),
        felt_not_normative: whole(felt_not_normative),
        normative_not_felt: normative_not_felt.map(whole),
        expressed_not_supplied: whole(expressed_not_supplied),
        unknown_rows: whole(unknown_rows),
    }
}

fn outcome(row: OutcomeRow) -> pb::ThreatenedOutcome {
    let OutcomeRow { outcome, framework, indicator, kinds, child_needs, unmet } = row;
    pb::ThreatenedOutcome { outcome, framework, indicator, kinds, child_needs: whole(child_needs), unmet: whole(unmet) }
}

pub(super) fn cascade(cascade: CascadeDocument) -> pb::Cascade {
    let CascadeDocument { child_needs, unknown_rows, stages, contact_most, contact_outside, bottleneck } = cascade;
    pb::Cascade {
        child_needs: whole(child_needs),
        unknown_rows: whole(unknown_rows),
        stages: stages.into_iter().map(cascade_stage).collect(),
        contact_most: contact_most.map(whole),
        contact_outside: contact_outside.map(outside),
        bottleneck: bottleneck.map(narrowest),
    }
}

fn cascade_stage(row: StageRow) -> pb::CascadeStage {
    let StageRow { stage, child_needs, share, not_recorded } = row;
    pb::CascadeStage { stage, child_needs, share, not_recorded: not_recorded.unwrap_or_default() }
}

fn outside(row: OutsideRow) -> pb::ContactOutside {
    let OutsideRow { total, no_type, not_accessible, declined, places_unknown, beyond } = row;
    pb::ContactOutside {
        total: whole(total),
        no_type: whole(no_type),
        not_accessible: whole(not_accessible),
        declined: whole(declined),
        places_unknown: whole(places_unknown),
        beyond: whole(beyond),
    }
}

fn narrowest(row: BottleneckRow) -> pb::Bottleneck {
    let BottleneckRow { from, to, lost, sure } = row;
    pb::Bottleneck { from: from.unwrap_or_default(), to, lost, sure }
}

fn relaxations(found: RelaxationsDocument) -> pb::Relaxations {
    let RelaxationsDocument { kept_out, looked_at, one_rule_away, rules, tried } = found;
    pb::Relaxations {
        kept_out: whole(kept_out),
        looked_at: whole(looked_at),
        one_rule_away: whole(one_rule_away),
        rules: whole(rules),
        tried: tried.into_iter().map(relaxation).collect(),
    }
}

fn relaxation(row: RelaxationRow) -> pb::Relaxation {
    let RelaxationRow { service, name, offer, change, nearest_for, opens_to, opens_to_unmet, child_needs, weight } =
        row;
    pb::Relaxation {
        service,
        name,
        offer: offer.unwrap_or_default(),
        change,
        nearest_for: whole(nearest_for),
        opens_to: whole(opens_to),
        opens_to_unmet: whole(opens_to_unmet),
        child_needs,
        weight,
    }
}

fn providers(found: ProvidersDocument) -> pb::Providers {
    let ProvidersDocument { all, by_kind, losses, providers } = found;
    pb::Providers {
        all: Some(provider_concentration(all)),
        by_kind: by_kind.into_iter().map(provider_concentration).collect(),
        losses: losses.into_iter().map(loss).collect(),
        providers: whole(providers),
    }
}

fn provider_concentration(row: ConcentrationRow) -> pb::ProviderConcentration {
    let ConcentrationRow { key, label, hhi, providers, largest, largest_places, places, offers_with_places_unknown } =
        row;
    pb::ProviderConcentration {
        key,
        label,
        hhi,
        providers: whole(providers),
        largest: largest.unwrap_or_default(),
        largest_places: whole(largest_places),
        places: whole(places),
        offers_with_places_unknown: whole(offers_with_places_unknown),
    }
}

fn loss(row: LossRow) -> pb::ProviderLoss {
    let LossRow { provider, takes, newly_unmet, by_kind, lose_every_offer } = row;
    let kind = |LossKind { kind, newly_unmet }| pb::KindLoss { kind, newly_unmet: whole(newly_unmet) };
    pb::ProviderLoss {
        provider,
        takes: whole(takes),
        newly_unmet: whole(newly_unmet),
        by_kind: by_kind.into_iter().map(kind).collect(),
        lose_every_offer: whole(lose_every_offer),
    }
}

fn overlap(found: OverlapDocument) -> pb::Overlap {
    let OverlapDocument { all, by_kind, by_provider, by_service } = found;
    pb::Overlap {
        all: Some(choice(all)),
        by_kind: by_kind.into_iter().map(choice).collect(),
        by_provider: by_provider.into_iter().map(could_take).collect(),
        by_service: by_service.into_iter().map(could_take).collect(),
    }
}

fn choice(row: ChoiceRow) -> pb::Choice {
    let ChoiceRow { key, label, none, one, two, three_or_more } = row;
    pb::Choice { key, label, none: whole(none), one: whole(one), two: whole(two), three_or_more: whole(three_or_more) }
}

fn could_take(row: CouldTakeRow) -> pb::CouldTake {
    let CouldTakeRow { provider, service, child_needs, another_provider_too } = row;
    pb::CouldTake {
        provider,
        service: service.unwrap_or_default(),
        child_needs: whole(child_needs),
        another_provider_too: whole(another_provider_too),
    }
}
