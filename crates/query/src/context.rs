//! The DataFusion state of a query: functions, settings, memory, the one object store, and a catalog of nothing but its tables.

use std::sync::Arc;

use chrono::DateTime;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider,
};
use datafusion::common::{Result, exec_err};
use datafusion::config::Dialect;
use datafusion::datasource::ViewTable;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::cache::cache_manager::CacheManagerConfig;
use datafusion::execution::disk_manager::{DiskManager, DiskManagerMode};
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::prelude::SessionConfig;
use object_store::ObjectStore;
use url::Url;

use crate::attributes;
use crate::catalog::{self, PostgresClient};
use crate::distinct::{self, CountHashes};
use crate::functions::is_denied;
use crate::memory::QueryPool;
use crate::names::Read;
use crate::sketch;
use crate::table::{self, Caches, Restriction};

const CATALOG: &str = "footfall";
const SCHEMA: &str = "public";
const OBJECTS: &str = "footfall://segments";

/// Where segments lie, as scans name it.
pub(crate) fn objects_url() -> ObjectStoreUrl {
    ObjectStoreUrl::parse(OBJECTS).expect("the constant is a URL without a path")
}

/// The state that all queries are made from: everything but tables, memory and objects.
pub(crate) fn template(target_partitions: usize) -> SessionState {
    let mut planners: Vec<Arc<dyn ExprPlanner>> = vec![Arc::new(attributes::ArrowPlanner)];
    planners.extend(SessionStateDefaults::default_expr_planners());
    let scalar = SessionStateDefaults::default_scalar_functions()
        .into_iter()
        .filter(|udf| !is_denied(udf.name()));
    let scalar = scalar.chain(attributes::functions()).collect();
    let percentile = sketch::percentile();
    let mut aggregates = SessionStateDefaults::default_aggregate_functions();
    aggregates.retain(|udf| udf.name() != percentile.name());
    aggregates.push(percentile);
    SessionStateBuilder::new()
        .with_config(config(target_partitions))
        .with_expr_planners(planners)
        .with_analyzer_rule(Arc::new(CountHashes))
        .with_scalar_functions(scalar)
        .with_higher_order_functions(SessionStateDefaults::default_higher_order_functions())
        .with_aggregate_functions(aggregates)
        .with_window_functions(SessionStateDefaults::default_window_functions())
        .with_table_function_list(SessionStateDefaults::default_table_functions())
        .build()
}

fn config(target_partitions: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(target_partitions)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false);
    let options = config.options_mut();
    options.sql_parser.dialect = Dialect::PostgreSQL;
    options.execution.time_zone = Some("+00:00".into());
    // Segments are small; one of two row groups is worth two threads.
    options.optimizer.repartition_file_min_size = 1 << 20;
    config
}

/// What differs from query to query.
pub(crate) struct Context<'a> {
    pub(crate) template: &'a SessionState,
    pub(crate) memory: Arc<dyn MemoryPool>,
    pub(crate) memory_bytes: usize,
    pub(crate) caches: &'a Caches,
    pub(crate) snapshot: &'a store::Snapshot,
    pub(crate) read: &'a Read,
    pub(crate) postgres: Option<&'a PostgresClient>,
    pub(crate) is_summary: bool,
    pub(crate) restriction: &'a Restriction,
}

impl Context<'_> {
    /// The state for one query.
    pub(crate) fn state(&self) -> Result<SessionState> {
        let objects = OneStore(Arc::clone(&self.snapshot.objects));
        let caches = CacheManagerConfig::default()
            .with_file_metadata_cache(Some(Arc::clone(&self.caches.metadata)));
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(QueryPool::new(
                Arc::clone(&self.memory),
                self.memory_bytes,
            )))
            .with_disk_manager_builder(DiskManager::builder().with_mode(DiskManagerMode::Disabled))
            .with_object_store_registry(Arc::new(objects))
            .with_cache_manager(caches)
            .build_arc()?;
        let mut state = SessionStateBuilder::new_from_existing(self.template.clone())
            .with_runtime_env(runtime)
            .with_catalog_list(self.catalog()?)
            .build();
        let now = DateTime::from_timestamp_micros(self.restriction.now_us).unwrap_or_default();
        state.execution_props_mut().query_execution_start_time = Some(now);
        if self.postgres.is_some() {
            for function in catalog::functions::functions() {
                state.register_udf(Arc::new(function))?;
            }
        }
        if self.is_summary {
            state.register_udf(Arc::new(distinct::stable_hash()))?;
            state.register_udaf(Arc::new(sketch::sketch()))?;
        }
        Ok(state)
    }

    fn catalog(&self) -> Result<Arc<dyn CatalogProviderList>> {
        let schema = MemorySchemaProvider::new();
        for id in &self.read.tables {
            let plan = table::visible(*id, self.snapshot, self.caches, self.restriction)?;
            schema.register_table(id.name().to_owned(), Arc::new(ViewTable::new(plan, None)))?;
        }
        if let Some(client) = self.postgres {
            for name in &self.read.catalog {
                if let Some(rows) = catalog::provider(name, client)? {
                    schema.register_table((*name).to_owned(), rows)?;
                }
            }
        }
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(SCHEMA, Arc::new(schema))?;
        let list = MemoryCatalogProviderList::new();
        list.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        Ok(Arc::new(list))
    }
}

/// A registry with the snapshot's object store and no other: not even the local file system.
#[derive(Debug)]
struct OneStore(Arc<dyn ObjectStore>);

impl ObjectStoreRegistry for OneStore {
    fn register_store(&self, _: &Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        if url.as_str().trim_end_matches('/') == OBJECTS {
            return Ok(Arc::clone(&self.0));
        }
        exec_err!("no object store but the segments' own can be reached")
    }
}
