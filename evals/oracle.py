"""What a question's right answer is, from raw prices and yields alone.

A question names an expression of the functions below, in the words of finance: `total_return('XLE', '3m')`. Nothing here knows the
server, its arguments or its answers. Prices, months and trading days are read by the modules of `fixtures/oracle`, which are held
against pandas, scipy and statsmodels there; what is computed from them is written out here, plainly.

A *thing* is a ticker, weights by ticker (rebalanced every month; what is missing to 1 is cash), or a list of tickers in equal weights.
A *span* is `3m`, `10y` (the newest whole months), `ytd`, `2022`, `2022Q1`, `2022H1`, `2022-03`, or `2018-01..2022-12` (either end may be
left out). Decimals: 0.05 is 5%; yields and their changes in percentage points.
"""

from __future__ import annotations

import math
import sys
from functools import lru_cache
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "fixtures" / "oracle"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import scipy.stats  # noqa: E402
import statsmodels.api as sm  # noqa: E402

import hedge_rule  # noqa: E402
import oracle as prices_and_panels  # noqa: E402

TODAY = {"market": "2025-01-15", "sample": "2026-01-15"}
MONTHS = {"1m": 1, "3m": 3, "6m": 6, "1y": 12, "2y": 24, "3y": 36, "5y": 60, "7y": 84, "8y": 96, "10y": 120}


def frozen(thing):
    return tuple(sorted(thing.items())) if isinstance(thing, dict) else tuple(thing) if isinstance(thing, list) else thing


