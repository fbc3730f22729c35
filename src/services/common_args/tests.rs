use chrono::DateTime;
use factor_analytics::panel::DefaultStart;
use factor_store::load_universe;
use factor_types::{AssetClass, GroupName, UserId};
use serde_json::{Value, json};

use super::{reader::ADVANCED, *};
use crate::{
    analysis::UserGroup,
    app::{Basis, Usual},
    arguments::Args,
    tool_error::ToolError,
};

/// The universe that the server brings along.
pub(crate) fn snapshot() -> Arc<UniverseSnapshot> {
    Arc::new(UniverseSnapshot { loaded: load_universe(None), at: DateTime::UNIX_EPOCH })
}

/// That universe for a user without groups.
pub(crate) fn basis() -> Basis {
    Basis {
        snapshot: snapshot(),
        saved: Vec::new(),
        groups: UserGroups::default(),
        usual: Usual { window_months: 120, correlation_threshold: -0.2 },
    }
}

pub(crate) fn args(values: Value) -> Args {
    match values {
        Value::Object(values) => Args::new(values),
        other => panic!("{other} is no object"),
    }
}

fn groups() -> UserGroups {
    let ticker = Ticker::of_group(&GroupName::read("My Tech").unwrap());
    let factor = factor_types::Factor::new(ticker, "My Tech", Category::User, factor_types::SourceTier::Request);
    let group = UserGroup { factor: Arc::new(factor), members: Ok(vec![(Ticker::spy(), 1.0)]) };
    UserGroups { user: UserId::default(), groups: vec![group], ..UserGroups::default() }
}

fn read(values: Value) -> Result<CommonArgs, ToolError> {
    let basis = Basis { groups: groups(), ..basis() };
    CommonArgs::read(&mut args(values), (&["own", "categories", "factor_categories"], &[]), &basis)
}

fn read_as(question: Question, values: Value) -> Vec<String> {
    let args = args(values);
    let advanced = args.object_or_top_level("advanced", &ADVANCED);
    let reader = CommonReader { args: &args, advanced: &advanced, question, months: 120 };
    let mut common = reader.scope(&snapshot(), &groups());
    common.dates = reader.dates();
    reader.limits(&mut common);
    match args.result() {
        Ok(()) => common.notes,
        Err(error) => error.problems.iter().map(ToString::to_string).collect(),
    }
}

