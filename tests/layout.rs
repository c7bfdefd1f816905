//! Proves the layout: a module imports only from below, and what must be absent is absent.
//!
//! The rules are in `layout/rules.rs`, the reading of source in `layout/source.rs`. The scanner is itself tested: each
//! rule is broken once by a small made-up source, and must be reported.

#[path = "layout/rules.rs"]
mod rules;
#[path = "layout/source.rs"]
mod source;

use std::fs;
use std::path::Path;

use rules::violations;
use source::Source;

#[test]
fn the_crate_keeps_its_layout() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(files.iter().any(|(file, _)| file == "domain/draft.rs"), "the source was found");
    let found = violations(&files);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the source folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("source is UTF-8");
            let file = path.strip_prefix(root).expect("it lies below the root").to_string_lossy().replace('\\', "/");
            files.push((file, text));
        }
    }
}

/// What is reported of made-up files; nothing where all is well.
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let files: Vec<(String, String)> = files.iter().map(|&(file, text)| (file.to_owned(), text.to_owned())).collect();
    assert_eq!(violations(&files), expected);
}

#[test]
fn an_import_from_above_is_reported_however_it_is_written() {
    let what = "domain/need.rs:2: domain may not import matching (crate::matching::Match)";
    check(&[("domain/need.rs", "//! x\nuse crate::matching::Match;")], &[what]);
    check(&[("domain/need.rs", "//! x\nuse crate::{matching::Match, domain::Id};")], &[what]);
    check(
        &[("domain/need.rs", "//! x\nfn f() { crate::matching::Match::new() }")],
        &["domain/need.rs:2: domain may not import matching (crate::matching::Match::new)"],
    );
    check(&[("domain/need.rs", "//! x\nuse super::super::matching::Match;")], &[what]);
    check(&[("domain/need.rs", "//! x\nuse crate :: matching\n :: Match;")], &[what]);
    check(&[("domain/need.rs", "//! x\nmod inner { use super::super::super::matching::Match; }")], &[what]);
    check(&[("domain/need.rs", "//! x\nmacro_rules! m { () => { $crate::matching::Match } }")], &[what]);
    check(
        &[("grpc/upload.rs", "pub use crate::cli::{Args, settings::{self, Limit}};")],
        &[
            "grpc/upload.rs:1: grpc may not import cli (crate::cli::Args)",
            "grpc/upload.rs:1: grpc may not import cli (crate::cli::settings)",
            "grpc/upload.rs:1: grpc may not import cli (crate::cli::settings::Limit)",
        ],
    );
}

#[test]
fn an_import_from_below_is_fine() {
    check(
        &[
            ("lib.rs", "pub mod domain; pub use engine::Engine;"),
            ("main.rs", "fn main() { suffice::cli::run() }"),
            ("canon.rs", "use crate::domain::Locality;"),
            ("matching/assignment.rs", "use super::formulate::Plan; use crate::solve::Network;"),
            ("gaps.rs", "use crate::measures::equity; use crate::matching::Match;"),
            ("view/gaps.rs", "use crate::engine::Engine;"),
            ("grpc.rs", "use crate::service::Service; use crate::store::Store;"),
            ("cli/serve.rs", "use crate::telemetry::start; use crate::grpc::serve;"),
        ],
        &[],
    );
}

#[test]
fn a_module_without_a_level_is_reported() {
    check(
        &[("helpers.rs", "")],
        &["helpers.rs:1: the module helpers has no level: give it one in tests/layout/rules.rs"],
    );
    check(
        &[("gaps.rs", "use crate::Need;")],
        &["gaps.rs:1: crate::Need is in no module: import it from where it lives"],
    );
}

#[test]
fn each_table_row_of_the_design_is_kept() {
    let pairs = [
        ("solve", "domain", false),
        ("domain", "solve", false),
        ("measures", "domain", false),
        ("canon", "eligibility", false),
        ("generate", "domain", true),
        ("generate", "import", false),
        ("eligibility", "solve", false),
        ("matching", "measures", false),
        ("matching", "gaps", false),
        ("gaps", "matching", true),
        ("gaps", "planning", false),
        ("planning", "gaps", true),
        ("planning", "engine", false),
        ("engine", "planning", true),
        ("engine", "view", false),
        ("view", "engine", true),
        ("import", "matching", false),
        ("import", "store", false),
        ("store", "view", true),
        ("report", "gaps", false),
        ("service", "grpc", false),
        ("service", "report", true),
        ("grpc", "service", true),
        ("service", "cli", false),
        ("telemetry", "cli", true),
    ];
    for (from, to, fine) in pairs {
        let (file, text) = (format!("{from}.rs"), format!("use crate::{to}::Thing;"));
        let found = violations(&[(file, text)]);
        assert_eq!(found.is_empty(), fine, "{from} imports {to}: {found:?}");
    }
}

