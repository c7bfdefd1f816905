//! A settings file while it is read. Whatever is wrong in one refuses the bundle: no row can be set aside for it.

use std::collections::BTreeMap;

use super::cells::{self, LONGEST_LABEL, Slip};
use super::findings::Findings;
use super::names::with_hint;
use crate::domain::draft::Setting;

/// The keys of a file or of a section. Keys are taken by name; [`Keys::close`] reports those nobody took.
#[derive(Debug)]
pub(super) struct Keys<'a> {
    file: &'static str,
    /// Empty, or the section's path with a dot at its end.
    path: String,
    keys: Option<&'a BTreeMap<String, Setting>>,
    taken: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    pub fn root(file: &'static str, keys: Option<&'a BTreeMap<String, Setting>>) -> Keys<'a> {
        Keys { file, path: String::new(), keys, taken: Vec::new() }
    }

    pub fn get(&mut self, key: &'static str) -> Option<&'a Setting> {
        if !self.taken.contains(&key) {
            self.taken.push(key);
        }
        self.keys?.get(key)
    }

    /// The keys below `key`; none where it is absent.
    pub fn section(&mut self, key: &'static str, findings: &mut Findings) -> Keys<'a> {
        let setting = self.get(key);
        self.below(key, setting, findings)
    }

    /// The keys of a table in a list, as `key[position]`.
    pub fn entry(&self, key: &str, position: usize, setting: &'a Setting, findings: &mut Findings) -> Keys<'a> {
        self.below(&format!("{key}[{position}]"), Some(setting), findings)
    }

    fn below(&self, key: &str, setting: Option<&'a Setting>, findings: &mut Findings) -> Keys<'a> {
        let keys = match setting {
            None => None,
            Some(Setting::Keys(keys)) => Some(keys),
            Some(other) => {
                self.wrong(key, &shown(other), "a table of keys", findings);
                None
            }
        };
        Keys { file: self.file, path: format!("{}{key}.", self.path), keys, taken: Vec::new() }
    }

    pub fn is_present(&self) -> bool {
        self.keys.is_some()
    }

    pub fn wrong(&self, key: &str, seen: &str, wanted: impl Into<String>, findings: &mut Findings) {
        let path = format!("{}{key}", self.path);
        findings.structural(self.file, Some(&path), seen, wanted);
    }

    pub fn close(self, findings: &mut Findings) {
        for (key, setting) in self.keys.into_iter().flatten() {
            if !self.taken.contains(&key.as_str()) {
                let wanted = format!("one of the keys {}", self.taken.join(", "));
                let words = self.taken.iter().copied();
                let seen = format!("{key} = {}", shown(setting));
                self.wrong(key, &seen, with_hint(&wanted, key, words), findings);
            }
        }
    }

    /// A text that is not blank.
    pub fn text(&mut self, key: &'static str, findings: &mut Findings) -> Option<String> {
        let setting = self.get(key)?;
        let text = self.text_of(key, setting, findings)?;
        if text.is_empty() {
            self.wrong(key, "", "a text that is not empty", findings);
            return None;
        }
        Some(text)
    }

    pub fn text_of(&self, key: &str, setting: &Setting, findings: &mut Findings) -> Option<String> {
        match setting {
            Setting::Text(text) if LONGEST_LABEL < text.trim().chars().count() => {
                self.wrong(key, text, format!("at most {LONGEST_LABEL} characters"), findings);
                None
            }
            Setting::Text(text) => Some(text.trim().to_owned()),
            other => {
                self.wrong(key, &shown(other), "a text in quotation marks", findings);
                None
            }
        }
    }

    /// A list of settings.
    pub fn list(&mut self, key: &'static str, findings: &mut Findings) -> Option<&'a [Setting]> {
        match self.get(key)? {
            Setting::List(list) => Some(list),
            other => {
                self.wrong(key, &shown(other), "a list in square brackets", findings);
                None
            }
        }
    }

    pub fn whole(&mut self, key: &'static str, min: i64, max: i64, findings: &mut Findings) -> Option<i64> {
        let setting = self.get(key)?;
        self.whole_of(key, setting, min, max, findings)
    }

    pub fn whole_of(&self, key: &str, setting: &Setting, min: i64, max: i64, findings: &mut Findings) -> Option<i64> {
        let number = number_text(setting).and_then(|text| cells::whole(&text, min, max).ok());
        if number.is_none() {
            self.wrong(key, &shown(setting), Slip::Whole { min, max }.to_string(), findings);
        }
        number
    }

    /// See [`cells::fixed`].
    pub fn fixed_of(
        &self,
        key: &str,
        setting: &Setting,
        max: u64,
        places: usize,
        findings: &mut Findings,
    ) -> Option<u64> {
        let number = number_text(setting).and_then(|text| cells::fixed(&text, max, places).ok());
        if number.is_none() {
            self.wrong(key, &shown(setting), Slip::Decimal { max, places }.to_string(), findings);
        }
        number
    }

    /// See [`cells::measure`].
    pub fn measure(&mut self, key: &'static str, power: &str, max: u64, findings: &mut Findings) -> Option<f64> {
        let setting = self.get(key)?;
        let number = number_text(setting).and_then(|text| cells::measure(&text, power, max).ok());
        if number.is_none() {
            self.wrong(key, &shown(setting), Slip::Measure { max }.to_string(), findings);
        }
        number
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)], findings: &mut Findings) -> Option<T> {
        let setting = self.get(key)?;
        self.choice_of(key, setting, choices, findings)
    }

    pub fn choice_of<T: Copy>(
        &self,
        key: &str,
        setting: &Setting,
        choices: &[(&str, T)],
        findings: &mut Findings,
    ) -> Option<T> {
        let seen = shown(setting);
        let found = choices.iter().find(|(word, _)| matches!(setting, Setting::Text(text) if text.trim() == *word));
        if found.is_none() {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            let wanted = format!("one of {}", words.join(", "));
            self.wrong(key, &seen, with_hint(&wanted, &seen, choices.iter().map(|(word, _)| *word)), findings);
        }
        found.map(|&(_, value)| value)
    }
}

/// A number's digits as they were written; underscores are the format's own thousands separators.
fn number_text(setting: &Setting) -> Option<String> {
    match setting {
        Setting::Whole(number) => Some(number.to_string()),
        Setting::Decimal { text, .. } => Some(text.replace('_', "")),
        _ => None,
    }
}

/// A setting in a few words, for the problem.
pub(super) fn shown(setting: &Setting) -> String {
    match setting {
        Setting::Text(text) | Setting::Date(text) | Setting::Other(text) => text.clone(),
        Setting::Whole(number) => number.to_string(),
        Setting::Decimal { text, .. } => text.clone(),
        Setting::Bool(value) => value.to_string(),
        Setting::List(list) => format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Setting::Keys(keys) => {
            let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key} = {}", shown(value))).collect();
            format!("{{ {} }}", keys.join(", "))
        }
    }
}
