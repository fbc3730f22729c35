"""The server as the official Python client sees it: both protocol eras, over stdio and over HTTP.

    python python_client.py --server ../../target/release/factor-mcp

Starts the server itself, on the simulated sample with a fixed date, so that every answer is the same every time. The
client checks each structured answer against the tool's output schema; the rest is checked here: what an answer must
hold and must not, and whether its figures fit together. Exit status 0 only if every test passes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import jsonschema
from mcp import Client, MCPError, StdioServerParameters
from mcp.types import PromptReference, ResourceTemplateReference

TODAY = "2026-01-15"
MODERN, LEGACY = "2026-07-28", "2025-11-25"
# The client's name of a way to connect, and the protocol version that must come of it.
MODES = {MODERN: MODERN, "legacy": LEGACY}

KINDS = ("correlations", "performance", "returns")
# The sections of each analysis, and where `include` puts them in the answer.
SECTIONS = {
    "correlations": {
        "matrices": ("matrices",),
        "overlays": ("overlays",),
        "rate_sensitivity": ("overlays", "rate_sensitivity"),
        "market_sensitivity": ("overlays", "market_sensitivity"),
        "macro_composite": ("overlays", "macro_composite_matrix"),
        "insights": ("insights",),
    },
    "performance": {"per_factor": ("per_factor",), "composites": ("composites",)},
    "returns": {
        "rankings": ("rankings",),
        "by_category": ("by_category",),
        "factors": ("factors",),
        "industry_groups": ("industry_groups",),
    },
}
COMMON = ("data_quality", "analysis_metadata", "performance")
TOOLS = [
    "analyze_factor_model",
    "compare_factors",
    "create_factor_group",
    "delete_factor_group",
    "delete_portfolio",
    "get_factor_analysis",
    "get_factor_group",
    "get_factor_recommendations",
    "get_portfolio",
    "get_portfolio_exposures",
    "get_server_status",
    "list_factor_groups",
    "list_factors",
    "list_portfolios",
    "save_portfolio",
    "stress_test",
    "update_factor_group",
    "validate_factor_group",
]
PROMPTS = {
    "client_report",
    "explain-a-fund",
    "factor_check_up",
    "stress_my_portfolio",
    "explain_a_fund",
    "hedge-a-position",
    "hedge_my_portfolio",
    "review-a-portfolio",
    "stress-before-a-decision",
    "what_moved_this_month",
}
SUMMARY_CHARACTERS = 8_000
TOOLS_BYTES = 29_500

# What may stand first in any answer: what has to be known before its figures are used, and what they are of.
FIRST = {"note", "not_analysed", "warnings", "as_of", "period", "window_dates"}
INSTRUCTIONS_CHARACTERS = 2_048
ANSWER_CHARACTERS = 40_000


# ---------------------------------------------------------------------------------------------------------- assertions


def equal(got: Any, expected: Any, what: str) -> None:
    if got != expected:
        raise AssertionError(f"{what}: expected {shown(expected)}, got {shown(got)}")


def that(condition: object, what: str) -> None:
    if not condition:
        raise AssertionError(what)


def shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 600 else f"{text[:600]}... ({len(text)} characters)"


def keys(value: dict, required: set[str], what: str, allowed: set[str] = frozenset()) -> None:
    """All of `required`, and nothing but those and `allowed`."""
    that(isinstance(value, dict), f"{what}: expected an object, got {shown(value)}")
    missing, extra = required - value.keys(), value.keys() - required - allowed
    that(not missing and not extra, f"{what}: missing {sorted(missing)}, not expected {sorted(extra)}")


def leaves(value: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{at}]")
    else:
        yield path, value


def all_finite(value: Any, what: str) -> int:
    """Every number is one, no text pretends to be one; answers how many numbers there are."""
    count = 0
    for path, leaf in leaves(value):
        if isinstance(leaf, float):
            that(math.isfinite(leaf), f"{what}: {path} is {leaf}")
        that(leaf not in ("NaN", "nan", "inf", "Infinity", "-Infinity"), f"{what}: {path} is {leaf!r}")
        count += isinstance(leaf, int | float) and not isinstance(leaf, bool)
    return count


def is_matrix(matrix: dict, what: str) -> None:
    """Square, ones on the diagonal, symmetric, within -1 and 1."""
    that(len(matrix) >= 2, f"{what} has {len(matrix)} rows")
    for row, cells in matrix.items():
        equal(set(cells), set(matrix), f"{what}: columns of {row}")
        that(cells[row] in (1, None), f"{what}: {row} with itself is {cells[row]}")
        for column, r in cells.items():
            equal(r, matrix[column][row], f"{what}: {row}, {column} against {column}, {row}")
            that(r is None or -1 <= r <= 1, f"{what}: {row}, {column} is {r}")
    that(any(r not in (1, None) for cells in matrix.values() for r in cells.values()), f"{what} holds nothing but ones and nulls")


def dump(model: Any) -> dict:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


# ----------------------------------------------------------------------------------------------------------- the server


def environment(home: Path) -> dict[str, str]:
    """The sample, a fixed date, and no settings of the user."""
    return {
        "FACTOR_PRICE_SOURCE": "sample",
        "FACTOR_TODAY": TODAY,
        "RUST_LOG": "error",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "FACTOR_DATA_DIR": str(home),
    }


class Http:
    """The server over HTTP on a free port."""

    def __init__(self, server: str, home: Path):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FACTOR_")}
        self.log = home / "http.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [server, "serve", "http", "--addr", "127.0.0.1:0"],
                env=inherited | environment(home),
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.url = self.wait_for_address()

    def wait_for_address(self) -> str:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if found := re.search(r"http://[\w.:\[\]]+/mcp", self.log.read_text()):
                return found[0]
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        self.process.kill()
        raise SystemExit(f"the server did not say where it listens: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """Stops it as a service manager would, and looks at what it left."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("10 s after SIGTERM the server was still there") from None
        equal(status, 0, "exit status after SIGTERM")
        equal(self.process.stdout.read(), b"", "what the HTTP server wrote to standard output")
        that("panicked" not in self.log.read_text(), f"a panic in the log: {self.log.read_text()[-2000:]}")


