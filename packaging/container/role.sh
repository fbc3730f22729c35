#!/bin/sh
# The role of the server, which row-level security keeps to one user at a time. Postgres runs this once, when it makes the database.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$SERVER_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE factor_app LOGIN PASSWORD :'password';
SQL
