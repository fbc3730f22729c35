//! The periods that are compared: their names, and the rows of a panel that they stand for.

use std::{fmt, sync::Arc};

use chrono::{Days, NaiveDate};
use factor_types::{Frequency, Ticker};

use crate::{
    Study,
    regime::{MIN_ROWS, Regime, RegimeError},
    sections::windows::{self, ReturnWindow},
};

/// A period as it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodName {
    /// Its name, in the form in which it is told.
    pub name: String,
    /// What it stands for.
    pub rows: PeriodRows,
}

/// What a period stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodRows {
    /// The whole window. It holds every other period, so no difference is taken with it.
    All,
    /// What the other periods leave of the window.
    Other,
    /// The rows of a regime, or those labelled within some dates.
    Regime(Regime),
    /// The last rows of the window: `3y`, `ytd`.
    Back(ReturnWindow),
}

/// A period and its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub rows: PeriodRows,
    /// One entry per row of the panel: true where it is in the period.
    pub keep: Arc<[bool]>,
    /// How many are.
    pub count: usize,
    /// Label of the first.
    pub from: NaiveDate,
    /// Label of the last.
    pub to: NaiveDate,
    /// From where on a row is in, where something is measured for it ([`crate::regime::Slice::threshold`]).
    pub threshold: Option<f64>,
    /// True of dates of which the window has only a part.
    pub cut: bool,
}

/// Why periods cannot be compared. `at` is a place in the list of periods, from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// What defines one has no value in the window.
    #[error("{error}")]
    Regime {
        /// Which period.
        at: usize,
        /// Why.
        error: RegimeError,
    },
    /// One has too few rows for any correlation.
    #[error(
        "period {name} has {rows} of the window's {of} {frequency} periods (from {first} to {last}), at least {MIN_ROWS} are needed"
    )]
    TooFewRows {
        /// Which period.
        at: usize,
        /// Its name.
        name: String,
        /// Its rows.
        rows: usize,
        /// Rows of the window.
        of: usize,
        /// How often returns are measured.
        frequency: Frequency,
        /// Label of the window's first row.
        first: NaiveDate,
        /// Label of its last.
        last: NaiveDate,
    },
    /// The window does not reach as far back as one counts.
    #[error("period {name} has no rows: {why}")]
    NotCovered {
        /// Which period.
        at: usize,
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// Two share rows: their correlations are no two samples.
    #[error("periods {first} and {second} overlap: they share {rows} periods from {from} to {to}")]
    Overlap {
        /// Which period is the second.
        at: usize,
        /// The name of the first.
        first: String,
        /// The name of the second.
        second: String,
        /// How many rows they share.
        rows: usize,
        /// Label of the first of them.
        from: NaiveDate,
        /// Label of the last.
        to: NaiveDate,
    },
}

impl PeriodName {
    /// The periods that a name stands for: one, or each part of a range such as `2020..2022`.
    ///
    /// `all`, `other`; a regime ([`Regime`]); a year, half, quarter or month of the calendar; dates as of a regime, `2008/2009`,
    /// `2020-02/2020-04`, `2020-02-19/2020-03-23`; `3m` to `10y` and `ytd`, which count back from the window's end.
    ///
    /// # Errors
    /// What to write.
    pub fn named(text: &str) -> Result<Vec<Self>, String> {
        let text = text.trim();
        let one = |name: String, rows| Ok(vec![Self { name, rows }]);
        match text.to_ascii_lowercase().as_str() {
            "all" => return one("all".to_owned(), PeriodRows::All),
            "other" => return one("other".to_owned(), PeriodRows::Other),
            _ => {}
        }
        // Dates first: those of a regime include both days, those of a window of returns only the last.
        if let Ok(regime) = text.parse::<Regime>() {
            return one(regime.to_string(), PeriodRows::Regime(regime));
        }
        let windows = ReturnWindow::named(text).map_err(|_| match ReturnWindow::doubt(text) {
            Some(doubt) => format!("it {doubt}"),
            None => FORMS.to_owned(),
        })?;
        let period = |window: ReturnWindow| {
            let rows = match window {
                ReturnWindow::Calendar(part) => {
                    let from = part.base().checked_add_days(Days::new(1)).ok_or_else(|| FORMS.to_owned())?;
                    PeriodRows::Regime(Regime::Dates { from, to: part.end() })
                }
                ReturnWindow::Months(_) | ReturnWindow::YearToDate => PeriodRows::Back(window),
                ReturnWindow::Days(_) | ReturnWindow::MonthToDate | ReturnWindow::Dates(..) => {
                    return Err(FORMS.to_owned());
                }
            };
            Ok(Self { name: window.to_string(), rows })
        };
        windows.into_iter().map(period).collect()
    }

    /// The day before its first, where it stands still.
    pub fn base(&self) -> Option<NaiveDate> {
        match self.rows {
            PeriodRows::Regime(Regime::Dates { from, .. }) => from.pred_opt(),
            PeriodRows::All | PeriodRows::Other | PeriodRows::Regime(_) | PeriodRows::Back(_) => None,
        }
    }

