"""The small tools, the protocol itself, and the command line."""

from __future__ import annotations

import json
import random
from typing import Any

from pools import CATEGORIES, NO_LIST, NO_STRING, World

TOOLS = [
    "create_factor_group", "delete_factor_group", "delete_portfolio", "get_factor_analysis", "get_factor_group",
    "get_factor_recommendations", "get_portfolio", "get_portfolio_exposures", "get_server_status", "list_factor_groups",
    "list_factors", "list_portfolios", "save_portfolio", "update_factor_group", "validate_factor_group",
]  # fmt: skip


def list_factors() -> list[tuple[str, dict]]:
    """Calls of `list_factors`."""
    queries = ["semiconductor", "XLF", "gold", "", "cyclical", "BANK", "zzzz", "10", "é", "USER:", 5]
    calls: list[tuple[str, dict]] = [("right", {"query": query}) for query in queries]
    calls += [("right", {"categories": [name]}) for name in CATEGORIES[:8]]
    calls += [("right", {}), ("right", {"categories": ["style", "market"], "query": "us"}), ("right", {"categories": "bonds, cash"})]
    calls += [("wrong", {"query": one}) for one in NO_STRING] + [("wrong", {"categories": one}) for one in [["x"], ["rate"], *NO_LIST]]
    calls += [("wrong", {"cursor": one}) for one in ["64.000000000000", "zz", 5, {}]] + [("wrong", {"querry": "x", "page": 2})]
    return calls


def status() -> list[tuple[str, dict]]:
    return [("right", {}), ("wrong", {"verbose": True})]


def protocol() -> list[tuple[str, str, dict | None]]:
    """Requests that are no tool calls, and calls of tools that do not exist: kind, method, parameters."""
    said = {"categories": "industry, style", "benchmark_ticker": "VTI"}
    hedge = {"overexposed_factor": "VNQ", "portfolio_name": "Retirement", "categories": "fixed_income"}
    requests: list[tuple[str, str, dict | None]] = [
        ("lists", "tools/list", {}),
        ("lists", "prompts/list", {}),
        ("lists", "resources/list", {}),
        ("lists", "resources/templates/list", {}),
        ("lists", "tools/list", {"cursor": "x"}),
        ("prompts", "prompts/get", {"name": "factor_check_up"}),
        ("prompts", "prompts/get", {"name": "factor_check_up", "arguments": said}),
        ("prompts", "prompts/get", {"name": "hedge_my_portfolio"}),
        ("prompts", "prompts/get", {"name": "hedge_my_portfolio", "arguments": hedge}),
        ("prompts", "prompts/get", {"name": "what_moved_this_month", "arguments": {"categories": " style\n", "colour": "red"}}),
        ("prompts", "prompts/get", {"name": "what_moved_this_month", "arguments": {"categories": "x" * 300}}),
        ("prompts", "prompts/get", {"name": "factor_checkup"}),
        ("prompts", "prompts/get", {"name": "nothing"}),
        ("prompts", "prompts/get", {}),
        ("unknown", "tools/call", {"name": "list_factor", "arguments": {}}),
        ("unknown", "tools/call", {"name": "x" * 200, "arguments": {}}),
        ("unknown", "tools/call", {"name": "", "arguments": {}}),
        ("unknown", "tools/call", {"arguments": {}}),
        ("unknown", "tools/call", {"name": "list_factors", "arguments": []}),
        ("unknown", "tools/call", {"name": "list_factors"}),
        ("unknown", "nothing/at/all", {}),
        ("unknown", "logging/setLevel", {"level": "debug"}),
    ]
    addresses = ["factor://glossary", "factor://universe", "factor://nothing", "factor://result/0", "factor://schema/nope", "x:y"]
    addresses += [f"factor://schema/{tool}" for tool in TOOLS] + ["factor://result/0123456789abcdef0123456789abcdef"]
    requests += [("resources", "resources/read", {"uri": uri}) for uri in addresses]

    def completion(reference: dict, name: str, value: str) -> tuple[str, str, dict]:
        return "completions", "completion/complete", {"ref": reference, "argument": {"name": name, "value": value}}

    prompt = {"type": "ref/prompt", "name": "hedge_my_portfolio"}
    for name, value in [("overexposed_factor", "x"), ("overexposed_factor", ""), ("categories", "sty"), ("categories", "style, f"), ("colour", "r")]:
        requests.append(completion(prompt, name, value))
    requests.append(completion({"type": "ref/prompt", "name": "factor_check_up"}, "benchmark_ticker", "SP"))
    requests.append(completion({"type": "ref/prompt", "name": "none"}, "categories", "s"))
    requests.append(completion({"type": "ref/resource", "uri": "factor://schema/{tool}"}, "tool", "get_"))
    requests.append(completion({"type": "ref/resource", "uri": "factor://other/{tool}"}, "tool", "get_"))
    return requests


