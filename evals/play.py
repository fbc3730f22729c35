"""The plans, played against the binary."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass, field

from evals.grading import MISSING, reckoned, same, shown
from evals.material import Asked, NoAnswer, Plan, figures, wrongly_saved
from evals.schemas import faults

# What a caller gets who says next to nothing.
DEFAULTS = [
    ("get_factor_analysis", {"analysis_type": "returns"}), ("get_factor_analysis", {"analysis_type": "performance"}),
    ("get_factor_analysis", {"analysis_type": "correlations"}), ("compare_factors", {"tickers": ["SPY", "TLT"]}),
    ("get_factor_recommendations", {"overexposed_factor": "XLE"}),
    ("get_factor_recommendations", {"overexposed_factor": "VNQ", "holdings": {"VNQ": 0.4, "SPY": 0.6}}),
    ("get_portfolio_exposures", {"holdings": {"SPY": 0.6, "IEF": 0.4}}), ("analyze_factor_model", {"ticker": "XLK"}),
    ("analyze_factor_model", {"holdings": {"SPY": 0.6, "IEF": 0.4}}), ("stress_test", {"ticker": "SPY"}),
    ("stress_test", {"holdings": {"SPY": 0.6, "IEF": 0.4}, "shocks": {"SPY": -0.2}}),
    ("list_factors", {}), ("get_server_status", {}),
]
LARGEST_DEFAULT = 8000


@dataclass
class Played:
    """How one question went."""
    id: str
    calls: int = 0
    characters: int = 0
    figures: int = 0
    wrong: list[str] = field(default_factory=list)
    known: bool = False                # wrong, and known to be
    reckons: bool = False              # a reader has to compare or reckon


def play(question: dict, plan: Plan, asked: Asked, oracle) -> Played:
    out = Played(question["id"], reckons=plan.reckons)
    asked.prepare(question)
    answers, texts = [], []
    try:
        for tool, arguments in plan.calls:
            if tool not in asked.schemas:
                out.wrong.append(f"there is no tool {tool}")
                return out
            out.wrong += [f"{tool}: {fault}" for fault in faults(arguments, asked.schemas[tool])]
            answer, text = asked.call(tool, arguments)
            answers.append(answer)
            texts.append(text)
        compare(question, plan, answers, texts, oracle, out)
        out.wrong += wrongly_saved(question, asked.saved())
    except NoAnswer as error:
        out.wrong.append(f"no answer: {error}")
    finally:
        asked.clear()
    if plan.wrong_now:
        out.known = bool(out.wrong)
        out.wrong = out.wrong or [f"no longer wrong ({plan.wrong_now}): take `wrong_now` out of the plan"]
    return out


def compare(question: dict, plan: Plan, answers: list[dict], texts: list[str], oracle, out: Played):
    out.calls, out.characters = len(texts), sum(map(len, texts))
    error = answers[-1].get("error", {}) if answers else {}
    if plan.refusal and not re.fullmatch(plan.refusal, str(error.get("code"))):
        out.wrong.append(f"no refusal {plan.refusal}: {shown(error.get('code') or answers[-1].get('status'))}")
    if error and not plan.refusal and plan.where:
        out.wrong.append(f"refused: {error.get('message')}")
    for pattern in plan.shows:
        if not any(re.search(pattern, text, re.I | re.S) for text in texts):
            out.wrong.append(f"the answer does not show {pattern}")
    known: dict = {}
    for figure in figures(question, oracle):
        out.figures += 1
        known[figure.name] = figure.value
        if figure.name not in plan.where:
            out.wrong.append(f"{figure.name}: the plan does not say where it stands")
            continue
        try:
            got = reckoned(answers, plan.where[figure.name], known)
        except (TypeError, KeyError, ValueError, IndexError) as failure:
            got, _ = MISSING, out.wrong.append(f"{figure.name}: {type(failure).__name__} {failure}")
        if not same(figure, got):
            out.wrong.append(f"{figure.name}: {shown(got)}, where {shown(figure.value)} is right")
    calls, characters = question["within"]
    if out.calls > calls:
        out.wrong.append(f"{out.calls} calls, more than {calls}")
    if out.characters > characters:
        out.wrong.append(f"{out.characters} characters, more than {characters}")


def defaults(asked: Asked) -> list[tuple[int, str]]:
    """The length of each answer to a call that says next to nothing."""
    found = []
    for tool, arguments in DEFAULTS:
        kind = arguments.get("analysis_type")
        found.append((len(asked.call(tool, arguments)[1]), f"{tool} {kind}" if kind else tool))
    return sorted(found, reverse=True)


def summary(rows: list[Played]) -> dict:
    calls = [row.calls for row in rows if row.calls]
    characters = [row.characters for row in rows if row.calls]
    return {"questions": len(rows), "right": sum(not row.wrong for row in rows), "known to be wrong": sum(row.known for row in rows),
            "figures": sum(row.figures for row in rows), "need reckoning": sum(row.reckons for row in rows),
            "median calls": statistics.median(calls) if calls else None, "median characters": statistics.median(characters) if characters else None,
            "largest characters": max(characters, default=None)}
