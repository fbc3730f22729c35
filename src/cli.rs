//! The command line.

mod admin;
pub mod analyze;
pub mod asset_proxy;
pub mod audit;
pub mod cache;
pub mod check;
pub mod config;
pub mod doctor;
pub mod health;
pub mod industry;
pub mod migrate;
pub mod reference;
pub mod replay;
pub mod schema;
pub mod serve;
pub mod setup;
pub mod store;
mod terminal;
pub mod user;
pub mod verify;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use factor_store::StoreError;

use self::admin::UsageError;
pub use self::terminal::print;
use self::terminal::{Format, ask, print_json, say, table, time};
use crate::{
    app::Hangups,
    settings::{Flags, Settings, SettingsError},
};

/// Factor analysis for AI assistants: correlations, performance and windowed returns of factor ETFs over MCP.
///
/// Without a command it serves one client over standard input and output.
#[derive(Debug, Parser)]
#[command(name = "factor-mcp", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Settings given on the command line; they win over the environment and the settings file.
#[derive(Debug, Args)]
struct GlobalArgs {
    /// Settings file (default: factor-mcp.toml here or in the user's configuration folder)
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Where prices come from: auto, fmp, yahoo, files or sample [env: FACTOR_PRICE_SOURCE]
    #[arg(long, global = true, value_name = "SOURCE")]
    price_source: Option<String>,
    /// Folder or file with prices, CSV or Parquet [env: FACTOR_PRICE_FILES]
    #[arg(long, global = true, value_name = "PATH")]
    price_files: Option<String>,
    /// File with Treasury yields [env: FACTOR_YIELD_FILE]
    #[arg(long, global = true, value_name = "PATH")]
    yield_file: Option<String>,
    /// Folder for what is kept between runs [env: FACTOR_DATA_DIR]
    #[arg(long, global = true, value_name = "PATH")]
    data_dir: Option<String>,
    /// Folder with the factor mappings (default: those built in) [env: FACTOR_PROXIES_DIR]
    #[arg(long, global = true, value_name = "PATH")]
    proxies_dir: Option<String>,
    /// The date taken for today, so that an answer can be given again [env: FACTOR_TODAY]
    #[arg(long, global = true, value_name = "YYYY-MM-DD")]
    today: Option<String>,
    /// Leave the tables of the store as they are; a server that finds older ones answers without the store
    #[arg(long, global = true)]
    no_migrate: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP over standard input and output (stdio, the default) or over HTTP
    Serve(serve::ServeArgs),
    /// Put the server into the settings of Claude Desktop, Claude Code, Cursor, VS Code, Gemini CLI and Codex
    Setup(setup::SetupArgs),
    /// Look for what keeps answers away: settings, key, network, prices, folder, store, clock, clients; and say what to do
    Doctor(doctor::DoctorArgs),
    /// Ask a running server whether it is ready: for health checks of containers and supervisors
    Health(health::HealthArgs),
    /// Analyse factors and print the report
    Analyze(Box<analyze::AnalyzeArgs>),
    /// Ask a receipt's question again: whether its answer is the same, and if not, what has changed
    Replay(replay::ReplayArgs),
    /// Check price files: what they hold, how they are read, what is doubtful in them
    Check(check::CheckArgs),
    /// Show, drop or fetch the prices kept on disk
    Cache(cache::CacheArgs),
    /// Ask for the newest price of every factor's ETF and report those that have none
    VerifyProxies(verify::VerifyArgs),
    /// Which ETF stands for which bonds, cash, commodities and crypto assets
    AssetProxy(asset_proxy::AssetProxyArgs),
    /// Which ETF stands for which industry
    Industry(industry::IndustryArgs),
    /// Put the YAML mappings into the database; show who changed what
    Reference(reference::ReferenceArgs),
    /// Who may use a shared server
    User(user::UserArgs),
    /// Who called what: export it, verify that nobody has changed it, take old rows away
    Audit(audit::AuditArgs),
    /// Check, back up or restore the file of groups, portfolios and users
    Store(store::StoreArgs),
    /// Bring the tables of the store to this version
    Migrate(migrate::MigrateArgs),
    /// Show the settings in force and where each came from
    Config(config::ConfigArgs),
    /// Print the schemas of a tool: its arguments, and its answer in full
    Schema(schema::SchemaArgs),
}

/// The whole program: reads the command line and runs the command.
///
/// Here, not in `main.rs`: an async function is compiled by the crate that awaits it, so a binary that awaited
/// [`Cli::run`] would compile most of this crate a second time. `version` is what `--version` says: with the commit, which only `main.rs`
/// is compiled again for.
///
/// # Errors
/// Where no runtime can be had; what goes wrong in a command is its exit code.
pub fn main(version: &'static str) -> anyhow::Result<ExitCode> {
    let mut command = Cli::command().version(version);
    let cli =
        Cli::from_arg_matches(&command.get_matches_mut()).unwrap_or_else(|error| error.format(&mut command).exit());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(cli.run());
    // A blocked read of standard input would keep an ordinary shutdown waiting for the next line.
    runtime.shutdown_timeout(Duration::from_millis(200));
    Ok(code)
}

