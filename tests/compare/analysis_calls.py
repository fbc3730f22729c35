"""Calls of `get_factor_analysis`."""

from __future__ import annotations

import random
from typing import Any

from pools import (
    ASSET_CLASSES,
    CATEGORIES,
    MACRO,
    MATURITIES,
    NO_DATE,
    NO_STRING,
    Pool,
    World,
    boolean,
    choice,
    number,
    several,
    spelled,
    whole,
)

TOOL = "get_factor_analysis"
KINDS = ("correlations", "performance", "returns")

SECTIONS = {
    "correlations": [
        "matrices", "overlays", "rate_sensitivity", "market_sensitivity", "macro_composite", "macro_etf", "statistics",
        "insights", "rolling",
    ],
    "performance": ["per_factor", "composites"],
    "returns": ["rankings", "by_category", "factors", "industry_groups"],
    "every": ["data_quality", "metadata", "performance", "formatted_report"],
}  # fmt: skip
ALL_SECTIONS = [name for names in SECTIONS.values() for name in names]

UNIVERSES: list[Any] = [
    [{"label": "Nasdaq 100", "ticker": "QQQ"}, {"ticker": "SPY"}, {"ticker": "TLT", "category": "fixed_income"}],
    [
        {"label": "Technology", "ticker": "XLK", "category": "industry", "sector_group": "sensitive"},
        {"label": "Utilities", "ticker": "XLU", "category": "industry", "sector_group": "defensive"},
        {"label": "US large", "ticker": "SPY", "category": "market"},
        {"label": "Developed ex US", "ticker": "EFA", "category": "market"},
        {"label": "Treasuries 20+", "ticker": "TLT", "category": "fixed_income", "asset_class": "bond"},
        {"label": "Bills", "ticker": "BIL", "category": "cash"},
        {"label": "Gold", "ticker": "GLD", "category": "commodity"},
        {"label": "Stopped", "ticker": "PEJ", "category": "style"},
    ],
    {"Momentum": "MTUM", "Value": "VLUE", "Quality": "QUAL", "Size": "IWM"},
    [{"ticker": "USER:My_Tech"}, {"ticker": "XLU"}, {"ticker": "TLT"}],
    [{"ticker": ticker, "category": "industry"} for ticker in ("XLF", "XLE", "XLP", "XBI", "VNQ", "ITA")],
    [{"ticker": "SPY"}, {"ticker": "SPY", "label": "Again"}, {"ticker": "VTI"}],
]
WRONG_UNIVERSES: list[Any] = [
    [], [{"label": "No ticker"}], [{"ticker": "SP Y"}], [{"ticker": "USER:Nobody"}], "SPY, TLT", 5, [5],
    [{"ticker": "SPY", "category": "rate", "colour": "blue"}, {"ticker": ""}], [{"ticker": "ZZZZ"}, {"ticker": "ZZZY"}],
]  # fmt: skip


