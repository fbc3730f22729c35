//! The best hedge, and selling instead of it, as an answer has them: whole, in short, and in sentences whose numbers are those of
//! the fields, to four decimals.

use chrono::NaiveDate;
use factor_analytics::hedge::{
    scorecard::NextQuarter,
    signed::{
        BestHedge, BestHedgeEffectiveness, BestHedgeExclusion, HedgeLeg, Interval, LegDirection, Position, Reduce,
    },
};
use factor_types::{Frequency, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Recommended,
    rows::in_letters,
    sizes::{self, Sizes, Trade},
};
use crate::answer::markdown::{in_words, in_words_or_dash};

/// The best hedge.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum HedgeRow<'a> {
    /// With every figure, and what may not be a member by why.
    Whole(WholeHedge<'a>),
    /// Without the intervals of its ratios, costs and what was left out.
    Short(ShortHedge<'a>),
}

/// The whole of it; the fields are those of [`BestHedge`].
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WholeHedge<'a> {
    members: Vec<WholeLeg<'a>>,
    effectiveness: BestHedgeEffectiveness,
    next_quarter: Option<NextQuarter>,
    gross: f64,
    net: f64,
    rows: usize,
    first: NaiveDate,
    last: NaiveDate,
    /// Candidates that may not be members, by why.
    left_out: IndexMap<BestHedgeExclusion, Vec<&'a str>>,
    /// What all figures are before, and nothing here knows.
    not_known: [&'static str; 4],
}

/// What a hedge costs besides the return that it takes away.
const NOT_KNOWN: [&str; 4] = ["borrow", "margin", "trading_costs", "taxes"];

/// A member, and its trades in the portfolio.
#[derive(Debug, Serialize, JsonSchema)]
struct WholeLeg<'a> {
    #[serde(flatten)]
    leg: &'a HedgeLeg,
    /// What is held is sold before anything is sold short. Absent without a portfolio that holds the factor.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trades: Vec<Trade>,
}

/// Selling instead.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ReduceRow<'a> {
    /// With every figure.
    Whole(WholeReduce<'a>),
    /// The shares, and what the ways return in a year.
    Short(ShortReduce),
}

/// The whole of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WholeReduce<'a> {
    #[serde(flatten)]
    reduce: &'a Reduce,
    /// What is sold of each holding that is the factor. Absent without a portfolio that holds it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trades: Vec<Trade>,
}

/// The best hedge of a summary; the fields are those of [`BestHedge`].
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortHedge<'a> {
    members: Vec<ShortLeg<'a>>,
    in_sample: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    with_short_sales: Option<f64>,
    estimate: Option<[f64; 2]>,
    next_quarter: Option<NextQuarterRow>,
    rows: usize,
    first: NaiveDate,
    last: NaiveDate,
}

/// What is to be expected of the next quarter.
#[derive(Debug, Serialize, JsonSchema)]
struct NextQuarterRow {
    low: f64,
    median: f64,
    high: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ShortLeg<'a> {
    etf_ticker: Option<&'a Ticker>,
    ratio: f64,
    direction: LegDirection,
    /// The factor's weight times the ratio: what is bought, below 0 what is sold, as a share of the portfolio.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<f64>,
    /// Its trades in shares and US dollars, where the holdings are. What is held is sold first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trades: Vec<Trade>,
}

/// Selling instead, in a summary.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortReduce {
    share: Option<f64>,
    share_expected: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<f64>,
    annual_return: Returns,
    /// In shares and US dollars, where the holdings are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trades: Vec<Trade>,
}

/// Compound return of a year over the rows of the hedge.
#[derive(Debug, Serialize, JsonSchema)]
struct Returns {
    unchanged: Option<f64>,
    hedged: Option<f64>,
    reduced: Option<f64>,
}

impl<'a> HedgeRow<'a> {
    pub(super) fn whole(hedge: &'a BestHedge, sizes: &Sizes) -> Self {
        let mut left_out = IndexMap::<_, Vec<&str>>::new();
        for one in &hedge.left_out {
            let name = in_letters(one.etf_ticker.as_ref(), &one.factor);
            left_out.entry(one.reason).or_default().push(name);
        }
        Self::Whole(WholeHedge {
            members: hedge.members.iter().map(|leg| WholeLeg { leg, trades: sizes.of_leg(leg) }).collect(),
            effectiveness: hedge.effectiveness,
            next_quarter: hedge.next_quarter,
            gross: hedge.gross,
            net: hedge.net,
            rows: hedge.rows,
            first: hedge.first,
            last: hedge.last,
            left_out,
            not_known: NOT_KNOWN,
        })
    }

