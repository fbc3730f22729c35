"""What was lost in a crash, what would be lost in a shock, the likeliest way to a loss, and what offsets it there.

By `fixtures/oracle/stress.py` and `hedge_rule.py`, which know prices and yields alone. Weights are those of an episode's first day, held.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import pandas as pd

from evals.factor_models import FactorModels
from evals.series import frozen

import oracle as prices_and_panels  # of fixtures/oracle, which series.py makes known
import stress


def weights_of(thing) -> dict:
    """A thing as the weights of its holdings, cash named."""
    if isinstance(thing, str):
        return {thing: 1.0}
    weights = {stress.CASH if t == "CASH" else t: w for t, w in (dict(thing) if isinstance(thing, (dict, tuple)) else {t: 1 / len(thing) for t in thing}).items()}
    cash = stress.cash_of(weights)
    return weights if not cash else {**{t: w for t, w in weights.items() if t != stress.CASH}, stress.CASH: cash}


class Scenarios(FactorModels):
    """Of one source of prices, on one day."""

    @cached_property
    def _ground(self) -> stress.Ground:
        return stress.Ground(self.market, list(self.universe.values()), str(self.today.date()))

    # ---------------------------------------------------------------------------------------------------- episodes

    def _dates(self, name: str) -> tuple[str, str]:
        return stress.EPISODES.get(name) or tuple(name.split("/"))

    @lru_cache(maxsize=None)
    def _replayed(self, thing, name: str) -> dict:
        return stress.episode(self._ground, weights_of(thing), *self._dates(name))

    def _episode(self, thing, name: str) -> dict:
        return self._replayed(frozen(thing), name)

    def episode_return(self, thing, name: str):
        """Of an episode of a name, or of two dates with a stroke between."""
        return self._episode(thing, name)["total_return"]

    def episode_fall(self, thing, name: str):
        """The deepest inside it, on daily closes."""
        return self._episode(thing, name)["max_drawdown"]

    def episode_worst_day(self, thing, name: str):
        return self._episode(thing, name)["worst_day"]["date"]

    def episode_worst_day_return(self, thing, name: str):
        return self._episode(thing, name)["worst_day"]["total_return"]

    def days_to_recover(self, thing, name: str):
        """Trading days after its end until the worth of its start is back."""
        return self._episode(thing, name)["recovery_days"]

    def episode_part(self, thing, holding: str, name: str):
        """What a holding added to the whole: its weight times its return."""
        return next(row for row in self._episode(thing, name)["holdings"] if row["holding"] == holding)["contribution"]

    def covered_weight(self, thing, name: str):
        """Of the weights, what has prices then, or factors that stand in for them."""
        return self._episode(thing, name)["covered_weight"]

    def covered_part(self, thing, name: str):
        return self._episode(thing, name)["covered_contribution"]

    def estimate_width(self, thing, name: str):
        """Half of the 90% interval of what stands in for holdings without prices."""
        return self._episode(thing, name)["half_width"]

    def worst_episode(self, thing, names: list):
        return min(names, key=lambda name: self.episode_return(thing, name))

    # ------------------------------------------------------------------------------------------------------ shocks

    def _moves(self, moves: dict) -> dict:
        changes = prices_and_panels.yield_changes(self._ground.window)
        return {m: (size, changes[m] if m.startswith("UST") else self._ground.window.returns[m]) for m, size in moves.items()}

    def _own(self, thing) -> pd.Series:
        return stress.series(self._ground.window.returns, prices_and_panels.risk_free(self._ground.window).rate, weights_of(thing))

    @lru_cache(maxsize=None)
    def _shock_of(self, thing, moves: tuple, horizon: int) -> dict:
        return stress.shock(self._own(thing), self._moves(dict(moves)), horizon)

    def _shock(self, thing, moves: dict, horizon: int) -> dict:
        return self._shock_of(frozen(thing), tuple(moves.items()), horizon)

    def response(self, thing, moves: dict, horizon: int = 1):
        """To moves of tickers (returns) and yields (points), by the months of the window, in so many months."""
        return self._shock(thing, moves, horizon)["response"]

    def response_width(self, thing, moves: dict, horizon: int = 1):
        """Half of its 90% interval."""
        return self._shock(thing, moves, horizon)["half_width"]

    def deviations_of(self, thing, moves: dict, which: str, horizon: int = 1):
        """How many of a month's standard deviations a move is."""
        return self._shock(thing, moves, horizon)["deviations"][list(moves).index(which)]

    def months_as_far_out(self, thing, moves: dict, horizon: int = 1):
        return self._shock(thing, moves, horizon)["count"]

    # ----------------------------------------------------------------------------------------------------- reverse

    @lru_cache(maxsize=None)
    def _back(self, thing, loss: float, horizon: int) -> dict:
        return stress.reverse(self._ground, weights_of(thing), loss, horizon)

    def move_to_lose(self, thing, loss: float, holding: str, horizon: int = 1):
        """Of a holding, in the likeliest way to a loss."""
        return float(self._back(frozen(thing), loss, horizon)["moves"][holding])

    def distance_to_lose(self, thing, loss: float, horizon: int = 1):
        """The loss in standard deviations of so many months."""
        return self._back(frozen(thing), loss, horizon)["distance"]

    def months_as_bad(self, thing, loss: float):
        return self._back(frozen(thing), loss, 1)["as_bad"]

    # ------------------------------------------------------------------------------------------------------ hedges

    @lru_cache(maxsize=None)
    def _offsets_in(self, thing, name: str) -> dict:
        """Ratios from the 252 days before it, results in it."""
        g, (start, end) = self._ground, map(pd.Timestamp, self._dates(name))
        lost, cash = self._episode(thing, name)["total_return"], float(g.cash(start, [end]).iloc[0])
        over_cash = lambda t: None if (path := g.path(t, start, end)) is None else float(path[:end].iloc[-1] - 1.0) - cash
        return stress.offsets(g, weights_of(thing), start, lost, lost - cash, over_cash)

    @lru_cache(maxsize=None)
    def _offsets_under(self, thing, moves: tuple) -> dict:
        """Ratios from the newest 252 days, results by the response to the moves."""
        g, found, columns = self._ground, self._shock_of(thing, moves, 1), self._moves(dict(moves))
        rows, rate = found["rows"], prices_and_panels.risk_free(g.window).rate
        columns = {m: (size, column.reindex(rows)) for m, (size, column) in columns.items()}
        part = lambda r: stress.shock(r.reindex(rows), columns, 1)["response"]
        over = lambda t: g.window.returns[t] - rate if t in g.window.returns else None
        of = lambda t: None if over(t) is None or over(t).reindex(rows).isna().any() else part(over(t))
        return stress.offsets(g, weights_of(thing), g.days.rows[-1], found["response"], part(self._own(thing) - rate), of)

    def _offset(self, thing, when, way: str) -> dict:
        found = self._offsets_under(frozen(thing), tuple(when.items())) if isinstance(when, dict) else self._offsets_in(frozen(thing), when)
        return found[way]

    def offset_result(self, thing, when, way: str):
        """What a way to offset a loss brought in an episode, or would in a shock: `best_hedge`, `bought`, `bonds_bought`, `market_sold_short`, `reduce`."""
        return self._offset(thing, when, way)["result"]

    def offset_return(self, thing, when, way: str):
        """The whole with it."""
        return self._offset(thing, when, way)["hedged_return"]

    def offset_members(self, thing, when, way: str):
        return list(self._offset(thing, when, way)["legs"])

    def offset_ratio(self, thing, when, way: str, ticker: str):
        return self._offset(thing, when, way)["legs"][ticker]

    def offset_held(self, thing, when, way: str):
        """Whether it gained while the whole lost: "yes" or "no"."""
        return "yes" if self._offset(thing, when, way)["held"] else "no"

    def share_sold(self, thing, when):
        return self._offset(thing, when, "reduce")["share_sold"]
