#!/usr/bin/env python3
"""Writes the parts of the book that are made of other files, so that they cannot say something else than those.

    docs/generate.py            writes them
    docs/generate.py --check    says which are not as they would be written

Pages of the tools: arguments from tests/integration/snapshots (what tools/list says), examples from fixtures/contract (calls that a
test plays). Validation: fixtures/published and what tests measured of it. Skills: skills/*/SKILL.md. The table of settings is a
test's: `UPDATE_BOOK=1 cargo test -p factor-mcp --lib the_book_has_a_row_for_every_setting`.
"""

import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/src"
TREE = "https://github.com/factor-mcp/factor-mcp/blob/main/"
WIDTH = 116
LINES = 36  # of an answer; the whole is in its file

# Which tools stand on which page.
PAGE_OF_TOOLS = {
    "get_factor_analysis": ["get_factor_analysis"],
    "get_factor_recommendations": ["get_factor_recommendations"],
    "get_portfolio_exposures": ["get_portfolio_exposures"],
    "compare_factors": ["compare_factors"],
    "analyze_factor_model": ["analyze_factor_model"],
    "stress_test": ["stress_test"],
    "list_factors": ["list_factors"],
    "factor_groups": ["create_factor_group", "validate_factor_group", "get_factor_group", "list_factor_groups", "update_factor_group",
                      "delete_factor_group"],
    "portfolios": ["save_portfolio", "get_portfolio", "list_portfolios", "delete_portfolio"],
    "get_server_status": ["get_server_status"],
}
TITLES = {"factor_groups": "Factor groups", "portfolios": "Portfolios"}


def read(path: str):
    return json.loads((ROOT / path).read_text("utf-8"))


