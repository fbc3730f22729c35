//! The roles of Postgres: which of them may reach a store of several users, and what a server's role may do.

use serde_json::json;
use sqlx::{AssertSqlSafe, Executor as _};

use super::{
    database::{Access, Database, Engine, Transaction},
    errors, schema,
    statement::statement,
};
use crate::StoreError;

/// What a server's role needs, by tables. Row-level security shows a user's own row of `users` only.
const RIGHTS: [(&[&str], &[&str]); 7] = [
    (
        &["SELECT", "INSERT", "UPDATE", "DELETE"],
        &["user_factor_groups", "portfolios", "usage_counts", "usage_reservations"],
    ),
    (&["SELECT"], &["users"]),
    (&["SELECT", "INSERT"], &["audit_names"]),
    (&["INSERT"], &["audit"]),
    (&["SELECT", "INSERT", "DELETE"], &["results"]),
    (
        &["SELECT"],
        &[
            "asset_etf_proxies",
            "industry_proxies",
            "factor_proxies",
            "proxy_changes",
            "mapping_revision",
            "_sqlx_migrations",
            "schema_needs",
        ],
    ),
    (&["SELECT", "INSERT", "UPDATE", "DELETE"], &["price_cache"]),
];

/// The ways of a server's role to what it may not read: the issuers' subjects, the end of its chain of the audit, and what has
/// expired of all users.
const FUNCTIONS: [&str; 3] =
    ["user_of_identity(text, text, text, bigint)", "audit_head(text)", "delete_expired_results()"];

/// What a server's role may not do to tables of which it needs little or nothing, with where that is put right.
const CLOSED: [(&str, &str, &str); 4] = [
    (
        "identities",
        "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER",
        "SELECT, INSERT, UPDATE, REFERENCES",
    ),
    ("audit", "SELECT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER", "SELECT, UPDATE, REFERENCES"),
    (
        "audit_checkpoints",
        "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER",
        "SELECT, INSERT, UPDATE, REFERENCES",
    ),
    ("audit_names", "UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER", "UPDATE, REFERENCES"),
];

/// Refuses a role that could read what belongs to others, by itself or by what it could become, tables that do not keep
/// users apart, and a role that lacks a right.
pub(super) async fn guard(database: &Database) -> Result<(), StoreError> {
    let mut transaction = database.begin(None, Access::Read).await?;
    let row = transaction.row(statement("SELECT current_user::text")).await?;
    let role: String = row.ok_or_else(|| StoreError::UnsafeRole("the role is not known".to_owned()))?.get(0)?;
    check_role(&mut transaction, &role).await?;
    check_tables(&mut transaction, &role).await?;
    check_rights(&mut transaction, &role).await?;
    transaction.commit().await
}

/// What a role is or could become, also by way of other roles.
async fn check_role(tx: &mut Transaction<'_>, role: &str) -> Result<(), StoreError> {
    let about = statement(
        "SELECT \
         EXISTS (SELECT 1 FROM pg_roles WHERE rolsuper AND pg_has_role($1, oid, 'MEMBER')), \
         EXISTS (SELECT 1 FROM pg_roles WHERE rolbypassrls AND pg_has_role($1, oid, 'MEMBER')), \
         EXISTS (SELECT 1 FROM pg_roles WHERE rolcreaterole AND pg_has_role($1, oid, 'MEMBER')), \
         EXISTS (SELECT 1 FROM pg_roles WHERE rolname IN \
            ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files') \
            AND pg_has_role($1, oid, 'MEMBER')), \
         EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
            AND relname IN ('users', 'user_factor_groups', 'portfolios', 'usage_counts', 'usage_reservations', \
            'identities', 'audit', 'audit_checkpoints', 'audit_names', 'results', 'schema_needs', 'asset_etf_proxies', \
                'industry_proxies', 'factor_proxies', 'proxy_changes', 'mapping_revision', 'price_cache', \
                '_sqlx_migrations') \
            AND pg_has_role($1, relowner, 'MEMBER')), \
         EXISTS (SELECT 1 FROM pg_proc WHERE pronamespace = current_schema()::regnamespace \
            AND proname IN ('set_updated_at', 'count_mapping_revision', 'user_of_identity', 'audit_head', 'delete_expired_results') \
            AND pg_has_role($1, proowner, 'MEMBER')), \
         EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = current_schema() AND pg_has_role($1, nspowner, 'MEMBER')), \
         EXISTS (SELECT 1 FROM pg_database WHERE datname = current_database() AND pg_has_role($1, datdba, 'MEMBER'))",
    );
    let row = tx.row(about.bind(role)).await?;
    let row = row.ok_or_else(|| StoreError::UnsafeRole("the role is not known".to_owned()))?;
    let reasons = [
        "is or may become a superuser",
        "bypasses row-level security, or may become a role that does",
        "may make roles, and with them give itself any right",
        "may read or write the server's files or run programs on it",
        "owns the tables, or may become the role that does",
        "owns the functions of the tables, or may become the role that does",
        "owns the schema, or may become the role that does",
        "owns the database, or may become the role that does",
    ];
    for (column, why) in reasons.into_iter().enumerate() {
        if row.get::<bool>(column)? {
            return Err(StoreError::UnsafeRole(format!(
                "`{role}` {why}, so it could read across users: make a role with LOGIN alone, run `factor-mcp migrate \
                 --app-role NAME` with the one that owns the tables, and put the new one into DATABASE_URL"
            )));
        }
    }
    Ok(())
}

