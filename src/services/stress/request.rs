//! What is asked: the arguments that only this question has.

use factor_analytics::{
    sections::windows::{CALENDAR_FORMS, ReturnWindow},
    stress::{Episode, Scenario},
};
use factor_types::{ClosedSet, Maturity, closed_set};
use serde_json::{Value, json};

use crate::{
    app::Basis,
    arguments::{Args, Include, Mend, nearest, shown},
    services::{common_args::CommonArgs, portfolios::holdings::Source},
    tool_error::{Problem, Refusal, ToolError},
};

/// The names of its own arguments; the others are those of every analysis.
const NAMES: [&str; 8] =
    ["holdings", "portfolio_name", "ticker", "scenarios", "shocks", "horizon", "reverse_loss", "include"];

/// Arguments of other analyses that pick candidates or tables, of which there are none here.
const NOT_HERE: [&str; 5] =
    ["asset_class_filters", "factor_universe", "industry_granularity", "categories", "factor_categories"];

/// Scenarios of one call.
const MOST_SCENARIOS: usize = 24;
/// Variables of one shock.
const MOST_MOVES: usize = 5;
/// Periods of a horizon.
const LONGEST_HORIZON: usize = 252;
/// Percentage points that a yield may move.
const LARGEST_YIELD_MOVE: f64 = 10.0;

closed_set! {
    /// A section of an answer, as `include` names it.
    pub(crate) enum Section: "a section" {
        Scenarios = "scenarios",
        Shock = "shock",
        Reverse = "reverse",
        Insights = "insights",
        DataQuality = "data_quality",
        Metadata = "metadata",
        FormattedReport = "formatted_report",
    }
}

/// A variable that moves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shocked {
    /// A yield, by so many percentage points.
    Yield(Maturity, f64),
    /// A factor by any of its names, by a return.
    Factor(String, f64),
}

/// A question for what happens in a crash.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) source: Source,
    /// One factor, group or saved portfolio in the place of holdings.
    pub(crate) ticker: Option<String>,
    pub(crate) scenarios: Vec<Scenario>,
    pub(crate) shocks: Vec<Shocked>,
    /// Over so many periods shocks and losses come.
    pub(crate) horizon: usize,
    pub(crate) reverse_loss: Option<f64>,
    pub(crate) include: Include<Section>,
}

impl Request {
    /// Reads a call's arguments, the common ones too.
    ///
    /// # Errors
    /// Every argument that breaks its rule.
    pub(crate) fn read(mut args: Args, basis: Basis) -> Result<(Self, CommonArgs), ToolError> {
        let (include, scenarios) = (Include::read(&args), scenarios(&args));
        let (shocks, reverse_loss) = (shocks(&args), args.share_within("reverse_loss", 0.001..=1.0));
        let horizon = args.count("horizon", 1..=LONGEST_HORIZON);
        let ticker = args.string("ticker").filter(|name| !name.is_empty());
        for other in ["holdings", "portfolio_name"].into_iter().filter(|name| ticker.is_some() && args.has(name)) {
            args.refuse(other, "must not be given together with ticker", "keep one of them");
        }
        let source = Source::read(&args);
        let nothing_named = !args.has("scenarios") && !args.has("shocks") && !args.has("reverse_loss");
        let unused_horizon = horizon.is_some() && !args.has("shocks") && !args.has("reverse_loss");
        let mut common = CommonArgs::read(&mut args, (&NAMES, &NOT_HERE), &basis)?;
        if unused_horizon {
            common.notes.push("horizon is ignored: it is for shocks and reverse_loss".to_owned());
        }
        let scenarios = if nothing_named { Episode::ALL.map(Scenario::from).into() } else { scenarios };
        let horizon = horizon.unwrap_or(1);
        Ok((Self { source, ticker, scenarios, shocks, horizon, reverse_loss, include }, common))
    }
}

/// The episodes named, each once.
fn scenarios(args: &Args) -> Vec<Scenario> {
    let mut all = Vec::<Scenario>::new();
    for (at, written) in args.strings("scenarios").unwrap_or_default().into_iter().enumerate() {
        match scenario(&written) {
            Ok(named) => {
                let new: Vec<Scenario> = named.into_iter().filter(|one| !all.contains(one)).collect();
                all.extend(new);
            }
            Err(refusal) => {
                args.record(Problem::new(format!("scenarios[{at}]"), shown(&Value::String(written)), refusal))
            }
        }
    }
    if args.has("scenarios") && all.is_empty() && args.is_without_problems() {
        args.must("scenarios", format_args!("name at least one: {}", Episode::NAMES.join(", ")));
    }
    if all.len() > MOST_SCENARIOS {
        args.must("scenarios", format_args!("be at most {MOST_SCENARIOS}, these are {}", all.len()));
    }
    all
}

