//! The payload of log records.

use bytes::Bytes;
use ingest::record::{RecordError, decode, encode};
use proptest::prelude::*;
use protocol::{Endpoint, ProtocolId, Request};

fn request() -> impl Strategy<Value = Request> {
    let texts = (
        "[A-Z]{3,7}",
        ".{0,40}",
        ".{0,60}",
        prop::collection::vec((".{0,12}", ".{0,30}"), 0..5),
    );
    let rest = (
        prop::collection::vec(any::<u8>(), 0..500),
        any::<i64>(),
        any::<std::net::IpAddr>(),
        prop::option::of(".{0,20}"),
    );
    (texts, rest, prop::sample::select(Endpoint::ALL.to_vec())).prop_map(
        |(texts, rest, endpoint)| {
            let (method, path, query, headers) = texts;
            let (body, arrival_us, peer, token_app) = rest;
            let protocol = ProtocolId::DATADOG;
            let body = body.into();
            Request {
                protocol,
                endpoint,
                method,
                path,
                query,
                headers,
                body,
                arrival_us,
                peer,
                token_app,
            }
        },
    )
}

proptest! {
    #[test]
    fn a_request_survives_the_log(request in request(), version: u64) {
        let payload = Bytes::from(encode(&request, version));
        prop_assert_eq!(decode(&payload), Ok(request));
    }

    /// A cut payload is an error, never another request and never a panic.
    #[test]
    fn a_cut_payload_is_refused(request in request(), share in 0.0..1.0_f64) {
        let payload = encode(&request, 1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small length")]
        let len = (payload.len() as f64 * share) as usize;
        prop_assert!(decode(&Bytes::from(payload[..len].to_vec())).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = decode(&Bytes::from(bytes));
    }
}

#[test]
fn a_newer_format_is_named() {
    assert_eq!(
        decode(&Bytes::from_static(&[9, 0, 0])),
        Err(RecordError::NewerFormat { found: 9 })
    );
}
