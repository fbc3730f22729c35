"""Calls of the tools over holdings and over what is saved: recommendations, exposures, portfolios, groups."""

from __future__ import annotations

import random
from typing import Any

import analysis_calls
from pools import (
    CASH,
    GROUP_NAMES,
    INDUSTRIES,
    NO_STRING,
    PORTFOLIO_NAMES,
    TICKERS,
    Pool,
    World,
    boolean,
    choice,
    number,
    several,
    spelled,
    whole,
)

HOLDINGS: list[Any] = [
    {"VNQ": 0.35, "SPY": 0.25, "XLK": 0.2, "TLT": 0.2},
    {"SPY": 0.6, "IEF": 0.4},
    {"spy": 0.5, "GLD": 0.2},
    {"XLK": 1.3, "TLT": -0.3},
    {"SPY": 1.2, "HYG": 0.4},
    [{"ticker": "SPY", "weight": 0.6}, {"ticker": "SPY", "weight": 0.1}, {"ticker": "CUR:USD", "weight": 0.3}],
    [{"ticker": "XLK", "shares": 40}, {"ticker": "TLT", "shares": 25}, {"ticker": "CUR:USD", "value": 900}],
    [{"ticker": "SPY", "value": 60000}, {"ticker": "VNQ", "value": 25000}, {"ticker": "GLD", "shares": -10}],
    [{"ticker": "AAPL", "weight": 0.5}, {"ticker": "XLE", "weight": 0.5}],
    [{"ticker": "PEJ", "weight": 0.2}, {"ticker": "IBIT", "weight": 0.2}, {"ticker": "EEM", "weight": 0.6}],
    [{"ticker": ticker, "weight": 0.025} for ticker in TICKERS[:40]],
    {"USER:My_Tech": 0.5, "TLT": 0.5},
    {"SPY": "0.7", "BIL": "0.3"},
]
WRONG_HOLDINGS: list[Any] = [
    [], {}, 5, "SPY", {"SPY": 60, "TLT": 40}, {"SPY": 0.5, "TLT": -0.5}, [{"ticker": "SPY"}], [{"weight": 1}],
    [{"ticker": "S PY", "weight": 0.5}, {"ticker": "TLT", "weight": "60%"}, {"ticker": "GLD", "wieght": 0.1}],
    [{"ticker": "SPY", "weight": 0.5}, {"ticker": "TLT", "value": 5}],
    [{"ticker": "SPY", "weight": 0.5, "shares": 3}], [{"ticker": "CUR:EUR", "shares": 5}], [{"ticker": "ZZZZ", "shares": 5}],
    [{"ticker": "SPY", "value": 5}, {"ticker": "TLT", "value": -9}], [["SPY", 1]], [{"ticker": {"deep": 1}, "weight": []}],
    {f"T{n}": 0.0005 for n in range(1200)}, [{"ticker": "SPY", "shares": 1e300}],
]  # fmt: skip

SHARED_LOOKS = {
    "format": choice("summary", "full", "report", wrong=["pdf"]),
    "max_chars": whole(0, 2000, 3000, 6000, 12000, 40000, wrong=[1, 1999]),
    "advanced": Pool(
        [{"precision": 3}, {"min_observations": 60}, {"include_user_groups": False}, {"precision": 12, "min_observations": 24}, {}],
        [{"precision": 99, "order": "cluster"}, {"min_observations": "x"}, 5, [], {"include_user_groups": "perhaps"}],
    ),
    "frequency": choice("monthly", "weekly", "daily", wrong=["quarterly"]),
    "portfolio_name": Pool(PORTFOLIO_NAMES, ["Nobody's", "Retirment", "", "--", "x" * 101, 7, *NO_STRING]),
    "holdings": Pool(HOLDINGS, WRONG_HOLDINGS),
}

RECOMMENDATION_SECTIONS = ["recommendations", "basket", "exposures", "insights", "data_quality", "metadata", "formatted_report"]
EXPOSURE_SECTIONS = [
    "holdings", "by_industry", "by_sector_group", "by_asset_class", "regression", "risk", "what_if", "insights",
    "data_quality", "metadata", "formatted_report",
]  # fmt: skip

OVEREXPOSED = [
    "VNQ", "Real Estate", "cyclical", "defensive", "fixed_income", "industry", "equity", "gold", "UST10Y", "SPY", "market",
    "momentum", "USER:My_Tech", "Semiconductors", "xlk", "Uranium", "crypto", "TLT", "Information Technology Services", "commodity",
]  # fmt: skip
NOT_OVEREXPOSED = ["", "Real Estat", "bank", "oil", "USER:Nobody", "CUR:USD", "cash", "PEJ", "ZZZZ", "AAPL", "x" * 400, 5, *NO_STRING]