#[test]
fn globs_of_our_own_modules_are_reported() {
    check(&[("gaps.rs", "use crate::domain::*;")], &["gaps.rs:1: import by name, not crate::domain::*"]);
    check(&[("gaps.rs", "pub use self::causes::*;")], &["gaps.rs:1: import by name, not crate::gaps::causes::*"]);
    check(&[("cli.rs", "use clap::builder::*;")], &[]);
}

#[test]
fn crates_stay_where_they_belong() {
    let cases = [
        ("use tonic::Status;", "service.rs", "grpc.rs"),
        ("fn f(s: tonic_types::StatusExt) {}", "cli.rs", "grpc/status.rs"),
        ("#[derive(prost::Message)] struct S;", "view.rs", "grpc/wire.rs"),
        ("use ::prost_types::Any;", "view.rs", "grpc/wire.rs"),
        ("use sqlx as db;", "service.rs", "store/sqlite.rs"),
        ("use good_lp::Solution;", "solve/flow.rs", "solve/mip.rs"),
        ("extern crate highs;", "planning.rs", "solve/mip.rs"),
        ("use petgraph::Graph;", "eligibility/pairs.rs", "eligibility/ecology.rs"),
        ("use clap::Parser;", "telemetry.rs", "cli/args.rs"),
        ("#[derive(serde::Serialize)] struct S;", "domain/need.rs", "view/need.rs"),
        ("use {serde::Serialize, std::fmt};", "engine.rs", "report.rs"),
        ("fn f() { toml::from_str(0) }", "domain/policy.rs", "import/settings.rs"),
    ];
    for (text, wrong, right) in cases {
        let found = |file: &str| violations(&[(file.to_owned(), text.to_owned())]);
        assert_eq!(found(wrong).len(), 1, "{text} in {wrong}: {:?}", found(wrong));
        assert_eq!(found(right), Vec::<String>::new(), "{text} in {right}");
    }
    check(&[("cli.rs", "mod csv; fn f() { csv::write() }")], &[]);
}

#[test]
fn below_the_engine_there_is_no_outside() {
    let cases = [
        "use std::fs;",
        "use std::{fmt, fs::File};",
        "fn f() { std::env::var(0); }",
        "use std::net::TcpStream;",
        "use std::time::Instant;",
        "use std::time::{Duration, SystemTime};",
        "fn f() { Timestamp::now(); }",
        "use tokio::sync::Mutex;",
        "async fn f() {}",
        "fn f() { g().await }",
        "fn f() { thread::spawn(g) }",
        "fn f() { std::thread::scope(g) }",
        "fn f() { rayon::spawn(g) }",
        "use rayon::prelude::*;",
        "use std::hash::RandomState;",
        "fn f() { let m: HashMap<u8, u8> = make(); }",
        "struct S { seen: std::collections::HashSet<u8> }",
        "fn f() { println!(0) }",
    ];
    for text in cases {
        let found = |file: &str| violations(&[(file.to_owned(), text.to_owned())]);
        for below in ["domain/x.rs", "solve/x.rs", "measures.rs", "generate/x.rs", "matching.rs", "planning/x.rs"] {
            assert_eq!(found(below).len(), 1, "{text} in {below}: {:?}", found(below));
        }
        assert_eq!(found("import/x.rs"), Vec::<String>::new(), "{text} above the engine");
    }
}

#[test]
fn what_only_resembles_the_outside_is_fine() {
    let text = r##"
        //! Reads no std::fs and no clock; see crate::matching.
        use std::collections::HashMap;
        use std::time::Duration;
        use rayon::prelude::*;
        /* tokio::spawn /* nested */ async fn */
        struct Async<'a> { fs: &'a str }
        fn f(pool: &rayon::ThreadPool) {
            let seen: HashMap<u8, u8> = HashMap::new(); // lookup only
            // lookup only: asked by id, never walked
            let other: HashMap<u8, u8> = make();
            let text = "std::fs::read and use tonic::Status; \" async fn";
            let raw = r#"use crate::cli::Args; "quoted" HashMap"#;
            let (quote, slash) = ('"', '\'');
            let version = env!("CARGO_PKG_VERSION");
            self.env.await_count();
            pool.install(|| seen.fs());
        }
    "##;
    check(&[("gaps/x.rs", text)], &[]);
}

