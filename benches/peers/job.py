"""One whole job in pandas or in polars, as a call of the server does it: file, panel of returns, figures, JSON.

    python benches/peers/job.py pandas universe/csv/prices.csv correlations

Prints one line of JSON: the seconds of each part, the bytes of the answer, the peak of memory in MB (VmHWM) and what share of the pairs
was computed: where all would take hours a few columns are, and their seconds count for all. `benches/calls.py --peers` runs it.
"""

import os

# Some machines pin OpenBLAS to slow kernels: peers run at their best.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

import json, sys, time

import numpy as np

FLOOR, DECIMALS, WINDOWS, FEW = 60, 4, (12, 24, 36), 6
PERIODS = 252


class Parts:
    """Seconds by part; a part of which a share was done counts for the whole."""

    def __init__(self):
        self.seconds, self.at, self.share = {}, time.perf_counter(), 1.0

    def end(self, name, share=1.0):
        now = time.perf_counter()
        self.seconds[name] = (now - self.at) / share
        self.at, self.share = now, min(self.share, share)


class Pandas:
    def __init__(self, file):
        import pandas as pd

        self.pd, self.file = pd, file

    def read(self):
        is_csv = self.file.endswith(".csv")
        self.prices = self.pd.read_csv(self.file, index_col=0, parse_dates=True) if is_csv else self.pd.read_parquet(self.file).set_index("date")

    def returns(self):
        self.panel = self.prices.pct_change(fill_method=None).iloc[1:]

    def names(self):
        return list(self.panel.columns)

    def correlations(self):
        """All of them, in one process on one core, as pandas does: 1 is the share done."""
        return self.panel.corr(min_periods=FLOOR).to_numpy(), 1.0

    def counts(self):
        there = self.panel.notna().to_numpy(np.float32)
        return there.T @ there

    def rolling(self, window, columns):
        for name in columns:
            of = self.panel.rolling(window).corr(self.panel[name])
            yield name, np.column_stack([of.mean(), of.min(), of.max(), of.std(), of.ffill().iloc[-1]])

    def totals(self, rows):
        return (self.prices.ffill().iloc[-1] / self.prices.ffill().iloc[-1 - rows] - 1).to_numpy()

    def figures(self):
        r, n = self.panel, self.panel.notna().sum()
        market = r["SPY"]
        wealth = (1 + r).cumprod()
        x = market - market.mean()
        slope = r.mul(x, axis=0).sum() / r.notna().mul(x * x, axis=0).sum()
        last = wealth.ffill().iloc[-1]
        drawdown = (wealth / wealth.cummax().clip(lower=1) - 1).min()
        return np.column_stack([last ** (PERIODS / n) - 1, r.std() * PERIODS**0.5, r.mean() / r.std() * PERIODS**0.5, drawdown, slope])


