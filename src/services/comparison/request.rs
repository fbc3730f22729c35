//! What is asked: the arguments that only this question has.

use factor_analytics::{
    compare::{Bound, Condition, PeriodName, PeriodRows},
    panel::DefaultStart,
    regime::Regime,
    sections::windows::ReturnWindow,
};
use factor_types::closed_set;
use serde_json::{Value, json};

use crate::{
    analysis::UserGroups,
    app::Basis,
    arguments::{Args, Include, shown},
    services::common_args::CommonArgs,
    tool_error::{Mend, Problem, Refusal, ToolError},
};

/// The names of its own arguments; the others are those of every analysis.
const NAMES: [&str; 5] = ["tickers", "periods", "condition", "rolling_windows", "include"];

/// Arguments of other analyses that pick candidates or tables, of which there are none here.
const NOT_HERE: [&str; 3] = ["asset_class_filters", "factor_universe", "industry_granularity"];

/// Factors of one comparison.
const MOST_TICKERS: usize = 6;
/// Periods of one comparison.
const MOST_PERIODS: usize = 6;
/// Lengths of moving windows of one comparison.
const MOST_WINDOWS: usize = 3;
/// Periods of a moving window where none are named.
const WINDOW: usize = 36;

closed_set! {
    /// A section of an answer, as `include` names it.
    pub(crate) enum Section: "a section" {
        Pairs = "pairs",
        Periods = "periods",
        Condition = "condition",
        SideBySide = "side_by_side",
        CalendarYears = "calendar_years",
        Insights = "insights",
        DataQuality = "data_quality",
        Metadata = "metadata",
        FormattedReport = "formatted_report",
    }
}

/// A period as the call names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AskedPeriod {
    /// The argument: `periods[1]`.
    pub(crate) field: String,
    /// What is written there.
    pub(crate) written: String,
    pub(crate) period: PeriodName,
}

/// A question for how some factors compare.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) periods: Vec<AskedPeriod>,
    pub(crate) condition: Option<Condition>,
    /// Lengths in periods, rising.
    pub(crate) rolling_windows: Vec<usize>,
    pub(crate) include: Include<Section>,
}

impl Request {
    /// Reads a call's arguments, the common ones too.
    ///
    /// # Errors
    /// Every argument that breaks its rule.
    pub(crate) fn read(mut args: Args, basis: Basis) -> Result<(Self, CommonArgs), ToolError> {
        args.require("tickers");
        let periods = periods(&args);
        let (include, rolling_windows) = (Include::read(&args), rolling_windows(&args));
        let mut common = CommonArgs::read_on(&mut args, (&NAMES, &NOT_HERE), &basis);
        check_tickers(&args, &common);
        let condition = condition(&args, &mut common, &basis.groups);
        args.first_of_each()?;
        let request = Self { periods, condition, rolling_windows, include };
        request.reach_back(&mut common, basis.usual.window_months);
        Ok((request, common))
    }

    /// True where a section is wanted, by name or as what another one rests on.
    pub(crate) fn wants(&self, section: Section) -> bool {
        let rests_on_it = |other: Section| match other {
            Section::FormattedReport => true,
            Section::Insights => matches!(section, Section::Pairs | Section::Periods | Section::Condition),
            _ => false,
        };
        let named = self.include.sections.iter().flatten();
        self.include.wants(section) || named.copied().any(rests_on_it)
    }

    /// Months of prices before the window that a period looks at.
    pub(super) fn lead_months(&self) -> u32 {
        let trailing = self.periods.iter().any(|one| one.period.regime() == Some(Regime::HighVol));
        if trailing { Regime::TRAILING_MONTHS } else { 0 }
    }

    /// Begins the window where the earliest period does, unless the call says where it begins.
    fn reach_back(&self, common: &mut CommonArgs, usual: u32) {
        let bases = self.periods.iter().filter_map(|one| one.period.base());
        let back = self.periods.iter().filter_map(|one| match one.period.rows {
            // A month more: a window of days may begin within one.
            PeriodRows::Back(ReturnWindow::Months(months)) if months >= usual => Some(months + 1),
            _ => None,
        });
        let months = back.max().unwrap_or(usual);
        common.dates.default_start = match bases.min() {
            Some(base) => DefaultStart::MonthEndBeforeOrFrom(months, base),
            None => DefaultStart::MonthEndBefore(months),
        };
    }
}

