//! The server over the wire, by the clients generated from the same interface. `clients.rs` has those that others wrote.

#[path = "grpc/changes.rs"]
mod changes;
#[path = "grpc/clients.rs"]
mod clients;
#[path = "grpc/limits.rs"]
mod limits;
#[path = "grpc/plan.rs"]
mod plan;
#[path = "grpc/server.rs"]
mod server;
mod support;

use suffice::grpc::pb::suffice::v1 as pb;
use suffice::service::Settings;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use pb::match_request::Source;
use server::{Server, TWO_CHILDREN_ONE_PLACE, header, messages, two_children_one_place};

fn inline(locality: pb::InlineLocality) -> pb::MatchRequest {
    pb::MatchRequest { source: Some(Source::Locality(locality)), ..Default::default() }
}

fn by_name(name: &str) -> pb::MatchRequest {
    pb::MatchRequest { source: Some(Source::Name(name.to_owned())), ..Default::default() }
}

const NORTH: &str = "authorities/local/localities/north";

/// Code, reason and fields of an error: what a client's program can act on.
fn said(status: &Status) -> (Code, String, Vec<String>) {
    let info = status.get_details_error_info().expect("every error has a reason");
    assert_eq!(info.domain, "suffice");
    let fields = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    (status.code(), info.reason, fields.into_iter().map(|violation| violation.field).collect())
}

fn invalid(fields: &[&str]) -> (Code, String, Vec<String>) {
    let fields = fields.iter().map(|field| field.to_string()).collect();
    (Code::InvalidArgument, "FIELD_INVALID".to_owned(), fields)
}

#[tokio::test]
async fn an_inline_locality_is_matched() {
    let server = Server::start(Settings::default()).await;
    let answer = server.matching().await.r#match(inline(two_children_one_place())).await.unwrap().into_inner();
    let matching = answer.matching.unwrap();
    assert_eq!(matching.status(), pb::SolveStatus::Optimal);
    assert_eq!(matching.proof(), pb::Proof::Prices);
    assert_eq!(matching.reason(), pb::StopReason::Unspecified);
    let totals = matching.totals.unwrap();
    assert_eq!((totals.child_needs, totals.met, totals.unmet), (2, 1, 1));
    assert_eq!((totals.travel_unit(), totals.travel), (pb::TravelUnit::Metres, Some(500)));
    let placed =
        pb::Assignment { need: "ann".to_owned(), offer: "oak-lane".to_owned(), children: 1, travel: Some(500) };
    assert_eq!((answer.assignments, answer.assignment_rows), (vec![placed], 1));
    let oak_lane = &matching.offers[0];
    assert_eq!((oak_lane.places(), oak_lane.capacity, oak_lane.used), (pb::PlacesState::Known, Some(1), 1));
    let need_of = |changes: &Option<pb::StageChanges>| {
        let changes = &changes.as_ref().unwrap().changes;
        changes.iter().find(|change| change.stage() == pb::Stage::Need).unwrap().change
    };
    assert_eq!(need_of(&oak_lane.one_more), 1, "the level 1 need that has no place");
    assert_eq!(need_of(&oak_lane.one_less), -16, "the level 3 need that has one");
    let provenance = matching.provenance.unwrap();
    assert_eq!(provenance.backend, "network");
    assert!(provenance.policy.unwrap().fields.contains_key("objective"));
    server.stop().await;
}

#[tokio::test]
async fn both_backends_agree_and_the_other_brings_no_certificate() {
    let server = Server::start(Settings::default()).await;
    let options = Some(pb::SolveOptions { backend: pb::Backend::Program.into(), ..Default::default() });
    let request = pb::MatchRequest { options, ..inline(two_children_one_place()) };
    let matching = server.matching().await.r#match(request).await.unwrap().into_inner().matching.unwrap();
    assert_eq!((matching.status(), matching.proof()), (pb::SolveStatus::Optimal, pb::Proof::Backend));
    assert_eq!(matching.totals.unwrap().met, 1);
    server.stop().await;
}

