use super::{Rests, rests};
use crate::gaps::matched::matched_in;
use crate::gaps::testing::locality;
use crate::solve::Effort;

#[test]
fn each_share_counts_what_rests_on_it() {
    let place = matched_in(locality(
        "== policy
        unknown.capacity = 9
        unknown.eligibility = yes
        == services
        service,name,provider,types,age_min,age_max,level_min,level_max
        s,S,p,k,any,any,,
        t,T,p,l,5,9,1,4
        == offers
        offer,service,x,y,capacity,reach_km,updated
        o,s,0,0,4,,2024-05-01
        q,t,0,0,,any,
        == needs
        need,holder,kind,level,children,area,certainty
        n1,h1,k,1,3,a,estimated
        n2,h2,k,1,2,a,counted
        n3,h3,l,1,2,a,",
    ));
    let found = rests(&place.locality, &place.pairs, &place.matching, &Effort::unlimited()).expect("nothing stops it");
    // k: 5 ask for 4 places, in reach by default, at assumed levels. l: 2 without an age where there is a limit, at an offer
    // whose places are neither known nor dated.
    assert_eq!(
        found,
        Rests {
            child_needs: 7,
            estimated: 3,
            certainty_not_stated: 2,
            met: 6,
            met_by_default_reach: 4,
            met_at_assumed_levels: 4,
            met_by_unknown_eligibility: 2,
            met_at_unknown_places: 2,
            met_at_undated_places: 2,
        }
    );
}
