//! What keeps users apart on Postgres, and who may reach it.

use factor_store::{NewUser, OpenOptions, StoreError, UserTier, open, open_with};
use factor_types::UserId;
use futures::future::join_all;
use throwaway_postgres::{Cluster, Role};

use crate::support::{Place, author, equal, for_several, made_new, refusal};

#[tokio::test]
async fn every_table_of_users_is_forced_and_the_server_owns_nothing() {
    let place = Place::postgres().await;
    let (cluster, database) = place.cluster();
    let sql = |text: &str| cluster.sql(database, text).unwrap();

    // A table with a user in it is one whose rows belong to somebody.
    let of_users = "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' \
        AND column_name = 'user_id' UNION SELECT 'users' ORDER BY 1";
    assert_eq!(
        sql(of_users),
        "audit_names\nidentities\nportfolios\nresults\nusage_counts\nusage_reservations\nuser_factor_groups\nusers"
    );
    let unforced = format!(
        "SELECT relname FROM pg_class WHERE relname IN ({of_users}) AND relnamespace = 'public'::regnamespace \
         AND NOT (relrowsecurity AND relforcerowsecurity \
         AND EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid))"
    );
    assert_eq!(sql(&unforced.replace(" ORDER BY 1", "")), "");
    assert_eq!(sql("SELECT count(*) FROM pg_views WHERE schemaname = 'public'"), "0");
    // Three functions have their owner's rights: with names from the catalogue and our schema alone, and for no one but the server.
    let definers =
        "SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY 1";
    let path = "{\"search_path=pg_catalog, public, pg_temp\"}";
    let shown = sql(definers);
    let named: Vec<&str> = shown.lines().filter_map(|line| line.strip_suffix(path)).collect();
    assert_eq!(named, ["audit_head|", "delete_expired_results|", "user_of_identity|"], "{shown}");
    sql("CREATE ROLE stranger LOGIN");
    let call = "SELECT outcome FROM user_of_identity('https://login.example.com', 'ada', 'registered', 100)";
    let as_stranger =
        cluster.sql(database, &format!("GRANT USAGE ON SCHEMA public TO stranger; SET ROLE stranger; {call}"));
    assert!(as_stranger.unwrap_err().to_string().contains("permission denied for function"));
    assert_eq!(sql(&format!("SET ROLE factor_app; {call}")), "known");
    for change in [
        "SELECT * FROM identities",
        "INSERT INTO identities (issuer, subject, user_id) VALUES ('i', 's', 1)",
        "UPDATE identities SET revoked_at = NULL",
        "DELETE FROM identities",
        "INSERT INTO users (tier) VALUES ('paid')",
    ] {
        let refused = cluster.sql(database, &format!("SET ROLE factor_app; {change}")).unwrap_err().to_string();
        assert!(refused.contains("permission denied for table"), "{change}: {refused}");
    }
    // What stands in a temporary schema under one of its names is not looked at.
    let shadowed = "SET ROLE factor_app; CREATE TEMP TABLE identities (issuer TEXT, subject TEXT, user_id BIGINT, \
        created_at TIMESTAMPTZ, revoked_at TIMESTAMPTZ); \
        INSERT INTO identities VALUES ('https://login.example.com', 'eve', 1, now(), NULL); \
        SELECT user_number > 1 FROM user_of_identity('https://login.example.com', 'eve', 'registered', 100)";
    assert_eq!(sql(shadowed), "t");
    let owned = "SELECT count(*) FROM pg_class WHERE pg_has_role('factor_app', relowner, 'MEMBER')";
    assert_eq!(sql(owned), "0");
    let dates = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' \
        AND data_type = 'timestamp without time zone'";
    assert_eq!(sql(dates), "0");

    // The owner is bound too, without a word whose rows are meant: no rows.
    let (ann, bob) = (place.user().await.to_string(), place.user().await.to_string());
    let number = UserId::new(ann.parse().unwrap());
    made_new(place.server.create_group(number, &equal("a", &["SPY", "TLT"]), None).await.unwrap());
    let as_role = |role: &str, user: &str| {
        sql(&format!("SET ROLE {role}; SET app.user_id = '{user}'; SELECT count(*) FROM user_factor_groups"))
    };
    assert_eq!((as_role("factor_app", ""), as_role("factor_owner", "")), ("0".into(), "0".into()));
    assert_eq!((as_role("factor_app", &ann), as_role("factor_app", &bob)), ("1".into(), "0".into()));
}

