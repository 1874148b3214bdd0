//! One visit: the pages a visitor walks through and every row the SDK would make of it, before batching.

use super::catalogue::{APPLICATIONS, Application, Button, Page, SLUGS};
use super::faults::{Evidence, Faults, Place, RAGE_RATE};
use super::random::Random;
use super::resources::{self, ResourceRow};
use super::rows::{self, ClickRow, ErrorRow};
use super::timeline::Timeline;
use super::view::View;
use super::visitor::Visitor;
use super::wire::Voice;

/// A row with the moment at which the SDK hands it to its batch, µs of true time.
pub(crate) struct Row {
    pub(crate) ready_us: i64,
    /// Place of the view in [`Session::views`].
    pub(crate) view: usize,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) evidence: Evidence,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Resource,
    Action,
    /// A rage or dead click.
    FrustratedAction,
    LongTask,
    Error,
    Vital,
}

/// A finished visit.
pub(crate) struct Session {
    pub(crate) application: usize,
    pub(crate) visitor: Visitor,
    pub(crate) voice: Voice,
    pub(crate) random: Random,
    pub(crate) views: Vec<View>,
    /// In no particular order.
    pub(crate) rows: Vec<Row>,
    /// Moments at which the page hid or went away: everything collected leaves at once.
    pub(crate) exits: Vec<i64>,
}

/// What all sessions of a run share.
pub(crate) struct Scene {
    pub(crate) seed: u64,
    pub(crate) timeline: Timeline,
    pub(crate) faults: Faults,
    pub(crate) applications: &'static [Application],
    pub(crate) tokens: Vec<String>,
    /// People in each application's audience; the smaller, the more come back.
    pub(crate) audience: usize,
}

impl Scene {
    /// Plays the visit of that number, which begins at `start_us`.
    pub(crate) fn play(&self, number: u64, start_us: i64) -> Session {
        // The start is mixed in so that two live runs with one seed do not send the same ids.
        let start_bits = self.timeline.start_us.unsigned_abs();
        let mut random = Random::new(self.seed ^ start_bits.rotate_left(17), number + 1);
        let (application, visitor) = self.choose_visitor(start_us, &mut random);
        let release = self.timeline.release_at(start_us);
        // Some pages come out of a cache or a tab left open and are one release behind.
        let release = if random.chance(0.06) {
            release.saturating_sub(1)
        } else {
            release
        };
        let (major, minor) = self.applications[application].first_version;
        let version = format!("{major}.{}.0", minor + release);
        let voice = Voice::new(
            &self.applications[application],
            &self.tokens[application],
            &visitor,
            &version,
            &mut random,
        );
        let build = Random::new(
            self.seed ^ 0x0062_7569_6C64,
            (application as u64) << 32 | u64::from(release),
        )
        .hex(8);
        let session = Session {
            application,
            visitor,
            voice,
            random,
            views: Vec::new(),
            rows: Vec::new(),
            exits: Vec::new(),
        };
        let mut walk = Walk {
            scene: self,
            site: &self.applications[application],
            session,
            release,
            build,
            now_us: start_us,
            referrer: String::new(),
        };
        walk.run();
        walk.session
    }

    /// Draws visitors until one is found for whom the hour is likely.
    fn choose_visitor(&self, start_us: i64, random: &mut Random) -> (usize, Visitor) {
        let mut last = None;
        for _ in 0..6 {
            let application = random.weighted(self.applications, |application| application.weight);
            let place = self
                .applications
                .iter()
                .position(|other| std::ptr::eq(other, application))
                .unwrap_or(0);
            // The square makes a core of regulars.
            let number = random.below(self.audience).min(random.below(self.audience)) as u64;
            let visitor = Visitor::new(self.seed, application, number);
            let local_us = start_us + visitor.country.utc_offset_min * 60_000_000;
            let accepted = random.chance(super::world::busyness(local_us, application.work_tool));
            last = Some((place, visitor));
            if accepted {
                break;
            }
        }
        last.expect("the loop draws at least once")
    }
}

/// The state of a visit while it is played.
pub(crate) struct Walk<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) site: &'static Application,
    pub(crate) session: Session,
    pub(crate) release: u32,
    pub(crate) build: String,
    pub(crate) now_us: i64,
    pub(crate) referrer: String,
}

const REFERRERS: &[(&str, f64)] = &[
    ("", 46.0),
    ("https://www.google.com/", 36.0),
    ("https://www.bing.com/", 5.0),
    ("https://news.ycombinator.com/", 2.0),
    ("https://www.baidu.com/", 4.0),
    ("https://t.co/", 3.0),
    ("https://mail.google.com/", 4.0),
];

