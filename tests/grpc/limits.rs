//! Limits, deadlines, callers that leave, and how the server ends.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use prost::Message;
use suffice::grpc::pb::suffice::v1 as pb;
use suffice::service::{Connections, Limits, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use super::server::{PATIENCE, Server, header, slow_to_match, two_children_one_place};
use super::{by_name, inline, said, support};

const SLOW: &str = "authorities/local/localities/slow";

/// A server with one solver that holds a locality which takes long to match.
async fn with_slow_locality() -> Server {
    let server = Server::start(Settings { solver_threads: 1, ..Settings::default() }).await;
    server.upload(header("slow"), slow_to_match(6_000, 300)).await.unwrap();
    server
}

/// Far sooner than the whole answer would take (half a minute on two busy cores), and later than any scheduling hiccup.
const PROMPTLY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_ends_the_call_and_the_work() {
    let server = with_slow_locality().await;
    // tonic's client ends a call at its deadline by itself; this one leaves it to the server.
    let began = Instant::now();
    let answer = web_call(&server, "grpc-timeout: 50m\r\n", &by_name(SLOW)).await;
    assert!(answer.contains("grpc-status:4") || answer.contains("grpc-status: 4"), "{answer}");
    assert!(answer.contains("grpc-status-details-bin"), "with its reason: {answer}");
    assert!(began.elapsed() < PROMPTLY, "{:?}", began.elapsed());
    server.until(|service| service.solvers().running() == 0).await;
    assert!(began.elapsed() < PROMPTLY, "the solver went on for {:?}", began.elapsed());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_limit_gives_the_best_so_far_with_bounds() {
    let server = with_slow_locality().await;
    let options = pb::SolveOptions {
        time_limit: Some(prost_types::Duration { seconds: 0, nanos: 50_000_000 }),
        ..Default::default()
    };
    let request = pb::MatchRequest { options: Some(options), ..by_name(SLOW) };
    let began = Instant::now();
    let matching = server.matching().await.r#match(request).await.unwrap().into_inner().matching.unwrap();
    assert!(began.elapsed() < PROMPTLY, "{:?}", began.elapsed());
    assert_eq!((matching.status(), matching.reason()), (pb::SolveStatus::Stopped, pb::StopReason::Deadline));
    assert_eq!(matching.proof(), pb::Proof::Bound);
    let need = matching.objective.iter().find(|stage| stage.stage() == pb::Stage::Need).unwrap();
    assert!(need.bound.is_none_or(|bound| need.value <= bound));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_solver_stops_when_its_caller_leaves() {
    let server = with_slow_locality().await;
    let mut matching = server.matching().await;
    let call = tokio::spawn(async move { matching.r#match(by_name(SLOW)).await });
    server.until(|service| service.solvers().running() == 1).await;
    let left = Instant::now();
    call.abort();
    server.until(|service| service.solvers().running() == 0).await;
    assert!(left.elapsed() < PROMPTLY, "the solver went on for {:?}", left.elapsed());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_says_when_to_come_back() {
    let settings = Settings { solver_threads: 1, most_waiting: 1, ..Settings::default() };
    let server = Server::start(settings).await;
    server.upload(header("slow"), slow_to_match(6_000, 300)).await.unwrap();
    let (mut first, mut second) = (server.matching().await, server.matching().await);
    let runs = tokio::spawn(async move { first.r#match(by_name(SLOW)).await });
    server.until(|service| service.solvers().running() == 1).await;
    let waits = tokio::spawn(async move { second.r#match(by_name(SLOW)).await });
    server.until(|service| service.solvers().waiting() == 1).await;
    let refused = server.matching().await.r#match(by_name(SLOW)).await.unwrap_err();
    assert_eq!(said(&refused), (Code::ResourceExhausted, "SOLVERS_BUSY".to_owned(), vec![]));
    assert!(refused.get_details_retry_info().unwrap().retry_delay.is_some());
    assert!(refused.metadata().contains_key("grpc-retry-pushback-ms"));
    runs.abort();
    waits.abort();
    server.until(|service| service.solvers().running() + service.solvers().waiting() == 0).await;
    server.stop().await;
}

#[tokio::test]
async fn what_is_too_large_is_resource_exhausted() {
    let limits =
        Limits { message_bytes: 20_000, inline_needs: 10, bundle_bytes: 200_000, ..Settings::default().limits };
    let server = Server::start(Settings { limits, ..Settings::default() }).await;
    let too_large = (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned(), vec![]);

    let mut locality = two_children_one_place();
    locality.areas[0].name = "x".repeat(30_000);
    let refused = server.matching().await.r#match(inline(locality)).await.unwrap_err();
    assert_eq!(said(&refused), too_large, "the request");

    let mut locality = two_children_one_place();
    locality.needs = vec![locality.needs[0].clone(); 11];
    let refused = server.matching().await.r#match(inline(locality)).await.unwrap_err();
    assert_eq!(said(&refused), (Code::ResourceExhausted, "LIMIT_EXCEEDED".to_owned(), vec![]), "the needs");

    let piece = vec![("needs.csv".to_owned(), vec![b'x'; 210_000])];
    let mut localities = server.localities().await;
    let sent = super::messages(header("x"), piece, 10_000);
    let refused = localities.upload_locality(tokio_stream::iter(sent)).await.unwrap_err();
    assert_eq!(said(&refused), (Code::ResourceExhausted, "LIMIT_EXCEEDED".to_owned(), vec![]), "the bundle");

    let piece = vec![("needs.csv".to_owned(), vec![b'x'; 30_000])];
    let sent = super::messages(header("x"), piece, 30_000);
    let refused = localities.upload_locality(tokio_stream::iter(sent)).await.unwrap_err();
    assert_eq!(said(&refused), too_large, "a piece of a stream");

    let answers = slow_to_match(10, 1_000);
    let sent = super::messages(header("wide"), answers, 10_000);
    let uploaded = localities.upload_locality(tokio_stream::iter(sent)).await.unwrap().into_inner();
    let n_warnings = uploaded.locality.unwrap().completeness.unwrap().warnings;
    assert!(uploaded.warnings.len() < usize::try_from(n_warnings).unwrap(), "cut short rather than too large");
    let wide = "authorities/local/localities/wide";
    let refused = server.matching().await.r#match(by_name(wide)).await.unwrap_err();
    assert_eq!(said(&refused), too_large, "the answer");
    server.stop().await;
}

#[tokio::test]
async fn memory_is_estimated_before_it_is_taken() {
    let files = || support::bundles::files(super::TWO_CHILDREN_ONE_PLACE);
    let bytes: usize = files().iter().map(|(_, bytes)| bytes.len()).sum();
    // A locality is reckoned at four times its files, and the files themselves have to be somewhere: one fits, two do not.
    let limits = Limits { memory_bytes: 6 * bytes as u64, ..Settings::default().limits };
    let server = Server::start(Settings { limits, ..Settings::default() }).await;
    server.upload(header("one"), files()).await.unwrap();
    let refused = server.upload(header("two"), files()).await.unwrap_err();
    assert_eq!(said(&refused), (Code::ResourceExhausted, "MEMORY_EXHAUSTED".to_owned(), vec![]));
    let name = "authorities/local/localities/one".to_owned();
    server.localities().await.delete_locality(pb::DeleteLocalityRequest { name, ..Default::default() }).await.unwrap();
    server.upload(header("two"), files()).await.expect("there is room again");
    server.stop().await;
}

#[tokio::test]
async fn an_unknown_method_has_a_reason_too() {
    let server = Server::start(Settings::default()).await;
    let mut grpc = tonic::client::Grpc::new(server.channel().await);
    grpc.ready().await.unwrap();
    let path = "/suffice.v1.MatchingService/Guess".parse().unwrap();
    let codec = tonic_prost::ProstCodec::<pb::MatchRequest, pb::MatchResponse>::default();
    let status = grpc.unary(Request::new(by_name(SLOW)), path, codec).await.unwrap_err();
    assert_eq!(said(&status), (Code::Unimplemented, "METHOD_UNKNOWN".to_owned(), vec![]));
    server.stop().await;
}

#[tokio::test]
async fn a_malformed_deadline_is_refused() {
    let server = Server::start(Settings::default()).await;
    let mut request = Request::new(by_name(SLOW));
    request.metadata_mut().insert("grpc-timeout", "soon".parse().unwrap());
    let status = server.matching().await.r#match(request).await.unwrap_err();
    assert_eq!(said(&status).2, ["grpc-timeout"]);
    server.stop().await;
}

#[tokio::test]
async fn a_silent_connection_is_closed_and_a_talking_one_is_not() {
    let first_bytes = Duration::from_millis(200);
    let connections = Connections { first_bytes, ..Connections::default() };
    let server = Server::start(Settings { connections, ..Settings::default() }).await;
    let mut talking = server.matching().await;
    talking.r#match(inline(two_children_one_place())).await.unwrap();
    for said_so_far in ["", "PRI * HT"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(said_so_far.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        let closed = timeout(PATIENCE, stream.read_to_end(&mut heard)).await.expect("it is closed");
        assert!(closed.is_err() || heard.is_empty(), "{heard:?}");
    }
    talking.r#match(inline(two_children_one_place())).await.expect("the old connection still works");
    server.stop().await;
}

/// What a connection may do is told to its peer in the first frame that the server sends.
#[tokio::test]
async fn a_connection_is_told_its_limits() {
    let server = Server::start(Settings::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let no_settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&no_settings).await.unwrap();
    let mut frame_header = [0; 9];
    stream.read_exact(&mut frame_header).await.unwrap();
    let [_, _, length, frame_type, ..] = frame_header;
    assert_eq!(frame_type, 4, "SETTINGS");
    let mut payload = vec![0; length.into()];
    stream.read_exact(&mut payload).await.unwrap();
    let told = |identifier: u8| {
        let mut settings = payload.chunks_exact(6);
        settings
            .find(|setting| setting[..2] == [0, identifier])
            .map(|setting| u32::from_be_bytes(*setting[2..].first_chunk().unwrap()))
    };
    let Connections { streams, header_list_bytes, .. } = Connections::default();
    assert_eq!(told(3), Some(streams), "MAX_CONCURRENT_STREAMS");
    assert_eq!(told(6), Some(header_list_bytes), "MAX_HEADER_LIST_SIZE");
    // It never answers a ping, so the server would wait for it as long as it may.
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn shutting_down_says_so_first_lets_calls_end_and_does_not_wait_for_watchers() {
    let settings = Settings { drain: PATIENCE, ..Settings::default() };
    let mut server = Server::start(settings).await;
    let mut health = HealthClient::new(server.channel().await);
    let readiness = HealthCheckRequest { service: "readiness".to_owned() };
    let mut watch = health.watch(readiness.clone()).await.unwrap().into_inner();
    let status = |status: ServingStatus| Some(status as i32);
    assert_eq!(watch.message().await.unwrap().map(|said| said.status), status(ServingStatus::Serving));
    let began = Instant::now();
    server.say_stop();
    assert_eq!(watch.message().await.unwrap().map(|said| said.status), status(ServingStatus::NotServing));
    assert!(watch.message().await.ok().flatten().is_none(), "the watch ends");
    server.stop().await;
    assert!(began.elapsed() < PATIENCE / 2, "a watcher held the server up for {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_outlasts_the_drain_is_told_that_the_server_closes() {
    let settings = Settings { drain: Duration::ZERO, solver_threads: 1, ..Settings::default() };
    let mut server = Server::start(settings).await;
    server.upload(header("slow"), slow_to_match(6_000, 300)).await.unwrap();
    let mut matching = server.matching().await;
    let call = tokio::spawn(async move { matching.r#match(by_name(SLOW)).await });
    server.until(|service| service.solvers().running() == 1).await;
    server.say_stop();
    let status = timeout(PATIENCE, call).await.unwrap().unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.get_details_retry_info().is_some(), "{status:?}");
    server.stop().await;
}

/// Sends bytes and hears what comes until the connection is closed, in lower case.
async fn http_1(server: &Server, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut heard = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut heard)).await.unwrap().unwrap();
    String::from_utf8_lossy(&heard).to_lowercase()
}

/// A call of `Match` as pages make it: gRPC-Web over HTTP/1.
async fn web_call(server: &Server, headers: &str, request: &pb::MatchRequest) -> String {
    let message = request.encode_to_vec();
    let mut bytes = format!(
        "POST /suffice.v1.MatchingService/Match HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\
         Content-Type: application/grpc-web+proto\r\nX-Grpc-Web: 1\r\nContent-Length: {}\r\n\r\n",
        message.len() + 5
    )
    .into_bytes();
    // The frame: no flags, then the message's length.
    bytes.push(0);
    bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    bytes.extend(message);
    http_1(server, &bytes).await
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_call_over_http_1() {
    let origin = "https://planning.example.org";
    let settings = Settings { allowed_origins: vec![origin.to_owned()], ..Settings::default() };
    let server = Server::start(settings).await;
    let nothing = pb::MatchRequest::default();
    let answer = web_call(&server, &format!("Origin: {origin}\r\n"), &nothing).await;
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(answer.contains("grpc-status:3") || answer.contains("grpc-status: 3"), "{answer}");
    assert!(answer.contains(&format!("access-control-allow-origin: {origin}")), "{answer}");
    let answer = web_call(&server, "Origin: https://elsewhere.example.org\r\n", &nothing).await;
    assert!(!answer.contains("access-control-allow-origin"), "{answer}");
    let preflight = format!(
        "OPTIONS /suffice.v1.MatchingService/Match HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: {origin}\r\n\
         Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-grpc-web,content-type\r\n\r\n"
    );
    let answer = http_1(&server, preflight.as_bytes()).await;
    assert!(answer.contains("access-control-allow-headers: ") && answer.contains("x-grpc-web"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_future_that_is_dropped_before_it_began_leaves_nothing_behind() {
    let server = Server::start(Settings::default()).await;
    let mut matching = server.matching().await;
    let mut call = Box::pin(matching.r#match(inline(two_children_one_place())));
    poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await;
    drop(call);
    server.until(|service| service.solvers().running() + service.solvers().waiting() == 0).await;
    server.stop().await;
}
