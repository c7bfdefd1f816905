//! The good bundle, and that it means what it says.

use super::{Bundle, keys, text, whole};
use crate::domain::check::NotLoaded;
use crate::domain::draft::{Draft, Setting};
use crate::domain::{
    AgeLimit, AgeLimits, BadRows, CandidateKind, Certainty, HolderSort, Layer, Mark, NeedOrigin, Period, Reach, Stated,
    Status, Unit,
};
use crate::solve::{Effort, StopReason};

impl Bundle {
    /// Nothing is wrong with it: not an error, not a warning.
    pub(super) fn good() -> Bundle {
        let about = [
            ("name", text("Two towns")),
            ("reference_date", Setting::Date("2024-09-01".to_owned())),
            ("period", whole(2024)),
            ("coordinates", text("lonlat")),
            ("deprivation", keys([("index", text("IMD")), ("year", whole(2019)), ("areas_in_index", whole(32844))])),
        ];
        let empty = Bundle {
            tables: Default::default(),
            about: Some(about.into_iter().map(|(key, setting)| (key.to_owned(), setting)).collect()),
            policy: Default::default(),
            built_in: Vec::new(),
        };
        empty
            .table(
                "areas",
                "area,name,lon,lat,parent,inside,deprivation_rank,group:setting
                 north,North,-2.30,53.50,,yes,1,urban
                 south,South,-2.31,53.40,,,2,rural
                 hill,The Hill,-2.31,53.41,south,yes,,rural
                 beyond,,-2.50,53.60,,no,,urban",
            )
            .table(
                "kinds",
                "kind,label,layer,domain,recipient,age_min,age_max,code:cin
                 speech,Speech and language,individual,communication,,,,4A
                 autism,Autism,individual,communication,child,2,25,
                 housing,Poor housing,exo,home,household,,,
                 XXX-1,Not coded,,,,,,",
            )
            .table(
                "needs",
                "need,holder,kind,level,children,area,age,age_max,weight,basis,certainty,children_low,children_high,tags,household
                 n1,ann,speech,3,1,north,4,,,normative;felt,counted,,,lang=pl;sen=ehcp,h1
                 n2,ann,autism,2,1.0,north,4,,,felt,,,,,h1
                 n3,c1,speech,2,40,south,5,9,7,,administrative,,,,
                 n4,c2,speech,1,c,hill,10,14,,,,1,5,,
                 n5,c3,housing,1,12,hill,,,,,,10,14,,",
            )
            .table(
                "services",
                "service,name,provider,types,age_min,age_max,level_min,level_max,setting,target,requires,excludes,evidence,unit,children_per_unit,cost_per_place
                 talk,Talk,trust,speech,any,any,1,4,micro,individual,sen=ehcp,lang=fr;lang=en,strong,,,12000
                 club,,charity,speech;autism,0,18,,,,,,,,session,6,",
            )
            .table(
                "offers",
                "offer,service,lon,lat,area,capacity,free,turns,status,updated,reach_km,areas
                 talk-north,talk,-2.30,53.50,,10,2,2,capacity,2024-08-01,3.218688,
                 club-south,club,,,south,3,x,,,,any,south; hill",
            )
            .table(
                "receipts",
                "service,offer,children,need,kind,holder,area,age
                 talk,,1,n1,speech,ann,north,4
                 ,club-south,k,none,,,,
                 ,club-south,5,,,,south,",
            )
            .table(
                "declines",
                "need,holder,kind,area,service,offer,reason
                 n1,,,,,club-south,too far for Ann
                 ,ann,,,club,,
                 ,,speech,hill,,talk-north,closed road",
            )
            .table(
                "candidates",
                "candidate,kind_of,offer,service,places_per_step,max_steps,area,capacity,reach_km,areas,age_min,age_max,fixed_cost,cost_per_place,together,one_of,after,fund
                 more,places,talk-north,,5,3,,,,,,,100000,2500,,,,core
                 new,offer,,club,,,hill,20,,hill,,,500000,1000,hub,,,core
                 wide,widen,talk-north,,,,,,any,,any,25,0,0,hub,,more,
                 shut,close,club-south,,,,,,,,,,-40000,0,,,,",
            )
            .table(
                "scenarios",
                "scenario,kind,area,factor
                 growth,speech,,1.25
                 growth,speech,hill,0.5",
            )
            .table(
                "drives",
                "kind,drives,strength,source
                 housing,speech,moderate,a study",
            )
            .table(
                "outcomes",
                "kind,indicator,outcome,framework
                 speech,Phonics check passed,Getting a good education,ours",
            )
    }
}

