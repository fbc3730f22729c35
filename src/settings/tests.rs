use std::{collections::HashSet, time::Duration};

use chrono::NaiveDate;
use factor_prices::vendors::fmp;
use factor_store::UserTier;

use super::*;

fn load(
    flags: &[(&'static str, &str)],
    environment: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Settings, SettingsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("factor-mcp.toml");
    if let Some(text) = file {
        std::fs::write(&path, text).unwrap();
    }
    let flags = flags.iter().map(|(name, value)| (*name, Some((*value).to_owned()))).collect();
    let environment = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    let file = file.map(|_| super::file::find(Some(&path), environment).unwrap().unwrap());
    Settings::gather(&flags, environment, file)
}

fn problems(result: Result<Settings, SettingsError>) -> Vec<String> {
    result.unwrap_err().0
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let settings = Settings::defaults().unwrap();
    assert_eq!(settings.prices.source, PriceSource::Auto);
    assert_eq!(settings.analysis.cache_ttl, Duration::from_secs(1800));
    assert_eq!(settings.analysis.max_factors, 200);
    assert_eq!(settings.analysis.min_observations, 24);
    assert_eq!(settings.analysis.compute_timeout, Duration::from_secs(30));
    assert_eq!(settings.calls.deadline, Duration::from_secs(50));
    assert_eq!(settings.http.addr.to_string(), "127.0.0.1:8765");
    assert_eq!(settings.log.filter, "info,rmcp=error");
    assert_eq!(settings.clock.today, None);
}

#[test]
fn a_flag_beats_the_environment_and_that_beats_the_file() {
    let name = "FACTOR_CORRELATION_MIN_OBSERVATIONS";
    let file = Some("correlation_min_observations = 30\ncall_deadline = \"20\"");
    let read = |flags: &[(&'static str, &str)], environment: &[(&str, &str)]| {
        let settings = load(flags, environment, file).unwrap();
        let effective = settings.effective().iter().find(|setting| setting.name == name).unwrap().clone();
        (settings.analysis.min_observations, effective.origin)
    };
    assert_eq!(read(&[(name, "40")], &[(name, "36")]), (40, "flag".to_owned()));
    assert_eq!(read(&[], &[(name, "36")]), (36, "environment".to_owned()));
    let (from_file, origin) = read(&[], &[(name, " ")]);
    assert!(from_file == 30 && origin.ends_with("factor-mcp.toml"), "{origin}");
    assert_eq!(load(&[], &[], file).unwrap().calls.deadline, Duration::from_secs(20));
}

#[test]
fn every_wrong_value_is_named_with_what_is_allowed() {
    let found = problems(load(
        &[("FACTOR_TODAY", "1.1.2026")],
        &[
            ("FACTOR_PRICE_SOURCE", "bloomberg"),
            ("FMP_API_KEY", "key with spaces"),
            ("FMP_BASE_URL", "ftp://prices"),
            ("FACTOR_CORRELATION_MIN_OBSERVATIONS", "5"),
            ("FACTOR_CALL_DEADLINE", "soon"),
            ("FACTOR_HTTP_ADDR", "8765"),
            ("FACTOR_PROXIES_DIR", "/no/such/folder"),
        ],
        None,
    ));
    assert_eq!(
        found,
        [
            "FACTOR_PRICE_SOURCE is `bloomberg` (from environment): write auto, fmp, yahoo, files or sample",
            "FMP_API_KEY is `***` (from environment): write the key alone: letters, digits and signs without a space",
            "FMP_BASE_URL is `ftp://prices` (from environment): write an address that begins with https:// or http://, without user name, `?` and `#`",
            "FACTOR_PROXIES_DIR is `/no/such/folder` (from environment): there is no such file or folder",
            "FACTOR_CORRELATION_MIN_OBSERVATIONS is `5` (from environment): write a whole number from 12 to 120",
            "FACTOR_CALL_DEADLINE is `soon` (from environment): write a whole number of seconds from 1 to 3600",
            "FACTOR_HTTP_ADDR is `8765` (from environment): write an address and a port, such as 127.0.0.1:8765 or [::1]:8765",
            "FACTOR_TODAY is `1.1.2026` (from flag): write a date as YYYY-MM-DD",
        ]
    );
}

#[test]
fn unknown_names_in_the_file_are_refused_with_the_nearest() {
    let found = problems(load(&[], &[], Some("price_sorce = \"files\"\n[prices]\n")));
    assert!(found[0].contains("`price_sorce`") && found[0].ends_with("did you mean `price_source`?"), "{found:?}");
    assert_eq!(found.len(), 2);
}

#[test]
fn a_path_in_the_file_is_relative_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("prices")).unwrap();
    let path = folder.path().join("factor-mcp.toml");
    std::fs::write(&path, "price_source = \"files\"\nprice_files = \"prices\"\ntoday = 2026-01-30").unwrap();
    let file = super::file::find(Some(&path), |_| None).unwrap();
    let settings = Settings::gather(&Flags::new(), |_| None, file).unwrap();
    assert_eq!(settings.prices.files, Some(folder.path().join("prices")));
    assert_eq!(settings.clock.today, NaiveDate::from_ymd_opt(2026, 1, 30));
}

#[test]
fn a_key_is_never_shown() {
    let settings = load(&[], &[("FMP_API_KEY", "planted-secret")], None).unwrap();
    assert_eq!(settings.vendors.fmp_key.as_ref().unwrap().expose(), "planted-secret");
    assert!(!format!("{settings:?}").contains("planted"));
    assert!(!serde_json::to_string(settings.effective()).unwrap().contains("planted"));
}

#[test]
fn a_source_with_a_key_needs_the_key() {
    let found = problems(load(&[("FACTOR_PRICE_SOURCE", "fmp")], &[], None));
    assert!(found[0].contains("FMP_API_KEY is not set"), "{found:?}");
}

#[test]
#[cfg(all(unix, not(target_os = "macos")))]
fn data_is_kept_in_the_users_folder_unless_set_otherwise() {
    let folder = |environment: &[(&str, &str)]| load(&[], environment, None).unwrap().store.data_dir;
    assert_eq!(folder(&[]), None);
    assert_eq!(folder(&[("HOME", "/home/ada")]), Some("/home/ada/.local/share/factor-mcp".into()));
    assert_eq!(folder(&[("HOME", "/home/ada"), ("XDG_DATA_HOME", "/data")]), Some("/data/factor-mcp".into()));
    assert_eq!(folder(&[("HOME", "/home/ada"), ("FACTOR_DATA_DIR", "/srv")]), Some("/srv".into()));
}

#[test]
fn the_seeds_quotas_are_the_defaults() {
    let quotas = load(&[], &[], None).unwrap().quotas;
    let of = |limits: factor_store::QuotaLimits| [limits.public, limits.registered, limits.paid].map(Option::unwrap);
    assert_eq!([quotas.correlations, quotas.performance].map(of), [[50, 100, 200]; 2]);
    assert_eq!(of(quotas.recommendations), [30, 60, 120]);
    assert_eq!((of(quotas.group_writes), of(quotas.group_lists)), ([20, 40, 80], [100, 200, 500]));
    let found = problems(load(&[], &[("FACTOR_CORRELATIONS_RATE_LIMIT", "50 per hour;1 per day;1 per day")], None));
    assert!(found[0].contains("50 per day;100 per day;200 per day"), "{found:?}");
}

#[test]
fn files_without_a_folder_is_refused() {
    let found = problems(load(&[("FACTOR_PRICE_SOURCE", "files")], &[], None));
    assert!(found[0].contains("FACTOR_PRICE_FILES is not set"), "{found:?}");
}

#[test]
fn the_fewest_tickers_are_not_above_the_most() {
    let sizes = [("FACTOR_GROUP_MIN_TICKERS", "9"), ("FACTOR_GROUP_MAX_TICKERS", "8")];
    let found = problems(load(&sizes, &[], None));
    let rule = "it must not be above FACTOR_GROUP_MAX_TICKERS, which is 8";
    assert_eq!(found, [format!("FACTOR_GROUP_MIN_TICKERS is `9` (from flag): {rule}")]);
    assert!(load(&[("FACTOR_GROUP_MIN_TICKERS", "8"), sizes[1]], &[], None).is_ok());
}

#[test]
fn a_value_may_be_written_as_people_write_it() {
    let settings = load(
        &[],
        &[
            ("FACTOR_PRICE_SOURCE", " Sample "),
            ("FACTOR_CALL_DEADLINE", "20 s"),
            ("FACTOR_HTTP_ADDR", "localhost:80"),
            ("FMP_BASE_URL", &format!("{}/", fmp::BASE_URL)),
        ],
        None,
    )
    .unwrap();
    assert_eq!(settings.prices.source, PriceSource::Sample);
    assert_eq!(settings.calls.deadline, Duration::from_secs(20));
    assert_eq!(settings.http.addr.to_string(), "127.0.0.1:80");
    assert_eq!(settings.vendors.fmp_url, BaseUrl { url: fmp::BASE_URL.to_owned(), is_default: true });
}

#[test]
fn an_issuer_is_kept_to_the_letter_and_needs_a_public_url() {
    let issuer = ("FACTOR_OAUTH_ISSUER", " https://login.example.com/realms/one/ ");
    let public_url = ("FACTOR_PUBLIC_URL", "https://factors.example/");
    let settings = load(&[], &[issuer, public_url], None).unwrap();
    let server = settings.resource_server().unwrap().unwrap();
    assert_eq!(server.issuer(), "https://login.example.com/realms/one/");
    assert_eq!(server.audience(), "https://factors.example");
    assert_eq!((settings.oauth.default_tier, settings.oauth.new_users_per_hour), (UserTier::Registered, 100));
    assert!(Settings::defaults().unwrap().resource_server().unwrap().is_none());
    assert!(load(&[], &[public_url], None).unwrap().resource_server().unwrap().is_none());

    let found = problems(load(&[], &[issuer], None));
    assert!(found.len() == 1 && found[0].starts_with("FACTOR_OAUTH_ISSUER is set, but FACTOR_PUBLIC_URL"), "{found:?}");
}

#[test]
fn settings_of_tokens_without_an_issuer_or_with_a_wrong_one_are_refused() {
    let found = problems(load(
        &[("FACTOR_OAUTH_DEFAULT_TIER", "paid")],
        &[("FACTOR_OAUTH_JWKS_URL", "https://login.example.com/keys"), ("FACTOR_PUBLIC_URL", "http://factors.example")],
        None,
    ));
    assert_eq!(
        found,
        [
            "FACTOR_PUBLIC_URL is `http://factors.example` (http is for this machine only, elsewhere it has to be https): \
             write the URL under which clients know this server, like https://factors.example.com",
            "FACTOR_OAUTH_JWKS_URL is set, but FACTOR_OAUTH_ISSUER is not: name the issuer, or leave FACTOR_OAUTH_JWKS_URL out",
            "FACTOR_OAUTH_DEFAULT_TIER is set, but FACTOR_OAUTH_ISSUER is not: name the issuer, or leave \
             FACTOR_OAUTH_DEFAULT_TIER out",
        ]
    );
    for (name, value) in [
        ("FACTOR_OAUTH_ISSUER", "https://ann:hunter2@login.example.com"),
        ("FACTOR_OAUTH_JWKS_URL", "https://ann:hunter2@login.example.com/keys"),
        ("FACTOR_PUBLIC_URL", "https://ann:hunter2@factors.example"),
        ("FACTOR_OAUTH_ALLOW_JWT_TYP", "perhaps"),
        ("FACTOR_OAUTH_DEFAULT_TIER", "gold"),
        ("FACTOR_OAUTH_NEW_USERS_PER_HOUR", "0"),
        ("FACTOR_OAUTH_NEW_USERS_PER_HOUR", "100001"),
    ] {
        let good = [("FACTOR_OAUTH_ISSUER", "https://login.example.com"), ("FACTOR_PUBLIC_URL", "https://f.example")];
        let all: Vec<_> = good.into_iter().filter(|(other, _)| *other != name).chain([(name, value)]).collect();
        let found = problems(load(&[], &all, None));
        assert!(found.len() == 1 && found[0].starts_with(name) && !found[0].contains("hunter2"), "{found:?}");
    }
}

#[test]
fn every_row_has_its_own_name_and_key_and_says_what_it_is() {
    let names: HashSet<&str> = SETTINGS.iter().map(|setting| setting.variable).collect();
    let keys: HashSet<String> = SETTINGS.iter().map(Setting::key).collect();
    assert_eq!((names.len(), keys.len()), (SETTINGS.len(), SETTINGS.len()));
    for setting in SETTINGS {
        assert!(setting.doc.ends_with('.'), "{}: {}", setting.variable, setting.doc);
        assert!(!setting.is_secret || setting.preset == Preset::Nothing, "{} has a default", setting.variable);
    }
}

#[test]
fn the_book_has_a_row_for_every_setting() {
    const HEAD: &str = "| variable | default | what |\n| --- | --- | --- |\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src/settings.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(HEAD).expect("docs/src/settings.md has a table of settings");
    let (found, after) = rest.split_once("\n\n").unwrap();
    let default = |setting: &Setting| match (setting.preset_in_words, setting.preset) {
        (Some(words), _) => words.to_owned(),
        (None, Preset::Value(number)) if number.parse::<u64>().is_ok() => number.to_owned(),
        (None, Preset::Value(text)) => format!("`{text}`"),
        (None, Preset::Nothing | Preset::UserDataFolder) => String::new(),
    };
    let row = |setting: &Setting| format!("| `{}` | {} | {} |", setting.variable, default(setting), setting.doc);
    let wanted = SETTINGS.iter().map(row).collect::<Vec<_>>().join("\n").replace("|  |", "| |");
    if super::environment("UPDATE_BOOK").is_some() {
        std::fs::write(path, format!("{before}{HEAD}{wanted}\n\n{after}")).unwrap();
    } else {
        assert_eq!(found, wanted, "write the table again with UPDATE_BOOK=1");
    }
}
