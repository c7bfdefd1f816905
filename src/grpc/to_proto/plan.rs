//! A plan, out.

use std::collections::BTreeMap;

use super::{code, completeness, length, provenance, stop_reason, travel_unit, whole};
use crate::grpc::pb::suffice::v1 as pb;
use crate::planning::{Millionths, WHOLE};
use crate::view::PlanDocument;
use crate::view::plan::{
    CaseRow, ChosenRow, EqualDocument, FloorAsked, FloorRow, FrontierPoint, FundAsked, FundRow, GainRow, GainsDocument,
    LeftRow, MetDocument, NotReachableDocument, ObjectiveDocument, PlanAsked, PlanRow, PlanTotals, Planned, PlannedRow,
    RelievedRow, SetRow, StepsRow, TravelDocument, TravelledDocument, UnmetDocument, WorkDocument,
};

/// Sets listed, and members of each.
const MOST: usize = 1_000;

/// The plan, with who goes where if that is at most `most_rows` rows.
pub(in crate::grpc) fn planned(planned: Planned, most_rows: usize) -> pb::PlanCommissioningResponse {
    let Planned { document, assignments } = planned;
    let PlanDocument {
        schema: _,
        status,
        reason,
        proof,
        asked: question,
        cost,
        // The objective has it too.
        bound: _,
        objective,
        funds,
        chosen: candidates,
        met: under,
        today,
        totals: of_need,
        by_kind,
        by_layer,
        by_level,
        by_age,
        by_area,
        by_group,
        deficient_sets,
        unmet: stay,
        left,
        floors,
        not_reachable: unreachable,
        travel: travels,
        equal_weights,
        cases,
        frontier,
        work: took,
        notes,
        completeness: rows_known,
        provenance: rests_on,
        disclosure,
    } = document;
    let assignment_rows = length(&assignments);
    let rows = |rows: Vec<PlanRow>| rows.into_iter().map(row).collect();
    pb::PlanCommissioningResponse {
        cost,
        chosen: candidates.into_iter().map(chosen).collect(),
        provenance: Some(provenance(rests_on)),
        status: plan_status(&status),
        reason: stop_reason(reason),
        proof: code("PROOF_", &proof, pb::Proof::from_str_name),
        asked: Some(asked(question)),
        goal: Some(goal_value(objective)),
        funds: funds.into_iter().map(fund).collect(),
        met: Some(met(under)),
        today: Some(met(today)),
        totals: Some(totals(of_need)),
        by_kind: rows(by_kind),
        by_layer: rows(by_layer),
        by_level: rows(by_level),
        by_age: rows(by_age),
        by_area: rows(by_area),
        by_group: by_group.into_iter().map(|(group, of)| pb::GroupPlanRows { group, rows: rows(of) }).collect(),
        deficient_set_count: length(&deficient_sets),
        deficient_sets: deficient_sets.into_iter().take(MOST).map(set).collect(),
        unmet: Some(unmet(stay)),
        left_count: left.as_deref().map(length),
        left: left.into_iter().flatten().take(MOST).map(set_left).collect(),
        floors: floors.into_iter().map(floor).collect(),
        not_reachable: unreachable.map(not_reachable),
        travel: travels.map(travel),
        equal_weights: equal_weights.map(equal),
        cases: cases.into_iter().flatten().map(case).collect(),
        frontier: frontier.into_iter().flatten().map(point).collect(),
        work: Some(work(took)),
        notes,
        completeness: Some(completeness(rows_known)),
        disclosure,
        assignments: match assignments.len() <= most_rows {
            true => assignments.into_iter().map(assignment).collect(),
            false => Vec::new(),
        },
        assignment_rows,
    }
}

fn unmet(unmet: UnmetDocument) -> pb::PlanUnmet {
    let UnmetDocument { beyond_reach, candidates_left_out, places } = unmet;
    pb::PlanUnmet {
        beyond_reach: whole(beyond_reach),
        candidates_left_out: whole(candidates_left_out),
        places: whole(places),
    }
}

fn plan_status(status: &str) -> i32 {
    code("PLAN_STATUS_", status, pb::PlanStatus::from_str_name)
}

pub(super) fn goal(name: &str) -> i32 {
    code("PLAN_GOAL_", name, pb::PlanGoal::from_str_name)
}

fn share(millionths: Millionths) -> f64 {
    f64::from(millionths) / f64::from(WHOLE)
}