    pub(super) fn short(hedge: &'a BestHedge, sizes: &Sizes) -> Self {
        let leg = |leg: &'a HedgeLeg| ShortLeg {
            etf_ticker: leg.etf_ticker.as_ref(),
            ratio: leg.ratio,
            direction: leg.direction,
            change: leg.in_portfolio.map(|moved| moved.change),
            trades: sizes.in_dollars(sizes.of_leg(leg)),
        };
        Self::Short(ShortHedge {
            members: hedge.members.iter().map(leg).collect(),
            in_sample: hedge.effectiveness.in_sample,
            with_short_sales: hedge.effectiveness.with_short_sales,
            estimate: hedge.effectiveness.estimate.map(|Interval { low, high, .. }| [low, high]),
            next_quarter: hedge.next_quarter.map(|NextQuarter { low, median, high, .. }| NextQuarterRow {
                low,
                median,
                high,
            }),
            rows: hedge.rows,
            first: hedge.first,
            last: hedge.last,
        })
    }
}

impl<'a> ReduceRow<'a> {
    pub(super) fn whole(reduce: &'a Reduce, trades: Vec<Trade>) -> Self {
        Self::Whole(WholeReduce { reduce, trades })
    }

    pub(super) fn short(reduce: &Reduce, trades: Vec<Trade>) -> Self {
        let Reduce { share, share_expected, change, .. } = *reduce;
        let of = |position: &Position| position.annual_return;
        let annual_return = Returns {
            unchanged: of(&reduce.unchanged),
            hedged: of(&reduce.hedged),
            reduced: reduce.reduced.as_ref().and_then(of),
        };
        Self::Short(ShortReduce { share, share_expected, change, annual_return, trades })
    }
}

impl Recommended {
    /// What selling the share of the factor that `reduce` names would sell.
    pub(super) fn sold(&self, reduce: &Reduce) -> Vec<Trade> {
        let sale = reduce.share.zip(self.portfolio.as_ref().filter(|_| reduce.change.is_some()));
        sale.map_or_else(Vec::new, |(share, held)| self.sizes.of_sale(held, &self.factor.members, share))
    }
}

/// What is said of the best hedge, and of selling instead.
pub(super) fn sentences(all: &Recommended) -> Vec<String> {
    let Ok(hedge) = &all.hedged.best else { return Vec::new() };
    let of = &all.factor.name;
    let mut said = vec![of_hedge(hedge, of, all.hedged.frequency, &all.sizes)];
    said.extend(all.hedged.reduce.as_ref().and_then(|reduce| instead(reduce, of, &all.sold(reduce))));
    let is_bought_only = hedge.effectiveness.with_short_sales.is_some();
    said.push(
        if is_bought_only { "Before trading costs and taxes, which are not known here." } else { BEFORE }.to_owned(),
    );
    said
}

/// What every hedge that sells short is said to be before.
const BEFORE: &str = "Before borrow, margin, trading costs and taxes, none of them known here; short proceeds earn less than cash, selling \
                      short may not be permitted, and a hedge takes away the return of what it sells too.";

/// What a hedge is and what it takes away.
fn of_hedge(hedge: &BestHedge, of: &str, frequency: Frequency, sizes: &Sizes) -> String {
    let legs: Vec<String> = hedge.members.iter().map(|leg| of_leg(leg, sizes)).collect();
    let taken = &hedge.effectiveness;
    let past = taken.estimate.map(|Interval { low, high, .. }| {
        format!(" (90% interval {} to {}, of the past)", in_words(low), in_words(high))
    });
    let expected = hedge.next_quarter.map(|next| {
        format!(
            "; of the next quarter {} is to be expected, {} to {} in nine of ten",
            in_words(next.median),
            in_words(next.low),
            in_words(next.high)
        )
    });
    let lead = if taken.with_short_sales.is_some() { "Best hedge that buys only" } else { "Best hedge" };
    let instead = match taken.with_short_sales.map(in_words) {
        Some(share) if share == in_words(taken.in_sample) => {
            " Selling short as well would take no more away.".to_owned()
        }
        Some(share) => format!(" Selling short as well would take {share} away."),
        None => String::new(),
    };
    format!(
        "{lead}, per unit of {of}: {}. It takes {} of the variance away over the last {} {} rows{}{}.{instead}",
        legs.join(", "),
        in_words(taken.in_sample),
        hedge.rows,
        frequency.as_str(),
        past.unwrap_or_default(),
        expected.unwrap_or_default()
    )
}

