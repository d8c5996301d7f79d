//! Writer of rows to a file or stdout, and the file's former content.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::columns::Columns;
use super::destination::Destination;
use crate::cli::args::RowArgs;
use crate::cli::exit::ExitStatus;
use crate::cli::report::{color, progress};
use crate::output::terminal::View;
use crate::output::{
    Checkpoint, EndedQuery, FileCheckpoint, FileCheckpointError, Format, Journal, OutputFile, QueryProgress, Resumed,
    RunEnd, header, sort,
};
use crate::run::ResumeFilter;
use crate::types::Row;

/// A writer of rows as the options say.
pub(in crate::cli) struct Rows {
    file: FileCheckpoint,
    is_terminal: bool,
    /// Rows that are sorted when all are there, and by what.
    sorted: Option<Sorted>,
}

/// Rows that are kept to be sorted.
struct Sorted {
    field: String,
    is_descending: bool,
    rows: Vec<Row>,
    steps: Vec<Step>,
}

/// How far queries are whose rows are kept.
enum Step {
    Page(QueryProgress),
    End(EndedQuery),
}

impl Sorted {
    /// `FIELD`, or `-FIELD` for descending order.
    fn new(text: &str) -> Self {
        let field = text.strip_prefix('-');
        Self {
            field: field.unwrap_or(text).to_owned(),
            is_descending: field.is_some(),
            rows: Vec::new(),
            steps: Vec::new(),
        }
    }
}

impl Rows {
    /// For stdout or a file, as the options say, without a journal.
    ///
    /// # Errors
    /// When the options contradict each other, or the file can't be written.
    pub(in crate::cli) fn open(options: &RowArgs, on_terminal: Format, columns: &Columns) -> Result<Self, ExitStatus> {
        let destination = Destination::new(options, on_terminal)?;
        let rows = Self::plain(&destination)?;
        rows.arranged(&columns.suited(options, &destination), false, columns, &destination)
    }

    /// For stdout or a file, without a journal.
    pub(super) fn plain(destination: &Destination) -> Result<Self, ExitStatus> {
        match &destination.file {
            Some(file) => Self::of_file(file, OutputFile::open_locked(file)?, destination, 0),
            None => Ok(Self::new(FileCheckpoint::new(stdout(), destination.format, width()), destination)),
        }
    }

    /// Rows that continue a file after `offset` bytes.
    pub(super) fn of_file(
        path: &Path,
        file: OutputFile,
        destination: &Destination,
        offset: u64,
    ) -> Result<Self, ExitStatus> {
        let file = FileCheckpoint::of_file(path, file, destination.format, width(), offset)?;
        Ok(Self::new(file, destination))
    }

    fn new(file: FileCheckpoint, destination: &Destination) -> Self {
        let file = file.map_writer(|writer| writer.with_compression(destination.compression));
        Self { file, is_terminal: destination.is_terminal(), sorted: None }
    }

    /// Records how far queries are in a journal, which has recorded `resumed` so far.
    pub(super) fn with_journal(self, journal: Journal, resumed: Resumed) -> Self {
        Self { file: self.file.with_journal(journal, resumed), ..self }
    }

    pub(super) const fn is_journaled(&self) -> bool {
        self.file.is_journaled()
    }

    /// Arranges rows as the options say: fields, order, columns.
    ///
    /// # Errors
    /// When an option names what rows don't have, or has no effect on the format.
    pub(super) fn arranged(
        mut self,
        options: &RowArgs,
        has_source: bool,
        columns: &Columns,
        destination: &Destination,
    ) -> Result<Self, ExitStatus> {
        destination.check(options)?;
        let fields = columns.chosen(options, has_source)?;
        if let Some(param) = &options.pivot {
            columns.check_param("--pivot", param)?;
        }
        self.sorted = options.sort.as_deref().map(Sorted::new);
        if let Some(sorted) = &self.sorted {
            columns.check("--sort", &sorted.field)?;
        }
        let mut view = View::new(width());
        view.is_colored = destination.file.is_none() && color::is_colored_stdout();
        view.params = columns.params().to_vec();
        view.pivot.clone_from(&options.pivot);
        view.hint = Some("--format json".to_owned());
        let is_continued = destination.format == Format::Csv && self.file.writer().offset() > 0;
        let continued = destination.file.as_ref().filter(|_| is_continued);
        let csv_columns = match (&fields, continued) {
            (None, Some(file)) => Some(columns_in(file)?),
            (None, None) if destination.format == Format::Csv => Some(columns.with_source(has_source)),
            _ => None,
        };
        self.file = self.file.map_writer(|writer| {
            let writer = writer.with_view(view).with_spreadsheet(options.spreadsheet);
            match (fields, csv_columns) {
                (Some(fields), _) => writer.fields(fields),
                (None, Some(columns)) => writer.columns(columns),
                (None, None) => writer,
            }
        });
        Ok(self)
    }

