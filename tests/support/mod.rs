//! What tests share that need something beside a Rust compiler: other programs, or the material beside the repository.
//!
//! Where such a thing is absent the test is skipped with a message, and CI counts it. A name in `SUFFICE_REQUIRE`
//! (`shared,python,pysal,grpcurl,postgres`) makes the skip a failure. A test begins so:
//!
//! ```text
//! let Some(shared) = support::shared() else { return };
//! ```

#![allow(dead_code, reason = "each test program uses its own part of this file")]

pub mod bundles;
pub mod tables;

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

/// What to do in a test that needs a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Run,
    Skip,
    /// It was required, by name.
    Fail,
}

pub fn verdict(what: &str, found: bool, required: &str) -> Verdict {
    match found {
        true => Verdict::Run,
        false if required.split(',').any(|name| name.trim() == what) => Verdict::Fail,
        false => Verdict::Skip,
    }
}

/// The line that CI counts. The name of the test ends it, so that a test that misses two things counts once.
pub fn skip_line(what: &str, test: &str) -> String {
    format!("SKIPPED: {what} is not here: {test}\n")
}

/// Whether `shared`, `python`, `pysal`, `grpcurl` or `postgres` is here; if not, the skip is noted, or fails.
pub fn require(what: &str) -> bool {
    match what {
        "shared" => shared().is_some(),
        "python" => python().is_some(),
        "pysal" => pysal().is_some(),
        "grpcurl" => grpcurl().is_some(),
        "postgres" => postgres().is_some(),
        other => panic!("no test knows how to look for {other:?}: add it to tests/support/mod.rs"),
    }
}

/// The folder of research and real data beside the repository.
pub fn shared() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    or_skip("shared", folder.is_dir().then_some(folder))
}

/// A Python with the gRPC packages of .ci/run.
pub fn python() -> Option<PathBuf> {
    or_skip("python", program("SUFFICE_PYTHON", &["-c", "import grpc, grpc_tools, grpc_health, grpc_reflection"]))
}

/// A Python with the packages of tests/support/pysal.txt, in an environment of its own. Only asked whether they are there:
/// to import them takes seconds.
pub fn pysal() -> Option<PathBuf> {
    let ask = "from importlib.metadata import version; version('access'); version('spopt')";
    or_skip("pysal", program("SUFFICE_PYSAL", &["-c", ask]))
}

pub fn grpcurl() -> Option<PathBuf> {
    or_skip("grpcurl", program("SUFFICE_GRPCURL", &["-version"]))
}

/// The address of a database that tests may fill and empty.
pub fn postgres() -> Option<String> {
    or_skip("postgres", env::var("SUFFICE_TEST_POSTGRES").ok())
}

/// The program named by a variable, where it runs with these arguments.
fn program(variable: &str, arguments: &[&str]) -> Option<PathBuf> {
    let path = PathBuf::from(env::var_os(variable)?);
    let output = Command::new(&path).args(arguments).output().ok()?;
    output.status.success().then_some(path)
}

/// Notes the skip where there is nothing: on standard error, and in the file that CI counts from.
fn or_skip<T>(what: &str, found: Option<T>) -> Option<T> {
    let required = env::var("SUFFICE_REQUIRE").unwrap_or_default();
    let test = thread::current().name().unwrap_or("a test").to_owned();
    match verdict(what, found.is_some(), &required) {
        Verdict::Run => {}
        Verdict::Fail => panic!("{what} is required (SUFFICE_REQUIRE={required}) and is not here"),
        Verdict::Skip => {
            let line = skip_line(what, &test);
            eprint!("{line}");
            if let Some(log) = env::var_os("SUFFICE_SKIP_LOG") {
                // One write a line: tests run side by side.
                let written = OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&log)
                    .and_then(|mut file| file.write_all(line.as_bytes()));
                written.unwrap_or_else(|error| panic!("the skip log {} cannot be written: {error}", log.display()));
            }
        }
    }
    found
}
