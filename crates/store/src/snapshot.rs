//! Snapshots: what a query sees, fixed at one moment.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use object_store::ObjectStore;
use parquet::arrow::arrow_reader::RowSelection;
use roaring::RoaringBitmap;
use schema::TableId;

use crate::catalog::Catalog;
use crate::hot::Hot;
use crate::reader::{Columns, Which, read, selection};
use crate::{Result, Segment, SegmentId, Store};

/// The state of all tables at one catalog version and log position. Its segments' files stay while it lives.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub catalog_version: u64,
    /// Every record of the log before this is visible.
    pub log_position: u64,
    pub objects: Arc<dyn ObjectStore>,
    tables: Vec<TableSnapshot>,
}

/// One table of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct TableSnapshot {
    /// Newest first.
    pub segments: Vec<SegmentView>,
    /// Rows that are not flushed, in the table's stored schema.
    pub batches: Vec<RecordBatch>,
}

/// A segment and the rows of it that are dead or replaced by hot rows.
#[derive(Clone, Debug)]
pub struct SegmentView {
    pub segment: Arc<Segment>,
    pub hidden: Option<Arc<RoaringBitmap>>,
}

impl SegmentView {
    /// The visible rows; nothing means all of them.
    #[must_use]
    pub fn selection(&self) -> Option<RowSelection> {
        self.hidden
            .as_ref()
            .map(|hidden| selection(hidden, self.segment.rows, false))
    }

    /// Number of visible rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        u64::from(self.segment.rows) - self.hidden.as_ref().map_or(0, |hidden| hidden.len())
    }
}

impl Snapshot {
    /// One table.
    #[must_use]
    pub fn table(&self, table: TableId) -> &TableSnapshot {
        &self.tables[table as usize - 1]
    }

    /// The same moment with only some segments of a table, with or without its rows in memory; other tables as they are.
    #[must_use]
    pub fn narrowed(
        &self,
        table: TableId,
        keep: impl Fn(&SegmentView) -> bool,
        has_hot_rows: bool,
    ) -> Self {
        let mut narrowed = self.clone();
        let rows = &mut narrowed.tables[table as usize - 1];
        rows.segments.retain(keep);
        if !has_hot_rows {
            rows.batches.clear();
        }
        narrowed
    }

    /// These columns of a table's visible rows, segment by segment, hot rows last. A batch lacks a column that is NULL in all of its
    /// segment.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub async fn read(
        &self,
        table: TableId,
        columns: &'static [&'static str],
    ) -> Result<Vec<RecordBatch>> {
        let shown = self.table(table);
        let mut batches = Vec::new();
        for view in &shown.segments {
            let which = view.hidden.as_deref().map_or(Which::All, Which::Without);
            let columns = Columns::named(columns);
            batches.extend(read(&self.objects, &view.segment, columns, which).await?);
        }
        batches.extend(shown.batches.iter().cloned());
        Ok(batches)
    }

    /// These columns of all rows of a segment, hidden ones too, in their order. A batch lacks a column that is NULL in all of them.
    ///
    /// # Errors
    /// When the segment cannot be read.
    pub async fn read_segment(
        &self,
        segment: &Segment,
        columns: Vec<&'static str>,
    ) -> Result<Vec<RecordBatch>> {
        read(&self.objects, segment, Columns::Named(columns), Which::All).await
    }
}

impl Store {
    /// The state of all tables now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut state = self.state();
        let catalog = Arc::clone(&state.catalog);
        let tables = TableId::ALL
            .into_iter()
            .map(|table| table_of(&catalog, &mut state.hot, table))
            .collect();
        Snapshot {
            catalog_version: catalog.version,
            log_position: state.hot.log_position,
            objects: Arc::clone(&self.files().objects),
            tables,
        }
    }
}

fn table_of(catalog: &Catalog, hot: &mut Hot, table: TableId) -> TableSnapshot {
    let batches = hot.batches(table);
    let mut replaced: HashMap<SegmentId, RoaringBitmap> = HashMap::new();
    for position in hot.hidden(table) {
        replaced
            .entry(position.segment)
            .or_default()
            .insert(position.row);
    }
    let view = |entry: &crate::catalog::Entry| {
        let hidden = match (replaced.remove(&entry.segment.id), &entry.dead) {
            (None, dead) => dead.clone(),
            (Some(replaced), None) => Some(Arc::new(replaced)),
            (Some(replaced), Some(dead)) => Some(Arc::new(replaced | &**dead)),
        };
        SegmentView {
            segment: Arc::clone(&entry.segment),
            hidden,
        }
    };
    let segments = catalog
        .of(table)
        .map(view)
        .filter(|view| view.rows() > 0)
        .collect();
    TableSnapshot { segments, batches }
}
