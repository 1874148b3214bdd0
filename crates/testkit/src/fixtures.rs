//! Recorded requests of real SDKs, in the repository's `fixtures/` (see the README of each protocol there).
//!
//! A scenario is a folder with an `expected.json`; beside it lie its requests, one file each, named `NNN-<kind>.json` or
//! `NNN.json` in order of arrival. Other files and folders there are for people and are not read.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// One recorded visit.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The folder above the scenario's: `dd-rum-7`. Where there is none in between, the protocol's.
    pub sdk: String,
    /// The scenario's folder: `01-load`.
    pub name: String,
    pub path: PathBuf,
    /// In order of arrival; may be empty.
    pub requests: Vec<RecordedRequest>,
    /// `expected.json`.
    pub expected: Value,
}

/// One HTTP request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRequest {
    pub file_name: String,
    pub method: String,
    /// With query.
    pub path: String,
    /// Names in lower case, sorted by name.
    pub headers: Vec<(String, String)>,
    /// As sent, so possibly compressed.
    pub body: Vec<u8>,
    /// Milliseconds since the Unix epoch.
    pub received_at_ms: i64,
    /// What the recorder answered, where that was written down.
    pub answered_status: Option<u16>,
    /// From the file name, `rum` in `001-rum.json`; empty in `001.json`.
    pub kind: String,
}

/// All scenarios below `fixtures/<protocol>/`, sorted by path. Panics with the file's name on anything unreadable, and
/// if there is no scenario at all: a test over an empty list would pass whatever the code does.
#[must_use]
pub fn scenarios(protocol: &str) -> Vec<Scenario> {
    scenarios_in(&root().join(protocol))
}

/// The repository's `fixtures/` folder.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// As [`scenarios`], in any folder.
#[must_use]
pub fn scenarios_in(dir: &Path) -> Vec<Scenario> {
    let mut found = Vec::new();
    collect(dir, &mut found);
    assert!(
        !found.is_empty(),
        "no scenario (a folder with expected.json) below {}",
        dir.display()
    );
    found
}

fn collect(dir: &Path, found: &mut Vec<Scenario>) {
    let entries = sorted_entries(dir);
    if entries.iter().any(|path| path.ends_with("expected.json")) {
        found.push(read_scenario(dir, &entries));
        return;
    }
    for path in entries.iter().filter(|path| path.is_dir()) {
        collect(path, found);
    }
}

fn sorted_entries(dir: &Path) -> Vec<PathBuf> {
    let list =
        fs::read_dir(dir).unwrap_or_else(|error| panic!("cannot list {}: {error}", dir.display()));
    let entry_path = |entry: std::io::Result<fs::DirEntry>| match entry {
        Ok(entry) => entry.path(),
        Err(error) => panic!("cannot list {}: {error}", dir.display()),
    };
    let mut entries: Vec<_> = list.map(entry_path).collect();
    entries.sort();
    entries
}

fn read_scenario(dir: &Path, entries: &[PathBuf]) -> Scenario {
    let requests = entries.iter().filter_map(|path| {
        let file_name = path.file_name()?.to_str()?;
        let kind = request_kind(file_name)?;
        Some(read_request(path, file_name, kind))
    });
    Scenario {
        sdk: folder_name(dir.parent()),
        name: folder_name(Some(dir)),
        path: dir.to_owned(),
        requests: requests.collect(),
        expected: read_json(&dir.join("expected.json")),
    }
}

/// `rum` of `001-rum.json`, nothing of `expected.json`.
fn request_kind(file_name: &str) -> Option<&str> {
    let (number, rest) = file_name.strip_suffix(".json")?.split_at_checked(3)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if rest.is_empty() {
        Some("")
    } else {
        rest.strip_prefix('-')
    }
}

fn read_request(path: &Path, file_name: &str, kind: &str) -> RecordedRequest {
    let json = read_json(path);
    let text = |field: &str| match json.get(field).and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => panic!("{}: `{field}` is not text", path.display()),
    };
    let body = STANDARD.decode(text("body_base64"));
    let status = json.get("answered_status").and_then(Value::as_u64);
    RecordedRequest {
        file_name: file_name.to_owned(),
        method: text("method"),
        path: text("path"),
        headers: json
            .get("headers")
            .and_then(Value::as_object)
            .map(header_list)
            .unwrap_or_default(),
        body: body.unwrap_or_else(|error| panic!("{}: body_base64: {error}", path.display())),
        received_at_ms: json
            .get("received_at_ms")
            .and_then(Value::as_i64)
            .unwrap_or_else(|| panic!("{}: `received_at_ms` is not a number", path.display())),
        answered_status: status.and_then(|status| u16::try_from(status).ok()),
        kind: kind.to_owned(),
    }
}

fn header_list(headers: &Map<String, Value>) -> Vec<(String, String)> {
    let pairs = headers
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let mut list: Vec<_> = pairs.collect();
    list.sort();
    list
}

fn read_json(path: &Path) -> Value {
    let text =
        fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn folder_name(path: Option<&Path>) -> String {
    let name = path
        .and_then(Path::file_name)
        .and_then(|name| name.to_str());
    name.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_in_order_and_other_files_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let scenario = dir.path().join("some-sdk/01-load");
        fs::create_dir_all(scenario.join("decoded")).unwrap();
        let request = r#"{"method":"POST","path":"/rum?a=b","headers":{"x-b":"2","x-a":"1"},
            "body_base64":"aGk=","received_at_ms":1795244486227"#;
        fs::write(scenario.join("002.json"), format!("{request}}}")).unwrap();
        fs::write(
            scenario.join("001-rum.json"),
            format!("{request},\"answered_status\":202}}"),
        )
        .unwrap();
        fs::write(scenario.join("decoded/001-rum.json"), "not read").unwrap();
        fs::write(scenario.join("decoded-segments.json"), "not read").unwrap();
        fs::write(
            scenario.join("expected.json"),
            r#"{"canonical_counts":{"view":1}}"#,
        )
        .unwrap();

        let found = scenarios_in(dir.path());
        let [scenario] = found.as_slice() else {
            panic!("one scenario, got {found:?}")
        };
        assert_eq!(
            (scenario.sdk.as_str(), scenario.name.as_str()),
            ("some-sdk", "01-load")
        );
        assert_eq!(scenario.expected["canonical_counts"]["view"], 1);
        let first = RecordedRequest {
            file_name: "001-rum.json".into(),
            method: "POST".into(),
            path: "/rum?a=b".into(),
            headers: vec![("x-a".into(), "1".into()), ("x-b".into(), "2".into())],
            body: b"hi".to_vec(),
            received_at_ms: 1_795_244_486_227,
            answered_status: Some(202),
            kind: "rum".into(),
        };
        let second = RecordedRequest {
            file_name: "002.json".into(),
            answered_status: None,
            kind: String::new(),
            ..first.clone()
        };
        assert_eq!(scenario.requests, [first, second]);
    }
}
