//! Members, sessions, links and audit entries.

use std::net::IpAddr;

use meta::{
    Actor, AuditAction, CreatedInvitation, Device, Email, Error, Member, MemberId, Meta, Name,
    NewInvitation, Newcomer, Password, Role, SessionId, SignedIn, WorkspaceId,
};
use schema::EventTime;

use crate::{Fixture, START};

const FIRST: WorkspaceId = WorkspaceId::FIRST;
const PASSWORD: &str = "a plain sentence";
const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn newcomer(name: &str, password: &str) -> Newcomer {
    Newcomer {
        name: Name::parse(name).unwrap(),
        password: Password::parse(password).unwrap(),
    }
}

fn device(ip: &str) -> Device {
    Device {
        user_agent: "Firefox".to_owned(),
        ip: Some(ip.parse().unwrap()),
    }
}

fn secret_of(path: &str) -> String {
    path.split_once("?token=").unwrap().1.to_owned()
}

/// The first administrator, signed in.
async fn set_up(meta: &Meta) -> SignedIn {
    let link = meta.create_setup_link(FIRST).await.unwrap().unwrap();
    let newcomer = newcomer("Ada", PASSWORD);
    let secret = secret_of(&link.path);
    meta.set_up(
        FIRST,
        &secret,
        email("ada@example.com"),
        newcomer,
        device("192.0.2.1"),
    )
    .await
    .unwrap()
}

async fn invite(meta: &Meta, by: &Member, text: &str, role: Role) -> CreatedInvitation {
    let new = NewInvitation {
        email: email(text),
        role,
    };
    meta.create_invitation(by.actor(), new).await.unwrap()
}

async fn join(meta: &Meta, by: &Member, text: &str, role: Role) -> Member {
    let secret = secret_of(&invite(meta, by, text, role).await.path);
    let joined = meta
        .accept_invitation(FIRST, &secret, newcomer(text, PASSWORD), Device::default())
        .await;
    joined.unwrap().member
}

async fn sign_in(
    fixture: &Fixture,
    text: &str,
    password: &str,
    ip: &str,
) -> Result<SignedIn, Error> {
    fixture
        .meta
        .sign_in(FIRST, text, password, device(ip))
        .await
}

async fn actions(meta: &Meta) -> Vec<AuditAction> {
    let entries = meta.audit_entries(FIRST, None, 1000).await.unwrap();
    entries
        .into_iter()
        .rev()
        .map(|entry| entry.note.action)
        .collect()
}

#[tokio::test]
async fn the_setup_link_works_once_and_a_newer_one_ends_it() {
    let fixture = Fixture::new().await;
    let meta = &fixture.meta;
    assert!(!meta.has_members(FIRST).await.unwrap());
    let older = meta.create_setup_link(FIRST).await.unwrap().unwrap();
    let newer = meta.create_setup_link(FIRST).await.unwrap().unwrap();
    let use_link = async |path: &str| {
        meta.set_up(
            FIRST,
            &secret_of(path),
            email("a@b"),
            newcomer("A", PASSWORD),
            Device::default(),
        )
        .await
    };
    assert!(matches!(
        use_link(&older.path).await.map(drop),
        Err(Error::Link)
    ));
    let owner = use_link(&newer.path).await.unwrap().member;
    assert_eq!(owner.role, Role::Owner);
    assert!(matches!(
        use_link(&newer.path).await.map(drop),
        Err(Error::SetUpAlready)
    ));
    assert!(meta.create_setup_link(FIRST).await.unwrap().is_none());
    assert_eq!(actions(meta).await, [AuditAction::WorkspaceSetUp]);
}

#[tokio::test]
async fn two_who_use_the_setup_link_at_once_make_one_owner() {
    let fixture = Fixture::new().await;
    let link = fixture
        .meta
        .create_setup_link(FIRST)
        .await
        .unwrap()
        .unwrap();
    let secret = secret_of(&link.path);
    let use_link = |text: &'static str| {
        let (meta, secret) = (fixture.meta.clone(), secret.clone());
        async move {
            meta.set_up(
                FIRST,
                &secret,
                email(text),
                newcomer("A", PASSWORD),
                Device::default(),
            )
            .await
            .map(drop)
        }
    };
    let (one, two) = tokio::join!(use_link("a@b"), use_link("c@d"));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert_eq!(fixture.meta.members(FIRST).await.unwrap().len(), 1);
}