#[tokio::test]
async fn gaps_explanations_and_options_of_an_uploaded_locality() {
    let server = Server::start(Settings::default()).await;
    let uploaded = server.upload(header("north"), support::bundles::files(TWO_CHILDREN_ONE_PLACE)).await.unwrap();
    let locality = uploaded.locality.unwrap();
    assert_eq!((locality.name.as_str(), locality.needs, locality.offers), (NORTH, 2, 1));
    assert_eq!(locality.revision, format!("{NORTH}/revisions/{}", locality.digest));

    let source = Some(pb::analyse_gaps_request::Source::Name(NORTH.to_owned()));
    let request = pb::AnalyseGapsRequest { source, ..Default::default() };
    let gaps = server.gaps().await.analyse_gaps(request).await.unwrap().into_inner();
    let totals = gaps.totals.unwrap();
    assert_eq!((totals.child_needs, totals.met, totals.unmet), (2, 1, 1));
    let causes: Vec<(pb::Cause, i64)> =
        gaps.causes.iter().filter(|row| row.child_needs != 0).map(|row| (row.cause(), row.child_needs)).collect();
    assert_eq!(causes, [(pb::Cause::Capacity, 1)]);
    assert!(gaps.causes.iter().all(|row| row.cause() != pb::Cause::Unspecified), "every cause has its code");
    assert_eq!(gaps.causes.len(), 10);
    let set = &gaps.deficient_sets[0];
    assert_eq!((set.child_needs, set.places, set.short, set.need_count, set.offer_count), (2, 1, 1, 2, 1));
    assert_eq!((gaps.unmet[0].need.as_str(), gaps.unmet[0].cause(), gaps.unmet_rows), ("bo", pb::Cause::Capacity, 1));
    let ranges = |gaps: &pb::AnalyseGapsResponse| -> Vec<(Option<i64>, Option<i64>)> {
        gaps.by_level.iter().map(|row| (row.met_least, row.met_most)).collect()
    };
    assert_eq!(ranges(&gaps), [(None, None), (None, None)], "nobody asked for ranges");
    let source = Some(pb::analyse_gaps_request::Source::Name(NORTH.to_owned()));
    let request = pb::AnalyseGapsRequest { source, ranges: true, ..Default::default() };
    let ranged = server.gaps().await.analyse_gaps(request).await.unwrap().into_inner();
    assert_eq!(ranges(&ranged), [(Some(0), Some(0)), (Some(1), Some(1))], "level 3 weighs more than level 1");

    let explain = |need: &str| {
        let source = Some(pb::explain_need_request::Source::Name(locality.revision.clone()));
        pb::ExplainNeedRequest { source, need: need.to_owned(), ..Default::default() }
    };
    let mut matching = server.matching().await;
    let bo = matching.explain_need(explain("bo")).await.unwrap().into_inner();
    assert_eq!((bo.met, bo.unmet, bo.cause()), (0, 1, pb::Cause::Capacity));
    assert_eq!(bo.offers[0].eligible(), pb::Verdict::Yes);
    let nobody = matching.explain_need(explain("cy")).await.unwrap_err();
    assert_eq!(said(&nobody), (Code::NotFound, "NOT_FOUND".to_owned(), vec![]));

    let find = |asked| {
        let source = Some(pb::find_options_request::Source::Name(NORTH.to_owned()));
        pb::FindOptionsRequest { source, asked: Some(asked), ..Default::default() }
    };
    let stored = pb::find_options_request::Asked::Need("ann".to_owned());
    let options = matching.find_options(find(stored)).await.unwrap().into_inner();
    assert_eq!((options.need.as_str(), options.options[0].offer.as_str()), ("ann", "oak-lane"));
    assert_eq!((options.options[0].free, options.options[0].travel), (Some(1), Some(500)));
    let new = |age| pb::InlineNeed {
        kind: "k".to_owned(),
        level: 2,
        area: "a".to_owned(),
        age: Some(age),
        x: Some(300.0),
        y: Some(0.0),
        ..Default::default()
    };
    let asked = pb::find_options_request::Asked::InlineNeed(new(9));
    let options = matching.find_options(find(asked)).await.unwrap().into_inner();
    assert_eq!((options.need.as_str(), options.options[0].travel), ("", Some(400)));
    let asked = pb::find_options_request::Asked::InlineNeed(new(3));
    let options = matching.find_options(find(asked)).await.unwrap().into_inner();
    assert!(options.options.is_empty());
    assert_eq!(options.near_misses[0].offer, "oak-lane", "too young for it");
    server.stop().await;
}

