//! What the benchmark prints and keeps under `bench/results/`.

use std::fmt::Write;
use std::path::Path;

use serde_json::json;

use crate::baseline::Baseline;
use crate::ingest::Outcome;

/// Everything one run measured.
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) baseline: Baseline,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) queries: Option<crate::queries::Outcome>,
    pub(crate) kills: Option<testkit::crash::Report>,
}

impl Report {
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let baseline = &self.baseline;
        let _ = writeln!(
            text,
            "load       events/s   core-s/M   of baseline   ack p50   ack p99   peak MB   refused"
        );
        let _ = writeln!(
            text,
            "baseline {:>10.0} {:>10.1} {:>13.2}",
            baseline.events as f64 / baseline.seconds,
            baseline.core_seconds_per_million(),
            1.0
        );
        for outcome in &self.outcomes {
            let per_million = outcome.core_seconds_per_million();
            let _ = writeln!(
                text,
                "{:<8} {:>10.0} {per_million:>10.1} {:>13.2} {:>7.2}ms {:>7.2}ms {:>9.0} {:>9}",
                outcome.load.name,
                outcome.events_per_second(),
                per_million / baseline.core_seconds_per_million(),
                outcome.sent.quantile_ms(0.5),
                outcome.sent.quantile_ms(0.99),
                outcome.peak_mb,
                outcome.sent.refused.len(),
            );
        }
        if let Some(outcome) = self.outcomes.first() {
            self.sizes(&mut text, outcome);
        }
        if let Some(queries) = &self.queries {
            text += &queries.text();
        }
        if let Some(kills) = &self.kills {
            let _ = write!(
                text,
                "kill -9: {} rounds, {} acknowledged events, each there once; answering ≤ {:.2} s, ready ≤ {:.2} s",
                kills.rounds,
                kills.acknowledged_events,
                kills.slowest_answering.as_secs_f64(),
                kills.slowest_ready.as_secs_f64()
            );
        }
        text
    }

    fn sizes(&self, text: &mut String, outcome: &Outcome) {
        let (mut bytes, mut rows) = (0, 0);
        for table in &outcome.tables {
            let per_row = |bytes: u64| bytes as f64 / table.rows as f64;
            bytes += table.parquet_bytes + table.keys_bytes;
            rows += table.rows;
            let _ = writeln!(
                text,
                "  {:<10} {:>10} rows {:>8.1} B/row parquet {:>6.1} B/row keys",
                table.table,
                table.rows,
                per_row(table.parquet_bytes),
                per_row(table.keys_bytes)
            );
        }
        let _ = writeln!(
            text,
            "  all {:.1} B/row with keys; events of {:.0} B as sent",
            bytes as f64 / rows as f64,
            outcome.event_bytes
        );
    }

    pub(crate) fn save(&self) {
        let result = json!({
            "seed": self.seed,
            "loads": self.outcomes.iter().map(Outcome::json).collect::<Vec<_>>(),
            "baseline": { "events": self.baseline.events, "seconds": self.baseline.seconds,
                "cpu_seconds": self.baseline.cpu_seconds, "bytes": self.baseline.bytes },
            "queries": self.queries.as_ref().map(crate::queries::Outcome::json),
            "kills": self.kills.as_ref().map(|kills| json!({ "rounds": kills.rounds, "acknowledged_events": kills.acknowledged_events,
                "slowest_answering_s": kills.slowest_answering.as_secs_f64(), "slowest_ready_s": kills.slowest_ready.as_secs_f64() })),
        });
        let day = chrono::Utc::now().format("%Y-%m-%d");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("results/{day}.json"));
        let text = serde_json::to_string_pretty(&result).expect("numbers have a JSON form");
        if let Err(error) = std::fs::create_dir_all(path.with_file_name(""))
            .and_then(|()| std::fs::write(&path, text + "\n"))
        {
            eprintln!("could not keep the result in {}: {error}", path.display());
        }
    }
}
