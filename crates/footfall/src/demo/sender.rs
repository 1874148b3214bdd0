//! Sends a run's requests over several connections: live, each when it is due, or back-dated in bodies of the relay endpoint.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::generator::{Generator, Totals, WireRequest};
use crate::client::Client;
use crate::import::{RelayBody, RelayLine};

/// Requests that wait for a connection; the generator waits when they are as many.
const QUEUE: usize = 512;
/// Requests that travel together over the relay, at most.
const RELAY_REQUESTS: usize = 500;
/// Times a request is tried before it counts as lost, as the SDK would repeat it.
const ATTEMPTS: u32 = 6;
/// How long back-dated requests are sent again, and the longest pause before.
const RELAY_PATIENCE: Duration = Duration::from_secs(600);
const RELAY_PAUSE_MAX: Duration = Duration::from_secs(2);
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Where requests go and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pace {
    /// To the intake paths, each when it is due.
    Live,
    /// To the relay endpoint, as fast as it takes them.
    Relay,
}

/// What became of the requests so far.
#[derive(Clone, Default)]
pub(super) struct Outcome {
    pub(super) accepted: Totals,
    pub(super) refused: u64,
    /// Not answered, however often tried.
    pub(super) lost: u64,
    pub(super) first_refusal: Option<String>,
}

/// Sends everything that the generator yields. `report` is called now and then with what has become of it so far.
///
/// # Errors
/// When the server cannot be reached at all, or `report` fails.
pub(super) fn send(
    client: &Client,
    generator: &mut Generator,
    pace: Pace,
    connections: usize,
    report: impl Fn(&Generator, &Outcome) -> anyhow::Result<()>,
) -> anyhow::Result<Outcome> {
    let outcome = Arc::new(Mutex::new(Outcome::default()));
    let (queue, requests) = sync_channel(match pace {
        Pace::Live => QUEUE,
        Pace::Relay => connections,
    });
    let requests = Arc::new(Mutex::new(requests));
    let senders: Vec<_> = (0..connections)
        .map(|_| {
            let (client, requests, outcome) =
                (client.clone(), Arc::clone(&requests), Arc::clone(&outcome));
            thread::spawn(move || work(&client, pace, &requests, &outcome))
        })
        .collect();
    let fed = feed(generator, pace, &queue, &outcome, report);
    drop(queue);
    for sender in senders {
        sender.join().expect("a sender does not panic")?;
    }
    fed?;
    Ok(snapshot(&outcome))
}

