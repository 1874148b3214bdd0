//! Bad input: each its documented reject, its neighbours kept, memory bounded.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use protocol::{Decoded, Limits, Settings, reasons};

use crate::support::request;

const GOOD: &str = r#"{"type":"error","date":1795244486239,"error":{"id":"e1","message":"m"}}"#;
const ALSO_GOOD: &str =
    r#"{"type":"error","date":1795244486240,"error":{"id":"e2","message":"n"}}"#;

fn decode(query: &str, body: impl Into<Vec<u8>>) -> Decoded {
    protocol::decode(&request(query, body), &Settings::default())
}

fn outcome(decoded: &Decoded) -> (usize, Vec<(&'static str, usize)>) {
    (
        decoded.events.len(),
        decoded
            .rejects
            .iter()
            .map(|reject| (reject.reason, reject.place))
            .collect(),
    )
}

#[track_caller]
fn check(body: impl Into<Vec<u8>>, events: usize, rejects: &[(&str, usize)]) {
    let decoded = decode("ddsource=browser", body);
    assert_eq!(outcome(&decoded), (events, rejects.to_vec()));
}

/// Between two good lines, so that the neighbours are looked at too.
#[track_caller]
fn check_line(line: impl AsRef<[u8]>, reason: &str) {
    let body = [
        GOOD.as_bytes(),
        b"\n",
        line.as_ref(),
        b"\n",
        ALSO_GOOD.as_bytes(),
    ]
    .concat();
    check(body, 2, &[(reason, 2)]);
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_bad_line_costs_only_itself() {
    check_line(&GOOD[..40], reasons::MALFORMED_JSON);
    check_line(format!("{GOOD}{GOOD}"), reasons::MALFORMED_JSON);
    check_line("not json", reasons::MALFORMED_JSON);
    check_line("42", reasons::MALFORMED_JSON);
    check_line("[]", reasons::MALFORMED_JSON);
    check_line("null", reasons::MALFORMED_JSON);
    check_line(r#"{"type":"error","date":NaN}"#, reasons::MALFORMED_JSON);
    check_line(
        r#"{"type":"error","date":1,"a":Infinity}"#,
        reasons::MALFORMED_JSON,
    );
    check_line(r#"{"type":"error","date":01}"#, reasons::MALFORMED_JSON);
    check_line(r#"{"type":"error","date":1,}"#, reasons::MALFORMED_JSON);
    check_line(
        b"{\"type\":\"error\",\"date\":1,\"a\":\"\xff\"}",
        reasons::INVALID_UTF8,
    );
    check_line(
        b"{\"type\":\"error\",\"date\":1,\"\xed\xa0\x80\":1}",
        reasons::INVALID_UTF8,
    );
    check_line(r#"{"type":"transition","date":1}"#, reasons::UNKNOWN_TYPE);
    check_line(r#"{"type":"error"}"#, reasons::MISSING_FIELD);
    check_line(r#"{"date":1}"#, reasons::MISSING_FIELD);
    check_line(r#"{"type":"view","date":1}"#, reasons::MISSING_FIELD);
    check_line(r#"{"type":"error","date":"1"}"#, reasons::INVALID_FIELD);
    check_line(
        r#"{"type":"error","date":1,"application":{"id":"<b>"}}"#,
        reasons::INVALID_APP_ID,
    );
}

#[test]
fn brackets_to_any_depth_are_refused_before_they_are_parsed() {
    check_line(
        format!(r#"{{"type":"error","date":1,"a":{}"#, "[".repeat(100_000)),
        reasons::TOO_DEEP,
    );
    check_line(
        format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000)),
        reasons::TOO_DEEP,
    );
    let nested = |depth: usize| {
        format!(
            r#"{{"type":"error","date":1,"context":{}{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    check(nested(63), 1, &[]);
    check_line(nested(64), reasons::TOO_DEEP);
    let objects = format!(
        r#"{{"type":"error","date":1,"context":{}1{}}}"#,
        r#"{"a":"#.repeat(60),
        "}".repeat(60)
    );
    check(objects, 1, &[]);
}

#[test]
fn too_large_an_event_costs_only_itself() {
    let padding = "x".repeat(20 << 20);
    check_line(
        format!(r#"{{"type":"error","date":1,"a":"{padding}"}}"#),
        reasons::EVENT_TOO_LARGE,
    );
    let decoded = decode("", padding);
    assert_eq!(outcome(&decoded), (0, vec![(reasons::EVENT_TOO_LARGE, 1)]));
    assert!(decoded.rejects[0].sample.len() <= schema::Reject::SAMPLE_BYTES_MAX);
}

#[test]
fn too_many_events_are_refused_together() {
    let body = vec![GOOD; 12_000].join("\n");
    let decoded = decode("", body);
    assert_eq!(
        outcome(&decoded),
        (10_000, vec![(reasons::TOO_MANY_EVENTS, 10_001)])
    );
    assert_eq!(
        decoded.rejects[0].detail,
        "a request may have 10000 events; 2000 more came"
    );
    let bad = decode("", vec!["x"; 12_000].join("\n"));
    assert_eq!((bad.events.len(), bad.rejects.len()), (0, 10_001));
    let samples: usize = bad
        .rejects
        .iter()
        .filter(|reject| !reject.sample.is_empty())
        .count();
    assert_eq!(samples, 100);
}

#[test]
fn a_bomb_stops_at_the_limit_and_what_came_before_it_is_kept() {
    let bomb = [GOOD.as_bytes(), b"\n", &vec![b' '; 80 << 20]].concat();
    let packed = zlib(&bomb);
    let decoded = decode("dd-evp-encoding=deflate", packed);
    assert_eq!(
        outcome(&decoded),
        (1, vec![(reasons::INFLATED_TOO_LARGE, 2)])
    );
    assert_eq!(decoded.inflated_bytes, 64 << 20);

    let limits = Limits {
        inflated_bytes_max: GOOD.len() + 1 + 30,
        ..Limits::default()
    };
    let cut = protocol::decode(
        &request("", format!("{GOOD}\n{ALSO_GOOD}")),
        &Settings { limits },
    );
    assert_eq!(outcome(&cut), (1, vec![(reasons::INFLATED_TOO_LARGE, 2)]));
}

#[test]
fn compressed_bodies_are_read_as_far_as_they_go() {
    let body = format!("{GOOD}\n{ALSO_GOOD}");
    let packed = zlib(body.as_bytes());
    let query = "dd-evp-encoding=deflate";
    let whole = |body: Vec<u8>| assert_eq!(outcome(&decode(query, body)), (2, vec![]));
    whole(packed.clone());
    whole(packed[..packed.len() - 4].to_vec());
    whole([&packed[..packed.len() - 4], b"junk"].concat());
    whole(
        [
            zlib(GOOD.as_bytes()),
            zlib(b"\n"),
            zlib(ALSO_GOOD.as_bytes()),
        ]
        .concat(),
    );
    // Cut anywhere: the lines that are whole, and at most the one that is not.
    let mut halves = 0;
    for end in 3..packed.len() {
        match outcome(&decode(query, &packed[..end])) {
            (0, rejects) => assert!(matches!(
                rejects[..],
                [(reasons::EMPTY_BODY | reasons::MALFORMED_JSON, 1)]
            )),
            (1, rejects) if rejects.is_empty() => {}
            (1, rejects) => {
                assert_eq!(rejects, [(reasons::MALFORMED_JSON, 2)], "cut at {end}");
                halves += 1;
            }
            (events, rejects) => assert_eq!((events, rejects), (2, vec![]), "cut at {end}"),
        }
    }
    assert!(halves > 0);
}

#[test]
fn a_wrong_encoding_flag_does_no_harm_and_garbage_is_said_to_be() {
    let body = format!("{GOOD}\n{ALSO_GOOD}");
    assert_eq!(
        outcome(&decode("dd-evp-encoding=deflate", body.clone())),
        (2, vec![])
    );
    assert_eq!(outcome(&decode("", zlib(body.as_bytes()))), (2, vec![]));
    let garbage = decode("dd-evp-encoding=deflate", vec![0xff; 100]);
    assert_eq!(outcome(&garbage), (0, vec![(reasons::UNDECODABLE_BODY, 1)]));
    assert_eq!(
        outcome(&decode("", vec![0xff; 100])),
        (0, vec![(reasons::INVALID_UTF8, 1)])
    );
    let damaged = [zlib(body.as_bytes()), b"\x78\x9c\xff\xff".to_vec()].concat();
    assert_eq!(
        outcome(&decode("", damaged)),
        (2, vec![(reasons::UNDECODABLE_BODY, 2)])
    );
}

#[test]
fn an_empty_body_is_told() {
    for body in ["", " \r\n\n", "[]", "\u{feff}"] {
        check(
            body,
            0,
            &[(reasons::EMPTY_BODY, decode("", body).rejects[0].place)],
        );
    }
    check(zlib(b""), 0, &[(reasons::EMPTY_BODY, 1)]);
}

#[test]
fn an_array_is_read_like_lines() {
    check(format!("[{GOOD},\n{ALSO_GOOD}]"), 2, &[]);
    check(
        format!("[{GOOD},{{\"type\":}},{ALSO_GOOD}]"),
        2,
        &[(reasons::MALFORMED_JSON, 2)],
    );
    check(
        format!("[{GOOD},{}", &ALSO_GOOD[..30]),
        1,
        &[(reasons::MALFORMED_JSON, 2)],
    );
}

#[test]
fn far_dates_are_decoded_and_left_to_enrichment() {
    let at = |date: &str| format!(r#"{{"type":"error","date":{date},"error":{{"id":"e"}}}}"#);
    for date in ["0", "-86400000", "4102444800000", "253402300799999"] {
        check(at(date), 1, &[]);
    }
    check(at("253402300800000"), 0, &[(reasons::INVALID_FIELD, 1)]);
    check(at("1e400"), 0, &[(reasons::INVALID_FIELD, 1)]);
}

#[test]
fn long_strings_are_cut_at_a_character_and_counted() {
    let message = "ä".repeat(40 << 10);
    let stack = "s".repeat(300 << 10);
    let line = format!(
        r#"{{"type":"error","date":1,"error":{{"message":"x{message}","stack":"{stack}"}},"context":{{"a":"{message}"}}}}"#
    );
    let decoded = decode("", line);
    let row = &decoded.events[0].row;
    assert_eq!(
        row.str(schema::tables::error::error_message).unwrap().len(),
        (64 << 10) - 1
    );
    assert_eq!(
        row.str(schema::tables::error::error_stack).unwrap().len(),
        256 << 10
    );
    assert_eq!(decoded.cut_strings, 3);
}

#[test]
fn too_many_attributes_are_left_out_and_counted() {
    let keys: Vec<String> = (0..600).map(|n| format!(r#""k{n}":{n}"#)).collect();
    let decoded = decode(
        "",
        format!(
            r#"{{"type":"error","date":1,"context":{{{}}}}}"#,
            keys.join(",")
        ),
    );
    let attributes = decoded.events[0]
        .row
        .attributes(schema::tables::common::attributes)
        .unwrap();
    assert_eq!((attributes.len(), decoded.attributes_truncated), (512, 88));
    let text = "t".repeat(30 << 10);
    let decoded = decode(
        "",
        format!(
            r#"{{"type":"error","date":1,"context":{{"a":"{text}","b":"{text}","c":"{text}","d":1}}}}"#
        ),
    );
    let attributes = decoded.events[0]
        .row
        .attributes(schema::tables::common::attributes)
        .unwrap();
    let keys: Vec<&str> = attributes.keys().map(|key| key.as_str()).collect();
    assert_eq!(
        (keys, decoded.attributes_truncated),
        (vec!["context.a", "context.b", "context.d"], 1)
    );
}

#[test]
fn half_an_emoji_is_replaced_and_not_refused() {
    let decoded = decode(
        "",
        r#"{"type":"error","date":1,"error":{"message":"cut \ud83d"},"context":{"a":"\udc00 b"}}"#,
    );
    assert_eq!(decoded.rejects, []);
    let message = decoded.events[0]
        .row
        .str(schema::tables::error::error_message)
        .unwrap();
    assert!(message.starts_with("cut \u{fffd}"), "{message}");
}

#[test]
fn a_reject_says_what_and_where() {
    let line = r#"{"type":"transition","date":1,"application":{"id":"shop"}}"#;
    let decoded = decode("", format!("{GOOD}\n{line}"));
    let reject = &decoded.rejects[0];
    assert_eq!(
        (reject.reason, reject.place, reject.app_id.as_deref()),
        ("unknown_type", 2, Some("shop"))
    );
    assert_eq!(reject.detail, "`type` is \"transition\"");
    assert_eq!(reject.sample, line);
}
