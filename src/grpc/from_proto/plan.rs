//! What a plan is asked for.

use super::{duration, pb, route};
use crate::planning::{Millionths, WHOLE};
use crate::service::{Error, Named, PlanOrder, RequestKey, Violation};
use crate::view::plan::{FloorAsked, FundAsked, PlanAsked, PlanObjective};

/// Every field that cannot be meant; whether the locality has such parts is seen later.
pub(in crate::grpc) fn plan_order(request: pb::PlanCommissioningRequest) -> Result<PlanOrder, Error> {
    let pb::PlanCommissioningRequest { name, time_limit, request_id, validate_only, question, backend } = request;
    let mut wrong = Vec::new();
    let named = kept(Named::parse("name", &name), &mut wrong);
    let request = match &named {
        Some(named) => kept(RequestKey::parse("request_id", &named.locality.authority, &request_id), &mut wrong),
        None => None,
    };
    let time_limit = kept(duration("time_limit", time_limit), &mut wrong).flatten();
    let route = kept(route("backend", backend), &mut wrong);
    let asked = match question {
        Some(question) => asked(question, &mut wrong),
        None => {
            wrong.push(Violation::new("question", "wanted what the plan is to aim for"));
            PlanAsked::default()
        }
    };
    match (named, route) {
        (Some(named), Some(route)) if wrong.is_empty() => {
            Ok(PlanOrder { named, request: request.flatten(), validate_only, time_limit, asked, route })
        }
        _ => Err(Error::Invalid(wrong)),
    }
}

/// What is right, or None with what is wrong put to the rest.
fn kept<T>(read: Result<T, Error>, wrong: &mut Vec<Violation>) -> Option<T> {
    read.map_err(|error| match error {
        Error::Invalid(violations) => wrong.extend(violations),
        // Names, ids and durations are refused by field alone.
        other => wrong.push(Violation::new("", other.to_string())),
    })
    .ok()
}

fn asked(question: pb::PlanQuestion, wrong: &mut Vec<Violation>) -> PlanAsked {
    let pb::PlanQuestion {
        budget_pence,
        fund_pence,
        most_candidates,
        target_share,
        floors,
        objective,
        scenarios,
        lose_providers,
        frontier_points,
        gap,
    } = question;
    let mut tell = |field: &str, wanted: &str| wrong.push(Violation::new(format!("question.{field}"), wanted));
    let at_most = most_candidates.and_then(|most| {
        let most = u32::try_from(most).ok();
        if most.is_none() {
            tell("most_candidates", "wanted 1 or more");
        }
        most
    });
    let frontier = u32::try_from(frontier_points).unwrap_or_else(|_| {
        tell("frontier_points", "wanted 0 to 1,000 points");
        0
    });
    let objective = match pb::PlanObjective::try_from(objective) {
        Ok(pb::PlanObjective::Unspecified | pb::PlanObjective::Need) => PlanObjective::Need,
        Ok(pb::PlanObjective::Travel) => PlanObjective::Travel,
        Ok(pb::PlanObjective::Farthest) => PlanObjective::Farthest,
        Err(_) => {
            tell("objective", "wanted PLAN_OBJECTIVE_NEED, PLAN_OBJECTIVE_TRAVEL, PLAN_OBJECTIVE_FARTHEST or nothing");
            PlanObjective::Need
        }
    };
    let mut share = |field: &str, share: f64| {
        millionths(share).unwrap_or_else(|| {
            tell(field, "wanted a share from 0 to 1 with at most six decimals");
            0
        })
    };
    let target = target_share.map(|target| share("target_share", target));
    let floors = (floors.into_iter().enumerate())
        .map(|(at, pb::PlanFloor { of, value, share: least })| FloorAsked {
            of,
            value,
            share: share(&format!("floors[{at}].share"), least),
        })
        .collect();
    PlanAsked {
        budget: budget_pence,
        funds: fund_pence.into_iter().map(|(fund, pence)| FundAsked { fund, pence }).collect(),
        at_most,
        target,
        floors,
        objective,
        scenarios,
        lose: lose_providers,
        frontier,
        gap: f64::from(share("gap", gap)) / f64::from(WHOLE),
    }
}

/// A share as millionths, exactly: the number is the double nearest to one with six decimals, as a caller's program reads
/// `0.95`. Anything finer is refused, so that nobody is answered another question than was asked.
fn millionths(share: f64) -> Option<Millionths> {
    if !(0.0..=1.0).contains(&share) {
        return None;
    }
    let millionths = (share * f64::from(WHOLE)).round();
    // From 0 to 1,000,000, so nothing is lost.
    (millionths / f64::from(WHOLE) == share).then_some(millionths as Millionths)
}

/// The fields of the request that a locality's own problems with a question are about.
pub(in crate::grpc) fn by_field(error: Error) -> Error {
    let Error::Invalid(violations) = error else { return error };
    let named = |violation: Violation| {
        let field = match violation.field.strip_prefix("plan.") {
            None => return violation,
            // What is missing is the locality's own: nothing to choose from.
            Some("candidates.csv") => "name",
            Some("budget") => "question.budget_pence",
            Some("fund") => "question.fund_pence",
            Some("at_most") => "question.most_candidates",
            Some("target") => "question.target_share",
            Some("floor") => "question.floors",
            Some("scenario") => "question.scenarios",
            Some("lose") => "question.lose_providers",
            Some("frontier") => "question.frontier_points",
            Some("objective") => "question.objective",
            Some("gap") => "question.gap",
            Some(_) => "question",
        };
        Violation::new(field, violation.description)
    };
    Error::Invalid(violations.into_iter().map(named).collect())
}

#[cfg(test)]
mod tests {
    use super::{millionths, pb, plan_order};
    use crate::service::Error;

    #[test]
    fn a_share_is_taken_to_six_decimals_exactly_or_refused() {
        for whole in (0..=1_000_000).step_by(7).chain([1, 333_333, 950_000, 999_999, 1_000_000]) {
            let written: f64 = format!("{}.{:06}", whole / 1_000_000, whole % 1_000_000).parse().unwrap();
            assert_eq!(millionths(written), Some(whole));
        }
        for finer in [0.950_000_1, 1.0 / 3.0, 0.1 + 0.2, f64::MIN_POSITIVE, 0.95_f64.next_up()] {
            assert_eq!(millionths(finer), None, "{finer}");
        }
        for outside in [f64::NAN, -0.1, 1.000_001, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(millionths(outside), None, "{outside}");
        }
    }

    #[test]
    fn everything_that_cannot_be_meant_is_said_at_once() {
        let floor = |share| pb::PlanFloor { of: "area".to_owned(), value: None, share };
        let question = pb::PlanQuestion {
            most_candidates: Some(-1),
            target_share: Some(f64::NAN),
            floors: vec![floor(0.5), floor(1.5)],
            objective: 9,
            frontier_points: -1,
            gap: -0.1,
            ..Default::default()
        };
        let request = pb::PlanCommissioningRequest {
            name: "north".to_owned(),
            time_limit: Some(prost_types::Duration { seconds: -1, nanos: 0 }),
            question: Some(question),
            backend: 9,
            ..Default::default()
        };
        let Err(Error::Invalid(violations)) = plan_order(request) else { panic!("it was read") };
        let fields: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "name",
                "time_limit",
                "backend",
                "question.most_candidates",
                "question.frontier_points",
                "question.objective",
                "question.target_share",
                "question.floors[1].share",
                "question.gap",
            ]
        );
        let Err(Error::Invalid(violations)) = plan_order(pb::PlanCommissioningRequest::default()) else { panic!() };
        let fields: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["name", "question"]);
    }
}
