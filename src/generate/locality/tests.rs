use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::{Id, Layer, Mark, Recipient, Status};

/// A row by column name.
struct Row<'a> {
    table: &'a Table,
    row: usize,
}

impl<'a> Row<'a> {
    fn get(&self, column: &str) -> &'a str {
        let header = self.table.header();
        let at = header.iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"));
        self.table.cell(self.row, at)
    }

    fn number(&self, column: &str) -> u64 {
        self.get(column).parse().unwrap_or_else(|_| panic!("{column} is {:?}", self.get(column)))
    }
}

fn table<'a>(draft: &'a Draft, name: &str) -> impl Iterator<Item = Row<'a>> + use<'a> {
    let table = &draft.tables[name];
    (0..table.len()).map(move |row| Row { table, row })
}

fn of(children: u64) -> Draft {
    locality(&Options::new(1, children).unwrap())
}

fn population(draft: &Draft) -> u64 {
    table(draft, "population").map(|row| row.number("children")).sum()
}

#[test]
fn the_same_options_give_the_same_draft_and_another_seed_another() {
    let options = Options::new(7, 3_000).unwrap();
    assert_eq!(locality(&options), locality(&options));
    assert_ne!(locality(&options).tables["needs"], locality(&Options::new(8, 3_000).unwrap()).tables["needs"]);
    let ample = locality(&options.places_percent(200).unwrap());
    assert_eq!(ample.tables["needs"], locality(&options).tables["needs"], "places do not change the needs");
    assert_ne!(ample.tables["offers"], locality(&options).tables["offers"]);
}

#[test]
fn the_population_is_exactly_the_children_asked_for() {
    for children in [1, 2, 99, 100, 351, 12_000] {
        assert_eq!(population(&of(children)), children);
    }
}

#[test]
fn twice_the_children_are_twice_the_rows() {
    let (small, large) = (of(20_000), of(40_000));
    for name in ["areas", "needs", "population", "receipts"] {
        let (small, large) = (small.tables[name].len(), large.tables[name].len());
        assert!(small * 17 / 10 < large && large < small * 23 / 10, "{name}: {small} and {large}");
    }
}

#[test]
fn sizes_out_of_range_are_refused() {
    assert_eq!(Options::new(1, 0).unwrap_err().to_string(), "children is 0; it can be 1 to 10000000");
    assert!(Options::new(1, Options::MAX_CHILDREN + 1).is_err());
    assert!(Options::default().places_percent(1_001).is_err());
    assert_eq!(Options::new(1, 12_000).unwrap(), Options::default());
}

#[test]
fn it_says_that_it_is_generated() {
    let about = of(500).about.unwrap();
    let Setting::Text(name) = &about["name"] else { panic!("{:?}", about["name"]) };
    assert_eq!(name, "Harrowmere (generated)");
    let Setting::List(sources) = &about["sources"] else { panic!("{:?}", about["sources"]) };
    let Setting::Text(first) = &sources[0] else { panic!("{:?}", sources[0]) };
    assert!(first.starts_with("Generated (seed 1, 500 children, places 100 %): no child"), "{first}");
}

#[test]
fn every_rate_names_its_publication_or_says_that_it_is_invented() {
    for rate in table(&of(500), "rates") {
        let source = rate.get("source");
        assert!(source == tables::INVENTED || source.contains("England 20"), "{source}");
    }
    // The one that everything rests on: 12.8 % of 5 to 19.
    let draft = of(500);
    let known = table(&draft, "rates").find(|row| row.get("kind") == "IND-14" && row.get("age_max") == "17").unwrap();
    assert_eq!(known.get("rate"), "0.128");
    assert!(known.get("source").contains("12.8 %"));
}

/// The ids of each table; and that they are ids, once each.
fn ids(draft: &Draft) -> BTreeMap<&'static str, BTreeSet<String>> {
    let columns = [
        ("areas", "area"),
        ("kinds", "kind"),
        ("needs", "need"),
        ("services", "service"),
        ("offers", "offer"),
        ("candidates", "candidate"),
    ];
    let mut ids = BTreeMap::new();
    for (name, column) in columns {
        let mut seen = BTreeSet::new();
        for row in table(draft, name) {
            let id = row.get(column);
            assert!(Id::parse(id).is_ok(), "{name}: {id:?}");
            assert!(seen.insert(id.to_owned()), "{name}: {id} twice");
        }
        ids.insert(column, seen);
    }
    ids.insert("holder", table(draft, "needs").map(|row| row.get("holder").to_owned()).collect());
    ids
}

