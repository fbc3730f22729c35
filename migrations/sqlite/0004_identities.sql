-- Users who come with an access token: whom an issuer calls a subject is one user here.
CREATE TABLE identities (
    issuer     TEXT NOT NULL CHECK (length(issuer) BETWEEN 1 AND 2048),
    subject    TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    -- Not deleted with the user: a subject whose access was taken away would come back as another user.
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    revoked_at TEXT,
    PRIMARY KEY (issuer, subject)
) STRICT;

CREATE INDEX identities_created_at ON identities (created_at);
CREATE INDEX identities_user_id ON identities (user_id);

-- Their checksums, as `row_checksums` are. The user is named here too: a row that is lost has to be called something.
CREATE TABLE identity_checksums (
    issuer   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    user_id  INTEGER NOT NULL,
    checksum BLOB NOT NULL CHECK (length(checksum) = 32),
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
