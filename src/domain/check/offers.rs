//! `offers.csv`: services at places; and the columns that candidates share with them.

use std::sync::Arc;

use super::about::Terms;
use super::cells;
use super::findings::{Findings, RowRef};
use super::names::{Names, State};
use super::row::Row;
use super::services::Services;
use super::sheet::{Column, PointColumns, Sheet, plain_name};
use crate::domain::draft::Draft;
use crate::domain::geometry::{Coordinates, Point};
use crate::domain::ids::{AreaIx, OfferIx, ServiceIx};
use crate::domain::layer::Status;
use crate::domain::locality::{Area, DeclineWhat, Offer, Reach, Travel, TravelUnit};
use crate::domain::stated::Stated;

pub(super) const FILE: &str = "offers.csv";
pub(super) const NOUN: &str = "an offer";

/// The longest reach that is accepted, in kilometres or minutes.
pub(super) const LONGEST_REACH: u64 = 1_000_000;

/// Which distances can be tested: travel.csv decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReachUnits {
    pub km: bool,
    pub minutes: bool,
}

impl ReachUnits {
    pub const NO_MINUTES: &'static str = "reach_km: there is no travel.csv in minutes";
    pub const NO_KM: &'static str = "reach_minutes: travel.csv is in minutes";

    /// By the header of travel.csv. Both, where that header is itself a problem: it is reported where it is read.
    pub fn of(draft: &Draft) -> ReachUnits {
        let Some(table) = draft.tables.get("travel") else { return ReachUnits { km: true, minutes: false } };
        let has = |name: &str| table.header().iter().any(|column| plain_name(column) == name);
        ReachUnits { km: has("km") || !has("minutes"), minutes: has("minutes") || !has("km") }
    }

    /// As a locality has them.
    pub fn of_held(travel: Option<&Travel>) -> ReachUnits {
        let minutes = travel.is_some_and(|travel| travel.unit == TravelUnit::Minutes);
        ReachUnits { km: !minutes, minutes }
    }
}

/// The columns of where an offer is and how far it reaches.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlaceColumns<'a> {
    point: PointColumns<'a>,
    pub area: Column<'a>,
    pub reach_km: Column<'a>,
    pub reach_minutes: Column<'a>,
    pub areas: Column<'a>,
}

#[derive(Debug)]
pub(super) struct Place {
    /// Its own point, else its area's.
    pub point: Option<Point>,
    pub area: Option<AreaIx>,
    pub reach: Reach,
    pub covers: Vec<AreaIx>,
}

/// What places are read against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'g, 'a> {
    pub coordinates: Coordinates,
    pub areas: &'g [Area],
    pub area_names: &'g Names<'a>,
    pub units: ReachUnits,
}

impl<'a> PlaceColumns<'a> {
    pub fn take(sheet: &mut Sheet<'a>, coordinates: Coordinates, findings: &mut Findings) -> PlaceColumns<'a> {
        PlaceColumns {
            point: sheet.point(coordinates, findings),
            area: sheet.optional("area"),
            reach_km: sheet.optional("reach_km"),
            reach_minutes: sheet.optional("reach_minutes"),
            areas: sheet.optional("areas"),
        }
    }

    /// The columns of the point.
    pub fn own_point(&self) -> [Column<'a>; 2] {
        [self.point.x, self.point.y]
    }

    pub fn read(&self, row: &mut Row<'_, 'a>, ground: &Ground<'_, 'a>) -> Place {
        let area = row.optional_refer(self.area, ground.area_names);
        let own = row.optional_point(self.point, ground.coordinates);
        let point = own.or_else(|| area.and_then(|area| ground.areas[area].point));
        let (reach, covers) = self.read_reach(row, ground);
        Place { point, area: area.map(AreaIx::new), reach, covers }
    }

    pub fn read_reach(&self, row: &mut Row<'_, 'a>, ground: &Ground<'_, 'a>) -> (Reach, Vec<AreaIx>) {
        let covers = row.refer_list(self.areas, ground.area_names);
        let covers = covers.into_iter().map(AreaIx::new).collect();
        let reach = match (row.text(self.reach_km), row.text(self.reach_minutes)) {
            ("", "") => Reach::Blank,
            ("any", "") | ("", "any") => Reach::Any,
            (_, "") if !ground.units.km => {
                row.wrong_cell(self.reach_km, ReachUnits::NO_KM);
                Reach::Blank
            }
            ("", _) if !ground.units.minutes => {
                row.wrong_cell(self.reach_minutes, ReachUnits::NO_MINUTES);
                Reach::Blank
            }
            (km, "") => match cells::measure(km, "e3", LONGEST_REACH) {
                Ok(metres) => Reach::Metres(metres),
                Err(slip) => Self::not_a_reach(row, self.reach_km, &slip),
            },
            ("", minutes) => match cells::measure(minutes, "", LONGEST_REACH) {
                Ok(minutes) => Reach::Minutes(minutes),
                Err(slip) => Self::not_a_reach(row, self.reach_minutes, &slip),
            },
            (_, _) => {
                row.wrong_cell(self.reach_minutes, "either reach_km or reach_minutes, not both");
                Reach::Blank
            }
        };
        (reach, covers)
    }

    fn not_a_reach(row: &mut Row<'_, '_>, column: Column<'_>, slip: &cells::Slip) -> Reach {
        row.wrong_cell(column, format!("{slip}, or any"));
        Reach::Blank
    }
}

/// The columns that name a service or an offer.
#[derive(Clone, Copy, Debug)]
pub(super) struct WhatColumns<'a> {
    pub service: Column<'a>,
    pub offer: Column<'a>,
}

