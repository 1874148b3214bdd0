-- Who may send and who may read. Times are microseconds since 1970-01-01 UTC.
-- Portable between SQLite and PostgreSQL: no AUTOINCREMENT, no type that only one of them has.

CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('application_number', 0), ('directory_version', 0);

CREATE TABLE workspace (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE application (
    number BIGINT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL UNIQUE,
    workspace_id BIGINT NOT NULL REFERENCES workspace (id),
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    access TEXT NOT NULL,
    allowed_origins TEXT NOT NULL, -- JSON array of strings
    require_origin BOOLEAN NOT NULL,
    ip_privacy TEXT NOT NULL,
    scrub_keys TEXT NOT NULL, -- JSON array of strings
    retention_days INTEGER NOT NULL,
    created_at BIGINT NOT NULL
);

-- Earlier app_ids of a renamed application: nobody else may take them.
CREATE TABLE reserved_app_id (
    app_id TEXT NOT NULL PRIMARY KEY,
    application_number BIGINT NOT NULL REFERENCES application (number) ON DELETE CASCADE,
    reserved_at BIGINT NOT NULL
);

-- Tokens are public by nature (they stand in the page), so they are stored as they are.
CREATE TABLE client_token (
    id TEXT NOT NULL PRIMARY KEY,
    application_number BIGINT NOT NULL REFERENCES application (number) ON DELETE CASCADE,
    token TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX client_token_application ON client_token (application_number, created_at);

CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspace (id),
    name TEXT NOT NULL,
    hash TEXT NOT NULL, -- SHA-256 of the key, lower-case hex
    prefix TEXT NOT NULL,
    rights TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);

-- Outlives its application: the events of a deleted app_id are refused for good, and the store erases what it holds.
CREATE TABLE deletion (
    app_id TEXT NOT NULL PRIMARY KEY,
    application_number BIGINT NOT NULL,
    requested_at BIGINT NOT NULL,
    completed_at BIGINT
);
