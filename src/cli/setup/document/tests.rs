use serde_json::json;

use super::*;
use crate::cli::setup::clients::Client;

const NAME: &str = "factor-intelligence";

fn whole() -> Vec<Change> {
    vec![Change {
        path: Vec::new(),
        old: None,
        new: json!({"command": "/opt/factor-mcp", "env": {"A": "b \"c\" \\ é"}}),
    }]
}

fn put(client: Client, text: &str) -> Result<String, String> {
    with(text, client.form(), NAME, &whole())
}

/// Everything of `text` is in `edited`, in the same order: the entry was put between, nothing was changed.
fn is_kept(text: &str, edited: &str) -> bool {
    let mut left = edited.chars();
    // A comma and an end of line may be put anywhere; the letters of the text come in their order.
    text.chars().all(|letter| left.any(|other| other == letter))
}

#[test]
fn an_entry_is_put_into_whatever_is_there() {
    let texts = [
        "",
        "\n",
        "{}",
        "{\"mcpServers\": {}}\n",
        r#"{"numStartups":12,"mcpServers":{"other":{"command":"x","args":[]}},"projects":{"/home/ada":{"allowedTools":[]}}}"#,
        "{\n\t\"globalShortcut\": \"\",\n\t\"mcpServers\": {\n\t\t\"other\": { \"command\": \"x\" }\n\t}\n}\n",
        "{\r\n  \"theme\": \"dark\",\r\n  \"n\": 12345678901234567890\r\n}\r\n",
        "\u{feff}{\"mcpServers\": {\"other\": {\"url\": \"https://a.example/mcp\"}}}",
    ];
    for client in [Client::ClaudeDesktop, Client::ClaudeCode, Client::Cursor, Client::Gemini] {
        for text in texts {
            let edited = put(client, text).unwrap();
            assert!(is_kept(text, &edited), "{client:?} {text:?}: {edited:?}");
            let entry = entry(&edited, client.form(), NAME).unwrap().unwrap();
            assert_eq!(entry, whole()[0].new, "{edited}");
            assert_eq!(edited.contains("\r\n"), text.contains("\r\n"), "{edited:?}");
            // What took the entry in gives it out again, and nothing else has changed.
            let out = without(&edited, client.form(), NAME).unwrap();
            assert_eq!(others(&out, client.form(), NAME), others(text, client.form(), NAME));
        }
    }
}

#[test]
fn comments_stay_where_the_client_takes_them_and_are_wrong_where_not() {
    let text = "// mine\n{\n  /* a */ \"servers\": {\n    // the other\n    \"other\": { \"type\": \"http\", \"url\": \"https://a.example\" }, // end\n  },\n  \"inputs\": [],\n}\n";
    let edited = put(Client::Vscode, text).unwrap();
    for comment in ["// mine", "/* a */", "// the other", "// end"] {
        assert!(edited.contains(comment), "{edited}");
    }
    assert!(is_kept(text, &edited), "{edited}");
    let form = Client::Vscode.form();
    assert_eq!(entry(&edited, form, NAME).unwrap().unwrap()["command"], "/opt/factor-mcp");
    assert!(entry(&edited, form, "other").unwrap().is_some());
    let refused = put(Client::ClaudeDesktop, "{\n  \"a\": 1 // mine\n}").unwrap_err();
    assert!(refused.starts_with("it is no JSON, by line 2, column 10"), "{refused}");
}