#[test]
fn a_good_bundle_is_read_as_it_is_meant() {
    let checked = Bundle::good().checked();
    assert_eq!(super::lines(&checked.warnings), "");
    let locality = &checked.locality;

    assert_eq!(locality.about().period, Period::Year(2024));
    let areas: Vec<&str> = locality.areas().iter().map(|area| area.id.as_str()).collect();
    assert_eq!(areas, ["beyond", "hill", "north", "south"]);
    let [beyond, hill, north, south] = locality.areas() else { panic!("four areas") };
    assert_eq!((beyond.name.as_str(), beyond.inside, south.inside), ("beyond", false, true));
    assert_eq!(hill.parent, locality.find_area("south"));
    assert_eq!(north.deprivation_rank, Some(1));
    let setting = &locality.group_columns()[0];
    assert_eq!((setting.name.as_str(), setting.values.join(" ")), ("setting", "rural urban".to_owned()));
    assert_eq!((&hill.groups[..], &north.groups[..]), (&[0][..], &[1][..]));

    let kind = |id| &locality.kinds()[locality.find_kind(id).expect("there").ix()];
    assert_eq!(kind("speech").codes, [("cin".to_owned(), "4A".to_owned())]);
    assert_eq!(kind("XXX-1").layer, None);
    assert_eq!(kind("housing").layer, Some(Layer::Exo));

    let need = |id| &locality.needs()[locality.find_need(id).expect("there").ix()];
    let holder = |id| locality.holder(locality.find_need(id).expect("there"));
    assert_eq!((need("n1").weight, need("n3").weight, need("n5").weight), (16, 7, 1));
    assert_eq!((need("n1").counts, need("n2").counts, need("n3").counts), (true, false, true));
    assert_eq!((need("n2").children, need("n4").children), (Stated::Known(1), Stated::Unknown(Mark::Confidential)));
    assert_eq!((need("n4").children_low, need("n4").children_high), (Some(1), Some(5)));
    assert_eq!(need("n1").certainty, Some(Certainty::Counted));
    assert_eq!(need("n1").tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["lang", "sen"]);
    assert_eq!((need("n1").point, need("n1").origin), (north.point, NeedOrigin::Row));
    assert_eq!((holder("n1").sort, holder("n1").children), (HolderSort::Child, 1));
    assert_eq!((holder("n3").sort, holder("n3").children), (HolderSort::Cohort, 40));
    assert_eq!((holder("n4").sort, holder("n4").children), (HolderSort::Cohort, 0));
    assert_eq!(holder("n1").household.as_ref().map(|id| id.as_str()), Some("h1"));
    assert_eq!(holder("n5").ages, None);

    let [club, talk] = locality.services() else { panic!("two services") };
    assert_eq!(club.name, "club");
    assert_eq!(club.unit, Unit::Other { name: "session".to_owned(), children: Some(6) });
    assert_eq!(club.ages, AgeLimits { min: AgeLimit::At(0), max: AgeLimit::At(18) });
    assert_eq!(talk.ages, AgeLimits { min: AgeLimit::Any, max: AgeLimit::Any });
    assert_eq!((club.levels.assumed, talk.levels.assumed), (true, false));
    assert_eq!((talk.requires.len(), talk.excludes.len(), talk.cost_per_place), (1, 2, Some(12000)));
    let types: Vec<&str> = locality.types().iter().map(|of| of.id.as_str()).collect();
    assert_eq!(types, ["XXX-1", "autism", "housing", "speech"]);
    assert_eq!(locality.meets().len(), 4);

    let [club_south, talk_north] = locality.offers() else { panic!("two offers") };
    assert_eq!((club_south.point, club_south.area), (south.point, locality.find_area("south")));
    assert_eq!((club_south.free, club_south.turns), (Stated::Unknown(Mark::NotAvailable), 1));
    assert_eq!((club_south.reach, talk_north.reach), (Reach::Any, Reach::Metres(3218.688)));
    assert_eq!(club_south.covers.len(), 2);
    assert_eq!(talk_north.status, Some(Status::Capacity));

    assert_eq!((locality.receipts().map(<[_]>::len), locality.declines().len()), (Some(3), 3));
    let kinds: Vec<&CandidateKind> = locality.candidates().iter().map(|candidate| &candidate.kind).collect();
    assert!(matches!(kinds[0], CandidateKind::Places { places_per_step: 5, max_steps: 3, .. }));
    assert!(matches!(kinds[1], CandidateKind::Offer { capacity: Some(20), reach: Reach::Blank, .. }));
    assert!(matches!(kinds[2], CandidateKind::Close { .. }));
    assert!(matches!(kinds[3], CandidateKind::Widen { age_min: Some(0), age_max: Some(25), reach: Reach::Any, .. }));
    assert_eq!(locality.scenarios().iter().map(|row| row.factor).collect::<Vec<_>>(), [1_250_000, 500_000]);

    let completeness = locality.completeness();
    assert_eq!((completeness.unknown_need_rows, completeness.not_counted_need_rows), (1, 1));
    assert_eq!((completeness.assumed_level_services, completeness.meets_by_code), (1, true));
}

