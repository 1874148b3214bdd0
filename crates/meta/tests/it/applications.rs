use meta::{
    Access, AppNumber, ApplicationType, Error, IpPrivacy, Name, NewApplication, Origin, Privacy,
    RetentionDays, Settings,
};

use crate::{Fixture, app_id, new_application};

fn unusual_settings() -> Settings {
    Settings {
        name: Name::parse("店铺 \"one\"").unwrap(),
        kind: ApplicationType::ReactNative,
        access: Access::Open,
        allowed_origins: vec![
            Origin::parse("https://*.shop.example").unwrap(),
            Origin::parse("null").unwrap(),
        ],
        require_origin: true,
        privacy: Privacy {
            ip: IpPrivacy::Truncate,
            scrub_keys: vec![Name::parse("card, \"no\"").unwrap()],
        },
        retention: RetentionDays::parse(90).unwrap().into(),
    }
}

#[tokio::test]
async fn every_setting_survives_a_restart() {
    let fixture = Fixture::new().await;
    let new = NewApplication {
        app_id: app_id("shop.web-1"),
        settings: unusual_settings(),
    };
    let created = fixture.meta.create_application(new).await.unwrap();
    let fixture = fixture.reopen().await;
    assert_eq!(fixture.meta.applications(), std::slice::from_ref(&created));
    let directory = fixture.meta.directory();
    assert_eq!(
        **directory.by_app_id(&app_id("shop.web-1")).unwrap(),
        created
    );
    assert_eq!(**directory.by_number(created.number).unwrap(), created);
    assert!(directory.any_open());
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_the_directory_follows() {
    let fixture = Fixture::new().await;
    let created = fixture.create("shop").await;
    let mut watch = fixture.meta.watch();
    let before = watch.borrow_and_update().version();
    assert!(!fixture.meta.directory().any_open());

    let edit = |settings: &mut Settings| settings.access = Access::Open;
    let updated = fixture
        .meta
        .update_application(&app_id("shop"), edit)
        .await
        .unwrap();
    let expected = meta::Application {
        settings: Settings {
            access: Access::Open,
            ..created.settings.clone()
        },
        ..created
    };
    assert_eq!(updated, expected);
    watch.changed().await.unwrap();
    assert!(watch.borrow().any_open());
    assert!(watch.borrow().version() > before);
}

#[tokio::test]
async fn versions_of_the_directory_grow_across_restarts() {
    let fixture = Fixture::new().await;
    fixture.create("shop").await;
    let before = fixture.meta.directory().version();
    let fixture = fixture.reopen().await;
    assert!(fixture.meta.directory().version() > before);
}

#[tokio::test]
async fn an_id_that_is_taken_or_reserved_is_refused() {
    let fixture = Fixture::new().await;
    fixture.create("shop").await;
    let taken = fixture
        .meta
        .create_application(new_application("shop"))
        .await;
    assert!(matches!(taken, Err(Error::AppIdTaken { .. })), "{taken:?}");

    let mut tx = fixture.meta.begin().await.unwrap();
    sqlx::query("INSERT INTO reserved_app_id VALUES ('old-shop', 1, 0)")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let reserved = fixture
        .meta
        .create_application(new_application("old-shop"))
        .await;
    assert!(
        matches!(&reserved, Err(Error::AppIdReserved { owner, .. }) if *owner == app_id("shop")),
        "{reserved:?}"
    );
    let fixture = fixture.reopen().await;
    assert_eq!(
        fixture
            .meta
            .directory()
            .by_app_id(&app_id("old-shop"))
            .unwrap()
            .app_id,
        app_id("shop")
    );
}

#[tokio::test]
async fn a_deleted_application_is_refused_for_good_and_its_number_is_not_given_again() {
    let fixture = Fixture::new().await;
    fixture.create("first").await;
    let second = fixture.create("second").await;
    let token = fixture.meta.create_token(&app_id("second")).await.unwrap();
    fixture.pass(60);
    fixture
        .meta
        .delete_application(&app_id("second"))
        .await
        .unwrap();

    let directory = fixture.meta.directory();
    assert!(directory.by_app_id(&app_id("second")).is_none());
    assert!(directory.by_number(second.number).is_none());
    assert!(
        directory
            .by_token(&token.token, fixture.meta.now())
            .is_err()
    );
    assert!(directory.is_deleted(&app_id("second")) && !directory.is_deleted(&app_id("first")));

    let fixture = fixture.reopen().await;
    let again = fixture
        .meta
        .create_application(new_application("second"))
        .await;
    assert!(
        matches!(again, Err(Error::AppIdDeleted { .. })),
        "{again:?}"
    );
    let by_event = fixture
        .meta
        .create_open_application(&app_id("second"), RetentionDays::default())
        .await;
    assert!(
        matches!(by_event, Err(Error::AppIdDeleted { .. })),
        "{by_event:?}"
    );
    assert_eq!(
        fixture.create("third").await.number,
        AppNumber(second.number.0 + 1)
    );
}

#[tokio::test]
async fn a_deletion_waits_for_the_store_until_it_is_completed() {
    let fixture = Fixture::new().await;
    let shop = fixture.create("shop").await;
    fixture.pass(60);
    fixture
        .meta
        .delete_application(&app_id("shop"))
        .await
        .unwrap();
    let fixture = fixture.reopen().await;
    let expected = meta::Deletion {
        app_id: app_id("shop"),
        number: shop.number,
        requested_at: fixture.meta.now(),
        completed_at: None,
    };
    assert_eq!(fixture.meta.pending_deletions().await.unwrap(), [expected]);
    fixture
        .meta
        .complete_deletion(&app_id("shop"))
        .await
        .unwrap();
    assert_eq!(fixture.meta.pending_deletions().await.unwrap(), []);
    assert!(fixture.meta.directory().is_deleted(&app_id("shop")));
}

#[tokio::test]
async fn deleting_an_application_deletes_its_earlier_ids_too() {
    let fixture = Fixture::new().await;
    fixture.create("shop").await;
    let mut tx = fixture.meta.begin().await.unwrap();
    sqlx::query("INSERT INTO reserved_app_id VALUES ('old-shop', 1, 0)")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    fixture
        .meta
        .delete_application(&app_id("shop"))
        .await
        .unwrap();
    let pending = fixture.meta.pending_deletions().await.unwrap();
    let ids: Vec<&str> = pending
        .iter()
        .map(|deletion| deletion.app_id.as_str())
        .collect();
    assert_eq!(ids, ["old-shop", "shop"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_first_events_of_one_unknown_application_make_one() {
    let fixture = Fixture::new().await;
    let retention = RetentionDays::parse(3650).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let meta = fixture.meta.clone();
        tasks.spawn(async move {
            meta.create_open_application(&app_id("field-app"), retention)
                .await
                .unwrap()
        });
    }
    let made = tasks.join_all().await;
    assert!(
        made.iter().all(|application| *application == made[0]),
        "{made:?}"
    );
    assert_eq!(made[0].settings.access, Access::Open);
    assert_eq!(made[0].settings.retention, retention.into());
    assert_eq!(fixture.meta.applications().len(), 1);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_changed() {
    let fixture = Fixture::new().await;
    let nobody = app_id("nobody");
    let updated = fixture.meta.update_application(&nobody, |_| {}).await;
    assert!(
        matches!(updated, Err(Error::NoApplication { .. })),
        "{updated:?}"
    );
    let deleted = fixture.meta.delete_application(&nobody).await;
    assert!(
        matches!(deleted, Err(Error::NoApplication { .. })),
        "{deleted:?}"
    );
    let token = fixture.meta.create_token(&nobody).await;
    assert!(
        matches!(token, Err(Error::NoApplication { .. })),
        "{token:?}"
    );
}

#[tokio::test]
async fn the_1001st_application_is_refused() {
    let fixture = Fixture::new().await;
    fixture.create("shop").await;
    let mut tx = fixture.meta.begin().await.unwrap();
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1001 UNION ALL SELECT i + 1 FROM n WHERE i < 1998) \
                INSERT INTO application SELECT i, 'app' || i, 1, 'x', 'web', 'token', '[]', FALSE, 'keep', '[]', 14, 0, '{}' FROM n";
    sqlx::query(fill).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    fixture.create("the-1000th").await;
    let refused = fixture
        .meta
        .create_application(new_application("the-1001st"))
        .await;
    assert!(
        matches!(&refused, Err(Error::Limit { limit }) if limit.max == 1000),
        "{refused:?}"
    );
    assert_eq!(fixture.meta.applications().len(), 1000);
}

#[tokio::test]
async fn too_many_origins_are_refused_and_nothing_changes() {
    let fixture = Fixture::new().await;
    let created = fixture.create("shop").await;
    let edit = |settings: &mut Settings| {
        settings.allowed_origins = vec![Origin::parse("null").unwrap(); 101]
    };
    let refused = fixture.meta.update_application(&app_id("shop"), edit).await;
    assert!(
        matches!(&refused, Err(Error::Limit { limit }) if limit.max == 100),
        "{refused:?}"
    );
    assert_eq!(fixture.meta.applications(), [created]);
}

#[tokio::test]
async fn a_renamed_application_answers_to_both_ids_and_nobody_takes_the_old_one() {
    let fixture = Fixture::new().await;
    let made = fixture.create("shop").await;
    fixture.create("other").await;
    let rename = async |from: &str, to: &str| {
        let (from, to) = (app_id(from), app_id(to));
        fixture.meta.rename_application(&from, &to).await
    };
    let renamed = rename("shop", "store").await.unwrap();
    let expected = meta::Application {
        app_id: app_id("store"),
        earlier_app_ids: vec![app_id("shop")],
        ..made
    };
    assert_eq!(renamed, expected);
    let directory = fixture.meta.directory();
    for id in ["shop", "store"] {
        assert_eq!(**directory.by_app_id(&app_id(id)).unwrap(), expected);
    }
    let again = fixture
        .meta
        .create_application(new_application("shop"))
        .await;
    assert!(
        matches!(again, Err(Error::AppIdReserved { .. })),
        "{again:?}"
    );
    let stolen = rename("other", "shop").await;
    assert!(
        matches!(stolen, Err(Error::AppIdReserved { .. })),
        "{stolen:?}"
    );
    let taken = rename("other", "store").await;
    assert!(matches!(taken, Err(Error::AppIdTaken { .. })), "{taken:?}");
    let gone = rename("shop", "third").await;
    assert!(matches!(gone, Err(Error::NoApplication { .. })), "{gone:?}");

    let back = rename("store", "shop").await.unwrap();
    assert_eq!(
        (back.app_id, back.earlier_app_ids),
        (app_id("shop"), vec![app_id("store")])
    );
}

#[tokio::test]
async fn a_deletion_gives_a_receipt() {
    let fixture = Fixture::new().await;
    fixture.create("shop").await;
    let live = fixture.meta.create_token(&app_id("shop")).await.unwrap();
    let dead = fixture.meta.create_token(&app_id("shop")).await.unwrap();
    fixture
        .meta
        .revoke_token(&app_id("shop"), &dead.id)
        .await
        .unwrap();
    let receipt = fixture
        .meta
        .delete_application(&app_id("shop"))
        .await
        .unwrap();
    let expected = meta::Receipt {
        app_id: app_id("shop"),
        name: receipt.name.clone(),
        requested_at: fixture.meta.now(),
        tokens_revoked: 1,
    };
    assert_eq!(receipt, expected);
    assert!(
        fixture
            .meta
            .directory()
            .by_token(&live.token, fixture.meta.now())
            .is_err()
    );
}
