//! `footfall demo`: realistic traffic against a running server, live at a rate or back-dated for some days.
//!
//! Live traffic goes to the intake paths as browsers send it, each request when it is due, with the visitor's address in
//! `X-Forwarded-For` (the server trusts its own machine by default). Back-dated traffic goes through the relay endpoint, which
//! keeps the arrival time of each request. The truth file says what a correct store holds afterwards, and which faults are in it.

mod generator;
mod sender;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use clap::Args as ClapArgs;
use serde_json::{Value, json};

use crate::client::{Client, Connection};
use generator::{APPLICATIONS_MAX, Generator, Params, Sessions};
use sender::{Outcome, Pace};

/// Visits used to learn how many rows one makes.
const CALIBRATION_VISITS: u64 = 400;
const DAY_US: i64 = 86_400_000_000;

/// Sends realistic traffic to a running server.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// The same seed and times give the same traffic, byte for byte; random when absent.
    #[arg(long)]
    seed: Option<u64>,
    /// How many applications take part.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=3))]
    applications: u8,
    /// Live traffic: visits a minute (`60`, `60/min`) or events a second (`500/s`). A rate of events builds up over some minutes,
    /// as long as visits last.
    #[arg(long, default_value = "60/min", value_parser = parse_rate)]
    rate: Rate,
    /// How long live traffic lasts (`90s`, `10m`, `2h`), or `forever`.
    #[arg(long, default_value = "forever", value_parser = parse_duration)]
    duration: Lasting,
    /// Back-dated traffic: the last so many days instead of live traffic. Needs an API key.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    backfill: Option<u16>,
    /// Visits of back-dated traffic.
    #[arg(long, default_value_t = 5_000, requires = "backfill")]
    sessions: u64,
    /// End of back-dated traffic, RFC 3339; now when absent.
    #[arg(long, requires = "backfill", value_name = "TIME")]
    until: Option<DateTime<Utc>>,
    /// Connections used at once.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    connections: u8,
    /// Write what was planted and what a store has to hold into this file.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Rate {
    VisitsPerMinute(f64),
    EventsPerSecond(f64),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lasting {
    Forever,
    For(Duration),
}

/// Runs the command.
///
/// # Errors
/// When the server cannot be reached, refuses the traffic, or the truth file cannot be written.
#[expect(clippy::print_stdout, reason = "the summary is the command's answer")]
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let client = Client::connect(&args.connection)?;
    if args.backfill.is_some() && args.connection.api_key.is_none() {
        bail!(
            "back-dated traffic goes through the relay endpoint: give an API key with --api-key or FOOTFALL_API_KEY"
        );
    }
    let seed = args
        .seed
        .unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let places = usize::from(args.applications).min(APPLICATIONS_MAX);
    let tokens = match args.connection.api_key {
        Some(_) => prepare_applications(&client, places, args.backfill)?,
        // A server run with --create-applications takes any token.
        None => Vec::new(),
    };
    let params = params(args, seed, places, tokens);
    eprintln!("seed {seed}: {} applications, {}", places, describe(args));
    let mut generator = Generator::new(params);
    let pace = if args.backfill.is_some() {
        Pace::Relay
    } else {
        Pace::Live
    };
    let outcome = sender::send(
        &client,
        &mut generator,
        pace,
        usize::from(args.connections),
        |generator, outcome| write_truth(args.truth.as_deref(), generator, outcome),
    )?;
    write_truth(args.truth.as_deref(), &generator, &outcome)?;
    println!(
        "{} events in {} requests accepted, {} requests refused, {} lost",
        outcome.accepted.events, outcome.accepted.requests, outcome.refused, outcome.lost
    );
    if let Some(reason) = outcome.first_refusal {
        bail!(
            "{} requests were refused, the first one because: {reason}",
            outcome.refused
        );
    }
    Ok(())
}

fn params(args: &Args, seed: u64, applications: usize, tokens: Vec<String>) -> Params {
    let now_us = Utc::now().timestamp_micros();
    if let Some(days) = args.backfill {
        let end_us = args.until.map_or(now_us, |until| until.timestamp_micros());
        let start_us = end_us - i64::from(days) * DAY_US;
        return Params {
            seed,
            applications,
            start_us,
            end_us: Some(end_us),
            sessions: Sessions::Total(args.sessions),
            tokens,
        };
    }
    let end_us = match args.duration {
        Lasting::Forever => None,
        Lasting::For(duration) => {
            Some(now_us + i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 2))
        }
    };
    let visits_per_minute = match args.rate {
        Rate::VisitsPerMinute(rate) => rate,
        Rate::EventsPerSecond(rate) => rate * 60.0 / events_per_visit(seed, applications),
    };
    Params {
        seed,
        applications,
        start_us: now_us,
        end_us,
        sessions: Sessions::PerMinute(visits_per_minute),
        tokens,
    }
}

