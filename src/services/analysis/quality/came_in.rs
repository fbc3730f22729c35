//! What the gate found in prices and yields, said in one sentence a kind, and what it costs the score.

use std::fmt::{self, Display};

use chrono::NaiveDate;
use factor_analytics::{
    findings::{
        Bars, Copies, ExDate, Examined, Finding, FindingKind, Frozen, LaterDates, OddKind, OddYields, Repeated,
        Shifted, Stretch, YieldFinding, YieldUnit,
    },
    panel::{BarDates, EarlyEnd},
};
use factor_types::{Maturity, Ticker};

use super::{rates, score::Doubts, warning::a_few};
use crate::{
    analysis::{Analysis, Told},
    answer::shortened,
};

/// Entries that a sentence names.
const NAMED: usize = 5;

/// The longest reason of a refusal in a sentence, in characters.
const LONGEST: usize = 190;

/// What is doubtful in what came in, all of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Doubt {
    /// Series that are none of prices, with the reason.
    Refused(Vec<(Ticker, String)>),
    /// Moves that the market does not explain.
    Moves(FindingKind, Vec<Finding>),
    /// Months that end before their last trading day.
    EarlyEnds(Vec<EarlyEnd>),
    /// Yields in another unit.
    YieldUnit(Vec<YieldFinding>),
    /// What is wrong inside columns of yields, all of one kind.
    OddYields(OddKind, Vec<OddYields>),
    /// Tickers with the same prices.
    Copies(Vec<Copies>),
    /// Stretches on which a price stands still.
    Frozen(Vec<Frozen>),
    /// Dates on which all series repeat an earlier one.
    Repeated(Vec<Repeated>),
    /// Stretches on which a series is rows late or early.
    Shifted(Vec<Shifted>),
    /// Yields too few to tell their unit.
    Unverified(Vec<YieldFinding>),
    /// Maturities that the source of yields lacks.
    NoMaturity(Vec<Maturity>),
    /// Newest prices that lack a dividend.
    ExDates(Vec<ExDate>),
    /// Rows after today.
    Later(Vec<LaterDates>),
    /// Bars that are not daily.
    Bars(Vec<Bars>),
    /// What the source says of its own prices, all of one kind.
    Told(Vec<Told>),
}

/// What can be wrong inside columns of yields, what changes most first.
const ODD_KINDS: [OddKind; 6] =
    [OddKind::UnitChange, OddKind::Swapped, OddKind::Apart, OddKind::Level, OddKind::Still, OddKind::BadDays];

/// What is doubtful in what an analysis rests on, what changes most first.
pub(super) fn doubts(analysis: &Analysis) -> Vec<Doubt> {
    let examined = &analysis.prepared.examined;
    // What is information is said of the window alone.
    let mut jumps = of_kind(&examined.jumps, FindingKind::Jump);
    jumps.retain(|found| is_inside(analysis, found));
    let first = some(refused(analysis), Doubt::Refused)
        .into_iter()
        .chain(of_told(&analysis.prepared.told))
        .chain(of_examined(examined));
    let last =
        [some(missing(analysis), Doubt::NoMaturity), some(jumps, |jumps| Doubt::Moves(FindingKind::Jump, jumps))];
    first.chain(last.into_iter().flatten()).collect()
}

