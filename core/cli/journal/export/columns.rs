//! Records as columns, for Parquet.

use std::collections::BTreeMap;

use hemiola_adapters::journal::Field;
use hemiola_adapters::results::{Column, Table, Texts};
use hemiola_components::time::Nanos;

use super::{ALWAYS, NUMBERS, Row, Sink, number};
use crate::exit::{Exit, Failure};

/// Fields that hardly repeat.
const IDS: [Field; 2] = [Field::ScheduleRunId, Field::SignalId];

/// All rows so far.
#[derive(Default)]
pub(super) struct Columns {
    position: Vec<i64>,
    seq: Vec<i64>,
    time: Vec<Nanos>,
    always: [Labels; ALWAYS.len()],
    fields: Vec<Cells>,
    metadata: Texts,
    /// Of the longest column of texts.
    bytes: usize,
}

/// The values of a field.
enum Cells {
    Number(Vec<f64>),
    Label(Labels),
    Id(Texts),
}

/// Texts that repeat, as places in a list.
#[derive(Default)]
struct Labels {
    values: Vec<u32>,
    names: Vec<String>,
    known: BTreeMap<String, u32>,
}

impl Labels {
    fn push(&mut self, text: &str) {
        let label = self.known.get(text).copied().unwrap_or_else(|| {
            let label = u32::try_from(self.names.len()).expect("a table has fewer than 2^31 rows");
            self.names.push(text.to_owned());
            self.known.insert(text.to_owned(), label);
            label
        });
        self.values.push(label);
    }

    fn column(self) -> Column {
        Column::Label { values: self.values, names: self.names }
    }
}

impl Sink for Columns {
    fn add(&mut self, row: &Row<'_>) -> Result<(), Failure> {
        /// Bytes of a column of texts, and its rows: what its offsets can hold.
        const MOST: usize = i32::MAX as usize;
        let Row { position, seq, time, record, metadata } = row;
        self.bytes +=
            metadata.len().max(record.0.values().map(|value| value.as_str().map_or(0, str::len)).sum());
        if self.bytes > MOST || self.time.len() == MOST {
            let message =
                "there is more than one Parquet file can hold here: use --from and --to, or --format csv";
            return Err(Failure::new(Exit::Usage, message));
        }
        if self.fields.is_empty() {
            self.fields = Field::ALL.iter().map(|field| Cells::of(*field)).collect();
        }
        self.position.push(place(*position));
        self.seq.push(seq.map_or(-1, place));
        self.time.push(*time);
        for (labels, name) in self.always.iter_mut().zip(ALWAYS) {
            labels.push(&record.get(name).unwrap_or_default());
        }
        for (cells, field) in self.fields.iter_mut().zip(Field::ALL) {
            let text = || record.get(field.name()).unwrap_or_default();
            match cells {
                Cells::Number(values) => values.push(number(record, *field).unwrap_or(f64::NAN)),
                Cells::Label(labels) => labels.push(&text()),
                Cells::Id(texts) => texts.push(|buffer| buffer.push_str(&text())),
            }
        }
        self.metadata.push(|buffer| buffer.push_str(metadata));
        Ok(())
    }
}

impl Cells {
    fn of(field: Field) -> Self {
        if NUMBERS.contains(&field) {
            Self::Number(Vec::new())
        } else if IDS.contains(&field) {
            Self::Id(Texts::default())
        } else {
            Self::Label(Labels::default())
        }
    }
}

fn place(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Columns {
    pub(super) fn finish(self) -> Result<Vec<u8>, Failure> {
        let mut columns = vec![
            ("position", Column::Integer(self.position)),
            ("seq", Column::Integer(self.seq)),
            ("timestamp", Column::Time(self.time)),
        ];
        columns.extend(ALWAYS.into_iter().zip(self.always.map(Labels::column)));
        let fields = if self.fields.is_empty() {
            Field::ALL.iter().map(|field| Cells::of(*field)).collect()
        } else {
            self.fields
        };
        columns.extend(Field::ALL.iter().zip(fields).map(|(field, cells)| {
            let column = match cells {
                Cells::Number(values) => Column::Float(values),
                Cells::Label(labels) => labels.column(),
                Cells::Id(texts) => Column::Text(texts),
            };
            (field.name(), column)
        }));
        columns.push(("metadata", Column::Text(self.metadata)));
        let metadata = vec![("schema".to_owned(), "hemiola.journal_export/1".to_owned())];
        let table = Table::new(columns, metadata);
        table
            .to_parquet()
            .map_err(|error| Failure::new(Exit::Operational, format!("cannot write Parquet: {error}")))
    }
}