HOLDINGS_FILES = {
    "holdings.csv": "ticker,weight\nSPY,60%\nTLT,0.4\n",
    "shares.csv": "Name,Shares,Symbol,Value\nS&P,\"1,000\",SPY,\nCash,,CUR:USD,$2500\n",
    "wrong.csv": "ticker,weight\nSPY,sixty\n",
    "none.csv": "name,amount\nSPY,1\n",
    "mine.yaml": "asset_classes:\n  commodity:\n    canonical:\n      gold: {etf: IAU, inception: \"2005-01\"}\n    alternates:\n      gold_alt: GLD\n",
    "broken.yaml": "asset_classes: [\n",
    "factor-mcp.toml": "",
}

SUBCOMMANDS = [
    [], ["serve"], ["analyze"], ["cache"], ["cache", "stats"], ["cache", "clear"], ["cache", "warm"], ["verify-proxies"],
    ["asset-proxy"], ["asset-proxy", "list"], ["asset-proxy", "add"], ["asset-proxy", "replace"], ["asset-proxy", "deactivate"],
    ["asset-proxy", "sync-from-yaml"], ["asset-proxy", "export-yaml"], ["asset-proxy", "clear-class"], ["industry"],
    ["industry", "list"], ["industry", "add"], ["reference"], ["reference", "import"], ["reference", "changes"], ["user"],
    ["user", "add"], ["user", "list"], ["user", "revoke"], ["migrate"], ["config"],
]  # fmt: skip


def commands() -> list[tuple[str, list[str]]]:
    """Commands that change nothing but for the analysis' own data: kind, arguments."""
    lines: list[tuple[str, list[str]]] = [("help", [*words, "--help"]) for words in SUBCOMMANDS]
    lines += [("usage", ["--version"]), ("usage", ["nonsense"]), ("usage", ["--today", "yesterday"]), ("usage", ["analyze"])]
    lines += [("usage", ["analyze", "risk"]), ("usage", ["serve", "pigeon"]), ("usage", ["serve", "--tools", "list_factor"])]
    lines += [("usage", ["serve", "--toolsets", "everything"]), ("usage", ["config", "--price-source", "bloomberg"])]
    lines += [("usage", ["config", "--price-files", "no/such/folder", "--data-dir", "x", "--config", "none.toml"])]
    lines += [("config", ["config"]), ("config", ["config", "--format", "json"]), ("config", ["config", "--today", "2024-02-29"])]
    lines += [("verify", ["verify-proxies"]), ("verify", ["verify-proxies", "--all"]), ("verify", ["verify-proxies", "--format", "json", "--all"])]
    lines += [("cache", ["cache", "stats"]), ("cache", ["cache", "stats", "--format", "json"]), ("cache", ["cache", "clear", "--source", "fmp"])]
    lines += [("cache", ["cache", "warm"]), ("cache", ["cache", "clear", "--ticker", "spy", "--force"])]
    for kind in ("correlations", "performance", "returns"):
        lines += [("analyze", ["analyze", kind]), ("analyze", ["analyze", kind, "--json"]), ("analyze", ["analyze", kind, "--top", "3"])]
        lines += [("analyze", ["analyze", kind, "--categories", "style,market", "--frequency", "weekly"])]
    analyze = [
        ["returns", "--windows", "1m,ytd", "--end", "2024-06-30"], ["returns", "--windows", "never"],
        ["returns", "--start", "2020-01-01"], ["performance", "--start", "2018-12", "--end", "2023-12", "--benchmark", "VTI"],
        ["performance", "--sort-by", "volatility", "--top", "200"], ["correlations", "--start", "2024-06-30", "--end", "2024-12-31"],
        ["correlations", "--args", json.dumps({"include": ["insights"], "format": "full"}), "--json"],
        ["correlations", "--args", "[1]"], ["correlations", "--args", "{broken"], ["correlations", "--frequency", "hourly", "--json"],
        ["recommendations"], ["recommendations", "--factor", "VNQ"], ["recommendations", "--factor", "VNQ", "--holdings", "holdings.csv"],
        ["recommendations", "--factor", "cyclical", "--top", "2", "--json", "--holdings", "shares.csv"],
        ["recommendations", "--factor", "nothing", "--portfolio", "Retirement"], ["exposures"],
        ["exposures", "--holdings", "holdings.csv"], ["exposures", "--holdings", "shares.csv", "--json"],
        ["exposures", "--holdings", "wrong.csv"], ["exposures", "--holdings", "none.csv"], ["exposures", "--holdings", "missing.csv"],
        ["exposures", "--holdings", "holdings.csv", "--portfolio", "x"], ["exposures", "--portfolio", "Retirement", "--json"],
        ["exposures", "--holdings", "holdings.csv", "--args", json.dumps({"what_if": {"SPY": -0.1}, "factors": ["SPY", "TLT"]})],
        ["exposures", "--holdings", "holdings.csv", "--windows", "3m"], ["returns", "-o", "answer.txt"],
    ]  # fmt: skip
    return lines + [("analyze", ["analyze", *words]) for words in analyze]


