//! Canonical bytes of a locality and their SHA-256 digest, which identifies it.
//!
//! The locality is already in one order (everything sorted by id), so rows in another order, spaces, byte order marks or
//! `12.0` for `12` give the same digest; a changed number, name or policy key gives another. Completeness is left out:
//! it says how the bundle was read, not what the place is.
//!
//! Each table has a digest over length-prefixed fields, and the locality's is over those, with their names and with
//! [`VERSION`], so a change of layout cannot pass for the same locality.

use sha2::{Digest, Sha256};

use crate::domain::locality::Deprivation;
use crate::domain::policy::{
    FloorShare, Floors, GroupBy, Limits, Objective, ReachDefaults, ReachRule, UnknownCapacity,
};
use crate::domain::{
    About, AgeBand, AgeLimit, AgeLimits, Area, Candidate, CandidateKind, Decline, DeclineWhat, DeclineWho, Drive,
    GroupColumn, Holder, Id, Kind, Level, LevelLimits, Locality, Meet, Need, Offer, Outcome, Period, Point, Policy,
    PopulationRow, Reach, Receipt, ReceiptNeed, Scenario, Service, ServiceType, Stated, Tag, Travel, Unit,
};
use crate::solve::{Effort, StopReason};

/// Version of the layout.
pub const VERSION: &str = "suffice.locality/2";

/// The digest of a locality, and those of its tables that it is made of, so that a change of one table costs no look at
/// the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    whole: String,
    tables: [[u8; 32]; TABLES.len()],
}

impl Digests {
    /// O(size of the locality), table by table over the effort's threads.
    pub fn of(locality: &Locality, effort: &Effort) -> Result<Digests, StopReason> {
        let digests = effort.share(TABLES.len(), |table| TABLES[table].digest(locality, effort))?;
        let mut tables = [[0; 32]; TABLES.len()];
        tables.copy_from_slice(&digests);
        Ok(Digests::from_tables(tables))
    }

    /// The digests of `after`, where these are those of `before`: tables that the two share are not read again.
    pub fn after(&self, before: &Locality, after: &Locality, effort: &Effort) -> Result<Digests, StopReason> {
        let mut tables = self.tables;
        for (digest, table) in tables.iter_mut().zip(&TABLES) {
            if !(table.is_shared)(before, after) {
                *digest = table.digest(after, effort)?;
            }
        }
        Ok(Digests::from_tables(tables))
    }

    fn from_tables(tables: [[u8; 32]; TABLES.len()]) -> Digests {
        let effort = Effort::unlimited();
        let mut bytes = Writer::new(&effort);
        bytes.text(VERSION);
        for (digest, table) in tables.iter().zip(&TABLES) {
            bytes.text(table.name);
            bytes.bytes(digest);
        }
        let whole = bytes.done().expect("nothing stops an unlimited effort");
        Digests { whole: whole.iter().map(|byte| format!("{byte:02x}")).collect(), tables }
    }

    /// The digest of the locality: 64 hexadecimal digits.
    pub fn whole(&self) -> &str {
        &self.whole
    }
}

/// The digest of a locality: 64 hexadecimal digits. O(size of the locality).
pub fn digest(locality: &Locality) -> String {
    Digests::of(locality, &Effort::unlimited()).expect("nothing stops an unlimited effort").whole
}

/// A part of a locality that has a digest of its own.
struct Table {
    name: &'static str,
    write: fn(&mut Writer, &Locality),
    /// Whether two localities hold this part in one place, so that it is certainly the same.
    is_shared: fn(&Locality, &Locality) -> bool,
}

impl Table {
    fn digest(&self, locality: &Locality, effort: &Effort) -> Result<[u8; 32], StopReason> {
        let mut bytes = Writer::new(effort);
        (self.write)(&mut bytes, locality);
        bytes.done()
    }
}

fn never(_: &Locality, _: &Locality) -> bool {
    false
}

