use super::*;

/// A value of the MaxMind DB data section, as far as the layouts need it.
enum Data<'a> {
    Text(&'a str),
    Short(u16),
    Number(u32),
    Long(u64),
    Map(&'a [(&'a str, Data<'a>)]),
    List(&'a [Data<'a>]),
}

use Data::{List, Long, Map, Number, Short, Text};

/// Writes a value: control byte (type and size), then the payload (MaxMind DB file format, "Output data section").
fn put(out: &mut Vec<u8>, value: &Data<'_>) {
    let control = |out: &mut Vec<u8>, kind: u8, len: usize| {
        let len = u8::try_from(len).unwrap();
        let (size, rest) = if len < 29 {
            (len, None)
        } else {
            (29, Some(len - 29))
        };
        match kind {
            0..8 => out.push(kind << 5 | size),
            extended => out.extend([size, extended - 7]),
        }
        out.extend(rest);
    };
    match value {
        Text(text) => {
            control(out, 2, text.len());
            out.extend(text.as_bytes());
        }
        Short(number) => {
            control(out, 5, 2);
            out.extend(number.to_be_bytes());
        }
        Long(number) => {
            control(out, 9, 8);
            out.extend(number.to_be_bytes());
        }
        Number(number) => {
            control(out, 6, 4);
            out.extend(number.to_be_bytes());
        }
        Map(entries) => {
            control(out, 7, entries.len());
            for (key, value) in *entries {
                put(out, &Text(key));
                put(out, value);
            }
        }
        List(items) => {
            control(out, 11, items.len());
            items.iter().for_each(|item| put(out, item));
        }
    }
}

/// A database in which 203.0.0.0/8 has this record and nothing else has one.
fn database(record: &Data<'_>) -> Vec<u8> {
    let nodes = 8_u32;
    let mut out = Vec::new();
    for (bit, node) in (0..8).rev().zip(1..) {
        let next = if node == nodes { nodes + 16 } else { node };
        let pair = if 203 >> bit & 1 == 1 {
            [nodes, next]
        } else {
            [next, nodes]
        };
        pair.iter()
            .for_each(|record| out.extend(&record.to_be_bytes()[1..]));
    }
    out.extend([0; 16]);
    put(&mut out, record);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    let metadata = [
        ("binary_format_major_version", Short(2)),
        ("binary_format_minor_version", Short(0)),
        ("build_epoch", Long(1)),
        ("database_type", Text("test")),
        ("description", Map(&[])),
        ("ip_version", Short(4)),
        ("languages", List(&[])),
        ("node_count", Number(nodes)),
        ("record_size", Short(24)),
    ];
    put(&mut out, &Map(&metadata));
    out
}

fn row_at(geo: &Geo, address: &str, privacy: IpPrivacy) -> Row {
    let mut row = Row::new();
    geo.fill(&mut row, address.parse().unwrap(), privacy);
    row
}

#[test]
fn the_embedded_database_knows_the_countries_of_well_known_addresses() {
    let geo = Geo::new(&mut Options::default()).unwrap();
    let table = [
        ("8.8.8.8", Some(("US", "United States", "North America"))),
        (
            "::ffff:8.8.8.8",
            Some(("US", "United States", "North America")),
        ),
        ("202.12.27.33", Some(("JP", "Japan", "Asia"))),
        ("193.0.6.139", Some(("NL", "Netherlands", "Europe"))),
        ("200.160.2.3", Some(("BR", "Brazil", "South America"))),
        ("114.114.114.114", Some(("CN", "China", "Asia"))),
        (
            "2001:67c:2e8:22::c100:68b",
            Some(("NL", "Netherlands", "Europe")),
        ),
        (
            "2001:500:88:200::8",
            Some(("US", "United States", "North America")),
        ),
        ("10.1.2.3", None),
        ("127.0.0.1", None),
        ("100.64.0.1", None),
        ("169.254.1.1", None),
        ("0.0.0.0", None),
        ("255.255.255.255", None),
        ("::1", None),
        ("fe80::1", None),
        ("fd00::1", None),
        ("::ffff:192.168.0.1", None),
    ];
    for (address, expected) in table {
        let row = row_at(&geo, address, IpPrivacy::Drop);
        let found = row.str(common::country_code).map(|code| {
            (
                code,
                row.str(common::country).unwrap(),
                row.str(common::continent).unwrap(),
            )
        });
        assert_eq!(found, expected, "{address}");
        assert_eq!(row.str(common::ip), None);
    }
}

