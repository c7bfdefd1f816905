//! The people: every child is drawn one by one into the population; some are known to the authority and have needs of
//! their own, the others are counted into cohorts.

use std::collections::BTreeMap;

use crate::domain::Table;
use crate::generate::draws::{Draws, Weights};

use super::Options;
use super::place::{Land, Place, SmallArea, round};
use super::tables::{self, Share};

/// One need of one known child.
pub(super) struct KnownNeed {
    /// The child's number, from 1.
    pub child: u64,
    pub kind: &'static str,
    pub level: u64,
    pub age: u64,
    /// Position in [`Place::areas`].
    pub area: usize,
}

impl KnownNeed {
    pub fn id(&self) -> String {
        format!("{}.{}", self.holder(), self.kind)
    }

    /// The child's pseudonym.
    pub fn holder(&self) -> String {
        format!("c-{:06}", self.child)
    }
}

pub(super) struct People {
    needs: Table,
    population: Table,
    pub known: Vec<KnownNeed>,
    /// Child-needs of each kind, counted and expected: what the supply is measured against.
    pub demand: BTreeMap<&'static str, u64>,
}

/// Ages 0 to 19.
const AGES: usize = 20;
/// Counts from 1 to this are published as `c`.
const SUPPRESSED_UP_TO: u64 = 5;
/// Cohorts next door are of no group.
const NO_LAND: &str = "";

/// One stream of draws for each question asked of a child; the child's number is the counter.
struct Questions {
    age: Draws,
    send: Draws,
    known: Draws,
    factors: Vec<Draws>,
    levels: Vec<Draws>,
    x: Draws,
    y: Draws,
    sibling: Draws,
    referral: Draws,
    registered: Draws,
    basis: Draws,
    free_meals: Draws,
    housing: Draws,
    wish: Draws,
}

impl Questions {
    fn new(seed: u64) -> Questions {
        let draws = |stream| Draws::new(seed, stream);
        let each = |first: u64| (first..).take(tables::FACTORS.len()).map(draws).collect();
        Questions {
            age: draws(100),
            send: draws(101),
            known: draws(102),
            x: draws(103),
            y: draws(104),
            sibling: draws(105),
            referral: draws(106),
            registered: draws(107),
            basis: draws(108),
            free_meals: draws(109),
            housing: draws(110),
            wish: draws(111),
            factors: each(200),
            levels: each(300),
        }
    }
}

/// What is counted in one area.
#[derive(Default)]
struct Counts {
    /// By age, without and with special educational needs.
    population: [[u64; 2]; AGES],
    free_meals: [u64; tables::FREE_MEALS.len()],
    insecure_housing: u64,
    wishes: u64,
}

impl People {
    pub fn new(options: &Options, place: &Place) -> People {
        let questions = Questions::new(options.seed);
        let factor_levels: Vec<Weights> = tables::FACTORS.iter().map(|factor| Weights::new(factor.levels)).collect();
        let mut people = People {
            needs: Table::new([
                "need",
                "holder",
                "kind",
                "level",
                "children",
                "area",
                "age",
                "age_max",
                "x",
                "y",
                "basis",
                "certainty",
                "children_low",
                "children_high",
                "tags",
                "household",
                "group:send",
                "group:place",
            ]),
            population: Table::new(["area", "age", "group:send", "group:place", "children"]),
            known: Vec::new(),
            demand: BTreeMap::new(),
        };

        let mut child = 0;
        for (position, area) in place.areas.iter().enumerate() {
            let tilt = Tilt::new(area, place);
            let mut counts = Counts::default();
            // A child may share the household of the known child before it.
            let mut household = None;
            for _ in 0..area.children {
                child += 1;
                let age = questions.age.below(child, AGES as u64);
                let send = (4..=18).contains(&age) && plain(&questions.send, child, tables::SEND);
                counts.population[age as usize][usize::from(send)] += 1;
                counts.add(&questions, &tilt, child, age);
                if age <= 17 && tilt.chance(&questions.known, child, tables::KNOWN) {
                    let house = household.filter(|_| questions.sibling.chance(child, 3, 10)).unwrap_or(child);
                    household = Some(house);
                    let known = Known { child, age, send, household: house, area: position };
                    people.add_known(&questions, &factor_levels, place, &known);
                }
            }
            people.add_area(place, position, &counts);
        }
        people.add_neighbours(place);
        people
    }

