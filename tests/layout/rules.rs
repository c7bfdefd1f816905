//! The rules of the layout: who may import whom, and what must be absent where.

use crate::source::{Path, Source};

/// A module of the crate and those it may import.
struct Module {
    name: &'static str,
    imports: Imports,
}

enum Imports {
    /// These and no others.
    Only(&'static [&'static str]),
    /// Every module that stands above it in [`MODULES`].
    Lower,
    Anything,
}

/// Lowest first, as in the table of ARCHITECTURE.md.
const MODULES: &[Module] = &[
    Module { name: "domain", imports: Imports::Only(&[]) },
    Module { name: "solve", imports: Imports::Only(&[]) },
    Module { name: "measures", imports: Imports::Only(&[]) },
    Module { name: "canon", imports: Imports::Only(&["domain"]) },
    Module { name: "generate", imports: Imports::Only(&["domain"]) },
    Module { name: "eligibility", imports: Imports::Only(&["domain"]) },
    Module { name: "matching", imports: Imports::Only(&["domain", "eligibility", "solve"]) },
    Module { name: "gaps", imports: Imports::Only(&["domain", "solve", "measures", "eligibility", "matching"]) },
    Module {
        name: "planning",
        imports: Imports::Only(&["domain", "solve", "measures", "eligibility", "matching", "gaps"]),
    },
    Module { name: ENGINE, imports: Imports::Lower },
    Module { name: "view", imports: Imports::Lower },
    Module { name: "import", imports: Imports::Only(&["domain", "canon", "engine", "view"]) },
    Module { name: "store", imports: Imports::Only(&["domain", "canon", "engine", "view"]) },
    Module { name: "report", imports: Imports::Only(&["domain", "canon", "engine", "view"]) },
    Module { name: "service", imports: Imports::Lower },
    Module { name: "grpc", imports: Imports::Lower },
    Module { name: "cli", imports: Imports::Anything },
    Module { name: "telemetry", imports: Imports::Anything },
];

const ENGINE: &str = "engine";

/// How much work may be done is passed down into every loop, so these may be named wherever work is done.
const EFFORT: &[&str] = &["effort", "Effort", "Observer", "Progress", "StopReason", "Watch"];
const LOWEST_WITH_EFFORT: &str = "domain";

/// An outside crate, by the first word of its paths, and the only places that name it.
struct Kept {
    crates: &'static [&'static str],
    /// Files, or folders with a closing `/`.
    places: &'static [&'static str],
}

const KEPT: &[Kept] = &[
    Kept {
        crates: &[
            "tonic",
            "tonic_health",
            "tonic_prost",
            "tonic_reflection",
            "tonic_types",
            "tonic_web",
            "prost",
            "prost_types",
        ],
        places: &["grpc.rs", "grpc/"],
    },
    Kept { crates: &["sqlx"], places: &["store.rs", "store/"] },
    Kept { crates: &["good_lp", "highs"], places: &["solve/mip.rs"] },
    Kept { crates: &["petgraph"], places: &["eligibility/ecology.rs"] },
    Kept { crates: &["clap", "clap_complete"], places: &["cli.rs", "cli/"] },
    Kept {
        crates: &["serde", "serde_json", "csv", "toml", "encoding_rs"],
        places: &[
            "view.rs",
            "view/",
            "import.rs",
            "import/",
            "store.rs",
            "store/",
            "report.rs",
            "report/",
            "service.rs",
            "service/",
            "grpc.rs",
            "grpc/",
            "cli.rs",
            "cli/",
            "telemetry.rs",
            "telemetry/",
        ],
    },
];

/// What the modules below the engine do not name, and why.
const BELOW_ENGINE_PATHS: &[(&[&str], &str)] = &[
    (&["std", "fs"], "reads or writes files"),
    (&["std", "env"], "reads the environment"),
    (&["std", "net"], "opens the network"),
    (&["std", "process"], "ends or starts processes"),
    (&["std", "time", "Instant"], "reads the clock"),
    (&["std", "time", "SystemTime"], "reads the clock"),
    (&["std", "time", "UNIX_EPOCH"], "reads the clock"),
    (&["std", "thread"], "starts threads of its own"),
    (&["tokio"], "is async"),
    (&["tokio_stream"], "is async"),
    (&["tokio_util"], "is async"),
    (&["rayon", "spawn"], "uses the global thread pool"),
    (&["rayon", "ThreadPoolBuilder"], "makes a thread pool; Effort brings one"),
    (&["tempfile"], "writes files"),
    (&["rand"], "is random; generate::draws is seeded"),
];

const BELOW_ENGINE_TOKENS: &[(&[&str], &str)] = &[
    (&["async"], "async"),
    (&[".", "await"], "await"),
    (&["thread", "::", "spawn"], "starts a thread of its own"),
    (&["Instant", "::", "now"], "reads the clock"),
    (&["SystemTime", "::", "now"], "reads the clock"),
    // jiff's clocks.
    (&["Zoned", "::", "now"], "reads the clock"),
    (&["Timestamp", "::", "now"], "reads the clock"),
    (&["RandomState"], "hashes by chance"),
    (&["build_global"], "uses the global thread pool"),
    (&["println", "!"], "prints"),
    (&["eprintln", "!"], "prints"),
];