#[test]
fn every_reference_leads_somewhere() {
    for children in [1, 100, 12_000] {
        let draft = of(children);
        let ids = ids(&draft);
        let references = [
            ("areas", "parent", "area"),
            ("needs", "area", "area"),
            ("needs", "kind", "kind"),
            ("population", "area", "area"),
            ("rates", "kind", "kind"),
            ("meets", "kind", "kind"),
            ("offers", "service", "service"),
            ("offers", "area", "area"),
            ("offers", "areas", "area"),
            ("receipts", "offer", "offer"),
            ("receipts", "kind", "kind"),
            ("receipts", "holder", "holder"),
            ("receipts", "area", "area"),
            ("declines", "need", "need"),
            ("declines", "holder", "holder"),
            ("declines", "kind", "kind"),
            ("declines", "area", "area"),
            ("declines", "service", "service"),
            ("declines", "offer", "offer"),
            ("candidates", "offer", "offer"),
            ("candidates", "service", "service"),
            ("candidates", "area", "area"),
            ("candidates", "after", "candidate"),
            ("drives", "kind", "kind"),
            ("drives", "drives", "kind"),
            ("outcomes", "kind", "kind"),
            ("scenarios", "kind", "kind"),
        ];
        for (name, column, target) in references {
            for row in table(&draft, name) {
                for id in row.get(column).split(';').filter(|id| !id.is_empty()) {
                    assert!(ids[target].contains(id), "{name}.{column}: {id} in a locality of {children}");
                }
            }
        }
        for row in table(&draft, "receipts").filter(|row| !["", "none"].contains(&row.get("need"))) {
            assert!(ids["need"].contains(row.get("need")));
        }
    }
}

#[test]
fn codes_and_limits_are_those_of_the_domain() {
    let draft = of(12_000);
    for kind in table(&draft, "kinds") {
        assert!(Layer::parse(kind.get("layer")).is_some() && Recipient::parse(kind.get("recipient")).is_some());
    }
    let layers: BTreeSet<&str> = table(&draft, "kinds").map(|kind| kind.get("layer")).collect();
    assert_eq!(layers.len(), Layer::ALL.len(), "a kind on every layer");
    for offer in table(&draft, "offers") {
        let status = offer.get("status");
        assert!(status.is_empty() || Status::parse(status).is_some(), "{status}");
        let capacity = offer.get("capacity");
        assert!(capacity.parse::<u64>().is_ok() || Mark::parse(capacity).is_some(), "{capacity}");
        if let (Ok(free), Ok(capacity)) = (offer.get("free").parse::<u64>(), capacity.parse::<u64>()) {
            assert!(free <= capacity, "{} has more free places than places", offer.get("offer"));
        }
    }
    for service in table(&draft, "services") {
        assert!(Layer::parse(service.get("setting")).is_some() && Layer::parse(service.get("target")).is_some());
    }
    for need in table(&draft, "needs") {
        assert!((1..=4).contains(&need.number("level")));
        let kind = tables::KINDS.iter().find(|kind| kind.code == need.get("kind")).unwrap();
        if need.get("certainty") == "counted" {
            assert!((kind.ages.0..=kind.ages.1).contains(&need.number("age")), "{} at its age", need.get("need"));
        }
    }
}

#[test]
fn rows_of_a_holder_agree() {
    let draft = of(12_000);
    let mut seen = BTreeMap::new();
    for need in table(&draft, "needs") {
        let shared = ["area", "age", "age_max", "household", "group:send", "group:place"].map(|name| need.get(name));
        let first = *seen.entry(need.get("holder")).or_insert(shared);
        assert_eq!(first, shared, "{}", need.get("holder"));
    }
    let mut homes = BTreeMap::new();
    for need in table(&draft, "needs").filter(|need| !need.get("household").is_empty()) {
        let home = ["area", "x", "y"].map(|name| need.get(name));
        let first = *homes.entry(need.get("household")).or_insert(home);
        assert_eq!(first, home, "{}", need.get("household"));
    }
}

#[test]
fn ranks_are_a_ranking() {
    let draft = of(40_000);
    let ranks: Vec<u64> = table(&draft, "areas")
        .filter(|row| !row.get("deprivation_rank").is_empty())
        .map(|row| row.number("deprivation_rank"))
        .collect();
    let distinct: BTreeSet<u64> = ranks.iter().copied().collect();
    assert_eq!(distinct.len(), ranks.len());
    assert!(distinct.iter().all(|rank| (1..=AREAS_IN_INDEX).contains(rank)));
    assert!(*distinct.first().unwrap() < 1_000 && AREAS_IN_INDEX - 1_000 < *distinct.last().unwrap(), "{distinct:?}");
}

#[test]
fn shares_come_out_near_those_published() {
    let draft = of(200_000);
    let known: BTreeSet<&str> =
        table(&draft, "needs").filter(|row| row.get("certainty") == "counted").map(|row| row.get("holder")).collect();
    let minors: u64 =
        table(&draft, "population").filter(|row| row.number("age") <= 17).map(|row| row.number("children")).sum();
    let per_thousand = known.len() as u64 * 1_000 / minors;
    assert!((55..=61).contains(&per_thousand), "57.8 in 1000 children are known, here {per_thousand}");
    let domestic = table(&draft, "needs").filter(|row| row.get("kind") == "MIC-08").count();
    let percent = domestic * 100 / known.len();
    assert!((29..=34).contains(&percent), "31.7 % of known children, here {percent}");
}