def own_pools(world: World) -> dict[str, Pool]:
    """The arguments of the first level but `include`, `format`, `max_chars` and `advanced`."""
    first, last = world.spans[0]
    return {
        "analysis_type": choice(*KINDS),
        "windows": several(
            ["1m"], ["3m", "ytd"], ["1m", "3m", "6m", "1y"], ["2y", "3y", "5y", "10y"], ["1w", "2w", "mtd", "1d"],
            ["1y", "1y", "bogus"], [],
            wrong=[["bogus"], "never", 5],
        ),
        "categories": several(
            *([name] for name in CATEGORIES), ["industry", "style"], ["fixed_income", "commodity", "crypto"], ["bonds"],
            ["market", "market", "rate"], ["style", "cash", "user"], [],
            wrong=[["industries"], ["industry", "stile", "bund"], "everything", 3],
        ),
        "top_n": whole(1, 3, 10, 25, 100, wrong=[0, 101]),
        "start_date": Pool([first, *(start for start, _ in world.spans)], [*NO_DATE, "2100-01-01", last]),
        "end_date": Pool([last, *(end for _, end in world.spans)], [*NO_DATE, "1990-01-01", "2100-12-31"]),
        "frequency": choice("monthly", "weekly", "daily", wrong=["quarterly"]),
        "benchmark_ticker": Pool(["SPY", "VTI", "EFA", "tlt", "QQQ"], ["S PY", "ZZZZ", *NO_STRING]),
        "industry_granularity": choice("group", "industry", wrong=["subindustry"]),
        "sort_by": choice("sharpe_ratio", "annual_return", "volatility", wrong=["beta"]),
        "include_macro_etf": boolean(),
        "include_statistics": boolean(),
        "include_rolling_summaries": boolean(),
        "regime": Pool(
            ["all", "rate_shock", "equity_drawdown", "high_vol", "2020", "2020-02/2022-12", "2018-01-31/2019-12-31"],
            ["calm", "2020/2019", "2020-02/", "1950", *NO_STRING],
        ),
        "correlation_method": choice("pearson", "spearman", "ewma", "ledoit_wolf", wrong=["kendall"]),
        "preset": choice("overview", "equity_factors", "macro_focus", "income_focus", "light"),
        "factor_universe": Pool(UNIVERSES, WRONG_UNIVERSES),
        "asset_class_filters": Pool(
            [{"include": [name]} for name in ASSET_CLASSES]
            + [{"exclude": ["crypto", "cash"]}, {"include": ["equity", "bond"], "exclude": ["bond"]}, {"include": ["fixed_income"]}, {}],
            [{"include": ["stocks"]}, {"only": ["equity"]}, {"include": 5, "exclude": {}}, "equity", [], {"exclude": ASSET_CLASSES}],
        ),
        "composite_weighting_method": choice("equal", "cap", wrong=["custom"]),
        "composite_weights": Pool(
            [[{"ticker": "SPY", "weight": 0.6}, {"ticker": "TLT", "weight": 0.4}], {"XLK": 2, "XLF": 1, "MTUM": 1}],
            [[{"ticker": "SPY", "weight": 0}], [{"ticker": "SPY"}], [{"ticker": "SPY", "weight": -1, "note": 1}], {"SPY": "x"},
             [{"ticker": "SPY", "weight": 1}, {"ticker": "spy", "weight": 2}], 5],
        ),
        "matrix_format": choice("nested", "triangle"),
    }  # fmt: skip


def advanced_pools() -> dict[str, Pool]:
    return {
        "min_observations": whole(12, 24, 60, 120, wrong=[11, 121]),
        "precision": whole(2, 4, 9, 17, wrong=[1, 18]),
        "sections": several(
            ["matrices:style"], ["overlays:rate", "overlays:market"], ["macro:composite", "macro:etf"], ["rolling"],
            ["matrices:industry_groups", "matrices:industry"], ["matrices", "overlays:rate"], ["matrices:bonds"],
            wrong=[["matrices:everything"], ["overlay", "rollin"]],
        ),
        "rate_maturities": several(*([name] for name in MATURITIES), MATURITIES, ["UST10Y", "UST2Y", "UST10Y"], wrong=[["UST1Y"], "10Y"]),
        "rate_sensitivity_categories": several(["fixed_income"], ["style", "commodity", "market"], ["bonds", "cash"], wrong=[["rate"], ["x"]]),
        "market_benchmarks": several(["SPY", "EFA"], ["TLT"], ["QQQ", "GLD", "SPY"], [], wrong=[["S PY"], 7, ["ZZZZ"]]),
        "market_sensitivity_categories": several(["industry"], ["style", "fixed_income"], ["crypto"], wrong=[["user group"]]),
        "macro_groups": several(*([name] for name in MACRO), ["equity", "fixed_income"], MACRO, ["bonds", "commodity"], wrong=[["gold"]]),
        "macro_max_per_group": whole(1, 3, 10, 20, wrong=[0, 21]),
        "macro_deduplicate_threshold": number(0.0, 0.5, 0.9, 1.0, wrong=["95%", 95]),
        "macro_min_group_coverage_pct": number(0.0, 0.3, 0.9, 1.0, wrong=[60]),
        "include_rate_sensitivity": boolean(),
        "include_market_sensitivity": boolean(),
        "include_macro_composite": boolean(),
        "include_macro_composite_performance": boolean(),
        "include_factor_composite_performance": boolean(),
        "composite_max_per_group": whole(1, 2, 5, 100, wrong=[0, 101]),
        "half_life": number(1.0, 12.0, 36.0, 250.0, 2520.0, wrong=[0.5, 3000]),
        "order": choice("universe", "cluster", wrong=["size"]),
        "rolling_windows": several([12], [6, 24, 36], [120], ["12", 24.0], wrong=[[5], [121], ["a"], 12.5]),
        "rolling_pairs": several(
            ["SPY/TLT"], ["XLF/TLT", "cyclical/UST10Y"], ["gld/slv", "SPY/spy", "SPY/EFA"], ["USER:My_Tech/XLU"],
            wrong=[["SPY"], ["SPY/NOPE"], ["SPY/SPY"], ["SPY/TLT", "SPY/GLD", "SPY/EFA", "SPY/EEM", "SPY/IEF", "SPY/SHY"]],
        ),
        "max_factors": whole(5, 20, 100, wrong=[4, 101]),
        "top_n_per_matrix": whole(5, 12, 100, wrong=[4, 101]),
        "include_user_groups": boolean(),
    }  # fmt: skip


