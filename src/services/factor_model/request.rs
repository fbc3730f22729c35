//! What is asked: the arguments that only this question has.

use chrono::{Datelike, Days, NaiveDate};
use factor_analytics::{lens::LensFactor, models::Estimator};
use factor_prices::french::{FactorSet, Region};
use factor_types::{Frequency, Ticker, closed_set};

use super::french::Files;
use crate::{
    app::Basis,
    arguments::{Args, Choices, Include},
    services::{common_args::CommonArgs, portfolios::holdings::Source},
    tool_error::ToolError,
};

/// The names of its own arguments; the others are those of every analysis.
const NAMES: [&str; 14] = [
    "tickers",
    "group",
    "portfolio_name",
    "holdings",
    "categories",
    "factor_categories",
    "model",
    "factors",
    "factor_columns",
    "region",
    "robust",
    "rolling",
    "style_indices",
    "include",
];

/// Arguments of other analyses that pick candidates or tables, of which there are none here.
const NOT_HERE: [&str; 3] = ["asset_class_filters", "factor_universe", "industry_granularity"];

/// Factors of a custom model.
const MOST_FACTORS: usize = 20;
/// Indices of a style.
const MOST_INDICES: usize = 15;
/// Periods of a moving window where `rolling` is only true.
const WINDOW: i64 = 36;
/// Months before a window that the lens looks at.
const LENS_MONTHS: u32 = 120;
/// The indices of a style where none are named.
const INDICES: [&str; 7] = ["SPY", "IWM", "EFA", "EEM", "IEF", "LQD", "BIL"];

closed_set! {
    /// Which factors.
    #[derive(Default)]
    pub(crate) enum Model: "a model" {
        /// A dozen factors made of ETFs, each less what those before it say of it. Needs no file.
        #[default]
        Lens = "lens",
        /// The market alone.
        Capm = "capm",
        /// Market, size, value.
        Ff3 = "ff3",
        /// The three and momentum.
        Carhart = "carhart" | "ff4",
        /// Market, size, value, profitability, investment.
        Ff5 = "ff5",
        /// The five and momentum.
        Ff6 = "ff6",
        /// The funds that the call names.
        Custom = "custom",
    }
}

closed_set! {
    /// A section of an answer, as `include` names it.
    pub(crate) enum Section: "a section" {
        Model = "model",
        Fits = "fits",
        Rolling = "rolling",
        Attribution = "attribution",
        Style = "style",
        Insights = "insights",
        DataQuality = "data_quality",
        Metadata = "metadata",
        FormattedReport = "formatted_report",
    }
}

/// A question for what series have of the factors of a model.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) model: Model,
    /// The funds of a custom model.
    pub(crate) factors: Vec<Ticker>,
    /// The columns of factor files of a custom model: file and column.
    pub(crate) columns: Vec<(String, String)>,
    pub(crate) region: Region,
    pub(crate) estimator: Estimator,
    /// Periods of a moving window, where there are to be any.
    pub(crate) rolling: Option<usize>,
    /// The indices of a style, where one is asked for.
    pub(crate) style: Option<Vec<Ticker>>,
    pub(crate) include: Include<Section>,
}

impl Model {
    /// Its factors by the names of the library; none where they are funds.
    pub(super) fn published(self) -> &'static [&'static str] {
        match self {
            Self::Lens | Self::Custom => &[],
            Self::Capm => &["Mkt-RF"],
            Self::Ff3 => &["Mkt-RF", "SMB", "HML"],
            Self::Carhart => &["Mkt-RF", "SMB", "HML", "Mom"],
            Self::Ff5 => &["Mkt-RF", "SMB", "HML", "RMW", "CMA"],
            Self::Ff6 => &["Mkt-RF", "SMB", "HML", "RMW", "CMA", "Mom"],
        }
    }

    /// The files that it needs.
    pub(super) fn sets(self) -> &'static [FactorSet] {
        match self {
            Self::Lens | Self::Custom => &[],
            Self::Capm | Self::Ff3 => &[FactorSet::Three],
            Self::Carhart => &[FactorSet::Three, FactorSet::Momentum],
            Self::Ff5 => &[FactorSet::Five],
            Self::Ff6 => &[FactorSet::Five, FactorSet::Momentum],
        }
    }
}

