//! `FindOptions`: which offers can take this need now. It reserves nothing.

use super::{Failure, Resident, Solution};
use crate::domain::{AgeBand, AreaIx, KindIx, Level, Locality, NeedIx, OfferIx, Point, Problem, Supply, Tag};
use crate::eligibility::{
    Miss, NeedFacts, OfferFacts, Place, ReachUnknown, ReachVerdict, Reached, Unknowing, Verdict, judge_facts,
    near_misses_of, reach_facts,
};
use crate::matching::StageResult;
use crate::matching::lottery::Lottery;
use crate::solve::Effort;

/// A stored need by its id, or one that is not stored.
#[derive(Clone, Debug)]
pub enum Asked<'a> {
    Stored(&'a str),
    Inline(InlineNeed),
}

/// A need that is not stored, as it was received.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InlineNeed {
    pub kind: String,
    pub level: u8,
    /// Required: rules and areas are judged by it, and it gives the point where there is none.
    pub area: Option<String>,
    pub age: Option<u16>,
    pub age_max: Option<u16>,
    /// Longitude or easting.
    pub x: Option<f64>,
    /// Latitude or northing.
    pub y: Option<f64>,
    pub tags: Vec<(String, String)>,
}

/// An offer that may take the need.
#[derive(Clone, Debug)]
pub struct Possible {
    pub offer: OfferIx,
    pub reached: Reached,
    /// Thousandths.
    pub effect: Option<u16>,
    /// Children it could take today.
    pub free: Supply,
    /// Eligibility or reach is not known; empty where both are yes.
    pub unknowns: Vec<Unknowing>,
    pub reach_unknown: Option<ReachUnknown>,
    /// What the optimum would lose with one place less, in the order of [`Options::objective`]; None where there is no
    /// place to lose, its places are not known, or time ran out.
    pub loss_of_one: Option<Vec<i64>>,
}

/// The answer, each list best first.
#[derive(Clone, Debug)]
pub struct Options {
    pub need: Option<NeedIx>,
    pub free: Vec<Possible>,
    pub places_unknown: Vec<Possible>,
    pub full: Vec<Possible>,
    pub near_misses: Vec<Miss>,
    /// Offers left out because they were declined for this need.
    pub declined: Vec<OfferIx>,
    /// The stages that the losses of one are of; None where time ran out before they were known.
    pub objective: Option<Vec<StageResult>>,
}

impl Resident {
    /// Ranks the offers for one need: by effect (most first), distance, loss of one (least first), then lot.
    /// O(offers that fit its kind), once the standing matching is there.
    pub fn options(&self, asked: &Asked<'_>, effort: &Effort) -> Result<Options, Failure> {
        let locality = self.locality();
        let checked;
        let (need, facts) = match asked {
            Asked::Stored(id) => {
                let need = self.need(id)?;
                (Some(need), NeedFacts::of(locality, need))
            }
            Asked::Inline(inline) => {
                checked = CheckedNeed::check(locality, inline).map_err(Failure::BadInput)?;
                (None, checked.facts())
            }
        };
        let solution = self.solution(effort)?;
        let mut options = Options {
            need,
            free: Vec::new(),
            places_unknown: Vec::new(),
            full: Vec::new(),
            near_misses: Vec::new(),
            declined: Vec::new(),
            objective: None,
        };
        for offer in self.profiles().fitting(facts.kind) {
            let Some(possible) = self.possible(&facts, offer) else { continue };
            if self.is_declined(need, &facts, offer) {
                options.declined.push(offer);
                continue;
            }
            match possible.free {
                Supply::Places(0) => options.full.push(possible),
                Supply::Places(_) => options.free.push(possible),
                Supply::Unknown(_) => options.places_unknown.push(possible),
            }
        }
        let misses = near_misses_of(locality, self.profiles(), &facts);
        // What is only unknown is listed above with what is not known; a miss breaks at least one rule.
        options.near_misses = misses.into_iter().filter(|miss| 0 < miss.broken_rules()).collect();
        self.add_losses(&solution, &mut options, effort);
        self.rank(&mut options);
        Ok(options)
    }

    fn is_declined(&self, need: Option<NeedIx>, facts: &NeedFacts, offer: OfferIx) -> bool {
        let locality = self.locality();
        let place = Place { service: locality.offers()[offer.ix()].service, offer: Some(offer) };
        match need {
            Some(need) => self.declines().by_need(locality, need, place),
            None => self.declines().by_everyone(locality, facts.kind, facts.area, place),
        }
    }

    fn possible(&self, need: &NeedFacts, offer: OfferIx) -> Option<Possible> {
        let locality = self.locality();
        let facts = OfferFacts::of(locality, offer);
        let unknowns = match judge_facts(locality, need, &facts) {
            Verdict::Yes => Vec::new(),
            Verdict::Unknown(unknowns) => unknowns,
            Verdict::No { .. } => return None,
        };
        let reached = reach_facts(locality, need, &facts);
        let reach_unknown = match reached.verdict {
            ReachVerdict::Yes => None,
            ReachVerdict::Unknown(why) => Some(why),
            ReachVerdict::No(_) => return None,
        };
        let effect = self.profiles().effect(need.kind, locality.offers()[offer.ix()].service);
        Some(Possible {
            offer,
            reached,
            effect,
            free: locality.free_now(offer),
            unknowns,
            reach_unknown,
            loss_of_one: None,
        })
    }

