//! Clients that no one here wrote: grpcurl (in Go) and grpcio (in Python over a C core). Both learn the interface from the
//! server's reflection alone.

use std::path::Path;
use std::process::{Command, Output};

use suffice::service::{Limits, Settings};

use super::plan::PLAY;
use super::server::{Server, TWO_CHILDREN_ONE_PLACE, header, slow_to_match};
use super::support;

/// Runs a program beside the server, whose runtime goes on meanwhile.
async fn run(program: &Path, arguments: Vec<String>) -> Output {
    let mut command = Command::new(program);
    // Proxies of the surroundings must not come between.
    command.args(arguments).env("no_proxy", "*").env("NO_PROXY", "*").env_remove("PYTHONPATH");
    let ended = tokio::task::spawn_blocking(move || command.output());
    ended.await.expect("the thread ends").expect("the program starts")
}

fn printed(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grpcurl_finds_its_way() {
    let Some(grpcurl) = support::grpcurl() else { return };
    let server = Server::start(Settings::default()).await;
    server.upload(header("north"), support::bundles::files(TWO_CHILDREN_ONE_PLACE)).await.unwrap();
    let call = async |options: &[&str], asked: &[&str]| {
        let mut arguments = vec!["-plaintext".to_owned()];
        arguments.extend(options.iter().map(ToString::to_string));
        arguments.push(server.address.to_string());
        arguments.extend(asked.iter().map(ToString::to_string));
        run(&grpcurl, arguments).await
    };
    let listed = printed(&call(&[], &["list"]).await);
    for service in ["Gap", "Locality", "Matching", "Mismatch", "Planning"] {
        assert!(listed.contains(&format!("suffice.v1.{service}Service")), "{listed}");
    }
    assert!(listed.contains("grpc.health.v1.Health"), "{listed}");
    let described = printed(&call(&[], &["describe", ".suffice.v1.InlineLocality"]).await);
    assert!(described.contains(".suffice.v1.LocalitySettings"), "{described}");
    let healthy = printed(&call(&[], &["grpc.health.v1.Health/Check"]).await);
    assert!(healthy.contains("SERVING"), "{healthy}");
    let named = r#"{"name": "authorities/local/localities/north"}"#;
    let matched = printed(&call(&["-d", named], &["suffice.v1.MatchingService/Match"]).await);
    assert!(matched.contains("SOLVE_STATUS_OPTIMAL") && matched.contains("oak-lane"), "{matched}");
    let refused = call(&["-d", r#"{"name": "x"}"#], &["suffice.v1.MatchingService/Match"]).await;
    assert!(!refused.status.success());
    assert!(printed(&refused).contains("InvalidArgument"), "{}", printed(&refused));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_does_the_whole_job() {
    let Some(python) = support::python() else { return };
    let limits = Limits { message_bytes: 1 << 20, ..Settings::default().limits };
    let server = Server::start(Settings { limits, solver_threads: 1, ..Settings::default() }).await;
    let bundle = tempfile::tempdir().expect("a folder");
    for (name, bytes) in support::bundles::files(TWO_CHILDREN_ONE_PLACE) {
        std::fs::write(bundle.path().join(name), bytes).expect("a file");
    }
    server.upload(header("slow"), slow_to_match(6_000, 300)).await.unwrap();
    server.upload(header("play"), support::bundles::files(PLAY)).await.unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grpc/client.py");
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let arguments = vec![text(&script), server.address.to_string(), text(bundle.path())];
    let output = run(&python, arguments).await;
    assert!(output.status.success(), "{}", printed(&output));
    assert!(printed(&output).contains("18 checks held"), "{}", printed(&output));
    server.until(|service| service.solvers().running() + service.solvers().waiting() == 0).await;
    server.stop().await;
}
