//! Reads TOML tables by key and gathers every fault with its line, instead of stopping at the first.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as WordError, StrDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::pack::Provenance;
use super::problem::Problem;

/// Stands among the keys asked for where any key may stand.
const ANY_KEY: &str = "*";

/// By file and what the rows say: each row and its line.
type Alone = BTreeMap<(String, String), Vec<(Provenance, usize)>>;

/// What the reading of one pack gathers.
pub(super) struct Reading {
    problems: RefCell<Vec<Problem>>,
    /// Every rule by id, with the file and line it stands in.
    pub rules: RefCell<BTreeMap<String, (Provenance, String)>>,
    /// Rows of which one alone may be in force at a time.
    alone: RefCell<Alone>,
    /// The bundled time-zone database, never the machine's.
    pub zones: TimeZoneDatabase,
}

impl Reading {
    pub fn new() -> Self {
        Self {
            problems: RefCell::default(),
            rules: RefCell::default(),
            alone: RefCell::default(),
            zones: TimeZoneDatabase::bundled(),
        }
    }

    pub fn report(&self, file: &str, line: usize, what: impl Into<String>) {
        self.problems.borrow_mut().push(Problem {
            file: file.to_owned(),
            line,
            what: what.into(),
        });
    }

    /// Everything that is wrong, in the order of files and lines, each once.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.problems.borrow().clone();
        problems.sort();
        problems.dedup();
        problems
    }

    /// A zone by its IANA name, or a fixed offset such as `UTC-6`.
    pub fn zone(&self, name: &str) -> Option<TimeZone> {
        match name.strip_prefix("UTC") {
            Some(hours) if !hours.is_empty() => {
                let offset = Offset::from_hours(hours.parse().ok()?).ok()?;
                Some(TimeZone::fixed(offset))
            }
            _ => self.zones.get(name).ok(),
        }
    }
}

/// One source of a pack.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    fn line(&self, offset: usize) -> usize {
        1 + self
            .text
            .bytes()
            .take(offset)
            .filter(|byte| *byte == b'\n')
            .count()
    }
}

/// A text with its place in the source.
#[derive(Clone, Copy)]
pub(super) struct Word<'a> {
    pub text: &'a str,
    pub at: usize,
}