class Polars:
    def __init__(self, file):
        import polars as pl

        self.pl, self.file = pl, file

    def read(self):
        is_csv = self.file.endswith(".csv")
        self.prices = self.pl.read_csv(self.file, infer_schema_length=None, try_parse_dates=True) if is_csv else self.pl.read_parquet(self.file)

    def returns(self):
        self.panel = self.prices.select(self.pl.exclude("date") / self.pl.exclude("date").shift(1) - 1).slice(1)

    def names(self):
        return self.panel.columns

    def correlations(self):
        """Its own `corr` has no pairwise deletion, so that each pair is an expression; a few columns with all others."""
        names = self.panel.columns
        some = names[:: max(1, len(names) // FEW)][:FEW] if len(names) > 100 else names
        found = np.full((len(names), len(names)), np.nan)
        for name in some:
            row = self.panel.select(self.pl.corr(name, other).alias(other) for other in names)
            found[names.index(name)] = row.to_numpy()[0].astype(float)
        # Each pair once.
        return found, 2 * len(some) / len(names) if len(some) < len(names) else 1.0

    def counts(self):
        there = np.isfinite(self.panel.to_numpy()).astype(np.float32)
        return there.T @ there

    def rolling(self, window, columns):
        pl = self.pl
        for name in columns:
            of = self.panel.select(pl.rolling_corr(pl.col(name), pl.col(other), window_size=window).fill_nan(None).alias(other) for other in self.panel.columns)
            summed = of.select(pl.all().mean()), of.select(pl.all().min()), of.select(pl.all().max()), of.select(pl.all().std()), of.select(pl.all().drop_nulls().last())
            yield name, np.vstack([part.to_numpy()[0].astype(float) for part in summed]).T

    def totals(self, rows):
        pl = self.pl
        closes = pl.exclude("date").forward_fill()
        return self.prices.select(closes.last() / closes.get(-1 - rows) - 1).to_numpy()[0]

    def figures(self):
        pl = self.pl
        market = pl.col("SPY") - pl.col("SPY").mean()

        def of(name):
            r = pl.col(name)
            wealth = (1 + r).cum_prod()
            slope = (r * market).sum() / (market * market).filter(r.is_not_null()).sum()
            total = wealth.drop_nulls().last() ** (PERIODS / r.count()) - 1
            drawdown = (wealth / wealth.cum_max().clip(1) - 1).min()
            figures = total, r.std() * PERIODS**0.5, r.mean() / r.std() * PERIODS**0.5, drawdown, slope
            return [figure.alias(f"{name} {at}") for at, figure in enumerate(figures)]

        found = self.panel.select(figure for name in self.panel.columns for figure in of(name))
        return found.to_numpy().reshape(len(self.panel.columns), -1)


def answer(value):
    return json.dumps(value, separators=(",", ":"))


def extremes(names, r, count=5):
    """The mean and median of the defined pairs, and both ends of their order."""
    i, j = np.tril_indices(len(names), -1)
    values = r[i, j]
    there = np.isfinite(values)
    i, j, values = i[there], j[there], values[there]
    order = np.argsort(values)
    ends = [[names[i[at]], names[j[at]], round(float(values[at]), DECIMALS)] for at in (*order[:count], *order[::-1][:count])]
    return {"mean": float(values.mean()), "median": float(np.median(values)), "pairs": ends}


def triangle(names, r):
    rounded = np.round(r, DECIMALS)
    rows = [[None if x != x else x for x in rounded[at, : at + 1].tolist()] for at in range(len(names))]
    return {"labels": names, "rows": rows}


def intervals(r, n):
    """95% intervals, p-values and those of Benjamini and Hochberg, of each pair."""
    from scipy import stats

    with np.errstate(all="ignore"):
        z, half = np.arctanh(r), 1.959963984540054 / np.sqrt(n - 3)
        low, high = np.tanh(z - half), np.tanh(z + half)
        p = 2 * stats.t.sf(np.abs(r) * np.sqrt((n - 2) / (1 - r * r)), n - 2)
    at = np.tril_indices(len(r), -1)
    own = p[at]
    order = np.argsort(own)
    adjusted = np.empty_like(own)
    adjusted[order] = np.minimum.accumulate((own[order] * len(own) / np.arange(1, len(own) + 1))[::-1])[::-1]
    whole = np.full_like(r, np.nan)
    whole[at] = adjusted
    return low, high, p, whole


def correlations(peer, parts, full=False):
    r, share = peer.correlations()
    parts.end("figures", share)
    return r, answer(triangle(peer.names(), r) if full else extremes(peer.names(), r))


def rolling(peer, parts):
    names = peer.names()
    some = names[:: max(1, len(names) // FEW)][:FEW]
    found = {window: {name: np.round(of, DECIMALS).tolist() for name, of in peer.rolling(window, some)} for window in WINDOWS}
    parts.end("figures", 2 * len(some) / len(names))
    return answer({window: {name: of[:10] for name, of in rows.items()} for window, rows in found.items()})


def run(peer, question, parts):
    match question:
        case "returns":
            text = answer({rows: np.round(peer.totals(rows), DECIMALS).tolist() for rows in (21, 63, 126, 252)})
        case "correlations" | "correlations, full":
            text = correlations(peer, parts, question.endswith("full"))[1]
        case "statistics":
            r = correlations(peer, parts)[0]
            found = intervals(r, peer.counts())
            parts.end("intervals")
            text = answer([triangle(peer.names(), of) for of in found])
        case "rolling":
            text = rolling(peer, parts)
        case "performance":
            text = answer(np.round(peer.figures(), DECIMALS).tolist())
    parts.end("rest and JSON")
    return text


def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def main():
    library, file, question = sys.argv[1:]
    peer, parts = {"pandas": Pandas, "polars": Polars}[library](file), Parts()
    peer.read()
    parts.end("reading")
    peer.returns()
    parts.end("returns")
    text = run(peer, question, parts)
    print(json.dumps({"seconds": parts.seconds, "share": parts.share, "bytes": len(text), "peak": peak()}))


main()
