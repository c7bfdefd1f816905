//! `suffice serve`: the service on the network, until it is told to stop.

pub(super) mod options;

use std::sync::Arc;

use tokio::net::TcpListener;

use super::ending::{Ending, Failure};
use super::output;
use super::settings::Serve;
use crate::grpc;
use crate::service::Service;
use options::Options;

pub(super) fn run(job: &Serve) -> Result<Ending, Failure> {
    if job.print_config {
        // Plain keys and values: TOML can hold them all.
        output::text(&toml::to_string(&Options::of(job)).expect("settings are TOML"))?;
        return Ok(Ending::Done);
    }
    let starting = |why: std::io::Error| Failure::Serve(format!("the server cannot start: {why}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(starting)?;
    runtime.block_on(async {
        let listener = TcpListener::bind(job.listen)
            .await
            .map_err(|error| Failure::Serve(format!("{} cannot be listened on: {error}", job.listen)))?;
        let service = Service::start(job.settings.clone()).map_err(starting)?;
        let served = grpc::serve(listener, Arc::new(service), told_to_stop()).await;
        served.map_err(|error| Failure::Serve(error.to_string()))
    })?;
    Ok(Ending::Done)
}

/// Ready at Ctrl-C, or when the machine asks to stop.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Where the key cannot be listened to either, the program keeps the system's own way of being ended.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
