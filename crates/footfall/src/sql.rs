//! `footfall query`: SQL against a running server, rendered by the server.

use std::io::Write;

use clap::{Args as ClapArgs, ValueEnum};
use serde_json::json;

use crate::client::{Client, Connection};

/// Asks a running server and prints the answer.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// How to print the rows.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Earliest time, RFC 3339, inclusive.
    #[arg(long)]
    from: Option<String>,
    /// Latest time, RFC 3339, exclusive.
    #[arg(long)]
    to: Option<String>,
    /// The query.
    sql: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
    Parquet,
}

/// Runs the command.
///
/// # Errors
/// When the server cannot be reached or refuses the query.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let format = match args.format {
        Format::Table => "table",
        Format::Json => "json",
        Format::Csv => "csv",
        Format::Parquet => "parquet",
    };
    let mut request = json!({ "sql": args.sql, "format": format });
    for (name, value) in [("from", &args.from), ("to", &args.to)] {
        if let Some(value) = value {
            request[name] = json!(value);
        }
    }
    let answer = Client::connect(&args.connection)?.post_json("/api/v1/query", &request)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&answer)?;
    if !matches!(args.format, Format::Parquet) && answer.last() != Some(&b'\n') {
        out.write_all(b"\n")?;
    }
    Ok(())
}
