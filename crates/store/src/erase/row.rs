//! Whose a row is: the columns that tell it, read from a batch.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringViewArray};
use compact_str::CompactString;
use foldhash::fast::RandomState;
use schema::{Identity, Subject, SubjectKind, TableId};

/// What is read.
pub(super) const COLUMNS: &[&str] = &[
    "app_id",
    "event_id",
    "session_id",
    "view_id",
    "user_id",
    "user_email",
    "anonymous_id",
    "user_is_signed_in",
    "user_ids",
];

/// The columns of a batch that tell whose its rows are.
pub(super) struct Texts<'a> {
    app: Option<&'a StringViewArray>,
    event: Option<&'a StringViewArray>,
    session: Option<&'a StringViewArray>,
    view: Option<&'a StringViewArray>,
    user: Option<&'a StringViewArray>,
    email: Option<&'a StringViewArray>,
    anonymous: Option<&'a StringViewArray>,
    is_signed_in: Option<&'a BooleanArray>,
    users: Option<&'a ArrayRef>,
}

impl<'a> Texts<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Self {
        let column = |name| batch.column_by_name(name);
        let text = |name| column(name)?.as_string_view_opt();
        Self {
            app: text("app_id"),
            event: text("event_id"),
            session: text("session_id"),
            view: text("view_id"),
            user: text("user_id"),
            email: text("user_email"),
            anonymous: text("anonymous_id"),
            is_signed_in: column("user_is_signed_in").and_then(|array| array.as_boolean_opt()),
            users: column("user_ids"),
        }
    }
}

/// One row of a batch.
pub(super) struct At<'a> {
    pub(super) texts: &'a Texts<'a>,
    pub(super) row: usize,
}

impl<'a> At<'a> {
    fn text(&self, column: Option<&'a StringViewArray>) -> Option<&'a str> {
        let column = column.filter(|column| column.is_valid(self.row))?;
        Some(column.value(self.row))
    }

    pub(super) fn app(&self) -> Option<&'a str> {
        self.text(self.texts.app)
    }

    pub(super) fn event(&self) -> Option<&'a str> {
        self.text(self.texts.event)
    }

    /// The session that it names; a session's own row names itself by its id.
    pub(super) fn session(&self, table: TableId) -> Option<&'a str> {
        match table {
            TableId::Session => self.event(),
            _ => self.text(self.texts.session),
        }
    }

    pub(super) fn signed_in_user(&self) -> Option<&'a str> {
        let user = self.text(self.texts.user)?;
        let signed_in = self.texts.is_signed_in;
        let signed_in = signed_in.filter(|column| column.is_valid(self.row));
        signed_in
            .is_none_or(|column| column.value(self.row))
            .then_some(user)
    }

    /// Whether a column of it has the subject's value.
    pub(super) fn is_of(&self, subject: &Subject) -> bool {
        let column = match subject.kind() {
            SubjectKind::Session => self.texts.session,
            SubjectKind::User => self.texts.user,
            SubjectKind::Email => self.texts.email,
            SubjectKind::Anonymous => self.texts.anonymous,
        };
        let is_in_list = || {
            let users = self
                .texts
                .users
                .and_then(|users| users.as_list_opt::<i32>());
            let users = users.filter(|users| users.is_valid(self.row));
            users.is_some_and(|users| {
                let users = users.value(self.row);
                let mut users = users.as_string_view().iter().flatten();
                users.any(|user| subject.is(user))
            })
        };
        self.text(column).is_some_and(|value| subject.is(value))
            || (subject.kind() == SubjectKind::User && is_in_list())
    }

    /// Whom it names, in the subject's own kind of id where it has one. A session is nobody.
    pub(super) fn person(&self, subject: &Subject) -> Option<&'a str> {
        match subject.kind() {
            SubjectKind::Session => None,
            SubjectKind::User => self.signed_in_user(),
            // The user id first: e-mail addresses are often left out, and `Named::users` knows whose it is.
            SubjectKind::Email => self.signed_in_user().or(self.text(self.texts.email)),
            SubjectKind::Anonymous => self.text(self.texts.anonymous),
        }
    }

    pub(super) fn is_in(
        &self,
        views: &HashSet<(CompactString, CompactString), RandomState>,
    ) -> bool {
        let view = self.app().zip(self.text(self.texts.view));
        view.is_some_and(|(app, view)| views.contains(&(app.into(), view.into())))
    }

    pub(super) fn identity(&self, table: TableId) -> Identity {
        Identity::new(
            self.app().unwrap_or_default(),
            table,
            self.event().unwrap_or_default(),
        )
    }
}
