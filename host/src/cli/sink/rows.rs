//! Writer of rows to a file or stdout, and the file's former content.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::columns::Columns;
use super::destination::Destination;
use crate::cli::args::RowArgs;
use crate::cli::exit::ExitStatus;
use crate::cli::output_file::OutputFile;
use crate::cli::{color, progress};
use crate::output::terminal::View;
use crate::output::{Format, RowWriter, header, sort};
use crate::types::Row;

/// Bytes that rows are gathered to before they are written: what a pipe holds.
const BUFFER_BYTES: usize = 64 << 10;

/// Bytes of rows in one member of a gzip file. Smaller ones compress less; larger ones are fetched again if the run is cut off.
const MEMBER_BYTES: u64 = 256 << 10;

/// Time after which a member of a gzip file ends however small it is: what comes slowly is not fetched again either.
const MEMBER_TIME: Duration = Duration::from_secs(2);

/// A writer of rows, and the former content of its file.
pub(in crate::cli) struct Rows {
    writer: RowWriter<Box<dyn Write>>,
    /// The file, if it has a former content, which stays until there is a row.
    former: Option<File>,
    has_rows: bool,
    checkpointed: Instant,
    is_terminal: bool,
    /// Rows that are sorted when all are there, and by what.
    sorted: Option<Sorted>,
}

/// Rows that are kept to be sorted.
struct Sorted {
    field: String,
    is_descending: bool,
    rows: Vec<Row>,
}

impl Sorted {
    /// `FIELD`, or `-FIELD` for descending order.
    fn new(text: &str) -> Self {
        let field = text.strip_prefix('-');
        Self { field: field.unwrap_or(text).to_owned(), is_descending: field.is_some(), rows: Vec::new() }
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
        rows.arranged(options, false, columns, &destination)
    }

    /// For stdout or a file, without a journal.
    pub(super) fn plain(destination: &Destination) -> Result<Self, ExitStatus> {
        match &destination.file {
            Some(file) => Self::of_file(file, OutputFile::open_locked(file)?, destination, 0),
            None => Ok(Self::new(RowWriter::new(buffered(stdout()), destination.format, width()), None, destination)),
        }
    }

    /// Rows that continue a file after so many bytes.
    pub(super) fn of_file(
        path: &Path,
        mut file: OutputFile,
        destination: &Destination,
        offset: u64,
    ) -> Result<Self, ExitStatus> {
        let former = file.resume(offset).and_then(|()| file.former());
        let former =
            former.map_err(|error| ExitStatus::config(format!("failed to write to {}: {error}", path.display())))?;
        let writer = RowWriter::resumed(buffered(file), destination.format, width(), offset);
        Ok(Self::new(writer, former, destination))
    }

    fn new(writer: RowWriter<Box<dyn Write>>, former: Option<File>, destination: &Destination) -> Self {
        let writer = writer.with_compression(destination.compression);
        let is_terminal = destination.is_terminal();
        Self { writer, former, has_rows: false, checkpointed: Instant::now(), is_terminal, sorted: None }
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
        let writer = self.writer.with_view(view).with_spreadsheet(options.spreadsheet);
        let continued = destination.file.as_ref().filter(|_| destination.format == Format::Csv && writer.offset() > 0);
        self.writer = match (fields, continued) {
            (Some(fields), _) => writer.fields(fields),
            (None, Some(file)) => writer.columns(columns_in(file)?),
            (None, None) if destination.format == Format::Csv => writer.columns(columns.with_source(has_source)),
            (None, None) => writer,
        };
        Ok(self)
    }

    /// Writes rows.
    ///
    /// # Errors
    /// Those of the output.
    pub(in crate::cli) fn write(&mut self, mut rows: Vec<Row>) -> io::Result<()> {
        self.has_rows |= !rows.is_empty();
        if let Some(sorted) = &mut self.sorted {
            sorted.rows.append(&mut rows);
            return Ok(());
        }
        if self.is_terminal { progress::suspended(|| self.writer.write(rows)) } else { self.writer.write(rows) }
    }

    /// Whether the rows that were written are worth a checkpoint. Without compression they always are.
    pub(super) fn is_checkpoint_due(&self) -> bool {
        let pending = self.writer.pending_bytes();
        let is_member = pending == 0 || pending >= MEMBER_BYTES || self.checkpointed.elapsed() >= MEMBER_TIME;
        self.sorted.is_none() && is_member
    }

    /// Ends what was written so far, so that a file that is cut there can be continued. Returns its length.
    ///
    /// # Errors
    /// Those of the output.
    pub(super) fn checkpoint(&mut self) -> io::Result<u64> {
        self.writer.checkpoint()?;
        self.checkpointed = Instant::now();
        Ok(self.writer.offset())
    }

    /// Writes the rows that were kept to be sorted.
    ///
    /// # Errors
    /// Those of the output.
    pub(super) fn write_sorted(&mut self) -> io::Result<()> {
        let Some(mut sorted) = self.sorted.take() else { return Ok(()) };
        sort(&mut sorted.rows, &sorted.field, sorted.is_descending);
        self.writer.write(sorted.rows)
    }

    /// Writes what is left, and returns the fields that had no column. Without a row the former content of the file stays, unless no row is
    /// the answer.
    ///
    /// # Errors
    /// Those of the output.
    pub(in crate::cli) fn finish(mut self, is_answer: bool) -> io::Result<Vec<String>> {
        self.write_sorted()?;
        let dropped = self.writer.dropped().iter().cloned().collect();
        match self.former.filter(|_| !self.has_rows) {
            Some(_) if !is_answer => return Ok(dropped),
            Some(file) => file.set_len(0)?,
            None => {}
        }
        self.writer.finish()?;
        Ok(dropped)
    }
}

fn buffered(out: impl Write + 'static) -> Box<dyn Write> {
    Box::new(BufWriter::with_capacity(BUFFER_BYTES, out))
}

/// Standard output without the standard library's buffer, which writes what it is given line by line.
pub(in crate::cli) fn stdout() -> Box<dyn Write> {
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
