"""Questions, plans, sources of prices and servers: what a run is made of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "fixtures" / "oracle"))

import yaml  # noqa: E402

from evals.clock import TODAY  # noqa: E402
from evals.grading import Figure  # noqa: E402
from server import NoAnswer, Server  # noqa: E402

SOURCES = ("sample", "market")
KEYS = {"id", "persona", "question", "about", "data", "setup", "expect", "unanswerable", "changes", "must_say", "must_not_say", "within", "tools"}
PLAN_KEYS = {"calls", "where", "refusal", "shows", "because", "wrong_now"}


class Unusable(Exception):
    """A file of questions or plans, or what was asked on the command line."""


@dataclass
class Plan:
    calls: list[tuple[str, dict]]
    where: dict = field(default_factory=dict)
    refusal: str | None = None
    shows: list[str] = field(default_factory=list)
    wrong_now: str | None = None       # why the server is known to answer it wrongly

    @property
    def reckons(self) -> bool:
        """Whether a reader has to compare or reckon with what came."""
        return any(isinstance(how, dict) for how in self.where.values())


def entries(folder: Path) -> list[tuple[Path, object]]:
    return [(file, yaml.safe_load(file.read_text()) or []) for file in sorted(folder.glob("*.yaml"))]


def questions(folder: Path = HERE / "questions") -> list[dict]:
    found: dict[str, dict] = {}
    for file, rows in entries(folder):
        for row in rows:
            name = f"{file.name}: {row.get('id')}"
            if wrong := set(row) - KEYS:
                raise Unusable(f"{name}: no such keys: {', '.join(sorted(wrong))}")
            if lacking := {"id", "persona", "question", "within"} - set(row):
                raise Unusable(f"{name}: lacks {', '.join(sorted(lacking))}")
            if row["id"] in found:
                raise Unusable(f"{name}: there are two of that id")
            if not (row.get("expect") or row.get("unanswerable") or row.get("must_say") or "changes" in row):
                raise Unusable(f"{name}: nothing says what is right")
            states = row.get("changes", {})
            if not all(isinstance(state, dict) and not set(state) - {"groups", "portfolios"} for state in (states if isinstance(states, list) else [states])) or states == []:
                raise Unusable(f"{name}: changes is groups and portfolios by their names, or a list of such states")
            if row.get("data", "both") not in ("both", "french", *SOURCES):
                raise Unusable(f"{name}: data is sample, market, french or both")
            found[row["id"]] = row
    return list(found.values())


def plans(folder: Path = HERE / "plans") -> dict[str, Plan]:
    found = {}
    for file, rows in entries(folder):
        for name, row in (rows or {}).items():
            if wrong := set(row) - PLAN_KEYS:
                raise Unusable(f"{file.name}: {name}: no such keys: {', '.join(sorted(wrong))}")
            if not row["calls"] and "because" not in row:
                raise Unusable(f"{file.name}: {name}: no calls, and no reason why none are needed")
            calls = [next(iter(call.items())) for call in row["calls"]]
            found[name] = Plan(calls, row.get("where", {}), row.get("refusal"), row.get("shows", []), row.get("wrong_now"))
    return found


# ---------------------------------------------------------------------------------------------------------- sources


@dataclass
class Source:
    name: str
    folder: Path
    french: Path | None = None         # a folder of Kenneth French's files

    def oracle(self):
        from evals.oracle import Oracle  # here, since pandas and statsmodels take seconds, and who only makes calls needs neither

        found = Oracle.of(self.name, self.folder)
        found.french = self.french
        return found

    def has(self, question: dict) -> bool:
        """Whether this source can answer it."""
        return question.get("data", "both") in ("both", self.name, "french" if self.french else self.name)

    def settings(self) -> dict[str, str]:
        own = {"FACTOR_TODAY": TODAY[self.name], "FACTOR_PROXIES_DIR": str(ROOT / "proxies")}
        if self.name == "sample":
            return {**own, "FACTOR_PRICE_SOURCE": "sample"}
        file = next(f for f in sorted(self.folder.iterdir()) if f.name.endswith((".csv", ".csv.gz")) and "yield" not in f.name)
        return {**own, "FACTOR_PRICE_SOURCE": "files", "FACTOR_PRICE_FILES": str(file.resolve()),
                "FACTOR_YIELD_FILE": str((self.folder / "treasury_yields.csv").resolve()),
                **({"FACTOR_FRENCH_DIR": str(self.french.resolve())} if self.french else {})}


def sample_folder(given: Path | None) -> Path:
    """An export of the built-in sample; made by cargo where there is none."""
    folder = given or ROOT / "target/test-tools/sample"
    if not (folder / "prices.csv").exists():
        if given:
            raise Unusable(f"{folder} holds no prices.csv: an export of the sample is made by `cargo run --package factor-prices --example export_sample -- DIR --today {TODAY['sample']}`")
        folder.mkdir(parents=True, exist_ok=True)
        print(f"the sample is exported to {folder}", file=sys.stderr)
        subprocess.run(["cargo", "run", "--quiet", "--locked", "--package", "factor-prices", "--example", "export_sample", "--", str(folder), "--today", TODAY["sample"]], cwd=ROOT, check=True)
    return folder


def market_folder(given: Path | None) -> Path | None:
    folder = given or Path(os.environ.get("MARKET_DATA") or ROOT / "../shared/data/prices")
    return folder if (folder / "treasury_yields.csv").exists() else None


def french_folder(given: Path | None, market: Path) -> Path | None:
    """Files of published factors: beside the market prices where nothing else is said."""
    folder = given or market.resolve().parent / "french"
    if given and not folder.is_dir():
        raise Unusable(f"{folder} is no folder: --french takes one with files of Kenneth French's library")
    return folder if folder.is_dir() else None


# ---------------------------------------------------------------------------------------------------------- servers


class Asked:
    """A server, what it said of itself, and the calls that were made."""

    def __init__(self, path: str, settings: dict[str, str], data: Path | None = None):
        self.server = Server(path, settings, data)
        self.instructions = self.server.greeting.get("instructions", "")
        self.tools = self.server.request("tools/list", {})["tools"]
        self.schemas = {tool["name"]: tool["inputSchema"] for tool in self.tools}

    def call(self, tool: str, arguments: dict) -> tuple[dict, str]:
        """The structured answer and its text."""
        result = self.server.request("tools/call", {"name": tool, "arguments": arguments})
        text = "".join(block.get("text", "") for block in result.get("content", []))
        return result.get("structuredContent") or {}, text

    def warm(self, attempts: int = 20):
        """The first question of a server reads (or simulates) every price; on a busy machine it is told to ask again."""
        for _ in range(attempts):
            answer, text = self.call("get_factor_analysis", {"analysis_type": "returns", "tickers": ["SPY"], "windows": ["1m"]})
            if answer.get("error", {}).get("code") != "timeout":
                return
        raise NoAnswer(f"the server's prices do not arrive: {text[:200]}")

    def prepare(self, question: dict):
        for call in question.get("setup", []):
            answer, text = self.call(call["tool"], call["arguments"])
            if answer.get("status") != "success":
                raise NoAnswer(f"{question['id']}: its setup was refused: {text[:200]}")

    def saved(self) -> dict[str, list[str]]:
        """The names of the groups and portfolios that there are."""
        groups, portfolios = self.call("list_factor_groups", {})[0], self.call("list_portfolios", {})[0]
        return {"groups": sorted(g["group_name"] for g in groups.get("factor_groups", [])),
                "portfolios": sorted(p["portfolio_name"] for p in portfolios.get("portfolios", []))}

    def clear(self):
        """Nobody's groups and portfolios are left for the next question."""
        for name in self.saved()["groups"]:
            self.call("delete_factor_group", {"group_name": name})
        for name in self.saved()["portfolios"]:
            self.call("delete_portfolio", {"portfolio_name": name})

    def close(self):
        self.server.close()


def saved_after(question: dict) -> list[dict[str, list[str]]]:
    """What there may be afterwards: each of the states that the question names, else what its setup made."""
    made = {"groups": [], "portfolios": []}
    for call in question.get("setup", []):
        if call["tool"] == "create_factor_group":
            made["groups"].append(call["arguments"]["group_name"])
        else:
            made["portfolios"].append(call["arguments"].get("portfolio_name", "CURRENT_PORTFOLIO"))
    named = question.get("changes", {})
    return [{kind: sorted(names) for kind, names in {**made, **state}.items()} for state in (named if isinstance(named, list) else [named])]


def wrongly_saved(question: dict, now: dict[str, list[str]]) -> list[str]:
    """What is not as it may be afterwards; of several states that may be, against the one that is nearest."""
    found = [[f"afterwards there are {kind} {now[kind]}, not {state[kind]}" for kind in state if now[kind] != state[kind]] for state in saved_after(question)]
    return min(found, key=len)


def figures(question: dict, oracle: Oracle) -> list[Figure]:
    return [Figure(name, entry, oracle) for name, entry in (question.get("expect") or {}).items()]


def described(arguments: dict) -> str:
    return json.dumps(arguments, ensure_ascii=False)
