//! What can be asked of the program, and the ladder that asks for all of it in children of its own.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::{Value, json};
use suffice::generate::locality::{Options, locality};
use suffice::import::bundle;

use super::support::bundles::{Policy, draft};
use super::support::known::generate;
use super::support::rung::Size;
use super::support::{Numbers, Objective, Rung};
use super::{england, explain, measures, order, solve, standing, whole};

pub const USAGE: &str = "\
usage: large [--threads N] JOB
  ladder [RUNG ...]                 every measurement of these rungs, medians of three (S-1, M-1 and L-1 if none named)
  instance RUNG FILE                write an instance in the binary form of benches/peers/README.md
  bundle RUNG POLICY FOLDER         write it as a bundle; POLICY is blended or default-order
  solve RUNG OBJECTIVE [FILE]       solve it once; OBJECTIVE is need, blended or need-then-cost
  default-order RUNG                solve it under the default policy
  standing RUNG                     a thousand changes of one row each, from the standing answer
  whole NAME FOLDER                 from the files of a bundle to the JSON of its answer
  explain NAME FOLDER               all worths, causes and deficient sets of a bundle
  measures NAME FOLDER              each section of `suffice gaps` and `suffice measure` beyond the matching
  place CHILDREN FOLDER             write a made-up place with receipts, declines, groups and deprivation ranks
  england CSV OFFERS POLICY FOLDER  write a bundle of the cohorts of a population file and so many made-up offers
RUNG is S, M, L or XL with a seed, such as XL-1. --threads 0, the default, is one for each processor.";

pub struct Job {
    threads: usize,
    what: What,
}

enum What {
    Ladder(Vec<Rung>),
    Instance { rung: Rung, file: PathBuf },
    Bundle { rung: Rung, policy: Policy, folder: PathBuf },
    Solve { rung: Rung, objective: Objective, file: Option<PathBuf> },
    DefaultOrder { rung: Rung },
    Standing { rung: Rung },
    Whole { name: String, folder: PathBuf },
    Explain { name: String, folder: PathBuf },
    Measures { name: String, folder: PathBuf },
    Place { children: u64, folder: PathBuf },
    England { population: PathBuf, offers: u64, policy: Policy, folder: PathBuf },
}

impl Job {
    pub fn understand(words: &[String]) -> Result<Job, String> {
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut threads = 0;
        if let ["--threads", count, rest @ ..] = words.as_slice() {
            threads = count.parse().map_err(|_| format!("{count:?} is no number of threads"))?;
            words = rest.to_vec();
        }
        let what = match words.as_slice() {
            [] => What::Ladder(Rung::OFTEN.to_vec()),
            ["ladder", rungs @ ..] => What::Ladder(rungs.iter().map(|word| rung(word)).collect::<Result<_, _>>()?),
            ["instance", word, file] => What::Instance { rung: rung(word)?, file: PathBuf::from(file) },
            ["bundle", word, policy, folder] => {
                What::Bundle { rung: rung(word)?, policy: self::policy(policy)?, folder: PathBuf::from(folder) }
            }
            ["solve", word, objective] => What::Solve { rung: rung(word)?, objective: objective.parse()?, file: None },
            ["solve", word, objective, file] => {
                What::Solve { rung: rung(word)?, objective: objective.parse()?, file: Some(PathBuf::from(file)) }
            }
            ["default-order", word] => What::DefaultOrder { rung: rung(word)? },
            ["standing", word] => What::Standing { rung: rung(word)? },
            ["whole", name, folder] => What::Whole { name: (*name).to_owned(), folder: PathBuf::from(folder) },
            ["explain", name, folder] => What::Explain { name: (*name).to_owned(), folder: PathBuf::from(folder) },
            ["measures", name, folder] => What::Measures { name: (*name).to_owned(), folder: PathBuf::from(folder) },
            ["place", children, folder] => What::Place {
                children: children.parse().map_err(|_| format!("{children:?} is no number of children"))?,
                folder: PathBuf::from(folder),
            },
            ["england", population, offers, policy, folder] => What::England {
                population: PathBuf::from(population),
                offers: offers.parse().map_err(|_| format!("{offers:?} is no number of offers"))?,
                policy: self::policy(policy)?,
                folder: PathBuf::from(folder),
            },
            other => return Err(format!("not a job: {}", other.join(" "))),
        };
        Ok(Job { threads, what })
    }

