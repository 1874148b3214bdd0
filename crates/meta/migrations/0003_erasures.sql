-- Requests to delete the data of one user or one session. Times are microseconds since 1970-01-01 UTC.

CREATE TABLE erasure (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspace (id),
    app_ids TEXT NOT NULL, -- JSON array of strings: the application's id and its earlier ones, as of the request
    kind TEXT NOT NULL, -- the column by which somebody is named
    value TEXT, -- NULL once the data is gone
    value_hash TEXT NOT NULL, -- SHA-256 of the key `erasure`, the kind and the value, lower-case hex
    requested_at BIGINT NOT NULL,
    rows_gone_at BIGINT, -- when no answer had its rows any more
    log_position BIGINT, -- everything in the log before this may hold it
    erased TEXT, -- JSON object of counts
    completed_at BIGINT -- when no file had its bytes any more
);
CREATE INDEX erasure_open ON erasure (completed_at);

-- Random keys that never leave the database.
CREATE TABLE secret_key (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