fn of_leg(leg: &HedgeLeg, sizes: &Sizes) -> String {
    let what = match leg.direction {
        LegDirection::Buy => "buy",
        LegDirection::Sell => "sell",
        LegDirection::SellShort => "sell short",
    };
    let name = in_letters(leg.etf_ticker.as_ref(), &leg.factor);
    let of_portfolio = leg.in_portfolio.map(|moved| {
        let trades = sizes::of_leg(&sizes.of_leg(leg)).map(|trades| format!(": {trades}"));
        format!(" ({} of the portfolio{})", in_words(moved.change.abs()), trades.unwrap_or_default())
    });
    format!("{what} {} of {name}{}", in_words(leg.ratio.abs()), of_portfolio.unwrap_or_default())
}

/// Selling some of the factor for the same variance.
fn instead(reduce: &Reduce, of: &str, trades: &[Trade]) -> Option<String> {
    let share = reduce.share?;
    let reduced = reduce.reduced.as_ref()?;
    let change = reduce.change.map(|change| {
        let trades = sizes::of_sale(trades).map(|trades| format!(": {trades}"));
        format!(" ({} of the portfolio{})", in_words(change.abs()), trades.unwrap_or_default())
    });
    Some(format!(
        "Selling {} of {of}{} leaves the same variance; over these rows it returned {} a year, the hedge {}, {of} as it is {}.",
        in_words(share),
        change.unwrap_or_default(),
        in_words_or_dash(reduced.annual_return),
        in_words_or_dash(reduce.hedged.annual_return),
        in_words_or_dash(reduce.unchanged.annual_return)
    ))
}

#[cfg(test)]
mod tests {
    use factor_analytics::hedge::signed::LegInPortfolio;
    use factor_types::ValuationPrice;
    use serde_json::json;

    use super::*;

    fn leg(ticker: &str, ratio: f64, in_portfolio: Option<LegInPortfolio>) -> HedgeLeg {
        let direction = if ratio > 0.0 { LegDirection::Buy } else { LegDirection::SellShort };
        HedgeLeg {
            factor: ticker.to_owned(),
            etf_ticker: ticker.parse().ok(),
            ratio,
            direction,
            estimate: None,
            correlation_to_overexposed: 0.9,
            in_portfolio,
            expense_ratio: None,
            average_daily_value: None,
        }
    }

    fn hedge(members: Vec<HedgeLeg>, estimate: Option<Interval>, next_quarter: Option<NextQuarter>) -> BestHedge {
        let day = |text: &str| text.parse().unwrap();
        BestHedge {
            members,
            effectiveness: BestHedgeEffectiveness { in_sample: 0.84, estimate, with_short_sales: None },
            next_quarter,
            gross: 1.0,
            net: -1.0,
            rows: 252,
            first: day("2024-01-02"),
            last: day("2024-12-31"),
            left_out: Vec::new(),
        }
    }

    #[test]
    fn a_hedge_is_said_with_its_legs_its_past_and_what_to_expect() {
        let bare = hedge(vec![leg("XLRE", -0.75, None), leg("TLT", 0.25, None)], None, None);
        assert_eq!(
            of_hedge(&bare, "VNQ", Frequency::Daily, &Sizes::default()),
            "Best hedge, per unit of VNQ: sell short 0.75 of XLRE, buy 0.25 of TLT. It takes 0.84 of the variance away over the last \
             252 daily rows."
        );
        let estimate = Interval { low: 0.8, high: 0.88, level: 0.9 };
        let next = NextQuarter { low: 0.5, median: 0.78, high: 0.95, level: 0.9, quarters: 40, pooled: 3_000 };
        let moved = LegInPortfolio { change: -0.3, from_holding: 0.1, sold_short: 0.2 };
        let whole = hedge(vec![leg("XLRE", -0.75, Some(moved))], Some(estimate), Some(next));
        let said = of_hedge(&whole, "VNQ", Frequency::Daily, &Sizes::default());
        let legs = "sell short 0.75 of XLRE (0.3 of the portfolio: sell what is held first, 0.1, then sell short 0.2). It takes";
        assert!(said.contains(legs), "{said}");
        assert!(said.ends_with("(90% interval 0.8 to 0.88, of the past); of the next quarter 0.78 is to be expected, 0.5 to 0.95 in nine of ten."), "{said}");
        let short = json!(HedgeRow::short(&whole, &Sizes::default()));
        assert_eq!((&short["estimate"], &short["next_quarter"]["median"]), (&json!([0.8, 0.88]), &json!(0.78)));
    }

