//! `factor-mcp setup` in made-up homes, with each client's settings.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use crate::support::command;

/// Where each client keeps its settings, and settings that somebody has written.
const FILES: [(&str, &str); 6] = [
    (
        ".config/Claude/claude_desktop_config.json",
        "{\n  \"globalShortcut\": \"Ctrl+Space\",\n  \"mcpServers\": {\n    \"other\": { \"command\": \"/bin/other\", \"env\": { \"KEY\": \"theirs\" } }\n  }\n}\n",
    ),
    (
        ".claude.json",
        "{\"numStartups\":12,\"projects\":{\"/home/ada\":{\"mcpServers\":{}}},\"big\":12345678901234567890}",
    ),
    (
        ".cursor/mcp.json",
        "{\n\t// mine\n\t\"mcpServers\": {\n\t\t\"other\": { \"url\": \"https://a.example/mcp\" },\n\t},\n}\n",
    ),
    (".config/Code/User/mcp.json", "{\r\n  /* mine */\r\n  \"inputs\": [],\r\n  \"servers\": {}\r\n}\r\n"),
    (".gemini/settings.json", "{\n  \"theme\": \"Dark\" // mine\n}\n"),
    (".codex/config.toml", "model = \"o\"   # mine\n\n[mcp_servers.other]\ncommand = 'x'\nargs = [ 'a',\n  'b' ]\n"),
];

struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = home.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        home
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    async fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = command(self.0.path());
        command.args(arguments).envs(environment.iter().copied()).stdin(std::process::Stdio::null());
        command.output().await.unwrap()
    }

    /// Runs it: the exit code and what it said.
    async fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.run_with(arguments, &[]).await;
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
    }

    /// Every file below, by its path.
    fn files(&self) -> Vec<String> {
        let (mut found, mut folders) = (Vec::new(), vec![self.0.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(self.0.path()).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

/// The text in the same order with something put between: nothing of it was changed.
fn is_kept(text: &str, edited: &str) -> bool {
    let mut left = edited.chars();
    text.chars().all(|letter| left.any(|other| other == letter))
}

fn program() -> String {
    fs::canonicalize(env!("CARGO_BIN_EXE_factor-mcp")).unwrap().display().to_string()
}

#[tokio::test]
async fn each_clients_settings_get_the_entry_and_keep_the_rest() {
    let home = Home::new(&FILES);
    let (code, said) = home.run(&["setup", "--yes"]).await;
    assert_eq!(code, Some(0), "{said}");
    for (path, before) in FILES {
        let after = home.text(path);
        assert!(after.contains(&program()) && is_kept(before, &after), "{path}: {after}");
        let backups: Vec<String> =
            home.files().into_iter().filter(|file| file.starts_with(&format!("{path}.before-"))).collect();
        assert_eq!(backups.len(), 1, "{path}");
        assert_eq!(home.text(&backups[0]), before);
        assert!(!said.contains("theirs"), "another server's key is nobody's business: {said}");
    }
    // Again: nothing to do, and no further backup.
    let files = home.files();
    let (code, said) = home.run(&["setup", "--yes"]).await;
    assert_eq!((code, said.matches("set up already").count(), home.files()), (Some(0), 6, files), "{said}");
    // Back: byte for byte.
    let (code, said) = home.run(&["setup", "--undo", "--yes"]).await;
    assert_eq!(code, Some(0), "{said}");
    for (path, before) in FILES {
        assert_eq!(home.text(path), before, "{path}");
    }
    assert_eq!(home.files().len(), FILES.len(), "{:?}", home.files());
}

#[tokio::test]
async fn without_an_answer_nothing_is_written() {
    let home = Home::new(&FILES);
    let (code, said) = home.run(&["setup"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("+ mcpServers.factor-intelligence = {") && said.contains("--yes"), "{said}");
    for (path, before) in FILES {
        assert_eq!(home.text(path), before, "{path}");
    }
    assert_eq!(home.files().len(), FILES.len());
}

#[tokio::test]
async fn a_client_without_settings_gets_a_file_that_goes_again() {
    let home = Home::new(&[]);
    fs::create_dir_all(home.path(".cursor")).unwrap();
    let (code, said) = home.run(&["setup", "--yes"]).await;
    assert!(
        code == Some(0) && said.contains("Not found on this machine: Claude Desktop, Claude Code, VS Code"),
        "{said}"
    );
    assert_eq!(home.files(), [".cursor/mcp.json"]);
    let (code, _) = home.run(&["setup", "--yes", "--client", "codex"]).await;
    assert_eq!((code, home.files().len()), (Some(0), 2), "one that is named is set up wherever");
    home.run(&["setup", "--undo", "--yes"]).await;
    assert_eq!(home.files(), [""; 0]);
}

#[tokio::test]
async fn what_cannot_be_written_stays_with_the_reason() {
    let broken = "{\"mcpServers\": {";
    let commented = "{\n  // not for this client\n  \"mcpServers\": {}\n}";
    let home = Home::new(&[
        (".config/Claude/claude_desktop_config.json", commented),
        (".cursor/mcp.json", broken),
        (".gemini/settings.json", "{}"),
        (".codex/config.toml", "[mcp_servers.factor-intelligence]\nurl = \"https://a.example\"\n"),
        (".config/Code/User/mcp.json", "{\"servers\": []}"),
    ]);
    let mut rights = fs::metadata(home.path(".gemini/settings.json")).unwrap().permissions();
    rights.set_readonly(true);
    fs::set_permissions(home.path(".gemini/settings.json"), rights).unwrap();
    fs::write(home.path(".claude.json"), b"{\"a\": \"\xff\"}").unwrap();
    let before: Vec<Vec<u8>> = home.files().iter().map(|file| fs::read(home.path(file)).unwrap()).collect();
    let (code, said) = home.run(&["setup", "--yes"]).await;
    assert_eq!(code, Some(1));
    for reason in [
        "no JSON, by line 2, column 3",
        "no JSON, by line 1, column 16",
        "it is read-only",
        "a server at an address",
        "`servers` is no table of servers",
        "no text in UTF-8",
    ] {
        assert!(said.contains(reason), "{reason}: {said}");
    }
    let after: Vec<Vec<u8>> = home.files().iter().map(|file| fs::read(home.path(file)).unwrap()).collect();
    assert_eq!(before, after);
}

#[tokio::test]
async fn settings_of_the_run_and_a_key_go_into_the_entry() {
    let home = Home::new(&[(".cursor/mcp.json", "{}")]);
    fs::create_dir(home.path("prices")).unwrap();
    let key = [("FMP_API_KEY", "planted-KEY-4711")];
    let output = home.run_with(&["setup", "--yes", "--price-files", "prices"], &key).await;
    let said = String::from_utf8(output.stdout).unwrap();
    let prices = home.path("prices").display().to_string();
    assert!(home.text(".cursor/mcp.json").contains(&format!("\"FACTOR_PRICE_FILES\": \"{prices}\"")), "{said}");
    assert!(!home.text(".cursor/mcp.json").contains("4711") && said.contains("--with-key"), "{said}");
    let output = home.run_with(&["setup", "--yes", "--with-key"], &key).await;
    let said = String::from_utf8(output.stdout).unwrap();
    let text = home.text(".cursor/mcp.json");
    assert!(text.contains("planted-KEY-4711") && text.contains(&prices), "what was there stays: {text}");
    assert!(
        said.contains("+ mcpServers.factor-intelligence.env.FMP_API_KEY = \"***\"") && !said.contains("4711"),
        "{said}"
    );
    // Each step back is one change.
    home.run(&["setup", "--undo", "--yes"]).await;
    assert!(!home.text(".cursor/mcp.json").contains("4711"));
    home.run(&["setup", "--undo", "--yes"]).await;
    assert_eq!(home.text(".cursor/mcp.json"), "{}");
    let none = home.run(&["setup", "--with-key"]).await;
    assert!(none.0 == Some(2) && none.1.contains("FMP_API_KEY is not set"), "{none:?}");
}

#[tokio::test]
async fn an_undo_keeps_what_was_changed_since() {
    let home =
        Home::new(&[(".cursor/mcp.json", "{\n  \"mcpServers\": {}\n}\n"), (".codex/config.toml", "model = \"o\"\n")]);
    home.run(&["setup", "--yes"]).await;
    let text = home.text(".cursor/mcp.json").replacen("\"mcpServers\": {", "\"theirs\": 1,\n  \"mcpServers\": {", 1);
    fs::write(home.path(".cursor/mcp.json"), text).unwrap();
    let toml = format!("{}[profiles.x]\nmodel = \"p\"\n", home.text(".codex/config.toml"));
    fs::write(home.path(".codex/config.toml"), toml).unwrap();
    let (code, said) = home.run(&["setup", "--undo", "--yes"]).await;
    assert!(code == Some(0) && said.contains("the rest was changed since"), "{said}");
    let text = home.text(".cursor/mcp.json");
    assert!(text.contains("\"theirs\": 1") && !text.contains("factor"), "{text}");
    let toml = home.text(".codex/config.toml");
    assert!(toml.contains("[profiles.x]") && !toml.contains("factor"), "{toml}");
}

#[tokio::test]
async fn by_hand_shows_every_client_and_changes_nothing() {
    let home = Home::new(&[]);
    let (code, said) = home.run(&["setup", "--print"]).await;
    assert_eq!(code, Some(0));
    for (path, _) in FILES {
        assert!(said.contains(&home.path(path).display().to_string()), "{path}: {said}");
    }
    assert!(said.contains("[mcp_servers.factor-intelligence]"), "{said}");
    assert_eq!(home.files(), [""; 0]);
}

#[cfg(unix)]
#[tokio::test]
async fn rights_and_links_stay() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new(&[("dotfiles/mcp.json", "{}")]);
    fs::create_dir_all(home.path(".cursor")).unwrap();
    std::os::unix::fs::symlink(home.path("dotfiles/mcp.json"), home.path(".cursor/mcp.json")).unwrap();
    fs::set_permissions(home.path("dotfiles/mcp.json"), fs::Permissions::from_mode(0o640)).unwrap();
    home.run(&["setup", "--yes"]).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert!(fs::symlink_metadata(home.path(".cursor/mcp.json")).unwrap().is_symlink());
    assert!(home.text("dotfiles/mcp.json").contains("factor-intelligence"));
    for file in home.files().iter().filter(|file| file.starts_with("dotfiles")) {
        assert_eq!(mode(&home.path(file)), 0o640, "{file}");
    }
    let (_, said) = home.run(&["setup", "--yes", "--client", "gemini"]).await;
    assert_eq!(mode(&home.path(".gemini/settings.json")), 0o600, "what may hold keys is its owner's: {said}");
}