/// Where a part can be large it can be shared.
const TABLES: [Table; 18] = [
    Table { name: "about", write: |out, of| out.about(of.about()), is_shared: never },
    Table { name: "policy", write: |out, of| out.policy(of.policy()), is_shared: never },
    Table { name: "groups", write: |out, of| out.list(of.group_columns(), Writer::group_column), is_shared: never },
    Table {
        name: "areas",
        write: |out, of| out.list(of.areas(), Writer::area),
        is_shared: |one, two| std::ptr::eq(one.areas(), two.areas()),
    },
    Table { name: "kinds", write: |out, of| out.list(of.kinds(), Writer::kind), is_shared: never },
    Table {
        name: "types",
        write: |out, of| {
            out.list(of.types(), |out, ServiceType { id }| out.id(id));
            out.list(of.meets(), Writer::meet);
        },
        is_shared: never,
    },
    Table {
        name: "holders",
        write: |out, of| out.list(of.holders(), Writer::holder),
        is_shared: |one, two| std::ptr::eq(one.holders(), two.holders()),
    },
    Table {
        name: "needs",
        write: |out, of| out.list(of.needs(), Writer::need),
        is_shared: |one, two| std::ptr::eq(one.needs(), two.needs()),
    },
    Table { name: "providers", write: |out, of| out.list(of.providers(), Writer::id), is_shared: never },
    Table {
        name: "services",
        write: |out, of| out.list(of.services(), Writer::service),
        is_shared: |one, two| std::ptr::eq(one.services(), two.services()),
    },
    Table {
        name: "offers",
        write: |out, of| out.list(of.offers(), Writer::offer),
        is_shared: |one, two| std::ptr::eq(one.offers(), two.offers()),
    },
    Table {
        name: "travel",
        write: |out, of| out.option(of.travel(), Writer::travel),
        is_shared: |one, two| match (one.travel(), two.travel()) {
            (Some(one), Some(two)) => std::ptr::eq(one, two),
            (None, None) => true,
            _ => false,
        },
    },
    Table {
        name: "declines",
        write: |out, of| {
            out.number(of.declines_recorded().into());
            out.list(of.declines(), Writer::decline);
        },
        is_shared: |one, two| {
            one.declines_recorded() == two.declines_recorded() && std::ptr::eq(one.declines(), two.declines())
        },
    },
    Table {
        name: "receipts",
        write: |out, of| out.option(of.receipts(), |out, receipts| out.list(receipts, Writer::receipt)),
        is_shared: |one, two| match (one.receipts(), two.receipts()) {
            (Some(one), Some(two)) => std::ptr::eq(one, two),
            (None, None) => true,
            _ => false,
        },
    },
    Table {
        name: "population",
        write: |out, of| out.list(of.population(), Writer::population_row),
        is_shared: |one, two| std::ptr::eq(one.population(), two.population()),
    },
    Table {
        name: "drives",
        write: |out, of| {
            out.list(of.drives(), Writer::drive);
            out.list(of.outcomes(), Writer::outcome);
        },
        is_shared: never,
    },
    Table { name: "candidates", write: |out, of| out.list(of.candidates(), Writer::candidate), is_shared: never },
    Table { name: "scenarios", write: |out, of| out.list(of.scenarios(), Writer::scenario), is_shared: never },
];

struct Writer<'e> {
    hash: Sha256,
    /// Not hashed yet: most fields are 8 bytes long, and a call for each would cost more than its hashing.
    bytes: Vec<u8>,
    effort: &'e Effort<'e>,
    stopped: Option<StopReason>,
}

impl<'e> Writer<'e> {
    /// Bytes that are hashed at a time.
    const BLOCK: usize = 1 << 14;