def laid_out(value, indent=0) -> str:
    """JSON as people write it: on one line where it fits."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= WIDTH or not isinstance(value, (dict, list)) or not value:
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(name, ensure_ascii=False)}: {laid_out(part, indent + 2)}" for name, part in value.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + laid_out(part, indent + 2) for part in value) + "\n" + " " * indent + "]"


def cut(text: str, file: str) -> str:
    lines = text.rstrip().split("\n")
    if len(lines) <= LINES:
        return "\n".join(lines)
    return "\n".join(lines[:LINES] + [f"... {len(lines) - LINES} more lines, in {file}"])


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def type_of(schema: dict) -> str:
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    kind = schema.get("type", "any")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    if kind == "array":
        inner = schema.get("items", {})
        return f"list of {inner['type']}s" if isinstance(inner.get("type"), str) else "list"
    return kind


def arguments(schema: dict) -> list[str]:
    rows = []
    required = schema.get("required", [])
    for name, one in schema.get("properties", {}).items():
        default = "required" if name in required else f"`{json.dumps(one['default'])}`" if "default" in one else ""
        rows.append(f"| `{name}` | {type_of(one)} | {default} | {cell(one.get('description', ''))} |".replace("|  |", "| |"))
    if not rows:
        return ["It takes no arguments.", ""]
    return ["| argument | type | default | what |", "| --- | --- | --- | --- |", *rows, ""]


def call(tool: str, given: dict) -> str:
    return f"{tool} {laid_out(given)}"


def example(path: Path) -> list[str]:
    made = json.loads(path.read_text("utf-8"))
    before = [call(one["tool"], one["arguments"]) for one in made.get("before", [])]
    answer = dict(made["answer"])
    report = answer.pop("formatted_report", None)
    lines = [f"### {made['about'].rstrip('.')}", "", "```text", *before, call(made["tool"], made["arguments"]), "```", ""]
    if isinstance(report, str):
        lines += ["````text", cut(report, path.name), "````", ""]
    else:
        lines += ["```json", cut(laid_out(answer), path.name), "```", ""]
    return lines


def tool_page(page: str, tools: list[str]) -> str:
    lines = [f"# {TITLES.get(page, page)}", ""]
    for tool in tools:
        text = (ROOT / f"tests/integration/snapshots/integration__tools__tool_{tool}.snap").read_text("utf-8")
        said = json.loads(text.split("---\n", 2)[2])
        if len(tools) > 1:
            lines += [f"## {tool}", ""]
        lines += [cell(said["description"]), "", *arguments(said["inputSchema"])]
        examples = sorted((ROOT / "fixtures/contract").glob(f"{tool}.*json"), key=lambda path: (path.name.count(".") > 1, path.name))
        if examples:
            lines += [f"The examples are calls that a test plays, on the simulated sample; their files are in "
                      f"[fixtures/contract]({TREE}fixtures/contract).", ""]
        for path in examples:
            lines += example(path)
    return "\n".join(lines).rstrip() + "\n"


def figure(value: float) -> str:
    return "0" if value == 0 else f"{value:.1e}".replace("e-0", "e-")


def validation() -> str:
    """Each published known answer, and how far ours is from it."""
    of = lambda name: read(f"fixtures/published/{name}.json")
    measured = lambda name: read(f"fixtures/published/differences/{name}.json")
    rows = []

    def line(what, name, source, numbers, largest, gives):
        """The file has the rest of what a source says of itself."""
        rows.append(f"| {what} | [{cell(re.split('[;:(]', source)[0].strip())}]({TREE}fixtures/published/{name}.json) | {numbers} | {largest} | {gives} |")

    def row(what, name, measure, source, gives):
        one = measured(measure)
        line(what, name, source, one["numbers"], figure(one["largest"]), gives)

    row("returns, drawdown, Sharpe, Sortino, beta, captures, quantiles", "empyrical", "empyrical", of("empyrical")["source"],
        "4 to 8 decimals")
    row("downside deviation, specific risk, skewness, kurtosis", "bacon", "bacon", of("bacon")["source"], "2 to 4 decimals")
    row("beta, alpha, Newey-West errors, intervals, rising and falling months", "bacon", "bacon_regression", re.search(r"statsmodels [\d.]+\d", of("bacon")["computed"])[0] + " on the months of Bacon's book",
        "all digits")
    row("slope, intercept, residual deviation", "nist_norris", "nist_norris", of("nist_norris")["source"], "15 digits, certified")
    row("nearest correlation matrix", "nearest_correlation", "nearest_correlation", of("nearest_correlation")["source"],
        "4 decimals")
    linkage = of("linkage")
    line("order of leaves and blocks, with ties and nulls", "linkage", linkage["source"], f"{len(linkage['cases'])} matrices", "equal", "whole numbers")
    french = of("french_betas")
    for part, said in measured("french_betas").items():
        line(f"Carhart's model of MTUM: {part.replace('_', ' ')}", "french_betas", french["source"], said["numbers"], figure(said["largest"]),
             f"another vintage of the factors: at most {said['within']}")
    head = ["| what | published by | numbers | largest difference | the source gives |", "| --- | --- | --- | --- | --- |"]
    return "\n".join(head + rows)


def skills() -> str:
    rows = ["| skill | what |", "| --- | --- |"]
    for path in sorted((ROOT / "skills").glob("*/SKILL.md")):
        field = lambda name, text=path.read_text("utf-8"): re.search(rf"^{name}: (.*)$", text, re.MULTILINE)[1]
        rows.append(f"| [`{field('name')}`]({TREE}{path.relative_to(ROOT).as_posix()}) | {cell(field('description'))} |")
    return "\n".join(rows)


def put_in(page: str, made: str) -> str:
    """The page with `made` between its two marks."""
    text = (PAGES / page).read_text("utf-8")
    begin, end = "<!-- generated by docs/generate.py -->\n", "<!-- end of what is generated -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise SystemExit(f"docs/src/{page}: wants `{begin.strip()}` and `{end}` once each")
    return text[: text.index(begin) + len(begin)] + "\n" + made + "\n\n" + text[text.index(end):]


def everything() -> dict[Path, str]:
    made = {PAGES / "tools" / f"{page}.md": tool_page(page, tools) for page, tools in PAGE_OF_TOOLS.items()}
    made[PAGES / "validation.md"] = put_in("validation.md", validation())
    made[PAGES / "skills.md"] = put_in("skills.md", skills())
    missing = {path.name.split(".")[0] for path in (ROOT / "fixtures/contract").glob("*.json")} - {
        tool for tools in PAGE_OF_TOOLS.values() for tool in tools}
    listed = {tool["name"] for tool in read("packaging/mcpb/manifest.json")["tools"]}
    missing |= listed - {tool for tools in PAGE_OF_TOOLS.values() for tool in tools}
    if missing:
        raise SystemExit(f"PAGE_OF_TOOLS has no page for {', '.join(sorted(missing))}")
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = [(path, text) for path, text in everything().items() if not path.exists() or path.read_text("utf-8") != text]
    for path, text in stale:
        print(f"{path.relative_to(ROOT)} is not what it is made of: run docs/generate.py" if check else f"wrote {path.relative_to(ROOT)}")
        if not check:
            path.write_text(text, "utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
