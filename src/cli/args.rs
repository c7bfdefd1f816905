//! What was typed. Nothing here is judged yet: [`settings`](super::settings) says what was meant.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use super::serve::options::Options;

#[derive(Debug, Parser)]
#[command(
    name = "suffice",
    version,
    about = "Does what a place offers its children suffice for what they need?",
    long_about = "Does what a place offers its children suffice for what they need?\n\n\
        Suffice reads a bundle (a folder of CSV files with a locality.toml) that says which needs the children of a \
        place have and which services are on offer there, matches one to the other exactly, and says what is missing, \
        why and for whom. It recommends and explains; a person decides.",
    after_help = ENDINGS,
    max_term_width = 100
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

const ENDINGS: &str = "\
Start with `suffice demo`, which needs no files.

Exit codes:
  0    done
  1    the answer is no, or the input cannot be used (refused, not verified, not there)
  2    wrong use of the command line
  3    a fault in Suffice
  130  interrupted";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole job on a small made-up place
    Demo(Demo),
    /// Say whether a bundle can be used, and list everything that is wrong with it
    Check(Check),
    /// Match needs to places: the most need met, proved
    Match(Match),
    /// Say how much need goes unmet, why, for whom and where
    Gaps(Gaps),
    /// Measure how far what children receive follows what they need, and how evenly
    Measure(Measure),
    /// Say what changed between two localities, dates or definitions, how sure that is, and what moved it
    Compare(Compare),
    /// Say what to commission: most need for a budget, or a target at least cost, and what each choice closes
    Plan(Box<Plan>),
    /// Explain one need: what it gets, and what stands in the way at each offer
    Explain(Explain),
    /// Check a stored answer from scratch, without the solver that made it
    Verify(Verify),
    /// Make a bundle from public registers
    // Boxed for its size, as `serve` is: they have many more options than the rest.
    Import(Box<Import>),
    /// Make up a bundle: the same seed gives the same bundle everywhere
    Generate(Generate),
    /// Print the built-in tables: kinds of need, types of service and how they hang together
    Kinds(Kinds),
    /// Answer over gRPC, with health, reflection and gRPC-Web
    Serve(Box<Serve>),
    /// Print a completion script for a shell
    Completions(Completions),
}

/// The bundle that a command reads.
#[derive(Debug, Args)]
pub struct Bundle {
    /// Folder with locality.toml, areas.csv, needs.csv, services.csv and offers.csv
    #[arg(value_name = "BUNDLE")]
    pub path: PathBuf,

    /// Leave out rows that cannot be understood, instead of refusing the whole bundle; each stays in the answer with
    /// its reason
    #[arg(long)]
    pub set_aside: bool,
}

/// How the answer is sought.
#[derive(Debug, Args)]
pub struct Solving {
    /// Stop after this many seconds, reading the bundle included, and give the best answer so far, with what is proved
    /// about it
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub time_limit: Option<f64>,

    /// Which solver finds the answer; answers are equally good, and proved, either way
    #[arg(long, value_enum, default_value_t = Backend::Network)]
    pub backend: Backend,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// Suffice's own network simplex
    Network,
    /// The same problem as a linear or integer program, through good_lp: slower, for comparison
    Program,
}

/// Where the answer goes.
#[derive(Clone, Debug, Args)]
pub struct Output {
    /// Print one JSON document instead of a page
    #[arg(long)]
    pub json: bool,

    /// Also write the answer as files into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Let --out replace files of an earlier run; other files in the folder are kept
    #[arg(long, requires = "out")]
    pub force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  suffice demo                        the whole job as one story
  suffice demo --out demo             keep the made-up bundle and its answers, to try the other commands on
  suffice check demo/bundle           ... for example this one")]
pub struct Demo {
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  suffice check trafford              is the bundle in the folder trafford fit to be used?
  suffice check trafford --json       the same as one JSON document (schema suffice.check/1)
  suffice check trafford --set-aside  what would be left without the rows that cannot be understood?")]
pub struct Check {
    #[command(flatten)]
    pub bundle: Bundle,
    /// Stop after this many seconds
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub time_limit: Option<f64>,

    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  suffice match trafford              how much need can the places on offer meet?
  suffice match trafford --out answer
                                      also write answer/match.json, assignments.csv and prices.csv
  suffice match trafford --time-limit 60 --json
                                      at most a minute of search; one JSON document (suffice.match/1)")]
pub struct Match {
    #[command(flatten)]
    pub bundle: Bundle,
    #[command(flatten)]
    pub solving: Solving,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  suffice gaps trafford               how much need goes unmet, why, for whom and where?
  suffice gaps trafford --out answer  also write answer/gaps.json and unmet.csv (one row for each unmet need)
  suffice gaps trafford --cascade-by area
                                      at which step are children of each area lost?
  suffice gaps trafford --subgroup kind=speech-language,ages=4-7 --subgroup sex=f,level=3
                                      ... and of these two groups
  suffice gaps trafford --ranges      which areas and groups are worse off than others, however places are given out?")]
pub struct Gaps {
    #[command(flatten)]
    pub bundle: Bundle,