#[test]
fn addresses_are_kept_truncated_or_dropped_after_the_look_up() {
    let geo = Geo::new(&mut Options::default()).unwrap();
    let table = [
        ("8.8.8.8", IpPrivacy::Keep, Some("8.8.8.8")),
        ("8.8.8.8", IpPrivacy::Truncate, Some("8.8.8.0")),
        ("::ffff:8.8.8.8", IpPrivacy::Truncate, Some("8.8.8.0")),
        (
            "2001:67c:2e8:22::c100:68b",
            IpPrivacy::Truncate,
            Some("2001:67c:2e8::"),
        ),
        ("8.8.8.8", IpPrivacy::Drop, None),
    ];
    for (address, privacy, expected) in table {
        let row = row_at(&geo, address, privacy);
        assert_eq!(row.str(common::ip), expected, "{address} {privacy:?}");
        assert!(row.str(common::country_code).is_some());
    }
}

#[test]
fn an_address_that_the_client_sent_obeys_the_same_rules() {
    let geo = Geo::new(&mut Options::default()).unwrap();
    let mut row = Row::new();
    row.set(common::ip, "193.0.6.139");
    geo.fill(&mut row, "8.8.8.8".parse().unwrap(), IpPrivacy::Truncate);
    assert_eq!(
        (row.str(common::ip), row.str(common::country_code)),
        (Some("193.0.6.0"), Some("NL"))
    );
    row.set(common::ip, "not an address");
    geo.fill(&mut row, "8.8.8.8".parse().unwrap(), IpPrivacy::Drop);
    assert_eq!(row.str(common::ip), None);
}

#[test]
fn region_city_and_operator_come_from_every_usual_layout() {
    let names = |name| Map(Box::leak(Box::new([("en", Text(name))])));
    let maxmind_city = [
        ("city", Map(&[("names", names("Munich"))])),
        (
            "country",
            Map(&[("iso_code", Text("DE")), ("names", names("Germany"))]),
        ),
        (
            "subdivisions",
            List(&[Map(&[
                ("iso_code", Text("BY")),
                ("names", names("Bavaria")),
            ])]),
        ),
    ];
    let flat_city = [
        ("city", Text("Munich")),
        ("country_code", Text("DE")),
        ("state1", Text("Bavaria")),
    ];
    let maxmind_network = [
        ("autonomous_system_number", Number(64500)),
        ("autonomous_system_organization", Text("Example Net")),
    ];
    let other_network = [("as_name", Text("Example Net")), ("country", Text("FR"))];
    for city in [&maxmind_city, &flat_city] {
        for network in [&maxmind_network, &other_network] {
            let mut options = Options {
                city_database: Some(database(&Map(city))),
                network_database: Some(database(&Map(network))),
                ..Options::default()
            };
            let row = row_at(
                &Geo::new(&mut options).unwrap(),
                "203.0.113.9",
                IpPrivacy::Drop,
            );
            let found = [
                common::country_code,
                common::country,
                common::region,
                common::city,
                common::isp,
            ];
            let found = found.map(|column| row.str(column).unwrap());
            assert_eq!(found, ["DE", "Germany", "Bavaria", "Munich", "Example Net"]);
        }
    }
}

#[test]
fn where_the_city_database_knows_nothing_the_country_database_speaks() {
    let city = database(&Map(&[("country_code", Text("DE"))]));
    let mut options = Options {
        city_database: Some(city),
        ..Options::default()
    };
    let geo = Geo::new(&mut options).unwrap();
    assert_eq!(
        row_at(&geo, "8.8.8.8", IpPrivacy::Drop).str(common::country_code),
        Some("US")
    );
    assert_eq!(
        row_at(&geo, "203.0.113.9", IpPrivacy::Drop).str(common::country_code),
        Some("DE")
    );
}

#[test]
fn what_is_no_database_is_refused_and_a_damaged_one_does_no_harm() {
    let mut options = Options {
        city_database: Some(b"not a database".to_vec()),
        ..Options::default()
    };
    assert!(matches!(
        Geo::new(&mut options),
        Err(Error::OpenDatabase { which: "city", .. })
    ));
    let mut damaged = database(&Map(&[("city", Text("Munich"))]));
    damaged[6 * 8 + 16] = 0xff;
    let mut options = Options {
        city_database: Some(damaged),
        ..Options::default()
    };
    if let Ok(geo) = Geo::new(&mut options) {
        assert_eq!(
            row_at(&geo, "203.0.113.9", IpPrivacy::Drop).str(common::city),
            None
        );
    }
}

#[test]
fn a_place_is_looked_up_once_for_a_network() {
    let geo = Geo::new(&mut Options::default()).unwrap();
    for address in [
        "8.8.8.8",
        "8.8.8.8",
        "2001:67c:2e8:22::1",
        "2001:67c:2e8:22::2",
    ] {
        row_at(&geo, address, IpPrivacy::Drop);
    }
    let counts = geo.cache_counts();
    assert_eq!((counts.hits, counts.misses), (2, 2));
}
