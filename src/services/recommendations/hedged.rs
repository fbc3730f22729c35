//! The best hedge of the factor, how much of it would have to be sold instead, and how such hedges did.

use std::{collections::HashSet, sync::Arc};

use factor_analytics::{
    Observer, Study, Threads,
    hedge::{
        Candidate, Portfolio, Screens,
        scorecard::{
            NextQuarter, Role, Scorecard, ScorecardPlan, ScorecardQuestion, ScorecardReport, ScoredColumn, Strategy,
            SwapGrades, SwapQuestion,
        },
        signed::{BestHedge, BestHedgeError, BestHedgeQuestion, DAILY_ROWS, NotInBestHedge, Reduce, Rule, WEEKLY_ROWS},
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
    analysis::{AllPrices, PastResults},
    services::portfolio::{self, factor::Resolved},
};

/// What the bonds to buy are, and the market to sell, that a scorecard has beside the hedge.
const BONDS: &str = "IEF";
const MARKET: &str = "SPY";

/// Funds that are graded, times those that may hedge each: what hedges do is known from some hundreds of funds, and the past of
/// three thousand among as many would take minutes.
const MOST_COMPARED: usize = 250_000;

/// What hedges the factor.
#[derive(Debug)]
pub(super) struct Hedged {
    /// The best hedge, or why there is none.
    pub(super) best: Result<BestHedge, String>,
    /// Candidates that may not be members of it, as far as they were looked at.
    pub(super) left_out: Vec<NotInBestHedge>,
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
    pub(super) study: &'a Arc<Study>,
    pub(super) factor: &'a Resolved,
    pub(super) rows: &'a [Row],
    pub(super) held: Option<FactorHeld<'a>>,
    /// Whether the scorecard itself was asked for, with what takes its time: the intervals of each quarter's estimate.
    pub(super) graded: bool,
    pub(super) choice: Choice<'a>,
    /// What is known already of these prices.
    pub(super) all_prices: &'a AllPrices,
}

/// A portfolio and how much of it is the factor.
#[derive(Debug, Clone, Copy)]
pub(super) struct FactorHeld<'a> {
    pub(super) weights: &'a IndexMap<Ticker, f64>,
    pub(super) weight: f64,
    /// The most that may move out of it.
    pub(super) target_reduction: f64,
}

/// Which hedges may be chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice<'a> {
    pub(super) bought_only: bool,
    pub(super) screens: Screens,
    /// Whether the call lets only some of the universe be candidates. What is to be expected of their hedges is what theirs did.
    pub(super) is_narrowed: bool,
    /// Candidates of the call's that are not of the universe.
    pub(super) outside: &'a [Ticker],
}

impl Choice<'_> {
    fn rule(&self) -> Rule {
        if self.bought_only { Rule::default().of_purchases() } else { Rule::default() }
    }

    /// What a scorecard calls such hedges.
    fn strategy(&self) -> Strategy {
        if self.bought_only { Strategy::LeastCorrelatedBought } else { Strategy::BestHedge }
    }
}

/// What the hedges of a column that were made took away, quarter by quarter.
fn results(card: &Scorecard, column: usize) -> PastResults {
    let of = |strategy| {
        let trades = card.of_column(column).filter_map(|quarter| quarter.trade(strategy));
        // Where nothing was to be had, nothing is known of what such a hedge does.
        trades.filter(|trade| trade.is_made()).filter_map(|trade| trade.effectiveness).collect()
    };
    PastResults { hedged: of(Strategy::BestHedge), bought: of(Strategy::LeastCorrelatedBought) }
}

/// The returns that a hedge rests on: the factor's, the portfolio's, and each fund's.
struct Ground {
    study: Arc<Study>,
    /// The last so many rows count.
    rows: usize,
    overexposed: Vec<f64>,
    risk_free: Vec<f64>,
    portfolio: Option<(Vec<f64>, f64)>,
}

/// Whose past quarters are looked at, and with which candidates.
struct Graded<'a> {
    funds: Vec<&'a Factor>,
    /// Which of the columns are graded.
    columns: Vec<usize>,
    /// The factor's.
    factor: usize,
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
        let asked = ground.question(question);
        let best = BestHedge::compute(&asked, &candidates, observer);
        if let Err(BestHedgeError::Stopped(_)) = best {
            return Self::none(Stopped.to_string(), frequency);
        }
        let card = if question.graded { ground.report(question, observer) } else { Err(String::new()) };
        let mut best = match best {
            Ok(best) => best,
            Err(why) => {
                let left_out = why.left_out().to_vec();
                return Self {
                    scorecard: card.map(|(card, _)| card),
                    left_out,
                    ..Self::none(why.to_string(), frequency)
                };
            }
        };
        // Where there is not enough of the past, or of the time, nothing is expected.
        best.next_quarter = match &card {
            Ok((_, expected)) => *expected,
            Err(_) => ground.expected(question, observer).ok().flatten(),
        };
        let expected = best.next_quarter.map(|next| next.median);
        Self {
            reduce: Reduce::compute(&asked, &candidates, &best, expected),
            left_out: best.left_out.clone(),
            best: Ok(best),
            scorecard: card.map(|(card, _)| card),
            frequency,
        }
    }

    fn none(why: String, frequency: Frequency) -> Self {
        Self { best: Err(why.clone()), left_out: Vec::new(), reduce: None, scorecard: Err(why), frequency }
    }

    /// The scorecard where it was asked for.
    pub(super) fn graded(&self, request: &Request) -> Option<&ScorecardReport> {
        self.scorecard.as_ref().ok().filter(|_| request.include.names(Section::Scorecard))
    }
}

