//! Columns decoded in both ways.

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use arrow_array::{Array as _, ArrayRef, Decimal64Array, Float32Array, Float64Array};
use arrow_schema::DataType;
use hemiola_components::column::Column;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::columns;
use super::fixture::{Columns, MARCH, integers, numbers, write_with};
use super::output::Output;
use super::rows::Selection;
use super::spill::{Plain, Scratch};
use super::table::Table;

const ROWS: i64 = 50_000;

fn properties(dictionary: bool, encoding: Encoding, codec: Compression) -> WriterProperties {
    let builder = WriterProperties::builder()
        .set_dictionary_enabled(dictionary)
        .set_compression(codec)
        .set_max_row_group_row_count(Some(20_000))
        .set_data_page_row_count_limit(3_000)
        .set_statistics_enabled(EnabledStatistics::Page);
    if dictionary { builder.build() } else { builder.set_encoding(encoding).build() }
}

/// Repeats, so that a dictionary pays, and reaches beyond one page of it.
fn columns() -> Columns {
    let values = || (0..ROWS).map(|row| ((row * 7_919) % 9_973) as f64 / 64.0);
    let decimals: Decimal64Array = (0..ROWS).map(|row| Some((row * 31) % 70_001)).collect();
    vec![
        ("time", integers((0..ROWS).map(|row| MARCH + row * 60_000))),
        ("double", numbers(values())),
        ("float", Arc::new(Float32Array::from_iter_values(values().map(narrowed)))),
        ("decimal", Arc::new(decimals.with_precision_and_scale(18, 3).unwrap())),
    ]
}

#[expect(clippy::cast_possible_truncation, reason = "a float of the file")]
fn narrowed(value: f64) -> f32 {
    value as f32
}

/// The column and its rows without a value.
fn decoded(table: &Table, column: &'static str, rows: &Selection) -> (Vec<f64>, Vec<usize>) {
    let (mut values, mut nulls) = (Output::new(None).unwrap(), Vec::new());
    table.numbers(column, rows, &mut values, &mut nulls).unwrap();
    (whole(values), nulls)
}

fn whole<T: Plain>(output: Output<T>) -> Vec<T> {
    std::mem::take(output.finish().unwrap().to_mut())
}

/// The same piece by piece.
fn spilled(table: &Table, column: &'static str, rows: &Selection) -> (Column<f64>, Vec<usize>) {
    let scratch = Scratch::new(std::env::temp_dir());
    let (mut values, mut nulls) = (Output::new(Some(&scratch)).unwrap(), Vec::new());
    table.numbers(column, rows, &mut values, &mut nulls).unwrap();
    let values = values.finish().unwrap();
    assert_eq!(values.is_shared(), rows.len() > 0);
    (values, nulls)
}

/// The column by way of record batches.
fn in_batches(table: &Table, column: &'static str, rows: &Selection) -> Vec<f64> {
    let mut values = Vec::new();
    table.batches(&[column], rows, |arrays| columns::append_numbers(&mut values, arrays[0])).unwrap();
    values
}

fn file(columns: Columns, properties: WriterProperties, test: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.parquet");
    write_with(&path, columns, properties);
    test(&path);
}

#[test]
fn both_ways_give_the_same_for_every_encoding_codec_and_stretch() {
    let kinds = [
        (true, Encoding::PLAIN, Compression::SNAPPY),
        (false, Encoding::PLAIN, Compression::LZ4_RAW),
        (false, Encoding::BYTE_STREAM_SPLIT, Compression::ZSTD(ZstdLevel::default())),
        (false, Encoding::PLAIN, Compression::UNCOMPRESSED),
    ];
    for (dictionary, encoding, codec) in kinds {
        file(columns(), properties(dictionary, encoding, codec), |path| {
            let table = Table::open(path).unwrap();
            assert_eq!(table.parquet().num_row_groups(), 3);
            for stretch in [0..50_000, 0..1, 19_999..20_001, 2_999..41_234, 49_999..50_000, 7..7] {
                let rows = Selection::new(&table, stretch.clone()).unwrap();
                for column in ["double", "float", "decimal"] {
                    let (values, nulls) = decoded(&table, column, &rows);
                    assert_eq!(values, in_batches(&table, column, &rows), "{column} {stretch:?}");
                    assert_eq!((values.len(), nulls.len()), (stretch.len(), 0));
                    assert_eq!(spilled(&table, column, &rows).0, values);
                    assert_eq!(values.capacity(), stretch.len(), "no more room than it takes");
                }
                let (mut times, mut nulls) = (Output::new(None).unwrap(), Vec::new());
                table.times("time", columns::MILLISECOND, &rows, &mut times, &mut nulls).unwrap();
                let times = whole(times);
                assert_eq!((times.len(), times.capacity()), (stretch.len(), stretch.len()));
                let first = MARCH + i64::try_from(stretch.start).unwrap() * 60_000;
                assert!(times.iter().zip(0..).all(|(time, row)| time.millis() == first + row * 60_000));
            }
        });
    }
}

#[test]
fn nulls_are_found_in_whatever_part_they_are() {
    for at in [0, 19_999, 33_333] {
        let values: Float64Array = (0..ROWS).map(|row| (row != at).then_some(row as f64)).collect();
        let columns: Columns = vec![("double", Arc::new(values) as ArrayRef)];
        file(columns, properties(true, Encoding::PLAIN, Compression::SNAPPY), |path| {
            let table = Table::open(path).unwrap();
            let rows = Selection::all(&table).unwrap();
            let (values, nulls) = decoded(&table, "double", &rows);
            assert_eq!(spilled(&table, "double", &rows), (values.clone().into(), nulls.clone()));
            assert_eq!(nulls, [usize::try_from(at).unwrap()]);
            assert_eq!((values.len(), values[40_000]), (50_000, 40_000.0));
        });
    }
}

#[test]
fn a_column_is_found_behind_nested_ones() {
    let list = arrow_array::ListArray::from_iter_primitive::<Float64Type, _, _>(
        (0..ROWS).map(|row| Some([Some(row as f64), Some(-1.0)])),
    );
    assert!(
        matches!(list.data_type(), DataType::List(_))
            && list.value(0).as_primitive::<Float64Type>().len() == 2
    );
    let mut columns = columns();
    columns.insert(0, ("list", Arc::new(list)));
    file(columns, properties(true, Encoding::PLAIN, Compression::SNAPPY), |path| {
        let table = Table::open(path).unwrap();
        let rows = Selection::all(&table).unwrap();
        assert_eq!(decoded(&table, "double", &rows).0, in_batches(&table, "double", &rows));
    });
}
