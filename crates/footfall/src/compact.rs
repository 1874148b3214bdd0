//! `footfall compact`: what the background does bit by bit, done to its end on the folder of a stopped server. A clean stop does the
//! same as far as it gets in a few seconds; this has no such limit.

use anyhow::{Context, bail};
use meta::Meta;
use store::Store;

use crate::admin;
use crate::config::Config;
use crate::serve::{lock, now_us, store_options};

/// Runs the command.
///
/// # Errors
/// When a server uses the folder, or a file cannot be read or written.
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    runtime.block_on(compact(config))
}

#[expect(clippy::print_stdout, reason = "the summary is the command's answer")]
async fn compact(config: &Config) -> anyhow::Result<()> {
    let database = admin::database(config);
    if !database.exists() {
        bail!(
            "there is no server's data in {}: name its folder with --data-dir",
            config.data_dir.display()
        );
    }
    let _lock = lock(&config.data_dir)?;
    let meta = Meta::open(meta::Options::at(&database)).await?;
    let store = Store::open(store_options(config), meta.pool().clone()).await?;
    let before = store.gauges();
    store.compact(now_us()).await?;
    store.drop_dead_rows(now_us(), None).await?;
    store.delete_all_retired().await?;
    let after = store.gauges();
    println!(
        "{} segments became {}, {} dead rows are gone",
        before.segments,
        after.segments,
        before.dead_rows - after.dead_rows
    );
    meta.close().await;
    Ok(())
}
