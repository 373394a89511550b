//! A map whose keys are known: whoever asks for a key knows it, the others are refused in the end.

use super::field::Field;
use super::tree::Entry;

/// A map whose keys are known. Each key asked for is a known one; [`Section::close`] refuses the others.
pub(crate) struct Section<'t> {
    pub(crate) field: Field<'t>,
    entries: &'t [Entry],
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    pub(crate) fn new(field: Field<'t>, entries: &'t [Entry]) -> Self {
        Self { field, entries, known: Vec::new() }
    }

    pub(crate) fn optional(&mut self, name: &'static str) -> Option<Field<'t>> {
        self.known.push(name);
        self.entries.iter().find(|entry| entry.key == name).map(|entry| self.field.child(entry))
    }

    /// One of several spellings; more than one at a time is an error.
    pub(crate) fn either(&mut self, name: &'static str, aliases: &[&'static str]) -> Option<Field<'t>> {
        let mut found = self.optional(name);
        for alias in aliases {
            let Some(other) = self.optional(alias) else { continue };
            let Some(first) = &found else {
                found = Some(other);
                continue;
            };
            let message = format!("says the same as `{}`: keep one of them", first.name);
            self.field.problems.error(&other.key_place(), "conflict", message);
        }
        found
    }

    pub(crate) fn missing(&self, name: &str) {
        self.field.missing(name);
    }

    /// Whether the map holds the key.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == name)
    }

    /// Reports every key that nobody asked for, and hands them out.
    pub(crate) fn close(self) -> Vec<Field<'t>> {
        let mut unknown = Vec::new();
        let mut known = self.known;
        known.sort_unstable();
        known.dedup();
        for entry in self.entries {
            let key = entry.key.as_str();
            if known.contains(&key) {
                continue;
            }
            let field = self.field.child(entry);
            field.problems.unknown_key(&field.key_place(), &entry.key, &known);
            unknown.push(field);
        }
        unknown
    }
}
