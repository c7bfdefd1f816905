//! Tables that a colleague can work out by hand, the field's own example, and what every reading must satisfy.

use std::fmt::Write as _;

use proptest::prelude::{ProptestConfig, any};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{AnyCell, NeedByReceipt, NoPopulation, Parts, Table, need_by_receipt};
use crate::domain::Level;
use crate::gaps::cascade::tests::any_place;
use crate::gaps::testing::Ready;
use crate::matching::NotFormulated;
use crate::measures::targeting::NeedReceipt;
use crate::solve::{Effort, StopReason};

fn of(place: &Ready) -> NeedByReceipt {
    let answer = need_by_receipt(&place.locality, &place.profiles, &place.pairs, &Effort::unlimited());
    answer.expect("an answer").expect("receipts are recorded")
}

/// `both/need only/receipt only/neither`, low and high where they differ; a number that is not known is a question mark.
fn said(table: &Table) -> String {
    let one = |table: &NeedReceipt| {
        let known = |cell: Option<u64>| cell.map_or("?".to_owned(), |cell| cell.to_string());
        format!("{}/{}/{}/{}", table.both, table.need_only, known(table.receipt_only), known(table.neither))
    };
    if table.is_exact() { one(&table.low) } else { format!("{} to {}", one(&table.low), one(&table.high)) }
}

fn of_kind(place: &Ready, answer: &NeedByReceipt, kind: &str) -> String {
    said(&answer.typed.by_kind[&place.locality.find_kind(kind).expect("a kind")])
}

fn of_area(place: &Ready, answer: &NeedByReceipt, area: &str) -> String {
    said(&answer.typed.by_area[&place.locality.find_area(area).expect("an area")])
}

fn parts(parts: &Parts) -> [u64; 4] {
    [parts.met, parts.retargeting, parts.idle, parts.volume]
}

fn cell(cells: &[AnyCell], domains: u32, level: u8) -> &Table {
    let found = cells.iter().find(|cell| cell.domains == domains && Some(cell.level) == Level::new(level));
    &found.expect("a cell of the grid").table
}

const SERVICES: &str = "== services
    service,name,provider,types,age_min,age_max
    sk,For k,p,k,any,any
    sl,For l,p,l,any,any
    skl,For both,p,k;l,any,any
    == offers
    offer,service,area,capacity
    ok,sk,a,10
    ol,sl,a,10
    okl,skl,a,10
    ";

/// Perth and Kinross, ages 9 to 15 (Morpeth, Evidence2Success): of 8,459 children surveyed 2,176 had high need, of whom
/// 223 were in touch with services; of the 6,283 others 426 were.
#[test]
fn the_bare_table_of_perth_and_kinross_splits_by_the_same_definitions() {
    let place = Ready::of(
        "== needs
         need,holder,kind,level,children,area,age,age_max
         n,h,k,1,2176,a,9,15
         == population
         area,age,age_max,children
         a,9,15,8459
         == services
         service,name,provider,types,age_min,age_max
         s,Any social work or additional education support,p,k,9,15
         == offers
         offer,service,area,capacity
         o,s,a,649
         == receipts
         offer,children,need
         o,223,n
         o,426,none",
    );
    let answer = of(&place);
    assert_eq!(said(&answer.typed.sum), "223/1953/426/5857");
    assert_eq!(of_kind(&place, &answer, "k"), "223/1953/426/5857");
    assert!(answer.retargeting.is_exact());
    assert_eq!(parts(&answer.retargeting.low), [223, 426, 0, 1527]);
    assert_eq!(answer.retargeting.idle(), (0, 0));
}

