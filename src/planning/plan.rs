//! A plan, with everything that is to be known of it: what it costs and what it meets, how far that is proved, what each
//! candidate closes, which shortages it relieves and what it leaves, and how it does where need turns out otherwise.

mod chosen;
mod shortages;

use super::cases::{Case, CaseOf, joined, part_of, scenarios};
use super::frontier::{self, Point};
use super::gains::Gains;
use super::market::{Distances, Market, NoMarket};
use super::question::{FloorMeaning, PlanAim, Question, floors};
use super::serve::{Server, Weighing, each};
use crate::domain::{Locality, NeedIx, TravelUnit};
use crate::eligibility::{Pairs, Profiles, travel_unit};
use crate::gaps::deficient::Block;
use crate::gaps::tally::{Tallies, tallies_of};
use crate::matching::{Reading, asking};
use crate::solve::choose::{
    self, Aim, Answer, Choices, ChooseError, Planner, ProvedBy, Status, TravelCost, Within, Work,
};
use crate::solve::network::NetworkParts;
use crate::solve::{Effort, Flow, Network, StopReason};
use shortages::{Today, sets_after, short, unmet_under_plan};

/// A plan. Tables and totals are of the need as it is recorded, over the areas that are inside.
#[derive(Clone, Debug)]
pub struct Plan {
    pub market: Market,
    pub status: Status,
    /// Steps of each candidate.
    pub steps: Vec<u32>,
    /// Whole pence for the candidates.
    pub cost: i64,
    /// What was asked for, in its own unit: weight of need met over all cases that are planned for (most), pence, or
    /// thousandths of a penny where transport is priced (least), metres or minutes of all children together (least) or of the farthest (least).
    pub objective: i64,
    /// No plan does better: an upper bound where most is wanted, a lower one where least is.
    pub bound: i64,
    /// What the bound rests on.
    pub proof: ProvedBy,
    /// What the search took.
    pub work: Work,
    /// The cases that it is made for.
    pub cases: Vec<Case>,
    /// The least shares that were asked for, and the child-needs that the plan meets of each.
    pub floors: Vec<(FloorMeaning, u64)>,
    /// Of those whom the plan leaves short of a floor, needs that no candidate and no offer can reach.
    pub beyond_reach: Vec<NeedIx>,
    /// As things stand, and under the plan.
    pub today: Tallies,
    pub after: Tallies,
    /// Who goes where, over the market's pairs.
    pub flow: Flow,
    /// Child-needs met by source of the market, in that flow.
    pub met: Vec<u64>,
    /// Why child-needs inside stay unmet under the plan.
    pub unmet: UnmetUnderPlan,
    /// Deficient sets as things stand, largest shortage first.
    pub sets: Vec<SetToday>,
    /// What was worked out of the plan after it was found; None where a stop came before.
    pub travel: Option<[Option<Travelled>; 2]>,
    pub left: Option<Vec<SetLeft>>,
    pub chosen: Option<Vec<Chosen>>,
    pub equally: Option<Equally>,
    pub in_cases: Option<Vec<InCase>>,
    /// None also where none was asked for.
    pub frontier: Option<Vec<Drawn>>,
    /// Why something was not worked out.
    pub unfinished: Option<StopReason>,
}

/// Child-needs that stay unmet, by the first of these that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnmetUnderPlan {
    /// No offer and no candidate could take them, whatever were bought.
    pub beyond_reach: u64,
    /// Only candidates that are not part of the plan could.
    pub left_out: u64,
    /// Something that is there under the plan could, and its places are for others.
    pub places: u64,
}

/// A deficient set of today, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetToday {
    pub block: Block,
    /// Of its child-needs, how many go unmet under the plan.
    pub unmet_after: u64,
}

impl SetToday {
    pub fn short(&self) -> u64 {
        self.block.units.saturating_sub(self.block.places)
    }
}

/// A deficient set under the plan; its sinks are the market's.
pub type SetLeft = Block;

/// Metres or minutes of those who are served, when they go where it is nearest for all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Travelled {
    pub children: u64,
    pub all: i64,
    pub farthest: i64,
}

/// A candidate of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Position of the candidate.
    pub candidate: usize,
    pub steps: u32,
    pub cost: i64,
    /// Child-needs placed on what it adds, areas outside included; None for a closure, which adds nothing.
    pub placed: Option<u64>,
    /// What is met with the whole plan, less what is met without this candidate alone.
    pub closes: Gains,
    /// What is met with this candidate alone, less what is met today.
    pub alone: Gains,
}

