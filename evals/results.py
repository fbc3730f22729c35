"""Tables of what came of a run, on the screen and in RESULTS.md."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEPT = HERE / "results.json"
TABLE = HERE / "RESULTS.md"
# What there is to be run; what no record is of is told so.
TRIALS = ["plans", "fresh reader", "hasty reader", "model over an OpenAI-compatible endpoint", "model over an Anthropic-compatible endpoint"]


def written(value) -> str:
    if value is None:
        return "not known"
    if isinstance(value, float):
        return f"{value:g}" if value == round(value, 1) else f"{value:.3f}"
    return str(value)


def markdown(rows: list[dict]) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [columns, ["---"] * len(columns), *[[written(row[c]) if c in row else "" for c in columns] for row in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def show(rows: list[dict]):
    for row in rows:
        print(", ".join(f"{key} {written(value)}" if key != "trial" else f"{value}:" for key, value in row.items()).replace(":,", ":"))


def record(name: str, rows: list[dict], kept: Path = KEPT, table: Path = TABLE):
    known = json.loads(kept.read_text()) if kept.exists() else {}
    known[name] = {"date": date.today().isoformat(), "rows": rows}
    kept.write_text(json.dumps(known, indent=1) + "\n")
    table.write_text(page(known))


def append(name: str, row: dict, kept: Path = KEPT, table: Path = TABLE):
    """A row beneath those of earlier trials of this name: what changed between them is to be seen."""
    known = json.loads(kept.read_text()) if kept.exists() else {}
    record(name, [*known.get(name, {"rows": []})["rows"], row], kept, table)


def page(known: dict) -> str:
    parts = ["# What came of the evals", "",
             "Written by `run.py --record NAME` and `sitting.py grade FOLDER --record NAME`. What nobody has run is called so; nothing here is estimated.", ""]
    for name in dict.fromkeys([*TRIALS, *known]):
        parts += [f"## {name[0].upper()}{name[1:]}", ""]
        if name not in known:
            parts += ["not run", ""]
            continue
        parts += [f"{known[name]['date']}", ""]
        groups: dict[tuple, list[dict]] = {}
        for row in known[name]["rows"]:
            groups.setdefault(tuple(row), []).append(row)
        for rows in groups.values():
            parts += [markdown(rows), ""]
    return "\n".join(parts)
