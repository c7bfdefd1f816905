//! Plans over the wire: operations that are watched, waited for, cancelled, listed and forgotten.

use std::process::Command;
use std::time::{Duration, Instant};

use prost::Message;
use suffice::grpc::pb::google::{longrunning as lro, rpc};
use suffice::grpc::pb::suffice::v1 as pb;
use suffice::service::{Limits, Settings};
use suffice::view::PlanDocument;
use tonic::transport::Channel;
use tonic::{Code, Status};

use lro::operation::Result as Outcome;
use lro::operations_client::OperationsClient;
use pb::planning_service_client::PlanningServiceClient;

use super::server::{Server, header};
use super::{NORTH, invalid, said, support};

/// Two places for three children of 4 in a; two more in b, 5 km away, and one of 6 in a, for whom the group is too young.
pub const PLAY: &str = "
    == areas.csv
    area, name, x, y
    a, Ash, 0, 0
    b, Birch, 5000, 0
    == services.csv
    service, name, provider, types, age_min, age_max, level_min, level_max
    s, Play group, pp, k, 0, 5, 1, 4
    == offers.csv
    offer, service, area, capacity, reach_km
    o, s, a, 2, 1
    == needs.csv
    need, holder, kind, level, children, area, age
    n1, h1, k, 2, 3, a, 4
    n2, h2, k, 2, 1, a, 6
    n3, h3, k, 2, 2, b, 4
    == candidates.csv
    candidate, kind_of, offer, service, area, places_per_step, max_steps, capacity, reach_km, age_max, fixed_cost, cost_per_place, fund
    more, places, o, , , 1, 4, , , , 100, 1000, places
    older, widen, o, , , , , , , 6, 300, 0, rules
    site, offer, , s, b, , , 2, 1, , 500, 1500, places
    ";

/// The same without the wider rule: nobody can reach the one of 6.
fn without_the_rule() -> String {
    PLAY.lines().filter(|line| !line.trim().starts_with("older")).collect::<Vec<_>>().join("\n")
}

struct Clients {
    planning: PlanningServiceClient<Channel>,
    operations: OperationsClient<Channel>,
}

/// A server that holds a locality with candidates.
async fn with(settings: Settings, bundle: &str) -> (Server, Clients) {
    let server = Server::start(settings).await;
    server.upload(header("north"), support::bundles::files(bundle)).await.unwrap();
    let clients = clients(&server).await;
    (server, clients)
}

async fn clients(server: &Server) -> Clients {
    Clients {
        planning: PlanningServiceClient::new(server.channel().await),
        operations: OperationsClient::new(server.channel().await),
    }
}

fn ask(question: pb::PlanQuestion) -> pb::PlanCommissioningRequest {
    pb::PlanCommissioningRequest { name: NORTH.to_owned(), question: Some(question), ..Default::default() }
}

fn budget(pence: i64) -> pb::PlanQuestion {
    pb::PlanQuestion { budget_pence: Some(pence), ..Default::default() }
}

impl Clients {
    async fn begin(&mut self, request: pb::PlanCommissioningRequest) -> Result<lro::Operation, Status> {
        Ok(self.planning.plan_commissioning(request).await?.into_inner())
    }

    async fn get(&mut self, name: &str) -> Result<lro::Operation, Status> {
        Ok(self.operations.get_operation(lro::GetOperationRequest { name: name.to_owned() }).await?.into_inner())
    }

    async fn wait(&mut self, name: &str, timeout: Option<Duration>) -> lro::Operation {
        let timeout = timeout.map(|timeout| timeout.try_into().unwrap());
        let request = lro::WaitOperationRequest { name: name.to_owned(), timeout };
        self.operations.wait_operation(request).await.unwrap().into_inner()
    }

    async fn cancel(&mut self, name: &str) {
        let request = lro::CancelOperationRequest { name: name.to_owned() };
        self.operations.cancel_operation(request).await.unwrap();
    }

    async fn plan(&mut self, question: pb::PlanQuestion) -> pb::PlanCommissioningResponse {
        let begun = self.begin(ask(question)).await.unwrap();
        plan_of(&self.wait(&begun.name, None).await)
    }

