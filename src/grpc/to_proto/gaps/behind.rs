//! Distinct children, what rests on estimates and assumptions, programmes, and cascades of subgroups.

use super::{cascade, whole};
use crate::grpc::pb::suffice::v1 as pb;
use crate::view::gaps::{ChildrenDocument, ProgrammeRow, RestsDocument, SubgroupAsked, SubgroupCascade};

pub(super) fn subgroup(row: SubgroupCascade) -> pb::SubgroupCascade {
    let SubgroupCascade { of, label, straddling_rows, cascade: of_part } = row;
    pb::SubgroupCascade {
        of: Some(asked(of)),
        label,
        straddling_rows: whole(straddling_rows),
        cascade: of_part.map(cascade),
    }
}

fn asked(of: SubgroupAsked) -> pb::Subgroup {
    let SubgroupAsked { kind, area, level, ages, group } = of;
    let (group, value) = group.map(|group| (group.column, group.value)).unzip();
    pb::Subgroup {
        kind: kind.unwrap_or_default(),
        area: area.unwrap_or_default(),
        level: level.map_or(0, i32::from),
        age_min: ages.map(|[min, _]| min.into()),
        age_max: ages.map(|[_, max]| max.into()),
        group: group.unwrap_or_default(),
        value: value.unwrap_or_default(),
    }
}

pub(super) fn children(document: ChildrenDocument) -> pb::Children {
    let ChildrenDocument { named, all_met, partly_met, none_met, cohorts_low, cohorts_high } = document;
    pb::Children {
        named: whole(named),
        all_met: whole(all_met),
        partly_met: whole(partly_met),
        none_met: whole(none_met),
        cohorts_low: whole(cohorts_low),
        cohorts_high: whole(cohorts_high),
    }
}

pub(super) fn rests(document: RestsDocument) -> pb::Rests {
    let RestsDocument {
        child_needs,
        estimated,
        certainty_not_stated,
        met,
        met_by_default_reach,
        met_at_assumed_levels,
        met_by_unknown_eligibility,
        met_at_unknown_places,
        met_at_undated_places,
    } = document;
    pb::Rests {
        child_needs: whole(child_needs),
        estimated: whole(estimated),
        certainty_not_stated: whole(certainty_not_stated),
        met: whole(met),
        met_by_default_reach: whole(met_by_default_reach),
        met_at_assumed_levels: whole(met_at_assumed_levels),
        met_by_unknown_eligibility: whole(met_by_unknown_eligibility),
        met_at_unknown_places: whole(met_at_unknown_places),
        met_at_undated_places: whole(met_at_undated_places),
    }
}

pub(super) fn programme(row: ProgrammeRow) -> pb::Programme {
    let ProgrammeRow { provider, services, uncoded, strategies, settings, score, meaning } = row;
    pb::Programme {
        provider,
        services: whole(services),
        uncoded: whole(uncoded),
        strategies: whole(strategies),
        settings: whole(settings),
        score: score.map(i32::from),
        meaning,
    }
}