/// What is doubtful in what was examined, without an analysis; moves that are information are none.
pub(crate) fn of_examined(examined: &Examined) -> Vec<Doubt> {
    let (unverified, wrong): (Vec<_>, Vec<_>) =
        examined.yields.iter().cloned().partition(|found| found.unit == YieldUnit::Unverified);
    let inside = ODD_KINDS.into_iter().filter_map(|kind| {
        let of_kind = examined.odd_yields.iter().filter(|one| one.kind == kind).cloned().collect();
        some(of_kind, |found| Doubt::OddYields(kind, found))
    });
    let inside: Vec<Doubt> = inside.collect();
    let first = [
        some(examined.copies.clone(), Doubt::Copies),
        some(examined.frozen.clone(), Doubt::Frozen),
        some(examined.repeated.clone(), Doubt::Repeated),
        some(examined.shifted.clone(), Doubt::Shifted),
        some(wrong, Doubt::YieldUnit),
    ];
    let others = [
        some(examined.early_ends.clone(), Doubt::EarlyEnds),
        some(unverified, Doubt::Unverified),
        some(examined.ex_dates.clone(), Doubt::ExDates),
        some(examined.later.clone(), Doubt::Later),
        some(examined.bars.clone(), Doubt::Bars),
    ];
    let first = misprints(&examined.jumps).into_iter().chain(first.into_iter().flatten());
    first.chain(inside).chain(others.into_iter().flatten()).collect()
}

/// What sources say of their own prices, a kind at a time.
pub(super) fn of_told(all: &[Told]) -> Vec<Doubt> {
    let mut kinds = Vec::<Vec<Told>>::new();
    for told in all {
        match kinds.iter_mut().find(|kind| kind.iter().any(|one| one.kind() == told.kind())) {
            Some(kind) => kind.push(told.clone()),
            None => kinds.push(vec![told.clone()]),
        }
    }
    kinds.into_iter().map(Doubt::Told).collect()
}

/// A doubt of what there is of its kind.
fn some<T>(found: Vec<T>, doubt: impl FnOnce(Vec<T>) -> Doubt) -> Option<Doubt> {
    (!found.is_empty()).then(|| doubt(found))
}

/// What is likelier wrong than a move, or too new to tell.
pub(super) fn misprints(found: &[Finding]) -> Vec<Doubt> {
    let kinds = [
        FindingKind::UnitJump,
        FindingKind::SplitLike,
        FindingKind::Spike,
        FindingKind::Level,
        FindingKind::Unconfirmed,
    ];
    let of = |kind| some(of_kind(found, kind), |found| Doubt::Moves(kind, found));
    kinds.into_iter().filter_map(of).collect()
}

/// What it costs the score.
pub(super) fn cost(analysis: &Analysis, lacking: bool) -> Doubts {
    let examined = &analysis.prepared.examined;
    let misprints = || examined.jumps.iter().filter(|found| found.kind.is_misprint());
    if misprints().any(|found| is_shown(analysis, &found.ticker) && is_inside(analysis, found)) {
        return Doubts::InTheFigures;
    }
    let shifted =
        |is: fn(&Shifted) -> bool| examined.shifted.iter().any(|one| is(one) && is_shown(analysis, &one.ticker));
    if shifted(Shifted::is_certain) {
        return Doubts::InTheFigures;
    }
    let wrong_unit = examined.yields.iter().any(|found| found.unit != YieldUnit::Unverified);
    let copied = examined.copies.iter().any(|copies| copies.tickers.iter().any(|ticker| is_shown(analysis, ticker)));
    let still = examined.frozen.iter().any(|frozen| is_shown(analysis, &frozen.ticker));
    let inside =
        !examined.odd_yields.is_empty() || copied || still || shifted(|_| true) || !examined.repeated.is_empty();
    let early = examined.early_ends.iter().any(|end| is_shown(analysis, &end.ticker));
    let unconfirmed = examined.jumps.iter().any(|found| found.kind == FindingKind::Unconfirmed);
    let told = analysis.prepared.told.iter().any(|told| !told.is_information() && is_shown(analysis, told.ticker()));
    if lacking || misprints().next().is_some() || wrong_unit || inside || early || unconfirmed || told {
        Doubts::Some
    } else {
        Doubts::None
    }
}

/// Moves that are information: large ones of one series alone.
pub(crate) fn information(examined: &Examined) -> Option<Doubt> {
    some(of_kind(&examined.jumps, FindingKind::Jump), |jumps| Doubt::Moves(FindingKind::Jump, jumps))
}