/// The plan where every child-need counts the same (weights 1, 1, 1, 1). Child-needs over whatever the objective counts: all
/// cases that are planned for, and areas outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equally {
    /// Met by this plan.
    pub met: u64,
    /// Met by the plan that would then be best for the same money.
    pub met_by_best: u64,
    pub best: Vec<u32>,
    pub cost_of_best: i64,
    /// Whether that plan is proved to be the best.
    pub is_proved: bool,
}

/// How the plan does in a case. Child-needs inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InCase {
    pub of: CaseOf,
    /// Whether the plan was made for it.
    pub planned_for: bool,
    pub child_needs: u64,
    pub met_without_plan: u64,
    pub met: u64,
}

/// A point of the frontier, with what it meets inside, in the need as it is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    pub point: Point,
    pub met: u64,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlan {
    #[error(transparent)]
    NoMarket(#[from] NoMarket),
    #[error(transparent)]
    Choose(#[from] ChooseError),
}

impl From<StopReason> for NoPlan {
    fn from(reason: StopReason) -> NoPlan {
        NoPlan::NoMarket(reason.into())
    }
}

impl Plan {
    /// Weight of all need, over the cases that are planned for and areas outside.
    pub fn objective_total(&self, locality: &Locality) -> i64 {
        weight_of_all(locality, &self.market, &self.cases)
    }
}

/// Plans. A stop before anything can be said is an error; later, what is known by then is the answer.
pub fn plan(
    locality: &Locality,
    profiles: &Profiles,
    pairs: &Pairs,
    question: &Question,
    effort: &Effort,
) -> Result<Plan, NoPlan> {
    effort.report("candidates", 0, None);
    let asks_for_travel = matches!(question.aim, PlanAim::LeastTravel | PlanAim::LeastFarthest)
        || transport_of(locality).is_some() && matches!(question.aim, PlanAim::LeastCost(_));
    let distances = if asks_for_travel { Distances::Needed } else { Distances::IfKnown };
    let market = Market::of(locality, profiles, pairs, distances, effort)?;
    let of_cases = if question.cases.is_empty() { &[CaseOf::Recorded][..] } else { &question.cases };
    let cases: Vec<Case> = of_cases.iter().map(|of| Case::of(locality, &market, of)).collect();
    let recorded = Case::of(locality, &market, &CaseOf::Recorded);
    let server = Server::of(locality, &market);
    let today = Today::of(&server, &recorded, effort)?;
    let asking = asking(locality, Reading::Policy);
    let tallies = |met: &[u64]| tallies_of(locality, &asking, &by_need(locality, &market, met), effort);
    let before = tallies(&today.served.met);

    let several;
    let choices = match of_cases {
        [CaseOf::Recorded] => &market.choices,
        _ => {
            several = joined(locality, &market, &cases, effort)?;
            &several
        }
    };
    effort.report("plan", 0, None);
    let units: Vec<&[u64]> = cases.iter().map(|case| case.units.as_slice()).collect();
    let (aim, meanings) = aim(locality, &market, &question.aim, &units)?;
    let mut planner = Planner::by(choices, question.route);
    let asked = choose::Question { within: question.within.clone(), aim, gap: question.gap };
    let mut answer = planner.answer(&asked, effort)?;
    let cheapest = cheapest(&mut planner, &asked, &answer, effort)?;
    if let Some(cheapest) = cheapest {
        let Answer { steps, cost, flow, weight_met, units_met, .. } = cheapest;
        if let PlanAim::LeastCost(_) = question.aim {
            answer.objective = cheapest.objective;
        }
        answer = Answer { steps, cost, flow, weight_met, units_met, ..answer };
    }
    if answer.allowed {
        let before = answer.cost;
        frontier::without_the_idle(choices, &question.within, &mut answer);
        if matches!(question.aim, PlanAim::LeastCost(_)) {
            answer.objective -= (before - answer.cost) * transport_of(locality).map_or(1, |travel| travel.scale);
        }
    }

    let unfinished = match &answer.status {
        Status::Stopped(reason) => Some(*reason),
        _ => None,
    };
    let mut keep = Keep { unfinished };
    let found = keep.of(chosen::find(&server, &today, &recorded, &cases, question, &answer, effort))?;
    let own = own(&market, &cases, &answer);
    // Where need alone is asked for, the order of ranks says who is served, as it does for what each candidate closes; and
    // where the plan is made for other cases, its own flow is not of the need as it is recorded.
    let by_rank = question.aim == PlanAim::MostNeed || own.is_none();
    let own = own.unwrap_or_else(|| (vec![0; market.needs.len()], Flow::nothing()));
    let ((met, flow), chosen) = match found {
        Some(chosen::Found { steps, served, chosen }) => {
            answer.cost = choices.cost(&steps);
            answer.steps = steps;
            (if by_rank { (served.met, served.flow) } else { own }, Some(chosen))
        }
        None => (own, None),
    };
    let after = tallies(&met);
    let left = keep.of(short(&server, &recorded, &answer.steps, effort).map_err(NoPlan::from))?.map(|(_, sets)| sets);
    let unmet = unmet_under_plan(locality, &market, &answer.steps, &met);
    let sets = sets_after(&today, &met);
    let travel = keep.of(travel(&server, &recorded, &today, &answer.steps, (&met, &flow), by_rank, effort))?;
    let (travel, flow) = match travel {
        Some((both, nearest)) => (Some(both), nearest.unwrap_or(flow)),
        None => (None, flow),
    };
    let equally = keep.of(equally(&server, choices, &cases, question, &answer, effort))?;
    let in_cases = keep.of(in_cases(locality, &server, &question.cases, &answer.steps, effort))?;
    let frontier = match question.frontier {
        0 => None,
        points => keep.of(draw(&mut planner, choices, &server, &recorded, question, points, effort))?,
    };
    let floors = floors_met(&market, &asked.aim, meanings, cases.len(), &answer);
    let beyond_reach = beyond_reach(&market, &answer.status);
    let total = weight_of_all(locality, &market, &cases);
    let (objective, bound) = match question.aim {
        PlanAim::MostNeed => (total - answer.objective, total - answer.bound),
        _ => (answer.objective, answer.bound),
    };
    let Answer { steps, cost, status, proof, work, .. } = answer;
    let sets = sets.into_iter().zip(today.sets).map(|(unmet_after, block)| SetToday { block, unmet_after }).collect();
    Ok(Plan {
        status,
        steps,
        cost,
        objective,
        bound,
        proof,
        work,
        cases,
        floors,
        beyond_reach,
        today: before,
        after,
        flow,
        met,
        unmet,
        sets,
        travel,
        left,
        chosen,
        equally,
        in_cases,
        frontier,
        unfinished: keep.unfinished,
        market,
    })
}

/// The cheapest of the plans that are as good as an answer, where that one is proved: for most need, of those that meet as
/// much; where a target cannot be reached, of those that meet as much of each part. None where it is not known.
fn cheapest(
    planner: &mut Planner<'_>,
    asked: &choose::Question,
    answer: &Answer,
    effort: &Effort,
) -> Result<Option<Answer>, NoPlan> {
    let aim = match (&asked.aim, &answer.status) {
        (Aim::MostNeed, Status::Optimal) => Aim::Cheapest { unmet: answer.objective },
        (Aim::LeastCost { floors, travel }, Status::NotReachable(shortfall)) if answer.allowed && shortfall.proved => {
            let mut floors = floors.clone();
            for (floor, lacks) in &shortfall.missed {
                let least = &mut floors[*floor as usize].least;
                *least = least.saturating_sub(*lacks);
            }
            Aim::LeastCost { floors, travel: *travel }
        }
        _ => return Ok(None),
    };
    let asked = choose::Question { aim, within: asked.within.clone(), gap: 0.0 };
    let cheapest = planner.answer(&asked, effort)?;
    // A stop may leave something cheaper too, as long as it is as good.
    let as_good = matches!(cheapest.status, Status::Optimal | Status::Stopped(_)) && cheapest.allowed;
    let meets = match asked.aim {
        Aim::Cheapest { .. } => answer.weight_met <= cheapest.weight_met,
        _ => cheapest.missing == 0,
    };
    Ok(Some(cheapest).filter(|cheapest| as_good && meets && cheapest.cost <= answer.cost))
}

/// Takes what was worked out; after a stop nothing, and why.
struct Keep {
    unfinished: Option<StopReason>,
}

impl Keep {
    fn of<T>(&mut self, found: Result<T, NoPlan>) -> Result<Option<T>, NoPlan> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(NoPlan::NoMarket(NoMarket::Stopped(reason))) => {
                self.unfinished.get_or_insert(reason);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}

/// Child-needs met, by need of the locality.
fn by_need(locality: &Locality, market: &Market, met: &[u64]) -> Vec<u64> {
    let mut by_need = vec![0; locality.needs().len()];
    for (need, met) in market.needs.iter().zip(met) {
        by_need[need.ix()] = *met;
    }
    by_need
}

fn weight_of_all(locality: &Locality, market: &Market, cases: &[Case]) -> i64 {
    let weight = |(need, units): (&NeedIx, &u64)| *units as i64 * i64::from(locality.needs()[need.ix()].weight);
    // The solver's network holds the sum, so it is small enough.
    cases.iter().flat_map(|case| market.needs.iter().zip(&case.units)).map(weight).sum()
}

/// The aim in the solver's words, and what its floors mean.
fn aim(
    locality: &Locality,
    market: &Market,
    aim: &PlanAim,
    units: &[&[u64]],
) -> Result<(Aim, Vec<FloorMeaning>), NoMarket> {
    Ok(match aim {
        PlanAim::MostNeed => (Aim::MostNeed, Vec::new()),
        PlanAim::LeastTravel => (Aim::LeastTravel, Vec::new()),
        PlanAim::LeastFarthest => (Aim::LeastFarthest, Vec::new()),
        PlanAim::LeastCost(wanted) => {
            let travel = transport_of(locality);
            if travel.is_some() && travel_unit(locality) == TravelUnit::Minutes {
                return Err(NoMarket::TransportInMinutes);
            }
            let (floors, meanings) = floors(locality, market, wanted, units);
            (Aim::LeastCost { floors, travel }, meanings)
        }
    })
}

/// What transport counts beside candidates where the least cost is asked for: in thousandths of a penny, since distances are
/// in metres. None where it is not priced.
pub fn transport_of(locality: &Locality) -> Option<TravelCost> {
    let pence = locality.policy().travel_pence_per_km;
    // The policy's check keeps it small.
    (0 < pence).then(|| TravelCost { per_unit: i64::try_from(pence).unwrap_or(i64::MAX), scale: 1_000 })
}

/// The answer's own flow in the need as it is recorded, if it is made for that.
fn own(market: &Market, cases: &[Case], answer: &Answer) -> Option<(Vec<u64>, Flow)> {
    let case = cases.iter().position(|case| case.of == CaseOf::Recorded)?;
    Some(part_of(market, &answer.flow, case))
}

/// Travel as things stand and under the plan, and the plan's flow with the least travel.
fn travel(
    server: &Server<'_>,
    recorded: &Case,
    today: &Today,
    steps: &[u32],
    (met, flow): (&[u64], &Flow),
    by_rank: bool,
    effort: &Effort,
) -> Result<([Option<Travelled>; 2], Option<Flow>), NoPlan> {
    let nothing = vec![0; steps.len()];
    let (before, after) = effort.both(
        || server.nearest(recorded, &nothing, &today.served.met, effort),
        || if by_rank { server.nearest(recorded, steps, met, effort) } else { Ok(None) },
    );
    let (before, after) = (before?, after?);
    let of = |flow: &Flow| server.travelled(flow);
    let under = after.as_ref().or((!by_rank).then_some(flow)).and_then(of);
    Ok(([before.as_ref().and_then(of), under], after))
}

/// The plan, and the best one for the same money, where every child-need counts the same.
fn equally(
    server: &Server<'_>,
    choices: &Choices,
    cases: &[Case],
    question: &Question,
    answer: &Answer,
    effort: &Effort,
) -> Result<Equally, NoPlan> {
    let met_by = |steps: &[u32]| -> Result<u64, NoMarket> {
        let of_case = |case| Ok(server.serve(case, steps, Weighing::Equally, effort)?.met.iter().sum::<u64>());
        cases.iter().map(of_case).sum()
    };
    let met = met_by(&answer.steps)?;
    let own = Equally {
        met,
        met_by_best: met,
        best: answer.steps.clone(),
        cost_of_best: answer.cost,
        is_proved: answer.status == Status::Optimal,
    };
    // A target counts child-needs, whatever they weigh.
    if question.aim != PlanAim::MostNeed {
        return Ok(own);
    }
    let mut parts: NetworkParts = choices.network().clone().into_parts();
    parts.stages.truncate(1);
    parts.stages[0].unsent_cost = vec![1; parts.sources.len()];
    let network = Network::new(parts).map_err(|error| NoMarket::TooLarge(error.to_string()))?;
    let equal = Choices::new(network, choices.levers().to_vec(), choices.rules().to_vec())
        .map_err(|error| NoMarket::TooLarge(error.to_string()))?;
    let asked = choose::Question { within: question.within.clone(), aim: Aim::MostNeed, gap: question.gap };
    let mut best = Planner::by(&equal, question.route).answer(&asked, effort)?;
    if let Status::Stopped(reason) = best.status {
        return Err(reason.into());
    }
    frontier::without_the_idle(&equal, &question.within, &mut best);
    let met_by_best = met_by(&best.steps)?;
    Ok(Equally {
        met_by_best,
        is_proved: best.status == Status::Optimal,
        cost_of_best: best.cost,
        best: best.steps,
        ..own
    })
}

/// How the plan does as things stand, in every scenario, and in whatever else it was made for.
fn in_cases(
    locality: &Locality,
    server: &Server<'_>,
    asked: &[CaseOf],
    steps: &[u32],
    effort: &Effort,
) -> Result<Vec<InCase>, NoPlan> {
    let mut all = vec![CaseOf::Recorded];
    all.extend(scenarios(locality).into_iter().map(CaseOf::Scenario));
    all.extend(asked.iter().filter(|of| !all.contains(of)).cloned().collect::<Vec<_>>());
    let nothing = vec![0; steps.len()];
    Ok(each(effort, all, |of| {
        let case = server.case(&of);
        let met = |steps: &[u32]| -> Result<u64, NoMarket> {
            Ok(server.inside(&server.serve(&case, steps, Weighing::ByWeight, effort)?.met))
        };
        Ok(InCase {
            planned_for: if asked.is_empty() { of == CaseOf::Recorded } else { asked.contains(&of) },
            child_needs: server.inside(&case.units),
            met_without_plan: met(&nothing)?,
            met: met(steps)?,
            of,
        })
    })?)
}

/// The frontier up to the budget, or to where no more need can be met.
fn draw(
    planner: &mut Planner<'_>,
    choices: &Choices,
    server: &Server<'_>,
    recorded: &Case,
    question: &Question,
    points: u32,
    effort: &Effort,
) -> Result<Vec<Drawn>, NoPlan> {
    effort.report("frontier", 0, Some(points.into()));
    let all = frontier::saturation(planner, choices, &question.within, question.gap, effort)?;
    let Some(all) = all else {
        return Err(effort.look().err().unwrap_or(StopReason::TickLimit).into());
    };
    let last = question.within.budget.map_or(all, |budget| budget.min(all));
    let mut found = frontier::frontier(planner, &question.within, last, points, question.gap, effort)?;
    for point in &mut found {
        let within = Within { budget: Some(point.budget), ..question.within.clone() };
        if point.answer.allowed {
            frontier::without_the_idle(choices, &within, &mut point.answer);
        }
    }
    Ok(each(effort, found, |point| {
        let served = server.serve(recorded, &point.answer.steps, Weighing::ByWeight, effort)?;
        Ok(Drawn { met: server.inside(&served.met), point })
    })?)
}

/// Child-needs that the answer's own flow meets of each floor.
fn floors_met(
    market: &Market,
    aim: &Aim,
    meanings: Vec<FloorMeaning>,
    n_cases: usize,
    answer: &Answer,
) -> Vec<(FloorMeaning, u64)> {
    let Aim::LeastCost { floors, .. } = aim else { return Vec::new() };
    let met: Vec<Vec<u64>> = (0..n_cases).map(|case| part_of(market, &answer.flow, case).0).collect();
    let n = market.needs.len();
    let met_of = |floor: &choose::Floor| {
        floor.sources.iter().map(|source| met[*source as usize / n][*source as usize % n]).sum()
    };
    meanings.into_iter().zip(floors.iter().map(met_of)).collect()
}

fn beyond_reach(market: &Market, status: &Status) -> Vec<NeedIx> {
    let Status::NotReachable(shortfall) = status else { return Vec::new() };
    let n = market.needs.len();
    let mut needs: Vec<NeedIx> =
        shortfall.out_of_reach.iter().map(|source| market.needs[*source as usize % n]).collect();
    needs.sort_unstable();
    needs.dedup();
    needs
}