impl Walk<'_> {
    fn run(&mut self) {
        let pages = self.site.pages;
        let entry = self
            .session
            .random
            .weighted(pages, |page| page.entry_weight);
        let mut page = pages
            .iter()
            .position(|other| std::ptr::eq(other, entry))
            .unwrap_or(0);
        self.referrer = self
            .session
            .random
            .weighted(REFERRERS, |referrer| referrer.1)
            .0
            .to_owned();
        let bot = self.session.visitor.client.bot;
        let length = if bot || self.session.random.chance(0.34) {
            1
        } else {
            2 + geometric(&mut self.session.random, 0.74, 28)
        };
        for step in 0..length {
            let fresh_document = step == 0 || self.site.multi_page;
            self.visit(page, fresh_document);
            let leaves = step + 1 == length;
            if leaves || self.site.multi_page {
                self.session.exits.push(self.now_us);
            }
            if leaves {
                break;
            }
            let next = pages[page].next;
            page = self.session.random.weighted(next, |choice| choice.1).0;
        }
    }

    /// One view from its start to its end.
    fn visit(&mut self, page_index: usize, fresh_document: bool) {
        let page = &self.site.pages[page_index];
        let place = Place {
            application: self.session.application,
            page: page_index,
        };
        let random = &mut self.session.random;
        let url = format!("{}{}", self.site.origin, fill(page.path, random));
        let dwell_s = if self.session.visitor.client.bot {
            random.between(1.5, 6.0)
        } else {
            random.log_normal(page.dwell_s, 0.9).clamp(1.2, 900.0)
        };
        let referrer = std::mem::replace(&mut self.referrer, url.clone());
        let view = View::begin(self, place, url, &referrer, fresh_document, dwell_s);
        let end_us = view.end_us;
        let view_index = self.session.views.len();
        self.session.views.push(view);
        if fresh_document {
            self.load_document(view_index, page);
        }
        self.load_data(view_index, page, place);
        if !self.session.visitor.client.bot {
            self.click_around(view_index, page, place);
            self.maybe_hide(view_index, dwell_s);
        }
        self.raise_errors(view_index, place);
        rows::long_tasks(self, view_index, fresh_document);
        self.now_us = end_us;
    }

    fn load_document(&mut self, view: usize, page: &Page) {
        let (origin, cdn, build) = (self.site.origin, self.site.cdn, self.build.clone());
        let start_us = self.session.views[view].start_us;
        let url = self.session.views[view].url.clone();
        let ttfb_ns = self.session.views[view].first_byte_ns;
        resources::add(self, view, ResourceRow::document(url, start_us, ttfb_ns));
        let returning = self.session.random.chance(0.45);
        let files = [
            ("css", format!("{cdn}/assets/main-{build}.css"), 38_000.0),
            ("js", format!("{cdn}/assets/main-{build}.js"), 214_000.0),
            ("js", format!("{cdn}/assets/chunk-{build}.js"), 86_000.0),
            ("font", format!("{cdn}/fonts/inter-var.woff2"), 48_000.0),
            ("other", format!("{origin}/favicon.ico"), 1_150.0),
        ];
        let loaded_us = start_us + ttfb_ns / 1_000;
        for (kind, url, size) in files {
            let delay_us = whole(self.session.random.between(2_000.0, 60_000.0));
            resources::add(
                self,
                view,
                ResourceRow::file(kind, url, loaded_us + delay_us, size, returning),
            );
        }
        let third_party = "https://cdn.metrics.example/t.js".to_owned();
        resources::add(
            self,
            view,
            ResourceRow::opaque("js", third_party, loaded_us + 80_000),
        );
        let images = page.images.saturating_sub(self.session.random.below(3));
        for number in 0..images {
            let width = [480, 640, 960][number % 3];
            let url = format!(
                "{cdn}/img/p/{}-{width}.webp",
                1_000 + self.session.random.below(4_000)
            );
            let delay_us = whole(self.session.random.between(60_000.0, 700_000.0));
            let size = self.session.random.log_normal(31_000.0, 0.7);
            resources::add(
                self,
                view,
                ResourceRow::file("image", url, loaded_us + delay_us, size, returning),
            );
        }
    }

    fn load_data(&mut self, view: usize, page: &Page, place: Place) {
        let base_us =
            self.session.views[view].start_us + self.session.views[view].first_byte_ns / 1_000;
        for (number, request) in page.requests.iter().enumerate() {
            let random = &mut self.session.random;
            let url = format!("{}{}", self.site.origin, fill(request.path, random));
            let at_us = base_us + whole(random.between(20_000.0, 260_000.0));
            let Faults {
                slow_api,
                slow_request,
                slow_country,
                ..
            } = &self.scene.faults;
            let slow = place == *slow_api
                && number == *slow_request
                && self.session.visitor.country.code == *slow_country;
            resources::add(self, view, ResourceRow::call(request, url, at_us, slow));
        }
        let whole_document = self.session.views[view].fresh_document;
        if !whole_document {
            for _ in 0..page.images / 2 {
                let url = format!(
                    "{}/img/p/{}-480.webp",
                    self.site.cdn,
                    1_000 + self.session.random.below(4_000)
                );
                let at_us = base_us + whole(self.session.random.between(80_000.0, 500_000.0));
                let size = self.session.random.log_normal(24_000.0, 0.7);
                resources::add(
                    self,
                    view,
                    ResourceRow::file("image", url, at_us, size, true),
                );
            }
        }
    }

    fn click_around(&mut self, view: usize, page: &'static Page, place: Place) {
        let start_us = self.session.views[view].start_us;
        let span_us = self.session.views[view].end_us - start_us;
        let clicks = self.session.random.below(page.buttons.len() + 2);
        for _ in 0..clicks {
            let button = self.session.random.pick(page.buttons);
            let at_us = start_us + whole(self.session.random.between(0.08, 0.97) * micros(span_us));
            let frustration = if self.session.random.chance(0.012) {
                "\"dead_click\""
            } else {
                ""
            };
            self.click(view, button, at_us, frustration, Evidence::default());
        }
        let Faults {
            rage, rage_button, ..
        } = &self.scene.faults;
        let planted = place == *rage && self.session.random.chance(RAGE_RATE);
        if planted || self.session.random.chance(0.002) {
            let button = if planted {
                &page.buttons[*rage_button]
            } else {
                self.session.random.pick(page.buttons)
            };
            let at_us = start_us + whole(self.session.random.between(0.3, 0.9) * micros(span_us));
            let evidence = Evidence {
                rage_clicks: u64::from(planted),
                ..Evidence::default()
            };
            self.click(view, button, at_us, "\"rage_click\"", evidence);
        }
    }

    /// A click, the interaction it adds to the view, and the custom action that some buttons report.
    fn click(
        &mut self,
        view: usize,
        button: &Button,
        at_us: i64,
        frustration: &'static str,
        evidence: Evidence,
    ) {
        let slowness = self.session.visitor.client.slowness;
        let delay_ms = self
            .session
            .random
            .log_normal(46.0 * slowness, 0.75)
            .min(4_000.0);
        self.session.views[view].interact(
            at_us,
            delay_ms,
            button.selector,
            &mut self.session.random,
        );
        rows::click(
            self,
            view,
            &ClickRow {
                button,
                at_us,
                frustration,
                evidence,
            },
        );
        if let Some(name) = button.reports {
            if frustration.is_empty() && self.session.random.chance(0.85) {
                rows::custom_action(self, view, name, at_us + 12_000);
            }
            if name == "payment_submitted" || name == "export_started" {
                rows::duration_vital(self, view, name, at_us);
            }
        }
    }

    /// Some people look at another tab in between; the page then sends what it has.
    fn maybe_hide(&mut self, view: usize, dwell_s: f64) {
        if dwell_s < 15.0 || !self.session.random.chance(0.22) {
            return;
        }
        let start_us = self.session.views[view].start_us;
        let share = self.session.random.between(0.3, 0.7);
        let hidden_us = start_us + whole(share * dwell_s * 1e6);
        let back_us = hidden_us + whole(self.session.random.between(0.05, 0.25) * dwell_s * 1e6);
        self.session.views[view].hide(hidden_us, back_us);
        self.session.exits.push(hidden_us);
    }

    fn raise_errors(&mut self, view: usize, place: Place) {
        let site = self.site;
        for error in site.errors {
            if self.session.random.chance(error.rate) {
                rows::error(
                    self,
                    view,
                    &ErrorRow {
                        error,
                        evidence: Evidence::default(),
                    },
                );
            }
        }
        let faults = &self.scene.faults;
        if site.app_id != APPLICATIONS[faults.bad_release.application].app_id {
            return;
        }
        let broken = place == faults.bad_release && self.release >= faults.bad_release_index;
        let rate = if broken {
            super::faults::BAD_RELEASE_RATE
        } else {
            site.regression.rate
        };
        if self.session.random.chance(rate) {
            let evidence = Evidence {
                bad_release_errors: u64::from(broken),
                ..Evidence::default()
            };
            rows::error(
                self,
                view,
                &ErrorRow {
                    error: &site.regression,
                    evidence,
                },
            );
        }
    }
}

/// Replaces the placeholders of a path.
fn fill(path: &str, random: &mut Random) -> String {
    if !path.contains('{') {
        return path.to_owned();
    }
    let id = (1_000 + random.below(4_000)).to_string();
    let slug: &str = random.pick::<&str>(SLUGS);
    path.replace("{id}", &id)
        .replace("{slug}", slug)
        .replace("{uuid}", random.uuid().as_str())
}

/// How many times in a row something of that probability happens, at most `limit`.
fn geometric(random: &mut Random, probability: f64, limit: usize) -> usize {
    let mut count = 0;
    while count < limit && random.chance(probability) {
        count += 1;
    }
    count
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a visit lasts less than 2^53 µs"
)]
fn micros(span_us: i64) -> f64 {
    span_us as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "times within a visit are far below 2^53"
)]
pub(crate) fn whole(value: f64) -> i64 {
    value.round() as i64
}