/// A named episode, `all` of them, dates, or a part of the calendar.
///
/// # Errors
/// It is none of these.
pub(crate) fn scenario(written: &str) -> Result<Vec<Scenario>, Refusal> {
    if written.trim().eq_ignore_ascii_case("all") {
        return Ok(Episode::ALL.map(Scenario::from).into());
    }
    if let Ok(episode) = <Episode as ClosedSet>::read(&written.replace(['-', ' '], "_")) {
        return Ok(vec![episode.into()]);
    }
    let among = of_one_cause(written);
    if among.len() > 1 {
        let each = among.iter().map(|episode| {
            let (from, to) = episode.dates();
            format!("{episode} ({from} to {to})")
        });
        let each: Vec<String> = each.collect();
        return Err(Refusal::new(format!("may be {}", each.join(" or ")), "name one of them, or both"));
    }
    let near = nearest(written, Episode::NAMES);
    let refusal = || {
        let forms = format!("write one of {}, or {CALENDAR_FORMS}", Episode::NAMES.join(", "));
        let hint = near.map_or(forms, |near| format!("did you mean {near}? Or dates such as 2020-02-19/2020-03-23"));
        Refusal::new("is no episode", hint).mended_by(near.map(|near| Mend::Value(json!(near))))
    };
    let windows = ReturnWindow::named(written).map_err(|why| match written.contains('/') {
        // Dates were meant, and what is wrong with them is known.
        true => Refusal::new(why, "write two dates, such as 2020-02-19/2020-03-23"),
        false => refusal(),
    })?;
    let of = |window: ReturnWindow| {
        let (from, to) = match window {
            ReturnWindow::Dates(from, to) => (from, to),
            ReturnWindow::Calendar(part) => (part.base(), part.end()),
            ReturnWindow::Days(_) | ReturnWindow::MonthToDate | ReturnWindow::YearToDate | ReturnWindow::Months(_) => {
                return Err(refusal());
            }
        };
        Ok(Scenario { name: window.to_string(), from, to })
    };
    windows.into_iter().map(of).collect()
}

/// The episodes whose names begin with the first word of what was written: of `taper_tantrum` that of equities and that of rates.
fn of_one_cause(written: &str) -> Vec<Episode> {
    let words = written.trim().to_ascii_lowercase();
    let Some(first) = words.split(['_', '-', ' ']).next().filter(|word| word.len() > 2) else { return Vec::new() };
    let is_one = |episode: &Episode| episode.as_str().split('_').next() == Some(first);
    Episode::ALL.into_iter().filter(is_one).collect()
}

/// `{"SPY": -0.2, "UST10Y": 1.0}`: a return of a factor, percentage points of a yield.
fn shocks(args: &Args) -> Vec<Shocked> {
    let Some(given) = args.object("shocks") else { return Vec::new() };
    let names: Vec<String> = given.names().map(str::to_owned).collect();
    if !(1..=MOST_MOVES).contains(&names.len()) {
        let rule = format!("must name 1 to {MOST_MOVES} variables");
        args.refuse("shocks", rule, "write {\"SPY\": -0.2, \"UST10Y\": 1.0}: a return, percentage points of a yield");
    }
    let read = |name: &String| {
        let Ok(maturity) = name.parse::<Maturity>() else {
            return given.share_within(name, -0.95..=5.0).map(|size| Shocked::Factor(name.clone(), size));
        };
        let size = given.read(name, |value| {
            let size = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|size| size.is_finite());
            let in_points = size.filter(|size| size.abs() <= LARGEST_YIELD_MOVE);
            in_points.ok_or_else(|| {
                let meant = size.map(|size| size / 100.0).filter(|size| size.abs() <= LARGEST_YIELD_MOVE);
                let rule = Refusal::must(format_args!(
                    "be percentage points from -{LARGEST_YIELD_MOVE} to {LARGEST_YIELD_MOVE}"
                ));
                let hint = meant.map(|points| format!("write {points} for {} basis points", points * 100.0));
                rule.or_rather(hint).mended_by(meant.map(|points| Mend::Value(json!(points))))
            })
        });
        size.map(|size| Shocked::Yield(maturity, size))
    };
    names.iter().filter_map(read).collect()
}
