//! Bundles as text that a colleague can check by hand, and the one way from there to an answer.

use suffice::domain::BadRows;
use suffice::engine::{Loaded, Resident};
use suffice::import::bundle::read_files;
use suffice::solve::Effort;

/// A bundle out of text: `== name` begins a file, its lines follow. Spaces round cells are fine in a bundle, so tables
/// can be aligned. `locality.toml`, `areas.csv` and `kinds.csv` have small defaults.
pub fn files(text: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix("== ") {
            Some(name) => files.push((name.to_owned(), String::new())),
            None => {
                let (_, body) = files.last_mut().expect("a bundle's text begins with == and a file's name");
                body.push_str(line);
                body.push('\n');
            }
        }
    }
    let defaults = [
        ("locality.toml", "name = \"Test\"\nreference_date = 2024-06-30\nperiod = 2024\ncoordinates = \"metres\"\n"),
        ("areas.csv", "area,name,x,y\na,Area A,0,0\nb,Area B,1000,0\n"),
        ("kinds.csv", "kind,label,layer,domain\nk,A kind,individual,health\nl,Another,micro,family\n"),
    ];
    for (name, body) in defaults {
        if files.iter().all(|(given, _)| given != name) {
            files.push((name.to_owned(), body.to_owned()));
        }
    }
    files.into_iter().map(|(name, body)| (name, body.into_bytes())).collect()
}

/// Loads a bundle that must be fine.
pub fn load(text: &str) -> Loaded {
    let effort = Effort::unlimited();
    let draft = read_files(files(text), &effort).unwrap_or_else(|refused| panic!("{}", say(&refused.problems())));
    Resident::load(draft, BadRows::Refuse, &effort).unwrap_or_else(|refused| panic!("{}", say(&refused.problems())))
}

pub fn resident(text: &str) -> Resident {
    load(text).resident
}

fn say(problems: &[suffice::domain::Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
