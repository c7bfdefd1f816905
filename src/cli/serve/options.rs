//! What can be set about the server, as it is typed: flags, the environment and a file share these names.
//!
//! A flag goes before `SUFFICE_NAME` in the environment, that before the key in the file, that before the default. Flags
//! and the environment come in together; [`Options::or`] puts the file behind them.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::ending::Failure;
use super::super::settings::{Serve, WrongUse};
use crate::domain::{Id, Problem};
use crate::service::{Connections, Limits, Settings};
use crate::telemetry::Format;

/// Where nothing is said: this machine alone.
const LISTEN: &str = "127.0.0.1:50051";

#[derive(Clone, Debug, Default, PartialEq, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Settings, also as SUFFICE_NAME in the environment and as name in the file of --config")]
#[serde(deny_unknown_fields, default)]
pub(in crate::cli) struct Options {
    /// Address and port to listen on; port 0 takes any that is free [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS:PORT", env = "SUFFICE_LISTEN", hide_env = true)]
    pub listen: Option<SocketAddr>,

    /// Listen where other machines can reach the server, although nobody has to prove who they are
    #[arg(long, value_name = "true|false", env = "SUFFICE_INSECURE_LISTEN_ANYWHERE", hide_env = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub insecure_listen_anywhere: Option<bool>,

    /// Authorities whose localities are served, separated by commas [default: local]
    #[arg(long, value_name = "ID", value_delimiter = ',', env = "SUFFICE_AUTHORITIES", hide_env = true)]
    pub authorities: Option<Vec<String>>,

    /// Origins whose pages may call over gRPC-Web, separated by commas [default: none]
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', env = "SUFFICE_ALLOWED_ORIGINS", hide_env = true)]
    pub allowed_origins: Option<Vec<String>>,

    /// Whether the interface can be read from the server itself [default: true]
    #[arg(long, value_name = "true|false", env = "SUFFICE_REFLECTION", hide_env = true)]
    pub reflection: Option<bool>,

    /// How a log line looks: text for people, json for machines [default: text]
    #[arg(long, value_name = "FORMAT", env = "SUFFICE_LOG_FORMAT", hide_env = true)]
    pub log_format: Option<LogFormat>,

    /// Threads that solve [default: one less than the machine has]
    #[arg(long, value_name = "N", env = "SUFFICE_SOLVER_THREADS", hide_env = true)]
    pub solver_threads: Option<usize>,

    /// Calls that may wait for a solver [default: 64]
    #[arg(long, value_name = "N", env = "SUFFICE_MOST_WAITING", hide_env = true)]
    pub most_waiting: Option<usize>,

    /// Memory for localities held and uploads under way [default: 4GiB]
    #[arg(long, value_name = "SIZE", env = "SUFFICE_MEMORY", hide_env = true)]
    pub memory: Option<Size>,

    /// One message, either way [default: 16MiB]
    #[arg(long, value_name = "SIZE", env = "SUFFICE_MESSAGE_SIZE", hide_env = true)]
    pub message_size: Option<Size>,

    /// The files of one bundle together [default: 2GiB]
    #[arg(long, value_name = "SIZE", env = "SUFFICE_BUNDLE_SIZE", hide_env = true)]
    pub bundle_size: Option<Size>,

    /// One field [default: 64KiB]
    #[arg(long, value_name = "SIZE", env = "SUFFICE_FIELD_SIZE", hide_env = true)]
    pub field_size: Option<Size>,

    /// Rows of needs in an inline locality [default: 10000]
    #[arg(long, value_name = "N", env = "SUFFICE_INLINE_NEEDS", hide_env = true)]
    pub inline_needs: Option<usize>,

    /// Changes of a locality in one call [default: 10000]
    #[arg(long, value_name = "N", env = "SUFFICE_CHANGES", hide_env = true)]
    pub changes: Option<usize>,

    /// Rows in one answer [default: 10000]
    #[arg(long, value_name = "N", env = "SUFFICE_ANSWER_ROWS", hide_env = true)]
    pub answer_rows: Option<usize>,

