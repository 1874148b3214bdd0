//! From rows to requests, by the SDK's own rules: a batch leaves at 50 messages, at 16 KiB, 30 s after its first message, and
//! when the page hides or goes; it holds at most one version of each view, written last.

use super::faults::Evidence;
use super::random::Random;
use super::session::{Kind, Row, Session};
use super::view::{View, client_ms};
use super::visitor::Visitor;
use super::wire::{Sending, Voice};
use super::{Rows, WireRequest};

const MESSAGES_MAX: usize = 50;
const BYTES_MAX: usize = 16 * 1024;
const AGE_MAX_US: i64 = 30_000_000;
/// What the SDK reckons a pending view to be; only used to decide when a batch is full.
const VIEW_BYTES: usize = 1_900;
/// Share of batches that leave twice with one body: after a 503, or because the browser cancelled a request it had sent.
const REPEAT_SHARE: f64 = 0.006;

/// All requests of a session in the order of sending.
pub(crate) fn requests(session: Session) -> Vec<WireRequest> {
    let Session {
        application,
        visitor,
        voice,
        random,
        views,
        rows,
        exits,
    } = session;
    let moments = moments(&views, rows, exits);
    let mut sender = Sender {
        application,
        visitor,
        voice,
        random,
        views,
        pending: Pending::default(),
        sent: Vec::new(),
    };
    for moment in moments {
        sender.flush_if_old(moment.at_us);
        match moment.what {
            What::Begins(view) => sender.touch(view, moment.at_us),
            What::Ends(view) => {
                sender.pending.ended.push(view);
                sender.touch(view, moment.at_us);
            }
            What::Row(row) => sender.add(&row),
            What::Exit => sender.flush(moment.at_us, Leaving::Page),
        }
        if sender.pending.is_full() {
            sender.flush(moment.at_us, Leaving::Batch);
        }
    }
    sender.sent
}

struct Moment {
    at_us: i64,
    /// Orders what happens in the same µs.
    rank: u8,
    what: What,
}

enum What {
    Begins(usize),
    Ends(usize),
    Row(Row),
    Exit,
}

fn moments(views: &[View], rows: Vec<Row>, exits: Vec<i64>) -> Vec<Moment> {
    let mut moments = Vec::with_capacity(rows.len() + 2 * views.len() + exits.len());
    moments.extend(rows.into_iter().map(|row| Moment {
        at_us: row.ready_us,
        rank: 1,
        what: What::Row(row),
    }));
    moments.extend(exits.into_iter().map(|at_us| Moment {
        at_us,
        rank: 3,
        what: What::Exit,
    }));
    for (number, view) in views.iter().enumerate() {
        moments.push(Moment {
            at_us: view.start_us,
            rank: 2,
            what: What::Begins(number),
        });
        // A route change ends the view before it; a page that goes away sends no such thing.
        if views
            .get(number + 1)
            .is_some_and(|next| !next.fresh_document)
        {
            moments.push(Moment {
                at_us: view.end_us,
                rank: 0,
                what: What::Ends(number),
            });
        }
    }
    // Stable, so that equal moments keep the order in which they were made and a seed gives the same bytes.
    moments.sort_by_key(|moment| (moment.at_us, moment.rank));
    moments
}

#[derive(Default)]
struct Pending {
    body: String,
    messages: usize,
    first_us: Option<i64>,
    /// Views that changed since their last version was sent, in the order of their change.
    touched: Vec<usize>,
    ended: Vec<usize>,
    adds: Rows,
    evidence: Evidence,
}

impl Pending {
    fn is_full(&self) -> bool {
        let messages = self.messages + self.touched.len();
        messages >= MESSAGES_MAX || self.body.len() + self.touched.len() * VIEW_BYTES >= BYTES_MAX
    }

