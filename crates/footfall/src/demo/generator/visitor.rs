//! Visitors: who they are and what they browse with. A visitor is a function of the seed and a number, so that a person who
//! comes back is the same person without a table of people in memory.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use super::catalogue::Application;
use super::random::{Random, Uuid};
use super::wire::Dialect;
use super::world::{CLIENTS, COUNTRIES, Client, Country, NETWORKS, Network};

const FIRST_NAMES: &[&str] = &[
    "Ada", "Noah", "Mei", "Lucía", "Omar", "Ingrid", "Kenji", "Amara", "Tomás", "Priya", "Elif",
    "Jonas", "Zanele", "Chloé", "Minh", "Sofia",
];
const LAST_NAMES: &[&str] = &[
    "Okafor",
    "Lindqvist",
    "García",
    "Tanaka",
    "Müller",
    "Rossi",
    "Novák",
    "Silva",
    "Kowalski",
    "Chen",
    "Yılmaz",
    "Dubois",
    "Patel",
    "Smith",
];
/// Plans with their weights.
const PLANS: &[(&str, f64)] = &[
    ("free", 58.0),
    ("plus", 27.0),
    ("pro", 11.0),
    ("enterprise", 4.0),
];
const TENANTS: &[&str] = &[
    "north", "south", "harbor", "summit", "meadow", "delta", "orchid", "cobalt",
];

pub(crate) struct Visitor {
    pub(crate) country: &'static Country,
    pub(crate) client: &'static Client,
    pub(crate) network: &'static Network,
    pub(crate) viewport: (u32, u32),
    pub(crate) address: Ipv4Addr,
    pub(crate) dialect: Dialect,
    /// The page compresses its requests (`compressIntakeRequests`).
    pub(crate) deflate: bool,
    /// The client's clock against the true time, ms; more than two minutes for a few.
    pub(crate) clock_ms: i64,
    anonymous_id: Uuid,
    account: Option<Account>,
    plan: &'static str,
    tenant: &'static str,
    new_checkout: bool,
    search_variant: &'static str,
}

struct Account {
    id: String,
    name: String,
    email: String,
}

impl Visitor {
    pub(crate) fn new(seed: u64, application: &Application, number: u64) -> Self {
        // The service's name keeps visitor 7 of the shop apart from visitor 7 of the console.
        let salt = application.service.bytes().fold(0u64, |hash, byte| {
            hash.wrapping_mul(0x0100_0000_01B3) ^ u64::from(byte)
        });
        let mut random = Random::new(seed ^ 0x7669_7369_746F_7273, number ^ salt);
        let country = random.weighted(COUNTRIES, |country| country.weight);
        let client = random.weighted(CLIENTS, |client| client.weight);
        let dialect = random
            .weighted(
                &[
                    (Dialect::Datadog7, 78.0),
                    (Dialect::Datadog6, 13.0),
                    (Dialect::OpenObserve, 9.0),
                ],
                |d| d.1,
            )
            .0;
        let signed_in = !client.bot && random.chance(application.signed_in);
        Self {
            country,
            client,
            network: if client.bot {
                &NETWORKS[0]
            } else {
                random.weighted(NETWORKS, |network| network.weight)
            },
            viewport: *random.pick(client.viewports),
            address: country.address(&mut random),
            dialect,
            deflate: random.chance(0.12),
            clock_ms: if random.chance(0.015) {
                whole_ms(random.between(-10_800_000.0, 10_800_000.0))
            } else {
                whole_ms(random.between(-900.0, 900.0))
            },
            anonymous_id: random.uuid(),
            account: signed_in.then(|| Account::new(number, &mut random)),
            plan: random.weighted(PLANS, |plan| plan.1).0,
            tenant: *random.pick(TENANTS),
            new_checkout: random.chance(0.5),
            search_variant: *random.pick(&["control", "semantic", "hybrid"]),
        }
    }

    /// Round trip to the demo's servers, ms.
    pub(crate) fn round_trip_ms(&self) -> i64 {
        whole_ms(self.country.round_trip_ms * self.network.factor)
    }

    /// The JSON object `usr`.
    pub(crate) fn user(&self) -> String {
        let anonymous = self.anonymous_id;
        match &self.account {
            None => format!(r#"{{"anonymous_id":"{anonymous}"}}"#),
            Some(Account { id, name, email }) => {
                format!(
                    r#"{{"id":"{id}","name":"{name}","email":"{email}","plan":"{}","anonymous_id":"{anonymous}"}}"#,
                    self.plan
                )
            }
        }
    }

    /// The entries of the global context.
    pub(crate) fn context(&self) -> String {
        format!(
            r#""tenant":"{}","plan":"{}","experiment":{{"search":"{}"}}"#,
            self.tenant, self.plan, self.search_variant
        )
    }

    /// The JSON object `feature_flags`.
    pub(crate) fn flags(&self) -> String {
        format!(
            r#"{{"new_checkout":{},"search_variant":"{}"}}"#,
            self.new_checkout, self.search_variant
        )
    }

    /// Request headers in the order a browser sends them.
    pub(crate) fn headers(&self, origin: &str) -> Vec<(&'static str, String)> {
        let mut headers = Vec::with_capacity(8);
        if let Some([brands, mobile, platform]) = self.client.hints {
            headers.push(("sec-ch-ua-platform", platform.to_owned()));
            headers.push(("sec-ch-ua", brands.to_owned()));
            headers.push(("sec-ch-ua-mobile", mobile.to_owned()));
        }
        headers.push(("user-agent", self.client.user_agent.to_owned()));
        headers.push(("accept", "*/*".to_owned()));
        let mut languages = self.country.locale.to_owned();
        let _ = write!(
            languages,
            ",{};q=0.9",
            self.country.locale.split('-').next().unwrap_or("en")
        );
        headers.push(("accept-language", languages));
        headers.push(("origin", origin.to_owned()));
        headers.push(("referer", format!("{origin}/")));
        headers
    }
}

impl Account {
    fn new(number: u64, random: &mut Random) -> Self {
        let (first, last) = (random.pick(FIRST_NAMES), random.pick(LAST_NAMES));
        Self {
            id: format!("u-{}", 10_000 + number),
            name: format!("{first} {last}"),
            email: format!("user{}@mail.example", 10_000 + number),
        }
    }
}

/// Rounds to whole ms. The values drawn here are far below 2^53.
#[expect(
    clippy::cast_possible_truncation,
    reason = "draws are bounded by hours"
)]
fn whole_ms(value: f64) -> i64 {
    value.round() as i64
}