# ------------------------------------------------------------------------------------------------------------ the calls


class Caller:
    """One connection, and what every answer over it must keep to."""

    def __init__(self, client: Client, version: str):
        self.client = client
        self.version = version
        self.schemas: dict[str, dict] = {}

    async def call(self, tool: str, **arguments: Any) -> tuple[dict, str, list]:
        """A successful answer: its structure, its text, and the other blocks."""
        result = await self.client.call_tool(tool, arguments)
        structured, text, others = self.parts(tool, result, arguments)
        what = f"{tool} {shown(arguments)}"
        that(not result.is_error, f"{what} failed: {text[:600]}")
        equal(structured.get("status"), "success", f"{what}: status")
        return structured, text, others

    async def fail(self, tool: str, **arguments: Any) -> dict:
        """A refused call: its error, the same in structure and text."""
        result = await self.client.call_tool(tool, arguments)
        structured, text, _ = self.parts(tool, result, arguments)
        what = f"{tool} {shown(arguments)}"
        that(result.is_error, f"{what} should fail: {text[:300]}")
        keys(structured, {"status", "error"}, what)
        equal(structured["status"], "error", f"{what}: status")
        error = structured["error"]
        keys(error, {"code", "message", "problems"}, f"{what}: error", {"try"})
        if "try" in error:
            keys(error["try"], {"name", "arguments"}, f"{what}: try")
            equal(error["try"]["name"], tool, f"{what}: the tool of try")
        for problem in error["problems"]:
            keys(problem, {"field", "got", "rule"}, f"{what}: problem", {"hint"})
            that(problem["rule"] in error["message"], f"{what}: the message lacks the rule {problem['rule']!r}: {error['message']}")
        equal(json.loads(text), structured, f"{what}: text against structure")
        lost = re.search(r"panicked|\.rs:\d|RUST_BACKTRACE|stack backtrace", text)
        that(not lost, f"{what}: the error tells of the inside: {text[:300]}")
        return error

    def parts(self, tool: str, result: Any, arguments: dict) -> tuple[dict, str, list]:
        what = f"{tool} {shown(arguments)}"
        that(isinstance(result.structured_content, dict), f"{what}: no structured content")
        texts = [block.text for block in result.content if block.type == "text"]
        that(result.content and result.content[0].type == "text" and len(texts) == 1, f"{what}: not one text block, first")
        # The client checks successful answers against the output schema; it must hold for errors too.
        if schema := self.schemas.get(tool):
            jsonschema.validate(result.structured_content, schema)
        all_finite(result.structured_content, what)
        return result.structured_content, texts[0], [block for block in result.content if block.type != "text"]

    async def analyse(self, kind: str, **arguments: Any) -> dict:
        structured, text, _ = await self.call("get_factor_analysis", analysis_type=kind, **arguments)
        equal(structured["analysis_type"], kind, "analysis_type")
        if arguments.get("format") != "report" and len(text) <= ANSWER_CHARACTERS and structured_length(structured) <= ANSWER_CHARACTERS:
            equal(json.loads(text), structured, f"{kind} {shown(arguments)}: text against structure")
        return structured


def structured_length(value: dict) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


async def refused(call: Awaitable, codes: set[int], what: str) -> MCPError:
    try:
        answer = await call
    except MCPError as error:
        that(error.code in codes, f"{what}: code {error.code} is not in {sorted(codes)}: {error.message}")
        return error
    raise AssertionError(f"{what}: answered {shown(answer)}")


# ------------------------------------------------------------------------------------------------------------ the tests

TESTS: list[Callable[[Caller], Awaitable[None]]] = []


def test(function: Callable[[Caller], Awaitable[None]]) -> Callable[[Caller], Awaitable[None]]:
    TESTS.append(function)
    return function


@test
async def protocol_version(caller: Caller) -> None:
    equal(caller.client.protocol_version, caller.version, "protocol version")


