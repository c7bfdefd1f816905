//! The tables of a locality.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;

use super::kilometres;
use crate::domain::age::{AgeBand, AgeLimit, AgeUnit};
use crate::domain::draft::Table;
use crate::domain::geometry::{Coordinates, Point};
use crate::domain::ids::{AreaIx, Id, NeedIx};
use crate::domain::layer::Level;
use crate::domain::locality::{
    Area, Candidate, CandidateKind, Decline, DeclineWhat, DeclineWho, Drive, Holder, Kind, LevelLimits, Locality, Meet,
    Need, NeedOrigin, Offer, Outcome, PopulationRow, Reach, Receipt, ReceiptNeed, Received, Scenario, Service, Tag,
    TravelUnit, Unit,
};
use crate::domain::stated::Stated;
use crate::solve::{Effort, StopReason};

/// Ticks for a row.
const TICKS: u64 = 128;

type Cell<'l> = Cow<'l, str>;

const BLANK: Cell<'static> = Cow::Borrowed("");

pub(super) fn all(locality: &Locality, effort: &Effort) -> Result<BTreeMap<String, Table>, StopReason> {
    let unload = Unload { locality, effort };
    let mut tables = BTreeMap::new();
    let mut add = |name: &str, table: Table| {
        tables.insert(name.to_owned(), table);
    };
    add("areas", unload.areas()?);
    add("kinds", unload.kinds()?);
    add("needs", unload.needs()?);
    add("services", unload.services()?);
    add("offers", unload.offers()?);
    if !locality.completeness().meets_by_code {
        add("meets", unload.meets()?);
    }
    if let Some(travel) = unload.travel()? {
        add("travel", travel);
    }
    // An empty table says that there are none; without one it is not recorded.
    if locality.declines_recorded() {
        add("declines", unload.declines()?);
    }
    if let Some(receipts) = locality.receipts() {
        add("receipts", unload.receipts(receipts)?);
    }
    add("population", unload.population()?);
    add("drives", unload.drives()?);
    add("outcomes", unload.outcomes()?);
    add("candidates", unload.candidates()?);
    add("scenarios", unload.scenarios()?);
    Ok(tables)
}

struct Unload<'l> {
    locality: &'l Locality,
    effort: &'l Effort<'l>,
}

impl<'l> Unload<'l> {
    /// A table of one row for each item.
    fn table<T>(
        &self,
        header: Vec<String>,
        items: impl IntoIterator<Item = T>,
        cells: impl Fn(T) -> Vec<Cell<'l>>,
    ) -> Result<Table, StopReason> {
        let mut table = Table::new(header);
        for item in items {
            self.effort.tick(TICKS)?;
            table.push(cells(item));
        }
        Ok(table)
    }

    fn header(&self, columns: &[&str]) -> Vec<String> {
        columns.iter().map(|&column| column.to_owned()).collect()
    }

    fn header_with_groups(&self, columns: &[&str]) -> Vec<String> {
        let groups = self.locality.group_columns().iter().map(|column| format!("group:{}", column.name));
        self.header(columns).into_iter().chain(groups).collect()
    }

