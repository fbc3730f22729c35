"""Questions as people ask them, as calls: how many characters a model reads for each, and how long the answers take.

    cargo build
    python3 benches/questions.py target/debug/factor-mcp --prices FOLDER [--today 2025-01-02] [--show q18] [--old]

The prices are a folder of daily prices with Treasury yields, 2009 to 2024, such as the oracle is checked on. `--old` makes the calls that versions before summaries had slopes and intervals need.
Python's standard library is enough.
"""

import argparse, json, tempfile

from stdio import Server

ANALYSIS = "get_factor_analysis"
GROUP = {"group_name": "Chips and power", "tickers": ["SOXX", "XLU"], "weighting_method": "custom",
         "weights": {"SOXX": 0.6, "XLU": 0.4}}
PAIR = {"tickers": ["SPY", "TLT"]}
WITH_STATISTICS = {"include": ["matrices", "statistics"]}

# Per question: its id, its words, its calls, and those of an older version where they were others.
QUESTIONS = [
    ("q01", "energy versus tech over three months",
     [(ANALYSIS, {"analysis_type": "returns", "tickers": ["XLE", "XLK"], "windows": ["3m"]})], None),
    ("q08", "worst and best calendar year of long Treasuries since 2010",
     [(ANALYSIS, {"analysis_type": "returns", "tickers": ["TLT"], "windows": ["2010..2024"]})], None),
    ("q12", "stocks and bonds in 2022 against 2015",
     [("compare_factors", PAIR | {"periods": ["2015", "2022"], "include": ["insights", "periods"]})],
     [(ANALYSIS, PAIR | {"frequency": "weekly", "regime": year, "min_observations": 24} | WITH_STATISTICS) for year in ("2022", "2015")]),
    ("q18", "TLT and SPY over ten years: significant?", [(ANALYSIS, PAIR)], [(ANALYSIS, PAIR | WITH_STATISTICS)]),
    ("q23", "100bp on the ten-year yield: TLT and VNQ, with errors",
     [(ANALYSIS, {"tickers": ["TLT", "VNQ"], "rate_maturities": ["UST10Y"]})],
     [(ANALYSIS, {"tickers": ["TLT", "VNQ"], "rate_maturities": ["UST10Y"], "include": ["rate_sensitivity", "statistics"]})]),
    ("q28", "60% chips, 40% utilities: Sharpe and worst drawdown since 2018",
     [("get_portfolio_exposures", {"holdings": {"SOXX": 0.6, "XLU": 0.4}, "start_date": "2017-12-31", "include": ["risk"]})],
     [("create_factor_group", GROUP),
      (ANALYSIS, {"analysis_type": "performance", "tickers": ["USER:Chips and power"], "start_date": "2017-12-31",
                  "include": ["per_factor"]})]),
    ("q33", "what offsets 40% real estate",
     [("get_factor_recommendations", {"overexposed_factor": "VNQ", "holdings": {"VNQ": 0.4, "SPY": 0.6},
                                     "include": ["insights"]})],
     [("get_factor_recommendations", {"overexposed_factor": "VNQ", "holdings": {"VNQ": 0.4, "SPY": 0.6}})]),
    ("q39", "60/40 with 20% moved into gold",
     [("get_portfolio_exposures", {"holdings": {"SPY": 0.6, "IEF": 0.4},
       "what_if": [{"ticker": "GLD", "change": 0.2}], "balance": "pro_rata", "include": ["insights"]})],
     [("get_portfolio_exposures", {"holdings": {"SPY": 0.6, "IEF": 0.4},
       "what_if": [{"ticker": "GLD", "change": 0.2}, {"ticker": "SPY", "change": -0.12}, {"ticker": "IEF", "change": -0.08}]})]),
    ("q42", "gold, Treasuries and stocks in the covid crash",
     [(ANALYSIS, {"analysis_type": "returns", "tickers": ["GLD", "TLT", "SPY"], "windows": ["2020-02-19/2020-03-23"]})], None),
    ("q45", "SPY's drawdown in 2020 on month ends and on days",
     [(ANALYSIS, {"analysis_type": "performance", "tickers": ["SPY"], "start_date": "2019-12-31", "end_date": "2020-12-31",
                  "fields": ["max_drawdown", "drawdown_peak", "drawdown_trough", "max_drawdown_daily", "drawdown_daily_peak",
                             "drawdown_daily_trough"]})],
     [(ANALYSIS, {"analysis_type": "performance", "tickers": ["SPY"], "start_date": "2019-12-31", "end_date": "2020-12-31",
                  "include": ["per_factor"]})]),
    ("q52", "why no leisure in the industry matrix", [("list_factors", {"query": "leisure"})], None),
    ("q57", "dividend funds in 2008",
     [(ANALYSIS, {"analysis_type": "returns", "tickers": ["VYM", "VIG"], "windows": ["2008"]})], None),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--prices", required=True, help="a folder with daily prices and yields")
    parser.add_argument("--today", default="2025-01-02")
    parser.add_argument("--show", default="", help="questions whose answers are printed, q18,q23")
    parser.add_argument("--old", action="store_true", help="the calls that older versions need")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        server, everything = Server(args.program, home, args.today, args.prices), 0
        print(f"{'':5} {'calls':>5} {'characters':>10} {'ms':>6}  question")
        for name, words, calls, old in QUESTIONS:
            characters, took, failed = 0, 0.0, ""
            for tool, arguments in old if args.old and old else calls:
                result, _, ms = server.call(tool, arguments)
                text = result["content"][0]["text"]
                characters, took = characters + len(text), took + ms
                failed = failed or ("  FAILED" if result.get("isError") else "")
                if name in args.show.split(","):
                    print(f"{tool} {json.dumps(arguments)}\n{text}")
            everything += characters
            print(f"{name:5} {len(calls):5} {characters:10} {took:6.0f}  {words}{failed}")
        print(f"{'':11} {everything:10}")
        server.end()


main()
