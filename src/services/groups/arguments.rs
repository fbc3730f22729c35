//! The arguments of the group tools.

use std::cell::Cell;

use factor_types::{GroupName, GroupWeighting, Ticker, WeightingMethod};

use crate::{
    arguments::{Args, Choices, MapForm},
    services::saved_items,
    settings::GroupSettings,
    tool_error::ToolError,
};

/// Characters of a description.
pub(crate) const LONGEST_DESCRIPTION: usize = 500;
/// How far the sum of custom weights may be from 1, with room for the rounding of the sum itself.
const SUM_WITHIN: f64 = 0.001 + 1e-12;

const METHODS: Choices = Choices::of::<WeightingMethod>();

/// The name of a group, where it is the only argument.
pub(super) fn only_name(args: &Args) -> Result<GroupName, ToolError> {
    args.require("group_name");
    let name = saved_items::name(args, "group_name");
    args.finish(&["group_name"])?;
    name.ok_or_else(ToolError::internal)
}

/// What the group is for.
pub(super) fn description(args: &Args) -> Option<String> {
    let text = args.string("description")?;
    let length = text.chars().count();
    if length > LONGEST_DESCRIPTION {
        let hint = format!("it has {length}; shorten it");
        args.refuse("description", format!("must have at most {LONGEST_DESCRIPTION} characters"), hint);
        return None;
    }
    Some(text)
}

/// The members.
pub(super) fn tickers(args: &Args, settings: &GroupSettings) -> Option<Vec<Ticker>> {
    // Unreadable ones count as well: one slip must not look like a group that is too small.
    let given = Cell::new(0);
    let read = args.list_of("tickers", |text| {
        given.set(given.get() + 1);
        text.parse::<Ticker>()
    })?;
    let (fewest, most) = (settings.min_tickers, settings.max_tickers);
    let mut twice: Vec<&str> = Vec::new();
    for (at, ticker) in read.iter().enumerate() {
        if read[..at].contains(ticker) && !twice.contains(&ticker.as_str()) {
            twice.push(ticker.as_str());
        }
    }
    if !twice.is_empty() {
        args.must("tickers", format_args!("have no ticker twice: {}", twice.join(", ")));
    }
    if !(fewest..=most).contains(&given.get()) {
        let hint = format!("they are {}", given.get());
        args.refuse("tickers", format!("must be {fewest} to {most} tickers"), hint);
    }
    Some(read)
}

/// The weighting method.
pub(super) fn method(args: &Args) -> Option<WeightingMethod> {
    args.choice("weighting_method", METHODS)
}

/// How the members of the group that is to be saved are weighted. `kept` is the group before an update, with its members.
pub(super) fn weighting(
    args: &Args,
    method: Option<WeightingMethod>,
    tickers: Option<&[Ticker]>,
    kept: Option<(&[Ticker], &GroupWeighting)>,
) -> Option<GroupWeighting> {
    let given = weights(args, tickers);
    // It was given and is wrong: what follows from a default would only add to the mistakes.
    if method.is_none() && args.has("weighting_method") {
        return None;
    }
    // An update keeps what it does not name.
    let method = method.or(kept.map(|(_, weighting)| weighting.method())).unwrap_or(WeightingMethod::Equal);
    let plain = match method {
        WeightingMethod::Custom => {
            return given.or_else(|| kept_weights(args, tickers?, kept)).map(GroupWeighting::Custom);
        }
        WeightingMethod::Equal => GroupWeighting::Equal,
        WeightingMethod::MarketCap => GroupWeighting::MarketCap,
    };
    if args.has("weights") {
        let hint = "add weighting_method: custom, or leave weights out".to_owned();
        args.refuse("weights", "is for weighting_method custom only", hint);
        return None;
    }
    Some(plain)
}

/// The weights that a group had, while its members are the same; else they have to be given.
fn kept_weights(args: &Args, tickers: &[Ticker], kept: Option<(&[Ticker], &GroupWeighting)>) -> Option<Vec<f64>> {
    if args.has("weights") {
        return None;
    }
    if let Some((members, GroupWeighting::Custom(weights))) = kept
        && members.len() == tickers.len()
    {
        let weight_of = |ticker| weights.get(members.iter().position(|member| member == ticker)?).copied();
        if let Some(weights) = tickers.iter().map(weight_of).collect() {
            return Some(weights);
        }
    }
    args.refuse("weights", "is required with weighting_method custom", "give one weight per ticker");
    None
}