    fn groups(&self, values: &[u32]) -> impl Iterator<Item = Cell<'l>> {
        let columns = self.locality.group_columns().iter();
        columns.zip(values).map(|(column, &value)| Cow::Borrowed(column.values[value as usize].as_str()))
    }

    fn point_columns(&self) -> [&'static str; 2] {
        match self.locality.about().coordinates {
            Coordinates::LonLat => ["lon", "lat"],
            Coordinates::Metres => ["x", "y"],
        }
    }

    fn area_id(&self, area: AreaIx) -> Cell<'l> {
        id(&self.locality.areas()[area.ix()].id)
    }

    fn area_point(&self, area: Option<AreaIx>) -> Option<Point> {
        area.and_then(|area| self.locality.areas()[area.ix()].point)
    }

    fn covered(&self, areas: &[AreaIx]) -> Cell<'l> {
        list(areas.iter().map(|&area| self.area_id(area)))
    }

    fn areas(&self) -> Result<Table, StopReason> {
        let [x, y] = self.point_columns();
        let header = self.header_with_groups(&["area", "name", x, y, "parent", "inside", "deprivation_rank"]);
        self.table(header, self.locality.areas(), |area| {
            let Area { id: own, name, point, parent, inside, deprivation_rank, groups } = area;
            let [x, y] = self::point(*point);
            let mut cells = vec![
                id(own),
                text(name),
                x,
                y,
                parent.map_or(BLANK, |parent| self.area_id(parent)),
                text(if *inside { "yes" } else { "no" }),
                option(*deprivation_rank),
            ];
            cells.extend(self.groups(groups));
            cells
        })
    }

    fn kinds(&self) -> Result<Table, StopReason> {
        // Ages of the program's own table are in years, and read as such.
        let locality = self.locality;
        let in_years = locality.completeness().built_in_kinds && locality.about().ages == AgeUnit::Months;
        let age = move |age: u16| if in_years { age / 12 } else { age };
        let mut codes: Vec<&str> =
            locality.kinds().iter().flat_map(|kind| &kind.codes).map(|(name, _)| name.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        let mut header =
            self.header(&["kind", "label", "layer", "domain", "recipient", "age_min", "age_max", "source"]);
        header.extend(codes.iter().map(|name| format!("code:{name}")));
        self.table(header, locality.kinds(), |kind| {
            let Kind { id: own, label, layer, domain, recipient, ages, source, codes: filled } = kind;
            let mut cells = vec![
                id(own),
                text(label),
                layer.map_or(BLANK, |layer| text(layer.as_str())),
                text(domain),
                text(recipient.as_str()),
                option(ages.map(|ages| age(ages.min()))),
                option(ages.map(|ages| age(ages.max()))),
                text(source),
            ];
            let code = |name: &&str| filled.iter().find(|(own, _)| own == name).map_or(BLANK, |(_, code)| text(code));
            cells.extend(codes.iter().map(code));
            cells
        })
    }

    fn needs(&self) -> Result<Table, StopReason> {
        let locality = self.locality;
        let [x, y] = self.point_columns();
        let header = self.header_with_groups(&[
            "need",
            "holder",
            "kind",
            "level",
            "children",
            "area",
            "age",
            "age_max",
            x,
            y,
            "weight",
            "basis",
            "certainty",
            "children_low",
            "children_high",
            "tags",
            "household",
            "origin",
        ]);
        let received = &locality.parts().received;
        let needs = locality.needs().iter().enumerate();
        self.table(header, needs, |(at, need)| {
            let Need {
                id: own,
                holder,
                kind,
                level,
                children,
                children_low,
                children_high,
                point,
                weight,
                basis,
                certainty,
                tags,
                origin,
                counts: _,
            } = need;
            let Holder { id: holder, sort: _, area, ages, household, groups, children: _ } =
                &locality.holders()[holder.ix()];
            // Named children are taken off a cohort when it is read.
            let as_received = received.binary_search_by_key(&NeedIx::new(at), |&(need, _)| need).ok();
            let now = Received { children: *children, low: *children_low, high: *children_high };
            let Received { children, low, high } = as_received.map_or(now, |at| received[at].1);
            let [x, y] = self::point(point.filter(|_| *point != self.area_point(Some(*area))));
            let of_level = locality.policy().level_weights[usize::from(level.get() - 1)];
            let [age, age_max] = self::ages(*ages);
            let mut cells = vec![
                id(own),
                id(holder),
                id(&locality.kinds()[kind.ix()].id),
                number(level.get()),
                stated(children),
                self.area_id(*area),
                age,
                age_max,
                x,
                y,
                option(Some(*weight).filter(|&weight| weight != of_level)),
                list(basis.iter().map(|basis| text(basis.as_str()))),
                certainty.map_or(BLANK, |certainty| text(certainty.as_str())),
                option(low),
                option(high),
                self::tags(tags),
                household.as_ref().map_or(BLANK, id),
                text(match origin {
                    NeedOrigin::Row => "",
                    NeedOrigin::Rate => NeedOrigin::RATE,
                }),
            ];
            cells.extend(self.groups(groups));
            cells
        })
    }

    fn services(&self) -> Result<Table, StopReason> {
        let locality = self.locality;
        let header = self.header(&[
            "service",
            "name",
            "provider",
            "types",
            "age_min",
            "age_max",
            "level_min",
            "level_max",
            "setting",
            "target",
            "requires",
            "excludes",
            "evidence",
            "unit",
            "children_per_unit",
            "cost_per_place",
        ]);
        self.table(header, locality.services(), |service| {
            let Service {
                id: own,
                name,
                provider,
                types,
                ages,
                levels,
                setting,
                target,
                requires,
                excludes,
                evidence,
                unit,
                cost_per_place,
            } = service;
            let [level_min, level_max] = self::levels(levels);
            let (unit, per_unit) = match unit {
                Unit::Child => (BLANK, None),
                Unit::Other { name, children } => (text(name), *children),
            };
            vec![
                id(own),
                text(name),
                id(&locality.providers()[provider.ix()]),
                list(types.iter().map(|of| id(&locality.types()[of.ix()].id))),
                age_limit(ages.min),
                age_limit(ages.max),
                level_min,
                level_max,
                setting.map_or(BLANK, |layer| text(layer.as_str())),
                target.map_or(BLANK, |layer| text(layer.as_str())),
                self::tags(requires),
                self::tags(excludes),
                evidence.as_deref().map_or(BLANK, text),
                unit,
                option(per_unit),
                option(*cost_per_place),
            ]
        })
    }

    fn offers(&self) -> Result<Table, StopReason> {
        let [x, y] = self.point_columns();
        let header = self.header(&[
            "offer",
            "service",
            x,
            y,
            "area",
            "capacity",
            "free",
            "turns",
            "status",
            "updated",
            "reach_km",
            "reach_minutes",
            "areas",
        ]);
        self.table(header, self.locality.offers(), |offer| {
            let Offer { id: own, service, point, area, capacity, free, turns, status, updated, reach, covers } = offer;
            let [x, y] = self::point(point.filter(|_| *point != self.area_point(*area)));
            let [reach_km, reach_minutes] = self::reach(*reach);
            vec![
                id(own),
                id(&self.locality.services()[service.ix()].id),
                x,
                y,
                area.map_or(BLANK, |area| self.area_id(area)),
                stated(*capacity),
                stated(*free),
                number(turns),
                status.map_or(BLANK, |status| text(status.as_str())),
                option(*updated),
                reach_km,
                reach_minutes,
                self.covered(covers),
            ]
        })
    }

    fn meets(&self) -> Result<Table, StopReason> {
        self.table(self.header(&["kind", "type", "effect", "source"]), self.locality.meets(), |meet| {
            let Meet { kind, service_type, effect, source } = meet;
            vec![
                id(&self.locality.kinds()[kind.ix()].id),
                id(&self.locality.types()[service_type.ix()].id),
                option(effect.map(|effect| format!("{}.{:03}", effect / 1000, effect % 1000))),
                text(source),
            ]
        })
    }

    fn travel(&self) -> Result<Option<Table>, StopReason> {
        let locality = self.locality;
        let Some(travel) = locality.travel() else { return Ok(None) };
        let unit = match travel.unit {
            TravelUnit::Metres => "km",
            TravelUnit::Minutes => "minutes",
        };
        let offers = locality.offers().iter().map(|offer| &offer.id).zip(&travel.offers);
        let candidates = locality.candidates().iter().map(|candidate| &candidate.id).zip(&travel.candidates);
        let journeys = offers.chain(candidates).flat_map(|(to, from)| from.iter().map(move |&from| (to, from)));
        let table = self.table(self.header(&["area", "offer", unit]), journeys, |(to, (from, length))| {
            let length = match travel.unit {
                TravelUnit::Metres => kilometres(length),
                TravelUnit::Minutes => length.to_string(),
            };
            vec![self.area_id(from), id(to), Cow::Owned(length)]
        });
        table.map(Some)
    }

    /// The cells `service` and `offer`.
    fn what(&self, what: DeclineWhat) -> [Cell<'l>; 2] {
        match what {
            DeclineWhat::Service(service) => [id(&self.locality.services()[service.ix()].id), BLANK],
            DeclineWhat::Offer(offer) => [BLANK, id(&self.locality.offers()[offer.ix()].id)],
        }
    }

    fn declines(&self) -> Result<Table, StopReason> {
        let locality = self.locality;
        let header = self.header(&["need", "holder", "kind", "area", "service", "offer", "reason"]);
        self.table(header, locality.declines(), |decline| {
            let Decline { who, what, reason } = decline;
            let [need, holder, kind, area] = match *who {
                DeclineWho::Need(need) => [id(&locality.needs()[need.ix()].id), BLANK, BLANK, BLANK],
                DeclineWho::Holder(holder) => [BLANK, id(&locality.holders()[holder.ix()].id), BLANK, BLANK],
                DeclineWho::Everyone { kind, area } => {
                    [BLANK, BLANK, id(&locality.kinds()[kind.ix()].id), self.area_id(area)]
                }
            };
            let [service, offer] = self.what(*what);
            vec![need, holder, kind, area, service, offer, text(reason)]
        })
    }

    fn receipts(&self, receipts: &'l [Receipt]) -> Result<Table, StopReason> {
        let locality = self.locality;
        let header = self.header(&["service", "offer", "children", "need", "kind", "holder", "area", "age"]);
        self.table(header, receipts, |receipt| {
            let Receipt { what, children, need, kind, holder, area, age } = receipt;
            let [service, offer] = self.what(*what);
            vec![
                service,
                offer,
                stated(*children),
                match need {
                    ReceiptNeed::Need(need) => id(&locality.needs()[need.ix()].id),
                    ReceiptNeed::NoNeed => text("none"),
                    ReceiptNeed::NotKnown => BLANK,
                },
                kind.map_or(BLANK, |kind| id(&locality.kinds()[kind.ix()].id)),
                holder.map_or(BLANK, |holder| id(&locality.holders()[holder.ix()].id)),
                area.map_or(BLANK, |area| self.area_id(area)),
                option(*age),
            ]
        })
    }

    fn population(&self) -> Result<Table, StopReason> {
        let header = self.header_with_groups(&["area", "age", "age_max", "children"]);
        self.table(header, self.locality.population(), |row| {
            let PopulationRow { area, ages, groups, children } = row;
            let [age, age_max] = self::ages(Some(*ages));
            let mut cells = vec![self.area_id(*area), age, age_max, stated(*children)];
            cells.extend(self.groups(groups));
            cells
        })
    }

    fn drives(&self) -> Result<Table, StopReason> {
        let kinds = self.locality.kinds();
        self.table(self.header(&["kind", "drives", "strength", "source"]), self.locality.drives(), |drive| {
            let Drive { kind, drives, strength, source } = drive;
            vec![id(&kinds[kind.ix()].id), id(&kinds[drives.ix()].id), text(strength), text(source)]
        })
    }

    fn outcomes(&self) -> Result<Table, StopReason> {
        let header = self.header(&["kind", "indicator", "outcome", "framework", "source"]);
        self.table(header, self.locality.outcomes(), |row| {
            let Outcome { kind, indicator, outcome, framework, source } = row;
            let kind = id(&self.locality.kinds()[kind.ix()].id);
            vec![kind, text(indicator), text(outcome), text(framework), text(source)]
        })
    }

    fn candidates(&self) -> Result<Table, StopReason> {
        let [x, y] = self.point_columns();
        let own = [
            "service",
            "offer",
            x,
            y,
            "area",
            "capacity",
            "reach_km",
            "reach_minutes",
            "areas",
            "places_per_step",
            "max_steps",
            "age_min",
            "age_max",
            "level_min",
            "level_max",
        ];
        let mut header = self.header(&["candidate", "kind_of"]);
        header.extend(self.header(&own));
        header.extend(self.header(&["fixed_cost", "cost_per_place", "together", "one_of", "after", "fund"]));
        self.table(header, self.locality.candidates(), |candidate| {
            let Candidate { id: name, kind, fixed_cost, cost_per_place, together, one_of, after, fund } = candidate;
            let (kind_of, filled) = self.candidate_kind(kind);
            let cell = |column: &&str| filled.iter().find(|(name, _)| name == column).map(|(_, cell)| cell.clone());
            let mut cells = vec![id(name), text(kind_of)];
            cells.extend(own.iter().map(|column| cell(column).unwrap_or(BLANK)));
            cells.extend([number(fixed_cost), number(cost_per_place)]);
            cells.extend([together, one_of, after].map(|ids| list(ids.iter().map(id))));
            cells.push(fund.as_ref().map_or(BLANK, id));
            cells
        })
    }

    /// What stands in `kind_of`, and the cells that only this kind of candidate has.
    fn candidate_kind(&self, kind: &'l CandidateKind) -> (&'static str, Vec<(&'static str, Cell<'l>)>) {
        let locality = self.locality;
        let offer = |offer: crate::domain::ids::OfferIx| ("offer", id(&locality.offers()[offer.ix()].id));
        let reaches = |reach: Reach, covers: &[AreaIx]| {
            let [km, minutes] = self::reach(reach);
            [("reach_km", km), ("reach_minutes", minutes), ("areas", self.covered(covers))]
        };
        match kind {
            CandidateKind::Places { offer: to, places_per_step, max_steps } => {
                let steps = [("places_per_step", number(places_per_step)), ("max_steps", number(max_steps))];
                ("places", [offer(*to)].into_iter().chain(steps).collect())
            }
            CandidateKind::Offer { service, point, area, capacity, reach, covers } => {
                let [x, y] = self.point_columns();
                let [first, second] = self::point(point.filter(|_| *point != self.area_point(*area)));
                let cells = [
                    ("service", id(&locality.services()[service.ix()].id)),
                    (x, first),
                    (y, second),
                    ("area", area.map_or(BLANK, |area| self.area_id(area))),
                    ("capacity", capacity.map_or(text("unlimited"), number)),
                ];
                ("offer", cells.into_iter().chain(reaches(*reach, covers)).collect())
            }
            CandidateKind::Widen { what, age_min, age_max, level_min, level_max, reach, covers } => {
                let [service, offer] = self.what(*what);
                let cells = [
                    ("service", service),
                    ("offer", offer),
                    ("age_min", option(*age_min)),
                    ("age_max", option(*age_max)),
                    ("level_min", option(*level_min)),
                    ("level_max", option(*level_max)),
                ];
                ("widen", cells.into_iter().chain(reaches(*reach, covers)).collect())
            }
            CandidateKind::Close { offer: of } => ("close", vec![offer(*of)]),
        }
    }

    fn scenarios(&self) -> Result<Table, StopReason> {
        const ONE: u64 = 1_000_000;
        self.table(self.header(&["scenario", "kind", "area", "factor"]), self.locality.scenarios(), |row| {
            let Scenario { scenario, kind, area, factor } = row;
            vec![
                id(scenario),
                id(&self.locality.kinds()[kind.ix()].id),
                area.map_or(BLANK, |area| self.area_id(area)),
                Cow::Owned(format!("{}.{:06}", factor / ONE, factor % ONE)),
            ]
        })
    }
}

