//! `factor-mcp migrate`: the store's tables.

use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::{app::open_store, settings::Settings};

/// How to migrate.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Postgres: also give this role what a server needs; it owns nothing and cannot read across users
    #[arg(long, value_name = "NAME")]
    app_role: Option<String>,
}

/// Brings the tables of the store to this version; does nothing when they are.
///
/// # Errors
/// When the store cannot be reached, or the role it is reached with may not make tables or give rights.
pub async fn run(settings: Settings, args: MigrateArgs) -> anyhow::Result<ExitCode> {
    let store = open_store(&settings, false)?;
    // With a role both happen under one lock: somebody else's migration in between would leave new tables without rights.
    match &args.app_role {
        Some(role) => store.grant_to(role).await?,
        None => store.migrate().await?,
    }
    print(&format!("{}: the tables are those of this version", store.name()))?;
    if let Some(role) = args.app_role {
        print(&format!("{role} has what a server needs: put it into DATABASE_URL"))?;
    }
    Ok(ExitCode::SUCCESS)
}
