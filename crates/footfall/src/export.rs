//! `footfall export`: rows of a running server as a file, as many as there are, in bounded memory.
//!
//! The file is written under another name beside its own and renamed once the server has said that it is whole: what stands under the
//! final name is never half an export.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args as ClapArgs, ValueEnum};

use crate::client::{Client, Connection};

/// Writes rows of a running server into a file.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// session, view, resource, action, long_task, error, vital, log, span, telemetry or replay_segment.
    #[arg(long)]
    table: String,
    /// Earliest time, RFC 3339, inclusive.
    #[arg(long)]
    from: Option<String>,
    /// Latest time, RFC 3339, exclusive.
    #[arg(long)]
    to: Option<String>,
    /// One application.
    #[arg(long, value_name = "APP_ID")]
    app: Option<String>,
    /// One environment.
    #[arg(long)]
    env: Option<String>,
    /// A search, as in the console: `country_code:DE view_loading_time:>2s`.
    #[arg(long)]
    search: Option<String>,
    /// Names of columns, separated by commas; all of them when absent.
    #[arg(long, value_name = "NAMES")]
    columns: Option<String>,
    /// The form of the file.
    #[arg(long, value_enum, default_value_t = Format::Parquet)]
    format: Format,
    /// Where to; `-` is the standard output.
    #[arg(long, value_name = "FILE")]
    output: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Parquet,
    Csv,
    Ndjson,
}

/// Runs the command.
///
/// # Errors
/// When the server cannot be reached, refuses, breaks off, or the file cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let client = Client::connect(&args.connection)?;
    if args.output == "-" {
        let mut out = io::stdout().lock();
        copy(&client, args, &mut out)?;
        return out.flush().context("could not write the last bytes");
    }
    let path = Path::new(&args.output);
    if path.is_dir() {
        bail!("{} is a folder: name a file in it", path.display());
    }
    let (unfinished, file) = Unfinished::beside(path)?;
    let mut out = BufWriter::new(file);
    let bytes = copy(&client, args, &mut out)?;
    let file = out
        .into_inner()
        .map_err(io::IntoInnerError::into_error)
        .with_context(|| format!("could not write {}", path.display()))?;
    file.sync_all()
        .with_context(|| format!("could not sync {}", path.display()))?;
    unfinished.rename(path)?;
    eprintln!("wrote {bytes} bytes to {}", path.display());
    Ok(())
}

fn copy(client: &Client, args: &Args, out: &mut impl Write) -> anyhow::Result<u64> {
    let format = match args.format {
        Format::Parquet => "parquet",
        Format::Csv => "csv",
        Format::Ndjson => "ndjson",
    };
    let given = [
        ("table", Some(args.table.as_str())),
        ("format", Some(format)),
        ("from", args.from.as_deref()),
        ("to", args.to.as_deref()),
        ("app", args.app.as_deref()),
        ("env", args.env.as_deref()),
        ("q", args.search.as_deref()),
        ("columns", args.columns.as_deref()),
    ];
    let given = given
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let mut answer = client.read("/api/v1/export", given)?;
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        let read = match answer.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(read) => read,
            Err(error) => {
                let message = "the server broke the export off: what arrived is not whole";
                return Err(anyhow::Error::new(error).context(message));
            }
        };
        out.write_all(&buffer[..read])
            .context("could not write the rows")?;
        bytes += read as u64;
    }
}

/// A file that is not whole yet; removed unless it is renamed.
struct Unfinished(Option<PathBuf>);

impl Unfinished {
    fn beside(path: &Path) -> anyhow::Result<(Self, File)> {
        let name = path
            .file_name()
            .with_context(|| format!("{} is no name of a file", path.display()))?;
        let mut aside = name.to_os_string();
        aside.push(format!(".{}.part", std::process::id()));
        let aside = path.with_file_name(aside);
        let file = File::create(&aside)
            .with_context(|| format!("could not create {}", aside.display()))?;
        Ok((Self(Some(aside)), file))
    }

    fn rename(mut self, path: &Path) -> anyhow::Result<()> {
        if let Some(aside) = self.0.take() {
            std::fs::rename(&aside, path)
                .with_context(|| format!("could not rename {}", aside.display()))?;
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(aside) = &self.0 {
            let _ = std::fs::remove_file(aside);
        }
    }
}