    pub fn run(self) {
        let Job { threads, what } = self;
        match what {
            What::Ladder(rungs) => rungs.into_iter().for_each(|rung| ladder(rung, threads)),
            What::Instance { rung, file } => println!("{}", write_instance(rung, &file)),
            What::Bundle { rung, policy, folder } => write_bundle(rung, policy, &folder),
            What::Solve { rung, objective, file } => {
                // Written by a child, so that the generator's memory does not count.
                let file = file.unwrap_or_else(|| instance_file(rung));
                println!("{}", solve::run(rung, objective, &file, threads));
            }
            What::DefaultOrder { rung } => println!("{}", order::run(rung, threads)),
            What::Standing { rung } => println!("{}", standing::run(rung, threads)),
            What::Whole { name, folder } => println!("{}", whole::run(&name, &folder, threads)),
            What::Explain { name, folder } => println!("{}", explain::run(&name, &folder, threads)),
            What::Measures { name, folder } => println!("{}", measures::run(&name, &folder, threads)),
            What::Place { children, folder } => write_place(children, &folder),
            What::England { population, offers, policy, folder } => {
                england::write(&population, offers, policy, &folder)
            }
        }
    }
}

/// Threads for one measurement: `count`, or one for each processor.
pub fn threads(count: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(count).build().expect("threads can be had")
}

fn rung(word: &str) -> Result<Rung, String> {
    let (size, seed) = word.split_once('-').ok_or_else(|| format!("{word:?} is no rung: write XL-1"))?;
    let size: Size = size.parse()?;
    Ok(Rung { size, seed: seed.parse().map_err(|_| format!("{seed:?} is no seed"))? })
}

fn policy(word: &str) -> Result<Policy, String> {
    match word {
        "blended" => Ok(Policy::Blended),
        "default-order" => Ok(Policy::DefaultOrder),
        _ => Err(format!("{word:?} is no policy: blended or default-order")),
    }
}

/// Writes an instance; the row says what it is, so that other programs can tell whether they read the same.
fn write_instance(rung: Rung, file: &Path) -> Value {
    let instance = generate(rung);
    let opened = File::create(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut opened = BufWriter::with_capacity(1 << 20, opened);
    let written = Numbers::of(&instance).write(&mut opened).and_then(|()| opened.flush());
    written.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    json!({
        "rung": rung.to_string(), "needs": instance.needs.len(), "services": instance.services.len(),
        "arcs": instance.arcs.service.len(), "arc_checksum": format!("{:016x}", instance.arc_checksum()),
    })
}

fn write_bundle(rung: Rung, policy: Policy, folder: &Path) {
    bundle::write_dir(&draft(rung, policy), folder, true).unwrap_or_else(|error| panic!("{error}"));
}

/// A place as `suffice generate --children` makes it up.
fn write_place(children: u64, folder: &Path) {
    let options = Options::new(1, children).unwrap_or_else(|error| panic!("{error}"));
    bundle::write_dir(&locality(&options), folder, true).unwrap_or_else(|error| panic!("{error}"));
}

/// Where this program keeps what it wrote, beside its own file.
fn kept(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a program knows where it is");
    let folder = own.parent().expect("a file lies in a folder").join("bench-input");
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder.join(name)
}

fn instance_file(rung: Rung) -> PathBuf {
    let file = kept(&format!("{rung}.bin"));
    if !file.exists() {
        // First under another name: a file that is there is whole.
        let unfinished = kept(&format!("{rung}.unfinished"));
        child(0, &["instance", &rung.to_string(), &unfinished.to_string_lossy()]);
        fs::rename(&unfinished, &file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    file
}

/// Runs a job in a process of its own; the JSON line that it prints, or Null where it prints none.
fn child(threads: usize, words: &[&str]) -> Value {
    let own = std::env::current_exe().expect("a program knows where it is");
    let output = Command::new(own).args(["--threads", &threads.to_string()]).args(words).output();
    let output = output.expect("the program can start itself");
    assert!(output.status.success(), "{}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// Everything measured of a rung, a line each: the median of three by seconds.
fn ladder(rung: Rung, threads: usize) {
    let name = rung.to_string();
    let file = instance_file(rung);
    let file = file.to_string_lossy();
    for objective in Objective::ALL {
        println!("{}", median(threads, &["solve", &name, &objective.to_string(), &file], "solve_s"));
    }
    println!("{}", median(threads, &["default-order", &name], "solve_s"));
    println!("{}", child(threads, &["standing", &name]));
    for policy in ["blended", "default-order"] {
        let folder = kept(&format!("{name}-{policy}"));
        let folder = folder.to_string_lossy();
        child(threads, &["bundle", &name, policy, &folder]);
        let title = format!("{name} {policy}");
        println!("{}", median(threads, &["whole", &title, &folder], "whole_s"));
        println!("{}", median(threads, &["explain", &title, &folder], "on_top_s"));
    }
}

fn median(threads: usize, words: &[&str], by: &str) -> Value {
    let mut rows: Vec<Value> = (0..3).map(|_| child(threads, words)).collect();
    rows.sort_by(|a, b| a[by].as_f64().unwrap_or(f64::NAN).total_cmp(&b[by].as_f64().unwrap_or(f64::NAN)));
    rows.swap_remove(1)
}
