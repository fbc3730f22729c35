-- Whole results of answers that were cut, so that every server that shares the database answers for the links of all.
CREATE TABLE results (
    id         TEXT PRIMARY KEY,
    user_id    BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Its MIME type.
    media      TEXT NOT NULL,
    body       BYTEA NOT NULL,
    -- Milliseconds since 1970.
    expires_at BIGINT NOT NULL
);

CREATE INDEX results_user_id ON results (user_id, expires_at);
CREATE INDEX results_expires_at ON results (expires_at);

ALTER TABLE results ENABLE ROW LEVEL SECURITY;
ALTER TABLE results FORCE ROW LEVEL SECURITY;
CREATE POLICY results_own ON results
    USING (user_id = NULLIF(current_setting('app.user_id', true), '')::BIGINT)
    WITH CHECK (user_id = NULLIF(current_setting('app.user_id', true), '')::BIGINT);
CREATE POLICY results_administered ON results TO CURRENT_USER USING (true) WITH CHECK (true);

-- Takes expired results away, whosever they are; a server's role sees one user's alone.
DO $do$
BEGIN
    EXECUTE format($make$
        CREATE FUNCTION delete_expired_results() RETURNS BIGINT
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp AS $function$
            WITH gone AS (
                DELETE FROM results WHERE expires_at < extract(epoch FROM clock_timestamp()) * 1000 RETURNING 1
            ) SELECT count(*) FROM gone;
        $function$
    $make$, current_schema());
END;
$do$;

REVOKE ALL ON FUNCTION delete_expired_results() FROM PUBLIC;

-- Of which step a version has to know at least to work with these tables: servers of an older and of this version run side by side
-- while one takes the other's place. A step that only adds leaves it as it is.
CREATE TABLE schema_needs (
    one  BOOLEAN PRIMARY KEY DEFAULT true CHECK (one),
    step BIGINT NOT NULL
);

INSERT INTO schema_needs (step) VALUES (5);
