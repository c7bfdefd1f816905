//! Reading one cell that has already been trimmed: whole numbers, decimals, dates, ages, coordinates, lists, tags.
//! What cannot be read becomes a [`Slip`], whose sentence says what to write.

use jiff::civil::Date;

use crate::domain::geometry::Coordinates;
use crate::domain::ids::{Id, NotAnId};
use crate::domain::locality::Tag;

/// The greatest number of children, places or turns that one cell may hold.
pub(super) const MOST_CHILDREN: i64 = 1_000_000_000;

/// The greatest cost, in pence, that one cell may hold.
pub(super) const MOST_PENCE: i64 = 1_000_000_000_000_000;

/// The longest field in bytes, and the longest label in characters.
pub(super) const LONGEST_FIELD: usize = 64 * 1024;
pub(super) const LONGEST_LABEL: usize = 512;

/// Why a cell cannot be read. The sentence says what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Slip {
    #[error("write {0}, without a thousands separator")]
    Thousands(String),
    #[error("write {0}, with a decimal point")]
    DecimalComma(String),
    #[error("write {0}, a share instead of a percentage")]
    Percent(String),
    #[error("every digit written out, without an exponent")]
    Exponent,
    #[error("a number such as 12.5")]
    NotANumber,
    #[error("a whole number from {min} to {max}")]
    Whole { min: i64, max: i64 },
    #[error("a decimal from 0 to {max} with at most {places} places")]
    Decimal { max: u64, places: usize },
    #[error("a number from 0 to {max}")]
    Measure { max: u64 },
    #[error("a coordinate from -{0} to {0}")]
    Coordinate(u64),
    #[error("a day that exists, written YYYY-MM-DD")]
    Date,
    #[error("write {0}, without a time")]
    DateWithTime(String),
    #[error(transparent)]
    Id(#[from] NotAnId),
    #[error("name=value pairs with ; between them")]
    Tag,
}

/// A decimal number, taken apart without passing through binary. No leading zeros in `whole`, no trailing ones in
/// `fraction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Decimal<'t> {
    /// Digits with at most one point, and a sign; None for anything else.
    fn strict(text: &'t str) -> Option<Decimal<'t>> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if !all_digits || whole.is_empty() && fraction.is_empty() {
            return None;
        }
        Some(Decimal { negative, whole: whole.trim_start_matches('0'), fraction: fraction.trim_end_matches('0') })
    }

    /// The number x 10^`places`; None where it has more places, or more digits than an answer could need.
    pub fn scaled(self, places: usize) -> Option<i64> {
        const MOST_DIGITS: usize = 18;
        let padding = places.checked_sub(self.fraction.len())?;
        if MOST_DIGITS < self.whole.len() + places {
            return None;
        }
        let digit = |value: i64, byte: u8| value * 10 + i64::from(byte - b'0');
        let digits = self.whole.bytes().chain(self.fraction.bytes()).chain(std::iter::repeat_n(b'0', padding));
        let value = digits.fold(0, digit);
        Some(if self.negative { -value } else { value })
    }
}

pub(super) fn decimal(text: &str) -> Result<Decimal<'_>, Slip> {
    Decimal::strict(text).ok_or_else(|| usual_slip(text))
}

/// What a cell that is not a number was most likely meant to be.
fn usual_slip(text: &str) -> Slip {
    let number = |text: String| Decimal::strict(&text).is_some().then_some(text);
    let without = |separator: fn(char) -> bool| number(text.replace(separator, ""));
    if let Some(share) = text.strip_suffix('%').and_then(|percent| hundredth(percent.trim_end())) {
        return Slip::Percent(share);
    }
    if let Some((mantissa, exponent)) = text.split_once(['e', 'E'])
        && Decimal::strict(mantissa).is_some()
        && exponent.parse::<i32>().is_ok()
    {
        return Slip::Exponent;
    }
    let slip = match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(point)) if comma < point => without(|c| c == ',').map(Slip::Thousands),
        (Some(_), Some(_)) => number(text.replace('.', "").replace(',', ".")).map(Slip::DecimalComma),
        (Some(_), None) if in_thousands(text, ',') => without(|c| c == ',').map(Slip::Thousands),
        (Some(_), None) => number(text.replacen(',', ".", 1)).map(Slip::DecimalComma),
        (None, Some(_)) if in_thousands(text, '.') => without(|c| c == '.').map(Slip::Thousands),
        _ => without(|c| c == '\'' || c == '_' || c == '\u{2019}' || c.is_whitespace()).map(Slip::Thousands),
    };
    slip.unwrap_or(Slip::NotANumber)
}

/// Whether the separator stands before every third digit, as in 1,234 or 12,345,678.
fn in_thousands(text: &str, separator: char) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    let mut groups = digits.split(separator);
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && !first.starts_with('0') && groups.all(|group| group.len() == 3)
}