/// Custom weights in the order of `tickers`; `None` when they are absent or wrong.
fn weights(args: &Args, tickers: Option<&[Ticker]>) -> Option<Vec<f64>> {
    let entries = args.objects("weights", Some(MapForm { key: "ticker", value: "weight" }))?;
    let mut read: Vec<(Ticker, f64)> = Vec::with_capacity(entries.len());
    let mut sound = true;
    for entry in &entries {
        entry.only(&["ticker", "weight"]);
        entry.require("ticker");
        entry.require("weight");
        let ticker = entry.parsed::<Ticker>("ticker");
        let weight = entry.share_within("weight", 0.0..=1.0).filter(|weight| {
            if *weight <= 0.0 {
                entry.refuse("weight", "must be above 0", "leave the ticker out of the group");
            }
            *weight > 0.0
        });
        if let (Some(ticker), Some(tickers)) = (&ticker, tickers)
            && !tickers.contains(ticker)
        {
            entry.refuse(
                "ticker",
                format!("names {ticker}, which is not among tickers"),
                "add it to tickers, or leave its weight out",
            );
            sound = false;
        }
        match ticker.zip(weight) {
            Some((ticker, _)) if read.iter().any(|(known, _)| *known == ticker) => {
                entry.refuse(
                    "ticker",
                    format!("names {ticker}, which has a weight already"),
                    "give each ticker one weight",
                );
                sound = false;
            }
            Some(one) => read.push(one),
            None => sound = false,
        }
    }
    // Sums and gaps are of the whole, which says nothing while a part of it is wrong.
    let tickers = tickers.filter(|_| sound)?;
    let of = |ticker: &Ticker| read.iter().find(|(known, _)| known == ticker).map(|(_, weight)| *weight);
    let lacking: Vec<&str> = tickers.iter().filter(|ticker| of(ticker).is_none()).map(Ticker::as_str).collect();
    if !lacking.is_empty() {
        args.must("weights", format_args!("have a weight for every ticker: {} lack one", lacking.join(", ")));
        return None;
    }
    let weights: Vec<f64> = tickers.iter().filter_map(of).collect();
    let sum: f64 = weights.iter().sum();
    if (sum - 1.0).abs() > SUM_WITHIN {
        let sum = saved_items::significant(sum);
        let hint = format!("they sum to {sum}; divide each by {sum}");
        args.refuse("weights", "must sum to 1 within 0.001", hint);
        return None;
    }
    Some(weights)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NAMES: [&str; 4] = ["tickers", "weighting_method", "weights", "description"];

    fn members(names: &[&str]) -> Vec<Ticker> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn args(given: &Value) -> Args {
        Args::new(given.as_object().unwrap().clone())
    }

    /// The weighting of XLK and SMH, or what is wrong with it.
    fn try_weighting(given: Value, kept: Option<(&[Ticker], &GroupWeighting)>) -> Result<GroupWeighting, String> {
        let args = args(&given);
        let read = weighting(&args, method(&args), Some(&members(&["XLK", "SMH"])), kept);
        args.finish(&NAMES).map_err(|error| error.message)?;
        Ok(read.unwrap())
    }

    fn refused(given: Value, why: &str) {
        let message = try_weighting(given.clone(), None).unwrap_err();
        assert!(message.contains(why), "{given}: {message}");
    }

    #[test]
    fn weights_stand_in_the_order_of_the_members() {
        let given = json!({"weighting_method": "custom", "weights": [
            {"ticker": "SMH", "weight": 0.4}, {"ticker": "xlk", "weight": 0.6}
        ]});
        assert_eq!(try_weighting(given, None), Ok(GroupWeighting::Custom(vec![0.6, 0.4])));
        let plain = json!({"weighting_method": "custom", "weights": {"XLK": 0.6004, "SMH": 0.4}});
        assert_eq!(try_weighting(plain, None), Ok(GroupWeighting::Custom(vec![0.6004, 0.4])), "within 0.001 of 1");
        assert_eq!(try_weighting(json!({}), None), Ok(GroupWeighting::Equal));
        assert_eq!(try_weighting(json!({"weighting_method": "Cap"}), None), Ok(GroupWeighting::MarketCap));
    }

    #[test]
    fn weights_that_are_no_weights_of_the_members_are_refused() {
        let custom = |weights: Value| json!({"weighting_method": "custom", "weights": weights});
        refused(custom(json!({"XLK": 0.7, "SMH": 0.2})), "they sum to 0.9; divide each by 0.9");
        refused(custom(json!({"XLK": 1.0})), "SMH lack one");
        refused(custom(json!({"XLK": 0.5, "SMH": 0.4, "XLF": 0.1})), "names XLF, which is not among tickers");
        refused(
            custom(json!([{"ticker": "XLK", "weight": 0.5}, {"ticker": "XLK", "weight": 0.5}])),
            "has a weight already",
        );
        refused(custom(json!({"XLK": 1.0, "SMH": 0.0})), "must be above 0");
        refused(json!({"weighting_method": "custom"}), "is required with weighting_method custom");
        refused(json!({"weights": {"XLK": 0.5, "SMH": 0.5}}), "is for weighting_method custom only");
    }

    #[test]
    fn a_group_keeps_its_weights_while_its_members_are_the_same() {
        let kept = GroupWeighting::Custom(vec![0.4, 0.6]);
        let turned = members(&["SMH", "XLK"]);
        assert_eq!(try_weighting(json!({}), Some((&turned, &kept))), Ok(GroupWeighting::Custom(vec![0.6, 0.4])));
        let others = members(&["SMH", "XLF"]);
        assert!(try_weighting(json!({}), Some((&others, &kept))).unwrap_err().contains("is required"));
        let equal = json!({"weighting_method": "equal"});
        assert_eq!(try_weighting(equal, Some((&turned, &kept))), Ok(GroupWeighting::Equal));
    }

    #[test]
    fn members_are_counted_as_they_were_given() {
        let settings = GroupSettings { min_tickers: 2, max_tickers: 3, max_per_user: 100 };
        let refused = |given: Value| {
            let args = args(&json!({"tickers": given}));
            tickers(&args, &settings);
            args.finish(&NAMES).unwrap_err().message
        };
        assert!(refused(json!(["XLK"])).contains("must be 2 to 3 tickers: they are 1"));
        assert!(refused(json!(["A", "B", "C", "D"])).contains("they are 4"));
        assert!(refused(json!(["XLK", "xlk", "SMH"])).contains("no ticker twice: XLK"));
        // One that cannot be read is a mistake of its own, and counts.
        let unreadable = refused(json!(["XLK", "S PY"]));
        assert!(!unreadable.contains("they are"), "{unreadable}");
    }
}