    /// Rows in one message of a stream [default: 1000]
    #[arg(long, value_name = "N", env = "SUFFICE_STREAM_ROWS", hide_env = true)]
    pub stream_rows: Option<usize>,

    /// Rows of answers remembered for repeated requests [default: 100000]
    #[arg(long, value_name = "N", env = "SUFFICE_REMEMBERED", hide_env = true)]
    pub remembered: Option<usize>,

    /// How long a request id is remembered [default: 86400]
    #[arg(long, value_name = "SECONDS", env = "SUFFICE_REQUEST_ID_KEPT_SECONDS", hide_env = true)]
    pub request_id_kept_seconds: Option<u64>,

    /// Plans that are done and still known [default: 100]
    #[arg(long, value_name = "N", env = "SUFFICE_OPERATIONS_KEPT", hide_env = true)]
    pub operations_kept: Option<usize>,

    /// How long a plan that is done is known [default: 86400]
    #[arg(long, value_name = "SECONDS", env = "SUFFICE_OPERATION_KEPT_SECONDS", hide_env = true)]
    pub operation_kept_seconds: Option<u64>,

    /// The longest that the search for a plan may take [default: 3600]
    #[arg(long, value_name = "SECONDS", env = "SUFFICE_LONGEST_PLAN_SECONDS", hide_env = true)]
    pub longest_plan_seconds: Option<u64>,

    /// The longest that a call may take [default: 3600]
    #[arg(long, value_name = "SECONDS", env = "SUFFICE_LONGEST_CALL_SECONDS", hide_env = true)]
    pub longest_call_seconds: Option<u64>,

    /// Connections open at once [default: 1024]
    #[arg(long, value_name = "N", env = "SUFFICE_CONNECTIONS", hide_env = true)]
    pub connections: Option<usize>,

    /// Calls at once on one connection [default: 100]
    #[arg(long, value_name = "N", env = "SUFFICE_STREAMS", hide_env = true)]
    pub streams: Option<u32>,

    /// The headers of one request [default: 32KiB]
    #[arg(long, value_name = "SIZE", env = "SUFFICE_HEADER_SIZE", hide_env = true)]
    pub header_size: Option<Size>,

    /// Streams reset because of what the peer sent, before its connection is closed [default: 1024]
    #[arg(long, value_name = "N", env = "SUFFICE_LOCAL_ERROR_RESETS", hide_env = true)]
    pub local_error_resets: Option<usize>,

    /// How long a new connection may stay silent [default: 10]
    #[arg(long, value_name = "SECONDS", env = "SUFFICE_FIRST_BYTES_SECONDS", hide_env = true)]
    pub first_bytes_seconds: Option<u64>,

    /// After how long without traffic a connection is asked whether it is still there [default: 60]
    #[arg(long, value_name = "SECONDS", env = "SUFFICE_KEEP_ALIVE_INTERVAL_SECONDS", hide_env = true)]
    pub keep_alive_interval_seconds: Option<u64>,

    /// How long it may take to answer that [default: 20]
    #[arg(long, value_name = "SECONDS", env = "SUFFICE_KEEP_ALIVE_TIMEOUT_SECONDS", hide_env = true)]
    pub keep_alive_timeout_seconds: Option<u64>,

    /// How long the server says NOT_SERVING and still answers before it stops [default: 0]
    #[arg(long, value_name = "SECONDS", env = "SUFFICE_LAME_DUCK_SECONDS", hide_env = true)]
    pub lame_duck_seconds: Option<u64>,

