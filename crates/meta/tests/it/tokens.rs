use std::time::Duration;

use meta::{Error, TokenId, TokenRefusal};

use crate::{Fixture, app_id};

impl Fixture {
    fn opens(&self, token: &str) -> Result<String, TokenRefusal> {
        let directory = self.meta.directory();
        directory
            .by_token(token, self.meta.now())
            .map(|application| application.app_id.to_string())
    }
}

#[tokio::test]
async fn a_token_opens_its_own_application_also_after_a_restart() {
    let fixture = Fixture::new().await;
    fixture.create("shop").await;
    fixture.create("blog").await;
    let shop = fixture.meta.create_token(&app_id("shop")).await.unwrap();
    let blog = fixture.meta.create_token(&app_id("blog")).await.unwrap();
    let fixture = fixture.reopen().await;
    assert_eq!(fixture.opens(&shop.token), Ok("shop".into()));
    assert_eq!(fixture.opens(&blog.token), Ok("blog".into()));
    assert_eq!(fixture.opens("pub0"), Err(TokenRefusal::Unknown));
    assert_eq!(fixture.meta.tokens(&app_id("shop")).await.unwrap(), [shop]);
}

#[tokio::test]
async fn rotation_keeps_the_old_token_for_the_overlap_and_no_longer() {
    let fixture = Fixture::new().await;
    fixture.create("shop").await;
    let old = fixture.meta.create_token(&app_id("shop")).await.unwrap();
    let hour = Duration::from_secs(3600);
    let new = fixture
        .meta
        .rotate_token(&app_id("shop"), &old.id, hour)
        .await
        .unwrap();
    fixture.pass(3599);
    assert_eq!(fixture.opens(&old.token), Ok("shop".into()));
    assert_eq!(fixture.opens(&new.token), Ok("shop".into()));
    fixture.pass(1);
    assert_eq!(fixture.opens(&old.token), Err(TokenRefusal::Expired));
    assert_eq!(fixture.opens(&new.token), Ok("shop".into()));
}

#[tokio::test]
async fn a_second_rotation_does_not_lengthen_the_life_that_the_first_cut() {
    let fixture = Fixture::new().await;
    fixture.create("shop").await;
    let old = fixture.meta.create_token(&app_id("shop")).await.unwrap();
    fixture
        .meta
        .rotate_token(&app_id("shop"), &old.id, Duration::from_secs(60))
        .await
        .unwrap();
    fixture
        .meta
        .rotate_token(&app_id("shop"), &old.id, Duration::from_secs(3600))
        .await
        .unwrap();
    fixture.pass(60);
    assert_eq!(fixture.opens(&old.token), Err(TokenRefusal::Expired));
}

#[tokio::test]
async fn a_revoked_token_opens_nothing_from_that_moment() {
    let fixture = Fixture::new().await;
    fixture.create("shop").await;
    fixture.create("blog").await;
    let token = fixture.meta.create_token(&app_id("shop")).await.unwrap();
    let foreign = fixture.meta.revoke_token(&app_id("blog"), &token.id).await;
    assert!(matches!(foreign, Err(Error::NoToken { .. })), "{foreign:?}");
    assert_eq!(fixture.opens(&token.token), Ok("shop".into()));
    fixture
        .meta
        .revoke_token(&app_id("shop"), &token.id)
        .await
        .unwrap();
    assert_eq!(fixture.opens(&token.token), Err(TokenRefusal::Revoked));
    let again = fixture.meta.revoke_token(&app_id("shop"), &token.id).await;
    assert!(matches!(again, Err(Error::NoToken { .. })), "{again:?}");
    let unknown = fixture
        .meta
        .rotate_token(&app_id("shop"), &TokenId("tok_0".into()), Duration::ZERO)
        .await;
    assert!(matches!(unknown, Err(Error::NoToken { .. })), "{unknown:?}");
}

#[tokio::test]
async fn only_live_tokens_count_and_dead_ones_are_forgotten_in_the_end() {
    let fixture = Fixture::new().await;
    fixture.create("shop").await;
    let shop = app_id("shop");
    let first = fixture.meta.create_token(&shop).await.unwrap();
    let mut last = first.clone();
    for _ in 0..60 {
        fixture.pass(1);
        last = fixture
            .meta
            .rotate_token(&shop, &last.id, Duration::ZERO)
            .await
            .unwrap();
    }
    assert_eq!(fixture.opens(&last.token), Ok("shop".into()));
    assert_eq!(fixture.opens(&first.token), Err(TokenRefusal::Unknown));
    assert_eq!(fixture.meta.tokens(&shop).await.unwrap().len(), 51);

    for _ in 0..49 {
        fixture.meta.create_token(&shop).await.unwrap();
    }
    let refused = fixture.meta.create_token(&shop).await;
    assert!(
        matches!(&refused, Err(Error::Limit { limit }) if limit.max == 50),
        "{refused:?}"
    );
}
