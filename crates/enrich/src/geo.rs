//! Where an address is: country from an embedded database, region, city and network operator from databases that the operator has.
//!
//! Databases are MaxMind DB files (maxmind.github.io/MaxMind-DB) in any of the usual layouts: MaxMind's GeoLite2 and GeoIP2, DB-IP,
//! ipinfo, ip-location-db. Only the code comes from them: name and continent of a country are ours ([`countries`]), so that facets
//! do not depend on the file. Where the city database knows the country, it wins.

mod countries;

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use compact_str::CompactString;
use maxminddb::{LookupResult, PathElement, Reader};
use schema::Row;
use schema::tables::common;

use crate::cache::Cache;
use crate::{CacheCounts, Error, Options};

/// The country database that the binary carries. Kept uncompressed: 4.7 MB more of binary than with zstd, but its pages are
/// mapped on demand and shared, where a decompressed copy would be 7.8 MB of heap in every process.
#[must_use]
pub fn embedded_country_database() -> &'static [u8] {
    include_bytes!("../data/country.mmdb")
}

/// What becomes of a client's address. Its place is looked up before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum IpPrivacy {
    #[default]
    Keep,
    /// IPv4 to its /24, IPv6 to its /48.
    Truncate,
    Drop,
}

impl IpPrivacy {
    fn apply(self, address: IpAddr) -> Option<IpAddr> {
        match (self, address) {
            (Self::Drop, _) => None,
            (Self::Keep, address) => Some(address),
            (Self::Truncate, IpAddr::V4(address)) => {
                let [a, b, c, _] = address.octets();
                Some(Ipv4Addr::new(a, b, c, 0).into())
            }
            (Self::Truncate, IpAddr::V6(address)) => {
                let [a, b, c, ..] = address.segments();
                Some(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into())
            }
        }
    }
}

/// What is known of a place; each part may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    country: Option<(&'static str, &'static str, &'static str)>,
    region: Option<CompactString>,
    city: Option<CompactString>,
    isp: Option<CompactString>,
}

type Database = Reader<Cow<'static, [u8]>>;

pub(crate) struct Geo {
    country: Option<Database>,
    city: Option<Database>,
    network: Option<Database>,
    cache: Cache<IpAddr, Arc<Place>>,
}

impl Geo {
    pub(crate) fn new(options: &mut Options) -> Result<Self, Error> {
        let open = |database: Option<Cow<'static, [u8]>>, which| {
            let open = |bytes| {
                Reader::from_source(bytes).map_err(|source| Error::OpenDatabase { which, source })
            };
            database.map(open).transpose()
        };
        Ok(Self {
            country: open(options.country_database.take(), "country")?,
            city: open(options.city_database.take().map(Cow::Owned), "city")?,
            network: open(options.network_database.take().map(Cow::Owned), "network")?,
            cache: Cache::new(options.geo_cache_entries),
        })
    }

    /// Fills place and address. An address in the row is the client's own word, as DataKit relays send it: it is preferred.
    pub(crate) fn fill(&self, row: &mut Row, peer: IpAddr, privacy: IpPrivacy) {
        let sent = row.take(common::ip).and_then(|sent| {
            sent.as_str()
                .and_then(|text| text.trim().parse::<IpAddr>().ok())
        });
        let address = sent.unwrap_or(peer).to_canonical();
        if is_public(address) {
            self.place(address).fill(row);
        }
        row.set_option(
            common::ip,
            privacy.apply(address).map(|address| address.to_string()),
        );
    }

    pub(crate) fn cache_counts(&self) -> CacheCounts {
        self.cache.counts()
    }

    fn place(&self, address: IpAddr) -> Arc<Place> {
        self.cache
            .get_or_insert(cache_key(address), || Arc::new(self.look_up(address)))
    }

    fn look_up(&self, address: IpAddr) -> Place {
        let mut place = Place::default();
        // A damaged record is as good as none: the file was checked when it was opened.
        if let Some(found) = self
            .country
            .as_ref()
            .and_then(|database| database.lookup(address).ok())
        {
            place.country = country_of(&found);
        }
        if let Some(found) = self
            .city
            .as_ref()
            .and_then(|database| database.lookup(address).ok())
        {
            place.country = country_of(&found).or(place.country);
            place.region = text_of(&found, REGION);
            place.city = text_of(&found, CITY);
            place.isp = text_of(&found, NETWORK);
        }
        if let Some(found) = self
            .network
            .as_ref()
            .and_then(|database| database.lookup(address).ok())
        {
            place.isp = text_of(&found, NETWORK).or(place.isp);
        }
        place
    }
}

impl Place {
    fn fill(&self, row: &mut Row) {
        if let Some((code, name, continent)) = self.country {
            row.set_if_absent(common::country_code, code);
            row.set_if_absent(common::country, name);
            row.set_if_absent(common::continent, continent);
        }
        let texts = [
            (common::region, &self.region),
            (common::city, &self.city),
            (common::isp, &self.isp),
        ];
        for (column, text) in texts {
            if let Some(text) = text {
                row.set_if_absent(column, text.clone());
            }
        }
    }
}

/// IPv4 whole, because city databases go down to single addresses; IPv6 by its /64, the smallest network that is routed.
fn cache_key(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
    }
}

/// Whether an address can be anywhere: not private, loopback, link-local, shared (RFC 6598), unique local or unspecified.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || a == 0
                || a >= 224
                || is_shared)
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_multicast())
        }
    }
}

/// Where the layouts keep a fact; the first that is there is taken.
type Paths = &'static [&'static [PathElement<'static>]];

use PathElement::{Index, Key};

const COUNTRY: Paths = &[
    &[Key("country"), Key("iso_code")],
    &[Key("country_code")],
    &[Key("country")],
    &[Key("registered_country"), Key("iso_code")],
];
const REGION: Paths = &[
    &[Key("subdivisions"), Index(0), Key("names"), Key("en")],
    &[Key("state1")],
    &[Key("region")],
    &[Key("stateprov")],
];
const CITY: Paths = &[&[Key("city"), Key("names"), Key("en")], &[Key("city")]];
const NETWORK: Paths = &[
    &[Key("isp")],
    &[Key("organization")],
    &[Key("autonomous_system_organization")],
    &[Key("as_name")],
    &[Key("traits"), Key("isp")],
];

fn country_of(
    found: &LookupResult<'_, Cow<'static, [u8]>>,
) -> Option<(&'static str, &'static str, &'static str)> {
    let code = text_of(found, COUNTRY)?;
    countries::country(&code.to_ascii_uppercase())
}

fn text_of(found: &LookupResult<'_, Cow<'static, [u8]>>, paths: Paths) -> Option<CompactString> {
    // A path of another layout ends in nothing or in another type.
    let text = paths.iter().find_map(|path| {
        found
            .decode_path::<&str>(path)
            .ok()
            .flatten()
            .filter(|text| !text.is_empty())
    })?;
    Some(text.into())
}

#[cfg(test)]
mod tests;