fn of_kind(found: &[Finding], kind: FindingKind) -> Vec<Finding> {
    found.iter().filter(|one| one.kind == kind).cloned().collect()
}

/// True where a price of the finding lies in the analysed window.
fn is_inside(analysis: &Analysis, found: &Finding) -> bool {
    let panel = analysis.study.panel();
    let until = found.until.unwrap_or(found.date);
    until > panel.base() && panel.labels().last().is_some_and(|last| found.date <= *last)
}

/// True of what a figure of the answer rests on: all but factors of categories that were not asked for.
fn is_shown(analysis: &Analysis, ticker: &Ticker) -> bool {
    let is_factor = analysis.factors.iter().any(|factor| factor.ticker == *ticker);
    !is_factor || analysis.is_selected(ticker)
}

fn refused(analysis: &Analysis) -> Vec<(Ticker, String)> {
    let refused = analysis.prepared.lost.iter().filter(|lost| lost.reason.is_refusal());
    refused.map(|lost| (lost.ticker.clone(), lost.detail.clone())).collect()
}

/// The maturities that figures rest on and that a source with others does not have.
fn missing(analysis: &Analysis) -> Vec<Maturity> {
    let (prepared, examined) = (&analysis.prepared, &analysis.prepared.examined);
    if prepared.yields.is_empty() {
        return Vec::new();
    }
    let has = |maturity: &Maturity| {
        prepared.yields.maturities().any(|known| known == *maturity)
            || examined.yields.iter().any(|found| found.maturity == *maturity)
            || examined.odd_yields.iter().any(|found| found.maturity == *maturity)
    };
    rates::used(analysis).into_iter().filter(|maturity| !has(maturity)).collect()
}

/// One of what a doubt is about, with its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The ticker or maturity.
    pub(crate) subject: String,
    /// The date of the price, where it is about one.
    pub(crate) date: Option<NaiveDate>,
    /// In words, as a sentence names it.
    pub(crate) text: String,
}

