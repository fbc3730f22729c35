use std::{collections::HashSet, fs, io::Read as _, path::PathBuf};

use chrono::{Datelike, NaiveDate};
use factor_types::{AssetClass, Category, Factor};

use super::*;

fn ticker(text: &str) -> Ticker {
    text.parse().unwrap()
}

/// A folder with the shipped files, but one of them with this text.
fn folder_with(kind: MappingKind, text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../proxies");
    for each in MappingKind::ALL {
        fs::copy(shipped.join(each.file_name()), dir.path().join(each.file_name())).unwrap();
    }
    fs::write(dir.path().join(kind.file_name()), text).unwrap();
    dir
}

#[test]
fn the_shipped_files_load_whole() {
    let loaded = load_universe(None);
    assert_eq!(loaded.problems, [] as [&str; 0]);
    assert_eq!(loaded.tiers, MappingKind::ALL.map(|kind| (kind, SourceTier::Yaml)).into());
    assert!((90..=100).contains(&loaded.universe.len()), "{}", loaded.universe.len());
    let categories: HashSet<Category> = loaded.universe.factors().iter().map(|factor| factor.category).collect();
    assert_eq!(categories.len(), 7);
    for factor in loaded.universe.factors() {
        assert_eq!(factor.source, SourceTier::Yaml);
        assert!(factor.inception.is_some() && factor.description.is_some(), "{}", factor.ticker);
        let group = factor.sector_group.as_deref();
        if factor.category == Category::Industry {
            assert!(matches!(group, Some("cyclical" | "sensitive" | "defensive")), "{}: {group:?}", factor.ticker);
        } else {
            assert_eq!(group, None, "{}", factor.ticker);
        }
    }
}

#[test]
fn an_etf_of_several_industries_is_one_factor_with_aliases() {
    let loaded = load_universe(None);
    let xlk = loaded.universe.get(&ticker("XLK")).unwrap();
    assert_eq!((&*xlk.label, xlk.industry()), ("Technology (whole sector)", "Information Technology Services"));
    assert!(xlk.aliases.contains(&"Consumer Electronics".to_owned()));
    let industries = &loaded.rows[&MappingKind::Industries];
    let plain = industries.iter().skip_while(|row| row.inception.is_some());
    let known: HashSet<&Ticker> = industries.iter().filter(|row| row.inception.is_some()).map(|row| &row.etf).collect();
    assert!(plain.into_iter().all(|row| known.contains(&row.etf)));
}

#[test]
fn priorities_and_flags_have_their_defaults() {
    let loaded = load_universe(None);
    let check = |etf: &str, canonical: bool, priority: u32, class: AssetClass| {
        let factor: &Factor = loaded.universe.get(&ticker(etf)).unwrap();
        assert_eq!(
            (factor.canonical, factor.priority, factor.asset_class),
            (canonical, priority, Some(class)),
            "{etf}"
        );
    };
    check("IEF", true, 0, AssetClass::Bond);
    check("SGOV", true, 0, AssetClass::Cash);
    check("BIL", false, 100, AssetClass::Cash);
    check("SPY", false, 0, AssetClass::Equity);
    check("VTI", false, 10, AssetClass::Equity);
    check("TLT", true, 30, AssetClass::Bond);
    check("MTUM", false, 20, AssetClass::Equity);
    check("SOXX", false, 100, AssetClass::Equity);
}

#[test]
fn a_broken_file_costs_its_own_kind_only() {
    let dir = folder_with(MappingKind::Industries, "industry_to_etf:\n  Steel: SLX\n  Gold: {proxy: G");
    let loaded = load_universe(Some(dir.path()));
    let tiers = serde_json::to_value(&loaded.tiers).unwrap();
    let expected = serde_json::json!({"asset_proxies": "yaml", "industries": "builtin", "style_and_market": "yaml"});
    assert_eq!(tiers, expected);
    let file = dir.path().join("industry_to_etf.yaml");
    assert_eq!(loaded.problems.len(), 1);
    let problem = &loaded.problems[0];
    assert!(problem.starts_with(&format!("{}:3:9: ", file.display())), "{problem}");
    assert!(problem.contains("For industries, the minimal set built into the binary is used"), "{problem}");
    assert!(loaded.universe.get(&ticker("SLX")).is_none());
    assert_eq!(loaded.universe.get(&ticker("XLE")).unwrap().source, SourceTier::Builtin);
    assert_eq!(loaded.universe.get(&ticker("MTUM")).unwrap().source, SourceTier::Yaml);
}

