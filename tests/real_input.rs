//! One English authority's schools and children, end to end, against figures computed twice outside this project.

mod support;

use jiff::civil::date;
use suffice::domain::{AgeBand, BadRows, Draft, Id, Table};
use suffice::engine::Resident;
use suffice::import::assemble::{Assembled, Inputs, Options, Reach, locality};
use suffice::import::population::{Cohorts, Source};
use suffice::matching::Route;
use suffice::solve::Effort;
use suffice::view;
use support::shared;

const MILE_KM: f64 = 1.609344;

/// The bundle for an age range, or None where the real input is not here.
fn trafford(ages: [u16; 2], reach: Reach) -> Option<Assembled> {
    let folder = shared()?.join("data/trafford");
    let bytes = |path: &str| std::fs::read(folder.join(path)).expect("real input is readable");
    let schools = bytes("services/trafford_schools_and_colleges.csv");
    let population = bytes("needs/trafford_lsoa21_population_mid2024.csv");
    let points = bytes("needs/trafford_lsoa21_points_DERIVED.csv");
    let inputs = Inputs {
        schools: Some(Source { file: "schools.csv", bytes: &schools }),
        authority: None,
        population: Source { file: "population.csv", bytes: &population },
        points: Source { file: "points.csv", bytes: &points },
        deprivation: None,
        rates: None,
    };
    let options = Options {
        name: "Trafford".to_owned(),
        reference_date: date(2024, 6, 30),
        cohorts: Cohorts {
            kind: Id::parse("school-place").expect("an id"),
            ages: AgeBand::new(ages[0], ages[1]).expect("a band"),
        },
        reach,
        licence: None,
    };
    Some(locality(&inputs, &options).expect("the real files import"))
}

fn load(draft: Draft) -> Resident {
    Resident::load(draft, BadRows::Refuse, &Effort::unlimited())
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
        .resident
}

struct Figures {
    child_needs: u64,
    met: u64,
    pairs: u64,
    causes: Vec<(String, u64)>,
}

fn figures(ages: [u16; 2], reach: Reach) -> Option<Figures> {
    let resident = load(trafford(ages, reach)?.draft);
    let effort = Effort::unlimited();
    let files = view::matching::run(&resident, Route::Network, &effort).expect("an answer");
    let verified = view::verify::run(&resident, &files.document, &files.assignments, &files.prices, &effort);
    assert!(verified.verified, "{verified:#?}");
    let gaps =
        view::gaps::run(&resident, Route::Network, &view::gaps::GapQuestions::default(), &effort).expect("an answer");
    assert_eq!(gaps.totals.met, files.document.totals.met);
    let bound = "Met need is an upper bound: sex, faith, selection and sixth forms";
    for page in [suffice::report::matching::page(&files.document), suffice::report::gaps::page(&gaps)] {
        assert!(page.contains(bound), "{page}");
    }
    let causes = gaps.causes.into_iter().filter(|row| 0 < row.child_needs);
    Some(Figures {
        child_needs: files.document.totals.child_needs,
        met: files.document.totals.met,
        pairs: files.document.pairs,
        causes: causes.map(|row| (row.cause, row.child_needs)).collect(),
    })
}

#[test]
fn ages_4_to_10_all_find_a_place_within_the_statutory_miles() {
    let Some(found) = figures([4, 10], Reach::StatutoryWalking) else { return };
    assert_eq!((found.child_needs, found.met, found.pairs), (22_875, 22_875, 23_536));
}

#[test]
fn within_one_mile_302_have_no_school_in_reach_and_none_lacks_a_place() {
    let Some(found) = figures([4, 10], Reach::Km(MILE_KM)) else { return };
    assert_eq!((found.child_needs, found.met), (22_875, 22_573));
    assert_eq!(found.causes, [("out_of_reach".to_owned(), 302)]);
}

#[test]
fn ages_11_to_15_all_find_a_place_within_three_miles_and_within_two() {
    for miles in [3.0, 2.0] {
        let Some(found) = figures([11, 15], Reach::Km(miles * MILE_KM)) else { return };
        assert_eq!((found.child_needs, found.met), (17_736, 17_736), "{miles} miles");
    }
}

#[test]
fn ages_4_to_15_all_find_a_place_within_the_statutory_miles() {
    let Some(found) = figures([4, 15], Reach::StatutoryWalking) else { return };
    assert_eq!((found.child_needs, found.met), (40_611, 40_611));
}

#[test]
fn a_published_rate_gives_6287_children_expected_with_a_mental_disorder() {
    let Some(assembled) = trafford([4, 10], Reach::StatutoryWalking) else { return };
    let mut draft = assembled.draft;
    let mut rates = Table::new(["kind", "age_min", "age_max", "rate", "source"]);
    rates.push(["school-place", "5", "19", "0.128", "NHS Digital, Mental Health of Children and Young People 2017"]);
    draft.tables.insert("rates".to_owned(), rates);
    // The rate is the same for whatever kind; the cohorts of needs.csv make room for it.
    let needs = Table::new(draft.tables["needs"].header().to_vec());
    draft.tables.insert("needs".to_owned(), needs);
    let resident = load(draft);
    let expected: u64 = resident.locality().needs().iter().filter_map(|need| need.children.known()).sum();
    assert_eq!(expected, 6_287);
}

#[test]
fn the_reach_of_pairs_agrees_with_every_pair_tested_one_by_one() {
    let Some(assembled) = trafford([4, 15], Reach::StatutoryWalking) else { return };
    let resident = load(assembled.draft);
    let locality = resident.locality();
    let pairs = resident.pairs(&Effort::unlimited()).expect("nothing stops it");
    for need in (0..locality.needs().len()).step_by(37).map(suffice::domain::NeedIx::new) {
        let found: Vec<_> = pairs.of(need).map(|pair| pair.offer).collect();
        let tested: Vec<_> = (0..locality.offers().len())
            .map(suffice::domain::OfferIx::new)
            .filter(|&offer| {
                use suffice::eligibility::{ReachVerdict, Verdict, judge, reach};
                !matches!(judge(locality, need, offer), Verdict::No { .. })
                    && !matches!(reach(locality, need, offer).verdict, ReachVerdict::No(_))
            })
            .collect();
        assert_eq!(found, tested);
    }
}