/// That there are two to six.
fn check_tickers(args: &Args, common: &CommonArgs) {
    let named = args.strings("tickers").map_or(0, |names| names.len());
    match common.picked.as_ref().map_or(0, Vec::len) {
        // A name that is none has its own problem.
        0 | 1 if named < 2 => args.must("tickers", format_args!("name 2 to {MOST_TICKERS} factors")),
        1 if named > 1 && args.is_without_problems() => {
            args.must("tickers", format_args!("name 2 to {MOST_TICKERS} different factors"));
        }
        count if count > MOST_TICKERS => args.must("tickers", format_args!("name at most {MOST_TICKERS} factors")),
        _ => {}
    }
}

/// The periods, each once; a range stands for its parts.
fn periods(args: &Args) -> Vec<AskedPeriod> {
    let mut all = Vec::<AskedPeriod>::new();
    for (at, written) in args.strings("periods").unwrap_or_default().into_iter().enumerate() {
        let field = format!("periods[{at}]");
        match PeriodName::named(&written) {
            Ok(named) => {
                for period in named {
                    if all.iter().all(|one| one.period != period) {
                        all.push(AskedPeriod { field: field.clone(), written: written.clone(), period });
                    }
                }
            }
            Err(forms) => {
                let refusal = Refusal::new("is no period", forms);
                args.record(Problem::new(field, shown(&Value::String(written)), refusal));
            }
        }
    }
    if all.len() > MOST_PERIODS {
        let rule = format!("must be at most {MOST_PERIODS} periods, these are {}", all.len());
        match as_one_each(&args.strings("periods").unwrap_or_default()) {
            Some(whole) => {
                let hint =
                    format!("`..` names each part of a range by itself; write {} for one period", whole.join(", "));
                let mend = Some(Mend::Value(json!(whole))).filter(|_| whole.len() <= MOST_PERIODS);
                let got = shown(&json!(args.strings("periods")));
                args.record(Problem::new("periods", got, Refusal::new(rule, hint).mended_by(mend)));
            }
            None => args.must("periods", rule.trim_start_matches("must ")),
        }
    }
    let stands_alone = |one: &AskedPeriod| matches!(one.period.rows, PeriodRows::All | PeriodRows::Other);
    if all.iter().any(|one| one.period.rows == PeriodRows::Other) && all.iter().all(stands_alone) {
        args.must("periods", "name a period beside other, which is the rest of the window: [\"2022\", \"other\"]");
    }
    all
}

/// Periods in which a range is one period and not each of its parts; `None` where there is no range.
fn as_one_each(written: &[String]) -> Option<Vec<String>> {
    written.iter().any(|one| one.contains("..")).then(|| written.iter().map(|one| one.replace("..", "/")).collect())
}

fn rolling_windows(args: &Args) -> Vec<usize> {
    let named = args.integers("rolling_windows", 6..=120).unwrap_or_default();
    let mut windows: Vec<usize> = named.into_iter().filter_map(|window| usize::try_from(window).ok()).collect();
    windows.sort_unstable();
    windows.dedup();
    if windows.len() > MOST_WINDOWS {
        args.must("rolling_windows", format_args!("be at most {MOST_WINDOWS} lengths"));
    }
    if windows.is_empty() { vec![WINDOW] } else { windows }
}

/// `{ticker, below}` or `{ticker, above}`; with the number in `value` where `below` or `above` is only true.
fn condition(args: &Args, common: &mut CommonArgs, groups: &UserGroups) -> Option<Condition> {
    const RULE: &str = "have either below or above, a return per period: {\"ticker\": \"SPY\", \"below\": -0.05}";
    let given = args.object("condition")?;
    given.only(&["ticker", "below", "above", "value"]);
    given.require("ticker");
    let bound = |name: &str| {
        let name = if given.get(name)? == &Value::Bool(true) { "value" } else { name };
        given.share_within(name, -1.0..=1.0)
    };
    let bound = match (given.has("below"), given.has("above")) {
        (true, false) => bound("below").map(Bound::Below),
        (false, true) => bound("above").map(Bound::Above),
        _ => {
            args.must("condition", RULE);
            None
        }
    };
    let ticker = common.take_along(&given, "ticker", groups);
    Some(Condition { ticker: ticker?, bound: bound? })
}
