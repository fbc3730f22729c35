//! The skills of the folder `skills`, as prompts: which calls in which order, what to say about uncertainty, what never to say.
//!
//! The file is the prompt: what is filled in stands before it.

use super::{Argument, Completed, Given, PORTFOLIO, PromptEntry};

pub(super) const REVIEW_A_PORTFOLIO: PromptEntry = PromptEntry {
    name: "review-a-portfolio",
    title: "Review a portfolio",
    description: "What a portfolio holds, what moves it, what it has risked and where it is concentrated.",
    arguments: &[PORTFOLIO],
    text: |given| {
        filled(
            given,
            PORTFOLIO.name,
            "The portfolio is saved as",
            include_str!("../../../skills/review-a-portfolio/SKILL.md"),
        )
    },
};

pub(super) const HEDGE_A_POSITION: PromptEntry = PromptEntry {
    name: "hedge-a-position",
    title: "Hedge a position",
    description: "What offsets something there is too much of, by how much, and whether that worked out of sample.",
    arguments: &[POSITION],
    text: |given| {
        filled(given, POSITION.name, "The position is", include_str!("../../../skills/hedge-a-position/SKILL.md"))
    },
};

pub(super) const STRESS_BEFORE_A_DECISION: PromptEntry = PromptEntry {
    name: "stress-before-a-decision",
    title: "Stress before a decision",
    description: "What a change to a portfolio would have meant in past crashes and under shocks, before it is made.",
    arguments: &[DECISION],
    text: |given| {
        filled(
            given,
            DECISION.name,
            "What is considered:",
            include_str!("../../../skills/stress-before-a-decision/SKILL.md"),
        )
    },
};

pub(super) const EXPLAIN_A_FUND: PromptEntry = PromptEntry {
    name: "explain-a-fund",
    title: "Explain a fund",
    description: "What a fund stands for, what moves it, what it is like and unlike, and what it has done.",
    arguments: &[FUND],
    text: |given| filled(given, FUND.name, "The fund is", include_str!("../../../skills/explain-a-fund/SKILL.md")),
};

const POSITION: Argument = Argument {
    name: "position",
    description: "What there is too much of, such as `VNQ`. Default: it is asked for.",
    completed: Completed::Factors,
};
const DECISION: Argument = Argument {
    name: "decision",
    description: "The change, such as `20% from SPY into XLK`. Default: it is asked for.",
    completed: Completed::No,
};
const FUND: Argument = Argument {
    name: "fund",
    description: "A ticker, such as `XLE`. Default: it is asked for.",
    completed: Completed::Factors,
};

/// The skill without its head, after what is given.
fn filled(given: &Given, argument: &str, words: &str, skill: &str) -> String {
    let body = skill.splitn(3, "---\n").nth(2).unwrap_or(skill).trim();
    match given.text(argument) {
        Some(value) => format!("{words} `{value}`.\n\n{body}"),
        None => body.to_owned(),
    }
}
