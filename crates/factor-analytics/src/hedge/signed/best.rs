//! The best hedge as an answer.

use chrono::NaiveDate;
use factor_types::{Ratio, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Interval, Rule, estimate::Estimate, moments::Moments, rule};
use crate::{
    hedge::{Candidate, CandidateExclusion, Portfolio, Screens, scorecard::NextQuarter},
    observer::{Observer, Stopped},
    report::run::Sections,
    stats,
};

/// What is to be hedged. All series are on the rows that `dates` name, per period, `NaN` where missing; the last rows count.
#[derive(Debug, Clone, Copy)]
pub struct BestHedgeQuestion<'a> {
    /// The rows' dates, rising, up to the end asked for.
    pub dates: &'a [NaiveDate],
    /// The returns of the factor of which there is too much.
    pub overexposed: &'a [f64],
    /// The portfolio it is in.
    pub portfolio: Option<Portfolio<'a>>,
    /// The risk-free rate of each row; without it no return after a hedge is known.
    pub risk_free: Option<&'a [f64]>,
    /// Periods of a year.
    pub per_year: f64,
    /// The last so many rows are looked at: [`super::DAILY_ROWS`], [`super::WEEKLY_ROWS`], or all.
    pub rows: usize,
    /// How members are chosen.
    pub rule: Rule,
    /// What is asked of a member's facts.
    pub screens: Screens,
}

/// Why there is no best hedge.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BestHedgeError {
    /// The factor lacks a return on one of the rows.
    #[error("the overexposed factor has returns on {present} of the last {needed} rows and needs all of them")]
    InsufficientData {
        /// Returns present on those rows.
        present: usize,
        /// The rows.
        needed: usize,
    },
    /// The factor does not vary.
    #[error("the returns of the overexposed factor do not vary on the last {rows} rows, so nothing can hedge them")]
    Constant {
        /// The rows.
        rows: usize,
    },
    /// Nothing is left to hedge with.
    #[error("none of the {candidates} candidates may be a member of a hedge: all are left out")]
    NoCandidate {
        /// How many there were.
        candidates: usize,
        /// Why each is none.
        left_out: Vec<NotInBestHedge>,
    },
    /// Only a purchase would do, and none of those that could be bought moves against the factor.
    #[error(
        "none of the {candidates} candidates moved against the factor on the last {rows} rows, so nothing hedges it when bought; \
         selling short as well takes {with_short_sales:.4} of its variance away"
    )]
    NothingToBuy {
        /// How many there were.
        candidates: usize,
        /// Those that may not be bought for another reason.
        left_out: Vec<NotInBestHedge>,
        /// The rows.
        rows: usize,
        /// What a hedge that sells short too takes away on them.
        with_short_sales: f64,
    },
    /// The observer said stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// What is done with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
pub enum LegDirection {
    /// It is bought.
    #[serde(rename = "buy")]
    Buy,
    /// It is sold, all of it out of what is held.
    #[serde(rename = "sell")]
    Sell,
    /// It is sold short, or more of it than is held.
    #[serde(rename = "sell short")]
    SellShort,
}

/// One member of a hedge.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct HedgeLeg {
    /// What it stands for.
    pub factor: String,
    /// Its ETF; null for a composite.
    pub etf_ticker: Option<Ticker>,
    /// h: units of it per unit of the factor; below 0 what is sold.
    pub ratio: f64,
    /// What is done with it.
    pub direction: LegDirection,
    /// The 90% interval of the ratio, as an estimate of the past; null where the draws leave it open.
    pub estimate: Option<Interval>,
    /// Its correlation to the factor on these rows.
    pub correlation_to_overexposed: f64,
    /// What it comes to in the portfolio; absent without one that holds the factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_portfolio: Option<LegInPortfolio>,
    /// Its costs in a year, where known.
    pub expense_ratio: Option<f64>,
    /// US dollars traded of it on a usual day, where known.
    pub average_daily_value: Option<u64>,
}

