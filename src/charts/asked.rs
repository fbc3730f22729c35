//! `chart`: whether a picture is wanted, in which form, and which.

use factor_types::{ClosedSet, closed_set};
use serde_json::{Value, json};

use crate::{
    arguments::{Args, Choices, Mend},
    tool_error::Refusal,
};

closed_set! {
    /// A picture that can be asked for by name, where an answer has several.
    pub(crate) enum Kind: "a picture" {
        HeatMap = "heat_map",
        Sensitivity = "sensitivity",
        RiskReturn = "risk_return",
        Wealth = "wealth",
        WealthLog = "wealth_log",
    }
}

/// The words for how a picture looks.
const LOOKS: [&str; 4] = ["png", "svg", "light", "dark"];

/// All words of `chart`.
const WORDS: [&str; LOOKS.len() + Kind::NAMES.len()] = factor_types::names_and(&LOOKS, &Kind::NAMES);

/// A picture that a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Chart {
    /// As SVG; else PNG.
    pub(crate) is_svg: bool,
    /// Light on dark.
    pub(crate) is_dark: bool,
    /// Which one; the answer's usual one where none is named.
    pub(crate) kind: Option<Kind>,
}

impl Chart {
    /// Reads `chart`: true, false, or words.
    pub(crate) fn read(args: &Args) -> Option<Self> {
        let read = args.read("chart", |value| match value {
            Value::Bool(wanted) => Ok(wanted.then(Self::default)),
            Value::String(words) => Self::of_words(words),
            _ => Err(Refusal::must("be true, or words such as \"svg\"").mended_by(Some(Mend::Value(json!(true))))),
        });
        read.flatten()
    }

    fn of_words(words: &str) -> Result<Option<Self>, Refusal> {
        let words = words.trim().to_ascii_lowercase();
        match words.as_str() {
            "" | "false" => return Ok(None),
            "true" => return Ok(Some(Self::default())),
            _ => {}
        }
        let mut chart = Self::default();
        let choices = Choices { names: &WORDS, aliases: &[] };
        for word in words.split([' ', ',']).filter(|word| !word.is_empty()) {
            match choices.find(word)? {
                "svg" => chart.is_svg = true,
                "png" => chart.is_svg = false,
                "dark" => chart.is_dark = true,
                "light" => chart.is_dark = false,
                kind => chart.kind = Kind::read(kind).ok(),
            }
        }
        Ok(Some(chart))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    fn read(value: Value) -> Result<Option<Chart>, String> {
        let args = Args::new(Map::from_iter([("chart".to_owned(), value)]));
        let chart = Chart::read(&args);
        args.result().map(|()| chart).map_err(|error| error.structured().to_string())
    }

    #[test]
    fn words_are_read_in_any_order() {
        let chart = |is_svg, is_dark, kind| Ok(Some(Chart { is_svg, is_dark, kind }));
        assert_eq!(read(json!(true)), chart(false, false, None));
        assert_eq!(read(json!("true")), chart(false, false, None));
        assert_eq!(read(json!("SVG")), chart(true, false, None));
        assert_eq!(read(json!("dark, svg wealth_log")), chart(true, true, Some(Kind::WealthLog)));
        assert_eq!([read(json!(false)), read(json!("false")), read(json!(null))], [Ok(None), Ok(None), Ok(None)]);
    }

    #[test]
    fn other_words_are_refused_with_those_that_there_are() {
        for (wrong, said) in [(json!("pie"), "heat_map"), (json!(3), "svg"), (json!("swg"), "did you mean `svg`?")] {
            let error = read(wrong.clone()).unwrap_err();
            assert!(error.contains("chart") && error.contains(said), "{wrong}: {error}");
        }
    }
}
