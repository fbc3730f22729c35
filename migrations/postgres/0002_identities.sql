-- Users who come with an access token: whom an issuer calls a subject is one user here. A server's role has no right on the
-- table; the function below is its one way to it.

CREATE TABLE identities (
    issuer     TEXT NOT NULL CHECK (length(issuer) BETWEEN 1 AND 2048),
    subject    TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    -- Not deleted with the user: a subject whose access was taken away would come back as another user.
    user_id    BIGINT NOT NULL REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    revoked_at TIMESTAMPTZ,
    PRIMARY KEY (issuer, subject)
);

CREATE INDEX identities_created_at ON identities (created_at);
CREATE INDEX identities_user_id ON identities (user_id);

REVOKE ALL ON identities FROM PUBLIC;
ALTER TABLE identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE identities FORCE ROW LEVEL SECURITY;
CREATE POLICY identities_administered ON identities TO CURRENT_USER USING (true) WITH CHECK (true);

-- The user of an issuer's subject; one that is not known yet becomes a user of this tier, of at most so many new ones an hour.
-- It runs with the owner's rights, so it looks for its names where nobody else can put any.
DO $do$
BEGIN
    EXECUTE format($make$
        CREATE FUNCTION user_of_identity(of_issuer TEXT, of_subject TEXT, new_tier TEXT, per_hour BIGINT)
        RETURNS TABLE (outcome TEXT, user_number BIGINT, user_tier TEXT, user_email TEXT, user_since TIMESTAMPTZ,
            user_has_key BOOLEAN)
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, %I, pg_temp AS $function$
        DECLARE
            number BIGINT;
            revoked TIMESTAMPTZ;
        BEGIN
            SELECT known.user_id, known.revoked_at INTO number, revoked
                FROM identities AS known WHERE known.issuer = of_issuer AND known.subject = of_subject;
            IF NOT FOUND THEN
                -- One after the other, so that the limit holds exactly; who waited looks again.
                PERFORM pg_advisory_xact_lock(hashtextextended('factor-mcp identities', 0));
                SELECT known.user_id, known.revoked_at INTO number, revoked
                    FROM identities AS known WHERE known.issuer = of_issuer AND known.subject = of_subject;
                IF NOT FOUND THEN
                    IF (SELECT count(*) FROM identities AS known
                        WHERE known.created_at > clock_timestamp() - INTERVAL '1 hour') >= per_hour THEN
                        outcome := 'too_many_new';
                        RETURN NEXT;
                        RETURN;
                    END IF;
                    INSERT INTO users (tier) VALUES (new_tier) RETURNING users.id INTO number;
                    INSERT INTO identities (issuer, subject, user_id) VALUES (of_issuer, of_subject, number);
                END IF;
            END IF;
            IF revoked IS NOT NULL THEN
                outcome := 'revoked';
                RETURN NEXT;
                RETURN;
            END IF;
            RETURN QUERY SELECT 'known', u.id, u.tier, u.email, u.created_at, u.api_key_hash IS NOT NULL
                FROM users AS u WHERE u.id = number;
        END;
        $function$
    $make$, current_schema());
END;
$do$;

REVOKE ALL ON FUNCTION user_of_identity(TEXT, TEXT, TEXT, BIGINT) FROM PUBLIC;
