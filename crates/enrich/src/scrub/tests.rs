use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use schema::tables::{error, log, resource};

use super::*;

fn url(text: &str) -> String {
    let list = ScrubList::default();
    Search {
        lists: Lists([&list, &list]),
        shape: Shape::Url,
    }
    .scrub(text)
    .unwrap_or_else(|| text.to_owned())
}

#[test]
fn secrets_leave_urls_and_the_rest_stays() {
    let table = [
        (
            "https://x.example/a?token=abc",
            "https://x.example/a?token=REDACTED",
        ),
        (
            "https://x.example/a?b=1&code=abc&c=2#top",
            "https://x.example/a?b=1&code=REDACTED&c=2#top",
        ),
        (
            "https://x.example/cb#access_token=abc&expires_in=1",
            "https://x.example/cb#access_token=REDACTED&expires_in=1",
        ),
        (
            "https://x.example/#/reset?Code=abc",
            "https://x.example/#/reset?Code=REDACTED",
        ),
        ("/a?ACCESS-TOKEN=abc", "/a?ACCESS-TOKEN=REDACTED"),
        ("/a?accessToken=abc", "/a?accessToken=REDACTED"),
        ("/a?t%6Fken=abc", "/a?t%6Fken=REDACTED"),
        ("/a?t%256Fken=abc", "/a?t%256Fken=REDACTED"),
        ("/a?user[password]=abc", "/a?user[password]=REDACTED"),
        (
            "/a?user%5Bpassword%5D%5B0%5D=abc",
            "/a?user%5Bpassword%5D%5B0%5D=REDACTED",
        ),
        ("/a?x;sig=abc", "/a?x;sig=REDACTED"),
        ("/a?token=a=b;c=d?e&f=1", "/a?token=REDACTED&f=1"),
        ("/a?token=abc def\"ghi", "/a?token=REDACTED"),
        ("/a?next=/b?token=abc&c=1", "/a?next=/b?token=REDACTED&c=1"),
        (
            "/a?next=https%3A%2F%2Fy.example%2F%3Ftoken%3Dabc%26c%3D1",
            "/a?next=https://y.example/%3Ftoken%3DREDACTED%26c%3D1",
        ),
        (
            "/a?next=%252Fb%253Fcode%253Dabc",
            "/a?next=/b%253Fcode%253DREDACTED",
        ),
        (
            "/a?data=%7B%22password%22%3A%22abc%22%7D",
            "/a?data={%22password%22:%22REDACTED%22}",
        ),
        ("/a%3Ftoken%3Dabc", "/a%3Ftoken%3DREDACTED"),
        ("https://me:pw@x.example/a", "https://REDACTED@x.example/a"),
        ("https://me@x.example/a", "https://REDACTED@x.example/a"),
        (
            "/a?X-Amz-Signature=abc&X-Amz-Date=1",
            "/a?X-Amz-Signature=REDACTED&X-Amz-Date=1",
        ),
        ("/users/anna@mail.example/orders", "/users/REDACTED/orders"),
        (
            "/users/anna%40mail.example/orders",
            "/users/REDACTED/orders",
        ),
        ("/a?q=to+anna.b%2Bc%40mail.example", "/a?q=REDACTED"),
        ("/a?user_email=x", "/a?user_email=REDACTED"),
        ("mailto:anna@mail.example", "mailto:REDACTED"),
        ("/a?token=", "/a?token="),
        ("/a?token", "/a?token"),
        (
            "/a?promo_code=spring&country_code=DE",
            "/a?promo_code=spring&country_code=DE",
        ),
        ("/a?tokens=3&keyboard=us", "/a?tokens=3&keyboard=us"),
        (
            "https://cdn.example/vue@3.4.1/dist/vue.js",
            "https://cdn.example/vue@3.4.1/dist/vue.js",
        ),
        (
            "https://cdn.example/vue@next.min.js",
            "https://cdn.example/vue@next.min.js",
        ),
        ("/@scope/package?v=1%2B2", "/@scope/package?v=1%2B2"),
        ("/50%?a=100%", "/50%?a=100%"),
        (
            "data:image/png;base64,iVBORw0KGgo=",
            "data:image/png;base64,iVBORw0KGgo=",
        ),
        ("", ""),
    ];
    for (text, expected) in table {
        assert_eq!(url(text), expected, "{text}");
    }
}