def shape_pools() -> dict[str, Pool]:
    """How an answer looks."""
    return {
        "format": choice("summary", "full", "report", wrong=["pdf"]),
        "include": several(*([name] for name in ALL_SECTIONS), [], wrong=[["nothing"], 5]),
        "max_chars": whole(0, 2000, 2500, 3000, 5000, 8000, 12000, 20000, 40000, 100000, wrong=[1, 1999]),
    }


# Fields of `advanced` and arguments that mean something in one or two kinds of analysis.
FIELDS_OF = {
    "correlations": [
        "benchmark_ticker", "include_macro_etf", "include_statistics", "include_rolling_summaries", "regime",
        "correlation_method", "preset", "matrix_format", "min_observations", "sections", "order", "half_life",
        "rate_maturities", "rate_sensitivity_categories", "market_benchmarks", "market_sensitivity_categories",
        "macro_groups", "macro_max_per_group", "macro_deduplicate_threshold", "macro_min_group_coverage_pct",
        "rolling_windows", "rolling_pairs", "include_rate_sensitivity", "include_market_sensitivity",
        "include_macro_composite", "top_n_per_matrix",
    ],
    "performance": [
        "benchmark_ticker", "sort_by", "composite_weighting_method", "composite_weights", "min_observations",
        "macro_groups", "macro_min_group_coverage_pct", "include_macro_composite_performance",
        "include_factor_composite_performance", "composite_max_per_group",
    ],
    "returns": ["windows", "macro_min_group_coverage_pct"],
    "every": [
        "categories", "top_n", "frequency", "industry_granularity", "factor_universe", "asset_class_filters", "precision",
        "max_factors", "include_user_groups",
    ],
}  # fmt: skip


