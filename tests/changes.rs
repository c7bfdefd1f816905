//! Changes as they are used: whatever comes in whatever order, the next revision is the one that an upload of the edited
//! bundle would make, with its digest, its objective and its worths; and a what-if keeps nothing.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::sample::{Index, select};
use proptest::test_runner::Config;

use suffice::domain::{Cells, Change, OfferIx};
use suffice::engine::{Resident, Solution};
use suffice::matching::{StageResult, WorthOf};
use suffice::solve::Effort;

/// A bundle that is still rows, so that a change can be made on it by hand.
#[derive(Clone, Debug, Default)]
struct Rows {
    needs: BTreeMap<String, Cells>,
    services: BTreeMap<String, Cells>,
    offers: BTreeMap<String, Cells>,
    declines: Vec<Cells>,
    policy: &'static str,
}

/// `column=cell` words.
fn cells(words: &str) -> Cells {
    let cell = |word: &str| word.split_once('=').map(|(column, cell)| (column.to_owned(), cell.to_owned()));
    words.split_whitespace().map(|word| cell(word).expect("column=cell")).collect()
}

const NEEDS: &str = "need,holder,kind,level,children,area,age,x,y";
const SERVICES: &str = "service,name,provider,types,age_min,age_max,cost_per_place";
const OFFERS: &str = "offer,service,x,y,capacity,free,reach_km";
const DECLINES: &str = "need,holder,offer,reason";

impl Rows {
    fn first(policy: &'static str) -> Rows {
        let mut rows = Rows { policy, ..Rows::default() };
        for service in [
            "service=s provider=p types=k age_min=any age_max=any cost_per_place=300",
            "service=t provider=q types=k;l age_min=any age_max=9 cost_per_place=100",
        ] {
            rows.services.insert(cells(service)["service"].clone(), cells(service));
        }
        for offer in [
            "offer=o1 service=s x=0 y=0 capacity=2 free=1",
            "offer=o2 service=t x=900 y=0 capacity=1 free=1",
            "offer=o3 service=t x=2000 y=100 capacity=2 free=2 reach_km=1.5",
        ] {
            rows.offers.insert(cells(offer)["offer"].clone(), cells(offer));
        }
        for need in [
            "need=n1 holder=h1 kind=k level=3 children=1 area=a age=7",
            "need=n2 holder=h2 kind=k level=1 children=2 area=b",
            "need=n3 holder=h1 kind=l level=2 children=1 area=a age=7",
            "need=n4 holder=h4 kind=l level=1 children=3 area=b age=8",
        ] {
            rows.needs.insert(cells(need)["need"].clone(), cells(need));
        }
        rows
    }

    fn text(&self) -> String {
        let table = |name: &str, header: &str, rows: Vec<&Cells>| {
            let line = |row: &Cells| {
                let cell = |column: &str| row.get(column).cloned().unwrap_or_default();
                header.split(',').map(cell).collect::<Vec<_>>().join(",")
            };
            let lines: Vec<String> = rows.into_iter().map(line).collect();
            format!("== {name}.csv\n{header}\n{}\n", lines.join("\n"))
        };
        let tables = [
            table("needs", NEEDS, self.needs.values().collect()),
            table("services", SERVICES, self.services.values().collect()),
            table("offers", OFFERS, self.offers.values().collect()),
            table("declines", DECLINES, self.declines.iter().collect()),
        ];
        format!("{}== policy.toml\n{}\n", tables.concat(), self.policy)
    }

    fn resident(&self) -> Resident {
        support::bundles::resident(&self.text())
    }