    /// Writes rows.
    ///
    /// # Errors
    /// Those of the output.
    pub(in crate::cli) fn write(&mut self, mut rows: Vec<Row>) -> io::Result<()> {
        match &mut self.sorted {
            Some(sorted) => sorted.rows.append(&mut rows),
            None if self.is_terminal => progress::suspended(|| self.file.write(rows))?,
            None => self.file.write(rows)?,
        }
        Ok(())
    }

    /// Writes the rows that were kept to be sorted.
    fn write_sorted(&mut self) -> Result<(), FileCheckpointError> {
        let Some(mut sorted) = self.sorted.take() else { return Ok(()) };
        sort(&mut sorted.rows, &sorted.field, sorted.is_descending);
        self.file.write(sorted.rows)?;
        sorted.steps.into_iter().try_for_each(|step| match step {
            Step::Page(progress) => self.file.page(Vec::new(), progress),
            Step::End(ended) => self.file.end(Vec::new(), ended),
        })
    }

    /// Fields that had no column.
    pub(in crate::cli) fn dropped(&self) -> Vec<String> {
        self.file.writer().dropped().iter().cloned().collect()
    }
}

impl Checkpoint for Rows {
    type Error = FileCheckpointError;

    fn resume_filter(&self) -> ResumeFilter {
        self.file.resume_filter()
    }

    fn page(&mut self, rows: Vec<Row>, progress: QueryProgress) -> Result<(), Self::Error> {
        self.write(rows)?;
        match &mut self.sorted {
            Some(sorted) if self.file.is_journaled() => sorted.steps.push(Step::Page(progress)),
            Some(_) => {}
            None => self.file.page(Vec::new(), progress)?,
        }
        Ok(())
    }

    fn end(&mut self, rows: Vec<Row>, ended: EndedQuery) -> Result<(), Self::Error> {
        self.write(rows)?;
        match &mut self.sorted {
            Some(sorted) if self.file.is_journaled() => sorted.steps.push(Step::End(ended)),
            Some(_) => {}
            None => self.file.end(Vec::new(), ended)?,
        }
        Ok(())
    }

    fn finish(&mut self, end: RunEnd) -> Result<(), Self::Error> {
        self.write_sorted()?;
        self.file.finish(end)
    }
}

/// Standard output without the standard library's buffer, which writes what it is given line by line.
pub(in crate::cli) fn stdout() -> Box<dyn Write + Send + Sync> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        if let Ok(stdout) = io::stdout().as_fd().try_clone_to_owned() {
            return Box::new(File::from(stdout));
        }
    }
    Box::new(io::stdout())
}

/// The columns of a CSV file that is continued.
fn columns_in(file: &Path) -> Result<Vec<String>, ExitStatus> {
    let read = File::open(file).and_then(header);
    read.map_err(|error| ExitStatus::config(format!("failed to read the header of {}: {error}", file.display())))
}

/// Columns of the terminal that stdout is.
pub(in crate::cli) fn width() -> usize {
    width_of(terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0))
}

/// The width that a table may have, by what the terminal says, if there is one.
fn width_of(terminal: Option<u16>) -> usize {
    /// Without a terminal.
    const PIPE_COLUMNS: u16 = 120;
    /// Of a terminal that says 0, as those of `script` do: it doesn't know.
    const UNKNOWN_TERMINAL_COLUMNS: u16 = 80;
    match terminal {
        None => PIPE_COLUMNS.into(),
        Some(0) => UNKNOWN_TERMINAL_COLUMNS.into(),
        Some(width) => width.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_does_not_know_its_width_has_a_usual_one() {
        assert_eq!([None, Some(0), Some(1), Some(200)].map(width_of), [120, 80, 1, 200]);
    }
}
