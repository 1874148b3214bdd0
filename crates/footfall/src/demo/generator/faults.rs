//! The faults that the demo plants, chosen by the seed: what a person (or a test) should be able to find in the data.

use serde_json::{Value, json};

use super::catalogue::Application;
use super::random::Random;
use super::timeline::Timeline;
use super::world::COUNTRIES;

/// How often each planted fault showed in the rows of a request, or of a whole run.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Evidence {
    /// Errors of the bad release's type, since that release, on its page.
    pub(crate) bad_release_errors: u64,
    /// Requests that the slow region lengthened.
    pub(crate) slow_requests: u64,
    /// Views whose LCP was spoiled.
    pub(crate) bad_lcp_views: u64,
    /// Rage clicks on the planted button.
    pub(crate) rage_clicks: u64,
}

impl Evidence {
    pub(crate) fn add(&mut self, other: &Self) {
        self.bad_release_errors += other.bad_release_errors;
        self.slow_requests += other.slow_requests;
        self.bad_lcp_views += other.bad_lcp_views;
        self.rage_clicks += other.rage_clicks;
    }
}

/// A page of an application, by their places in the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) application: usize,
    pub(crate) page: usize,
}

pub(crate) struct Faults {
    pub(crate) bad_release: Place,
    pub(crate) bad_release_index: u32,
    pub(crate) slow_api: Place,
    /// Place of the slow request in its page's list.
    pub(crate) slow_request: usize,
    pub(crate) slow_country: &'static str,
    pub(crate) bad_lcp: Place,
    pub(crate) rage: Place,
    /// Place of the button in its page's list.
    pub(crate) rage_button: usize,
}

/// Share of views of the page that fail since the bad release; the type's usual rate stands in the catalogue.
pub(crate) const BAD_RELEASE_RATE: f64 = 0.22;
/// What the slow region's durations are multiplied by.
pub(crate) const SLOW_FACTOR: f64 = 5.0;
/// Added to the LCP of the bad page, ms (median).
pub(crate) const BAD_LCP_EXTRA_MS: f64 = 3_400.0;
/// Share of views of the page with a rage click on the button.
pub(crate) const RAGE_RATE: f64 = 0.16;

impl Faults {
    pub(crate) fn new(seed: u64, applications: &[Application], timeline: &Timeline) -> Self {
        let mut random = Random::new(seed ^ 0x6661_756C_7473, 0);
        let mut place = |fits: &dyn Fn(Place) -> bool| loop {
            let chosen = random.weighted(applications, |application| application.weight);
            let application = applications
                .iter()
                .position(|other| std::ptr::eq(other, chosen))
                .unwrap_or(0);
            let page = random.below(applications[application].pages.len());
            // Pages with hardly any visits would hide the fault.
            let visited = applications[application].pages[page].entry_weight >= 4.0;
            if visited && fits(Place { application, page }) {
                return Place { application, page };
            }
        };
        let bad_release = place(&|_| true);
        let slow_api = place(&|at| {
            !applications[at.application].pages[at.page]
                .requests
                .is_empty()
        });
        let bad_lcp = place(&|at| at != bad_release);
        let rage = place(&|at| at != bad_release);
        let requests = applications[slow_api.application].pages[slow_api.page].requests;
        let buttons = applications[rage.application].pages[rage.page].buttons;
        // Only countries with much traffic: five requests from elsewhere prove nothing.
        let large: Vec<&str> = COUNTRIES
            .iter()
            .filter(|country| country.weight >= 4.0)
            .map(|country| country.code)
            .collect();
        Self {
            bad_release,
            bad_release_index: timeline.bad_release(&mut random),
            slow_api,
            slow_request: random.below(requests.len()),
            slow_country: *random.pick(&large),
            bad_lcp,
            rage,
            rage_button: random.below(buttons.len()),
        }
    }

    /// The faults as a truth file tells them.
    pub(crate) fn truth(&self, applications: &[Application], evidence: &Evidence) -> Value {
        let at = |place: Place| {
            (
                &applications[place.application],
                &applications[place.application].pages[place.page],
            )
        };
        let (release_application, release_page) = at(self.bad_release);
        let (api_application, api_page) = at(self.slow_api);
        let (lcp_application, lcp_page) = at(self.bad_lcp);
        let (rage_application, rage_page) = at(self.rage);
        let regression = &release_application.regression;
        let request = &api_page.requests[self.slow_request];
        let button = &rage_page.buttons[self.rage_button];
        let (major, minor) = release_application.first_version;
        json!([
            {
                "kind": "bad_release",
                "app_id": release_application.app_id,
                "page": release_page.path,
                "version": format!("{major}.{}.0", minor + self.bad_release_index),
                "error_type": regression.kind,
                "error_messages": regression.messages,
                "rate_before": regression.rate,
                "rate_since": BAD_RELEASE_RATE,
                "errors_since": evidence.bad_release_errors,
            },
            {
                "kind": "slow_api",
                "app_id": api_application.app_id,
                "page": api_page.path,
                "method": request.method,
                "path": request.path,
                "country_code": self.slow_country,
                "factor": SLOW_FACTOR,
                "requests": evidence.slow_requests,
            },
            {
                "kind": "bad_lcp",
                "app_id": lcp_application.app_id,
                "page": lcp_page.path,
                "selector": lcp_page.lcp_selector,
                "extra_ms": BAD_LCP_EXTRA_MS,
                "views": evidence.bad_lcp_views,
            },
            {
                "kind": "rage_clicks",
                "app_id": rage_application.app_id,
                "page": rage_page.path,
                "button": button.name,
                "selector": button.selector,
                "rate": RAGE_RATE,
                "actions": evidence.rage_clicks,
            },
        ])
    }
}