/// What stands between a need and the services that fit it, by rules written out anew and read from the text. The
/// least obstacle counts, as in the causes of unmet need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    NoType,
    Ineligible,
    EligibilityUnknown,
    PlaceUnknown,
    OutOfReach,
    Declined,
    PlacesUnknown,
    None,
}

struct Reader<'a> {
    draft: &'a Draft,
    services: BTreeMap<&'a str, Row<'a>>,
    points: BTreeMap<&'a str, (f64, f64)>,
}

impl<'a> Reader<'a> {
    fn new(draft: &'a Draft) -> Reader<'a> {
        let points = table(draft, "areas").filter_map(|row| Some((row.get("area"), point(&row)?))).collect();
        let services = table(draft, "services").map(|row| (row.get("service"), row)).collect();
        Reader { draft, services, points }
    }

    fn obstacle(&self, need: &Row<'_>) -> Obstacle {
        let types: Vec<&str> = table(self.draft, "meets")
            .filter(|row| row.get("kind") == need.get("kind"))
            .map(|row| row.get("type"))
            .collect();
        table(self.draft, "offers")
            .filter(|offer| types.contains(&self.services[offer.get("service")].get("types")))
            .map(|offer| self.between(need, &offer))
            .max()
            .unwrap_or(Obstacle::NoType)
    }

    fn between(&self, need: &Row<'_>, offer: &Row<'_>) -> Obstacle {
        let service = &self.services[offer.get("service")];
        let verdicts = [
            self.age(need, service),
            level(need, service),
            tags(need, service.get("requires"), true),
            tags(need, service.get("excludes"), false),
            (offer.get("status") != "additional-assessment-required").then_some(true),
        ];
        if verdicts.contains(&Some(false)) {
            return Obstacle::Ineligible;
        }
        if verdicts.contains(&None) {
            return Obstacle::EligibilityUnknown;
        }
        match self.reach(need, offer) {
            None => return Obstacle::PlaceUnknown,
            Some(false) => return Obstacle::OutOfReach,
            Some(true) => {}
        }
        let declined = table(self.draft, "declines").any(|row| {
            let who = row.get("need") == need.get("need")
                || row.get("holder") == need.get("holder")
                || (row.get("kind") == need.get("kind") && row.get("area") == need.get("area"));
            who && (row.get("service") == offer.get("service") || row.get("offer") == offer.get("offer"))
        });
        if declined {
            return Obstacle::Declined;
        }
        let counted = offer.get("capacity").parse::<u64>().is_ok() && service.get("unit") != "hour";
        if counted { Obstacle::None } else { Obstacle::PlacesUnknown }
    }

    fn age(&self, need: &Row<'_>, service: &Row<'_>) -> Option<bool> {
        let recipient = tables::KINDS.iter().find(|kind| kind.code == need.get("kind")).unwrap().recipient;
        let (min, max) = (service.get("age_min"), service.get("age_max"));
        if recipient != "child" || (min, max) == ("any", "any") {
            return Some(true);
        }
        let young = need.get("age").parse::<u64>().ok()?;
        let old = need.get("age_max").parse::<u64>().unwrap_or(young);
        let above = limit(min, |min| (young..=old).map(|age| min <= age).collect());
        let below = limit(max, |max| (young..=old).map(|age| age <= max).collect());
        both(above, below)
    }

    fn reach(&self, need: &Row<'_>, offer: &Row<'_>) -> Option<bool> {
        let areas = offer.get("areas");
        if !areas.is_empty() {
            return Some(areas == place::AUTHORITY);
        }
        let km: f64 = match offer.get("reach_km") {
            "any" => return Some(true),
            "" => 15.0,
            km => km.parse().unwrap(),
        };
        let from = point(need).or(self.points.get(need.get("area")).copied())?;
        let to = point(offer).or(self.points.get(offer.get("area")).copied())?;
        Some(((from.0 - to.0).powi(2) + (from.1 - to.1).powi(2)).sqrt() <= km * 1000.0)
    }
}

fn point(row: &Row<'_>) -> Option<(f64, f64)> {
    Some((row.get("x").parse().ok()?, row.get("y").parse().ok()?))
}

fn limit(text: &str, holds: impl Fn(u64) -> BTreeSet<bool>) -> Option<bool> {
    match text {
        "any" => Some(true),
        "" => None,
        age => {
            let holds = holds(age.parse().unwrap());
            (holds.len() == 1).then(|| holds.contains(&true))
        }
    }
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn level(need: &Row<'_>, service: &Row<'_>) -> Option<bool> {
    let (min, max) = (service.get("level_min").parse().unwrap_or(1), service.get("level_max").parse().unwrap_or(4));
    Some((min..=max).contains(&need.number("level")))
}

fn tags(need: &Row<'_>, rule: &str, wanted: bool) -> Option<bool> {
    let Some((name, value)) = rule.split_once('=') else { return Some(true) };
    let tag = need.get("tags").split(';').find_map(|tag| tag.strip_prefix(name)?.strip_prefix('='));
    tag.map(|seen| (seen == value) == wanted)
}

#[test]
fn the_demonstration_has_every_obstacle_and_too_few_places() {
    let draft = locality(&Options::default());
    let reader = Reader::new(&draft);
    let mut rows = BTreeMap::new();
    let mut free_of_obstacles = BTreeMap::new();
    for need in table(&draft, "needs").filter(|need| need.get("basis") != "felt") {
        let obstacle = reader.obstacle(&need);
        *rows.entry(obstacle).or_insert(0) += 1;
        if let (Obstacle::None, Ok(children)) = (obstacle, need.get("children").parse::<u64>()) {
            *free_of_obstacles.entry(need.get("kind")).or_insert(0) += children;
        }
    }
    let all = [
        Obstacle::NoType,
        Obstacle::Ineligible,
        Obstacle::EligibilityUnknown,
        Obstacle::PlaceUnknown,
        Obstacle::OutOfReach,
        Obstacle::Declined,
        Obstacle::PlacesUnknown,
        Obstacle::None,
    ];
    for obstacle in all {
        assert!(rows.get(&obstacle).is_some_and(|&rows| 2 <= rows), "{obstacle:?} in {rows:?}");
    }

    // Kinds that one service alone meets: some have too few places, some have places to spare.
    let places = |service: &str| -> u64 {
        table(&draft, "offers").filter(|row| row.get("service") == service).map(|row| row.number("capacity")).sum()
    };
    assert!(places("s-domestic-child") < free_of_obstacles["MIC-07"]);
    assert!(free_of_obstacles["CHR-06"] < places("s-bereavement"));
}

#[test]
fn the_demonstration_has_every_flaw_of_real_data() {
    let draft = locality(&Options::default());
    let count =
        |name: &str, test: &dyn Fn(&Row<'_>) -> bool| -> usize { table(&draft, name).filter(|row| test(row)).count() };
    let at_least = |least: usize, name: &str, what: &str, test: &dyn Fn(&Row<'_>) -> bool| {
        let seen = count(name, test);
        assert!(least <= seen, "{what}: {seen}");
    };
    at_least(5, "needs", "suppressed counts with bounds", &|row| {
        row.get("children") == "c" && row.get("children_low") == "1" && row.get("children_high") == "5"
    });
    at_least(1, "needs", "another mark", &|row| row.get("children") == "x");
    at_least(5, "needs", "felt alone", &|row| row.get("basis") == "felt");
    at_least(50, "needs", "a tag not recorded", &|row| {
        row.get("certainty") == "counted" && !row.get("tags").contains("registered=")
    });
    at_least(1, "areas", "outside", &|row| row.get("inside") == "no");
    at_least(1, "services", "an age limit nobody wrote down", &|row| row.get("age_max").is_empty());
    at_least(1, "services", "blank levels", &|row| row.get("level_min").is_empty());
    at_least(1, "services", "a unit that is no child", &|row| {
        row.get("unit") == "hour" && row.get("children_per_unit").is_empty()
    });
    at_least(1, "offers", "capacity unknown", &|row| row.get("capacity").is_empty());
    at_least(1, "offers", "several turns", &|row| row.get("turns") == "6");
    at_least(1, "offers", "an old number", &|row| row.get("updated").starts_with("2023"));
    at_least(20, "receipts", "receipts of a need", &|row| row.get("need").starts_with("c-"));
    at_least(3, "receipts", "receipts without need", &|row| row.get("need") == "none");
    at_least(2, "receipts", "receipts of unknown need", &|row| row.get("need").is_empty());
    at_least(2, "declines", "declines of a need", &|row| !row.get("need").is_empty());
    at_least(2, "declines", "declines of a child", &|row| !row.get("holder").is_empty());
    for kind_of in ["places", "offer", "widen", "close"] {
        at_least(1, "candidates", kind_of, &|row| row.get("kind_of") == kind_of);
    }
    let several = table(&draft, "needs").filter(|row| row.get("certainty") == "counted").count();
    let holders: BTreeSet<&str> =
        table(&draft, "needs").filter(|row| row.get("certainty") == "counted").map(|row| row.get("holder")).collect();
    assert!(holders.len() * 3 / 2 < several, "children have several needs: {several} of {}", holders.len());
}