impl Request {
    /// Reads a call's arguments, the common ones too.
    ///
    /// # Errors
    /// Every argument that breaks its rule.
    pub(crate) fn read(mut args: Args, basis: Basis) -> Result<(Self, CommonArgs), ToolError> {
        let include = Include::<Section>::read(&args);
        let model = args.choice("model", Choices::of::<Model>());
        let estimator = args.choice("robust", Choices::of::<Estimator>()).unwrap_or_default();
        let region = args.choice("region", Choices::of::<Region>());
        let rolling = rolling(&args, include.names(Section::Rolling));
        let style = style(&args, include.names(Section::Style));
        // What could be read has become tickers: what is still there is wrong.
        Source::read(&args);
        if args.has("group") {
            args.must("group", "be the name of a factor group of yours");
        }
        let mut common = CommonArgs::read_on(&mut args, (&NAMES, &NOT_HERE), &basis);
        let factors = match args.strings("factors").filter(|names| !names.is_empty()) {
            Some(named) if named.len() > MOST_FACTORS => {
                args.must("factors", format_args!("be at most {MOST_FACTORS} names"));
                Vec::new()
            }
            Some(_) => {
                // Without `tickers` the universe is the whole one; what is added to it is no row of the answer.
                common.take_all_along(&args, "factors", &basis.groups).map(|(order, _)| order).unwrap_or_default()
            }
            None => Vec::new(),
        };
        let columns = columns(&args);
        let own = args.has("factors") || args.has("factor_columns");
        let model = model.unwrap_or(if own { Model::Custom } else { Model::Lens });
        match (model, own) {
            (Model::Custom, false) => {
                args.refuse(
                    "factors",
                    "is required for model custom",
                    "name funds: [\"SPY\", \"TLT\", \"GLD\"], or factor_columns of your files",
                );
            }
            (Model::Custom, true) => {}
            (model, true) => args.refuse(
                "factors",
                format!("(and factor_columns) are for model custom; {model} has factors of its own"),
                "leave them out, or take model custom",
            ),
            _ => {}
        }
        if region.is_some() && model.published().is_empty() {
            common.notes.push(format!("region is ignored: {model} is made of funds"));
        }
        args.first_of_each()?;
        let region = region.unwrap_or_default();
        Ok((Self { model, factors, columns, region, estimator, rolling, style, include }, common))
    }

    /// Where the call does not say when the window ends, it ends with the model's files.
    pub(super) fn settle_dates(&self, common: &mut CommonArgs, files: Option<&Files>) {
        let Some(last) = files.and_then(Files::last) else { return };
        let dates = &mut common.dates;
        if dates.end.is_none() {
            dates.end = Some(if common.frequency == Frequency::Weekly { whole_week(last) } else { last });
        }
    }

    /// What has to be priced beside the series themselves.
    pub(super) fn also_priced(&self) -> Vec<Ticker> {
        let lens: Vec<Ticker> = if self.model == Model::Lens { LensFactor::tickers().collect() } else { Vec::new() };
        lens.into_iter().chain(self.style.iter().flatten().cloned()).chain(self.factors.iter().cloned()).collect()
    }

    /// Months of prices before the window that the model looks at.
    pub(super) fn lead_months(&self) -> u32 {
        if self.model == Model::Lens { LENS_MONTHS + 1 } else { 0 }
    }

    /// True where a section is wanted, by name or as what another one rests on.
    pub(super) fn wants(&self, section: Section) -> bool {
        let report = self.include.names(Section::FormattedReport);
        self.include.wants(section) || report
    }
}

/// The Friday that ends the last whole week up to a day.
fn whole_week(last: NaiveDate) -> NaiveDate {
    let back = (last.weekday().num_days_from_monday() + 3) % 7;
    last.checked_sub_days(Days::new(u64::from(back))).unwrap_or(last)
}

/// `36`, or true for that; a window is asked for by naming the section too.
fn rolling(args: &Args, named: bool) -> Option<usize> {
    let window = match args.get("rolling") {
        Some(serde_json::Value::Bool(asked)) => asked.then_some(WINDOW),
        Some(_) => args.integer("rolling", 12..=1260),
        None => named.then_some(WINDOW),
    };
    window.and_then(|window| usize::try_from(window).ok())
}

/// `file:column`, each once.
fn columns(args: &Args) -> Vec<(String, String)> {
    let read = |text: &str| match text.split_once(':') {
        Some((file, column)) if !file.trim().is_empty() && !column.trim().is_empty() => {
            Ok((file.trim().to_owned(), column.trim().to_owned()))
        }
        _ => Err("must be the name of a file without its ending, a colon and a column, such as aqr_qmj:USA"),
    };
    let mut named = args.list_of("factor_columns", read).unwrap_or_default();
    if named.len() > MOST_FACTORS {
        args.must("factor_columns", format_args!("be at most {MOST_FACTORS} names"));
    }
    let mut seen = std::collections::HashSet::new();
    named.retain(|(file, column)| seen.insert(format!("{file}:{column}").to_lowercase()));
    named
}

/// The indices named, or the usual ones where the section is.
fn style(args: &Args, named: bool) -> Option<Vec<Ticker>> {
    let given = args.list_of("style_indices", str::parse::<Ticker>);
    if let Some(given) = given.filter(|given| !given.is_empty()) {
        let mut each = given.clone();
        each.sort();
        each.dedup();
        if each.len() != given.len() || !(2..=MOST_INDICES).contains(&given.len()) {
            args.must("style_indices", format_args!("be 2 to {MOST_INDICES} different tickers"));
        }
        return Some(given);
    }
    named.then(|| INDICES.into_iter().filter_map(|name| name.parse().ok()).collect())
}
