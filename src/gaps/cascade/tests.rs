//! Cascades that a colleague can work out by hand, and properties that hands cannot check.

use proptest::prelude::{ProptestConfig, Strategy};
use proptest::sample::select;
use proptest::{collection, option, prop_assert, prop_assert_eq, proptest};

use super::{Cascade, CascadeStage, Coverage, NotRecorded, cascade, cascades_by};
use crate::domain::{AgeBand, AreaIx, Level};
use crate::gaps::subgroup::{SplitBy, SplitKey, Subgroup};
use crate::gaps::testing::Ready;
use crate::matching::NotFormulated;
use crate::solve::{Effort, StopReason};

fn of(place: &Ready, subgroup: &Subgroup) -> Cascade {
    cascade(&place.locality, &place.profiles, &place.pairs, subgroup, &Effort::unlimited()).expect("a cascade")
}

/// The target, then each stage in child-needs, or why it is not recorded.
fn said(cascade: &Cascade) -> String {
    let stage = |(stage, coverage): (CascadeStage, Coverage)| match coverage {
        Coverage::Recorded { thousandths } if thousandths % 1000 == 0 => {
            format!("{} {}", stage.as_str(), thousandths / 1000)
        }
        Coverage::Recorded { thousandths } => format!("{} {}", stage.as_str(), thousandths as f64 / 1000.0),
        Coverage::NotRecorded(why) => format!("{} {why:?}", stage.as_str()),
    };
    let mut parts = vec![format!("target {}", cascade.target.child_needs)];
    parts.extend(cascade.stages().map(stage));
    parts.push(match cascade.bottleneck {
        None => "no bottleneck".to_owned(),
        Some(found) => {
            let from = found.from.map_or("target", CascadeStage::as_str);
            let sure = if found.is_sure { "" } else { "?" };
            format!("{from} to {} -{}{sure}", found.to.as_str(), found.lost_thousandths as f64 / 1000.0)
        }
    });
    parts.join(", ")
}

/// Ten children need k. Talk has 8 places and takes those under 10: n3's three are too old. Of n1's four and n2's three
/// one family of each declined nothing; n2 as a whole declined talk. Four of n1 receive, with half of them helped.
const TOWN: &str = "== needs
    need,holder,kind,level,children,area,age
    n1,h1,k,1,4,a,5
    n2,h2,k,2,3,b,6
    n3,h3,k,1,3,a,12
    == services
    service,name,provider,types,age_min,age_max
    talk,Talk,p,t,0,9
    == meets
    kind,type,effect
    k,t,0.5
    == offers
    offer,service,area,capacity
    hall,talk,a,8
    ";

const DECLINED: &str = "== declines
    need,offer,reason
    n2,hall,not for us
    ";

#[test]
fn each_stage_loses_those_whom_its_rule_keeps_out() {
    let place = Ready::of(&format!(
        "{TOWN}{DECLINED}
         == receipts
         offer,children,need
         hall,3,n1"
    ));
    // 10 in need, 8 places; 7 are young enough; 4 have not declined; 3 of those receive; half of them are helped.
    let whole = of(&place, &Subgroup::default());
    assert_eq!(
        said(&whole),
        "target 10, available 8, accessible 7, acceptable 4, contact 3, effective 1.5, accessible to acceptable -3"
    );
    assert_eq!(whole.share(CascadeStage::Available), Some(0.8));
    assert_eq!(whole.share(CascadeStage::Effective), Some(0.15));
    assert_eq!(whole.contact_most, Some(3));
    assert_eq!(whole.contact_outside.map(|outside| outside.total()), Some(0));
}

#[test]
fn a_stage_without_data_is_not_recorded_and_the_drop_goes_over_it() {
    let nothing = of(&Ready::of(TOWN), &Subgroup::default());
    assert_eq!(
        said(&nothing),
        "target 10, available 8, accessible 7, acceptable Declines, contact Receipts, effective Receipts, \
         target to available -2"
    );
    assert_eq!(nothing.share(CascadeStage::Contact), None);
    assert_eq!((nothing.contact_most, nothing.contact_outside), (None, None));

    let receipts = "== receipts
        offer,children,need
        hall,3,n1";
    let no_declines = of(&Ready::of(&format!("{TOWN}{receipts}")), &Subgroup::default());
    assert_eq!(
        said(&no_declines),
        "target 10, available 8, accessible 7, acceptable Declines, contact 3, effective 1.5, accessible to contact -4"
    );

    let no_effect = TOWN.replace("k,t,0.5", "k,t,");
    let no_effect = of(&Ready::of(&format!("{no_effect}{receipts}")), &Subgroup::default());
    assert_eq!(no_effect.coverage(CascadeStage::Effective), Coverage::NotRecorded(NotRecorded::Effects));
}