fn id(id: &Id) -> Cell<'_> {
    Cow::Borrowed(id.as_str())
}

fn text(text: &str) -> Cell<'_> {
    Cow::Borrowed(text)
}

fn number(number: impl Display) -> Cell<'static> {
    Cow::Owned(number.to_string())
}

fn option(value: Option<impl Display>) -> Cell<'static> {
    value.map_or(BLANK, number)
}

fn stated(value: Stated<u64>) -> Cell<'static> {
    match value {
        Stated::Known(value) => number(value),
        Stated::Unknown(mark) => Cow::Borrowed(mark.as_str()),
    }
}

fn list<'c>(entries: impl Iterator<Item = Cell<'c>>) -> Cell<'c> {
    let entries: Vec<Cell<'c>> = entries.collect();
    match entries.len() {
        0 | 1 => entries.into_iter().next().unwrap_or(BLANK),
        _ => Cow::Owned(entries.join(";")),
    }
}

fn tags(tags: &[Tag]) -> Cell<'static> {
    list(tags.iter().map(|Tag { name, value }| Cow::Owned(format!("{name}={value}"))))
}

/// `age` and `age_max`.
fn ages(ages: Option<AgeBand>) -> [Cell<'static>; 2] {
    let Some(ages) = ages else { return [BLANK, BLANK] };
    [number(ages.min()), option(Some(ages.max()).filter(|&max| max != ages.min()))]
}

fn age_limit(limit: AgeLimit) -> Cell<'static> {
    match limit {
        AgeLimit::Any => text("any"),
        AgeLimit::At(age) => number(age),
        AgeLimit::Unknown => BLANK,
    }
}

/// `level_min` and `level_max`; those that may have been assumed are blank, and assumed again.
fn levels(levels: &LevelLimits) -> [Cell<'static>; 2] {
    let LevelLimits { min, max, assumed } = *levels;
    let cell = |level: Level, blank: Level| if assumed && level == blank { BLANK } else { number(level) };
    [cell(min, Level::MIN), cell(max, Level::MAX)]
}

/// `reach_km` and `reach_minutes`.
fn reach(reach: Reach) -> [Cell<'static>; 2] {
    match reach {
        Reach::Blank => [BLANK, BLANK],
        Reach::Any => [text("any"), BLANK],
        Reach::Metres(metres) => [Cow::Owned(kilometres(metres)), BLANK],
        Reach::Minutes(minutes) => [BLANK, number(minutes)],
    }
}

/// Both coordinates, with the fewest digits that are read as the same.
fn point(point: Option<Point>) -> [Cell<'static>; 2] {
    point.map_or([BLANK, BLANK], |Point { x, y }| [number(x), number(y)])
}