    /// Also say at which step children of a subgroup are lost; may be repeated. Of kind, area (and all below it), level,
    /// ages, and the name of one group column
    #[arg(long, value_name = "NAME=VALUE,...")]
    pub subgroup: Vec<String>,

    /// Also say at which step children of each part are lost
    #[arg(long, value_name = "kind|area|level|age|GROUP")]
    pub cascade_by: Option<String>,

    /// For each row of the tables also how many are met at least and at most over all equally good answers; rows are
    /// ranked where these do not overlap
    #[arg(long)]
    pub ranges: bool,

    #[command(flatten)]
    pub solving: Solving,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  suffice measure trafford            need against receipt, equity and access, each with its source
  suffice measure --example perth-kinross
                                      the field's own example: 8,459 children, 2,176 in high need, 649 in services
  suffice measure trafford --json     the same as one JSON document (schema suffice.measure/1)")]
pub struct Measure {
    /// Folder with locality.toml, areas.csv, needs.csv, services.csv and offers.csv; receipts.csv says what children
    /// receive today
    #[arg(value_name = "BUNDLE", required_unless_present = "example", conflicts_with = "example")]
    pub path: Option<PathBuf>,

    /// Leave out rows that cannot be understood, instead of refusing the whole bundle; each stays in the answer with
    /// its reason
    #[arg(long, conflicts_with = "example")]
    pub set_aside: bool,

    /// Measure a published table that ships with the program
    #[arg(long, value_enum, value_name = "NAME")]
    pub example: Option<Example>,

    #[command(flatten)]
    pub solving: Solving,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  suffice compare trafford-2024 trafford-2025
                                      how many indicators improved, and did need, supply or the rules move them?
  suffice compare trafford trafford --after-policy wider.toml
                                      the same needs and places under another definition
  suffice compare trafford-2024 trafford-2025 --before-digest 3f2a9c01be44...
                                      refuse unless the first is exactly the locality that was cited")]
pub struct Compare {
    /// Folder of the locality as it was, or of the one compared with
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,

    /// Folder of the locality as it is, or of the other one
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,

    /// Read BEFORE with this policy.toml in place of its own
    #[arg(long, value_name = "FILE")]
    pub before_policy: Option<PathBuf>,

    /// Read AFTER with this policy.toml in place of its own: with the same folder twice, two definitions are compared
    #[arg(long, value_name = "FILE")]
    pub after_policy: Option<PathBuf>,

    /// Refuse to compare unless BEFORE, as it is read, has this digest (64 hexadecimal digits, or the first 12 or more)
    #[arg(long, value_name = "HEX")]
    pub before_digest: Option<String>,

    /// The same of AFTER
    #[arg(long, value_name = "HEX")]
    pub after_digest: Option<String>,

    /// Leave out rows that cannot be understood, instead of refusing the whole bundle; each stays in the answer with
    /// its reason
    #[arg(long)]
    pub set_aside: bool,

    #[command(flatten)]
    pub solving: Solving,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("goal").required(true).multiple(true).args(["budget", "fund", "target", "floor", "at_most"]),
    after_help = "\
Examples:
  suffice plan trafford --budget 25000000          what meets most weighted need for 250,000 pounds?
  suffice plan trafford --target 0.95 --floor area=0.8
                                      the least that meets 95 % of child-needs, with no area below 80 %
  suffice plan trafford --at-most 4 --objective travel
                                      the four candidates with the least travel, among those that meet most need
  suffice plan trafford --budget 25000000 --frontier 20 --scenario all --out plan
                                      one plan for every scenario, and what other budgets would buy

Candidates are in the bundle's candidates.csv, scenarios in its scenarios.csv. The exit code is 1 where what is asked
cannot be reached; the answer then says why, and what the best is that can be had."
)]
pub struct Plan {
    #[command(flatten)]
    pub bundle: Bundle,