/// Hands requests out until the run is over or nobody takes them.
fn feed(
    generator: &mut Generator,
    pace: Pace,
    queue: &SyncSender<Vec<WireRequest>>,
    outcome: &Mutex<Outcome>,
    report: impl Fn(&Generator, &Outcome) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let batch_size = if pace == Pace::Live {
        1
    } else {
        RELAY_REQUESTS
    };
    let mut reported = Instant::now();
    loop {
        let batch: Vec<WireRequest> = generator.by_ref().take(batch_size).collect();
        let Some(first) = batch.first() else {
            return Ok(());
        };
        if pace == Pace::Live {
            wait_until(first.at_us);
        }
        // All senders have given up: their error says why.
        if queue.send(batch).is_err() {
            return Ok(());
        }
        if reported.elapsed() >= PROGRESS_EVERY {
            reported = Instant::now();
            let outcome = snapshot(outcome);
            eprintln!(
                "{} events in {} requests, {} refused",
                outcome.accepted.events, outcome.accepted.requests, outcome.refused
            );
            report(generator, &outcome)?;
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the moment itself is what is waited for"
)]
fn wait_until(at_us: i64) {
    let left_us = at_us - Utc::now().timestamp_micros();
    if let Ok(left_us) = u64::try_from(left_us) {
        thread::sleep(Duration::from_micros(left_us));
    }
}

fn work(
    client: &Client,
    pace: Pace,
    requests: &Mutex<Receiver<Vec<WireRequest>>>,
    outcome: &Mutex<Outcome>,
) -> anyhow::Result<()> {
    loop {
        let batch = requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(batch) = batch else { return Ok(()) };
        match pace {
            Pace::Live => {
                for request in &batch {
                    post(client, request, outcome)?;
                }
            }
            Pace::Relay => relay(client, &batch, outcome)?,
        }
    }
}

/// Sends one request as a browser does, again after 408, 429 and 5xx with a growing pause.
fn post(client: &Client, request: &WireRequest, outcome: &Mutex<Outcome>) -> anyhow::Result<()> {
    let mut headers: Vec<(&str, String)> = request.headers.clone();
    headers.push(("x-forwarded-for", request.peer.to_string()));
    let body = body_of(request)?;
    let mut pause = Duration::from_millis(200);
    let mut last_error = None;
    for _ in 0..ATTEMPTS {
        match client.send(&request.path, &headers, &body) {
            Ok(answer) if (200..300).contains(&answer.status) => {
                lock(outcome).accepted.count(request);
                return Ok(());
            }
            Ok(answer) if matches!(answer.status, 408 | 429 | 500..) => last_error = None,
            Ok(answer) => {
                let detail = String::from_utf8_lossy(&answer.body[..answer.body.len().min(300)])
                    .into_owned();
                refuse(outcome, format!("{} {}", answer.status, detail.trim()));
                return Ok(());
            }
            Err(error) => last_error = Some(error),
        }
        back_off(pause);
        pause *= 2;
    }
    let mut outcome = lock(outcome);
    outcome.lost += 1;
    match last_error {
        // A server that never answered is not there; one that answered before may come back.
        Some(error) if outcome.accepted.requests == 0 => Err(error),
        _ => Ok(()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the protocol's back-off is a time"
)]
fn back_off(pause: Duration) {
    thread::sleep(pause);
}

/// Sends back-dated requests, again for as long as the server asks to come back later: it takes them faster than it decodes them.
fn relay(client: &Client, batch: &[WireRequest], outcome: &Mutex<Outcome>) -> anyhow::Result<()> {
    let mut rest: Vec<&WireRequest> = batch.iter().collect();
    let begun = Instant::now();
    let mut pause = Duration::from_millis(200);
    while !rest.is_empty() {
        let is_last = begun.elapsed() > RELAY_PATIENCE;
        rest = relay_once(client, &rest, outcome, is_last)?;
        if !rest.is_empty() {
            back_off(pause);
            pause = (pause * 2).min(RELAY_PAUSE_MAX);
        }
    }
    Ok(())
}

/// Sends requests in bodies of the endpoint's size; gives those that the server wants later.
fn relay_once<'a>(
    client: &Client,
    batch: &[&'a WireRequest],
    outcome: &Mutex<Outcome>,
    is_last: bool,
) -> anyhow::Result<Vec<&'a WireRequest>> {
    let mut body = RelayBody::default();
    let (mut sent, mut later) = (Vec::new(), Vec::new());
    for (place, request) in (1..).zip(batch) {
        let headers: BTreeMap<&str, &str> = request
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        body.push(&RelayLine {
            method: "POST",
            path: &request.path,
            headers,
            body_base64: STANDARD.encode(body_of(request)?),
            received_at_us: request.received_at_us,
            peer: IpAddr::V4(request.peer),
        })?;
        sent.push(*request);
        if !body.is_full() && place < batch.len() {
            continue;
        }
        let relayed = body.send(client)?;
        for (line, request) in (1..).zip(sent.drain(..)) {
            match relayed.refused.iter().find(|refused| refused.line == line) {
                None => lock(outcome).accepted.count(request),
                Some(refused) if refused.status == 429 && !is_last => later.push(request),
                Some(refused) => refuse(outcome, format!("{} {}", refused.status, refused.detail)),
            }
        }
    }
    Ok(later)
}

/// The bytes on the wire: plain, or one zlib stream.
fn body_of(request: &WireRequest) -> anyhow::Result<Vec<u8>> {
    if !request.deflate {
        return Ok(request.body.as_bytes().to_vec());
    }
    let mut encoder = ZlibEncoder::new(
        Vec::with_capacity(request.body.len() / 6),
        Compression::new(6),
    );
    encoder.write_all(request.body.as_bytes())?;
    Ok(encoder.finish()?)
}

fn refuse(outcome: &Mutex<Outcome>, reason: String) {
    let mut outcome = lock(outcome);
    outcome.refused += 1;
    outcome.first_refusal.get_or_insert(reason);
}

fn lock(outcome: &Mutex<Outcome>) -> std::sync::MutexGuard<'_, Outcome> {
    outcome.lock().unwrap_or_else(PoisonError::into_inner)
}

fn snapshot(outcome: &Mutex<Outcome>) -> Outcome {
    lock(outcome).clone()
}