    fn new(effort: &'e Effort<'e>) -> Writer<'e> {
        Writer { hash: Sha256::new(), bytes: Vec::with_capacity(2 * Writer::BLOCK), effort, stopped: None }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        if Writer::BLOCK <= self.bytes.len() {
            self.hash.update(&self.bytes);
            self.stopped = self.stopped.or(self.effort.tick(self.bytes.len() as u64).err());
            self.bytes.clear();
        }
    }

    fn done(mut self) -> Result<[u8; 32], StopReason> {
        self.hash.update(&self.bytes);
        self.stopped.map_or_else(|| Ok(self.hash.finalize().into()), Err)
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    fn signed(&mut self, number: i64) {
        self.bytes(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    fn id(&mut self, id: &Id) {
        self.text(id.as_str());
    }

    fn float(&mut self, number: f64) {
        // -0.0 and 0.0 are one place.
        self.bytes(&(number + 0.0).to_bits().to_le_bytes());
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Writer<'e>, T)) {
        match value {
            None => self.number(0),
            Some(value) => {
                self.number(1);
                write(self, value);
            }
        }
    }

    fn list<T>(&mut self, list: &[T], mut write: impl FnMut(&mut Writer<'e>, &T)) {
        self.number(list.len() as u64);
        for item in list {
            // What comes out is thrown away after a stop.
            if self.stopped.is_some() {
                break;
            }
            write(self, item);
        }
    }

    fn stated(&mut self, value: Stated<u64>) {
        match value {
            Stated::Known(value) => {
                self.number(1);
                self.number(value);
            }
            Stated::Unknown(mark) => {
                self.number(0);
                self.text(mark.as_str());
            }
        }
    }

    fn point(&mut self, Point { x, y }: Point) {
        self.float(x);
        self.float(y);
    }

    fn ages(&mut self, ages: AgeBand) {
        self.number(ages.min().into());
        self.number(ages.max().into());
    }

    fn decline(&mut self, decline: &Decline) {
        let Decline { who, what, reason } = decline;
        match *who {
            DeclineWho::Need(need) => self.list(&[0, need.ix() as u64], |out, &part| out.number(part)),
            DeclineWho::Holder(holder) => self.list(&[1, holder.ix() as u64], |out, &part| out.number(part)),
            DeclineWho::Everyone { kind, area } => {
                self.list(&[2, kind.ix() as u64, area.ix() as u64], |out, &part| out.number(part));
            }
        }
        self.what(*what);
        self.text(reason);
    }

    fn group_column(&mut self, column: &GroupColumn) {
        let GroupColumn { name, values } = column;
        self.text(name);
        self.list(values, |out, value| out.text(value));
    }

    fn meet(&mut self, meet: &Meet) {
        let Meet { kind, service_type, effect, source } = meet;
        self.number(kind.ix() as u64);
        self.number(service_type.ix() as u64);
        self.option(*effect, |out, effect| out.number(effect.into()));
        self.text(source);
    }

    fn population_row(&mut self, row: &PopulationRow) {
        let PopulationRow { area, ages, groups, children } = row;
        self.number(area.ix() as u64);
        self.ages(*ages);
        self.list(groups, |out, &value| out.number(value.into()));
        self.stated(*children);
    }

    fn drive(&mut self, drive: &Drive) {
        let Drive { kind, drives, strength, source } = drive;
        self.number(kind.ix() as u64);
        self.number(drives.ix() as u64);
        self.text(strength);
        self.text(source);
    }

    fn outcome(&mut self, outcome: &Outcome) {
        let Outcome { kind, indicator, outcome, framework, source } = outcome;
        self.number(kind.ix() as u64);
        for text in [indicator, outcome, framework, source] {
            self.text(text);
        }
    }

    fn scenario(&mut self, scenario: &Scenario) {
        let Scenario { scenario, kind, area, factor } = scenario;
        self.id(scenario);
        self.number(kind.ix() as u64);
        self.option(*area, |out, area| out.number(area.ix() as u64));
        self.number(*factor);
    }

    fn about(&mut self, about: &About) {
        let About { name, reference_date, period, coordinates, ages, licence, sources, caveats, sample, deprivation } =
            about;
        self.text(name);
        self.text(&reference_date.to_string());
        match period {
            Period::Year(year) => self.text(&year.to_string()),
            Period::Day(date) => self.text(&date.to_string()),
        }
        self.text(coordinates.as_str());
        self.text(ages.as_str());
        self.option(licence.as_deref(), Writer::text);
        self.list(sources, |out, source| out.text(source));
        self.list(caveats, |out, caveat| out.text(caveat));
        self.number((*sample).into());
        self.option(deprivation.as_ref(), |out, Deprivation { index, year, areas_in_index }| {
            out.text(index);
            out.signed((*year).into());
            out.number((*areas_in_index).into());
        });
    }

    fn policy(&mut self, policy: &Policy) {
        let Policy {
            supply,
            objective,
            level_weights,
            reach,
            unknown,
            count,
            limits,
            floors,
            seed,
            travel_pence_per_km,
        } = policy;
        self.number(*supply as u64);
        let Objective { mode, order, met, cost, km, even_by } = objective;
        self.number(*mode as u64);
        self.list(order, |out, stage| out.text(stage.as_str()));
        for factor in [met, cost, km] {
            self.number((*factor).into());
        }
        self.group_by(*even_by);
        self.list(level_weights, |out, &weight| out.number(weight.into()));
        let ReachDefaults { metres, minutes, rules } = reach;
        self.float(*metres);
        self.option(*minutes, Writer::float);
        self.list(rules, |out, ReachRule { kind, age_min, age_max, metres, minutes }| {
            out.option(*kind, |out, kind| out.number(kind.ix() as u64));
            out.option(*age_min, |out, age| out.number(age.into()));
            out.option(*age_max, |out, age| out.number(age.into()));
            out.option(*metres, Writer::float);
            out.option(*minutes, Writer::float);
        });
        match unknown.capacity {
            UnknownCapacity::Exclude => self.number(0),
            UnknownCapacity::Unlimited => self.number(1),
            UnknownCapacity::Places(places) => self.list(&[places], |out, &places| out.number(places)),
        }
        self.number(unknown.eligibility as u64);
        self.number(unknown.stale_days.into());
        self.list(&count.basis.iter().collect::<Vec<_>>(), |out, basis| out.text(basis.as_str()));
        self.number(count.overlap as u64);
        let Limits { placements_per_holder, provider_places } = limits;
        self.number((*placements_per_holder).into());
        self.list(provider_places, |out, &(provider, places)| {
            out.number(provider.ix() as u64);
            out.number(places);
        });
        let Floors { group, share } = floors;
        self.group_by(*group);
        match share {
            FloorShare::All(share) => self.number((*share).into()),
            FloorShare::Each(shares) => self.list(shares, |out, (value, share)| {
                out.text(value);
                out.number((*share).into());
            }),
        }
        self.text(seed);
        self.number(*travel_pence_per_km);
    }

    fn group_by(&mut self, group: GroupBy) {
        match group {
            GroupBy::Nothing => self.text("none"),
            GroupBy::Area => self.text("area"),
            GroupBy::Column(column) => self.number(column as u64),
        }
    }

    fn area(&mut self, area: &Area) {
        let Area { id, name, point, parent, inside, deprivation_rank, groups } = area;
        self.id(id);
        self.text(name);
        self.option(*point, Writer::point);
        self.option(*parent, |out, parent| out.number(parent.ix() as u64));
        self.number((*inside).into());
        self.option(*deprivation_rank, |out, rank| out.number(rank.into()));
        self.list(groups, |out, &value| out.number(value.into()));
    }

    fn kind(&mut self, kind: &Kind) {
        let Kind { id, label, layer, domain, recipient, ages, source, codes } = kind;
        self.id(id);
        self.text(label);
        self.option(*layer, |out, layer| out.text(layer.as_str()));
        self.text(domain);
        self.text(recipient.as_str());
        self.option(*ages, Writer::ages);
        self.text(source);
        self.list(codes, |out, (name, code)| {
            out.text(name);
            out.text(code);
        });
    }

    fn holder(&mut self, holder: &Holder) {
        let Holder { id, sort, area, ages, household, groups, children } = holder;
        self.id(id);
        self.number(*sort as u64);
        self.number(area.ix() as u64);
        self.option(*ages, Writer::ages);
        self.option(household.as_ref(), Writer::id);
        self.list(groups, |out, &value| out.number(value.into()));
        self.number(*children);
    }

    fn need(&mut self, need: &Need) {
        let Need {
            id,
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
            counts,
        } = need;
        self.id(id);
        self.number(holder.ix() as u64);
        self.number(kind.ix() as u64);
        self.level(*level);
        self.stated(*children);
        self.option(*children_low, Writer::number);
        self.option(*children_high, Writer::number);
        self.option(*point, Writer::point);
        self.number((*weight).into());
        self.list(&basis.iter().collect::<Vec<_>>(), |out, basis| out.text(basis.as_str()));
        self.option(*certainty, |out, certainty| out.text(certainty.as_str()));
        self.tags(tags);
        self.number(*origin as u64);
        self.number((*counts).into());
    }

    fn level(&mut self, level: Level) {
        self.number(level.get().into());
    }

    fn tags(&mut self, tags: &[Tag]) {
        self.list(tags, |out, Tag { name, value }| {
            out.text(name);
            out.text(value);
        });
    }

    fn age_limit(&mut self, limit: AgeLimit) {
        match limit {
            AgeLimit::Any => self.text("any"),
            AgeLimit::Unknown => self.text(""),
            AgeLimit::At(age) => self.text(&age.to_string()),
        }
    }

    fn service(&mut self, service: &Service) {
        let Service {
            id,
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
        self.id(id);
        self.text(name);
        self.number(provider.ix() as u64);
        self.list(types, |out, service_type| out.number(service_type.ix() as u64));
        let AgeLimits { min, max } = *ages;
        self.age_limit(min);
        self.age_limit(max);
        let LevelLimits { min, max, assumed } = *levels;
        self.level(min);
        self.level(max);
        self.number(assumed.into());
        self.option(*setting, |out, layer| out.text(layer.as_str()));
        self.option(*target, |out, layer| out.text(layer.as_str()));
        self.tags(requires);
        self.tags(excludes);
        self.option(evidence.as_deref(), Writer::text);
        match unit {
            Unit::Child => self.number(0),
            Unit::Other { name, children } => {
                self.text(name);
                self.option(*children, Writer::number);
            }
        }
        self.option(*cost_per_place, Writer::signed);
    }

    fn reach(&mut self, reach: Reach) {
        match reach {
            Reach::Blank => self.number(0),
            Reach::Any => self.number(1),
            Reach::Metres(metres) => {
                self.number(2);
                self.float(metres);
            }
            Reach::Minutes(minutes) => {
                self.number(3);
                self.float(minutes);
            }
        }
    }

    fn offer(&mut self, offer: &Offer) {
        let Offer { id, service, point, area, capacity, free, turns, status, updated, reach, covers } = offer;
        self.id(id);
        self.number(service.ix() as u64);
        self.option(*point, Writer::point);
        self.option(*area, |out, area| out.number(area.ix() as u64));
        self.stated(*capacity);
        self.stated(*free);
        self.number(*turns);
        self.option(*status, |out, status| out.text(status.as_str()));
        self.option(*updated, |out, date| out.text(&date.to_string()));
        self.reach(*reach);
        self.list(covers, |out, area| out.number(area.ix() as u64));
    }

    fn travel(&mut self, travel: &Travel) {
        let Travel { unit, offers, candidates } = travel;
        self.number(*unit as u64);
        for rows in [offers, candidates] {
            self.list(rows, |out, row| {
                out.list(row, |out, &(area, number)| {
                    out.number(area.ix() as u64);
                    out.float(number);
                });
            });
        }
    }

    fn what(&mut self, what: DeclineWhat) {
        match what {
            DeclineWhat::Service(service) => self.list(&[0, service.ix() as u64], |out, &part| out.number(part)),
            DeclineWhat::Offer(offer) => self.list(&[1, offer.ix() as u64], |out, &part| out.number(part)),
        }
    }

    fn receipt(&mut self, receipt: &Receipt) {
        let Receipt { what, children, need, kind, holder, area, age } = receipt;
        self.what(*what);
        self.stated(*children);
        match need {
            ReceiptNeed::Need(need) => self.list(&[need.ix() as u64], |out, &need| out.number(need)),
            ReceiptNeed::NoNeed => self.text("none"),
            ReceiptNeed::NotKnown => self.number(0),
        }
        self.option(*kind, |out, kind| out.number(kind.ix() as u64));
        self.option(*holder, |out, holder| out.number(holder.ix() as u64));
        self.option(*area, |out, area| out.number(area.ix() as u64));
        self.option(*age, |out, age| out.number(age.into()));
    }

    fn candidate(&mut self, candidate: &Candidate) {
        let Candidate { id, kind, fixed_cost, cost_per_place, together, one_of, after, fund } = candidate;
        self.id(id);
        match kind {
            CandidateKind::Places { offer, places_per_step, max_steps } => {
                self.text("places");
                self.list(&[offer.ix() as u64, *places_per_step, *max_steps], |out, &part| out.number(part));
            }
            CandidateKind::Offer { service, point, area, capacity, reach, covers } => {
                self.text("offer");
                self.number(service.ix() as u64);
                self.option(*point, Writer::point);
                self.option(*area, |out, area| out.number(area.ix() as u64));
                self.option(*capacity, Writer::number);
                self.reach(*reach);
                self.list(covers, |out, area| out.number(area.ix() as u64));
            }
            CandidateKind::Widen { what, age_min, age_max, level_min, level_max, reach, covers } => {
                self.text("widen");
                self.what(*what);
                for age in [age_min, age_max] {
                    self.option(*age, |out, age| out.number(age.into()));
                }
                for level in [level_min, level_max] {
                    self.option(*level, Writer::level);
                }
                self.reach(*reach);
                self.list(covers, |out, area| out.number(area.ix() as u64));
            }
            CandidateKind::Close { offer } => {
                self.text("close");
                self.number(offer.ix() as u64);
            }
        }
        self.signed(*fixed_cost);
        self.signed(*cost_per_place);
        for ids in [together, one_of, after] {
            self.list(ids, Writer::id);
        }
        self.option(fund.as_ref(), Writer::id);
    }
}
