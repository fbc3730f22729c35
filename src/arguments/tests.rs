use chrono::NaiveDate;
use factor_types::{Category, Frequency, Ticker};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const CATEGORIES: Choices =
    Choices { names: &["industry", "style", "fixed_income"], aliases: &[("bond", "fixed_income")] };

fn args(value: Value) -> Args {
    match value {
        Value::Object(values) => Args::new(values),
        other => panic!("{other} is no object"),
    }
}

/// The problems of a reading, as their sentences.
fn problems(args: &Args, known: &[&str]) -> Vec<String> {
    args.finish(known).map_or_else(|error| error.problems.iter().map(ToString::to_string).collect(), |()| Vec::new())
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn what_can_only_mean_one_thing_is_read_as_that() {
    let a = args(json!({
        "n": "252", "m": 252.0, "x": " 0.25 ", "flag": "True", "none": null, "list": "[\"SPY\", \"qqq\"]",
        "csv": "SPY, QQQ,", "one": "SPY", "object": "{\"min\": \"12\"}", "f": "Monthly", "c": ["Fixed Income", "BOND"],
        "months": "12, 36", "day": "2024-02-29", "month": "2024-02", "id": 7,
    }));
    assert_eq!(a.integer("n", 1..=300), Some(252));
    assert_eq!(a.integer("m", 1..=300), Some(252));
    assert_eq!(a.count("n", 1..=usize::MAX), Some(252));
    assert_eq!(a.number("x", 0.0..=f64::INFINITY), Some(0.25));
    assert_eq!(a.share("x"), Some(0.25));
    assert_eq!(a.boolean("flag"), Some(true));
    assert!(!a.has("none"));
    assert_eq!(a.string("none"), None);
    assert_eq!(a.string("id").as_deref(), Some("7"));
    let tickers: Vec<Ticker> = ["SPY", "QQQ"].map(|t| t.parse().unwrap()).into();
    assert_eq!(a.list_of("list", str::parse), Some(tickers.clone()));
    assert_eq!(a.list_of("csv", str::parse), Some(tickers.clone()));
    assert_eq!(a.list_of("one", str::parse), Some(tickers[..1].to_vec()));
    assert_eq!(a.object("object").unwrap().integer("min", 1..=20), Some(12));
    assert_eq!(a.choice("f", &["monthly", "weekly"]), Some(Frequency::Monthly));
    assert_eq!(a.choices("c", CATEGORIES), Some(vec![Category::FixedIncome, Category::FixedIncome]));
    assert_eq!(a.integers("months", 6..=120), Some(vec![12, 36]));
    assert_eq!(a.date("day"), Some(date("2024-02-29")));
    assert_eq!(a.date("month"), Some(date("2024-02-29")));
    assert_eq!(problems(&a, &a.names().chain(["none"]).collect::<Vec<_>>()), [""; 0]);
}

#[test]
fn all_problems_are_told_at_once_each_with_its_path() {
    let a = args(json!({
        "n": 5, "f": "montly", "flag": "maybe", "share": 60, "percent": "60%", "day": "2024-02-30", "other": "30.1.2024",
        "advanced": {"min": 3, "mim": 4}, "weights": [{"ticker": "SPY", "weight": 1}, {"ticker": "S PY", "weight": -1}],
        "c": ["style", "stile", 3], "analysis_typ": "returns",
    }));
    a.integer("n", 12..=120);
    a.choice::<Frequency>("f", &["monthly", "weekly"]);
    a.boolean("flag");
    a.share("share");
    a.share("percent");
    a.date("day");
    a.date("other");
    let advanced = a.object("advanced").unwrap();
    advanced.integer("min", 12..=i64::MAX);
    advanced.only(&["min"]);
    for weight in a.objects("weights", None).unwrap() {
        weight.parsed::<Ticker>("ticker");
        weight.number("weight", 0.0..=f64::INFINITY);
    }
    assert_eq!(a.choices::<Category>("c", CATEGORIES), Some(vec![Category::Style]));
    a.require("missing");
    let known = ["n", "f", "flag", "share", "percent", "day", "other", "advanced", "weights", "c", "analysis_type"];
    insta::assert_snapshot!(problems(&a, &known).join("\n"), @r#"
    `n` (got 5) must be a whole number from 12 to 120
    `f` (got "montly") must be one of monthly, weekly: did you mean `monthly`?
    `flag` (got "maybe") must be true or false
    `share` (got 60) must be a share from 0 to 1: write 0.6 for 60%
    `percent` (got "60%") must be a share from 0 to 1: write 0.6 for 60%
    `day` (got "2024-02-30") must be a date as YYYY-MM-DD (or YYYY-MM for that month's end): the calendar has no such day: that month ends on 2024-02-29
    `other` (got "30.1.2024") must be a date as YYYY-MM-DD (or YYYY-MM for that month's end)
    `advanced.min` (got 3) must be a whole number of at least 12
    `advanced.mim` (got 4) is not a known argument: did you mean `min`?
    `weights[1].ticker` (got "S PY") cannot be read: `S PY` is not a ticker: write 1 to 10 letters or digits, optionally `.` or `-` and up to 4 more (BRK.B), or CUR:USD for a currency
    `weights[1].weight` (got -1) must be a number of at least 0
    `c[1]` (got "stile") must be one of industry, style, fixed_income: did you mean `style`?
    `c[2]` (got 3) must be one of industry, style, fixed_income
    `missing` (got nothing) is required
    `analysis_typ` (got "returns") is not a known argument: did you mean `analysis_type`?
    "#);
}

#[test]
fn a_plain_map_is_a_list_of_objects() {
    const HOLDING: Option<MapForm> = Some(MapForm { key: "ticker", value: "weight" });
    let a = args(json!({
        "map": {"SPY": 0.6, "TLT": "0.4"}, "text": "{\"SPY\": 1}", "list": [{"ticker": "SPY", "weight": 1}],
        "one": {"ticker": "SPY", "weight": 1}, "rich": {"SPY": {"weight": 1}}, "bad": {"SPY": "much"}, "worse": ["SPY"],
    }));
    let read = |name| -> Vec<(Option<String>, Option<f64>)> {
        let objects = a.objects(name, HOLDING).unwrap();
        objects.iter().map(|o| (o.string("ticker"), o.number("weight", 0.0..=1.0))).collect()
    };
    let spy = || Some("SPY".to_owned());
    assert_eq!(read("map"), [(spy(), Some(0.6)), (Some("TLT".into()), Some(0.4))]);
    for name in ["text", "list", "one", "rich"] {
        assert_eq!(read(name), [(spy(), Some(1.0))], "{name}");
    }
    assert_eq!(read("bad"), [(spy(), None)]);
    assert_eq!(read("worse"), []);
    let known = ["map", "text", "list", "one", "rich", "bad", "worse"];
    assert_eq!(
        problems(&a, &known),
        [
            "`bad.SPY` (got \"much\") must be a number from 0 to 1",
            "`worse[0]` (got \"SPY\") must be an object: write {\"ticker\": .., \"weight\": ..}",
        ]
    );
}

#[test]
fn fields_of_an_object_may_stand_at_the_top_level() {
    const FIELDS: [&str; 3] = ["precision", "order", "half_life"];
    let a = args(json!({"precision": 1, "order": "cluster", "advanced": {"half_life": "x", "order": "cluster"}}));
    let advanced = a.object_or_top_level("advanced", &FIELDS);
    assert_eq!(advanced.string("order").as_deref(), Some("cluster"));
    advanced.integer("precision", 2..=17);
    advanced.integer("half_life", 1..=120);
    advanced.only(&FIELDS);
    assert_eq!(
        problems(&a, &["precision", "order", "advanced"]),
        [
            "`precision` (got 1) must be a whole number from 2 to 17",
            "`advanced.half_life` (got \"x\") must be a whole number from 1 to 120",
        ]
    );

    let twice = args(json!({"order": "universe", "advanced": {"order": "cluster"}}));
    let _ = twice.object_or_top_level("advanced", &FIELDS);
    assert_eq!(
        problems(&twice, &["order", "advanced"]),
        ["`order` (got \"universe\") is also given as `advanced.order`, with another value: keep one of them"]
    );
}

#[test]
fn another_name_stands_in_for_an_absent_one() {
    let mut a = args(json!({"colour": "red", "size": null, "extent": 3, "shade": "dark", "tone": "light"}));
    a.also_called("colour", "color");
    a.also_called("extent", "size");
    a.also_called("shade", "tone");
    a.also_called("nothing", "something");
    assert_eq!(a.string("color").as_deref(), Some("red"));
    assert!(!a.has("size") && !a.has("something"), "an explicit null stands");
    assert_eq!(a.string("tone").as_deref(), Some("light"), "the name itself wins");
}

#[test]
fn a_field_has_one_problem_where_that_is_asked_for() {
    let wrong = || {
        let a = args(json!({"x": {"S PY": "much"}, "y": 3}));
        for entry in a.objects("x", Some(MapForm { key: "ticker", value: "weight" })).unwrap() {
            entry.parsed::<Ticker>("ticker");
            entry.share("weight");
        }
        a.only(&["x"]);
        a
    };
    let fields = |error: ToolError| error.problems.iter().map(|problem| problem.field().to_owned()).collect::<Vec<_>>();
    assert_eq!(fields(wrong().result().unwrap_err()), ["x.S PY", "x.S PY", "y"]);
    assert_eq!(fields(wrong().first_of_each().unwrap_err()), ["x.S PY", "y"]);
    assert!(args(json!({"x": 1})).first_of_each().is_ok());
}

#[test]
fn the_choices_of_a_set_are_its_names_and_spellings() {
    let a = args(json!({"c": ["Bonds", "fixed income", "stile"]}));
    assert_eq!(a.choices("c", Choices::of::<Category>()), Some(vec![Category::FixedIncome; 2]));
    assert!(problems(&a, &["c"])[0].ends_with("did you mean `style`?"));
}

#[test]
fn a_long_value_is_not_echoed_whole() {
    let a = args(json!({ "n": "x".repeat(5_000), "é".repeat(500): 1 }));
    a.integer("n", 1..=2);
    for problem in problems(&a, &["n"]) {
        assert!(problem.chars().count() < 250, "{problem}");
    }
}

#[test]
fn dates_that_do_not_exist_or_cannot_be_meant() {
    for text in
        ["2024-13", "2023-02-29", "24-01-01", "2024-1-1", "+2024-01", "0001-01-01", "2024-01-01T00:00", "2024", ""]
    {
        let a = args(json!({ "d": text }));
        assert_eq!(a.date("d"), None, "{text}");
        assert_eq!(problems(&a, &["d"]).len(), 1, "{text}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[\\[{][\\[\\]{}\":,0-9a-e.\\-]{0,20}".prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}(-[0-9]{2})?".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(".{0,8}", inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_makes_the_reader_panic(value in any_json()) {
        let questions: [fn(&Args) -> bool; 9] = [
            |a| a.string("v").is_some(),
            |a| a.parsed::<Ticker>("v").is_some(),
            |a| a.choice::<Frequency>("v", &["monthly", "weekly"]).is_some(),
            |a| a.boolean("v").is_some(),
            |a| a.share("v").is_some_and(|share| (0.0..=1.0).contains(&share)),
            |a| a.integer("v", -5..=5).is_some_and(|n| (-5..=5).contains(&n)),
            |a| a.number("v", -1.5..=f64::INFINITY).is_some_and(f64::is_finite),
            |a| a.date("v").is_some(),
            |a| a.object("v").is_some(),
        ];
        // Each question is answered or has its one problem, unless nothing was given.
        for question in questions {
            let a = args(json!({ "v": value }));
            let answered = usize::from(question(&a));
            let reported = problems(&a, &["v"]).len();
            prop_assert_eq!(answered + reported, usize::from(a.has("v")));
        }

        let a = args(json!({ "v": value }));
        let _ = a.choices::<Category>("v", CATEGORIES);
        let _ = a.list_of("v", str::parse::<Ticker>);
        let _ = a.integers("v", 0..=9);
        let map = MapForm { key: "ticker", value: "weight" };
        for object in a.objects("v", Some(map)).unwrap_or_default() {
            let _ = object.parsed::<Ticker>("ticker");
            let _ = object.share("weight");
            object.only(&["ticker", "weight"]);
        }
        let nested = a.object_or_top_level("v", &["v"]);
        nested.only(&["v"]);
        if let Err(error) = a.finish(&["v"]) {
            prop_assert!(error.problems.iter().all(|problem| problem.got().chars().count() <= 81));
        }
    }
}

#[test]
fn a_call_of_thousands_of_mistakes_is_answered_with_the_first_and_their_number() {
    let names: Vec<String> = (0..5_000).map(|n| format!("unknown_{n}")).collect();
    let a = args(Value::Object(names.iter().map(|name| (name.clone(), json!(1))).collect()));
    let error = a.finish(&["known"]).unwrap_err();
    assert_eq!(error.problems.len(), 20);
    assert!(error.message.starts_with("5000 problems: "), "{}", error.message);
    assert!(error.structured().as_str().len() < 5_000, "{}", error.structured().as_str().len());
}

#[test]
fn a_list_or_map_has_at_most_a_thousand_entries_and_none_of_more_is_read() {
    let many: Vec<String> = (0..1_001).map(|n| n.to_string()).collect();
    let map: Map<String, Value> = many.iter().map(|name| (name.clone(), json!(1))).collect();
    let a = args(json!({"list": many, "objects": many, "map": map}));
    assert_eq!(a.list("list", |_| -> Result<(), Refusal> { panic!("it is read") }), None);
    assert!(a.objects("objects", None).is_none());
    assert!(a.objects("map", Some(MapForm { key: "ticker", value: "weight" })).is_none());
    let error = a.result().unwrap_err();
    assert_eq!(error.problems.len(), 3);
    assert!(error.problems.iter().all(|problem| problem.rule() == "has 1001 entries, at most 1000 are read"));
    let most = args(json!({"list": &many[..1_000]}));
    assert_eq!(most.strings("list").unwrap().len(), 1_000);
}

#[test]
fn a_hint_names_few_arguments_or_says_where_they_are_named() {
    let hint = |known: &[&str]| {
        let error = args(json!({"zzz": 1})).finish(known).unwrap_err();
        error.problems[0].hint().unwrap().to_owned()
    };
    assert_eq!(hint(&["one", "two"]), "the arguments are one, two");
    assert_eq!(hint(&["one"; 30]), "leave it out; the tool's input schema names its arguments");
}

#[test]
fn what_is_shown_of_a_value_is_its_beginning() {
    assert_eq!(shown(&json!({"a": [1, "b"]})), r#"{"a":[1,"b"]}"#);
    let long = shown(&json!(vec!["é"; 100_000]));
    assert!(long.starts_with(r#"["é","é","#) && long.ends_with('…') && long.chars().count() == 81, "{long}");
}