class AnalysisCalls:
    """Draws calls of one world."""

    def __init__(self, rng: random.Random, world: World):
        self.rng = rng
        self.world = world
        self.own = own_pools(world)
        self.advanced = advanced_pools()
        self.shape = shape_pools()
        self.pools = self.own | self.advanced | self.shape

    def systematic(self) -> list[tuple[str, dict]]:
        """Every value of every argument once, `advanced` at both levels, and every section in every kind of analysis."""
        calls: list[tuple[str, dict]] = []
        looks = [{"format": "full"}, {}, {"format": "report"}, {"format": "full", "max_chars": 9000}]
        for name, pool in self.pools.items():
            owners = [kind for kind in KINDS if name in FIELDS_OF[kind]] or list(KINDS)
            for at, (kind, value) in enumerate([("right", one) for one in pool.right] + [("wrong", one) for one in pool.wrong]):
                call = {"analysis_type": owners[at % len(owners)]} | looks[at % len(looks)]
                if name == "frequency" or name == "include":
                    call.pop("format", None)
                if name == "composite_weights":
                    call["composite_weighting_method"] = "custom"
                if name in ("rolling_windows", "rolling_pairs"):
                    call["include_rolling_summaries"] = True
                if name == "half_life":
                    call["correlation_method"] = "ewma"
                if name in self.advanced and at % 2 == 0:
                    call["advanced"] = {name: value}
                else:
                    call[name] = value
                calls.append((f"each {kind} value", call))
        for kind in KINDS:
            for section in ALL_SECTIONS:
                calls.append(("each section", {"analysis_type": kind, "include": [section]}))
        return calls

    def draw(self) -> tuple[str, dict]:
        """One call and its kind."""
        kinds = ["plain", "rich", "foreign", "spelled", "one wrong", "several wrong", "unknown names", "odd"]
        kind = self.rng.choices(kinds, [26, 34, 6, 8, 9, 6, 4, 2])[0]
        if kind == "odd":
            return kind, self.odd()
        call, fields = self.rightly(2 if kind == "plain" else 7)
        if kind == "foreign":
            for name in self.rng.sample(sorted(self.own | self.advanced), 4):
                call[name] = self.rng.choice(self.pools[name].right)
        elif kind == "spelled":
            call = {name: spelled(self.rng, value) if name != "advanced" else value for name, value in call.items()}
            fields = {name: spelled(self.rng, value) for name, value in fields.items()}
        elif kind in ("one wrong", "several wrong"):
            wrong = sorted(name for name, pool in self.pools.items() if pool.wrong)
            for name in self.rng.sample(wrong, 1 if kind == "one wrong" else self.rng.randint(2, 6)):
                (fields if name in self.advanced and self.rng.random() < 0.5 else call)[name] = self.rng.choice(self.pools[name].wrong)
        elif kind == "unknown names":
            target = call if self.rng.random() < 0.6 else fields
            for name in self.rng.sample(["window", "colour", "maxchars", "Format", "precison", "tickers", "holdings", "x"], 2):
                target[name] = self.rng.choice([1, "a", None, [], {"deep": {"deeper": [1]}}])
        if fields:
            call["advanced"] = fields
        return kind, call

    def rightly(self, most: int) -> tuple[dict, dict]:
        """Right arguments of one kind of analysis: those of the first level, and those within `advanced`."""
        rng = self.rng
        kind = rng.choice(KINDS)
        call: dict[str, Any] = {} if kind == "correlations" and rng.random() < 0.4 else {"analysis_type": kind}
        fields: dict[str, Any] = {}
        if rng.random() < 0.3:
            start, end = rng.choice(self.world.spans)
            call |= rng.choice([{"start_date": start, "end_date": end}, {"end_date": end}, {"start_date": start}])
        names = FIELDS_OF[kind] + FIELDS_OF["every"]
        for name in rng.sample(names, min(len(names), rng.randint(0, most))):
            value = rng.choice(self.pools[name].right)
            (fields if name in self.advanced and rng.random() < 0.6 else call)[name] = value
        if "composite_weights" in call:
            call["composite_weighting_method"] = "custom"
        if rng.random() < 0.5:
            call["format"] = rng.choice(["summary", "full", "full", "report"])
        if rng.random() < 0.3:
            mine = SECTIONS[kind] + SECTIONS["every"]
            call["include"] = rng.sample(mine, rng.randint(1, 4))
            if rng.random() < 0.3:
                call["include"] += rng.sample(["bogus", *ALL_SECTIONS, "Matrices ", call["include"][0]], 2)
        if rng.random() < 0.35:
            call["max_chars"] = rng.choice(self.pools["max_chars"].right)
        return call, fields

    def odd(self) -> dict:
        """Long lists, deep values, nothing at all."""
        rng = self.rng
        return rng.choice(
            [
                {},
                {"analysis_type": None, "include": None, "advanced": None},
                {"include": [f"section_{n}" for n in range(400)] + ["matrices"]},
                {"categories": ["industry"] * 300},
                {"factor_universe": [{"ticker": f"T{n}"} for n in range(250)]},
                {"factor_universe": {f"Label {n}": "SPY" for n in range(70)}},
                {"windows": [f"{n}m" for n in range(500)], "analysis_type": "returns"},
                {"regime": "9" * 5000},
                {"advanced": "{\"precision\": 3}", "format": "full"},
                {"advanced": rng.choice(["{broken", [1, 2], 7, True])},
                {"advanced": {"advanced": {"precision": 3}}},
                {"advanced": {"precision": 3}, "precision": 4, "format": "full"},
                {"composite_weights": {f"T{n}": 1 for n in range(600)}, "analysis_type": "performance"},
                {"rolling_windows": list(range(1, 200)), "include_rolling_summaries": True},
                {"benchmark_ticker": "SPY\u0000\u202e"},
                {"include": [[["deep"]]], "advanced": {"sections": {"a": []}}},
                {"analysis_type": "returns", "windows": [], "format": "full"},
                {"preset": "light", "include": ["rolling", "statistics"], "format": "report"},
            ]
        )