#[test]
fn what_is_broken_is_refused_with_its_place() {
    for text in
        ["{\"mcpServers\": {", "{\"a\": 1 \"b\": 2}", "{'a': 1}", "not json", "{} {}", "{\"a\": }", "<<<<<<< HEAD\n{}"]
    {
        let refused = put(Client::Cursor, text).unwrap_err();
        assert!(refused.starts_with("it is no JSON, by line 1, column "), "{text}: {refused}");
    }
    for text in ["[]", "null", "12"] {
        assert!(put(Client::Cursor, text).unwrap_err().contains("no object"), "{text}");
    }
    for text in ["{\"mcpServers\": []}", "{\"mcpServers\": null}"] {
        assert!(put(Client::Cursor, text).unwrap_err().contains("`mcpServers` is no table"), "{text}");
    }
    let twice = "{\"mcpServers\": {\"a\": {}}, \"mcpServers\": {\"b\": {}}}";
    assert!(put(Client::Cursor, twice).unwrap_err().contains("twice"), "readers differ in which they take");
    assert!(put(Client::Codex, "model = \"o\"\n[mcp_servers").unwrap_err().starts_with("it is no TOML, by line 2, "));
    let secret = put(Client::Codex, "key = \"sk-planted\" x\n").unwrap_err();
    assert!(!secret.contains("planted"), "{secret}");
    assert!(put(Client::Codex, "mcp_servers = 1\n").unwrap_err().contains("no table"));
    assert!(put(Client::Codex, "a = 1\r\nb = 2\n").unwrap_err().contains("two different ways"));
}

#[test]
fn toml_stays_byte_for_byte() {
    let texts = [
        "",
        "model = \"gpt-5\"   # mine\n\n[mcp_servers.other]\ncommand = 'x'\nargs = [ \"a\",\n  \"b\" ]  # two\n",
        "# only this\n",
        "[mcp_servers]\n[mcp_servers.other]\nurl = \"https://a.example\"\n[profiles.x]\nmodel = \"o\"\n",
        "a=1\r\n[t]\r\nb = \"\"\"\r\nline\"\"\"\r\n",
        "[[list]]\nx = 1\n[[list]]\nx = 2\n",
        "when = 2026-01-02T03:04:05Z\n\"quoted key\" = {a=1,  b = 2}",
    ];
    let form = Client::Codex.form();
    for text in texts {
        let edited = put(Client::Codex, text).unwrap_or_else(|why| panic!("{why}: {text:?}"));
        assert_eq!(entry(&edited, form, NAME).unwrap().unwrap(), whole()[0].new, "{edited}");
        assert!(is_kept(text, &edited), "{text:?}\n{edited:?}");
        for line in text.lines() {
            assert!(edited.lines().any(|kept| kept == line), "{line}: {edited}");
        }
        assert_eq!(edited.matches("\r\n").count() > 0, text.contains("\r\n"));
        let out = without(&edited, form, NAME).unwrap_or_else(|why| panic!("{why}: {edited:?}"));
        for line in text.lines() {
            assert!(out.lines().any(|kept| kept == line), "{line}: {out}");
        }
    }
}

#[test]
fn one_field_of_an_entry_changes_and_its_neighbours_stay() {
    let change = |path: &[&str], new: Value| Change {
        path: path.iter().map(|name| (*name).to_owned()).collect(),
        old: None,
        new,
    };
    let changes = [change(&["command"], json!("/new")), change(&["env", "A"], json!("1"))];
    let text = "{\"mcpServers\": {\"factor-intelligence\": {\"command\": \"/old\", /* why */ \"timeout\": 5, \"env\": {\"B\": \"2\"}}}}";
    let edited = with(text, Client::Cursor.form(), NAME, &changes).unwrap();
    assert!(edited.contains("/* why */ \"timeout\": 5"), "{edited}");
    let text = "[mcp_servers.factor-intelligence]\ncommand = \"/old\" # why\ntimeout = 5\n[mcp_servers.factor-intelligence.env]\nB = \"2\"\n[z]\n";
    let edited = with(text, Client::Codex.form(), NAME, &changes).unwrap();
    assert_eq!(
        edited,
        "[mcp_servers.factor-intelligence]\ncommand = \"/new\" # why\ntimeout = 5\n[mcp_servers.factor-intelligence.env]\nB = \"2\"\nA = \"1\"\n[z]\n"
    );
    let text = "[mcp_servers]\nfactor-intelligence = { command = \"/old\", env = \"none\" }\n";
    assert!(with(text, Client::Codex.form(), NAME, &changes).unwrap_err().contains("`env`"));
}
