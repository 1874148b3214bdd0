//! The least HTTP client: one connection, one request at a time, so that the machine's two cores work for the server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::traffic::{Traffic, now_ms};

/// What the clients sent and got accepted.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) events: i64,
    pub(crate) unversioned: i64,
    pub(crate) bytes: u64,
    /// Answers other than 202, by status.
    pub(crate) refused: Vec<u16>,
    /// Sorted.
    pub(crate) latencies_us: Vec<u64>,
}

impl Sent {
    /// A quantile of the acknowledgements, ms.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        let last = self.latencies_us.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a quantile of a count is within the count"
        )]
        let index = (last as f64 * quantile) as usize;
        self.latencies_us
            .get(index)
            .map_or(f64::NAN, |us| *us as f64 / 1000.0)
    }
}

/// How fast to send.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// Each connection sends as soon as it has its answer.
    Closed,
    /// So many events a second over all connections, whatever the answers take.
    Open(f64),
}

/// Sends for a while over some connections.
pub(crate) fn send(
    traffic: &Traffic,
    address: &str,
    connections: usize,
    during: Duration,
    pace: Pace,
) -> Sent {
    let mut all = Sent::default();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| one(traffic, address, connections, during, pace)))
            .collect();
        for client in clients {
            let sent = client.join().expect("a client does not panic");
            all.events += sent.events;
            all.unversioned += sent.unversioned;
            all.bytes += sent.bytes;
            all.refused.extend(sent.refused);
            all.latencies_us.extend(sent.latencies_us);
        }
    });
    all.latencies_us.sort_unstable();
    all
}

#[expect(
    clippy::disallowed_methods,
    reason = "an open loop waits for the moment itself"
)]
fn one(traffic: &Traffic, address: &str, connections: usize, during: Duration, pace: Pace) -> Sent {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a TCP socket");
    let mut sent = Sent::default();
    let (mut body, mut message, mut answer) = (Vec::new(), Vec::new(), Vec::new());
    let begun = Instant::now();
    let mut due = begun;
    while begun.elapsed() < during {
        let Some(request) = traffic.next(&mut body) else {
            break;
        };
        message.clear();
        write!(
            message,
            "POST /api/v2/rum?ddsource=browser&dd-api-key=bench&batch_time={} HTTP/1.1\r\nhost: {address}\r\n\
             user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36\r\n\
             origin: https://shop.example\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: {}\r\n\r\n",
            now_ms(),
            body.len()
        )
        .expect("writing into memory does not fail");
        message.extend_from_slice(&body);
        if let Pace::Open(events) = pace {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            due += Duration::from_secs_f64(f64::from(request.events) * connections as f64 / events);
        }
        let at = Instant::now();
        stream.write_all(&message).expect("the server reads");
        let status = read_answer(&mut stream, &mut answer);
        if status == 202 {
            sent.events += i64::from(request.events);
            sent.unversioned += i64::from(request.unversioned);
            sent.bytes += body.len() as u64;
            let us = at.elapsed().as_micros();
            sent.latencies_us
                .push(u64::try_from(us).unwrap_or(u64::MAX));
        } else {
            sent.refused.push(status);
        }
    }
    sent
}

/// Reads one answer whole and gives its status.
fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> u16 {
    buffer.clear();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk).expect("the server answers");
        assert!(count > 0, "the server closed the connection");
        buffer.extend_from_slice(&chunk[..count]);
        let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
            .unwrap_or(0);
        if buffer.len() >= end + 4 + length {
            return head[9..12].parse().expect("a status line");
        }
    }
}