    /// Puts the loss of one place to each offer that fits, as the standing matching has it: nothing is solved for it.
    fn add_losses(&self, solution: &Solution, options: &mut Options, effort: &Effort) {
        let mut lists = [&mut options.free, &mut options.places_unknown, &mut options.full];
        let offers: Vec<OfferIx> = lists.iter().flat_map(|list| list.iter().map(|possible| possible.offer)).collect();
        let Some(mut losses) = solution.losses(offers, effort) else { return };
        for possible in lists.iter_mut().flat_map(|list| list.iter_mut()) {
            possible.loss_of_one = losses.remove(&possible.offer);
        }
        options.objective = Some(solution.objective());
    }

    fn rank(&self, options: &mut Options) {
        let locality = self.locality();
        let lottery = Lottery::new(&locality.policy().seed);
        let stages = options.objective.clone().unwrap_or_default();
        for list in [&mut options.free, &mut options.places_unknown, &mut options.full] {
            list.sort_by_cached_key(|possible| {
                let unsure = !possible.unknowns.is_empty() || possible.reach_unknown.is_some();
                let travelled = possible.reached.travelled;
                // Distances are finite and not negative, so their bits are in their order; unknown comes last.
                let distance = travelled.metres.or(travelled.minutes).map_or(u64::MAX, f64::to_bits);
                let loss = possible.loss_of_one.as_ref().map(|loss| how_much_worse(&stages, loss));
                let lot = lottery.lot(locality.offers()[possible.offer.ix()].id.as_str());
                (unsure, std::cmp::Reverse(possible.effect), distance, loss, lot, possible.offer)
            });
        }
    }
}

/// A loss as a vector that is least first: how far each stage worsens.
fn how_much_worse(stages: &[StageResult], loss: &[i64]) -> Vec<i64> {
    stages.iter().zip(loss).map(|(stage, &change)| if stage.name.is_most() { -change } else { change }).collect()
}

/// An inline need that is understood.
struct CheckedNeed {
    kind: KindIx,
    level: Level,
    ages: Option<AgeBand>,
    tags: Vec<Tag>,
    area: AreaIx,
    point: Option<Point>,
}

impl CheckedNeed {
    fn facts(&self) -> NeedFacts<'_> {
        NeedFacts {
            kind: self.kind,
            level: self.level,
            ages: self.ages,
            tags: &self.tags,
            area: self.area,
            point: self.point,
        }
    }

    /// Every problem at once; columns are those of needs.csv.
    fn check(locality: &Locality, inline: &InlineNeed) -> Result<CheckedNeed, Vec<Problem>> {
        let InlineNeed { kind, level, area, age, age_max, x, y, tags } = inline;
        let mut problems = Vec::new();
        let mut wrong = |column: &str, seen: &str, wanted: String| {
            problems.push(Problem::error("need", None, Some(column), seen, wanted));
        };
        let found_kind = locality.find_kind(kind);
        if found_kind.is_none() {
            wrong("kind", kind, "the code of a kind of this locality".to_owned());
        }
        let found_level = Level::new(*level);
        if found_level.is_none() {
            wrong("level", &level.to_string(), "a level from 1 (universal) to 4 (acute)".to_owned());
        }
        let found_area = area.as_deref().and_then(|area| locality.find_area(area));
        if found_area.is_none() {
            wrong("area", area.as_deref().unwrap_or(""), "the id of an area of this locality".to_owned());
        }
        let unit = locality.about().ages;
        for (column, age) in [("age", age), ("age_max", age_max)] {
            if let Some(age) = age.filter(|&age| unit.max_age() < age) {
                wrong(column, &age.to_string(), format!("an age from 0 to {} {}", unit.max_age(), unit.as_str()));
            }
        }
        let ages = match (*age, *age_max) {
            (None, None) => None,
            (Some(age), None) => AgeBand::new(age, age),
            (Some(age), Some(age_max)) => AgeBand::new(age, age_max),
            (None, Some(_)) => None,
        };
        if ages.is_none() && age_max.is_some() {
            let seen = age_max.map_or(String::new(), |age| age.to_string());
            wrong("age_max", &seen, "an age that is not below `age`, which must be given too".to_owned());
        }
        let point = match (*x, *y) {
            (None, None) => found_area.and_then(|area| locality.areas()[area.ix()].point),
            (Some(x), Some(y)) => match Point::checked(locality.about().coordinates, x, y) {
                Ok(point) => Some(point),
                Err(wanted) => {
                    wrong("x, y", &format!("{x}, {y}"), wanted.to_owned());
                    None
                }
            },
            (Some(_), None) | (None, Some(_)) => {
                wrong("x, y", "one of two", "both coordinates, or neither".to_owned());
                None
            }
        };
        let mut tags: Vec<Tag> =
            tags.iter().map(|(name, value)| Tag { name: name.clone(), value: value.clone() }).collect();
        tags.sort();
        if let Some(twice) = tags.windows(2).find(|pair| pair[0].name == pair[1].name) {
            wrong("tags", &twice[0].name, "each tag name once".to_owned());
        }
        match (found_kind, found_level, found_area) {
            (Some(kind), Some(level), Some(area)) if problems.is_empty() => {
                Ok(CheckedNeed { kind, level, ages, tags, area, point })
            }
            _ => Err(problems),
        }
    }
}
