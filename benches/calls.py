"""Times whole calls over stdio, from the request's last byte to the answer's, medians and least.

    cargo build --release
    python3 benches/calls.py target/release/factor-mcp [--prices FOLDER] [--calls 41]

Python's standard library is enough. Without --prices the bundled sample is asked. The first call of each kind computes; the
others find the panel and the report in memory, and summaries the whole answer.
"""

import argparse, statistics, tempfile

from stdio import Server

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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--prices", help="a price file, or a folder of them")
    parser.add_argument("--calls", type=int, default=41)
    args = parser.parse_args()
    print(f"{'':30} {'first':>9} {'median':>9} {'least':>9} {'bytes':>8}")
    with tempfile.TemporaryDirectory() as home:
        server = Server(args.program, home, "2026-06-15", args.prices)
        for name, (tool, arguments) in KINDS.items():
            result, length, first = server.call(tool, arguments)
            if result.get("isError"):
                raise SystemExit(f"{tool} {arguments}: {result['content'][0]['text'][:500]}")
            took = [server.call(tool, arguments)[2] for _ in range(args.calls)]
            print(f"{name:30} {first:6.1f} ms {statistics.median(took):6.2f} ms {min(took):6.2f} ms {length:8}")
        server.end()


main()