    pub fn into_tables(self) -> [(&'static str, Table); 2] {
        [("needs", self.needs), ("population", self.population)]
    }

    fn add_known(&mut self, questions: &Questions, factor_levels: &[Weights], place: &Place, known: &Known) {
        let Known { child, age, send, household, area } = *known;
        let ground = &place.areas[area];
        let before = self.known.len();
        for (position, factor) in tables::FACTORS.iter().enumerate() {
            if fits(factor.kind, age) && plain(&questions.factors[position], child, factor.share) {
                let level = 2 + questions.levels[position].pick(child, &factor_levels[position]) as u64;
                self.known.push(KnownNeed { child, kind: factor.kind, level, age, area });
            }
        }
        if self.known.len() == before {
            self.known.push(KnownNeed { child, kind: tables::COMMONEST, level: 2, age, area });
        }

        // By household, so that its children live together.
        let near = |draws: &Draws, centre| round(draws, household, centre, 700, u64::MAX).to_string();
        let (x, y) = (near(&questions.x, ground.at.x), near(&questions.y, ground.at.y));
        let tags = tags(questions, child);
        let basis = ["normative", "normative;expressed", "expressed"][questions.basis.below(child, 3) as usize];
        let (household, send) = (format!("h-{household:06}"), yes_no(send));
        for need in &self.known[before..] {
            self.needs.push([
                need.id().as_str(),
                &need.holder(),
                need.kind,
                &need.level.to_string(),
                "1",
                &ground.id,
                &age.to_string(),
                "",
                &x,
                &y,
                basis,
                "counted",
                "",
                "",
                &tags,
                &household,
                send,
                place.land(area).as_str(),
            ]);
            // Where there is a rate, it covers the known children too.
            if tables::RATES.iter().all(|rate| rate.kind != need.kind) {
                *self.demand.entry(need.kind).or_default() += 1;
            }
        }
    }

    fn add_area(&mut self, place: &Place, position: usize, counts: &Counts) {
        let area = &place.areas[position];
        let land = place.land(position).as_str();
        for (age, by_send) in counts.population.iter().enumerate() {
            for (send, children) in by_send.iter().enumerate() {
                let (age, children) = (age.to_string(), children.to_string());
                self.population.push([&area.id, age.as_str(), yes_no(send == 1), land, &children]);
            }
            let children: u64 = by_send.iter().sum();
            for rate in tables::RATES.iter().filter(|rate| (rate.ages.0..=rate.ages.1).contains(&(age as u64))) {
                // Rounded by area and age: near enough to size the supply by.
                *self.demand.entry(rate.kind).or_default() += (children * rate.rate + 500) / 1000;
            }
        }

        let cohort = |kind, ages, level, children, basis, certainty| Cohort {
            area: &area.id,
            land,
            kind,
            ages,
            level,
            children: Count::Known(children),
            basis,
            certainty,
        };
        for ((_, min, max, _), &children) in tables::FREE_MEALS.iter().zip(&counts.free_meals) {
            let ages = Some((*min, *max));
            self.add_cohort(&cohort("MIC-26", ages, 2, children, "normative", "administrative").suppressed());
        }
        let housing = cohort("EXO-03", None, 3, counts.insecure_housing, "expressed", "administrative");
        self.add_cohort(&housing.suppressed());
        // What young people said they miss. In one area of three they have also asked for it.
        let basis = if position.is_multiple_of(3) { "felt;expressed" } else { "felt" };
        self.add_cohort(&cohort("MIC-37", Some((8, 18)), 1, counts.wishes, basis, "estimated"));
        if place.land(position) == Land::Country {
            // What country parents said about buses; at one meeting the parish had counted.
            let basis = if position.is_multiple_of(6) { "felt;expressed" } else { "felt" };
            self.add_cohort(&cohort("EXO-04", None, 2, area.children / 10, basis, "estimated"));
        }
    }

    /// One neighbour counts its children; of the other only that there are some is known.
    fn add_neighbours(&mut self, place: &Place) {
        for (neighbour, children) in place.neighbours.iter().zip([Count::Known(40), Count::Mark("x")]) {
            self.add_cohort(&Cohort {
                area: neighbour.id,
                land: NO_LAND,
                kind: "MIC-26",
                ages: Some((5, 10)),
                level: 2,
                children,
                basis: "normative",
                certainty: "administrative",
            });
        }
    }

    fn add_cohort(&mut self, cohort: &Cohort<'_>) {
        let Cohort { area, land, kind, ages, level, children, basis, certainty } = cohort;
        let number = |number: u64| number.to_string();
        let (children, low, high) = match children {
            Count::Known(0) => return,
            Count::Known(children) => {
                if *basis != "felt" {
                    *self.demand.entry(kind).or_default() += children;
                }
                (number(*children), String::new(), String::new())
            }
            Count::Suppressed => ("c".to_owned(), number(1), number(SUPPRESSED_UP_TO)),
            Count::Mark(mark) => ((*mark).to_owned(), String::new(), String::new()),
        };
        let (min, max) = ages.map_or_else(Default::default, |(min, max)| (number(min), number(max)));
        let holder = match ages {
            Some((min, max)) => format!("k-{area}.{kind}.{min}-{max}"),
            None => format!("k-{area}.{kind}"),
        };
        let need = format!("n-{holder}");
        let level = number(*level);
        self.needs.push([
            need.as_str(),
            &holder,
            kind,
            &level,
            &children,
            area,
            &min,
            &max,
            "",
            "",
            basis,
            certainty,
            &low,
            &high,
            "",
            "",
            "",
            land,
        ]);
    }
}

struct Known {
    child: u64,
    age: u64,
    send: bool,
    /// The number of the household's first known child.
    household: u64,
    area: usize,
}

struct Cohort<'a> {
    area: &'a str,
    land: &'static str,
    kind: &'static str,
    ages: Option<(u64, u64)>,
    level: u64,
    children: Count,
    basis: &'static str,
    certainty: &'static str,
}