#[tokio::test]
async fn links_and_invitations_end_with_their_time_and_hold_only_hashes() {
    let fixture = Fixture::new().await;
    let meta = &fixture.meta;
    let owner = set_up(meta).await;
    let invitation = invite(meta, &owner.member, "bob@example.com", Role::Viewer).await;
    let reset = meta
        .create_reset_link(FIRST, email("ada@example.com"))
        .await
        .unwrap();
    assert_eq!(reset.expires_at, EventTime(START + 3_600_000_000));

    fixture.pass(3_600);
    let password = Password::parse("another sentence").unwrap();
    let late = meta
        .reset_password(FIRST, &secret_of(&reset.path), password, Device::default())
        .await;
    assert!(matches!(late.map(drop), Err(Error::Link)));
    assert_eq!(
        meta.invitation_of(FIRST, &secret_of(&invitation.path))
            .await
            .unwrap(),
        invitation.invitation
    );
    fixture.pass(7 * DAY);
    let late = meta
        .invitation_of(FIRST, &secret_of(&invitation.path))
        .await;
    assert!(matches!(late, Err(Error::Link)));
    assert_eq!(meta.invitations(FIRST).await.unwrap(), []);

    let path = fixture.path();
    fixture.meta.close().await;
    let file = std::fs::read(path).unwrap();
    let holds = |text: &str| {
        file.windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("ada@example.com"), "the search itself works");
    for secret in [
        &owner.secret,
        &secret_of(&invitation.path),
        &secret_of(&reset.path),
        PASSWORD,
    ] {
        assert!(!holds(secret));
    }
}

#[tokio::test]
async fn an_invitation_makes_a_member_once_and_a_newer_one_replaces_it() {
    let fixture = Fixture::new().await;
    let meta = &fixture.meta;
    let owner = set_up(meta).await.member;
    let older = invite(meta, &owner, "Bob@Example.com", Role::Viewer).await;
    let newer = invite(meta, &owner, "bob@example.com", Role::Admin).await;
    assert_eq!(meta.invitations(FIRST).await.unwrap(), [newer.invitation]);
    let accept = async |path: &str| {
        meta.accept_invitation(
            FIRST,
            &secret_of(path),
            newcomer("Bob", PASSWORD),
            Device::default(),
        )
        .await
        .map(|signed_in| signed_in.member.role)
    };
    assert!(matches!(accept(&older.path).await, Err(Error::Link)));
    assert_eq!(accept(&newer.path).await.unwrap(), Role::Admin);
    assert!(matches!(accept(&newer.path).await, Err(Error::Link)));
    let new = NewInvitation {
        email: email("BOB@example.com"),
        role: Role::Viewer,
    };
    let again = meta.create_invitation(owner.actor(), new).await;
    assert!(matches!(again.map(drop), Err(Error::MemberExists { .. })));
}

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

#[tokio::test]
async fn the_last_owner_stays_and_an_admin_does_not_touch_owners() {
    let fixture = Fixture::new().await;
    let meta = &fixture.meta;
    let owner = set_up(meta).await.member;
    let admin = join(meta, &owner, "bob@example.com", Role::Admin).await;
    let viewer = join(meta, &owner, "eve@example.com", Role::Viewer).await;
    let set = async |by: &Member, who: &Member, role| {
        meta.set_role(by.actor(), who.id.clone(), role)
            .await
            .map(|member| member.role)
    };
    let remove =
        async |by: &Member, who: &Member| meta.remove_member(by.actor(), who.id.clone()).await;

    assert!(matches!(
        set(&owner, &owner, Role::Viewer).await,
        Err(Error::LastOwner)
    ));
    assert!(matches!(
        remove(&owner, &owner).await,
        Err(Error::LastOwner)
    ));
    assert!(matches!(
        set(&admin, &admin, Role::Owner).await,
        Err(Error::OwnersOnly)
    ));
    assert!(matches!(
        set(&admin, &viewer, Role::Owner).await,
        Err(Error::OwnersOnly)
    ));
    assert!(matches!(
        set(&admin, &owner, Role::Viewer).await,
        Err(Error::OwnersOnly)
    ));
    assert!(matches!(
        remove(&admin, &owner).await,
        Err(Error::OwnersOnly)
    ));
    let new = NewInvitation {
        email: email("x@example.com"),
        role: Role::Owner,
    };
    let invited = meta.create_invitation(admin.actor(), new).await;
    assert!(matches!(invited.map(drop), Err(Error::OwnersOnly)));
    assert!(matches!(
        set(&viewer, &viewer, Role::Admin).await,
        Err(Error::MayNotManage { .. })
    ));
    assert!(matches!(
        remove(&viewer, &admin).await,
        Err(Error::MayNotManage { .. })
    ));

    assert_eq!(
        set(&admin, &viewer, Role::Member).await.unwrap(),
        Role::Member
    );
    assert_eq!(set(&owner, &admin, Role::Owner).await.unwrap(), Role::Owner);
    assert_eq!(
        set(&owner, &owner, Role::Viewer).await.unwrap(),
        Role::Viewer
    );
    assert!(
        matches!(
            remove(&owner, &viewer).await,
            Err(Error::MayNotManage { .. })
        ),
        "of a moment ago"
    );
    let nobody = meta
        .set_role(admin.actor(), MemberId("mem_x".to_owned()), Role::Viewer)
        .await;
    assert!(matches!(nobody, Err(Error::NoMember { .. })));
}