#[test]
fn receipts_outside_the_acceptable_network_have_a_line_of_their_own() {
    let place = Ready::of(&format!(
        "{TOWN}{DECLINED}
         == services
         service,name,provider,types,age_min,age_max
         talk,Talk,p,t,0,9
         chess,Chess,p,c,any,any
         == offers
         offer,service,area,capacity
         hall,talk,a,8
         closed,talk,a,
         board,chess,a,50
         == receipts
         offer,children,need
         hall,6,n1
         hall,2,n2
         hall,1,n3
         closed,7,n1
         board,5,n1"
    ));
    let whole = of(&place, &Subgroup::default());
    // n1 has four children: 4 of its 6 at the hall are contact, 2 are beyond.
    assert_eq!(whole.coverage(CascadeStage::Contact), Coverage::Recorded { thousandths: 4000 });
    let outside = whole.contact_outside.expect("receipts are recorded");
    assert_eq!(
        (outside.declined, outside.not_accessible, outside.places_unknown, outside.no_type, outside.beyond),
        (2, 1, 7, 5, 2)
    );
}

#[test]
fn contact_is_bounded_by_places_and_prefers_where_it_helps_most() {
    // Three places; two children of each kind receive. The one of k is helped by 0.9, that of l by 0.2.
    let place = Ready::of(
        "== needs
         need,holder,kind,level,children,area,age
         n1,h1,k,1,2,a,5
         n2,h2,l,1,2,a,5
         == services
         service,name,provider,types,age_min,age_max
         s,S,p,t,any,any
         == meets
         kind,type,effect
         k,t,0.9
         l,t,0.2
         == offers
         offer,service,area,capacity
         o,s,a,3
         == receipts
         service,offer,children,need
         ,o,2,n1
         s,,2,n2",
    );
    let whole = of(&place, &Subgroup::default());
    assert_eq!(whole.coverage(CascadeStage::Contact), Coverage::Recorded { thousandths: 3000 });
    assert_eq!(whole.coverage(CascadeStage::Effective), Coverage::Recorded { thousandths: 2000 });
    assert_eq!(whole.contact_outside.map(|outside| outside.beyond), Some(1));
}

#[test]
fn receipts_of_one_need_at_two_offers_are_at_most_its_children() {
    // Cohort of 5: 3 at one offer and 4 at the other are at most 5 children; a child with two receipts is one.
    let place = Ready::of(
        "== needs
         need,holder,kind,level,children,area,age
         n1,h1,k,1,5,a,5
         n2,h2,k,1,1,a,5
         == services
         service,name,provider,types,age_min,age_max
         s,S,p,k,any,any
         == offers
         offer,service,area,capacity
         o,s,a,50
         q,s,a,50
         == receipts
         offer,children,need
         o,3,n1
         q,4,n1
         o,1,n2
         q,1,n2",
    );
    let whole = of(&place, &Subgroup::default());
    assert_eq!(whole.coverage(CascadeStage::Contact), Coverage::Recorded { thousandths: 6000 });
    assert_eq!(whole.contact_outside.map(|outside| outside.beyond), Some(3));
}

#[test]
fn a_subgroup_is_its_own_target() {
    let place = Ready::of(&format!(
        "{TOWN}{DECLINED}
         == receipts
         offer,children,need
         hall,3,n1"
    ));
    let area = |id: &str| place.locality.find_area(id).expect("an area");
    let in_b = of(&place, &Subgroup { area: Some(area("b")), ..Subgroup::default() });
    assert_eq!(
        said(&in_b),
        "target 3, available 3, accessible 3, acceptable 0, contact 0, effective 0, accessible to acceptable -3"
    );
    let level = of(&place, &Subgroup { level: Level::new(1), ..Subgroup::default() });
    assert_eq!(
        said(&level),
        "target 7, available 7, accessible 4, acceptable 4, contact 3, effective 1.5, available to accessible -3"
    );
    let old = of(&place, &Subgroup { ages: AgeBand::new(10, 15), ..Subgroup::default() });
    assert_eq!(
        said(&old),
        "target 3, available 3, accessible 0, acceptable 0, contact 0, effective 0, available to accessible -3"
    );
    let by_area = cascades_by(&place.locality, &place.profiles, &place.pairs, SplitBy::Area, &Effort::unlimited());
    let by_area = by_area.expect("cascades");
    assert_eq!(
        by_area.iter().map(|&(key, _)| key).collect::<Vec<_>>(),
        [0, 1].map(|at| SplitKey::Area(AreaIx::new(at)))
    );
    assert_eq!(by_area[1].1, in_b);
}

