//! What goes into an answer's receipt, and what of it is no longer so.

use std::{collections::HashSet, sync::Arc};

use factor_types::{Holding, Ticker};
use sha2::{Digest, Sha256};

use super::{holdings_warning::a_few, repeats::Asked};
use crate::{
    analysis::{Analysis, UserGroup, UserGroups},
    answer::{
        Version,
        receipt::{Arguments, Draft, MadeOf, Print, Receipt, print_of},
    },
    app::{App, Basis},
};

/// What an answer to a question is made of; `besides` is the digest of what its tool reads besides prices and fundamentals.
pub(crate) fn draft(app: &App, asked: &Asked, analysis: &Analysis, besides: Option<Version>) -> Arc<Draft> {
    let (question, basis) = asked.in_full();
    let prints = analysis.prepared.prints();
    let series = prints.series.iter().map(|(ticker, digest)| (ticker.to_string(), print_of(digest))).collect();
    let digits = |digest: &[u8; 32]| Version::from(*digest).as_str().to_owned();
    let of = MadeOf {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        tool: question.tool.to_owned(),
        asked: Arguments::of(&asked.arguments()),
        today: question.clock.today,
        final_through: question.clock.final_through,
        source: analysis.source.name.to_owned(),
        usual: usual(app, basis),
        universe: basis.snapshot.loaded.hash.clone(),
        panel: digits(&prints.panel),
        yields: prints.yields.as_ref().map(digits).unwrap_or_default(),
        facts: match besides {
            Some(besides) => Version::of(&(digits(&analysis.facts()), besides.as_str())).as_str().to_owned(),
            None => digits(&analysis.facts()),
        },
        series: 0,
    };
    Arc::new(Draft { of, series, kept: kept(basis) })
}

/// What the settings say of calls that leave it open, in the order of [`USUAL`].
fn usual(app: &App, basis: &Basis) -> Vec<f64> {
    let analysis = &app.settings.analysis;
    // Settings of a few thousand at most.
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let counts = [analysis.max_factors as f64, analysis.min_observations as f64];
    vec![f64::from(basis.usual.window_months), basis.usual.correlation_threshold, counts[0], counts[1]]
}

/// The settings that a receipt has the values of.
pub(crate) const USUAL: [&str; 4] = [
    "FACTOR_DEFAULT_WINDOW_MONTHS",
    "FACTOR_CORRELATION_THRESHOLD_DEFAULT",
    "FACTOR_INTELLIGENCE_MAX_FACTORS",
    "FACTOR_CORRELATION_MIN_OBSERVATIONS",
];

/// The prints of what the user keeps and the answer may rest on: groups, and the portfolios that the call names.
fn kept(basis: &Basis) -> Vec<(String, Print)> {
    let UserGroups { groups, portfolios, .. } = &basis.groups;
    let groups = groups.iter().map(|group| (group.factor.ticker.to_string(), of_group(group)));
    let portfolios = portfolios.iter().map(|portfolio| {
        let weights = portfolio.weights.iter().flatten().map(|(ticker, weight)| (ticker, *weight));
        (portfolio.factor.ticker.to_string(), of_weights(&portfolio.factor.ticker, weights))
    });
    let saved = (!basis.saved.is_empty()).then(|| ("the saved portfolio".to_owned(), of_holdings(&basis.saved)));
    groups.chain(portfolios).chain(saved).collect()
}

fn of_group(group: &UserGroup) -> Print {
    let members = group.members.iter().flatten().map(|(ticker, weight)| (ticker, *weight));
    of_weights(&group.factor.ticker, members)
}

fn of_weights<'a>(of: &Ticker, weights: impl Iterator<Item = (&'a Ticker, f64)>) -> Print {
    let mut digest = Sha256::new().chain_update(of.as_str());
    for (ticker, weight) in weights {
        digest.update("\0");
        digest.update(ticker.as_str());
        digest.update("\0");
        digest.update(weight.to_bits().to_le_bytes());
    }
    print_of(&digest.finalize().into())
}

fn of_holdings(holdings: &[Holding]) -> Print {
    let text = serde_json::to_string(holdings).unwrap_or_default();
    print_of(&Sha256::digest(text).into())
}