impl<'a> WhatColumns<'a> {
    pub fn take(sheet: &mut Sheet<'a>) -> WhatColumns<'a> {
        WhatColumns { service: sheet.optional("service"), offer: sheet.optional("offer") }
    }

    pub fn read(&self, row: &mut Row<'_, 'a>, services: &Names<'_>, offers: &Names<'_>) -> Option<DeclineWhat> {
        match (row.is_blank(self.service), row.is_blank(self.offer)) {
            (false, true) => row.refer(self.service, services).map(ServiceIx::new).map(DeclineWhat::Service),
            (true, false) => row.refer(self.offer, offers).map(OfferIx::new).map(DeclineWhat::Offer),
            (true, true) => {
                row.wrong_cell(self.offer, "a service or an offer");
                None
            }
            (false, false) => {
                row.wrong_cell(self.offer, "either a service or an offer, not both");
                None
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Offers<'a> {
    pub names: Names<'a>,
    /// Sorted by id.
    pub offers: Arc<Vec<Offer>>,
    /// The row of each offer.
    pub rows: Vec<RowRef>,
}

pub(super) fn read<'a>(
    draft: &'a Draft,
    terms: &Terms,
    ground: &Ground<'_, 'a>,
    services: &Services<'a>,
    findings: &mut Findings,
) -> Offers<'a> {
    let mut names = Names::new(NOUN, FILE);
    let mut rows = read_rows(draft, terms, ground, services, &mut names, findings);
    rows.sort_by(|(one, _), (two, _)| one.id.cmp(&two.id));
    names.settle_all(rows.iter().map(|(offer, _)| offer.id.as_str()));
    let (offers, rows): (Vec<Offer>, Vec<RowRef>) = rows.into_iter().unzip();
    Offers { names, offers: offers.into(), rows }
}

/// Offers in the order of the rows.
pub(super) fn read_rows<'a>(
    draft: &'a Draft,
    terms: &Terms,
    ground: &Ground<'_, 'a>,
    services: &Services<'a>,
    names: &mut Names<'a>,
    findings: &mut Findings,
) -> Vec<(Offer, RowRef)> {
    let mut sheet = Sheet::open(draft, FILE, findings);
    sheet.must_exist(findings);
    let id = sheet.required("offer", findings);
    let service = sheet.required("service", findings);
    let place = PlaceColumns::take(&mut sheet, terms.coordinates, findings);
    sheet.must_have(place.point, &[place.area], findings);
    let capacity = sheet.optional("capacity");
    let free = sheet.optional("free");
    let turns = sheet.optional("turns");
    let status = sheet.optional("status");
    let updated = sheet.optional("updated");
    sheet.close_header(findings);

    let mut rows: Vec<(Offer, RowRef)> = Vec::with_capacity(sheet.rows().len());
    for at in sheet.rows() {
        let Some(mut row) = sheet.row(at, findings) else { continue };
        let own = row.own_id(id, names);
        let of = row.refer(service, &services.names);
        let Place { point, area, reach, covers } = place.read(&mut row, ground);
        let full = row.stated(capacity);
        let now = row.stated(free);
        let turns = row.optional_number(turns, 1).unwrap_or(1);
        let state = row.optional_code(status, Status::parse, Status::ALL);
        let date = row.optional_date(updated);
        if let (Stated::Known(full), Stated::Known(now)) = (full, now)
            && full < now
        {
            row.warn(free, format!("at most {full}, the capacity"));
        }
        if state == Some(Status::NoCapacity) && now.known().is_some_and(|now| now != 0) {
            row.warn(free, "0, since the status is no-capacity");
        }
        if let (Some(date), Some(reference)) = (date, terms.reference_date)
            && reference < date
        {
            row.warn(updated, format!("a date not after the reference date, {reference}"));
        }
        if row.lost() == Some(State::Dropped) && own.is_some() {
            names.settle(row.text(id), State::Dropped);
        }
        if !row.is_kept() {
            continue;
        }
        let (Some(id), Some(of)) = (own, of) else { continue };
        let offer = Offer {
            id,
            service: ServiceIx::new(of),
            point,
            area,
            capacity: full,
            free: now,
            turns,
            status: state,
            updated: date,
            reach,
            covers,
        };
        rows.push((offer, row.at()));
    }
    rows
}