/// The same children, one by one: high need is five domains at level 3, as in the survey; the others have one domain.
#[test]
fn perth_and_kinross_child_by_child() {
    let mut text = String::from("== kinds\nkind,label,layer,domain\n");
    (0..5).for_each(|k| writeln!(text, "k{k},K,individual,d{k}").expect("text grows"));
    text.push_str("== needs\nneed,holder,kind,level,children,area,age\n");
    let child = |n: usize| format!("h{n:04}");
    for n in 0..8459 {
        let (high, age) = (n < 2176, 9 + n % 7);
        for k in 0..if high { 5 } else { 1 } {
            let level = if high { 3 } else { 1 };
            writeln!(text, "n{n:04}-{k},{},k{k},{level},1,a,{age}", child(n)).expect("text grows");
        }
    }
    text.push_str("== population\narea,age,age_max,children\na,9,15,8459\n");
    text.push_str("== services\nservice,name,provider,types,age_min,age_max\ns,S,p,k0;k1;k2;k3;k4,any,any\n");
    text.push_str("== offers\noffer,service,area,capacity\no,s,a,649\n== receipts\noffer,children,need,kind,holder\n");
    // Those with high need receive for their first; of the others half for their one need, half for none.
    (0..223).for_each(|n| writeln!(text, "o,1,n{n:04}-0,,").expect("text grows"));
    (3000..3213).for_each(|n| writeln!(text, "o,1,n{n:04}-0,,").expect("text grows"));
    (4000..4213).for_each(|n| writeln!(text, "o,1,none,k1,{}", child(n)).expect("text grows"));
    let place = Ready::of(&text);
    let answer = of(&place);
    let any = &answer.any;
    assert_eq!(any.holders, 8459);
    for (domains, level) in [(5, 3), (1, 3), (5, 1), (2, 2)] {
        assert_eq!(said(cell(&any.cells, domains, level)), "223/1953/426/5857", "{domains} domains at {level}");
    }
    assert_eq!(said(cell(&any.cells, 1, 1)), "649/7810/0/0", "everyone has some need");
    assert_eq!(said(cell(&any.cells, 1, 4)), "0/0/649/7810", "nobody has an acute one");
    assert_eq!(any.cells.len(), 20);
    // In child-needs: 5 x 2,176 + 6,283, of which 223 + 213 have their receipt; 649 places serve 649 of them.
    assert_eq!(of_kind(&place, &answer, "k0"), "436/8023/0/0");
    assert_eq!(of_kind(&place, &answer, "k1"), "0/2176/213/6070");
    assert_eq!(answer.retargeting.needs, 17_163);
    assert_eq!(parts(&answer.retargeting.low), [436, 213, 0, 16_514]);
}

#[test]
fn receipts_of_need_count_up_to_the_children_and_none_where_the_type_does_not_meet_it() {
    // n1 and its three receipts for two children; n2 receives something for k, which is not its need, and nobody in its
    // holder needs k; n3 has two receipts of the wrong sort, but its holder needs k too, so one may be for that.
    let place = Ready::of(&format!(
        "{SERVICES}== needs
         need,holder,kind,level,children,area,age
         n1,c1,k,1,2,a,5
         n2,h2,l,1,1,a,5
         n3,h3,l,1,1,b,5
         n4,h3,k,1,1,b,5
         == population
         area,age,children
         a,5,100
         b,5,50
         == receipts
         offer,children,need
         ok,3,n1
         ok,1,n2
         ok,1,n3"
    ));
    let answer = of(&place);
    assert!(!answer.typed.others_recorded);
    assert_eq!(of_kind(&place, &answer, "k"), "2/1/?/? to 3/0/?/?");
    assert_eq!(of_kind(&place, &answer, "l"), "0/2/?/?");
    // One row that says none, and receipts without need are recorded: n2's is one.
    let recorded = Ready::of(&format!(
        "{SERVICES}== needs
         need,holder,kind,level,children,area,age
         n1,c1,k,1,2,a,5
         n2,h2,l,1,1,a,5
         n3,h3,l,1,1,b,5
         n4,h3,k,1,1,b,5
         == population
         area,age,children
         a,5,100
         b,5,50
         == receipts
         offer,children,need
         ok,3,n1
         ok,1,n2
         ok,1,n3
         ol,0,none"
    ));
    let answer = of(&recorded);
    assert_eq!(of_kind(&recorded, &answer, "k"), "2/1/2/145 to 3/0/1/146");
    assert_eq!(of_kind(&recorded, &answer, "l"), "0/2/0/148");
    assert_eq!(said(&answer.typed.sum), "2/3/2/293 to 3/2/1/294");
    assert_eq!(of_area(&recorded, &answer, "a"), "2/1/1/196");
    assert_eq!(of_area(&recorded, &answer, "b"), "0/2/1/97 to 1/1/0/98");
}

