-- Audit: who called what, when, on which data and with which answer; as in Postgres.

CREATE TABLE audit (
    replica   TEXT NOT NULL CHECK (replica <> ''),
    seq       INTEGER NOT NULL CHECK (seq > 0),
    -- Milliseconds since 1970.
    at        INTEGER NOT NULL,
    who       TEXT NOT NULL,
    operation TEXT NOT NULL,
    outcome   TEXT NOT NULL,
    arguments TEXT NOT NULL,
    data      TEXT NOT NULL,
    answer    TEXT NOT NULL,
    hash      TEXT NOT NULL,
    PRIMARY KEY (replica, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_at ON audit (at);

CREATE TABLE audit_checkpoints (
    replica TEXT PRIMARY KEY,
    seq     INTEGER NOT NULL,
    hash    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    seal    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_names (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    name    TEXT NOT NULL UNIQUE
) STRICT;
