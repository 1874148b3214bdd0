//! The `footfall` binary: commands, configuration, and the server that joins the crates.

mod admin;
mod client;
mod compact;
mod config;
mod console;
mod delete;
mod demo;
mod doctor;
mod erasures;
mod export;
mod http;
mod import;
mod maintenance;
mod retention_time;
mod serve;
mod sql;
mod summaries;
mod surroundings;

use std::process::ExitCode;

use clap::{ArgMatches, Args as _, Command, FromArgMatches};

use crate::config::Config;

/// Rows are made on one thread and freed on another, which leaves the system's allocator with memory that it does not give back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let matches = cli().get_matches();
    match run(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn cli() -> Command {
    let serve = config::with_flags(Command::new("serve").about("Run the server"));
    let show = config::with_flags(
        Command::new("show").about("List every setting, its value and where it came from"),
    );
    let reference =
        Command::new("reference").about("Print the reference of all settings as Markdown");
    Command::new("footfall")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Self-hosted real user monitoring")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(serve)
        .subcommand(sql::Args::augment_args(
            Command::new("query").about("Ask a running server in SQL"),
        ))
        .subcommand(demo::Args::augment_args(
            Command::new("demo").about("Send realistic traffic to a running server"),
        ))
        .subcommand(import::Args::augment_args(
            Command::new("import").about("Replay recorded requests to a running server"),
        ))
        .subcommand(export::Args::augment_args(
            Command::new("export").about("Write rows of a running server into a file"),
        ))
        .subcommand(delete::Args::augment_args(Command::new("delete").about(
            "Delete the data of one user or one session from a running server, for good",
        )))
        .subcommand(config::with_flags(Command::new("compact").about(
            "Write segments of a stopped server anew, so that its files hold live rows only",
        )))
        .subcommand(admin::command())
        .subcommand(doctor::command())
        .subcommand(
            Command::new("config")
                .about("Show settings")
                .subcommand_required(true)
                .subcommand(show)
                .subcommand(reference),
        )
}

fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    match matches.subcommand() {
        Some(("serve", flags)) => {
            let config = config::load(flags)?;
            start_logging(&config)?;
            serve::run(&config)
        }
        Some(("query", flags)) => sql::run(&sql::Args::from_arg_matches(flags)?),
        Some(("demo", flags)) => demo::run(&demo::Args::from_arg_matches(flags)?),
        Some(("import", flags)) => import::run(&import::Args::from_arg_matches(flags)?),
        Some(("export", flags)) => export::run(&export::Args::from_arg_matches(flags)?),
        Some(("delete", flags)) => delete::run(&delete::Args::from_arg_matches(flags)?),
        Some(("compact", flags)) => {
            let config = config::load(flags)?;
            start_logging(&config)?;
            compact::run(&config)
        }
        Some(("admin", matches)) => admin::run(matches),
        Some(("doctor", flags)) => doctor::run(flags),
        Some(("config", matches)) => show_config(matches),
        _ => unreachable!("clap requires one of the commands above"),
    }
}

#[expect(
    clippy::print_stdout,
    reason = "printing is what these commands are for"
)]
fn show_config(matches: &ArgMatches) -> anyhow::Result<()> {
    match matches.subcommand() {
        Some(("show", flags)) => print!("{}", config::load(flags)?.show()),
        _ => print!("{}", config::reference_markdown()),
    }
    Ok(())
}

fn start_logging(config: &Config) -> anyhow::Result<()> {
    use tracing_subscriber::EnvFilter;

    let filter = EnvFilter::try_new(&config.log_level)?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match config.log_format {
        config::LogFormat::Json => builder.json().init(),
        config::LogFormat::Text => builder
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .init(),
    }
    Ok(())
}