/// Whether every table of users keeps them apart, by our policies and no others.
async fn check_tables(tx: &mut Transaction<'_>, role: &str) -> Result<(), StoreError> {
    let forced = statement(
        "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
         AND relname IN ('users', 'user_factor_groups', 'portfolios', 'usage_counts', 'usage_reservations', \
            'identities', 'audit_names', 'results') \
         AND relrowsecurity AND relforcerowsecurity",
    );
    if tx.row(forced).await?.map_or(Ok(0), |row| row.get::<i64>(0))? != 8 {
        return Err(StoreError::UnsafeRole(
            "row-level security is not forced on every table of users: run `factor-mcp migrate`, or put it back with ALTER \
             TABLE ... FORCE ROW LEVEL SECURITY"
                .to_owned(),
        ));
    }
    // One of ours compares the row's user with the transaction's, and the administrator's is for the owner alone.
    let others = statement(
        "SELECT string_agg(format('%s on %s', polname, relname), ', ' ORDER BY polname) \
         FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid \
         WHERE relnamespace = current_schema()::regnamespace \
         AND relname IN ('users', 'user_factor_groups', 'portfolios', 'usage_counts', 'usage_reservations', \
            'identities', 'audit_names', 'results') \
         AND NOT (polname = relname || '_own' AND relname <> 'identities' \
            AND pg_get_expr(polqual, polrelid) LIKE \
                CASE relname WHEN 'users' THEN '(id' ELSE '(user_id' END \
                || ' = (NULLIF(current_setting(''app.user_id''%' \
            AND pg_get_expr(polqual, polrelid) NOT LIKE '% OR %') \
         AND NOT (relname IN ('users', 'identities', 'audit_names', 'results') AND polname = relname || '_administered' \
            AND NOT EXISTS (SELECT 1 FROM unnest(polroles) AS named (oid) \
                WHERE named.oid = 0 OR pg_has_role($1, named.oid, 'MEMBER')))",
    );
    match tx.row(others.bind(role)).await?.map_or(Ok(None), |row| row.get::<Option<String>>(0))? {
        None => check_closed(tx, role).await,
        Some(others) => Err(StoreError::UnsafeRole(format!(
            "there are policies that are not ours ({others}), which may show rows across users: drop them with DROP POLICY, \
             and run `factor-mcp migrate` where one of ours was changed"
        ))),
    }
}