impl Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Doubt {
    /// Where an analysis lists all of it.
    pub(super) fn place(&self) -> &'static str {
        match self {
            Self::Moves(..) => " (data_quality.suspect_returns)",
            Self::EarlyEnds(_) => " (data_quality.early_month_end)",
            Self::OddYields(..) => " (data_quality.odd_yields)",
            Self::Told(_) => " (data_quality.of_the_source)",
            _ => "",
        }
    }

    /// Its kind in one word.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Moves(kind, _) => kind.as_str(),
            Self::EarlyEnds(_) => "early_month_end",
            Self::YieldUnit(_) => "yield_unit",
            Self::OddYields(kind, _) => kind.as_str(),
            Self::Copies(_) => "copied_prices",
            Self::Frozen(_) => "still_prices",
            Self::Repeated(_) => "repeated_rows",
            Self::Shifted(_) => "shifted",
            Self::Unverified(_) => "unit_unverified",
            Self::NoMaturity(_) => "missing_maturity",
            Self::ExDates(_) => "unadjusted_exdate",
            Self::Later(_) => "implausible_date",
            Self::Bars(_) => "spacing",
            Self::Told(told) => told.first().map_or("of_the_source", Told::kind),
        }
    }

    /// Each of what it is about.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        match self {
            Self::Refused(refused) => all(refused, |(ticker, _)| entry(ticker, None, ticker.to_string())),
            Self::Moves(_, found) => all(found, |found| {
                let (before, price) = (four_digits(found.before), four_digits(found.price));
                entry(
                    &found.ticker,
                    Some(found.date),
                    format!("{} {before} to {price} on {}{}", found.ticker, found.date, until(found)),
                )
            }),
            Self::EarlyEnds(ends) => all(ends, |end| {
                let month = end.month.format("%Y-%m");
                let text = format!("{} {month} ({}, not {})", end.ticker, end.date, end.last_day);
                entry(&end.ticker, Some(end.date), text)
            }),
            Self::YieldUnit(found) => all(found, |found| {
                let unit = if found.unit == YieldUnit::Decimals { "decimals" } else { "basis points" };
                let (median, factor) = (four_digits(found.median), found.unit.factor().unwrap_or(1.0));
                let text = format!("{} (median {median}: {unit}, factor {factor})", found.maturity);
                entry(found.maturity, None, text)
            }),
            Self::OddYields(_, found) => all(found, of_odd_yields),
            Self::Copies(found) => all(found, |copies| {
                let named = copies.tickers.iter().take(NAMED).map(Ticker::as_str).collect::<Vec<_>>().join(" = ");
                let first = copies.tickers.first().map(Ticker::to_string).unwrap_or_default();
                let text = match copies.stretch {
                    None => format!("{named} ({} prices)", copies.rows),
                    Some(Stretch { from, to }) => format!("{named} (the same moves from {from} to {to})"),
                };
                entry(first, copies.stretch.map(|stretch| stretch.from), text)
            }),
            Self::Frozen(found) => all(found, |one| {
                let (price, from, to) = (four_digits(one.price), one.from, one.to);
                let what = match one.every {
                    None => price,
                    Some(rows) => format!("moves once in {rows} rows"),
                };
                entry(&one.ticker, Some(from), format!("{} {what} from {from} to {to}", one.ticker))
            }),
            Self::Repeated(found) => all(found, |one| {
                entry("all series", Some(one.date), format!("{} as {} ({} series)", one.date, one.of, one.series))
            }),
            Self::Shifted(found) => all(found, of_shifted),
            Self::Unverified(found) => {
                all(found, |found| entry(found.maturity, None, format!("{} ({} values)", found.maturity, found.rows)))
            }
            Self::NoMaturity(missing) => all(missing, |maturity| entry(maturity, None, maturity.to_string())),
            Self::ExDates(found) => all(found, |one| {
                let text = format!("{} ({:.2}% on {})", one.ticker, 100.0 * one.value, one.date);
                entry(&one.ticker, Some(one.date), text)
            }),
            Self::Later(found) => all(found, |one| {
                entry(&one.ticker, Some(one.last), format!("{} ({} rows, to {})", one.ticker, one.rows, one.last))
            }),
            Self::Told(told) => all(told, of_the_source),
            Self::Bars(bars) => {
                all(bars, |bars| entry(&bars.ticker, None, format!("{} ({})", bars.ticker, bars.spacing.as_str())))
            }
        }
    }

    /// What is wrong and what to do, about those that are named so.
    pub(crate) fn said_of(&self, named: &str) -> String {
        match self {
            Self::Refused(refused) => {
                let why = refused.first().map(|(_, why)| shortened(why, LONGEST)).unwrap_or_default();
                format!("left out, no series of prices: {named} ({why})")
            }
            Self::Moves(kind, _) => {
                let (what, way_out) = of_moves(*kind);
                format!("{what} ({}): {named}; {way_out}", kind.as_str())
            }
            Self::EarlyEnds(_) => format!(
                "month ends early (early_month_end), before its last trading day: {named}; what moved since is in the month after"
            ),
            Self::YieldUnit(_) => {
                format!("yields refused, not in percent (yield_unit): {named}; write 4.27 for 4.27%")
            }
            Self::OddYields(kind, _) => {
                let (what, way_out) = of_yields(*kind);
                format!("{what} ({}): {named}; {way_out}", kind.as_str())
            }
            Self::Copies(_) => format!(
                "different tickers with the same prices (copied_prices): {named}; give each its own, or leave one out"
            ),
            Self::Frozen(_) => format!(
                "a price that stands still for longer than chance makes it (still_prices), as of a feed that stopped or is read too seldom: {named}; leave days without a price empty"
            ),
            Self::Repeated(_) => format!(
                "dates on which all series have the prices of an earlier date (repeated_rows): {named}; mend or delete these rows"
            ),
            Self::Shifted(_) => format!(
                "dates that lie beside those of the other series (shifted): {named}; put each price on its own day, or ask for a longer frequency where another market's close is meant"
            ),
            Self::Unverified(_) => {
                format!("too few yields to verify that they are percent (unit_unverified): {named}")
            }
            Self::NoMaturity(_) => format!(
                "the source of yields has none of {named} (missing_maturity): what needs them is null or rests on others"
            ),
            Self::ExDates(_) => {
                format!("the newest price lacks that day's dividend (unadjusted_exdate) and is left out: {named}")
            }
            Self::Told(told) => match told.first() {
                Some(Told::Currency { .. }) => format!(
                    "prices not in US dollars (currency): {named}; they are not converted: returns are in that currency, and shares are not valued; files convert with the dollars for one euro in a column `CUR:EUR`"
                ),
                Some(Told::Converted { .. }) => {
                    format!("prices taken in US dollars by the files' rates (converted): {named}")
                }
                Some(Told::ConflictingDates { .. }) => format!(
                    "days that came twice with different prices (conflicting_dates): {named}; of one file or answer the later row is used"
                ),
                Some(Told::Frozen { .. }) | None => {
                    format!("the price stands still with volume 0 (frozen): {named}; it may have stopped trading")
                }
            },
            Self::Later(_) => format!("rows dated after today (implausible_date), not used: {named}"),
            Self::Bars(bars) => {
                let placed: String = of_dates(bars).iter().map(|way| format!("; {way}")).collect();
                format!(
                    "prices are not daily (spacing): {named}; misprints under a factor of 1.9 are not looked for{placed}"
                )
            }
        }
    }
}