#[test]
fn a_holder_whose_ages_straddle_the_band_is_neither_in_nor_out() {
    let place = Ready::of(
        "== needs
         need,holder,kind,level,children,area,age,age_max
         n1,h1,k,1,4,a,5,9
         n2,h2,k,1,2,a,6,6
         n3,h3,k,1,c,a,6,6
         == services
         service,name,provider,types,age_min,age_max
         == offers
         offer,service,area,capacity",
    );
    let cascade = of(&place, &Subgroup { ages: AgeBand::new(6, 7), ..Subgroup::default() });
    let target = cascade.target;
    assert_eq!((target.child_needs, target.rows, target.unknown_rows, target.straddling_rows), (2, 1, 1, 1));
}

#[test]
fn receipts_that_do_not_say_whose_leave_contact_open() {
    let receipts = |rows: &str| format!("{TOWN}== receipts\noffer,children,need,area\n{rows}");
    let unknown = of(&Ready::of(&receipts("hall,2,,")), &Subgroup::default());
    assert_eq!(unknown.coverage(CascadeStage::Contact), Coverage::NotRecorded(NotRecorded::WhoseReceipts));
    assert_eq!(unknown.contact_most, Some(2));
    let place = Ready::of(&receipts("hall,3,n1,\nhall,2,,b"));
    let some = of(&place, &Subgroup::default());
    assert_eq!(some.coverage(CascadeStage::Contact), Coverage::Recorded { thousandths: 3000 });
    assert_eq!(some.contact_most, Some(5));
    // The drop to contact is 4, or 2 if those in b are theirs: then as many are lost before, at once.
    assert_eq!(some.bottleneck.map(|found| (found.to, found.is_sure)), Some((CascadeStage::Contact, false)));
    let in_a = Subgroup { area: place.locality.find_area("a"), ..Subgroup::default() };
    assert_eq!(of(&place, &in_a).contact_most, Some(3));
    let suppressed = of(&Ready::of(&receipts("hall,3,n1,\nhall,c,n2,")), &Subgroup::default());
    assert_eq!(suppressed.contact_most, Some(7), "as many as have access");
}

#[test]
fn a_stop_anywhere_is_handed_on() {
    let place = Ready::of(&format!("{TOWN}{DECLINED}== receipts\noffer,children,need\nhall,3,n1"));
    let whole = of(&place, &Subgroup::default());
    let within = |ticks: u64| {
        let effort = Effort::unlimited().at_most(ticks);
        cascade(&place.locality, &place.profiles, &place.pairs, &Subgroup::default(), &effort)
    };
    assert_eq!(within(3), Err(NotFormulated::Stopped(StopReason::TickLimit)));
    let mut stops = 0;
    // Needs are ticked in blocks of 4,096.
    for ticks in (0..200_000).step_by(500) {
        match within(ticks) {
            Ok(cascade) => assert_eq!(cascade, whole),
            Err(why) => {
                assert_eq!(why, NotFormulated::Stopped(StopReason::TickLimit));
                stops += 1;
            }
        }
    }
    assert!((1..400).contains(&stops), "{stops}");
}

