//! Settings files: TOML text to a tree of [`Setting`], and back.

use std::collections::BTreeMap;
use std::fmt::Write;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::sheet::as_text;
use crate::domain::{Problem, Setting};

/// Deep enough for every settings file we define (three) with room to spare, shallow enough for any stack.
const MAX_DEPTH: usize = 16;

/// Findings kept of one file: the parser recovers, and one slip may cost it several lines.
const MAX_PROBLEMS: usize = 20;

pub(super) type Settings = BTreeMap<String, Setting>;

/// Reads a settings file. A problem's row is the line.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Settings, Vec<Problem>> {
    let bytes = as_text(file, bytes).map_err(|problem| vec![problem])?;
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = line_at(bytes, error.valid_up_to());
            let wanted = "UTF-8 text: save the file as UTF-8";
            return Err(vec![Problem::error(file, Some(line.number), None, &line.text, wanted)]);
        }
    };
    if let Some(at) = too_deep(text) {
        let line = line_at(bytes, at);
        let wanted = format!("keys and lists at most {MAX_DEPTH} deep");
        return Err(vec![Problem::error(file, Some(line.number), None, &line.text, wanted)]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reading = Reading { file, text, problems: Vec::new() };
    for error in &errors {
        let line = line_at(bytes, error.span().map_or(bytes.len(), |span| span.start));
        let wanted = format!("TOML ({})", error.message().trim().replace('\n', ", "));
        reading.problems.push(Problem::error(file, Some(line.number), None, &line.text, wanted));
    }
    let settings = reading.keys(table.get_ref(), "");
    reading.problems.sort();
    reading.problems.dedup();
    reading.problems.truncate(MAX_PROBLEMS);
    if reading.problems.is_empty() { Ok(settings) } else { Err(reading.problems) }
}

struct Line {
    number: u64,
    text: String,
}

fn line_at(bytes: &[u8], at: usize) -> Line {
    let at = at.min(bytes.len());
    let start = bytes[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |before| before + 1);
    let end = bytes[at..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |after| at + after);
    let number = bytes[..start].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
    Line { number, text: String::from_utf8_lossy(&bytes[start..end]).trim().to_owned() }
}

/// Where the text nests deeper than [`MAX_DEPTH`], if it does. Looked for before parsing: the parser bounds brackets and
/// dotted keys each for itself but not their product, and freeing so deep a tree would overflow the stack.
fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut brackets = 0_usize;
    let mut dots = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => {
                at = end_of_string(bytes, at);
                continue;
            }
            b'#' => {
                at += bytes[at..].iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len() - at);
                continue;
            }
            b'{' | b'[' => brackets += 1,
            b'}' | b']' => brackets = brackets.saturating_sub(1),
            b'.' => dots += 1,
            // A key ends where its line, its value or its neighbour begins. Keys further out are bounded by this too.
            b'\n' | b',' | b'=' => dots = 0,
            _ => {}
        }
        if MAX_DEPTH < brackets || MAX_DEPTH < dots {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// The position after the string that opens at `start`; the end of the text where it never closes.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let is_long = bytes[start..].starts_with(&[quote; 3]);
    let mut at = start + if is_long { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' && quote == b'"' {
            at += 2;
        } else if is_long && bytes[at..].starts_with(&[quote; 3]) {
            return at + 3;
        } else if !is_long && (byte == quote || byte == b'\n') {
            return at + 1;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

struct Reading<'a> {
    file: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn keys(&mut self, table: &DeTable<'_>, path: &str) -> Settings {
        let mut settings = Settings::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            settings.insert(name.to_owned(), self.setting(value, &path));
        }
        settings
    }

    fn setting(&mut self, value: &Spanned<DeValue<'_>>, path: &str) -> Setting {
        match value.get_ref() {
            DeValue::String(text) => Setting::Text(text.to_string()),
            DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
                Ok(number) => Setting::Whole(number),
                Err(_) => {
                    let line = line_at(self.text.as_bytes(), value.span().start);
                    let wanted = "a whole number of at most 18 digits";
                    let seen = digits.to_string();
                    self.problems.push(Problem::error(self.file, Some(line.number), Some(path), &seen, wanted));
                    Setting::Whole(0)
                }
            },
            // The parser keeps how the number was written, less its underscores.
            DeValue::Float(written) => decimal(written.as_str()),
            DeValue::Boolean(yes) => Setting::Bool(*yes),
            DeValue::Datetime(moment) => match (moment.date, moment.time) {
                (Some(date), None) => Setting::Date(date.to_string()),
                _ => Setting::Other(moment.to_string()),
            },
            DeValue::Array(values) => Setting::List(values.iter().map(|value| self.setting(value, path)).collect()),
            DeValue::Table(table) => Setting::Keys(self.keys(table, path)),
        }
    }
}

