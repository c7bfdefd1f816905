//! Plans against the world: published figures, another program on the same numbers, and every choice counted where there
//! are few enough.
//!
//! `data/spatial-reference` beside the repository says where the stores of San Francisco come from.

mod support;

#[path = "plan_world/stores.rs"]
mod stores;

use std::collections::BTreeMap;
use std::process::Command;

use stores::{San, Site};
use suffice::domain::{BadRows, Setting, Table};
use suffice::engine::Resident;
use suffice::generate::{Instance, Params};
use suffice::matching::Route;
use suffice::solve::Effort;
use suffice::view;
use suffice::view::plan::{PlanAsked, PlanObjective, Planned};
use support::tables::parse;

fn plan(resident: &Resident, asked: PlanAsked) -> Planned {
    view::plan::run(resident, &asked, Route::Network, &Effort::unlimited()).expect("a plan")
}

fn at_most(candidates: usize, objective: PlanObjective) -> PlanAsked {
    PlanAsked { at_most: Some(candidates as u32), objective, ..PlanAsked::default() }
}

/// All of the need.
fn everything() -> PlanAsked {
    PlanAsked { target: Some(1_000_000), ..PlanAsked::default() }
}

/// The plan is proved to be the best, its bill adds up, and its assignments are what it says they are.
#[track_caller]
fn assert_proved(planned: &Planned) {
    let Planned { document, assignments } = planned;
    assert_eq!(document.status, "optimal");
    assert_eq!(document.reason, None);
    assert_eq!((document.objective.bound, document.objective.gap), (Some(document.objective.value), Some(0.0)));
    assert_eq!(document.cost, document.chosen.iter().map(|row| row.cost).sum::<i64>());
    assert_eq!(document.met.child_needs, assignments.iter().map(|row| row.children).sum::<u64>());
    assert!(assignments.iter().all(|row| document.chosen.iter().any(|chosen| chosen.candidate == row.candidate)));
}

fn chosen(planned: &Planned) -> Vec<&str> {
    planned.document.chosen.iter().map(|row| row.candidate.as_str()).collect()
}

/// The column of a table.
fn column<'a>(table: &'a Table, name: &str) -> Vec<&'a str> {
    let at = table.header().iter().position(|own| own == name).unwrap_or_else(|| panic!("there is a column {name}"));
    (0..table.len()).map(|row| table.cell(row, at)).collect()
}

/// bench/instances: of instance S, opening a service costs its unit cost for each place; half of what all would cost buys
/// 39,660 of weight, which HiGHS proved in one piece. The services that the plan opens, matched as offers that are there,
/// meet the same.
#[test]
fn half_the_money_for_instance_s() {
    let mut draft = Instance::generate(&Params::S).to_draft();
    let offers = draft.tables["offers"].clone();
    let mut candidates = Table::new([
        "candidate",
        "kind_of",
        "service",
        "x",
        "y",
        "capacity",
        "reach_km",
        "fixed_cost",
        "cost_per_place",
    ]);
    let costs = column(&draft.tables["services"], "cost_per_place");
    let of_offers = ["offer", "service", "x", "y", "capacity", "reach_km"].map(|name| column(&offers, name));
    let mut costs_of_all = 0;
    // Each service has one offer, in their order.
    for (row, cost) in costs.iter().enumerate() {
        let [offer, service, x, y, capacity, reach] = of_offers.each_ref().map(|cells| cells[row]);
        costs_of_all += cost.parse::<i64>().expect("pence") * capacity.parse::<i64>().expect("places");
        candidates.push([offer, "offer", service, x, y, capacity, reach, "0", cost]);
    }
    assert_eq!((candidates.len(), costs_of_all), (100, 514_059));
    draft.tables.insert("candidates".to_owned(), candidates);
    draft.tables.insert("offers".to_owned(), Table::new(offers.header()));
    let load = |draft| Resident::load(draft, BadRows::Refuse, &Effort::unlimited()).expect("a good bundle").resident;

    let planned = plan(&load(draft.clone()), PlanAsked { budget: Some(257_029), ..PlanAsked::default() });
    assert_proved(&planned);
    let document = &planned.document;
    assert_eq!((document.objective.value, document.met.weight), (39_660, 39_660));
    assert!(document.cost <= 257_029, "{}", document.cost);
    assert_eq!((document.today.weight, document.today.child_needs), (0, 0));

    let mut opened = Table::new(offers.header());
    for (row, offer) in column(&offers, "offer").into_iter().enumerate() {
        if chosen(&planned).contains(&offer) {
            opened.push(offers.cells(row));
        }
    }
    assert_eq!(opened.len(), document.chosen.len());
    draft.tables.insert("offers".to_owned(), opened);
    draft.tables.remove("candidates");
    let need_alone = Setting::List(vec![Setting::Text("need".to_owned())]);
    let objective = Setting::Keys(BTreeMap::from([("order".to_owned(), need_alone)]));
    draft.policy.get_or_insert_default().insert("objective".to_owned(), objective);
    let resident = load(draft);
    let effort = Effort::unlimited();
    let files = view::matching::run(&resident, Route::Network, &effort).expect("a matching");
    let verified = view::verify::run(&resident, &files.document, &files.assignments, &files.prices, &effort);
    assert!(verified.verified, "{verified:#?}");
    assert_eq!(files.document.totals.weight_met, 39_660);
}