/// Whether what a server's role may not read is closed to it, but for the functions that were made for that.
async fn check_closed(tx: &mut Transaction<'_>, role: &str) -> Result<(), StoreError> {
    for (table, rights, of_columns) in CLOSED {
        let has = statement("SELECT has_table_privilege($1, $2, $3) OR has_any_column_privilege($1, $2, $4)");
        let has = tx.row(has.bind(role).bind(table).bind(rights).bind(of_columns)).await?;
        if has.map_or(Ok(true), |row| row.get::<bool>(0))? {
            return Err(StoreError::UnsafeRole(format!(
                "`{role}` has a right on `{table}` that no server needs: run `factor-mcp migrate --app-role {role}` with the role \
                 that owns the tables, or take the right away where another role gives it"
            )));
        }
    }
    for function in FUNCTIONS {
        let is_ours = statement(
            "SELECT EXISTS (SELECT 1 FROM pg_proc WHERE oid = to_regprocedure($1) AND prosecdef \
                AND proconfig = ARRAY[format('search_path=pg_catalog, %I, pg_temp', current_schema())] \
                AND NOT EXISTS (SELECT 1 FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) AS given \
                    WHERE given.grantee = 0))",
        );
        if !tx.row(is_ours.bind(function)).await?.map_or(Ok(false), |row| row.get::<bool>(0))? {
            return Err(StoreError::UnsafeRole(format!(
                "the function {function} is not as it was made (SECURITY DEFINER, a fixed search_path, nothing for PUBLIC), so \
                 others could use its rights: put it back as in the migration that made it"
            )));
        }
    }
    Ok(())
}

/// Whether a role has what a server needs.
async fn check_rights(tx: &mut Transaction<'_>, role: &str) -> Result<(), StoreError> {
    let all = RIGHTS.iter().flat_map(|(rights, tables)| {
        tables.iter().flat_map(move |table| rights.iter().map(move |right| json!([right, table])))
    });
    let lacking = statement(
        "SELECT string_agg(right_on ->> 0 || ' on ' || (right_on ->> 1), ', ') \
         FROM jsonb_array_elements($2) AS each (right_on) \
         WHERE CASE right_on ->> 0 \
            WHEN 'EXECUTE' THEN has_function_privilege($1, to_regprocedure(right_on ->> 1), 'EXECUTE') \
            ELSE has_table_privilege($1, to_regclass(right_on ->> 1), right_on ->> 0) END IS NOT TRUE",
    );
    let all = all.chain(FUNCTIONS.iter().map(|function| json!(["EXECUTE", function])));
    let lacking = lacking.bind(role).bind(serde_json::Value::Array(all.collect()));
    match tx.row(lacking).await?.map_or(Ok(None), |row| row.get::<Option<String>>(0))? {
        None => Ok(()),
        Some(lacking) => Err(StoreError::Schema(format!(
            "`{role}` lacks {lacking}: run `factor-mcp migrate --app-role {role}` with the role that owns the tables"
        ))),
    }
}

/// Brings the tables to this version and gives a role what a server needs, all under the lock of those who migrate.
pub(super) async fn grant_to(database: &Database, role: &str) -> Result<(), StoreError> {
    if matches!(database.engine, Engine::Sqlite(_)) {
        return Err(StoreError::Refused("SQLite has no roles: the file's permissions decide".to_owned()));
    }
    let mut tx = database.begin(None, Access::Write).await?;
    schema::apply_to_postgres(&mut tx, &database.place).await?;
    // format's %I quotes an identifier; a role that is not there has none.
    let named = "SELECT format('%I', rolname), format('%I', current_schema()) FROM pg_roles WHERE rolname = $1";
    let Some(row) = tx.row(statement(named).bind(role)).await? else {
        return Err(StoreError::Refused(format!("there is no role `{role}`: make it with CREATE ROLE ... LOGIN")));
    };
    let (quoted, schema): (String, String) = (row.get(0)?, row.get(1)?);
    check_role(&mut tx, role).await?;
    let tables = RIGHTS.iter().map(|(rights, tables)| format!("{} ON {}", rights.join(", "), tables.join(", ")));
    let functions = FUNCTIONS.iter().map(|function| format!("EXECUTE ON FUNCTION {function}"));
    let others = [format!("USAGE ON SCHEMA {schema}")].into_iter().chain(functions);
    let grants = others.chain(tables).map(|grant| format!("GRANT {grant} TO {quoted}"));
    // Default privileges may have given it more when a table was made.
    let closed = CLOSED.iter().map(|(table, rights, _)| format!("REVOKE {rights} ON {table} FROM {quoted}"));
    for text in closed.chain(grants) {
        let Some(connection) = tx.postgres() else { continue };
        let text = AssertSqlSafe(text);
        connection.execute(text).await.map_err(|error| errors::refusal(&database.place, &error))?;
    }
    tx.commit().await
}
