-- Quotas: what was used of each day's, and what is at work. Nothing was written into the table of counts before.
DROP TABLE usage_counts;

CREATE TABLE usage_counts (
    user_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Where a caller without a key comes from; empty for users.
    caller    TEXT NOT NULL,
    operation TEXT NOT NULL,
    -- A day of UTC.
    day       TEXT NOT NULL,
    count     INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (user_id, caller, operation, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_counts_day ON usage_counts (day);

-- A place in a day's quota that a call has taken and not used yet. It lapses, should nobody say what became of the call.
CREATE TABLE usage_reservations (
    -- Never used again: who comes late must not find another's place under it.
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    caller    TEXT NOT NULL,
    operation TEXT NOT NULL,
    day       TEXT NOT NULL,
    -- Milliseconds since 1970.
    lapses_at INTEGER NOT NULL
) STRICT;

CREATE INDEX usage_reservations_whose ON usage_reservations (user_id, caller, operation);
