-- Who signs in, and what was done by whom. Times are microseconds since 1970-01-01 UTC; `hash` is always the SHA-256 of a
-- random secret of 256 bits, lower-case hex. The secrets themselves are never stored.

INSERT INTO counter (name, value) VALUES ('audit_entry', 0);

CREATE TABLE member (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspace (id),
    email TEXT NOT NULL, -- normalised: no space around, lower case
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL, -- Argon2id, PHC string format
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT,
    UNIQUE (workspace_id, email)
);

CREATE TABLE member_session (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspace (id),
    member_id TEXT NOT NULL REFERENCES member (id) ON DELETE CASCADE,
    hash TEXT NOT NULL UNIQUE,
    user_agent TEXT NOT NULL,
    ip TEXT, -- of the newest use
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX member_session_member ON member_session (member_id, last_used_at);

CREATE TABLE invitation (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspace (id),
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    invited_by TEXT REFERENCES member (id) ON DELETE CASCADE, -- NULL: an API key
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (workspace_id, email)
);

CREATE TABLE one_time_link (
    hash TEXT NOT NULL PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspace (id),
    purpose TEXT NOT NULL,
    member_id TEXT REFERENCES member (id) ON DELETE CASCADE, -- NULL: the member is yet to be made
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Of e-mails and addresses alike, whether a member has them or not, so that an answer does not tell who is a member.
CREATE TABLE sign_in_attempt (
    workspace_id BIGINT NOT NULL REFERENCES workspace (id),
    subject TEXT NOT NULL, -- SHA-256 of `email:…` or `address:…`
    failures BIGINT NOT NULL,
    last_failure_at BIGINT NOT NULL,
    locked_until BIGINT NOT NULL, -- 0: never locked
    PRIMARY KEY (workspace_id, subject)
);
CREATE INDEX sign_in_attempt_age ON sign_in_attempt (last_failure_at);

CREATE TABLE audit_entry (
    id BIGINT NOT NULL PRIMARY KEY, -- grows
    workspace_id BIGINT NOT NULL REFERENCES workspace (id),
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT,
    detail TEXT
);
CREATE INDEX audit_entry_action ON audit_entry (workspace_id, action, at);