fn problems(values: Value) -> Vec<String> {
    read(values).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_not_said_has_its_default() {
    let common = read(json!({"frequency": null})).unwrap();
    assert_eq!((common.format, common.frequency, common.precision), (Format::Summary, Frequency::Monthly, 6));
    assert_eq!((common.max_chars, common.min_observations), (Some(40_000), None));
    assert_eq!((common.dates.start, common.dates.end), (None, None));
    assert_eq!(common.dates.default_start, DefaultStart::MonthEndBefore(120));
    assert_eq!((common.categories.as_ref(), common.granularity), (None, Granularity::Group));
    assert!(common.own_universe.is_none() && !common.rate_matrix && common.notes.is_empty());
    assert_eq!(common.groups.groups.len(), 1, "the caller's groups take part");
    assert_eq!(common.universe().factors().len(), common.snapshot.loaded.universe.factors().len());
}

#[test]
fn every_argument_is_read_tolerantly() {
    let common = read(json!({
        "start_date": "2015-01", "end_date": "2024-06-30", "frequency": "Weekly", "categories": "Bonds, industry",
        "asset_class_filters": "{\"include\": [\"fixed income\"], \"exclude\": \"crypto\"}",
        "industry_granularity": "INDUSTRY", "format": "Report", "max_chars": "0",
        "advanced": {"min_observations": 24.0, "precision": "9"}, "include_user_groups": "False",
    }))
    .unwrap();
    assert_eq!(common.dates.start.unwrap().to_string(), "2015-01-31");
    assert_eq!(common.dates.end.unwrap().to_string(), "2024-06-30");
    assert_eq!((common.frequency, common.format), (Frequency::Weekly, Format::Report));
    assert_eq!(common.categories, Some(BTreeSet::from([Category::FixedIncome, Category::Industry])));
    assert_eq!(
        (&*common.asset_classes.include, &*common.asset_classes.exclude),
        ([AssetClass::Bond].as_slice(), [AssetClass::Crypto].as_slice())
    );
    assert_eq!((common.granularity, common.max_chars), (Granularity::Industry, None));
    assert_eq!((common.min_observations, common.precision), (Some(24), 9));
    assert!(common.groups.groups.is_empty(), "groups are left out");
}

#[test]
fn mistakes_come_all_at_once_in_their_order() {
    let args = json!({
        "own": 1, "max_chars": 1999, "end_date": "x", "categoris": "style", "frequency": "hourly",
        "advanced": {"precision": 1, "half_life": 3}, "min_observations": 5, "categories": ["stile"],
    });
    insta::assert_snapshot!(problems(args).join("\n"), @r#"
    `advanced.half_life` (got 3) is not a known argument: the arguments are min_observations, precision, include_user_groups
    `categoris` (got "style") is not a known argument: did you mean `categories`?
    `frequency` (got "hourly") must be one of monthly, weekly, daily
    `categories[0]` (got "stile") must be one of industry, style, market, fixed_income, cash, commodity, crypto, custom, user, rate: did you mean `style`?
    `end_date` (got "x") must be a date as YYYY-MM-DD (or YYYY-MM for that month's end)
    `min_observations` (got 5) must be a whole number from 12 to 120
    `max_chars` (got 1999) must be 0 for no limit, or at least 2000
    `advanced.precision` (got 1) must be a whole number from 2 to 17
    "#);
}

#[test]
fn a_field_of_advanced_stands_in_one_place() {
    assert_eq!(read(json!({"precision": 3})).unwrap().precision, 3);
    assert_eq!(read(json!({"precision": 3, "advanced": {"precision": 3}})).unwrap().precision, 3);
    assert_eq!(
        problems(json!({"precision": 3, "advanced": {"precision": 4}})),
        ["`precision` (got 3) is also given as `advanced.precision`, with another value: keep one of them"]
    );
    assert_eq!(problems(json!({"advanced": 7})), ["`advanced` (got 7) must be an object"]);
}

#[test]
fn rules_speak_of_the_question_that_they_are_for() {
    let close = json!({"start_date": "2024-01-31", "end_date": "2024-06-30"});
    let of = |question| read_as(question, close.clone());
    assert_eq!(
        of(Question::Portfolio),
        [
            "`start_date` (got \"2024-01-31\") must be at least 365 days before end_date 2024-06-30; it is 151: give an earlier start_date"
        ]
    );
    assert_eq!(
        of(Question::Analysis(AnalysisKind::Correlations)),
        [
            "`start_date` (got \"2024-01-31\") must be at least 365 days before end_date 2024-06-30 for correlations; it is 151: \
         for a shorter look-back use analysis_type returns with windows"
        ]
    );
    let reversed = json!({"start_date": "2024-06-30", "end_date": "2024-06-30"});
    assert_eq!(
        read_as(Question::Portfolio, reversed),
        ["`start_date` (got \"2024-06-30\") must be before end_date, which is 2024-06-30"]
    );
    let day = NaiveDate::default();
    assert!(Question::Portfolio.short_window(day, day, 0).0.starts_with("the analysis needs at least 365 days"));
    let returns = Question::Analysis(AnalysisKind::Performance);
    assert!(returns.short_window(day, day, 0).0.starts_with("performance needs at least 365 days"));
}

#[test]
fn yield_changes_are_a_matrix_of_correlations_and_a_note_elsewhere() {
    let rate = json!({"categories": ["rate"]});
    assert_eq!(read_as(Question::Analysis(AnalysisKind::Correlations), rate.clone()), [""; 0]);
    let common = read(rate).unwrap();
    assert_eq!(common.notes, ["category rate is ignored for performance mode; it belongs to correlations and returns"]);
    assert!(!common.rate_matrix && common.categories.is_none());
}

#[test]
fn categories_have_a_second_name() {
    let picked = Some(BTreeSet::from([Category::Style]));
    assert_eq!(read(json!({"factor_categories": ["style"]})).unwrap().categories, picked);
    let both = problems(json!({"factor_categories": ["cash"], "categories": "style"}));
    assert_eq!(both, ["`factor_categories` (got [\"cash\"]) is another name of categories: keep one of them"]);
    assert!(problems(json!({"factor_categories": "stile"}))[0].starts_with("`categories[0]` (got \"stile\")"));
}

#[test]
fn a_universe_of_the_call_names_factors_and_groups() {
    let common = read(json!({"factor_universe": [
        {"ticker": "arkk", "category": "Style", "sector_group": "new"},
        {"ticker": "user:my tech", "label": "Mine", "category": "industry"},
        {"ticker": "BND", "label": "Bonds", "category": "bond", "asset_class": "bonds"},
    ]}))
    .unwrap();
    let own: Vec<_> = common.universe().factors().iter().map(|f| (f.ticker.as_str(), &*f.label, f.category)).collect();
    assert_eq!(own, [("ARKK", "ARKK", Category::Style), ("BND", "Bonds", Category::FixedIncome)]);
    let group = &common.groups.groups[0].factor;
    assert_eq!((&*group.label, group.category), ("Mine", Category::Industry));
    let map = read(json!({"factor_universe": {"Innovation": "ARKK"}})).unwrap();
    assert_eq!(map.universe().factors()[0].label, "Innovation");
    assert!(map.groups.groups.is_empty(), "groups that it does not name take no part");
}

#[test]
fn wrong_entries_of_a_universe_are_refused() {
    let refused = problems(json!({"factor_universe": [
        {"label": "none"}, {"ticker": "USER:Other"}, {"ticker": "A", "category": "user", "weight": 1},
    ]}));
    assert_eq!(
        refused,
        [
            "`factor_universe[0].ticker` (got nothing) is required",
            "`factor_universe[1].ticker` (got \"USER:Other\") is not one of your factor groups: list_factor_groups names them",
            "`factor_universe[2].category` (got \"user\") must be one of industry, style, market, fixed_income, cash, commodity, \
         crypto, custom",
            "`factor_universe[2].weight` (got 1) is not a known argument: the arguments are label, ticker, category, asset_class, \
         sector_group",
        ]
    );
    assert_eq!(problems(json!({"factor_universe": []})), ["`factor_universe` (got []) must name at least one factor"]);
    // Both fields of an entry of a plain map are called by its key: the first mistake stands for it.
    assert_eq!(problems(json!({"factor_universe": {"x": {"ticker": 1, "category": "y"}}})).len(), 1);
}

#[test]
fn subindustries_of_a_universe_without_any_are_industries() {
    let own = json!({"industry_granularity": "subindustry", "factor_universe": {"Innovation": "ARKK"}});
    let own = read(own).unwrap();
    assert_eq!(own.granularity, Granularity::Industry);
    assert!(own.notes.iter().any(|note| note.contains("subindustry is read as industry")), "{:?}", own.notes);
}
