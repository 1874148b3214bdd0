//! Bodies as sent → text, bounded and liberal.
//!
//! What a client announces is only a hint; the first bytes decide. JSON text begins with white space, `{` or `[`, a gzip
//! member with `1f 8b`, a zlib stream with a byte whose low half is 8, so they cannot be mistaken for each other, and a proxy
//! that unpacks a body without changing the URL, or a client that forgets the flag, costs nothing.
//!
//! Streams are read as raw deflate and their checksums skipped: some SDKs send a fake Adler-32 (`protocols/datadog.md`,
//! section 8), and a page that closes sends a stream without its end. Several streams may follow one another, and one body
//! may be packed twice (by the SDK and by an agent on the way). Whatever could be read is kept.

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress, Status};

/// An inflated body.
#[derive(Debug)]
pub(crate) struct Inflated<'a> {
    pub(crate) text: Cow<'a, [u8]>,
    /// The limit was reached; the last line is cut.
    pub(crate) is_cut: bool,
    /// Why reading stopped before the end.
    pub(crate) damage: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Gzip,
    Zlib,
    RawDeflate,
    Plain,
}

const LAYERS_MAX: usize = 2;
const CHUNK_BYTES: usize = 32 << 10;

/// Unpacks a body to at most `bytes_max` bytes. `announced` says that the client called it compressed.
pub(crate) fn inflate(body: &[u8], bytes_max: usize, announced: bool) -> Inflated<'_> {
    let mut inflated = Inflated {
        text: Cow::Borrowed(body),
        is_cut: false,
        damage: None,
    };
    for layer in 0..LAYERS_MAX {
        let form = form_of(&inflated.text, announced && layer == 0);
        if form == Form::Plain {
            break;
        }
        let unpacked = unpack(&inflated.text, form, bytes_max);
        inflated.text = Cow::Owned(unpacked.text);
        inflated.is_cut |= unpacked.is_cut;
        inflated.damage = inflated.damage.or(unpacked.damage);
    }
    if inflated.text.len() > bytes_max {
        inflated.is_cut = true;
        inflated.text = match inflated.text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..bytes_max]),
            Cow::Owned(mut text) => {
                text.truncate(bytes_max);
                Cow::Owned(text)
            }
        };
    }
    inflated
}

fn form_of(bytes: &[u8], announced: bool) -> Form {
    const DICTIONARY: u8 = 0x20;
    match *bytes {
        [0x1f, 0x8b, ..] => Form::Gzip,
        [method, flags, ..]
            if method & 0x0f == 8
                && u16::from_be_bytes([method, flags]).is_multiple_of(31)
                && flags & DICTIONARY == 0 =>
        {
            Form::Zlib
        }
        _ if announced && !looks_like_json(bytes) => Form::RawDeflate,
        _ => Form::Plain,
    }
}

fn looks_like_json(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), None | Some(b'{' | b'['))
}

struct Unpacked {
    text: Vec<u8>,
    is_cut: bool,
    damage: Option<String>,
}

/// Reads one member after the other until the end, the limit or damage.
fn unpack(packed: &[u8], form: Form, bytes_max: usize) -> Unpacked {
    let expected = packed.len().saturating_mul(4).min(bytes_max);
    let mut unpacked = Unpacked {
        text: Vec::with_capacity(expected),
        is_cut: false,
        damage: None,
    };
    let mut rest = packed;
    loop {
        let Some(header) = header_bytes(rest, form) else {
            unpacked.damage = Some("a gzip header breaks off".into());
            return unpacked;
        };
        let (used, end) = inflate_raw(&rest[header..], &mut unpacked.text, bytes_max);
        rest = &rest[header + used..];
        match end {
            End::Complete => {}
            End::BrokenOff => return unpacked,
            End::Limit => {
                return Unpacked {
                    is_cut: true,
                    ..unpacked
                };
            }
            End::Damage(text) => {
                return Unpacked {
                    damage: Some(text),
                    ..unpacked
                };
            }
        }
        let checksum = if form == Form::Gzip { 8 } else { 4 };
        rest = rest.get(checksum..).unwrap_or_default();
        if rest.iter().all(|byte| *byte == 0) {
            return unpacked;
        }
        if form_of(rest, false) != form {
            unpacked.damage = Some(format!(
                "{} bytes after the compressed stream are none",
                rest.len()
            ));
            return unpacked;
        }
    }
}

/// How long the header before the deflate stream is; nothing if it is cut. Source: RFC 1950 section 2.2, RFC 1952 section 2.3.
fn header_bytes(bytes: &[u8], form: Form) -> Option<usize> {
    match form {
        Form::RawDeflate | Form::Plain => return Some(0),
        Form::Zlib => return Some(2),
        Form::Gzip => {}
    }
    const HAS_CHECKSUM: u8 = 2;
    const HAS_EXTRA: u8 = 4;
    const HAS_NAME: u8 = 8;
    const HAS_COMMENT: u8 = 16;
    let flags = *bytes.get(3)?;
    let mut at = 10;
    if flags & HAS_EXTRA != 0 {
        let length = [*bytes.get(at)?, *bytes.get(at + 1)?];
        at += 2 + usize::from(u16::from_le_bytes(length));
    }
    for text in [HAS_NAME, HAS_COMMENT] {
        if flags & text != 0 {
            at += 1 + memchr::memchr(0, bytes.get(at..)?)?;
        }
    }
    if flags & HAS_CHECKSUM != 0 {
        at += 2;
    }
    (at <= bytes.len()).then_some(at)
}