#[test]
fn secrets_leave_running_text_and_json() {
    let table = [
        (
            "GET https://x.example/a?token=abc failed",
            "GET https://x.example/a?token=REDACTED failed",
        ),
        (
            "see <https://x.example/?code=abc> or \"/b?sig=def\"",
            "see <https://x.example/?code=REDACTED> or \"/b?sig=REDACTED\"",
        ),
        (
            "login with password=abc, then",
            "login with password=REDACTED then",
        ),
        ("exit code=5; key=a", "exit code=5; key=a"),
        ("mail anna@mail.example now", "mail anna@mail.example now"),
        ("a == b ======== c", "a == b ======== c"),
        (
            r#"{"url":"https:\/\/x.example\/?token\u003dabc\u0026c=1","n":1}"#,
            r#"{"url":"https://x.example/?token=REDACTED&c=1","n":1}"#,
        ),
        (
            r#"{"a":"{\"url\":\"/b?token=abc\"}"}"#,
            r#"{"a":"{\"url\":\"/b?token=REDACTED\"}"}"#,
        ),
        (
            r#"{"password":"a b\" c","b":"token"}"#,
            r#"{"password":"REDACTED","b":"token"}"#,
        ),
        (
            r#"{"password" : "a\\","b":2}"#,
            r#"{"password" : "REDACTED","b":2}"#,
        ),
        (
            r#"{"a":"{\"api_key\":\"x \\\"y\\\" z\",\"b\":1}"}"#,
            r#"{"a":"{\"api_key\":\"REDACTED\",\"b\":1}"}"#,
        ),
        (
            r#"{"client_secret":"abc de"#,
            r#"{"client_secret":"REDACTED"#,
        ),
        (
            r#"oo":"bar","url":"/x?token\u003dabc"}"#,
            r#"oo":"bar","url":"/x?token=REDACTED"}"#,
        ),
        (
            r#"{"code":"ENOENT","key":"a"}"#,
            r#"{"code":"ENOENT","key":"a"}"#,
        ),
        (r"C:\new\table", r"C:\new\table"),
    ];
    for (text, expected) in table {
        assert_eq!(scrub_text(text), expected, "{text}");
        assert_eq!(scrub_text(expected), expected, "again");
    }
}

#[test]
fn stacks_keep_their_positions() {
    let mut event = Event::new(TableId::Error);
    let stack = "Error: /a?token=abc\n    at f (https://x.example/a.js?token=abc:10:5)\n    at g (https://x.example/b.js:1:2)\nh@https://x.example/c.js?sig=a:3:4";
    event.row.set(error::error_stack, stack);
    Scrubber::new().scrub(&mut event, [&ScrubList::default(), &ScrubList::of([])]);
    let expected = "Error: /a?token=REDACTED\n    at f (https://x.example/a.js?token=REDACTED:10:5)\n    at g (https://x.example/b.js:1:2)\nh@https://x.example/c.js?sig=REDACTED:3:4";
    assert_eq!(event.row.str(error::error_stack), Some(expected));
}

