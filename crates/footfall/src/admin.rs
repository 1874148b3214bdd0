//! `footfall admin`: what the operator does about members at the command line. Who can write in the data folder is trusted with it.
//!
//! It works beside a running server: both open the metadata database, and the server reads members and links from it at each
//! request.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Arg, ArgMatches, Command};
use meta::{Email, Member, Meta, Names, Role, WorkspaceId};

use crate::config::{self, Config};

/// The commands.
pub(crate) fn command() -> Command {
    let reset = Command::new("reset-link")
        .about("Print a link by which a member sets a new password, valid for 1 h; before there is a member, the link that makes the first")
        .arg(
            Arg::new("email")
                .long("email")
                .value_name("EMAIL")
                .help("Whose password [default: the owner, if there is one only]"),
        )
        .arg(
            Arg::new("base_url")
                .long("base-url")
                .value_name("URL")
                .help("Address of the console [default: public_url, or else the listening address of the settings]"),
        );
    let members = Command::new("members").about("List the members");
    Command::new("admin")
        .about("Manage members on the server's own machine")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_place(reset))
        .subcommand(with_place(members))
}

/// The flags that say which server is meant.
pub(crate) fn with_place(command: Command) -> Command {
    command
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .help("Settings in TOML (FOOTFALL_CONFIG)"),
        )
        .arg(
            Arg::new("data_dir")
                .long("data-dir")
                .value_name("PATH")
                .help("Folder of the server (FOOTFALL_DATA_DIR)"),
        )
}

/// Runs a command of `footfall admin`.
///
/// # Errors
/// When there is no server's folder, or the member is not there.
pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    runtime.block_on(async {
        match matches.subcommand() {
            Some(("reset-link", flags)) => reset_link(flags).await,
            Some((_, flags)) => list_members(flags).await,
            None => unreachable!("clap requires a command"),
        }
    })
}

/// The metadata database of these settings.
pub(crate) fn database(config: &Config) -> PathBuf {
    config.data_dir.join("meta.db")
}

/// Where browsers find a server that listens on this address.
pub(crate) fn base_url(config: &Config, address: SocketAddr) -> String {
    if let Some(url) = &config.public_url {
        return url.clone();
    }
    // 0.0.0.0 is no address to open in a browser.
    if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

/// Prints the link that makes the first administrator, if there is none yet.
///
/// # Errors
/// What the database says.
#[expect(clippy::print_stdout, reason = "the link is shown nowhere else")]
pub(crate) async fn print_setup_link(meta: &Meta, base_url: &str) -> anyhow::Result<bool> {
    let link = meta.create_setup_link(WorkspaceId::FIRST).await?;
    if let Some(link) = &link {
        println!("create the first administrator: {base_url}{}", link.path);
    }
    Ok(link.is_some())
}

#[expect(clippy::print_stdout, reason = "printing is what this command is for")]
async fn reset_link(flags: &ArgMatches) -> anyhow::Result<()> {
    let config = config::load(flags)?;
    let given = flags.get_one::<String>("base_url");
    let base_url = given.map_or_else(
        || base_url(&config, config.listen),
        |url| url.trim_end_matches('/').to_owned(),
    );
    let meta = open(&config).await?;
    if !print_setup_link(&meta, &base_url).await? {
        let email = match flags.get_one::<String>("email") {
            Some(text) => Email::parse(text)?,
            None => only_owner(&meta.members(WorkspaceId::FIRST).await?)?,
        };
        let link = meta
            .create_reset_link(WorkspaceId::FIRST, email.clone())
            .await?;
        println!(
            "set a new password for {email} within 1 h: {base_url}{}",
            link.path
        );
    }
    meta.close().await;
    Ok(())
}

fn only_owner(members: &[Member]) -> anyhow::Result<Email> {
    let owners: Vec<&Member> = members
        .iter()
        .filter(|member| member.role == Role::Owner)
        .collect();
    match owners.as_slice() {
        [owner] => Ok(owner.email.clone()),
        _ => {
            let emails: Vec<&str> = owners.iter().map(|owner| owner.email.as_str()).collect();
            bail!(
                "there are {} owners: say whose password with --email ({})",
                owners.len(),
                emails.join(", ")
            )
        }
    }
}

#[expect(clippy::print_stdout, reason = "printing is what this command is for")]
async fn list_members(flags: &ArgMatches) -> anyhow::Result<()> {
    let config = config::load(flags)?;
    let meta = open(&config).await?;
    let members = meta.members(WorkspaceId::FIRST).await?;
    if members.is_empty() {
        println!(
            "there is no member yet; `footfall admin reset-link` prints the link that makes the first"
        );
    }
    for member in &members {
        let seen = member
            .last_seen_at
            .and_then(|at| chrono::DateTime::from_timestamp_micros(at.0));
        let seen = seen.map_or_else(
            || "never".to_owned(),
            |at| at.format("%Y-%m-%d").to_string(),
        );
        println!(
            "{}\t{}\t{}\tlast seen {seen}",
            member.email,
            member.role.as_str(),
            member.name
        );
    }
    meta.close().await;
    Ok(())
}

async fn open(config: &Config) -> anyhow::Result<Meta> {
    let path = database(config);
    if !path.exists() {
        bail!(
            "there is no server's data in {}; name its folder with --data-dir",
            config.data_dir.display()
        );
    }
    Ok(Meta::open(meta::Options::at(&path)).await?)
}