enum End {
    Complete,
    /// No more input, though the stream wants more: a page closed while it sent.
    BrokenOff,
    Limit,
    Damage(String),
}

/// Inflates one raw stream behind `text`, up to `bytes_max` of it in all; how many bytes it took, and how it ended.
fn inflate_raw(packed: &[u8], text: &mut Vec<u8>, bytes_max: usize) -> (usize, End) {
    let mut stream = Decompress::new(false);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut taken = 0;
    loop {
        let before = (stream.total_in(), stream.total_out());
        let result = stream.decompress(&packed[taken..], &mut chunk, FlushDecompress::None);
        let took = count(stream.total_in() - before.0);
        let made = count(stream.total_out() - before.1);
        taken += took;
        let room = bytes_max - text.len();
        text.extend_from_slice(&chunk[..made.min(room)]);
        if made > room {
            return (taken, End::Limit);
        }
        match result {
            Ok(Status::StreamEnd) => return (taken, End::Complete),
            Ok(_) if took == 0 && made == 0 => return (taken, End::BrokenOff),
            Ok(_) => {}
            Err(error) => return (taken, End::Damage(error.to_string())),
        }
    }
}

fn count(bytes: u64) -> usize {
    usize::try_from(bytes).expect("no step moves more bytes than memory holds")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"{\"a\":1}\n{\"b\":2}";

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn check(body: &[u8], announced: bool, expected: &[u8]) {
        let inflated = inflate(body, 1 << 20, announced);
        assert_eq!(inflated.text, expected, "{:?}", inflated.damage);
        assert!(!inflated.is_cut);
        assert_eq!(inflated.damage, None);
    }

    #[test]
    fn the_first_bytes_decide_and_not_the_flag() {
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::new(6));
        raw.write_all(TEXT).unwrap();
        let raw = raw.finish().unwrap();
        for announced in [true, false] {
            check(TEXT, announced, TEXT);
            check(&zlib(TEXT), announced, TEXT);
            check(&gzip(TEXT), announced, TEXT);
            check(&gzip(&zlib(TEXT)), announced, TEXT);
            check(b"", announced, b"");
        }
        check(&raw, true, TEXT);
    }

    #[test]
    fn a_gzip_header_may_carry_name_comment_and_extra() {
        let mut body = vec![0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3];
        body.extend_from_slice(b"\x03\x00xyzname\0comment\0\xaa\xbb");
        body.extend_from_slice(&gzip(TEXT)[10..]);
        check(&body, false, TEXT);
        for end in 2..28 {
            assert!(
                inflate(&body[..end], 99, false).damage.is_some() || end >= 26,
                "cut at {end}"
            );
        }
    }

    #[test]
    fn streams_follow_one_another_and_checksums_do_not_matter() {
        let (first, second) = (zlib(&TEXT[..8]), zlib(&TEXT[8..]));
        check(&[first.clone(), second.clone()].concat(), true, TEXT);
        let mut wrong = zlib(TEXT);
        let last = wrong.len() - 1;
        wrong[last] ^= 0xff;
        check(&wrong, true, TEXT);
        check(&wrong[..last - 3], true, TEXT);
        check(
            &[gzip(&TEXT[..8]), gzip(&TEXT[8..]), vec![0; 9]].concat(),
            false,
            TEXT,
        );
    }

    #[test]
    fn a_stream_that_breaks_off_gives_what_could_be_read() {
        let long: Vec<u8> = (0..40_000_u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        let packed = zlib(&long);
        let inflated = inflate(&packed[..packed.len() / 2], 1 << 20, true);
        assert!(inflated.text.len() > long.len() / 3 && long.starts_with(&inflated.text));
        assert_eq!(inflated.damage, None);
    }

    #[test]
    fn damage_is_told_and_what_was_read_before_it_is_kept() {
        let mut packed = zlib(TEXT);
        packed.extend_from_slice(b"more");
        let inflated = inflate(&packed, 1 << 20, true);
        assert_eq!(inflated.text, TEXT);
        assert!(inflated.damage.is_some());
        let garbage = inflate(b"\xff\xff\xff\xff", 1 << 20, true);
        assert!(garbage.damage.is_some());
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = gzip(&zlib(&vec![b' '; 64 << 20]));
        assert!(bomb.len() < 4096);
        let inflated = inflate(&bomb, 1 << 20, false);
        assert!(inflated.is_cut);
        assert_eq!(inflated.text.len(), 1 << 20);
        assert!(inflate(TEXT, 5, false).is_cut);
    }
}
