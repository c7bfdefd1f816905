//! The program `suffice`: the command line, as the library understands it.

use std::process::ExitCode;

use suffice::{cli, telemetry};

fn main() -> ExitCode {
    match cli::understand(std::env::args_os()) {
        Ok(job) => {
            let (format, default) = job.log();
            telemetry::init(format, default);
            cli::run(&job)
        }
        Err(code) => code,
    }
}
