//! Numbers and lists as a page says them.

use unicode_width::UnicodeWidthChar;

/// A whole number with separators: 12,345.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at != 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A whole number that may be negative: -1,200.
pub(crate) fn signed(n: i64) -> String {
    let sign = if n < 0 { "-" } else { "" };
    format!("{sign}{}", number(n.unsigned_abs()))
}

/// A change, with its sign: +1,200, -3 or 0.
pub(crate) fn change(n: i64) -> String {
    if 0 < n { format!("+{}", signed(n)) } else { signed(n) }
}

/// A number and its noun: "1 need", "12,000 needs".
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

pub(crate) fn child_needs(n: u64) -> String {
    counted(n, "child-need", "child-needs")
}

/// A share with one decimal, or "-" of nothing. Only nothing reads 0.0% and only everything reads 100.0%: a rounded
/// "all" would hide the few who go without.
pub(crate) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let thousandths = (part * 1000 + whole / 2) / whole;
    match thousandths {
        0 if part != 0 => "<0.1%".to_owned(),
        1000 if part < whole => ">99.9%".to_owned(),
        _ => format!("{}.{}%", thousandths / 10, thousandths % 10),
    }
}

/// The first `at_most` of a list, and how many more there are.
pub(crate) fn list<S: AsRef<str>>(items: &[S], at_most: usize) -> String {
    let shown: Vec<&str> = items.iter().take(at_most).map(AsRef::as_ref).collect();
    let left = items.len() - shown.len();
    let shown = shown.join(", ");
    if left == 0 { shown } else { format!("{shown} and {} more", number(left as u64)) }
}

/// Pence as pounds: £1,234.05.
pub(crate) fn pounds(pence: i64) -> String {
    let sign = if pence < 0 { "-" } else { "" };
    let pence = pence.unsigned_abs();
    format!("{sign}£{}.{:02}", number(pence / 100), pence % 100)
}

/// Why a run ended early, after "because".
pub(crate) fn stop_reason(reason: Option<&str>) -> &str {
    match reason {
        Some("cancelled") => "it was interrupted",
        Some("deadline") => "the time limit came",
        Some("tick_limit") => "the work limit came",
        Some(other) => other,
        None => "it was stopped",
    }
}

/// Columns that `text` takes on a screen.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Breaks `text` at spaces into lines of at most `columns`; a word that is longer is cut. At least one line.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split_whitespace() {
        let word_width = width(word);
        if !line.is_empty() && columns < used + 1 + word_width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            let c = if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
            if columns < used + char_width(c) && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += char_width(c);
        }
    }
    lines.push(line);
    lines
}

/// A control character counts as the one mark that is printed for it.
fn char_width(c: char) -> usize {
    c.width().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::{change, list, number, pounds, share, signed, width, wrap};

    #[test]
    fn numbers_are_grouped_in_threes() {
        let said: Vec<String> = [0, 7, 999, 1_000, 12_345, 1_234_567, u64::MAX].into_iter().map(number).collect();
        assert_eq!(said, ["0", "7", "999", "1,000", "12,345", "1,234,567", "18,446,744,073,709,551,615"]);
        assert_eq!(signed(-1_200), "-1,200");
        assert_eq!(signed(i64::MIN), "-9,223,372,036,854,775,808");
        assert_eq!([change(3), change(0), change(-3)], ["+3", "0", "-3"]);
        assert_eq!(pounds(-123_405), "-£1,234.05");
    }

    #[test]
    fn a_share_never_rounds_to_none_or_all() {
        assert_eq!(share(1, 3), "33.3%");
        assert_eq!(share(2, 3), "66.7%");
        assert_eq!(share(0, 5), "0.0%");
        assert_eq!(share(5, 5), "100.0%");
        assert_eq!(share(1, 1_000_000), "<0.1%");
        assert_eq!(share(999_999, 1_000_000), ">99.9%");
        assert_eq!(share(0, 0), "-");
        assert_eq!(share(u64::MAX, u64::MAX), "100.0%");
    }

    #[test]
    fn a_long_list_says_how_many_more() {
        assert_eq!(list(&["a", "b", "c"], 3), "a, b, c");
        assert_eq!(list(&["a", "b", "c"], 2), "a, b and 1 more");
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_are_cut() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 10), [""]);
        for line in wrap("a 🧒🧒🧒🧒 \u{1b}[31mred", 4) {
            assert!(width(&line) <= 4, "{line:?}");
            assert!(!line.contains('\u{1b}'));
        }
    }
}
