"""Makes a universe of funds: daily prices as CSV and as Parquet, and the mappings that name each as a factor.

    python benches/peers/universe.py FOLDER --series 456 --rows 4191        # a panel of ETFs: 4,191 days to the end of 2025
    python benches/peers/universe.py FOLDER --series 3000 --rows 3780       # fifteen years of them

FOLDER/csv and FOLDER/parquet each hold one file for FACTOR_PRICE_FILES, FOLDER/proxies is for FACTOR_PROXIES_DIR. The same arguments
make the same bytes. As among real ETFs most funds begin late, some end early, and between their first and last day nothing is missing;
what moves them is the market, a few bond and style factors, and their own noise. It wants numpy, pandas and pyarrow.
"""

import argparse
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from pandas.tseries.holiday import AbstractHolidayCalendar, GoodFriday, Holiday, USLaborDay, USMartinLutherKingJr
from pandas.tseries.holiday import USMemorialDay, USPresidentsDay, USThanksgivingDay, nearest_workday, sunday_to_monday

LAST = date(2025, 12, 31)
# What the server looks for by name: the market, the bill's return, bonds, gold.
KNOWN = {
    "style_and_market": "market:\n  us_large: {{etf: SPY, inception: \"{inception}\"}}\nstyle:\n  size_small: {{etf: IWM, inception: \"{inception}\"}}\n",
    "asset_etf_proxies": "asset_classes:\n  fixed_income:\n    canonical:\n      UST10Y: {{etf: IEF, inception: \"{inception}\"}}\n"
    "      UST30Y: {{etf: TLT, inception: \"{inception}\"}}\n  cash:\n    canonical:\n      USD: {{etf: BIL, inception: \"{inception}\"}}\n"
    "  commodity:\n    canonical:\n      gold: {{etf: GLD, inception: \"{inception}\"}}\n",
}
# Loadings on the market, on bonds and on what is common to a fund's own kind; the noise and the drift of a day.
SPECIAL = {
    "SPY": (1.0, 0.0, 0.0, 0.0005, 0.0004),
    "IWM": (1.15, 0.0, 0.3, 0.003, 0.0003),
    "IEF": (-0.05, 1.0, 0.0, 0.0005, 0.0001),
    "TLT": (-0.1, 2.1, 0.0, 0.001, 0.0001),
    "BIL": (0.0, 0.0, 0.0, 0.00001, 0.00008),
    "GLD": (0.05, 0.5, 0.0, 0.009, 0.0003),
}
GROUPS = ("cyclical", "sensitive", "defensive")


class Exchange(AbstractHolidayCalendar):
    """The days on which New York is closed by rule; not those of storms and mourning."""

    rules = [
        Holiday("New Year", month=1, day=1, observance=sunday_to_monday), USMartinLutherKingJr, USPresidentsDay, GoodFriday,
        USMemorialDay, Holiday("Juneteenth", month=6, day=19, start_date="2022-06-19", observance=nearest_workday),
        Holiday("Independence", month=7, day=4, observance=nearest_workday), USLaborDay, USThanksgivingDay,
        Holiday("Christmas", month=12, day=25, observance=nearest_workday),
    ]


def days(rows):
    open_days = pd.offsets.CustomBusinessDay(calendar=Exchange())
    return pd.date_range(end=LAST, periods=rows, freq=open_days)


def tickers(series):
    """Four letters each, none of which is a name of ours."""
    letters = lambda at: "".join(chr(65 + at // 26**place % 26) for place in (2, 1, 0))
    return list(SPECIAL) + [f"Z{letters(at)}" for at in range(series - len(SPECIAL))]


def prices(series, rows, rng):
    """Closes by day and fund, missing before a fund's first day and after its last."""
    market = 0.010 * rng.standard_t(5, rows) * 0.77
    bonds = 0.004 * rng.standard_normal(rows)
    kinds = 0.006 * rng.standard_normal((rows, 12))
    names = tickers(series)
    closes = np.empty((rows, series), order="F")
    for at, name in enumerate(names):
        own = (rng.uniform(0.3, 1.4), rng.normal(0, 0.25), rng.uniform(0, 1.2), rng.uniform(0.002, 0.012), rng.normal(2e-4, 1e-4))
        to_market, to_bonds, to_kind, noise, drift = SPECIAL.get(name, own)
        moves = drift + to_market * market + to_bonds * bonds + to_kind * kinds[:, at % 12] + noise * rng.standard_normal(rows)
        closes[:, at] = np.round(rng.uniform(20, 200) * np.exp(np.cumsum(moves)), 4)
        begins = int(rng.uniform(0, 0.85) * rows) if rng.random() < 0.7 else 0
        ends = rows - int(rng.uniform(0, 0.1) * rows) if rng.random() < 0.03 else rows
        if name not in SPECIAL:
            closes[:begins, at] = closes[ends:, at] = np.nan
    return names, closes


def write_prices(folder, names, dates, closes):
    table = pa.table({"date": pa.array(dates.date)} | {name: pa.array(closes[:, at], from_pandas=True) for at, name in enumerate(names)})
    for kind, write in (("csv", pa.csv.write_csv), ("parquet", pa.parquet.write_table)):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        write(table, folder / kind / f"prices.{kind}")


def write_proxies(folder, names, dates, closes):
    (folder / "proxies").mkdir(exist_ok=True)
    for kind, text in KNOWN.items():
        (folder / "proxies" / f"{kind}.yaml").write_text(text.format(inception=f"{dates[0]:%Y-%m}"))
    lines = ["industry_to_etf:"]
    for at in range(len(SPECIAL), len(names)):
        first = dates[np.isfinite(closes[:, at]).argmax()]
        group = GROUPS[at % len(GROUPS)]
        lines.append(f'  "Industry {at:04}": {{proxy: {names[at]}, group: {group}, inception: "{first:%Y-%m}"}}')
    (folder / "proxies" / "industry_to_etf.yaml").write_text("\n".join(lines) + "\n")


def make(folder, series, rows, seed=23):
    """Writes the universe into `folder`, unless it is there."""
    if (folder / "proxies" / "industry_to_etf.yaml").exists():
        return
    dates = days(rows)
    names, closes = prices(series, rows, np.random.default_rng(seed))
    write_prices(folder, names, dates, closes)
    # Last: where it is, the prices are.
    write_proxies(folder, names, dates, closes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--series", type=int, default=456)
    parser.add_argument("--rows", type=int, default=4191)
    parser.add_argument("--seed", type=int, default=23)
    args = parser.parse_args()
    make(args.folder, args.series, args.rows, args.seed)


if __name__ == "__main__":
    main()
