//! What the benchmark prints and keeps under `bench/results/`.

use std::fmt::Write;
use std::path::Path;

use serde_json::json;

use crate::load::Baseline;

/// Rows and bytes of one table.
pub(crate) struct TableSize {
    pub(crate) table: &'static str,
    pub(crate) rows: i64,
    pub(crate) parquet_bytes: u64,
    pub(crate) keys_bytes: u64,
}

/// Everything one run measured.
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) events: i64,
    pub(crate) seconds: f64,
    pub(crate) cpu: f64,
    pub(crate) rss_mb: f64,
    pub(crate) peak_mb: f64,
    /// Sorted.
    pub(crate) latencies_us: Vec<u64>,
    pub(crate) tables: Vec<TableSize>,
    pub(crate) baseline: Baseline,
    pub(crate) kills: testkit::crash::Report,
}

impl Report {
    fn quantile_ms(&self, quantile: f64) -> f64 {
        let last = self.latencies_us.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a quantile of a count is within the count"
        )]
        let index = (last as f64 * quantile) as usize;
        self.latencies_us
            .get(index)
            .map_or(f64::NAN, |us| *us as f64 / 1000.0)
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let per_second = self.events as f64 / self.seconds;
        let baseline_per_second = self.baseline.events as f64 / self.baseline.seconds;
        let per_million = self.cpu / self.events as f64 * 1e6;
        let baseline_per_million = self.baseline.cpu_seconds / self.baseline.events as f64 * 1e6;
        let _ = writeln!(
            text,
            "                          footfall    baseline       ratio"
        );
        let mut row = |name: &str, value: f64, baseline: f64| {
            let _ = writeln!(
                text,
                "{name:<22} {value:>11.1} {baseline:>11.1} {:>11.2}",
                value / baseline
            );
        };
        row("events/s", per_second, baseline_per_second);
        row("core-s per M events", per_million, baseline_per_million);
        let bytes: u64 = self.tables.iter().map(|table| table.parquet_bytes).sum();
        let rows: i64 = self.tables.iter().map(|table| table.rows).sum();
        row(
            "bytes per event",
            bytes as f64 / rows as f64,
            self.baseline.bytes as f64 / self.baseline.events as f64,
        );
        let _ = writeln!(
            text,
            "acknowledgement        p50 {:.2} ms   p99 {:.2} ms",
            self.quantile_ms(0.5),
            self.quantile_ms(0.99)
        );
        let _ = writeln!(
            text,
            "memory                 {:.0} MB after the load, {:.0} MB at its peak",
            self.rss_mb, self.peak_mb
        );
        for table in &self.tables {
            let per_row = |bytes: u64| bytes as f64 / table.rows as f64;
            let _ = writeln!(
                text,
                "  {:<12} {:>9} rows {:>8.1} B/row parquet {:>6.1} B/row keys",
                table.table,
                table.rows,
                per_row(table.parquet_bytes),
                per_row(table.keys_bytes)
            );
        }
        let _ = write!(
            text,
            "kill -9                {} rounds, {} acknowledged events, each there once; answering ≤ {:.2} s, ready ≤ {:.2} s",
            self.kills.rounds,
            self.kills.acknowledged_events,
            self.kills.slowest_answering.as_secs_f64(),
            self.kills.slowest_ready.as_secs_f64()
        );
        text
    }

    pub(crate) fn save(&self) {
        let tables: Vec<_> = self
            .tables
            .iter()
            .map(|table| json!({ "table": table.table, "rows": table.rows, "parquet_bytes": table.parquet_bytes, "keys_bytes": table.keys_bytes }))
            .collect();
        let result = json!({
            "seed": self.seed, "events": self.events, "seconds": self.seconds, "cpu_seconds": self.cpu, "rss_mb": self.rss_mb, "peak_mb": self.peak_mb,
            "ack_p50_ms": self.quantile_ms(0.5), "ack_p99_ms": self.quantile_ms(0.99), "tables": tables,
            "baseline": { "events": self.baseline.events, "seconds": self.baseline.seconds, "cpu_seconds": self.baseline.cpu_seconds, "bytes": self.baseline.bytes },
            "kills": { "rounds": self.kills.rounds, "acknowledged_events": self.kills.acknowledged_events,
                "slowest_answering_s": self.kills.slowest_answering.as_secs_f64(), "slowest_ready_s": self.kills.slowest_ready.as_secs_f64() },
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
