//! Reads Rust source as far as the layout needs: which tokens are code, and which paths they name.
//!
//! Not a compiler. Comments, strings and items under `#[cfg(test)]` are left out; `use` trees are spelled out; `crate`,
//! `self` and `super` are followed to the module they mean. A macro's expansion is not seen, its arguments are.

use std::collections::BTreeSet;

/// A word or a sign of code, with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// A path that the code names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub line: usize,
    /// The crate's own modules from the root, or an outside crate first.
    pub segments: Vec<String>,
    /// It began with `crate`, `self` or `super`.
    pub own: bool,
    /// It stood in a `use`.
    pub imported: bool,
    /// It was `pub use`.
    pub public: bool,
}

impl Path {
    pub fn starts_with(&self, prefix: &[&str]) -> bool {
        prefix.len() <= self.segments.len() && self.segments.iter().zip(prefix).all(|(a, b)| a == b)
    }

    pub fn text(&self) -> String {
        let text = self.segments.join("::");
        if self.own { format!("crate::{text}") } else { text }
    }
}

/// One file of `src`, read.
#[derive(Clone, Debug)]
pub struct Source {
    /// From `src`, with `/`.
    pub file: String,
    /// `solve/check.rs` is `[solve, check]`; `lib.rs` and `main.rs` are empty.
    pub module: Vec<String>,
    pub tokens: Vec<Token>,
    pub paths: Vec<Path>,
    /// Lines whose comment says `lookup only` or `fixed hasher`, and each next line where the comment stands alone.
    pub excused: BTreeSet<usize>,
    /// Files that hold the modules declared under `#[cfg(test)]`.
    pub test_files: Vec<String>,
}

impl Source {
    pub fn read(file: &str, text: &str) -> Source {
        let stripped = Stripped::new(text);
        let all = tokens(&stripped.code);
        let module = module_of(file);
        let (tokens, test_modules) = without_tests(&all);
        let folder = if module.is_empty() { String::new() } else { format!("{}/", module.join("/")) };
        let test_files =
            test_modules.iter().flat_map(|name| [format!("{folder}{name}.rs"), format!("{folder}{name}/")]).collect();
        let paths = paths(&tokens, &module);
        Source { file: file.to_owned(), module, tokens, paths, excused: stripped.excused, test_files }
    }

    /// Whether these words and signs stand one after the other, and where.
    pub fn find<'a>(&'a self, wanted: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
        self.tokens
            .windows(wanted.len())
            .filter(move |window| window.iter().zip(wanted).all(|(token, wanted)| token.text == *wanted))
            .map(|window| window[0].line)
    }
}

fn module_of(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    match stem {
        "lib" | "main" => Vec::new(),
        stem => stem.split('/').filter(|part| *part != "mod").map(str::to_owned).collect(),
    }
}

/// The text with comments, strings and characters blanked; lines stay where they were.
struct Stripped {
    code: String,
    excused: BTreeSet<usize>,
}

impl Stripped {
    fn new(text: &str) -> Stripped {
        let mut stripper =
            Stripper { rest: text, line: 1, code: String::with_capacity(text.len()), excused: BTreeSet::new() };
        while stripper.step() {}
        Stripped { code: stripper.code, excused: stripper.excused }
    }
}

struct Stripper<'a> {
    rest: &'a str,
    line: usize,
    code: String,
    excused: BTreeSet<usize>,
}

impl Stripper<'_> {
    /// Takes the next comment, literal or character; false at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        let after_word = self.code.chars().next_back().is_some_and(|last| last.is_alphanumeric() || last == '_');
        if self.rest.starts_with("//") {
            self.line_comment();
        } else if self.rest.starts_with("/*") {
            self.blank(block_comment(self.rest));
        } else if let Some(length) = raw_string(self.rest).filter(|_| !after_word) {
            self.literal(length);
        } else if first == '"' {
            self.literal(quoted(self.rest, '"'));
        } else if first == '\'' {
            match character(self.rest) {
                Some(length) => self.literal(length),
                None => self.keep(first),
            }
        } else {
            self.keep(first);
        }
        true
    }

    fn line_comment(&mut self) {
        let length = self.rest.find('\n').unwrap_or(self.rest.len());
        let comment = &self.rest[..length];
        if comment.contains("lookup only") || comment.contains("fixed hasher") {
            let start = self.code.rfind('\n').map_or(0, |at| at + 1);
            let alone = self.code[start..].trim().is_empty();
            self.excused.insert(if alone { self.line + 1 } else { self.line });
        }
        self.blank(length);
    }

    fn keep(&mut self, first: char) {
        self.line += usize::from(first == '\n');
        self.code.push(first);
        self.rest = &self.rest[first.len_utf8()..];
    }

    /// A literal leaves a zero, so that what stands around it does not grow together.
    fn literal(&mut self, length: usize) {
        self.code.push('0');
        self.blank(length);
    }

    fn blank(&mut self, length: usize) {
        let (gone, rest) = self.rest.split_at(length);
        let lines = gone.matches('\n').count();
        self.code.push_str(&"\n".repeat(lines));
        self.code.push(' ');
        self.line += lines;
        self.rest = rest;
    }
}

