use super::*;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn mistakes(environment: &[(&str, &str)], file: &[(&str, &str)]) -> String {
    let result = load_from(BTreeMap::new(), &map(environment), map(file));
    result
        .map(|_| String::new())
        .unwrap_or_else(|error| error.to_string())
}

#[test]
fn defaults_are_valid() {
    let config = load_from(BTreeMap::new(), &BTreeMap::new(), BTreeMap::new()).unwrap();
    assert_eq!(config.default_retention, 14);
    assert_eq!(config.event_body_bytes_max, 10 * MIB);
    assert_eq!(config.flush_interval, Duration::from_secs(60));
    assert!(config.api_key.is_none());
}

#[test]
fn flags_win_over_environment_over_file() {
    let all = |flags: &[(&str, &str)], environment: &[(&str, &str)]| {
        load_from(
            map(flags),
            &map(environment),
            map(&[("query_timeout", "1s")]),
        )
        .unwrap()
        .query_timeout
        .as_secs()
    };
    assert_eq!(all(&[], &[]), 1);
    assert_eq!(all(&[], &[("FOOTFALL_QUERY_TIMEOUT", "2s")]), 2);
    assert_eq!(
        all(
            &[("query_timeout", "3s")],
            &[("FOOTFALL_QUERY_TIMEOUT", "2s")]
        ),
        3
    );
}

#[test]
fn every_mistake_is_named_at_once() {
    let text = mistakes(
        &[
            ("FOOTFALL_DEFAULT_RETENTION", "4000d"),
            ("FOOTFALL_LISTN", "x"),
        ],
        &[
            ("queri_timeout", "1s"),
            ("api_key", "short"),
            ("hot_bytes_max", "5 apples"),
        ],
    );
    for part in [
        "5 mistakes",
        "default_retention",
        "did you mean listen?",
        "did you mean query_timeout?",
        "at least 16",
        "5 apples",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn variables_that_orchestrators_set_are_left_alone() {
    assert_eq!(
        mistakes(
            &[
                ("FOOTFALL_SERVICE_HOST", "10.0.0.1"),
                ("FOOTFALL_PORT_80_TCP", "tcp://x")
            ],
            &[]
        ),
        ""
    );
}

#[test]
fn a_host_name_can_be_listened_on() {
    let config = load_from(
        map(&[("listen", "localhost:7341")]),
        &BTreeMap::new(),
        BTreeMap::new(),
    )
    .unwrap();
    assert!(config.listen.ip().is_loopback() && config.listen.port() == 7341);
    assert!(mistakes(&[], &[("listen", "7341")]).contains("expected an address"));
}

#[test]
fn values_of_the_file_may_be_of_any_plain_type() {
    let table: toml::Table =
        "batch_events_max = 5\ncreate_applications = true\ntrusted_proxies = ['10.0.0.1', '::1']"
            .parse()
            .unwrap();
    let file = table
        .into_iter()
        .map(|(name, value)| (name, text_of(&value)))
        .collect();
    let config = load_from(BTreeMap::new(), &BTreeMap::new(), file).unwrap();
    assert_eq!(
        (config.batch_events_max, config.create_applications),
        (5, true)
    );
    assert_eq!(
        config.trusted_proxies,
        ["10.0.0.1/32", "::1/128"].map(|network| network.parse::<IpNet>().unwrap())
    );
    let table: toml::Table = "[listen]\nport = 1".parse().unwrap();
    assert!(mistakes(&[], &[("listen", &text_of(&table["listen"]))]).contains("found \"a table\""));
}

#[test]
fn secrets_are_not_shown() {
    let config = load_from(
        map(&[("api_key", "0123456789abcdef-secret")]),
        &BTreeMap::new(),
        BTreeMap::new(),
    )
    .unwrap();
    let shown = config.show();
    assert!(!shown.contains("secret"), "{shown}");
    assert!(shown.contains("api_key = ********  # flag"), "{shown}");
}

/// `make gen` sets `UPDATE_GENERATED` and so renews the file.
#[test]
fn generated_settings_reference_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/config.md");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, reference_markdown()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == reference_markdown(),
        "docs/reference/config.md is stale: run `make gen`"
    );
}
