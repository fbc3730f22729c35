use factor_analytics::panel::DefaultStart;
use factor_types::Ticker;
use serde_json::json;

use super::*;
use crate::services::common_args::tests::{args, basis};

fn read_json(values: Value) -> Result<Query, ToolError> {
    let Value::Object(values) = values else { panic!("no object") };
    read(values, basis())
}

fn problems(values: Value) -> Vec<String> {
    read_json(values).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

fn notes(values: Value) -> Vec<String> {
    read_json(values).unwrap().common.notes
}

#[test]
fn correlations_are_the_default() {
    let query = read_json(json!({})).unwrap();
    assert_eq!((query.request.kind, query.request.benchmark.as_str()), (AnalysisKind::Correlations, "SPY"));
    assert_eq!(query.lists, ListSizes { top: 5, per_matrix: 5, factors: 15, asked: false });
    assert!(query.sections.has(Section::Matrices) && !query.sections.has(Section::Statistics));
    assert!(!query.triangle && query.preset.is_none() && query.include.is_none());
}

#[test]
fn mistakes_come_in_the_order_of_reading() {
    let wrong = json!({
        "analysis_type": "correlation", "preset": "lite", "format": "txt", "benchmark_ticker": "S PY", "start_date": "1",
        "categories": "x", "correlation_method": "kendall", "regime": "9", "top_n": 0, "min_observations": 1,
        "matrix_format": "flat", "max_chars": 5, "precision": 0, "unknown": 1, "advanced": {"mystery": 2},
    });
    let fields: Vec<String> =
        read_json(wrong).unwrap_err().problems.iter().map(|problem| problem.field().to_owned()).collect();
    assert_eq!(
        fields,
        [
            "analysis_type",
            "preset",
            "format",
            "categories[0]",
            "benchmark_ticker",
            "start_date",
            "correlation_method",
            "regime",
            "top_n",
            "min_observations",
            "matrix_format",
            "max_chars",
            "precision",
            "advanced.mystery",
            "unknown",
        ]
    );
}

#[test]
fn arguments_of_another_analysis_are_a_note() {
    let of_returns = "windows is ignored for correlations mode; it belongs to returns";
    assert_eq!(notes(json!({"analysis_type": "correlations", "windows": ["1m"]})), [of_returns]);
    assert_eq!(notes(json!({"windows": ["1m"], "include_statistics": true})), [of_returns]);
    // Who names none means that to which what they gave belongs.
    assert_eq!(notes(json!({"windows": ["1m"]})), ["read as analysis_type returns, by the arguments given"]);
    assert_eq!(
        notes(json!({"fields": ["sharpe_ratio"]})),
        ["read as analysis_type performance, by the arguments given"]
    );
    assert_eq!(
        notes(json!({"analysis_type": "returns", "start_date": "2020-01-01", "sort_by": "volatility"})),
        [
            "start_date is ignored for returns mode; use windows to specify lookback periods",
            "sort_by is ignored for returns mode; it belongs to performance",
        ]
    );
    let half_life = notes(json!({"half_life": 12, "categories": ["rate"], "include_statistics": true}));
    assert_eq!(half_life, ["half_life is ignored; it belongs to correlation_method ewma"]);
    // An argument that means nothing here is not read, however wrong.
    let ignored = notes(json!({"analysis_type": "performance", "categories": "rate", "matrix_format": 3}));
    assert_eq!(
        ignored,
        [
            "matrix_format is ignored for performance mode; it belongs to correlations",
            "category rate is ignored for performance mode; it belongs to correlations and returns",
        ]
    );
}

#[test]
fn a_preset_picks_categories_unless_some_are_named() {
    let preset = read_json(json!({"preset": "macro_focus"})).unwrap();
    assert_eq!(preset.common.categories, Preset::MacroFocus.categories());
    let named = read_json(json!({"preset": "macro_focus", "categories": ["style"]})).unwrap();
    assert_eq!(named.common.categories, Some(BTreeSet::from([Category::Style])));
    let emptied = read_json(json!({"preset": "macro_focus", "categories": []})).unwrap();
    assert_eq!(emptied.common.categories, None);
}

#[test]
fn windows_settle_the_dates_of_returns() {
    let query =
        read_json(json!({"analysis_type": "returns", "windows": "1y, 3m, 1y, 9x", "end_date": "2024-06"})).unwrap();
    assert_eq!(query.common.dates.default_start, DefaultStart::MonthsBefore(14));
    assert_eq!(query.request.dates, query.common.dates);
    assert_eq!(query.invalid_windows, ["9x"]);
    let none = read_json(json!({"analysis_type": "returns", "windows": ["9x"]})).unwrap_err();
    assert!(none.message.starts_with("No valid windows specified: `windows` (got [\"9x\"])"), "{}", none.message);
    let no_date = read_json(json!({"analysis_type": "returns", "windows": ["2023-02-30/2023-03-15"]})).unwrap_err();
    assert!(
        no_date.message.contains("2023-02-30") && !no_date.message.contains("Write windows"),
        "{}",
        no_date.message
    );
    let daily = read_json(json!({"analysis_type": "returns", "windows": ["mtd"]})).unwrap_err();
    assert!(daily.message.ends_with("Ask for mtd with frequency \"daily\"."), "{}", daily.message);
}

#[test]
fn lists_are_as_long_as_asked() {
    let report = read_json(json!({"format": "report"})).unwrap().lists;
    assert_eq!(report, ListSizes { top: 10, per_matrix: 15, factors: 15, asked: false });
    let summary = read_json(json!({})).unwrap().lists;
    assert_eq!(summary, ListSizes { top: 5, per_matrix: 5, factors: 15, asked: false });
    let tables = read_json(json!({"format": "report", "top_n": 3})).unwrap().lists;
    assert_eq!(tables, ListSizes { top: 3, per_matrix: 3, factors: 15, asked: true });
    let asked = read_json(json!({"top_n": 3, "top_n_per_matrix": 7, "advanced": {"max_factors": "20"}})).unwrap().lists;
    assert_eq!(asked, ListSizes { top: 3, per_matrix: 7, factors: 20, asked: true });
}

#[test]
fn names_of_sections_are_known_or_not() {
    let query = read_json(json!({"include": ["Matrices", "matrices", "nothing", "nothing"]})).unwrap();
    assert_eq!((query.include, query.invalid_sections), (Some(vec![Section::Matrices]), vec!["nothing".to_owned()]));
    let refused = problems(json!({"advanced": {"sections": ["matrices:style", "matrices:x", "y"]}}));
    assert_eq!(refused.len(), 2);
    assert!(refused[0].contains("names `matrices:x`, which is no section of correlations"), "{}", refused[0]);
}

#[test]
fn rolling_pairs_name_what_the_call_has() {
    let refused = problems(json!({"include_rolling_summaries": true, "rolling_pairs": ["SPY/SPY", "SPY", "TTL/SPY"]}));
    let ends = ["the two names are the same", "write two names as XLF/TLT", "did you mean TLT?"];
    assert_eq!(refused.len(), 3);
    assert!(refused.iter().zip(ends).all(|(problem, end)| problem.ends_with(end)), "{refused:?}");
}

#[test]
fn weights_of_composites_go_with_their_method() {
    let performance = |more: Value| {
        let mut values = json!({"analysis_type": "performance"});
        values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read_json(values)
    };
    let plan = |query: Query| match query.request.plan {
        Plan::Performance(plan) => plan,
        _ => panic!("not of performance"),
    };
    let custom = plan(performance(json!({"composite_weights": {"spy": 0.6}})).unwrap());
    assert_eq!(custom.weights, Weighting::Custom([(Ticker::spy(), 0.6)].into_iter().collect()));
    for (wrong, why) in [
        (json!({"composite_weighting_method": "custom"}), "needs composite_weights"),
        (
            json!({"composite_weighting_method": "cap", "composite_weights": {"SPY": 1}}),
            "needs composite_weighting_method custom",
        ),
        (json!({"composite_weights": {"SPY": 0}}), "must be above 0"),
    ] {
        let message = performance(wrong).unwrap_err().message;
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn a_portfolio_rests_on_performance_without_composites() {
    let given = json!({"start_date": "2015-01-31", "categories": ["style", "cash"], "frequency": "weekly",
        "industry_granularity": "industry", "min_observations": 30, "asset_class_filters": {"include": ["equity"]}});
    let common = CommonArgs::read(&mut args(given.clone()), (&["categories"], &[]), &basis());
    let held: Ticker = "NVDA".parse().unwrap();
    let own = Query::for_portfolio(common.unwrap(), std::slice::from_ref(&held));

    let mut asked = given;
    for (name, value) in [
        ("analysis_type", json!("performance")),
        ("include_macro_composite_performance", json!(false)),
        ("include_factor_composite_performance", json!(false)),
    ] {
        asked[name] = value;
    }
    let mut other = read_json(asked).unwrap();
    other.request.also_priced.push(held);
    // Candidates are filtered by their class when all are analysed.
    other.request.asset_classes = Default::default();
    assert_eq!(format!("{:?}", own.request), format!("{:?}", other.request));
    assert_eq!(own.common.asset_classes.include.len(), 1);
}

fn correlations(values: Value) -> CorrelationPlan {
    match read_json(values).unwrap().request.plan {
        Plan::Correlations(plan) => plan,
        _ => panic!("not of correlations"),
    }
}

fn matrices(values: Value) -> Vec<&'static str> {
    correlations(values).matrices.iter().map(|key| key.name()).collect()
}

/// The only mistake of a call.
fn problem(values: Value) -> String {
    let mut all = problems(values);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn a_call_without_categories_has_every_matrix_but_cash() {
    let all =
        ["industry_groups", "industry", "style", "market", "fixed_income", "commodity", "crypto", "custom", "user"];
    assert_eq!(matrices(json!({})), all);
    assert_eq!(matrices(json!({"industry_granularity": "industry"})), all[1..]);
    assert_eq!(matrices(json!({"categories": ["cash", "style"]})), ["style", "cash"]);
    assert_eq!(matrices(json!({"categories": "rate"})), ["rate"]);
    assert_eq!(matrices(json!({"categories": ["rate", "market"]})), ["market", "rate"]);
}

#[test]
fn matrices_are_named_by_sections_too() {
    let of = |names: Value| matrices(json!({"sections": names}));
    assert_eq!(of(json!(["Matrices:Bonds", "matrices:cash"])), ["fixed_income", "cash"]);
    assert_eq!(of(json!(["matrices:industry_groups"])), ["industry_groups"]);
    assert_eq!(of(json!(["matrices:industry"])), ["industry_groups", "industry"]);
    assert_eq!(of(json!(["matrices:rate"])), ["rate"]);
    assert_eq!(of(json!(["matrices"])).len(), 9, "all of them");
    assert_eq!(of(json!(["rolling"])), [""; 0], "nothing needs one");
    // Named in both places is what is in both.
    let both = json!({"categories": ["style", "market"], "sections": ["matrices:market", "matrices:cash"]});
    assert_eq!(matrices(both), ["market"]);
}

#[test]
fn an_overview_sums_industries_up_unless_they_are_asked_for() {
    assert_eq!(matrices(json!({"preset": "overview"})), ["industry_groups", "style", "market"]);
    let named = json!({"preset": "overview", "categories": ["industry"]});
    assert_eq!(matrices(named), ["industry_groups", "industry"]);
    let single = json!({"preset": "overview", "industry_granularity": "industry"});
    assert_eq!(matrices(single), ["industry", "style", "market"]);
}

#[test]
fn a_flag_wins_over_sections_and_sections_win_over_a_preset() {
    let has = |values: Value, section: Section| read_json(values).unwrap().sections.has(section);
    assert!(!has(json!({}), Section::MacroEtf) && has(json!({}), Section::MacroComposite));
    assert!(has(json!({"preset": "macro_focus"}), Section::MacroEtf));
    let listed = json!({"preset": "macro_focus", "sections": ["OVERLAYS:RATE"]});
    assert!(has(listed.clone(), Section::RateSensitivity) && !has(listed.clone(), Section::MacroEtf));
    assert!(!has(listed.clone(), Section::Matrices) && !has(listed.clone(), Section::Insights));
    let mut flagged = listed;
    flagged["include_macro_etf"] = json!(true);
    flagged["include_rate_sensitivity"] = json!("false");
    assert!(has(flagged.clone(), Section::MacroEtf) && !has(flagged, Section::RateSensitivity));
    assert!(!has(json!({"preset": "equity_factors"}), Section::Insights));
}

#[test]
fn a_section_that_is_asked_for_but_off_says_what_turns_it_on() {
    let why = |values: Value| read_json(values).unwrap().sections.not_computed.into_iter().collect::<Vec<_>>();
    let of = |name: &'static str, why: &str| vec![(name, why.to_owned())];
    // Their names ask for them, unless the flag says no.
    assert_eq!(why(json!({"include": ["rolling", "statistics"]})), []);
    assert_eq!(
        why(json!({"include": ["rolling"], "include_rolling_summaries": false})),
        of("rolling", "set include_rolling_summaries: true")
    );
    assert_eq!(
        why(json!({"include": ["statistics"], "include_statistics": false})),
        of("statistics", "set include_statistics: true")
    );
    assert_eq!(why(json!({"include": ["macro_etf"]})), of("macro_etf", "set include_macro_etf: true"));
    assert_eq!(
        why(json!({"include": ["statistics"], "include_statistics": true, "correlation_method": "ewma"})),
        of("statistics", "correlation_method ewma has no intervals and p-values; write pearson or spearman")
    );
    assert_eq!(
        why(json!({"include": ["matrices"], "preset": "light"})),
        of("matrices", "name matrices:<category> in advanced.sections, or leave preset out")
    );
    let returns = |more: Value| {
        let mut values = json!({"analysis_type": "returns", "include": ["industry_groups"]});
        values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        why(values)
    };
    let single = returns(json!({"industry_granularity": "industry"}));
    assert_eq!(single, of("industry_groups", "set industry_granularity: group"));
    let without = returns(json!({"categories": ["style"]}));
    assert_eq!(without, of("industry_groups", "name industry among the categories"));
    assert_eq!(returns(json!({"categories": ["industry"]})), []);
    let flags = |factors: bool| {
        json!({"analysis_type": "performance", "include": ["composites"], "include_macro_composite_performance": false,
            "include_factor_composite_performance": factors})
    };
    assert_eq!(why(flags(false)), of("composites", "set include_macro_composite_performance: true"));
    assert_eq!(why(flags(true)), [], "one kind of composites is left");
}

#[test]
fn weights_decay_by_half_in_a_time_that_goes_with_the_frequency() {
    let method = |frequency: &str, half_life: Value| {
        correlations(json!({"correlation_method": "EWMA", "frequency": frequency, "half_life": half_life})).method
    };
    for (frequency, half_life) in [("monthly", 36.0), ("weekly", 156.0), ("daily", 126.0)] {
        assert_eq!(method(frequency, Value::Null), Method::Ewma { half_life });
        assert_eq!(method(frequency, json!("1.5")), Method::Ewma { half_life: 1.5 });
    }
    for wrong in [json!(0), json!(-12), json!(2521)] {
        let refused = problem(json!({"correlation_method": "ewma", "half_life": wrong}));
        assert!(refused.ends_with("must be a number from 1 to 2520"), "{refused}");
    }
}

#[test]
fn a_regime_is_a_name_dates_or_all() {
    let regime = |text: &str| correlations(json!({"regime": text})).regime.map(|regime| regime.to_string());
    assert_eq!((regime("ALL"), regime(" High_Vol ").as_deref()), (None, Some("high_vol")));
    assert_eq!(regime("2008-01/2008-12").as_deref(), Some("2008"));
    let priced = |text: &str| {
        let values = json!({"regime": text, "include_market_sensitivity": false});
        read_json(values).unwrap().request.also_priced.len()
    };
    assert_eq!((priced("equity_drawdown"), priced("rate_shock"), priced("2008")), (1, 0, 0));
    let backwards = problem(json!({"regime": "2020/2008"}));
    assert!(
        backwards.starts_with("`regime` (got \"2020/2008\") is neither a regime nor a span of dates: the slice ends")
    );
}

#[test]
fn rolling_windows_and_pairs_are_put_in_order_and_said_once() {
    let rolling = |more: Value| {
        let mut values = json!({"include_rolling_summaries": true, "categories": ["style"]});
        values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        correlations(values).rolling.unwrap()
    };
    let default = rolling(json!({}));
    assert_eq!((default.windows, default.pairs.len()), (vec![12, 24, 36], 0));
    assert_eq!(default.matrices.iter().map(|key| key.name()).collect::<Vec<_>>(), ["style"]);
    let asked =
        rolling(json!({"rolling_windows": [60, "6", 60], "rolling_pairs": ["spy / ust10y", "SPY/UST10Y", "TLT/spy"]}));
    assert_eq!(asked.windows, [6, 60]);
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(asked.pairs, [pair("SPY", "UST10Y"), pair("TLT", "SPY")]);
    for window in [5, 121] {
        let refused = problem(json!({"include_rolling_summaries": true, "rolling_windows": [12, window]}));
        assert!(refused.contains("from 6 to 120"), "{refused}");
    }
}

#[test]
fn pairs_may_name_groups_and_benchmarks_of_the_call_and_are_five_at_most() {
    let own = json!({"include_rolling_summaries": true, "market_benchmarks": ["ARKK"], "benchmark_ticker": "VT",
        "factor_universe": [{"ticker": "XOP", "category": "industry", "sector_group": "Öl & Gas"}, {"ticker": "AAA"}],
        "rolling_pairs": ["Öl & Gas/arkk", "XOP/vt", "aaa/UST30Y"]});
    let pairs = correlations(own.clone()).rolling.unwrap().pairs;
    let named: Vec<String> = pairs.iter().map(|(a, b)| format!("{a}/{b}")).collect();
    assert_eq!(named, ["Öl & Gas/ARKK", "XOP/VT", "AAA/UST30Y"]);
    let mut single = own;
    single["industry_granularity"] = json!("industry");
    assert!(problem(single).contains("`Öl & Gas` is no factor, industry group, benchmark or maturity of this call"));
    let six = ["SPY/UST2Y", "SPY/UST5Y", "SPY/UST10Y", "SPY/UST30Y", "SPY/UST3M", "TLT/UST2Y"];
    let many = |pairs: &[&str]| json!({"include_rolling_summaries": true, "rolling_pairs": pairs});
    assert!(problem(many(&six)).contains("must name at most 5 pairs"));
    let again = [&six[..5], &six[..1]].concat();
    assert_eq!(correlations(many(&again)).rolling.unwrap().pairs.len(), 5, "one is there twice");
}

#[test]
fn a_weight_of_a_composite_is_a_number_above_zero_and_there_once() {
    let refused = |weights: Value| problem(json!({"analysis_type": "performance", "composite_weights": weights}));
    assert_eq!(
        refused(json!([{"ticker": "SPY", "weight": 1}, {"ticker": "spy", "weight": 2}])),
        "`composite_weights[1].ticker` (got \"spy\") is there twice: give each ticker one weight"
    );
    assert!(refused(json!({"SPY": -0.5})).ends_with("(got -0.5) must be a number of at least 0"));
    assert!(refused(json!([{"ticker": "SPY"}])).ends_with("is required"));
    assert!(refused(json!([{"weight": 1}])).ends_with("is required"));
    assert!(
        refused(json!([{"ticker": "SPY", "weight": 1, "wait": 2}])).contains("`composite_weights[0].wait` (got 2)")
    );
    let plan = |values: Value| match read_json(values).unwrap().request.plan {
        Plan::Performance(plan) => plan.weights,
        _ => panic!("not of performance"),
    };
    assert_eq!(plan(json!({"analysis_type": "performance"})), Weighting::Equal);
    assert_eq!(plan(json!({"analysis_type": "performance", "composite_weighting_method": "CAP"})), Weighting::Cap);
}
