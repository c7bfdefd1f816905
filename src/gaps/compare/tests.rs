//! Small localities side by side; every sum can be done by hand.

use std::sync::Arc;

use super::mixture::Mixer;
use super::{
    Better, Compared, Cut, Decomposed, Estimate, Indicator, Measured, NoParts, NotComparable, Rows, Verdict, decompose,
    indicators,
};
use crate::domain::{BadRows, Locality, Setting, Table, check};
use crate::eligibility::{Pairs, Profiles};
use crate::gaps::tally::{self, Tally};
use crate::gaps::testing::locality;
use crate::generate;
use crate::matching::{Matching, Reading, Route, Scope, Worths, asking, formulate, solve};
use crate::measures::decompose::{Side, Sixths};
use crate::solve::{Effort, StopReason};

/// A locality with its own answer.
struct Own {
    locality: Locality,
    profiles: Profiles,
    pairs: Arc<Pairs>,
    matching: Arc<Matching>,
}

impl Own {
    fn of(locality: Locality) -> Own {
        let effort = Effort::unlimited();
        let profiles = Profiles::build(&locality);
        let pairs = Pairs::build(&locality, &profiles, &effort).expect("nothing stops it");
        let formulation = formulate(&locality, &profiles, &pairs, Reading::Policy, Scope::Everything, &effort);
        let asking = asking(&locality, Reading::Policy);
        let formulation = formulation.expect("it can be formulated");
        let matching = solve(&locality, formulation, asking, Route::Network, &effort, Worths::Leave);
        let matching = Arc::new(matching.expect("no backend is asked"));
        Own { locality, profiles, pairs: Arc::new(pairs), matching }
    }

    fn compared(&self) -> Compared<'_> {
        Compared {
            locality: &self.locality,
            profiles: &self.profiles,
            pairs: Ok(Arc::clone(&self.pairs)),
            matching: Arc::clone(&self.matching),
        }
    }

    fn totals(&self) -> Tally {
        tally::total(&self.locality, &self.matching, &Effort::unlimited())
    }
}

const SERVICES: &str = "== services
    service,name,provider,types,age_min,age_max
    s,S,p,k,any,any";

/// So many children of area a need what one offer in area a has so many places for.
fn plain(children: u64, places: u64) -> String {
    format!(
        "{SERVICES}
        == needs
        need,holder,kind,level,children,area
        n,h,k,1,{children},a
        == offers
        offer,service,area,capacity
        o,s,a,{places}"
    )
}

fn of(before: &str, after: &str) -> Decomposed {
    let [before, after] = [before, after].map(|text| Own::of(locality(text)));
    decompose(&before.compared(), &after.compared(), Route::Network, &Effort::unlimited()).expect("it can be solved")
}

/// The parts of the change of unmet need, in sixths of a child-need.
fn unmet(decomposed: &Decomposed) -> Sixths {
    decomposed.parts.as_ref().expect("it was decomposed").unmet
}