    /// Most that all candidates together may cost, in whole pence
    #[arg(long, value_name = "PENCE", allow_negative_numbers = true)]
    pub budget: Option<i64>,

    /// Most that the candidates of a fund may cost, in whole pence; may be given for several funds
    #[arg(long, value_name = "FUND=PENCE")]
    pub fund: Vec<String>,

    /// Share of child-needs to be met at least cost, such as 0.95
    #[arg(long, value_name = "SHARE")]
    pub target: Option<String>,

    /// Share to be met of each part (area=0.8, kind=0.5, level=0.9, or a group column), or of one (area:E1=0.9); may be
    /// given several times
    #[arg(long, value_name = "OF[:VALUE]=SHARE")]
    pub floor: Vec<String>,

    /// Most candidates that may be chosen
    #[arg(long, value_name = "N")]
    pub at_most: Option<u32>,

    /// What is best: most weighted need met, or, of the plans that meet most, the least travel or the nearest farthest child
    #[arg(long, value_enum, default_value_t = Objective::Need)]
    pub objective: Objective,

    /// Make one plan for this scenario too, beside the need as it is recorded ("all": for each); may be given several times
    #[arg(long, value_name = "SCENARIO")]
    pub scenario: Vec<String>,

    /// Make one plan for the loss of this provider too; may be given several times
    #[arg(long, value_name = "PROVIDER")]
    pub lose: Vec<String>,

    /// Also say what other budgets would buy, at so many points
    #[arg(long, value_name = "POINTS", default_value_t = 0)]
    pub frontier: u32,

    /// Be content with a plan that is proved to lie within this share of the best, such as 0.01
    #[arg(long, value_name = "SHARE", default_value = "0")]
    pub gap: String,

