-- A checksum of every row of users' tables, over what the row says and whose it is, apart from the row itself: a row that
-- is changed, lost or another's is seen whichever of the two copies is damaged. The server writes it in the transaction
-- that writes the row, and checks it when the row is read. It says nothing to people: they are named in the row.
CREATE TABLE row_checksums (
    kind     TEXT NOT NULL CHECK (kind IN ('group', 'portfolio', 'user')),
    user_id  INTEGER NOT NULL,
    -- That of a group or portfolio; empty for a user.
    name_key TEXT NOT NULL,
    -- As written.
    name     TEXT NOT NULL,
    -- SHA-256; empty while its row is being written.
    checksum BLOB NOT NULL CHECK (length(checksum) IN (0, 32)),
    PRIMARY KEY (kind, user_id, name_key)
) STRICT, WITHOUT ROWID;

-- A process of an older version, started before this step, knows no checksums: what it wrote would count as damaged.

CREATE TRIGGER user_factor_groups_added BEFORE INSERT ON user_factor_groups
WHEN NOT EXISTS (SELECT 1 FROM row_checksums WHERE kind = 'group' AND user_id = NEW.user_id AND name_key = NEW.name_key
    AND length(checksum) = 0)
BEGIN
    SELECT RAISE(ABORT, 'an older version of factor-mcp is running: stop it and start it again');
END;
CREATE TRIGGER user_factor_groups_changed BEFORE UPDATE OF user_id, group_name, name_key, description, tickers, weights,
    weighting_method, settled ON user_factor_groups
WHEN NOT EXISTS (SELECT 1 FROM row_checksums WHERE kind = 'group' AND user_id = NEW.user_id AND name_key = NEW.name_key
    AND length(checksum) = 0)
BEGIN
    SELECT RAISE(ABORT, 'an older version of factor-mcp is running: stop it and start it again');
END;
CREATE TRIGGER user_factor_groups_removed AFTER DELETE ON user_factor_groups
BEGIN
    DELETE FROM row_checksums WHERE kind = 'group' AND user_id = OLD.user_id AND name_key = OLD.name_key;
END;

CREATE TRIGGER portfolios_added BEFORE INSERT ON portfolios
WHEN NOT EXISTS (SELECT 1 FROM row_checksums WHERE kind = 'portfolio' AND user_id = NEW.user_id
    AND name_key = NEW.name_key AND length(checksum) = 0)
BEGIN
    SELECT RAISE(ABORT, 'an older version of factor-mcp is running: stop it and start it again');
END;
CREATE TRIGGER portfolios_changed BEFORE UPDATE OF user_id, portfolio_name, name_key, holdings ON portfolios
WHEN NOT EXISTS (SELECT 1 FROM row_checksums WHERE kind = 'portfolio' AND user_id = NEW.user_id
    AND name_key = NEW.name_key AND length(checksum) = 0)
BEGIN
    SELECT RAISE(ABORT, 'an older version of factor-mcp is running: stop it and start it again');
END;
CREATE TRIGGER portfolios_removed AFTER DELETE ON portfolios
BEGIN
    DELETE FROM row_checksums WHERE kind = 'portfolio' AND user_id = OLD.user_id AND name_key = OLD.name_key;
END;

CREATE TRIGGER users_changed BEFORE UPDATE OF api_key_hash, tier, email ON users
WHEN NOT EXISTS (SELECT 1 FROM row_checksums WHERE kind = 'user' AND user_id = NEW.id AND length(checksum) = 0)
BEGIN
    SELECT RAISE(ABORT, 'an older version of factor-mcp is running: stop it and start it again');
END;
CREATE TRIGGER users_removed AFTER DELETE ON users
BEGIN
    DELETE FROM row_checksums WHERE user_id = OLD.id;
END;