#[tokio::test]
async fn a_removed_member_takes_sessions_and_invitations_along() {
    let fixture = Fixture::new().await;
    let meta = &fixture.meta;
    let owner = set_up(meta).await.member;
    let admin = join(meta, &owner, "bob@example.com", Role::Admin).await;
    let session = sign_in(&fixture, "bob@example.com", PASSWORD, "192.0.2.5")
        .await
        .unwrap();
    let way_back = invite(meta, &admin, "bob2@example.com", Role::Admin).await;
    let kept = invite(meta, &owner, "carol@example.com", Role::Admin).await;
    meta.remove_member(owner.actor(), admin.id.clone())
        .await
        .unwrap();
    assert!(meta.session(&session.secret, None).await.unwrap().is_none());
    let back = meta.invitation_of(FIRST, &secret_of(&way_back.path)).await;
    assert!(matches!(back, Err(Error::Link)));
    assert!(
        meta.invitation_of(FIRST, &secret_of(&kept.path))
            .await
            .is_ok()
    );
    let gone = sign_in(&fixture, "bob@example.com", PASSWORD, "192.0.2.5").await;
    assert!(matches!(gone.map(drop), Err(Error::WrongCredentials)));
}

#[tokio::test]
async fn one_workspace_does_not_see_into_another() {
    let fixture = Fixture::new().await;
    let meta = &fixture.meta;
    let owner = set_up(meta).await;
    let invitation = invite(meta, &owner.member, "bob@example.com", Role::Viewer).await;
    let reset = meta
        .create_reset_link(FIRST, email("ada@example.com"))
        .await
        .unwrap();
    sqlx::query("INSERT INTO workspace (id, name, created_at) VALUES (2, 'Other', 0)")
        .execute(meta.pool())
        .await
        .unwrap();
    let other = WorkspaceId(2);
    assert_eq!(meta.members(other).await.unwrap(), []);
    assert_eq!(meta.invitations(other).await.unwrap(), []);
    assert_eq!(meta.audit_entries(other, None, 10).await.unwrap(), []);
    let foreign = meta
        .sign_in(other, "ada@example.com", PASSWORD, Device::default())
        .await;
    assert!(matches!(foreign.map(drop), Err(Error::WrongCredentials)));
    let foreign = meta
        .invitation_of(other, &secret_of(&invitation.path))
        .await;
    assert!(matches!(foreign, Err(Error::Link)));
    let password = Password::parse("another sentence").unwrap();
    let foreign = meta
        .reset_password(other, &secret_of(&reset.path), password, Device::default())
        .await;
    assert!(matches!(foreign.map(drop), Err(Error::Link)));
    let stranger = Actor::system(other, "stranger");
    let id = owner.member.id.clone();
    let foreign = meta
        .set_role(stranger.clone(), id.clone(), Role::Viewer)
        .await;
    assert!(matches!(foreign, Err(Error::NoMember { .. })));
    let foreign = meta.remove_member(stranger.clone(), id).await;
    assert!(matches!(foreign, Err(Error::NoMember { .. })));
    let foreign = meta
        .delete_invitation(stranger, invitation.invitation.id)
        .await;
    assert!(matches!(foreign, Err(Error::NoInvitation { .. })));

    for table in ["member_session", "api_key"] {
        let key = meta.create_api_key(meta::NewApiKey {
            name: Name::parse("k").unwrap(),
            rights: meta::Rights::Full,
        });
        let key = key.await.unwrap().secret;
        let update = match table {
            "api_key" => "UPDATE api_key SET workspace_id = 2",
            _ => "UPDATE member_session SET workspace_id = 2",
        };
        sqlx::query(update).execute(meta.pool()).await.unwrap();
        assert!(meta.session(&owner.secret, None).await.unwrap().is_none());
        // Keys are held in memory and read again at each change.
        meta.create_application(crate::new_application(&table.replace('_', "-")))
            .await
            .unwrap();
        assert_eq!(meta.authenticate(&key).is_some(), table != "api_key");
    }
}

#[tokio::test]
async fn a_note_stands_and_falls_with_its_change() {
    let fixture = Fixture::new().await;
    let meta = &fixture.meta;
    let note = || {
        let actor = Actor::system(FIRST, "test");
        meta::AuditNote::new(actor, AuditAction::ApplicationCreated).on("shop")
    };
    meta.noting(note())
        .create_application(crate::new_application("shop"))
        .await
        .unwrap();
    let taken = meta
        .noting(note())
        .create_application(crate::new_application("shop"))
        .await;
    assert!(taken.is_err());
    let entries = meta.audit_entries(FIRST, None, 10).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].note.clone(), entries[0].at),
        (note(), EventTime(START))
    );
    meta.create_application(crate::new_application("other"))
        .await
        .unwrap();
    assert_eq!(
        meta.audit_entries(FIRST, None, 10).await.unwrap().len(),
        1,
        "only through the handle that notes"
    );
    assert_eq!(
        meta.audit_entries(FIRST, Some(entries[0].id), 10)
            .await
            .unwrap(),
        []
    );
}
