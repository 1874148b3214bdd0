//! A view while it lives: its measurements, and the row the SDK sends of it at a moment.

use std::fmt::Write as _;

use super::catalogue::Page;
use super::faults::{BAD_LCP_EXTRA_MS, Place};
use super::random::Random;
use super::session::{Kind, Walk, whole};
use super::visitor::Visitor;
use super::wire::{Details, Voice, push_escaped};
use super::world::Engine;

/// The SDK's counters, which grow as rows are handed over.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counters {
    pub(crate) action: u32,
    pub(crate) error: u32,
    pub(crate) resource: u32,
    pub(crate) long_task: u32,
    pub(crate) frustration: u32,
}

pub(crate) struct View {
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
    pub(crate) url: String,
    /// The entries of the JSON object `view` that all rows of this view carry.
    pub(crate) label: String,
    /// The view loads a document of its own; otherwise it is a route change.
    pub(crate) fresh_document: bool,
    /// 0 on route changes.
    pub(crate) first_byte_ns: i64,
    pub(crate) counters: Counters,
    /// The view carries the planted bad LCP.
    pub(crate) bad_lcp: bool,
    /// Some version sent already shows it.
    pub(crate) bad_lcp_sent: bool,
    pub(crate) sent_version: u32,
    loading_type: &'static str,
    loading_time_ns: i64,
    paint: Option<Paint>,
    shift: Option<Shift>,
    /// Moment (µs), duration (ns), selector and the three parts (ns) of the longest interactions.
    interactions: Vec<Interaction>,
    states: Vec<(&'static str, i64)>,
    scroll: Option<(u32, u32)>,
    hero_shown_ns: Option<i64>,
}

struct Paint {
    first_contentful_ns: i64,
    largest_ns: i64,
    parts_ns: [i64; 3],
    selector: &'static str,
    image: Option<String>,
    dom_interactive_ns: i64,
    dom_content_loaded_ns: i64,
    dom_complete_ns: i64,
    load_event_ns: i64,
}

struct Shift {
    score_ten_thousandths: i64,
    at_ns: i64,
}

struct Interaction {
    at_us: i64,
    duration_ns: i64,
    selector: &'static str,
    parts_ns: [i64; 3],
}

const MS: f64 = 1e6;

impl View {
    pub(crate) fn begin(
        walk: &mut Walk<'_>,
        place: Place,
        url: String,
        referrer: &str,
        fresh_document: bool,
        dwell_s: f64,
    ) -> Self {
        let page = &walk.site.pages[place.page];
        let random = &mut walk.session.random;
        let visitor = &walk.session.visitor;
        let network = visitor.network.factor;
        let round_trip_ms = visitor.country.round_trip_ms * network;
        let first_byte_ms = if fresh_document {
            18.0 + 2.2 * round_trip_ms + random.log_normal(70.0, 0.6)
        } else {
            0.0
        };
        let bad_lcp = place == walk.scene.faults.bad_lcp && fresh_document;
        let step_ns = visitor.client.engine.clock_step_ns();
        let paint = fresh_document
            .then(|| Paint::measure(page, first_byte_ms, bad_lcp, visitor, walk.site.cdn, random))
            .filter(|_| visitor.client.engine != Engine::WebKit || random.chance(0.75));
        let settled_ms = match &paint {
            Some(paint) => {
                millis(paint.load_event_ns.max(paint.largest_ns)) + random.log_normal(120.0, 0.8)
            }
            None => random.log_normal(150.0 + 2.0 * round_trip_ms, 0.6),
        };
        let shift = random.chance(0.32).then(|| Shift {
            score_ten_thousandths: whole(random.log_normal(280.0, 1.1)).clamp(1, 9_000),
            at_ns: step(random.between(300.0, dwell_s * 800.0) * MS, step_ns),
        });
        let id = random.uuid();
        let mut label = String::with_capacity(url.len() + 160);
        label.push_str("\"url\":\"");
        push_escaped(&mut label, &url);
        label.push_str("\",\"referrer\":\"");
        push_escaped(&mut label, referrer);
        let _ = write!(label, r#"","id":"{id}""#);
        let height = visitor.viewport.1;
        let depth = height + u32::try_from(random.below(3_000)).unwrap_or(0);
        Self {
            start_us: walk.now_us,
            end_us: walk.now_us + whole(dwell_s * 1e6),
            url,
            label,
            fresh_document,
            first_byte_ns: step(first_byte_ms * MS, step_ns),
            counters: Counters::default(),
            bad_lcp: bad_lcp && paint.is_some(),
            bad_lcp_sent: false,
            sent_version: 0,
            loading_type: if !fresh_document {
                "route_change"
            } else if random.chance(0.04) && walk.site.multi_page {
                "bf_cache"
            } else {
                "initial_load"
            },
            loading_time_ns: step(settled_ms * MS, step_ns),
            paint,
            shift,
            interactions: Vec::new(),
            states: vec![("active", 0)],
            scroll: random.chance(0.8).then_some((depth, depth + 1_400)),
            hero_shown_ns: (fresh_document && random.chance(0.3))
                .then(|| step(settled_ms * 0.8 * MS, step_ns)),
        }
    }

    /// Remembers an interaction whose next paint took `delay_ms`.
    pub(crate) fn interact(
        &mut self,
        at_us: i64,
        delay_ms: f64,
        selector: &'static str,
        random: &mut Random,
    ) {
        // Event Timing rounds durations to 8 ms.
        let duration_ns = step(delay_ms * MS, 8_000_000).max(8_000_000);
        let input_ns = step(random.between(0.02, 0.3) * delay_ms * MS, 100_000);
        let presentation_ns = step(random.between(0.1, 0.4) * delay_ms * MS, 100_000);
        let processing_ns = (duration_ns - input_ns - presentation_ns).max(0);
        self.interactions.push(Interaction {
            at_us,
            duration_ns,
            selector,
            parts_ns: [input_ns, processing_ns, presentation_ns],
        });
    }

    pub(crate) fn hide(&mut self, hidden_us: i64, back_us: i64) {
        self.states.push(("hidden", hidden_us));
        self.states.push(("active", back_us));
    }

    pub(crate) fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Resource => self.counters.resource += 1,
            Kind::Action => self.counters.action += 1,
            Kind::FrustratedAction => {
                self.counters.action += 1;
                self.counters.frustration += 1;
            }
            Kind::LongTask => self.counters.long_task += 1,
            Kind::Error => self.counters.error += 1,
            Kind::Vital => {}
        }
    }