#[tokio::test]
async fn a_write_across_users_is_refused_or_changes_nothing() {
    let place = Place::postgres().await;
    let (ann, bob) = (place.user().await, place.user().await);
    made_new(place.server.create_group(ann, &equal("a", &["SPY", "TLT"]), None).await.unwrap());
    let (cluster, database) = place.cluster();
    let as_bob = |text: &str| cluster.sql(database, &format!("SET ROLE factor_app; SET app.user_id = '{bob}'; {text}"));
    let insert =
        format!("INSERT INTO portfolios (user_id, portfolio_name, name_key, holdings) VALUES ({ann}, 'p', 'p', '[]')");
    let refused = as_bob(&insert).unwrap_err().to_string();
    assert!(refused.contains("row-level security policy"), "{refused}");
    let changed =
        as_bob("WITH c AS (UPDATE user_factor_groups SET description = 'x' RETURNING 1) SELECT count(*) FROM c");
    assert_eq!(changed.unwrap(), "0");
    let gone = as_bob("WITH c AS (DELETE FROM user_factor_groups RETURNING 1) SELECT count(*) FROM c");
    assert_eq!(gone.unwrap(), "0");
    let moved = as_bob(&format!("UPDATE user_factor_groups SET user_id = {bob} WHERE user_id = {ann} RETURNING 1"));
    assert_eq!(moved.unwrap(), "");
    for denied in ["SELECT * FROM users", "SELECT count(*) FROM users"] {
        // At a line's start: a time may end with the same digit.
        let rows = as_bob(denied).unwrap();
        assert!(!rows.lines().any(|row| row.starts_with(&format!("{ann}|"))), "{rows}");
    }
    assert_eq!(as_bob("SELECT count(*) FROM users").unwrap(), "1");
    for denied in [
        "UPDATE users SET tier = 'paid'",
        "INSERT INTO industry_proxies (industry, proxy_etf) VALUES ('a', 'A')",
        "ALTER TABLE portfolios NO FORCE ROW LEVEL SECURITY",
    ] {
        let refused = as_bob(denied).unwrap_err().to_string();
        assert!(refused.contains("permission denied") || refused.contains("must be owner"), "{refused}");
    }
    // Through the store that is said with the way out.
    let new = NewUser { tier: UserTier::Public, email: None };
    assert!(refusal(place.server.add_user(&new).await).contains("the role that owns the tables"));
    assert!(refusal(place.server.users().await).contains("does not see the users"));
    let edit = factor_store::MappingEdit::Clear(factor_types::Category::Style);
    let kind = factor_store::MappingKind::StyleAndMarket;
    assert!(refusal(place.server.edit_mapping(kind, &edit, &[], &author(), false).await).contains("permission denied"));
    assert_eq!(place.server.groups(ann).await.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn a_role_that_could_read_across_users_is_refused() {
    let place = Place::postgres().await;
    let (cluster, database) = place.cluster();
    let refused = async |role: Role| {
        let store = open_with(Some(&database.url(role)), None, for_several()).unwrap();
        let both = (store.check().await, store.groups(UserId::LOCAL).await.map(drop));
        match both {
            (Err(StoreError::UnsafeRole(one)), Err(StoreError::UnsafeRole(other))) if one == other => one,
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(Role::Superuser).await.contains("superuser"));
    assert!(refused(Role::Owner).await.contains("owns the tables"));
    place.server.check().await.unwrap();
    cluster.sql(database, "ALTER ROLE factor_app BYPASSRLS").unwrap();
    assert!(refused(Role::App).await.contains("bypasses row-level security"));
    cluster.sql(database, "ALTER ROLE factor_app NOBYPASSRLS; GRANT factor_owner TO factor_app").unwrap();
    assert!(refused(Role::App).await.contains("owns the tables"));
    // A server that runs already notices when it is checked.
    assert!(matches!(place.server.check().await, Err(StoreError::UnsafeRole(_))));
    cluster.sql(database, "REVOKE factor_owner FROM factor_app").unwrap();
    place.server.check().await.unwrap();
    cluster.sql(database, "ALTER TABLE portfolios NO FORCE ROW LEVEL SECURITY").unwrap();
    assert!(refused(Role::App).await.contains("not forced on every table"));

    // For oneself any role will do.
    let store = open(Some(&database.url(Role::Superuser)), None).unwrap();
    store.check().await.unwrap();
    assert_eq!(store.groups(UserId::LOCAL).await.unwrap().rows, []);
}

#[tokio::test]
async fn what_a_role_could_become_is_refused_in_words() {
    let place = Place::postgres().await;
    let (cluster, database) = place.cluster();
    let sql = |text: &str| drop(cluster.sql(database, text).unwrap());
    let policy = "CREATE POLICY odd ON portfolios USING (true)";
    let own = "ALTER POLICY portfolios_own ON portfolios USING (user_id = NULLIF(current_setting('app.user_id', true), \
               '')::BIGINT OR true)";
    let put_back = "ALTER POLICY portfolios_own ON portfolios USING (user_id = NULLIF(current_setting('app.user_id', \
                    true), '')::BIGINT)";
    for (change, back, said) in [
        ("ALTER ROLE factor_app CREATEROLE", "ALTER ROLE factor_app NOCREATEROLE", "may make roles"),
        (
            "CREATE ROLE middle; GRANT factor_owner TO middle; GRANT middle TO factor_app",
            "DROP ROLE middle",
            "owns the tables, or may become the role that does",
        ),
        // Not inherited, and yet one SET ROLE away.
        (
            "CREATE ROLE aside CREATEROLE NOINHERIT; ALTER ROLE factor_app NOINHERIT; GRANT aside TO factor_app",
            "DROP ROLE aside; ALTER ROLE factor_app INHERIT",
            "may make roles",
        ),
        (
            "GRANT pg_execute_server_program TO factor_app",
            "REVOKE pg_execute_server_program FROM factor_app",
            "may read or write the server's files or run programs",
        ),
        (
            "CREATE ROLE middle; GRANT pg_read_server_files TO middle; GRANT middle TO factor_app",
            "DROP ROLE middle",
            "may read or write the server's files or run programs",
        ),
        (
            "GRANT pg_write_server_files TO factor_app",
            "REVOKE pg_write_server_files FROM factor_app",
            "may read or write the server's files",
        ),
        (policy, "DROP POLICY odd ON portfolios", "policies that are not ours (odd on portfolios)"),
        (own, put_back, "policies that are not ours (portfolios_own on portfolios)"),
        (
            "CREATE POLICY odd ON users FOR SELECT TO factor_app USING (true)",
            "DROP POLICY odd ON users",
            "policies that are not ours (odd on users)",
        ),
        (
            "ALTER POLICY users_administered ON users TO PUBLIC",
            "ALTER POLICY users_administered ON users TO factor_owner",
            "policies that are not ours (users_administered on users)",
        ),
        (
            "GRANT SELECT ON identities TO factor_app",
            "REVOKE SELECT ON identities FROM factor_app",
            "has a right on `identities`",
        ),
        (
            "GRANT UPDATE (revoked_at) ON identities TO PUBLIC",
            "REVOKE UPDATE (revoked_at) ON identities FROM PUBLIC",
            "has a right on `identities`",
        ),
        (
            "CREATE POLICY odd ON identities FOR SELECT TO factor_app USING (true)",
            "DROP POLICY odd ON identities",
            "policies that are not ours (odd on identities)",
        ),
        (
            "ALTER TABLE identities NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE identities FORCE ROW LEVEL SECURITY",
            "not forced on every table of users",
        ),
        (
            "GRANT EXECUTE ON FUNCTION user_of_identity(TEXT, TEXT, TEXT, BIGINT) TO PUBLIC",
            "REVOKE EXECUTE ON FUNCTION user_of_identity(TEXT, TEXT, TEXT, BIGINT) FROM PUBLIC",
            "is not as it was made",
        ),
        (
            "ALTER FUNCTION user_of_identity(TEXT, TEXT, TEXT, BIGINT) RESET search_path",
            "ALTER FUNCTION user_of_identity(TEXT, TEXT, TEXT, BIGINT) SET search_path = pg_catalog, public, pg_temp",
            "is not as it was made",
        ),
        (
            "ALTER FUNCTION user_of_identity(TEXT, TEXT, TEXT, BIGINT) SECURITY INVOKER",
            "ALTER FUNCTION user_of_identity(TEXT, TEXT, TEXT, BIGINT) SECURITY DEFINER",
            "is not as it was made",
        ),
        (
            "ALTER FUNCTION set_updated_at() OWNER TO factor_app",
            "ALTER FUNCTION set_updated_at() OWNER TO factor_owner",
            "owns the functions",
        ),
    ] {
        place.server.check().await.unwrap_or_else(|error| panic!("before {change}: {error}"));
        sql(change);
        match place.server.check().await {
            Err(StoreError::UnsafeRole(words)) => assert!(words.contains(said), "{change}: {words}"),
            other => panic!("{change}: {other:?}"),
        }
        // Nor does a new server start.
        let started = open_with(Some(&database.url(Role::App)), None, for_several()).unwrap().check().await;
        assert!(matches!(started, Err(StoreError::UnsafeRole(_))), "{change}: {started:?}");
        sql(back);
    }
    // A right too few is said with the command that gives it.
    for (change, said) in [
        ("REVOKE DELETE ON portfolios FROM factor_app", "lacks DELETE on portfolios"),
        ("REVOKE SELECT ON industry_proxies FROM factor_app", "lacks SELECT on industry_proxies"),
        (
            "REVOKE EXECUTE ON FUNCTION user_of_identity(TEXT, TEXT, TEXT, BIGINT) FROM factor_app",
            "lacks EXECUTE on user_of_identity",
        ),
    ] {
        sql(change);
        match place.server.check().await {
            Err(StoreError::Schema(words)) => {
                assert!(words.contains(said), "{words}");
                assert!(words.contains("factor-mcp migrate --app-role factor_app"), "{words}");
            }
            other => panic!("{change}: {other:?}"),
        }
        place.admin.grant_to("factor_app").await.unwrap();
        place.server.check().await.unwrap();
    }
}

/// Rights are given under the lock of those who migrate: without it two of them change the same rows of the catalogue,
/// and one fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_migrate_and_grant_at_once() {
    let cluster = Cluster::start().unwrap();
    for _ in 0..3 {
        let database = cluster.database().unwrap();
        let granting = (0..8).map(|_| {
            let store = open(Some(&database.url(Role::Owner)), None).unwrap();
            tokio::spawn(async move { store.grant_to(Role::App.as_str()).await })
        });
        for outcome in join_all(granting).await {
            outcome.unwrap().unwrap();
        }
        open_with(Some(&database.url(Role::App)), None, for_several()).unwrap().check().await.unwrap();
    }
}

#[tokio::test]
async fn only_a_plain_role_is_granted_anything() {
    let place = Place::postgres().await;
    let (cluster, database) = place.cluster();
    cluster.sql(database, "CREATE ROLE \"odd \"\" name; --\" LOGIN").unwrap();
    place.admin.grant_to("odd \" name; --").await.unwrap();
    assert!(refusal(place.admin.grant_to("nobody_here").await).contains("there is no role `nobody_here`"));
    for role in [Role::Superuser, Role::Owner] {
        assert!(matches!(place.admin.grant_to(role.as_str()).await, Err(StoreError::UnsafeRole(_))));
    }
    let sqlite = Place::sqlite().await;
    assert!(refusal(sqlite.admin.grant_to("factor_app").await).contains("SQLite has no roles"));

    // Without its grants, or the tables, a server's role gets the command to run.
    let empty = cluster.database().unwrap();
    let store =
        open_with(Some(&empty.url(Role::App)), None, OpenOptions { multi_user: true, ..OpenOptions::default() })
            .unwrap();
    match store.check().await {
        Err(StoreError::Schema(words)) => assert!(words.contains("run `factor-mcp migrate`"), "{words}"),
        other => panic!("{other:?}"),
    }
}
