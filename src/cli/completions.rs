//! `suffice completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Arguments;
use super::ending::{Ending, Failure};
use super::output;

pub(super) fn run(shell: Shell) -> Result<Ending, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "suffice", &mut script);
    output::bytes(&script)?;
    Ok(Ending::Done)
}