#[test]
fn a_file_that_is_missing_is_the_one_built_in() {
    let dir = folder_with(MappingKind::StyleAndMarket, "style: {momentum: MTUM}\n");
    for kind in [MappingKind::Industries, MappingKind::AssetProxies] {
        fs::remove_file(dir.path().join(kind.file_name())).unwrap();
    }
    let (loaded, shipped) = (load_universe(Some(dir.path())), load_universe(None));
    assert_eq!(loaded.problems, [] as [&str; 0]);
    assert_eq!(loaded.tiers, MappingKind::ALL.map(|kind| (kind, SourceTier::Yaml)).into());
    for kind in [MappingKind::Industries, MappingKind::AssetProxies] {
        assert_eq!(loaded.rows[&kind], shipped.rows[&kind]);
    }
    assert_eq!(loaded.rows[&MappingKind::StyleAndMarket].len(), 1);
}

#[test]
fn a_folder_that_is_missing_leaves_the_minimal_set() {
    let dir = tempfile::tempdir().unwrap();
    let loaded = load_universe(Some(&dir.path().join("missing")));
    assert_eq!(loaded.tiers, MappingKind::ALL.map(|kind| (kind, SourceTier::Builtin)).into());
    assert_eq!(loaded.problems.len(), 3, "{:?}", loaded.problems);
    assert!(loaded.problems[1].contains("industry_to_etf.yaml"), "{:?}", loaded.problems);
    assert_eq!(loaded.universe.len(), 29);
}

#[test]
fn what_is_no_file_is_a_problem_too() {
    let dir = folder_with(MappingKind::Industries, "");
    fs::remove_file(dir.path().join("style_and_market.yaml")).unwrap();
    fs::create_dir(dir.path().join("style_and_market.yaml")).unwrap();
    let loaded = load_universe(Some(dir.path()));
    assert!(loaded.problems[0].contains("industry_to_etf.yaml:1:1: no ETF in it"), "{:?}", loaded.problems);
    assert!(loaded.problems[1].contains("style_and_market.yaml: not a file"), "{:?}", loaded.problems);
    assert_eq!(loaded.tiers[&MappingKind::AssetProxies], SourceTier::Yaml);
}

#[test]
fn inactive_rows_are_kept_and_not_loaded() {
    let dir = folder_with(MappingKind::StyleAndMarket, "style: {a: {etf: MTUM, active: false}}\nmarket: {b: SPY}\n");
    let loaded = load_universe(Some(dir.path()));
    assert_eq!(loaded.problems, [] as [&str; 0]);
    assert!(loaded.universe.get(&ticker("MTUM")).is_none());
    assert_eq!(loaded.rows[&MappingKind::StyleAndMarket].len(), 2);
}

#[test]
fn an_etf_in_two_categories_is_said() {
    let dir = folder_with(MappingKind::AssetProxies, "asset_etf_proxies: {commodity: {energy: XLE}}\n");
    let loaded = load_universe(Some(dir.path()));
    assert_eq!(loaded.universe.get(&ticker("XLE")).unwrap().category, Category::Industry);
    assert!(loaded.problems[0].contains("XLE is `Oil & Gas Integrated` (industry) and `energy` (commodity)"));
}

/// The seed's own file: SGOV is an alternate of the bonds, and stands first for cash.
#[test]
fn an_alternate_takes_no_etf_from_where_it_is_canonical() {
    let text = "asset_classes:
  fixed_income:
    canonical: {UST10Y: IEF}
    alternates: {CASH: SGOV, UST30Y_alt: EDV}
  cash: {canonical: {USD: SGOV}}
";
    let dir = folder_with(MappingKind::AssetProxies, text);
    let loaded = load_universe(Some(dir.path()));
    let sgov = loaded.universe.get(&ticker("SGOV")).unwrap();
    assert_eq!(
        (sgov.category, sgov.label.as_str(), sgov.canonical),
        (Category::Cash, "Treasury bills 0-3 months", true)
    );
    assert_eq!(sgov.aliases, ["USD", "CASH"]);
    assert_eq!(loaded.universe.get(&ticker("EDV")).unwrap().category, Category::FixedIncome);
    assert!(loaded.problems[0].contains("so it stays in cash; give `CASH` another ETF"), "{:?}", loaded.problems);
}