#[test]
fn a_stop_leaves_nothing_half_loaded() {
    let draft = Bundle::good().draft();
    let read = |ticks| super::super::check(draft.clone(), BadRows::Refuse, &Effort::unlimited().at_most(ticks));
    let stopped = |ticks: &u64| matches!(read(*ticks), Err(NotLoaded::Stopped(StopReason::TickLimit)));
    let needed = (0..10_000).find(|ticks| !stopped(ticks)).expect("some thousand ticks are enough");
    assert!(0 < needed);
    assert!(read(needed).is_ok());
}

#[test]
fn headers_alone_are_a_bundle() {
    let good = Bundle::good();
    let mut bundle = good.clone();
    bundle.tables.retain(|name, _| ["areas", "needs", "services", "offers", "kinds"].contains(&name.as_str()));
    bundle.tables.iter_mut().filter(|(name, _)| *name != "kinds").for_each(|(_, rows)| rows.truncate(1));
    let checked = bundle.checked();
    assert_eq!(checked.locality.needs().len(), 0);
    assert_eq!(checked.locality.receipts(), None);
    assert!(!checked.locality.declines_recorded());
}

#[test]
fn an_empty_draft_is_refused_for_every_missing_file_at_once() {
    let problems = super::check(Draft::default(), BadRows::SetAside).expect_err("nothing is there");
    let tables: Vec<&str> = problems.iter().map(|problem| problem.table.as_str()).collect();
    assert_eq!(tables, ["areas.csv", "kinds.csv", "locality.toml", "needs.csv", "offers.csv", "services.csv"]);
}

#[test]
fn groups_come_from_the_row_then_the_area_then_are_not_stated() {
    let bundle = Bundle::good()
        .cell("needs", 2, "group:care", "in-care")
        .cell("needs", 3, "group:care", "in-care")
        .cell("needs", 4, "group:setting", "town");
    let checked = bundle.checked();
    let locality = &checked.locality;
    let names: Vec<&str> = locality.group_columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["care", "setting"]);
    let values = |need: &str| -> Vec<&str> {
        let holder = locality.holder(locality.find_need(need).expect("there"));
        holder
            .groups
            .iter()
            .zip(locality.group_columns())
            .map(|(&at, column)| column.values[at as usize].as_str())
            .collect()
    };
    assert_eq!(
        (values("n1"), values("n3"), values("n4")),
        (vec!["in-care", "urban"], vec!["", "town"], vec!["", "rural"])
    );
    assert_eq!(locality.group_columns()[0].values, ["", "in-care"]);
}

#[test]
fn the_built_in_tables_bend_to_the_bundle() {
    let mut bundle = Bundle::good().about("ages", text("months"));
    for row in 2..=6 {
        for column in ["age", "age_max"] {
            bundle = bundle.cell("needs", row, column, "");
        }
    }
    let mut bundle = bundle
        .cell("services", 3, "age_max", "300")
        .cell("receipts", 2, "age", "")
        .table("drives", "kind,drives\nhousing,no-such-kind\nhousing,autism")
        .table("outcomes", "kind,indicator,outcome,framework\nno-such-kind,i,o,f");
    bundle.built_in = vec!["kinds", "drives", "outcomes"];
    let checked = bundle.checked();
    let locality = &checked.locality;
    let autism = &locality.kinds()[locality.find_kind("autism").expect("there").ix()];
    let ages = autism.ages.expect("given");
    assert_eq!((ages.min(), ages.max()), (24, 311));
    assert_eq!((locality.drives().len(), locality.outcomes().len()), (1, 0));
    assert!(locality.completeness().built_in_kinds);
}

#[test]
fn a_type_without_a_kind_is_a_type_still() {
    let bundle =
        Bundle::good().table("meets", "kind,type,effect,source\nspeech,speech,0.125,trial\nautism,talk-group,,");
    let checked = bundle.checked();
    let types: Vec<&str> = checked.locality.types().iter().map(|of| of.id.as_str()).collect();
    assert_eq!(types, ["autism", "speech", "talk-group"]);
    let effects: Vec<Option<u16>> = checked.locality.meets().iter().map(|meet| meet.effect).collect();
    assert_eq!(effects, [None, Some(125)]);
    assert!(!checked.locality.completeness().meets_by_code);
}
