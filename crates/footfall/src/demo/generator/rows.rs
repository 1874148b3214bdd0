//! Rows of a visit other than views and resources: actions, long tasks, errors, vitals.

use std::fmt::Write as _;

use super::catalogue::{Button, ErrorKind};
use super::faults::Evidence;
use super::random::Random;
use super::session::{Kind, Row, Walk, whole};
use super::view::{client_ms, step};
use super::wire::{Details, push_escaped};
use super::world::Engine;

/// A click on a button.
pub(crate) struct ClickRow<'a> {
    pub(crate) button: &'a Button,
    pub(crate) at_us: i64,
    /// The JSON string of the frustration, or nothing.
    pub(crate) frustration: &'static str,
    pub(crate) evidence: Evidence,
}

pub(crate) fn click(walk: &mut Walk<'_>, view: usize, click: &ClickRow<'_>) {
    let &ClickRow {
        button,
        at_us,
        frustration,
        evidence,
    } = click;
    let random = &mut walk.session.random;
    let drift = drift(random);
    let (width, height) = button.size;
    let (x, y) = (random.below(width as usize), random.below(height as usize));
    let id = random.uuid();
    let loading = random
        .chance(0.7)
        .then(|| step(random.log_normal(130.0, 0.8) * 1e6, 1_000_000));
    let mut internal = String::from(r#","action":{"target":{"selector":""#);
    push_escaped(&mut internal, button.selector);
    let _ = write!(
        internal,
        r#"","width":{width},"height":{height},"composed_path_selector":"BUTTON:nth-child(1):nth-of-type(1);MAIN:nth-child(2);"}},"position":{{"x":{x},"y":{y}}},"name_source":"text_content"}}"#
    );
    let mut row = begin(
        walk,
        view,
        "action",
        drift,
        &internal,
        at_us,
        Details::default(),
    );
    let _ = write!(row, r#","action":{{"id":"{id}","target":{{"name":""#);
    push_escaped(&mut row, button.name);
    row.push_str(r#""},"type":"click""#);
    if let Some(loading) = loading {
        let _ = write!(row, r#","loading_time":{loading}"#);
    }
    let _ = write!(
        row,
        r#","error":{{"count":0}},"long_task":{{"count":0}},"resource":{{"count":0}},"frustration":{{"type":[{frustration}]}}}}"#
    );
    let ready_us = at_us
        + loading.unwrap_or(100_000_000) / 1_000
        + if frustration.is_empty() { 0 } else { 1_000_000 };
    let kind = if frustration.is_empty() {
        Kind::Action
    } else {
        Kind::FrustratedAction
    };
    end(walk, view, kind, ready_us, row, evidence);
}

/// An action the program reports by itself, with its own context.
pub(crate) fn custom_action(walk: &mut Walk<'_>, view: usize, name: &str, at_us: i64) {
    let random = &mut walk.session.random;
    let (drift, id) = (drift(random), random.uuid());
    let context = format!(
        r#","amount":{}.{:02},"currency":"{}","items":{}"#,
        5 + random.below(240),
        random.below(100),
        random.pick(&["EUR", "USD", "JPY", "GBP"]),
        1 + random.below(6)
    );
    let details = Details {
        context: &context,
        ..Details::default()
    };
    let mut row = begin(walk, view, "action", drift, "", at_us, details);
    let _ = write!(
        row,
        r#","action":{{"id":"{id}","target":{{"name":"{name}"}},"type":"custom","frustration":{{"type":[]}}}}"#
    );
    end(walk, view, Kind::Action, at_us, row, Evidence::default());
}

pub(crate) fn duration_vital(walk: &mut Walk<'_>, view: usize, name: &str, at_us: i64) {
    let random = &mut walk.session.random;
    let (drift, id) = (drift(random), random.uuid());
    let duration = step(random.log_normal(900.0, 0.6) * 1e6, 1_000_000);
    let mut row = begin(walk, view, "vital", drift, "", at_us, Details::default());
    let _ = write!(
        row,
        r#","vital":{{"id":"{id}","type":"duration","name":"{name}_done","description":"until confirmed","duration":{duration}}}"#
    );
    end(
        walk,
        view,
        Kind::Vital,
        at_us + duration / 1_000,
        row,
        Evidence::default(),
    );
}

/// The long tasks of a view: some while loading, some later. Only Chromium reports them.
pub(crate) fn long_tasks(walk: &mut Walk<'_>, view: usize, fresh_document: bool) {
    let client = walk.session.visitor.client;
    if client.engine != Engine::Chromium {
        return;
    }
    let expected = if fresh_document { 0.9 } else { 0.25 } * client.slowness;
    let mut left = expected;
    while left > 0.0 {
        if walk.session.random.chance(left.min(1.0)) {
            long_task(walk, view);
        }
        left -= 1.0;
    }
}

fn long_task(walk: &mut Walk<'_>, view: usize) {
    let slowness = walk.session.visitor.client.slowness;
    let start_us = walk.session.views[view].start_us;
    let random = &mut walk.session.random;
    let offset_ns = step(random.log_normal(450.0, 0.9) * 1e6, 100_000);
    let duration_ns = step(
        random
            .log_normal(72.0 * slowness.sqrt(), 0.6)
            .clamp(50.1, 6_000.0)
            * 1e6,
        100_000,
    );
    let script_ns = step(micros(duration_ns) * random.between(0.4, 0.9), 100_000);
    let (drift, id) = (drift(random), random.uuid());
    let at_us = start_us + offset_ns / 1_000;
    let mut row = begin(
        walk,
        view,
        "long_task",
        drift,
        r#","discarded":false"#,
        at_us,
        Details::default(),
    );
    let blocking_ns = (duration_ns - 50_000_000).max(0);
    let source = format!("{}/assets/main-{}.js", walk.site.cdn, walk.build);
    let random = &mut walk.session.random;
    let (invoker, kind) = *random.pick(&[
        ("BUTTON.onclick", "event-listener"),
        ("Window.requestAnimationFrame", "user-callback"),
        ("Response.json.then", "resolve-promise"),
        ("TimerHandler:setTimeout", "user-callback"),
    ]);
    let function = random.pick(&["performWorkUntilDeadline", "hydrate", "renderList", ""]);
    let position = random.below(180_000);
    let _ = write!(
        row,
        r#","long_task":{{"id":"{id}","entry_type":"long-animation-frame","duration":{duration_ns},"blocking_duration":{blocking_ns},"first_ui_event_timestamp":0,"render_start":{},"style_and_layout_start":{},"start_time":{offset_ns},"scripts":[{{"duration":{script_ns},"pause_duration":0,"forced_style_and_layout_duration":{},"start_time":{},"execution_start":{},"source_url":"{source}","source_function_name":"{function}","source_char_position":{position},"invoker":"{invoker}","invoker_type":"{kind}","window_attribution":"self"}}]}}"#,
        offset_ns + script_ns + 100_000,
        offset_ns + script_ns + 900_000,
        script_ns / 9 / 100_000 * 100_000,
        offset_ns + 100_000,
        offset_ns + 200_000,
    );
    end(
        walk,
        view,
        Kind::LongTask,
        at_us + duration_ns / 1_000,
        row,
        Evidence::default(),
    );
}

/// An error of a kind that the application knows.
pub(crate) struct ErrorRow {
    pub(crate) error: &'static ErrorKind,
    pub(crate) evidence: Evidence,
}

pub(crate) fn error(walk: &mut Walk<'_>, view: usize, row: &ErrorRow) {
    let &ErrorRow { error, evidence } = row;
    let engine = walk.session.visitor.client.engine;
    let (start_us, end_us) = (
        walk.session.views[view].start_us,
        walk.session.views[view].end_us,
    );
    let random = &mut walk.session.random;
    let at_us = start_us + whole(random.between(0.1, 0.95) * micros(end_us - start_us));
    let (drift, id) = (drift(random), random.uuid());
    let message = error.messages[match engine {
        Engine::Chromium => 0,
        Engine::Gecko => 1,
        Engine::WebKit => 2,
    }];
    let details = Details {
        context: r#","handled_by":"app""#,
        flags: true,
        ..Details::default()
    };
    let mut row = begin(walk, view, "error", drift, "", at_us, details);
    let _ = write!(row, r#","error":{{"id":"{id}","message":""#);
    push_escaped(&mut row, message);
    let _ = write!(row, r#"","source":"{}""#, error.source);
    if error.source == "console" {
        row.push_str(r#","handling_stack":"HandlingStack: console error"#);
    } else {
        row.push_str(r#","stack":""#);
        push_escaped(&mut row, error.kind);
        row.push_str(": ");
        push_escaped(&mut row, message);
    }
    write_frames(walk, error, &mut row);
    row.push('"');
    if error.source == "custom" {
        row.push_str(r#","handling_stack":"HandlingStack: error"#);
        write_frames(walk, error, &mut row);
        row.push('"');
    }
    if !error.kind.is_empty() {
        let _ = write!(row, r#","type":"{}""#, error.kind);
    }
    let _ = write!(
        row,
        r#","handling":"{}","source_type":"browser"}}"#,
        error.handling
    );
    end(walk, view, Kind::Error, at_us, row, evidence);
}

/// Stack lines in the SDK's normal form, `\n  at function @ url:line:column`, already escaped.
fn write_frames(walk: &Walk<'_>, error: &ErrorKind, row: &mut String) {
    for (function, path, line, column) in error.frames {
        row.push_str("\\n  at ");
        push_escaped(row, function);
        if path.is_empty() {
            row.push_str(" @ <anonymous>");
        } else {
            let _ = write!(
                row,
                " @ {}{}:{line}:{column}",
                walk.site.cdn,
                path.replace("{build}", &walk.build)
            );
        }
    }
}

fn begin(
    walk: &Walk<'_>,
    view: usize,
    kind: &str,
    drift: i64,
    internal: &str,
    at_us: i64,
    details: Details<'_>,
) -> String {
    let session = &walk.session;
    let mut row = session.voice.open(kind, drift, internal);
    let foreground = if matches!(kind, "action" | "error") {
        r#""in_foreground":true,"#
    } else {
        ""
    };
    let label = format!("{{{foreground}{}}}", session.views[view].label);
    session.voice.identify(
        &mut row,
        client_ms(at_us, &session.visitor),
        &label,
        details,
    );
    row
}

fn end(
    walk: &mut Walk<'_>,
    view: usize,
    kind: Kind,
    ready_us: i64,
    mut row: String,
    evidence: Evidence,
) {
    walk.session.voice.close(&mut row);
    push(walk, view, kind, ready_us, row, evidence);
}

/// Hands the row over; what would be ready only after the view's end never leaves the browser, as in life.
pub(crate) fn push(
    walk: &mut Walk<'_>,
    view: usize,
    kind: Kind,
    ready_us: i64,
    text: String,
    evidence: Evidence,
) {
    let end_us = walk.session.views[view].end_us;
    if ready_us < end_us {
        walk.session.rows.push(Row {
            ready_us,
            view,
            kind,
            text,
            evidence,
        });
    }
}

/// The wall clock wanders a millisecond against the monotonic one.
pub(crate) fn drift(random: &mut Random) -> i64 {
    *random.pick(&[-1, 0, 0, 0, 0, 1])
}

#[expect(
    clippy::cast_precision_loss,
    reason = "durations within a visit are below 2^53"
)]
pub(crate) fn micros(value: i64) -> f64 {
    value as f64
}
