"""Return and risk of one thing, on month ends unless a name says otherwise; decimals, ratios and volatilities of a year."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import scipy.stats
import statsmodels.api as sm

from evals.series import Series


class Performance(Series):
    """Of one source of prices, on one day."""

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
