"""Times whole calls over stdio, from the request's last byte to the answer's, medians and least.

    cargo build --release
    python3 benches/calls.py target/release/factor-mcp [--prices FOLDER] [--calls 41]

Python's standard library is enough. Without --prices the bundled sample is asked. The first call of each kind computes; the
others find the panel and the report in memory, and summaries the whole answer. Those of "anew" hold something else each time, so that
they find prices alone, and compute.
"""

import statistics, tempfile

from stdio import Server, arguments_of

ANALYSIS = "get_factor_analysis"
MIX = {"SPY": 0.5, "XLK": 0.2, "VNQ": 0.1, "TLT": 0.2}
KINDS = {
    "correlations, summary": (ANALYSIS, {}),
    "performance, summary": (ANALYSIS, {"analysis_type": "performance"}),
    "returns, summary": (ANALYSIS, {"analysis_type": "returns"}),
    "two tickers, summary": (ANALYSIS, {"tickers": ["SPY", "TLT"]}),
    "comparison, summary": ("compare_factors", {"tickers": ["SPY", "TLT"]}),
    "recommendations, summary": ("get_factor_recommendations", {"overexposed_factor": "real estate"}),
    "exposures, summary": ("get_portfolio_exposures", {"holdings": MIX}),
    "factors, by name": ("list_factors", {"query": "gold"}),
    "correlations, full": (ANALYSIS, {"format": "full"}),
    "correlations, full, no limit": (ANALYSIS, {"format": "full", "max_chars": 0}),
    "performance, full": (ANALYSIS, {"analysis_type": "performance", "format": "full"}),
    "returns, full": (ANALYSIS, {"analysis_type": "returns", "format": "full"}),
    "model, summary": ("analyze_factor_model", {"ticker": "XLK"}),
    "comparison, full": ("compare_factors", {"tickers": ["SPY", "TLT"], "format": "full"}),
    "recommendations, full": ("get_factor_recommendations", {"overexposed_factor": "real estate", "holdings": MIX, "format": "full"}),
    "exposures, full": ("get_portfolio_exposures", {"holdings": MIX, "format": "full"}),
}

# A portfolio of its own for every call.
mix = lambda at: {"SPY": 0.5 + at / 1000, "XLK": 0.2, "VNQ": 0.1, "TLT": 0.2 - at / 1000}
model = lambda at, **more: ("analyze_factor_model", {"holdings": mix(at), **more})
stress = lambda at, **more: ("stress_test", {"holdings": mix(at), **more})
offsets = lambda at, **more: ("get_factor_recommendations", {"overexposed_factor": "real estate", "holdings": mix(at), **more})
ANEW = {
    "exposures": lambda at: ("get_portfolio_exposures", {"holdings": mix(at)}),
    "recommendations": offsets,
    "recommendations, covid": lambda at: offsets(at, scenario="covid"),
    "model on the lens": lambda at: model(at, model="lens"),
    "model on three funds": lambda at: model(at, model="custom", factors=["VTI", "IEF", "GLD"]),
    "model on the lens, daily": lambda at: model(at, model="lens", frequency="daily"),
    "stress, all episodes": stress,
    "stress, covid": lambda at: stress(at, scenarios=["covid"]),
    "stress, a shock of two": lambda at: stress(at, shocks={"SPY": -0.2, "IEF": 0.03}),
    "stress, a loss of a fifth": lambda at: stress(at, reverse_loss=0.2),
}
# With published factors beside the prices (FACTOR_FRENCH_DIR).
WITH_FILES = {
    "model on ff5": lambda at: model(at, model="ff5"),
    "model on ff5, daily, rolling": lambda at: model(at, model="ff5", frequency="daily", rolling=252),
}


def timed(server, name, of, calls):
    tool, arguments = of(0)
    result, length, first = server.call(tool, arguments)
    if result.get("isError"):
        raise SystemExit(f"{tool} {arguments}: {result['content'][0]['text'][:500]}")
    took = [server.call(*of(at + 1))[2] for at in range(calls)]
    print(f"{name:30} {first:6.1f} ms {statistics.median(took):6.2f} ms {min(took):6.2f} ms {length:8}")


def main():
    parser = arguments_of(__doc__, calls=41)
    parser.add_argument("--french", help="a folder of Kenneth French's files")
    args = parser.parse_args()
    print(f"{'':30} {'first':>9} {'median':>9} {'least':>9} {'bytes':>8}")
    with tempfile.TemporaryDirectory() as home:
        server = Server(args.program, home, args.today, args.prices, {"FACTOR_FRENCH_DIR": args.french} if args.french else {})
        for name, call in KINDS.items():
            timed(server, name, lambda at: call, args.calls)
        for name, of in (ANEW | (WITH_FILES if args.french else {})).items():
            timed(server, f"anew: {name}", of, args.calls)
        server.end()


main()
