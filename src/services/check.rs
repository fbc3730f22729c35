//! What price files hold, how they are read and what is doubtful in them, with the answer in one word: `factor-mcp check`,
//! and in short the status of the source `files`.

mod found;

use chrono::NaiveDate;
use factor_analytics::panel::{Clock, Spacing};
use factor_prices::{FilePrices, files::Reading};
use factor_types::{Maturity, PriceKind, PriceSeries, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use self::found::found;
pub use self::found::{Found, Level, Place};
use crate::{
    analysis::{FilesExamined, KeptExamination},
    answer::shortened,
};

/// Files and tickers that a check lists; of the others it says how many.
const FILES: usize = 20;
const TICKERS: usize = 100;

/// Sentences of a status, and the longest of them in characters.
const SENTENCES: usize = 3;
const LONGEST: usize = 300;

factor_types::closed_set! {
    /// What a check comes to.
    pub enum Word: "a result of a check" {
        /// All of it is used, and nothing in it is likely to be wrong.
        Good = "good",
        /// All of it is used, and something in it may be wrong.
        Doubtful = "doubtful",
        /// A file, a ticker's prices or a column of yields is not used.
        Refused = "refused",
    }
}

/// What files hold, how they are read, what is doubtful in them.
#[derive(Debug, Serialize)]
pub struct FileCheck {
    /// The file or folder.
    pub path: String,
    /// What it comes to.
    pub word: Word,
    /// By whose prices the months end.
    pub benchmark: Option<Ticker>,
    /// How each file is read.
    pub files: Vec<Reading>,
    /// Files that are not listed.
    pub more_files: usize,
    /// What there is of each ticker.
    pub prices: Vec<HeldPrices>,
    /// Tickers that are not listed.
    pub more_prices: usize,
    /// What there is of each maturity.
    pub yields: Vec<HeldYields>,
    /// What was found, by kind.
    pub findings: Vec<Found>,
}

/// What there is of a ticker.
#[derive(Debug, Serialize)]
pub struct HeldPrices {
    /// Whose.
    pub ticker: Ticker,
    /// What the prices include.
    pub kind: PriceKind,
    /// The first date.
    pub first: Option<NaiveDate>,
    /// The last date.
    pub last: Option<NaiveDate>,
    /// Prices that can be used.
    pub rows: usize,
    /// How far apart they lie.
    pub spacing: Spacing,
    /// The file they are from.
    pub file: String,
    /// Why none of them is used, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<&'static str>,
}

/// What there is of a maturity.
#[derive(Debug, Serialize)]
pub struct HeldYields {
    /// Which.
    pub maturity: Maturity,
    /// The first date.
    pub first: Option<NaiveDate>,
    /// The last date.
    pub last: Option<NaiveDate>,
    /// Yields.
    pub rows: usize,
}

/// The same in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShortCheck {
    /// What it comes to; null while the files are still being examined.
    word: Option<Word>,
    /// How many findings there are of each kind; `factor-mcp check` lists them.
    findings: IndexMap<&'static str, usize>,
    /// What the first kinds come to.
    says: Vec<String>,
}

/// Checks files.
pub async fn run(files: &FilePrices, path: String, clock: Clock) -> FileCheck {
    let examined = match FilesExamined::of(files, clock).await {
        Ok(examined) => examined,
        Err(error) => return FileCheck::of(path, &FilesExamined::default(), vec![Found::unreadable(&error)]),
    };
    let mut findings = found(&examined);
    let lines = files.lines(findings.iter().flat_map(Found::wanted).collect()).await;
    let mut lines = lines.into_iter();
    for found in &mut findings {
        found.place(&examined, &mut lines);
    }
    FileCheck::of(path, &examined, findings)
}

/// Checks the configured files, or takes what is known of them.
pub async fn short(files: &FilePrices, kept: &KeptExamination, clock: Clock) -> Option<ShortCheck> {
    // What cannot be read has its reason in the answer to the probe.
    let examined = kept.of(files, clock).await.ok()?;
    let findings = found(&examined);
    let told = findings.iter().filter(|found| found.level != Level::Information).take(SENTENCES);
    Some(ShortCheck {
        word: Some(word(&findings)),
        findings: findings.iter().map(|found| (found.kind, found.count)).collect(),
        says: told.map(|found| shortened(&found.sentence, LONGEST)).collect(),
    })
}

impl ShortCheck {
    /// That the examination takes longer than a status waits.
    pub(super) fn not_yet() -> Self {
        let says = vec!["the files are still being examined; ask again".to_owned()];
        Self { word: None, findings: IndexMap::new(), says }
    }
}

fn word(findings: &[Found]) -> Word {
    match findings.iter().map(|found| found.level).max() {
        Some(Level::Refused) => Word::Refused,
        Some(Level::Doubtful) => Word::Doubtful,
        Some(Level::Information) | None => Word::Good,
    }
}

impl FileCheck {
    fn of(path: String, examined: &FilesExamined, findings: Vec<Found>) -> Self {
        let held = &examined.held;
        let yields = held.yields.maturities().map(|maturity| {
            let rows = held.yields.get(maturity);
            let date = |row: Option<&(NaiveDate, f64)>| row.map(|(date, _)| *date);
            HeldYields { maturity, first: date(rows.first()), last: date(rows.last()), rows: rows.len() }
        });
        Self {
            path,
            word: word(&findings),
            benchmark: examined.benchmark.clone(),
            files: held.readings.iter().take(FILES).cloned().collect(),
            more_files: held.readings.len().saturating_sub(FILES),
            prices: held.prices.iter().take(TICKERS).map(|(series, file)| HeldPrices::of(series, file)).collect(),
            more_prices: held.prices.len().saturating_sub(TICKERS),
            yields: yields.collect(),
            findings,
        }
    }
}

impl HeldPrices {
    fn of(series: &PriceSeries, file: &str) -> Self {
        Self {
            ticker: series.ticker().clone(),
            kind: series.kind(),
            first: series.dates().first().copied(),
            last: series.dates().last().copied(),
            rows: series.len(),
            spacing: Spacing::of(series.dates()),
            file: file.to_owned(),
            refused: series.refused().map(factor_types::Refused::word),
        }
    }
}
