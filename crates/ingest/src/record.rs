//! The payload of a log record: one request, whole, as it was sent.
//!
//! Layout, little endian. Texts and bytes are a 4-byte length and that many bytes; an optional text is a byte 0, or a byte 1 and
//! the text. The first byte is the format version; a reader knows all versions up to its own.
//!
//! | field | form |
//! | --- | --- |
//! | format version | 1 byte, 1 |
//! | protocol, endpoint | text, text |
//! | method, path, query | text, text, text; path and query after unwrapping a proxy's forward parameter |
//! | headers | 4-byte count, then name and value |
//! | arrival | 8 bytes, µs since 1970 |
//! | settings version | 8 bytes: version of the applications when it was admitted |
//! | client address | text |
//! | application of its token | optional text |
//! | body | bytes, still compressed |

use std::net::IpAddr;

use bytes::Bytes;
use protocol::{Endpoint, ProtocolId, Request};

const VERSION: u8 = 1;

/// Why a payload is no request.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("a record of format {found}; this version knows up to {VERSION}")]
    NewerFormat { found: u8 },
    #[error("the record ends inside {field}")]
    CutShort { field: &'static str },
    #[error("{field} is not valid: {value:?}")]
    Invalid { field: &'static str, value: String },
}

/// The payload of a request.
#[must_use]
pub fn encode(request: &Request, settings_version: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(request.body.len() + request.query.len() + 512);
    out.push(VERSION);
    put_text(&mut out, request.protocol.name());
    put_text(&mut out, request.endpoint.name());
    for text in [&request.method, &request.path, &request.query] {
        put_text(&mut out, text);
    }
    put_len(&mut out, request.headers.len());
    for (name, value) in &request.headers {
        put_text(&mut out, name);
        put_text(&mut out, value);
    }
    out.extend_from_slice(&request.arrival_us.to_le_bytes());
    out.extend_from_slice(&settings_version.to_le_bytes());
    put_text(&mut out, &request.peer.to_string());
    match &request.token_app {
        None => out.push(0),
        Some(app) => {
            out.push(1);
            put_text(&mut out, app);
        }
    }
    put_len(&mut out, request.body.len());
    out.extend_from_slice(&request.body);
    out
}

/// The request of a payload.
///
/// # Errors
/// When the payload is cut, damaged or of a newer format.
pub fn decode(payload: &Bytes) -> Result<Request, RecordError> {
    let mut reader = Reader { payload, at: 0 };
    let version = reader.byte("format version")?;
    if version != VERSION {
        return Err(RecordError::NewerFormat { found: version });
    }
    let protocol = reader.named("protocol", ProtocolId::from_name)?;
    let endpoint = reader.named("endpoint", Endpoint::from_name)?;
    let (method, path, query) = (
        reader.text("method")?,
        reader.text("path")?,
        reader.text("query")?,
    );
    let mut headers = Vec::new();
    for _ in 0..reader.len("headers")? {
        headers.push((reader.text("header name")?, reader.text("header value")?));
    }
    let arrival_us = i64::from_le_bytes(reader.array("arrival")?);
    let _settings_version = u64::from_le_bytes(reader.array("settings version")?);
    let peer = reader.named("client address", |text| text.parse::<IpAddr>().ok())?;
    let token_app = match reader.byte("application")? {
        0 => None,
        _ => Some(reader.text("application")?),
    };
    let body = reader.bytes("body")?;
    Ok(Request {
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
    })
}

/// Whether a request that is kept whole mentions one of the ids. Of one that cannot be read its bytes are searched.
#[must_use]
pub fn mentions(payload: &Bytes, ids: &schema::Mentions) -> bool {
    match decode(payload) {
        Ok(request) => protocol::mentions(&request, ids),
        Err(_) => ids.is_in(payload),
    }
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    out.extend_from_slice(
        &u32::try_from(len)
            .expect("requests are bounded far below 4 GiB")
            .to_le_bytes(),
    );
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_len(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

struct Reader<'a> {
    payload: &'a Bytes,
    at: usize,
}

impl Reader<'_> {
    fn bytes(&mut self, field: &'static str) -> Result<Bytes, RecordError> {
        let len = self.len(field)?;
        self.take(len, field)
    }

    fn take(&mut self, len: usize, field: &'static str) -> Result<Bytes, RecordError> {
        let end = self
            .at
            .checked_add(len)
            .filter(|end| *end <= self.payload.len());
        let end = end.ok_or(RecordError::CutShort { field })?;
        let bytes = self.payload.slice(self.at..end);
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], RecordError> {
        let bytes = self.take(N, field)?;
        Ok(bytes[..].try_into().expect("as many bytes as were taken"))
    }

    fn byte(&mut self, field: &'static str) -> Result<u8, RecordError> {
        Ok(self.array::<1>(field)?[0])
    }

    fn len(&mut self, field: &'static str) -> Result<usize, RecordError> {
        Ok(u32::from_le_bytes(self.array(field)?) as usize)
    }

    fn text(&mut self, field: &'static str) -> Result<String, RecordError> {
        let bytes = self.bytes(field)?;
        let invalid = |error: std::string::FromUtf8Error| RecordError::Invalid {
            field,
            value: String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        String::from_utf8(bytes.to_vec()).map_err(invalid)
    }

    fn named<T>(
        &mut self,
        field: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, RecordError> {
        let text = self.text(field)?;
        parse(&text).ok_or(RecordError::Invalid { field, value: text })
    }
}