class PortfolioCalls:
    """Draws calls of one world."""

    def __init__(self, rng: random.Random, world: World):
        self.rng = rng
        self.world = world
        analysis = analysis_calls.own_pools(world)
        dates = {name: analysis[name] for name in ("start_date", "end_date")}
        self.of_recommendations = (
            {
                "overexposed_factor": Pool(OVEREXPOSED, NOT_OVEREXPOSED),
                "target_allocation_reduction": number(0.01, 0.05, 0.1, 0.5, wrong=[0.6, 10, "10%"]),
                "correlation_threshold": number(-1.0, -0.5, -0.2, 0.0, wrong=[0.3, -2]),
                "max_recommendations": whole(1, 3, 10, 50, wrong=[0, 51]),
                "prefer_income": boolean(),
                "min_dividend_yield": number(0.0, 0.01, 0.03, 0.2, wrong=["3%", 3]),
                "include": several(*([name] for name in RECOMMENDATION_SECTIONS), [], wrong=[["by_industry"]]),
                "categories": analysis["categories"],
                "factor_categories": Pool([["fixed_income", "commodity"], ["bonds"]], [["x"], 5]),
                "asset_class_filters": analysis["asset_class_filters"],
                "industry_granularity": analysis["industry_granularity"],
                "factor_universe": analysis["factor_universe"],
            }
            | dates
            | SHARED_LOOKS
        )
        self.of_exposures = (
            {
                "factors": several(
                    ["SPY", "fixed_income"], ["XLK", "TLT", "GLD"], ["equity", "commodity"], ["USER:My_Tech", "SPY"], [],
                    ["UST10Y", "momentum", "cyclical"],
                    wrong=[["nothing like it"], ["SPY", "SPY"], ["SPY", "VTI"], TICKERS[:25], ["bank", "oil"]],
                ),
                "what_if": Pool(
                    [[{"ticker": "SPY", "change": -0.1}, {"ticker": "TLT", "change": 0.1}], {"GLD": 0.05}, {"SPY": -0.2, "IEF": 0.3}, {"VNQ": 0.5}],
                    [[], {"SPY": 10}, [{"ticker": "SPY"}], [{"change": 1}], {"SPY": "5%"}, 5, {"ZZZZ": 0.1}, {f"T{n}": 0.01 for n in range(101)}],
                ),
                "include": several(*([name] for name in EXPOSURE_SECTIONS), [], wrong=[["basket"]]),
            }
            | dates
            | SHARED_LOOKS
        )  # fmt: skip

    # ---------------------------------------------------------------------------------------- what is asked of holdings

    def pools_of(self, tool: str) -> dict[str, Pool]:
        return self.of_recommendations if tool == "get_factor_recommendations" else self.of_exposures

    def systematic(self, tool: str) -> list[tuple[str, dict]]:
        calls: list[tuple[str, dict]] = []
        looks = [{"format": "full"}, {}, {"format": "report"}, {"max_chars": 3000, "format": "full"}]
        base = {"overexposed_factor": "VNQ"} if tool == "get_factor_recommendations" else {}
        for name, pool in self.pools_of(tool).items():
            for at, (kind, value) in enumerate([("right", one) for one in pool.right] + [("wrong", one) for one in pool.wrong]):
                call = base | {"holdings": HOLDINGS[at % 4]} | (looks[at % 4] if name != "include" else {})
                if name == "portfolio_name":
                    del call["holdings"]
                if name == "frequency":
                    call.pop("format", None)
                calls.append((f"each {kind} value", call | {name: value}))
        return calls

    def over_holdings(self, tool: str) -> tuple[str, dict]:
        """One call of recommendations or exposures, and its kind."""
        rng, pools = self.rng, self.pools_of(tool)
        kind = rng.choices(["plain", "rich", "spelled", "one wrong", "several wrong", "odd"], [30, 38, 7, 11, 9, 5])[0]
        call: dict[str, Any] = {}
        if tool == "get_factor_recommendations":
            call["overexposed_factor"] = rng.choice(OVEREXPOSED)
        where = rng.random()
        if where < 0.55:
            call["holdings"] = rng.choice(HOLDINGS)
        elif where < 0.75:
            call["portfolio_name"] = rng.choice(PORTFOLIO_NAMES[:4])
        if kind == "odd":
            return kind, rng.choice(
                [
                    {},
                    {"overexposed_factor": None},
                    call | {"holdings": {"SPY": 1}, "portfolio_name": "Retirement"},
                    call | {"colour": "red", "analysis_type": "returns", "windows": ["1m"]},
                    call | {"categories": ["style"], "factor_categories": ["market"]},
                    call | {"top_n": 3, "preset": "light", "factors": ["SPY"], "overexposed_factor": "VNQ"},
                    call | {"include": [f"s{n}" for n in range(300)]},
                    call | {"start_date": "2024-01-31", "end_date": "2024-06-30"},
                    call | {"min_observations": 30, "precision": 5, "advanced": {"precision": 6}},
                    call | {"asset_class_filters": {"include": ["equity"]}, "industry_granularity": "industry"},
                ]
            )
        names = [name for name in pools if name not in ("holdings", "portfolio_name", "overexposed_factor", "start_date", "factor_categories")]
        for name in rng.sample(names, rng.randint(0, 2 if kind == "plain" else 6)):
            call[name] = rng.choice(pools[name].right)
        if rng.random() < 0.5:
            call["format"] = rng.choice(["full", "full", "report", "summary"])
        if kind == "spelled":
            call = {name: spelled(rng, value) if name != "advanced" else value for name, value in call.items()}
        elif kind in ("one wrong", "several wrong"):
            for name in rng.sample(sorted(pools), 1 if kind == "one wrong" else rng.randint(2, 5)):
                if pools[name].wrong:
                    call[name] = rng.choice(pools[name].wrong)
        return kind, call

    # -------------------------------------------------------------------------------------------------- what is saved

    def portfolio(self) -> tuple[str, str, dict]:
        """A call of one of the four tools over saved portfolios: tool, kind, arguments."""
        rng = self.rng
        tool = rng.choices(["save_portfolio", "get_portfolio", "list_portfolios", "delete_portfolio"], [45, 30, 10, 15])[0]
        wrong = rng.random() < 0.25
        call: dict[str, Any] = {}
        if rng.random() < 0.75 and tool != "list_portfolios":
            call["portfolio_name"] = rng.choice(SHARED_LOOKS["portfolio_name"].wrong if wrong else self.near(PORTFOLIO_NAMES))
        if tool == "save_portfolio":
            call["holdings"] = rng.choice(WRONG_HOLDINGS if wrong else HOLDINGS)
            if rng.random() < 0.05:
                call["holdings"] = [{"ticker": f"TICKER{n}", "weight": 0.001} for n in range(1000)]
            if rng.random() < 0.05:
                del call["holdings"]
        if wrong and rng.random() < 0.3:
            call["colour"] = "red"
        return tool, "wrong" if wrong else "right", call

    def group(self) -> tuple[str, str, dict]:
        """A call of one of the six tools over factor groups: tool, kind, arguments."""
        rng = self.rng
        verbs = ["create", "get", "list", "validate", "update", "delete"]
        verb = rng.choices(verbs, [38, 14, 8, 12, 18, 10])[0]
        tool = "list_factor_groups" if verb == "list" else f"{verb}_factor_group"
        wrong = rng.random() < 0.3
        # What is looked at is mostly there, what is made and deleted mostly is not.
        saved = verb in ("get", "validate", "update") and rng.random() < 0.7
        call: dict[str, Any] = {} if verb == "list" else {"group_name": rng.choice(self.near(GROUP_NAMES[:5] if saved else GROUP_NAMES))}
        if verb in ("create", "update"):
            call |= self.members(verb)
        if wrong:
            bad = {
                "group_name": ["", "--", "x" * 101, "no/slash", "Nobody", "My Tec", None, *NO_STRING],
                "new_name": ["!", "x" * 200, []],
                "tickers": [["SPY"], ["SPY", "spy"], ["S PY", "TLT"], "SPY", [], {}, [f"T{n}" for n in range(60)], ["ZZZZ", "ZZZY"]],
                "description": ["d" * 501, {}],
                "weighting_method": ["weighted", 3, []],
                "weights": [{"SPY": 1}, {"XLK": 0.5, "SMH": 0.6}, [{"ticker": "XLK"}], 5, {"XLK": "50%", "XLF": -1}, {"XLK": 0}],
                "validate": ["perhaps", 3],
                "colour": ["red"],
            }
            mine = {"create": 7, "update": 8}.get(verb)
            names = [name for name in bad if name != "new_name" or verb == "update"] if mine else ["group_name", "colour"]
            for name in rng.sample(names, rng.randint(1, min(3, len(names)))):
                call[name] = rng.choice(bad[name])
            if rng.random() < 0.1:
                call.pop("group_name", None)
        return tool, "wrong" if wrong else "right", call

    def members(self, verb: str) -> dict[str, Any]:
        """What a group is made of; an update gives some of it."""
        rng = self.rng
        thin = rng.random() < 0.2
        tickers = rng.sample(INDUSTRIES + TICKERS[25:38], rng.randint(2, 7)) + (rng.sample(self.world.thin, rng.randint(1, 2)) if thin else [])
        tickers = list(dict.fromkeys(tickers))
        call: dict[str, Any] = {"tickers": tickers}
        method = rng.choices(["", "equal", "market_cap", "custom", "cap"], [40, 15, 20, 20, 5])[0]
        if method:
            call["weighting_method"] = method
        if method == "custom":
            share = round(1 / len(tickers), 4)
            weights = [share] * (len(tickers) - 1) + [round(1 - share * (len(tickers) - 1), 4)]
            call["weights"] = dict(zip(tickers, weights, strict=True))
            if rng.random() < 0.5:
                call["weights"] = [{"ticker": ticker, "weight": weight} for ticker, weight in call["weights"].items()]
        if rng.random() < 0.3:
            call["description"] = rng.choice(["What it is for", "", "Ünïcode — “quotes”", "d" * 500])
        if rng.random() < 0.25:
            call["validate"] = rng.choice([True, False, False])
        if verb == "update":
            if rng.random() < 0.3:
                call["new_name"] = rng.choice(GROUP_NAMES)
            for name in list(call):
                if rng.random() < 0.4:
                    del call[name]
        return call

    def near(self, names: list[str]) -> list[str]:
        """The names, some as a client might write them."""
        return names + [name.lower().replace(" ", "_") for name in names[:3]]

    def certain(self) -> list[tuple[str, str, dict]]:
        """Every argument of the group and portfolio tools once, in an order that works."""
        members, weights = ["XLK", "XLE"], [{"ticker": "XLK", "weight": 0.25}, {"ticker": "XLE", "weight": 0.75}]
        group, renamed = {"group_name": "Certain"}, {"group_name": "surely"}
        made = {"tickers": members, "description": "to be sure", "weighting_method": "equal", "validate": True}
        custom = {"weighting_method": "custom", "weights": weights}
        portfolio = {"portfolio_name": "Certain"}
        kinds = [{"ticker": "XLK", "shares": 3}, {"ticker": "TLT", "value": 500.5}, {"ticker": "CUR:USD", "shares": 10}]
        steps = [
            ("create_factor_group", group | made), ("create_factor_group", group | made), ("get_factor_group", group),
            ("create_factor_group", {"group_name": "Customs", "tickers": members} | custom), ("list_factor_groups", {}),
            ("create_factor_group", {"group_name": "By cap", "tickers": members, "weighting_method": "market_cap"}),
            ("update_factor_group", group | custom | {"tickers": members[::-1], "new_name": "Surely", "description": "", "validate": False}),
            ("validate_factor_group", renamed), ("update_factor_group", renamed), ("delete_factor_group", renamed),
            ("get_factor_group", renamed), ("save_portfolio", portfolio | {"holdings": kinds}), ("get_portfolio", portfolio),
            ("save_portfolio", portfolio | {"holdings": {"SPY": 1}}), ("list_portfolios", {}), ("delete_portfolio", portfolio),
            ("delete_portfolio", portfolio),
        ]  # fmt: skip
        return [(tool, "in order", arguments) for tool, arguments in steps]

    def beginning(self) -> list[tuple[str, str, dict]]:
        """What a session saves first, so that later calls find it."""
        groups = [
            ("My Tech", {"tickers": ["XLK", "SOXX", "FDN"]}),
            ("Income & Co", {"tickers": ["XLU", "XLP", "VYM"], "weighting_method": "custom", "weights": {"XLU": 0.5, "XLP": 0.3, "VYM": 0.2}}),
            ("Metals", {"tickers": ["GDX", "SLV", "COPX"], "weighting_method": "market_cap"}),
            ("Thin", {"tickers": ["XLF", "KRE", "VNQ", *self.world.thin[:2]]}),
            ("Old", {"tickers": ["IEF", "TLT", *CASH], "validate": False}),
        ]
        steps = [("create_factor_group", "first", {"group_name": name} | what) for name, what in groups]
        saved = zip(PORTFOLIO_NAMES, [HOLDINGS[0], HOLDINGS[6], HOLDINGS[8], HOLDINGS[1]], strict=False)
        steps += [("save_portfolio", "first", {"portfolio_name": name, "holdings": holdings}) for name, holdings in saved]
        return steps