/// The percentage as a share, as text.
fn hundredth(percent: &str) -> Option<String> {
    let Decimal { negative, whole, fraction } = Decimal::strict(percent)?;
    let padded = format!("{whole:0>3}");
    let (units, hundredths) = padded.split_at(padded.len() - 2);
    let sign = if negative { "-" } else { "" };
    let digits = format!("{sign}{units}.{hundredths}{fraction}");
    Some(digits.trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// A whole number; 12.0 is 12.
pub(super) fn whole(text: &str, min: i64, max: i64) -> Result<i64, Slip> {
    match decimal(text) {
        Ok(number) => number.scaled(0).filter(|value| (min..=max).contains(value)).ok_or(Slip::Whole { min, max }),
        Err(Slip::NotANumber) => Err(Slip::Whole { min, max }),
        Err(slip) => Err(slip),
    }
}

/// A decimal from 0 to `max`, as a whole number of 10^-`places`.
pub(super) fn fixed(text: &str, max: u64, places: usize) -> Result<u64, Slip> {
    let otherwise = Slip::Decimal { max, places };
    let number = match decimal(text) {
        Ok(number) => number,
        Err(Slip::NotANumber) => return Err(otherwise),
        Err(slip) => return Err(slip),
    };
    let scale = 10_u64.pow(places as u32);
    let value = number.scaled(places).and_then(|value| u64::try_from(value).ok());
    value.filter(|&value| value <= max.saturating_mul(scale)).ok_or(otherwise)
}

/// A distance or a time that need not be whole. `power` is appended as an exponent before the text is read, so that
/// kilometres become metres with one correct rounding ("3.218688" with "e3" is 3218.688).
pub(super) fn measure(text: &str, power: &str, max: u64) -> Result<f64, Slip> {
    let otherwise = Slip::Measure { max };
    let scale = if power == "e3" { 1000.0 } else { 1.0 };
    let number = match decimal(text) {
        Ok(_) => format!("{text}{power}").parse::<f64>(),
        Err(Slip::NotANumber) => return Err(otherwise),
        Err(slip) => return Err(slip),
    };
    // Adding zero turns -0 into 0, so that equal values have equal bytes.
    number.map(|value| value + 0.0).ok().filter(|value| (0.0..=max as f64 * scale).contains(value)).ok_or(otherwise)
}

/// A longitude or easting (`first`), or a latitude or northing.
pub(super) fn coordinate(text: &str, coordinates: Coordinates, first: bool) -> Result<f64, Slip> {
    let most = match (coordinates, first) {
        (Coordinates::LonLat, true) => 180,
        (Coordinates::LonLat, false) => 90,
        (Coordinates::Metres, _) => 1_000_000_000,
    };
    match decimal(text) {
        Ok(_) => {
            let value = text.parse::<f64>().map(|value| value + 0.0).ok();
            value.filter(|value| value.abs() <= most as f64).ok_or(Slip::Coordinate(most))
        }
        Err(Slip::NotANumber) => Err(Slip::Coordinate(most)),
        Err(slip) => Err(slip),
    }
}

/// YYYY-MM-DD and nothing else: 03/04/2024 is two days, depending on who reads it.
pub(super) fn date(text: &str) -> Result<Date, Slip> {
    let strict = |text: &str| {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return None;
        }
        Date::new(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?).ok()
    };
    if let Some(date) = strict(text) {
        return Ok(date);
    }
    match text.split_once(['T', ' ']) {
        Some((day, _)) if strict(day).is_some() => Err(Slip::DateWithTime(day.to_owned())),
        _ => Err(Slip::Date),
    }
}

/// The entries of a `;` list, trimmed. Empty ones are passed over, so that a `;` at the end does no harm.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|entry| !entry.is_empty())
}

/// `name=value;name=value`, sorted, without repeats.
pub(super) fn tags(text: &str) -> Result<Vec<Tag>, Slip> {
    let tag = |entry: &str| {
        let (name, value) = entry.split_once('=').ok_or(Slip::Tag)?;
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        if name.is_empty() || value.is_empty() {
            return Err(Slip::Tag);
        }
        Ok(Tag { name, value })
    };
    let mut tags = list(text).map(tag).collect::<Result<Vec<Tag>, Slip>>()?;
    tags.sort();
    tags.dedup();
    Ok(tags)
}

pub(super) fn id(text: &str) -> Result<Id, Slip> {
    Ok(Id::parse(text)?)
}

#[cfg(test)]
mod tests {
    use super::{Slip, coordinate, date, fixed, measure, tags, whole};
    use crate::domain::geometry::Coordinates;

    fn told<T>(result: Result<T, Slip>) -> String {
        result.err().map(|slip| slip.to_string()).unwrap_or_default()
    }

