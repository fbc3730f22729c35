"""The series that right answers are computed from: prices and yields as they were on a day, months, returns, spans.

Prices, months and trading days are read by the modules of `fixtures/oracle`, which are held against pandas, scipy and statsmodels there.

A *thing* is a ticker, weights by ticker (rebalanced every month; what is missing to 1 is cash), or a list of tickers in equal weights.
A *span* is `3m`, `10y` (the newest whole months), `ytd`, `2022`, `2022Q1`, `2022H1`, `2022-03`, or `2018-01..2022-12` (either end may be
left out). Decimals: 0.05 is 5%; yields and their changes in percentage points.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "fixtures" / "oracle"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

import oracle as prices_and_panels  # noqa: E402

MONTHS = {"1m": 1, "3m": 3, "6m": 6, "1y": 12, "2y": 24, "3y": 36, "5y": 60, "7y": 84, "8y": 96, "10y": 120}


def frozen(thing):
    return tuple(sorted(thing.items())) if isinstance(thing, dict) else tuple(thing) if isinstance(thing, list) else thing


class Series:
    """Of one source of prices, on one day."""

    def __init__(self, market, today: str, universe):
        self.today = pd.Timestamp(today)
        self.market = market.before(today)
        self.universe = {f.ticker: f for f in universe}
        self.sessions = self.market.sessions("SPY", self.today)
        self.newest = self.market.all_of("SPY").index[-1]
        self.yields = self.market.yields.astype(float)

    # ------------------------------------------------------------------------------------------------------ series

    @lru_cache(maxsize=None)
    def _levels(self, ticker: str) -> pd.Series:
        """The last price of each whole month, by the month's last day."""
        table = self.market.period_prices(ticker, "monthly", self.sessions)["price"]
        running = self.newest + pd.offsets.MonthEnd(0)
        return table[table.index <= running] if self.sessions.last_day(running) <= self.newest else table[table.index < running]

    @lru_cache(maxsize=None)
    def _rate(self) -> pd.Series:
        """Of a month: the three-month yield on or before the end of the month before, at most five days older; else what BIL earned."""
        labels = self._levels("SPY").index
        known = self.yields["UST3M"].dropna()
        out = {}
        for before, label in zip(labels, labels[1:]):
            at = known.index[known.index <= before]
            fresh = len(at) and (before - at[-1]).days <= 5
            out[label] = known[at[-1]] / 1200.0 if fresh else np.nan
        bills = self._levels("BIL").pct_change()
        rate = pd.Series(out)
        return rate.fillna(bills.reindex(rate.index))

    @lru_cache(maxsize=None)
    def _whole(self, thing) -> pd.Series:
        """All monthly returns there are."""
        if isinstance(thing, str):
            s = self._levels(thing)
            full = s.reindex(pd.date_range(s.index[0], s.index[-1], freq="ME"))
            return full.pct_change(fill_method=None).dropna()
        weights = dict(thing) if isinstance(thing[0], tuple) else {t: 1.0 / len(thing) for t in thing}
        cash = 1.0 - sum(w for t, w in weights.items() if t != "CASH")
        frame = pd.concat({t: w * self._whole(t) for t, w in weights.items() if t != "CASH"}, axis=1)
        if abs(cash) > 1e-12:
            frame["CASH"] = cash * self._rate().reindex(frame.index)
        return frame.dropna().sum(axis=1)

    def _labels(self, span: str) -> tuple[pd.Timestamp, pd.Timestamp]:
        """The ends of the month before the span and of its last month."""
        last = self._levels("SPY").index[-1]
        if span in MONTHS:
            return last - pd.offsets.MonthEnd(MONTHS[span]), last
        if span == "ytd":
            return pd.Timestamp(last.year - 1, 12, 31), last
        first, dots, end = span.partition("..")
        if dots:
            begin = pd.Period(first, "M").start_time.normalize() - pd.Timedelta(days=1) if first else self._levels("SPY").index[0]
            return begin, pd.Period(end, "M").end_time.normalize() if end else last
        if "H" in span:
            end = pd.Timestamp(int(span[:4]), 6 * int(span[5]), 1) + pd.offsets.MonthEnd(0)
            return end - pd.offsets.MonthEnd(6), end
        period = pd.Period(span, freq="Y" if len(span) == 4 else "Q" if "Q" in span else "M")
        return period.start_time.normalize() - pd.Timedelta(days=1), period.end_time.normalize()

    def _returns(self, thing, span: str) -> pd.Series:
        """Monthly returns within a span; a thing that begins later has fewer."""
        return self._within(frozen(thing), span)

    @lru_cache(maxsize=None)
    def _within(self, thing, span: str) -> pd.Series:
        begin, end = self._labels(span)
        whole = self._whole(thing)
        return whole[(whole.index > begin) & (whole.index <= end)]

    def _filled(self, thing, span: str) -> pd.Series | None:
        """Within a span that it fills."""
        begin, end = self._labels(span)
        found = self._returns(thing, span)
        return found if len(found) == (end.year - begin.year) * 12 + end.month - begin.month else None

    def _both(self, a, b, span: str) -> pd.DataFrame:
        """The months that both have."""
        return pd.concat([self._returns(a, span), self._returns(b, span)], axis=1, keys=["a", "b"]).dropna()

    def _excess(self, thing, span: str) -> pd.Series:
        r = self._returns(thing, span)
        return (r - self._rate().reindex(r.index)).dropna()

    def _daily(self, ticker: str, first=None, last=None) -> pd.Series:
        return self.market.all_of(ticker).loc[first:last]