/// Five kilometres, no end of places, and a penny to open it.
const NEAR: Site = Site { reach_km: "5", capacity: "unlimited", pence: |_| 1 };
const NEAR_METRES: f64 = 5_000.0;

/// The same for those who live anywhere.
const ANYWHERE: Site = Site { reach_km: "any", ..NEAR };

/// The most people that so many stores can have within 5 km, from 1 store to 8.
const MOST_COVERED: [u64; 8] = [448_255, 671_938, 791_499, 875_247, 927_402, 941_462, 950_428, 955_113];

/// The maximal covering location problem (Church and ReVelle 1974).
#[test]
fn most_people_near_so_many_stores() {
    let Some(san) = San::francisco() else { return };
    assert_eq!((san.stores.len(), san.people.len(), san.everyone()), (16, 205, 955_113));
    let resident = san.bundle(NEAR);
    for (stores, most) in (1..).zip(MOST_COVERED) {
        let counted = san.choices_of(stores).map(|choice| san.covered(&choice, NEAR_METRES)).max();
        assert_eq!(counted, Some(most), "of every choice of {stores}");
        let planned = plan(&resident, at_most(stores, PlanObjective::Need));
        assert_proved(&planned);
        assert!(planned.document.chosen.len() <= stores);
        assert_eq!((planned.document.met.child_needs, planned.document.objective.value), (most, most as i64));
        assert_eq!(san.covered(&san.positions(chosen(&planned)), NEAR_METRES), most);
    }
}

/// Each store costs a penny, so the frontier of eight pence is the same row of figures.
#[test]
fn most_people_near_for_each_penny() {
    let Some(san) = San::francisco() else { return };
    let asked = PlanAsked { budget: Some(8), frontier: 9, ..PlanAsked::default() };
    let planned = plan(&san.bundle(NEAR), asked);
    assert_proved(&planned);
    let points = planned.document.frontier.as_deref().expect("a frontier");
    let found: Vec<(i64, i64, u64)> =
        points.iter().map(|point| (point.budget, point.cost, point.child_needs)).collect();
    let wanted: Vec<(i64, i64, u64)> = (1..).zip(MOST_COVERED).map(|(pence, most)| (pence, pence, most)).collect();
    assert_eq!(found[0], (0, 0, 0));
    assert_eq!(found[1..], wanted);
    let more = |pence: usize| (wanted[pence].2 - wanted[pence - 1].2) as f64;
    for (pence, point) in points.iter().enumerate().skip(2) {
        assert_eq!((&*point.status, point.pence_per_child_need), ("optimal", Some(1.0 / more(pence - 1))));
    }
}

/// The set covering location problem (Toregas and others 1971): eight stores, and seven do not do.
#[test]
fn a_store_near_everyone() {
    let Some(san) = San::francisco() else { return };
    let resident = san.bundle(NEAR);
    let planned = plan(&resident, everything());
    assert_proved(&planned);
    assert_eq!((planned.document.cost, planned.document.chosen.len()), (8, 8));
    assert_eq!(planned.document.met.share, Some(1.0));
    assert!(san.farthest(&san.positions(chosen(&planned))) <= NEAR_METRES);

    let seven = plan(&resident, PlanAsked { at_most: Some(7), ..everything() }).document;
    assert_eq!((&*seven.status, seven.met.child_needs), ("not_reachable", MOST_COVERED[6]));
    let why = seven.not_reachable.expect("why it cannot be had");
    assert_eq!((&*why.what, why.missing, why.proved), ("target", Some(955_113 - MOST_COVERED[6]), true));
    assert_eq!(why.beyond_reach, 0, "each of them has a store within reach, that is not one of the seven");
}

