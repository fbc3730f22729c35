//! The programs that can start this server, and where each keeps its settings.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::settings::UserFolders;

/// A program that starts servers of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Client {
    /// Claude Desktop
    ClaudeDesktop,
    /// Claude Code, for all projects of the user
    ClaudeCode,
    /// Cursor
    Cursor,
    /// Visual Studio Code
    Vscode,
    /// Gemini CLI
    Gemini,
    /// Codex
    Codex,
}

/// How a client writes its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Form {
    /// The language.
    pub(in crate::cli) language: Language,
    /// The table of servers.
    pub(in crate::cli) servers: &'static str,
    /// Whether an entry says that it is started over standard input and output.
    says_type: bool,
}

/// The language of a client's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Language {
    /// JSON to the letter.
    Json,
    /// JSON with comments and with commas after the last entry.
    CommentedJson,
    /// TOML.
    Toml,
}

impl Form {
    /// What an entry says besides command, arguments and environment.
    pub(super) const fn kind(self) -> Option<&'static str> {
        if self.says_type { Some("stdio") } else { None }
    }
}

impl Client {
    /// Every client, in the order in which they are shown.
    pub(in crate::cli) const ALL: [Self; 6] =
        [Self::ClaudeDesktop, Self::ClaudeCode, Self::Cursor, Self::Vscode, Self::Gemini, Self::Codex];

    /// Its name for people.
    pub(in crate::cli) const fn title(self) -> &'static str {
        match self {
            Self::ClaudeDesktop => "Claude Desktop",
            Self::ClaudeCode => "Claude Code",
            Self::Cursor => "Cursor",
            Self::Vscode => "VS Code",
            Self::Gemini => "Gemini CLI",
            Self::Codex => "Codex",
        }
    }

    /// How it writes its settings.
    pub(in crate::cli) const fn form(self) -> Form {
        let (language, servers, says_type) = match self {
            Self::ClaudeDesktop => (Language::Json, "mcpServers", false),
            Self::ClaudeCode => (Language::Json, "mcpServers", true),
            Self::Cursor | Self::Gemini => (Language::CommentedJson, "mcpServers", false),
            Self::Vscode => (Language::CommentedJson, "servers", true),
            Self::Codex => (Language::Toml, "mcp_servers", false),
        };
        Form { language, servers, says_type }
    }

    /// The file of its settings.
    pub(in crate::cli) fn file(self, folders: &UserFolders) -> PathBuf {
        match self {
            Self::ClaudeDesktop => folders.programs.join("Claude").join("claude_desktop_config.json"),
            Self::ClaudeCode => folders.claude_code.as_ref().unwrap_or(&folders.home).join(".claude.json"),
            Self::Cursor => folders.home.join(".cursor").join("mcp.json"),
            Self::Vscode => folders.programs.join("Code").join("User").join("mcp.json"),
            Self::Gemini => folders.home.join(".gemini").join("settings.json"),
            Self::Codex => folders.codex.clone().unwrap_or_else(|| folders.home.join(".codex")).join("config.toml"),
        }
    }

    /// What is there once the client has run: its file or the folder in which it keeps it.
    pub(in crate::cli) fn is_here(self, folders: &UserFolders) -> bool {
        let file = self.file(folders);
        let folder = match self {
            // Its file lies in the home folder, which is always there.
            Self::ClaudeCode => Some(folders.claude_code.clone().unwrap_or_else(|| folders.home.join(".claude"))),
            // The program's folder; `User` is made with the first setting.
            Self::Vscode => Some(folders.programs.join("Code")),
            _ => file.parent().map(PathBuf::from),
        };
        file.exists() || folder.is_some_and(|folder| folder.is_dir())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::System;

    /// The places that the clients' own documentation names, by system.
    #[test]
    fn every_client_has_its_place_on_each_system() {
        let home = |name: &str| matches!(name, "HOME" | "USERPROFILE").then(|| "/h".to_owned());
        let files = |system| {
            let folders = UserFolders::of(system, home).unwrap();
            Client::ALL.map(|client| client.file(&folders).to_str().unwrap().to_owned())
        };
        let everywhere =
            ["/h/.claude.json", "/h/.cursor/mcp.json", "/h/.gemini/settings.json", "/h/.codex/config.toml"];
        for (system, programs) in [
            (System::Linux, "/h/.config"),
            (System::Mac, "/h/Library/Application Support"),
            (System::Windows, "/h/AppData/Roaming"),
        ] {
            let [desktop, code, cursor, vscode, gemini, codex] = files(system);
            assert_eq!(desktop, format!("{programs}/Claude/claude_desktop_config.json"));
            assert_eq!(vscode, format!("{programs}/Code/User/mcp.json"));
            assert_eq!([code, cursor, gemini, codex], everywhere);
        }
    }
}
