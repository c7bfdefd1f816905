//! The default order on benchmark instances, by our own solver and by good_lp over HiGHS, which must agree stage by
//! stage. (microlp, the backend without that feature, loses the thread of S in its last stage and takes minutes on M.)

#![cfg(feature = "highs")]

use suffice::domain::BadRows;
use suffice::engine::Resident;
use suffice::generate::{Instance, Params};
use suffice::matching::Route;
use suffice::solve::Effort;
use suffice::view;

fn check(params: &Params) {
    let draft = Instance::generate(params).to_draft();
    let loaded = Resident::load(draft, BadRows::Refuse, &Effort::unlimited());
    let resident = loaded.unwrap_or_else(|problems| panic!("{problems:#?}")).resident;
    let values = |route| {
        let files = view::matching::run(&resident, route, &Effort::unlimited()).expect("an answer");
        let stages = files.document.objective.into_iter().map(|stage| (stage.name, stage.value));
        (files.document.status, stages.collect::<Vec<(String, i64)>>())
    };
    let own = values(Route::Network);
    let names: Vec<&str> = own.1.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((own.0.as_str(), names.as_slice()), ("optimal", ["need", "evenness", "travel", "cost"].as_slice()));
    assert_eq!(values(Route::Program), own);
}

#[test]
fn both_routes_agree_on_the_default_order_of_instance_s() {
    check(&Params::S);
}

#[test]
fn both_routes_agree_on_the_default_order_of_instance_m() {
    check(&Params::M);
}