impl Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said_of(&a_few(self.entries(), NAMED)))
    }
}

fn all<T>(found: &[T], of: impl Fn(&T) -> Entry) -> Vec<Entry> {
    found.iter().map(of).collect()
}

fn entry(subject: impl Display, date: Option<NaiveDate>, text: String) -> Entry {
    Entry { subject: subject.to_string(), date, text }
}

fn of_the_source(told: &Told) -> Entry {
    match told {
        Told::Currency { ticker, currency } => entry(ticker, None, format!("{ticker} ({currency})")),
        Told::Converted { ticker, currency, left_out } => {
            let left_out = match left_out {
                0 => String::new(),
                rows => format!(", {rows} rows without a rate of the 5 days before left out"),
            };
            entry(ticker, None, format!("{ticker} ({currency}{left_out})"))
        }
        Told::ConflictingDates { ticker, date, days } => {
            let more = if *days > 1 { format!(" and {} more", days - 1) } else { String::new() };
            entry(ticker, Some(*date), format!("{ticker} ({date}{more})"))
        }
        Told::Frozen { ticker, since } => entry(ticker, Some(*since), format!("{ticker} (since {since})")),
    }
}

fn of_shifted(one: &Shifted) -> Entry {
    let (rows, side) = (one.rows.unsigned_abs(), if one.rows > 0 { "late" } else { "early" });
    let days = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    let when = if one.throughout { "throughout".to_owned() } else { format!("about {} to {}", one.from, one.to) };
    let (with, beside, on_the_day) = (&one.with, one.correlation, one.on_the_day);
    let text = format!(
        "{} {days} {side} {when} (correlation {beside:.2} with {with} so, at most {on_the_day:.2} on the same day)",
        one.ticker
    );
    entry(&one.ticker, Some(one.from), text)
}

