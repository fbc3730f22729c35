-- What users and administrators write, in a file of the user's own. SQLite has no row-level security: every statement
-- on a user's table names the user. Times are UTC, as text to the millisecond.

CREATE TABLE users (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    -- SHA-256 of the key; none for the local user and after the key was revoked.
    api_key_hash BLOB CHECK (length(api_key_hash) = 32),
    tier         TEXT NOT NULL CHECK (tier IN ('public', 'registered', 'paid')),
    email        TEXT,
    created_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

-- The one user of a server that is run for oneself.
INSERT INTO users (id, tier) VALUES (1, 'registered');

CREATE TABLE user_factor_groups (
    id               INTEGER PRIMARY KEY,
    user_id          INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- As written; name_key is what two spellings of one name share.
    group_name       TEXT NOT NULL CHECK (length(group_name) BETWEEN 1 AND 100),
    name_key         TEXT NOT NULL,
    description      TEXT NOT NULL,
    tickers          TEXT NOT NULL CHECK (json_valid(tickers) AND json_type(tickers) = 'array'),
    -- {"XLK": 0.6, ...} for custom weights, else null.
    weights          TEXT CHECK (weights IS NULL OR (json_valid(weights) AND json_type(weights) = 'object')),
    weighting_method TEXT NOT NULL DEFAULT 'equal' CHECK (weighting_method IN ('equal', 'market_cap', 'custom')),
    -- The weights of the last check against the prices.
    settled          TEXT CHECK (settled IS NULL OR (json_valid(settled) AND json_type(settled) = 'object')),
    created_at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (user_id, name_key),
    CHECK ((weighting_method = 'custom') = (weights IS NOT NULL))
) STRICT;

CREATE TRIGGER user_factor_groups_updated
AFTER UPDATE OF group_name, description, tickers, weights, weighting_method, settled ON user_factor_groups
BEGIN
    UPDATE user_factor_groups SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
END;

CREATE TABLE portfolios (
    id             INTEGER PRIMARY KEY,
    user_id        INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    portfolio_name TEXT NOT NULL CHECK (length(portfolio_name) BETWEEN 1 AND 100),
    name_key       TEXT NOT NULL,
    holdings       TEXT NOT NULL CHECK (json_valid(holdings) AND json_type(holdings) = 'array'),
    created_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (user_id, name_key)
) STRICT;

CREATE TRIGGER portfolios_updated
AFTER UPDATE OF portfolio_name, holdings ON portfolios
BEGIN
    UPDATE portfolios SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
END;

CREATE TABLE usage_counts (
    user_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    operation TEXT NOT NULL,
    -- A day of UTC.
    day       TEXT NOT NULL,
    count     INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (user_id, operation, day)
) STRICT, WITHOUT ROWID;

-- Reference data. A lower priority is preferred; none means the default of the category. position keeps the order.

CREATE TABLE asset_etf_proxies (
    id               INTEGER PRIMARY KEY,
    asset_class      TEXT NOT NULL CHECK (asset_class IN ('fixed_income', 'cash', 'commodity', 'crypto')),
    proxy_key        TEXT NOT NULL CHECK (length(proxy_key) BETWEEN 1 AND 100),
    etf_ticker       TEXT NOT NULL,
    is_canonical     INTEGER NOT NULL DEFAULT 0 CHECK (is_canonical IN (0, 1)),
    priority         INTEGER CHECK (priority >= 0),
    active           INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    inception        TEXT,
    description      TEXT,
    position         INTEGER NOT NULL DEFAULT 0,
    last_verified_at TEXT,
    notes            TEXT,
    updated_at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (asset_class, proxy_key, etf_ticker)
) STRICT;

CREATE UNIQUE INDEX asset_etf_proxies_one_canonical ON asset_etf_proxies (asset_class, proxy_key) WHERE is_canonical;

CREATE TABLE industry_proxies (
    id               INTEGER PRIMARY KEY,
    industry         TEXT NOT NULL UNIQUE CHECK (length(industry) BETWEEN 1 AND 100),
    proxy_etf        TEXT NOT NULL,
    asset_class      TEXT CHECK (asset_class IN ('equity', 'bond', 'cash', 'commodity', 'crypto')),
    sector_group     TEXT,
    subindustry      TEXT,
    priority         INTEGER CHECK (priority >= 0),
    active           INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    inception        TEXT,
    description      TEXT,
    position         INTEGER NOT NULL DEFAULT 0,
    last_verified_at TEXT,
    notes            TEXT,
    updated_at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE TABLE factor_proxies (
    id               INTEGER PRIMARY KEY,
    category         TEXT NOT NULL CHECK (category IN ('style', 'market')),
    proxy_key        TEXT NOT NULL CHECK (length(proxy_key) BETWEEN 1 AND 100),
    etf_ticker       TEXT NOT NULL,
    priority         INTEGER CHECK (priority >= 0),
    active           INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    inception        TEXT,
    description      TEXT,
    position         INTEGER NOT NULL DEFAULT 0,
    last_verified_at TEXT,
    notes            TEXT,
    updated_at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (category, proxy_key, etf_ticker)
) STRICT;

CREATE TABLE proxy_changes (
    id         INTEGER PRIMARY KEY,
    changed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    who        TEXT NOT NULL,
    why        TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('asset_proxies', 'industries', 'style_and_market')),
    what       TEXT NOT NULL
) STRICT;

-- One row whose number goes up with every change of reference data, by whatever program.
CREATE TABLE mapping_revision (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
) STRICT;

INSERT INTO mapping_revision (id, revision) VALUES (1, 0);

CREATE TRIGGER asset_etf_proxies_added AFTER INSERT ON asset_etf_proxies
BEGIN UPDATE mapping_revision SET revision = revision + 1; END;
CREATE TRIGGER asset_etf_proxies_removed AFTER DELETE ON asset_etf_proxies
BEGIN UPDATE mapping_revision SET revision = revision + 1; END;
CREATE TRIGGER asset_etf_proxies_changed AFTER UPDATE OF asset_class, proxy_key, etf_ticker, is_canonical, priority,
    active, inception, description, position ON asset_etf_proxies
BEGIN
    UPDATE mapping_revision SET revision = revision + 1;
    UPDATE asset_etf_proxies SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
END;

CREATE TRIGGER industry_proxies_added AFTER INSERT ON industry_proxies
BEGIN UPDATE mapping_revision SET revision = revision + 1; END;
CREATE TRIGGER industry_proxies_removed AFTER DELETE ON industry_proxies
BEGIN UPDATE mapping_revision SET revision = revision + 1; END;
CREATE TRIGGER industry_proxies_changed AFTER UPDATE OF industry, proxy_etf, asset_class, sector_group, subindustry,
    priority, active, inception, description, position ON industry_proxies
BEGIN
    UPDATE mapping_revision SET revision = revision + 1;
    UPDATE industry_proxies SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
END;

CREATE TRIGGER factor_proxies_added AFTER INSERT ON factor_proxies
BEGIN UPDATE mapping_revision SET revision = revision + 1; END;
CREATE TRIGGER factor_proxies_removed AFTER DELETE ON factor_proxies
BEGIN UPDATE mapping_revision SET revision = revision + 1; END;
CREATE TRIGGER factor_proxies_changed AFTER UPDATE OF category, proxy_key, etf_ticker, priority, active, inception,
    description, position ON factor_proxies
BEGIN
    UPDATE mapping_revision SET revision = revision + 1;
    UPDATE factor_proxies SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
END;