#[test]
fn every_place_of_an_event_is_scrubbed_but_identities_and_people() {
    let secret = "/a?token=hunter2";
    let json = "\"/a?token=hunter2\"";
    let scrubber = Scrubber::new();
    for table in TableId::ALL {
        let mut event = Event::new(table);
        for (index, column) in table.table().columns().iter().enumerate() {
            let id = ColumnId(u16::try_from(index).unwrap());
            match column.kind {
                Kind::Keyword | Kind::Text => event.row.set(id, secret),
                Kind::Json => event.row.set(id, json),
                Kind::KeywordList | Kind::TextList => event
                    .row
                    .set(id, Value::List(vec!["x".into(), secret.into()])),
                Kind::Attributes => {
                    event
                        .row
                        .attributes_mut(id)
                        .insert("context.link".into(), json.into());
                    event
                        .row
                        .attributes_mut(id)
                        .insert("context.csrf_token".into(), "\"hunter2\"".into());
                    event
                        .row
                        .attributes_mut(id)
                        .insert("context.deep".into(), r#"{"a":["\/b?sig=hunter2"]}"#.into());
                }
                _ => continue,
            }
        }
        let count = scrubber.scrub(&mut event, [&ScrubList::default(), &ScrubList::of([])]);
        assert!(count > 10);
        let kept: Vec<ColumnId> = event
            .row
            .values()
            .iter()
            .filter(|(_, value)| format!("{value:?}").contains("hunter2"))
            .map(|(column, _)| *column)
            .collect();
        let mut expected = NEVER_SCRUBBED.to_vec();
        expected.sort_unstable();
        assert_eq!(kept, expected, "{table:?}");
    }
}

#[test]
fn names_that_were_listed_are_scrubbed_wherever_they_stand() {
    let mut event = Event::new(TableId::Resource);
    event.row.set(resource::resource_url, "/a?Voucher=abc&b=1");
    event.row.set(common::user_email, "anna@mail.example");
    event.row.set(common::session_id, "s1");
    event.row.set(common::viewport_width, 100);
    event
        .row
        .attributes_mut(common::attributes)
        .insert("context.voucher".into(), "17".into());
    event
        .row
        .attributes_mut(common::attributes)
        .insert("context.other".into(), "17".into());
    let own = ScrubList::of(["voucher", "user_email", "viewport_width", "session_id"]);
    Scrubber::new().scrub(&mut event, [&ScrubList::default(), &own]);
    assert_eq!(
        event.row.str(resource::resource_url),
        Some("/a?Voucher=REDACTED&b=1")
    );
    assert_eq!(event.row.str(common::user_email), Some(REDACTED));
    assert_eq!(
        event.row.str(common::session_id),
        Some("s1"),
        "identities stay"
    );
    assert_eq!(event.row.int(common::viewport_width), None);
    let attributes = event.row.attributes(common::attributes).unwrap();
    assert_eq!(attributes["context.voucher"], "\"REDACTED\"");
    assert_eq!(attributes["context.other"], "17");
}

#[test]
fn an_empty_list_scrubs_nothing_and_flags_keep_their_variants() {
    let mut event = Event::new(TableId::Log);
    event.row.set(log::http_url, "/a?token=abc");
    let none = ScrubList::of([]);
    assert_eq!(Scrubber::new().scrub(&mut event, [&none, &none]), 0);
    assert_eq!(event.row.str(log::http_url), Some("/a?token=abc"));
    event
        .row
        .attributes_mut(common::attributes)
        .insert("feature_flags.new_password".into(), "\"blue\"".into());
    Scrubber::new().scrub(&mut event, [&ScrubList::default(), &none]);
    assert_eq!(
        event.row.attributes(common::attributes).unwrap()["feature_flags.new_password"],
        "\"blue\""
    );
}

#[test]
fn hostile_texts_cost_no_more_than_their_length() {
    for piece in [
        "%25",
        "=",
        "a=",
        "@",
        "//@",
        "\":\"",
        "\\",
        "\\\":\\\"",
        "%3D%22",
        "?&#;",
        "\"a\":\"\\\"",
    ] {
        let text = piece.repeat(64 * 1024 / piece.len());
        let _ = (scrub_text(&text), url(&text));
    }
}

/// Every listed name is one of these for the property below.
const NAMES: &[&str] = &[
    "token",
    "access_token",
    "client_secret",
    "password",
    "sig",
    "code",
    "email",
    "api_key",
    "session",
    "X-Amz-Signature",
];

fn spelled(name: &str, style: u8) -> String {
    match style {
        0 => name.to_owned(),
        1 => name.to_uppercase(),
        2 => name.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        3 => name.replace(['_', '-'], "."),
        4 => format!("user[{name}]"),
        _ => format!("%{:02X}{}", name.as_bytes()[0], &name[1..]),
    }
}

proptest! {
    #[test]
    fn no_secret_is_left_in_any_spelling(
        name in prop::sample::select(NAMES),
        style in 0_u8..6,
        separator in prop::sample::select(&["?", "?a=1&", "#", "#/x?", "?a;", "?next=/b?", "#!/x?y=1&"][..]),
        secret in "[A-Za-z0-9_~!*(),.:;=/ '\"|-]{0,8}zQ9x[A-Za-z0-9_~!*(),.:;=/ '\"|-]{0,8}",
        after in prop::sample::select(&["", "&b=2", "#top"][..]),
        nesting in 0_usize..7,
    ) {
        let mut text = format!("https://x.example/a{separator}{}={secret}{after}", spelled(name, style));
        for _ in 0..nesting {
            text = format!("https://y.example/?next={}&z=1", utf8_percent_encode(&text, NON_ALPHANUMERIC));
        }
        let scrubbed = url(&text);
        prop_assert!(!scrubbed.contains("zQ9x"), "{scrubbed}");
        prop_assert_eq!(url(&scrubbed), scrubbed, "scrubbing twice is scrubbing once");
    }

    #[test]
    fn any_text_is_scrubbed_without_panic(text in "(.|[=%@\"\\\\&?#:/]|token|%3D|\\\\u003d){0,40}") {
        let _ = (scrub_text(&text).into_owned(), url(&text));
    }
}
