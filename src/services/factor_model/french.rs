//! The files that a model needs, Kenneth French's or one's own, and their factors on the rows of a panel.

use chrono::{Days, NaiveDate};
use factor_analytics::{Panel, stats};
use factor_prices::{
    PriceError, SourceFault,
    factor_files::FactorOfFile,
    french::{Dataset, FactorSet, FactorTable, Loaded, NoFactors},
};
use factor_types::{Frequency, exchange};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Model, request::Request};
use crate::{
    app::App,
    tool_error::{ErrorCode, Problem, Refusal, ToolError},
};

/// Days before the first row within which a file of days has to begin.
const REACH: u64 = 7;

/// The files of a model.
#[derive(Debug, Clone)]
pub(super) struct Files {
    files: Vec<Loaded>,
    /// Columns of files of one's own.
    own: Vec<FactorOfFile>,
}

/// A file as an answer names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct FileUsed {
    /// `F-F_Research_Data_5_Factors_2x3`.
    name: String,
    /// The month of the database that it was made from: figures of other vintages differ.
    vintage: Option<String>,
    /// Its last month or day.
    last: Option<NaiveDate>,
}

impl FileUsed {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn vintage(&self) -> Option<&str> {
        self.vintage.as_deref()
    }
}

/// Loads what a model needs; `None` for one of funds.
///
/// # Errors
/// Which file is missing, and how to get it.
pub(super) async fn load(app: &App, request: &Request, frequency: Frequency) -> Result<Option<Files>, ToolError> {
    if !request.columns.is_empty() {
        return own(app, request, frequency).await.map(Some);
    }
    let sets = request.model.sets();
    if sets.is_empty() {
        return Ok(None);
    }
    let mut files = Vec::new();
    for set in sets {
        let dataset = Dataset::new(request.region, *set, frequency);
        let found = match app.sources.french.load(dataset).await {
            // The market is in both files.
            Err(missing) if request.model == Model::Capm => {
                let other = Dataset { set: FactorSet::Five, ..dataset };
                app.sources.french.load(other).await.map_err(|_| missing)
            }
            found => found,
        };
        files.push(found.map_err(|error| refused(request, &error))?);
    }
    Ok(Some(Files { files, own: Vec::new() }))
}

/// The columns of one's own files that a call names.
async fn own(app: &App, request: &Request, frequency: Frequency) -> Result<Files, ToolError> {
    let way_out = "name another column, or funds in factors";
    let refused = |at: usize, words: String, way_out: &str| {
        let got = request.columns.get(at).map(|(file, column)| format!("{file}:{column}")).unwrap_or_default();
        let problem = Problem::new(format!("factor_columns[{at}]"), got, Refusal::new(words.clone(), way_out));
        ToolError::new(ErrorCode::NoData, words, way_out).with_problem(problem)
    };
    let Some(files) = app.sources.factor_files.clone() else {
        let way_out = "set FACTOR_MODEL_FILES to a file or a folder of CSV or Parquet, or name funds in factors";
        return Err(refused(0, "No files of factors are configured".to_owned(), way_out));
    };
    let asked = request.columns.clone();
    let found = crate::services::portfolio::off_thread(move || files.find_each(&asked)).await?;
    let mut own = Vec::with_capacity(found.len());
    for (at, one) in found.into_iter().enumerate() {
        let one = one.map_err(|error| refused(at, error.to_string(), way_out))?;
        if one.table.frequency == Frequency::Monthly && frequency != Frequency::Monthly {
            let words = format!("{} has monthly returns, {frequency} ones are asked for", one.name);
            return Err(refused(at, words, "ask for frequency monthly"));
        }
        own.push(one);
    }
    Ok(Files { files: Vec::new(), own })
}

