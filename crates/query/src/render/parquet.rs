//! Parquet: the batches as they are, each column's unit in its field's metadata under `unit`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::RenderError;
use crate::{Answer, Column};

/// Renders an answer as one Parquet file.
///
/// # Errors
/// When a column's type has no Parquet form (intervals, for one).
pub fn parquet(answer: &Answer) -> Result<Vec<u8>, RenderError> {
    write(answer).map_err(|source| RenderError::Parquet { source })
}

fn write(answer: &Answer) -> Result<Vec<u8>, ParquetError> {
    let schema = with_units(&answer.schema, &answer.columns);
    let mut writer = writer(&schema)?;
    for batch in &answer.batches {
        writer.write(&RecordBatch::try_new(
            Arc::clone(&schema),
            batch.columns().to_vec(),
        )?)?;
    }
    writer.into_inner()
}

/// Writes rows of that schema into memory.
pub(super) fn writer(schema: &SchemaRef) -> Result<ArrowWriter<Vec<u8>>, ParquetError> {
    let compression = Compression::ZSTD(ZstdLevel::try_new(3)?);
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_created_by("footfall".to_owned())
        .build();
    ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties))
}

/// The schema of a file whose rows come with `schema`.
pub(super) fn with_units(schema: &Schema, columns: &[Column]) -> SchemaRef {
    let field = |(field, column): (&Arc<Field>, &Column)| {
        let unit = column.unit.map(|unit| ("unit".to_owned(), unit.to_owned()));
        // A stream may yield NULLs in a field that its plan calls required.
        Field::new(&column.name, field.data_type().clone(), true)
            .with_metadata(unit.into_iter().collect::<HashMap<_, _>>())
    };
    let fields = schema.fields().iter().zip(columns).map(field);
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
