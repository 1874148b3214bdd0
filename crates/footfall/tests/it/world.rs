//! A server on a folder of its own, and events to send to it.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::faulty_disk::FaultyDisk;
use testkit::server::{Answer, Server, Start};

pub(crate) const APP: &str = "shop";

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) start: Start,
    _dir: TempDir,
}

pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_footfall"))
}

impl World {
    pub(crate) fn new(settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut start = Start::new(binary(), &dir.path().join("data"));
        for (name, value) in settings {
            start = start.with(name, value);
        }
        Self {
            server: start.ready(),
            start,
            _dir: dir,
        }
    }

    /// As [`World::new`], on a disk that loses what was not synced.
    pub(crate) fn on_disk(settings: &[(&str, &str)]) -> (Self, FaultyDisk) {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::new(&dir.path().join("data"), &dir.path().join("disk"));
        let mut start = Start::new(binary(), disk.root());
        for (name, value) in settings {
            start = start.with(name, value);
        }
        for (name, value) in disk.env() {
            start = start.with(name, &value);
        }
        let world = Self {
            server: start.ready(),
            start,
            _dir: dir,
        };
        (world, disk)
    }

    /// Sends events as one request of the newest Datadog SDK.
    pub(crate) fn send(&self, events: &[Value]) -> Answer {
        let lines: Vec<String> = events.iter().map(Value::to_string).collect();
        self.send_body(&lines.join("\n").into_bytes())
    }

    pub(crate) fn send_body(&self, body: &[u8]) -> Answer {
        self.send_to("/api/v2/rum?ddsource=browser&dd-api-key=pub1", &[], body)
    }

    pub(crate) fn send_to(&self, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.server
            .post(target, "text/plain;charset=UTF-8", headers, body)
            .expect("an answer")
    }

    /// Polls until the query gives this number; the contract is one second, the test only waits for the state.
    pub(crate) fn wait_for(&self, sql: &str, expected: i64) {
        for _ in 0..2_000 {
            if self.server.number(sql) == expected {
                return;
            }
        }
        assert_eq!(self.server.number(sql), expected, "{sql}");
    }

    pub(crate) fn restart(&mut self) {
        assert_eq!(self.server.stop(), Some(0), "a clean stop exits 0");
        self.server = self.start.ready();
    }
}

pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// An event with the fields every event has.
pub(crate) fn event(kind: &str, session: &str, view: &str) -> Value {
    json!({ "type": kind, "date": now_ms(), "application": { "id": APP }, "source": "browser", "service": "web",
        "session": { "id": session, "type": "user" }, "view": { "id": view, "url": "https://shop.example/cart" } })
}

pub(crate) fn action(session: &str, view: &str, id: &str) -> Value {
    let mut action = event("action", session, view);
    action["action"] = json!({ "id": id, "type": "click", "target": { "name": "Buy" } });
    action
}