@test
async def tools_are_listed_small_and_portable(caller: Caller) -> None:
    listed = await caller.client.list_tools()
    again = await caller.client.list_tools(cache_mode="refresh")
    equal([tool.name for tool in listed.tools], TOOLS, "tools")
    equal(dump(again)["tools"], dump(listed)["tools"], "the list a second time")
    size = len(json.dumps(dump(listed), ensure_ascii=False, separators=(",", ":")).encode())
    that(size <= TOOLS_BYTES, f"tools/list has {size} bytes, more than {TOOLS_BYTES}")
    for tool in listed.tools:
        that(tool.description, f"{tool.name} has no description")
        notes = tool.annotations
        writes = tool.name.startswith(("create_", "update_", "delete_", "save_"))
        destroys = writes and not tool.name.startswith("create_")
        hints = (notes.read_only_hint, notes.destructive_hint, notes.idempotent_hint)
        equal(hints, (not writes, destroys, True), f"{tool.name}: annotations")
        that(notes.open_world_hint is not None and notes.title, f"{tool.name}: openWorldHint or title is missing")
        equal(tool.output_schema["required"], ["status"], f"{tool.name}: required of the answer")
        equal(tool.input_schema["type"], "object", f"{tool.name}: type of the arguments")
        equal(tool.input_schema["additionalProperties"], False, f"{tool.name}: additionalProperties of the arguments")
        for name, schema in (("input", tool.input_schema), ("output", tool.output_schema)):
            jsonschema.Draft202012Validator.check_schema(schema)
            portable(schema, f"{tool.name} {name}")
        for name, schema in tool.input_schema["properties"].items():
            that(schema.get("description"), f"{tool.name}: argument {name} has no description")