#[test]
fn a_none_receipt_of_a_service_for_several_kinds_is_in_the_sum_and_perhaps_in_each() {
    let needs = "== needs
        need,holder,kind,level,children,area,age
        n1,c1,k,1,6,a,5
        n2,c2,l,1,4,a,5
        ";
    let with = |receipts: &str| {
        let place = Ready::of(&format!("{SERVICES}{needs}== receipts\nservice,children,need,kind,holder\n{receipts}"));
        let answer = of(&place);
        [of_kind(&place, &answer, "k"), of_kind(&place, &answer, "l"), said(&answer.typed.sum)]
    };
    assert_eq!(with("skl,3,none,,"), ["0/6/3/? to 0/6/0/?", "0/4/3/? to 0/4/0/?", "0/10/3/?"]);
    assert_eq!(with("skl,3,none,l,"), ["0/6/0/?", "0/4/3/?", "0/10/3/?"]);
    // Whose five are is not known: of k or of l or of neither.
    assert_eq!(with("skl,5,,,"), ["0/6/5/? to 5/1/0/?", "0/4/5/? to 4/0/0/?", "0/10/5/? to 5/5/0/?"]);
    assert_eq!(with("sl,5,,,"), ["0/6/0/?", "0/4/5/? to 4/0/0/?", "0/10/5/? to 4/6/0/?"].map(|said| said));
    // The holder of n1 does not need l.
    assert_eq!(with("sl,5,,,c1")[1], "0/4/5/?");
    // A suppressed number may be any.
    assert_eq!(with("sk,c,n1,,"), ["0/6/?/? to 6/0/?/?", "0/4/?/?", "0/10/?/? to 6/4/?/?"]);
    assert_eq!(with("sk,c,,,")[0], "0/6/?/? to 6/0/0/?");
    assert_eq!(with("sk,c,none,,")[0], "0/6/?/? to 0/6/0/?");
    // A cohort of six has six children, however many receipts.
    assert_eq!(with("sl,5,none,,c1\nsl,5,none,,c1")[1], "0/4/6/?");
}

#[test]
fn a_table_by_area_or_group_holds_what_receipts_say_of_it_and_bounds_what_they_do_not() {
    let place = Ready::of(&format!(
        "{SERVICES}== areas
         area,name,x,y,inside
         a,A,0,0,yes
         b,B,1000,0,yes
         z,Z,2000,0,no
         == needs
         need,holder,kind,level,children,area,age,group:sex
         n1,h1,k,1,1,a,5,f
         n2,h2,k,1,1,a,5,m
         n3,h3,k,1,1,b,5,f
         n4,h4,k,1,1,z,5,f
         == population
         area,age,group:sex,children
         a,5,f,10
         a,5,m,11
         b,5,f,12
         z,5,f,99
         == receipts
         offer,children,need,holder,area
         ok,1,n1,,
         ok,1,n4,,
         ok,2,none,,b
         ok,1,none,,z
         ok,4,none,,"
    ));
    let answer = of(&place);
    assert_eq!(said(&answer.typed.sum), "1/2/6/24");
    assert_eq!(of_area(&place, &answer, "a"), "1/1/4/15 to 1/1/0/19");
    assert_eq!(of_area(&place, &answer, "b"), "0/1/6/5 to 0/1/2/9");
    assert_eq!(answer.typed.by_area.len(), 2, "outside is in no table");
    let by_sex: Vec<String> = answer.typed.by_group[0].values().map(said).collect();
    // Of none of the six is it known whether they are girls or boys.
    assert_eq!(by_sex, ["1/1/6/14 to 1/1/0/20", "0/1/6/4 to 0/1/0/10"]);
    // By children and domains there is the same to say here.
    assert_eq!(said(cell(&answer.any.cells, 1, 1)), "1/2/6/24");
    let in_b = place.locality.find_area("b").expect("an area");
    assert_eq!(said(cell(&answer.any.by_area[&in_b], 1, 1)), "0/1/6/5 to 0/1/2/9");
    let girls = place.locality.group_columns()[0].values.iter().position(|value| value == "f").expect("a value") as u32;
    assert_eq!(said(cell(&answer.any.by_group[0][&girls], 1, 1)), "1/1/6/14 to 1/1/0/20");
}

#[test]
fn no_more_receive_without_the_need_than_are_without_it() {
    let place = Ready::of(&format!(
        "{SERVICES}== needs
         need,holder,kind,level,children,area,age
         n1,c1,k,1,6,a,5
         == population
         area,age,children
         a,5,10
         == receipts
         offer,children,need
         ok,2,n1
         ok,9,"
    ));
    assert_eq!(said(&of(&place).typed.sum), "2/4/4/0 to 6/0/0/4");
}

