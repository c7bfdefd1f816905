//! A page as it grows: headline, sections, sentences, items and tables.

use super::WIDTH;
use super::table::Table;
use super::words::{width, wrap};

pub(crate) struct Page {
    text: String,
    /// What a section's title is underlined with: less strongly within a chapter.
    under: char,
}

impl Page {
    pub(crate) fn new(headline: &str) -> Page {
        let mut page = Page { text: String::new(), under: '=' };
        page.say(headline);
        page
    }

    /// Starts a chapter of a page that has several; sections come under it.
    pub(crate) fn chapter(&mut self, title: &str) {
        self.under = '=';
        self.section(title);
        self.under = '-';
    }

    /// Starts a part of the page under its own title.
    pub(crate) fn section(&mut self, title: &str) {
        self.gap();
        self.say(title);
        self.text.extend(std::iter::repeat_n(self.under, width(title).min(WIDTH)));
        self.text.push('\n');
    }

    /// A sentence or several, wrapped.
    pub(crate) fn say(&mut self, text: &str) {
        for line in wrap(text, WIDTH) {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// One of a list.
    pub(crate) fn item(&mut self, text: &str) {
        for (at, line) in wrap(text, WIDTH - 2).iter().enumerate() {
            self.text.push_str(if at == 0 { "- " } else { "  " });
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    pub(crate) fn table(&mut self, table: &Table) {
        self.text.push_str(&table.render(WIDTH));
    }

    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }
}
