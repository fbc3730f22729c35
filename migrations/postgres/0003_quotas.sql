-- Quotas: what was used of each day's, and what is at work.

-- Where a caller without a key comes from; empty for users.
ALTER TABLE usage_counts ADD COLUMN caller TEXT NOT NULL DEFAULT '';
ALTER TABLE usage_counts DROP CONSTRAINT usage_counts_pkey;
ALTER TABLE usage_counts ADD PRIMARY KEY (user_id, caller, operation, day);

CREATE INDEX usage_counts_day ON usage_counts (day);

-- A place in a day's quota that a call has taken and not used yet. It lapses, should nobody say what became of the call.
CREATE TABLE usage_reservations (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id   BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    caller    TEXT NOT NULL,
    operation TEXT NOT NULL,
    day       DATE NOT NULL,
    -- Milliseconds since 1970.
    lapses_at BIGINT NOT NULL
);

CREATE INDEX usage_reservations_whose ON usage_reservations (user_id, caller, operation);

ALTER TABLE usage_reservations ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_reservations FORCE ROW LEVEL SECURITY;
CREATE POLICY usage_reservations_own ON usage_reservations
    USING (user_id = NULLIF(current_setting('app.user_id', true), '')::BIGINT)
    WITH CHECK (user_id = NULLIF(current_setting('app.user_id', true), '')::BIGINT);