#[test]
fn without_a_population_it_is_said_why_neither_is_not_known() {
    let why = |population: &str, needs: &str| {
        let place = Ready::of(&format!(
            "{SERVICES}== kinds
             kind,label,layer,domain,age_min,age_max
             k,K,individual,d,4,9
             l,L,micro,e,,
             == needs
             need,holder,kind,level,children,area,age
             {needs}
             {population}
             == receipts
             offer,children,need
             ok,3,none"
        ));
        let answer = of(&place);
        let sum = answer.typed.sum;
        assert_eq!(sum.population.is_ok(), sum.low.neither.is_some());
        (sum.population, answer.any.cells[0].table.population)
    };
    let (one, cohort) = ("n1,h1,k,1,1,a,5", "n1,c1,k,1,6,a,5");
    let rows = |rows: &str| format!("== population\narea,age,age_max,children\n{rows}");
    assert_eq!(why("", one), (Err(NoPopulation::NotRecorded), Err(NoPopulation::NotRecorded)));
    assert_eq!(why(&rows("a,4,9,10\na,10,17,90"), one), (Ok(10), Ok(100)));
    assert_eq!(why(&rows("a,4,9,10"), cohort), (Ok(10), Err(NoPopulation::Cohorts)));
    assert_eq!(why(&rows("a,4,9,8"), cohort).0, Err(NoPopulation::FewerThanCounted));
    assert_eq!(why(&rows("a,0,4,10\na,5,9,10"), one), (Err(NoPopulation::AgesStraddle), Ok(20)));
    assert_eq!(why(&rows("a,4,9,c"), one).0, Err(NoPopulation::NumberUnknown));
    assert_eq!(why(&rows("a,10,17,10"), one).0, Err(NoPopulation::NoRows));
    assert_eq!(why(&rows("b,4,9,10"), one).0, Err(NoPopulation::AreaWithoutRows));
}

#[test]
fn domains_count_once_and_at_their_greatest_level() {
    // k and m are one domain. Ann has two domains at level 2, one of them at 3; Bo one at 4, and no receipt of his own;
    // Cy is felt to need something, which does not count, and receives for it.
    let place = Ready::of(
        "== kinds
         kind,label,layer,domain
         k,K,individual,d
         m,M,individual,d
         l,L,micro,e
         XXX-1,Not coded,,
         == needs
         need,holder,kind,level,children,area,age,basis
         n1,ann,k,1,1,a,5,
         n2,ann,m,3,1,a,5,
         n3,ann,l,2,1,a,5,
         n4,bo,k,4,1,a,6,
         n5,cy,k,4,1,a,7,felt
         n6,ann,XXX-1,4,1,a,5,
         == population
         area,age,age_max,children
         a,5,7,3
         == services
         service,name,provider,types,age_min,age_max
         s,S,p,k,any,any
         == offers
         offer,service,area,capacity
         o,s,a,10
         == receipts
         offer,children,need
         o,1,n1
         o,1,n5",
    );
    let any = of(&place).any;
    let cells = |domains| -> Vec<String> { (1..=4).map(|level| said(cell(&any.cells, domains, level))).collect() };
    assert_eq!(cells(1), ["1/1/1/0", "1/1/1/0", "1/1/1/0", "0/1/2/0"]);
    assert_eq!(cells(2), ["1/0/1/1", "1/0/1/1", "0/0/2/1", "0/0/2/1"]);
    assert_eq!(any.left_out.needs_without_domain, 1);
    assert!(any.others_recorded, "all three of the population are holders");
}

const SPLIT: &str = "== services
    service,name,provider,types,age_min,age_max
    s,S,p,k,0,9
    == offers
    offer,service,area,capacity,reach_km
    near,s,a,2,0.5
    far,s,b,3,0.5
    ";

