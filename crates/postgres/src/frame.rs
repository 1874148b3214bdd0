//! From bytes to messages: one message at a time, its length bounded and its structure checked before the protocol's library sees it.
//!
//! A message is a type byte, a length that counts itself (big-endian `i32`) and a body; those before authentication have no type byte. The
//! library's decoders trust counts and lengths inside of bodies, so [`check`] walks each body once with the protocol's own rules
//! (PostgreSQL documentation, "Message Formats").

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Largest message before authentication, as PostgreSQL has it.
pub(crate) const STARTUP_BYTES_MAX: usize = 10_000;
/// Largest password.
pub(crate) const PASSWORD_BYTES_MAX: usize = 4_096;
/// What is read at once.
const READ_BYTES: usize = 16 << 10;

/// What the next message may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// A startup packet, a cancel request, or a wish for encryption: without a type byte.
    Startup,
    Password,
    /// Statements; the largest message.
    Queries(usize),
}

/// Why a message cannot be read. Nothing after it can be either.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a message of {bytes} bytes is more than the {max} that are allowed")]
    TooLarge { bytes: usize, max: usize },
    #[error("invalid frontend message type {0}")]
    UnknownType(u8),
    #[error("invalid message format: {0}")]
    Malformed(&'static str),
    #[error("the connection was broken off")]
    Io(#[from] std::io::Error),
}

/// Takes messages off a connection.
pub(crate) struct Frames<R> {
    reader: R,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: BytesMut::new(),
        }
    }

    /// The next message with its head; nothing when the client is gone. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self, phase: Phase) -> Result<Option<BytesMut>, FrameError> {
        loop {
            if let Some(bytes) = whole(&self.buffer, phase)? {
                let message = self.buffer.split_to(bytes);
                check(&message, phase)?;
                return Ok(Some(message));
            }
            if self.fill().await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Completes when the client is gone while it is answered. What it sends meanwhile is kept up to a bound.
    pub(crate) async fn hung_up(&mut self) {
        loop {
            if self.buffer.len() > READ_BYTES {
                return std::future::pending().await;
            }
            if !matches!(self.fill().await, Ok(1..)) {
                return;
            }
        }
    }

    /// Takes what still comes, so that the client can read why it was refused before the connection is reset.
    pub(crate) async fn discard(&mut self) {
        self.buffer = BytesMut::new();
        while matches!(self.fill().await, Ok(1..)) {
            self.buffer.clear();
        }
    }

    async fn fill(&mut self) -> std::io::Result<usize> {
        self.buffer.reserve(READ_BYTES);
        self.reader.read_buf(&mut self.buffer).await
    }
}

/// The length of the first message once it is there whole.
fn whole(buffer: &[u8], phase: Phase) -> Result<Option<usize>, FrameError> {
    let (head, max) = match phase {
        Phase::Startup => (0, STARTUP_BYTES_MAX),
        Phase::Password => (1, PASSWORD_BYTES_MAX),
        Phase::Queries(max) => (1, max),
    };
    // An unknown type is refused before a length is believed that it may not have.
    if head == 1
        && let Some(kind) = buffer.first()
    {
        known_type(*kind, phase)?;
    }
    let Some(length) = buffer.get(head..head + 4) else {
        return Ok(None);
    };
    let length = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
    let length = usize::try_from(length).unwrap_or(0);
    if length < 4 {
        return Err(FrameError::Malformed("a length below 4"));
    }
    if length > max {
        return Err(FrameError::TooLarge { bytes: length, max });
    }
    let bytes = head + length;
    Ok((buffer.len() >= bytes).then_some(bytes))
}

fn known_type(kind: u8, phase: Phase) -> Result<(), FrameError> {
    let known: &[u8] = match phase {
        Phase::Startup => return Ok(()),
        Phase::Password => b"pX",
        Phase::Queries(_) => b"QPBDECHSXdcf",
    };
    if known.contains(&kind) {
        Ok(())
    } else {
        Err(FrameError::UnknownType(kind))
    }
}

/// Checks the body of a whole message.
pub(crate) fn check(message: &[u8], phase: Phase) -> Result<(), FrameError> {
    if phase == Phase::Startup {
        return if message.len() < 8 {
            Err(FrameError::Malformed("a startup packet without a version"))
        } else {
            Ok(())
        };
    }
    let [kind, _, _, _, _, body @ ..] = message else {
        return Err(FrameError::Malformed("a message without a body"));
    };
    let mut body = Body(body);
    match kind {
        b'Q' | b'p' => body.text()?,
        b'P' => body.parse()?,
        b'B' => body.bind()?,
        b'D' | b'C' => {
            if !matches!(body.byte()?, b'S' | b'P') {
                return Err(FrameError::Malformed("neither a statement nor a portal"));
            }
            body.text()?;
        }
        b'E' => {
            body.text()?;
            body.skip(4)?;
        }
        // COPY is never begun, so that what these carry does not matter.
        b'd' | b'c' | b'f' => return Ok(()),
        _ => {}
    }
    body.end()
}

