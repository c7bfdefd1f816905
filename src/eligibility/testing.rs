//! A locality out of a few lines that a colleague can read, for the tests of this module only.
//!
//! Each line is a table's name, an id where the table has ids, and `key=value` words; lists are joined by `;`, tags are
//! `name:value`. Kinds, types, providers and holders that are only mentioned come into being.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::date;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::select;

use crate::domain::locality::About;
use crate::domain::policy::{ReachRule, UnknownEligibility};
use crate::domain::{
    AgeBand, AgeLimit, AgeLimits, AgeUnit, Area, AreaIx, BasisSet, Completeness, Coordinates, Decline, DeclineWhat,
    DeclineWho, Drive, Holder, HolderIx, HolderSort, Id, Kind, KindIx, Layer, Level, LevelLimits, Locality, Meet, Need,
    NeedIx, NeedOrigin, Offer, OfferIx, Parts, Period, Point, Policy, ProviderIx, Reach, Recipient, Service, ServiceIx,
    ServiceType, Stated, Status, Tag, Travel, TravelUnit, TypeIx, Unit,
};

/// One line, taken apart.
struct Line<'a> {
    table: &'a str,
    id: &'a str,
    words: Vec<&'a str>,
}

impl<'a> Line<'a> {
    fn get(&self, key: &str) -> Option<&'a str> {
        self.words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    fn list(&self, key: &str) -> Vec<&'a str> {
        self.get(key).map_or(Vec::new(), |list| list.split(';').collect())
    }

    fn has(&self, flag: &str) -> bool {
        self.words.contains(&flag)
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.get(key).map(|text| text.parse().unwrap_or_else(|_| panic!("{key}={text} in {}", self.id)))
    }

    fn point(&self) -> Option<Point> {
        let (x, y) = self.get("at")?.split_once(',').unwrap();
        Some(Point { x: x.parse().unwrap(), y: y.parse().unwrap() })
    }

    /// `ages=4-6` or `age=5`.
    fn ages(&self) -> Option<AgeBand> {
        let text = self.get("ages").or(self.get("age"))?;
        let (min, max) = text.split_once('-').unwrap_or((text, text));
        AgeBand::new(min.parse().unwrap(), max.parse().unwrap())
    }

    fn tags(&self, key: &str) -> Vec<Tag> {
        let tag = |text: &str| {
            let (name, value) = text.split_once(':').unwrap();
            Tag { name: name.to_owned(), value: value.to_owned() }
        };
        let mut tags: Vec<Tag> = self.list(key).into_iter().map(tag).collect();
        tags.sort();
        tags
    }

    fn reach(&self) -> Reach {
        match self.get("reach") {
            None => Reach::Blank,
            Some("any") => Reach::Any,
            Some(text) => match text.strip_suffix("min") {
                Some(minutes) => Reach::Minutes(minutes.parse().unwrap()),
                None => Reach::Metres(text.parse().unwrap()),
            },
        }
    }
}

/// Ids in order, and their positions.
struct Names<'a>(Vec<&'a str>);

