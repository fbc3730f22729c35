//! The roles of Postgres: which of them may reach a store of several users, and what a server's role may do.

use sqlx::AssertSqlSafe;

use super::{
    database::{Access, Database, Pool},
    errors,
    statement::statement,
};
use crate::StoreError;

/// Refuses a role that could read what belongs to others, and tables that do not keep users apart.
pub(super) async fn guard(database: &Database) -> Result<(), StoreError> {
    let mut transaction = database.begin(None, Access::Read).await?;
    let roles = transaction
        .row(statement(
            "SELECT current_user::text, \
             EXISTS (SELECT 1 FROM pg_roles WHERE rolsuper AND pg_has_role(current_user, oid, 'MEMBER')), \
             EXISTS (SELECT 1 FROM pg_roles WHERE rolbypassrls AND pg_has_role(current_user, oid, 'MEMBER')), \
             EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
                AND relname IN ('users', 'user_factor_groups', 'portfolios', 'usage_counts') \
                AND pg_has_role(current_user, relowner, 'MEMBER')), \
             (SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
                AND relname IN ('users', 'user_factor_groups', 'portfolios', 'usage_counts') \
                AND relrowsecurity AND relforcerowsecurity)",
        ))
        .await?;
    transaction.commit().await?;
    let Some(row) = roles else { return Err(StoreError::UnsafeRole("the role is not known".to_owned())) };
    let role: String = row.get(0)?;
    let unsafe_because =
        [(1, "is or may become a superuser"), (2, "bypasses row-level security"), (3, "owns the tables")];
    for (column, why) in unsafe_because {
        if row.get::<bool>(column)? {
            return Err(StoreError::UnsafeRole(format!(
                "`{role}` {why}, so it could read across users: make a role with LOGIN alone, run `factor-mcp migrate \
                 --app-role NAME` with this one, and put the new one into DATABASE_URL"
            )));
        }
    }
    if row.get::<i64>(4)? != 4 {
        return Err(StoreError::UnsafeRole(
            "row-level security is not forced on every table of users: run `factor-mcp migrate`, or put it back with ALTER \
             TABLE ... FORCE ROW LEVEL SECURITY"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Gives a role what a server needs.
pub(super) async fn grant_to(database: &Database, role: &str) -> Result<(), StoreError> {
    let Pool::Postgres(pool) = database.pool() else {
        return Err(StoreError::Refused("SQLite has no roles: the file's permissions decide".to_owned()));
    };
    let refusal = |error: sqlx::Error| errors::refusal(&database.place, &error);
    let mut transaction = pool.begin().await.map_err(refusal)?;
    // format's %I quotes an identifier; a role that is not there has none.
    let about: Option<(String, String, bool)> = sqlx::query_as(
        "SELECT format('%I', rolname), format('%I', current_schema()), \
         EXISTS (SELECT 1 FROM pg_roles AS other \
            WHERE (other.rolsuper OR other.rolbypassrls) AND pg_has_role(app.oid, other.oid, 'MEMBER')) \
         OR EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
            AND relname IN ('users', 'user_factor_groups', 'portfolios', 'usage_counts') \
            AND pg_has_role(app.oid, relowner, 'MEMBER')) \
         FROM pg_roles AS app WHERE rolname = $1",
    )
    .bind(role)
    .fetch_optional(&mut *transaction)
    .await
    .map_err(refusal)?;
    let Some((role, schema, is_unsafe)) = about else {
        return Err(StoreError::Refused(format!("there is no role `{role}`: make it with CREATE ROLE ... LOGIN")));
    };
    if is_unsafe {
        return Err(StoreError::UnsafeRole(format!(
            "{role} is a superuser, bypasses row-level security or owns the tables: make a role with LOGIN alone"
        )));
    }
    for grant in GRANTS {
        let text = format!("GRANT {} TO {role}", grant.replace("CURRENT_SCHEMA", &schema));
        sqlx::query(AssertSqlSafe(text)).execute(&mut *transaction).await.map_err(refusal)?;
    }
    transaction.commit().await.map_err(refusal)
}

const GRANTS: [&str; 5] = [
    "USAGE ON SCHEMA CURRENT_SCHEMA",
    "SELECT, INSERT, UPDATE, DELETE ON user_factor_groups, portfolios, usage_counts",
    // Row-level security shows a user's own row only.
    "SELECT ON users",
    "SELECT ON asset_etf_proxies, industry_proxies, factor_proxies, proxy_changes, mapping_revision, _sqlx_migrations",
    "SELECT, INSERT, UPDATE, DELETE ON price_cache",
];