/// How the dates of bars are read, a way at a time.
fn of_dates(bars: &[Bars]) -> Vec<&'static str> {
    use BarDates::{FirstDays, LaterDays, Months, OwnDays};
    let way = |bars: &Bars| match (bars.dates, bars.assumed) {
        (OwnDays, false) => None,
        (OwnDays, true) => Some("weeks dated by Mondays without holidays are taken for the closes of those days"),
        (FirstDays, false) => Some("weeks dated by their first day count on their last trading day"),
        (FirstDays, true) => Some(
            "weeks dated by their first day count on their last trading day (no daily price here tells whether they are closes of those days)",
        ),
        (LaterDays, false) => Some("weeks dated by a later or closed day count on their last trading day"),
        (LaterDays, true) => Some(
            "weeks dated by the Sunday after them count on their last trading day (no daily price here tells whether these Sundays begin weeks)",
        ),
        (Months, _) => Some("one price a month is taken for the end of the month of its date"),
    };
    let mut ways: Vec<&str> = bars.iter().filter_map(way).collect();
    ways.sort_unstable();
    ways.dedup();
    ways
}

fn of_odd_yields(odd: &OddYields) -> Entry {
    let (maturity, since, until) = (odd.maturity, odd.since, odd.until);
    let (before, value) = (four_digits(odd.before), four_digits(odd.value));
    let text = match (odd.kind, odd.with) {
        (OddKind::Swapped, Some(with)) => format!("{maturity} and {with}"),
        (OddKind::Apart, with) => {
            let with = with.map_or_else(String::new, |with| with.to_string());
            format!("{maturity} {value} beside {with} {before} from {since} to {until}")
        }
        (OddKind::Still, _) => format!("{maturity} {value} from {since} to {until}"),
        (OddKind::UnitChange, _) => format!(
            "{maturity} {before} to {value} on {since}, factor {}",
            if odd.value > odd.before { "100" } else { "0.01" }
        ),
        (OddKind::BadDays, _) if until > since => format!("{maturity} {value} beside {before} from {since} to {until}"),
        (OddKind::BadDays, _) => format!("{maturity} {value} beside {before} on {since}"),
        (OddKind::Level | OddKind::Swapped, _) => format!("{maturity} {before} to {value} on {since}"),
    };
    entry(maturity, Some(since), text)
}

/// What is wrong inside a column of yields, and what to do about it.
fn of_yields(kind: OddKind) -> (&'static str, &'static str) {
    match kind {
        OddKind::UnitChange => ("yields refused, another unit from a day on", "write 4.27 for 4.27% throughout"),
        OddKind::Swapped => ("columns of yields that seem to have changed places", "look at the file's headers"),
        OddKind::Apart => (
            "a yield far from the next maturity's, used as it is",
            "look whether it is a rate a year in percent, of the same country, with its sign",
        ),
        OddKind::Level => ("a step of one maturity alone, used as it is", "compare the yields with another source"),
        OddKind::Still => {
            ("one yield for 40 days or more, of which the first is used", "leave days without a yield empty")
        }
        OddKind::BadDays => ("yields that are off for a few days, left out", "mend them or leave their cells empty"),
    }
}

/// When a level is undone: of a misprint that is back within days the day is not needed.
fn until(found: &Finding) -> String {
    let until = found.until.filter(|_| found.kind == FindingKind::Level);
    until.map(|until| format!(" until {until}")).unwrap_or_default()
}

/// What moves of a kind are, and what to do about them.
fn of_moves(kind: FindingKind) -> (&'static str, &'static str) {
    match kind {
        FindingKind::Spike => ("likely misprints, back within days", "mend or delete these prices"),
        FindingKind::Level => (
            "a level that is undone later, or that such a fund never comes to by itself",
            "mend or delete these prices",
        ),
        FindingKind::SplitLike => {
            ("a move of the size of a split, that nothing explains", "adjust the prices before it, unless it was one")
        }
        FindingKind::UnitJump => ("another unit from a day on, such as pence", "bring the prices to one unit"),
        FindingKind::Unconfirmed => {
            ("large moves too near an end to tell from misprints", "compare them with another source")
        }
        FindingKind::Jump => ("large moves that nothing explains, used as they are", "look at them"),
    }
}