fn asked(asked: PlanAsked) -> pb::PlanQuestion {
    let PlanAsked { budget, funds, at_most, target, floors, objective, scenarios, lose, frontier, gap } = asked;
    let floor = |FloorAsked { of, value, share: least }| pb::PlanFloor { of, value, share: share(least) };
    pb::PlanQuestion {
        budget_pence: budget,
        fund_pence: funds.into_iter().map(|FundAsked { fund, pence }| (fund, pence)).collect(),
        // They came from whole numbers of this size.
        most_candidates: at_most.map(|most| i32::try_from(most).unwrap_or(i32::MAX)),
        target_share: target.map(share),
        floors: floors.into_iter().map(floor).collect(),
        objective: code("PLAN_OBJECTIVE_", objective.as_str(), pb::PlanObjective::from_str_name),
        scenarios,
        lose_providers: lose,
        frontier_points: i32::try_from(frontier).unwrap_or(i32::MAX),
        gap,
    }
}

fn goal_value(objective: ObjectiveDocument) -> pb::PlanGoalValue {
    // The goal says which direction is better, and the unit where it is not travel.
    let ObjectiveDocument { name, unit, sense: _, value, bound, gap } = objective;
    pb::PlanGoalValue { goal: goal(&name), travel_unit: travel_unit(&unit), value, bound, gap }
}

fn fund(row: FundRow) -> pb::FundCost {
    let FundRow { fund, cost, limit } = row;
    pb::FundCost { fund, cost, limit }
}

fn chosen(row: ChosenRow) -> pb::ChosenCandidate {
    let ChosenRow { candidate, steps, kind_of, what, places, cost, fund, placed, closes, alone } = row;
    pb::ChosenCandidate {
        candidate,
        steps: steps.into(),
        kind_of: code("CANDIDATE_KIND_", &kind_of, pb::CandidateKind::from_str_name),
        what,
        places: places.map(whole),
        cost,
        fund: fund.unwrap_or_default(),
        placed: placed.map(whole),
        closes: closes.map(gains),
        alone: alone.map(gains),
    }
}

fn gains(gains: GainsDocument) -> pb::CandidateGains {
    let GainsDocument { child_needs, weight, outside, by_kind, by_layer, by_level, by_area, by_group, relieves } =
        gains;
    let groups = |by_group: BTreeMap<String, Vec<GainRow>>| {
        by_group.into_iter().map(|(group, rows)| pb::GroupPlanGains { group, rows: gain_rows(rows) }).collect()
    };
    pb::CandidateGains {
        child_needs,
        weight,
        outside,
        by_kind: gain_rows(by_kind),
        by_layer: gain_rows(by_layer),
        by_level: gain_rows(by_level),
        by_area: gain_rows(by_area),
        by_group: groups(by_group),
        relieves: (relieves.into_iter())
            .map(|RelievedRow { deficient_set, child_needs }| pb::Relief {
                deficient_set: whole(deficient_set),
                child_needs,
            })
            .collect(),
    }
}

fn gain_rows(rows: Vec<GainRow>) -> Vec<pb::PlanGain> {
    let row = |GainRow { key, label, child_needs, weight }| pb::PlanGain { key, label, child_needs, weight };
    rows.into_iter().map(row).collect()
}

fn met(met: MetDocument) -> pb::PlanMet {
    let MetDocument { child_needs, weight, share } = met;
    pb::PlanMet { child_needs: whole(child_needs), weight: whole(weight), share }
}

fn totals(totals: PlanTotals) -> pb::PlanTotals {
    let PlanTotals { rows, unknown_rows, child_needs, weight } = totals;
    pb::PlanTotals {
        rows: whole(rows),
        unknown_rows: whole(unknown_rows),
        child_needs: whole(child_needs),
        weight: whole(weight),
    }
}

fn row(row: PlanRow) -> pb::PlanRow {
    let PlanRow { key, label, child_needs, met_today, met, unmet, unknown_rows } = row;
    pb::PlanRow {
        key,
        label,
        child_needs: whole(child_needs),
        met_today: whole(met_today),
        met: whole(met),
        unmet: whole(unmet),
        unknown_rows: whole(unknown_rows),
    }
}

fn set(row: SetRow) -> pb::RelievedSet {
    let SetRow { kinds, child_needs, mut offers, places, short, unmet_after } = row;
    let offer_count = length(&offers);
    offers.truncate(MOST);
    pb::RelievedSet {
        kinds,
        child_needs: whole(child_needs),
        offers,
        offer_count,
        places: whole(places),
        short: whole(short),
        unmet_after: whole(unmet_after),
    }
}

fn set_left(row: LeftRow) -> pb::SetLeft {
    let LeftRow { kinds, child_needs, mut offers, places, short } = row;
    let offer_count = length(&offers);
    offers.truncate(MOST);
    pb::SetLeft {
        kinds,
        child_needs: whole(child_needs),
        offers,
        offer_count,
        places: whole(places),
        short: whole(short),
    }
}

fn floor(row: FloorRow) -> pb::FloorMet {
    let FloorRow { of, key, label, case, share, child_needs, least, met } = row;
    pb::FloorMet { of, key, label, case, share, child_needs: whole(child_needs), least: whole(least), met: whole(met) }
}

