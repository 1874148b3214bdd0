//! `footfall doctor`: looks a data folder over while no server uses it, and makes a lost catalog anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use meta::{Meta, Name, NewApplication, RetentionDays, Settings};
use schema::AppId;
use store::inspect::{Inspected, check_database, inspect};
use store::rebuild::{Rebuilt, rebuild};
use wal::{Item, Log, LogPosition, RealFs};

use crate::config::{self, Config};
use crate::{admin, serve};

/// The command.
pub(crate) fn command() -> Command {
    let rebuild = Arg::new("rebuild_catalog")
        .long("rebuild-catalog")
        .action(ArgAction::SetTrue)
        .help("Make the catalog anew from the segments, with the newest backup of meta.db if meta.db itself is damaged");
    let about =
        "Check a data folder that no server uses: log, catalog, segments, keys, orphan files";
    admin::with_place(Command::new("doctor").about(about)).arg(rebuild)
}

/// Runs the command; an error when something is lost.
///
/// # Errors
/// When a server uses the folder, or something in it is damaged.
pub(crate) fn run(flags: &ArgMatches) -> anyhow::Result<()> {
    let config = config::load(flags)?;
    if !config.data_dir.is_dir() {
        bail!("there is no data folder {}", config.data_dir.display());
    }
    let _lock = serve::lock(&config.data_dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    runtime.block_on(async {
        if flags.get_flag("rebuild_catalog") {
            rebuild_catalog(&config).await?;
        }
        check(&config).await
    })
}

/// What to do about a damaged database, for who cannot start.
pub(crate) fn advice(data_dir: &Path) -> String {
    let backup = newest_backup(data_dir).map_or_else(
        || "there is no backup of it".to_owned(),
        |path| format!("its newest backup is {}", path.display()),
    );
    format!(
        "the metadata database is damaged; {backup}. `footfall doctor --rebuild-catalog --data-dir {}` makes it work again: applications, \
         members and tokens from the backup, the catalog from the segments",
        data_dir.display()
    )
}

fn newest_backup(data_dir: &Path) -> Option<PathBuf> {
    store::backup::backups(data_dir).ok()?.into_iter().next()
}

async fn rebuild_catalog(config: &Config) -> anyhow::Result<()> {
    let database = admin::database(config);
    if let Err(why) = check_database(&database).await {
        say(&format!("metadata database: {why}"));
        replace_database(config, &database).await?;
    }
    let meta = Meta::open(meta::Options::at(&database))
        .await
        .context("could not open the metadata database")?;
    let dir = config.data_dir.canonicalize()?;
    let rebuilt = rebuild(&dir, meta.pool(), serve::now_us()).await?;
    print_rebuilt(&rebuilt);
    for app_id in &rebuilt.app_ids {
        adopt(&meta, app_id, config).await?;
    }
    meta.close().await;
    Ok(())
}

/// Puts the damaged database aside and the newest backup that is whole in its place, if there is one.
async fn replace_database(config: &Config, database: &Path) -> anyhow::Result<()> {
    let aside = config
        .data_dir
        .join(format!("lost/meta-{}.db", serve::now_us()));
    std::fs::create_dir_all(config.data_dir.join("lost"))?;
    for ending in ["", "-wal", "-shm"] {
        let with_ending = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
        if with_ending(database).exists() {
            std::fs::rename(with_ending(database), with_ending(&aside))?;
        }
    }
    say(&format!(
        "metadata database: put aside as {}",
        aside.display()
    ));
    for backup in store::backup::backups(&config.data_dir)? {
        match check_database(&backup).await {
            Ok(()) => {
                copy_durably(&backup, database)?;
                say(&format!(
                    "metadata database: taken from {}",
                    backup.display()
                ));
                return Ok(());
            }
            Err(why) => say(&format!("backup {}: {why}", backup.display())),
        }
    }
    say(
        "metadata database: no backup; applications are made anew from the segments, members, tokens and settings are lost",
    );
    Ok(())
}

fn copy_durably(from: &Path, to: &Path) -> anyhow::Result<()> {
    let aside = to.with_extension("new");
    std::fs::copy(from, &aside)?;
    std::fs::File::open(&aside)?.sync_all()?;
    std::fs::rename(&aside, to)?;
    std::fs::File::open(to.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

/// Makes an application that has rows but no entry: without one retention would delete its rows at once.
async fn adopt(meta: &Meta, app_id: &str, config: &Config) -> anyhow::Result<()> {
    let Ok(app_id) = AppId::parse(app_id) else {
        return Ok(());
    };
    if meta.directory().ids().any(|(known, _)| *known == app_id) {
        return Ok(());
    }
    let settings = Settings {
        retention: RetentionDays::parse(config.default_retention)?.into(),
        ..Settings::new(Name::from(&app_id))
    };
    let new = NewApplication {
        app_id: app_id.clone(),
        settings,
    };
    match meta.create_application(new).await {
        Ok(_) => say(&format!(
            "application {app_id}: made anew; it needs a new token"
        )),
        Err(error @ meta::Error::AppIdDeleted { .. }) => {
            say(&format!("application {app_id}: {error}"))
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn check(config: &Config) -> anyhow::Result<()> {
    let database = admin::database(config);
    if let Err(why) = check_database(&database).await {
        bail!("{} ({why})", advice(&config.data_dir));
    }
    say("metadata database: whole");
    let meta = Meta::open(meta::Options::at(&database))
        .await
        .context("could not open the metadata database")?;
    let dir = config.data_dir.canonicalize()?;
    let inspected = inspect(&dir, meta.pool()).await?;
    meta.close().await;
    print_inspected(&inspected);
    let damaged_ranges = check_log(config, inspected.log_position)?;
    match store::backup::backups(&config.data_dir)?.first() {
        Some(path) => say(&format!("newest backup: {}", path.display())),
        None => say("newest backup: none yet"),
    }
    if !inspected.is_whole() || damaged_ranges > 0 {
        bail!("something is lost, see above");
    }
    Ok(())
}

/// Opens the log as a start does, which mends its end, and reads it to its end.
fn check_log(config: &Config, flushed: u64) -> anyhow::Result<usize> {
    let options = wal::Options {
        position_min: LogPosition(flushed),
        ..wal::Options::new(config.data_dir.join("log"))
    };
    let (log, report) = Log::open(options, Arc::new(RealFs))?;
    let mut reader = log.reader(report.first);
    let (mut records, mut damaged) = (0_u64, 0);
    while let Some(item) = reader.next()? {
        match item {
            Item::Record { .. } => records += 1,
            Item::Skipped(skipped) => {
                damaged += 1;
                let (from, to) = (skipped.from.0, skipped.to.0);
                say(&format!(
                    "log: damaged from {from} to {to}: {}",
                    skipped.reason
                ));
            }
        }
    }
    let (files, bytes) = (report.files, log.size_bytes());
    say(&format!(
        "log: {files} files, {bytes} bytes, {records} records, {damaged} damaged ranges, {} bytes not in segments",
        log.unflushed_bytes(LogPosition(flushed))
    ));
    Ok(damaged)
}

fn print_inspected(inspected: &Inspected) {
    for (table, sizes) in &inspected.tables {
        say(&format!(
            "segments of {table}: {}, {} rows, {} dead rows, {} bytes, keys {} bytes",
            sizes.segments, sizes.rows, sizes.dead_rows, sizes.bytes, sizes.keys_bytes
        ));
    }
    for (path, why) in &inspected.damaged_segments {
        say(&format!("damaged segment {path}: {why}"));
    }
    for path in &inspected.damaged_keys {
        say(&format!(
            "damaged keys of {path}: the next start makes them anew"
        ));
    }
    say(&format!(
        "kept requests: {} packs, {} bytes",
        inspected.packs, inspected.pack_bytes
    ));
    for path in &inspected.missing_packs {
        say(&format!("missing pack {path}"));
    }
    for (path, bytes) in &inspected.orphans {
        say(&format!("removed orphan file {path}, {bytes} bytes"));
    }
}

fn print_rebuilt(rebuilt: &Rebuilt) {
    say(&format!(
        "catalog: made anew from {} segments, {} rows, {} of them dead; the log is read from {}",
        rebuilt.segments, rebuilt.rows, rebuilt.dead_rows, rebuilt.log_position
    ));
    if rebuilt.kept_requests > 0 {
        say(&format!(
            "kept requests: {} found in packs",
            rebuilt.kept_requests
        ));
    }
    for path in &rebuilt.incomplete {
        say(&format!(
            "removed {path}: of an interrupted flush, the log has its events"
        ));
    }
    for (path, why) in &rebuilt.damaged {
        say(&format!("damaged {path}: {why}; put into lost/"));
    }
}

#[expect(clippy::print_stdout, reason = "printing is what this command is for")]
fn say(line: &str) {
    println!("{line}");
}
