//! The command line: what was typed, what was meant, and one file for each thing that can be asked.
//!
//! Answers go to standard output, everything else to standard error. A reader that closes the pipe early is not an
//! error. The one table of exit codes is in `cli/ending.rs`.

mod answer;
mod args;
mod check;
mod compare;
mod completions;
mod demo;
mod ending;
mod examples;
mod explain;
mod files;
mod gaps;
mod generate;
mod import;
mod kinds;
mod load;
mod matching;
mod measure;
mod output;
mod plan;
mod progress;
mod search;
mod serve;
mod settings;
mod verify;
mod watch;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Command};
use ending::{Ending, Failure};
use output::Form;
use serve::options::Options;
pub use settings::Job;
use settings::Task;

/// Reads the command line. Where there is nothing to do (help, version, wrong use) the error is the exit code, and
/// what there is to say has been said.
pub fn understand(arguments: impl IntoIterator<Item = OsString>) -> Result<Job, ExitCode> {
    let mut typed = Arguments::try_parse_from(arguments).map_err(said)?;
    if let Command::Serve(serve) = &mut typed.command
        && let Some(path) = &serve.config
    {
        let from_file = Options::read(path).map_err(|failure| {
            failure.explain(Form::Page);
            ExitCode::from(failure.code())
        })?;
        serve.options = std::mem::take(&mut serve.options).or(from_file);
    }
    settings::mean(typed).map_err(|wrong| said(Arguments::command().error(wrong.kind, wrong.message)))
}

/// Help goes to standard output, wrong use to standard error.
fn said(error: clap::Error) -> ExitCode {
    // Whether anyone still listens makes no difference to the exit code.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(ending::WRONG_USE))
}

/// Does the job, says how it ended and gives the exit code.
pub fn run(job: &Job) -> ExitCode {
    // A panic is our fault and must be told apart from an answer of "no"; the hook has already said where it was.
    let ended = catch_unwind(AssertUnwindSafe(|| perform(job))).unwrap_or(Err(Failure::Panic));
    match ended {
        Ok(ending) => ExitCode::from(ending.code()),
        Err(failure) => {
            failure.explain(job.form);
            ExitCode::from(failure.code())
        }
    }
}

fn perform(job: &Job) -> Result<Ending, Failure> {
    let form = job.form;
    match &job.task {
        Task::Demo(task) => demo::run(task, form),
        Task::Check(task) => check::run(task, form),
        Task::Match(task) => matching::run(task, form),
        Task::Gaps(task) => gaps::run(task, form),
        Task::Measure(task) => measure::run(task, form),
        Task::Compare(task) => compare::run(task, form),
        Task::Plan(task) => plan::run(task, form),
        Task::Explain(task) => explain::run(task, form),
        Task::Verify(task) => verify::run(task, form),
        Task::Import(task) => import::run(task, form),
        Task::Generate(task) => generate::run(task, form),
        Task::Kinds(task) => kinds::run(task),
        Task::Serve(task) => serve::run(task),
        Task::Completions(shell) => completions::run(*shell),
    }
}