def portable(schema: Any, path: str) -> None:
    """None of what some client or model provider rejects."""
    if isinstance(schema, bool):
        raise AssertionError(f"{path}: a boolean schema")
    for word in ("$ref", "$defs", "$schema", "const", "prefixItems"):
        that(word not in schema, f"{path}: {word}")
    that(not isinstance(schema.get("type"), list), f"{path}: a list of types")
    that(schema.get("format") in (None, "date", "date-time", "uri", "email", "uuid"), f"{path}: format {schema.get('format')}")
    for name, inner in schema.get("properties", {}).items():
        portable(inner, f"{path}.{name}")
    if "items" in schema:
        portable(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        portable(schema["additionalProperties"], f"{path}.*")
    for word in ("anyOf", "oneOf", "allOf"):
        for at, inner in enumerate(schema.get(word, [])):
            portable(inner, f"{path}.{word}[{at}]")


@test
async def summaries_are_short_and_say_where_the_rest_is(caller: Caller) -> None:
    for kind in KINDS:
        structured, text, others = await caller.call("get_factor_analysis", analysis_type=kind)
        that(len(text) <= SUMMARY_CHARACTERS, f"{kind}: the summary has {len(text)} characters, more than {SUMMARY_CHARACTERS}")
        equal(json.loads(text), structured, f"{kind}: text against structure")
        that("\n" not in text and '": ' not in text.split('"more"')[0][:200], f"{kind}: the JSON of the text is not compact")
        equal(others, [], f"{kind}: blocks beside the text")
        equal(structured["as_of"], "2025-12-31", f"{kind}: as_of")
        that("truncated" not in structured and "not_computed" not in structured, f"{kind}: {shown(structured.keys())}")
        quality = structured["data_quality"]
        equal(quality["factors_analyzed"] + quality["factors_excluded"], quality["factors_requested"], f"{kind}: factors requested")
        equal(structured["factors_analyzed"], quality["factors_analyzed"], f"{kind}: factors analysed")
        that(quality["factors_analyzed"] >= 80, f"{kind}: {quality['factors_analyzed']} factors")
        that(quality["quality_score"] in ("excellent", "good", "fair", "poor"), f"{kind}: quality {quality['quality_score']}")
        that(any("simulated" in warning for warning in structured["warnings"]), f"{kind}: nothing says that the prices are simulated")
        for section in SECTIONS[kind]:
            that(section in structured["more"], f"{kind}: `more` does not name {section}")
        that(all_finite(structured, kind) > 50, f"{kind}: hardly any number")


@test
async def correlations_is_the_default(caller: Caller) -> None:
    default, _, _ = await caller.call("get_factor_analysis")
    equal(default, await caller.analyse("correlations"), "the answer without arguments")


@test
async def summary_of_returns(caller: Caller) -> None:
    answer = await caller.analyse("returns")
    equal(answer["windows"], ["1m", "3m", "6m", "1y"], "windows")
    for window in answer["windows"]:
        top, bottom = answer["top_performers"][window], answer["bottom_performers"][window]
        # Five of each, or as many as 8,000 characters have room for.
        that(len(top) == len(bottom) and 3 <= len(top) <= 5, f"{window}: {len(top)} and {len(bottom)} rows")
        best, worst = [row["total_return"] for row in top], [row["total_return"] for row in bottom]
        that(best == sorted(best, reverse=True), f"{window}: the best are out of order: {best}")
        that(worst == sorted(worst), f"{window}: the worst are out of order: {worst}")
        that(best[-1] >= worst[-1], f"{window}: the best end under the worst")
        that(not {row["ticker"] for row in top} & {row["ticker"] for row in bottom}, f"{window}: a ticker in both lists")
        for row in top + bottom:
            keys(row, {"ticker", "label", "category", "total_return"}, f"{window}: row")
            that(-1 < row["total_return"] < 10, f"{window}: {row}")
    three = await caller.analyse("returns", top_n=3)
    equal(three["top_performers"]["1m"], answer["top_performers"]["1m"][:3], "top_n 3")


@test
async def summary_of_correlations(caller: Caller) -> None:
    answer = await caller.analyse("correlations")
    that({"industry", "style", "market", "fixed_income", "commodity"} <= answer["matrices"].keys(), shown(answer["matrices"].keys()))
    that("cash" not in answer["matrices"], "a matrix of cash without being asked")
    for name, matrix in answer["matrices"].items():
        that({"size", "mean", "median"} <= matrix.keys(), f"{name}: {shown(matrix)}")
        that(-1 <= matrix["mean"] <= 1 and matrix["size"] >= 2, f"{name}: {shown(matrix)}")
        strongest, weakest = [p["r"] for p in matrix["strongest"]], [p["r"] for p in matrix["most_negative"]]
        that(strongest == sorted(strongest, reverse=True) and weakest == sorted(weakest), f"{name}: pairs out of order")
        that(all(pair["n"] >= 24 for pair in matrix["strongest"] + matrix["most_negative"]), f"{name}: a pair without its rows")
    overlays = answer["overlays"]
    keys(overlays, {"rate_sensitivity", "market_sensitivity", "macro_composite_matrix"}, "overlays")
    is_matrix(overlays["macro_composite_matrix"], "macro composites")
    equal(list(overlays["rate_sensitivity"]), ["UST2Y", "UST5Y", "UST10Y", "UST30Y"], "maturities")
    equal(list(overlays["market_sensitivity"]), ["SPY"], "benchmarks")
    that(answer["insights"], "no insights")


@test
async def summary_of_performance(caller: Caller) -> None:
    answer = await caller.analyse("performance")
    equal(answer["sorted_by"], "sharpe_ratio", "order")
    ratios = [row["sharpe_ratio"] for row in answer["top"]] + [row["sharpe_ratio"] for row in reversed(answer["bottom"])]
    equal(len(ratios), 20, "rows")
    that(ratios == sorted(ratios, reverse=True), f"out of order: {ratios}")
    for row in answer["top"] + answer["bottom"]:
        that(row["volatility"] > 0 and -1 <= row["max_drawdown"] <= 0, shown(row))
    # A group too few of whose funds have data is left out, and its coverage says so.
    coverage = (await caller.analyse("performance", include=["data_quality"]))["data_quality"]["coverage_pct_per_group"]
    groups = {"equity", "fixed_income", "cash", "commodity", "crypto"}
    keys(answer["macro_composites"], {group for group in groups if coverage[group] >= 60}, "macro composites")
    that(len(answer["macro_composites"]) >= 4, f"macro composites: {list(answer['macro_composites'])}")


@test
async def full_correlations_do_not_fit_and_say_so(caller: Caller) -> None:
    structured, text, others = await caller.call("get_factor_analysis", analysis_type="correlations", format="full")
    that(structured_length(structured) <= ANSWER_CHARACTERS, f"{structured_length(structured)} characters of structure")
    that(len(text) <= ANSWER_CHARACTERS, f"{len(text)} characters of text")
    that("triangle" in structured["note"], f"the note does not tell of the triangles: {structured.get('note')}")
    cut = structured.get("truncated")
    if cut is None:
        equal(others, [], "blocks beside the text")
        return
    that({"section", "shown", "total", "how_to_get_the_rest"} <= cut.keys(), shown(cut))
    that(cut["shown"] < cut["total"], shown(cut))
    equal([block.type for block in others], ["resource_link"], "blocks beside the text")
    uri = str(others[0].uri)
    that(uri.startswith("factor://result/") and uri in cut["how_to_get_the_rest"], f"{uri}: {cut}")
    whole = json.loads((await caller.client.read_resource(uri)).contents[0].text)
    equal((whole["status"], whole["analysis_type"]), ("success", "correlations"), "the whole result")
    that("truncated" not in whole, "the whole result is cut")
    that(structured_length(whole) > ANSWER_CHARACTERS, "the whole result is no longer than the cut one")
    equal(whole.keys(), structured.keys() - {"note", "truncated"} | whole.keys() & {"note"}, "keys of the whole result")


@test
async def a_cut_answer_keeps_to_its_limit(caller: Caller) -> None:
    for kind in KINDS:
        for limit in (2_000, 5_000, 20_000):
            what = f"{kind}, max_chars {limit}"
            structured, text, others = await caller.call("get_factor_analysis", analysis_type=kind, format="full", max_chars=limit)
            that("truncated" in structured and len(others) == 1, f"{what}: not cut, or no link")
            equal(json.loads(text), structured, f"{what}: text against structure")
            that(len(text) <= limit, f"{what}: {len(text)} characters")


@test
async def a_long_answer_has_its_summary_as_text(caller: Caller) -> None:
    structured, text, others = await caller.call("get_factor_analysis", analysis_type="correlations", format="full", max_chars=0)
    that(structured_length(structured) > ANSWER_CHARACTERS, "not long enough to test anything")
    that(len(text) <= SUMMARY_CHARACTERS + 500, f"{len(text)} characters of text")
    summary = json.loads(text)
    equal(summary["status"], "success", "status in the text")
    that("structured" in summary["note"], f"the text does not say where the rest is: {summary.get('note')}")
    plain = await caller.analyse("correlations")
    # Slopes are a summary's own, and they make room by shorter lists.
    of_both = lambda answer: {key: value for key, value in answer.items() if key not in ("note", "overlays", "matrices")}
    equal(of_both(summary), of_both(plain), "the text against the summary")
    for part in ("overlays", "matrices"):
        keys(summary[part], set(plain[part]), f"{part} of the text")
    triangle = await caller.analyse("correlations", include=["matrices"], matrix_format="triangle", max_chars=0)
    nested = structured["matrices"]
    equal(list(triangle["matrices"]), list(nested), "categories of the triangles")
    for name, matrix in triangle["matrices"].items():
        equal(matrix["labels"], list(nested[name]), f"{name}: labels")
        for at, row in enumerate(matrix["rows"]):
            equal(row, [nested[name][matrix["labels"][at]][column] for column in matrix["labels"][: at + 1]], f"{name}: row {at}")


@test
async def full_answers_hold_together(caller: Caller) -> None:
    for kind in KINDS:
        answer = await caller.analyse(kind, format="full", max_chars=0)
        top = {path[0] for path in SECTIONS[kind].values()} | set(COMMON) | ({"windows"} if kind == "returns" else set())
        keys(answer, {"status", "analysis_type"} | top, f"full {kind}", FIRST)
        quality = answer["data_quality"]
        equal(len(quality["excluded_factor_list"]), quality["factors_excluded"], f"{kind}: excluded factors")
        metadata = answer["analysis_metadata"]
        equal(metadata["as_of"], "2025-12-31", f"{kind}: as_of")
        equal(metadata["frequency"], "monthly", f"{kind}: frequency")
        that(all_finite(answer, kind) > 500, f"{kind}: hardly any number")

    answer = await caller.analyse("correlations", format="full", max_chars=0)
    for name, matrix in answer["matrices"].items():
        is_matrix(matrix, f"matrix of {name}")
    that("macro_etf_matrix" not in answer["overlays"], "a matrix of macro ETFs without being asked")
    for row, cells in answer["overlays"]["rate_sensitivity"].items():
        equal(list(cells), ["UST2Y", "UST5Y", "UST10Y", "UST30Y"], f"rate sensitivity of {row}")
        that(all(r is None or -1 <= r <= 1 for r in cells.values()), f"rate sensitivity of {row}: {cells}")

    answer = await caller.analyse("performance", format="full", max_chars=0)
    per_factor = answer["per_factor"]
    equal(len(per_factor), answer["data_quality"]["factors_analyzed"], "profiles")
    # Stopped funds are not ranked: they stand after the others.
    ratios = [entry["sharpe_ratio"] for entry in per_factor.values() if entry["sharpe_ratio"] is not None and not entry.get("stopped")]
    that(ratios == sorted(ratios, reverse=True), "profiles out of order")
    for ticker, entry in per_factor.items():
        that({"label", "category", "asset_class", "observations", "annual_return", "volatility", "max_drawdown", "beta"} <= entry.keys(), f"{ticker}: {shown(entry.keys())}")
        that(entry["observations"] >= 24, f"{ticker}: {entry['observations']} months")
    keys(answer["composites"], {"macro", "category"}, "composites")

    answer = await caller.analyse("returns", format="full", max_chars=0)
    for window, ranked in answer["rankings"].items():
        values = [row["total_return"] for row in ranked]
        that(values == sorted(values, reverse=True), f"{window}: ranking out of order")
        for row in ranked:
            equal(row["total_return"], answer["factors"][row["ticker"]]["windows"][window]["total_return"], f"{window}: {row['ticker']}")
    for group, entry in answer["industry_groups"].items():
        that(len(entry["members"]) >= 2 and set(entry["members"]) <= answer["factors"].keys(), f"{group}: {entry['members']}")


@test
async def reports_are_text(caller: Caller) -> None:
    for kind in KINDS:
        structured, text, _ = await caller.call("get_factor_analysis", analysis_type=kind, format="report")
        keys(structured, {"status", "analysis_type", "as_of", "data_quality", "formatted_report"}, f"report of {kind}", FIRST)
        that(text.startswith(structured["formatted_report"]), f"{kind}: the text is not the report: {text[:200]}")
        that(len(text) > 500 and text.count("\n") > 10, f"{kind}: a report of {len(text)} characters")
        that("NaN" not in text and "null" not in text, f"{kind}: NaN or null in the report")
        that("simulated" in text.lower(), f"{kind}: the report does not say that the prices are simulated")


@test
async def include_gives_exactly_what_it_names(caller: Caller) -> None:
    for kind, sections in SECTIONS.items():
        full = await caller.analyse(kind, format="full", max_chars=0)
        for name, path in sections.items():
            answer = await caller.analyse(kind, include=[name], max_chars=0)
            keys(answer, {"status", "analysis_type", path[0]}, f"{kind} include {name}", FIRST)
            if len(path) == 2:
                equal(list(answer[path[0]]), [path[1]], f"{kind} include {name}: parts of {path[0]}")
            expected, got = full, answer
            for key in path:
                expected, got = expected[key], got[key]
            equal(got, expected, f"{kind} include {name}: against the full answer")
            equal(await caller.analyse(kind, include=[name], max_chars=0, format="report"), answer, f"{kind} include {name} with another format")


@test
async def include_knows_what_is_off_and_what_is_wrong(caller: Caller) -> None:
    two = await caller.analyse("correlations", include=["rate_sensitivity", "macro_composite"])
    keys(two, {"status", "analysis_type", "overlays"}, "two parts of the overlays", FIRST)
    equal(set(two["overlays"]), {"rate_sensitivity", "macro_composite_matrix"}, "parts")
    some = await caller.analyse("returns", include=["rankings", "bogus"])
    keys(some, {"status", "analysis_type", "rankings", "invalid_sections"}, "an invalid name", FIRST | {"truncated"})
    equal(some["invalid_sections"], ["bogus"], "invalid sections")
    on = await caller.analyse("correlations", include=["macro_etf"], include_macro_etf=True)
    equal(list(on["overlays"]), ["macro_etf_matrix"], "parts with the flag")
    off = await caller.analyse("correlations", include=["macro_etf"])
    keys(off, {"status", "analysis_type", "not_computed"}, "macro_etf without its flag", FIRST)
    equal(off["not_computed"], {"macro_etf": "set include_macro_etf: true"}, "why it is not there")
    other = await caller.analyse("performance", include=["per_factor", "rankings"])
    that("rankings" in other["not_computed"] and "rankings" not in other, shown(other.keys()))
    that("invalid_sections" not in other, "a section of another analysis is not invalid")
    none = await caller.analyse("returns", include=["bogus", "nonsense"])
    equal(none["invalid_sections"], ["bogus", "nonsense"], "invalid sections alone")
    known = {path[0] for sections in SECTIONS.values() for path in sections.values()} | set(COMMON)
    that(not none.keys() & known, f"sections nobody asked for: {shown(none.keys())}")
    metadata = await caller.analyse("returns", include=["metadata"])
    keys(metadata, {"status", "analysis_type", "analysis_metadata"}, "include metadata", FIRST)
    report = await caller.analyse("returns", include=["formatted_report"])
    keys(report, {"status", "analysis_type", "formatted_report"}, "include formatted_report", FIRST)


@test
async def returns_keep_to_windows_and_categories(caller: Caller) -> None:
    one = await caller.analyse("returns", windows=["3m"], include=["factors"], max_chars=0)
    that(len(one["factors"]) >= 80, f"{len(one['factors'])} factors")
    for ticker, entry in one["factors"].items():
        equal(list(entry["windows"]), ["3m"], f"{ticker}: windows")
    industry = await caller.analyse("returns", categories=["industry"], windows=["1m", "3m"], include=["factors"])
    equal({entry["category"] for entry in industry["factors"].values()}, {"industry"}, "categories")
    month = await caller.analyse("returns", windows=["1m"])
    equal(list(month["top_performers"]), ["1m"], "windows of the summary")
    dated = await caller.analyse("returns", start_date="2024-01-01")
    that("start_date" in dated["note"], f"note: {dated['note']}")
    equal({k: v for k, v in dated.items() if k != "note"}, await caller.analyse("returns"), "the rest, with start_date given")
    odd = await caller.analyse("returns", windows=["1M", "7q", "1m"])
    equal(odd["windows"], ["1m"], "windows, one of them unknown and one twice")
    equal(odd["data_quality"]["invalid_windows"], ["7q"], "invalid windows")


@test
async def arguments_are_read_tolerantly(caller: Caller) -> None:
    strict = await caller.analyse("returns", windows=["3m"], top_n=3, categories=["industry"])
    for loose in (
        {"windows": '["3m"]', "top_n": "3", "categories": "industry"},
        {"windows": "3m", "top_n": 3.0, "categories": ["INDUSTRY"]},
        {"windows": ["3m"], "top_n": 3, "categories": ["industry"], "frequency": None, "end_date": None},
    ):
        equal(await caller.analyse("returns", **loose), strict, f"the answer to {loose}")


@test
async def all_mistakes_are_told_at_once(caller: Caller) -> None:
    error = await caller.fail(
        "get_factor_analysis",
        analysis_type="corelations",
        frequency="hourly",
        top_n=0,
        windos=["3m"],
        end_date="2024-13-01",
        max_chars=100,
        advanced={"min_observations": 5, "macro_min_group_coverage_pct": 60},
    )
    equal(error["code"], "invalid_argument", "code")
    problems = {problem["field"]: problem for problem in error["problems"]}
    fields = {"analysis_type", "frequency", "top_n", "windos", "end_date", "max_chars", "advanced.min_observations", "advanced.macro_min_group_coverage_pct"}
    equal(set(problems), fields, "fields at fault")
    for field in fields:
        that(field in error["message"], f"the message does not name {field}: {error['message']}")
    that("windows" in str(problems["windos"]), f"no hint at `windows`: {problems['windos']}")
    that("correlations" in str(problems["analysis_type"]), f"no hint at `correlations`: {problems['analysis_type']}")
    that("0.6" in str(problems["advanced.macro_min_group_coverage_pct"]), f"no way out of 60: {problems['advanced.macro_min_group_coverage_pct']}")
    equal(problems["top_n"]["got"], "0", "what was given")


@test
async def dates_and_windows_have_rules(caller: Caller) -> None:
    for kind in ("correlations", "performance"):
        error = await caller.fail("get_factor_analysis", analysis_type=kind, start_date="2024-06-01", end_date="2024-12-31")
        that("365" in error["message"], error["message"])
    error = await caller.fail("get_factor_analysis", start_date="2024-12-31", end_date="2020-12-31")
    equal([problem["field"] for problem in error["problems"]], ["start_date"], "fields at fault")
    error = await caller.fail("get_factor_analysis", analysis_type="returns", windows=["7q", "zzz"])
    equal(error["code"], "invalid_argument", "code without a valid window")
    that("No valid windows" in error["message"], error["message"])
    error = await caller.fail("get_factor_analysis", analysis_type="returns", factor_universe=[{"label": "Nothing", "ticker": "NOSUCH"}])
    that(error["code"] in ("no_data", "insufficient_data"), f"an unknown ticker alone: {error}")


@test
async def factors_can_be_searched_and_paged(caller: Caller) -> None:
    seen, cursor, pages = [], None, 0
    while pages < 20:
        page, _, _ = await caller.call("list_factors", **({"cursor": cursor} if cursor else {}))
        equal(len(page["factors"]), page["count"], "count")
        equal(sum(page["counts_by_category"].values()), page["total"], "sum of the categories")
        seen += [factor["ticker"] for factor in page["factors"]]
        pages, cursor = pages + 1, page["next_cursor"]
        if cursor is None:
            break
    equal((len(seen), len(set(seen))), (page["total"], page["total"]), "factors over all pages, and different ones")
    that(len(seen) >= 80, f"{len(seen)} factors")
    found, _, _ = await caller.call("list_factors", query="xlf")
    that("XLF" in [factor["ticker"] for factor in found["factors"]], shown(found))
    cash, _, _ = await caller.call("list_factors", categories=["cash"])
    equal({factor["category"] for factor in cash["factors"]}, {"cash"}, "categories")
    error = await caller.fail("list_factors", cursor="nonsense", categorys=["cash"])
    equal({problem["field"] for problem in error["problems"]}, {"cursor", "categorys"}, "fields at fault")


@test
async def status_tells_what_is_used(caller: Caller) -> None:
    status, _, _ = await caller.call("get_server_status")
    equal((status["health"], status["today"]), ("ok", TODAY), "health and date")
    prices = status["parts"]["prices"]
    equal((prices["status"], prices["source"], prices["simulated"]), ("ok", "sample", True), "price source")
    equal(status["parts"]["store"]["status"], "ok", "store")
    before = status["calls"]["calls"]
    await caller.analyse("returns")
    after, _, _ = await caller.call("get_server_status")
    that(after["calls"]["calls"] >= before + 2, f"{before} calls, then {after['calls']['calls']}")
    that(any("simulated" in warning for warning in after["warnings"]), shown(after["warnings"]))


@test
async def prompts_lead_to_the_tool(caller: Caller) -> None:
    listed = await caller.client.list_prompts()
    equal({prompt.name for prompt in listed.prompts}, PROMPTS, "prompts")
    for prompt in listed.prompts:
        that(prompt.title and prompt.description, f"{prompt.name} has no title or description")
        plain = await caller.client.get_prompt(prompt.name)
        equal([message.role for message in plain.messages], ["user"], f"{prompt.name}: roles")
        that(any(tool in plain.messages[0].content.text for tool in TOOLS), f"{prompt.name} names no tool")
        filled = await caller.client.get_prompt(prompt.name, {prompt.arguments[0].name: "industry, style"})
        that("industry, style" in filled.messages[0].content.text, f"{prompt.name} forgets its argument")
    check_up = await caller.client.get_prompt("factor_check_up", {"benchmark_ticker": "IWM"})
    that("IWM" in check_up.messages[0].content.text, "the benchmark is not in the prompt")
    await refused(caller.client.get_prompt("factor_checkup"), {-32602}, "an unknown prompt")


@test
async def resources_can_be_read(caller: Caller) -> None:
    listed = await caller.client.list_resources()
    # Beside what the user has saved.
    fixed = {str(resource.uri) for resource in listed.resources if not str(resource.uri).startswith(("factor://group/", "factor://portfolio/"))}
    equal(fixed, {"factor://universe", "factor://glossary", "ui://factor/app.html"}, "resources")
    templates = await caller.client.list_resource_templates()
    equal({template.uri_template for template in templates.resource_templates}, {"factor://schema/{tool}", "factor://result/{id}", "factor://portfolio/{name}", "factor://group/{name}"}, "templates")

    async def read(uri: str, mime: str) -> str:
        contents = (await caller.client.read_resource(uri)).contents
        equal([(str(content.uri), content.mime_type) for content in contents], [(uri, mime)], uri)
        return contents[0].text

    glossary = await read("factor://glossary", "text/markdown")
    that(len(glossary) > 500 and "Sharpe" in glossary, "the glossary explains nothing")
    universe = json.loads(await read("factor://universe", "application/json"))
    factors, _, _ = await caller.call("list_factors")
    equal(universe["count"], factors["total"], "factors of the universe")
    equal(len(universe["factors"]), universe["count"], "factors listed")
    for tool in (await caller.client.list_tools()).tools:
        schema = json.loads(await read(f"factor://schema/{tool.name}", "application/json"))
        equal(schema["input_schema"], tool.input_schema, f"{tool.name}: arguments")
        equal(schema["output_schema"], tool.output_schema, f"{tool.name}: answer")
    # -32002 was the code until 2026-07-28 made it -32602.
    code = -32602 if caller.version == MODERN else -32002
    for uri in ("factor://nothing", "factor://schema/no_such_tool", "factor://result/0"):
        await refused(caller.client.read_resource(uri), {code}, uri)


@test
async def completions_help_typing(caller: Caller) -> None:
    async def complete(reference: Any, argument: str, typed: str) -> list[str]:
        return (await caller.client.complete(reference, {"name": argument, "value": typed})).completion.values

    check_up = PromptReference(type="ref/prompt", name="factor_check_up")
    equal((await complete(check_up, "categories", "ind"))[:1], ["industry"], "categories from `ind`")
    equal((await complete(check_up, "categories", "industry, sty"))[:1], ["industry, style"], "categories from `industry, sty`")
    tickers = await complete(check_up, "benchmark_ticker", "sp")
    that("SPY" in tickers, f"tickers from `sp`: {tickers}")
    schema = ResourceTemplateReference(type="ref/resource", uri="factor://schema/{tool}")
    equal(await complete(schema, "tool", "get_"), [name for name in TOOLS if name.startswith("get_")], "tools from `get_`")
    equal(await complete(check_up, "categories", "zzz"), [], "categories from `zzz`")


@test
async def unknown_tools_are_refused(caller: Caller) -> None:
    error = await refused(caller.client.call_tool("get_factor_analisis", {}), {-32602}, "an unknown tool")
    that("get_factor_analysis" in error.message, f"no hint at the right name: {error.message}")


@test
async def calls_at_the_same_time_do_not_mix(caller: Caller) -> None:
    wanted = [(kind, window) for kind in KINDS for window in ("1m", "3m")]
    answers: dict[tuple[str, str], dict] = {}

    async def ask(kind: str, window: str) -> None:
        answers[kind, window] = await caller.analyse(kind, **({"windows": [window]} if kind == "returns" else {}))

    async with anyio.create_task_group() as group:
        for kind, window in wanted:
            group.start_soon(ask, kind, window)
    for kind, window in wanted:
        alone = await caller.analyse(kind, **({"windows": [window]} if kind == "returns" else {}))
        equal(answers[kind, window], alone, f"{kind} {window} among others, and alone")


@test
async def lists_may_be_kept(caller: Caller) -> None:
    if caller.version != MODERN:
        return
    for listed in (await caller.client.list_tools(), await caller.client.list_prompts()):
        that(listed.ttl_ms and listed.ttl_ms >= 60_000, f"ttlMs {listed.ttl_ms}")
        equal(listed.cache_scope, "public", "cacheScope")
    # What the user has saved is among them.
    equal((await caller.client.list_resources()).cache_scope, "private", "cacheScope")


# --------------------------------------------------------------------------------------------------------------- running


class Tally:
    def __init__(self, only: str | None):
        self.only = only
        self.passed = self.failed = 0

    async def run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        if self.only and self.only not in name:
            return
        from_ = time.monotonic()
        try:
            with anyio.fail_after(60):
                await work()
        except Exception as error:  # a test that fails does not end the others
            self.failed += 1
            print(f"FAIL {name}: {type(error).__name__}: {error}", flush=True)
            if not isinstance(error, AssertionError):
                traceback.print_exc()
        else:
            self.passed += 1
            print(f"ok   {name} ({time.monotonic() - from_:.1f} s)", flush=True)


async def of_all(tally: Tally, where: str, target: Any, answers: dict[str, Any]) -> None:
    for mode, version in MODES.items():
        async with Client(target, mode=mode, read_timeout_seconds=60) as client:
            caller = Caller(client, version)
            caller.schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
            for one in TESTS:
                await tally.run(f"{where} {version} {one.__name__}", lambda one=one: one(caller))
            for kind in KINDS:
                with contextlib.suppress(AssertionError):
                    answers[f"{where} {version} {kind}"] = await caller.analyse(kind)


async def negotiates(where: str, target: Any) -> None:
    """Left to choose, the client takes the newest version; it is told who serves it and how to use it."""
    async with Client(target, mode="auto", read_timeout_seconds=30) as client:
        equal(client.protocol_version, MODERN, "version chosen")
        about_the_server(client)
    async with Client(target, mode="legacy", read_timeout_seconds=30) as client:
        about_the_server(client)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the client's hint that newer versions have no ping
            await client.send_ping()


def about_the_server(client: Client) -> None:
    equal(client.server_info.name, "factor-mcp", "name")
    that(re.fullmatch(r"\d+\.\d+\.\d+.*", client.server_info.version), f"version {client.server_info.version}")
    that(client.instructions and len(client.instructions) <= INSTRUCTIONS_CHARACTERS, f"instructions: {shown(client.instructions)}")
    offered = client.server_capabilities
    that(offered.tools and offered.prompts and offered.resources and offered.completions, f"capabilities: {offered}")


async def all_alike(answers: dict[str, Any]) -> None:
    equal(len(answers), 2 * len(MODES) * len(KINDS), "answers compared")
    for kind in KINDS:
        alike = {name: answer for name, answer in answers.items() if name.endswith(kind)}
        first = next(iter(alike.values()))
        for name, answer in alike.items():
            equal(answer, first, f"{name} against {next(iter(alike))}")


@contextlib.asynccontextmanager
async def http_server(server: str, home: Path, tally: Tally) -> AsyncIterator[Http]:
    http = Http(server, home)
    try:
        yield http
    finally:
        async def stop() -> None:
            http.stop()

        await tally.run("http stops when it is told to", stop)


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="the factor-mcp program")
    parser.add_argument("--only", help="only the tests whose name contains this")
    options = parser.parse_args()
    server = str(Path(options.server).resolve())
    tally, answers = Tally(options.only), {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        stdio = StdioServerParameters(command=server, env=environment(home), cwd=home)
        await tally.run("stdio negotiates", lambda: negotiates("stdio", stdio))
        await of_all(tally, "stdio", stdio, answers)
        async with http_server(server, home, tally) as http:
            await tally.run("http negotiates", lambda: negotiates("http", http.url))
            await of_all(tally, "http", http.url, answers)
        if not options.only:
            await tally.run("all four ways give the same answers", lambda: all_alike(answers))
    print(f"\npython_client: {tally.passed} passed, {tally.failed} failed")
    return 0 if tally.failed == 0 and tally.passed else 1


if __name__ == "__main__":
    sys.exit(anyio.run(main))
