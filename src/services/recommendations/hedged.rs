//! The best hedge of the factor, how much of it would have to be sold instead, and how such hedges did.

use std::borrow::Cow;

use factor_analytics::{
    Observer, Study, Threads,
    hedge::{
        Candidate, Portfolio,
        scorecard::{
            FundQuarter, NextQuarter, Role, Scorecard, ScorecardPlan, ScorecardQuestion, ScorecardReport, ScoredColumn,
        },
        signed::{BestHedge, BestHedgeError, BestHedgeQuestion, DAILY_ROWS, Reduce, Rule, WEEKLY_ROWS},
    },
    observer::{Progress, Stopped},
};
use factor_types::{Factor, Frequency, Ticker};
use indexmap::IndexMap;

use super::{
    candidates::{Row, is_cash},
    request::{Request, Section},
};
use crate::{
    analysis::PastHedges,
    services::portfolio::{self, factor::Resolved},
};

/// What the bonds to buy are, and the market to sell, that a scorecard has beside the hedge.
const BONDS: &str = "IEF";
const MARKET: &str = "SPY";

/// What hedges the factor.
#[derive(Debug)]
pub(super) struct Hedged {
    /// The best hedge, or why there is none.
    pub(super) best: Result<BestHedge, String>,
    /// Selling some of the factor instead.
    pub(super) reduce: Option<Reduce>,
    /// How such hedges did, or why that is not known.
    pub(super) scorecard: Result<ScorecardReport, String>,
    /// How often the returns that it rests on are measured.
    pub(super) frequency: Frequency,
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) study: &'a Study,
    pub(super) factor: &'a Resolved,
    pub(super) rows: &'a [Row],
    /// What is held, and how much of it is the factor.
    pub(super) held: Option<(&'a IndexMap<Ticker, f64>, f64)>,
    /// Whether the scorecard itself was asked for, with what takes its time: the intervals of each quarter's estimate.
    pub(super) graded: bool,
    /// What is known already of past quarters.
    pub(super) past: &'a PastHedges,
}

/// Whose past quarters are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Graded {
    /// Each fund's of the universe.
    Funds,
    /// The factor's.
    Factor,
    /// Both, with the intervals of their estimates.
    All,
}

/// What the best hedges of a column took away, quarter by quarter.
fn effectiveness(card: &Scorecard, column: usize) -> Vec<f64> {
    card.of_column(column).filter_map(FundQuarter::effectiveness).collect()
}

/// The returns that a hedge rests on: the factor's, the portfolio's, and each fund's.
struct Ground<'a> {
    study: Cow<'a, Study>,
    /// The last so many rows count.
    rows: usize,
    overexposed: Vec<f64>,
    risk_free: Vec<f64>,
    portfolio: Option<(Vec<f64>, f64)>,
}

impl Hedged {
    /// Finds it, as far as the observer lets it.
    pub(super) fn of(question: &Question<'_>, observer: &mut dyn Observer) -> Self {
        let ground = match Ground::of(question) {
            Ok(ground) => ground,
            Err(why) => return Self::none(why, question.study.panel().frequency()),
        };
        let frequency = ground.study.panel().frequency();
        let candidates = ground.candidates(question.rows);
        let asked = ground.question();
        let mut best = match BestHedge::compute(&asked, &candidates, observer) {
            Ok(best) => best,
            Err(BestHedgeError::Stopped(_)) => return Self::none(Stopped.to_string(), frequency),
            Err(why) => return Self::none(why.to_string(), frequency),
        };
        let card = if question.graded { ground.card(question, Graded::All, observer) } else { Err(String::new()) };
        // Where there is not enough of the past, or of the time, nothing is expected.
        best.next_quarter = match &card {
            Ok((card, column)) => card.next_quarter(*column, best.last),
            Err(_) => ground.expected(question, observer).ok().flatten(),
        };
        let expected = best.next_quarter.map(|next| next.median);
        Self {
            reduce: Reduce::compute(&asked, &candidates, &best, expected),
            best: Ok(best),
            scorecard: card.map(|(card, column)| card.report(column)),
            frequency,
        }
    }

    fn none(why: String, frequency: Frequency) -> Self {
        Self { best: Err(why.clone()), reduce: None, scorecard: Err(why), frequency }
    }

    /// The scorecard where it was asked for.
    pub(super) fn graded(&self, request: &Request) -> Option<&ScorecardReport> {
        self.scorecard.as_ref().ok().filter(|_| request.include.names(Section::Scorecard))
    }
}

impl<'a> Ground<'a> {
    /// The last year of days; where there are no daily prices two years of weeks, or the window's own rows.
    fn of(question: &Question<'a>) -> Result<Self, String> {
        let (study, rows) = match question.study.daily() {
            Some(daily) => (Cow::Owned(daily), DAILY_ROWS),
            None if question.study.panel().frequency() == Frequency::Weekly => {
                (Cow::Borrowed(question.study), WEEKLY_ROWS)
            }
            None => (Cow::Borrowed(question.study), question.study.panel().rows()),
        };
        let overexposed = question.factor.returns(&study)?;
        let risk_free = study.risk_free().per_period;
        let portfolio = question.held.and_then(|(weights, weight)| {
            // What has no return on these rows has said so where the window's own were taken.
            let returns = portfolio::returns(&study, weights, &risk_free).ok()?;
            Some((returns.values, weight))
        });
        Ok(Self { study, rows, overexposed, risk_free, portfolio })
    }

