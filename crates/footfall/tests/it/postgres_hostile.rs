//! The PostgreSQL protocol against what no client should send: the answer is an error or a closed connection, never a panic.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use testkit::server::API_KEY;

use crate::postgres::Postgres;

/// A connection without a driver.
struct Raw(TcpStream);

fn with_length(body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len() + 4).unwrap();
    [&length.to_be_bytes(), body].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &with_length(body)].concat()
}

fn startup(pairs: &str) -> Vec<u8> {
    with_length(&[&[0, 3, 0, 0], pairs.as_bytes(), b"\0"].concat())
}

impl Raw {
    fn open(postgres: &Postgres) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", postgres.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        Self(stream)
    }

    /// A connection that was let in.
    fn let_in(postgres: &Postgres) -> Self {
        let mut raw = Self::open(postgres);
        raw.send(&startup("user\0x\0database\0footfall\0"));
        raw.send(&message(b'p', format!("{API_KEY}\0").as_bytes()));
        let told = raw.read_until(b"Z\0\0\0\x05I");
        assert!(told.starts_with(b"R\0\0\0\x08\0\0\0\x03R\0\0\0\x08\0\0\0\0"));
        raw
    }

    /// What cannot be sent any more was refused before.
    fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    fn read_until(&mut self, end: &[u8]) -> Vec<u8> {
        let (mut bytes, mut byte) = (Vec::new(), [0]);
        while !bytes.ends_with(end) && matches!(self.0.read(&mut byte), Ok(1)) {
            bytes.push(byte[0]);
        }
        assert!(bytes.ends_with(end), "{}", String::from_utf8_lossy(&bytes));
        bytes
    }

    /// Everything until the server closes.
    fn rest(mut self) -> String {
        let mut bytes = Vec::new();
        let _ = self.0.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// A server that did not panic, still answers, and leaves nothing open.
fn check_unharmed(postgres: &Postgres) {
    let mut raw = Raw::let_in(postgres);
    raw.send(&message(b'Q', b"SELECT 42\0"));
    let answered = raw.read_until(b"Z\0\0\0\x05I");
    assert!(
        answered.windows(8).any(|part| part == b"\0\0\0\x0242C\0"),
        "{answered:?}"
    );
    drop(raw);
    let open = || {
        let metrics = postgres.world.server.get("/metrics").unwrap().body;
        !metrics.contains("\nfootfall_postgres_connections_open 0\n")
    };
    while open() {
        std::thread::yield_now();
    }
    let log = postgres.world.start.data_dir.with_extension("stderr");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_first_packet_that_is_none_is_refused() {
    let postgres = Postgres::new(&[]);
    let version_9 = with_length(&[0, 9, 0, 0, 0]);
    for (bytes, said) in [
        (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], "54000"),
        (b"\xff\xff\xff\xff", "08P01"),
        (b"\0\0\0\0", "08P01"),
        (b"\0\0\0\x04", "08P01"),
        (b"\x7f\xff\xff\xff", "54000"),
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "54000"),
        (&version_9, "08P01"),
        (&startup("user\0x\0replication\0database\0"), "0A000"),
        // A statement before the password.
        (
            &[startup("user\0x\0"), message(b'Q', b"SELECT 1\0")].concat(),
            "08P01",
        ),
        (
            &[startup("user\0x\0"), message(b'p', &[b'x'; 5_000])].concat(),
            "54000",
        ),
        (
            &[startup("user\0x\0"), message(b'p', b"not the key\0")].concat(),
            "28P01",
        ),
        (
            &[startup("user\0x\0"), message(b'p', b"\xff\xfe")].concat(),
            "08P01",
        ),
        // A cancel request for a connection that there is not is nobody's business.
        (&with_length(&[4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 2]), ""),
    ] {
        let mut raw = Raw::open(&postgres);
        raw.send(bytes);
        let answered = raw.rest();
        assert!(answered.contains(said), "{bytes:?}: {answered}");
    }
    check_unharmed(&postgres);
}

#[test]
fn a_packet_that_is_cut_off_anywhere_leaves_nothing() {
    let postgres = Postgres::new(&[]);
    let whole = [
        startup("user\0x\0database\0footfall\0"),
        message(b'p', format!("{API_KEY}\0").as_bytes()),
        message(b'Q', b"SELECT 1\0"),
    ]
    .concat();
    for end in 0..whole.len() {
        let mut raw = Raw::open(&postgres);
        raw.send(&whole[..end]);
        raw.0.shutdown(Shutdown::Write).unwrap();
        raw.rest();
    }
    check_unharmed(&postgres);
}

#[test]
fn a_wish_for_encryption_is_declined_and_the_client_goes_on() {
    let postgres = Postgres::new(&[]);
    let mut raw = Raw::open(&postgres);
    for code in [80_877_103_i32, 80_877_104] {
        raw.send(&with_length(&code.to_be_bytes()));
        raw.read_until(b"N");
    }
    raw.send(&startup("user\0x\0"));
    raw.read_until(b"R\0\0\0\x08\0\0\0\x03");
    drop(raw);
    check_unharmed(&postgres);
}

