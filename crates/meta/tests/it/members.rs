//! Members, links, invitations, workspaces and audit entries.

use meta::{
    Actor, AuditAction, Device, Error, Member, MemberId, Name, NewInvitation, Password, Role,
    WorkspaceId,
};
use schema::EventTime;

use crate::people::{
    DAY, FIRST, PASSWORD, actions, email, invite, join, newcomer, secret_of, set_up, sign_in,
};
use crate::{Fixture, START};

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
