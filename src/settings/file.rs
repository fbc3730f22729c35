//! `factor-mcp.toml`: the settings' names in lower case without `FACTOR_`, as in `price_source = "files"`.

use std::path::{Path, PathBuf};

use crate::arguments::nearest;

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
    let configuration = user_folder(environment, &["APPDATA"], "XDG_CONFIG_HOME", ".config");
    let places = [Some(PathBuf::from(NAME)), configuration.map(|folder| folder.join(NAME))];
    places.into_iter().flatten().find(|path| path.is_file()).map(|path| read(&path)).transpose()
}

/// The user's folder for this program's data, by the custom of the system.
pub(super) fn user_data_folder(environment: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    user_folder(environment, &["LOCALAPPDATA", "APPDATA"], "XDG_DATA_HOME", ".local/share")
}

/// The user's folder for this program by the custom of the system: on Windows the first of these variables that is set,
/// on macOS the one for all, elsewhere this variable or this place under the home folder.
fn user_folder(
    environment: impl Fn(&str) -> Option<String>,
    windows: &[&str],
    xdg: &str,
    under_home: &str,
) -> Option<PathBuf> {
    let folder = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        windows.iter().find_map(|name| folder(name))
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        folder(xdg).or_else(|| folder("HOME").map(|home| home.join(under_home)))
    };
    base.map(|base| base.join("factor-mcp"))
}

fn read(path: &Path) -> Result<File, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{}: {error}; put a readable file there, or take it away", path.display()))?;
    let table =
        text.parse().map_err(|error| format!("{}: {error}; write TOML, one `name = value` a line", path.display()))?;
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
        // As in the environment: what is empty is not set.
        let value = plain(self.table.get(key)?).filter(|value| !value.trim().is_empty())?;
        let folder = self.path.parent().filter(|_| is_path);
        let value = folder.map(|folder| folder.join(&value).display().to_string()).unwrap_or(value);
        Some((value, self.path.display().to_string()))
    }
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        // A setting that wants whole numbers says so itself.
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Datetime(date) => Some(date.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File { path: PathBuf::from("/etc/app/factor-mcp.toml"), table: text.parse().unwrap() }
    }

    #[test]
    fn values_are_texts_numbers_or_dates() {
        let known: Vec<String> = ["a", "b", "c", "d", "e", "f", "h", "i"].map(str::to_owned).into();
        let file = file("a = \"x\"\nb = 12\nc = 2026-01-30\nd = true\ne = [1]\nh = 20.5\ni = \"\"\n[f]\ng = 1\n");
        let place = "/etc/app/factor-mcp.toml";
        let value = |key| file.value(key, false).map(|(value, origin)| format!("{value} of {origin}"));
        assert_eq!(value("a").unwrap(), format!("x of {place}"));
        assert_eq!(
            (value("b").unwrap(), value("c").unwrap()),
            (format!("12 of {place}"), format!("2026-01-30 of {place}"))
        );
        assert_eq!(value("h").unwrap(), format!("20.5 of {place}"));
        assert_eq!((value("nothing"), value("i")), (None, None));
        let odd = |key: &str| format!("`{key}` (in {place}): write a text or a number");
        assert_eq!(file.problems(&known), ["d", "e", "f"].map(odd));
    }

    #[test]
    #[cfg(unix)]
    fn a_relative_path_starts_at_the_file_and_another_stays() {
        let file = file("near = \"prices\"\nfar = \"/srv/prices\"");
        let path = |key| file.value(key, true).unwrap().0;
        assert_eq!((path("near"), path("far")), ("/etc/app/prices".to_owned(), "/srv/prices".to_owned()));
        assert_eq!(file.value("near", false).unwrap().0, "prices", "no path");
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn a_file_is_looked_for_in_the_users_folder_and_a_named_one_must_be_there() {
        let home = tempfile::tempdir().unwrap();
        let environment = |name: &str| (name == "HOME").then(|| home.path().display().to_string());
        assert!(find(None, environment).unwrap().is_none());
        let folder = home.path().join(".config/factor-mcp");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("factor-mcp.toml"), "log = \"debug\"").unwrap();
        let found = find(None, environment).unwrap().unwrap();
        assert_eq!(found.value("log", false).unwrap().0, "debug");
        let missing = find(Some(&home.path().join("other.toml")), environment).unwrap_err();
        assert!(missing.contains("other.toml: "), "{missing}");
        std::fs::write(folder.join("factor-mcp.toml"), "log = debug").unwrap();
        assert!(find(None, environment).unwrap_err().contains("factor-mcp.toml: "), "no TOML");
    }
}