#[test]
fn the_hash_follows_the_mapping_and_nothing_else() {
    let hash = |text: &str| {
        let dir = folder_with(MappingKind::StyleAndMarket, text);
        load_universe(Some(dir.path())).hash
    };
    let plain = hash("style: {a: MTUM}\n");
    assert_eq!(plain.len(), 32);
    assert_eq!(plain, hash("# a comment\nstyle:\n  a: mtum # and another\n"));
    let others = [
        "style: {a: VLUE}",
        "style: {b: MTUM}",
        "market: {a: MTUM}",
        "style: {a: {etf: MTUM, priority: 3}}",
        "style: {a: {etf: MTUM, inception: 2013-04}}",
        "style: {a: {etf: MTUM, description: x}}",
        "style: {a: {etf: MTUM, active: false}}",
    ];
    let hashes: HashSet<String> = others.iter().map(|text| hash(text)).chain([plain]).collect();
    assert_eq!(hashes.len(), others.len() + 1);
}

/// A database that has one kind, fails on another and is empty for the third.
struct Database;

impl MappingSource for Database {
    fn tier(&self) -> SourceTier {
        SourceTier::Database
    }

    fn rows(&self, kind: MappingKind) -> Result<Vec<ProxyRow>, crate::MappingError> {
        match kind {
            MappingKind::AssetProxies => Ok(vec![ProxyRow::new(Category::Crypto, "btc_spot", "FBTC".parse()?)]),
            MappingKind::Industries => Ok(Vec::new()),
            MappingKind::StyleAndMarket => Err("S PY".parse::<Ticker>().unwrap_err().into()),
        }
    }
}

#[test]
fn a_database_slots_in_front() {
    let loaded = load_from(&[&Database, &YamlSource::new(None), &BuiltinSource]);
    let tiers: Vec<&str> = loaded.tiers.values().map(|tier| tier.as_str()).collect();
    assert_eq!(tiers, ["database", "yaml", "yaml"]);
    assert_eq!(loaded.problems.len(), 1);
    assert!(loaded.problems[0].ends_with("For style_and_market, the YAML mapping is used instead"));
    assert!(loaded.universe.get(&ticker("IBIT")).is_none());
    let none = load_from(&[]);
    assert!(none.universe.is_empty() && none.tiers.is_empty());
}

/// The claimed months against a wide table of daily prices (date, one column per ticker), where there is one next to
/// the workspace. A fund's first price may follow its launch into the next month.
#[test]
fn inceptions_agree_with_first_prices() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/prices/etf_daily_adjclose.csv.gz");
    let Ok(file) = fs::File::open(&path) else {
        println!("skipped: there is no {}", path.display());
        return;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let tickers: Vec<&str> = lines.next().unwrap().split(',').skip(1).collect();
    let mut first: HashMap<&str, NaiveDate> = HashMap::new();
    let mut start = None;
    for line in lines {
        let (date, prices) = line.split_once(',').unwrap();
        let date: NaiveDate = date.parse().unwrap();
        start.get_or_insert(date);
        for (ticker, _) in tickers.iter().zip(prices.split(',')).filter(|(_, price)| !price.is_empty()) {
            first.entry(ticker).or_insert(date);
        }
    }
    let month = |date: NaiveDate| date.year() * 12 + date.month0() as i32;
    let loaded = load_universe(None);
    let mut checked = 0;
    for factor in loaded.universe.factors() {
        let (Some(&price), Some(claimed)) = (first.get(factor.ticker.as_str()), factor.inception) else { continue };
        let late = month(price) - month(claimed);
        let right = if Some(price) == start { late >= 0 } else { (0..=1).contains(&late) };
        assert!(right, "{}: first month {claimed}, first price {price}", factor.ticker);
        checked += 1;
    }
    assert!(checked > 80, "only {checked} tickers have prices");
}