/// What is no longer as it was when a receipt was written.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub(crate) enum Difference {
    /// The program's version.
    Version { was: String, is: String },
    /// Where prices come from.
    PriceSource { was: String, is: String },
    /// A setting that calls leave to the server.
    Setting { name: &'static str, was: f64, is: f64 },
    /// The universe of factors.
    Universe { was: String, is: String },
    /// Prices: the series that were none of the receipt's, and how many of the receipt's are no longer there.
    Prices { now: Vec<String>, gone: usize },
    /// Yields.
    Yields,
    /// Dividends, closes or capitalisations; of a published model its files.
    Fundamentals,
    /// Groups and portfolios: those that were none of the receipt's, and how many of the receipt's are no longer there.
    Kept { now: Vec<String>, gone: usize },
}

impl Difference {
    /// In a sentence.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Version { was, is } => format!("version: {was} then, {is} now"),
            Self::PriceSource { was, is } => format!("price source: {was} then, {is} now"),
            Self::Setting { name, was, is } => format!("setting: {name} was {was}, and is {is}"),
            Self::Universe { was, is } => format!("universe of factors: version {was} then, {is} now"),
            Self::Prices { now, gone } => format!("prices: {}", others(now, *gone)),
            Self::Yields => "yields: other ones".to_owned(),
            Self::Fundamentals => "dividends, closes, capitalisations or factor files: other ones".to_owned(),
            Self::Kept { now, gone } => format!("groups and portfolios: {}", others(now, *gone)),
        }
    }
}

/// Those that were none of then by name, and how many of then have none in their place: a print does not say whose it was.
fn others(now: &[String], gone: usize) -> String {
    let named = (!now.is_empty()).then(|| format!("other ones of {}", a_few(now.iter().map(String::as_str))));
    let fewer = gone.saturating_sub(now.len());
    let lost = (fewer > 0).then(|| format!("{fewer} of then are gone"));
    let said: Vec<String> = named.into_iter().chain(lost).collect();
    if said.is_empty() { "other ones".to_owned() } else { said.join(", ") }
}

/// All that differs between a receipt and what the same question is made of now.
pub(crate) fn differences(was: &Receipt, is: &Draft) -> Vec<Difference> {
    let mut found = Vec::new();
    let (before, after) = (&was.of, &is.of);
    let both = |was: &String, is: &String| (was != is).then(|| (was.clone(), is.clone()));
    found.extend(both(&before.version, &after.version).map(|(was, is)| Difference::Version { was, is }));
    found.extend(both(&before.source, &after.source).map(|(was, is)| Difference::PriceSource { was, is }));
    for (name, (was, is)) in USUAL.into_iter().zip(before.usual.iter().zip(&after.usual)) {
        if was.to_bits() != is.to_bits() {
            found.push(Difference::Setting { name, was: *was, is: *is });
        }
    }
    found.extend(both(&before.universe, &after.universe).map(|(was, is)| Difference::Universe { was, is }));
    let (now, gone) = if was.series.is_empty() { Default::default() } else { apart(&was.series, &is.series) };
    // The panel's digest tells what the few bytes of a print may not; the yields are told by themselves.
    let is_other = before.panel != after.panel && before.yields == after.yields;
    if !now.is_empty() || gone > 0 || is_other {
        found.push(Difference::Prices { now, gone });
    }
    if before.yields != after.yields {
        found.push(Difference::Yields);
    }
    if before.facts != after.facts {
        found.push(Difference::Fundamentals);
    }
    let (now, gone) = apart(&was.kept, &is.kept);
    if !now.is_empty() || gone > 0 {
        found.push(Difference::Kept { now, gone });
    }
    found
}

/// What was not there before, by name, and how many are no longer there.
fn apart(was: &[Print], is: &[(String, Print)]) -> (Vec<String>, usize) {
    let (before, after): (HashSet<&Print>, HashSet<&Print>) =
        (was.iter().collect(), is.iter().map(|(_, print)| print).collect());
    let new = is.iter().filter(|(_, print)| !before.contains(print)).map(|(name, _)| name.clone());
    (new.collect(), before.difference(&after).count())
}