fn refused(request: &Request, error: &NoFactors) -> ToolError {
    let code = match error {
        NoFactors::Failed { error: PriceError::Failed { fault, .. }, .. } => match fault {
            SourceFault::Limited => ErrorCode::RateLimited,
            SourceFault::Unusable => ErrorCode::NoData,
            _ => ErrorCode::UpstreamUnavailable,
        },
        _ => ErrorCode::NoData,
    };
    let way_out = match error {
        NoFactors::NoFile(_) => "take another region, model ff5, or frequency monthly",
        _ => "model lens needs no file, and custom takes factors of your own",
    };
    let words = error.to_string();
    let problem = Problem::new("model", request.model.to_string(), Refusal::new(words.clone(), way_out));
    ToolError::new(code, words, way_out).with_problem(problem)
}

impl Files {
    #[cfg(test)]
    pub(super) fn of(files: Vec<Loaded>) -> Self {
        Self { files, own: Vec::new() }
    }

    /// The last date that all of them have.
    pub(super) fn last(&self) -> Option<NaiveDate> {
        let own = self.own.iter().map(|one| &one.table);
        self.files.iter().map(|file| &file.table).chain(own).filter_map(|table| table.dates.last().copied()).min()
    }

    /// Why files are older than they should be.
    pub(super) fn caveats(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter_map(|file| file.caveat.as_deref())
    }

    /// Them as an answer names them.
    pub(super) fn used(&self) -> Vec<FileUsed> {
        let used = |file: &Loaded| FileUsed {
            name: file.name.clone(),
            vintage: file.table.vintage.clone(),
            last: file.table.dates.last().copied(),
        };
        let of_own = |one: &FactorOfFile| FileUsed {
            name: one.name.clone(),
            vintage: None,
            last: one.table.dates.last().copied(),
        };
        self.files.iter().map(used).chain(self.own.iter().map(of_own)).collect()
    }

    /// The columns of one's own files, by name, on the rows of a panel.
    pub(super) fn own_on_rows(&self, panel: &Panel) -> Vec<(String, Vec<f64>)> {
        let on_rows = |one: &FactorOfFile| {
            let values = one.table.column(&one.column).unwrap_or_default();
            (one.name.clone(), placed(&one.table, (values, None), panel))
        };
        self.own.iter().map(on_rows).collect()
    }

    /// A factor's returns on the rows of a panel, `NaN` where the file has none. Of several days in a row they are compounded, the
    /// market with the risk-free rate in it.
    pub(super) fn on_rows(&self, factor: &str, panel: &Panel) -> Vec<f64> {
        let Some((file, values)) = self.files.iter().find_map(|file| Some((file, file.table.column(factor)?))) else {
            return vec![f64::NAN; panel.rows()];
        };
        let rate = file.table.column("RF").filter(|_| factor == "Mkt-RF");
        placed(&file.table, (values, rate), panel)
    }
}

/// Returns of a table's column on the rows of a panel; with the risk-free rate that they are over, where several are compounded.
fn placed(table: &FactorTable, (values, rate): (&[f64], Option<&[f64]>), panel: &Panel) -> Vec<f64> {
    (0..panel.rows())
        .map(|row| {
            let Some((first, last)) = dates_of(table, panel, row) else { return f64::NAN };
            match (first + 1 == last, rate) {
                (true, _) => values[first],
                (false, None) => stats::compound(&values[first..last]),
                (false, Some(rate)) => {
                    let (excess, rate) = (&values[first..last], &rate[first..last]);
                    let market: Vec<f64> = excess.iter().zip(rate).map(|(excess, rate)| excess + rate).collect();
                    stats::compound(&market) - stats::compound(rate)
                }
            }
        })
        .collect()
}

/// Where a row's dates stand in a table; `None` where the table does not cover the row.
fn dates_of(table: &FactorTable, panel: &Panel, row: usize) -> Option<(usize, usize)> {
    let (dates, before, label) = (&table.dates, panel.label_before(row), panel.labels()[row]);
    if table.frequency == Frequency::Monthly {
        let at = dates.binary_search(&label).ok()?;
        return Some((at, at + 1));
    }
    let (first, last) = (dates.partition_point(|day| *day <= before), dates.partition_point(|day| *day <= label));
    // A row of which the file has a part alone is none.
    let begins = *dates.first()? <= before.checked_add_days(Days::new(REACH))?;
    let ends = *dates.last()? >= exchange::last_trading_day(label).min(label);
    (first < last && begins && ends).then_some((first, last))
}