impl Cohort<'_> {
    /// As published: a small number is hidden.
    fn suppressed(self) -> Self {
        let children = match self.children {
            Count::Known(1..=SUPPRESSED_UP_TO) => Count::Suppressed,
            other => other,
        };
        Cohort { children, ..self }
    }
}

#[derive(Clone, Copy)]
enum Count {
    Known(u64),
    /// `c`, with the bounds that the rule gives away.
    Suppressed,
    Mark(&'static str),
}

impl Counts {
    fn add(&mut self, questions: &Questions, tilt: &Tilt, child: u64, age: u64) {
        for (band, &(_, min, max, share)) in tables::FREE_MEALS.iter().enumerate() {
            let counts = (min..=max).contains(&age) && tilt.chance(&questions.free_meals, child, share);
            self.free_meals[band] += u64::from(counts);
        }
        let housing = age <= 17 && tilt.chance(&questions.housing, child, tables::INSECURE_HOUSING);
        self.insecure_housing += u64::from(housing);
        let wishes = (8..=18).contains(&age) && plain(&questions.wish, child, tables::WISHES);
        self.wishes += u64::from(wishes);
    }
}

/// Need rises with deprivation: half as much again in the most deprived area, half as much in the least. Invented; the
/// mean over areas is the published share.
struct Tilt {
    percent: u64,
}

impl Tilt {
    fn new(area: &SmallArea, place: &Place) -> Tilt {
        // A place has at least two areas.
        Tilt { percent: 150 - 100 * area.order / (place.areas.len() as u64 - 1) }
    }

    fn chance(&self, draws: &Draws, child: u64, share: Share) -> bool {
        draws.chance(child, share.part * self.percent, share.whole * 100)
    }
}

fn plain(draws: &Draws, child: u64, share: Share) -> bool {
    draws.chance(child, share.part, share.whole)
}

fn fits(kind: &str, age: u64) -> bool {
    tables::KINDS.iter().any(|row| row.code == kind && (row.ages.0..=row.ages.1).contains(&age))
}

/// Who referred the child and where it is at school; each is missing from one record in five.
fn tags(questions: &Questions, child: u64) -> String {
    let referral = match questions.referral.below(child, 10) {
        0..=1 => "",
        2..=5 => "referral=school",
        6..=7 => "referral=health",
        _ => "referral=family",
    };
    let registered = match questions.registered.below(child, 20) {
        0..=3 => "",
        4 => "registered=home",
        _ => "registered=school",
    };
    let separator = if referral.is_empty() || registered.is_empty() { "" } else { ";" };
    format!("{referral}{separator}{registered}")
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
