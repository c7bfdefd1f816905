//! The benchmark instances as bundles: known optima, by both routes.

use std::collections::BTreeMap;

use suffice::domain::{BadRows, Setting};
use suffice::engine::Resident;
use suffice::generate::{Instance, Params};
use suffice::matching::Route;
use suffice::solve::Effort;
use suffice::view;

/// The instance as a bundle with one key of `[objective]` set.
fn resident(params: &Params, key: &str, value: Setting) -> Resident {
    let mut draft = Instance::generate(params).to_draft();
    let objective = Setting::Keys(BTreeMap::from([(key.to_owned(), value)]));
    draft.policy.get_or_insert_default().insert("objective".to_owned(), objective);
    Resident::load(draft, BadRows::Refuse, &Effort::unlimited())
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
        .resident
}

fn blended(params: &Params) -> Resident {
    resident(params, "mode", Setting::Text("blended".to_owned()))
}

fn need_alone(params: &Params) -> Resident {
    resident(params, "order", Setting::List(vec![Setting::Text("need".to_owned())]))
}

/// The first stage's value; the answer is verified and has as many pairs as the instance has arcs.
fn value(resident: &Resident, route: Route, arcs: u64) -> i64 {
    let effort = Effort::unlimited();
    let files = view::matching::run(resident, route, &effort).expect("an answer");
    assert_eq!(files.document.pairs, arcs);
    let verified = view::verify::run(resident, &files.document, &files.assignments, &files.prices, &effort);
    assert!(verified.verified, "{verified:#?}");
    files.document.objective[0].value
}

#[test]
fn instance_s_has_its_known_optima_by_both_routes() {
    let (blended, need) = (blended(&Params::S), need_alone(&Params::S));
    for route in [Route::Network, Route::Program] {
        assert_eq!(value(&blended, route, 3_962), 44_386_504, "{route:?}");
        assert_eq!(value(&need, route, 3_962), 44_773, "{route:?}");
    }
}

#[test]
fn instance_m_has_its_known_optima_by_our_own_route() {
    assert_eq!(value(&blended(&Params::M), Route::Network, 47_373), 265_888_326);
    assert_eq!(value(&need_alone(&Params::M), Route::Network, 47_373), 268_327);
}

#[test]
fn the_cost_of_instance_s_among_its_most_weighted_matchings_is_known() {
    // The instance's own cost is unit cost plus 3 for each whole kilometre: blended with a factor on need so large that
    // weight comes first, whose optimum is met * weight - cost.
    let met = 1_000_000;
    let mut draft = Instance::generate(&Params::S).to_draft();
    let keys = [("mode", Setting::Text("blended".to_owned())), ("met", Setting::Whole(met))];
    let objective = keys.map(|(key, value)| (key.to_owned(), value)).into();
    draft.policy.get_or_insert_default().insert("objective".to_owned(), Setting::Keys(objective));
    let resident = Resident::load(draft, BadRows::Refuse, &Effort::unlimited()).expect("a good bundle").resident;
    assert_eq!(met * 44_773 - value(&resident, Route::Network, 3_962), 386_496);
}
