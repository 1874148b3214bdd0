//! What a collector does that only keeps JSON: parses each line into a `serde_json::Value` and appends it, one sync a request.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::process::cpu_seconds;
use crate::traffic::Traffic;

/// What the baseline did.
pub(crate) struct Baseline {
    pub(crate) events: i64,
    pub(crate) cpu_seconds: f64,
    pub(crate) seconds: f64,
    pub(crate) bytes: u64,
}

impl Baseline {
    pub(crate) fn core_seconds_per_million(&self) -> f64 {
        self.cpu_seconds / self.events as f64 * 1e6
    }
}

/// Runs on one thread, without HTTP.
pub(crate) fn run(traffic: &Traffic, dir: &Path, during: Duration) -> Baseline {
    let path = dir.join("baseline.ndjson");
    let mut file = std::fs::File::create(&path).expect("a file for the baseline");
    let (mut events, mut bytes) = (0, 0);
    let (mut body, mut out) = (Vec::new(), Vec::new());
    let cpu_before = cpu_seconds(std::process::id());
    let begun = Instant::now();
    while begun.elapsed() < during {
        let request = traffic.next(&mut body).expect("the traffic has no end");
        out.clear();
        for line in body.split(|byte| *byte == b'\n') {
            let value: serde_json::Value =
                serde_json::from_slice(line).expect("the generator writes JSON");
            serde_json::to_writer(&mut out, &value).expect("writing into memory does not fail");
            out.push(b'\n');
        }
        file.write_all(&out).expect("the baseline's file");
        file.sync_data().expect("the baseline's file");
        events += i64::from(request.events);
        bytes += out.len() as u64;
    }
    let result = Baseline {
        events,
        cpu_seconds: cpu_seconds(std::process::id()) - cpu_before,
        seconds: begun.elapsed().as_secs_f64(),
        bytes,
    };
    std::fs::remove_file(&path).expect("the baseline's file");
    result
}
