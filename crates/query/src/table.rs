//! The tables of a query: hot rows and segments as one, restricted and stripped before anything else sees them.
//!
//! Each table is a view over its source, made for one query: scope and time range as a filter, then the visible columns in the
//! order of the dictionary, computed ones among them. The source itself has no name in the catalog. Filters, the restriction
//! too, are pushed down by DataFusion, so that one way of pruning serves both.
//!
//! `error.issue_id` and `error.error_stack_source` are NULL until issues and symbol files exist: the side tables they are read
//! from are not there yet.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ColumnStatistics, Result, Statistics, stats::Precision};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetRowSelection,
};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::{TableType, provider_as_source};
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, Operator, TableProviderFilterPushDown, lit,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::scalar::ScalarValue;
use schema::arrow::{data_type, stored_schema};
use schema::{Kind, TableId};
use store::{SegmentView, Snapshot, TableSnapshot};

use crate::context::objects_url;
use crate::prune::needed;
use crate::range::Sorted;
use crate::resident::Resident;
use crate::{Request, Scope};

const MINUTE_US: i64 = 60_000_000;
/// A session is active while its last row is younger than this.
const ACTIVE_IDLE_US: i64 = 15 * MINUTE_US;
/// A session is active while its begin is younger than this.
const ACTIVE_AGE_US: i64 = 240 * MINUTE_US;
/// Columns of a scan from which on it pays to decode a filter's columns first. Measured: 16 × for `SELECT *` with a text filter,
/// 0.6 × for a few columns under an unselective one.
const WIDE_COLUMNS: usize = 16;
/// Read at once from a segment's end: most footers with their page index fit.
const FOOTER_BYTES: usize = 64 << 10;

/// Tables of the figures that every screen begins with: small beside the others, and asked for again and again.
const RESIDENT: [TableId; 3] = [TableId::View, TableId::Session, TableId::Error];
/// A scan of more columns is of a list of few rows.
const RESIDENT_COLUMNS_MAX: usize = 40;

/// What all queries share of the segments.
#[derive(Clone)]
pub(crate) struct Caches {
    pub(crate) metadata: Arc<FileMetadataCache>,
    pub(crate) resident: Arc<Resident>,
}

impl fmt::Debug for Caches {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Caches").finish_non_exhaustive()
    }
}

/// Which rows of the tables exist for a query.
#[derive(Clone, Debug)]
pub(crate) struct Restriction {
    pub(crate) app_ids: Option<Vec<String>>,
    pub(crate) from_us: Option<i64>,
    pub(crate) to_us: Option<i64>,
    pub(crate) now_us: i64,
}

impl Restriction {
    pub(crate) fn new(request: &Request, scope: &Scope) -> Self {
        Self {
            app_ids: scope.app_ids.clone(),
            from_us: request.from_us,
            to_us: request.to_us,
            now_us: request.now_us,
        }
    }

    fn filters(&self) -> Vec<Expr> {
        let scope = self.app_ids.as_ref().map(|ids| match ids.as_slice() {
            [] => lit(false),
            ids => column("app_id").in_list(
                ids.iter()
                    .map(|id| lit(ScalarValue::Utf8View(Some(id.clone()))))
                    .collect(),
                false,
            ),
        });
        let from = self.from_us.map(|from| column("time").gt_eq(time(from)));
        let to = self.to_us.map(|to| column("time").lt(time(to)));
        [scope, from, to].into_iter().flatten().collect()
    }
}

/// A table as a query sees it.
pub(crate) fn visible(
    id: TableId,
    snapshot: &Snapshot,
    caches: &Caches,
    restriction: &Restriction,
) -> Result<LogicalPlan> {
    let rows = snapshot.table(id).clone();
    let source = Source {
        table: id,
        schema: stored_schema(id),
        rows,
        snapshot: snapshot.clone(),
        caches: caches.clone(),
    };
    let mut plan = LogicalPlanBuilder::scan(id.name(), provider_as_source(Arc::new(source)), None)?;
    for filter in restriction.filters() {
        plan = plan.filter(filter)?;
    }
    let columns = id.table().columns().iter().filter(|column| !column.hidden);
    plan.project(columns.map(|declared| match declared.computed {
        true => computed(declared, restriction.now_us),
        false => column(declared.name),
    }))?
    .build()
}

