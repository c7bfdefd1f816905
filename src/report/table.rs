//! Columns that line up.

use super::words::{width, wrap};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// For words. The widest of these columns are wrapped where the table is too wide.
    Left,
    /// For numbers. Never wrapped.
    Right,
}

/// A table of text with one heading for each column.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Columns between two columns.
    const GAP: usize = 2;
    /// A column of words is not wrapped to less than this.
    const NARROWEST: usize = 8;

    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = (S, Align)>) -> Table {
        let columns = columns.into_iter().map(|(heading, align)| (heading.into(), align)).collect();
        Table { columns, rows: Vec::new() }
    }

    /// Appends a row; cells that it lacks are empty and cells that it has too many of are left out.
    pub fn push<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let mut row: Vec<String> = cells.into_iter().map(Into::into).collect();
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether it can be laid out in `columns`: numbers are never cut, so a table of many may be too wide.
    pub fn fits(&self, columns: usize) -> bool {
        total(&self.widths(columns)) <= columns
    }

    /// Headings, a rule and the rows, in lines of at most `columns`, each ended by a line break.
    pub fn render(&self, columns: usize) -> String {
        let widths = self.widths(columns);
        let mut text = String::new();
        self.line(&mut text, &widths, self.columns.iter().map(|(heading, _)| heading.as_str()));
        let rules: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
        self.line(&mut text, &widths, rules.iter().map(String::as_str));
        for row in &self.rows {
            self.line(&mut text, &widths, row.iter().map(String::as_str));
        }
        text
    }

    /// As wide as the widest cell; where that is too much, the widest column of words gives way first.
    fn widths(&self, columns: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, (heading, _))| {
                self.rows.iter().map(|row| width(&row[at])).max().unwrap_or(0).max(width(heading))
            })
            .collect();
        while columns < total(&widths) {
            let words = (0..widths.len()).filter(|&at| self.columns[at].1 == Align::Left);
            let Some(widest) = words.max_by_key(|&at| (widths[at], at)).filter(|&at| Table::NARROWEST < widths[at])
            else {
                break;
            };
            widths[widest] -= 1;
        }
        widths
    }

    fn line<'a>(&self, text: &mut String, widths: &[usize], cells: impl Iterator<Item = &'a str>) {
        let cells: Vec<Vec<String>> = cells.zip(widths).map(|(cell, &width)| wrap(cell, width)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            let mut line = String::new();
            for ((cell, &column_width), (_, align)) in cells.iter().zip(widths).zip(&self.columns) {
                let piece = cell.get(at).map_or("", String::as_str);
                let pad = " ".repeat(column_width.saturating_sub(width(piece)));
                match align {
                    Align::Left => line.extend([piece, &pad]),
                    Align::Right => line.extend([pad.as_str(), piece]),
                }
                line.push_str(&" ".repeat(Table::GAP));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + Table::GAP * widths.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::{Align, Table};
    use crate::report::words::width;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let mut table = Table::new([("Kind", Align::Left), ("Unmet", Align::Right), ("Note", Align::Left)]);
        table.push(["speech", "1,200", ""]);
        table.push(["a place at school", "7", "see below"]);
        insta::assert_snapshot!(table.render(100), @r"
        Kind               Unmet  Note
        -----------------  -----  ---------
        speech             1,200
        a place at school      7  see below
        ");
    }

    #[test]
    fn a_wide_column_of_words_is_wrapped_and_nothing_is_lost() {
        let mut table = Table::new([("Offer", Align::Left), ("Places", Align::Right), ("Why", Align::Left)]);
        table.push(["oak-lane", "12", "takes ages 5 to 11, and this child is 4; takes levels 1 to 2, and this is 3"]);
        let text = table.render(40);
        insta::assert_snapshot!(text, @r"
        Offer     Places  Why
        --------  ------  ----------------------
        oak-lane      12  takes ages 5 to 11,
                          and this child is 4;
                          takes levels 1 to 2,
                          and this is 3
        ");
        assert!(text.lines().all(|line| width(line) <= 40));
    }

    #[test]
    fn text_from_outside_cannot_reach_the_terminal() {
        let mut table = Table::new([("Name", Align::Left)]);
        table.push(["\u{1b}[2Jgone\u{7}\nnext"]);
        let text = table.render(100);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
}