    #[test]
    fn whole_numbers_and_the_usual_slips() {
        let cases = [
            ("12", Ok(12)),
            ("12.0", Ok(12)),
            ("+12.", Ok(12)),
            ("007", Ok(7)),
            ("-0", Ok(0)),
            ("1000", Ok(1000)),
            ("1001", Err("a whole number from 0 to 1000")),
            ("99999999999999999999999", Err("a whole number from 0 to 1000")),
            ("-1", Err("a whole number from 0 to 1000")),
            ("1.5", Err("a whole number from 0 to 1000")),
            ("NaN", Err("a whole number from 0 to 1000")),
            ("inf", Err("a whole number from 0 to 1000")),
            ("many", Err("a whole number from 0 to 1000")),
            (".", Err("a whole number from 0 to 1000")),
            ("1,234", Err("write 1234, without a thousands separator")),
            ("1 234", Err("write 1234, without a thousands separator")),
            ("1'234", Err("write 1234, without a thousands separator")),
            ("1.234.567", Err("write 1234567, without a thousands separator")),
            ("1,234.5", Err("write 1234.5, without a thousands separator")),
            ("1.234,5", Err("write 1234.5, with a decimal point")),
            ("12,5", Err("write 12.5, with a decimal point")),
            ("0,128", Err("write 0.128, with a decimal point")),
            ("1e3", Err("every digit written out, without an exponent")),
            ("5%", Err("write 0.05, a share instead of a percentage")),
        ];
        for (text, wanted) in cases {
            let got = whole(text, 0, 1000).map_err(|slip| slip.to_string());
            assert_eq!(got, wanted.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(fixed("0.128", 1, 9), Ok(128_000_000));
        assert_eq!(fixed(".5", 1, 3), Ok(500));
        assert_eq!(fixed("1.000000", 1, 3), Ok(1000));
        assert_eq!(told(fixed("0.1234", 1, 3)), "a decimal from 0 to 1 with at most 3 places");
        assert_eq!(told(fixed("1.001", 1, 3)), "a decimal from 0 to 1 with at most 3 places");
        assert_eq!(told(fixed("-0.1", 1, 3)), "a decimal from 0 to 1 with at most 3 places");
        assert_eq!(told(fixed("12.8%", 1, 3)), "write 0.128, a share instead of a percentage");
        assert_eq!(told(fixed("0,5", 1, 3)), "write 0.5, with a decimal point");
    }

    #[test]
    fn kilometres_become_metres_with_one_rounding() {
        assert_eq!(measure("3.218688", "e3", 1_000_000), Ok(3218.688));
        assert_eq!(measure("4.828032", "e3", 1_000_000), Ok(4828.032));
        // 1.001 x 1000 in binary is 1000.9999999999999.
        assert_eq!(measure("1.001", "e3", 1_000_000), Ok(1001.0));
        assert_eq!(measure("5.", "e3", 1_000_000), Ok(5000.0));
        assert_eq!(measure("-0", "", 1_000_000).map(f64::to_bits), Ok(0.0_f64.to_bits()));
        assert!(measure("1000000", "e3", 1_000_000).is_ok());
        for wrong in ["1000001", "-1", "inf", "NaN", "far"] {
            assert_eq!(measure(wrong, "e3", 1_000_000), Err(Slip::Measure { max: 1_000_000 }), "{wrong}");
        }
    }

    #[test]
    fn coordinates_stay_on_the_globe() {
        assert_eq!(coordinate("-2.31", Coordinates::LonLat, true), Ok(-2.31));
        assert_eq!(told(coordinate("180.1", Coordinates::LonLat, true)), "a coordinate from -180 to 180");
        assert_eq!(told(coordinate("-90.5", Coordinates::LonLat, false)), "a coordinate from -90 to 90");
        assert_eq!(
            told(coordinate("1000000001", Coordinates::Metres, true)),
            "a coordinate from -1000000000 to 1000000000"
        );
        assert_eq!(told(coordinate("53,4", Coordinates::LonLat, false)), "write 53.4, with a decimal point");
        assert_eq!(coordinate("-0.0", Coordinates::LonLat, true).map(f64::to_bits), Ok(0.0_f64.to_bits()));
    }

    #[test]
    fn dates_have_one_form() {
        assert!(date("2024-02-29").is_ok());
        for wrong in ["29/02/2024", "2024/02/29", "2024-2-29", "20240229", "2023-02-29", "tomorrow", "2024-02-é"] {
            assert_eq!(told(date(wrong)), "a day that exists, written YYYY-MM-DD", "{wrong}");
        }
        assert_eq!(told(date("2024-02-29T00:00:00")), "write 2024-02-29, without a time");
    }

    #[test]
    fn tags_are_sorted_pairs() {
        let read = |text| tags(text).map(|tags| tags.into_iter().map(|tag| (tag.name, tag.value)).collect::<Vec<_>>());
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read("sen = ehcp; lang=pl;;"), Ok(vec![pair("lang", "pl"), pair("sen", "ehcp")]));
        assert_eq!(read("sen"), Err(Slip::Tag));
        assert_eq!(read("=x"), Err(Slip::Tag));
    }
}
