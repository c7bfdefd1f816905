//! What a plan is asked for, as a caller writes it; and the same in the locality's own terms.

use serde::{Deserialize, Serialize};

use crate::domain::{Level, Locality, Problem, ProviderIx};
use crate::engine::Failure;
use crate::gaps::{SplitBy, SplitKey};
use crate::matching::Route;
use crate::planning::{CaseOf, FloorOf, Millionths, PlanAim, PlanFloor, Question, WHOLE, funds, scenarios};
use crate::solve::choose::{self, Within};

/// A question to the planner. One of `target`, `floors`, `budget`, `funds` and `at_most` is needed: a target or floors ask
/// for the least cost, the others for the best within them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanAsked {
    /// Whole pence for all candidates together.
    pub budget: Option<i64>,
    /// Whole pence for the candidates of each fund.
    pub funds: Vec<FundAsked>,
    /// Most candidates.
    pub at_most: Option<u32>,
    /// Share of all child-needs to be met, in millionths.
    pub target: Option<Millionths>,
    /// Shares of the child-needs of parts to be met.
    pub floors: Vec<FloorAsked>,
    pub objective: PlanObjective,
    /// Scenarios that one plan is made for, together with the need as it is recorded; `all` names each of them.
    pub scenarios: Vec<String>,
    /// Providers whose loss the plan is made for, each as a case of its own.
    pub lose: Vec<String>,
    /// Points of the cost-coverage frontier; 0: it is not drawn.
    pub frontier: u32,
    /// Enough when the plan is proved to lie within this share of the best, 0 to 1.
    pub gap: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundAsked {
    pub fund: String,
    /// Whole pence.
    pub pence: i64,
}

/// A least share of the child-needs of a part, or of each part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorAsked {
    /// `kind`, `area`, `level` or the name of a group column.
    pub of: String,
    /// One of them; without it each has the floor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// Millionths.
    pub share: Millionths,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanObjective {
    #[default]
    Need,
    Travel,
    Farthest,
}

impl PlanAsked {
    /// Every problem of the question, before anything is solved.
    pub(super) fn resolve(&self, locality: &Locality, route: Route) -> Result<Question, Failure> {
        let mut problems = Vec::new();
        let mut tell = |column: &str, seen: &str, wanted: &str| {
            problems.push(Problem::error("plan", None, Some(column), seen, wanted));
        };
        let PlanAsked {
            budget,
            funds: of_funds,
            at_most,
            target,
            floors,
            objective,
            scenarios: _,
            lose: _,
            frontier,
            gap,
        } = self;
        if locality.candidates().is_empty() {
            tell("candidates.csv", "no candidate", "at least one candidate to choose from");
        }
        let least_cost = target.is_some() || !floors.is_empty();
        if !least_cost && budget.is_none() && of_funds.is_empty() && at_most.is_none() {
            tell("budget", "", "a budget, a fund's money, a target share, a floor or a greatest number of candidates");
        }
        if least_cost && *objective != PlanObjective::Need {
            tell("objective", objective.as_str(), "the objective need, for a target is reached at the least cost");
        }
        if target.is_some_and(|share| WHOLE < share) {
            tell("target", &target.unwrap_or(0).to_string(), "a share from 0 to 1");
        }
        if *at_most == Some(0) {
            tell("at_most", "0", "at least 1 candidate");
        }
        if !(0.0..=1.0).contains(gap) {
            tell("gap", &gap.to_string(), "a share from 0 to 1");
        }
        if MOST_POINTS < *frontier {
            tell("frontier", &frontier.to_string(), "at most 1,000 points");
        }
        let own_funds = funds(locality);
        let mut within = Within { budget: *budget, funds: vec![None; own_funds.len()], at_most: *at_most };
        for FundAsked { fund, pence } in of_funds {
            match own_funds.iter().position(|own| own.as_str() == fund) {
                None => {
                    let all: Vec<&str> = own_funds.iter().map(|fund| fund.as_str()).collect();
                    tell("fund", fund, &format!("a fund that candidates name{}", listed(&all)));
                }
                Some(at) if within.funds[at].is_some() => tell("fund", fund, "each fund once"),
                Some(at) => within.funds[at] = Some(*pence),
            }
        }
        let mut wanted: Vec<PlanFloor> =
            target.map(|share| PlanFloor { of: FloorOf::All, share }).into_iter().collect();
        for floor in floors {
            match floor_of(locality, floor) {
                Ok(of) => wanted.push(PlanFloor { of, share: floor.share }),
                Err(why) => tell("floor", &floor.in_words(), &why),
            }
            if WHOLE < floor.share {
                tell("floor", &floor.in_words(), "a share from 0 to 1");
            }
        }
        let cases = self.cases(locality, &mut problems);
        if !problems.is_empty() {
            return Err(Failure::BadQuestion(problems));
        }
        let aim = match objective {
            _ if least_cost => PlanAim::LeastCost(wanted),
            PlanObjective::Need => PlanAim::MostNeed,
            PlanObjective::Travel => PlanAim::LeastTravel,
            PlanObjective::Farthest => PlanAim::LeastFarthest,
        };
        let route = match route {
            Route::Network => choose::Route::Tree,
            Route::Program => choose::Route::Master,
        };
        Ok(Question { aim, within, cases, frontier: *frontier, gap: *gap, route })
    }

