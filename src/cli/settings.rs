//! What was meant: the arguments once they have been judged. After this everyone trusts them.

mod plan;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::ErrorKind;
use clap_complete::Shell;
use jiff::civil::Date;

use super::args::{self, Arguments, Backend, BuiltIn, Command};
use super::examples::{Example, PERTH_KINROSS};
use super::files::{Existing, OutFolder};
use super::output::Form;
use crate::domain::{AgeBand, BadRows, Id};
use crate::generate::{Options, OutOfRange, Params};
use crate::import::assemble::{self, Reach};
use crate::import::population::{self, Cohorts};
use crate::matching::Route;
use crate::service;
use crate::telemetry::Format;
use crate::view::gaps::{GapQuestions, GroupAsked, Ranges, SubgroupAsked};

pub(super) use plan::Plan;

/// What to do, and how to print the answer.
#[derive(Debug)]
pub struct Job {
    pub(super) form: Form,
    pub(super) task: Task,
}

impl Job {
    /// How the log looks, and what is logged where the environment does not say.
    pub fn log(&self) -> (Format, &'static str) {
        match &self.task {
            Task::Serve(serve) => (serve.log, "info"),
            _ => (Format::Text, "warn"),
        }
    }
}

#[derive(Debug)]
pub(super) enum Task {
    Demo(Demo),
    Check(Check),
    Match(Match),
    Gaps(Gaps),
    Measure(Measure),
    Compare(Compare),
    Plan(Box<Plan>),
    Explain(Explain),
    Verify(Verify),
    // Boxed for its size, as `Serve` is: they have many more settings than the rest.
    Import(Box<Import>),
    Generate(Generate),
    Kinds(Kinds),
    Serve(Box<Serve>),
    Completions(Shell),
}

#[derive(Debug)]
pub(super) struct Bundle {
    pub(super) path: PathBuf,
    pub(super) bad_rows: BadRows,
}

#[derive(Debug)]
pub(super) struct Solving {
    pub(super) route: Route,
    /// None: as long as it takes.
    pub(super) limit: Option<Duration>,
}

#[derive(Debug)]
pub(super) struct Demo {
    pub(super) out: Option<OutFolder>,
}

#[derive(Debug)]
pub(super) struct Check {
    pub(super) bundle: Bundle,
    /// None: as long as it takes.
    pub(super) limit: Option<Duration>,
    pub(super) out: Option<OutFolder>,
}

#[derive(Debug)]
pub(super) struct Match {
    pub(super) bundle: Bundle,
    pub(super) solving: Solving,
    pub(super) out: Option<OutFolder>,
}

#[derive(Debug)]
pub(super) struct Gaps {
    pub(super) bundle: Bundle,
    pub(super) questions: GapQuestions,
    pub(super) solving: Solving,
    pub(super) out: Option<OutFolder>,
}

#[derive(Debug)]
pub(super) struct Measure {
    pub(super) source: Source,
    pub(super) solving: Solving,
    pub(super) out: Option<OutFolder>,
}

#[derive(Debug)]
pub(super) struct Compare {
    pub(super) before: Compared,
    pub(super) after: Compared,
    pub(super) solving: Solving,
    pub(super) out: Option<OutFolder>,
}

/// A locality that is compared.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) bundle: Bundle,
    /// A policy in place of the bundle's own.
    pub(super) policy: Option<PathBuf>,
    pub(super) pin: Option<Pin>,
}

/// The beginning of a digest, or all of it, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pin(String);

impl Pin {
    /// Fewer digits than pages show would pin hardly anything.
    const FEWEST: usize = 12;
    const ALL: usize = 64;

    fn parse(option: &str, text: &str) -> Result<Pin, WrongUse> {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match is_hex && (Pin::FEWEST..=Pin::ALL).contains(&text.len()) {
            true => Ok(Pin(text.to_ascii_lowercase())),
            false => Err(WrongUse::value(format!(
                "{option} is {text:?}; it is a digest, {} hexadecimal digits or at least the first {}",
                Pin::ALL,
                Pin::FEWEST
            ))),
        }
    }

    pub(super) fn holds(&self, digest: &str) -> bool {
        digest.starts_with(&self.0)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug)]
