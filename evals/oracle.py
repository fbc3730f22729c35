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
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.stats
import statsmodels.api as sm

from evals.clock import TODAY
from evals.scenarios import Scenarios
from evals.series import ROOT, prices_and_panels

import hedge_rule  # of fixtures/oracle, which series.py makes known


class Oracle(Scenarios):
    """Of one source of prices, on one day."""

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