    #[test]
    fn trades_are_in_shares_and_dollars_where_the_portfolio_has_a_worth() {
        let price = |ticker: &str, price: f64| ValuationPrice {
            ticker: ticker.parse().unwrap(),
            price,
            date: "2024-12-31".parse().unwrap(),
            source: "made".to_owned(),
            kind: factor_types::PriceKind::Close,
        };
        let sizes =
            Sizes { worth: Some(10_000.0), prices: vec![price("XLRE", 40.0), price("TLT", 80.0)], is_short: false };
        let moved = LegInPortfolio { change: -0.3, from_holding: 0.1, sold_short: 0.2 };
        let bought = LegInPortfolio { change: 0.1, from_holding: 0.0, sold_short: 0.0 };
        let legs = vec![leg("XLRE", -0.75, Some(moved)), leg("TLT", 0.25, Some(bought))];
        let hedge = hedge(legs, None, None);
        let said = of_hedge(&hedge, "VNQ", Frequency::Daily, &sizes);
        let wanted = "sell short 0.75 of XLRE (0.3 of the portfolio: sell what is held first, 25 shares, 1000 dollars, then sell short 50 \
                      shares, 2000 dollars), buy 0.25 of TLT (0.1 of the portfolio: 12.5 shares, 1000 dollars). It takes";
        assert!(said.contains(wanted), "{said}");
        let trades = json!(HedgeRow::whole(&hedge, &sizes))["members"][0]["trades"].clone();
        assert_eq!(
            trades,
            json!([
                {"etf_ticker": "XLRE", "direction": "sell", "weight": 0.1, "dollars": 1000.0, "shares": 25.0},
                {"etf_ticker": "XLRE", "direction": "sell short", "weight": 0.2, "dollars": 2000.0, "shares": 50.0},
            ])
        );
        // Of weights nobody knows the dollars, and of what has no price the shares.
        let unknown = Sizes { worth: Some(10_000.0), ..Sizes::default() };
        let trade = |sizes: &Sizes| json!(sizes.of_leg(&hedge.members[1]))[0].clone();
        assert_eq!((trade(&unknown).get("shares"), &trade(&unknown)["dollars"]), (None, &json!(1000.0)));
        assert_eq!(trade(&Sizes::default()).get("dollars"), None);
        assert!(json!(HedgeRow::short(&hedge, &Sizes::default()))["members"][0].get("trades").is_none());
    }

    #[test]
    fn a_hedge_that_may_only_buy_says_what_that_costs() {
        let mut only = hedge(vec![leg("TLT", 0.25, None)], None, None);
        only.effectiveness.with_short_sales = Some(0.8);
        let said = of_hedge(&only, "VNQ", Frequency::Daily, &Sizes::default());
        assert!(
            said.starts_with("Best hedge that buys only, per unit of VNQ: buy 0.25 of TLT. It takes 0.84"),
            "{said}"
        );
        assert!(said.ends_with("rows. Selling short as well would take 0.8 away."), "{said}");
        assert_eq!(json!(HedgeRow::short(&only, &Sizes::default()))["with_short_sales"], 0.8);
        only.effectiveness.with_short_sales = Some(0.84);
        let said = of_hedge(&only, "VNQ", Frequency::Daily, &Sizes::default());
        assert!(said.ends_with("Selling short as well would take no more away."), "{said}");
    }

    #[test]
    fn what_cannot_be_sold_is_not_said() {
        let position = |annual_return| Position { annual_return, ..Position::default() };
        let mut reduce = Reduce {
            share: Some(0.6),
            reason: None,
            share_expected: None,
            change: Some(-0.24),
            unchanged: position(Some(0.1)),
            hedged: position(Some(0.02)),
            reduced: Some(position(None)),
        };
        assert_eq!(
            instead(&reduce, "VNQ", &[]).unwrap(),
            "Selling 0.6 of VNQ (0.24 of the portfolio) leaves the same variance; over these rows it returned - a year, the hedge 0.02, VNQ \
             as it is 0.1."
        );
        reduce.share = None;
        assert_eq!(instead(&reduce, "VNQ", &[]), None);
    }
}