pub(super) enum Source {
    Bundle(Bundle),
    Example(&'static Example),
}

#[derive(Debug)]
pub(super) struct Explain {
    pub(super) bundle: Bundle,
    pub(super) need: String,
    pub(super) solving: Solving,
    pub(super) out: Option<OutFolder>,
}

#[derive(Debug)]
pub(super) struct Verify {
    pub(super) bundle: Bundle,
    pub(super) answer: PathBuf,
    /// None: as long as it takes.
    pub(super) limit: Option<Duration>,
    pub(super) out: Option<OutFolder>,
}

#[derive(Debug)]
pub(super) struct Import {
    pub(super) schools: Option<PathBuf>,
    pub(super) authority: Option<String>,
    pub(super) population: PathBuf,
    pub(super) points: PathBuf,
    pub(super) deprivation: Option<Deprivation>,
    pub(super) rates: Option<PathBuf>,
    pub(super) options: assemble::Options,
    pub(super) out: OutFolder,
}

#[derive(Debug)]
pub(super) struct Deprivation {
    pub(super) ranks: PathBuf,
    pub(super) column: String,
    pub(super) index: String,
    pub(super) year: i16,
    pub(super) areas_in_index: u32,
}

#[derive(Debug)]
pub(super) struct Generate {
    pub(super) what: Generated,
    pub(super) out: OutFolder,
}

#[derive(Debug)]
pub(super) enum Generated {
    Place(Options),
    Instance(Params),
}

#[derive(Debug)]
pub(super) struct Kinds {
    pub(super) table: BuiltIn,
    pub(super) form: KindsForm,
}

/// A table can be printed in one way more than an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KindsForm {
    Page,
    Json,
    Csv,
}

#[derive(Debug)]
pub(super) struct Serve {
    pub(super) listen: SocketAddr,
    pub(super) settings: service::Settings,
    pub(super) log: Format,
    /// Print the settings instead of serving.
    pub(super) print_config: bool,
}

/// Arguments that do not make sense; the message says which, and what would.
#[derive(Debug)]
pub(super) struct WrongUse {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
}

impl WrongUse {
    pub(super) fn value(message: impl Into<String>) -> WrongUse {
        WrongUse { kind: ErrorKind::ValueValidation, message: message.into() }
    }
}

impl From<OutOfRange> for WrongUse {
    fn from(error: OutOfRange) -> WrongUse {
        WrongUse::value(error.to_string())
    }
}