/// A member as shares of the portfolio's value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct LegInPortfolio {
    /// The factor's weight times the ratio: what is bought, below 0 what is sold.
    pub change: f64,
    /// Of what is sold, what comes out of the holding, which is sold first.
    pub from_holding: f64,
    /// Of what is sold, what is sold short.
    pub sold_short: f64,
}

/// What a hedge takes away: 1 - var(f + sum h c) / var(f); 1 is all, 0 nothing, negative adds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct BestHedgeEffectiveness {
    /// On the rows that members and ratios were found on, so more than is to be expected.
    pub in_sample: f64,
    /// Its 90% interval, as an estimate of the past; null where the draws leave it open.
    pub estimate: Option<Interval>,
    /// Of a hedge that may only buy, what one that sells short as well takes away on the same rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_short_sales: Option<f64>,
}

/// Why a fund may not be a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BestHedgeExclusion {
    /// The factor is this, or is made of it.
    PartOfOverexposed,
    /// Cash hedges nothing; it dilutes.
    Cash,
    /// It has no prices up to the end: it cannot be bought or sold.
    Stopped,
    /// It has no return on some of the rows.
    Young,
    /// It is the factor under another name: its correlation to it is above the rule's most.
    NearCopy,
    /// Its returns do not vary.
    Constant,
    /// Its costs are known and above the most asked for.
    HighExpenseRatio,
    /// What is traded of it on a usual day is known and below the least asked for.
    LowDailyValue,
}

impl BestHedgeError {
    /// The candidates that may not be members, as far as they were looked at.
    pub fn left_out(&self) -> &[NotInBestHedge] {
        match self {
            Self::NoCandidate { left_out, .. } | Self::NothingToBuy { left_out, .. } => left_out,
            Self::InsufficientData { .. } | Self::Constant { .. } | Self::Stopped(_) => &[],
        }
    }
}

/// A fund that may not be a member.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NotInBestHedge {
    /// What it stands for.
    pub factor: String,
    /// Its ETF.
    pub etf_ticker: Option<Ticker>,
    /// Why.
    pub reason: BestHedgeExclusion,
    /// Of a near copy, its correlation to the factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_to_overexposed: Option<f64>,
}

/// Up to three funds, bought or sold short, that together take most of the factor's variance away.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct BestHedge {
    /// Its members in the order chosen, the one that takes most away first.
    pub members: Vec<HedgeLeg>,
    /// What they take away together.
    pub effectiveness: BestHedgeEffectiveness,
    /// What is to be expected of it in the next quarter, by how the factor's hedges and the universe's did; null where there are
    /// too few past quarters.
    pub next_quarter: Option<NextQuarter>,
    /// sum |h|: what is traded per unit of the factor.
    pub gross: f64,
    /// sum h: above 0 where more is bought than sold.
    pub net: f64,
    /// Rows it rests on.
    pub rows: usize,
    /// The date of the first of them.
    pub first: NaiveDate,
    /// The date of the last.
    pub last: NaiveDate,
    /// Candidates that may not be members, and why.
    pub left_out: Vec<NotInBestHedge>,
}

/// The rows that count of a question.
pub(super) struct LastRows<'a> {
    pub(super) dates: &'a [NaiveDate],
    pub(super) f: &'a [f64],
    from: usize,
}