/// Small places with everything that a cascade reads, drawn at random.
pub(in crate::gaps) fn any_place() -> impl Strategy<Value = String> {
    let ages = select(vec!["4,4", "8,8", "3,9", ","]);
    let children = select(vec!["1", "2", "3", "5", "c"]);
    let need = (select(vec!["k", "l"]), 1..=4u8, children, select(vec!["a", "b"]), ages);
    let limits = select(vec!["any,any", "0,6", "5,any", ","]);
    let service = (select(vec!["t", "u", "t;u"]), limits);
    let capacity = select(vec!["0", "1", "2", "4", ""]);
    let offer = (0..3usize, select(vec!["a", "b"]), capacity, select(vec!["any", "0.5"]));
    let number = || select(vec!["1", "1", "2", "4", "c"]);
    let receipt = (option::weighted(0.7, 0..4usize), 0..3usize, number(), 0..9usize);
    let decline = (0..6usize, 0..4usize);
    (
        collection::vec(need, 1..7),
        collection::vec(service, 3),
        collection::vec(offer, 1..5),
        option::weighted(0.8, collection::vec(receipt, 0..8)),
        option::weighted(0.7, collection::vec(decline, 0..4)),
        (select(vec!["exclude", "unlimited", "2"]), select(vec!["no", "yes"]), option::weighted(0.3, 0..3u64)),
    )
        .prop_map(|(needs, services, offers, receipts, declines, (capacity, eligibility, limit))| {
            let mut text = format!("== policy\nunknown.capacity = {capacity}\nunknown.eligibility = {eligibility}\n");
            if let Some(limit) = limit {
                text.push_str(&format!("limits.provider_places.p0 = {limit}\n"));
            }
            text.push_str("== meets\nkind,type,effect\nk,t,0.75\nl,t,0.25\nl,u,0.5\n");
            text.push_str("== needs\nneed,holder,kind,level,children,area,age,age_max\n");
            for (at, (kind, level, children, area, ages)) in needs.iter().enumerate() {
                text.push_str(&format!("n{at},h{at},{kind},{level},{children},{area},{ages}\n"));
            }
            text.push_str("== services\nservice,name,provider,types,age_min,age_max\n");
            for (at, (types, limits)) in services.iter().enumerate() {
                text.push_str(&format!("s{at},S,p{at},{types},{limits}\n"));
            }
            text.push_str("== offers\noffer,service,area,capacity,reach_km\n");
            for (at, (service, area, capacity, reach)) in offers.iter().enumerate() {
                text.push_str(&format!("o{at},s{service},{area},{capacity},{reach}\n"));
            }
            if let Some(receipts) = receipts {
                text.push_str("== receipts\nservice,offer,children,need\n");
                for (offer, service, children, need) in receipts {
                    let what = match offer.filter(|&offer| offer < offers.len()) {
                        Some(offer) => format!(",o{offer}"),
                        None => format!("s{service},"),
                    };
                    let need = match need {
                        6 => String::new(),
                        7 => "none".to_owned(),
                        named => format!("n{}", named % needs.len()),
                    };
                    text.push_str(&format!("{what},{children},{need}\n"));
                }
            }
            if let Some(declines) = declines {
                text.push_str("== declines\nneed,offer,reason\n");
                for (need, offer) in declines {
                    text.push_str(&format!("n{},o{},no\n", need % needs.len(), offer % offers.len()));
                }
            }
            text
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_cascade_never_rises_and_its_parts_are_within_the_whole(text in any_place()) {
        let place = Ready::of(&text);
        let whole = of(&place, &Subgroup::default());
        let recorded = |cascade: &Cascade| -> Vec<u64> {
            let number = |coverage| match coverage {
                Coverage::Recorded { thousandths } => Some(thousandths),
                Coverage::NotRecorded(_) => None,
            };
            cascade.stages().filter_map(|(_, coverage)| number(coverage)).collect()
        };
        let effort = Effort::unlimited();
        for split in [SplitBy::Kind, SplitBy::Area, SplitBy::Level, SplitBy::Age] {
            let parts = cascades_by(&place.locality, &place.profiles, &place.pairs, split, &effort).expect("cascades");
            prop_assert_eq!(parts.iter().map(|(_, part)| part.target.child_needs).sum::<u64>(), whole.target.child_needs);
            for stage in CascadeStage::ALL {
                let number = |cascade: &Cascade| match cascade.coverage(stage) {
                    Coverage::Recorded { thousandths } => Some(thousandths),
                    Coverage::NotRecorded(_) => None,
                };
                // Contact flows are not the whole's where places bind, so effects may differ; all others are a rank
                // function of a matroid: no part above the whole, and no whole above its parts together.
                if stage == CascadeStage::Effective {
                    continue;
                }
                let of_parts: Option<Vec<u64>> = parts.iter().map(|(_, part)| number(part)).collect();
                if let (Some(of_whole), Some(of_parts)) = (number(&whole), of_parts) {
                    prop_assert!(of_whole <= of_parts.iter().sum::<u64>());
                    prop_assert!(of_parts.iter().all(|&part| part <= of_whole));
                }
            }
            for (key, part) in &parts {
                prop_assert!(recorded(part).is_sorted_by(|one, next| one >= next));
                let subgroup = match *key {
                    SplitKey::Kind(kind) => Subgroup { kind: Some(kind), ..Subgroup::default() },
                    SplitKey::Area(area) => Subgroup { area: Some(area), ..Subgroup::default() },
                    SplitKey::Level(level) => Subgroup { level: Some(level), ..Subgroup::default() },
                    SplitKey::Group(_) | SplitKey::Age(_) => continue,
                };
                prop_assert_eq!(part, &of(&place, &subgroup));
            }
        }
        prop_assert!(recorded(&whole).is_sorted_by(|one, next| one >= next));
        prop_assert!(recorded(&whole).first().is_none_or(|&first| first <= whole.target.child_needs * 1000));
        if let (Some(most), Coverage::Recorded { thousandths }) = (whole.contact_most, whole.coverage(CascadeStage::Contact)) {
            prop_assert!(thousandths <= most * 1000);
        }
    }
}
