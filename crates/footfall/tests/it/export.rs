//! `footfall export`: what was stored is what is in the file, and a file under its final name is whole.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use testkit::server::API_KEY;

use crate::world::{World, action, binary};

/// A server with demo traffic, and a folder for files.
struct Exports {
    world: World,
    folder: tempfile::TempDir,
}

impl Exports {
    fn new() -> Self {
        Self::of("300")
    }

    fn of(sessions: &str) -> Self {
        let world = World::new(&[]);
        let demo = Command::new(binary())
            .args(["demo", "--seed", "4", "--api-key", API_KEY])
            .args(["--server", &world.server.url()])
            .args(["--backfill", "2", "--sessions", sessions])
            .output()
            .unwrap();
        assert!(demo.status.success(), "{demo:?}");
        while metric(&world, "footfall_log_lag_bytes") > 0 {}
        Self {
            world,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn export(&self, server: &str, output: &str, options: &[&str]) -> Output {
        Command::new(binary())
            .args(["export", "--api-key", API_KEY, "--server", server])
            .args(["--output", output])
            .args(options)
            .output()
            .unwrap()
    }

    /// The bytes of a whole export.
    fn bytes(&self, options: &[&str]) -> Vec<u8> {
        let path = self.path("export");
        let done = self.export(&self.world.server.url(), path.to_str().unwrap(), options);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{options:?}: {said}");
        assert_eq!(self.files(), ["export"], "nothing is left beside it");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        bytes
    }

    /// The rows of an export as NDJSON.
    fn rows(&self, options: &[&str]) -> Vec<Value> {
        let options = [&["--format", "ndjson"], options].concat();
        let text = String::from_utf8(self.bytes(&options)).unwrap();
        let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
        rows.collect()
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }
}

fn metric(world: &World, name: &str) -> u64 {
    let metrics = world.server.get("/metrics").unwrap().body;
    let value = metrics.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap().trim().parse().unwrap()
}

fn sum<'a>(values: impl Iterator<Item = &'a Value>) -> i64 {
    values.filter_map(Value::as_i64).sum()
}

#[test]
fn every_row_of_a_table_is_in_the_file_with_its_values() {
    let exports = Exports::new();
    let server = &exports.world.server;
    let count = |sql: &str| usize::try_from(server.number(sql)).unwrap();
    for table in ["session", "view", "resource"] {
        let rows = exports.rows(&["--table", table]);
        assert_eq!(rows.len(), count(&format!("SELECT count(*) FROM {table}")));
    }
    let views = exports.rows(&["--table", "view"]);
    assert_eq!(
        sum(views.iter().map(|row| &row["view_resource_count"])),
        server.number("SELECT sum(view_resource_count) FROM view")
    );

    let columns = ["--table", "view", "--columns", "view_id,lcp"];
    let csv = exports.bytes(&[&["--format", "csv"], &columns[..]].concat());
    let csv = String::from_utf8(csv).unwrap();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("view_id,largest_contentful_paint"));
    let values: Vec<&str> = lines.map(|line| line.split_once(',').unwrap().1).collect();
    assert_eq!(values.len(), count("SELECT count(*) FROM view"));
    let numbers = values.iter().filter_map(|value| value.parse::<i64>().ok());
    assert_eq!(
        numbers.sum::<i64>(),
        server.number("SELECT sum(largest_contentful_paint) FROM view")
    );

    let parquet = exports.bytes(&["--table", "view"]);
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
}

#[test]
fn filters_mean_what_they_mean_in_sql() {
    let exports = Exports::new();
    let check = |options: &[&str], condition: &str| {
        let sql = format!("SELECT count(*) FROM view WHERE {condition}");
        let expected = exports.world.server.number(&sql);
        let all = exports.world.server.number("SELECT count(*) FROM view");
        assert!(0 < expected && expected < all, "{condition}: {expected}");
        let rows = exports.rows(&[&["--table", "view"], options].concat());
        assert_eq!(i64::try_from(rows.len()).unwrap(), expected, "{options:?}");
    };
    let row = &exports
        .world
        .server
        .rows("SELECT app_id, env, time FROM view ORDER BY time LIMIT 1 OFFSET 300")[0];
    let text = |index: usize| row[index].as_str().unwrap();
    let (app, time) = (text(0), text(2));
    check(&["--app", app], &format!("app_id = '{app}'"));
    check(&["--from", time], &format!("time >= '{time}'"));
    check(&["--to", time], &format!("time < '{time}'"));
    check(
        &["--search", "view_loading_time:>2s OR device_type:mobile"],
        "view_loading_time > 2000000000 OR device_type = 'mobile'",
    );
    let none = exports.rows(&["--table", "view", "--env", "nowhere"]);
    assert_eq!(none.len(), 0);
}