    /// Whether the row at `now_us` would carry the planted LCP.
    pub(crate) fn shows_bad_lcp(&self, now_us: i64) -> bool {
        self.bad_lcp
            && self
                .paint
                .as_ref()
                .is_some_and(|paint| paint.largest_ns <= (now_us - self.start_us) * 1_000)
    }

    /// The view's row as the SDK would write it at `now_us`. `ended` says that another view has begun.
    pub(crate) fn row(
        &self,
        voice: &Voice,
        visitor: &Visitor,
        now_us: i64,
        ended: bool,
        drift: i64,
    ) -> String {
        let now_us = now_us.min(self.end_us);
        let age_ns = (now_us - self.start_us) * 1_000;
        let mut states = String::from(r#","page_states":["#);
        for (number, (state, at_us)) in self
            .states
            .iter()
            .filter(|(_, at_us)| *at_us <= now_us)
            .enumerate()
        {
            let comma = if number == 0 { "" } else { "," };
            let since_ns = if *at_us == 0 {
                0
            } else {
                (at_us - self.start_us) / 100 * 100_000
            };
            let _ = write!(states, r#"{comma}{{"state":"{state}","start":{since_ns}}}"#);
        }
        let _ = write!(states, r#"],"document_version":{}"#, self.sent_version);
        let mut row = voice.open("view", drift, &states);
        let view = self.object(visitor, now_us, age_ns, ended);
        let scroll = self.scroll.filter(|_| age_ns > 2_000_000_000).map_or_else(String::new, |(depth, height)| {
            format!(
                r#","scroll":{{"max_depth":{depth},"max_depth_scroll_top":{},"max_scroll_height":{height},"max_scroll_height_time":1000000000}}"#,
                depth - visitor.viewport.1
            )
        });
        let details = Details {
            session: r#","sampled_for_replay":false"#,
            display: &scroll,
            flags: true,
            ..Details::default()
        };
        voice.identify(&mut row, client_ms(self.start_us, visitor), &view, details);
        voice.describe_device(&mut row);
        voice.close(&mut row);
        row
    }

    fn object(&self, visitor: &Visitor, now_us: i64, age_ns: i64, ended: bool) -> String {
        let Counters {
            action,
            error,
            resource,
            long_task,
            frustration,
        } = self.counters;
        let mut view = String::with_capacity(1_200);
        let mut performance = String::with_capacity(600);
        let _ = write!(
            view,
            r#"{{{},"action":{{"count":{action}}},"frustration":{{"count":{frustration}}},"error":{{"count":{error}}},"long_task":{{"count":{long_task}}},"resource":{{"count":{resource}}},"is_active":{},"loading_type":"{}","time_spent":{}"#,
            self.label,
            !ended,
            self.loading_type,
            age_ns / 1_000_000 * 1_000_000,
        );
        if self.loading_time_ns <= age_ns {
            let _ = write!(view, r#","loading_time":{}"#, self.loading_time_ns);
        }
        if self.fresh_document {
            let _ = write!(view, r#","first_byte":{}"#, self.first_byte_ns);
        }
        if visitor.client.engine == Engine::Chromium {
            self.write_shift(&mut view, &mut performance, age_ns);
        }
        self.write_paint(&mut view, &mut performance, age_ns);
        if visitor.client.engine != Engine::WebKit {
            self.write_interaction(&mut view, &mut performance, now_us);
        }
        if let Some(at_ns) = self.hero_shown_ns.filter(|at_ns| *at_ns <= age_ns) {
            let _ = write!(view, r#","custom_timings":{{"hero_shown":{at_ns}}}"#);
        }
        let _ = write!(
            view,
            r#","performance":{{{}}}}}"#,
            performance.trim_start_matches(',')
        );
        view
    }

    fn write_shift(&self, view: &mut String, performance: &mut String, age_ns: i64) {
        match self.shift.as_ref().filter(|shift| shift.at_ns <= age_ns) {
            None => {
                view.push_str(r#","cumulative_layout_shift":0"#);
                performance.push_str(r#","cls":{"score":0}"#);
            }
            Some(Shift {
                score_ten_thousandths,
                at_ns,
            }) => {
                let score = format!("0.{score_ten_thousandths:04}");
                let score = score.trim_end_matches('0');
                let _ = write!(
                    view,
                    r##","cumulative_layout_shift":{score},"cumulative_layout_shift_time":{at_ns},"cumulative_layout_shift_target_selector":"#promo-banner""##
                );
                let _ = write!(
                    performance,
                    r##","cls":{{"score":{score},"timestamp":{at_ns},"target_selector":"#promo-banner","previous_rect":{{"x":0,"y":64,"width":1200,"height":96}},"current_rect":{{"x":0,"y":160,"width":1200,"height":96}}}}"##
                );
            }
        }
    }

    fn write_paint(&self, view: &mut String, performance: &mut String, age_ns: i64) {
        let Some(paint) = &self.paint else { return };
        if paint.load_event_ns <= age_ns {
            let _ = write!(
                view,
                r#","dom_interactive":{},"dom_content_loaded":{},"dom_complete":{},"load_event":{}"#,
                paint.dom_interactive_ns,
                paint.dom_content_loaded_ns,
                paint.dom_complete_ns,
                paint.load_event_ns
            );
        }
        let first_ns = paint.first_contentful_ns;
        if first_ns > age_ns {
            return;
        }
        let _ = write!(view, r#","first_contentful_paint":{first_ns}"#);
        let _ = write!(performance, r#","fcp":{{"timestamp":{first_ns}}}"#);
        let largest_ns = paint.largest_ns;
        if largest_ns > age_ns {
            return;
        }
        let mut selector = String::new();
        push_escaped(&mut selector, paint.selector);
        let _ = write!(
            view,
            r#","largest_contentful_paint":{largest_ns},"largest_contentful_paint_target_selector":"{selector}""#
        );
        let image = paint
            .image
            .as_ref()
            .map_or_else(String::new, |url| format!(r#","resource_url":"{url}""#));
        let [load_delay, load_time, render_delay] = paint.parts_ns;
        let _ = write!(
            performance,
            r#","lcp":{{"timestamp":{largest_ns},"target_selector":"{selector}"{image},"sub_parts":{{"load_delay":{load_delay},"load_time":{load_time},"render_delay":{render_delay}}}}}"#
        );
    }

    fn write_interaction(&self, view: &mut String, performance: &mut String, now_us: i64) {
        let longest = self
            .interactions
            .iter()
            .filter(|interaction| interaction.at_us <= now_us)
            .max_by_key(|interaction| interaction.duration_ns);
        let Some(Interaction {
            at_us,
            duration_ns,
            selector,
            parts_ns: [input, processing, presentation],
        }) = longest
        else {
            return;
        };
        let at_ns = (at_us - self.start_us) / 100 * 100_000;
        let mut target = String::new();
        push_escaped(&mut target, selector);
        let _ = write!(
            view,
            r#","interaction_to_next_paint":{duration_ns},"interaction_to_next_paint_time":{at_ns},"interaction_to_next_paint_target_selector":"{target}""#
        );
        let _ = write!(
            performance,
            r#","inp":{{"duration":{duration_ns},"timestamp":{at_ns},"target_selector":"{target}","sub_parts":{{"input_delay":{input},"processing_duration":{processing},"presentation_delay":{presentation}}}}}"#
        );
    }
}

impl Paint {
    fn measure(
        page: &Page,
        first_byte_ms: f64,
        bad: bool,
        visitor: &Visitor,
        cdn: &str,
        random: &mut Random,
    ) -> Self {
        let slowness = visitor.client.slowness.sqrt();
        let network = visitor.network.factor;
        let round_trip_ms = visitor.country.round_trip_ms * network;
        // Paint times are coarsened to 4 ms.
        let paint = |ms: f64| step(ms * MS, 4_000_000);
        let first_ms = first_byte_ms + random.log_normal(210.0 * slowness, 0.45) + round_trip_ms;
        let mut largest_ms =
            first_ms + random.log_normal(page.lcp_ms * 0.45 * slowness, 0.6) * network.sqrt();
        if bad {
            largest_ms += random.log_normal(BAD_LCP_EXTRA_MS, 0.25);
        }
        let interactive_ms = first_ms * random.between(0.8, 1.05) + 40.0;
        let complete_ms =
            (interactive_ms + random.log_normal(380.0 * slowness, 0.5)).max(largest_ms * 0.9);
        let (first_contentful_ns, largest_ns) =
            (paint(first_ms), paint(largest_ms).max(paint(first_ms)));
        let first_byte_ns = step(first_byte_ms * MS, visitor.client.engine.clock_step_ns());
        let parts_ns = if page.lcp_image.is_some() {
            let after_first_byte_ms = millis(largest_ns - first_byte_ns);
            let load_delay = step(after_first_byte_ms * random.between(0.2, 0.4) * MS, 100_000);
            let load_time = step(
                after_first_byte_ms * random.between(0.25, 0.45) * MS,
                100_000,
            );
            [
                load_delay,
                load_time,
                largest_ns - first_byte_ns - load_delay - load_time,
            ]
        } else {
            [0, 0, largest_ns - first_byte_ns]
        };
        let clock = |ms: f64| step(ms * MS, visitor.client.engine.clock_step_ns());
        Self {
            first_contentful_ns,
            largest_ns,
            parts_ns,
            selector: page.lcp_selector,
            image: page.lcp_image.map(|path| {
                format!(
                    "{cdn}{}",
                    path.replace("{id}", &(1_000 + random.below(4_000)).to_string())
                )
            }),
            dom_interactive_ns: clock(interactive_ms),
            dom_content_loaded_ns: clock(interactive_ms + 1.6),
            dom_complete_ns: clock(complete_ms),
            load_event_ns: clock(complete_ms + 0.9),
        }
    }
}

/// The moment as the client's clock shows it, in ms.
pub(crate) fn client_ms(at_us: i64, visitor: &Visitor) -> i64 {
    at_us.div_euclid(1_000) + visitor.clock_ms
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times within a view are below 2^53 ns"
)]
fn millis(value_ns: i64) -> f64 {
    value_ns as f64 / MS
}

/// Rounds down to a multiple of `step_ns`, as browsers coarsen their clocks.
pub(crate) fn step(value_ns: f64, step_ns: i64) -> i64 {
    whole(value_ns.max(0.0)) / step_ns * step_ns
}