    /// Every message of a watch, up to and with the one that `enough` says is.
    async fn watch(&mut self, name: &str, enough: impl Fn(&lro::Operation) -> bool) -> Vec<lro::Operation> {
        let request = pb::WatchPlanRequest { name: name.to_owned() };
        let mut stream = self.planning.watch_plan(request).await.unwrap().into_inner();
        let mut seen = Vec::new();
        while let Some(message) = stream.message().await.unwrap() {
            let operation = message.operation.unwrap();
            let last = enough(&operation);
            seen.push(operation);
            if last {
                break;
            }
        }
        seen
    }
}

fn plan_of(operation: &lro::Operation) -> pb::PlanCommissioningResponse {
    assert!(operation.done, "{operation:?}");
    let Some(Outcome::Response(any)) = &operation.result else { panic!("{operation:?}") };
    assert_eq!(any.type_url, "type.googleapis.com/suffice.v1.PlanCommissioningResponse");
    pb::PlanCommissioningResponse::decode(any.value.as_slice()).unwrap()
}

fn metadata(operation: &lro::Operation) -> pb::PlanCommissioningMetadata {
    let any = operation.metadata.as_ref().unwrap();
    assert_eq!(any.type_url, "type.googleapis.com/suffice.v1.PlanCommissioningMetadata");
    pb::PlanCommissioningMetadata::decode(any.value.as_slice()).unwrap()
}

fn chosen(plan: &pb::PlanCommissioningResponse) -> Vec<(&str, i64)> {
    plan.chosen.iter().map(|row| (row.candidate.as_str(), row.steps)).collect()
}

