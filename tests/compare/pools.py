"""What arguments are drawn from: values that are right, values that are wrong, and how a right one may be spelled."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Pool:
    """The values of one argument."""

    right: list[Any]
    wrong: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """A data set and the settings it is served under."""

    name: str
    settings: dict[str, str]
    # Spans of dates that have data, and the newest one.
    spans: list[tuple[str, str]]
    # Tickers without prices, or with few.
    thin: list[str]


def worlds(prices: str, vendor: dict[str, str] | None = None) -> dict[str, World]:
    """The bundled sample, the market's prices, the sample under other settings, and perhaps a vendor of prices."""
    sample = [("2015-12-31", "2025-12-31"), ("2019-12", "2024-12"), ("2022-06-30", "2026-05-31"), ("2012-03-31", "2020-02-28")]
    market = [("2014-12-31", "2024-12-31"), ("2009-12-31", "2019-12-31"), ("2018-12", "2023-12"), ("2021-06-30", "2024-06-28")]
    strict = {
        "FACTOR_CORRELATION_MIN_OBSERVATIONS": "36",
        "FACTOR_INTELLIGENCE_MAX_FACTORS": "100",
        "FACTOR_GROUP_MAX_TICKERS": "6",
        "FACTOR_GROUP_MIN_TICKERS": "3",
    }
    known = {
        "sample": World(
            "sample", {"FACTOR_PRICE_SOURCE": "sample", "FACTOR_TODAY": "2026-06-15"}, sample, ["PEJ", "ETHA", "IBIT", "ZZZZ"]
        ),
        "market": World(
            "market", {"FACTOR_PRICE_FILES": prices, "FACTOR_TODAY": "2025-01-06"}, market, ["BJK", "PEJ", "IBIT", "ZZZZ"]
        ),
        "strict": World(
            "strict", {"FACTOR_PRICE_SOURCE": "sample", "FACTOR_TODAY": "2026-01-15"} | strict, sample, ["PEJ", "ETHA", "IBIT", "ZZZZ"]
        ),
    }
    if vendor is not None:
        known["vendor"] = World("vendor", {"FACTOR_TODAY": "2025-01-06"} | vendor, market, ["BJK", "PEJ", "IBIT", "ZZZZ"])
    return known


INDUSTRIES = ["XLK", "SOXX", "XLF", "KRE", "VNQ", "XLE", "XLU", "XLP", "XBI", "ITA", "GDX", "TAN", "URA", "ITB", "XRT", "IYZ"]
STYLES = ["MTUM", "VLUE", "IVE", "IVW", "QUAL", "IWM", "USMV", "VYM", "VIG"]
MARKETS = ["SPY", "VTI", "ACWX", "EFA", "EEM"]
BONDS = ["SHY", "IEI", "IEF", "TLT", "LQD", "HYG", "TIP", "MUB", "EMB"]
CASH = ["SGOV", "BIL"]
COMMODITIES = ["DBC", "GLD", "SLV", "USO"]
CRYPTO = ["IBIT", "ETHA"]
TICKERS = INDUSTRIES + STYLES + MARKETS + BONDS + CASH + COMMODITIES + CRYPTO

CATEGORIES = ["industry", "style", "market", "fixed_income", "cash", "commodity", "crypto", "user", "custom", "rate"]
ASSET_CLASSES = ["equity", "bond", "cash", "commodity", "crypto"]
MACRO = ["equity", "fixed_income", "cash", "commodity", "crypto"]
MATURITIES = ["UST3M", "UST2Y", "UST5Y", "UST10Y", "UST30Y"]

# The first five are saved when a session begins, and the first four.
GROUP_NAMES = ["My Tech", "Income & Co", "Metals", "Thin", "Old", "Hedge-Basket", "a", "Energy_2", "Six Of Us", "Growth"]
PORTFOLIO_NAMES = ["CURRENT_PORTFOLIO", "Retirement", "Play Money", "sixty-forty", "Empty", "Long & Short"]

NO_STRING = [{}, [], {"a": 1}]
NO_BOOLEAN = ["maybe", 2, [], {}]
NO_LIST = [{"a": 1}, [[1]], [{}]]
NO_DATE = ["2024-13-01", "31.12.2024", "2024", "yesterday", "2023-02-29", "1800-01-01", "2300-01", 20240101, [], {}]


def whole(*right: int, wrong: list[Any] | None = None) -> Pool:
    return Pool(list(right), (wrong or []) + ["many", 2.5, -1, 10**9, [], {}, True])


def number(*right: float, wrong: list[Any] | None = None) -> Pool:
    return Pool(list(right), (wrong or []) + ["much", -5, 1e9, [], {}, "nan"])


def choice(*right: str, wrong: list[Any] | None = None) -> Pool:
    return Pool(list(right), (wrong or []) + ["nope", right[0][:-1], "", 7, [], {}])


def boolean() -> Pool:
    return Pool([True, False], NO_BOOLEAN)


def several(*right: list[Any], wrong: list[Any] | None = None) -> Pool:
    return Pool(list(right), (wrong or []) + NO_LIST)


def spelled(rng: random.Random, value: Any) -> Any:
    """A right value as some client would write it."""
    if isinstance(value, bool):
        return rng.choice([str(value).lower(), str(value).upper()])
    if isinstance(value, int):
        return rng.choice([str(value), float(value), f" {value} "])
    if isinstance(value, float):
        return str(value)
    if isinstance(value, str):
        return rng.choice([value.upper(), f" {value} ", value.replace("_", " "), value.replace("_", "-").title()])
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return rng.choice([", ".join(value), json.dumps(value), value[0] if len(value) == 1 else ";".join(value)])
    if isinstance(value, list | dict):
        return json.dumps(value)
    return value
