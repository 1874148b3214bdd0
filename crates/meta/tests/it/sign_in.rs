//! Passwords, locks and sessions.

use std::net::IpAddr;

use meta::{Device, Error, Password, Role, SessionId, SignedIn};
use schema::EventTime;

use crate::people::{DAY, FIRST, PASSWORD, device, email, join, secret_of, set_up, sign_in};
use crate::{Fixture, START};

const MINUTE: i64 = 60;

#[tokio::test]
async fn ten_wrong_passwords_lock_for_a_growing_time_also_across_a_restart() {
    let mut fixture = Fixture::new().await;
    set_up(&fixture.meta).await;
    // Each from another address, so that only the e-mail can be what locks.
    let mut next = 0_u8;
    let mut ip = || {
        next += 1;
        format!("198.51.100.{next}")
    };
    for _ in 0..10 {
        let wrong = sign_in(&fixture, "ada@example.com", "wrong", &ip()).await;
        assert!(matches!(wrong.map(drop), Err(Error::WrongCredentials)));
    }
    for lock_minutes in [1, 2, 4] {
        let right = sign_in(&fixture, " ADA@example.com", PASSWORD, &ip()).await;
        let Err(Error::TooManyAttempts { retry_after_s }) = right.map(drop) else {
            panic!("locked")
        };
        assert_eq!(retry_after_s, lock_minutes * 60);
        fixture.pass(i64::try_from(lock_minutes).unwrap() * MINUTE - 1);
        fixture = fixture.reopen().await;
        let right = sign_in(&fixture, "ada@example.com", PASSWORD, &ip()).await;
        assert!(matches!(
            right.map(drop),
            Err(Error::TooManyAttempts { retry_after_s: 1 })
        ));
        fixture.pass(1);
        let wrong = sign_in(&fixture, "ada@example.com", "wrong", &ip()).await;
        assert!(matches!(wrong.map(drop), Err(Error::WrongCredentials)));
    }
    fixture.pass(8 * MINUTE);
    assert!(
        sign_in(&fixture, "ada@example.com", PASSWORD, &ip())
            .await
            .is_ok()
    );
    let wrong = sign_in(&fixture, "ada@example.com", "wrong", &ip()).await;
    assert!(
        matches!(wrong.map(drop), Err(Error::WrongCredentials)),
        "counted afresh"
    );
    assert!(
        sign_in(&fixture, "ada@example.com", PASSWORD, &ip())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn an_address_is_locked_whatever_it_tries_and_an_unknown_e_mail_like_a_known_one() {
    let fixture = Fixture::new().await;
    set_up(&fixture.meta).await;
    for guess in 0..10 {
        // A right password in between gives back its own attempt and no other.
        assert!(
            sign_in(&fixture, "ada@example.com", PASSWORD, "198.51.100.7")
                .await
                .is_ok()
        );
        let wrong = sign_in(
            &fixture,
            &format!("guess{guess}@example.com"),
            "x",
            "198.51.100.7",
        )
        .await;
        assert!(matches!(wrong.map(drop), Err(Error::WrongCredentials)));
    }
    let locked = sign_in(&fixture, "ada@example.com", PASSWORD, "198.51.100.7").await;
    assert!(matches!(
        locked.map(drop),
        Err(Error::TooManyAttempts { .. })
    ));
    assert!(
        sign_in(&fixture, "ada@example.com", PASSWORD, "198.51.100.8")
            .await
            .is_ok()
    );

    for _ in 0..10 {
        let wrong = fixture
            .meta
            .sign_in(FIRST, "nobody", "x", Device::default())
            .await;
        assert!(matches!(wrong.map(drop), Err(Error::WrongCredentials)));
    }
    let locked = fixture
        .meta
        .sign_in(FIRST, "nobody", "x", Device::default())
        .await;
    assert!(matches!(
        locked.map(drop),
        Err(Error::TooManyAttempts { retry_after_s: 60 })
    ));
}

#[tokio::test]
async fn guesses_at_once_are_not_let_through_together() {
    let fixture = Fixture::new().await;
    set_up(&fixture.meta).await;
    let guesses = (0..30).map(|_| sign_in(&fixture, "ada@example.com", "wrong", "198.51.100.7"));
    let answers = futures::future::join_all(guesses).await;
    let tried = answers
        .iter()
        .filter(|answer| matches!(answer, Err(Error::WrongCredentials)))
        .count();
    assert_eq!(tried, 10);
}

#[tokio::test]
async fn failed_sign_ins_cannot_flood_the_audit_entries() {
    let fixture = Fixture::new().await;
    for guess in 0..8_u8 {
        for host in 0..9_u8 {
            let ip: IpAddr = [10, 0, guess, host].into();
            let device = Device {
                ip: Some(ip),
                ..Device::default()
            };
            let text = format!("guess{guess}@example.com");
            let wrong = fixture.meta.sign_in(FIRST, &text, "x", device).await;
            assert!(matches!(wrong.map(drop), Err(Error::WrongCredentials)));
        }
    }
    let entries = fixture.meta.audit_entries(FIRST, None, 1000).await.unwrap();
    assert_eq!(entries.len(), 60);
    assert!(
        entries.iter().all(|entry| entry.note.target.is_none()),
        "strangers' texts are not kept"
    );
    assert_eq!(entries[59].note.detail.as_deref(), Some("from 10.0.0.0"));
    fixture.pass(3_601);
    let _ = sign_in(&fixture, "x", "x", "10.0.9.9").await;
    assert_eq!(
        fixture
            .meta
            .audit_entries(FIRST, None, 1000)
            .await
            .unwrap()
            .len(),
        61
    );
}

#[tokio::test]
async fn a_session_lives_thirty_days_from_its_last_use() {
    let fixture = Fixture::new().await;
    let meta = &fixture.meta;
    let SignedIn {
        member,
        session,
        secret,
    } = set_up(meta).await;
    for _ in 0..3 {
        fixture.pass(29 * DAY);
        let ip = Some("192.0.2.9".parse().unwrap());
        let (id, found) = meta.session(&secret, ip).await.unwrap().unwrap();
        assert_eq!((&id, &found.id), (&session, &member.id));
    }
    let sessions = meta.sessions(&member).await.unwrap();
    assert_eq!(sessions.len(), 1);
    assert_eq!(
        sessions[0].last_used_at,
        EventTime(START + 3 * 29 * DAY * 1_000_000)
    );
    assert_eq!(sessions[0].ip.as_deref(), Some("192.0.2.9"));
    assert_eq!(
        meta.members(FIRST).await.unwrap()[0].last_seen_at,
        Some(sessions[0].last_used_at)
    );
    for wrong in ["", "x", &secret.to_uppercase(), &session.0] {
        assert!(meta.session(wrong, None).await.unwrap().is_none());
    }
    fixture.pass(30 * DAY);
    assert!(meta.session(&secret, None).await.unwrap().is_none());
    assert_eq!(meta.sessions(&member).await.unwrap(), []);
}

#[tokio::test]
async fn sessions_are_ended_by_their_own_member_only_and_are_fifty_at_most() {
    let fixture = Fixture::new().await;
    let meta = &fixture.meta;
    let owner = set_up(meta).await;
    let viewer = join(meta, &owner.member, "bob@example.com", Role::Viewer).await;
    let here = SessionId("here".to_owned());
    let foreign = meta
        .end_session(&viewer, owner.session.clone(), &here)
        .await;
    assert!(matches!(foreign, Err(Error::NoSession { .. })));
    assert!(meta.session(&owner.secret, None).await.unwrap().is_some());
    meta.end_session(&owner.member, owner.session.clone(), &here)
        .await
        .unwrap();
    assert!(meta.session(&owner.secret, None).await.unwrap().is_none());

    let mut newest = None;
    for _ in 0..52 {
        fixture.pass(1);
        newest = Some(
            sign_in(&fixture, "bob@example.com", PASSWORD, "192.0.2.5")
                .await
                .unwrap()
                .session,
        );
    }
    let sessions = meta.sessions(&viewer).await.unwrap();
    assert_eq!(sessions.len(), 50);
    assert_eq!(Some(&sessions[0].id), newest.as_ref());
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_a_reset_all() {
    let fixture = Fixture::new().await;
    let meta = &fixture.meta;
    let first = set_up(meta).await;
    let second = sign_in(&fixture, "ada@example.com", PASSWORD, "192.0.2.5")
        .await
        .unwrap();
    let change = async |current: &str, new: &str| {
        let new = Password::parse(new).unwrap();
        meta.change_password(
            &first.member,
            first.session.clone(),
            current,
            new,
            Device::default(),
        )
        .await
    };
    assert!(matches!(
        change("wrong", "another sentence").await,
        Err(Error::WrongPassword)
    ));
    assert!(matches!(
        change(PASSWORD, "ADA@example.com").await,
        Err(Error::PasswordKnown)
    ));
    assert!(meta.session(&second.secret, None).await.unwrap().is_some());
    change(PASSWORD, "another sentence").await.unwrap();
    assert!(meta.session(&second.secret, None).await.unwrap().is_none());
    assert!(meta.session(&first.secret, None).await.unwrap().is_some());
    let old = sign_in(&fixture, "ada@example.com", PASSWORD, "192.0.2.5").await;
    assert!(matches!(old.map(drop), Err(Error::WrongCredentials)));

    for _ in 0..10 {
        let _ = sign_in(&fixture, "ada@example.com", "wrong", "192.0.2.6").await;
    }
    let link = meta
        .create_reset_link(FIRST, email("ada@example.com"))
        .await
        .unwrap();
    let third = Password::parse("the third sentence").unwrap();
    let secret = secret_of(&link.path);
    meta.reset_password(FIRST, &secret, third.clone(), Device::default())
        .await
        .unwrap();
    let again = meta
        .reset_password(FIRST, &secret, third, Device::default())
        .await;
    assert!(matches!(again.map(drop), Err(Error::Link)));
    assert!(meta.session(&first.secret, None).await.unwrap().is_none());
    let right = sign_in(
        &fixture,
        "ada@example.com",
        "the third sentence",
        "192.0.2.7",
    )
    .await;
    assert!(right.is_ok(), "the lock of the e-mail went with the reset");
    let nobody = meta
        .create_reset_link(FIRST, email("nobody@example.com"))
        .await;
    assert!(matches!(
        nobody.map(drop),
        Err(Error::NoMemberOfEmail { .. })
    ));
}

#[tokio::test]
async fn guessing_the_current_password_is_locked_like_a_sign_in() {
    let fixture = Fixture::new().await;
    let owner = set_up(&fixture.meta).await;
    let guess = async || {
        let new = Password::parse("another sentence").unwrap();
        let session = owner.session.clone();
        fixture
            .meta
            .change_password(&owner.member, session, "wrong", new, device("192.0.2.1"))
            .await
    };
    for _ in 0..10 {
        assert!(matches!(guess().await, Err(Error::WrongPassword)));
    }
    assert!(matches!(guess().await, Err(Error::TooManyAttempts { .. })));
}
