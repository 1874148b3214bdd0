//! `footfall import`: replays recorded requests with their own arrival time, and the body of the relay endpoint.
//!
//! A recording is a folder of `NNN-<kind>.json` files, one HTTP request each: `method`, `path` (with query), `headers`,
//! `body_base64`, `received_at_ms`, `answered_status`. Folders are walked in the order of their names. What the recorder did not
//! answer with 2xx stays out unless `--all` is given; preflights and quota calls carry no events and always stay out.
//!
//! The relay endpoint takes newline-delimited JSON, one request a line: `method`, `path`, `headers`, `body_base64`,
//! `received_at_us`, `peer`; it answers `{"accepted", "refused": [{"line", "status", "detail"}]}` with lines counted from 1.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args as ClapArgs;
use serde::{Deserialize, Serialize};

use crate::client::{Client, Connection};

/// Replays recorded requests to a running server.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// Folder with recorded requests.
    #[arg(long, value_name = "DIR")]
    requests: PathBuf,
    /// Also send requests that the recorder had refused.
    #[arg(long)]
    all: bool,
    /// Client address of requests whose recording names none.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    peer: IpAddr,
}

/// One line of the relay's body.
#[derive(Serialize)]
pub(crate) struct RelayLine<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: BTreeMap<&'a str, &'a str>,
    pub(crate) body_base64: String,
    pub(crate) received_at_us: i64,
    pub(crate) peer: IpAddr,
}

/// What the relay answers.
#[derive(Deserialize, Default)]
pub(crate) struct Relayed {
    pub(crate) accepted: usize,
    pub(crate) refused: Vec<Refused>,
}

/// A line that the relay did not take.
#[derive(Deserialize)]
pub(crate) struct Refused {
    pub(crate) line: usize,
    pub(crate) status: u16,
    pub(crate) detail: String,
}

/// A body of the relay endpoint that grows up to the endpoint's limits.
#[derive(Default)]
pub(crate) struct RelayBody {
    text: Vec<u8>,
    lines: usize,
}

impl RelayBody {
    /// Below what the endpoint takes (1,000 lines, 32 MiB), so that one more request always fits.
    const LINES_MAX: usize = 1_000;
    const BYTES_FULL: usize = 8 * 1024 * 1024;

    /// Appends a request.
    ///
    /// # Errors
    /// When the line cannot be written as JSON.
    pub(crate) fn push(&mut self, line: &RelayLine<'_>) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.text, line)?;
        self.text.push(b'\n');
        self.lines += 1;
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// Whether it should be sent before another line is added.
    pub(crate) fn is_full(&self) -> bool {
        self.lines >= Self::LINES_MAX || self.text.len() >= Self::BYTES_FULL
    }

    /// Sends what was collected and empties the body.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses the whole body.
    pub(crate) fn send(&mut self, client: &Client) -> anyhow::Result<Relayed> {
        if self.is_empty() {
            return Ok(Relayed::default());
        }
        let body = std::mem::take(self);
        let answer = client.post("/api/v1/relay", "application/x-ndjson", &body.text)?;
        serde_json::from_slice(&answer).context("could not read what the relay answered")
    }
}

/// A recorded request as it lies in its file.
#[derive(Deserialize)]
struct Recorded {
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body_base64: String,
    received_at_ms: i64,
    answered_status: Option<u16>,
}

/// Runs the command.
///
/// # Errors
/// When the recording cannot be read or the server cannot be reached.
#[expect(clippy::print_stdout, reason = "the summary is the command's answer")]
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let client = Client::connect(&args.connection)?;
    let files = request_files(&args.requests)?;
    if files.is_empty() {
        bail!(
            "{} holds no recorded requests (files named like 001-rum.json)",
            args.requests.display()
        );
    }
    let (mut accepted, mut refused, mut skipped) = (0, 0, 0);
    let mut body = RelayBody::default();
    // Names of the files behind the lines of the body, to tell which one was refused.
    let mut names: Vec<&Path> = Vec::new();
    let mut finish = |body: &mut RelayBody, names: &mut Vec<&Path>| -> anyhow::Result<()> {
        let relayed = body.send(&client)?;
        accepted += relayed.accepted;
        refused += relayed.refused.len();
        for Refused {
            line,
            status,
            detail,
        } in relayed.refused
        {
            let name = names
                .get(line.wrapping_sub(1))
                .map_or_else(|| format!("line {line}"), |name| name.display().to_string());
            eprintln!("{name}: refused with {status}: {detail}");
        }
        names.clear();
        Ok(())
    };
    for file in &files {
        let recorded = read(file)?;
        if !args.all
            && !recorded
                .answered_status
                .is_none_or(|status| (200..300).contains(&status))
        {
            skipped += 1;
            continue;
        }
        body.push(&recorded.line(args.peer))?;
        names.push(file);
        if body.is_full() {
            finish(&mut body, &mut names)?;
        }
    }
    finish(&mut body, &mut names)?;
    println!(
        "{accepted} requests accepted, {refused} refused, {skipped} left out (the recorder had refused them)"
    );
    if refused > 0 {
        bail!("{refused} requests were refused");
    }
    Ok(())
}