/// Within two kilometres some tracts have no store at all, whatever is opened: they are named.
#[test]
fn people_without_any_store_near() {
    let Some(san) = San::francisco() else { return };
    let all: Vec<usize> = (0..san.stores.len()).collect();
    let reachable = san.covered(&all, 2_000.0);
    let beyond: BTreeMap<&str, i64> = (san.people.iter().zip(san.nearest(&all)))
        .filter(|(_, (_, metres))| 2_000.0 < *metres)
        .map(|((tract, people), _)| (tract.as_str(), *people as i64))
        .collect();
    let document = plan(&san.bundle(Site { reach_km: "2", ..NEAR }), everything()).document;
    assert_eq!((&*document.status, document.met.child_needs), ("not_reachable", reachable));
    let why = document.not_reachable.expect("why it cannot be had");
    assert_eq!((why.missing, why.proved), (Some(san.everyone() - reachable), true));
    assert_eq!(why.beyond_reach, san.everyone() - reachable);
    let named: BTreeMap<&str, i64> =
        why.beyond_reach_by_area.iter().map(|row| (row.key.as_str(), row.child_needs)).collect();
    assert_eq!(named, beyond);
}

/// Stores for everyone within 5 km where each has room for so many: PySAL spopt says how many it takes (a capacitated
/// cover, Current and Storbeck 1988). The assignments of the plan keep to room and reach.
const ROOM: [(u64, usize); 4] = [(130_000, 9), (110_000, 10), (100_000, 11), (80_000, 13)];

#[test]
fn a_store_with_room_near_everyone() {
    let Some(san) = San::francisco() else { return };
    for (room, stores) in ROOM {
        let planned = plan(&san.bundle(Site { capacity: &room.to_string(), ..NEAR }), everything());
        assert_proved(&planned);
        assert_eq!((planned.document.cost, planned.document.chosen.len()), (stores as i64, stores), "{room}");
        let mut served: BTreeMap<&str, u64> = BTreeMap::new();
        let mut taken: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &planned.assignments {
            let tract = row.need.strip_prefix('n').expect("a tract's need");
            let [store] = san.positions([&*row.candidate])[..] else { panic!("{row:?}") };
            assert!(san.metres[tract][store] <= NEAR_METRES, "{row:?}");
            *served.entry(tract).or_default() += row.children;
            *taken.entry(&row.candidate).or_default() += row.children;
        }
        assert!(taken.values().all(|taken| *taken <= room), "{taken:?}");
        assert!(served.into_iter().eq(san.people.iter().map(|(tract, people)| (tract.as_str(), *people))));
    }
}

/// Stores of many prices, against all 65,536 choices: the cheapest that reach a share, and the most for each budget.
#[test]
fn stores_that_cost_more_and_less() {
    let Some(san) = San::francisco() else { return };
    let pence: fn(usize) -> i64 = |at| 100 + 10 * (7 * at as i64 % 11);
    let resident = san.bundle(Site { pence, ..NEAR });
    let cost = |choice: &[usize]| choice.iter().map(|&at| pence(at)).sum::<i64>();
    let counted: Vec<(i64, u64)> =
        san.choices().map(|choice| (cost(&choice), san.covered(&choice, NEAR_METRES))).collect();

    for share in [500_000, 800_000, 900_000, 950_000, 1_000_000_u32] {
        let planned = plan(&resident, PlanAsked { target: Some(share), ..PlanAsked::default() });
        assert_proved(&planned);
        let enough = |people: u64| u64::from(share) * san.everyone() <= people * 1_000_000;
        let cheapest = counted.iter().filter(|(_, people)| enough(*people)).map(|(cost, _)| *cost).min();
        assert_eq!(Some(planned.document.cost), cheapest, "{share} in a million");
        assert!(enough(planned.document.met.child_needs), "{share} in a million");
    }

    let asked = PlanAsked { budget: Some(1_200), frontier: 25, ..PlanAsked::default() };
    let points = plan(&resident, asked).document.frontier.expect("a frontier");
    // It ends where everyone is near a store, which is before the money does.
    let ends = |at: usize| (points[at].budget <= 1_200, points[at].child_needs);
    assert_eq!((points.len(), ends(0), ends(24)), (25, (true, 0), (true, san.everyone())));
    assert!(points.is_sorted_by_key(|point| point.budget));
    for point in points {
        let most = counted.iter().filter(|(cost, _)| *cost <= point.budget).map(|(_, people)| *people).max();
        assert_eq!((&*point.status, Some(point.child_needs)), ("optimal", most), "for {}", point.budget);
        let stores = san.positions(point.chosen.iter().map(|row| &*row.candidate));
        assert_eq!((cost(&stores), Some(san.covered(&stores, NEAR_METRES))), (point.cost, most));
        assert!(point.cost <= point.budget);
    }
}