#[tokio::test]
async fn a_stream_brings_the_whole_then_every_row_then_the_certificate() {
    let settings = Settings::default();
    let limits = suffice::service::Limits { stream_rows: 3, answer_rows: 4, ..settings.limits };
    let server = Server::start(Settings { limits, ..settings }).await;
    let mut locality = two_children_one_place();
    let ann = locality.needs[0].clone();
    locality.needs =
        (0..7).map(|at| pb::Need { need: format!("n{at}"), holder: format!("h{at}"), ..ann.clone() }).collect();
    locality.offers[0].capacity = server::known(5);
    let request = pb::StreamAssignmentsRequest {
        source: Some(pb::stream_assignments_request::Source::Locality(locality.clone())),
        include_prices: true,
        ..Default::default()
    };
    let mut stream = server.matching().await.stream_assignments(request).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap();
    assert_eq!((first.matching.unwrap().totals.unwrap().met, first.assignment_rows), (5, 5));
    let (mut sizes, mut rows, mut prices) = (Vec::new(), Vec::new(), 0);
    while let Some(part) = stream.message().await.unwrap() {
        assert!(part.matching.is_none());
        assert!(part.prices.is_empty() || rows.len() == 5, "prices come last");
        if !part.assignments.is_empty() {
            sizes.push(part.assignments.len());
        }
        rows.extend(part.assignments);
        prices += part.prices.len();
    }
    assert_eq!(sizes, [3, 2]);
    assert!(rows.is_sorted_by(|one, two| one.need < two.need));
    assert!(0 < prices);
    // Five rows are more than an answer may have here: it has none, and says how many there are.
    let answer = server.matching().await.r#match(inline(locality)).await.unwrap().into_inner();
    assert_eq!((answer.assignments.len(), answer.assignment_rows), (0, 5));
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_an_inline_locality_is_said_field_by_field() {
    let server = Server::start(Settings::default()).await;
    let mut matching = server.matching().await;
    let mut check = async |change: &dyn Fn(&mut pb::InlineLocality), reason: &str, fields: &[&str]| {
        let mut locality = two_children_one_place();
        change(&mut locality);
        let refused = matching.r#match(inline(locality)).await.unwrap_err();
        let fields = fields.iter().map(|field| field.to_string()).collect();
        assert_eq!(said(&refused), (Code::InvalidArgument, reason.to_owned(), fields), "{refused:?}");
    };
    let by_check = "LOCALITY_REFUSED";
    check(&|at| at.needs[1].level = Some(9), by_check, &["locality.needs[1].level"]).await;
    check(&|at| at.needs[0].children = server::known(-1), by_check, &["locality.needs[0].children"]).await;
    check(&|at| at.offers[0].service = "t".to_owned(), by_check, &["locality.offers[0].service"]).await;
    check(&|at| at.areas[0].x = Some(f64::NAN), by_check, &["locality.areas[0].x"]).await;
    check(&|at| at.settings.as_mut().unwrap().period.clear(), by_check, &["locality.settings.period"]).await;
    let policy = |key: &str, value| prost_types::Struct {
        fields: [(key.to_owned(), prost_types::Value { kind: Some(value) })].into(),
    };
    let wrong = || prost_types::value::Kind::StringValue("x".to_owned());
    check(&|at| at.policy = Some(policy("wishes", wrong())), by_check, &["locality.policy.wishes"]).await;
    let by_field = "FIELD_INVALID";
    check(&|at| at.settings = None, by_field, &["locality.settings"]).await;
    check(&|at| at.needs[1].certainty = 77, by_field, &["locality.needs[1].certainty"]).await;
    check(&|at| at.services[0].types = vec!["a;b".to_owned()], by_field, &["locality.services[0].types[0]"]).await;
    let not_any = pb::AgeLimit { limit: Some(pb::age_limit::Limit::Any(false)) };
    check(&|at| at.services[0].age_min = Some(not_any), by_field, &["locality.services[0].age_min"]).await;
    let mark = pb::Count { state: Some(pb::count::State::Mark("12".to_owned())) };
    check(&|at| at.needs[0].children = Some(mark.clone()), by_field, &["locality.needs[0].children"]).await;
    let tag = pb::Tag { name: "a=b".to_owned(), value: String::new() };
    check(&|at| at.needs[0].tags = vec![tag.clone()], by_field, &["locality.needs[0].tags[0]"]).await;
    check(&|at| at.areas[0].name = "x".repeat(70_000), by_field, &["locality.areas[0].name"]).await;
    // Several at once, both by the check.
    let both = |at: &mut pb::InlineLocality| {
        at.needs[0].level = Some(0);
        at.needs[1].area = "nowhere".to_owned();
    };
    check(&both, by_check, &["locality.needs[0].level", "locality.needs[1].area"]).await;
    server.stop().await;
}

#[tokio::test]
async fn rows_set_aside_are_left_out_and_told() {
    let server = Server::start(Settings::default()).await;
    let mut locality = two_children_one_place();
    locality.needs[0].level = Some(9);
    let request = pb::MatchRequest { set_aside_bad_rows: true, ..inline(locality) };
    let matching = server.matching().await.r#match(request).await.unwrap().into_inner().matching.unwrap();
    assert_eq!(matching.totals.unwrap().child_needs, 1);
    let completeness = matching.completeness.unwrap();
    assert_eq!(completeness.set_aside_rows, 1);
    assert_eq!((completeness.set_aside[0].table.as_str(), completeness.set_aside[0].row), ("needs.csv", 2));
    server.stop().await;
}

#[tokio::test]
async fn requests_that_say_too_little_are_refused() {
    let server = Server::start(Settings::default()).await;
    let mut matching = server.matching().await;
    let refused = matching.r#match(pb::MatchRequest::default()).await.unwrap_err();
    assert_eq!(said(&refused), invalid(&["name"]));
    let refused = matching.r#match(by_name("localities/north")).await.unwrap_err();
    assert_eq!(said(&refused), invalid(&["name"]));
    let refused = matching.r#match(by_name(NORTH)).await.unwrap_err();
    assert_eq!(said(&refused), (Code::NotFound, "NOT_FOUND".to_owned(), vec![]));
    let options = pb::SolveOptions { backend: 9, ..Default::default() };
    let refused = matching.r#match(pb::MatchRequest { options: Some(options), ..by_name(NORTH) }).await.unwrap_err();
    assert_eq!(said(&refused), invalid(&["options.backend"]));
    let negative = prost_types::Duration { seconds: -1, nanos: 0 };
    let options = pb::SolveOptions { time_limit: Some(negative), ..Default::default() };
    let refused = matching.r#match(pb::MatchRequest { options: Some(options), ..by_name(NORTH) }).await.unwrap_err();
    assert_eq!(said(&refused), invalid(&["options.time_limit"]));
    let find = |asked| pb::FindOptionsRequest {
        source: Some(pb::find_options_request::Source::Locality(two_children_one_place())),
        asked,
        ..Default::default()
    };
    let refused = matching.find_options(find(None)).await.unwrap_err();
    assert_eq!(said(&refused), invalid(&["need"]));
    let need = pb::InlineNeed { level: 7, age: Some(-1), lon: Some(1.0), ..Default::default() };
    let asked = Some(pb::find_options_request::Asked::InlineNeed(need));
    let refused = matching.find_options(find(asked)).await.unwrap_err();
    assert_eq!(
        said(&refused),
        invalid(&["inline_need.kind", "inline_need.level", "inline_need.age", "inline_need.lon"])
    );
    let degrees = pb::InlineNeed {
        kind: "k".to_owned(),
        level: 1,
        area: "a".to_owned(),
        lon: Some(1.0),
        lat: Some(52.0),
        ..Default::default()
    };
    let asked = Some(pb::find_options_request::Asked::InlineNeed(degrees));
    let refused = matching.find_options(find(asked)).await.unwrap_err();
    let fields = vec!["inline_need.lon".to_owned()];
    assert_eq!(
        said(&refused),
        (Code::InvalidArgument, "LOCALITY_REFUSED".to_owned(), fields),
        "the locality is in metres"
    );
    server.stop().await;
}

/// The clients in `clients.rs` ask for the interface in the old version of reflection; this one in the new.
#[tokio::test]
async fn the_interface_can_be_read_from_the_server() {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    use tonic_reflection::pb::v1::{ListServiceResponse, ServerReflectionRequest};
    let list = || {
        let message_request = Some(MessageRequest::ListServices(String::new()));
        tokio_stream::once(ServerReflectionRequest { host: String::new(), message_request })
    };
    let open = Server::start(Settings::default()).await;
    let mut answers =
        ServerReflectionClient::new(open.channel().await).server_reflection_info(list()).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(ListServiceResponse { service })) = answer else {
        panic!("{answer:?}");
    };
    for name in ["suffice.v1.MatchingService", "google.longrunning.Operations"] {
        assert!(service.iter().any(|service| service.name == name), "{service:?}");
    }
    open.stop().await;
    let shut = Server::start(Settings { reflection: false, ..Settings::default() }).await;
    let refused = ServerReflectionClient::new(shut.channel().await).server_reflection_info(list()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    shut.stop().await;
}

#[tokio::test]
async fn what_is_not_there_yet_says_so() {
    let server = Server::start(Settings::default()).await;
    let not_yet = (Code::Unimplemented, "NOT_IMPLEMENTED".to_owned(), vec![]);
    let mut localities = server.localities().await;
    assert_eq!(said(&localities.query_upload(pb::QueryUploadRequest::default()).await.unwrap_err()), not_yet);
    let resumed = pb::UploadHeader { upload_id: "x".to_owned(), ..header("north") };
    assert_eq!(said(&server.upload(resumed, vec![]).await.unwrap_err()), not_yet);
    server.stop().await;
}

#[tokio::test]
async fn receipt_is_held_against_need() {
    let server = Server::start(Settings::default()).await;
    let mut files = support::bundles::files(TWO_CHILDREN_ONE_PLACE);
    files.push(("receipts.csv".to_owned(), b"service,children,need\ns,1,bo\n".to_vec()));
    server.upload(header("north"), files).await.unwrap();
    let mut client = pb::mismatch_service_client::MismatchServiceClient::new(server.channel().await);
    let source = Some(pb::measure_mismatch_request::Source::Name(NORTH.to_owned()));
    let request = pb::MeasureMismatchRequest { source, ..Default::default() };
    let answer = client.measure_mismatch(request).await.unwrap().into_inner();
    assert_eq!(answer.status(), pb::SolveStatus::Optimal);
    let typed = answer.typed.unwrap();
    let sum = typed.sum.unwrap().measures.unwrap();
    assert_eq!((sum.both, sum.need_only, sum.coverage), (Some(1), Some(1), Some(0.5)));
    assert_eq!(sum.receipt_only, None, "whether others receive is not recorded, which is not zero");
    let volume = typed.parts.unwrap().volume.unwrap();
    assert_eq!((volume.low, volume.high), (1, 1), "one place for two");
    assert_eq!(answer.equity_of_received.unwrap().with, 1);
    assert_eq!(answer.access.unwrap().places_per_child_need, Some(0.5));
    let nameless = client.measure_mismatch(pb::MeasureMismatchRequest::default()).await.unwrap_err();
    assert_eq!(nameless.code(), Code::InvalidArgument);
    server.stop().await;
}

#[tokio::test]
async fn a_gap_is_asked_about_subgroups() {
    let server = Server::start(Settings::default()).await;
    server.upload(header("north"), support::bundles::files(TWO_CHILDREN_ONE_PLACE)).await.unwrap();
    let mut client = pb::gap_service_client::GapServiceClient::new(server.channel().await);
    let ask = |subgroups: Vec<pb::Subgroup>, cascade_by: &str| pb::AnalyseGapsRequest {
        source: Some(pb::analyse_gaps_request::Source::Name(NORTH.to_owned())),
        subgroups,
        cascade_by: cascade_by.to_owned(),
        ..Default::default()
    };
    let level = |level: i32| pb::Subgroup { level, ..Default::default() };
    let answer = client.analyse_gaps(ask(vec![level(1), level(4)], "kind")).await.unwrap().into_inner();
    let stages = |row: &pb::SubgroupCascade| row.cascade.as_ref().unwrap().stages[1].child_needs;
    let parts: Vec<_> = answer.subgroups.iter().map(|row| (row.of.as_ref().unwrap().level, stages(row))).collect();
    assert_eq!(parts, [(1, Some(1.0)), (4, Some(0.0)), (0, Some(1.0))], "one place; nobody at level 4; one kind");
    let children = answer.children.unwrap();
    assert_eq!((children.named, children.all_met, children.none_met), (2, 1, 1));
    assert_eq!((answer.rests.unwrap().met, answer.programmes.len()), (1, 1));
    assert!(answer.access.unwrap().e2sfca.is_some());

    let nowhere = pb::Subgroup { area: "nowhere".to_owned(), ..Default::default() };
    let half = pb::Subgroup { age_min: Some(3), ..Default::default() };
    let refused = client.analyse_gaps(ask(vec![level(1), nowhere], "colour")).await.unwrap_err();
    assert_eq!(said(&refused), invalid(&["subgroups[1].area", "cascade_by"]));
    let refused = client.analyse_gaps(ask(vec![half], "")).await.unwrap_err();
    assert_eq!(said(&refused), invalid(&["subgroups[0].age_min"]));
    server.stop().await;
}

#[tokio::test]
async fn two_localities_are_compared() {
    let server = Server::start(Settings::default()).await;
    let files = support::bundles::files(TWO_CHILDREN_ONE_PLACE);
    let first = server.upload(header("north"), files.clone()).await.unwrap().locality.unwrap();
    let mut more = files;
    let offers = more.iter_mut().find(|(name, _)| name == "offers.csv").unwrap();
    offers.1 = String::from_utf8(offers.1.clone()).unwrap().replace(",1,1", ",2,2").into_bytes();
    server.upload(header("south"), more).await.unwrap();
    let mut client = pb::mismatch_service_client::MismatchServiceClient::new(server.channel().await);
    let request = |before: &str, after: &str| pb::CompareLocalitiesRequest {
        before: before.to_owned(),
        after: after.to_owned(),
        options: None,
    };
    const SOUTH: &str = "authorities/local/localities/south";
    let answer = client.compare_localities(request(NORTH, SOUTH)).await.unwrap().into_inner();
    assert_eq!(answer.status(), pb::SolveStatus::Optimal);
    let [before, after] = [answer.before.unwrap(), answer.after.unwrap()];
    assert_eq!((before.unmet, after.unmet, answer.change.unwrap().unmet), (1, 0, -1));
    assert_eq!(before.provenance.unwrap().locality_digest, first.digest);
    let sixths: Vec<_> =
        answer.factors.iter().map(|row| (row.factor(), row.parts.as_ref().unwrap().unmet_sixths)).collect();
    let parts = [(pb::ChangeFactor::Need, 0), (pb::ChangeFactor::Supply, -6), (pb::ChangeFactor::Matching, 0)];
    assert_eq!((sixths.as_slice(), answer.no_parts_reason.as_str()), (parts.as_slice(), ""));
    let all = &answer.indicators[0];
    assert_eq!((all.measure(), all.of()), (pb::IndicatorMeasure::UnmetShare, pb::IndicatorOf::All));
    assert_eq!(all.verdict(), pb::IndicatorVerdict::Improved);
    assert_eq!((all.before.unwrap().value, all.after.unwrap().value), (Some(0.5), Some(0.0)));
    let score = answer.score.unwrap();
    assert_eq!(Some(score.comparable + score.not_comparable), answer.indicator_rows);
    assert_eq!(score.worsened, 0);
    // A revision is named as exactly as a digest.
    let revision = format!("{NORTH}/revisions/{}", first.digest);
    let same = client.compare_localities(request(&revision, NORTH)).await.unwrap().into_inner();
    assert_eq!((same.score.unwrap().improved, same.change.unwrap().unmet), (0, 0));
    let nowhere = client.compare_localities(request(NORTH, "authorities/local/localities/east")).await.unwrap_err();
    assert_eq!(nowhere.code(), Code::NotFound);
    let nameless = client.compare_localities(request(NORTH, "")).await.unwrap_err();
    assert_eq!(said(&nameless), invalid(&["after"]));
    server.stop().await;
}

#[tokio::test]
async fn a_floor_is_tried_for_the_group_that_is_worst_served() {
    let server = Server::start(Settings::default()).await;
    // Two of the four child-needs are met, both of the heavier; with a floor each group has one.
    let (before, after) = TWO_CHILDREN_ONE_PLACE.split_once("ann,ann,k,3,1,a,7").unwrap();
    let (_, after) = after.split_once("bo,bo,k,1,1,a,7").unwrap();
    let bundle = format!("{before}ann,ann,k,3,2,a,7,no\nbo,bo,k,1,2,a,7,yes{after}")
        .replace("area,age", "area,age,group:plan")
        .replace("300,400,1,1", "300,400,2,2");
    server.upload(header("north"), support::bundles::files(&bundle)).await.unwrap();
    let mut client = pb::mismatch_service_client::MismatchServiceClient::new(server.channel().await);
    let source = Some(pb::measure_mismatch_request::Source::Name(NORTH.to_owned()));
    let request = pb::MeasureMismatchRequest { source, ..Default::default() };
    let answer = client.measure_mismatch(request).await.unwrap().into_inner();
    assert_eq!((answer.floors.len(), answer.floors[0].group.as_str()), (1, "plan"));
    let tried = answer.floors[0].tried.as_ref().unwrap();
    assert_eq!((tried.worst.as_str(), tried.met, tried.met_with_floor, tried.rest_loses), ("yes", 0, 1, 1));
    assert_eq!((tried.share, tried.weight_change, tried.by_value.len()), (0.5, -15, 2));
    server.stop().await;
}

#[tokio::test]
async fn a_locality_lives_by_its_etag() {
    let server = Server::start(Settings::default()).await;
    let files = || support::bundles::files(TWO_CHILDREN_ONE_PLACE);
    let mut more = files();
    let offers = more.iter_mut().find(|(name, _)| name == "offers.csv").unwrap();
    offers.1 = String::from_utf8(offers.1.clone()).unwrap().replace(",1,1", ",2,2").into_bytes();

    let first = server.upload(header("north"), files()).await.unwrap().locality.unwrap();
    let exists = server.upload(header("north"), more.clone()).await.unwrap_err();
    assert_eq!(said(&exists), (Code::AlreadyExists, "ALREADY_EXISTS".to_owned(), vec![]));
    let stale = pb::UploadHeader { etag: "\"stale\"".to_owned(), ..header("north") };
    let mismatch = (Code::Aborted, "ETAG_MISMATCH".to_owned(), vec![]);
    assert_eq!(said(&server.upload(stale, more.clone()).await.unwrap_err()), mismatch);
    let follows = pb::UploadHeader { etag: first.etag.clone(), ..header("north") };
    let only_checked = pb::UploadHeader { validate_only: true, ..follows.clone() };
    let would_be = server.upload(only_checked, more.clone()).await.unwrap().locality.unwrap();
    let mut localities = server.localities().await;
    let get = |name: &str| pb::GetLocalityRequest { name: name.to_owned() };
    let still = localities.get_locality(get(NORTH)).await.unwrap().into_inner();
    assert_eq!(still, first);
    let second = server.upload(follows, more.clone()).await.unwrap().locality.unwrap();
    assert_eq!(second.digest, would_be.digest);
    assert_ne!(second.etag, first.etag);
    assert_eq!(second.create_time, first.create_time);
    assert_eq!(localities.get_locality(get(&second.revision)).await.unwrap().into_inner(), second);
    assert_eq!(localities.get_locality(get(&first.revision)).await.unwrap_err().code(), Code::NotFound);
    let any = pb::UploadHeader { etag: "*".to_owned(), ..header("north") };
    assert_eq!(
        server.upload(any, files()).await.unwrap().locality.unwrap().digest,
        first.digest,
        "same bytes, same digest"
    );

    let delete =
        |etag: &str| pb::DeleteLocalityRequest { name: NORTH.to_owned(), etag: etag.to_owned(), ..Default::default() };
    assert_eq!(said(&localities.delete_locality(delete(&second.etag)).await.unwrap_err()), mismatch);
    let only_checked = pb::DeleteLocalityRequest { validate_only: true, ..delete(&first.etag) };
    localities.delete_locality(only_checked).await.unwrap();
    localities.delete_locality(delete(&first.etag)).await.unwrap();
    assert_eq!(localities.delete_locality(delete("")).await.unwrap_err().code(), Code::NotFound);
    server.stop().await;
}

#[tokio::test]
async fn a_request_id_makes_repeats_safe() {
    let server = Server::start(Settings::default()).await;
    let files = || support::bundles::files(TWO_CHILDREN_ONE_PLACE);
    let request_id = "123e4567-e89b-42d3-a456-426614174000".to_owned();
    let create = pb::UploadHeader { request_id: request_id.clone(), ..header("north") };
    let first = server.upload(create.clone(), files()).await.unwrap();
    assert_eq!(
        server.upload(create.clone(), files()).await.unwrap(),
        first,
        "the first answer, and not ALREADY_EXISTS"
    );
    let mut other = files();
    other[0].1.push(b'\n');
    let reused = server.upload(create.clone(), other).await.unwrap_err();
    let reused_id = (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned(), vec!["request_id".to_owned()]);
    assert_eq!(said(&reused), reused_id);
    let wrong = pb::UploadHeader { request_id: "1".to_owned(), ..header("south") };
    assert_eq!(said(&server.upload(wrong, files()).await.unwrap_err()), invalid(&["header.request_id"]));

    let mut localities = server.localities().await;
    let delete = |request_id: &str| pb::DeleteLocalityRequest {
        name: NORTH.to_owned(),
        request_id: request_id.to_owned(),
        ..Default::default()
    };
    assert_eq!(said(&localities.delete_locality(delete(&request_id)).await.unwrap_err()), reused_id);
    let another = request_id.replace('1', "2");
    localities.delete_locality(delete(&another)).await.unwrap();
    localities.delete_locality(delete(&another)).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_list_is_turned_page_by_page() {
    let authorities = ["leeds", "york"].map(|id| suffice::domain::Id::parse(id).unwrap());
    let server = Server::start(Settings { authorities: authorities.into(), ..Settings::default() }).await;
    for (authority, id) in [("leeds", "c"), ("york", "a"), ("leeds", "a"), ("leeds", "b")] {
        let header = pb::UploadHeader { parent: format!("authorities/{authority}"), ..header(id) };
        server.upload(header, support::bundles::files(TWO_CHILDREN_ONE_PLACE)).await.unwrap();
    }
    let mut localities = server.localities().await;
    let list = |parent: &str, page_size, page_token: &str| pb::ListLocalitiesRequest {
        parent: parent.to_owned(),
        page_size,
        page_token: page_token.to_owned(),
    };
    let names = |page: &pb::ListLocalitiesResponse| {
        page.localities.iter().map(|locality| locality.name.clone()).collect::<Vec<String>>()
    };
    let leeds =
        |ids: &[&str]| ids.iter().map(|id| format!("authorities/leeds/localities/{id}")).collect::<Vec<String>>();
    let first = localities.list_localities(list("authorities/leeds", 2, "")).await.unwrap().into_inner();
    assert_eq!(names(&first), leeds(&["a", "b"]));
    let token = first.next_page_token.as_str();
    let second = localities.list_localities(list("authorities/leeds", 2, token)).await.unwrap().into_inner();
    assert_eq!((names(&second), second.next_page_token.as_str()), (leeds(&["c"]), ""));
    let all = localities.list_localities(list("authorities/leeds", 3, "")).await.unwrap().into_inner();
    assert_eq!((all.localities.len(), all.next_page_token.as_str()), (3, ""), "a full last page is the last");
    let strange = localities.list_localities(list("authorities/york", 2, token)).await.unwrap_err();
    assert_eq!(said(&strange), invalid(&["page_token"]));
    let negative = localities.list_localities(list("authorities/york", -1, "")).await.unwrap_err();
    assert_eq!(said(&negative), invalid(&["page_size"]));
    let unknown = localities.list_localities(list("authorities/hull", 2, "")).await.unwrap_err();
    assert_eq!(said(&unknown), (Code::NotFound, "NOT_FOUND".to_owned(), vec![]));
    server.stop().await;
}

#[tokio::test]
async fn uploads_come_in_pieces_and_are_refused_as_a_whole() {
    let server = Server::start(Settings::default()).await;
    let files = || support::bundles::files(TWO_CHILDREN_ONE_PLACE);
    let mut localities = server.localities().await;
    let by_sevens = messages(header("sevens"), files(), 7);
    let sevens = localities.upload_locality(tokio_stream::iter(by_sevens)).await.unwrap().into_inner();
    let whole = server.upload(header("whole"), files()).await.unwrap();
    assert_eq!(sevens.locality.unwrap().digest, whole.locality.unwrap().digest);

    let mut refused = async |messages: Vec<pb::UploadLocalityRequest>| {
        said(&localities.upload_locality(tokio_stream::iter(messages)).await.unwrap_err())
    };
    let mut headless = messages(header("x"), files(), 100);
    headless.remove(0);
    assert_eq!(refused(headless).await, invalid(&["header"]));
    assert_eq!(refused(vec![]).await, invalid(&["header"]));
    let mut two_headed = messages(header("x"), files(), 100);
    two_headed.push(two_headed[0].clone());
    assert_eq!(refused(two_headed).await, invalid(&["chunk"]));
    let mut gap = messages(header("x"), files(), 7);
    gap.remove(2);
    assert_eq!(refused(gap).await, invalid(&["chunk.offset"]));
    let strange = vec![("needs.xlsx".to_owned(), b"x".to_vec())];
    assert_eq!(refused(messages(header("x"), strange, 7)).await, invalid(&["chunk.file"]));
    let nowhere = pb::UploadHeader { parent: "authorities/elsewhere".to_owned(), ..header("x") };
    assert_eq!(refused(messages(nowhere, files(), 7)).await, (Code::NotFound, "NOT_FOUND".to_owned(), vec![]));
    assert_eq!(refused(messages(header("a/b"), files(), 7)).await, invalid(&["header.locality_id"]));

    let mut bad = files();
    let needs = bad.iter_mut().find(|(name, _)| name == "needs.csv").unwrap();
    needs.1 = String::from_utf8(needs.1.clone()).unwrap().replace("bo,bo,k,1", "bo,bo,k,7").into_bytes();
    let fields = vec!["needs.csv:3:level".to_owned()];
    let by_check = (Code::InvalidArgument, "LOCALITY_REFUSED".to_owned(), fields);
    assert_eq!(refused(messages(header("x"), bad.clone(), 100)).await, by_check);
    let aside = pb::UploadHeader { set_aside_bad_rows: true, ..header("x") };
    let loaded = server.upload(aside, bad).await.unwrap().locality.unwrap();
    assert_eq!((loaded.needs, loaded.completeness.unwrap().set_aside_rows), (1, 1));
    server.stop().await;
}