fn refused(decomposed: &Decomposed) -> &str {
    match &decomposed.parts {
        Err(NoParts::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn where_only_places_changed_supply_explains_all_of_it() {
    let found = of(&plain(10, 4), &plain(10, 7));
    assert_eq!(unmet(&found), Sixths { parts: [0, -18, 0], change: -3 });
    assert_eq!(found.changed, Some([vec![], vec!["offers.csv".to_owned()], vec![]]));
    assert_eq!(found.mixtures, [], "the two ends are all there is");
    let parts = found.parts.expect("it was decomposed");
    assert_eq!((parts.met.parts, parts.child_needs.change), ([0, 18, 0], 0));
    let share = parts.share_met.expect("there are needs in all");
    assert_eq!((share.parts[0], share.parts[2]), (0.0, 0.0));
    assert!((share.parts[1] - 0.3).abs() < 1e-12, "4 of 10 to 7 of 10");
}

#[test]
fn need_and_supply_share_what_hangs_on_their_order() {
    // 10 children and 5 places to 8 and 20. Children first: -2, then -3; places first: -5, then 0.
    let found = of(&plain(10, 5), &plain(8, 20));
    assert_eq!(unmet(&found), Sixths { parts: [-6, -24, 0], change: -5 });
    let totals: Vec<_> = found.mixtures.iter().map(|mixture| (mixture.sides, mixture.totals.unmet())).collect();
    let (before, after) = (Side::Before, Side::After);
    assert_eq!(totals, [([before, after, before], 0), ([after, before, before], 3)]);
}

/// Children of area a, places in area b a kilometre away, and how far places reach.
fn apart(children: u64, places: u64, km: &str) -> String {
    format!(
        "{SERVICES}
        == needs
        need,holder,kind,level,children,area
        n,h,k,1,{children},a
        == offers
        offer,service,area,capacity,reach_km
        o,s,b,{places},
        == policy
        reach.km = {km}"
    )
}

#[test]
fn three_factors_by_hand() {
    // Out of reach all n go unmet; in reach n - s. From (4, 2, out) to (6, 5, in): unmet 4 to 1.
    // Need: first +2, after supply +2, after reach 4 - 2 = +2, last 1 - 0 = +1: (2 x 2 + 2 + 2 + 2 x 1) / 6 = 10/6.
    // Supply: 0, after need 0, after reach 0 - 2 = -2, last 1 - 4 = -3: -8/6.
    // Matching: 2 - 4 = -2, after need 4 - 6 = -2, after supply 0 - 4 = -4, last 1 - 6 = -5: -20/6.
    let found = of(&apart(4, 2, "0"), &apart(6, 5, "5"));
    assert_eq!(found.changed.as_ref().map(|of| of[2].as_slice()), Some(["policy.toml: reach".to_owned()].as_slice()));
    assert_eq!(unmet(&found), Sixths { parts: [10, -8, -20], change: -3 });
    assert_eq!(found.mixtures.len(), 6);
    assert!(found.mixtures.iter().all(|mixture| mixture.left_out.is_empty() && mixture.lent.is_empty()));
}

#[test]
fn the_same_locality_twice_changed_nothing() {
    let found = of(&plain(10, 4), &plain(10, 4));
    assert_eq!(unmet(&found), Sixths { parts: [0; 3], change: 0 });
    assert_eq!((found.changed, found.mixtures), (Some(Default::default()), vec![]));
}

#[test]
fn places_that_measure_in_other_units_are_not_mixed() {
    let [one, two] = [locality(&plain(10, 4)), in_degrees()].map(Own::of);
    let found = decompose(&one.compared(), &two.compared(), Route::Network, &Effort::unlimited()).expect("no fault");
    assert_eq!(refused(&found), "points are in metres before and lonlat after, so the two cannot be mixed");
    assert_eq!(found.changed, None);
}

fn in_degrees() -> Locality {
    let draft = crate::domain::draft_of(&locality(&plain(10, 4)), &Effort::unlimited());
    let mut draft = draft.expect("nothing stops it");
    let about = draft.about.as_mut().expect("it is always written");
    about.insert("coordinates".to_owned(), Setting::Text("lonlat".to_owned()));
    for table in draft.tables.values_mut() {
        let header = table.header().iter().map(|name| match name.as_str() {
            "x" => "lon",
            "y" => "lat",
            name => name,
        });
        let mut renamed = Table::new(header);
        // The points of the two areas lie a thousand apart, which no degree is.
        for row in 0..table.len() {
            renamed.push(table.cells(row).map(|cell| if cell == "1000" { "1" } else { cell }));
        }
        *table = renamed;
    }
    check::check(draft, BadRows::Refuse, &Effort::unlimited()).expect("nothing is wrong with it").locality
}

#[test]
fn names_and_what_does_not_bear_on_who_is_met_are_no_change() {
    let before = plain(10, 4);
    let after = before.replace("s,S,p", "s,Another name,p")
        + "
        == drives
        kind,drives,strength,source
        k,l,some,a paper
        == population
        area,age,children
        a,5,100
        == scenarios
        scenario,kind,factor
        more,k,1.5
        == candidates
        candidate,kind_of,offer,places_per_step,max_steps,fixed_cost,cost_per_place
        c,places,o,1,3,0,100";
    assert_eq!(of(&before, &after).changed, Some(<[Vec<String>; 3]>::default()));
}

#[test]
fn localities_without_a_common_area_are_not_mixed() {
    let elsewhere = plain(10, 4).replace("10,a", "10,z").replace("o,s,a", "o,s,z");
    let elsewhere = format!("{elsewhere}\n== areas\narea,name,x,y\nz,Elsewhere,0,0");
    let found = of(&plain(10, 4), &elsewhere);
    assert!(refused(&found).contains("no area in common"), "{found:?}");
    assert_eq!(found.mixtures, []);
}

#[test]
fn needs_of_a_kind_that_the_other_definitions_lack_are_not_mixed() {
    let before = plain(10, 4);
    let kinds = "\n== kinds\nkind,label,layer,domain\nk,A kind,individual,health\nm,New,micro,family";
    let after = before.replace("n,h,k,1,10,a", "n,h,m,1,10,a") + kinds;
    let found = of(&before, &after);
    assert_eq!(refused(&found), "needs after are of 1 kinds that the definitions before do not have (m is one)");
}

/// One offer or two, and journeys to them.
fn travelled(offers: &[(&str, u64)], journeys: &[(&str, u64)], declines: &str) -> String {
    let offers: Vec<String> = offers.iter().map(|(offer, places)| format!("{offer},s,b,{places}")).collect();
    let journeys: Vec<String> = journeys.iter().map(|(offer, minutes)| format!("a,{offer},{minutes}")).collect();
    format!(
        "{SERVICES}
        == needs
        need,holder,kind,level,children,area
        n,h,k,1,10,a
        == offers
        offer,service,area,capacity
        {}
        == travel
        area,offer,minutes
        {}
        == declines
        need,offer,reason
        {declines}
        == policy
        reach.minutes = 30",
        offers.join("\n"),
        journeys.join("\n"),
    )
}

#[test]
fn journeys_to_new_offers_are_lent_and_those_to_closed_ones_left_out() {
    // Before: o has 2 places, 20 minutes away; a closed offer x had 1. After: o is 40 minutes away, too far, and a new
    // offer w has 5 places 10 minutes away. Unmet 10 - 3 = 7, then 10 - 5 = 5.
    let before = travelled(&[("o", 2), ("x", 1)], &[("o", 20), ("x", 25)], "n,x,");
    let before = before.replace("n,x,", "");
    let after = travelled(&[("o", 2), ("w", 5)], &[("o", 40), ("w", 10)], "");
    let found = of(&before, &after);
    // Supply after, journeys before: o at 20 minutes and w, of which only the other side knows: 10 - 7 = 3.
    // Supply before, journeys after: o is too far, and x is lent at 25: 10 - 1 = 9.
    // Supply: (3 - 7) and (5 - 9), mean -4. Matching: (9 - 7) and (5 - 3), mean +2.
    assert_eq!(unmet(&found), Sixths { parts: [0, -24, 12], change: -2 });
    let rows = |rows: u64| vec![Rows { table: "travel.csv".to_owned(), rows }];
    let seen: Vec<_> = found.mixtures.iter().map(|mixture| (mixture.left_out.clone(), mixture.lent.clone())).collect();
    assert_eq!(seen, [(rows(1), rows(1)), (rows(1), rows(1))]);
}

#[test]
fn without_journeys_to_new_offers_nothing_is_made_up() {
    let before = travelled(&[("o", 2)], &[("o", 20)], "");
    let after = plain(10, 4).replace("o,s,a", "w,s,a");
    let found = of(&before, &after);
    assert_eq!(
        refused(&found),
        "travel.csv before says nothing of 1 offers and 0 areas that are only there after, where there are no journeys \
         in minutes"
    );
}

#[test]
fn declines_follow_the_rules_unless_these_do_not_know_who_declines() {
    // n declines o before and no longer after; m, who is new, declines o.
    let text = |needs: &str, declines: &str| {
        format!(
            "{SERVICES}
            == needs
            need,holder,kind,level,children,area
            {needs}
            == offers
            offer,service,area,capacity
            o,s,a,20
            == declines
            need,offer,reason
            {declines}"
        )
    };
    let before = text("n,h,k,1,10,a", "n,o,");
    let after = text("n,h,k,1,10,a\nm,i,k,1,3,a", "m,o,");
    // Before all 10 go unmet, after 3. Need after, rules before: n declines, and m's own decline is lent: 13.
    // Need before, rules after: no decline is left of those who are there: 0.
    // Need: 13 - 10 and 3 - 0: +3. Matching: 0 - 10 and 3 - 13: -10.
    let found = of(&before, &after);
    assert_eq!(unmet(&found), Sixths { parts: [18, 0, -60], change: -7 });
    let rows = |rows: u64| vec![Rows { table: "declines.csv".to_owned(), rows }];
    let seen: Vec<_> = found.mixtures.iter().map(|mixture| (mixture.left_out.clone(), mixture.lent.clone())).collect();
    assert_eq!(seen, [(rows(1), vec![]), (vec![], rows(1))]);
}

#[test]
fn receipts_go_with_the_places_where_free_places_are_asked_for() {
    let text = |free: u64, receipts: &str| {
        format!(
            "{SERVICES}
            == needs
            need,holder,kind,level,children,area
            n,h,k,1,10,a
            == offers
            offer,service,area,capacity,free
            o,s,a,8,{free}
            == receipts
            offer,children,need
            {receipts}
            == policy
            supply.use = free"
        )
    };
    // 2 receive and 6 are free: of 8 who ask 2 go without. Then 5 receive and 3 are free: of 5 who ask 2 go without.
    let found = of(&text(6, "o,2,n\no,1,none"), &text(3, "o,5,n"));
    assert_eq!(found.changed, Some([vec![], vec!["offers.csv".to_owned(), "receipts.csv".to_owned()], vec![]]));
    assert_eq!(unmet(&found), Sixths { parts: [0; 3], change: 0 });
}

fn generated(seed: u64, children: u64, places: u64) -> Locality {
    let options = generate::Options::new(seed, children).and_then(|options| options.places_percent(places));
    let draft = generate::locality(&options.expect("in range"));
    check::check(draft, BadRows::SetAside, &Effort::unlimited()).expect("it is good but for some rows").locality
}

#[test]
fn a_mixture_of_one_side_alone_comes_to_what_that_side_comes_to() {
    let [before, after] = [Own::of(generated(3, 900, 60)), Own::of(generated(4, 1_100, 140))];
    let effort = Effort::unlimited();
    let mixer = Mixer::new(&before.locality, &after.locality, &effort).expect("they share areas");
    for (side, own) in [(Side::Before, &before), (Side::After, &after)] {
        let mixed = mixer.mix([side; 3], &effort).expect("it is one locality");
        assert_eq!((mixed.left_out, mixed.lent), (vec![], vec![]));
        let checked = check::check(mixed.draft, BadRows::Refuse, &effort).expect("nothing is wrong with it");
        assert_eq!(Own::of(checked.locality).totals(), own.totals());
    }
}

#[test]
fn generated_localities_fall_apart_into_parts_that_sum_to_the_change() {
    let [before, after] = [Own::of(generated(3, 900, 60)), Own::of(generated(4, 1_100, 140))];
    let found = decompose(&before.compared(), &after.compared(), Route::Network, &Effort::unlimited());
    let found = found.expect("it can be solved");
    let parts = found.parts.expect("it was decomposed");
    let change = after.totals().unmet() as i128 - before.totals().unmet() as i128;
    assert_eq!((parts.unmet.change, parts.unmet.parts.iter().sum::<i128>()), (change, 6 * change));
    for (one, other) in
        parts.unmet.parts.iter().zip(parts.met.parts).zip(parts.child_needs.parts).map(|((u, m), all)| (u + m, all))
    {
        assert_eq!(one, other, "what is unmet and what is met make up all that is asked for");
    }
}

#[test]
fn a_stop_leaves_no_half_of_a_decomposition() {
    let [before, after] = [apart(4, 2, "0"), apart(6, 5, "5")].map(|text| Own::of(locality(&text)));
    let (mut stopped, mut done) = (0, 0);
    let mut ticks = 64;
    while ticks < 1 << 27 {
        ticks += ticks / 4;
        let effort = Effort::unlimited().at_most(ticks);
        match decompose(&before.compared(), &after.compared(), Route::Network, &effort).expect("no fault").parts {
            Ok(parts) => {
                assert_eq!(parts.unmet.parts, [10, -8, -20]);
                done += 1;
            }
            Err(not) => {
                assert_eq!(not, NoParts::Stopped(StopReason::TickLimit));
                stopped += 1;
            }
        }
        let effort = Effort::unlimited().at_most(ticks);
        if let Err(reason) =
            indicators(&before.compared(), &after.compared(), Route::Network, &effort).expect("no fault")
        {
            assert_eq!(reason, StopReason::TickLimit);
        }
    }
    assert!(0 < stopped && 0 < done, "{stopped} stopped, {done} done");
}

#[test]
fn where_children_from_outside_compete_the_total_has_a_range_too() {
    // One place for a child inside and a child outside, as urgent as each other: the lottery chooses.
    let text = format!(
        "{SERVICES}
        == areas
        area,name,x,y,inside
        a,A,0,0,yes
        z,Z,0,0,no
        == needs
        need,holder,kind,level,children,area
        n,h,k,1,1,a
        m,i,k,1,1,z
        == offers
        offer,service,area,capacity
        o,s,a,1"
    );
    let found = side_by_side(&text, &text);
    let Estimate { low, high, .. } = named(&found, Measured::UnmetShare, Cut::All, "").after.expect("it is measured");
    assert_eq!((low, high), (0.0, Some(1.0)));
}

fn side_by_side(before: &str, after: &str) -> Vec<Indicator> {
    let [before, after] = [before, after].map(|text| Own::of(locality(text)));
    indicators(&before.compared(), &after.compared(), Route::Network, &Effort::unlimited())
        .expect("it can be solved")
        .expect("nothing stops it")
}

fn named<'i>(indicators: &'i [Indicator], measured: Measured, cut: Cut, key: &str) -> &'i Indicator {
    let is =
        |indicator: &&Indicator| (indicator.measured, &indicator.cut, indicator.key.as_str()) == (measured, &cut, key);
    indicators.iter().find(is).expect("it is there")
}

#[test]
fn more_places_for_as_many_children_improve_every_cut_that_they_are_in() {
    let found = side_by_side(&plain(10, 4), &plain(10, 7));
    let all = named(&found, Measured::UnmetShare, Cut::All, "");
    let [before, after] = [all.before, all.after].map(|side| side.expect("it is measured"));
    assert_eq!((before.value, before.low, before.high), (Some(0.6), 0.6, Some(0.6)));
    assert_eq!((after.value, after.low, after.high), (Some(0.3), 0.3, Some(0.3)));
    for (cut, key) in [(Cut::All, ""), (Cut::Kind, "k"), (Cut::Level, "1"), (Cut::Area, "a")] {
        assert_eq!(named(&found, Measured::UnmetShare, cut, key).verdict, Verdict::Improved);
    }
    assert_eq!(named(&found, Measured::PlacesPerChildNeed, Cut::Kind, "k").verdict, Verdict::Improved);
    let back = side_by_side(&plain(10, 7), &plain(10, 4));
    assert!(back.iter().all(|indicator| indicator.verdict == Verdict::Worsened), "{back:?}");
}

#[test]
fn the_same_locality_twice_is_not_told_apart_anywhere() {
    let found = side_by_side(&plain(10, 4), &plain(10, 4));
    assert!(found.iter().all(|indicator| indicator.verdict == Verdict::NotDistinguishable), "{found:?}");
}

#[test]
fn what_is_not_known_keeps_two_apart_from_being_told_apart() {
    // How many places there are after is not known: between none and all of the children go unmet.
    let found = side_by_side(&plain(10, 4), &plain(10, 4).replace("o,s,a,4", "o,s,a,c"));
    let all = named(&found, Measured::UnmetShare, Cut::All, "");
    let after = all.after.expect("it is measured");
    assert_eq!((after.value, after.low, after.high), (Some(1.0), 0.0, Some(1.0)));
    assert_eq!(all.verdict, Verdict::NotDistinguishable);
    // The places per child-need are at least 0 then, and no end is known.
    let access = named(&found, Measured::PlacesPerChildNeed, Cut::All, "").after.expect("it is measured");
    assert_eq!((access.value, access.low, access.high), (Some(0.0), 0.0, None));
    // Numbers: 10 at least and 20 at most, 7 places: 3 of 10 to 13 of 20, which 6 of 10 lies between.
    let bounded = plain(10, 7).replace("children,area\n", "children,children_low,children_high,area\n");
    let bounded = bounded.replace("k,1,10,a", "k,1,12,10,20,a");
    let found = side_by_side(&plain(10, 4), &bounded);
    let all = named(&found, Measured::UnmetShare, Cut::All, "");
    let after = all.after.expect("it is measured");
    assert_eq!((after.value, after.low, after.high), (Some(5.0 / 12.0), 0.3, Some(0.65)));
    assert_eq!(all.verdict, Verdict::NotDistinguishable);
}

#[test]
fn what_is_there_only_once_is_not_compared() {
    let more = plain(10, 4).replace("n,h,k,1,10,a", "n,h,k,1,10,a\nm,i,k,2,1,b");
    let found = side_by_side(&plain(10, 4), &more);
    for (cut, key) in [(Cut::Level, "2"), (Cut::Area, "b")] {
        let only = named(&found, Measured::UnmetShare, cut, key);
        assert_eq!((only.before, only.verdict), (None, Verdict::NotComparable(NotComparable::OnlyAfter)));
    }
}

#[test]
fn receipts_are_compared_where_both_record_them_and_samples_have_intervals() {
    let with = |receive: u64, others: u64| {
        format!("{}\n== receipts\noffer,children,need\no,{receive},n\no,{others},none", plain(10, 4))
    };
    let found = side_by_side(&with(2, 6), &with(4, 2));
    // Coverage 2 of 10 to 4 of 10; leakage 6 of 8 to 2 of 6. Enumerated: no sampling error.
    let coverage = named(&found, Measured::Coverage, Cut::All, "");
    assert_eq!((coverage.verdict, coverage.measured.better()), (Verdict::Improved, Better::Higher));
    let leakage = named(&found, Measured::Leakage, Cut::Kind, "k");
    assert_eq!((leakage.verdict, leakage.measured.better()), (Verdict::Improved, Better::Lower));
    let only = side_by_side(&plain(10, 4), &with(4, 2));
    let coverage = named(&only, Measured::Coverage, Cut::All, "");
    assert_eq!(coverage.verdict, Verdict::NotComparable(NotComparable::OnlyAfter));
    // A receipt that does not say of which need it is: 2 to 5 of 10, and 6 to 9 of 11 without need.
    let open = format!("{}\no,3,", with(2, 6));
    let coverage = named(&side_by_side(&open, &with(4, 2)), Measured::Coverage, Cut::All, "").before;
    let Estimate { value, low, high, .. } = coverage.expect("there are bounds");
    assert_eq!((value, low, high), (None, 0.2, Some(0.5)));
}