    /// How long calls under way may take to end after that [default: 20]
    #[arg(long, value_name = "SECONDS", env = "SUFFICE_DRAIN_SECONDS", hide_env = true)]
    pub drain_seconds: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum LogFormat {
    Text,
    Json,
}

impl Options {
    /// The settings of a file. Every key is known and of its type, or the message says which is not and where.
    pub(in crate::cli) fn read(path: &Path) -> Result<Options, Failure> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Failure::Unreadable { path: path.to_owned(), source })?;
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            let start = error.span().map_or(text.len(), |span| span.start);
            let line = text.as_bytes().iter().take(start).filter(|&&byte| byte == b'\n').count();
            let seen = text.lines().nth(line).unwrap_or_default().trim();
            let wanted = error.message().replace('\n', ", ");
            let problem = Problem::error(&path.display().to_string(), Some(line as u64 + 1), None, seen, wanted);
            Failure::BadInput { what: "the configuration".to_owned(), problems: vec![problem] }
        })
    }

    /// What is said here, and where nothing is, what the other says.
    pub(in crate::cli) fn or(self, other: Options) -> Options {
        // A field that is left out here stops the build.
        macro_rules! first {
            ($($field:ident),+ $(,)?) => { Options { $($field: self.$field.or(other.$field)),+ } };
        }
        first! {
            listen, insecure_listen_anywhere, authorities, allowed_origins, reflection, log_format, solver_threads,
            most_waiting, memory, message_size, bundle_size, field_size, inline_needs, changes, answer_rows, stream_rows,
            remembered, request_id_kept_seconds, operations_kept, operation_kept_seconds, longest_plan_seconds,
            longest_call_seconds, connections, streams, header_size, local_error_resets, first_bytes_seconds, keep_alive_interval_seconds, keep_alive_timeout_seconds,
            lame_duck_seconds, drain_seconds,
        }
    }

    /// The server that is meant, with a default wherever nothing is said.
    pub(in crate::cli) fn meant(self) -> Result<Serve, WrongUse> {
        let defaults = Settings::default();
        let default_limits = defaults.limits;
        let default_connections = defaults.connections;
        // More than the machine can count is no limit.
        let bytes =
            |said: Option<Size>, default| said.map_or(default, |size| usize::try_from(size.0).unwrap_or(usize::MAX));
        let seconds = |said: Option<u64>, default: Duration| said.map_or(default, Duration::from_secs);
        let authorities = match self.authorities {
            None => defaults.authorities,
            Some(said) => said.iter().map(|id| authority(id)).collect::<Result<_, _>>()?,
        };
        let settings = Settings {
            authorities,
            solver_threads: at_least_one("solver_threads", self.solver_threads.unwrap_or(defaults.solver_threads))?,
            most_waiting: self.most_waiting.unwrap_or(defaults.most_waiting),
            limits: Limits {
                message_bytes: bytes(self.message_size, default_limits.message_bytes),
                bundle_bytes: self.bundle_size.map_or(default_limits.bundle_bytes, |size| size.0),
                inline_needs: self.inline_needs.unwrap_or(default_limits.inline_needs),
                changes: self.changes.unwrap_or(default_limits.changes),
                field_bytes: bytes(self.field_size, default_limits.field_bytes),
                memory_bytes: self.memory.map_or(default_limits.memory_bytes, |size| size.0),
                answer_rows: self.answer_rows.unwrap_or(default_limits.answer_rows),
                stream_rows: at_least_one("stream_rows", self.stream_rows.unwrap_or(default_limits.stream_rows))?,
                remembered: self.remembered.unwrap_or(default_limits.remembered),
                request_id_kept: seconds(self.request_id_kept_seconds, default_limits.request_id_kept),
                operations_kept: self.operations_kept.unwrap_or(default_limits.operations_kept),
                operation_kept: seconds(self.operation_kept_seconds, default_limits.operation_kept),
            },
            connections: Connections {
                most: self.connections.unwrap_or(default_connections.most),
                streams: self.streams.unwrap_or(default_connections.streams),
                header_list_bytes: self
                    .header_size
                    .map_or(default_connections.header_list_bytes, |size| u32::try_from(size.0).unwrap_or(u32::MAX)),
                local_error_resets: self.local_error_resets.unwrap_or(default_connections.local_error_resets),
                first_bytes: seconds(self.first_bytes_seconds, default_connections.first_bytes),
                keep_alive_interval: seconds(self.keep_alive_interval_seconds, default_connections.keep_alive_interval),
                keep_alive_timeout: seconds(self.keep_alive_timeout_seconds, default_connections.keep_alive_timeout),
            },
            longest_call: seconds(self.longest_call_seconds, defaults.longest_call),
            longest_plan: seconds(self.longest_plan_seconds, defaults.longest_plan),
            lame_duck: seconds(self.lame_duck_seconds, defaults.lame_duck),
            drain: seconds(self.drain_seconds, defaults.drain),
            reflection: self.reflection.unwrap_or(defaults.reflection),
            allowed_origins: self.allowed_origins.unwrap_or(defaults.allowed_origins),
            listen_anywhere_without_credentials: self
                .insecure_listen_anywhere
                .unwrap_or(defaults.listen_anywhere_without_credentials),
        };
        let listen = self.listen.unwrap_or_else(|| LISTEN.parse().expect("the default is an address and a port"));
        settings.check_listen(listen).map_err(|error| WrongUse::value(error.to_string()))?;
        let log = match self.log_format.unwrap_or(LogFormat::Text) {
            LogFormat::Text => Format::Text,
            LogFormat::Json => Format::Json,
        };
        Ok(Serve { listen, settings, log, print_config: false })
    }

    /// The settings that a server runs with, so that a file of them makes the same server.
    pub(in crate::cli) fn of(serve: &Serve) -> Options {
        let Serve { listen, settings, log, print_config: _ } = serve;
        let Settings {
            authorities,
            solver_threads,
            most_waiting,
            limits,
            connections,
            longest_call,
            longest_plan,
            lame_duck,
            drain,
            reflection,
            allowed_origins,
            listen_anywhere_without_credentials,
        } = settings;
        let Limits {
            message_bytes,
            bundle_bytes,
            inline_needs,
            changes,
            field_bytes,
            memory_bytes,
            answer_rows,
            stream_rows,
            remembered,
            request_id_kept,
            operations_kept,
            operation_kept,
        } = *limits;
        let Connections {
            most,
            streams,
            header_list_bytes,
            local_error_resets,
            first_bytes,
            keep_alive_interval,
            keep_alive_timeout,
        } = *connections;
        Options {
            listen: Some(*listen),
            insecure_listen_anywhere: Some(*listen_anywhere_without_credentials),
            authorities: Some(authorities.iter().map(ToString::to_string).collect()),
            allowed_origins: Some(allowed_origins.clone()),
            reflection: Some(*reflection),
            log_format: Some(match log {
                Format::Text => LogFormat::Text,
                Format::Json => LogFormat::Json,
            }),
            solver_threads: Some(*solver_threads),
            most_waiting: Some(*most_waiting),
            memory: Some(Size(memory_bytes)),
            message_size: Some(Size(message_bytes as u64)),
            bundle_size: Some(Size(bundle_bytes)),
            field_size: Some(Size(field_bytes as u64)),
            inline_needs: Some(inline_needs),
            changes: Some(changes),
            answer_rows: Some(answer_rows),
            stream_rows: Some(stream_rows),
            remembered: Some(remembered),
            request_id_kept_seconds: Some(request_id_kept.as_secs()),
            operations_kept: Some(operations_kept),
            operation_kept_seconds: Some(operation_kept.as_secs()),
            longest_plan_seconds: Some(longest_plan.as_secs()),
            longest_call_seconds: Some(longest_call.as_secs()),
            connections: Some(most),
            streams: Some(streams),
            header_size: Some(Size(header_list_bytes.into())),
            local_error_resets: Some(local_error_resets),
            first_bytes_seconds: Some(first_bytes.as_secs()),
            keep_alive_interval_seconds: Some(keep_alive_interval.as_secs()),
            keep_alive_timeout_seconds: Some(keep_alive_timeout.as_secs()),
            lame_duck_seconds: Some(lame_duck.as_secs()),
            drain_seconds: Some(drain.as_secs()),
        }
    }
}

