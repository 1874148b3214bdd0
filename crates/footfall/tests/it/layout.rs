//! Who may import whom. An arrow that is not listed here is a mistake or a decision to write down.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ALLOWED: &[(&str, &[&str])] = &[
    ("schema", &[]),
    ("wal", &[]),
    ("protocol", &["schema"]),
    ("enrich", &["schema"]),
    ("meta", &["schema"]),
    ("store", &["schema", "meta"]),
    (
        "ingest",
        &["protocol", "enrich", "wal", "store", "meta", "schema"],
    ),
    ("query", &["schema", "store"]),
    ("postgres", &["query", "store", "meta", "schema"]),
    (
        "features",
        &["query", "store", "meta", "enrich", "protocol", "schema"],
    ),
    ("testkit", &["schema"]),
    (
        "footfall",
        &[
            "schema", "wal", "protocol", "enrich", "meta", "store", "ingest", "query", "features",
            "postgres",
        ],
    ),
];

/// Heavy dependencies and the only manifests that name them.
const CONFINED: &[(&str, &[&str])] = &[
    ("datafusion", &["query"]),
    ("parquet", &["store", "query"]),
    ("axum", &["ingest", "features", "footfall"]),
    ("sqlx", &["meta", "store", "features"]),
    ("pgwire", &["postgres"]),
    ("anyhow", &["footfall"]),
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names under `[dependencies]` (not dev) of a crate's manifest.
fn dependencies(name: &str) -> BTreeSet<String> {
    section(name, "dependencies")
}

fn section(name: &str, section: &str) -> BTreeSet<String> {
    let path = crates().join(name).join("Cargo.toml");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let manifest: toml::Table = text.parse().expect("manifests are TOML");
    let table = manifest.get(section).and_then(toml::Value::as_table);
    table
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

#[test]
fn crates_import_only_what_the_layout_allows() {
    let ours: BTreeSet<String> = ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (name, allowed) in ALLOWED {
        let imported: BTreeSet<String> = dependencies(name).intersection(&ours).cloned().collect();
        let allowed: BTreeSet<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        let extra: Vec<_> = imported.difference(&allowed).collect();
        assert!(extra.is_empty(), "{name} must not depend on {extra:?}");
    }
}

#[test]
fn every_crate_is_in_the_list() {
    let listed: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    for entry in std::fs::read_dir(crates())
        .expect("the crates folder")
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(
            listed.contains(name.as_str()),
            "{name} is not in the layout"
        );
    }
}

#[test]
fn heavy_dependencies_stay_where_they_belong() {
    for (dependency, owners) in CONFINED {
        for (name, _) in ALLOWED.iter().filter(|(name, _)| !owners.contains(name)) {
            assert!(
                !dependencies(name).contains(*dependency),
                "{name} must not name {dependency}"
            );
        }
    }
}

#[test]
fn test_helpers_are_never_shipped() {
    for (name, _) in ALLOWED {
        assert!(
            !dependencies(name).contains("testkit"),
            "{name} ships testkit"
        );
    }
}

/// `use` lines say the same as the manifests: a crate reached only through another one would not be in its manifest.
#[test]
fn use_lines_name_only_declared_crates() {
    for (name, allowed) in ALLOWED {
        for file in sources(&crates().join(name).join("src")) {
            let text = std::fs::read_to_string(&file).expect("a source file");
            for (other, _) in ALLOWED
                .iter()
                .filter(|(other, _)| other != name && !allowed.contains(other))
            {
                let imports = text
                    .lines()
                    .any(|line| line.trim_start().starts_with(&format!("use {other}::")));
                let is_module_of_its_own = crates()
                    .join(name)
                    .join("src")
                    .join(format!("{other}.rs"))
                    .exists();
                assert!(
                    !imports || is_module_of_its_own,
                    "{} uses {other}",
                    file.display()
                );
            }
        }
    }
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a source folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}
