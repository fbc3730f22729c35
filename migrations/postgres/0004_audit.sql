-- Audit: who called what, when, on which data and with which answer. A server's role may add rows and read none.

CREATE TABLE audit (
    -- The server that wrote the row; each has a chain of its own, numbered from 1.
    replica   TEXT NOT NULL CHECK (replica <> ''),
    seq       BIGINT NOT NULL CHECK (seq > 0),
    -- Milliseconds since 1970.
    at        BIGINT NOT NULL,
    -- The user's name in this table, which says nothing of them.
    who       TEXT NOT NULL,
    operation TEXT NOT NULL,
    -- `ok`, or the code of the error.
    outcome   TEXT NOT NULL,
    -- HMAC-SHA-256 of the arguments under the server's key.
    arguments TEXT NOT NULL,
    -- What the answer rests on; empty where it has no figures.
    data      TEXT NOT NULL,
    -- The state of the answer without what passes; empty for an error.
    answer    TEXT NOT NULL,
    -- HMAC-SHA-256, under the server's key, of the row before and of this one.
    hash      TEXT NOT NULL,
    PRIMARY KEY (replica, seq)
);

CREATE INDEX audit_at ON audit (at);

-- Where a chain begins whose older rows are gone.
CREATE TABLE audit_checkpoints (
    replica TEXT PRIMARY KEY,
    -- The last row that is gone, and its hash.
    seq     BIGINT NOT NULL,
    hash    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    -- HMAC-SHA-256 of the rest under the server's key.
    seal    TEXT NOT NULL
);

-- Who a name is, for as long as that may be known.
CREATE TABLE audit_names (
    user_id BIGINT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    name    TEXT NOT NULL UNIQUE
);

REVOKE ALL ON audit, audit_checkpoints FROM PUBLIC;

ALTER TABLE audit_names ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_names FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_names_own ON audit_names
    USING (user_id = NULLIF(current_setting('app.user_id', true), '')::BIGINT)
    WITH CHECK (user_id = NULLIF(current_setting('app.user_id', true), '')::BIGINT);
CREATE POLICY audit_names_administered ON audit_names TO CURRENT_USER USING (true) WITH CHECK (true);

-- The end of a chain: what the next row is chained to. It says nothing of what the rows hold.
DO $do$
BEGIN
    EXECUTE format($make$
        CREATE FUNCTION audit_head(of_replica TEXT)
        RETURNS TABLE (head_seq BIGINT, head_hash TEXT)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp AS $function$
            SELECT ends.seq, ends.hash FROM (
                SELECT kept.seq, kept.hash FROM audit AS kept WHERE kept.replica = of_replica
                UNION ALL SELECT gone.seq, gone.hash FROM audit_checkpoints AS gone WHERE gone.replica = of_replica
            ) AS ends ORDER BY ends.seq DESC LIMIT 1;
        $function$
    $make$, current_schema());
END;
$do$;

REVOKE ALL ON FUNCTION audit_head(TEXT) FROM PUBLIC;