    /// The regime that it is, where it is one.
    pub fn regime(&self) -> Option<Regime> {
        match self.rows {
            PeriodRows::Regime(regime) => Some(regime),
            PeriodRows::All | PeriodRows::Other | PeriodRows::Back(_) => None,
        }
    }
}

/// What a period may be.
const FORMS: &str = "write 2022, 2022Q1, 2022-03, dates such as 2008/2009 or 2020-02/2020-04, a range such as 2020..2022, \
                     3y, ytd, rate_shock, equity_drawdown, high_vol, other (the rest) or all";

impl Period {
    /// The rows of each of some periods, none of which shares a row with another; `all` may stand beside them.
    ///
    /// # Errors
    /// [`PeriodError`], of the first period that has one.
    pub fn resolve(study: &Study, names: &[PeriodName]) -> Result<Vec<Self>, PeriodError> {
        let rows = study.panel().rows();
        let mut found: Vec<Option<Self>> = Vec::with_capacity(names.len());
        let mut taken = vec![false; rows];
        for (at, name) in names.iter().enumerate() {
            let period = match name.rows {
                // Only what all others leave; they may stand after it.
                PeriodRows::Other => None,
                PeriodRows::All => Some(Self::of(study, at, name, (vec![true; rows], None))?),
                PeriodRows::Regime(regime) => {
                    let slice = study.rows_of(regime).map_err(|error| PeriodError::Regime { at, error })?;
                    Some(Self::of(study, at, name, (slice.keep.to_vec(), slice.threshold))?)
                }
                PeriodRows::Back(window) => Some(Self::of(study, at, name, (back(study, at, name, window)?, None))?),
            };
            if let Some(period) = period.as_ref().filter(|period| period.rows != PeriodRows::All) {
                let earlier = found.iter().flatten().filter(|one: &&Self| one.rows != PeriodRows::All);
                earlier.map(|one| one.is_apart_from(period, study, at)).collect::<Result<Vec<()>, _>>()?;
                taken.iter_mut().zip(&*period.keep).for_each(|(taken, kept)| *taken |= kept);
            }
            found.push(period);
        }
        let rest = |(at, period): (usize, Option<Self>)| match period {
            Some(period) => Ok(period),
            None => Self::of(study, at, &names[at], (taken.iter().map(|taken| !taken).collect(), None)),
        };
        found.into_iter().enumerate().map(rest).collect()
    }

    fn of(
        study: &Study,
        at: usize,
        name: &PeriodName,
        (keep, threshold): (Vec<bool>, Option<f64>),
    ) -> Result<Self, PeriodError> {
        let panel = study.panel();
        let labels = panel.labels();
        let ends = (labels.first().copied().unwrap_or(panel.base()), labels.last().copied().unwrap_or(panel.base()));
        let count = keep.iter().filter(|kept| **kept).count();
        if count < MIN_ROWS {
            return Err(PeriodError::TooFewRows {
                at,
                name: name.name.clone(),
                rows: count,
                of: labels.len(),
                frequency: panel.frequency(),
                first: ends.0,
                last: ends.1,
            });
        }
        let kept = || labels.iter().zip(&keep).filter(|(_, kept)| **kept).map(|(label, _)| *label);
        let (from, to) = (kept().next().unwrap_or(ends.0), kept().next_back().unwrap_or(ends.1));
        let cut = match name.regime() {
            Some(Regime::Dates { from, to }) => from <= panel.base() || panel.window().end.max(ends.1) < to,
            _ => false,
        };
        Ok(Self { name: name.name.clone(), rows: name.rows, keep: keep.into(), count, from, to, threshold, cut })
    }

    fn is_apart_from(&self, second: &Self, study: &Study, at: usize) -> Result<(), PeriodError> {
        let labels = study.panel().labels().iter().zip(self.keep.iter().zip(&*second.keep));
        let shared: Vec<NaiveDate> = labels.filter(|(_, (a, b))| **a && **b).map(|(label, _)| *label).collect();
        let (Some(from), Some(to)) = (shared.first(), shared.last()) else { return Ok(()) };
        let (first, rows) = (self.name.clone(), shared.len());
        Err(PeriodError::Overlap { at, first, second: second.name.clone(), rows, from: *from, to: *to })
    }

    /// True where no difference is taken with it.
    pub fn is_whole(&self) -> bool {
        self.rows == PeriodRows::All
    }
}

impl fmt::Display for PeriodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

/// The rows of a window that counts back from the end.
fn back(study: &Study, at: usize, name: &PeriodName, window: ReturnWindow) -> Result<Vec<bool>, PeriodError> {
    let panel = study.panel();
    let span = windows::spans(panel, &[window], &Ticker::spy()).into_values().next();
    let rows = span.as_ref().and_then(windows::WindowSpan::rows).filter(|rows| !rows.is_empty());
    let Some(rows) = rows else {
        let why = span.and_then(|span| span.reason).unwrap_or_else(|| "the window has none".to_owned());
        return Err(PeriodError::NotCovered { at, name: name.name.clone(), why });
    };
    Ok((0..panel.rows()).map(|row| rows.contains(&row)).collect())
}
