//! People to test with.

use meta::{
    AuditAction, CreatedInvitation, Device, Email, Error, Member, Meta, Name, NewInvitation,
    Newcomer, Password, Role, SignedIn, WorkspaceId,
};

use crate::Fixture;

pub(crate) const FIRST: WorkspaceId = WorkspaceId::FIRST;
pub(crate) const PASSWORD: &str = "a plain sentence";
pub(crate) const DAY: i64 = 86_400;

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub(crate) fn newcomer(name: &str, password: &str) -> Newcomer {
    Newcomer {
        name: Name::parse(name).unwrap(),
        password: Password::parse(password).unwrap(),
    }
}

pub(crate) fn device(ip: &str) -> Device {
    Device {
        user_agent: "Firefox".to_owned(),
        ip: Some(ip.parse().unwrap()),
    }
}

pub(crate) fn secret_of(path: &str) -> String {
    path.split_once("?token=").unwrap().1.to_owned()
}

/// The first administrator, signed in.
pub(crate) async fn set_up(meta: &Meta) -> SignedIn {
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

pub(crate) async fn invite(meta: &Meta, by: &Member, text: &str, role: Role) -> CreatedInvitation {
    let new = NewInvitation {
        email: email(text),
        role,
    };
    meta.create_invitation(by.actor(), new).await.unwrap()
}

pub(crate) async fn join(meta: &Meta, by: &Member, text: &str, role: Role) -> Member {
    let secret = secret_of(&invite(meta, by, text, role).await.path);
    let joined = meta
        .accept_invitation(FIRST, &secret, newcomer(text, PASSWORD), Device::default())
        .await;
    joined.unwrap().member
}

pub(crate) async fn sign_in(
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

pub(crate) async fn actions(meta: &Meta) -> Vec<AuditAction> {
    let entries = meta.audit_entries(FIRST, None, 1000).await.unwrap();
    entries
        .into_iter()
        .rev()
        .map(|entry| entry.note.action)
        .collect()
}