/// Length of the comment, which may hold others.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Length of a string or character with escapes, quotes included.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = true;
    for (at, c) in text.char_indices() {
        if escaped {
            // The first character is the opening quote itself.
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    text.len()
}

/// Length of `r"…"`, `r#"…"#`, `br"…"`, `cr"…"` at the start of the text.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix(['b', 'c']).unwrap_or(text).strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let opened = text.len() - body.len();
    Some(body.find(&close).map_or(text.len(), |at| opened + at + close.len()))
}

/// Length of a character literal; None for a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        return Some(quoted(text, '\''));
    }
    chars.next().filter(|&(_, second)| second == '\'').map(|(at, _)| at + 1)
}

fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (line, text) in (1..).zip(code.lines()) {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let length = if word(first) {
                rest.find(|c| !word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push(Token { text: rest[..length].to_owned(), line });
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// The tokens outside items under `#[cfg(test)]` (also `all(test, …)`), and the names of modules that are files there.
fn without_tests(all: &[Token]) -> (Vec<Token>, Vec<String>) {
    let text = |at: usize| all.get(at).map_or("", |token| token.text.as_str());
    let (mut kept, mut files) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < all.len() {
        let inner = text(at) == "#" && text(at + 1) == "!" && text(at + 2) == "[";
        if inner && is_test(&all[at + 2..]) {
            // `#![cfg(test)]`: the rest of the file.
            break;
        }
        if text(at) == "#" && text(at + 1) == "[" && is_test(&all[at + 1..]) {
            let end = end_of_item(all, at);
            files.extend(module_file(&all[at..end]));
            at = end;
        } else {
            kept.push(all[at].clone());
            at += 1;
        }
    }
    (kept, files)
}

/// Whether the attribute that opens with `[` is `cfg` of `test`, not of `not(test)`.
fn is_test(attribute: &[Token]) -> bool {
    let words: Vec<&str> =
        attribute[..closing(attribute, 0).min(attribute.len())].iter().map(|token| token.text.as_str()).collect();
    words.get(1) == Some(&"cfg") && words.contains(&"test") && !words.contains(&"not") && !words.contains(&"any")
}

/// Past the end of the attributes and the item at `at`.
fn end_of_item(all: &[Token], mut at: usize) -> usize {
    while all.get(at).is_some_and(|token| token.text == "#") {
        at = closing(all, at + 1) + 1;
    }
    while let Some(token) = all.get(at) {
        match token.text.as_str() {
            ";" => return at + 1,
            "{" => return closing(all, at) + 1,
            "(" | "[" => at = closing(all, at) + 1,
            _ => at += 1,
        }
    }
    at
}

/// Where the bracket that opens at `open` closes.
fn closing(all: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in all.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    all.len()
}

fn module_file(item: &[Token]) -> Option<String> {
    let at = item.iter().position(|token| token.text == "mod")?;
    let (name, end) = (item.get(at + 1)?, item.get(at + 2)?);
    (end.text == ";").then(|| name.text.clone())
}

/// Every path in the code, with inline modules taken into account.
fn paths(tokens: &[Token], module: &[String]) -> Vec<Path> {
    let children = tokens.windows(3).filter(|window| window[0].text == "mod" && window[2].text == ";");
    let children = children.map(|window| window[1].text.clone()).collect();
    let mut reader =
        PathReader { tokens, here: module.to_vec(), children, inline: Vec::new(), depth: 0, found: Vec::new() };
    let mut at = 0;
    while at < tokens.len() {
        at = reader.step(at);
    }
    reader.found
}

struct PathReader<'a> {
    tokens: &'a [Token],
    here: Vec<String>,
    /// Modules that this file declares: a path may begin with one, as with `self::`.
    children: BTreeSet<String>,
    /// Depths of braces at which inline modules were opened.
    inline: Vec<usize>,
    depth: usize,
    found: Vec<Path>,
}

impl PathReader<'_> {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    fn is_word(&self, at: usize) -> bool {
        self.text(at).starts_with(|c: char| c.is_alphabetic() || c == '_')
    }

    fn step(&mut self, at: usize) -> usize {
        match self.text(at) {
            "{" => self.depth += 1,
            "}" => {
                if self.inline.last() == Some(&self.depth) {
                    self.inline.pop();
                    self.here.pop();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            "mod" if self.is_word(at + 1) && self.text(at + 2) == "{" => {
                self.depth += 1;
                self.inline.push(self.depth);
                self.here.push(self.text(at + 1).to_owned());
                return at + 3;
            }
            "extern" if self.text(at + 1) == "crate" => {
                self.add(at, vec![self.text(at + 2).to_owned()], true, false);
                return at + 3;
            }
            // `impl Trait + use<'a>` names no path.
            "use" if self.text(at + 1) != "<" => {
                let public = self.is_public(at);
                let end = self.tree(at + 1, &Vec::new(), public);
                return end;
            }
            _ if self.starts_path(at) => {
                let (mut end, mut segments) = (at, vec![self.text(at).to_owned()]);
                while self.text(end + 1) == "::" && self.is_word(end + 2) {
                    end += 2;
                    segments.push(self.text(end).to_owned());
                }
                self.add(at, segments, false, false);
                return end + 1;
            }
            _ => {}
        }
        at + 1
    }

    /// A word followed by `::` that nothing leads up to.
    fn starts_path(&self, at: usize) -> bool {
        let before = if at == 0 { "" } else { self.text(at - 1) };
        let rooted = before == "::" && !(at >= 2 && (self.is_word(at - 2) || self.text(at - 2) == ">"));
        self.is_word(at) && self.text(at + 1) == "::" && (rooted || !["::", "."].contains(&before))
    }

    fn is_public(&self, at: usize) -> bool {
        let before = |back: usize| at.checked_sub(back).map_or("", |at| self.text(at));
        before(1) == "pub" || (before(1) == ")" && (2..6).any(|back| before(back) == "pub"))
    }

    /// One branch of a `use`, after `before`; where it ends.
    fn tree(&mut self, start: usize, before: &[String], public: bool) -> usize {
        let (mut at, mut segments) = (start, before.to_vec());
        loop {
            match self.text(at) {
                "{" => {
                    at += 1;
                    while !["}", ""].contains(&self.text(at)) {
                        at = self.tree(at, &segments, public);
                        at += usize::from(self.text(at) == ",");
                    }
                    at += 1;
                    break;
                }
                "::" => at += 1,
                "*" => {
                    segments.push("*".to_owned());
                    self.add(start, segments, true, public);
                    at += 1;
                    break;
                }
                "as" => at += 2,
                "," | "}" | ";" | "" => {
                    self.add(start, segments, true, public);
                    break;
                }
                word => {
                    segments.push(word.to_owned());
                    at += 1;
                }
            }
        }
        at + usize::from(before.is_empty() && self.text(at) == ";")
    }

    fn add(&mut self, at: usize, segments: Vec<String>, imported: bool, public: bool) {
        let line = self.tokens.get(at).map_or(0, |token| token.line);
        let mut own = false;
        let mut full: Vec<String> = Vec::new();
        let mut up = false;
        for (position, segment) in segments.into_iter().enumerate() {
            match segment.as_str() {
                // The binary and the tests call the library by its name.
                "crate" | "suffice" if position == 0 => own = true,
                "self" if position == 0 => {
                    own = true;
                    full.clone_from(&self.here);
                }
                "super" if position == 0 || up => {
                    if position == 0 {
                        full.clone_from(&self.here);
                    }
                    own = true;
                    up = true;
                    full.pop();
                }
                "self" => {}
                child if position == 0 && self.inline.is_empty() && self.children.contains(child) => {
                    own = true;
                    full.clone_from(&self.here);
                    full.push(segment);
                }
                _ => {
                    up = false;
                    full.push(segment);
                }
            }
        }
        self.found.push(Path { line, segments: full, own, imported, public });
    }
}