impl<'a> Names<'a> {
    fn new(names: impl IntoIterator<Item = &'a str>) -> Names<'a> {
        Names(names.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn at(&self, name: &str) -> usize {
        self.0.binary_search(&name).unwrap_or_else(|_| panic!("no {name}"))
    }
}

pub(crate) fn locality(text: &str) -> Locality {
    let lines: Vec<Line> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
        .map(|words| Line { table: words[0], id: words.get(1).copied().unwrap_or(""), words })
        .collect();
    let table = |name: &'static str| lines.iter().filter(move |line| line.table == name);
    let sorted = |name: &'static str| {
        let mut rows: Vec<&Line> = table(name).collect();
        rows.sort_by_key(|line| line.id);
        rows
    };
    let ids = |name: &'static str| Names::new(table(name).map(|line| line.id));
    let (areas, services, offers, needs) = (ids("area"), ids("service"), ids("offer"), ids("need"));
    let mentioned = table("need").map(|line| line.get("kind").unwrap());
    let kinds = Names::new(table("kind").chain(table("meets")).map(|line| line.id).chain(mentioned));
    let holders = Names::new(table("need").map(|line| line.get("holder").unwrap_or(line.id)));
    let provider_name = |line: &&Line| -> String { line.get("provider").unwrap_or("provider").to_owned() };
    let provider_names: Vec<String> = sorted("service").iter().map(provider_name).collect();
    let providers = Names::new(provider_names.iter().map(String::as_str));
    let offered: Vec<&str> = table("service").flat_map(|line| line.list("types")).collect();
    let meets_given: Vec<(&str, &str, Option<u16>)> =
        table("meets").map(|line| (line.id, line.words[2], line.number("effect"))).collect();
    let by_code = kinds.0.iter().map(|&kind| (kind, kind, None));
    let meets_read = if meets_given.is_empty() { by_code.collect() } else { meets_given };
    let types = Names::new(offered.iter().copied().chain(meets_read.iter().map(|meet| meet.1)));
    let id = |text: &str| Id::parse(text).unwrap();
    let area_list = |list: Vec<&str>| list.into_iter().map(|area| AreaIx::new(areas.at(area))).collect::<Vec<_>>();

    let mut policy = Policy::defaults("2024-09-01".to_owned());
    for line in table("policy") {
        policy.reach.metres = line.number("metres").unwrap_or(policy.reach.metres);
        policy.reach.minutes = line.number("minutes").or(policy.reach.minutes);
        policy.limits.placements_per_holder =
            line.number("holder-limit").unwrap_or(policy.limits.placements_per_holder);
        if line.get("unknown") == Some("yes") {
            policy.unknown.eligibility = UnknownEligibility::Yes;
        }
        if let Some(provider) = line.get("provider-limit") {
            policy.limits.provider_places.push((ProviderIx::new(providers.at(provider)), 1));
        }
    }
    for line in table("rule") {
        policy.reach.rules.push(ReachRule {
            kind: line.get("kind").map(|kind| KindIx::new(kinds.at(kind))),
            age_min: line.number("min"),
            age_max: line.number("max"),
            metres: line.number("metres"),
            minutes: line.number("minutes"),
        });
    }

    let area_row = |line: &&Line| Area {
        id: id(line.id),
        name: line.id.to_owned(),
        point: line.point(),
        parent: line.get("parent").map(|parent| AreaIx::new(areas.at(parent))),
        inside: !line.has("outside"),
        deprivation_rank: None,
        groups: Vec::new(),
    };
    let area_rows: Vec<Area> = sorted("area").iter().map(area_row).collect();
    let kind_rows = kinds.0.iter().map(|&kind| {
        let line = table("kind").find(|line| line.id == kind);
        let recipient = line
            .and_then(|line| line.get("recipient"))
            .map_or(Recipient::Child, |text| Recipient::parse(text).unwrap());
        Kind {
            id: id(kind),
            label: kind.to_owned(),
            layer: line.and_then(|line| line.get("layer")).map(|text| Layer::parse(text).unwrap()),
            domain: String::new(),
            recipient,
            ages: None,
            source: String::new(),
            codes: Vec::new(),
        }
    });
    let mut holder_rows: BTreeMap<&str, Holder> = BTreeMap::new();
    let need_rows: Vec<Need> = sorted("need")
        .iter()
        .map(|line| {
            let holder = line.get("holder").unwrap_or(line.id);
            let area = AreaIx::new(areas.at(line.get("area").unwrap()));
            let children = match line.get("children") {
                Some("?") => Stated::BLANK,
                _ => Stated::Known(line.number("children").unwrap_or(1)),
            };
            let sort = if line.get("children").is_some() { HolderSort::Cohort } else { HolderSort::Child };
            let known = children.known().unwrap_or(0);
            let row = holder_rows.entry(holder).or_insert_with(|| Holder {
                id: id(holder),
                sort,
                area,
                ages: line.ages(),
                household: None,
                groups: Vec::new(),
                children: known,
            });
            row.children = row.children.max(known);
            Need {
                id: id(line.id),
                holder: HolderIx::new(holders.at(holder)),
                kind: KindIx::new(kinds.at(line.get("kind").unwrap())),
                level: Level::new(line.number("level").unwrap_or(1)).unwrap(),
                children,
                children_low: None,
                children_high: None,
                point: line.point().or(area_rows[area.ix()].point),
                weight: line.number("weight").unwrap_or(1),
                basis: BasisSet::default(),
                certainty: None,
                tags: line.tags("tags"),
                origin: NeedOrigin::Row,
                counts: !line.has("felt"),
            }
        })
        .collect();
    let limit = |text: &str| match text {
        "any" => AgeLimit::Any,
        "?" => AgeLimit::Unknown,
        age => AgeLimit::At(age.parse().unwrap()),
    };
    let service_row = |line: &&Line| {
        let (min, max) = line.get("ages").unwrap_or("any..any").split_once("..").unwrap();
        let (low, high) = line.get("levels").unwrap_or("1-4").split_once('-').unwrap();
        let level = |text: &str| Level::new(text.parse().unwrap()).unwrap();
        let layer = |key: &str| line.get(key).map(|text| Layer::parse(text).unwrap());
        let mut of_types: Vec<TypeIx> =
            line.list("types").into_iter().map(|name| TypeIx::new(types.at(name))).collect();
        of_types.sort();
        of_types.dedup();
        Service {
            id: id(line.id),
            name: line.id.to_owned(),
            provider: ProviderIx::new(providers.at(&provider_name(line))),
            types: of_types,
            ages: AgeLimits { min: limit(min), max: limit(max) },
            levels: LevelLimits { min: level(low), max: level(high), assumed: false },
            setting: layer("setting"),
            target: layer("target"),
            requires: line.tags("requires"),
            excludes: line.tags("excludes"),
            evidence: None,
            unit: Unit::Child,
            cost_per_place: None,
        }
    };
    let offer_row = |line: &&Line| {
        let area = line.get("area").map(|area| AreaIx::new(areas.at(area)));
        Offer {
            id: id(line.id),
            service: ServiceIx::new(services.at(line.get("service").unwrap())),
            point: line.point().or(area.and_then(|area| area_rows[area.ix()].point)),
            area,
            capacity: line.number("capacity").map_or(Stated::BLANK, Stated::Known),
            free: Stated::BLANK,
            turns: 1,
            status: line.get("status").map(|text| Status::parse(text).unwrap()),
            updated: None,
            reach: line.reach(),
            covers: area_list(line.list("covers")),
        }
    };
    // travel metres|minutes AREA OFFER NUMBER
    let mut travel: Option<Travel> = None;
    for line in table("travel") {
        let unit = if line.id == "minutes" { TravelUnit::Minutes } else { TravelUnit::Metres };
        let empty = || Travel { unit, offers: vec![Vec::new(); offers.0.len()], candidates: Vec::new() };
        let travel = travel.get_or_insert_with(empty);
        if let &[_, _, area, offer, number] = line.words.as_slice() {
            let row: &mut Vec<(AreaIx, f64)> = &mut travel.offers[offers.at(offer)];
            row.push((AreaIx::new(areas.at(area)), number.parse().unwrap()));
            row.sort_by_key(|&(area, _)| area);
            row.dedup_by_key(|&mut (area, _)| area);
        }
    }
    // decline PAIR need=..|holder=..|(kind=.. area=..) offer=..|service=..
    let mut declines: Vec<Decline> = table("decline")
        .map(|line| Decline {
            who: match (line.get("need"), line.get("holder")) {
                (Some(need), _) => DeclineWho::Need(NeedIx::new(needs.at(need))),
                (_, Some(holder)) => DeclineWho::Holder(HolderIx::new(holders.at(holder))),
                _ => DeclineWho::Everyone {
                    kind: KindIx::new(kinds.at(line.get("kind").unwrap())),
                    area: AreaIx::new(areas.at(line.get("area").unwrap())),
                },
            },
            what: match line.get("offer") {
                Some(offer) => DeclineWhat::Offer(OfferIx::new(offers.at(offer))),
                None => DeclineWhat::Service(ServiceIx::new(services.at(line.get("service").unwrap()))),
            },
            reason: String::new(),
        })
        .collect();
    declines.sort();
    let mut meets: Vec<Meet> = meets_read
        .iter()
        .map(|&(kind, of_type, effect)| Meet {
            kind: KindIx::new(kinds.at(kind)),
            service_type: TypeIx::new(types.at(of_type)),
            effect,
            source: String::new(),
        })
        .collect();
    meets.sort_by_key(|meet| (meet.kind, meet.service_type));
    let drives = table("drive").map(|line| Drive {
        kind: KindIx::new(kinds.at(line.id)),
        drives: KindIx::new(kinds.at(line.words[2])),
        strength: String::new(),
        source: String::new(),
    });

    let lonlat = table("place").any(|line| line.has("lonlat"));
    Locality::from_parts(Parts {
        about: About {
            name: "test".to_owned(),
            reference_date: date(2024, 9, 1),
            period: Period::Year(2024),
            coordinates: if lonlat { Coordinates::LonLat } else { Coordinates::Metres },
            ages: AgeUnit::Years,
            licence: None,
            sources: Vec::new(),
            caveats: Vec::new(),
            sample: false,
            deprivation: None,
        },
        policy,
        group_columns: Vec::new(),
        kinds: kind_rows.collect(),
        types: types.0.iter().map(|name| ServiceType { id: id(name) }).collect(),
        meets,
        holders: Arc::new(holder_rows.into_values().collect()),
        needs: need_rows.into(),
        providers: providers.0.iter().map(|name| id(name)).collect(),
        services: Arc::new(sorted("service").iter().map(service_row).collect()),
        offers: Arc::new(sorted("offer").iter().map(offer_row).collect()),
        travel: travel.map(Arc::new),
        declines_recorded: !declines.is_empty(),
        declines: declines.into(),
        receipts: None,
        population: Arc::default(),
        drives: drives.collect(),
        outcomes: Vec::new(),
        candidates: Vec::new(),
        scenarios: Vec::new(),
        completeness: Completeness::default(),
        areas: area_rows.into(),
        received: Vec::new(),
    })
}

/// Small localities of every sort: on the plane and on the globe (poles and date line too), with travel in km and in
/// minutes, areas within areas, missing points, reaches of all sorts, rules by age, tags, cohorts and declines.
pub(crate) fn any_place() -> impl Strategy<Value = String> {
    let sort = prop_oneof![Just("metres"), Just("lonlat"), Just("km"), Just("minutes")];
    sort.prop_flat_map(|sort| {
        let metres = (0_i32..6, 0_i32..6).prop_map(|(x, y)| format!("{},{}", x * 1000, y * 500));
        let lon =
            prop_oneof![Just(-180.0), Just(179.99), Just(180.0), Just(0.0), Just(0.01), Just(90.0), -180.0..180.0];
        let lat = prop_oneof![Just(90.0), Just(-90.0), Just(89.99), Just(51.5), Just(51.51), Just(0.0), -90.0..90.0];
        let degrees = (lon, lat).prop_map(|(lon, lat)| format!("{lon},{lat}"));
        let point = if sort == "lonlat" { degrees.boxed() } else { metres.boxed() };
        let at = option::weighted(0.8, point).prop_map(|at| at.map_or(String::new(), |at| format!("at={at}"))).boxed();
        let number = |choices: &'static [&'static str]| select(choices);
        let reach = match sort {
            "minutes" => number(&["", "", "reach=any", "reach=10min", "reach=20min"]),
            "lonlat" => number(&["", "", "reach=any", "reach=0", "reach=1200", "reach=1000000", "reach=21000000"]),
            _ => number(&["", "", "reach=any", "reach=0", "reach=1000", "reach=1500", "reach=4000"]),
        };
        let limit = if sort == "minutes" { "minutes" } else { "metres" };
        let area = (at.clone(), option::of(0_usize..6), select(&["", "", "outside"]));
        let rule = (select(&["", "kind=k0", "kind=k1"]), select(&["", "min=5", "max=7", "min=3 max=9"]), 0_u32..6);
        let ages = number(&["", "age=4", "age=8", "ages=3-8", "ages=0-4", "ages=5-9"]);
        let tags = number(&["", "tags=t:1", "tags=t:2", "tags=u:1;t:1", "tags=hair:red"]);
        let need = (0_usize..3, 0_usize..6, 1_u8..5, ages, tags, at.clone(), (0_usize..8, select(&["", "", "felt"])));
        let accepts =
            number(&["", "", "ages=5..9", "ages=any..7", "ages=?..9", "levels=2-3", "levels=1-3 ages=4..any"]);
        let requires = number(&["", "", "", "requires=t:1", "excludes=t:2", "requires=u:1 excludes=t:2"]);
        let service = (select(&["k0", "k1", "k2", "k0;k1", "k0;k1;k2"]), accepts, requires, 0_usize..3);
        let covers = number(&["", "", "", "covers=a0", "covers=a1;a2", "covers=a3"]);
        let status = number(&["", "", "", "status=additional-assessment-required"]);
        let offer = (0_usize..4, at, reach, covers, status);
        let who = prop_oneof![
            (0_usize..6).prop_map(|need| format!("need=n{need:02}")),
            (0_usize..8).prop_map(|holder| format!("holder=h{holder}")),
            (0_usize..3, 0_usize..6).prop_map(|(kind, area)| format!("kind=k{kind} area=a{area}")),
        ];
        let what = prop_oneof![
            (0_usize..4).prop_map(|service| format!("service=s{service}")),
            (0_usize..8).prop_map(|offer| format!("offer=o{offer}")),
        ];
        (
            vec(area, 6),
            vec(rule, 0..4),
            vec(need, 20),
            vec(service, 4),
            vec(offer, 8),
            vec((who, what), 0..12),
            vec((0_usize..6, 0_usize..8, 0_u32..30), 0..30),
            select(&["", "policy unknown=yes"]),
        )
            .prop_map(move |(areas, rules, needs, services, offers, declines, travel, policy)| {
                let mut lines = vec![format!("place {sort}"), policy.to_owned(), "kind k2 recipient=parent".to_owned()];
                lines.push("kind k0\nkind k1\npolicy metres=1200 minutes=12".to_owned());
                for (area, (at, parent, inside)) in areas.iter().enumerate() {
                    // Parents come later, so that there is no circle.
                    let parent = parent.filter(|&parent| area < parent).map(|parent| format!("parent=a{parent}"));
                    lines.push(format!("area a{area} {at} {inside} {}", parent.unwrap_or_default()));
                }
                for (kind, ages, size) in rules {
                    let reach = if limit == "minutes" { size * 10 } else { size * 1000 + 500 };
                    lines.push(format!("rule r {kind} {ages} {limit}={reach}"));
                }
                for (need, (kind, area, level, ages, tags, at, (holder, felt))) in needs.iter().enumerate() {
                    // Some holders have several needs; area and ages are then those of the first.
                    let holder = if *holder < 4 { format!("holder=h{holder}") } else { format!("holder=own{need}") };
                    lines.push(format!(
                        "need n{need:02} kind=k{kind} area=a{area} level={level} {ages} {tags} {at} {holder} {felt}"
                    ));
                }
                for (service, (types, accepts, requires, provider)) in services.iter().enumerate() {
                    lines.push(format!("service s{service} types={types} {accepts} {requires} provider=p{provider}"));
                }
                for (offer, (service, at, reach, covers, status)) in offers.iter().enumerate() {
                    lines.push(format!("offer o{offer} service=s{service} {at} {reach} {covers} {status}"));
                }
                for (decline, (who, what)) in declines.iter().enumerate() {
                    if !who.starts_with("holder") || lines.iter().any(|line| line.contains(who.as_str())) {
                        lines.push(format!("decline d{decline} {who} {what}"));
                    }
                }
                if limit == "minutes" || sort == "km" {
                    lines.push(format!("travel {limit}"));
                    for (area, offer, number) in travel {
                        let number = if limit == "minutes" { f64::from(number) } else { f64::from(number) * 199.99 };
                        lines.push(format!("travel {limit} a{area} o{offer} {number}"));
                    }
                }
                lines.join("\n")
            })
    })
}