def administration() -> list[tuple[str, list[str]]]:
    """What an administrator does, in this order, in one data folder."""
    def by(*words: str) -> list[str]:
        return [*words, "--by", "Ann", "--why", "trial"]

    lines = [
        ["migrate"], ["asset-proxy", "list"], ["asset-proxy", "list", "--asset-class", "bonds", "--format", "json"],
        ["asset-proxy", "list", "--asset-class", "style"], ["asset-proxy", "list", "--asset-class", "comodity"],
        by("asset-proxy", "add", "fixed_income", "tips", "SCHP", "--alt", "--priority", "50", "--desc", "Cheaper", "--dry-run"),
        by("asset-proxy", "add", "fixed_income", "tips", "SCHP", "--alt", "--priority", "50", "--desc", "Cheaper"),
        by("asset-proxy", "add", "fixed_income", "tips", "SCHP", "--alt", "--priority", "60"),
        by("asset-proxy", "add", "fixed_income", "tips", "SCHP", "--alt", "--priority", "60", "--force", "--format", "json"),
        by("asset-proxy", "replace", "commodity", "gold", "GLD", "IAU"), by("asset-proxy", "replace", "commodity", "gold", "GLD", "IAU"),
        by("asset-proxy", "replace", "commodity", "goldd", "GLD", "IAU", "--format", "json"),
        by("asset-proxy", "deactivate", "crypto", "eth_spot", "ETHA"), by("asset-proxy", "deactivate", "crypto", "eth_spot", "ZZZZ"),
        ["asset-proxy", "add", "fixed_income", "tips", "S CHP"], ["asset-proxy", "add", "fixed_income", "x" * 120, "TIP"],
        ["asset-proxy", "list", "--all"], by("asset-proxy", "sync-from-yaml", "mine.yaml", "--dry-run"),
        by("asset-proxy", "sync-from-yaml", "mine.yaml"), ["asset-proxy", "sync-from-yaml", "broken.yaml"],
        ["asset-proxy", "sync-from-yaml", "missing.yaml"], ["asset-proxy", "export-yaml", "-"], ["asset-proxy", "export-yaml", "out.yaml"],
        ["asset-proxy", "export-yaml", "out.yaml"], ["asset-proxy", "export-yaml", "out.yaml", "--force"],
        by("asset-proxy", "clear-class", "crypto"), by("asset-proxy", "clear-class", "crypto", "--force"),
        ["asset-proxy", "list", "--all", "--format", "json"], ["industry", "list"], ["industry", "list", "--all", "--format", "json"],
        by("industry", "add", "Space", "UFO", "--group", "sensitive", "--dry-run"), by("industry", "add", "Space", "UFO", "--group", "sensitive"),
        by("industry", "add", "Space", "ROKT"), by("industry", "add", "Space", "ROKT", "--force", "--subindustry", "Rockets", "--format", "json"),
        by("industry", "add", "Gold", "GDXJ", "--asset-class", "equities"), ["industry", "add", "Gold"],
        by("reference", "import", "--dry-run"), by("reference", "import"), by("reference", "import", "--format", "json"),
        ["reference", "changes"], ["reference", "changes", "--limit", "2", "--format", "json"], ["user", "list"],
        ["user", "add", "--email", "ann@example.com", "--tier", "paid"], ["user", "add", "--tier", "gold"], ["user", "add", "--format", "json"],
        ["user", "list"], ["user", "list", "--format", "json"], ["user", "revoke", "2"], ["user", "revoke", "2", "--force"],
        ["user", "revoke", "2", "--force"], ["user", "revoke", "99", "--force"], ["migrate", "--app-role", "factor_app"],
        ["analyze", "returns", "--categories", "commodity,industry", "--top", "40"], ["analyze", "performance", "--json"],
        ["--no-migrate", "asset-proxy", "list"], ["verify-proxies", "--all", "--format", "json"],
    ]  # fmt: skip
    return [("administration", words) for words in lines]


class OtherCalls:
    """Draws from the lists above."""

    def __init__(self, rng: random.Random, world: World):
        self.rng = rng
        self.world = world

    def draw(self, tool: str) -> tuple[str, dict[str, Any]]:
        return self.rng.choice(list_factors() if tool == "list_factors" else status())
