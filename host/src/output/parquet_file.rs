//! Parquet files of rows, with a typed column for each parameter and field.
//!
//! Rows are gathered and written in row groups, column by column. Invariant: the file is whole after [`ParquetWriter::finish`], and no Parquet file
//! before that.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError as FormatError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use serde_json::Value;

use super::OutputFile;
use crate::types::{Row, value_text};

/// Rows of a row group: readers skip whole groups, and this is what is held in memory.
const GROUP_ROWS: usize = 20_000;

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnType {
    /// Whole numbers of 64 bits.
    Integer,
    /// Numbers of 64 bits.
    Number,
    /// True or false.
    Boolean,
    /// Texts; arrays and objects as JSON.
    Text,
}

impl ColumnType {
    /// The type of the values that the member `type` of a JSON Schema allows; text if it allows several.
    #[must_use]
    pub fn from_types(types: Option<&Value>) -> Self {
        let types = match types {
            Some(Value::Array(types)) => {
                types.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect()
            }
            Some(name) => name.as_str().into_iter().collect(),
            None => Vec::new(),
        };
        match types.as_slice() {
            ["integer"] => Self::Integer,
            ["number"] | ["integer", "number"] | ["number", "integer"] => Self::Number,
            ["boolean"] => Self::Boolean,
            _ => Self::Text,
        }
    }

    fn physical(self) -> PhysicalType {
        match self {
            Self::Integer => PhysicalType::INT64,
            Self::Number => PhysicalType::DOUBLE,
            Self::Boolean => PhysicalType::BOOLEAN,
            Self::Text => PhysicalType::BYTE_ARRAY,
        }
    }
}

/// A column: its name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// The field of the rows.
    pub name: String,
    /// The type of its values.
    pub column_type: ColumnType,
}

impl Column {
    /// A column of this name and type.
    #[must_use]
    pub const fn new(name: String, column_type: ColumnType) -> Self {
        Self { name, column_type }
    }

    fn schema(&self) -> Result<Type, FormatError> {
        let logical = (self.column_type == ColumnType::Text).then_some(LogicalType::String);
        let builder = Type::primitive_type_builder(&self.name, self.column_type.physical());
        builder.with_repetition(Repetition::OPTIONAL).with_logical_type(logical).build()
    }
}

/// Why a Parquet file can't be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParquetError {
    /// The file.
    #[error("failed to write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A value isn't of its column's type.
    #[error(
        "row {row} has {value} in the field {field}, which is of the type {column_type:?}: leave the field out, or write another format"
    )]
    Value {
        /// Its number, from 1.
        row: usize,
        /// The field.
        field: String,
        /// The value, shortened.
        value: String,
        /// The column's type.
        column_type: ColumnType,
    },
}

/// Writes rows to a Parquet file.
pub struct ParquetWriter {
    path: PathBuf,
    writer: SerializedFileWriter<File>,
    columns: Vec<Column>,
    rows: Vec<Row>,
    written: usize,
}

impl std::fmt::Debug for ParquetWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ParquetWriter").field("path", &self.path).finish_non_exhaustive()
    }
}

impl ParquetWriter {
    /// Writes to a file, whose former content is lost.
    ///
    /// # Errors
    /// If it can't be written, or two columns have one name.
    pub fn create(path: impl AsRef<Path>, columns: Vec<Column>) -> Result<Self, ParquetError> {
        let path = path.as_ref();
        let failed = |source| ParquetError::Write { path: path.to_owned(), source };
        Self::new(path, File::create(path).map_err(failed)?, columns)
    }

    fn new(path: &Path, file: File, columns: Vec<Column>) -> Result<Self, ParquetError> {
        let open = || {
            let fields = columns.iter().map(|column| column.schema().map(Arc::new)).collect::<Result<_, _>>()?;
            let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
            let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))
        };
        let writer = open().map_err(|error| write_error(path, error))?;
        Ok(Self { path: path.to_owned(), writer, columns, rows: Vec::new(), written: 0 })
    }

    /// Writes to an open file.
    ///
    /// # Errors
    /// If it can't be written.
    #[cfg(feature = "cli")]
    pub(crate) fn of_file(path: &Path, file: OutputFile, columns: Vec<Column>) -> Result<Self, ParquetError> {
        let file = file.into_cleared().map_err(|source| ParquetError::Write { path: path.to_owned(), source })?;
        Self::new(path, file, columns)
    }

    /// Writes rows, once there are enough of them.
    ///
    /// # Errors
    /// If the file can't be written, or a value isn't of its column's type.
    pub fn write(&mut self, rows: Vec<Row>) -> Result<(), ParquetError> {
        self.rows.extend(rows);
        if self.rows.len() >= GROUP_ROWS { self.write_group() } else { Ok(()) }
    }

    /// Writes what is left, and makes the file whole.
    ///
    /// # Errors
    /// Those of [`Self::write`].
    pub fn finish(mut self) -> Result<(), ParquetError> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        self.writer.close().map(drop).map_err(|error| write_error(&self.path, error))
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.rows);
        let failed = |error| write_error(&self.path, error);
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for column in &self.columns {
            let values = Values::new(column, &rows, self.written)?;
            let Some(mut writer) = group.next_column().map_err(failed)? else { break };
            values.write(writer.untyped()).map_err(failed)?;
            writer.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        self.written += rows.len();
        Ok(())
    }
}

