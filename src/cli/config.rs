//! `factor-mcp config`: the settings in force.

use std::process::ExitCode;

use clap::Args;

use super::{Format, print, print_json};
use crate::settings::{Effective, Settings};

/// How to show the settings.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// A table for people or JSON for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Prints the settings in force and where each came from.
///
/// # Errors
/// When standard output cannot be written to.
pub fn run(settings: &Settings, args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    match args.format {
        Format::Json => print_json(&settings.effective())?,
        Format::Table => print(&table(settings.effective()))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(settings: &[Effective]) -> String {
    let value = |setting: &Effective| setting.value.clone().unwrap_or_else(|| "(not set)".to_owned());
    let names = settings.iter().map(|setting| setting.name.len()).max().unwrap_or(0);
    let values = settings.iter().map(|setting| value(setting).chars().count()).max().unwrap_or(0);
    let line = |s: &Effective| format!("{:names$}  {:values$}  {}", s.name, value(s), s.origin);
    settings.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_value() {
        let row = |name, value: Option<&str>| {
            let (value, origin) = (value.map(str::to_owned), "default".to_owned());
            Effective { name, value, origin }
        };
        // Letters are counted, not bytes.
        let shown = table(&[row("SHORT", Some("\u{fc}ber")), row("LONGER_NAME", None)]);
        assert_eq!(shown, "SHORT        \u{fc}ber       default\nLONGER_NAME  (not set)  default");
    }
}