impl BestHedge {
    /// The best hedge out of some candidates, whose returns are on the question's rows; what is known of their window
    /// ([`crate::study::Standing::young`]) does not matter here, but whether they have a return on each of the last rows.
    ///
    /// # Errors
    /// [`BestHedgeError`] where the factor lacks a return on one of them or does not vary, where no candidate is left, and when
    /// the observer says stop.
    pub fn compute(
        question: &BestHedgeQuestion<'_>,
        candidates: &[Candidate<'_>],
        observer: &mut dyn Observer,
    ) -> Result<Self, BestHedgeError> {
        let rows = LastRows::of(question)?;
        let (usable, mut left_out) = usable(&rows, candidates, &question.screens);
        let found = Sections::new(observer).run("best_hedge", |progress| {
            progress.check()?;
            let series = [rows.f].into_iter().chain(usable.iter().map(|one| rows.of_series(one.returns)));
            let moments = Moments::of(series);
            let pick = question.rule.choose(&moments, 0, |_| true);
            let with_short_sales = question.rule.bought_only.then(|| {
                let rule = Rule { bought_only: false, max_members: super::MAX_MEMBERS, ..question.rule };
                rule.choose(&moments, 0, |_| true).map(|pick| pick.in_sample)
            });
            let correlations = moments.correlations(0).split_off(1);
            progress.check()?;
            let members: Vec<&[f64]> =
                pick.iter().flat_map(|pick| &pick.members).map(|at| rows.of_series(usable[at - 1].returns)).collect();
            let estimate = Estimate::of(rows.dates, rows.f, &members, &question.rule);
            Ok((pick, with_short_sales.flatten(), correlations, estimate))
        });
        let (pick, with_short_sales, correlations, estimate) = found.ok_or(Stopped)?;
        left_out.extend(near_copies(&usable, &correlations, &question.rule));
        let (candidates, rows_used) = (candidates.len(), rows.f.len());
        let Some(pick) = pick else {
            return Err(match with_short_sales {
                Some(with_short_sales) => {
                    BestHedgeError::NothingToBuy { candidates, left_out, rows: rows_used, with_short_sales }
                }
                None => BestHedgeError::NoCandidate { candidates, left_out },
            });
        };
        let leg = |(at, (member, ratio)): (usize, (&usize, &f64))| HedgeLeg {
            estimate: estimate.as_ref().map(|found| found.ratios[at]),
            correlation_to_overexposed: correlations[member - 1],
            ..HedgeLeg::of(usable[member - 1], *ratio, question.portfolio)
        };
        Ok(Self {
            members: pick.members.iter().zip(&pick.ratios).enumerate().map(leg).collect(),
            effectiveness: BestHedgeEffectiveness {
                in_sample: pick.in_sample,
                estimate: estimate.as_ref().map(|found| found.effectiveness),
                with_short_sales,
            },
            next_quarter: None,
            gross: rule::gross(&pick.ratios),
            net: stats::sum(pick.ratios.iter().copied()),
            rows: rows.dates.len(),
            first: rows.dates.first().copied().unwrap_or_default(),
            last: rows.dates.last().copied().unwrap_or_default(),
            left_out,
        })
    }

    /// sum h c of each of the last rows, given the candidates that it was found among.
    pub(super) fn legs(&self, rows: &LastRows<'_>, candidates: &[Candidate<'_>]) -> Option<Vec<f64>> {
        let of = |leg: &HedgeLeg| candidates.iter().find(|one| one.factor == leg.factor && !one.part_of_overexposed);
        let members = self.members.iter().map(|leg| Some((leg.ratio, rows.of_series(of(leg)?.returns))));
        let members: Vec<(f64, &[f64])> = members.collect::<Option<_>>()?;
        let complete = members.iter().all(|(_, values)| values.len() == rows.f.len());
        let sum = |row: usize| stats::sum(members.iter().map(|(ratio, values)| ratio * values[row]));
        complete.then(|| (0..rows.f.len()).map(sum).collect())
    }
}