fn write_error(path: &Path, error: FormatError) -> ParquetError {
    ParquetError::Write { path: path.to_owned(), source: io::Error::other(error) }
}

/// Values of a column, without nulls, and for each row whether it has one.
struct Values {
    data: Data,
    levels: Vec<i16>,
}

enum Data {
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Boolean(Vec<bool>),
    Text(Vec<ByteArray>),
}

impl Values {
    fn new(column: &Column, rows: &[Row], before: usize) -> Result<Self, ParquetError> {
        let present: Vec<_> = rows.iter().map(|row| row.get(&column.name).filter(|value| !value.is_null())).collect();
        let levels = present.iter().map(|value| i16::from(value.is_some())).collect();
        let values = || (before + 1..).zip(&present).filter_map(|(row, value)| Some((row, (*value)?)));
        let refused = |row: usize, value: &Value| {
            let value = value.to_string().chars().take(100).collect();
            ParquetError::Value { row, field: column.name.clone(), value, column_type: column.column_type }
        };
        let integer = |(row, value): (usize, &Value)| value.as_i64().ok_or_else(|| refused(row, value));
        let number = |(row, value): (usize, &Value)| value.as_f64().ok_or_else(|| refused(row, value));
        let boolean = |(row, value): (usize, &Value)| value.as_bool().ok_or_else(|| refused(row, value));
        let text = |(_, value): (usize, &Value)| ByteArray::from(value_text(value).into_bytes());
        let data = match column.column_type {
            ColumnType::Integer => Data::Integer(values().map(integer).collect::<Result<_, _>>()?),
            ColumnType::Number => Data::Number(values().map(number).collect::<Result<_, _>>()?),
            ColumnType::Boolean => Data::Boolean(values().map(boolean).collect::<Result<_, _>>()?),
            ColumnType::Text => Data::Text(values().map(text).collect()),
        };
        Ok(Self { data, levels })
    }

    fn write(&self, writer: &mut ColumnWriter<'_>) -> Result<(), FormatError> {
        let levels = Some(self.levels.as_slice());
        let written = match (&self.data, writer) {
            (Data::Integer(values), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(values, levels, None)?
            }
            (Data::Number(values), ColumnWriter::DoubleColumnWriter(writer)) => {
                writer.write_batch(values, levels, None)?
            }
            (Data::Boolean(values), ColumnWriter::BoolColumnWriter(writer)) => {
                writer.write_batch(values, levels, None)?
            }
            (Data::Text(values), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                writer.write_batch(values, levels, None)?
            }
            _ => return Err(FormatError::General("a column has another type than its schema".to_owned())),
        };
        debug_assert!(written <= self.levels.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use serde_json::json;

    use super::*;

    fn columns() -> Vec<Column> {
        let column =
            |name: &str, schema: Value| Column::new(name.to_owned(), ColumnType::from_types(schema.get("type")));
        vec![
            column("id", json!({"type": "string"})),
            column("position", json!({"type": "integer"})),
            column("score", json!({"type": ["number", "null"]})),
            column("free", json!({"type": "boolean"})),
            column("tags", json!({"type": "array"})),
        ]
    }

    fn row(value: Value) -> Row {
        value.as_object().unwrap().clone().into()
    }

    #[test]
    fn values_keep_their_types_and_nulls_stay_null() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = ParquetWriter::create(file.path(), columns()).unwrap();
        writer.write(vec![row(json!({"id": "a", "position": 1, "score": 4.5, "free": true, "tags": ["x"]}))]).unwrap();
        writer.write(vec![row(json!({"id": "b", "position": 2, "score": null}))]).unwrap();
        writer.finish().unwrap();
        let reader = SerializedFileReader::new(File::open(file.path()).unwrap()).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(
            rows,
            [
                r#"{id: "a", position: 1, score: 4.5, free: true, tags: "["x"]"}"#,
                r#"{id: "b", position: 2, score: null, free: null, tags: null}"#
            ]
        );
    }

    #[test]
    fn a_value_of_another_type_is_refused_with_its_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = ParquetWriter::create(file.path(), columns()).unwrap();
        writer.write(vec![row(json!({"position": 1})), row(json!({"position": "first"}))]).unwrap();
        let error = writer.finish().unwrap_err().to_string();
        assert!(error.starts_with("row 2 has \"first\" in the field position"), "{error}");
    }

    #[test]
    fn rows_of_many_groups_are_all_there() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = ParquetWriter::create(file.path(), columns()).unwrap();
        for position in 0..GROUP_ROWS * 2 + 5 {
            writer.write(vec![row(json!({"position": position}))]).unwrap();
        }
        writer.finish().unwrap();
        let reader = SerializedFileReader::new(File::open(file.path()).unwrap()).unwrap();
        assert_eq!(reader.metadata().num_row_groups(), 3);
        assert_eq!(reader.metadata().file_metadata().num_rows(), (GROUP_ROWS * 2 + 5) as i64);
    }
}
