"""Holds the `estimate` interval of a hedge against the stationary bootstrap of the package `arch`, on made-up returns whose truth is known.

    python -m venv /tmp/intervals && /tmp/intervals/bin/pip install numpy arch
    /tmp/intervals/bin/python benches/intervals.py [--samples 400] [--rows 252 104]

f = 0.5 a + 0.4 b + 0.3 c + noise, the three members correlated at 0.5: independent normal rows, each series an AR(1) of 0.2, or a
GARCH(1,1) of 0.10 and 0.85. The truth is the same in all: the ratios are -0.5, -0.4, -0.3, the effectiveness f's R^2. Both bootstraps have 1,000
draws of blocks of six rows on average and intervals of 90%; arch draws, estimates and takes percentiles by itself. Printed are how often each covers the
truth, the mean of its bounds and the mean size of the difference of bounds, of the effectiveness in points, of the ratios in hundredths.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from arch.bootstrap import StationaryBootstrap

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fixtures/oracle"))

from hedge_rule import estimate

RATIOS = np.array([0.5, 0.4, 0.3])
NOISE, TOGETHER, BURNT = 0.8, 0.5, 200


def shocks(kind, rows, rng):
    """Four series of variance 1, independent of each other."""
    z = rng.normal(size=(rows + BURNT, 4))
    x = np.empty_like(z)
    variance, x[0] = np.ones(4), z[0]
    for t in range(1, len(z)):
        if kind == "AR(1)":
            x[t] = 0.2 * x[t - 1] + np.sqrt(1.0 - 0.2**2) * z[t]
        elif kind == "GARCH(1,1)":
            variance = 0.05 + 0.10 * x[t - 1] ** 2 + 0.85 * variance
            x[t] = np.sqrt(variance) * z[t]
        else:
            x[t] = z[t]
    return x[BURNT:]


def made(kind, rows, rng):
    x = shocks(kind, rows, rng)
    members = x[:, :3] @ root().T
    return members @ RATIOS + NOISE * x[:, 3], members


def covariance():
    return TOGETHER + (1.0 - TOGETHER) * np.eye(3)


def root():
    return np.linalg.cholesky(covariance())


def truth():
    explained = RATIOS @ covariance() @ RATIOS
    return np.append(-RATIOS, explained / (explained + NOISE**2))


def refit(x):
    """The ratios and the effectiveness of one sample: f, then the members."""
    y = x - x.mean(axis=0)
    h = -np.linalg.lstsq(y[:, 1:], y[:, 0], rcond=None)[0]
    left = y[:, 0] + y[:, 1:] @ h
    return np.append(h, 1.0 - (left @ left) / (y[:, 0] @ y[:, 0]))


def both(f, members, at):
    """Bounds of the two: 2 x 4 each, the effectiveness last."""
    told = estimate([f"{at}-{row}" for row in range(len(f))], f, members)
    ours = np.array([*told["hedge_ratios"], told["effectiveness"]]).T
    theirs = StationaryBootstrap(6, np.column_stack([f, members]), seed=at).conf_int(refit, reps=1000, method="percentile", size=0.90)
    return ours, theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--rows", type=int, nargs="+", default=[252, 104])
    options = parser.parse_args()
    real = truth()
    print("| returns | rows | samples | effectiveness: covers | arch | bounds | arch | apart, mean | most | ratios: cover | arch | apart, mean |")
    print("| --- | ---: | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for rows in options.rows:
        for kind in ("independent", "AR(1)", "GARCH(1,1)"):
            rng = np.random.default_rng(rows)
            found = np.array([both(*made(kind, rows, rng), at) for at in range(options.samples)])  # samples x 2 x bounds x figures
            covers = ((found[:, :, 0] <= real) & (real <= found[:, :, 1])).mean(axis=0)
            bounds, apart = found.mean(axis=0)[:, :, 3], np.abs(found[:, 0] - found[:, 1])
            span = lambda pair: f"{100 * pair[0]:.1f} to {100 * pair[1]:.1f}"
            print(f"| {kind} | {rows} | {options.samples} | {100 * covers[0, 3]:.1f}% | {100 * covers[1, 3]:.1f}% | {span(bounds[0])} | {span(bounds[1])} | {100 * apart[:, :, 3].mean():.2f} | "
                  f"{100 * apart[:, :, 3].max():.2f} | {100 * covers[0, :3].mean():.1f}% | {100 * covers[1, :3].mean():.1f}% | {100 * apart[:, :, :3].mean():.2f} |", flush=True)


if __name__ == "__main__":
    main()