/// A price or yield to four digits, without noise.
fn four_digits(value: f64) -> String {
    let digits = (3.0 - value.abs().log10().floor()).clamp(0.0, 9.0);
    let scale = 10.0_f64.powf(digits);
    format!("{}", (value * scale).round() / scale)
}

#[cfg(test)]
mod tests {
    use factor_analytics::panel::Spacing;

    use super::*;

    fn ticker(name: &str) -> Ticker {
        name.parse().unwrap()
    }

    fn finding(kind: FindingKind, name: &str) -> Finding {
        let date = "2025-11-28".parse().unwrap();
        Finding { kind, ticker: ticker(name), date, until: None, before: 674.095, price: 67777.5, factor: 100.546 }
    }

    #[test]
    fn a_sentence_names_five_and_counts_the_others() {
        let found: Vec<Finding> = (0..7).map(|at| finding(FindingKind::Spike, &format!("T{at}"))).collect();
        let said = Doubt::Moves(FindingKind::Spike, found).to_string();
        assert!(
            said.starts_with("likely misprints, back within days (spike): T0 674.1 to 67778 on 2025-11-28, T1 "),
            "{said}"
        );
        assert!(said.contains("T4 674.1 to 67778 on 2025-11-28 and 2 more; mend or delete"), "{said}");
        assert!(said.chars().count() <= 340, "{}: an answer's first lines would cut it", said.chars().count());
    }

    #[test]
    fn figures_have_four_digits_and_none_is_rounded_away() {
        assert_eq!(
            (four_digits(0.042_713), four_digits(427.0), four_digits(0.5)),
            ("0.04271".into(), "427".into(), "0.5".into())
        );
    }

    #[test]
    fn what_a_source_tells_is_a_sentence_a_kind() {
        let date = "2026-03-03".parse().unwrap();
        let told = [
            Told::Currency { ticker: ticker("VOD"), currency: "GBp".to_owned() },
            Told::Frozen { ticker: ticker("OLD"), since: date },
            Told::Currency { ticker: ticker("SAP"), currency: "EUR".to_owned() },
            Told::ConflictingDates { ticker: ticker("SPY"), date, days: 3 },
        ];
        let said: Vec<String> = of_told(&told).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "prices not in US dollars (currency): VOD (GBp), SAP (EUR); they are not converted: returns are in that currency, and shares are not valued; files convert with the dollars for one euro in a column `CUR:EUR`",
                "the price stands still with volume 0 (frozen): OLD (since 2026-03-03); it may have stopped trading",
                "days that came twice with different prices (conflicting_dates): SPY (2026-03-03 and 2 more); of one file or answer the later row is used",
            ]
        );
    }

    #[test]
    fn each_kind_says_what_to_do() {
        let maturity = Maturity::Ust3M;
        let found = |unit| YieldFinding { maturity, unit, median: 0.0427, rows: 900 };
        let said = Doubt::YieldUnit(vec![found(YieldUnit::Decimals)]).to_string();
        assert_eq!(
            said,
            "yields refused, not in percent (yield_unit): UST3M (median 0.0427: decimals, factor 100); write 4.27 for 4.27%"
        );
        let bars =
            |dates, assumed| Bars { ticker: ticker("SPY"), spacing: Spacing::Weekly, placed: true, dates, assumed };
        let said = |bars: Bars| Doubt::Bars(vec![bars]).to_string();
        assert!(
            said(bars(BarDates::FirstDays, false))
                .ends_with("dated by their first day count on their last trading day")
        );
        assert!(said(bars(BarDates::LaterDays, true)).ends_with("tells whether these Sundays begin weeks)"));
        assert!(said(bars(BarDates::OwnDays, false)).ends_with("are not looked for"));
        let (date, value) = ("2026-08-03".parse().unwrap(), -0.0027);
        let said = Doubt::ExDates(vec![ExDate { ticker: ticker("BIL"), date, value }]).to_string();
        assert!(said.ends_with("is left out: BIL (-0.27% on 2026-08-03)"), "{said}");
    }
}