impl Ground {
    /// The last year of days; where there are no daily prices two years of weeks, or the window's own rows.
    fn of(question: &Question<'_>) -> Result<Self, String> {
        let (study, rows) = match question.all_prices.daily(question.study) {
            Some(daily) => (daily, DAILY_ROWS),
            None if question.study.panel().frequency() == Frequency::Weekly => {
                (Arc::clone(question.study), WEEKLY_ROWS)
            }
            None => (Arc::clone(question.study), question.study.panel().rows()),
        };
        let overexposed = question.factor.returns(&study)?;
        let risk_free = study.risk_free().per_period;
        let portfolio = question.held.and_then(|held| {
            // What has no return on these rows has said so where the window's own were taken.
            let returns = portfolio::returns(&study, held.weights, &risk_free).ok()?;
            Some((returns.values, held.weight))
        });
        Ok(Self { study, rows, overexposed, risk_free, portfolio })
    }

    fn question(&self, question: &Question<'_>) -> BestHedgeQuestion<'_> {
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
            rule: question.choice.rule(),
            screens: question.choice.screens,
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
        let universe = self.universe(question);
        let funds: Vec<Ticker> = universe.iter().map(|fund| fund.ticker.clone()).collect();
        let of_universe = question.all_prices.past_results(funds.clone(), || {
            let graded = Graded::funds(universe);
            let card = self.card(question, &graded, false, observer)?;
            let of = |(at, ticker): (usize, &Ticker)| (ticker.clone(), results(&card, at));
            Ok::<_, String>(funds.iter().enumerate().map(of).collect())
        })?;
        let known = funds.iter().find(|fund| fund.as_str() == question.factor.name && !question.choice.is_narrowed);
        let own = match known.and_then(|fund| of_universe.get(fund)).filter(|own| !own.hedged.is_empty()) {
            Some(own) => own.clone(),
            None => {
                let graded = self.factor_alone(question);
                results(&self.card(question, &graded, false, observer)?, graded.factor)
            }
        };
        let strategy = question.choice.strategy();
        Ok(NextQuarter::of(own.of(strategy), of_universe.values().map(|fund| fund.of(strategy))))
    }

    /// The scorecard of the factor, of the universe and of swaps, and what is to be expected by it.
    fn report(
        &self,
        question: &Question<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(ScorecardReport, Option<NextQuarter>), String> {
        let mut universe = Graded::funds(self.universe(question));
        let own = self.factor_alone(question);
        // Cash is a fund, and graded for itself alone.
        let is_of_universe = universe
            .factor_at(question.factor)
            .filter(|factor| !question.choice.is_narrowed && universe.columns.contains(factor));
        universe.factor = is_of_universe.unwrap_or(universe.factor);
        let over_universe = self.card(question, &universe, true, observer)?;
        let of_factor = match is_of_universe {
            Some(_) => None,
            None => Some(self.card(question, &own, true, observer)?.expecting_by(&over_universe)),
        };
        let (card, column) = of_factor.as_ref().map_or((&over_universe, universe.factor), |card| (card, own.factor));
        let strategy = question.choice.strategy();
        let funds: Vec<PastResults> =
            over_universe.universe.iter().map(|fund| results(&over_universe, *fund)).collect();
        let expected = NextQuarter::of(results(card, column).of(strategy), funds.iter().map(|fund| fund.of(strategy)));
        let report = ScorecardReport {
            of_factor: card.report(column).of_factor,
            over_universe: over_universe.report(universe.factor).over_universe,
            swaps: self.swaps(question, &own, observer)?,
        };
        Ok((report, expected))
    }

    /// What moving weight out of the factor and into a fund did; `None` without a portfolio that holds it.
    fn swaps(
        &self,
        question: &Question<'_>,
        graded: &Graded<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Option<SwapGrades>, String> {
        let Some(((returns, weight), held)) = self.portfolio.as_ref().zip(question.held) else { return Ok(None) };
        let Some(cap) = (Portfolio { returns, weight_of_overexposed: *weight }).cap(held.target_reduction) else {
            return Ok(None);
        };
        let parts = graded.parts(question.factor);
        let mut columns = self.columns(question, graded, &parts);
        // As in the list: nothing moves into what the portfolio is heavy in.
        let is_heavy = |row: &&Row| row.candidate(&[]).is_heavy(*weight);
        let heavy: HashSet<&str> =
            question.rows.iter().filter(is_heavy).filter_map(|row| Some(row.ticker.as_ref()?.as_str())).collect();
        columns.iter_mut().filter(|one| heavy.contains(one.symbol)).for_each(|one| one.role = Role::Asked);
        columns.push(ScoredColumn { symbol: portfolio::CASH, returns, role: Role::Asked, made_of: &[] });
        let swap = SwapQuestion { portfolio: columns.len() - 1, overexposed: graded.factor, cap };
        let asked = self.scorecard_question(&columns, &[], false);
        SwapGrades::compute(&asked, &swap, &mut Progress::new(observer, "swaps")).map_err(|stopped| stopped.to_string())
    }

    /// The whole universe, whatever candidates were asked for: what is to be expected of hedges is what hedges did.
    fn universe(&self, question: &Question<'_>) -> Vec<&Factor> {
        self.funds().filter(|fund| !question.choice.outside.contains(&fund.ticker)).collect()
    }

    fn funds(&self) -> impl Iterator<Item = &Factor> {
        self.study.factors.iter().map(|one| &*one.factor).filter(|fund| !fund.ticker.is_composed())
    }

    /// The factor alone, with the candidates of the call.
    fn factor_alone(&self, question: &Question<'_>) -> Graded<'_> {
        let (rows, choice) = (question.rows, question.choice);
        let named: HashSet<&Ticker> = rows.iter().filter_map(|row| row.ticker.as_ref()).collect();
        let is_candidate = |fund: &&Factor| {
            let of_call = named.contains(&fund.ticker) && choice.screens.against(&fund.facts).is_none();
            fund.ticker.as_str() == question.factor.name
                || if choice.is_narrowed { of_call } else { !choice.outside.contains(&fund.ticker) }
        };
        let mut graded = Graded::funds(self.funds().filter(is_candidate).collect());
        graded.factor = graded.factor_at(question.factor).unwrap_or(graded.funds.len());
        graded.columns = vec![graded.factor];
        graded
    }

    /// The columns of a scorecard: the funds, and the factor where it is none of them.
    fn columns<'b>(
        &'b self,
        question: &'b Question<'_>,
        graded: &Graded<'b>,
        parts: &'b [usize],
    ) -> Vec<ScoredColumn<'b>> {
        let panel = self.study.panel();
        let fund = |(at, fund): (usize, &&'b Factor)| ScoredColumn {
            symbol: fund.ticker.as_str(),
            returns: panel.position(&fund.ticker).map_or(&[], |column| panel.column(column)),
            role: if is_cash(fund) { Role::Cash } else { Role::Fund },
            made_of: if at == graded.factor { parts } else { &[] },
        };
        let mut columns: Vec<ScoredColumn<'b>> = graded.funds.iter().enumerate().map(fund).collect();
        if graded.factor == graded.funds.len() {
            let symbol = &question.factor.name;
            columns.push(ScoredColumn { symbol, returns: &self.overexposed, role: Role::Asked, made_of: parts });
        }
        columns
    }

    fn scorecard_question<'b>(
        &'b self,
        columns: &'b [ScoredColumn<'b>],
        graded: &'b [usize],
        intervals: bool,
    ) -> ScorecardQuestion<'b> {
        let panel = self.study.panel();
        let place = |name: &str| columns.iter().position(|column| column.symbol == name);
        let plan = ScorecardPlan { intervals, bonds: place(BONDS), market: place(MARKET), ..ScorecardPlan::default() };
        let (dates, calendar) = (panel.labels(), &panel.window().calendar);
        ScorecardQuestion { dates, columns, graded, risk_free: Some(&self.risk_free), calendar, plan }
    }

    /// Past quarters of what is graded.
    fn card(
        &self,
        question: &Question<'_>,
        graded: &Graded<'_>,
        intervals: bool,
        observer: &mut dyn Observer,
    ) -> Result<Scorecard, String> {
        if self.study.panel().frequency() != Frequency::Daily {
            return Err("it needs daily prices".to_owned());
        }
        let parts = graded.parts(question.factor);
        let columns = self.columns(question, graded, &parts);
        let asked = self.scorecard_question(&columns, &graded.columns, intervals);
        let card = Scorecard::compute(&asked, Threads::Auto, &mut Progress::new(observer, "scorecard"));
        card.map_err(|stopped| stopped.to_string())
    }
}

impl<'a> Graded<'a> {
    /// Each of some funds but cash; of more than 500 as many, evenly spread among them, as can be compared with all.
    fn funds(funds: Vec<&'a Factor>) -> Self {
        let columns: Vec<usize> = (0..funds.len()).filter(|at| !is_cash(funds[*at])).collect();
        let most = (MOST_COMPARED / funds.len().max(1)).max(1).min(columns.len());
        let columns = (0..most).map(|at| columns[at * columns.len() / most]).collect();
        Self { columns, factor: funds.len(), funds }
    }

    /// Which of the funds the factor is.
    fn factor_at(&self, factor: &Resolved) -> Option<usize> {
        self.funds.iter().position(|fund| fund.ticker.as_str() == factor.name)
    }

    /// What the factor is made of, among the funds.
    fn parts(&self, factor: &Resolved) -> Vec<usize> {
        (0..self.funds.len()).filter(|at| factor.members.contains(&self.funds[*at].ticker)).collect()
    }
}