impl Recorded {
    fn line(&self, default_peer: IpAddr) -> RelayLine<'_> {
        let forwarded = self
            .headers
            .get("x-forwarded-for")
            .and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        RelayLine {
            method: &self.method,
            path: &self.path,
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
            body_base64: self.body_base64.clone(),
            received_at_us: self.received_at_ms * 1_000,
            peer: forwarded.unwrap_or(default_peer),
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Recorded> {
    let text = std::fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    let recorded: Recorded = serde_json::from_slice(&text)
        .with_context(|| format!("{} is not a recorded request", file.display()))?;
    STANDARD
        .decode(&recorded.body_base64)
        .with_context(|| format!("body_base64 of {}", file.display()))?;
    Ok(recorded)
}

/// All request files below a folder, in the order of their names, sub-folders included.
fn request_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .with_context(|| format!("could not list {}", folder.display()))?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            files.extend(request_files(&entry)?);
        } else if entry
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(carries_events)
        {
            files.push(entry);
        }
    }
    Ok(files)
}

/// Whether a file of that name is a recorded request with events: `NNN.json` or `NNN-<kind>.json`.
fn carries_events(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".json") else {
        return false;
    };
    let (number, kind) = stem.split_once('-').unwrap_or((stem, ""));
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !matches!(kind, "preflight" | "quota")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_requests_with_events_are_picked() {
        let names = [
            "001-rum.json",
            "002-quota.json",
            "003.json",
            "expected.json",
            "app-requests.json",
            "004-preflight.json",
            "decoded-001-rum.ndjson",
            "005-replay-resource.json",
        ];
        let picked: Vec<&str> = names
            .into_iter()
            .filter(|name| carries_events(name))
            .collect();
        assert_eq!(
            picked,
            ["001-rum.json", "003.json", "005-replay-resource.json"]
        );
    }

    #[test]
    fn the_recorded_forwarded_address_wins_over_the_default() {
        let recorded = |headers: &[(&str, &str)]| Recorded {
            method: "POST".to_owned(),
            path: "/api/v2/rum".to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body_base64: String::new(),
            received_at_ms: 1_795_244_488_261,
            answered_status: Some(202),
        };
        let default = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(recorded(&[]).line(default).peer, default);
        // The rightmost address is the one that the recorder's own proxy saw.
        assert_eq!(
            recorded(&[("x-forwarded-for", "10.1.1.1, 84.128.3.4")])
                .line(default)
                .peer,
            IpAddr::from([84, 128, 3, 4])
        );
        assert_eq!(
            recorded(&[]).line(default).received_at_us,
            1_795_244_488_261_000
        );
    }
}