    #[command(flatten)]
    pub solving: Solving,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Objective {
    /// Most weighted need met
    Need,
    /// Least travel of all children together
    Travel,
    /// Least travel of the farthest child
    Farthest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Example {
    /// Perth and Kinross, ages 9 to 15 (Morpeth, Evidence2Success)
    PerthKinross,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  suffice explain trafford n17        what does need n17 get, and what stands in the way elsewhere?
  suffice gaps trafford --out answer  lists the unmet needs and their ids in answer/unmet.csv")]
pub struct Explain {
    #[command(flatten)]
    pub bundle: Bundle,

    /// The need's id, as in needs.csv
    #[arg(value_name = "NEED")]
    pub need: String,

    #[command(flatten)]
    pub solving: Solving,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  suffice match trafford --out answer
  suffice verify trafford answer      does the stored answer fit the bundle, and is it as good as it claims?")]
pub struct Verify {
    #[command(flatten)]
    pub bundle: Bundle,

    /// Folder with match.json, assignments.csv and prices.csv, as `suffice match --out` writes them
    #[arg(value_name = "DIR")]
    pub answer: PathBuf,

    /// Stop after this many seconds
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub time_limit: Option<f64>,

    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("what").args(["children", "instance"]).required(true)),
    after_help = "\
Examples:
  suffice generate --children 5000 --seed 7 --out place
                                      a place of 5,000 made-up children
  suffice generate --instance 2000x100 --rscale 350 --out small
                                      a benchmark instance: 2,000 needs, 100 services, radii of 350 %"
)]
pub struct Generate {
    /// Make up a place with this many children
    #[arg(long, value_name = "N")]
    pub children: Option<u64>,

    /// Places of the made-up place, in per cent of the usual, which are scarce
    #[arg(long, value_name = "PERCENT", conflicts_with = "instance", default_value_t = 100)]
    pub places: u64,

    /// Make up a benchmark instance of N needs and M services
    #[arg(long, value_name = "NxM")]
    pub instance: Option<String>,

    /// Another seed, another bundle
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// Radii of the benchmark instance, in per cent of the built-in ones
    #[arg(long, value_name = "PERCENT", conflicts_with = "children", default_value_t = 100)]
    pub rscale: u64,

    /// Places of the benchmark instance, in per cent of its needs
    #[arg(long, value_name = "PERCENT", conflicts_with = "children", default_value_t = 70)]
    pub fill: u64,

    /// Put all needs of an area of the benchmark instance at the area's point
    #[arg(long, conflicts_with = "children")]
    pub snap: bool,

    /// Folder to write the bundle into
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Let --out replace an earlier bundle; files that are no part of a bundle are kept
    #[arg(long)]
    pub force: bool,

    /// Print one JSON document instead of a page
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  suffice kinds                       kinds of need, with layer, domain and ages
  suffice kinds --table meets         which type of service meets which kind of need
  suffice kinds --csv > kinds.csv     a kinds.csv of your own to start from")]
pub struct Kinds {
    /// Which table
    #[arg(long, value_enum, default_value_t = BuiltIn::Kinds)]
    pub table: BuiltIn,

    /// Print the table as CSV, with every column
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,

    /// Print one JSON document instead of a page
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BuiltIn {
    /// Kinds of need
    Kinds,
    /// Types of service
    Types,
    /// Which type of service meets which kind of need
    Meets,
    /// Which kind of need drives which
    Drives,
    /// Indicators and outcomes of each kind of need
    Outcomes,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  suffice serve                       serve this machine on port 50051 until Ctrl-C
  suffice serve --print-config        every setting as it would be used, as a file for --config
  SUFFICE_LISTEN=127.0.0.1:6000 suffice serve --config suffice.toml
                                      a flag goes before the environment, that before the file")]
pub struct Serve {
    /// File of settings, in TOML
    #[arg(long, value_name = "FILE", env = "SUFFICE_CONFIG", hide_env = true)]
    pub config: Option<PathBuf>,

    /// Print the settings that the server would run with, and end
    #[arg(long)]
    pub print_config: bool,

    #[command(flatten)]
    pub(super) options: Options,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  suffice completions bash > ~/.local/share/bash-completion/completions/suffice")]
pub struct Completions {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  suffice import --schools schools.csv --population population.csv --points points.csv \\
      --ages 4-10 --statutory-walking --name Trafford --reference-date 2024-06-30 --out trafford

Everyone of the ages given needs one thing (--kind), here a place at school. Walking distances are straight lines, so
more seems in reach than is. What could not be used is listed; nothing is guessed.")]
pub struct Import {
    /// Register of schools: the download of Get Information About Schools, or an extract of it. Without it the bundle
    /// has no services, to be filled in by hand
    #[arg(long, value_name = "FILE")]
    pub schools: Option<PathBuf>,

    /// Only schools of this authority, by the Department for Education's three digits, such as 358
    #[arg(long, value_name = "CODE", requires = "schools")]
    pub authority: Option<String>,

    /// Population by small area and single year of age: a column of area codes and one column for each age
    #[arg(long, value_name = "FILE")]
    pub population: PathBuf,

    /// Points of the areas: area code, longitude and latitude
    #[arg(long, value_name = "FILE")]
    pub points: PathBuf,

    /// What everyone of the ages needs
    #[arg(long, value_name = "KIND", default_value = "school-place")]
    pub kind: String,

    /// Ages of those who need it, both inclusive
    #[arg(long, value_name = "FROM-TO")]
    pub ages: String,

    /// How far a place may be, in kilometres
    #[arg(long, value_name = "KM", conflicts_with = "statutory_walking", allow_negative_numbers = true)]
    pub reach_km: Option<f64>,

    /// Two miles below the age of 8 and three from then on (Education Act 1996, section 444)
    #[arg(long)]
    pub statutory_walking: bool,

    /// Ranks of deprivation by area
    #[arg(long, value_name = "FILE",
        requires_all = ["deprivation_column", "deprivation_index", "deprivation_year", "areas_in_index"])]
    pub deprivation: Option<PathBuf>,

    /// Column of the rank (1 = most deprived)
    #[arg(long, value_name = "COLUMN", requires = "deprivation")]
    pub deprivation_column: Option<String>,

    /// Name of the index, such as IMD
    #[arg(long, value_name = "NAME", requires = "deprivation")]
    pub deprivation_index: Option<String>,

    /// Year of the index
    #[arg(long, value_name = "YEAR", requires = "deprivation")]
    pub deprivation_year: Option<i16>,

    /// How many areas the index ranks in all
    #[arg(long, value_name = "N", requires = "deprivation")]
    pub areas_in_index: Option<u32>,

    /// A rates.csv for further kinds of need, applied to the population
    #[arg(long, value_name = "FILE")]
    pub rates: Option<PathBuf>,

    /// Name of the place
    #[arg(long)]
    pub name: String,

    /// The day that the numbers are for, as YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub reference_date: String,

    /// Licence of the data, to be kept with the bundle
    #[arg(long)]
    pub licence: Option<String>,

    /// Folder to write the bundle into
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Let --out replace an earlier bundle; files that are no part of a bundle are kept
    #[arg(long)]
    pub force: bool,

    /// Print one JSON document instead of a page
    #[arg(long)]
    pub json: bool,
}