#[test]
fn a_message_that_lies_about_itself_ends_the_connection() {
    let postgres = Postgres::new(&[]);
    for (bytes, said) in [
        (message(b'B', b"\0\0\xff\xff"), "08P01"),
        (message(b'B', b"\0\0\0\0\xff\xff\0\0"), "08P01"),
        (
            message(b'B', b"\0\0\0\0\0\x01\x7f\xff\xff\xff\0\0"),
            "08P01",
        ),
        (
            message(b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0"),
            "08P01",
        ),
        (message(b'P', b"\0SELECT 1\0\xff\xff"), "08P01"),
        (message(b'P', b"no end"), "08P01"),
        (message(b'D', b"Zx\0"), "08P01"),
        (message(b'D', b""), "08P01"),
        (message(b'E', b"\0\0"), "08P01"),
        (message(b'Q', b""), "08P01"),
        (message(b'Q', b"SELECT '\xff'\0"), "08P01"),
        (message(b'F', b"\0\0\0\0"), "08P01"),
        (message(b'z', b""), "08P01"),
        (b"Q\0\0\0\x03".to_vec(), "08P01"),
        (b"Q\x7f\xff\xff\xff".to_vec(), "54000"),
    ] {
        let mut raw = Raw::let_in(&postgres);
        raw.send(&bytes);
        let answered = raw.rest();
        assert!(answered.contains(said), "{bytes:?}: {answered}");
    }
    check_unharmed(&postgres);
}

#[test]
fn mistakes_of_the_extended_protocol_are_told_and_the_connection_goes_on() {
    let postgres = Postgres::new(&[]);
    let mut raw = Raw::let_in(&postgres);
    let prepared = message(b'P', b"s\0SELECT $1::int8 AS a\0\0\0");
    for (bytes, said) in [
        (message(b'E', b"nothing\0\0\0\0\0"), "nothing"),
        (message(b'D', b"Snothing\0"), "nothing"),
        (message(b'B', b"\0nothing\0\0\0\0\0\0\0"), "26000"),
        (
            [prepared.clone(), message(b'B', b"\0s\0\0\0\0\0\0\0")].concat(),
            "08P01",
        ),
        (
            [
                prepared.clone(),
                message(b'B', b"\0s\0\0\x01\0\x07\0\x01\0\0\0\x011\0\0"),
            ]
            .concat(),
            "unsupported format code",
        ),
        (
            [
                prepared.clone(),
                message(b'B', b"\0s\0\0\0\0\x01\0\0\0\x011\0\x02\0\0\0\0"),
            ]
            .concat(),
            "result formats",
        ),
        (
            [
                prepared,
                message(b'B', b"\0s\0\0\0\0\x01\0\0\0\x01x\0\0"),
                message(b'E', b"\0\0\0\0\0"),
            ]
            .concat(),
            "22P02",
        ),
        (
            message(b'P', b"\0SELECT $1::point\0\0\x01\0\0\x02\x58"),
            "0A000",
        ),
        (message(b'P', b"\0SELECT $70000\0\0\0"), "08P01"),
    ] {
        raw.send(&[bytes.clone(), message(b'S', b"")].concat());
        let answered = String::from_utf8_lossy(&raw.read_until(b"Z\0\0\0\x05I")).into_owned();
        assert!(answered.contains(said), "{bytes:?}: {answered}");
    }
    drop(raw);
    check_unharmed(&postgres);
}

#[test]
fn a_statement_of_ten_megabytes_is_refused_in_words() {
    let postgres = Postgres::new(&[]);
    let mut raw = Raw::let_in(&postgres);
    let long = format!("SELECT '{}'\0", "x".repeat(10 << 20));
    raw.send(&message(b'Q', long.as_bytes()));
    let answered = raw.rest();
    assert!(
        answered.contains("54000") && answered.contains("FATAL"),
        "{answered}"
    );

    // Shorter than a message may be, and longer than a statement.
    let mut raw = Raw::let_in(&postgres);
    let long = format!("SELECT '{}'\0", "x".repeat(512 << 10));
    raw.send(&message(b'Q', long.as_bytes()));
    let answered = String::from_utf8_lossy(&raw.read_until(b"Z\0\0\0\x05I")).into_owned();
    assert!(answered.contains("longer than"), "{answered}");
    drop(raw);
    check_unharmed(&postgres);
}

#[test]
fn prepared_statements_of_a_connection_have_a_bound() {
    let postgres = Postgres::new(&[]);
    let mut raw = Raw::let_in(&postgres);
    let prepare = |number: i32| message(b'P', format!("s{number}\0SET a = 1\0\0\0").as_bytes());
    let many: Vec<u8> = (0..300).flat_map(prepare).collect();
    raw.send(&[many, message(b'S', b"")].concat());
    let answered = String::from_utf8_lossy(&raw.read_until(b"Z\0\0\0\x05I")).into_owned();
    assert!(answered.contains("prepared statements"), "{answered}");
    drop(raw);
    check_unharmed(&postgres);
}

#[test]
fn noise_behind_any_beginning_does_no_harm() {
    let postgres = Postgres::new(&[]);
    // xorshift: the same noise in each run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    for round in 0..200 {
        let mut raw = match round % 2 {
            0 => Raw::open(&postgres),
            _ => Raw::let_in(&postgres),
        };
        let bytes: Vec<u8> = (0..8).flat_map(|_| noise()).collect();
        let kinds = b"QPBDECHSp";
        let framed = match round % 4 {
            0 | 1 => bytes,
            2 => with_length(&bytes),
            _ => message(kinds[round % kinds.len()], &bytes),
        };
        raw.send(&framed);
        raw.0.shutdown(Shutdown::Write).unwrap();
        raw.rest();
    }
    check_unharmed(&postgres);
}
