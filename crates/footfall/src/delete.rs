//! `footfall delete`: the data of one user or one session of a running server, for good. It shows what would go, asks, and waits for the
//! receipt.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{ArgGroup, Args as ClapArgs};
use serde_json::{Value, json};

use crate::client::{Client, Connection};

/// Between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Deletes the data of one user or one session from a running server.
#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("whose").required(true).args(["user", "email", "anonymous", "session"])))]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// The application.
    #[arg(long, value_name = "APP_ID")]
    app: String,
    /// A user by the id that the application gave them.
    #[arg(long, value_name = "USER_ID")]
    user: Option<String>,
    /// A user by their e-mail address.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A browser or install by its anonymous id.
    #[arg(long, value_name = "ANONYMOUS_ID")]
    anonymous: Option<String>,
    /// One session.
    #[arg(long, value_name = "SESSION_ID")]
    session: Option<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Do not wait until it is complete.
    #[arg(long)]
    no_wait: bool,
}

impl Args {
    fn body(&self) -> Value {
        let given = [
            ("user_id", &self.user),
            ("user_email", &self.email),
            ("anonymous_id", &self.anonymous),
            ("session_id", &self.session),
        ];
        let given = given
            .into_iter()
            .find_map(|(by, value)| Some((by, value.as_ref()?)));
        let (by, value) = given.expect("clap requires one of them");
        json!({ "app_id": self.app, "by": by, "value": value })
    }
}

/// Runs the command.
///
/// # Errors
/// When the server cannot be reached or refuses, or nobody agrees.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let client = Client::connect(&args.connection)?;
    let body = args.body();
    let preview = parsed(&client.post_json("/api/v1/erasures/preview", &body)?)?;
    say("This goes for good:");
    list(&preview["amounts"]);
    if !args.yes && !is_agreed()? {
        bail!("nothing was deleted");
    }
    let mut erasure = parsed(&client.post_json("/api/v1/erasures", &body)?)?;
    let id = erasure["id"].as_str().unwrap_or_default().to_owned();
    while !args.no_wait && erasure["completed_at"].is_null() {
        pause();
        let mut answer = Vec::new();
        client
            .read(&format!("/api/v1/erasures/{id}"), std::iter::empty())?
            .read_to_end(&mut answer)
            .context("the answer broke off")?;
        erasure = parsed(&answer)?;
    }
    print_receipt(&erasure);
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells a client outside when an erasure goes on"
)]
fn pause() {
    sleep(LOOK_EVERY);
}

fn parsed(answer: &[u8]) -> anyhow::Result<Value> {
    serde_json::from_slice(answer).context("the server's answer is no JSON")
}

fn is_agreed() -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        bail!("nobody can be asked here: give --yes");
    }
    eprint!("Delete it? [y/N] ");
    std::io::stderr().flush()?;
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn print_receipt(erasure: &Value) {
    let text = |name: &str| erasure[name].as_str().unwrap_or("not yet").to_owned();
    say(&format!(
        "erasure {} of {}: {}",
        text("id"),
        text("app_id"),
        text("state")
    ));
    say(&format!("  requested {}", text("requested_at")));
    say(&format!("  out of every answer {}", text("rows_gone_at")));
    say(&format!("  out of every file {}", text("completed_at")));
    say(&format!(
        "  {} by its hash {}",
        text("by"),
        text("value_hash")
    ));
    list(&erasure["erased"]);
}

fn list(amounts: &Value) {
    let amounts = amounts.as_array().map_or(&[][..], Vec::as_slice);
    if amounts.is_empty() {
        say("  nothing");
    }
    for amount in amounts {
        say(&format!(
            "  {} {}",
            amount["count"],
            amount["name"].as_str().unwrap_or_default()
        ));
    }
}

#[expect(clippy::print_stdout, reason = "printing is what this command is for")]
fn say(line: &str) {
    println!("{line}");
}
