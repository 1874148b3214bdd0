//! Files of exports, written batch by batch: what is returned goes to the reader, what is kept is bounded.

use ::parquet::arrow::ArrowWriter;
use ::parquet::errors::ParquetError;
use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};

use super::RenderError;
use super::json::{separate, string, value};
use super::value::{Value, columns};
use super::{csv, parquet};
use crate::Column;

/// Rows of Parquet that are kept in memory until they make a row group, bytes.
const ROW_GROUP_BYTES: usize = 16 << 20;

/// A form of exports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportFormat {
    Parquet,
    Csv,
    Ndjson,
}

impl ExportFormat {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Parquet, Self::Csv, Self::Ndjson];

    /// The name in requests, and the usual ending of a file's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// The form of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The `Content-Type` of its bytes.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

/// Turns batches into a file.
pub struct ExportWriter {
    columns: Vec<Column>,
    form: Form,
}

enum Form {
    /// The schema with units, and the writer over what was not returned yet.
    Parquet(SchemaRef, Box<ArrowWriter<Vec<u8>>>),
    /// Whether the head was written.
    Csv(bool),
    Ndjson,
}

impl ExportWriter {
    /// A file of these columns.
    ///
    /// # Errors
    /// When the form has no place for a column's type; only Parquet is so.
    pub fn new(
        format: ExportFormat,
        schema: &Schema,
        columns: Vec<Column>,
    ) -> Result<Self, RenderError> {
        let form = match format {
            ExportFormat::Parquet => {
                let schema = parquet::with_units(schema, &columns);
                let writer = parquet::writer(&schema).map_err(failed)?;
                Form::Parquet(schema, Box::new(writer))
            }
            ExportFormat::Csv => Form::Csv(false),
            ExportFormat::Ndjson => Form::Ndjson,
        };
        Ok(Self { columns, form })
    }

    /// Takes rows; gives the bytes that are ready, which may be none.
    ///
    /// # Errors
    /// When the rows cannot be written as Parquet.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, RenderError> {
        match &mut self.form {
            Form::Parquet(schema, writer) => write_parquet(writer, schema, batch).map_err(failed),
            Form::Csv(has_head) => {
                let mut out = String::new();
                if !std::mem::replace(has_head, true) {
                    csv::head(&mut out, &self.columns);
                }
                csv::rows(&mut out, batch, &self.columns);
                Ok(out.into_bytes())
            }
            Form::Ndjson => Ok(ndjson(batch, &self.columns)),
        }
    }

    /// The file's last bytes.
    ///
    /// # Errors
    /// When the rows cannot be written as Parquet.
    pub fn finish(self) -> Result<Vec<u8>, RenderError> {
        match self.form {
            Form::Parquet(_, writer) => writer.into_inner().map_err(failed),
            Form::Csv(false) => {
                let mut out = String::new();
                csv::head(&mut out, &self.columns);
                Ok(out.into_bytes())
            }
            Form::Csv(true) | Form::Ndjson => Ok(Vec::new()),
        }
    }
}

fn failed(source: ParquetError) -> RenderError {
    RenderError::Parquet { source }
}

fn write_parquet(
    writer: &mut ArrowWriter<Vec<u8>>,
    schema: &SchemaRef,
    batch: &RecordBatch,
) -> Result<Vec<u8>, ParquetError> {
    let batch = RecordBatch::try_new(SchemaRef::clone(schema), batch.columns().to_vec())?;
    writer.write(&batch)?;
    if writer.in_progress_size() >= ROW_GROUP_BYTES {
        writer.flush()?;
    }
    // The writer counts what it has written by itself, so what stands here may go.
    Ok(std::mem::take(writer.inner_mut()))
}

/// One object a row, absent where NULL: of a table's 150 to 300 columns most are.
fn ndjson(batch: &RecordBatch, of: &[Column]) -> Vec<u8> {
    let mut out = Vec::new();
    let values = columns(batch, of);
    for row in 0..batch.num_rows() {
        out.push(b'{');
        let mut written = 0;
        for (column, values) in of.iter().zip(&values) {
            let cell = values.at(row);
            if matches!(cell, Value::Null) {
                continue;
            }
            separate(&mut out, written);
            string(&mut out, &column.name);
            out.push(b':');
            value(&mut out, &cell);
            written += 1;
        }
        out.extend_from_slice(b"}\n");
    }
    out
}