/// Average over a sample, so that a rate of events can be turned into one of visits.
#[expect(clippy::cast_precision_loss, reason = "a sample's counts are small")]
fn events_per_visit(seed: u64, applications: usize) -> f64 {
    let span_us = 7 * DAY_US;
    let params = Params {
        seed,
        applications,
        start_us: 0,
        end_us: Some(span_us),
        sessions: Sessions::Total(CALIBRATION_VISITS),
        tokens: Vec::new(),
    };
    let events: u64 = Generator::new(params).map(|request| request.events).sum();
    (events as f64 / CALIBRATION_VISITS as f64).max(1.0)
}

/// Makes the demo's applications (or finds them) and a client token for each.
fn prepare_applications(
    client: &Client,
    places: usize,
    backfill_days: Option<u16>,
) -> anyhow::Result<Vec<String>> {
    let mut tokens = Vec::new();
    for place in 0..places {
        let (app_id, name) = generator::application(place);
        let mut application = json!({ "app_id": app_id, "name": name, "type": "web" });
        if let Some(days) = backfill_days.filter(|days| *days > 13) {
            // A day more than is sent: the oldest events must not fall out while they are sent.
            application["retention_days"] = json!(u32::from(days) + 1);
        }
        if let Err(error) = client.post_json("/api/v1/applications", &application)
            && !error.to_string().contains("application_exists")
        {
            return Err(error.context(format!("could not create the application {app_id}")));
        }
        let answer = client
            .post_json(&format!("/api/v1/applications/{app_id}/tokens"), &json!({}))
            .with_context(|| format!("could not create a client token for {app_id}"))?;
        let token: Value =
            serde_json::from_slice(&answer).context("could not read the new token")?;
        tokens.push(
            token["token"]
                .as_str()
                .context("the server's answer holds no token")?
                .to_owned(),
        );
    }
    Ok(tokens)
}

fn describe(args: &Args) -> String {
    match (args.backfill, args.rate) {
        (Some(days), _) => format!("{} visits over {days} days", args.sessions),
        (None, Rate::VisitsPerMinute(rate)) => format!("{rate} visits a minute"),
        (None, Rate::EventsPerSecond(rate)) => format!("{rate} events a second"),
    }
}

fn write_truth(
    path: Option<&Path>,
    generator: &Generator,
    outcome: &Outcome,
) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut truth = generator.truth(&outcome.accepted);
    truth["requests_refused"] = json!(outcome.refused);
    truth["requests_lost"] = json!(outcome.lost);
    std::fs::write(path, format!("{truth:#}\n"))
        .with_context(|| format!("could not write {}", path.display()))
}

fn parse_rate(text: &str) -> Result<Rate, String> {
    let wrong = || {
        format!(
            "expected visits a minute (`60`, `60/min`) or events a second (`500/s`), found `{text}`"
        )
    };
    let positive = |number: &str| {
        number
            .trim()
            .parse()
            .ok()
            .filter(|rate: &f64| rate.is_finite() && *rate > 0.0)
            .ok_or_else(wrong)
    };
    if let Some(number) = text.strip_suffix("/s") {
        return positive(number).map(Rate::EventsPerSecond);
    }
    positive(text.strip_suffix("/min").unwrap_or(text)).map(Rate::VisitsPerMinute)
}

fn parse_duration(text: &str) -> Result<Lasting, String> {
    if text == "forever" {
        return Ok(Lasting::Forever);
    }
    let wrong = || {
        format!("expected a duration with a unit (`90s`, `10m`, `2h`) or `forever`, found `{text}`")
    };
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number
        .checked_mul(seconds)
        .map(|seconds| Lasting::For(Duration::from_secs(seconds)))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_with_their_unit() {
        assert_eq!(parse_rate("60"), Ok(Rate::VisitsPerMinute(60.0)));
        assert_eq!(parse_rate("12.5/min"), Ok(Rate::VisitsPerMinute(12.5)));
        assert_eq!(parse_rate("5000/s"), Ok(Rate::EventsPerSecond(5000.0)));
        for wrong in ["", "fast", "-1", "0/s", "inf", "5/h"] {
            assert!(parse_rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(parse_duration("forever"), Ok(Lasting::Forever));
        assert_eq!(
            parse_duration("90s"),
            Ok(Lasting::For(Duration::from_secs(90)))
        );
        assert_eq!(
            parse_duration("2h"),
            Ok(Lasting::For(Duration::from_secs(7_200)))
        );
        for wrong in ["", "90", "h", "1d", "ä"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
