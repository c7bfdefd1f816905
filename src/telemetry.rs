//! The log: to standard error, so that standard output holds nothing but the answer.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line, for machines that collect them.
    Json,
}

/// Starts the log. `SUFFICE_LOG`, else `RUST_LOG`, says what is logged (`info`, `suffice=debug` and the like);
/// `default` where neither does or what it says cannot be read. Only the first call counts.
pub fn init(format: Format, default: &str) {
    let said = ["SUFFICE_LOG", "RUST_LOG"].into_iter().find_map(|name| std::env::var(name).ok());
    let filter = filter(said.as_deref(), default);
    let log = fmt().with_env_filter(filter).with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    // A second call finds the log already started, which is as good.
    let _ = match format {
        Format::Text => log.try_init(),
        Format::Json => log.json().flatten_event(true).try_init(),
    };
}

fn filter(said: Option<&str>, default: &str) -> EnvFilter {
    said.filter(|said| !said.trim().is_empty())
        .and_then(|said| EnvFilter::try_new(said).ok())
        .unwrap_or_else(|| EnvFilter::new(default))
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn what_is_said_counts_where_it_can_be_read() {
        assert_eq!(filter(Some("suffice=debug"), "warn").to_string(), "suffice=debug");
        for said in [None, Some(""), Some(" "), Some("suffice=loudly")] {
            assert_eq!(filter(said, "warn").to_string(), "warn", "{said:?}");
        }
    }
}
