//! Rows batch by batch: all of them, within the same bounds on what may be asked, until the reader leaves.

use query::render::{ExportFormat, ExportWriter};
use query::{Engine, Error, Limits, Options, RowStream, Scope};

use crate::ground::{Ground, ground, request, short};

/// More batches than wait for a reader.
const LONG: &str = "SELECT value FROM generate_series(1, 100000000)";

async fn stream(engine: &Engine, ground: &Ground, sql: &str) -> Result<RowStream, Error> {
    let limits = Limits {
        rows_default: 10,
        rows_max: 10,
        answer_bytes_max: 1,
        ..Limits::default()
    };
    let scope = Scope::workspace();
    let snapshot = ground.store.snapshot();
    engine.stream(request(sql), &scope, &limits, snapshot).await
}

async fn rows(mut stream: RowStream) -> Result<usize, Error> {
    let mut rows = 0;
    while let Some(batch) = stream.next().await? {
        rows += batch.num_rows();
    }
    Ok(rows)
}

async fn refused(sql: &str) -> Error {
    let ground = ground().await;
    match stream(&ground.engine, &ground, sql).await {
        Err(error) => error,
        Ok(_) => panic!("{sql} was started"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_given_whatever_the_limits_of_answers() {
    let ground = ground().await;
    let all = stream(&ground.engine, &ground, "SELECT * FROM view").await;
    assert_eq!(rows(all.unwrap()).await.unwrap(), ground.views.len());
    let scope = Scope {
        app_ids: Some(vec!["blog".to_owned()]),
    };
    let blog = ground.views.iter().filter(|view| view.app == "blog");
    let (limits, snapshot) = (Limits::default(), ground.store.snapshot());
    let of_blog = ground
        .engine
        .stream(request("SELECT * FROM view"), &scope, &limits, snapshot)
        .await;
    assert_eq!(rows(of_blog.unwrap()).await.unwrap(), blog.count());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_query_may_not_ask_a_stream_may_not_either() {
    for sql in [
        "SELECT * FROM read_parquet('/etc/passwd')",
        "COPY view TO '/tmp/x'",
        "SELECT * FROM information_schema.tables",
        "SHOW TABLES",
        "DESCRIBE view",
    ] {
        let error = refused(sql).await;
        assert!(
            matches!(error, Error::NotAllowed { .. } | Error::UnknownTable { .. }),
            "{sql}: {error:?}"
        );
    }
    let error = refused("SELECT vew_id FROM view").await;
    assert!(
        matches!(&error, Error::UnknownColumn { nearest: Some(name), .. } if name == "view_id"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_under_way_is_an_error_and_no_end() {
    let ground = ground().await;
    // The last row divides by zero.
    let sql = "SELECT 1 / (100000 - value) FROM generate_series(1, 100000)";
    let failing = stream(&ground.engine, &ground, sql).await.unwrap();
    let error = rows(failing).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
}

fn engine() -> Engine {
    Engine::new(Options {
        concurrency: 4,
        ..Options::default()
    })
    .unwrap()
}

async fn wait_for_running(engine: &Engine, running: usize) {
    while engine.gauges().running != running {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_take_half_of_the_places_and_give_them_back_when_dropped() {
    let (ground, engine) = (ground().await, engine());
    let first = stream(&engine, &ground, LONG).await.unwrap();
    let second = stream(&engine, &ground, LONG).await.unwrap();
    assert_eq!(engine.gauges().running, 2, "nobody reads, so both wait");
    let third = stream(&engine, &ground, LONG).await;
    assert!(matches!(third, Err(Error::TooBusy { .. })));
    let (limits, snapshot) = (Limits::default(), ground.store.snapshot());
    let answer = engine.run(request("SELECT 1"), &Scope::workspace(), &limits, snapshot);
    assert_eq!(answer.await.unwrap().rows(), 1, "answers go on");
    drop((first, second));
    wait_for_running(&engine, 0).await;
    let again = stream(&engine, &ground, LONG).await;
    assert!(again.unwrap().next().await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_nobody_takes_end_the_query_with_an_error() {
    let (ground, engine) = (ground().await, engine());
    let limits = short(Limits::default(), 200);
    let (scope, snapshot) = (Scope::workspace(), ground.store.snapshot());
    let started = engine.stream(request(LONG), &scope, &limits, snapshot);
    let stalled = started.await.unwrap();
    wait_for_running(&engine, 0).await;
    let error = rows(stalled).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_has_every_row_once() {
    let ground = ground().await;
    let sql =
        "SELECT view_id, cumulative_layout_shift, largest_contentful_paint, attributes FROM view";
    for format in ExportFormat::ALL {
        let mut rows = stream(&ground.engine, &ground, sql).await.unwrap();
        let writer = ExportWriter::new(format, &rows.schema, rows.columns.clone());
        let (mut writer, mut file) = (writer.unwrap(), Vec::new());
        while let Some(batch) = rows.next().await.unwrap() {
            file.extend(writer.write(&batch).unwrap());
        }
        file.extend(writer.finish().unwrap());
        let ids = ground.views.iter().map(|view| view.id.clone());
        let mut found = ids_of(format, &file);
        found.sort();
        assert_eq!(found, ids.collect::<Vec<_>>(), "{format:?}");
    }
}

fn ids_of(format: ExportFormat, file: &[u8]) -> Vec<String> {
    match format {
        ExportFormat::Parquet => {
            use arrow::array::AsArray;
            use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

            let file = bytes::Bytes::copy_from_slice(file);
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            let batches = reader.build().unwrap().map(Result::unwrap);
            let ids = |batch: arrow::array::RecordBatch| {
                let ids = batch.column(0).as_string_view().iter();
                ids.map(|id| id.unwrap().to_owned()).collect::<Vec<_>>()
            };
            batches.flat_map(ids).collect()
        }
        ExportFormat::Csv => {
            let text = std::str::from_utf8(file).unwrap();
            let (head, rows) = text.split_once("\r\n").unwrap();
            assert!(head.starts_with("view_id,cumulative_layout_shift,"));
            let first = |line: &str| line.split(',').next().unwrap().to_owned();
            rows.lines().map(first).collect()
        }
        ExportFormat::Ndjson => {
            let text = std::str::from_utf8(file).unwrap();
            let id = |line: &str| {
                let row: serde_json::Value = serde_json::from_str(line).unwrap();
                row["view_id"].as_str().unwrap().to_owned()
            };
            text.lines().map(id).collect()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_rows_still_names_its_columns() {
    let ground = ground().await;
    let sql = "SELECT view_id, view_name FROM view WHERE false";
    let rows = stream(&ground.engine, &ground, sql).await.unwrap();
    let writer = |format| ExportWriter::new(format, &rows.schema, rows.columns.clone()).unwrap();
    let finished = |format| writer(format).finish().unwrap();
    assert_eq!(finished(ExportFormat::Csv), b"view_id,view_name\r\n");
    assert_eq!(finished(ExportFormat::Ndjson), b"");
    let parquet = bytes::Bytes::from(finished(ExportFormat::Parquet));
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(parquet).unwrap();
    assert_eq!(reader.schema().fields().len(), 2);
}

async fn rows_of(engine: &Engine, ground: &Ground, sql: &str) -> Result<RowStream, Error> {
    let (limits, snapshot) = (Limits::default(), ground.store.snapshot());
    let scope = Scope::workspace();
    engine.rows(request(sql), &scope, &limits, snapshot).await
}

#[tokio::test(flavor = "multi_thread")]
async fn few_rows_are_a_query_like_others_and_many_become_a_stream() {
    let (ground, engine) = (ground().await, engine());
    let unread = rows_of(&engine, &ground, "SELECT view_id FROM view").await;
    wait_for_running(&engine, 0).await;
    assert_eq!(rows(unread.unwrap()).await.unwrap(), ground.views.len());
    let described = rows_of(&engine, &ground, "DESCRIBE view").await;
    assert!(rows(described.unwrap()).await.unwrap() > 50);

    let first = rows_of(&engine, &ground, LONG).await.unwrap();
    let second = rows_of(&engine, &ground, LONG).await.unwrap();
    assert_eq!(engine.gauges().running, 2, "nobody reads, so both wait");
    let third = rows_of(&engine, &ground, LONG).await;
    assert!(matches!(third, Err(Error::TooBusy { .. })));
    let small = rows_of(&engine, &ground, "SELECT 1").await;
    assert_eq!(rows(small.unwrap()).await.unwrap(), 1, "answers go on");
    drop((first, second));
    wait_for_running(&engine, 0).await;
    let counted = rows_of(
        &engine,
        &ground,
        "SELECT value FROM generate_series(1, 3000000)",
    );
    assert_eq!(rows(counted.await.unwrap()).await.unwrap(), 3_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_gives_its_first_row_too_late_is_ended() {
    let (ground, engine) = (ground().await, engine());
    let limits = short(Limits::default(), 200);
    let sql = "SELECT count(*) FROM generate_series(1, 100000000000)";
    let (scope, snapshot) = (Scope::workspace(), ground.store.snapshot());
    let late = engine.rows(request(sql), &scope, &limits, snapshot).await;
    assert!(matches!(late, Err(Error::Timeout { .. })));
    wait_for_running(&engine, 0).await;
}