/// What is wrong, with file and line.
pub fn violations(files: &[(String, String)]) -> Vec<String> {
    let read: Vec<Source> = files.iter().map(|(file, text)| Source::read(file, text)).collect();
    let is_test = |file: &str| {
        let of_tests = |name: &String| file == name || (name.ends_with('/') && file.starts_with(name.as_str()));
        read.iter().any(|source| source.test_files.iter().any(of_tests))
    };
    let shipped: Vec<&Source> = read.iter().filter(|source| !is_test(&source.file)).collect();
    let mut found = Vec::new();
    for source in &shipped {
        imports(source, &mut found);
        globs(source, &mut found);
        kept_crates(source, &mut found);
        if below_engine(source) {
            absences(source, &mut found);
        }
        if source.file == "solve/check.rs" {
            check_stands_alone(source, &shipped, &mut found);
        }
    }
    found.sort();
    found.dedup();
    found
}

fn report(found: &mut Vec<String>, source: &Source, line: usize, what: String) {
    found.push(format!("{}:{line}: {what}", source.file));
}

fn position(module: &str) -> Option<usize> {
    MODULES.iter().position(|row| row.name == module)
}

fn below_engine(source: &Source) -> bool {
    let rank = source.module.first().and_then(|module| position(module));
    rank.is_some_and(|rank| Some(rank) < position(ENGINE))
}

fn imports(source: &Source, found: &mut Vec<String>) {
    // `lib.rs` and `main.rs` stand above everything.
    let Some(own) = source.module.first() else { return };
    let Some(rank) = position(own) else {
        return report(
            found,
            source,
            1,
            format!("the module {own} has no level: give it one in tests/layout/rules.rs"),
        );
    };
    let allowed = |other: &str| match &MODULES[rank].imports {
        Imports::Only(names) => names.contains(&other),
        Imports::Lower => position(other).is_some_and(|other| other < rank),
        Imports::Anything => true,
    };
    for path in source.paths.iter().filter(|path| path.own) {
        let Some(other) = path.segments.first().filter(|other| *other != own) else { continue };
        let effort = other == "solve" && path.segments.get(1).is_some_and(|name| EFFORT.contains(&name.as_str()));
        if effort && position(LOWEST_WITH_EFFORT) <= Some(rank) {
            continue;
        }
        if position(other).is_none() {
            report(found, source, path.line, format!("{} is in no module: import it from where it lives", path.text()));
        } else if !allowed(other) {
            report(found, source, path.line, format!("{own} may not import {other} ({})", path.text()));
        }
    }
}

fn globs(source: &Source, found: &mut Vec<String>) {
    for path in source.paths.iter().filter(|path| path.own && path.segments.last().is_some_and(|last| last == "*")) {
        report(found, source, path.line, format!("import by name, not {}", path.text()));
    }
}

fn kept_crates(source: &Source, found: &mut Vec<String>) {
    for kept in KEPT {
        let at_home = kept.places.iter().any(|place| match place.ends_with('/') {
            true => source.file.starts_with(place),
            false => source.file == *place,
        });
        for name in kept.crates.iter().filter(|_| !at_home) {
            for path in outside(source, &[name]) {
                report(found, source, path.line, format!("{name} is named only in {}", kept.places.join(", ")));
            }
        }
    }
}

fn outside<'a>(source: &'a Source, prefix: &'a [&'a str]) -> impl Iterator<Item = &'a Path> {
    source.paths.iter().filter(move |path| !path.own && path.starts_with(prefix))
}

fn absences(source: &Source, found: &mut Vec<String>) {
    for (prefix, why) in BELOW_ENGINE_PATHS {
        for path in outside(source, prefix) {
            report(found, source, path.line, format!("{} {why}, which nothing below the engine does", path.text()));
        }
    }
    for (tokens, why) in BELOW_ENGINE_TOKENS {
        for line in source.find(tokens) {
            report(found, source, line, format!("{} {why}: nothing below the engine does", tokens.join("")));
        }
    }
    for name in ["HashMap", "HashSet"] {
        // The reason stands at the import, for the whole file, or where a map is made or kept.
        let import = |path: &&Path| path.imported && path.segments.last().is_some_and(|last| last == name);
        let imports: Vec<usize> = source.paths.iter().filter(import).map(|path| path.line).collect();
        if imports.iter().any(|line| source.excused.contains(line)) {
            continue;
        }
        for line in source.find(&[name]).filter(|line| !imports.contains(line) && !source.excused.contains(line)) {
            let what = format!("{name} has no order: use BTree{}, or say `// lookup only`", &name[4..]);
            report(found, source, line, what);
        }
    }
    // Rayon's parallel iterators run on the pool they are called in; a file that uses them has to bring one.
    let brings_pool = source.find(&[".", "install", "("]).next().is_some();
    for path in outside(source, &["rayon"]).filter(|path| path.imported && !brings_pool) {
        if path.segments.get(1).is_some_and(|second| ["prelude", "iter", "join", "scope"].contains(&second.as_str())) {
            let what = format!("{} without `.install(` would run on the global thread pool", path.text());
            report(found, source, path.line, what);
        }
    }
}

/// The verifier shares no code with what it verifies, under whatever name.
fn check_stands_alone(check: &Source, all: &[&Source], found: &mut Vec<String>) {
    const SOLVERS: [&str; 3] = ["flow", "program", "mip"];
    let from_solver = |path: &Path| {
        path.own && path.segments.len() > 1 && path.segments[0] == "solve" && SOLVERS.contains(&&*path.segments[1])
    };
    let root = all.iter().filter(|source| source.file == "solve.rs");
    let exported: Vec<&str> = root
        .flat_map(|source| &source.paths)
        .filter(|path| path.public && from_solver(path))
        .filter_map(|path| path.segments.last().map(String::as_str))
        .collect();
    for path in check.paths.iter().filter(|path| path.own) {
        let renamed = path.segments.len() > 1 && path.segments[0] == "solve" && exported.contains(&&*path.segments[1]);
        if from_solver(path) || renamed {
            let what = format!("the check imports {} from what it checks", path.text());
            report(found, check, path.line, what);
        }
    }
}