fn computed(declared: &schema::Column, now_us: i64) -> Expr {
    let value = match declared.name {
        "session_is_active" => {
            let is_recent = column("session_end").gt(time(now_us.saturating_sub(ACTIVE_IDLE_US)));
            let is_young = column("session_start").gt(time(now_us.saturating_sub(ACTIVE_AGE_US)));
            column("_ended")
                .is_not_true()
                .and(is_recent)
                .and(is_young)
                .is_true()
        }
        _ => lit(ScalarValue::try_from(data_type(declared.kind)).unwrap_or(ScalarValue::Null)),
    };
    value.alias(declared.name)
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

fn time(us: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(
        Some(us),
        Some("UTC".into()),
    ))
}

/// Hot rows and segments of one table, hidden columns and all.
#[derive(Debug)]
struct Source {
    table: TableId,
    schema: SchemaRef,
    rows: TableSnapshot,
    /// Held so that the segments' files stay.
    snapshot: Snapshot,
    caches: Caches,
}

#[async_trait]
impl TableProvider for Source {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let segments = needed(&self.rows.segments, &self.schema, filters, state)?;
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if let Some(columns) = self.resident_columns(&segments, projection) {
            let (caches, sorted) = (&self.caches, Sorted::of(filters));
            let batches = caches
                .resident
                .batches(&self.snapshot, &segments, &self.schema, columns, &sorted)
                .await?;
            let partitions = dealt_out(batches, state.config().target_partitions());
            let schema = Arc::new(self.schema.project(columns)?);
            let source = MemorySourceConfig::try_new(&partitions, schema, None)?;
            inputs.push(Arc::new(DataSourceExec::new(Arc::new(
                source.with_limit(limit),
            ))));
        } else if !segments.is_empty() {
            let is_pushed = self.pays_pushdown(projection, filters);
            let partitions = state.config().target_partitions();
            inputs.push(self.scan_segments(&segments, partitions, projection, is_pushed, limit)?);
        }
        if !self.rows.batches.is_empty() {
            let partitions = [self.rows.batches.clone()];
            let source = MemorySourceConfig::try_new(
                &partitions,
                Arc::clone(&self.schema),
                projection.cloned(),
            )?;
            inputs.push(Arc::new(DataSourceExec::new(Arc::new(
                source.with_limit(limit),
            ))));
        }
        match inputs.len() {
            0 => {
                let schema = projection.map_or_else(
                    || Ok(Arc::clone(&self.schema)),
                    |columns| self.schema.project(columns).map(Arc::new),
                )?;
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            1 => Ok(inputs.remove(0)),
            _ => UnionExec::try_new(inputs),
        }
    }
}