    fn push(&mut self, row: &str) {
        if !self.body.is_empty() {
            self.body.push('\n');
        }
        self.body.push_str(row);
        self.messages += 1;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaving {
    Batch,
    Page,
}

struct Sender {
    application: usize,
    visitor: Visitor,
    voice: Voice,
    random: Random,
    views: Vec<View>,
    pending: Pending,
    sent: Vec<WireRequest>,
}

impl Sender {
    fn touch(&mut self, view: usize, at_us: i64) {
        if !self.pending.touched.contains(&view) {
            self.pending.touched.push(view);
        }
        self.pending.first_us.get_or_insert(at_us);
    }

    fn add(&mut self, row: &Row) {
        let adds = &mut self.pending.adds;
        match row.kind {
            Kind::Resource => adds.resource += 1,
            Kind::Action | Kind::FrustratedAction => adds.action += 1,
            Kind::LongTask => adds.long_task += 1,
            Kind::Error => adds.error += 1,
            Kind::Vital => adds.vital += 1,
        }
        self.pending.evidence.add(&row.evidence);
        self.pending.push(&row.text);
        self.views[row.view].count(row.kind);
        self.touch(row.view, row.ready_us);
    }

    fn flush_if_old(&mut self, now_us: i64) {
        if let Some(first_us) = self.pending.first_us
            && now_us - first_us >= AGE_MAX_US
        {
            self.flush(first_us + AGE_MAX_US, Leaving::Batch);
        }
    }

    fn flush(&mut self, at_us: i64, leaving: Leaving) {
        let mut pending = std::mem::take(&mut self.pending);
        if pending.messages == 0 && pending.touched.is_empty() {
            return;
        }
        for view in std::mem::take(&mut pending.touched) {
            self.write_view(&mut pending, view, at_us);
        }
        if self.sent.is_empty() {
            pending.adds.session = 1;
        }
        let sending = match leaving {
            Leaving::Page => Sending::Beacon,
            Leaving::Batch if self.visitor.deflate => Sending::Deflated,
            Leaving::Batch => Sending::Fetch,
        };
        let repeated = self
            .random
            .chance(REPEAT_SHARE)
            .then(|| pending.body.clone());
        let events = pending.messages;
        self.push(at_us, sending, pending);
        if let Some(body) = repeated {
            let repeat = Pending {
                body,
                messages: events,
                ..Pending::default()
            };
            let sending = if leaving == Leaving::Page {
                Sending::Beacon
            } else {
                Sending::Retry
            };
            self.push(at_us + 8_000, sending, repeat);
        }
    }

    fn write_view(&mut self, pending: &mut Pending, number: usize, at_us: i64) {
        let ended = pending.ended.contains(&number);
        let drift = *self.random.pick(&[-1, 0, 0, 1]);
        // Versions made since the last batch and replaced within it are never sent: numbers have gaps.
        let skipped = u32::try_from(self.random.below(3)).unwrap_or(0);
        let view = &mut self.views[number];
        if view.sent_version == 0 {
            pending.adds.view += 1;
        }
        if !view.bad_lcp_sent && view.shows_bad_lcp(at_us) {
            view.bad_lcp_sent = true;
            pending.evidence.bad_lcp_views += 1;
        }
        view.sent_version += 1 + skipped;
        let row = self.views[number].row(&self.voice, &self.visitor, at_us, ended, drift);
        pending.push(&row);
    }

    fn push(&mut self, at_us: i64, sending: Sending, pending: Pending) {
        let travel_us = self.visitor.round_trip_ms() * 500;
        let content_type = if sending == Sending::Deflated {
            "text/plain"
        } else {
            "text/plain;charset=UTF-8"
        };
        let mut headers = self.voice.headers().to_vec();
        headers.push(("content-type", content_type.to_owned()));
        self.sent.push(WireRequest {
            at_us,
            received_at_us: at_us + travel_us,
            application: self.application,
            path: self
                .voice
                .path(client_ms(at_us, &self.visitor), sending, &mut self.random),
            headers,
            body: pending.body,
            deflate: sending == Sending::Deflated,
            peer: self.voice.peer(),
            events: pending.messages as u64,
            adds: pending.adds,
            evidence: pending.evidence,
        });
    }
}
