//! What can be set about the server. Every default stands in this file.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::domain::Id;

/// The server as it was meant to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Authorities whose localities are served; others do not exist.
    pub authorities: Vec<Id>,
    /// Threads that solve: one less than the machine has, at least one, so that talking stays quick. As many again
    /// prepare changes, and as many again plan, so that a question never waits for either.
    pub solver_threads: usize,
    /// Calls that may wait for a solver; more are refused with RESOURCE_EXHAUSTED.
    pub most_waiting: usize,
    pub limits: Limits,
    pub connections: Connections,
    /// How long a call may take where its caller sets no deadline, and at most where one does.
    pub longest_call: Duration,
    /// How long the search for a plan may take; then the best so far is the answer: 1 hour.
    pub longest_plan: Duration,
    /// How long the server says NOT_SERVING and still answers before it stops, so that balancers look elsewhere first.
    pub lame_duck: Duration,
    /// How long calls under way may take to end after that.
    pub drain: Duration,
    /// Whether the interface can be read from the server itself.
    pub reflection: bool,
    /// Origins whose pages may call over gRPC-Web, such as `https://planning.example.org`; none by default.
    pub allowed_origins: Vec<String>,
    /// Listen on addresses that other machines can reach although nobody has to prove who they are.
    pub listen_anywhere_without_credentials: bool,
}

/// How much a request may bring and an answer may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message, either way: 16 MiB.
    pub message_bytes: usize,
    /// Bytes of a bundle's files together: 2 GiB.
    pub bundle_bytes: u64,
    /// Rows of needs in an inline locality: 10,000.
    pub inline_needs: usize,
    /// Changes of one call: 10,000.
    pub changes: usize,
    /// Bytes of one field: 64 KiB.
    pub field_bytes: usize,
    /// Bytes of memory for localities held and uploads under way: 4 GiB.
    pub memory_bytes: u64,
    /// Rows in one answer: a matching with more assignments has none, and the stream has them; of unmet needs and of
    /// warnings there are the first: 10,000.
    pub answer_rows: usize,
    /// Rows in one message of a stream: 1,000.
    pub stream_rows: usize,
    /// Rows of remembered answers: one for each request id and one for each warning of its answer: 100,000.
    pub remembered: usize,
    /// How long a request id is remembered: 24 hours.
    pub request_id_kept: Duration,
    /// Operations that are done and still known: 100.
    pub operations_kept: usize,
    /// How long each of them is: 24 hours.
    pub operation_kept: Duration,
}

/// What connections may do. gRPC's own defaults leave these open to abuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Open at once: 1,024.
    pub most: usize,
    /// Calls at once on one: 100.
    pub streams: u32,
    /// Bytes of a request's headers: 32 KiB.
    pub header_list_bytes: u32,
    /// Streams that we had to reset because of what the peer sent, before the connection is closed: 1,024. Honest clients
    /// that cancel a lot come to some hundreds.
    pub local_error_resets: usize,
    /// How long a new connection may stay silent: 10 s.
    pub first_bytes: Duration,
    /// A connection this long without traffic is asked whether it is still there: 60 s.
    pub keep_alive_interval: Duration,
    /// ... and is closed when it does not answer for this long: 20 s.
    pub keep_alive_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        Settings {
            authorities: vec![Id::parse("local").expect("five letters are an id")],
            solver_threads: cores.saturating_sub(1).max(1),
            most_waiting: 64,
            limits: Limits::default(),
            connections: Connections::default(),
            longest_call: Duration::from_secs(60 * 60),
            longest_plan: Duration::from_secs(60 * 60),
            lame_duck: Duration::ZERO,
            drain: Duration::from_secs(20),
            reflection: true,
            allowed_origins: Vec::new(),
            listen_anywhere_without_credentials: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            message_bytes: 16 << 20,
            bundle_bytes: 2 << 30,
            inline_needs: 10_000,
            changes: 10_000,
            field_bytes: 64 << 10,
            memory_bytes: 4 << 30,
            answer_rows: 10_000,
            stream_rows: 1_000,
            remembered: 100_000,
            request_id_kept: Duration::from_secs(24 * 60 * 60),
            operations_kept: 100,
            operation_kept: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Default for Connections {
    fn default() -> Connections {
        Connections {
            most: 1_024,
            streams: 100,
            header_list_bytes: 32 << 10,
            local_error_resets: 1_024,
            first_bytes: Duration::from_secs(10),
            keep_alive_interval: Duration::from_secs(60),
            keep_alive_timeout: Duration::from_secs(20),
        }
    }
}

/// Why these settings cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    #[error(
        "{0} can be reached from other machines, and no credentials are configured: anyone there could read and change \
         everything. Listen on 127.0.0.1 or [::1], or ask for --insecure-listen-anywhere"
    )]
    OpenToAll(SocketAddr),
    #[error("\"{0}\" is not an origin such as https://planning.example.org")]
    BadOrigin(String),
}

impl Settings {
    /// Whether the server may listen here. Without credentials it listens where only this machine can reach it, unless
    /// that was overruled.
    pub fn check_listen(&self, address: SocketAddr) -> Result<(), BadSettings> {
        // An IPv4 address in IPv6 clothes is no loopback to `is_loopback`, and rightly refused: such a socket can be dual.
        match address.ip().is_loopback() || self.listen_anywhere_without_credentials {
            true => Ok(()),
            false => Err(BadSettings::OpenToAll(address)),
        }
    }

    /// Whether every allowed origin is one: a scheme and a host, perhaps a port, and nothing more. Browsers send them so,
    /// and one that is written otherwise would never be found again.
    pub fn check_origins(&self) -> Result<(), BadSettings> {
        let is_origin = |origin: &str| {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            host.is_some_and(|host| {
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
                !host.is_empty() && host.bytes().all(allowed)
            })
        };
        match self.allowed_origins.iter().find(|origin| !is_origin(origin)) {
            None => Ok(()),
            Some(wrong) => Err(BadSettings::BadOrigin(wrong.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BadSettings, Settings};

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        let check =
            |origin: &str| Settings { allowed_origins: vec![origin.to_owned()], ..Settings::default() }.check_origins();
        for right in ["https://planning.example.org", "http://localhost:3000", "http://[::1]:80"] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        for wrong in ["*", "", "https://", "planning.example.org", "https://a.example/", "ftp://a", "https://a\nb"] {
            assert_eq!(check(wrong), Err(BadSettings::BadOrigin(wrong.to_owned())));
        }
    }

    #[test]
    fn without_credentials_only_this_machine_is_served() {
        let careful = Settings::default();
        for near in ["127.0.0.1:50051", "127.3.2.1:1", "[::1]:50051"] {
            assert_eq!(careful.check_listen(near.parse().unwrap()), Ok(()), "{near}");
        }
        for far in ["0.0.0.0:50051", "[::]:50051", "192.168.1.4:50051", "[::ffff:127.0.0.1]:50051"] {
            let far = far.parse().unwrap();
            assert_eq!(careful.check_listen(far), Err(BadSettings::OpenToAll(far)));
            let overruled = Settings { listen_anywhere_without_credentials: true, ..Settings::default() };
            assert_eq!(overruled.check_listen(far), Ok(()));
        }
    }
}
