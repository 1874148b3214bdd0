//! The steps together.

use std::net::Ipv4Addr;
use std::sync::LazyLock;

use proptest::prelude::*;
use schema::tables::{common, error, resource};
use schema::{ColumnId, TableId, Value};

use super::*;

static ENRICHER: LazyLock<Enricher> = LazyLock::new(|| Enricher::new(Options::default()).unwrap());

const ARRIVAL: i64 = 1_795_000_000_000_000;
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36";

fn facts<'a>(user_agent: &'a str, headers: &'a [(String, String)]) -> Facts<'a> {
    let peer = Ipv4Addr::new(193, 0, 6, 139).into();
    Facts {
        arrival_us: ARRIVAL,
        skew_us: 0,
        peer,
        user_agent: Some(user_agent),
        headers,
    }
}

#[test]
fn a_recorded_resource_is_enriched_whole() {
    let mut event = Event::new(TableId::Resource);
    event.row.set(common::client_time, ARRIVAL - 1_500_000);
    event.row.set(
        common::view_url,
        "http://app.example:18080/products/12345?token=abc#offers",
    );
    event.row.set(
        resource::resource_url,
        "http://app.example:18080/api/ok?from=load&session_id=abc",
    );
    let headers = [("accept-language".to_owned(), "en-US,en;q=0.9".to_owned())];
    let outcome = ENRICHER.enrich(
        &mut event,
        &facts(USER_AGENT, &headers),
        &Privacy::new(IpPrivacy::Truncate, []),
    );
    assert_eq!(
        outcome,
        Outcome {
            time_adjusted: false,
            scrubbed_values: 2
        }
    );
    let texts = [
        (
            common::view_url,
            "http://app.example:18080/products/12345?token=REDACTED#offers",
        ),
        (common::view_url_host, "app.example"),
        (common::view_url_path, "/products/12345"),
        (common::view_url_path_group, "/products/?"),
        (common::view_url_query, "token=REDACTED"),
        (
            resource::resource_url_query,
            "from=load&session_id=REDACTED",
        ),
        (common::browser_name, "HeadlessChrome"),
        (common::browser_version_major, "156"),
        (common::os_name, "Linux"),
        (common::device_type, "desktop"),
        (common::country_code, "NL"),
        (common::country, "Netherlands"),
        (common::continent, "Europe"),
        (common::ip, "193.0.6.0"),
        (common::locale, "en-US"),
        (common::user_agent, USER_AGENT),
    ];
    for (column, expected) in texts {
        assert_eq!(
            event.row.str(column),
            Some(expected),
            "{}",
            event.table.table().column(column).name
        );
    }
    assert_eq!(event.row.bool(common::bot), Some(true));
    assert_eq!(event.row.int(common::time), Some(ARRIVAL - 1_500_000));
    assert_eq!(event.row.int(common::received_at), Some(ARRIVAL));
}

#[test]
fn errors_group_without_what_was_scrubbed() {
    let group = |token: &str| {
        let mut event = Event::new(TableId::Error);
        event.row.set(
            error::error_stack,
            format!("Error: x\n  at f @ https://x.example/a.js:1:2\nsee password={token}"),
        );
        ENRICHER.enrich(&mut event, &facts(USER_AGENT, &[]), &Privacy::default());
        (
            event.row.str(error::error_group).unwrap().to_owned(),
            event.row.str(error::error_stack_hash).unwrap().to_owned(),
        )
    };
    assert_eq!(group("abc"), group("def"));
}

#[test]
fn enriching_twice_changes_nothing() {
    let mut event = Event::new(TableId::Error);
    event.row.set(common::client_time, ARRIVAL + 10_000_000_000);
    event.row.set(
        common::view_url,
        "https://x.example/a/12345?code=abc&next=%2Fb%3Ftoken%3Dabc",
    );
    event.row.set(error::error_message, "no /a?token=abc");
    let outcome = ENRICHER.enrich(&mut event, &facts(USER_AGENT, &[]), &Privacy::default());
    assert!(outcome.time_adjusted);
    let once = event.clone();
    ENRICHER.enrich(&mut event, &facts(USER_AGENT, &[]), &Privacy::default());
    assert_eq!(event, once);
}

#[test]
fn no_database_that_is_missing_is_missed() {
    let options = Options {
        country_database: None,
        ..Options::default()
    };
    let mut event = Event::new(TableId::View);
    Enricher::new(options).unwrap().enrich(
        &mut event,
        &facts("", &[]),
        &Privacy::new(IpPrivacy::Drop, []),
    );
    assert_eq!(event.row.str(common::country_code), None);
    assert_eq!(event.row.str(common::ip), None);
    assert_eq!(event.row.bool(common::bot), None);
}

fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("://"),
        Just("%"),
        Just("%40"),
        Just("="),
        Just("token"),
        Just("@"),
        Just("//"),
        Just("?"),
        Just("#"),
        Just("\""),
        Just("\\"),
        Just(":"),
        Just("\n"),
        Just("at f ("),
        Just("é"),
        Just("👋"),
        Just("[::1]"),
        Just("blob:"),
        Just("9"),
        Just("'"),
        Just(";K)"),
        Just("Android"),
        Just("Mozilla/5.0 ("),
    ];
    prop_oneof![
        ".{0,60}",
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_input_panics(
        table in prop::sample::select(&TableId::ALL[..]),
        texts in prop::collection::vec((0_usize..400, hostile_text()), 0..12),
        numbers in prop::collection::vec((0_usize..400, any::<i64>()), 0..6),
        user_agent in hostile_text(),
        hints in prop::collection::vec(hostile_text(), 7),
        (arrival_us, skew_us) in any::<(i64, i64)>(),
        octets in any::<[u8; 16]>(),
    ) {
        let names = ["sec-ch-ua", "sec-ch-ua-full-version-list", "sec-ch-ua-model", "sec-ch-ua-mobile", "sec-ch-ua-platform",
            "sec-ch-ua-platform-version", "accept-language"];
        let headers: Vec<_> = names.iter().map(|name| (*name).to_owned()).zip(hints).collect();
        let columns = table.table().columns().len();
        let column = |index: usize| ColumnId(u16::try_from(index % columns).unwrap());
        let mut event = Event::new(table);
        for (index, text) in texts {
            event.row.attributes_mut(common::attributes).insert(text.as_str().into(), text.as_str().into());
            event.row.set(column(index), text);
        }
        for (index, number) in numbers {
            event.row.set(column(index), Value::Int(number));
        }
        let facts = Facts { arrival_us, skew_us, peer: octets.into(), user_agent: Some(&user_agent), headers: &headers };
        ENRICHER.enrich(&mut event, &facts, &Privacy::default());
        prop_assert_eq!(event.row.int(common::received_at), Some(arrival_us));
    }
}