/// The job that the arguments ask for.
pub(super) fn mean(typed: Arguments) -> Result<Job, WrongUse> {
    let Arguments { command } = typed;
    let (form, task) = match command {
        Command::Demo(args::Demo { output }) => {
            let (form, out) = written(output, &[])?;
            (form, Task::Demo(Demo { out }))
        }
        Command::Check(args::Check { bundle, time_limit, output }) => {
            let (form, out) = written(output, &[&bundle.path])?;
            (form, Task::Check(Check { bundle: self::bundle(bundle), limit: limit(time_limit)?, out }))
        }
        Command::Match(args::Match { bundle, solving, output }) => {
            let (form, out) = written(output, &[&bundle.path])?;
            (form, Task::Match(Match { bundle: self::bundle(bundle), solving: self::solving(&solving)?, out }))
        }
        Command::Gaps(args::Gaps { bundle, subgroup, cascade_by, ranges, solving, output }) => {
            let (form, out) = written(output, &[&bundle.path])?;
            let subgroups = subgroup.iter().map(|text| self::subgroup(text)).collect::<Result<_, _>>()?;
            let ranges = if ranges { Ranges::Find } else { Ranges::Leave };
            let questions = GapQuestions { subgroups, cascade_by, ranges };
            let solving = self::solving(&solving)?;
            (form, Task::Gaps(Gaps { bundle: self::bundle(bundle), questions, solving, out }))
        }
        Command::Measure(args::Measure { path, set_aside, example, solving, output }) => {
            let solving = self::solving(&solving)?;
            let read: Vec<&Path> = path.as_deref().into_iter().collect();
            let (form, out) = written(output, &read)?;
            let source = match (path, example) {
                (Some(path), _) => Source::Bundle(self::bundle(args::Bundle { path, set_aside })),
                (None, Some(args::Example::PerthKinross)) => Source::Example(&PERTH_KINROSS),
                // One of the two is required, so clap has refused this before.
                (None, None) => return Err(WrongUse::value("either a bundle or --example is needed")),
            };
            (form, Task::Measure(Measure { source, solving, out }))
        }
        Command::Compare(typed) => {
            let args::Compare { before, after, output, .. } = &typed;
            let (form, out) = written(output.clone(), &[before, after])?;
            (form, Task::Compare(compare(typed, out)?))
        }
        Command::Plan(typed) => {
            let (form, out) = written(typed.output.clone(), &[&typed.bundle.path])?;
            (form, Task::Plan(Box::new(plan::meant(*typed, out)?)))
        }
        Command::Explain(args::Explain { bundle, need, solving, output }) => {
            let (form, out) = written(output, &[&bundle.path])?;
            let solving = self::solving(&solving)?;
            (form, Task::Explain(Explain { bundle: self::bundle(bundle), need, solving, out }))
        }
        Command::Verify(args::Verify { bundle, answer, time_limit, output }) => {
            let (form, out) = written(output, &[&bundle.path])?;
            let limit = self::limit(time_limit)?;
            (form, Task::Verify(Verify { bundle: self::bundle(bundle), answer, limit, out }))
        }
        Command::Import(typed) => {
            let form = form(typed.json);
            (form, Task::Import(Box::new(import(*typed)?)))
        }
        Command::Generate(typed) => {
            let args::Generate { children, places, instance, seed, rscale, fill, snap, out, force, json } = typed;
            let what = match (children, instance) {
                (Some(children), _) => Generated::Place(Options::new(seed, children)?.places_percent(places)?),
                (None, Some(size)) => Generated::Instance(self::instance(&size, seed, rscale, fill, snap)?),
                // The group of the two is required, so clap has refused this before.
                (None, None) => return Err(WrongUse::value("either --children or --instance is needed")),
            };
            (form(json), Task::Generate(Generate { what, out: folder(out, force) }))
        }
        Command::Kinds(args::Kinds { table, csv, json }) => {
            let printed = match (csv, json) {
                (true, _) => KindsForm::Csv,
                (false, true) => KindsForm::Json,
                (false, false) => KindsForm::Page,
            };
            (form(json), Task::Kinds(Kinds { table, form: printed }))
        }
        Command::Serve(typed) => {
            // The file has been read and put behind the rest: see `understand`.
            let args::Serve { config: _, print_config, options } = *typed;
            (Form::Page, Task::Serve(Box::new(Serve { print_config, ..options.meant()? })))
        }
        Command::Completions(args::Completions { shell }) => (Form::Page, Task::Completions(shell)),
    };
    Ok(Job { form, task })
}

fn bundle(typed: args::Bundle) -> Bundle {
    let args::Bundle { path, set_aside } = typed;
    Bundle { path, bad_rows: if set_aside { BadRows::SetAside } else { BadRows::Refuse } }
}

fn compare(typed: args::Compare, out: Option<OutFolder>) -> Result<Compare, WrongUse> {
    let args::Compare {
        before,
        after,
        before_policy,
        after_policy,
        before_digest,
        after_digest,
        set_aside,
        solving,
        output: _,
    } = typed;
    let side = |path: PathBuf, policy: Option<PathBuf>, option: &str, digest: Option<String>| -> Result<_, WrongUse> {
        let pin = digest.map(|digest| Pin::parse(option, &digest)).transpose()?;
        Ok(Compared { bundle: bundle(args::Bundle { path, set_aside }), policy, pin })
    };
    Ok(Compare {
        before: side(before, before_policy, "--before-digest", before_digest)?,
        after: side(after, after_policy, "--after-digest", after_digest)?,
        solving: self::solving(&solving)?,
        out,
    })
}

fn limit(seconds: Option<f64>) -> Result<Option<Duration>, WrongUse> {
    let Some(seconds) = seconds else { return Ok(None) };
    let limit = Duration::try_from_secs_f64(seconds).map_err(|_| {
        WrongUse::value(format!("--time-limit is {seconds}; it is a number of seconds, 0 or more, such as 60 or 0.5"))
    })?;
    Ok(Some(limit))
}

