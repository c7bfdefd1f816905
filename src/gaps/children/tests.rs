use super::{Children, children};
use crate::gaps::matched::matched_in;
use crate::gaps::testing::locality;
use crate::solve::Effort;

fn of(text: &str) -> Children {
    let place = matched_in(locality(text));
    children(&place.locality, &place.matching, &Effort::unlimited()).expect("nothing stops it")
}

const SERVICES: &str = "
    == services
    service,name,provider,types,age_min,age_max,level_min,level_max
    s,S,p,k,any,any,1,4
    t,T,p,l,any,any,1,4
    == offers
    offer,service,area,capacity,reach_km
    o,s,a,3,any
    q,t,a,1,any";

/// Ada needs k and l and gets both (her weight is greatest), Ben gets k of the two, Cem gets l never and nothing else.
#[test]
fn children_have_all_some_or_none_of_their_needs_met() {
    let found = of(&format!(
        "{SERVICES}
        == needs
        need,holder,kind,level,children,area,weight
        n1,ada,k,1,1,a,9
        n2,ada,l,1,1,a,9
        n3,ben,k,1,1,a,5
        n4,ben,l,1,1,a,5
        n5,cem,l,1,1,a,1
        n6,dan,k,1,,a,1"
    ));
    assert_eq!(
        found,
        Children { named: 3, all_met: 1, partly_met: 1, none_met: 1, cohorts_low: 0, cohorts_high: 0 },
        "Dan's number is not known, so he asks for nothing"
    );
}

/// Of 30 who need k and 20 who need l, rows of one kind added up: at least 30 children, at most 50, and with 40 of that age
/// in the area no more than 40.
#[test]
fn distinct_children_of_a_cohort_are_a_range() {
    let needs = format!(
        "{SERVICES}
        == needs
        need,holder,kind,level,children,area,age,age_max
        n1,h,k,1,25,a,3,4
        n2,h,k,2,5,a,3,4
        n3,h,l,1,20,a,3,4"
    );
    let range = |text: &str| {
        let found = of(text);
        assert_eq!(found.named, 0);
        (found.cohorts_low, found.cohorts_high)
    };
    assert_eq!(range(&needs), (30, 50));
    let population = |rows: &str| format!("{needs}\n== population\narea,age,age_max,children\n{rows}");
    assert_eq!(range(&population("a,3,3,15\na,4,4,25")), (30, 40));
    assert_eq!(range(&population("a,0,4,45")), (30, 45), "all of a wider band bound it too");
    assert_eq!(range(&population("a,3,3,15")), (30, 50), "of the age of 4 nothing is known");
    assert_eq!(range(&population("a,3,3,15\na,4,4,x")), (30, 50), "nor here");
    assert_eq!(range(&population("a,3,4,10")), (30, 30), "what is counted stands");
}
