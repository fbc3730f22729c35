"""Regressions on published factors and on the lens of funds: by statsmodels, on months unless a name says otherwise.

Files of Kenneth French's library are read by `fixtures/oracle/model_oracle.py`, the lens is solved by `fixtures/oracle/lens.py`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

from evals.performance import Performance
from evals.series import frozen

import lens  # of fixtures/oracle, which series.py makes known
import model_oracle
import model_reference


class FactorModels(Performance):
    """Of one source of prices, on one day."""

    french: Path | None = None          # a folder of the library's files

    @lru_cache(maxsize=None)
    def _library(self, model: str, frequency: str) -> pd.DataFrame:
        found = model_oracle.factors_of(self.french, model, frequency)
        if found is None:
            raise ValueError(f"no file of {model}, {frequency}, in {self.french}")
        return found

    @lru_cache(maxsize=None)
    def _lens(self) -> pd.DataFrame:
        """Over all months there are, so that what is old enough in a span is there from its first month on."""
        raw = {name: self._whole(one) - (self._whole(other) if other else self._rate()) for name, (one, other) in lens.FACTORS.items()}
        table = pd.DataFrame(raw)
        table = table.reindex(pd.date_range(table.index[0], table.index[-1], freq="ME"))
        return pd.DataFrame(lens.lens(table.to_numpy(), list(table)), index=table.index, columns=list(table))

    @lru_cache(maxsize=None)
    def _rows(self, thing, model: str, span: str) -> pd.DataFrame:
        """Return, risk-free rate and factors, in the months that have all."""
        begin, end = self._labels(span)
        if model == "lens":
            table = self._lens().assign(RF=self._rate())
        else:
            table = self._library(model, "monthly")[[*model_oracle.MODELS[model], "RF"]]
        rows = pd.concat([self._whole(thing).rename("r"), table], axis=1, join="inner")
        return rows[(rows.index > begin) & (rows.index <= end)].dropna()

    @lru_cache(maxsize=None)
    def _model(self, thing, model: str, span: str, robust: str) -> dict:
        rows = self._rows(thing, model, span)
        names = [name for name in rows if name not in ("r", "RF")]
        return model_reference.fit(rows["r"] - rows["RF"], rows[names], names, robust, 12)

    def _fit(self, thing, model: str, span: str, robust: str = "hac") -> dict:
        return self._model(frozen(thing), model, span, robust)

    def loading(self, thing, model: str, factor: str, span: str, robust: str = "hac"):
        """The slope on one factor beside the model's others."""
        return self._fit(thing, model, span, robust)["factors"][factor]["beta"]

    def loading_interval(self, thing, model: str, factor: str, span: str):
        """95%, by errors after Newey and West."""
        return self._fit(thing, model, span)["factors"][factor]["interval"]

    def loading_t(self, thing, model: str, factor: str, span: str):
        return self._fit(thing, model, span)["factors"][factor]["t"]

    def share_of_variance(self, thing, model: str, factor: str, span: str):
        return self._fit(thing, model, span)["factors"][factor]["variance_share"]

    def earned_by(self, thing, model: str, factor: str, span: str):
        """What the factor's mean return has paid a year."""
        return self._fit(thing, model, span)["factors"][factor]["annual_contribution"]

    def model_alpha(self, thing, model: str, span: str):
        """Of a year: twelve times that of a month."""
        return self._fit(thing, model, span)["alpha"]["annual"]

    def model_alpha_t(self, thing, model: str, span: str):
        return self._fit(thing, model, span)["alpha"]["t"]

    def model_alpha_p(self, thing, model: str, span: str):
        return self._fit(thing, model, span)["alpha"]["p"]

    def model_r_squared(self, thing, model: str, span: str):
        return self._fit(thing, model, span)["r_squared"]

    def left_over(self, thing, model: str, span: str):
        """The volatility that the model does not explain, of a year."""
        return self._fit(thing, model, span)["residual_volatility"]

    def model_months(self, thing, model: str, span: str):
        return self._fit(thing, model, span)["n"]

    def highest_loading(self, names: list, model: str, factor: str, span: str):
        """The thing that loads most on a factor."""
        return max(names, key=lambda name: self.loading(name, model, factor, span))

    def largest_share(self, thing, model: str, span: str):
        """The factor with the most of the variance."""
        found = self._fit(thing, model, span)["factors"]
        return max(found, key=lambda name: found[name]["variance_share"])

    def loading_of_days(self, ticker: str, model: str, factor: str, year: str):
        """On the daily file, in one calendar year."""
        table = self._library(model, "daily")[[*model_oracle.MODELS[model], "RF"]]
        rows = pd.concat([self._daily(ticker).pct_change().rename("r"), table], axis=1, join="inner").loc[year].dropna()
        names = model_oracle.MODELS[model]
        return model_reference.fit(rows["r"] - rows["RF"], rows[names], names, "hac", 252)["factors"][factor]["beta"]

    def moving_loading(self, thing, model: str, factor: str, span: str, months: int = 36, place: int = -1):
        """In the last of the windows of so many months, or in another."""
        rows = self._rows(frozen(thing), model, span)
        names = [name for name in rows if name not in ("r", "RF")]
        windows = model_reference.rolling((rows["r"] - rows["RF"]).to_numpy(), rows[names].to_numpy(), months, "hac", 12)
        return windows[place]["betas"][names.index(factor)]

    def part_of_year(self, thing, model: str, part: str, year: str, span: str):
        """Of one year's return what one factor made, or `alpha`, `residual`, `risk_free`, by the whole span's loadings."""
        rows, fit = self._rows(frozen(thing), model, span), self._fit(thing, model, span)
        names = list(fit["factors"])
        of = rows[rows.index.year == int(year)]
        parts = model_reference.attribution(of["r"], of["RF"], of[names], names, [fit["factors"][n]["beta"] for n in names], fit["alpha"]["annual"] / 12)
        return parts["factors"].get(part, parts.get(part))

    def style_weight(self, thing, index: str, indices: list, span: str):
        """Of an index in the mix of several, without shorts, that tracks it most closely."""
        rows = pd.concat([self._returns(thing, span), *[self._returns(i, span) for i in indices]], axis=1).dropna()
        return model_reference.style(rows.iloc[:, 0], rows.iloc[:, 1:], indices, 12)["weights"][index]

    def style_r_squared(self, thing, indices: list, span: str):
        rows = pd.concat([self._returns(thing, span), *[self._returns(i, span) for i in indices]], axis=1).dropna()
        return model_reference.style(rows.iloc[:, 0], rows.iloc[:, 1:], indices, 12)["r_squared"]