fn solving(typed: &args::Solving) -> Result<Solving, WrongUse> {
    let args::Solving { time_limit, backend } = *typed;
    let limit = self::limit(time_limit)?;
    let route = match backend {
        Backend::Network => Route::Network,
        Backend::Program => Route::Program,
    };
    Ok(Solving { route, limit })
}

/// Where the answer goes; never into a folder that it is made from, because what is written there would become input.
fn written(typed: args::Output, read: &[&Path]) -> Result<(Form, Option<OutFolder>), WrongUse> {
    let args::Output { json, out, force } = typed;
    if let Some(out) = &out
        && read.iter().any(|read| same(read, out))
    {
        return Err(WrongUse::value(format!(
            "--out {} is the bundle itself; name another folder for the answer",
            out.display()
        )));
    }
    Ok((form(json), out.map(|out| folder(out, force))))
}

fn same(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

fn form(json: bool) -> Form {
    if json { Form::Json } else { Form::Page }
}

fn folder(path: PathBuf, force: bool) -> OutFolder {
    OutFolder::new(path, if force { Existing::Replace } else { Existing::Keep })
}

fn import(typed: args::Import) -> Result<Import, WrongUse> {
    let args::Import {
        schools,
        authority,
        population,
        points,
        kind,
        ages,
        reach_km,
        statutory_walking,
        deprivation,
        deprivation_column,
        deprivation_index,
        deprivation_year,
        areas_in_index,
        rates,
        name,
        reference_date,
        licence,
        out,
        force,
        json: _,
    } = typed;
    let kind = Id::parse(&kind).map_err(|error| WrongUse::value(format!("--kind is {kind:?}; it is {error}")))?;
    let reference_date: Date = reference_date.parse().map_err(|_| {
        WrongUse::value(format!(
            "--reference-date is {reference_date:?}; it is a day as YYYY-MM-DD, such as 2024-06-30"
        ))
    })?;
    let reach = match (statutory_walking, reach_km) {
        (true, _) => Reach::StatutoryWalking,
        (false, Some(km)) if km.is_finite() && 0.0 <= km => Reach::Km(km),
        (false, Some(km)) => {
            return Err(WrongUse::value(format!("--reach-km is {km}; it is a number of kilometres, 0 or more")));
        }
        (false, None) => Reach::Default,
    };
    // Each of these requires the others, so clap has refused some without the rest.
    let deprivation = match (deprivation, deprivation_column, deprivation_index, deprivation_year, areas_in_index) {
        (Some(ranks), Some(column), Some(index), Some(year), Some(areas_in_index)) => {
            Some(Deprivation { ranks, column, index, year, areas_in_index })
        }
        _ => None,
    };
    let cohorts = Cohorts { kind, ages: self::ages(&ages)? };
    Ok(Import {
        schools,
        authority,
        population,
        points,
        deprivation,
        rates,
        options: assemble::Options { name, reference_date, cohorts, reach, licence },
        out: folder(out, force),
    })
}

/// `kind=asd,sex=f,ages=5-9`: each name once. Whether the locality has such things is seen when it has been read.
fn subgroup(text: &str) -> Result<SubgroupAsked, WrongUse> {
    let wrong = |what: String| WrongUse::value(format!("--subgroup {text:?}: {what}"));
    let mut asked = SubgroupAsked::default();
    for part in text.split(',') {
        let Some((name, value)) = part.split_once('=').map(|(name, value)| (name.trim(), value.trim())) else {
            return Err(wrong(format!("{part:?} is no NAME=VALUE, such as kind=speech-language")));
        };
        let again = match name {
            "kind" => asked.kind.replace(value.to_owned()).is_some(),
            "area" => asked.area.replace(value.to_owned()).is_some(),
            "level" => {
                let level = value.parse().map_err(|_| wrong(format!("{value:?} is no level from 1 to 4")))?;
                asked.level.replace(level).is_some()
            }
            "ages" => {
                let band = age_band(value, u16::MAX)
                    .ok_or_else(|| wrong(format!("{value:?} is neither an age nor a band such as 5-9")))?;
                asked.ages.replace([band.min(), band.max()]).is_some()
            }
            column => {
                let group = GroupAsked { column: column.to_owned(), value: value.to_owned() };
                if let Some(before) = asked.group.replace(group) {
                    return Err(wrong(format!("{} and {column}: only one group column can be given", before.column)));
                }
                false
            }
        };
        if again {
            return Err(wrong(format!("{name} is given twice")));
        }
    }
    Ok(asked)
}

/// `4-10`, both inclusive, or one age.
fn age_band(text: &str, oldest: u16) -> Option<AgeBand> {
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    match (min.trim().parse(), max.trim().parse()) {
        (Ok(min), Ok(max)) if max <= oldest => AgeBand::new(min, max),
        _ => None,
    }
}

fn ages(text: &str) -> Result<AgeBand, WrongUse> {
    age_band(text, population::MAX_AGE).ok_or_else(|| {
        let oldest = population::MAX_AGE;
        WrongUse::value(format!("--ages is {text:?}; it is one age or a band such as 4-10, from 0 to {oldest}"))
    })
}

fn instance(size: &str, seed: u64, rscale: u64, fill: u64, snap: bool) -> Result<Params, WrongUse> {
    let numbers =
        size.split_once('x').and_then(|(needs, services)| Some((needs.parse().ok()?, services.parse().ok()?)));
    let Some((needs, services)) = numbers else {
        return Err(WrongUse::value(format!(
            "--instance is {size:?}; it is a number of needs, an x and a number of services, such as 2000x100"
        )));
    };
    let params = Params::new(needs, services, seed)?.radius_percent(rscale)?.fill_percent(fill)?;
    Ok(if snap { params.snapped() } else { params })
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Arguments, GapQuestions, Generated, Job, KindsForm, Reach, Task, mean};
    use crate::cli::output::Form;
    use crate::domain::BadRows;
    use crate::matching::Route;

    /// The job behind a command line, or why there is none.
    pub(in crate::cli::settings) fn meant(line: &str) -> Result<Job, String> {
        let words = std::iter::once("suffice").chain(line.split_whitespace());
        let typed = Arguments::try_parse_from(words).map_err(|error| error.to_string())?;
        mean(typed).map_err(|wrong| wrong.message)
    }

    #[test]
    fn subgroups_are_read_part_by_part() {
        let questions = |line: &str| -> Result<GapQuestions, String> {
            let Task::Gaps(gaps) = meant(line)?.task else { panic!("{line} is another command") };
            Ok(gaps.questions)
        };
        let found =
            questions("gaps b --subgroup kind=asd,area=E1,level=3,ages=5-9,sex=f --subgroup ages=4 --cascade-by kind");
        let found = found.expect("it can be meant");
        let [first, second] = &found.subgroups[..] else { panic!("{found:?}") };
        assert_eq!((first.kind.as_deref(), first.area.as_deref(), first.level), (Some("asd"), Some("E1"), Some(3)));
        assert_eq!((first.ages, second.ages), (Some([5, 9]), Some([4, 4])));
        let group = first.group.as_ref().map(|group| (group.column.as_str(), group.value.as_str()));
        assert_eq!((group, found.cascade_by.as_deref()), (Some(("sex", "f")), Some("kind")));
        for (subgroup, why) in [
            ("asd", "\"asd\" is no NAME=VALUE, such as kind=speech-language"),
            ("level=high", "\"high\" is no level from 1 to 4"),
            ("ages=9-5", "\"9-5\" is neither an age nor a band such as 5-9"),
            ("kind=a,kind=b", "kind is given twice"),
            ("sex=f,ethnicity=x", "sex and ethnicity: only one group column can be given"),
        ] {
            let wrong = questions(&format!("gaps b --subgroup {subgroup}")).unwrap_err();
            assert_eq!(wrong, format!("--subgroup {subgroup:?}: {why}"));
        }
    }

    const IMPORT_WITHOUT: &str = "import --population p --points q --out d --ages 4-10 --reference-date 2024-06-30";
    const IMPORT: &str = "import --population p --points q --out d --name n";

    #[test]
    fn an_import_is_what_it_says() {
        let line = format!("{IMPORT} --ages 4-10 --reference-date 2024-06-30 --statutory-walking");
        let Ok(Job { task: Task::Import(import), .. }) = meant(&line) else { panic!() };
        assert_eq!(import.options.reach, Reach::StatutoryWalking);
        assert_eq!((import.options.cohorts.ages.min(), import.options.cohorts.ages.max()), (4, 10));
        assert_eq!(import.options.cohorts.kind.as_str(), "school-place");
        assert!(import.schools.is_none() && import.deprivation.is_none());
    }

    #[test]
    fn the_arguments_hold_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn defaults_are_the_careful_ones() {
        let Ok(Job { form: Form::Page, task: Task::Match(job) }) = meant("match place") else { panic!() };
        assert!(matches!(job.bundle.bad_rows, BadRows::Refuse));
        assert!(matches!(job.solving.route, Route::Network));
        assert_eq!(job.solving.limit, None);
        assert!(job.out.is_none());
    }

    #[test]
    fn what_is_typed_is_what_is_meant() {
        let line = "match place --json --set-aside --backend program --time-limit 1.5";
        let Ok(Job { form: Form::Json, task: Task::Match(job) }) = meant(line) else { panic!() };
        assert!(matches!(job.bundle.bad_rows, BadRows::SetAside));
        assert!(matches!(job.solving.route, Route::Program));
        assert_eq!(job.solving.limit.map(|limit| limit.as_millis()), Some(1500));
        let Ok(Job { task: Task::Kinds(kinds), .. }) = meant("kinds --csv") else { panic!() };
        assert_eq!(kinds.form, KindsForm::Csv);
        let Ok(Job { task: Task::Generate(job), .. }) = meant("generate --instance 20x3 --seed 9 --out d") else {
            panic!()
        };
        assert!(matches!(job.what, Generated::Instance(_)));
    }

    #[test]
    fn a_comparison_is_what_it_says() {
        let digest = "3F2A9C01BE448D1C";
        let line = format!("compare one two --after-policy wide.toml --before-digest {digest} --set-aside");
        let Ok(Job { task: Task::Compare(job), .. }) = meant(&line) else { panic!() };
        assert_eq!((job.before.policy, job.after.policy), (None, Some("wide.toml".into())));
        assert!(matches!(job.after.bundle.bad_rows, BadRows::SetAside));
        let pin = job.before.pin.expect("there is one");
        assert!(pin.holds("3f2a9c01be448d1c00") && !pin.holds("3f2a9c01be448d1d00") && job.after.pin.is_none());
    }

    #[test]
    fn wrong_use_says_what_would_be_right() {
        for (line, said) in [
            ("match", "<BUNDLE>"),
            ("match place --force", "--out"),
            ("match place --time-limit -1", "0 or more"),
            ("match place --time-limit NaN", "0 or more"),
            ("match place --time-limit soon", "invalid float"),
            ("match place --backend magic", "network, program"),
            ("generate --out d", "--children"),
            ("generate --children 5 --instance 2x2 --out d", "cannot be used with"),
            ("generate --instance 20 --out d", "such as 2000x100"),
            ("generate --instance 0x5 --out d", "needs is 0"),
            ("generate --children 5 --fill 3 --out d", "cannot be used with"),
            (IMPORT_WITHOUT, "--name"),
            (&format!("{IMPORT} --ages 10-4 --reference-date 2024-06-30"), "4-10"),
            (&format!("{IMPORT} --ages 4-40 --reference-date 2024-06-30"), "0 to 25"),
            (&format!("{IMPORT} --ages 4-10 --reference-date 30/06/2024"), "YYYY-MM-DD"),
            (&format!("{IMPORT} --ages 4-10 --reach-km -3 --reference-date 2024-06-30"), "0 or more"),
            (
                &format!("{IMPORT} --ages 4-10 --reach-km 3 --statutory-walking --reference-date 2024-06-30"),
                "cannot be used with",
            ),
            ("compare before", "<AFTER>"),
            ("compare before after --after-digest 3f2a", "at least the first 12"),
            ("compare before after --before-digest not-a-digest", "hexadecimal"),
            ("compare before . --out .", "the bundle itself"),
            (&format!("{IMPORT} --ages 4-10 --deprivation f --reference-date 2024-06-30"), "--deprivation-column"),
            (&format!("{IMPORT} --ages 4-10 --kind school/place --reference-date 2024-06-30"), "characters out of"),
            ("kinds --csv --json", "cannot be used with"),
            ("match . --out .", "the bundle itself"),
        ] {
            let Err(message) = meant(line) else { panic!("{line} was understood") };
            assert!(message.contains(said), "{line}: {message}");
        }
    }
}
