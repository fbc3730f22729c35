//! What is asked: the arguments that only this question has.

use factor_types::{Category, Ticker, closed_set};
use indexmap::IndexMap;

use crate::{
    analysis::UserGroups,
    app::Basis,
    arguments::{Args, Choices, Include, MapForm},
    services::{
        common_args::CommonArgs,
        portfolio::held::own_group,
        portfolios::holdings::{Source, held},
    },
    tool_error::ToolError,
};

/// The names of its own arguments; the others are those of every analysis.
const NAMES: [&str; 8] =
    ["holdings", "portfolio_name", "factors", "categories", "factor_categories", "what_if", "balance", "include"];

/// Arguments of other analyses that pick candidates or tables, of which there are none here.
const NOT_HERE: [&str; 3] = ["asset_class_filters", "factor_universe", "industry_granularity"];

/// Factors of one regression.
const MOST_FACTORS: usize = 20;
/// Changes of one trade.
const MOST_CHANGES: usize = 100;
/// A change of weight beyond this is a percentage.
const LARGEST_CHANGE: f64 = 10.0;

closed_set! {
    /// A section of an answer, as `include` names it.
    pub(crate) enum Section: "a section" {
        Holdings = "holdings",
        ByIndustry = "by_industry",
        BySectorGroup = "by_sector_group",
        ByAssetClass = "by_asset_class",
        Regression = "regression",
        Risk = "risk",
        WhatIf = "what_if",
        CalendarYears = "calendar_years",
        Insights = "insights",
        DataQuality = "data_quality",
        Metadata = "metadata",
        FormattedReport = "formatted_report",
    }
}

closed_set! {
    /// What gives or takes what the changes of a trade do not balance.
    #[derive(Default)]
    pub(crate) enum Balance: "a balance" {
        /// Cash, which is borrowed where there is too little.
        #[default]
        Cash = "cash",
        /// All other holdings in proportion, cash among them.
        ProRata = "pro_rata" | "proportional",
    }
}

/// What a portfolio is regressed on where no factor is named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Unnamed {
    /// The factors of the lens.
    #[default]
    Lens,
    /// The macro composites.
    Macro,
}

/// Names in `factors` that stand for several at once.
const LENS: &str = "lens";
const MACRO: &str = "macro";

/// A question for what a portfolio is exposed to.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) source: Source,
    /// The factors by name; `None` for those that `unnamed` says.
    pub(crate) factors: Option<Vec<String>>,
    pub(crate) unnamed: Unnamed,
    /// The change of weight by ticker.
    pub(crate) what_if: Option<IndexMap<Ticker, f64>>,
    pub(crate) balance: Balance,
    pub(crate) include: Include<Section>,
}

impl Request {
    /// Reads a call's arguments, the common ones too.
    ///
    /// # Errors
    /// Every argument that breaks its rule.
    pub(crate) fn read(mut args: Args, basis: Basis) -> Result<(Self, CommonArgs), ToolError> {
        let named = args.strings("factors").filter(|names| !names.is_empty());
        let is_all = |word: &str| named.as_deref().is_some_and(|names| matches!(names, [name] if is_word(name, word)));
        let unnamed = if is_all(MACRO) { Unnamed::Macro } else { Unnamed::Lens };
        let (of_lens, of_macro) = (is_all(LENS), is_all(MACRO));
        let factors = named.filter(|_| !of_lens && !of_macro);
        if factors.as_ref().is_some_and(|names| names.len() > MOST_FACTORS) {
            args.must("factors", format_args!("be at most {MOST_FACTORS} names"));
        }
        let include = Include::read(&args);
        let (changes, balance) = (what_if(&args), args.choice("balance", Choices::of::<Balance>()));
        let (without_trade, balance) = (balance.is_some() && changes.is_none(), balance.unwrap_or_default());
        let request = Self { source: Source::read(&args), factors, unnamed, what_if: changes, balance, include };
        let mut common = CommonArgs::read(&mut args, (&NAMES, &NOT_HERE), &basis)?;
        if without_trade {
            common.notes.push("balance is ignored: it says what balances what_if, which is not given".to_owned());
        }
        Ok((request, common))
    }

    /// Whether the lens is what is regressed on, as far as the arguments say.
    pub(super) fn is_of_lens(&self, common: &CommonArgs) -> bool {
        self.factors.is_none() && self.unnamed == Unnamed::Lens && common.categories.is_none()
    }

    /// The names of the factors to regress on with the argument that they come from: those of `factors`, else the
    /// composites of `categories`, of `user` the caller's groups. The rest of the question takes the whole universe.
    pub(super) fn regressed_on(&self, common: &mut CommonArgs) -> Option<(&'static str, Vec<String>)> {
        let picked = common.categories.take();
        if let Some(named) = &self.factors {
            if picked.is_some() {
                common.notes.push("categories is ignored: factors says what to regress on".to_owned());
            }
            return Some(("factors", named.clone()));
        }
        let groups: Vec<String> = common.groups.factors().map(|group| group.ticker.to_string()).collect();
        let names = picked?.into_iter().flat_map(|category| match category {
            Category::User if !groups.is_empty() => groups.clone(),
            category => vec![category.as_str().to_owned()],
        });
        Some(("categories", names.collect()))
    }

    /// Puts the groups that the trade changes under the names that they were saved with.
    ///
    /// # Errors
    /// No such group is the caller's.
    pub(super) fn trade_own_groups(&mut self, groups: &UserGroups) -> Result<(), ToolError> {
        let Some(changes) = self.what_if.take() else { return Ok(()) };
        let mut own = IndexMap::with_capacity(changes.len());
        for (ticker, change) in changes {
            *own.entry(own_group(&ticker, groups, "what_if")?).or_insert(0.0) += change;
        }
        self.what_if = Some(own);
        Ok(())
    }

    /// The tickers that the trade changes.
    pub(crate) fn traded(&self) -> impl Iterator<Item = &Ticker> {
        self.what_if.iter().flat_map(IndexMap::keys)
    }
}

fn is_word(name: &str, word: &str) -> bool {
    name.trim().eq_ignore_ascii_case(word)
}

fn what_if(args: &Args) -> Option<IndexMap<Ticker, f64>> {
    let entries = args.objects("what_if", Some(MapForm { key: "ticker", value: "change" }))?;
    if !(1..=MOST_CHANGES).contains(&entries.len()) {
        args.must("what_if", format_args!("be 1 to {MOST_CHANGES} changes"));
    }
    let mut changes = IndexMap::new();
    for entry in &entries {
        entry.only(&["ticker", "change", "ticker_is_fund"]);
        entry.require("ticker");
        entry.require("change");
        let ticker = held(entry);
        let change = entry.share_within("change", -LARGEST_CHANGE..=LARGEST_CHANGE);
        if let (Some(ticker), Some(change)) = (ticker, change) {
            *changes.entry(ticker).or_insert(0.0) += change;
        }
    }
    Some(changes)
}