#[test]
fn the_standard_output_takes_an_export_too() {
    let world = World::new(&[]);
    world.send(&[action("s", "v", "a1"), action("s", "v", "a2")]);
    world.wait_for("SELECT count(*) FROM action", 2);
    let exports = Exports {
        world,
        folder: tempfile::tempdir().unwrap(),
    };
    let options = [
        "--table",
        "action",
        "--format",
        "csv",
        "--columns",
        "action_name",
    ];
    let done = exports.export(&exports.world.server.url(), "-", &options);
    assert_eq!(
        String::from_utf8(done.stdout).unwrap(),
        "action_name\r\nBuy\r\nBuy\r\n"
    );
    assert_eq!(exports.files(), Vec::<String>::new());
}

/// A proxy that passes a request on and the first bytes of its answer back, then closes both connections.
fn cutting(to: &str, answer_bytes: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let to = to.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut server) = (client.unwrap(), TcpStream::connect(&to).unwrap());
            let mut request = vec![0; 64 << 10];
            let read = client.read(&mut request).unwrap();
            server.write_all(&request[..read]).unwrap();
            let _ = std::io::copy(&mut server.take(answer_bytes), &mut client);
        }
    });
    address
}

fn assert_fails_without_a_file(exports: &Exports, server: &str, options: &[&str]) -> String {
    let path = exports.path("export");
    let done = exports.export(server, path.to_str().unwrap(), options);
    assert!(!done.status.success(), "{options:?}");
    assert_eq!(exports.files(), Vec::<String>::new());
    String::from_utf8(done.stderr).unwrap()
}

#[test]
fn a_connection_that_breaks_leaves_no_file() {
    let exports = Exports::new();
    for format in ["parquet", "csv", "ndjson"] {
        let proxy = cutting(&exports.world.server.url(), 20_000);
        let options = ["--table", "resource", "--format", format];
        let said = assert_fails_without_a_file(&exports, &proxy, &options);
        assert!(said.contains("is not whole"), "{said}");
    }
    // An earlier file under the name stays as it was.
    std::fs::write(exports.path("export"), "earlier").unwrap();
    let proxy = cutting(&exports.world.server.url(), 20_000);
    let path = exports.path("export");
    let options = ["--table", "resource", "--format", "csv"];
    let done = exports.export(&proxy, path.to_str().unwrap(), &options);
    assert!(!done.status.success());
    assert_eq!(std::fs::read(&path).unwrap(), b"earlier");
}

#[test]
fn a_failure_inside_the_server_is_no_whole_file() {
    let mut exports = Exports::new();
    exports.world.restart();
    let folder = exports.world.start.data_dir.join("segments/resource");
    let damaged = newest(&folder);
    let mut bytes = std::fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle - 2_000..middle + 2_000].fill(0);
    std::fs::write(&damaged, bytes).unwrap();
    let url = exports.world.server.url();
    for format in ["parquet", "csv", "ndjson"] {
        assert_fails_without_a_file(&exports, &url, &["--table", "resource", "--format", format]);
    }
}

fn newest(folder: &Path) -> PathBuf {
    let mut files = Vec::new();
    for day in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(day.unwrap().path()).unwrap() {
            files.push(file.unwrap().path());
        }
    }
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "parquet")
    });
    let newest = files
        .into_iter()
        .max_by_key(|path| std::fs::metadata(path).unwrap().len());
    newest.unwrap()
}

#[test]
fn a_reader_that_leaves_ends_its_query() {
    let exports = Exports::of("1500");
    let server = &exports.world.server;
    let running = || metric(&exports.world, "footfall_query_running");
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
    let request = format!(
        "GET /api/v1/export?table=resource&format=ndjson HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut first = [0; 1];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(running(), 1, "what is not read yet is not made yet");
    drop(stream);
    while running() > 0 {}
}
