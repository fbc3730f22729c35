//! `factor-mcp.toml`: the settings' names in lower case without `FACTOR_`, as in `price_source = "files"`.

use std::path::{Path, PathBuf};

use crate::args::nearest;

const NAME: &str = "factor-mcp.toml";

/// A settings file as read.
#[derive(Debug, Clone)]
pub(super) struct File {
    path: PathBuf,
    table: toml::Table,
}

/// The settings file to use: the one named, else the first one found.
pub(super) fn find(named: Option<&Path>, environment: impl Fn(&str) -> Option<String>) -> Result<Option<File>, String> {
    if let Some(path) = named {
        return read(path).map(Some);
    }
    let places = [Some(PathBuf::from(NAME)), user_folder(environment).map(|folder| folder.join(NAME))];
    places.into_iter().flatten().find(|path| path.is_file()).map(|path| read(&path)).transpose()
}

/// The user's folder for this program's configuration, by the custom of the system.
fn user_folder(environment: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        folder("APPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))
    };
    base.map(|base| base.join("factor-mcp"))
}

/// The user's folder for this program's data, by the custom of the system.
pub(super) fn user_data_folder(environment: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        folder("LOCALAPPDATA").or_else(|| folder("APPDATA"))
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        folder("XDG_DATA_HOME").or_else(|| folder("HOME").map(|home| home.join(".local").join("share")))
    };
    base.map(|base| base.join("factor-mcp"))
}

fn read(path: &Path) -> Result<File, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let table = text.parse().map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(File { path: path.to_owned(), table })
}

impl File {
    /// What is wrong with the file whatever its values: names that are no settings, values that are no text or number.
    pub(super) fn problems(&self, known: &[String]) -> Vec<String> {
        let unknown = self.table.keys().filter(|key| !known.contains(key)).map(|key| {
            let hint = nearest(key, known.iter().map(String::as_str)).map_or_else(
                || format!("the settings are {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            format!("`{key}` (in {}) is not a setting: {hint}", self.path.display())
        });
        let odd = self.table.iter().filter(|(key, value)| known.contains(key) && plain(value).is_none());
        let odd = odd.map(|(key, _)| format!("`{key}` (in {}): write a text or a number", self.path.display()));
        unknown.chain(odd).collect()
    }

    /// The value of a setting and where it stands. A relative path is relative to the file.
    pub(super) fn value(&self, key: &str, is_path: bool) -> Option<(String, String)> {
        let value = plain(self.table.get(key)?)?;
        let beside =
            is_path.then(|| self.path.parent().map(|folder| folder.join(&value).display().to_string())).flatten();
        Some((beside.unwrap_or(value), self.path.display().to_string()))
    }
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Datetime(date) => Some(date.to_string()),
        _ => None,
    }
}