    /// Makes a change by hand.
    fn edit(&mut self, change: &Change) {
        let mut set = |table: &str, cells: &Cells| {
            let rows = match table {
                "need" => &mut self.needs,
                "service" => &mut self.services,
                _ => &mut self.offers,
            };
            rows.insert(cells[table].clone(), cells.clone());
        };
        match change {
            Change::SetNeed(cells) => set("need", cells),
            Change::SetService(cells) => set("service", cells),
            Change::SetOffer(cells) => set("offer", cells),
            Change::SetPlaces(cells) => self.offers.get_mut(&cells["offer"]).expect("there").extend(cells.clone()),
            Change::RemoveNeed(id) => drop(self.needs.remove(id)),
            Change::RemoveOffer(id) => drop(self.offers.remove(id)),
            Change::AddDecline(cells) => self.declines.push(cells.clone()),
            Change::RemoveDecline(cells) => {
                self.declines
                    .retain(|row| ["need", "holder", "offer"].iter().any(|name| row.get(*name) != cells.get(*name)));
            }
            Change::RemoveService(_) | Change::AddReceipt(_) | Change::RemoveReceipt(_) => {
                unreachable!("not made here")
            }
        }
        // What goes takes its declines with it.
        let holders: BTreeSet<&String> = self.needs.values().map(|need| &need["holder"]).collect();
        self.declines.retain(|row| {
            row.get("need").is_none_or(|need| self.needs.contains_key(need))
                && row.get("holder").is_none_or(|holder| holders.contains(holder))
                && self.offers.contains_key(&row["offer"])
        });
    }

    /// The change that a random wish comes to, among the rows that there are; None where there is nothing to change.
    fn change(&self, wish: &Wish) -> Option<Change> {
        let id = |rows: &BTreeMap<String, Cells>, at: &Index| {
            (!rows.is_empty()).then(|| rows.keys().nth(at.index(rows.len())).expect("in range").clone())
        };
        Some(match wish {
            Wish::Need(words) => {
                let mut need = cells(words);
                // The rows of a holder agree.
                if let Some(other) = self.needs.values().find(|row| row["holder"] == need["holder"]) {
                    for column in ["area", "age"] {
                        need.remove(column);
                        need.extend(other.get(column).map(|cell| (column.to_owned(), cell.clone())));
                    }
                }
                Change::SetNeed(need)
            }
            Wish::NoNeed(at) => Change::RemoveNeed(id(&self.needs, at)?),
            Wish::Service(words) => Change::SetService(cells(words)),
            Wish::Offer(words) => Change::SetOffer(cells(words)),
            Wish::NoOffer(at) => Change::RemoveOffer(id(&self.offers, at)?),
            Wish::Places(at, places) => Change::SetPlaces(cells(&format!("offer={} {places}", id(&self.offers, at)?))),
            Wish::Decline(of_holder, need, offer) => {
                let need = id(&self.needs, need)?;
                let who =
                    if *of_holder { format!("holder={}", self.needs[&need]["holder"]) } else { format!("need={need}") };
                Change::AddDecline(cells(&format!("{who} offer={}", id(&self.offers, offer)?)))
            }
            Wish::NoDecline(at) => {
                if self.declines.is_empty() {
                    return None;
                }
                Change::RemoveDecline(self.declines[at.index(self.declines.len())].clone())
            }
        })
    }
}

