//! The reference that users read says what the code declares.

use std::path::Path;

/// `make gen` sets `UPDATE_GENERATED` and so renews the file.
#[test]
fn generated_dictionary_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/dictionary.md");
    let expected = schema::reference::dictionary_markdown();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &expected).expect("the reference can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/reference/dictionary.md is stale: run `make gen`"
    );
}