#[test]
fn retargeting_idle_and_volume_by_hand() {
    // Four children at a, two at b, and one too old at a who receives all the same. Places: two at a, both taken, one by
    // someone without need; three at b, one of them taken by someone without need.
    let place = Ready::of(&format!(
        "{SPLIT}== needs
         need,holder,kind,level,children,area,age
         n1,c1,k,1,4,a,5
         n2,c2,k,1,2,b,5
         n3,h3,k,1,1,a,12
         == receipts
         offer,children,need
         near,1,n3
         near,1,none
         far,1,none"
    ));
    // One is met. Today's places, two and one, serve three; with the idle ones b's second child; three need more places.
    assert_eq!(parts(&of(&place).retargeting.low), [1, 2, 1, 3]);
    assert!(of(&place).retargeting.is_exact());

    // Two who are too old: that one of them receives shows that both could.
    let place = Ready::of(&format!(
        "{SPLIT}== needs
         need,holder,kind,level,children,area,age
         n3,c3,k,1,2,a,12
         == receipts
         offer,children,need
         near,1,n3
         near,1,none"
    ));
    assert_eq!(parts(&of(&place).retargeting.low), [1, 1, 0, 0]);
}

#[test]
fn a_receipt_that_may_be_of_several_offers_bounds_retargeting() {
    let place = Ready::of(&format!(
        "{SPLIT}== needs
         need,holder,kind,level,children,area,age
         n1,c1,k,1,4,a,5
         == receipts
         service,children,need
         s,3,none"
    ));
    // If they were all at b, nobody at a could have their places; at a, three could.
    let found = of(&place).retargeting;
    assert_eq!((parts(&found.low), parts(&found.high)), ([0, 0, 2, 2], [0, 3, 0, 1]));
    assert_eq!(found.idle(), (0, 3));
    let place = Ready::of(&format!(
        "{SPLIT}== policy
         limits.provider_places.p = 1
         == needs
         need,holder,kind,level,children,area,age
         n1,c1,k,1,4,a,5
         == receipts
         service,children,need
         s,3,none"
    ));
    // The provider may have one place; three at a show that it has had three.
    let found = of(&place).retargeting;
    assert_eq!((parts(&found.low), parts(&found.high)), ([0, 0, 1, 3], [0, 3, 0, 1]));
}

#[test]
fn children_outside_keep_their_places() {
    let place = Ready::of(
        "== areas
         area,name,x,y,inside
         a,A,0,0,yes
         z,Z,100,0,no
         == needs
         need,holder,kind,level,children,area,age
         n1,c1,k,1,4,a,5
         n2,c2,k,1,4,z,5
         == services
         service,name,provider,types,age_min,age_max
         s,S,p,k,any,any
         == offers
         offer,service,area,capacity
         o,s,a,5
         == receipts
         offer,children,need
         o,3,n2
         o,1,none",
    );
    assert_eq!(parts(&of(&place).retargeting.low), [0, 1, 1, 2]);
}

#[test]
fn where_receipts_are_not_recorded_there_is_nothing_to_say() {
    let place = Ready::of(&format!("{SERVICES}== needs\nneed,holder,kind,level,children,area,age\nn1,h1,k,1,1,a,5"));
    let answer = need_by_receipt(&place.locality, &place.profiles, &place.pairs, &Effort::unlimited());
    assert_eq!(answer, Ok(None));
}

#[test]
fn a_stop_anywhere_is_handed_on() {
    let place = Ready::of(&format!(
        "{SPLIT}== needs
         need,holder,kind,level,children,area,age
         n1,c1,k,1,4,a,5
         == receipts
         service,children,need
         s,3,none"
    ));
    let whole = of(&place);
    let mut stops = 0;
    for ticks in (0..100_000).step_by(250) {
        let effort = Effort::unlimited().at_most(ticks);
        match need_by_receipt(&place.locality, &place.profiles, &place.pairs, &effort) {
            Ok(answer) => assert_eq!(answer.as_ref(), Some(&whole)),
            Err(why) => {
                assert_eq!(why, NotFormulated::Stopped(StopReason::TickLimit));
                stops += 1;
            }
        }
    }
    assert!((1..400).contains(&stops), "{stops}");
}

