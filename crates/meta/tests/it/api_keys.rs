use meta::{ApiKeyId, Error, Name, NewApiKey, Rights};
use schema::EventTime;

use crate::{Fixture, START};

fn new_key(name: &str, rights: Rights) -> NewApiKey {
    NewApiKey {
        name: Name::parse(name).unwrap(),
        rights,
    }
}

#[tokio::test]
async fn a_key_opens_with_its_rights_and_only_its_hash_is_stored() {
    let fixture = Fixture::new().await;
    let full = fixture
        .meta
        .create_api_key(new_key("deploy", Rights::Full))
        .await
        .unwrap();
    let read = fixture
        .meta
        .create_api_key(new_key("grafana", Rights::Read))
        .await
        .unwrap();
    assert_eq!(full.secret.len(), "ffk_".len() + 64);
    assert!(full.secret.starts_with(&full.key.prefix));
    let fixture = fixture.reopen().await;
    assert_eq!(
        fixture.meta.authenticate(&full.secret).unwrap().rights,
        Rights::Full
    );
    let principal = fixture.meta.authenticate(&read.secret).unwrap();
    assert_eq!(
        (principal.rights, principal.key_id),
        (Rights::Read, read.key.id.clone())
    );
    for wrong in [
        "",
        &full.key.prefix,
        &full.secret[..full.secret.len() - 1],
        &full.secret.to_uppercase(),
    ] {
        assert_eq!(fixture.meta.authenticate(wrong), None, "{wrong:?}");
    }

    let path = fixture.path();
    fixture.meta.close().await;
    let file = std::fs::read(path).unwrap();
    let holds = |text: &str| {
        file.windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds(&full.key.prefix), "the search itself works");
    assert!(!holds(&full.secret[full.key.prefix.len()..]));
}

#[tokio::test]
async fn a_deleted_key_opens_nothing() {
    let fixture = Fixture::new().await;
    let key = fixture
        .meta
        .create_api_key(new_key("deploy", Rights::Full))
        .await
        .unwrap();
    fixture.meta.delete_api_key(&key.key.id).await.unwrap();
    assert_eq!(fixture.meta.authenticate(&key.secret), None);
    let again = fixture.meta.delete_api_key(&key.key.id).await;
    assert!(matches!(again, Err(Error::NoApiKey { .. })), "{again:?}");
}

#[tokio::test]
async fn the_last_use_survives_other_changes_and_a_restart() {
    let fixture = Fixture::new().await;
    let key = fixture
        .meta
        .create_api_key(new_key("deploy", Rights::Full))
        .await
        .unwrap();
    assert_eq!(fixture.meta.api_keys()[0].last_used_at, None);
    fixture.pass(5);
    fixture.meta.authenticate(&key.secret).unwrap();
    fixture
        .meta
        .create_api_key(new_key("other", Rights::Read))
        .await
        .unwrap();
    let used = Some(EventTime(START + 5_000_000));
    let last_use = |fixture: &Fixture| {
        let keys = fixture.meta.api_keys();
        keys.iter()
            .find(|entry| entry.id == key.key.id)
            .unwrap()
            .last_used_at
    };
    assert_eq!(last_use(&fixture), used);
    let fixture = fixture.reopen().await;
    assert_eq!(last_use(&fixture), used);
}

#[tokio::test]
async fn the_key_of_the_environment_follows_the_environment() {
    const FIRST: &str = "sixteen letters!";
    const SECOND: &str = "another text of the operator";
    let fixture = Fixture::new().await;
    let short = fixture
        .meta
        .ensure_environment_key(Some("fifteen letters"))
        .await;
    assert!(
        matches!(short, Err(Error::ShortApiKey { len: 15, min: 16 })),
        "{short:?}"
    );

    fixture
        .meta
        .ensure_environment_key(Some(FIRST))
        .await
        .unwrap();
    fixture
        .meta
        .ensure_environment_key(Some(FIRST))
        .await
        .unwrap();
    assert_eq!(
        fixture.meta.authenticate(FIRST).unwrap().rights,
        Rights::Full
    );
    let keys = fixture.meta.api_keys();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].prefix, "");
    let refused = fixture
        .meta
        .delete_api_key(&ApiKeyId("environment".into()))
        .await;
    assert!(
        matches!(refused, Err(Error::EnvironmentApiKey)),
        "{refused:?}"
    );

    let fixture = fixture.reopen().await;
    fixture
        .meta
        .ensure_environment_key(Some(SECOND))
        .await
        .unwrap();
    assert_eq!(fixture.meta.authenticate(FIRST), None);
    assert!(fixture.meta.authenticate(SECOND).is_some());
    fixture.meta.ensure_environment_key(None).await.unwrap();
    assert_eq!(fixture.meta.authenticate(SECOND), None);
    assert_eq!(fixture.meta.api_keys(), []);
}