#[test]
fn an_excuse_covers_its_line_alone() {
    let text = "fn f() {\n let a = HashMap::new(); // lookup only\n let b = HashMap::new();\n}";
    check(&[("gaps.rs", text)], &["gaps.rs:3: HashMap has no order: use BTreeMap, or say `// lookup only`"]);
}

#[test]
fn an_excuse_at_the_import_covers_the_file() {
    let text = "// lookup only: never walked\nuse std::collections::HashMap;\nfn f() { let a = HashMap::new(); }";
    check(&[("gaps.rs", text)], &[]);
    let other = "use std::collections::HashMap; // lookup only\nfn f() { let a = HashSet::new(); }";
    check(&[("gaps.rs", other)], &["gaps.rs:2: HashSet has no order: use BTreeSet, or say `// lookup only`"]);
}

#[test]
fn effort_is_named_wherever_work_is_done() {
    check(&[("eligibility/pairs.rs", "use crate::solve::{Effort, StopReason};")], &[]);
    check(
        &[("eligibility/pairs.rs", "use crate::solve::{Effort, Network};")],
        &["eligibility/pairs.rs:1: eligibility may not import solve (crate::solve::Network)"],
    );
    check(&[("domain/check.rs", "use crate::solve::Effort;")], &[]);
    check(
        &[("domain/check.rs", "use crate::solve::Flow;")],
        &["domain/check.rs:1: domain may not import solve (crate::solve::Flow)"],
    );
}

#[test]
fn code_for_tests_is_left_out_and_code_after_it_is_not() {
    let text = "
        #[cfg(test)]
        mod tests { use std::fs; fn f() { if true { } } }
        #[cfg(test)]
        mod cases;
        #[cfg(all(test, feature = \"x\"))]
        #[allow(unused)]
        fn helper() -> [u8; 2] { std::env::var(0) }
        #[cfg(not(test))]
        use tokio::time;
    ";
    let files = [("solve.rs", text), ("solve/cases.rs", "use std::fs;"), ("solve/cases/more.rs", "use std::fs;")];
    check(&files, &["solve.rs:10: tokio::time is async, which nothing below the engine does"]);
    check(&[("solve/a.rs", "#![cfg(test)]\nuse std::fs;")], &[]);
    check(
        &[("solve/a.rs", "use std::fs;\n#[cfg(test)] mod tests {}")],
        &["solve/a.rs:1: std::fs reads or writes files, which nothing below the engine does"],
    );
}

#[test]
fn the_check_shares_nothing_with_the_solvers() {
    let root = ("solve.rs", "pub mod flow; pub use flow::{Basis, tree::Tree}; pub use self::outcome::Flow;");
    check(
        &[root, ("solve/check.rs", "use super::{Flow, Tree};")],
        &["solve/check.rs:1: the check imports crate::solve::Tree from what it checks"],
    );
    check(&[root, ("solve/check.rs", "use super::{Flow, Network}; use super::outcome::Prices;")], &[]);
    check(
        &[root, ("solve/check.rs", "use super::flow::Basis;")],
        &["solve/check.rs:1: the check imports crate::solve::flow::Basis from what it checks"],
    );
    check(
        &[("solve/check.rs", "fn f() { crate::solve::mip::solve() }")],
        &["solve/check.rs:1: the check imports crate::solve::mip::solve from what it checks"],
    );
    let renamed = ("solve.rs", "pub use self::flow::{Basis};");
    check(
        &[renamed, ("solve/check.rs", "use super::Basis;")],
        &["solve/check.rs:1: the check imports crate::solve::Basis from what it checks"],
    );
}

#[test]
fn the_reader_follows_paths_to_where_they_lead() {
    let source = Source::read("matching/standing.rs", "use super::{self, options::Find}; use self::swap::Swap as S;");
    let seen: Vec<String> = source.paths.iter().map(|path| path.text()).collect();
    assert_eq!(seen, ["crate::matching", "crate::matching::options::Find", "crate::matching::standing::swap::Swap"]);
    let source = Source::read("cli.rs", "impl<'a> A<'a> { fn f(c: char) -> impl I + use<'a> { ::std::mem::take(c) } }");
    let seen: Vec<String> = source.paths.iter().map(|path| path.text()).collect();
    assert_eq!(seen, ["std::mem::take"]);
}