/// `inf`, `nan` and what is too great to be held are not numbers that any setting could mean.
fn decimal(written: &str) -> Setting {
    match written.parse::<f64>() {
        Ok(value) if value.is_finite() => Setting::Decimal { value, text: written.to_owned() },
        _ => Setting::Other(written.to_owned()),
    }
}

/// The settings as TOML that reads back to the same tree.
pub(super) fn write(settings: &Settings) -> String {
    let mut out = String::new();
    let (sections, plain): (Vec<_>, Vec<_>) =
        settings.iter().partition(|(_, setting)| matches!(setting, Setting::Keys(_)));
    for (name, setting) in plain {
        line(&mut out, name, setting);
    }
    for (name, setting) in sections {
        let Setting::Keys(keys) = setting else { continue };
        let gap = if out.is_empty() { "" } else { "\n" };
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{gap}[{}]", key(name));
        for (name, setting) in keys {
            line(&mut out, name, setting);
        }
    }
    out
}

fn line(out: &mut String, name: &str, setting: &Setting) {
    let _ = writeln!(out, "{} = {}", key(name), value(setting));
}

fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !name.is_empty() && name.bytes().all(bare) { name.to_owned() } else { quoted(name) }
}

fn value(setting: &Setting) -> String {
    match setting {
        Setting::Text(text) => quoted(text),
        Setting::Whole(number) => number.to_string(),
        Setting::Decimal { value, text } => as_written(text, setting).unwrap_or_else(|| format!("{value:?}")),
        Setting::Bool(yes) => yes.to_string(),
        Setting::Date(text) | Setting::Other(text) => as_written(text, setting).unwrap_or_else(|| quoted(text)),
        Setting::List(values) if values.iter().any(|value| matches!(value, Setting::Keys(_))) => {
            let rows: String = values.iter().map(|setting| format!("    {},\n", value(setting))).collect();
            format!("[\n{rows}]")
        }
        Setting::List(values) => format!("[{}]", values.iter().map(value).collect::<Vec<_>>().join(", ")),
        Setting::Keys(keys) if keys.is_empty() => "{}".to_owned(),
        Setting::Keys(keys) => {
            let pairs: Vec<String> =
                keys.iter().map(|(name, setting)| format!("{} = {}", key(name), value(setting))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

/// `text` itself, where TOML reads it as `meant`: a tree may also have come from elsewhere, with other texts in it.
fn as_written(text: &str, meant: &Setting) -> Option<String> {
    let settings = read("", format!("x = {text}").as_bytes()).ok()?;
    (settings.len() == 1 && settings.get("x") == Some(meant)).then(|| text.to_owned())
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_text(text: &str) -> Result<Settings, String> {
        read("policy.toml", text.as_bytes())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    fn decimal_of(text: &str, value: f64) -> Setting {
        Setting::Decimal { value, text: text.to_owned() }
    }

    #[test]
    fn every_sort_of_value_is_read_as_written() {
        let settings = read_text(
            "\u{feff}name = 'Trafford'\r\nreference_date = 2024-06-30\r\nperiod = 2024\r\nwhen = 2024-06-30T10:00:00\r\n\
             [reach]\r\nkm = 15.0\r\nshare = 0.100\r\nhuge = 1e400\r\nrules = [ { age_max = 7, km = 3.218688 } ]\r\n\
             [limits]\r\nprovider_places.\"a b\" = 3\r\non = true\r\n",
        )
        .expect("valid TOML");
        let reach = [
            ("huge".to_owned(), Setting::Other("1e400".to_owned())),
            ("km".to_owned(), decimal_of("15.0", 15.0)),
            (
                "rules".to_owned(),
                Setting::List(vec![Setting::Keys(
                    [("age_max".to_owned(), Setting::Whole(7)), ("km".to_owned(), decimal_of("3.218688", 3.218688))]
                        .into(),
                )]),
            ),
            // The text keeps its last zeros: thousandths are read from it and not from the binary number.
            ("share".to_owned(), decimal_of("0.100", 0.1)),
        ];
        let limits = [
            ("on".to_owned(), Setting::Bool(true)),
            ("provider_places".to_owned(), Setting::Keys([("a b".to_owned(), Setting::Whole(3))].into())),
        ];
        let wanted = [
            ("limits".to_owned(), Setting::Keys(limits.into())),
            ("name".to_owned(), Setting::Text("Trafford".to_owned())),
            ("period".to_owned(), Setting::Whole(2024)),
            ("reach".to_owned(), Setting::Keys(reach.into())),
            ("reference_date".to_owned(), Setting::Date("2024-06-30".to_owned())),
            ("when".to_owned(), Setting::Other("2024-06-30T10:00:00".to_owned())),
        ];
        assert_eq!(settings, Settings::from(wanted));
        assert_eq!(read_text(&write(&settings)), Ok(settings));
    }

    #[test]
    fn mistakes_are_reported_with_their_line() {
        let found = read_text("name = \"a\"\nperiod 2024\n[reach\nkm = 15,0\n").expect_err("three slips");
        assert!(found.contains("policy.toml, row 2: saw \"period 2024\"; TOML ("), "{found}");
        assert!(found.contains("row 3"), "{found}");
        let found = read_text("a = 1\na = 2\n").expect_err("twice");
        assert!(found.contains("row 2") && found.contains("duplicate key"), "{found}");
        let found = read_text("[a]\nb = 99999999999999999999\n").expect_err("too great");
        assert!(found.contains("row 2, a.b: saw \"99999999999999999999\"; a whole number"), "{found}");
        let found = read("policy.toml", b"a = 1\nb = \"caf\xE9\"\n").expect_err("not UTF-8");
        assert_eq!((found[0].row, found[0].wanted.starts_with("UTF-8")), (Some(2), true));
    }

    #[test]
    fn an_empty_settings_file_is_every_default() {
        assert_eq!(read_text(""), Ok(Settings::new()));
        assert_eq!(read_text("# nothing yet\n"), Ok(Settings::new()));
    }

    /// Each bound of the parser alone (80 brackets, 80 dots) lets 6,400 levels through, which no test thread could free.
    #[test]
    fn deep_nesting_is_refused_before_it_is_parsed() {
        let dots = ["a"; 80].join(".");
        let braces = format!("{}1{}", format!("{dots} = {{ ").repeat(80), " }".repeat(80));
        for text in [braces, format!("a = {}", "[".repeat(100_000)), format!("{dots} = 1"), format!("[{dots}]")] {
            let found = read_text(&text).expect_err("too deep");
            assert!(found.contains("at most 16 deep"), "{found}");
        }
        assert!(
            read_text("a = \"......................\"\nb = '{{{{{{{{{{{{{{{{{{{'\n# ....................\n").is_ok()
        );
    }

    fn any_setting() -> impl Strategy<Value = Setting> {
        let leaf = prop_oneof![
            any::<String>().prop_map(Setting::Text),
            any::<i64>().prop_map(Setting::Whole),
            (-1_000_000i32..1_000_000, 1usize..6).prop_map(|(n, places)| {
                let text = format!("{:.places$}", f64::from(n) / 1000.0);
                Setting::Decimal { value: text.parse().expect("digits and a point"), text }
            }),
            any::<bool>().prop_map(Setting::Bool),
            (1900u16..2100, 1u8..13, 1u8..29).prop_map(|(y, m, d)| Setting::Date(format!("{y}-{m:02}-{d:02}"))),
            Just(Setting::Other("10:30:00".to_owned())),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Setting::List),
                prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(Setting::Keys),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(
            settings in prop::collection::btree_map(any::<String>(), any_setting(), 0..6)
        ) {
            prop_assert_eq!(read_text(&write(&settings)), Ok(settings));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[a-c=.\\[\\]{}\"'#\n ,0-9\\\\-]{0,80}") {
            let _ = read_text(&text);
        }

        /// From elsewhere a tree may hold texts that TOML would read as something else.
        #[test]
        fn strange_texts_are_quoted(text in any::<String>()) {
            let settings = Settings::from([("x".to_owned(), Setting::Other(text.clone()))]);
            let back = read_text(&write(&settings)).expect("always valid");
            let same = Setting::Other(text.clone());
            let quoted = Setting::Text(text);
            prop_assert!(back.get("x") == Some(&same) || back.get("x") == Some(&quoted), "{:?}", back);
        }
    }
}