impl Source {
    /// The columns to take from memory, if the scan is worth it.
    fn resident_columns<'a>(
        &self,
        segments: &[&SegmentView],
        projection: Option<&'a Vec<usize>>,
    ) -> Option<&'a [usize]> {
        let columns = projection?;
        let rows: u64 = segments
            .iter()
            .map(|view| u64::from(view.segment.rows))
            .sum();
        let values = rows * (columns.len() as u64 + 2);
        let is_small = !segments.is_empty()
            && columns.len() <= RESIDENT_COLUMNS_MAX
            && self.caches.resident.has_room_for(values);
        (RESIDENT.contains(&self.table) && is_small).then_some(columns)
    }

    fn scan_segments(
        &self,
        segments: &[&SegmentView],
        partitions: usize,
        projection: Option<&Vec<usize>>,
        is_pushed: bool,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let objects = Arc::clone(&self.snapshot.objects);
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(
                objects,
                Arc::clone(&self.caches.metadata),
            )))
            .with_metadata_size_hint(FOOTER_BYTES)
            .with_enable_page_index(true)
            .with_bloom_filter_on_read(false)
            .with_pushdown_filters(is_pushed)
            .with_reorder_filters(is_pushed);
        let scan = FileScanConfigBuilder::new(objects_url(), Arc::new(source))
            .with_file_groups(self.groups(segments, partitions))
            .with_statistics(self.statistics(segments))
            .with_limit(limit)
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }

    /// Segments dealt out so that each partition reads about as many bytes; newest first, because a sort by time descending
    /// with a limit can then skip the older ones.
    fn groups(&self, segments: &[&SegmentView], partitions: usize) -> Vec<FileGroup> {
        let mut ordered: Vec<&&SegmentView> = segments.iter().collect();
        ordered.sort_by_key(|view| std::cmp::Reverse(view.segment.max_time_us));
        let mut groups: Vec<(u64, Vec<PartitionedFile>)> =
            vec![(0, Vec::new()); partitions.clamp(1, ordered.len().max(1))];
        for view in ordered {
            let (bytes, files) = groups
                .iter_mut()
                .min_by_key(|(bytes, _)| *bytes)
                .expect("there is at least one group");
            *bytes += view.segment.size_bytes;
            files.push(self.file(view));
        }
        groups
            .into_iter()
            .map(|(_, files)| FileGroup::new(files))
            .collect()
    }

    fn file(&self, view: &SegmentView) -> PartitionedFile {
        let segment = &view.segment;
        let file = PartitionedFile::new(segment.path.clone(), segment.size_bytes)
            .with_statistics(Arc::new(self.statistics(&[view])));
        match view.selection() {
            Some(selection) => file.with_extension(ParquetRowSelection::new(selection)),
            None => file,
        }
    }

    /// Rows and range of `time`; inexact, because the rows of a delete vector are among them.
    fn statistics(&self, segments: &[&SegmentView]) -> Statistics {
        let rows: u64 = segments.iter().map(|view| view.rows()).sum();
        let bytes: u64 = segments.iter().map(|view| view.segment.size_bytes).sum();
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Inexact(usize::try_from(rows).unwrap_or(usize::MAX));
        statistics.total_byte_size =
            Precision::Inexact(usize::try_from(bytes).unwrap_or(usize::MAX));
        let earliest = segments.iter().map(|view| view.segment.min_time_us).min();
        let latest = segments.iter().map(|view| view.segment.max_time_us).max();
        if let (Ok(index), Some(earliest), Some(latest)) =
            (self.schema.index_of("time"), earliest, latest)
        {
            let value = |us| {
                Precision::Inexact(ScalarValue::TimestampMicrosecond(
                    Some(us),
                    Some("UTC".into()),
                ))
            };
            statistics.column_statistics[index] = ColumnStatistics {
                min_value: value(earliest),
                max_value: value(latest),
                ..ColumnStatistics::new_unknown()
            };
        }
        statistics
    }

    /// Whether filters are evaluated while decoding, their columns first.
    ///
    /// Each measured gain (2 to 16 ×) was with a filter that keeps few rows or spares many columns, and the one loss (0.6 ×)
    /// with neither; DataFusion knows neither before it runs, so the form of the filter has to tell.
    fn pays_pushdown(&self, projection: Option<&Vec<usize>>, filters: &[Expr]) -> bool {
        let columns = projection.map_or(self.schema.fields().len(), Vec::len);
        let mut others = filters
            .iter()
            .filter(|filter| !is_of_range(filter))
            .peekable();
        (columns >= WIDE_COLUMNS && others.peek().is_some())
            || others.any(|filter| self.is_selective(filter))
    }

    /// A search in text, or an id: the kinds of filter that keep few rows.
    fn is_selective(&self, filter: &Expr) -> bool {
        let mut is_selective = false;
        let _ = filter.apply(|part| {
            // A negation keeps most rows, whatever it negates.
            if matches!(part, Expr::Not(_) | Expr::IsNotTrue(_)) {
                return Ok(TreeNodeRecursion::Jump);
            }
            is_selective |= match part {
                Expr::Like(_) | Expr::SimilarTo(_) | Expr::ScalarFunction(_) => true,
                Expr::BinaryExpr(binary) => match binary.op {
                    Operator::Eq => self.is_text(&binary.left) || self.is_text(&binary.right),
                    Operator::RegexMatch
                    | Operator::RegexIMatch
                    | Operator::LikeMatch
                    | Operator::ILikeMatch => true,
                    _ => false,
                },
                Expr::InList(list) => !list.negated && self.is_text(&list.expr),
                _ => false,
            };
            Ok(if is_selective {
                TreeNodeRecursion::Stop
            } else {
                TreeNodeRecursion::Continue
            })
        });
        is_selective
    }

    fn is_text(&self, expr: &Expr) -> bool {
        let Expr::Column(column) = expr else {
            return false;
        };
        let table = self.table.table();
        table
            .by_name(&column.name)
            .is_some_and(|id| table.column(id).kind == Kind::Text)
    }
}

/// Shares batches out over partitions.
fn dealt_out(batches: Vec<RecordBatch>, partitions: usize) -> Vec<Vec<RecordBatch>> {
    let count = partitions.clamp(1, batches.len().max(1));
    let mut parts = vec![Vec::new(); count];
    for (index, batch) in batches.into_iter().enumerate() {
        parts[index % count].push(batch);
    }
    parts
}

/// A filter of application and time only: segments are sorted by these, so pages are skipped already.
fn is_of_range(filter: &Expr) -> bool {
    filter
        .column_refs()
        .iter()
        .all(|column| matches!(column.name.as_str(), "time" | "app_id"))
}
