"""Writes what the fuzzer begins with into corpus/: sound inputs of every kind, made of the project's own examples.

    python fuzz/seeds.py          needs pyarrow

The first byte of an input says what it is to be read as (see the functions that the targets name).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LONGEST = 6_000  # bytes: longer ones teach a fuzzer nothing and take long

TOOLS = ["get_factor_analysis", "get_factor_recommendations", "get_portfolio_exposures", "compare_factors", "stress_test",
         "analyze_factor_model", "save_portfolio"]

CSV = [
    "Date,SPY,TLT\n2024-01-02,100,90.5\n2024-01-03,101.5,\n2024-01-04,NaN,91\n",
    "date,ticker,adj_close,close,dividend,currency\n2024-01-02,SPY,99,100,0,USD\n2024-01-03,SPY,100,101,1.5,USD\n2024-01-02,GLD,,50,,EUR\n",
    "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,1,2,1,2,1.9,100\n2024-01-03,2,3,2,3,2.9,0\n",
    "sep=;\r\nDatum;SPY;UST10Y\r\n30.12.2024;1.422,40;4,1%\r\n31.12.2024;999,00 €;4,2%\r\n",
    "Price,Close,Close\nTicker,TLT,SPY\nDate,,\n2024-12-30,90.5,100\n2024-12-31 00:00:00-05:00,91,101\n",
    "date,UST3M,DGS10,10 Yr\n2024-01-02,5.2,4.0,4.0\n2024-01-03,.,4.1,4.1\n",
    "Date,\"('Close', 'TLT')\",\"('Close', 'SPY')\"\n\"Dec 30, 2024\",90.5,\"1 234,5\"\n",
    "<TICKER>,<PER>,<DATE>,<CLOSE>\nSPY.US,D,20241230,100\nTLT.US,D,45656,1.234\n",
    "Exported 31/12/2024\n\nDate\tClose\tCUR:EUR\n03/04/2024\t1,003.62\t1.08\n14/04/2024\t999\t1.09\nTotal\t2\t3\n",
    "date,ticker,sec_yield,close\n2024-01-02,TLT,4.2%,90\n2024-01-03,TLT,0.043,91\n",
    "month,SPY\n2024-01,100\n2024-02,101\n2024-03,\"1,102.5\"\n",
]

FRENCH = "This file was created using the 202504 CRSP database.  It\r\ncontains portfolios.\r\n\r\n{head}{rows}{after}\r\nCopyright 2025 Eugene F. Fama and Kenneth R. French\r\n"


def french() -> list[tuple[int, bytes]]:
    found = []
    sets = [["Mkt-RF", "SMB", "HML", "RF"], ["Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF"], ["Mom"]]
    for at, names in enumerate(sets):
        for daily in (False, True):
            labels = ["20240102", "20240103", "2024-01-04"] if daily else ["202401", "202402", "202403"]
            rows = "".join(f"{label}," + ",".join(f"{0.25 * (i + 1):8.2f}" for i in range(len(names))) + "\r\n" for label in labels)
            head = "," + ",".join(names) + "\r\n"
            after = "" if daily else f"\r\n Annual Factors: January-December \r\n{head}  2023," + ",".join(["  1.25"] * len(names)) + "\r\n"
            text = FRENCH.format(head=head, rows=rows, after=after)
            for spoilt in (text, text.replace("    0.25", "  -99.99", 1), text[: len(text) * 2 // 3], text.replace("\r\n", "\n")):
                found.append((at * 8 + 128 * daily, spoilt.encode()))
    return found


def vendor() -> list[tuple[int, str]]:
    prices = [{"symbol": "SPY", "date": f"2024-12-{d:02}", "adjClose": 590.5 + d, "price": 600.0 + d, "volume": d % 3} for d in (30, 27, 26)]
    chart = {"chart": {"result": [{"meta": {"currency": "USD", "symbol": "SPY", "gmtoffset": -14400, "exchangeTimezoneName": "America/New_York", "dataGranularity": "1d"},
                                   "timestamp": [1735309800, 1735569000], "events": {"dividends": {"1735309800": {"amount": 1.5, "date": 1735309800}}},
                                   "indicators": {"quote": [{"close": [600.0, None], "volume": [1, 0]}], "adjclose": [{"adjclose": [590.0, 591.5]}]}}], "error": None}}
    return [
        (0, json.dumps(prices)), (1, json.dumps(prices)), (0, '{"Error Message": "Invalid API KEY."}'), (0, "<html>no</html>"), (0, "[]"),
        (2, json.dumps([{"date": "2024-12-20", "adjDividend": 1.9}, {"date": "2024-09-20", "dividend": "1.7"}])),
        (3, json.dumps([{"symbol": "SPY", "marketCap": 6e11, "date": "2024-12-30"}])),
        (4, json.dumps([{"companyName": "SPDR S&P 500", "industry": "Asset Management", "isEtf": True, "marketCap": 6e11}])),
        (5, json.dumps([{"date": "2024-12-30", "month3": 4.3, "year2": "4.2", "year10": None, "year30": 4.7}])),
        (6, json.dumps(chart)), (6, '{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}}'),
        (7, 'Date,"1 Mo","3 Mo","2 Yr","5 Yr","10 Yr","30 Yr"\n12/30/2024,4.4,4.37,4.24,4.37,4.55,4.77\n12/31/2024,4.40,,4.25,4.38,4.58,4.78\n'),
        (8, "observation_date,DGS10\n2024-12-30,4.55\n2024-12-31,.\n"),
    ]


def mapping() -> list[tuple[int, str]]:
    cut = lambda name: (ROOT / "proxies" / name).read_text()
    short = lambda text: "\n".join(line for line in text.splitlines() if not line.startswith("#"))[:1500].rsplit("\n", 1)[0] + "\n"
    found = [(0, short(cut("asset_etf_proxies.yaml"))), (1, short(cut("industry_to_etf.yaml"))), (2, short(cut("style_and_market.yaml"))), (3, cut("funds.csv")[:1500])]
    return found + [
        (0, "asset_classes:\n  bond: {canonical: {treasuries: IEF}, alternates: {long: [TLT, {etf: EDV, priority: 7}]}}\n"),
        (1, "industry_to_etf:\n  Banks: {proxy: KRE, group: cyclical, inception: \"2006-06\"}\n  Gold: null\n"),
        (2, "style:\n  momentum: {etf: MTUM, active: false}\nmarket: {us: SPY}\n"),
        (2, "style: &a {x: MTUM}\nmarket: *a\n"), (1, "industry_to_etf: []\n"), (2, "style: {a: MTUM, a: SPY}\n"),
        (3, "ticker,expense_ratio,sec_yield,pays_income\nSPY,0.0009,0.012,yes\nGLD,0.004,,no\n"),
    ]


def parquet() -> list[bytes]:
    import datetime as dt
    days = [dt.date(2024, 1, d) for d in (2, 3, 4)]
    tables = [
        pa.table({"date": days, "SPY": [100.0, 101.5, None], "TLT": [90.0, None, 91.0]}),
        pa.table({"date": days, "ticker": ["SPY", "SPY", "TLT"], "adj_close": [1.0, 2.0, 3.0], "dividend": [0.0, 0.5, 0.0]}),
        pa.table({"date": [str(d) for d in days], "close": ["1,000.5", "2", "x"]}),
        pa.table({"date": pa.array([dt.datetime(2024, 1, d, tzinfo=dt.timezone.utc) for d in (2, 3, 4)], pa.timestamp("us", tz="Europe/Berlin")), "SPY": pa.array([1, 2, 3], pa.int32())}),
        pa.table({"date": pa.array([20240102, 20240103, 20240104], pa.int64()), "UST10Y": pa.array([4.1, 4.2, 4.3], pa.float32())}),
    ]
    found = []
    for at, table in enumerate(tables):
        for how in ("none", "snappy"):
            sink = pa.BufferOutputStream()
            pq.write_table(table, sink, compression=how, use_dictionary=at % 2 == 0, write_statistics=False, store_schema=at == 3)
            found.append(sink.getvalue().to_pybytes())
    return found + [path.read_bytes() for path in sorted((ROOT / "fixtures/files").glob("*.parquet"))]


def calls() -> list[tuple[int, dict]]:
    found = []
    for path in sorted((ROOT / "fixtures/contract").glob("*.json")):
        example = json.loads(path.read_text())
        if example.get("tool") in TOOLS:
            found.append((TOOLS.index(example["tool"]), example["arguments"]))
    wrong = [(0, {"tickers": "SPY, TLTT", "start_date": "2024-01", "frequency": "fortnightly", "max_chars": "12"}),
             (1, {"overexposed_factor": "XLK", "holdings": '{"XLK": 0.5}', "correlation_threshold": "-0.3", "limit": 5}),
             (2, {"holdings": [{"ticker": "SPY", "shares": -3}, {"ticker": "", "value": 1e308}], "what_if": {"SPY": 9}}),
             (3, {"factors": ["SPY", "SPY"], "periods": {"a": "2020", "b": "2021-13"}}),
             (4, {"ticker": "QQQ", "scenarios": ["covd", "2022-01-03..2022-10-12"], "shocks": {"UST10Y": 1, "SPY": -2}}),
             (5, {"ticker": "QQQ", "model": "ff9", "rolling": "yes", "start_date": "2024-12-31", "end_date": "2020-01-01"})]
    return found + wrong


def lines() -> list[str]:
    call = lambda arguments, **more: json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_factors", "arguments": arguments, **more}})
    return [
        json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}}),
        '{"jsonrpc":"2.0","method":"notifications/initialized"}', call({}), call({"query": "é\\ud83d\\ude00", "limit": 1.5}), call({}, _meta={"progressToken": 7, "x": {"y": [1]}}),
        '{"jsonrpc":"2.0","id":"seven","method":"tools/list"}', '{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"factor://a"}}',
        '{"jsonrpc":"2.0","id":4,"method":"prompts/get","params":{"name":"a","arguments":{"b":"c"}}}', '{"jsonrpc":"1.0","id":5,"method":"tools/call","params":{}}',
        '[{"jsonrpc":"2.0","id":6,"method":"ping"}]', '{"jsonrpc":"2.0","id":null,"method":"server/discover"}', '{"jsonrpc":"2.0","id":7,"result":{}}',
        '{"jsonrpc":"2.0","id":8,"method":"subscriptions/listen","params":{"notifications":{}}}', '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
        '{"jsonrpc":"2.0","id":9,"method":"nobody/knows","params":[1,2]}',
    ]


def write(name: str, inputs: list[bytes]):
    folder = HERE / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    for one in inputs:
        if len(one) <= LONGEST:
            (folder / hashlib.sha1(one).hexdigest()).write_bytes(one)
    print(f"{name}: {len(list(folder.iterdir()))} inputs")


def main():
    led = lambda which, text: bytes([which]) + (text if isinstance(text, bytes) else text.encode())
    write("csv_file", [led(at % 4, text) for at, text in enumerate(CSV)] + [led(1, text) for text in CSV])
    write("french_file", [led(*one) for one in french()])
    write("vendor_body", [led(*one) for one in vendor()])
    write("mapping_file", [led(*one) for one in mapping()])
    write("parquet_file", [led(at % 4, body) for at, body in enumerate(parquet())])
    write("arguments", [led(which, json.dumps(call, ensure_ascii=False)) for which, call in calls()])
    write("json_rpc_line", [line.encode() for line in lines()])


if __name__ == "__main__":
    main()
