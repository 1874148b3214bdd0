use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use meta::{Error, Meta, Migration};

use crate::{Fixture, app_id, new_application, open};

#[tokio::test]
async fn the_file_and_its_journal_are_for_the_owner_only() {
    let fixture = Fixture::new().await;
    fixture.create("shop").await;
    for entry in std::fs::read_dir(fixture.folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.file_name()
        );
    }
}

#[tokio::test]
async fn a_loose_file_mode_is_tightened_on_opening() {
    let fixture = Fixture::new().await;
    fixture.meta.close().await;
    std::fs::set_permissions(fixture.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let _meta = open(&fixture.path(), &fixture.clock).await.unwrap();
    assert_eq!(
        std::fs::metadata(fixture.path())
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
}

#[tokio::test]
async fn every_connection_has_the_durable_settings() {
    let fixture = Fixture::new().await;
    let mut tx = fixture.meta.begin().await.unwrap();
    for (pragma, expected) in [
        ("PRAGMA synchronous", 2),
        ("PRAGMA foreign_keys", 1),
        ("PRAGMA busy_timeout", 10_000),
    ] {
        let value: i64 = sqlx::query_scalar(pragma)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(value, expected, "{pragma}");
    }
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(journal, "wal");
}

#[tokio::test]
async fn readers_cannot_write_and_do_not_see_what_is_not_committed() {
    for meta in [Fixture::new().await.meta, Meta::temporary().await.unwrap()] {
        let refused = sqlx::query("UPDATE workspace SET name = 'x'")
            .execute(meta.readers())
            .await;
        assert!(refused.is_err());
        let mut tx = meta.begin().await.unwrap();
        sqlx::query("UPDATE workspace SET name = 'changed'")
            .execute(&mut *tx)
            .await
            .unwrap();
        let name = || {
            sqlx::query_scalar::<_, String>("SELECT name FROM workspace WHERE id = 1")
                .fetch_one(meta.readers())
        };
        assert_eq!(name().await.unwrap(), "Default");
        tx.commit().await.unwrap();
        assert_eq!(name().await.unwrap(), "changed");
    }
}

#[tokio::test]
async fn temporary_databases_are_apart() {
    let (one, two) = (
        Meta::temporary().await.unwrap(),
        Meta::temporary().await.unwrap(),
    );
    one.create_application(new_application("shop"))
        .await
        .unwrap();
    assert!(two.directory().by_app_id(&app_id("shop")).is_none());
}

const STORE: &[Migration] = &[
    Migration {
        version: 1,
        name: "segment",
        sql: "CREATE TABLE segment (id BIGINT PRIMARY KEY);",
    },
    Migration {
        version: 2,
        name: "rows",
        sql: "ALTER TABLE segment ADD COLUMN row_count BIGINT; INSERT INTO segment VALUES (7, 1);",
    },
];

#[tokio::test]
async fn another_crate_migrates_step_by_step_and_only_once() {
    let fixture = Fixture::new().await;
    fixture.meta.migrate("store", &STORE[..1]).await.unwrap();
    let fixture = fixture.reopen().await;
    fixture.meta.migrate("store", STORE).await.unwrap();
    fixture.meta.migrate("store", STORE).await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM segment")
        .fetch_one(fixture.meta.readers())
        .await
        .unwrap();
    assert_eq!(rows, 1);
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing_behind() {
    const BROKEN: &[Migration] = &[Migration {
        version: 1,
        name: "broken",
        sql: "CREATE TABLE half (id BIGINT); INSERT INTO nowhere VALUES (1);",
    }];
    let fixture = Fixture::new().await;
    let failed = fixture.meta.migrate("store", BROKEN).await;
    assert!(
        matches!(
            failed,
            Err(Error::Migrate {
                owner: "store",
                version: 1,
                ..
            })
        ),
        "{failed:?}"
    );
    let half: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name = 'half'")
        .fetch_one(fixture.meta.readers())
        .await
        .unwrap();
    assert_eq!(half, 0);
}

#[tokio::test]
async fn a_database_of_a_newer_release_or_with_other_steps_is_refused() {
    let fixture = Fixture::new().await;
    fixture.meta.migrate("store", STORE).await.unwrap();
    let older = fixture.meta.migrate("store", &STORE[..1]).await;
    assert!(
        matches!(
            older,
            Err(Error::Newer {
                owner: "store",
                found: 2,
                known: 1
            })
        ),
        "{older:?}"
    );

    const EDITED: &[Migration] = &[
        Migration {
            sql: "CREATE TABLE other (id BIGINT);",
            ..STORE[0]
        },
        STORE[1],
    ];
    let edited = fixture.meta.migrate("store", EDITED).await;
    assert!(
        matches!(
            edited,
            Err(Error::ChangedMigration {
                owner: "store",
                version: 1
            })
        ),
        "{edited:?}"
    );

    let mut tx = fixture.meta.begin().await.unwrap();
    sqlx::query("UPDATE migration SET version = 99 WHERE owner = 'meta' AND version = 1")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    fixture.meta.close().await;
    let newer = open(&fixture.path(), &fixture.clock).await.map(drop);
    assert!(
        matches!(
            newer,
            Err(Error::Newer {
                owner: "meta",
                found: 99,
                ..
            })
        ),
        "{newer:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let fixture = Fixture::new().await;
    fixture.meta.close().await;
    let text = "not a database, but somebody's notes\n".repeat(200);
    std::fs::write(fixture.path(), &text).unwrap();
    let refused = open(&fixture.path(), &fixture.clock).await.map(drop);
    assert!(matches!(refused, Err(Error::Open { .. })), "{refused:?}");
    assert_eq!(std::fs::read_to_string(fixture.path()).unwrap(), text);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_database_and_directory_in_step() {
    let fixture = Fixture::new().await;
    // Polled once, then dropped: wherever the change stood, it either comes whole or not at all.
    let creation = fixture.meta.create_application(new_application("shop"));
    let gave_up = futures::future::select(Box::pin(creation), futures::future::ready(())).await;
    drop(gave_up);
    let mut watch = fixture.meta.watch();
    let published = watch.wait_for(|directory| directory.by_app_id(&app_id("shop")).is_some());
    let published = tokio::time::timeout(Duration::from_secs(60), published).await;
    published.expect("the change was published").unwrap();
    let fixture = fixture.reopen().await;
    assert!(
        fixture
            .meta
            .directory()
            .by_app_id(&app_id("shop"))
            .is_some()
    );
}

#[tokio::test]
async fn the_pool_of_another_crate_writes_in_turn_with_our_own_changes() {
    let fixture = Fixture::new().await;
    let mut tx = fixture.meta.pool().begin().await.unwrap();
    sqlx::query("CREATE TABLE segment (id BIGINT PRIMARY KEY)")
        .execute(&mut *tx)
        .await
        .unwrap();
    let creation = fixture.meta.create_application(new_application("shop"));
    let commit = async move {
        sqlx::query("INSERT INTO segment VALUES (1)")
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let (created, ()) = futures::future::join(creation, commit).await;
    created.unwrap();
    let segments: i64 = sqlx::query_scalar("SELECT count(*) FROM segment")
        .fetch_one(fixture.meta.readers())
        .await
        .unwrap();
    assert_eq!(segments, 1);
}
