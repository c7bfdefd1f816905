//! The gRPC face: messages in and out, codes, and calls of a few lines over [`Service`]. tonic and prost stay in here.

mod deadline;
mod from_proto;
mod handlers;
mod listener;
pub mod pb;
mod places;
mod status;
mod to_proto;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method, header};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};
use tonic_web::GrpcWebLayer;
use tower::ServiceBuilder;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::info;

use crate::service::{BadSettings, Service, Settings};
use deadline::DeadlineLayer;
use handlers::Api;
use pb::google::longrunning::operations_server::{OperationsServer, SERVICE_NAME as OPERATIONS};
use pb::suffice::v1::gap_service_server::{GapServiceServer, SERVICE_NAME as GAPS};
use pb::suffice::v1::locality_service_server::{LocalityServiceServer, SERVICE_NAME as LOCALITIES};
use pb::suffice::v1::matching_service_server::{MatchingServiceServer, SERVICE_NAME as MATCHING};
use pb::suffice::v1::mismatch_service_server::{MismatchServiceServer, SERVICE_NAME as MISMATCH};
use pb::suffice::v1::planning_service_server::{PlanningServiceServer, SERVICE_NAME as PLANNING};

/// What the health service knows: the server as a whole, its two probes, and each service.
const HEALTH_NAMES: [&str; 9] =
    ["", "liveness", "readiness", LOCALITIES, MATCHING, GAPS, PLANNING, MISMATCH, OPERATIONS];

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Settings(#[from] BadSettings),
    #[error("the address listened on cannot be read: {0}")]
    Address(#[source] io::Error),
    #[error("the interface's own description cannot be read: {0}")]
    Descriptors(#[from] tonic_reflection::server::Error),
}

/// Serves until `stop` is ready; then says NOT_SERVING for a while, lets calls under way end, and returns.
pub async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError::Address)?;
    let settings = service.settings();
    settings.check_listen(address)?;
    let (mut health, health_server) = health_reporter();
    for name in HEALTH_NAMES {
        health.set_service_status(name, ServingStatus::Serving).await;
    }
    let mut routes = api(&service).add_service(health_server);
    if settings.reflection {
        routes = with_reflection(routes)?;
    }
    let stack = ServiceBuilder::new()
        .layer(cross_origin(settings)?)
        .layer(GrpcWebLayer::new())
        .layer(DeadlineLayer { longest: settings.longest_call })
        .service(routes.prepare());
    announce(address, settings);

    let stop_accepting = CancellationToken::new();
    let closing = service.clone();
    let running =
        listener::run(listener, stack, settings.connections, stop_accepting.clone(), settings.drain, move || {
            closing.close()
        });
    let stopping = async {
        stop.await;
        lame_duck(&mut health, settings).await;
        stop_accepting.cancel();
    };
    tokio::join!(running, stopping);
    // Plans go on without a caller; the server does not.
    service.close();
    info!("Stopped");
    Ok(())
}

fn api(service: &Arc<Service>) -> Routes {
    let most = service.settings().limits.message_bytes;
    let api = Api::new(service.clone());
    macro_rules! limited {
        ($server:ident) => {
            $server::new(api.clone()).max_decoding_message_size(most).max_encoding_message_size(most)
        };
    }
    Routes::new(limited!(LocalityServiceServer))
        .add_service(limited!(MatchingServiceServer))
        .add_service(limited!(GapServiceServer))
        .add_service(limited!(PlanningServiceServer))
        .add_service(limited!(MismatchServiceServer))
        .add_service(limited!(OperationsServer))
}

/// Both versions: some tools know only the old one.
fn with_reflection(routes: Routes) -> Result<Routes, tonic_reflection::server::Error> {
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    Ok(routes.add_service(builder().build_v1()?).add_service(builder().build_v1alpha()?))
}

/// Pages of these origins may call. Their browsers hide every header that is not named here.
fn cross_origin(settings: &Settings) -> Result<CorsLayer, BadSettings> {
    settings.check_origins()?;
    let origins = settings.allowed_origins.iter().filter_map(|origin| origin.parse::<HeaderValue>().ok());
    let asked = ["x-grpc-web", "x-user-agent", "grpc-timeout"].map(HeaderName::from_static);
    let answered = ["grpc-status", "grpc-message", "grpc-status-details-bin"].map(HeaderName::from_static);
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::POST])
        .allow_headers(asked.into_iter().chain([header::CONTENT_TYPE]).collect::<Vec<HeaderName>>())
        .expose_headers(answered))
}

fn announce(address: SocketAddr, settings: &Settings) {
    match settings.listen_anywhere_without_credentials && !address.ip().is_loopback() {
        true => info!(%address, "Listening on {address}: without credentials, for anyone who can reach it"),
        false => info!(%address, "Listening on {address}: without credentials, for this machine only"),
    }
}

/// Balancers look elsewhere before anything is refused. Then watches of the health end, which would hold up the drain.
async fn lame_duck(health: &mut HealthReporter, settings: &Settings) {
    for name in HEALTH_NAMES {
        // The process itself is well: a liveness probe must not have it restarted.
        if name != "liveness" {
            health.set_service_status(name, ServingStatus::NotServing).await;
        }
    }
    if !settings.lame_duck.is_zero() {
        info!("Stopping: not serving any more, and still answering for {:?}", settings.lame_duck);
        sleep(settings.lame_duck).await;
    }
    for name in HEALTH_NAMES {
        health.clear_service_status(name).await;
    }
}
