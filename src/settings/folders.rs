//! Where other programs keep the settings of this machine's user: what `factor-mcp setup` and `doctor` look into.

use std::path::PathBuf;

/// Whose customs decide where settings lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux and its like: `XDG_CONFIG_HOME`.
    Linux,
    /// macOS: `Library/Application Support`.
    Mac,
    /// Windows: `APPDATA`.
    Windows,
}

/// The folders of the user's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFolders {
    /// The home folder.
    pub home: PathBuf,
    /// Where programs with windows keep their settings.
    pub programs: PathBuf,
    /// Another place for Claude Code's settings (`CLAUDE_CONFIG_DIR`).
    pub claude_code: Option<PathBuf>,
    /// Another place for Codex' settings (`CODEX_HOME`).
    pub codex: Option<PathBuf>,
}

impl System {
    /// This machine's.
    pub const fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::Mac
        } else {
            Self::Linux
        }
    }
}

impl UserFolders {
    /// The folders of the user who runs this; `None` where the environment names no home.
    pub fn of_the_user() -> Option<Self> {
        Self::of(System::here(), super::environment)
    }

    /// The folders by a system's customs.
    pub fn of(system: System, environment: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let folder = |name: &str| environment(name).filter(|value| !value.trim().is_empty()).map(PathBuf::from);
        let home = folder(if system == System::Windows { "USERPROFILE" } else { "HOME" })?;
        let programs = match system {
            System::Linux => folder("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")),
            System::Mac => home.join("Library").join("Application Support"),
            System::Windows => folder("APPDATA").unwrap_or_else(|| home.join("AppData").join("Roaming")),
        };
        Some(Self { home, programs, claude_code: folder("CLAUDE_CONFIG_DIR"), codex: folder("CODEX_HOME") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(system: System, set: &[(&str, &str)]) -> Option<UserFolders> {
        UserFolders::of(system, |name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn each_system_has_its_custom() {
        let linux = folders(System::Linux, &[("HOME", "/home/ada")]).unwrap();
        assert_eq!((linux.home, linux.programs), ("/home/ada".into(), "/home/ada/.config".into()));
        let moved =
            folders(System::Linux, &[("HOME", "/home/ada"), ("XDG_CONFIG_HOME", "/cfg"), ("CODEX_HOME", "/cx")]);
        let moved = moved.unwrap();
        assert_eq!((moved.programs, moved.codex, moved.claude_code), ("/cfg".into(), Some("/cx".into()), None));
        let mac = folders(System::Mac, &[("HOME", "/Users/ada"), ("XDG_CONFIG_HOME", "/cfg")]).unwrap();
        assert_eq!(mac.programs, PathBuf::from("/Users/ada/Library/Application Support"));
        let windows = folders(System::Windows, &[("USERPROFILE", "C:/Users/ada"), ("APPDATA", "D:/Roaming")]).unwrap();
        assert_eq!((windows.home, windows.programs), ("C:/Users/ada".into(), "D:/Roaming".into()));
        assert_eq!(folders(System::Windows, &[("HOME", "/home/ada")]), None, "Windows has another name for it");
        assert_eq!(folders(System::Linux, &[("HOME", " ")]), None);
    }
}