/// A table being read. Keys that nobody has asked for when it goes out of scope are reported as unknown.
pub(super) struct Table<'a> {
    pub reading: &'a Reading,
    source: Source<'a>,
    table: &'a DeTable<'a>,
    at: usize,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Table<'a> {
    /// Parses a whole source and hands it to `read`; a source that is not TOML is reported and not read.
    pub fn root<T>(
        reading: &Reading,
        source: Source<'_>,
        read: impl FnOnce(&Table<'_>) -> T,
    ) -> Option<T> {
        let (parsed, errors) = DeTable::parse_recoverable(source.text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            reading.report(source.name, source.line(at), error.message());
        }
        let table = Table {
            reading,
            source,
            table: parsed.get_ref(),
            at: 0,
            asked: RefCell::default(),
        };
        if errors.is_empty() {
            return Some(read(&table));
        }
        table.people_read();
        None
    }

    /// The line that the table begins on.
    pub fn line(&self) -> usize {
        self.source.line(self.at)
    }

    /// The name of the source.
    pub fn file(&self) -> &'a str {
        self.source.name
    }

    pub fn report(&self, at: usize, what: impl Into<String>) {
        self.reading
            .report(self.source.name, self.source.line(at), what);
    }

    /// Reports a fault of the table as a whole.
    pub fn report_here(&self, what: impl Into<String>) {
        self.report(self.at, what);
    }

    /// Reports the row if another of this file says the same thing while it is in force: two answers to one question.
    pub fn apart(&self, rule: &Provenance, what: String) {
        let mut alone = self.reading.alone.borrow_mut();
        let rows = alone.entry((self.file().to_owned(), what)).or_default();
        for (other, line) in rows.iter() {
            if overlap(rule, other) {
                self.report_here(format!(
                    "`{}` and `{}` (line {line}) are in force at once: end the one before the other begins",
                    rule.id, other.id
                ));
            }
        }
        rows.push((rule.clone(), self.line()));
    }

    fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    fn typed<T>(
        &self,
        key: &'static str,
        kind: &str,
        take: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<(T, usize)> {
        let value = self.value(key)?;
        let at = value.span().start;
        let taken = take(value.get_ref());
        if taken.is_none() {
            let found = value.get_ref().type_str();
            self.report(at, format!("`{key}` must be {kind}, not {found}"));
        }
        taken.map(|taken| (taken, at))
    }

    fn need<T>(&self, key: &'static str, found: Option<T>) -> Option<T> {
        if found.is_none() && !self.has(key) {
            self.report_here(format!("`{key}` is missing"));
        }
        found
    }

    /// Whether the key stands in the table.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A key that only people read: any value, or none.
    pub fn kept(&self, key: &'static str) {
        self.value(key);
    }

    /// Lets every other key pass: a rule's parameters are for people, whatever their names.
    pub fn people_read(&self) {
        self.asked.borrow_mut().insert(ANY_KEY);
    }

    /// A text; an empty one is reported.
    pub fn word(&self, key: &'static str) -> Option<Word<'a>> {
        let (text, at) = self.typed(key, "a text", DeValue::as_str)?;
        if text.trim().is_empty() {
            self.report(at, format!("`{key}` is empty"));
            return None;
        }
        Some(Word { text, at })
    }

    /// A text that must be there.
    pub fn needed(&self, key: &'static str) -> Option<Word<'a>> {
        self.need(key, self.word(key))
    }

    /// A text that must be one of the words of `T`.
    pub fn one_of<T: Deserialize<'a>>(&self, key: &'static str) -> Option<T> {
        let word = self.needed(key)?;
        let reader: StrDeserializer<'a, WordError> = word.text.into_deserializer();
        T::deserialize(reader)
            .map_err(|error| self.report(word.at, format!("`{key}`: {error}")))
            .ok()
    }

    /// True or false, which must be there.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        let found = self.typed(key, "true or false", DeValue::as_bool);
        self.need(key, found).map(|(flag, _)| flag)
    }

    /// A whole number in `range`; none where the key is absent.
    pub fn number(&self, key: &'static str, low: i64, high: i64) -> Option<i64> {
        let (number, at) = self.typed(key, "a whole number", |value| {
            let integer = value.as_integer()?;
            i64::from_str_radix(integer.as_str(), integer.radix()).ok()
        })?;
        if (low..=high).contains(&number) {
            return Some(number);
        }
        self.report(
            at,
            format!("`{key}` is {number}, which is not between {low} and {high}"),
        );
        None
    }

    /// A whole number that must be there.
    pub fn needed_number(&self, key: &'static str, low: i64, high: i64) -> Option<i64> {
        self.need(key, self.number(key, low, high))
    }

    /// A date, with its place.
    pub fn date(&self, key: &'static str) -> Option<(Date, usize)> {
        let word = self.word(key)?;
        match word.text.parse::<Date>() {
            Ok(date) => Some((date, word.at)),
            Err(_) => {
                let text = word.text;
                self.report(
                    word.at,
                    format!("`{key}` is `{text}`, not a date like 2026-10-18"),
                );
                None
            }
        }
    }

    /// A list of texts; none where the key is absent.
    pub fn words(&self, key: &'static str) -> Option<Vec<Word<'a>>> {
        let (array, _) = self.typed(key, "a list of texts", DeValue::as_array)?;
        let mut words = Vec::new();
        for value in array {
            let at = value.span().start;
            match value.get_ref().as_str() {
                Some(text) => words.push(Word { text, at }),
                None => self.report(at, format!("`{key}` holds something that is not a text")),
            }
        }
        Some(words)
    }

    fn child(&self, value: &'a Spanned<DeValue<'a>>, key: &str) -> Option<Table<'a>> {
        let at = value.span().start;
        let Some(table) = value.get_ref().as_table() else {
            self.report(at, format!("`{key}` must be a table"));
            return None;
        };
        Some(Table {
            reading: self.reading,
            source: self.source,
            table,
            at,
            asked: RefCell::default(),
        })
    }

    /// A table; none where the key is absent.
    pub fn table(&self, key: &'static str) -> Option<Table<'a>> {
        self.value(key).and_then(|value| self.child(value, key))
    }

    /// A table that must be there.
    pub fn needed_table(&self, key: &'static str) -> Option<Table<'a>> {
        self.need(key, self.table(key))
    }

    /// The tables of `[[key]]`, in order; empty where there are none.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'a>> {
        self.typed(key, "a list of tables", DeValue::as_array)
            .into_iter()
            .flat_map(|(array, _)| array.iter())
            .filter_map(|value| self.child(value, key))
            .collect()
    }
}

/// Whether there is a day on which both bind.
fn overlap(one: &Provenance, other: &Provenance) -> bool {
    let before =
        |one: &Provenance, other: &Provenance| match (one.effective_to, other.effective_from) {
            (Some(last), Some(first)) => last < first,
            _ => false,
        };
    let bind = one.status.binds() && other.status.binds();
    bind && !before(one, other) && !before(other, one)
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        let asked = self.asked.borrow();
        if asked.contains(ANY_KEY) {
            return;
        }
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !asked.contains(name) {
                self.report(key.span().start, format!("unknown key `{name}`"));
            }
        }
    }
}