class Oracle:
    """Of one source of prices, on one day."""

    def __init__(self, market, today: str, universe):
        self.today = pd.Timestamp(today)
        self.market = market.before(today)
        self.universe = {f.ticker: f for f in universe}
        self.sessions = self.market.sessions("SPY", self.today)
        self.newest = self.market.all_of("SPY").index[-1]
        self.yields = self.market.yields.astype(float)

    @staticmethod
    def of(which: str, folder: Path) -> "Oracle":
        """`sample`: an export of the built-in sample; `market`: a folder with one file of prices and one of yields."""
        if which == "sample":
            market = prices_and_panels.Market.read(folder / "prices.csv", folder / "treasury_yields.csv").with_facts(folder / "facts")
        else:
            file = next(f for f in sorted(folder.iterdir()) if f.name.endswith((".csv", ".csv.gz")) and "yield" not in f.name)
            market = prices_and_panels.Market.read(file, folder / "treasury_yields.csv")
        return Oracle(market, TODAY[which], prices_and_panels.load_universe(sorted((ROOT / "proxies").glob("*.yaml"))))

    def value(self, expression: str):
        """The value of an expression of the methods without an underscore."""
        names = {name: getattr(self, name) for name in dir(Oracle) if not name.startswith("_") and name not in ("of", "value")}
        plain = {f.__name__: f for f in (abs, max, min, sum, sorted, round, len, list, dict, str, float, int)}
        found = eval(expression, {"__builtins__": {}, **plain, **names}, {})  # noqa: S307 (the project's own files)
        return found.item() if isinstance(found, np.generic) else found

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

    # ------------------------------------------------------------------------------------------------- performance

    def total_return(self, thing, span: str):
        r = self._filled(thing, span)
        return None if r is None else float(np.prod(1.0 + r)) - 1.0

    def annual_return(self, thing, span: str = "10y"):
        r = self._returns(thing, span)
        return float(np.prod(1.0 + r)) ** (12 / len(r)) - 1.0

    def between(self, ticker: str, first: str, last: str):
        """From the last close on or before a day to that of another."""
        s = self._daily(ticker)
        at = [s.index[s.index <= pd.Timestamp(day)][-1] for day in (first, last)]
        return float(s[at[1]] / s[at[0]]) - 1.0

    def days_back(self, ticker: str, count: int):
        s = self._daily(ticker)
        return float(s.iloc[-1] / s.iloc[-1 - count]) - 1.0

    def month_to_date(self, ticker: str):
        """Of the month in progress, to the newest close."""
        s = self._daily(ticker)
        return float(s.iloc[-1] / s[s.index < self.newest.replace(day=1)].iloc[-1]) - 1.0

    def year_to_day(self, ticker: str):
        """Of the calendar year in progress, to the newest close."""
        s = self._daily(ticker)
        return float(s.iloc[-1] / s[s.index < pd.Timestamp(self.newest.year, 1, 1)].iloc[-1]) - 1.0

    def volatility(self, thing, span: str = "10y"):
        return float(self._returns(thing, span).std(ddof=1)) * math.sqrt(12)

    def sharpe(self, thing, span: str = "10y"):
        e = self._excess(thing, span)
        return float(e.mean() / e.std(ddof=1)) * math.sqrt(12)

    def sortino(self, thing, span: str = "10y"):
        e = self._excess(thing, span)
        return float(e.mean() / math.sqrt((np.minimum(e, 0.0) ** 2).mean())) * math.sqrt(12)

    def _wealth(self, thing, span: str) -> pd.Series:
        r = self._returns(thing, span)
        begin = pd.Series([1.0], index=[r.index[0] - pd.offsets.MonthEnd(1)])
        return pd.concat([begin, (1.0 + r).cumprod()])

    def _fall(self, wealth: pd.Series) -> tuple:
        down = wealth / wealth.cummax() - 1.0
        trough = down.idxmin()
        peak = wealth.loc[:trough].idxmax()
        after = wealth.loc[trough:]
        back = after[after >= wealth[peak]]
        return float(down.min()), peak, trough, back.index[0] if len(back) else None

    def max_drawdown(self, thing, span: str = "10y"):
        """On month ends."""
        return self._fall(self._wealth(thing, span))[0]

    def drawdown_peak(self, thing, span: str = "10y"):
        return self._fall(self._wealth(thing, span))[1].strftime("%Y-%m-%d")

    def drawdown_trough(self, thing, span: str = "10y"):
        return self._fall(self._wealth(thing, span))[2].strftime("%Y-%m-%d")

    def drawdown_recovery(self, thing, span: str = "10y"):
        found = self._fall(self._wealth(thing, span))[3]
        return found.strftime("%Y-%m-%d") if found is not None else "not recovered"

    def months_to_recover(self, thing, span: str = "10y"):
        _, _, trough, back = self._fall(self._wealth(thing, span))
        return None if back is None else (back.year - trough.year) * 12 + back.month - trough.month

    def _days_of(self, ticker: str, span: str) -> pd.Series:
        begin, end = self._labels(span)
        s = self._daily(ticker)
        base = s.index[s.index <= self.sessions.last_day(begin)]
        return s.loc[base[-1] if len(base) else s.index[0]:self.sessions.last_day(end)]

    def max_drawdown_daily(self, ticker: str, span: str = "10y"):
        """On daily closes."""
        return self._fall(self._days_of(ticker, span))[0]

    def drawdown_daily_trough(self, ticker: str, span: str = "10y"):
        return self._fall(self._days_of(ticker, span))[2].strftime("%Y-%m-%d")

    def _regressed(self, a, b, span: str):
        both = pd.concat([self._excess(a, span), self._excess(b, span)], axis=1, keys=["a", "b"]).dropna()
        lags = math.floor(4 * (len(both) / 100) ** (2 / 9))
        return sm.OLS(both["a"], sm.add_constant(both["b"])).fit(
            cov_type="HAC", cov_kwds={"maxlags": lags, "kernel": "bartlett", "use_correction": False})

    def beta(self, a, b="SPY", span: str = "10y"):
        return float(self._regressed(a, b, span).params["b"])

    def beta_interval(self, a, b="SPY", span: str = "10y"):
        return [float(v) for v in self._regressed(a, b, span).conf_int(0.05).loc["b"]]

    def beta_error(self, a, b="SPY", span: str = "10y"):
        return float(self._regressed(a, b, span).bse["b"])

    def alpha(self, a, b="SPY", span: str = "10y"):
        return float(self._regressed(a, b, span).params["const"]) * 12

    def alpha_t(self, a, b="SPY", span: str = "10y"):
        return float(self._regressed(a, b, span).tvalues["const"])

    def r_squared(self, a, b="SPY", span: str = "10y"):
        return float(self._regressed(a, b, span).rsquared)

    def tracking_error(self, a, b="SPY", span: str = "10y"):
        both = self._both(a, b, span)
        return float((both["a"] - both["b"]).std(ddof=1)) * math.sqrt(12)

    def information_ratio(self, a, b="SPY", span: str = "10y"):
        both = self._both(a, b, span)
        d = both["a"] - both["b"]
        return float(d.mean() / d.std(ddof=1)) * math.sqrt(12)

    def capture(self, a, up: bool, b="SPY", span: str = "10y"):
        both = self._both(a, b, span)
        rows = both[both["b"] > 0] if up else both[both["b"] < 0]
        growth = lambda x: float(np.prod(1.0 + x)) ** (12 / len(x)) - 1.0
        return growth(rows["a"]) / growth(rows["b"])

    def worst_month(self, thing, span: str = "10y"):
        return float(self._returns(thing, span).min())

    def best_month(self, thing, span: str = "10y"):
        return float(self._returns(thing, span).max())

    def share_of_up_months(self, thing, span: str = "10y"):
        return float((self._returns(thing, span) > 0).mean())

    def var_95(self, thing, span: str = "10y"):
        return float(np.quantile(self._returns(thing, span), 0.05))

    def cvar_95(self, thing, span: str = "10y"):
        r = self._returns(thing, span)
        return float(r[r <= np.quantile(r, 0.05)].mean())

    def skewness(self, thing, span: str = "10y"):
        return float(scipy.stats.skew(self._returns(thing, span), bias=False))

    def calmar(self, thing, span: str = "10y"):
        return self.annual_return(thing, span) / abs(self.max_drawdown(thing, span))

    def dividend_yield(self, ticker: str):
        """Of the twelve months to the newest whole month, over its last close."""
        end = self.sessions.last_day(self._labels("1m")[1])
        paid = sum(amount for date, amount in self.market.dividends[ticker] if end - pd.DateOffset(months=12) < date <= end)
        return paid / float(self._daily(ticker, None, end).iloc[-1])

    def months(self, thing, span: str = "10y"):
        return len(self._returns(thing, span))

    # ------------------------------------------------------------------------------------------------------- years

    def _years(self, thing, first: int, last: int | None = None) -> dict[str, float]:
        end = self._levels("SPY").index[-1]
        years = range(first, (last or (end.year if end.month == 12 else end.year - 1)) + 1)
        found = {str(y): self.total_return(thing, str(y)) for y in years}
        return {y: r for y, r in found.items() if r is not None}

    def worst_year(self, thing, first: int, last: int | None = None):
        found = self._years(thing, first, last)
        return min(found, key=found.get)

    def best_year(self, thing, first: int, last: int | None = None):
        found = self._years(thing, first, last)
        return max(found, key=found.get)

    def years_down(self, thing, first: int, last: int | None = None):
        return sum(1 for r in self._years(thing, first, last).values() if r < 0)

    # ------------------------------------------------------------------------------------------- over the universe

    def _of(self, category: str) -> list[str]:
        return [t for t, f in self.universe.items() if f.category == category and t in self.market.prices.columns]

    def _ranked(self, category: str | list, span: str) -> list[tuple[str, float]]:
        """Best first; those that fill the span."""
        names = category if isinstance(category, list) else self._of(category)
        found = {t: self.total_return(t, span) for t in names}
        return sorted(((t, r) for t, r in found.items() if r is not None), key=lambda one: -one[1])

    def best_of(self, category, span: str, place: int = 0):
        return self._ranked(category, span)[place][0]

    def worst_of(self, category, span: str, place: int = 0):
        return self._ranked(category, span)[-1 - place][0]

    def average_of(self, category, span: str):
        return float(np.mean([r for _, r in self._ranked(category, span)]))

    def group_return(self, sector_group: str, span: str):
        """Of its industries in equal weights, every month anew; of those present."""
        members = [t for t, f in self.universe.items() if f.sector_group == sector_group and t in self.market.prices.columns]
        begin, end = self._labels(span)
        frame = pd.concat({t: self._whole(t) for t in members}, axis=1)
        return float(np.prod(1.0 + frame[(frame.index > begin) & (frame.index <= end)].mean(axis=1))) - 1.0

    def highest_by(self, figure: str, names: list, span: str = "10y"):
        """The thing of a list whose figure (a name of these functions) is highest."""
        return max(names, key=lambda t: getattr(self, figure)(t, span=span))

    def lowest_by(self, figure: str, names: list, span: str = "10y"):
        return min(names, key=lambda t: getattr(self, figure)(t, span=span))

    def ticker_of(self, name: str):
        """The fund that stands for what people call so: its label, its key or a further name."""
        wanted = name.casefold()
        return next(t for t, f in self.universe.items() if wanted in (n.casefold() for n in [f.label, *f.aliases]))

    def in_category(self, category: str):
        """The tickers of a category as the mapping has them, with prices or not."""
        return [t for t, f in self.universe.items() if f.category == category]

    def with_prices(self, category: str, least: int = 24, span: str = "10y"):
        return [t for t in self._of(category) if len(self._returns(t, span)) >= least]

    def without_prices(self):
        return [t for t in self.universe if t not in self.market.prices.columns]

    # ------------------------------------------------------------------------------------------------ correlations

    def corr(self, a, b, span: str = "10y"):
        both = self._both(a, b, span)
        return float(both["a"].corr(both["b"]))

    def corr_interval(self, a, b, span: str = "10y"):
        both = self._both(a, b, span)
        found = scipy.stats.pearsonr(both["a"], both["b"]).confidence_interval(0.95)
        return [float(found.low), float(found.high)]

    def corr_p(self, a, b, span: str = "10y"):
        both = self._both(a, b, span)
        return float(scipy.stats.pearsonr(both["a"], both["b"]).pvalue)

    def spearman(self, a, b, span: str = "10y"):
        both = self._both(a, b, span)
        return float(scipy.stats.spearmanr(both["a"], both["b"]).statistic)

    def corr_difference_p(self, a, b, one: str, two: str):
        """Of two spans that do not overlap, by Fisher's z."""
        n = [len(self._both(a, b, span)) for span in (one, two)]
        z = [math.atanh(self.corr(a, b, span)) for span in (one, two)]
        return float(2 * scipy.stats.norm.sf(abs(z[0] - z[1]) / math.sqrt(1 / (n[0] - 3) + 1 / (n[1] - 3))))

    def _rolling(self, a, b, length: int, span: str) -> pd.Series:
        both = self._both(a, b, span)
        return both["a"].rolling(length).corr(both["b"]).dropna()

    def rolling_latest(self, a, b, length: int = 36, span: str = "10y"):
        return float(self._rolling(a, b, length, span).iloc[-1])

    def rolling_lowest(self, a, b, length: int = 36, span: str = "10y"):
        return float(self._rolling(a, b, length, span).min())

    def rolling_highest(self, a, b, length: int = 36, span: str = "10y"):
        return float(self._rolling(a, b, length, span).max())

    def rolling_lowest_date(self, a, b, length: int = 36, span: str = "10y"):
        return self._rolling(a, b, length, span).idxmin().strftime("%Y-%m-%d")

    def share_of_windows_below_zero(self, a, b, length: int = 36, span: str = "10y"):
        return float((self._rolling(a, b, length, span) < 0).mean())

    def corr_when_fell(self, a, b, span: str = "10y"):
        both = self._both(a, b, span)
        return float(both[both["a"] < 0]["a"].corr(both[both["a"] < 0]["b"]))

    def _where(self, thing, ticker: str, span: str, below=None, above=None) -> pd.Series:
        r = self._returns(ticker, span)
        rows = r.index[r < below] if below is not None else r.index[r > above]
        return self._returns(thing, span).reindex(rows).dropna()

    def mean_where(self, thing, ticker: str = "SPY", span: str = "10y", below=None, above=None):
        """Its mean return in the months in which another was below or above a bound."""
        return float(self._where(thing, ticker, span, below, above).mean())

    def count_where(self, thing, ticker: str = "SPY", span: str = "10y", below=None, above=None):
        return len(self._where(thing, ticker, span, below, above))

    def share_up_where(self, thing, ticker: str = "SPY", span: str = "10y", below=None, above=None):
        return float((self._where(thing, ticker, span, below, above) > 0).mean())

    def least_correlated(self, a: str, names: list, span: str = "10y"):
        return min(names, key=lambda t: self.corr(a, t, span))

    def most_correlated(self, a: str, names: list, span: str = "10y"):
        return max(names, key=lambda t: self.corr(a, t, span))

    def _pairs(self, names: list, span: str) -> list[tuple[float, str]]:
        """From the lowest correlation up."""
        return sorted((self.corr(a, b, span), f"{a}/{b}") for i, a in enumerate(names) for b in names[i + 1:])

    def closest_pair(self, names: list, span: str = "10y"):
        """Both tickers."""
        return self._pairs(names, span)[-1][1].split("/")

    def farthest_pair(self, names: list, span: str = "10y"):
        return self._pairs(names, span)[0][1].split("/")

    def highest_corr(self, names: list, span: str = "10y"):
        return self._pairs(names, span)[-1][0]

    def lowest_corr(self, names: list, span: str = "10y"):
        return self._pairs(names, span)[0][0]

    def mean_corr(self, names: list, span: str = "10y"):
        """Over all pairs."""
        return float(np.mean([r for r, _ in self._pairs(names, span)]))

    def fading_corr(self, a, b, half_life: float = 36.0, span: str = "10y"):
        """Weights halve every `half_life` months."""
        both = self._both(a, b, span)
        w = 0.5 ** (np.arange(len(both))[::-1] / half_life)
        c = np.cov(both["a"], both["b"], aweights=w)
        return float(c[0, 1] / math.sqrt(c[0, 0] * c[1, 1]))

    def weekly_corr(self, a: str, b: str, span: str):
        """Of the weeks whose Friday lies in a calendar year."""
        tables = [self.market.period_prices(t, "weekly", self.sessions)["price"] for t in (a, b)]
        both = pd.concat(tables, axis=1, keys=["a", "b"]).dropna().pct_change().dropna()
        begin, end = self._labels(span)
        both = both[(both.index > begin) & (both.index <= end)]
        return float(both["a"].corr(both["b"]))

    def volatile_corr(self, a, b, span: str = "10y"):
        """In the quarter of months after which SPY's last six months were most volatile."""
        spy = self._whole("SPY").rolling(6).std(ddof=1)
        both = self._both(a, b, span)
        level = spy.reindex(both.index)
        rows = both[level >= np.quantile(level, 0.75)]
        return float(rows["a"].corr(rows["b"]))

    # ------------------------------------------------------------------------------------------------------- rates

    @lru_cache(maxsize=None)
    def _yield_levels(self, maturity: str) -> pd.Series:
        known = self.yields[maturity].dropna()
        labels = self._levels("SPY").index
        out = {}
        for label in labels:
            at = known.index[known.index <= label]
            if len(at) and (label - at[-1]).days <= 5:
                out[label] = known[at[-1]]
        return pd.Series(out)

    def yield_at(self, maturity: str, span: str = "1m"):
        """At the end of a span."""
        return float(self._yield_levels(maturity).loc[:self._labels(span)[1]].iloc[-1])

    def yield_change(self, maturity: str, span: str):
        levels = self._yield_levels(maturity)
        begin, end = self._labels(span)
        return float(levels[end] - levels[begin])

    def corr_of_yields(self, one: str, two: str, span: str = "10y"):
        """Of their monthly changes."""
        begin, end = self._labels(span)
        both = pd.concat([self._yield_levels(m).diff() for m in (one, two)], axis=1)
        both = both[(both.index > begin) & (both.index <= end)].dropna()
        return float(both.iloc[:, 0].corr(both.iloc[:, 1]))

    def _on_yields(self, thing, maturity: str, span: str):
        both = pd.concat([self._returns(thing, span), self._yield_levels(maturity).diff()], axis=1, keys=["r", "dy"]).dropna()
        lags = math.floor(4 * (len(both) / 100) ** (2 / 9))
        return sm.OLS(both["r"], sm.add_constant(both["dy"])).fit(
            cov_type="HAC", cov_kwds={"maxlags": lags, "kernel": "bartlett", "use_correction": False})

    def per_100bp(self, thing, maturity: str = "UST10Y", span: str = "10y"):
        """What went with a rise of the yield by one point in a month."""
        return float(self._on_yields(thing, maturity, span).params["dy"])

    def per_100bp_error(self, thing, maturity: str = "UST10Y", span: str = "10y"):
        return float(self._on_yields(thing, maturity, span).bse["dy"])

    def duration(self, thing, maturity: str = "UST10Y", span: str = "10y"):
        return -100 * self.per_100bp(thing, maturity, span)

    def corr_to_yield(self, thing, maturity: str = "UST10Y", span: str = "10y"):
        both = pd.concat([self._returns(thing, span), self._yield_levels(maturity).diff()], axis=1).dropna()
        return float(both.iloc[:, 0].corr(both.iloc[:, 1]))

    def most_hurt_by_yields(self, names: list, maturity: str = "UST10Y"):
        return min(names, key=lambda t: self.per_100bp(t, maturity))

    # -------------------------------------------------------------------------------------------------- portfolios

    def risk_share(self, weights: dict, ticker: str, span: str = "10y"):
        """Of the portfolio's variance."""
        p = self._returns(weights, span)
        part = weights[ticker] * self._returns(ticker, span).reindex(p.index)
        return float(np.cov(part, p, ddof=1)[0, 1] / np.var(p, ddof=1))

    def largest_risk(self, weights: dict, span: str = "10y"):
        return max(weights, key=lambda t: self.risk_share(weights, t, span))

    def betas_on(self, thing, factors: list, span: str = "10y"):
        """Of a regression on several at once, excess on excess."""
        frame = pd.concat({"y": self._excess(thing, span), **{t: self._excess(t, span) for t in factors}}, axis=1).dropna()
        fit = sm.OLS(frame["y"], sm.add_constant(frame[factors])).fit()
        return {**{t: float(fit.params[t]) for t in factors}, "r_squared": float(fit.rsquared), "alpha": float(fit.params["const"]) * 12}

    def blend(self, weights: dict, into: dict):
        """Of weights, with changes to them."""
        return {t: weights.get(t, 0.0) + into.get(t, 0.0) for t in dict.fromkeys([*weights, *into])}

    def scaled(self, weights: dict, ticker: str, share: float):
        """With a share of another, paid for by all in proportion."""
        return {**{t: w * (1.0 - share) for t, w in weights.items()}, ticker: weights.get(ticker, 0.0) * (1.0 - share) + share}

    def weights_of_shares(self, shares: dict):
        """At the newest closes."""
        value = {t: n * float(self._daily(t).iloc[-1]) for t, n in shares.items()}
        return {t: v / sum(value.values()) for t, v in value.items()}

    def value_of_shares(self, shares: dict):
        return float(sum(n * float(self._daily(t).iloc[-1]) for t, n in shares.items()))

    # ------------------------------------------------------------------------------------------------------ hedges

    def hedge_ratio(self, factor: str, hedge: str, span: str = "10y"):
        """Units of the hedge per unit of the factor that leave least variance; below 0 it is sold short."""
        both = self._both(factor, hedge, span)
        return -float(both.cov().loc["a", "b"] / both["b"].var())

    def hedged_share(self, factor: str, hedge: str, span: str = "10y"):
        """Of the factor's variance that it takes away."""
        return self.corr(factor, hedge, span) ** 2

    def hedged_later(self, factor: str, hedge: str, span: str = "10y"):
        """The ratio of the first two thirds of the months, judged on the rest."""
        both = self._both(factor, hedge, span)
        cut = 2 * len(both) // 3
        first, rest = both.iloc[:cut], both.iloc[cut:]
        h = -first.cov().loc["a", "b"] / first["b"].var()
        return 1.0 - float((rest["a"] + h * rest["b"]).var() / rest["a"].var())

    @lru_cache(maxsize=None)
    def _best_hedge(self, factor: str) -> hedge_rule.Hedge:
        """By the published rule, on the 252 days up to the newest whole month: forward selection among funds with a price on each."""
        end = self.sessions.last_day(self._labels("1m")[1])
        names = [t for t, f in self.universe.items() if t != factor and f.category != "cash" and t in self.market.prices.columns]
        days = self._daily("SPY", None, end).index[-253:]
        closes = pd.DataFrame({t: self._daily(t, None, end).reindex(days) for t in [factor, *names]}).dropna(axis=1)
        moves = closes.pct_change().iloc[1:]
        others = [t for t in names if t in moves]
        return hedge_rule.by_rule(moves[factor].to_numpy(), moves[others].to_numpy(), others)

    def best_hedge_members(self, factor: str):
        return list(self._best_hedge(factor).members)

    def best_hedge_ratio(self, factor: str, place: int = 0):
        return self._best_hedge(factor).ratios[place]

    def best_hedge_share(self, factor: str):
        """Of the variance on those days that it takes away."""
        return self._best_hedge(factor).cleaned

    def share_to_sell(self, factor: str):
        """Selling it leaves the variance that the best hedge leaves."""
        return 1.0 - math.sqrt(1.0 - self.best_hedge_share(factor))

    # ----------------------------------------------------------------------------------------------------- sources

    def newest_month(self):
        return self.sessions.last_day(self._labels("1m")[1]).strftime("%Y-%m-%d")

    def newest_day(self):
        return self.newest.strftime("%Y-%m-%d")

    def first_day(self, ticker: str):
        return self._daily(ticker).index[0].strftime("%Y-%m-%d")

    def last_day(self, ticker: str):
        return self._daily(ticker).index[-1].strftime("%Y-%m-%d")

    def newest_yield_day(self, maturity: str = "UST10Y"):
        return self.yields[maturity].dropna().index[-1].strftime("%Y-%m-%d")

    def latest_yield(self, maturity: str = "UST10Y"):
        return float(self.yields[maturity].dropna().iloc[-1])