fn not_reachable(why: NotReachableDocument) -> pb::NotReachable {
    let NotReachableDocument {
        what,
        missing,
        proved,
        beyond_reach,
        mut beyond_reach_needs,
        beyond_reach_by_kind,
        beyond_reach_by_area,
    } = why;
    let beyond_reach_need_count = length(&beyond_reach_needs);
    beyond_reach_needs.truncate(MOST);
    pb::NotReachable {
        what: code("NOT_REACHABLE_WHAT_", &what, pb::NotReachableWhat::from_str_name),
        missing: missing.map(whole),
        proved,
        beyond_reach: whole(beyond_reach),
        beyond_reach_needs,
        beyond_reach_need_count,
        beyond_reach_by_kind: gain_rows(beyond_reach_by_kind),
        beyond_reach_by_area: gain_rows(beyond_reach_by_area),
    }
}

fn travel(travel: TravelDocument) -> pb::PlanTravel {
    let TravelDocument { unit, today, plan, pence_per_km } = travel;
    pb::PlanTravel {
        unit: travel_unit(&unit),
        today: today.map(travelled),
        plan: plan.map(travelled),
        pence_per_km: whole(pence_per_km),
    }
}

fn travelled(of: TravelledDocument) -> pb::Travelled {
    let TravelledDocument { children, all, farthest, pence } = of;
    pb::Travelled { children: whole(children), all, farthest, pence }
}

fn equal(equally: EqualDocument) -> pb::EqualWeights {
    let EqualDocument { met, met_by_best, cost_of_best, best, is_proved } = equally;
    pb::EqualWeights { met: whole(met), met_by_best: whole(met_by_best), cost_of_best, best: steps(best), is_proved }
}

fn steps(rows: Vec<StepsRow>) -> Vec<pb::CandidateSteps> {
    let row = |StepsRow { candidate, steps }| pb::CandidateSteps { candidate, steps: i64::from(steps) };
    rows.into_iter().map(row).collect()
}

fn case(row: CaseRow) -> pb::PlanCase {
    let CaseRow { of, id, planned_for, child_needs, met_without_plan, met, unmet } = row;
    pb::PlanCase {
        of: code("PLAN_CASE_OF_", &of, pb::PlanCaseOf::from_str_name),
        id,
        planned_for,
        child_needs: whole(child_needs),
        met_without_plan: whole(met_without_plan),
        met: whole(met),
        unmet: whole(unmet),
    }
}

fn point(point: FrontierPoint) -> pb::FrontierPoint {
    let FrontierPoint { budget, cost, child_needs, share, weight, weight_bound, pence_per_child_need, chosen, status } =
        point;
    pb::FrontierPoint {
        budget,
        cost,
        child_needs: whole(child_needs),
        share,
        weight,
        weight_bound,
        pence_per_child_need,
        chosen: steps(chosen),
        status: plan_status(&status),
    }
}

fn work(work: WorkDocument) -> pb::PlanWork {
    let WorkDocument { nodes, relaxations, inner_problems, cuts } = work;
    pb::PlanWork {
        nodes: whole(nodes),
        relaxations: whole(relaxations),
        inner_problems: whole(inner_problems),
        cuts: whole(cuts),
    }
}

fn assignment(row: PlannedRow) -> pb::PlannedAssignment {
    let PlannedRow { need, offer, candidate, children, travel } = row;
    pb::PlannedAssignment { need, offer, candidate, children: whole(children), travel }
}

#[cfg(test)]
mod tests {
    use super::{code, goal, pb, plan_status};

    /// A word that has no code would reach clients as 0: every word that a plan can say is tried here.
    #[test]
    fn every_word_has_its_code() {
        for status in ["optimal", "within_gap", "stopped", "not_reachable"] {
            assert_ne!(plan_status(status), 0, "{status}");
        }
        for word in ["need", "cost", "cost_and_transport", "travel", "farthest"] {
            assert_ne!(goal(word), 0, "{word}");
        }
        for word in ["need", "travel", "farthest"] {
            assert_ne!(code("PLAN_OBJECTIVE_", word, pb::PlanObjective::from_str_name), 0, "{word}");
        }
        for word in ["places", "offer", "widen", "close"] {
            assert_ne!(code("CANDIDATE_KIND_", word, pb::CandidateKind::from_str_name), 0, "{word}");
        }
        for word in ["recorded", "scenario", "without_provider"] {
            assert_ne!(code("PLAN_CASE_OF_", word, pb::PlanCaseOf::from_str_name), 0, "{word}");
        }
        for word in ["target", "limits"] {
            assert_ne!(code("NOT_REACHABLE_WHAT_", word, pb::NotReachableWhat::from_str_name), 0, "{word}");
        }
        for word in ["bound", "backend"] {
            assert_ne!(code("PROOF_", word, pb::Proof::from_str_name), 0, "{word}");
        }
    }
}