/// The p-median problem (Hakimi 1965). Suffice counts whole metres, so that it may be off by half a metre for each person.
#[test]
fn the_least_travel_to_four_stores() {
    let Some(san) = San::francisco() else { return };
    let planned = plan(&san.bundle(ANYWHERE), at_most(4, PlanObjective::Travel));
    assert_proved(&planned);
    assert_eq!(chosen(&planned), ["Store_11", "Store_12", "Store_15", "Store_2"]);
    let unrounded = san.walked(&san.positions(chosen(&planned)));
    assert!((unrounded - 2_848_268_129.71).abs() <= 0.01, "{unrounded}");
    let found = planned.document.objective.value;
    assert!((found as f64 - unrounded).abs() <= 0.5 * san.everyone() as f64, "{found}");
    let counted = san.choices_of(4).map(|choice| san.walked_in_whole_metres(&choice)).min();
    assert_eq!(counted, Some(found), "of every choice");
    let travel = planned.document.travel.and_then(|travel| travel.plan).expect("distances are known");
    assert_eq!((travel.all, travel.children), (found, san.everyone()));
}

/// The p-centre problem (Hakimi 1965).
#[test]
fn the_nearest_farthest_person_of_four_stores() {
    let Some(san) = San::francisco() else { return };
    let planned = plan(&san.bundle(ANYWHERE), at_most(4, PlanObjective::Farthest));
    assert_proved(&planned);
    assert_eq!(planned.document.objective.value, 7_403);
    assert_eq!(planned.document.met.child_needs, san.everyone());
    let counted = san.choices_of(4).map(|choice| san.farthest(&choice)).fold(f64::INFINITY, f64::min);
    let found = san.farthest(&san.positions(chosen(&planned)));
    assert_eq!((found, (found + 0.5).floor()), (counted, 7_403.0), "of every choice");
    let travel = planned.document.travel.and_then(|travel| travel.plan).expect("distances are known");
    assert_eq!(travel.farthest, 7_403, "whoever goes to the nearest goes no farther");
}

/// The same through good_lp: a master problem with cuts in place of our own branching.
#[test]
fn stores_by_the_other_route() {
    let Some(san) = San::francisco() else { return };
    let (near, anywhere) = (san.bundle(NEAR), san.bundle(ANYWHERE));
    let mut questions = vec![(&near, everything())];
    questions.extend((1..=MOST_COVERED.len()).map(|stores| (&near, at_most(stores, PlanObjective::Need))));
    questions.push((&anywhere, at_most(4, PlanObjective::Travel)));
    questions.push((&anywhere, at_most(4, PlanObjective::Farthest)));
    for (resident, asked) in questions {
        let by = |route| view::plan::run(resident, &asked, route, &Effort::unlimited()).expect("a plan").document;
        let (own, other) = (by(Route::Network), by(Route::Program));
        assert_eq!((own.status, own.objective.value), (other.status, other.objective.value), "{asked:?}");
    }
}

/// PySAL spopt 0.7.0 on the same files, with CBC: everything above that it can be asked.
#[test]
fn stores_as_spopt_has_them() {
    let Some(python) = support::pysal() else { return };
    let Some(shared) = support::shared() else { return };
    let Some(san) = San::francisco() else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plan_world/stores.py");
    let output = Command::new(python)
        .arg(script)
        .arg(shared.join("data/spatial-reference/sf"))
        .arg(NEAR_METRES.to_string())
        .args(ROOM.map(|(room, _)| room.to_string()))
        .env_remove("PYTHONPATH")
        .output()
        .expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs = parse(&output.stdout);
    let ask = |problem: &str, given: u64| {
        let given = if given == 0 { String::new() } else { given.to_string() };
        let row = theirs.iter().find(|row| row["problem"] == *problem && row["given"] == *given);
        let row = row.unwrap_or_else(|| panic!("an answer to {problem} {given}"));
        (row.known("value").expect("a value"), row["stores"].split(' ').map(str::to_owned).collect::<Vec<_>>())
    };

    let (near, anywhere) = (san.bundle(NEAR), san.bundle(ANYWHERE));
    for stores in 1..=8 {
        let ours = plan(&near, at_most(stores, PlanObjective::Need)).document;
        assert_eq!(ask("most covered", stores as u64).0, ours.met.child_needs as f64, "{stores} stores");
    }
    assert_eq!(ask("cover", 0).0, plan(&near, everything()).document.cost as f64);
    for (room, stores) in ROOM {
        assert_eq!(ask("cover within capacity", room).0, stores as f64, "{room}");
    }
    let (metres, mut stores) = ask("median", 4);
    let ours = plan(&anywhere, at_most(4, PlanObjective::Travel));
    stores.sort();
    assert_eq!(stores, chosen(&ours));
    assert!((metres - san.walked(&san.positions(chosen(&ours)))).abs() <= 0.01, "{metres}");
    let (metres, stores) = ask("centre", 4);
    // CBC writes its numbers with eight digits.
    assert!((metres - san.farthest(&san.positions(stores.iter().map(String::as_str)))).abs() <= 1e-3, "{metres}");
    let ours = plan(&anywhere, at_most(4, PlanObjective::Farthest)).document;
    assert_eq!(ours.objective.value as f64, (metres + 0.5).floor());
}