fn authority(id: &str) -> Result<Id, WrongUse> {
    Id::parse(id).map_err(|error| WrongUse::value(format!("the authority {id:?} is not an id: it is {error}")))
}

fn at_least_one(name: &str, n: usize) -> Result<usize, WrongUse> {
    if n == 0 { Err(WrongUse::value(format!("{name} is 0; it is 1 or more"))) } else { Ok(n) }
}

/// A number of bytes, written as a number or with KiB, MiB or GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Size(u64);

const UNITS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];

/// The text is not a [`Size`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number of bytes, such as 65536, 64KiB, 16MiB or 2GiB")]
pub(in crate::cli) struct NotASize;

impl FromStr for Size {
    type Err = NotASize;

    fn from_str(text: &str) -> Result<Size, NotASize> {
        let text = text.trim();
        let unit = UNITS.iter().find_map(|&(unit, shift)| Some((text.strip_suffix(unit)?, shift)));
        let (number, shift) = unit.unwrap_or((text, 0));
        let number: u64 = number.trim_end().parse().map_err(|_| NotASize)?;
        number.checked_mul(1 << shift).map(Size).ok_or(NotASize)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, shift)| self.0 != 0 && self.0.trailing_zeros() >= *shift) {
            Some((unit, shift)) => write!(f, "{}{unit}", self.0 >> shift),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a number of bytes, such as 65536 or \"16MiB\"")]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(bytes) => Ok(Size(bytes)),
            Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::{Options, Size};
    use crate::cli::ending::Failure;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().expect("a temporary folder");
        let path = home.path().join("suffice.toml");
        fs::write(&path, text).expect("it can be written");
        (home, path)
    }

    fn read(text: &str) -> Options {
        let (_home, path) = file(text);
        Options::read(&path).expect("the file can be read")
    }

    #[test]
    fn what_is_printed_makes_the_same_server() {
        let typed = Options { drain_seconds: Some(7), memory: Some(Size(3 << 29)), ..Options::default() };
        let meant = typed.meant().expect("it makes sense");
        let printed = toml::to_string(&Options::of(&meant)).expect("settings are TOML");
        assert!(printed.contains("memory = \"1536MiB\"") && printed.contains("drain_seconds = 7"), "{printed}");
        let again = read(&printed).meant().expect("it makes sense");
        assert_eq!((again.listen, again.settings), (meant.listen, meant.settings));
    }

    #[test]
    fn every_default_is_the_services_own() {
        let meant = Options::default().meant().expect("it makes sense");
        assert_eq!(meant.settings, crate::service::Settings::default());
        assert_eq!(meant.listen.to_string(), super::LISTEN);
    }

    #[test]
    fn what_is_said_first_counts() {
        let typed = Options { drain_seconds: Some(1), ..Options::default() };
        let meant = typed.or(read("drain_seconds = 2\nlame_duck_seconds = 3")).meant().expect("it makes sense");
        assert_eq!(meant.settings.drain, Duration::from_secs(1));
        assert_eq!(meant.settings.lame_duck, Duration::from_secs(3));
        assert_eq!(meant.settings.longest_call, Duration::from_secs(3600));
    }

    #[test]
    fn a_file_that_is_wrong_says_where() {
        for (text, row, said) in [
            ("drain_seconds = 2\nport = 5", 2, "listen"),
            ("memory = \"much\"", 1, "16MiB"),
            ("\n\nlisten = 5", 3, "socket address"),
            ("listen = ", 1, ""),
        ] {
            let (_home, path) = file(text);
            let Err(Failure::BadInput { problems, .. }) = Options::read(&path) else { panic!("{text} was read") };
            assert_eq!(problems[0].row, Some(row), "{problems:?}");
            assert!(problems[0].wanted.contains(said), "{problems:?}");
        }
    }

    #[test]
    fn without_credentials_only_this_machine_is_listened_on() {
        let open = Options { listen: Some("0.0.0.0:1".parse().expect("an address")), ..Options::default() };
        assert!(open.clone().meant().is_err_and(|wrong| wrong.message.contains("--insecure-listen-anywhere")));
        assert!(Options { insecure_listen_anywhere: Some(true), ..open }.meant().is_ok());
    }

    #[test]
    fn sizes_are_read_as_they_are_written() {
        for (text, bytes) in [("0", 0), ("65536", 1 << 16), ("64KiB", 1 << 16), ("2 GiB", 2 << 30), ("3MiB", 3 << 20)] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5GiB", "99999999999GiB", "1kB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        for (bytes, text) in [(0, "0"), (1, "1"), (1 << 16, "64KiB"), (3 << 29, "1536MiB"), (2 << 30, "2GiB")] {
            assert_eq!(Size(bytes).to_string(), text);
        }
    }
}
