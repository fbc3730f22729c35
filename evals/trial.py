"""The questions, put to a model that sees the server's tools and nothing else."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, field
from pathlib import Path

from evals.clock import TODAY
from evals.grading import figures_missing, held, words_missing
from evals.material import Asked, NoAnswer, Plan, figures, wrongly_saved
from evals.models import EndpointFailed, Model

MOST_TURNS = 8
SYSTEM = "You answer questions about funds and portfolios with the tools you are given. Today is {today}. {instructions}"


@dataclass
class Tried:
    id: str
    tool: bool = False                 # the first call went to a tool of the plan; no call where none is needed
    arguments: bool = False            # what the calls brought holds every figure, and no call was refused that the plan does not expect to be
    numbers: bool = False              # every figure is in what the model says
    right: bool = False                # that, and all is said that must be, nothing that must not, nothing changed that must not
    calls: int = 0
    refused: int = 0
    characters: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    missed: list[str] = field(default_factory=list)
    failed: str | None = None          # the endpoint or the server gave no answer


def put(question: dict, plan: Plan, asked: Asked, oracle, model: Model, source: str, instructions: str, transcripts: Path | None) -> Tried:
    out, answers, made, text = Tried(question["id"]), [], [], ""
    try:
        asked.prepare(question)
        model.start(SYSTEM.format(today=TODAY[source], instructions=instructions).strip(), question["question"], asked.tools)
        for _ in range(MOST_TURNS):
            turn = model.next()
            out.tokens_in += turn.tokens_in
            out.tokens_out += turn.tokens_out
            text = turn.text
            if not turn.calls:
                break
            results = []
            for call in turn.calls:
                answer, said = ({}, f"the arguments are no JSON object: {call.unreadable}") if call.unreadable else asked.call(call.tool, call.arguments)
                failed = bool(call.unreadable) or answer.get("status") == "error"
                answers.append(answer)
                made.append({"tool": call.tool, "arguments": call.unreadable or call.arguments, "refused": failed, "characters": len(said)})
                results.append((call, said, failed))
            model.answer(results)
        else:
            out.missed.append(f"no end after {MOST_TURNS} turns")
        grade(question, plan, oracle, asked.saved(), answers, made, text, out)
    except (EndpointFailed, NoAnswer, KeyError, IndexError, TypeError) as error:
        out.failed = f"{type(error).__name__}: {error}" if not isinstance(error, (EndpointFailed, NoAnswer)) else str(error)
    finally:
        asked.clear()
    if transcripts:
        with open(transcripts, "a") as file:
            file.write(json.dumps({"id": question["id"], "source": source, "model": model.name, "question": question["question"], "calls": made, "said": text,
                                   "right": out.right, "missed": out.missed, "failed": out.failed}, ensure_ascii=False) + "\n")
    return out


def grade(question: dict, plan: Plan, oracle, now: dict | None, answers: list[dict], made: list[dict], text: str, out: Tried):
    """`now` is what is saved after the calls, None where that is not looked at; `made` and `answers` are the calls and what came of each."""
    out.calls, out.refused = len(made), sum(one["refused"] for one in made)
    out.characters = sum(one["characters"] for one in made)
    wanted = set(question.get("tools", [])) | {tool for tool, _ in plan.calls}
    out.tool = made[0]["tool"] in wanted if made and wanted else not made and not plan.calls
    expected = figures(question, oracle)
    out.arguments = all(held(figure, answers) for figure in expected) and (plan.refusal is not None or not out.refused)
    missing = figures_missing(expected, text)
    out.numbers = not missing
    out.missed += [*missing, *words_missing(question, text)]
    out.missed += wrongly_saved(question, now) if now is not None else []
    if not text.strip():
        out.missed.append("nothing was said")
    out.right = not out.missed


def summary(rows: list[Tried], price_in: float | None, price_out: float | None) -> dict:
    done = [row for row in rows if not row.failed]
    share = lambda name: sum(getattr(row, name) for row in done) / len(done) if done else None
    tokens = (sum(row.tokens_in for row in rows), sum(row.tokens_out for row in rows))
    cost = None if price_in is None or price_out is None else (tokens[0] * price_in + tokens[1] * price_out) / 1e6
    return {"questions": len(rows), "failed": len(rows) - len(done), "right": share("right"), "tool choice": share("tool"), "arguments": share("arguments"),
            "final numbers": share("numbers"), "median calls": statistics.median([row.calls for row in done]) if done else None,
            "median characters": statistics.median([row.characters for row in done]) if done else None,
            "tokens in": tokens[0], "tokens out": tokens[1], "cost": cost}
