//! The two streams: answers to standard output, remarks to standard error.

use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use super::ending::Failure;
use crate::solve::{Effort, StopReason};

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A page of text for people.
    Page,
    /// Exactly one JSON document.
    Json,
}

impl Form {
    /// Prints an answer: its document, or the page made from it.
    pub(super) fn print<T: Serialize>(self, document: &T, page: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        match self {
            Form::Page => text(&page(document)),
            Form::Json => json(document),
        }
    }
}

/// A document as it is printed and stored: indented, and ended by a line break.
pub(super) fn json_bytes<T: Serialize>(document: &T) -> Vec<u8> {
    // Documents hold text keys and finite numbers only; writing to memory cannot fail.
    let mut bytes = serde_json::to_vec_pretty(document).expect("a document has only text keys");
    bytes.push(b'\n');
    bytes
}

/// As [`json_bytes`], unless a stop comes first.
pub(super) fn json_bytes_within<T: Serialize>(document: &T, effort: &Effort) -> Result<Vec<u8>, StopReason> {
    let mut polled = Polled { bytes: Vec::new(), looked: 0, effort };
    match serde_json::to_writer_pretty(&mut polled, document) {
        Ok(()) => {
            polled.bytes.push(b'\n');
            Ok(polled.bytes)
        }
        // Memory takes every byte, so only a stop can have come between.
        Err(_) => effort.look().map(|()| json_bytes(document)),
    }
}

/// Memory that asks after each stretch whether to go on.
struct Polled<'e> {
    bytes: Vec<u8>,
    /// How many bytes there were when it asked last.
    looked: usize,
    effort: &'e Effort<'e>,
}

impl Polled<'_> {
    /// About a millisecond.
    const STRETCH: usize = 1 << 18;
}

impl Write for Polled<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if Polled::STRETCH <= self.bytes.len() - self.looked {
            self.looked = self.bytes.len();
            self.effort.look().map_err(|reason| io::Error::other(reason.as_str()))?;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn json<T: Serialize>(document: &T) -> Result<(), Failure> {
    bytes(&json_bytes(document))
}

pub(super) fn text(text: &str) -> Result<(), Failure> {
    bytes(text.as_bytes())
}

pub(super) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        // Whoever read has read enough (`suffice gaps place | head`).
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Failure::Output),
    }
}

/// A line on standard error; where even that is closed there is nobody left to tell.
pub(super) fn remark(line: &str) {
    // A path or a cell may hold anything; only what can be seen reaches the terminal.
    let line: String = line.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    let _ = writeln!(io::stderr().lock(), "{line}");
}