    /// The cases that the plan is made for, the need as it is recorded first; none where that is the only one.
    fn cases(&self, locality: &Locality, problems: &mut Vec<Problem>) -> Vec<CaseOf> {
        let own = scenarios(locality);
        let mut cases = vec![CaseOf::Recorded];
        let mut push = |case: CaseOf| {
            if !cases.contains(&case) {
                cases.push(case);
            }
        };
        for asked in &self.scenarios {
            match own.iter().find(|id| id.as_str() == asked) {
                Some(id) => push(CaseOf::Scenario(id.clone())),
                None if asked == ALL && !own.is_empty() => {
                    own.iter().cloned().map(CaseOf::Scenario).for_each(&mut push)
                }
                None => {
                    let all: Vec<&str> = own.iter().map(|id| id.as_str()).collect();
                    let wanted = format!("a scenario of scenarios.csv, or \"all\"{}", listed(&all));
                    problems.push(Problem::error("plan", None, Some("scenario"), asked, wanted));
                }
            }
        }
        for asked in &self.lose {
            match locality.providers().iter().position(|id| id.as_str() == asked) {
                Some(at) => push(CaseOf::Without(ProviderIx::new(at))),
                None => {
                    let wanted = "a provider of services.csv";
                    problems.push(Problem::error("plan", None, Some("lose"), asked, wanted));
                }
            }
        }
        if cases.len() == 1 { Vec::new() } else { cases }
    }
}

/// Names every scenario.
const ALL: &str = "all";

const MOST_POINTS: u32 = 1_000;

impl PlanObjective {
    pub fn as_str(self) -> &'static str {
        match self {
            PlanObjective::Need => "need",
            PlanObjective::Travel => "travel",
            PlanObjective::Farthest => "farthest",
        }
    }
}

impl FloorAsked {
    fn in_words(&self) -> String {
        match &self.value {
            None => self.of.clone(),
            Some(value) => format!("{}:{value}", self.of),
        }
    }
}

/// The first few of a list in brackets, for a sentence.
fn listed(all: &[&str]) -> String {
    const SHOWN: usize = 8;
    match all.len() {
        0 => " (there is none)".to_owned(),
        n if n <= SHOWN => format!(" ({})", all.join(", ")),
        n => format!(" ({} and {} more)", all[..SHOWN].join(", "), n - SHOWN),
    }
}

fn floor_of(locality: &Locality, floor: &FloorAsked) -> Result<FloorOf, String> {
    let by = match floor.of.as_str() {
        "kind" => SplitBy::Kind,
        "area" => SplitBy::Area,
        "level" => SplitBy::Level,
        column => match locality.group_columns().iter().position(|of| of.name == column) {
            Some(at) => SplitBy::Group(at),
            None => {
                let all: Vec<&str> = locality.group_columns().iter().map(|column| column.name.as_str()).collect();
                return Err(format!("kind, area, level or a group column{}", listed(&all)));
            }
        },
    };
    let Some(value) = &floor.value else { return Ok(FloorOf::Each(by)) };
    let key = match by {
        SplitBy::Kind => locality.find_kind(value).map(SplitKey::Kind),
        SplitBy::Area => locality.find_area(value).map(SplitKey::Area),
        SplitBy::Level => value.parse().ok().and_then(Level::new).map(SplitKey::Level),
        SplitBy::Group(at) => {
            let values = &locality.group_columns()[at].values;
            values.binary_search(value).ok().map(|value| SplitKey::Group(value as u32))
        }
        SplitBy::Age => None,
    };
    key.map(|key| FloorOf::One(by, key)).ok_or_else(|| format!("a value that {} has in this locality", floor.of))
}