/// What `suffice plan --json` prints.
fn command_line(bundle: &str, options: &[&str]) -> PlanDocument {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in support::bundles::files(bundle) {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_suffice"))
        .arg("plan")
        .arg(folder.path())
        .args(options)
        .arg("--json")
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[tokio::test]
async fn a_plan_is_the_one_that_the_command_line_prints() {
    let (server, mut clients) = with(Settings::default(), PLAY).await;
    let question =
        pb::PlanQuestion { frontier_points: 3, fund_pence: [("rules".to_owned(), 300)].into(), ..budget(5_900) };
    let plan = clients.plan(question.clone()).await;
    let printed = command_line(PLAY, &["--budget", "5900", "--fund", "rules=300", "--frontier", "3"]);

    assert_eq!(
        (plan.status(), plan.reason(), plan.proof()),
        (pb::PlanStatus::Optimal, pb::StopReason::Unspecified, pb::Proof::Bound)
    );
    let understood = pb::PlanQuestion { objective: pb::PlanObjective::Need.into(), ..question };
    assert_eq!((plan.asked.clone(), plan.cost), (Some(understood), 5_900));
    let goal = plan.goal.unwrap();
    assert_eq!((goal.goal(), goal.travel_unit()), (pb::PlanGoal::Need, pb::TravelUnit::Unspecified));
    assert_eq!((goal.value, goal.bound, goal.gap), (24, Some(24), Some(0.0)), "six child-needs at level 2");
    assert_eq!(chosen(&plan), [("more", 2), ("older", 1), ("site", 1)]);
    assert_eq!(plan.chosen[2].kind_of(), pb::CandidateKind::Offer);

    // The same numbers under other names.
    let count = |n: u64| i64::try_from(n).unwrap();
    assert_eq!((plan.cost, goal.value, goal.bound), (printed.cost, printed.objective.value, printed.bound));
    for (sent, row) in plan.chosen.iter().zip(&printed.chosen) {
        let gains = |gains: &Option<pb::CandidateGains>| gains.as_ref().map(|gains| (gains.child_needs, gains.weight));
        let printed_gains = [&row.closes, &row.alone].map(|g| g.as_ref().map(|g| (g.child_needs, g.weight)));
        assert_eq!((&sent.candidate, sent.cost, &sent.what), (&row.candidate, row.cost, &row.what));
        assert_eq!([gains(&sent.closes), gains(&sent.alone)], printed_gains);
        assert_eq!((sent.places, sent.placed), (row.places.map(count), row.placed.map(count)));
    }
    let met = |met: Option<pb::PlanMet>| met.map(|met| (met.child_needs, met.weight, met.share)).unwrap();
    assert_eq!(met(plan.met), (count(printed.met.child_needs), count(printed.met.weight), printed.met.share));
    assert_eq!(met(plan.today), (2, 8, printed.today.share));
    assert_eq!(plan.totals.unwrap().child_needs, count(printed.totals.child_needs));
    let by_area: Vec<_> = plan.by_area.iter().map(|row| (row.key.as_str(), row.met_today, row.met)).collect();
    assert_eq!(by_area, [("a", 2, 4), ("b", 0, 2)]);
    let tables = [&plan.by_kind, &plan.by_layer, &plan.by_level, &plan.by_age, &plan.by_area].map(Vec::len);
    let printed_tables =
        [&printed.by_kind, &printed.by_layer, &printed.by_level, &printed.by_age, &printed.by_area].map(Vec::len);
    assert_eq!(tables, printed_tables);
    let set = &plan.deficient_sets[0];
    assert_eq!((set.child_needs, set.places, set.short, set.unmet_after, set.offer_count), (3, 2, 1, 0, 1));
    assert_eq!((plan.left.len(), plan.left_count), (0, Some(0)));
    let funds: Vec<_> = plan.funds.iter().map(|row| (row.fund.as_str(), row.cost, row.limit)).collect();
    assert_eq!(funds, [("places", 5_600, None), ("rules", 300, Some(300))]);
    let frontier: Vec<_> =
        plan.frontier.iter().map(|row| (row.budget, row.cost, row.child_needs, row.weight_bound)).collect();
    let points = printed.frontier.unwrap();
    assert_eq!(
        frontier,
        points.iter().map(|p| (p.budget, p.cost, count(p.child_needs), p.weight_bound)).collect::<Vec<_>>()
    );
    assert!(frontier.len() > 1 && plan.frontier.iter().all(|point| point.status() == pb::PlanStatus::Optimal));
    let equally = plan.equal_weights.unwrap();
    assert_eq!((equally.met, equally.met_by_best, equally.is_proved), (6, 6, true));
    let [case] = &plan.cases[..] else { panic!("{:?}", plan.cases) };
    assert_eq!((case.of(), case.met_without_plan, case.met), (pb::PlanCaseOf::Recorded, 2, 6));
    let travel = plan.travel.unwrap();
    assert_eq!((travel.unit(), travel.plan.unwrap().children), (pb::TravelUnit::Metres, 6));
    assert_eq!(plan.notes, printed.notes);
    assert_eq!(plan.work.unwrap().inner_problems, count(printed.work.inner_problems));
    assert_eq!((plan.assignment_rows, plan.assignments.iter().map(|row| row.children).sum::<i64>()), (3, 6));
    assert_eq!(plan.provenance.unwrap().locality_digest, printed.provenance.locality_digest);
    server.stop().await;
}

#[tokio::test]
async fn a_target_that_cannot_be_reached_is_an_answer() {
    let (server, mut clients) = with(Settings::default(), &without_the_rule()).await;
    let all = pb::PlanQuestion { target_share: Some(1.0), ..Default::default() };
    let plan = clients.plan(all).await;
    assert_eq!(plan.status(), pb::PlanStatus::NotReachable);
    let why = plan.not_reachable.unwrap();
    assert_eq!((why.what(), why.missing, why.proved), (pb::NotReachableWhat::Target, Some(1), true));
    assert_eq!((why.beyond_reach, why.beyond_reach_needs, why.beyond_reach_need_count), (1, vec!["n2".to_owned()], 1));
    assert_eq!(plan.met.unwrap().child_needs, 5, "the best that can be had");
    let floor = &plan.floors[0];
    assert_eq!((floor.of.as_str(), floor.share, floor.least, floor.met), ("all", 1.0, 6, 5));
    // Five of six can be reached, with no area below a half, for the least money.
    let floors = vec![pb::PlanFloor { of: "area".to_owned(), value: None, share: 0.5 }];
    let plan = clients.plan(pb::PlanQuestion { target_share: Some(0.833333), floors, ..Default::default() }).await;
    assert_eq!(
        (plan.status(), plan.cost, chosen(&plan)),
        (pb::PlanStatus::Optimal, 4_600, vec![("more", 1), ("site", 1)])
    );
    assert_eq!(plan.goal.unwrap().goal(), pb::PlanGoal::Cost);
    assert_eq!(plan.floors.len(), 3, "all, and each area");
    // The other solver comes to the same cost and says whose word that is.
    let question = Some(pb::PlanQuestion { target_share: Some(0.5), ..Default::default() });
    let backend = pb::Backend::Program.into();
    let request = pb::PlanCommissioningRequest { question, backend, ..ask(pb::PlanQuestion::default()) };
    let begun = clients.begin(request).await.unwrap();
    let plan = plan_of(&clients.wait(&begun.name, None).await);
    assert_eq!((plan.status(), plan.cost), (pb::PlanStatus::Optimal, 1_100));
    assert!(plan.provenance.unwrap().backend.starts_with("good_lp/"));
    server.stop().await;
}

#[tokio::test]
async fn a_bad_question_is_refused_with_all_that_is_wrong() {
    let (server, mut clients) = with(Settings::default(), PLAY).await;
    let share = |share| pb::PlanFloor { of: "area".to_owned(), value: None, share };
    let question = pb::PlanQuestion { floors: vec![share(0.5), share(0.1234567)], gap: f64::NAN, ..Default::default() };
    let refused = clients.begin(ask(question)).await.unwrap_err();
    assert_eq!(said(&refused), invalid(&["question.floors[1].share", "question.gap"]));
    let nowhere = pb::PlanFloor { of: "area".to_owned(), value: Some("nowhere".to_owned()), share: 0.5 };
    let question = pb::PlanQuestion {
        fund_pence: [("charity".to_owned(), 5)].into(),
        most_candidates: Some(0),
        objective: pb::PlanObjective::Travel.into(),
        floors: vec![nowhere],
        scenarios: vec!["boom".to_owned()],
        lose_providers: vec!["nobody".to_owned()],
        frontier_points: 1_001,
        ..Default::default()
    };
    let refused = clients.begin(ask(question)).await.unwrap_err();
    let (code, reason, mut fields) = said(&refused);
    fields.sort();
    assert_eq!(
        (code, reason, fields),
        invalid(&[
            "question.floors",
            "question.frontier_points",
            "question.fund_pence",
            "question.lose_providers",
            "question.most_candidates",
            "question.objective",
            "question.scenarios",
        ])
    );
    let refused = clients.begin(ask(pb::PlanQuestion::default())).await.unwrap_err();
    assert_eq!(said(&refused), invalid(&["question.budget_pence"]));
    let elsewhere = pb::PlanCommissioningRequest { name: format!("{NORTH}-west"), ..ask(budget(1)) };
    assert_eq!(clients.begin(elsewhere).await.unwrap_err().code(), Code::NotFound);
    // A locality without candidates has nothing to choose from.
    server.upload(header("south"), support::bundles::files(super::TWO_CHILDREN_ONE_PLACE)).await.unwrap();
    let south = pb::PlanCommissioningRequest { name: NORTH.replace("north", "south"), ..ask(budget(1)) };
    assert_eq!(said(&clients.begin(south).await.unwrap_err()), invalid(&["name"]));
    let listed = clients.operations.list_operations(lro::ListOperationsRequest::default()).await.unwrap().into_inner();
    assert!(listed.operations.is_empty(), "nothing was begun");
    server.stop().await;
}

#[tokio::test]
async fn a_plan_that_is_only_checked_is_no_operation() {
    let (server, mut clients) = with(Settings::default(), PLAY).await;
    let only = |question| pb::PlanCommissioningRequest { validate_only: true, ..ask(question) };
    let checked = clients.begin(only(budget(5_900))).await.unwrap();
    assert_eq!((checked.name.as_str(), checked.done, checked.result), ("", true, None));
    let refused = clients.begin(only(pb::PlanQuestion::default())).await.unwrap_err();
    assert_eq!(said(&refused), invalid(&["question.budget_pence"]));
    let listed = clients.operations.list_operations(lro::ListOperationsRequest::default()).await.unwrap().into_inner();
    assert!(listed.operations.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_request_id_finds_the_first_operation() {
    let (server, mut clients) = with(Settings::default(), PLAY).await;
    let id = |question| pb::PlanCommissioningRequest {
        request_id: "123e4567-e89b-42d3-a456-426614174000".to_owned(),
        ..ask(question)
    };
    let first = clients.begin(id(budget(5_900))).await.unwrap();
    assert_eq!(clients.begin(id(budget(5_900))).await.unwrap().name, first.name);
    let reused = (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned(), vec!["request_id".to_owned()]);
    assert_eq!(said(&clients.begin(id(budget(5_901))).await.unwrap_err()), reused);
    assert_ne!(clients.begin(ask(budget(5_900))).await.unwrap().name, first.name, "without an id another plan");
    // The locality may go: the first answer stays what it was.
    let gone = pb::DeleteLocalityRequest { name: NORTH.to_owned(), ..Default::default() };
    server.localities().await.delete_locality(gone).await.unwrap();
    assert_eq!(clients.begin(id(budget(5_900))).await.unwrap().name, first.name);
    assert_eq!(plan_of(&clients.wait(&first.name, None).await).cost, 5_900);
    clients.operations.delete_operation(lro::DeleteOperationRequest { name: first.name }).await.unwrap();
    assert_eq!(clients.begin(id(budget(5_900))).await.unwrap_err().code(), Code::NotFound);
    server.stop().await;
}

#[tokio::test]
async fn operations_are_listed_waited_for_deleted_and_forgotten() {
    let limits = Limits { operations_kept: 3, ..Settings::default().limits };
    let (server, mut clients) = with(Settings { limits, ..Settings::default() }, PLAY).await;
    let mut names = Vec::new();
    for pence in [1_100, 2_400, 4_600, 5_900] {
        let begun = clients.begin(ask(budget(pence))).await.unwrap();
        let state = metadata(&begun);
        assert!(state.revision.starts_with(&format!("{NORTH}/revisions/")), "{state:?}");
        assert!(state.create_time.is_some());
        let done = clients.wait(&begun.name, None).await;
        assert_eq!(plan_of(&done).cost, pence);
        let state = metadata(&done);
        assert_eq!((state.phase.as_str(), state.best == state.bound, state.goal()), ("done", true, pb::PlanGoal::Need));
        assert!(state.best.is_some() && state.start_time.is_some() && state.end_time.is_some());
        assert_eq!(clients.get(&begun.name).await.unwrap(), done);
        names.push(begun.name);
    }
    // `end` of an operation is told to those who wait before it is counted.
    server.until(|service| service.operations().page(None, 10).0.len() == 3).await;
    let forgotten = clients.get(&names[0]).await.unwrap_err();
    assert_eq!(said(&forgotten), (Code::NotFound, "NOT_FOUND".to_owned(), vec![]));

    let list = |page_size, page_token: &str| lro::ListOperationsRequest {
        name: "operations".to_owned(),
        page_size,
        page_token: page_token.to_owned(),
        ..Default::default()
    };
    let first = clients.operations.list_operations(list(2, "")).await.unwrap().into_inner();
    let token = first.next_page_token;
    let rest = clients.operations.list_operations(list(2, &token)).await.unwrap().into_inner();
    let listed: Vec<&str> =
        first.operations.iter().chain(&rest.operations).map(|operation| operation.name.as_str()).collect();
    assert_eq!((listed, rest.next_page_token.as_str()), (names[1..].iter().map(String::as_str).collect(), ""));
    assert!(first.operations.iter().all(|operation| operation.done && operation.result.is_none()));
    for wrong in [
        (lro::ListOperationsRequest { filter: "done".to_owned(), ..Default::default() }, "filter"),
        (list(-1, ""), "page_size"),
        (list(1, "x"), "page_token"),
        (lro::ListOperationsRequest { name: "plans".to_owned(), ..Default::default() }, "name"),
    ] {
        let refused = clients.operations.list_operations(wrong.0).await.unwrap_err();
        assert_eq!(said(&refused), invalid(&[wrong.1]));
    }

    let delete = |name: &str| lro::DeleteOperationRequest { name: name.to_owned() };
    clients.operations.delete_operation(delete(&names[1])).await.unwrap();
    assert_eq!(clients.operations.delete_operation(delete(&names[1])).await.unwrap_err().code(), Code::NotFound);
    // To cancel what is done changes nothing.
    clients.cancel(&names[2]).await;
    let done = clients.get(&names[2]).await.unwrap();
    assert!(!metadata(&done).cancel_requested && plan_of(&done).status() == pb::PlanStatus::Optimal);

    let unknown = "operations/0123";
    assert_eq!(clients.get(unknown).await.unwrap_err().code(), Code::NotFound);
    let watch = clients.planning.watch_plan(pb::WatchPlanRequest { name: unknown.to_owned() });
    assert_eq!(watch.await.unwrap_err().code(), Code::NotFound);
    assert_eq!(said(&clients.get("plans/1").await.unwrap_err()), invalid(&["name"]));
    server.stop().await;
}

#[tokio::test]
async fn a_watch_goes_to_the_end() {
    let (server, mut clients) = with(Settings::default(), PLAY).await;
    let begun = clients.begin(ask(budget(5_900))).await.unwrap();
    let seen = clients.watch(&begun.name, |_| false).await;
    let (last, before) = seen.split_last().unwrap();
    assert!(before.iter().all(|operation| !operation.done && operation.result.is_none()));
    assert_eq!(plan_of(last).cost, 5_900);
    let again = clients.watch(&begun.name, |_| false).await;
    assert_eq!((again.len(), &again[0]), (1, last), "what is done is said once");
    server.stop().await;
}

/// What shows only when the search has begun ends the operation with the error that a call would have.
#[tokio::test]
async fn a_question_that_turns_out_bad_ends_the_operation_with_its_field() {
    let nowhere = PLAY
        .replace("Ash, 0, 0", "Ash, ,")
        .replace("Birch, 5000, 0", "Birch, ,")
        .replace("offer, service, area, capacity, reach_km", "offer, service, area, capacity, areas")
        .replace("o, s, a, 2, 1", "o, s, a, 2, a")
        .replace("site, offer, , s, b, , , 2, 1, , 500, 1500, places", "");
    let (server, mut clients) = with(Settings::default(), &nowhere).await;
    let travel =
        pb::PlanQuestion { most_candidates: Some(1), objective: pb::PlanObjective::Travel.into(), ..budget(9_000) };
    let begun = clients.begin(ask(travel)).await.unwrap();
    let done = clients.wait(&begun.name, None).await;
    let Some(Outcome::Error(error)) = &done.result else { panic!("{done:?}") };
    let whole = rpc::Status { code: error.code, message: error.message.clone(), details: error.details.clone() };
    let status = Status::with_details(Code::from(error.code), error.message.as_str(), whole.encode_to_vec().into());
    assert_eq!(said(&status), invalid(&["question.objective"]));
    server.stop().await;
}

/// Far sooner than the search would end, and later than any scheduling hiccup.
const PROMPTLY: Duration = Duration::from_secs(5);

/// A choice that no search proves while a test waits: a knapsack whose costs are places plus a constant, with even places
/// and an odd budget, so that what the bound hopes for can never be filled exactly (hard knapsacks: Chvatal 1980).
fn slow_to_plan() -> Vec<(String, Vec<u8>)> {
    let mut bundle = "
        == needs.csv
        need,holder,kind,level,children,area,age
        n,h,k,1,10000000,a,7
        == services.csv
        service,name,provider,types,age_min,age_max,level_min,level_max
        s,S,p,k,any,any,1,4
        == offers.csv
        offer,service,area,capacity,reach_km
        o,s,a,1,any
        == candidates.csv
        candidate,kind_of,service,area,capacity,reach_km,fixed_cost,cost_per_place\n"
        .to_owned();
    for at in 0..60 {
        bundle += &format!("c{at},offer,s,a,{},any,5001,1\n", 10_000 + 2 * (at * 7_919 % 40_000));
    }
    support::bundles::files(&bundle)
}

const SLOW: i64 = 1_000_001;

/// A server with one thread for plans that searches long.
async fn with_slow_plan(settings: Settings) -> (Server, Clients) {
    let server = Server::start(Settings { solver_threads: 1, ..settings }).await;
    server.upload(header("north"), slow_to_plan()).await.unwrap();
    let clients = clients(&server).await;
    (server, clients)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_ends_the_search_with_the_best_so_far_and_a_bound() {
    let (server, mut clients) = with_slow_plan(Settings::default()).await;
    let begun = clients.begin(ask(budget(SLOW))).await.unwrap();
    let searches = |operation: &lro::Operation| operation.done || metadata(operation).phase == "plan";
    let seen = clients.watch(&begun.name, searches).await;
    assert!(!seen.last().unwrap().done, "the search takes longer than that");
    // Whoever watched has left; the plan goes on.
    assert_eq!(server.service.planners().running(), 1);
    let short = clients.wait(&begun.name, Some(Duration::from_millis(1))).await;
    assert!(!short.done);
    // A plan keeps no question waiting: the one solver thread is free.
    let source = Some(pb::match_request::Source::Locality(super::two_children_one_place()));
    let request = pb::MatchRequest { source, ..Default::default() };
    server.matching().await.r#match(request).await.unwrap();
    assert!(!metadata(&clients.get(&begun.name).await.unwrap()).cancel_requested, "leaving cancels nothing");

    let cancelled = Instant::now();
    clients.cancel(&begun.name).await;
    let done = clients.wait(&begun.name, None).await;
    let took = cancelled.elapsed();
    assert!(took < PROMPTLY, "{took:?}");
    let plan = plan_of(&done);
    assert_eq!((plan.status(), plan.reason()), (pb::PlanStatus::Stopped, pb::StopReason::Cancelled));
    let goal = plan.goal.unwrap();
    assert!(goal.bound.is_some_and(|bound| goal.value <= bound), "{goal:?}");
    assert!(plan.cost <= SLOW);
    let state = metadata(&done);
    assert!(state.cancel_requested && state.best == Some(goal.value as f64));
    server.until(|service| service.planners().running() == 0).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_cancelled_at_once_and_a_full_queue_refuses() {
    let (server, mut clients) = with_slow_plan(Settings { most_waiting: 1, ..Settings::default() }).await;
    let runs = clients.begin(ask(budget(SLOW))).await.unwrap();
    server.until(|service| service.planners().running() == 1).await;
    let waits = clients.begin(ask(budget(SLOW + 2))).await.unwrap();
    assert_eq!(metadata(&waits).phase, "waiting");
    let refused = clients.begin(ask(budget(SLOW + 4))).await.unwrap_err();
    assert_eq!(said(&refused), (Code::ResourceExhausted, "SOLVERS_BUSY".to_owned(), vec![]));
    clients.cancel(&waits.name).await;
    let done = clients.wait(&waits.name, None).await;
    let Some(Outcome::Error(error)) = &done.result else { panic!("{done:?}") };
    assert_eq!((error.code, error.details.is_empty()), (Code::Cancelled as i32, false), "{error:?}");
    assert!(!clients.get(&runs.name).await.unwrap().done, "the other goes on");
    clients.cancel(&runs.name).await;
    assert!(clients.wait(&runs.name, None).await.done);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_limit_ends_the_search_with_a_bound() {
    // The server's own limit is the shorter of the two.
    let (server, mut clients) =
        with_slow_plan(Settings { longest_plan: Duration::from_millis(300), ..Settings::default() }).await;
    let limit = Some(prost_types::Duration { seconds: 3_600, nanos: 0 });
    let begun = clients.begin(pb::PlanCommissioningRequest { time_limit: limit, ..ask(budget(SLOW)) }).await.unwrap();
    let plan = plan_of(&clients.wait(&begun.name, None).await);
    assert_eq!((plan.status(), plan.reason()), (pb::PlanStatus::Stopped, pb::StopReason::Deadline));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_closes_tells_who_watches() {
    let (mut server, mut clients) = with_slow_plan(Settings { drain: Duration::ZERO, ..Settings::default() }).await;
    let begun = clients.begin(ask(budget(SLOW))).await.unwrap();
    let watching = tokio::spawn(async move { clients.watch(&begun.name, |operation| operation.done).await });
    server.until(|service| service.planners().running() == 1).await;
    server.say_stop();
    let seen = watching.await.unwrap();
    let Some(Outcome::Error(error)) = &seen.last().unwrap().result else { panic!("{seen:?}") };
    assert_eq!(error.code, Code::Unavailable as i32);
    server.stop().await;
}
