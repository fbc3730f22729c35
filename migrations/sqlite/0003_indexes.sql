-- The indexes that Postgres has too. That of a user's groups is the one of the unique names, which begins with the user.
CREATE INDEX user_factor_groups_created_at ON user_factor_groups (created_at);
CREATE INDEX user_factor_groups_weighting_method ON user_factor_groups (weighting_method);
