use chrono::NaiveDate;
use factor_types::{AssetClass, SourceTier};
use proptest::prelude::*;

use super::*;
use MappingKind::{AssetProxies, Industries, StyleAndMarket};

fn read(kind: MappingKind, text: &str) -> Vec<ProxyRow> {
    rows(kind, text.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

fn brief(rows: &[ProxyRow]) -> Vec<String> {
    rows.iter()
        .map(|row| {
            let factor = row.factor(SourceTier::Yaml);
            let mark = if row.canonical { "*" } else { "" };
            let off = if row.active { "" } else { " off" };
            format!("{} {}={}{mark} {}{off}", row.category, row.key, row.etf, factor.priority)
        })
        .collect()
}

/// Checks that the text is refused at a line and column, with words that name the value and the way out.
fn refused(kind: MappingKind, text: &str, line: u64, column: u64, words: &[&str]) {
    let refusal = rows(kind, text.as_bytes()).expect_err(text);
    assert_eq!((refusal.line, refusal.column), (line, column), "{}\n{text}", refusal.message);
    for word in words {
        assert!(refusal.message.contains(word), "no {word:?} in {:?}", refusal.message);
    }
}

#[test]
fn reads_canonical_and_alternates() {
    let text = r#"
_metadata: {exported_at: 2026-01-01, counts: [1, 2]}
asset_classes:
  fixed_income:
    alternates:
      UST30Y_alt: EDV
      UST10Y: [vgit, {etf: SCHR, active: false, priority: 150}]
    canonical:
      UST10Y: IEF
      UST30Y: {etf: TLT, inception: 2002-07, description: "over 20 years"}
      none: null
      nor_this: {etf: ~}
  crypto:
    canonical: {btc_spot: {etf: IBIT, priority: 7}}
"#;
    let read = read(AssetProxies, text);
    let expected = [
        "fixed_income UST10Y=IEF* 0",
        "fixed_income UST30Y=TLT* 0",
        "fixed_income UST30Y_alt=EDV 100",
        "fixed_income UST10Y=VGIT 100",
        "fixed_income UST10Y=SCHR 150 off",
        "crypto btc_spot=IBIT* 7",
    ];
    assert_eq!(brief(&read), expected);
    assert_eq!(read[1].inception, NaiveDate::from_ymd_opt(2002, 7, 1));
    assert_eq!(read[1].description.as_deref(), Some("over 20 years"));
    assert_eq!(read[1].factor(SourceTier::Yaml).asset_class, Some(AssetClass::Bond));
}

#[test]
fn reads_the_flat_form() {
    let text = "asset_etf_proxies:\n  fixed_income: {UST10Y: IEF}\n  cash: {USD: {etf: SGOV, active: false}}\n";
    assert_eq!(brief(&read(AssetProxies, text)), ["fixed_income UST10Y=IEF* 0", "cash USD=SGOV* 0 off"]);
}

#[test]
fn reads_industries_in_both_forms() {
    let text = r#"
industry_to_etf:
  "Oil & Gas Integrated": {proxy: XLE, group: sensitive, subindustry: majors, inception: "1998-12", description: oil}
  "REIT - Mortgage": {proxy: REM, asset_class: fixed_income}
  Semiconductors: SOXX
  Shell Companies: null
"#;
    let read = read(Industries, text);
    let keys = ["Oil & Gas Integrated=XLE 100", "REIT - Mortgage=REM 100", "Semiconductors=SOXX 100"];
    assert_eq!(brief(&read), keys.map(|key| format!("industry {key}")));
    let factor = read[0].factor(SourceTier::Yaml);
    assert_eq!((factor.sector_group.as_deref(), factor.subindustry.as_deref()), (Some("sensitive"), Some("majors")));
    assert_eq!(
        (factor.asset_class, factor.proxy_key.as_deref()),
        (Some(AssetClass::Equity), Some("Oil & Gas Integrated"))
    );
    assert_eq!(read[1].factor(SourceTier::Yaml).asset_class, Some(AssetClass::Bond));
}

#[test]
fn reads_styles_and_markets_with_their_priorities() {
    let text = "market: {us_large: SPY}\nstyle: {momentum: MTUM, value: {etf: VLUE, priority: 5}}\n";
    assert_eq!(
        brief(&read(StyleAndMarket, text)),
        ["style momentum=MTUM 20", "style value=VLUE 5", "market us_large=SPY 10"]
    );
}

#[test]
fn words_that_yaml_takes_for_something_else_stay_tickers() {
    let text = "style: {a: ON, b: NO, c: Y, d: 'TRUE', e: '007', f: {etf: 0700.HK}, g: {etf: 007}}";
    let etfs: Vec<String> = read(StyleAndMarket, text).iter().map(|row| row.etf.to_string()).collect();
    assert_eq!(etfs, ["ON", "NO", "Y", "TRUE", "007", "0700.HK", "007"]);
}

#[test]
fn an_alias_is_read() {
    assert_eq!(read(StyleAndMarket, "style: {a: &x MTUM, b: *x}").len(), 2);
}

#[test]
fn refuses_unknown_keys() {
    let book = "asset_classes:\n  fixed_income:\n";
    refused(AssetProxies, "asset_clases: {}\n", 1, 1, &["`asset_clases`", "asset_classes"]);
    refused(AssetProxies, &format!("{book}    UST10Y: IEF\n"), 3, 5, &["`UST10Y`", "canonical, alternates"]);
    refused(
        AssetProxies,
        &format!("{book}    canonical:\n      A: {{etf: IEF, foo: 1}}\n"),
        4,
        21,
        &["`foo`", "inception"],
    );
    refused(Industries, "industry_to_etf:\n  Steel: {etf: SLX}\n", 2, 11, &["`etf`", "proxy"]);
    refused(StyleAndMarket, "style: {a: MTUM}\nmarkets: {b: SPY}\n", 2, 1, &["`markets`", "market"]);
}

#[test]
fn refuses_what_comes_twice() {
    refused(Industries, "industry_to_etf:\n  Steel: SLX\n  Gold: GDX\n  Steel: XME\n", 4, 3, &["`Steel`", "twice"]);
    let long = "industry_to_etf: {'Drug Manufacturers - Specialty & Generic': XPH,\n 'Drug Manufacturers - Specialty & Generic': IHE}\n";
    refused(Industries, long, 2, 2, &["`Drug Manufacturers - Specialty & Generic`", "twice"]);
    refused(StyleAndMarket, "style: {a: MTUM}\nstyle: {b: VLUE}\n", 2, 1, &["`style`", "twice"]);
    refused(StyleAndMarket, "style:\n  a: {etf: MTUM, etf: VLUE}\n", 2, 18, &["`etf`", "twice"]);
    let both = "asset_classes:\n  cash:\n    canonical: {USD: BIL}\n    alternates: {USD: bil}\n";
    refused(AssetProxies, both, 4, 23, &["`USD`", "BIL", "twice"]);
    let both = "asset_classes: {cash: {canonical: {USD: BIL}}}\nasset_etf_proxies: {cash: {USD: SGOV}}\n";
    refused(AssetProxies, both, 2, 20, &["keep one"]);
}

#[test]
fn refuses_bad_tickers() {
    refused(Industries, "industry_to_etf:\n  Steel: S LX\n", 2, 10, &["`S LX` is not a ticker", "BRK.B"]);
    refused(Industries, "industry_to_etf:\n  Steel: {proxy: ../x}\n", 2, 18, &["`../x` is not a ticker"]);
    refused(StyleAndMarket, "style:\n  a: {etf: .NaN}\n", 2, 12, &["`.NaN` is not a ticker"]);
    refused(StyleAndMarket, "style: {a: ''}\n", 1, 12, &["is not a ticker"]);
    refused(StyleAndMarket, "style: {a: {priority: 3}}\n", 1, 13, &["`etf` is missing"]);
    refused(StyleAndMarket, "style:\n  a:\nmarket: {b: SPY}\n", 2, 4, &["`a` has no ticker", "null"]);
}

#[test]
fn refuses_unknown_classes() {
    let text = "asset_classes:\n  cash: {canonical: {USD: BIL}}\n  bonds: {canonical: {A: IEF}}\n";
    refused(AssetProxies, text, 3, 3, &["`bonds`", "fixed_income, cash, commodity or crypto"]);
    refused(AssetProxies, "asset_etf_proxies:\n  style: {a: MTUM}\n", 2, 3, &["`style`", "style_and_market.yaml"]);
    refused(Industries, "industry_to_etf:\n  A: {proxy: X, asset_class: stock}\n", 2, 30, &["`stock`", "equity"]);
}

#[test]
fn refuses_wrong_types() {
    refused(StyleAndMarket, "style:\n  a: true\n", 2, 6, &["`a` is a yes or no", "quotes"]);
    refused(StyleAndMarket, "style:\n  a: 007\n", 2, 6, &["`a` is a number", "quotes"]);
    refused(StyleAndMarket, "style:\n  a: 1e999\n", 2, 6, &["`1e999`", "quotes"]);
    refused(StyleAndMarket, "style:\n  a: [[MTUM]]\n", 2, 7, &["`a` is a list"]);
    refused(Industries, "industry_to_etf:\n  Steel: [SLX]\n", 2, 10, &["`Steel` is a list"]);
    refused(StyleAndMarket, "style: [MTUM]\n", 1, 8, &["`key: value`"]);
    refused(StyleAndMarket, "MTUM\n", 1, 1, &["`MTUM` is no mapping"]);
    refused(StyleAndMarket, "style: {a: {etf: X, priority: -1}}\n", 1, 31, &["`-1`", "whole number"]);
    refused(StyleAndMarket, "style: {a: {etf: X, active: yes}}\n", 1, 29, &["`yes`", "true nor false"]);
    refused(StyleAndMarket, "style: {a: {etf: X, inception: 2013}}\n", 1, 32, &["`2013` is not a month", "2013-04"]);
    refused(StyleAndMarket, "style: {a: {etf: X, inception: 2013-13}}\n", 1, 32, &["`2013-13` is not a month"]);
    refused(StyleAndMarket, "style: {? [a] : MTUM}\n", 1, 11, &["name belongs here"]);
    refused(StyleAndMarket, "style: {'': MTUM}\n", 1, 9, &["1 to 100 characters"]);
    refused(StyleAndMarket, "style: {\"a\\u001b[1m\": MTUM}\n", 1, 9, &["\\u{1b}", "one line"]);
    refused(StyleAndMarket, "style: {<<: {a: MTUM}}\n", 1, 9, &["`<<`"]);
    refused(StyleAndMarket, "style: {a: !ticker MTUM}\n", 1, 20, &["!ticker"]);
}

#[test]
fn refuses_what_is_half_written() {
    refused(StyleAndMarket, "style:\n  a: {etf: MTUM", 2, 6, &["unclosed"]);
    refused(StyleAndMarket, "style:\n  a: {etf: \"MT", 2, 12, &["unclosed"]);
    refused(StyleAndMarket, "style:\n  a: MTUM\n  b", 3, 3, &[]);
    refused(StyleAndMarket, "style:\n  a: MTUM\n  b:", 3, 4, &["`b` has no ticker"]);
    refused(StyleAndMarket, "style:\n", 1, 1, &["no ETF in it"]);
    refused(StyleAndMarket, "", 1, 1, &["no ETF in it"]);
    refused(AssetProxies, "# nothing\n", 1, 1, &["asset_classes"]);
}

#[test]
fn refuses_what_unfolds_or_nests_or_is_huge() {
    let mut laughs = "_metadata:\n  - &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let line = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs += &format!("  - &a{level} [{line}]\n");
    }
    refused(StyleAndMarket, &laughs, 4, 40, &["too much"]);
    refused(StyleAndMarket, &format!("_metadata: {}", "[".repeat(100_000)), 1, 28, &[]);
    let entries: String = (0..100_000).map(|at| format!("  k{at}: SPY\n")).collect();
    refused(StyleAndMarket, &format!("style:\n{entries}"), 50_000, 11, &["too much"]);
    refused(StyleAndMarket, &format!("style: {{a: MTUM}}\n#{}", "x".repeat(4 << 20)), 1, 1, &["4194304 bytes"]);
    refused(StyleAndMarket, "style: {a: MTUM}\n---\nstyle: {b: SPY}\n", 2, 1, &["one document"]);
}

/// As many funds as one analysis can take, each with every key that there is.
#[test]
fn five_thousand_funds_described_in_full_are_read() {
    let one = |at: usize| {
        let letters = [at / 676 % 26, at / 26 % 26, at % 26].map(|at| char::from(b'A' + u8::try_from(at).unwrap()));
        let ticker: String = "Z".chars().chain(letters).collect();
        let words = "a fund of the shares of companies of one industry, by their capitalisation, without small ones";
        format!(
            "  \"Industry {at}\": {{proxy: {ticker}, group: cyclical, asset_class: equity, subindustry: \"Of {at}\", \
             priority: 10, active: true, inception: \"2009-05\", description: \"{words}\"}}\n"
        )
    };
    let text: String = (0..5_000).map(one).collect();
    let read = rows(Industries, format!("industry_to_etf:\n{text}").as_bytes()).unwrap();
    assert_eq!((read.len(), read[4_999].key.as_str()), (5_000, "Industry 4999"));
}

#[test]
fn refuses_what_is_no_text() {
    let refusal = rows(StyleAndMarket, b"style:\n  \xc3\xa9: \xff").expect_err("no UTF-8");
    assert_eq!((refusal.line, refusal.column), (2, 6));
    assert!(refusal.message.contains("UTF-8"));
}

fn kinds() -> impl Strategy<Value = MappingKind> {
    proptest::sample::select(MappingKind::ALL.to_vec())
}

proptest! {
    #[test]
    fn no_bytes_panic(kind in kinds(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = rows(kind, &bytes);
    }

    #[test]
    fn no_text_panics_and_every_message_is_one_line(kind in kinds(), text in "(style|asset_classes|industry_to_etf)?(: |\\{|\n  |[a-zA-Z&*!|>?~\"'%@`\\[\\],#-]|\\PC){0,60}") {
        if let Err(refusal) = rows(kind, text.as_bytes()) {
            prop_assert!(!refusal.message.chars().any(char::is_control), "{refusal:?}");
            prop_assert!(refusal.line > 0 && refusal.column > 0);
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_read_or_refused(cut in 0_usize..12_000) {
        let text = include_str!("../../../../../proxies/industry_to_etf.yaml");
        if let Ok(read) = rows(Industries, text.get(..cut).unwrap_or(text).as_bytes()) {
            prop_assert!(!read.is_empty());
        }
    }
}
