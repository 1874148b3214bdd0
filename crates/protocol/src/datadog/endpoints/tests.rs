use super::*;
use crate::request::ProtocolId;

fn check(method: &str, path: &str, query: &str, expected: Option<(Endpoint, &str, &str)>) {
    let found = route(method, path, query);
    let seen = found
        .as_ref()
        .map(|found| (found.endpoint, found.path.as_str(), found.query.as_str()));
    assert_eq!(seen, expected, "{method} {path}?{query}");
}

fn routed(path: &str, query: &str) -> Route {
    crate::route("POST", path, query).unwrap()
}

#[test]
fn native_paths_lead_to_their_endpoint() {
    check(
        "POST",
        "/api/v2/rum",
        "a=b",
        Some((Endpoint::Events, "/api/v2/rum", "a=b")),
    );
    check(
        "POST",
        "/api/v2/replay",
        "",
        Some((Endpoint::Replay, "/api/v2/replay", "")),
    );
    check(
        "POST",
        "/api/v2/logs",
        "",
        Some((Endpoint::Logs, "/api/v2/logs", "")),
    );
    check(
        "POST",
        "/api/v2/profile",
        "",
        Some((Endpoint::Profile, "/api/v2/profile", "")),
    );
    check(
        "POST",
        "/api/v2/exposures",
        "",
        Some((Endpoint::Discard, "/api/v2/exposures", "")),
    );
    check(
        "GET",
        "/api/v2/profiling/quota",
        "",
        Some((Endpoint::Quota, "/api/v2/profiling/quota", "")),
    );
    check(
        "POST",
        "/rum/v1/default/rum",
        "",
        Some((Endpoint::Events, "/rum/v1/default/rum", "")),
    );
    check(
        "OPTIONS",
        "/rum/v2/acme/logs",
        "",
        Some((Endpoint::Logs, "/rum/v2/acme/logs", "")),
    );
    check("GET", "/api/v2/rum", "", None);
    check("POST", "/api/v2/profiling/quota", "", None);
    check("POST", "/api/v2/rum/", "", None);
    check("POST", "/api/v2/other", "", None);
    check("POST", "/rum/v1/rum", "", None);
    check("POST", "/rum///rum", "", None);
    check("POST", "/api/v1/query", "", None);
}

#[test]
fn a_forwarded_target_is_decoded_once_and_must_be_known() {
    let tags = "ddforward=%2Fapi%2Fv2%2Frum%3Fddtags%3Da%253A1&ddforwardSubdomain=x";
    check(
        "POST",
        "/any/where",
        tags,
        Some((Endpoint::Events, "/api/v2/rum", "ddtags=a%3A1")),
    );
    let openobserve = "x=1&o2forward=%2Frum%2Fv1%2Fdefault%2Freplay";
    check(
        "POST",
        "/",
        openobserve,
        Some((Endpoint::Replay, "/rum/v1/default/replay", "")),
    );
    let quota =
        "ddforward=%2Fapi%2Fv2%2Fprofiling%2Fquota%3Fsession_id%3Ds&ddforwardSubdomain=quota";
    check(
        "GET",
        "/p",
        quota,
        Some((Endpoint::Quota, "/api/v2/profiling/quota", "session_id=s")),
    );
    check(
        "OPTIONS",
        "/p",
        quota,
        Some((Endpoint::Quota, "/api/v2/profiling/quota", "session_id=s")),
    );
    check("POST", "/p", "ddforward=%2Fapi%2Fv1%2Fquery", None);
    check(
        "POST",
        "/api/v2/rum",
        "ddforward=https%3A%2F%2Fevil.example",
        None,
    );
    check(
        "POST",
        "/p",
        "ddforward=%2Fp%3Fddforward%3D%2Fapi%2Fv2%2Frum",
        None,
    );
    check("POST", "/p", "ddforward", None);
}

#[test]
fn a_typed_path_carries_the_token() {
    let found = routed("/intake/pub123/rum", "ddsource=android");
    assert_eq!(found.endpoint, Endpoint::Events);
    assert_eq!(
        found.via,
        Via::TypedPath {
            token: "pub123".into()
        }
    );
    assert!(
        !found.is_preflight
            && crate::route("OPTIONS", "/intake/t/logs", "")
                .unwrap()
                .is_preflight
    );
    check("POST", "/intake//rum", "", None);
    check("POST", "/intake/t/other", "", None);
}

#[test]
fn every_spelling_of_the_token_is_found() {
    let none = |_: &str| None;
    for name in TOKEN_PARAMETERS {
        let route = routed("/api/v2/rum", &format!("ddsource=browser&{name}=pub1"));
        assert_eq!(
            crate::token(&route, none).as_deref(),
            Some("pub1"),
            "{name}"
        );
    }
    let bare = routed("/api/v2/rum", "dd-api-key=");
    for name in TOKEN_HEADERS {
        let header = |asked: &str| (asked == *name).then(|| "pub2".to_owned());
        assert_eq!(
            crate::token(&bare, header).as_deref(),
            Some("pub2"),
            "{name}"
        );
    }
    assert_eq!(crate::token(&bare, none), None);
    let typed = routed("/intake/pub3/rum", "dd-api-key=pub4");
    assert_eq!(crate::token(&typed, none).as_deref(), Some("pub3"));
    let forwarded = routed("/p", "ddforward=%2Fapi%2Fv2%2Frum%3Fdd-api-key%3Dpub5");
    assert_eq!(crate::token(&forwarded, none).as_deref(), Some("pub5"));
}

#[test]
fn every_outcome_has_the_status_that_clients_act_on() {
    let route = routed("/api/v2/rum", "");
    assert_eq!(route.protocol, ProtocolId::DATADOG);
    let check = |outcome: Outcome, status: u16| {
        let answer = crate::answer(&route, &outcome, "r\"1");
        assert_eq!(answer.status, status, "{outcome:?}");
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        if status >= 400 {
            assert_eq!(body["errors"][0]["status"], status.to_string());
            assert_eq!(body["request_id"], "r\"1");
        }
        (answer.headers, body)
    };
    assert_eq!(check(Outcome::Accepted, 202).1["request_id"], "r\"1");
    assert_eq!(
        check(Outcome::Quota, 200).1["data"]["attributes"]["admitted"],
        true
    );
    check(Outcome::UnknownToken, 403);
    check(Outcome::MissingToken, 401);
    check(Outcome::OriginNotAllowed, 403);
    check(Outcome::UnknownApplication, 403);
    check(Outcome::BodyTooLarge { limit_bytes: 1 }, 413);
    check(
        Outcome::BadRequest {
            detail: "so \"bad\"".into(),
        },
        400,
    );
    check(Outcome::NotReady, 503);
    check(Outcome::DiskFull, 507);
    let (headers, _) = check(Outcome::Overloaded { retry_after_s: 7 }, 429);
    assert!(headers.contains(&("retry-after", "7".into())));
}

#[test]
fn openobserve_gets_its_own_form_of_202() {
    for route in [
        routed("/rum/v1/default/rum", ""),
        routed("/intake/t/rum", "o2source=browser"),
    ] {
        let answer = answer(&route, &Outcome::Accepted, "r1");
        assert_eq!(answer.status, 202);
        assert_eq!(answer.body, r#"{"code":200,"status":[],"request_id":"r1"}"#);
    }
}
