//! What was found: one finding per problem, with its place.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// What was done to a journal, as far as it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A record is there and is not what was signed.
    Edited,
    /// Records that were there are not.
    Deleted,
    /// Records stand elsewhere than they were written.
    Reordered,
    /// A line is there that was never written, or a second time.
    Inserted,
    /// The last line was not written to its end.
    Torn,
    /// A checkpoint knows of more records than there are.
    Truncated,
    /// A record has no signature and should have one.
    Unsigned,
    /// A record is signed by another algorithm than the journal announced.
    Downgraded,
    /// A record is signed by a key that is not at hand, or not the one that signs there.
    UnknownKey,
    /// From here on it is another history.
    Forked,
    /// Nothing closes the journal.
    NotClosed,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Edited,
        Self::Deleted,
        Self::Reordered,
        Self::Inserted,
        Self::Torn,
        Self::Truncated,
        Self::Unsigned,
        Self::Downgraded,
        Self::UnknownKey,
        Self::Forked,
        Self::NotClosed,
    ];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Deleted => "deleted",
            Self::Reordered => "reordered",
            Self::Inserted => "inserted",
            Self::Torn => "torn",
            Self::Truncated => "truncated",
            Self::Unsigned => "unsigned",
            Self::Downgraded => "downgraded",
            Self::UnknownKey => "unknown_key",
            Self::Forked => "forked",
            Self::NotClosed => "not_closed",
        }
    }
}

/// One problem. `FILE:LINE: WHAT: ...` as a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was done.
    pub what: What,
    /// The file it shows in.
    pub file: String,
    /// The first line it shows on, from 1 on. Where records are missing, the line that follows them.
    pub line: u64,
    /// The last line it shows on.
    pub last_line: u64,
    /// The first record it is about, if that is known.
    pub record: Option<u64>,
    /// The last record it is about.
    pub last_record: Option<u64>,
    /// The timestamp of the first line it shows on, as the line says it.
    pub when: Option<String>,
    /// How it shows, and what to make of it.
    pub explanation: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: ", self.file, self.line, self.what.name())?;
        match (self.record, self.last_record) {
            (Some(first), Some(last)) if first != last => write!(f, "records {first} to {last}: ")?,
            (Some(record), _) => write!(f, "record {record}: ")?,
            _ => {}
        }
        f.write_str(&self.explanation)?;
        if self.line != self.last_line {
            write!(f, "; so up to line {}", self.last_line)?;
        }
        match &self.when {
            Some(when) => write!(f, " ({when})"),
            None => Ok(()),
        }
    }
}

/// A line of one of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The file's number.
    pub(super) file: usize,
    pub(super) line: u64,
}

/// A finding that may yet grow.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) what: What,
    pub(super) place: Place,
    pub(super) last_line: u64,
    pub(super) records: Option<(u64, u64)>,
    pub(super) when: Option<String>,
    pub(super) text: Cow<'static, str>,
}

impl Draft {
    pub(super) fn new(what: What, place: Place, text: impl Into<Cow<'static, str>>) -> Self {
        Self { what, place, last_line: place.line, records: None, when: None, text: text.into() }
    }

    pub(super) fn records(mut self, first: u64, last: u64) -> Self {
        self.records = Some((first, last));
        self
    }

    pub(super) fn when(mut self, when: &str) -> Self {
        self.when = (!when.is_empty()).then(|| when.to_owned());
        self
    }

    /// Whether `next` goes on with the same.
    fn goes_on_in(&self, next: &Self) -> bool {
        let records = match (self.records, next.records) {
            (Some((_, last)), Some((first, _))) => last.checked_add(1) == Some(first),
            (None, None) => true,
            _ => false,
        };
        let alike = self.what == next.what && self.text == next.text && self.place.file == next.place.file;
        alike && records && self.last_line + 1 == next.place.line
    }
}

/// All findings, and the names of the files they are in.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub(super) files: Vec<String>,
    drafts: Vec<Draft>,
}

impl Findings {
    pub(super) const fn of(files: Vec<String>) -> Self {
        Self { files, drafts: Vec::new() }
    }

    pub(super) fn push(&mut self, draft: Draft) {
        add(&mut self.drafts, draft);
    }

    /// A place as people are told it.
    pub(super) fn name(&self, place: Place) -> String {
        format!("{}:{}", self.files[place.file], place.line)
    }

    /// In the order of the files.
    pub(super) fn finish(self) -> Vec<Finding> {
        let Self { files, mut drafts } = self;
        drafts.sort_by_key(|draft| draft.place);
        let mut merged = Vec::new();
        for draft in drafts {
            add(&mut merged, draft);
        }
        let finding = |draft: Draft| Finding {
            what: draft.what,
            file: files[draft.place.file].clone(),
            line: draft.place.line,
            last_line: draft.last_line,
            record: draft.records.map(|(first, _)| first),
            last_record: draft.records.map(|(_, last)| last),
            when: draft.when,
            explanation: draft.text.into_owned(),
        };
        merged.into_iter().map(finding).collect()
    }
}

/// Adds a finding, or makes the last one longer.
fn add(drafts: &mut Vec<Draft>, draft: Draft) {
    match drafts.last_mut() {
        Some(last) if last.goes_on_in(&draft) => {
            last.last_line = draft.last_line;
            last.records = last.records.zip(draft.records).map(|((first, _), (_, last))| (first, last));
        }
        _ => drafts.push(draft),
    }
}