impl HedgeLeg {
    fn of(candidate: &Candidate<'_>, ratio: f64, portfolio: Option<Portfolio<'_>>) -> Self {
        let weight = portfolio.map(|portfolio| portfolio.weight_of_overexposed).filter(|weight| *weight > 0.0);
        let held = candidate.held_itself.max(0.0);
        let in_portfolio = weight.map(|weight| {
            let (change, sold) = (weight * ratio, (-weight * ratio).max(0.0));
            LegInPortfolio { change, from_holding: sold.min(held), sold_short: (sold - held).max(0.0) }
        });
        let direction = match in_portfolio {
            _ if ratio > 0.0 => LegDirection::Buy,
            Some(moved) if moved.sold_short == 0.0 => LegDirection::Sell,
            _ => LegDirection::SellShort,
        };
        Self {
            factor: candidate.factor.to_owned(),
            etf_ticker: candidate.ticker.cloned(),
            ratio,
            direction,
            estimate: None,
            correlation_to_overexposed: 0.0,
            in_portfolio,
            expense_ratio: candidate.facts.expense_ratio.map(Ratio::decimal),
            average_daily_value: candidate.facts.average_daily_value,
        }
    }
}

impl<'a> LastRows<'a> {
    pub(super) fn of(question: &BestHedgeQuestion<'a>) -> Result<Self, BestHedgeError> {
        let (all, needed) = (question.dates.len(), question.rows.max(2));
        let from = all.saturating_sub(needed);
        let f = question.overexposed.get(from..).unwrap_or_default();
        let present = f.iter().filter(|value| value.is_finite()).count();
        if all < needed || present < needed {
            return Err(BestHedgeError::InsufficientData { present, needed });
        }
        if stats::is_constant(f) {
            return Err(BestHedgeError::Constant { rows: needed });
        }
        Ok(Self { dates: &question.dates[from..], f, from })
    }

    /// A series on these rows; nothing of one that does not reach them.
    pub(super) fn of_series<'b>(&self, values: &'b [f64]) -> &'b [f64] {
        values.get(self.from..self.from + self.f.len()).unwrap_or_default()
    }
}

/// The candidates that have what a member needs, in the order of their symbols, and the others.
fn usable<'a>(
    rows: &LastRows<'_>,
    candidates: &'a [Candidate<'a>],
    screens: &Screens,
) -> (Vec<&'a Candidate<'a>>, Vec<NotInBestHedge>) {
    let (mut usable, mut left_out) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let own = rows.of_series(candidate.returns);
        let reason = if candidate.part_of_overexposed {
            BestHedgeExclusion::PartOfOverexposed
        } else if candidate.is_cash {
            BestHedgeExclusion::Cash
        } else if candidate.standing.stopped.is_some() {
            BestHedgeExclusion::Stopped
        } else if own.is_empty() || !is_complete(own) {
            BestHedgeExclusion::Young
        } else if stats::is_constant(own) {
            BestHedgeExclusion::Constant
        } else if let Some((screen, _)) = screens.against(&candidate.facts) {
            match screen {
                CandidateExclusion::HighExpenseRatio => BestHedgeExclusion::HighExpenseRatio,
                _ => BestHedgeExclusion::LowDailyValue,
            }
        } else {
            usable.push(candidate);
            continue;
        };
        left_out.push(NotInBestHedge::new(candidate, reason, None));
    }
    usable.sort_by_key(|candidate| candidate.ticker.map_or(candidate.factor, Ticker::as_str));
    (usable, left_out)
}

fn near_copies(usable: &[&Candidate<'_>], correlations: &[f64], rule: &Rule) -> Vec<NotInBestHedge> {
    let copies = usable.iter().zip(correlations).filter(|(_, correlation)| !rule.admits(**correlation));
    copies
        .map(|(candidate, correlation)| {
            NotInBestHedge::new(candidate, BestHedgeExclusion::NearCopy, Some(*correlation))
        })
        .collect()
}

impl NotInBestHedge {
    fn new(candidate: &Candidate<'_>, reason: BestHedgeExclusion, correlation: Option<f64>) -> Self {
        Self {
            factor: candidate.factor.to_owned(),
            etf_ticker: candidate.ticker.cloned(),
            reason,
            correlation_to_overexposed: correlation,
        }
    }
}

/// Whether every row has a value.
pub(in crate::hedge) fn is_complete(values: &[f64]) -> bool {
    values.iter().all(|value| value.is_finite())
}
