//! Columns of tables that were written before.

use std::fs::File;
use std::path::Path;

use arrow_array::StringArray;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// The texts of a column of a Parquet file.
///
/// # Errors
/// Says what cannot be read, or that there is no such column of texts.
pub fn read_texts(path: &Path, column: &str) -> Result<Vec<String>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
    let file = File::open(path).map_err(|error| failed(&error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| failed(&error))?;
    let index = builder.schema().fields().iter().position(|field| field.name() == column);
    let index = index.ok_or_else(|| failed(&format!("it has no column `{column}`")))?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), [index]);
    let reader = builder.with_projection(mask).build().map_err(|error| failed(&error))?;
    let mut texts = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|error| failed(&error))?;
        let values = batch.column(0).as_any().downcast_ref::<StringArray>();
        let values = values.ok_or_else(|| failed(&format!("`{column}` holds no texts")))?;
        texts.extend(values.iter().map(|text| text.unwrap_or_default().to_owned()));
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Column, Table};

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.parquet");
        let columns = vec![
            ("number", Column::Integer(vec![1, 2])),
            ("text", Column::Text(["", "ż"].into_iter().collect())),
        ];
        std::fs::write(&path, Table::new(columns, Vec::new()).to_parquet().unwrap()).unwrap();
        assert_eq!(read_texts(&path, "text").unwrap(), ["", "ż"]);
        for (column, says) in [("number", "holds no texts"), ("other", "no column `other`")] {
            let error = read_texts(&path, column).unwrap_err();
            assert!(error.contains(says) && error.contains("table.parquet"), "{error}");
        }
        std::fs::write(&path, "no table").unwrap();
        assert!(read_texts(&path, "text").unwrap_err().contains("cannot read"));
    }
}