/// What is left of a body.
struct Body<'a>(&'a [u8]);

impl Body<'_> {
    fn byte(&mut self) -> Result<u8, FrameError> {
        let byte = self.0.first().copied();
        self.skip(1)?;
        byte.ok_or(FrameError::Malformed("a message that ends early"))
    }

    fn count(&mut self) -> Result<usize, FrameError> {
        let (high, low) = (self.byte()?, self.byte()?);
        Ok(usize::from(u16::from_be_bytes([high, low])))
    }

    fn skip(&mut self, bytes: usize) -> Result<(), FrameError> {
        self.0 = self
            .0
            .get(bytes..)
            .ok_or(FrameError::Malformed("a message that ends early"))?;
        Ok(())
    }

    /// A text that a zero byte ends.
    fn text(&mut self) -> Result<(), FrameError> {
        let end = self.0.iter().position(|byte| *byte == 0);
        let end = end.ok_or(FrameError::Malformed("a text without an end"))?;
        if std::str::from_utf8(&self.0[..end]).is_err() {
            return Err(FrameError::Malformed("a text that is not UTF-8"));
        }
        self.skip(end + 1)
    }

    fn parse(&mut self) -> Result<(), FrameError> {
        self.text()?;
        self.text()?;
        let types = self.count()?;
        self.skip(types * 4)
    }

    fn bind(&mut self) -> Result<(), FrameError> {
        self.text()?;
        self.text()?;
        let formats = self.count()?;
        self.skip(formats * 2)?;
        let parameters = self.count()?;
        if formats > 1 && formats != parameters {
            return Err(FrameError::Malformed("as many formats as parameters"));
        }
        for _ in 0..parameters {
            let length = self
                .0
                .get(..4)
                .ok_or(FrameError::Malformed("a message that ends early"))?;
            let length = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
            self.skip(4)?;
            match length {
                -1 => {}
                0.. => self.skip(usize::try_from(length).unwrap_or(usize::MAX))?,
                _ => return Err(FrameError::Malformed("a negative length")),
            }
        }
        let formats = self.count()?;
        self.skip(formats * 2)
    }

    fn end(&self) -> Result<(), FrameError> {
        if self.0.has_remaining() {
            return Err(FrameError::Malformed("a message longer than its parts"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = i32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind][..], &length, body].concat()
    }

    const QUERIES: Phase = Phase::Queries(1 << 20);

    #[test]
    fn whole_messages_pass() {
        for good in [
            message(b'Q', b"SELECT 1\0"),
            message(b'P', b"s\0SELECT $1\0\0\x01\0\0\0\x17"),
            message(b'B', b"\0s\0\0\x01\0\x01\0\x01\0\0\0\x02ab\0\x01\0\x01"),
            message(b'D', b"Ss\0"),
            message(b'E', b"\0\0\0\0\0"),
            message(b'S', b""),
        ] {
            assert!(check(&good, QUERIES).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn every_cut_of_a_message_is_refused_or_waited_for() {
        let bind = message(b'B', b"\0s\0\0\x01\0\x01\0\x01\0\0\0\x02ab\0\x01\0\x01");
        for end in 0..bind.len() {
            assert_eq!(whole(&bind[..end], QUERIES).unwrap(), None, "{end}");
            if end >= 5 {
                // With a length that says so it is whole, and wrong.
                let mut cut = bind[..end].to_vec();
                cut[1..5].copy_from_slice(&i32::try_from(end - 1).unwrap().to_be_bytes());
                assert!(check(&cut, QUERIES).is_err(), "{end}");
            }
        }
    }

    #[test]
    fn lengths_that_cannot_be_are_refused_at_once() {
        let head = |length: i32| [&b"Q"[..], &length.to_be_bytes()].concat();
        for length in [-1, 0, 3, i32::MIN] {
            let refused = whole(&head(length), QUERIES);
            assert!(matches!(refused, Err(FrameError::Malformed(_))), "{length}");
        }
        let refused = whole(&head(i32::MAX), QUERIES);
        assert!(matches!(refused, Err(FrameError::TooLarge { .. })));
        assert!(whole(b"GET / HTTP/1.1", QUERIES).is_err());
    }

    #[test]
    fn a_text_is_utf8() {
        assert!(check(&message(b'Q', b"\xff\0"), QUERIES).is_err());
    }
}
