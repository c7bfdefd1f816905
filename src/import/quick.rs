//! Plain CSV files, in pieces over the effort's threads.
//!
//! A file is plain where no cell is quoted, every row has the header's number of cells, lines end in LF or CRLF, and all
//! of it is text: what programs write. Its cells stay where they lie, so the text is not copied, and a line break is the
//! end of a row wherever it stands, so that pieces need not know what came before them. Anything else is handed back
//! unread for [`sheet`](super::sheet), which has the words for it.

use std::ops::Range;

use super::sheet::{BYTE_ORDER_MARK, MAX_CELL_BYTES};
use crate::domain::Table;
use crate::solve::{Effort, StopReason};

/// Bytes in a piece of work: a few milliseconds.
const PIECE: usize = 1 << 20;

/// The table in a plain file of at most `most_rows` rows below the header; the bytes again where it is not plain.
/// O(bytes). The outer error is a stop.
pub(super) fn table(bytes: Vec<u8>, most_rows: u64, effort: &Effort) -> Result<Result<Table, Vec<u8>>, StopReason> {
    effort.look()?;
    match plain(&bytes, most_rows, effort)? {
        None => Ok(Err(bytes)),
        Some(Plain { header, starts, ends, rows }) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Ok(Table::over(header, text, starts, ends, rows))),
            Err(error) => Ok(Err(error.into_bytes())),
        },
    }
}

struct Plain {
    header: Vec<String>,
    starts: Vec<usize>,
    ends: Vec<u32>,
    rows: Vec<u64>,
}

fn plain(bytes: &[u8], most_rows: u64, effort: &Effort) -> Result<Option<Plain>, StopReason> {
    let start = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let Some(header) = header(&bytes[start..]) else { return Ok(None) };
    let body = start + line_end(&bytes[start..]) + 1;
    let pieces = effort.each(pieces(bytes, body), |piece| {
        effort.tick(piece.len() as u64 / 8)?;
        Ok(rows(bytes, piece, &header))
    })?;
    let n_rows: usize = pieces.iter().flatten().map(|piece| piece.starts.len()).sum();
    if pieces.iter().any(Option::is_none) || most_rows < n_rows as u64 {
        return Ok(None);
    }
    let mut all = Plain {
        starts: Vec::with_capacity(n_rows),
        ends: Vec::with_capacity(n_rows * header.len()),
        rows: Vec::with_capacity(n_rows),
        header,
    };
    let mut lines = 1;
    for piece in pieces.into_iter().flatten() {
        effort.look()?;
        all.starts.extend(piece.starts);
        all.ends.extend(piece.ends);
        all.rows.extend(piece.lines.iter().map(|line| lines + u64::from(*line)));
        lines += u64::from(piece.n_lines);
    }
    Ok(Some(all))
}

/// The names in the first line: at least two, none of them twice, so that the separator is beyond doubt.
fn header(bytes: &[u8]) -> Option<Vec<String>> {
    let line = without_return(&bytes[..line_end(bytes)]);
    let text = std::str::from_utf8(line).ok().filter(|text| !text.contains(['"', '\r', '\0']))?;
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    let twice = |at: usize| !names[at].is_empty() && names[..at].contains(&names[at]);
    let plain = 2 <= names.len() && names.iter().any(|name| !name.is_empty()) && !(0..names.len()).any(twice);
    plain.then_some(names)
}

fn line_end(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len())
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Cuts what follows the header after line breaks.
fn pieces(bytes: &[u8], body: usize) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut from = body.min(bytes.len());
    while from < bytes.len() {
        let about = bytes.len().min(from + PIECE);
        let to = bytes.len().min(about + line_end(&bytes[about..]) + 1);
        pieces.push(from..to);
        from = to;
    }
    pieces
}

#[derive(Default)]
struct Piece {
    starts: Vec<usize>,
    ends: Vec<u32>,
    /// Of each row its line within the piece, from 1.
    lines: Vec<u32>,
    n_lines: u32,
}

impl Piece {
    /// Closes the row whose cells but the last end at `ends[first..]`. None where it is not plain.
    fn close(&mut self, line: &[u8], start: usize, first: usize, blank: bool, nameless: &Nameless) -> Option<()> {
        self.n_lines += 1;
        if blank {
            self.ends.truncate(first);
            return Some(());
        }
        // A line this long is for the careful reader, so no cell here can be too long.
        if MAX_CELL_BYTES < line.len() {
            return None;
        }
        self.ends.push(line.len() as u32);
        let ends = &self.ends[first..];
        let filled = |&at: &usize| {
            let from = if at == 0 { 0 } else { ends[at - 1] as usize + 1 };
            !line[from..ends[at] as usize].trim_ascii().is_empty()
        };
        if ends.len() != nameless.columns || nameless.at.iter().any(filled) {
            return None;
        }
        self.starts.push(start);
        self.lines.push(self.n_lines);
        Some(())
    }
}

/// How many columns there are, and which have no name.
struct Nameless {
    columns: usize,
    at: Vec<usize>,
}

/// The rows of a piece, blank ones left out; None where it is not plain.
fn rows(bytes: &[u8], piece: Range<usize>, header: &[String]) -> Option<Piece> {
    let own = &bytes[piece.clone()];
    std::str::from_utf8(own).ok()?;
    let at = (0..header.len()).filter(|&at| header[at].is_empty()).collect();
    let nameless = Nameless { columns: header.len(), at };
    let mut found = Piece::default();
    let (mut start, mut first, mut blank) = (0, 0, true);
    for (at, &byte) in own.iter().enumerate() {
        match byte {
            b',' => found.ends.push((at - start) as u32),
            b'\n' => {
                found.close(without_return(&own[start..at]), piece.start + start, first, blank, &nameless)?;
                (start, first, blank) = (at + 1, found.ends.len(), true);
            }
            b'\r' if own.get(at + 1).is_none_or(|&next| next == b'\n') => {}
            b'\r' | b'"' | 0 => return None,
            byte => blank &= byte.is_ascii_whitespace(),
        }
    }
    if start < own.len() {
        found.close(without_return(&own[start..]), piece.start + start, first, blank, &nameless)?;
    }
    Some(found)
}

#[cfg(test)]
mod tests;