/// A change without the rows that it is about.
#[derive(Clone, Debug)]
enum Wish {
    Need(String),
    NoNeed(Index),
    Service(String),
    Offer(String),
    NoOffer(Index),
    Places(Index, &'static str),
    Decline(bool, Index, Index),
    NoDecline(Index),
}

fn wish() -> impl Strategy<Value = Wish> {
    let need = (0..7_u8, 0..6_u8, select(vec!["k", "l"]), 1..5_u8, 1..4_u8, select(vec!["a", "b"]), 0..15_u8, 0..4_i32).prop_map(
        |(id, holder, kind, level, children, area, age, x)| {
            format!("need=n{id} holder=h{holder} kind={kind} level={level} children={children} area={area} age={age} x={} y=0", x * 700)
        },
    );
    let offer = (0..6_u8, select(vec!["s", "t"]), 0..4_i32, 0..4_u8, select(vec!["", "reach_km=0.8", "reach_km=any"]))
        .prop_map(|(id, service, x, capacity, reach)| {
            format!("offer=o{id} service={service} x={} y=200 capacity={capacity} free=0 {reach}", x * 600)
        });
    let places = select(vec!["capacity=0", "capacity=1", "capacity=3 free=2", "capacity=x", "free=1"]);
    let service = (select(vec!["s", "t"]), select(vec!["k", "l", "k;l"]), select(vec!["any", "6"])).prop_map(
        |(id, types, age_max)| {
            format!("service={id} provider=p types={types} age_min=any age_max={age_max} cost_per_place=200")
        },
    );
    let any_row = any::<Index>;
    prop_oneof![
        6 => need.prop_map(Wish::Need),
        3 => any_row().prop_map(Wish::NoNeed),
        1 => service.prop_map(Wish::Service),
        3 => offer.prop_map(Wish::Offer),
        1 => any_row().prop_map(Wish::NoOffer),
        6 => (any_row(), places).prop_map(|(at, places)| Wish::Places(at, places)),
        2 => (any::<bool>(), any_row(), any_row()).prop_map(|(of_holder, need, offer)| Wish::Decline(of_holder, need, offer)),
        1 => any_row().prop_map(Wish::NoDecline),
    ]
}

/// Policies of every sort; the word says whether the unmet total is the same by any route.
fn policy() -> impl Strategy<Value = (&'static str, bool)> {
    prop_oneof![
        Just(("", true)),
        Just(("[objective]\norder = [\"need\", \"travel\", \"cost\"]", true)),
        Just(("[objective]\nmode = \"blended\"\nmet = 1000\ncost = 1\nkm = 3", false)),
        Just(("[objective]\neven_by = \"none\"\n[supply]\nuse = \"free\"", true)),
        Just(("[limits]\nplacements_per_holder = 1", false)),
        Just(("[limits]\nprovider_places = { p = 2 }", true)),
        Just(("[floors]\ngroup = \"area\"\nshare = 0.5", false)),
        Just(("[unknown]\ncapacity = 2", true)),
    ]
}

fn values(solution: &Solution) -> Vec<(String, i64)> {
    let value = |stage: StageResult| {
        assert_eq!(stage.bound, Some(stage.value), "an optimum");
        (stage.name.as_str().to_owned(), stage.value)
    };
    solution.objective().into_iter().map(value).collect()
}

fn worths(resident: &Resident, solution: &Solution) -> BTreeMap<OfferIx, WorthOf> {
    let offers = (0..resident.locality().offers().len()).map(OfferIx::new);
    solution.worths(offers, &Effort::unlimited()).expect("there is time")
}

fn met(resident: &Resident, solution: &Solution) -> u64 {
    (0..resident.locality().needs().len()).map(|at| solution.met(suffice::domain::NeedIx::new(at))).sum()
}

proptest! {
    #![proptest_config(Config { cases: 150, failure_persistence: None, ..Config::default() })]

    #[test]
    fn changes_come_to_what_an_upload_of_the_edited_bundle_comes_to(
        (policy, same_total) in policy(),
        steps in proptest::collection::vec(proptest::collection::vec(wish(), 1..4), 1..8),
    ) {
        let effort = Effort::unlimited();
        let mut rows = Rows::first(policy);
        let mut resident = rows.resident();
        resident.solution(&effort).expect("an answer");
        for wishes in steps {
            let mut changes = Vec::new();
            for wish in &wishes {
                // A decline names what is there when all changes are made.
                let declined = changes.iter().any(|change| matches!(change, Change::AddDecline(_)));
                let goes = matches!(wish, Wish::Need(_) | Wish::NoNeed(_) | Wish::NoOffer(_));
                if let Some(change) = rows.change(wish).filter(|_| !(declined && goes)) {
                    rows.edit(&change);
                    changes.push(change);
                }
            }
            let digest = resident.digest().to_owned();
            let what_if = resident.what_if(&changes, &effort).expect("an answer");
            assert_eq!(resident.digest(), digest, "a what-if keeps nothing");
            let applied = resident.apply(&changes, &effort).unwrap_or_else(|failure| panic!("{failure}\n{changes:?}"));
            let afresh = rows.resident();
            assert_eq!(applied.resident.digest(), afresh.digest(), "{changes:?}");
            assert_eq!(what_if.next.resident.digest(), afresh.digest());

            let (carried, fresh) = (applied.resident.solution(&effort).expect("there"), afresh.solution(&effort).expect("there"));
            assert_eq!(values(&carried), values(&fresh), "{policy} {changes:?}");
            assert_eq!(values(&what_if.after), values(&fresh));
            assert_eq!(worths(&applied.resident, &carried), worths(&afresh, &fresh), "{policy} {changes:?}");
            if same_total {
                assert_eq!(met(&applied.resident, &carried), met(&afresh, &fresh), "{policy} {changes:?}");
            }
            // The whole, made of what was carried over, is as good.
            let whole = Solution::Whole(applied.resident.matching(suffice::matching::Route::Network, &effort).expect("there"));
            assert_eq!(values(&whole), values(&fresh));
            assert_eq!(worths(&applied.resident, &whole), worths(&afresh, &fresh));
            resident = applied.resident;
        }
    }
}

#[test]
fn a_what_if_says_who_would_move() {
    // One place for two children: the level 3 need has it. With one place more the other has one too.
    let resident = support::bundles::resident(
        "== needs.csv
         need,holder,kind,level,children,area
         ann,ann,k,3,1,a
         bo,bo,k,1,1,a
         == services.csv
         service,name,provider,types,age_min,age_max
         s,,p,k,any,any
         == offers.csv
         offer,service,area,capacity,free
         oak,s,a,1,1",
    );
    let effort = Effort::unlimited();
    let changes = [Change::SetPlaces(cells("offer=oak capacity=2"))];
    let document = suffice::view::what_if::run(&resident, &changes, &effort).expect("an answer");
    assert_eq!((document.before.met, document.before.unmet), (1, 1));
    assert_eq!((document.after.met, document.after.unmet), (2, 0));
    let moved: Vec<_> = document.placements.iter().map(|row| (row.need.as_str(), row.before, row.after)).collect();
    assert_eq!(moved, [("bo", 0, 1)]);
    let [oak] = &document.offers[..] else { panic!("{:?}", document.offers) };
    let (before, after) = (oak.before.as_ref().expect("there"), oak.after.as_ref().expect("there"));
    assert_eq!((before.used, after.used), (1, 2));
    let need = |worth: &Option<suffice::view::StageDelta>| worth.as_ref().map(|delta| delta["need"]);
    assert_eq!((need(&before.one_more), need(&after.one_more)), (Some(1), Some(0)));
    assert_eq!((need(&before.one_less), need(&after.one_less)), (Some(-16), Some(-1)));
    assert_eq!(document.before.digest, resident.digest());
    assert_ne!(document.after.digest, resident.digest());

    // The offer closes: nobody is met, and the row is still there.
    let closed = [Change::SetPlaces(cells("offer=oak capacity=0 free=0 status=no-capacity"))];
    let document = suffice::view::what_if::run(&resident, &closed, &effort).expect("an answer");
    assert_eq!((document.after.met, document.placements.len()), (0, 1));
    // The offer goes.
    let gone = [Change::RemoveOffer("oak".to_owned())];
    let document = suffice::view::what_if::run(&resident, &gone, &effort).expect("an answer");
    assert_eq!((document.after.met, document.offers[0].after.clone()), (0, None));
}

#[test]
fn changes_that_are_wrong_change_nothing_and_are_told_at_once() {
    let resident = Rows::first("").resident();
    let changes = [
        Change::SetNeed(cells("need=n9 holder=h9 kind=z level=1 children=1 area=a")),
        Change::RemoveOffer("o9".to_owned()),
    ];
    let failure = resident.apply(&changes, &Effort::unlimited()).map(drop).expect_err("both are wrong");
    let told = failure.to_string();
    assert_eq!(
        told,
        "error: changes[0], set_need.kind: saw \"z\"; the id of a kind in kinds.csv
error: changes[1], remove_offer: saw \"o9\"; the id of an offer of this locality"
    );
}
