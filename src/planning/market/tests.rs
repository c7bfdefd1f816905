use super::{Distances, Market, SinkOf};
use crate::gaps::testing::Ready;
use crate::solve::Effort;
use crate::solve::choose::{Aim, Answer, Question, Rule, Within, solve};

fn market(ready: &Ready) -> Market {
    let Ready { locality, profiles, pairs } = ready;
    Market::of(locality, profiles, pairs, Distances::IfKnown, &Effort::unlimited()).expect("a market")
}

fn most_need(market: &Market, budget: i64) -> Answer {
    let within = Within { budget: Some(budget), funds: vec![None; market.funds.len()], at_most: None };
    let question = Question { within, aim: Aim::MostNeed, gap: 0.0 };
    solve(&market.choices, &question, &Effort::unlimited()).expect("an answer")
}

/// Steps, cost and child-needs met with a budget.
fn best(text: &str, budget: i64) -> (Vec<u32>, i64, u64) {
    let market = market(&Ready::of(text));
    let answer = most_need(&market, budget);
    (answer.steps, answer.cost, answer.units_met)
}

/// A play group for ages up to 5 with one place; three children of 4 and one of 6 in a, two of 4 in b, 5 km away.
const PLAY: &str = "
    == areas
    area, name, x, y
    a, A, 0, 0
    b, B, 5000, 0
    == services
    service, name, provider, types, age_min, age_max, level_min, level_max
    s, Play group, p, k, 0, 5, 1, 4
    == offers
    offer, service, area, capacity, turns, reach_km
    o, s, a, 1, 1, 1
    == needs
    need, holder, kind, level, children, area, age
    n1, h1, k, 1, 3, a, 4
    n2, h2, k, 1, 1, a, 6
    n3, h3, k, 1, 2, b, 4
    ";

fn with(candidates: &str) -> String {
    format!("{PLAY}\n== candidates\n{candidates}")
}

#[test]
fn places_are_bought_in_steps() {
    let text = with(
        "candidate, kind_of, offer, places_per_step, max_steps, fixed_cost, cost_per_place
         more, places, o, 1, 5, 100, 10",
    );
    assert_eq!(best(&text, 109), (vec![0], 0, 1), "not even one step");
    assert_eq!(best(&text, 110), (vec![1], 110, 2));
    // Three in a are within age and reach; a third step would help nobody.
    assert_eq!(best(&text, 1_000).2, 3);
}

#[test]
fn places_serve_as_many_as_they_have_turns() {
    let text = with(
        "candidate, kind_of, offer, places_per_step, max_steps, fixed_cost, cost_per_place
         more, places, o, 1, 1, 0, 10",
    )
    .replace("o, s, a, 1, 1, 1", "o, s, a, 1, 2, 1")
    .replace("n1, h1, k, 1, 3,", "n1, h1, k, 1, 9,");
    assert_eq!(best(&text, 10), (vec![1], 10, 4), "two places, two turns");
}

#[test]
fn a_new_offer_buys_its_whole_capacity_where_it_is() {
    let text = with(
        "candidate, kind_of, service, area, capacity, reach_km, fixed_cost, cost_per_place
         site, offer, s, b, 2, 1, 5, 10",
    );
    assert_eq!(best(&text, 24), (vec![0], 0, 1));
    assert_eq!(best(&text, 25), (vec![1], 25, 3), "both in b");
    let market = market(&Ready::of(&text));
    assert_eq!(market.sinks[1..], [SinkOf::New(0)]);
}

/// Those in b are too far away and the place is taken: a wider reach alone and a place alone add nothing and one; with a
/// wider rule for ages the one of 6 comes in too.
#[test]
fn a_wider_rule_shares_the_offers_places() {
    let text = with(
        "candidate, kind_of, offer, places_per_step, max_steps, reach_km, age_max, fixed_cost, cost_per_place
         more, places, o, 1, 4, , , 0, 10
         reach, widen, o, , , 5, , 1, 0
         older, widen, o, , , , 6, 2, 0",
    );
    assert_eq!(best(&text, 3).2, 1, "rules alone make no place");
    assert_eq!(best(&text, 30), (vec![2, 0, 0], 20, 3), "a third step alone would be for nobody");
    assert_eq!(best(&text, 40).2, 4, "three steps, and a rule that lets in one for the fourth place");
    assert_eq!(best(&text, 41), (vec![4, 0, 1], 41, 5), "only those in b are two");
    let market = market(&Ready::of(&text));
    let widened = |candidate| SinkOf::Widened { candidate, offer: market_offer() };
    assert_eq!(market.sinks[1..], [widened(1), widened(2)]);
}

fn market_offer() -> crate::domain::OfferIx {
    crate::domain::OfferIx::new(0)
}

#[test]
fn a_closure_pays_for_what_is_better() {
    let text = with(
        "candidate, kind_of, offer, service, area, capacity, reach_km, fixed_cost, cost_per_place
         shut, close, o, , , , , -20, 0
         site, offer, , s, b, 2, 1, 0, 10",
    );
    assert_eq!(best(&text, 0), (vec![1, 1], 0, 2), "cost-neutral: one place closed, two opened");
    assert_eq!(best(&text, 20), (vec![0, 1], 20, 3));
}

#[test]
fn declines_and_rules_hold_for_what_could_be_had() {
    let text = with(
        "candidate, kind_of, service, area, capacity, reach_km, fixed_cost, cost_per_place
         site, offer, s, b, 2, 1, 5, 10
         == declines
         kind, area, service, reason
         k, b, s, refused",
    );
    assert_eq!(best(&text, 1_000), (vec![0], 0, 1), "everyone in b declined the service, wherever it is");
}

#[test]
fn links_between_candidates_become_rules() {
    let text = with(
        "candidate, kind_of, service, area, capacity, reach_km, fixed_cost, cost_per_place, together, one_of, after, fund
         s1, offer, s, b, 1, 1, 5, 10, pair, , , health
         s2, offer, s, b, 1, 1, 5, 10, pair, , , schools
         s3, offer, s, b, 1, 1, 5, 10, , x, s1, health
         s4, offer, s, b, 1, 1, 5, 10, , x, pair, ",
    );
    let market = market(&Ready::of(&text));
    assert_eq!(
        market.choices.rules(),
        [
            Rule::Together(vec![0, 1]),
            Rule::OneOf(vec![2, 3]),
            Rule::AfterAll { lever: 2, others: vec![0] },
            Rule::AfterAny { lever: 3, others: vec![0, 1] },
        ]
    );
    let funds: Vec<&str> = market.funds.iter().map(|fund| fund.as_str()).collect();
    assert_eq!(funds, ["health", "schools"]);
    let of_lever: Vec<Option<u32>> = market.choices.levers().iter().map(|lever| lever.fund).collect();
    assert_eq!(of_lever, [Some(0), Some(1), Some(0), None]);
}