impl GlobalArgs {
    fn settings(self, addr: Option<String>) -> Result<Settings, SettingsError> {
        let flags: Flags = vec![
            ("FACTOR_PRICE_SOURCE", self.price_source),
            ("FACTOR_PRICE_FILES", self.price_files),
            ("FACTOR_YIELD_FILE", self.yield_file),
            ("FACTOR_DATA_DIR", self.data_dir),
            ("FACTOR_PROXIES_DIR", self.proxies_dir),
            ("FACTOR_TODAY", self.today),
            ("FACTOR_HTTP_ADDR", addr),
        ];
        Settings::load(&flags, self.config.as_deref())
    }
}

impl Cli {
    /// Runs the command. 0: done. 1: it failed. 2: wrong usage, settings included.
    pub async fn run(self) -> ExitCode {
        let command = self.command.unwrap_or_else(|| Command::Serve(serve::ServeArgs::default()));
        let addr = match &command {
            Command::Serve(args) => args.addr.clone(),
            Command::Health(args) => args.addr.clone(),
            _ => None,
        };
        // Only a server goes on after one, and the settings may take time.
        let hangups = matches!(command, Command::Serve(_)).then(Hangups::listen);
        // Not among the settings: it is said of one run, never in a file.
        let migrate = !self.global.no_migrate;
        let settings = match self.global.settings(addr) {
            Ok(mut settings) => {
                settings.migrate = migrate;
                settings
            }
            Err(error) => match command {
                // What is wrong with the settings is what it is asked for.
                Command::Doctor(args) => return ended(doctor::run(Err(error), &args).await),
                _ => {
                    say(&format!("error: {error}"));
                    return ExitCode::from(2);
                }
            },
        };
        let done = match command {
            Command::Serve(args) => serve::run(settings, args, hangups).await,
            Command::Setup(args) => setup::run(&settings, &args),
            Command::Doctor(args) => doctor::run(Ok(settings), &args).await,
            Command::Health(_) => health::run(&settings).await,
            Command::Analyze(args) => analyze::run(settings, *args).await,
            Command::Replay(args) => replay::run(settings, args).await,
            Command::Check(args) => check::run(settings, args).await,
            Command::Cache(args) => cache::run(settings, args).await,
            Command::VerifyProxies(args) => verify::run(settings, args).await,
            Command::AssetProxy(args) => asset_proxy::run(settings, args).await,
            Command::Industry(args) => industry::run(settings, args).await,
            Command::Reference(args) => reference::run(settings, args).await,
            Command::User(args) => user::run(settings, args).await,
            Command::Audit(args) => audit::run(settings, args).await,
            Command::Store(args) => store::run(&settings, args).await,
            Command::Migrate(args) => migrate::run(settings, args).await,
            Command::Config(args) => config::run(&settings, &args),
            Command::Schema(args) => schema::run(&args),
        };
        ended(done)
    }
}

fn ended(done: anyhow::Result<ExitCode>) -> ExitCode {
    done.unwrap_or_else(|error| {
        say(&format!("error: {error:#}"));
        if is_usage(&error) { ExitCode::from(2) } else { ExitCode::FAILURE }
    })
}

/// True for an argument that names what the store does not have: a row, a user.
fn is_usage(error: &anyhow::Error) -> bool {
    error.is::<UsageError>() || matches!(error.downcast_ref(), Some(StoreError::Refused(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_of_a_setting_reaches_its_setting() {
        let today = "2026-01-30";
        let line = ["factor-mcp", "config", "--price-source", "sample", "--data-dir", "/srv/data", "--today", today];
        let settings = Cli::parse_from(line).global.settings(Some("127.0.0.1:80".to_owned())).unwrap();
        let given: Vec<(&str, &str)> = settings
            .effective()
            .iter()
            .filter(|setting| setting.origin == "flag")
            .filter_map(|setting| Some((setting.name, setting.value.as_deref()?)))
            .collect();
        assert_eq!(
            given,
            [
                ("FACTOR_PRICE_SOURCE", "sample"),
                ("FACTOR_DATA_DIR", "/srv/data"),
                ("FACTOR_HTTP_ADDR", "127.0.0.1:80"),
                ("FACTOR_TODAY", today),
            ]
        );
    }

    #[test]
    fn every_flag_that_names_a_variable_is_a_setting() {
        for flag in Cli::command().get_arguments() {
            let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
            let Some((_, named)) = help.split_once("[env: ") else { continue };
            let variable = named.split(']').next().unwrap();
            assert!(crate::settings::SETTINGS.iter().any(|setting| setting.variable == variable), "{variable}");
        }
    }

    #[test]
    fn what_the_store_does_not_have_is_wrong_usage_and_a_store_that_is_away_is_not() {
        assert!(is_usage(&UsageError("there is no user 7".to_owned()).into()));
        assert!(is_usage(&StoreError::Refused("no such row".to_owned()).into()));
        assert!(!is_usage(&StoreError::Unavailable("timeout".to_owned()).into()));
        assert!(!is_usage(&anyhow::anyhow!("the disk is full")));
    }
}