/// The same place with all that its receipts leave open decided by draws: of which offer, of which need, of how many. And
/// whether some receipt has now a need that it had not, and so shows a pair.
fn decided(text: &str, draws: &[usize]) -> Option<(String, bool)> {
    let (before, after) = text.split_once("== receipts\n")?;
    let (rows, rest) =
        after.split_once("== ").map_or((after, String::new()), |(rows, rest)| (rows, format!("== {rest}")));
    let n_needs = before
        .lines()
        .filter(|line| {
            line.starts_with('n') && line.contains(",h") && *line != "need,holder,kind,level,children,area,age,age_max"
        })
        .count();
    let offers_of = |service: &str| -> Vec<String> {
        let offers = before.lines().filter(|line| line.starts_with('o') && line.contains(",s"));
        let of_service = offers.filter(|line| line.split(',').nth(1) == Some(service));
        of_service.filter_map(|line| line.split(',').next()).map(str::to_owned).collect()
    };
    // The kinds that a row's service meets: type t meets both, type u only l.
    let row_of = |id: &str| before.lines().find(|line| line.split(',').next() == Some(id)).unwrap_or("");
    let meets_both = |service: &str, offer: &str| {
        let service = if service.is_empty() { row_of(offer).split(',').nth(1).unwrap_or("") } else { service };
        row_of(service).split(',').nth(3).is_some_and(|types| types.contains('t'))
    };
    let mut draws = draws.iter().cycle();
    let mut draw = |n: usize| draws.next().map_or(0, |draw| draw % n);
    let mut said = String::from("service,offer,children,need,kind\n");
    let mut shows_pair = false;
    for row in rows.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let [service, offer, children, need] = cells[..] else { return None };
        let offers = offers_of(service);
        let what =
            if 1 < offers.len() { format!(",{}", offers[draw(offers.len())]) } else { format!("{service},{offer}") };
        let children = if children == "c" { draw(4).to_string() } else { children.to_owned() };
        let need = match need {
            "" if draw(2) == 0 => "none".to_owned(),
            "" => {
                shows_pair = true;
                format!("n{}", draw(n_needs))
            }
            need => need.to_owned(),
        };
        let kind = match need.as_str() {
            "none" if meets_both(service, offer) => ["k", "l"][draw(2)],
            "none" => "l",
            _ => "",
        };
        writeln!(said, "{what},{children},{need},{kind}").expect("text grows");
    }
    Some((format!("{before}== receipts\n{said}{rest}"), shows_pair))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whatever_is_true_lies_between_the_readings(text in any_place(), draws in proptest::collection::vec(any::<usize>(), 24)) {
        let Some((decided, shows_pair)) = decided(&text, &draws) else { return Ok(()) };
        let (open, closed) = (of(&Ready::of(&text)), of(&Ready::of(&decided)));
        let within = |inner: &Table, outer: &Table| {
            assert!(outer.low.both <= inner.low.both && inner.high.both <= outer.high.both, "{}: {}", said(outer), said(inner));
            assert_eq!(outer.low.both + outer.low.need_only, inner.high.both + inner.high.need_only);
            // Where no receipt says none any more, what others receive counts as not recorded.
            if let (Some(least), Some(inner_least)) = (outer.high.receipt_only, inner.high.receipt_only) {
                assert!(least <= inner_least, "{}: {}", said(outer), said(inner));
            }
            if let (Some(most), Some(inner_most)) = (outer.low.receipt_only, inner.low.receipt_only) {
                assert!(inner_most <= most, "{}: {}", said(outer), said(inner));
            }
        };
        within(&closed.typed.sum, &open.typed.sum);
        for (kind, inner) in &closed.typed.by_kind {
            if let Some(outer) = open.typed.by_kind.get(kind) {
                within(inner, outer);
            }
        }
        for (inner, outer) in closed.any.cells.iter().zip(&open.any.cells) {
            within(&inner.table, &outer.table);
        }
        let (inner, outer) = (closed.retargeting, open.retargeting);
        prop_assert!(outer.low.retargeting <= inner.low.retargeting && inner.low.volume <= outer.low.volume);
        // Where a receipt shows a pair that no rule allows, more can be met than could be known before.
        if !shows_pair {
            prop_assert!(inner.high.retargeting <= outer.high.retargeting && outer.high.volume <= inner.high.volume);
            prop_assert!(outer.idle().0 <= inner.idle().0 && inner.idle().1 <= outer.idle().1);
        }
        for found in [inner, outer] {
            for reading in [found.low, found.high] {
                prop_assert_eq!(parts(&reading).iter().sum::<u64>(), found.needs);
            }
            prop_assert!(found.low.retargeting <= found.high.retargeting && found.high.volume <= found.low.volume);
        }
        prop_assert_eq!(inner.needs, closed.typed.sum.low.both + closed.typed.sum.low.need_only);
    }
}