    fn question(&self) -> BestHedgeQuestion<'_> {
        let panel = self.study.panel();
        BestHedgeQuestion {
            dates: panel.labels(),
            overexposed: &self.overexposed,
            portfolio: self
                .portfolio
                .as_ref()
                .map(|(returns, weight)| Portfolio { returns, weight_of_overexposed: *weight }),
            risk_free: Some(&self.risk_free),
            per_year: panel.periods_per_year(),
            rows: self.rows,
            rule: Rule::default(),
        }
    }

    /// The funds among the candidates: a group cannot be bought or sold as one.
    fn candidates<'b>(&'b self, rows: &'b [Row]) -> Vec<Candidate<'b>> {
        let panel = self.study.panel();
        let of = |row: &'b Row| {
            let column = panel.position(row.ticker.as_ref()?)?;
            Some(row.candidate(panel.column(column)))
        };
        rows.iter().filter_map(of).collect()
    }

    /// What is to be expected of the hedge: by what the factor's past ones did, and those of all funds.
    fn expected(&self, question: &Question<'_>, observer: &mut dyn Observer) -> Result<Option<NextQuarter>, String> {
        let funds: Vec<Ticker> = self.funds().iter().map(|fund| fund.ticker.clone()).collect();
        let universe = question.past.of(funds.clone(), || {
            let (card, _) = self.card(question, Graded::Funds, observer)?;
            let of = |(at, ticker): (usize, &Ticker)| (ticker.clone(), effectiveness(&card, at));
            Ok::<_, String>(funds.iter().enumerate().map(of).collect())
        })?;
        let known = funds.iter().find(|fund| fund.as_str() == question.factor.name);
        let own = match known.and_then(|fund| universe.get(fund)).filter(|own| !own.is_empty()) {
            Some(own) => own.clone(),
            None => {
                let (card, column) = self.card(question, Graded::Factor, observer)?;
                effectiveness(&card, column)
            }
        };
        Ok(NextQuarter::of(&own, universe.values().map(Vec::as_slice)))
    }

    /// The whole universe, whatever kinds of candidates were asked for: what is to be expected of a hedge is what hedges did.
    fn funds(&self) -> Vec<&Factor> {
        self.study.factors.iter().map(|one| &*one.factor).filter(|fund| !fund.ticker.is_composed()).collect()
    }

    /// Past quarters, and which of the columns the factor is.
    fn card(
        &self,
        question: &Question<'_>,
        which: Graded,
        observer: &mut dyn Observer,
    ) -> Result<(Scorecard, usize), String> {
        let panel = self.study.panel();
        if panel.frequency() != Frequency::Daily {
            return Err("it needs daily prices".to_owned());
        }
        let funds = self.funds();
        let is_part = |fund: &Factor| question.factor.members.contains(&fund.ticker);
        let parts: Vec<usize> = (0..funds.len()).filter(|at| is_part(funds[*at])).collect();
        let own = funds.iter().position(|fund| fund.ticker.as_str() == question.factor.name);
        let mut columns = Vec::with_capacity(funds.len() + 1);
        for (at, fund) in funds.iter().enumerate() {
            columns.push(ScoredColumn {
                symbol: fund.ticker.as_str(),
                returns: panel.position(&fund.ticker).map_or(&[], |column| panel.column(column)),
                role: if is_cash(fund) { Role::Cash } else { Role::Fund },
                made_of: if Some(at) == own { &parts } else { &[] },
            });
        }
        let graded_column = own.unwrap_or(columns.len());
        if own.is_none() {
            columns.push(ScoredColumn {
                symbol: &question.factor.name,
                returns: &self.overexposed,
                role: Role::Asked,
                made_of: &parts,
            });
        }
        let is_graded = |at: &usize| match which {
            Graded::Funds => columns[*at].role == Role::Fund,
            Graded::Factor => *at == graded_column,
            Graded::All => *at == graded_column || columns[*at].role == Role::Fund,
        };
        let graded: Vec<usize> = (0..columns.len()).filter(is_graded).collect();
        let place = |name: &str| columns.iter().position(|column| column.symbol == name);
        let asked = ScorecardQuestion {
            dates: panel.labels(),
            columns: &columns,
            graded: &graded,
            risk_free: Some(&self.risk_free),
            calendar: &panel.window().calendar,
            plan: ScorecardPlan {
                intervals: which == Graded::All,
                bonds: place(BONDS),
                market: place(MARKET),
                ..ScorecardPlan::default()
            },
        };
        let card = Scorecard::compute(&asked, Threads::Auto, &mut Progress::new(observer, "scorecard"));
        card.map(|card| (card, graded_column)).map_err(|stopped| stopped.to_string())
    }
}
