"""What strangers can do to a server, in figures: attacks, a heavy neighbour, what a key costs, twice its capacity, held sockets, many calls.

    python3 benches/load/load.py target/release/factor-mcp [--short] [--only NAME ...] [--soak SECONDS]

Each check prints a line with its figures and its rule. --short is for trying it out: few calls, and rules that only a release
build on an idle machine keeps are printed and not held.
"""

import argparse, asyncio, itertools, json, random, tempfile, time

from client import Client, Server, Stdio, quantile, raise_limits, rss, slope

numbers = itertools.count()


def heavy():
    """Every section of the heaviest analysis, on other dates each time: nothing of it is in memory."""
    at = next(numbers)
    start = f"20{10 + at % 5:02}-{1 + at // 5 % 12:02}-{1 + at // 60 % 28:02}"
    return {"analysis_type": "correlations", "frequency": "daily", "start_date": start, "format": "full", "include_macro_etf": True,
            "include_statistics": True, "include_rolling_summaries": True, "advanced": {"order": "cluster"}}


def small():
    """A summary of a panel that is in memory; the answer is not, since each is asked for in other words."""
    return {"analysis_type": "returns", "windows": ["1m"], "top_n": 5, "max_chars": 8_000 + next(numbers) % 30_000}


class Checks:
    def __init__(self, args):
        self.args, self.made, self.failed = args, 0, 0

    def say(self, name, figures, rule, kept, timed=False):
        """`timed` rules are those of a release build on an idle machine."""
        self.made += 1
        held = kept or (timed and self.args.short)
        self.failed += not held
        print(f"{'ok    ' if kept else 'missed' if held else 'FAILED'} {name}: {figures} (rule: {rule})", flush=True)


async def attacks(checks, server):
    """Bodies of a quarter megabyte that are all mistakes."""
    names = lambda bytes_: [f"nobody knows this name {at:06}" for at in range(bytes_ // 34)]
    of_each = {
        "unknown arguments": dict.fromkeys(names(234 * 1024), 1),
        "unknown categories": {"categories": names(211 * 1024)},
        "unknown sections": {"include": names(211 * 1024)},
        "a universe of mistakes": {"factor_universe": [{"ticker": "?", "label": at} for at in range(7_000)]},
        "unknown tickers": {"tickers": names(1_000 * 34)},
        "holdings of mistakes": {"holdings": [{"ticker": "?", "wait": at} for at in range(7_000)]},
    }
    for name, arguments in of_each.items():
        tool = "get_portfolio_exposures" if "holdings" in arguments else "get_factor_analysis"
        # Written once: sixteen times that would be the client's own work within the time.
        body = Client.body(tool, arguments)
        clients = [Client(server, server.keys[0]) for _ in range(16)]
        healths, done = [], asyncio.Event()

        async def watch():
            client = Client(server)
            while not done.is_set():
                healths.append((await client.health())[2])
                await asyncio.sleep(0.01)

        watching = asyncio.create_task(watch())
        for client in clients:
            await client.open()
        answers = await asyncio.gather(*(client.post(tool, body) for client in clients))
        done.set()
        await watching
        longest, bytes_ = max(answer[2] for answer in answers), max(len(answer[1]) for answer in answers)
        statuses = sorted({answer[0] for answer in answers})
        checks.say(f"attack, {name}, 16 at once", f"slowest {longest:.0f} ms, longest {bytes_} bytes, statuses {statuses}", "at most 100 ms", longest <= 100, timed=True)
        checks.say(f"attack, {name}, length", f"{bytes_} bytes", "at most 10,000 bytes, all answered", bytes_ <= 10_000 and statuses == [200])
        checks.say(f"attack, {name}, health", f"slowest {max(healths):.0f} ms of {len(healths)}", "at most 100 ms", max(healths) <= 100, timed=True)
        for client in clients:
            client.close()


async def neighbour(checks, server):
    """Small calls of one user beside twenty of the heaviest of another."""
    await Client(server, server.keys[1]).call("get_factor_analysis", small())
    seconds, fewest = (3, 5) if checks.args.short else (30, 200)
    heavies, smalls, healths, over = [], [], [], asyncio.Event()
    until = time.monotonic() + seconds

    async def heavily():
        client = Client(server, server.keys[0])
        while not over.is_set():
            status, _, took = await client.call("get_factor_analysis", heavy())
            if status == 200:
                heavies.append(took)
            else:
                await asyncio.sleep(0.2)

    async def lightly():
        client = Client(server, server.keys[1])
        await asyncio.sleep(0.5)
        while time.monotonic() < until or len(smalls) < fewest:
            status, _, took = await client.call("get_factor_analysis", small())
            assert status == 200, status
            smalls.append(took)
            healths.append((await client.health())[2])
            await asyncio.sleep(0.02)
        over.set()

    await asyncio.gather(lightly(), *(heavily() for _ in range(20)))
    p99 = quantile(smalls, 0.99)
    checks.say("small calls beside 20 of the heaviest", f"p50 {quantile(smalls, 0.5):.0f} ms, p99 {p99:.0f} ms, worst {max(smalls):.0f} ms of {len(smalls)}; {len(heavies)} heavy ones, p50 {quantile(heavies, 0.5):.0f} ms", "p99 at most 1,000 ms", p99 <= 1_000, timed=True)
    print(f"       {server.rss():.0f} MB right after 20 of the heaviest at once", flush=True)
    checks.say("health beside 20 of the heaviest", f"worst {max(healths):.0f} ms of {len(healths)}", "at most 100 ms", max(healths) <= 100, timed=True)


class Tally:
    """What became of calls that were sent at their times, whether earlier ones had been answered or not."""

    def __init__(self):
        self.good, self.refused, self.late, self.took = 0, 0, 0, []


async def offered(server, clients, rate, seconds):
    """Calls at `rate` a second, spread over the clients; an answer after 10 s is of no use to anybody."""
    tally, running = Tally(), set()
    idle = list(clients)
    random.shuffle(idle)

    async def one(client):
        try:
            status, _, took = await client.call("get_factor_analysis", small())
        except (ConnectionError, asyncio.IncompleteReadError):
            status, took = 0, 0.0
        tally.good += status == 200 and took <= 10_000
        tally.late += status == 200 and took > 10_000
        tally.refused += status != 200
        tally.took.append(took)
        idle.append(client)

    began, sent = time.monotonic(), 0
    while (now := time.monotonic() - began) < seconds:
        while sent < rate * now and idle:
            task = asyncio.create_task(one(idle.pop(0)))
            running.add(task)
            task.add_done_callback(running.discard)
            sent += 1
        await asyncio.sleep(0.002)
    counted = tally.good
    await asyncio.gather(*running)
    return tally, counted / seconds, sent / seconds


async def overload(checks, server):
    """A thousand clients with a hundred keys behind a proxy: below, at and beyond what the server can do."""
    count, seconds = (100, 3) if checks.args.short else (1_000, 20)
    clients = [Client(server, server.keys[at % len(server.keys)], f"10.{at >> 8}.{at & 255}.1") for at in range(count)]
    for client in clients:
        await client.open()
    await clients[0].call("get_factor_analysis", small())
    # What it can do: as many at once as it works on, each client's next call when its last was answered.
    peak = best = 0.0
    for at_once in (8, 16, 32, 60):
        done, until, busy = 0, time.monotonic() + seconds / 4, server.busy()

        async def closed(client):
            nonlocal done
            while time.monotonic() < until:
                status, _, _ = await client.call("get_factor_analysis", small())
                done += status == 200

        await asyncio.gather(*(closed(client) for client in clients[:at_once]))
        rate, each = done / (seconds / 4), done / (server.busy() - busy)
        print(f"       {at_once} at once: {rate:.0f} a second, {each:.0f} a second of the server's processor time", flush=True)
        peak, best = max(peak, rate), max(best, each)
    below, goodput, sent = await offered(server, clients, 0.7 * peak, seconds)
    checks.say("below its capacity", f"{sent:.0f} sent and {goodput:.0f} answered a second of {peak:.0f}; {below.refused} refused, p99 {quantile(below.took, 0.99):.0f} ms", "none refused", below.refused == 0, timed=True)
    busy = server.busy()
    over, goodput, sent = await offered(server, clients, 2 * peak, seconds)
    # The clients share its cores and take more of them now, so the clock alone would count against the server what they use.
    each = over.good / (server.busy() - busy)
    checks.say("at twice its capacity", f"{sent:.0f} sent and {goodput:.0f} answered a second, {100 * goodput / peak:.0f}% of the peak of {peak:.0f}, by the server's processor time {100 * each / best:.0f}% of {best:.0f}; {over.refused} refused, {over.late} late, p99 {quantile(over.took, 0.99):.0f} ms", "at least 80% of the peak, by the clock or by the server's processor time", max(goodput / peak, each / best) >= 0.8, timed=True)
    again, goodput, sent = await offered(server, clients, 0.7 * peak, seconds / 2)
    checks.say("below its capacity again", f"{sent:.0f} sent and {goodput:.0f} answered a second; {again.refused} refused", "none refused", again.refused == 0, timed=True)
    checks.say("memory after it", f"{server.rss():.0f} MB", "at most 300 MB", server.rss() <= 300)
    for client in clients:
        client.close()


async def keys(checks, server):
    """What a key adds to a request that asks for nothing dear: requests with one and without, in turn over one connection."""
    each, meta = 500 if checks.args.short else 10_000, {"_meta": Client.meta()}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": meta}).encode()
    headers = Client.headers("server/discover")
    client = Client(server)

    async def took(key):
        client.key = key
        status, _, milliseconds = await client.send("POST", "/mcp", headers, body)
        assert status == 200, status
        return 1e3 * milliseconds

    for _ in range(200):
        await took(None)
    first = [await took(key) for key in server.keys]
    none, known = [], []
    for at in range(each):
        none.append(await took(None))
        known.append(await took(server.keys[at % len(server.keys)]))
    half = lambda values: quantile(values, 0.5)
    checks.say("a key that is known", f"{half(known) - half(none):.1f} us more at the median of {each} ({half(none):.0f} without, {half(known):.0f} with), {quantile(known, 0.99) - quantile(none, 0.99):.1f} at the 99th percentile", "at most 50 us", half(known) - half(none) <= 50, timed=True)
    print(f"       {half(first) - half(none):.0f} us more at the median of {len(first)} keys that come for the first time: one look into the store", flush=True)
    client.close()


async def held(checks, server):
    """512 half-sent heads and 64 bodies that drip, from one address that is no proxy's."""
    sockets = []

    async def connect(head):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(head)
            await writer.drain()
            sockets.append(writer)
        except ConnectionError:
            pass

    for _ in range(512):
        await connect(b"POST /mcp HTTP/1.1\r\nHost: local")
    for _ in range(64):
        await connect(f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n".encode())
    began, first, worst, statuses = time.monotonic(), None, 0.0, set()
    while (now := time.monotonic() - began) < (3 if checks.args.short else 12):
        for writer in sockets:
            if not writer.is_closing():
                writer.write(b"x")
        try:
            status, _, took = await asyncio.wait_for(Client(server).call("list_factors", {"query": "SPY"}), 5)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            status, took = 0, 5_000.0
        statuses.add(status)
        if status == 200 and took <= 100 and first is None:
            first = now
        if first is not None:
            worst = max(worst, took if status == 200 else 5_000.0)
        await asyncio.sleep(0.1)
    checks.say("beside 512 half-sent heads and 64 dripped bodies", f"first call within 100 ms after {first if first is None else round(first, 1)} s, worst from then on {worst:.0f} ms, statuses {sorted(statuses)}", "within 6 s", first is not None and first <= 6, timed=True)
    for writer in sockets:
        writer.close()


def everyday(user):
    """A call as people make them, of every kind of question; `user` has a group and a portfolio of its own."""
    tickers = random.sample(["SPY", "TLT", "GLD", "VNQ", "XLK", "XLE", "QQQ", "IWM", "EFA", "IEF"], 3)
    mix = dict(zip(tickers, (0.5, 0.3, 0.2)))
    return random.choice([
        ("get_factor_analysis", small()),
        ("get_factor_analysis", {"tickers": tickers}),
        ("get_factor_analysis", {"analysis_type": "performance", "tickers": tickers, "frequency": random.choice(["daily", "weekly"])}),
        ("get_factor_analysis", {"analysis_type": "returns", "windows": ["2020..2024"], "format": "report"}),
        ("compare_factors", {"tickers": tickers[:2]}),
        ("get_factor_recommendations", {"overexposed_factor": tickers[0], "holdings": mix}),
        ("get_portfolio_exposures", {"holdings": mix, "what_if": [{"ticker": tickers[2], "change": 0.1}]}),
        ("list_factors", {"query": tickers[0]}),
        ("create_factor_group", {"group_name": f"of {user}", "tickers": tickers}),
        ("delete_factor_group", {"group_name": f"of {user}"}),
        ("save_portfolio", {"portfolio_name": "CURRENT_PORTFOLIO", "holdings": mix}),
        ("get_server_status", {}),
    ])


async def soak(checks, server):
    """Two hundred users who ask something every half minute or so: what is held after a while is held for good."""
    seconds = checks.args.soak
    clients = [Client(server, key) for key in server.keys]
    until, done, failed, held = time.monotonic() + seconds, 0, 0, []

    async def asks(user, client):
        nonlocal done, failed
        while time.monotonic() < until:
            await asyncio.sleep(random.uniform(20, 60) if seconds > 600 else random.uniform(2, 8))
            status, _, _ = await client.call(*everyday(user))
            done, failed = done + 1, failed + (status != 200)

    async def watches():
        began = time.monotonic()
        while time.monotonic() < until:
            # What is kept in memory for half an hour has its size by then.
            if time.monotonic() - began > min(1_800, seconds / 2):
                held.append((time.monotonic(), server.rss(), server.descriptors()))
            await asyncio.sleep(5)

    await asyncio.gather(watches(), *(asks(user, client) for user, client in enumerate(clients)))
    grown = [600 * slope([(at, of[what]) for at, *of in held]) for what in (0, 1)]
    checks.say(f"{len(clients)} users for {seconds} s", f"{done} calls, {failed} failed; {held[0][1]:.0f} MB and {held[0][2]} descriptors halfway, {held[-1][1]:.0f} MB and {held[-1][2]} at the end, {grown[0]:+.2f} MB and {grown[1]:+.1f} in ten minutes", "at most 1 MB and one descriptor more in ten minutes, none failed", failed == 0 and max(grown) <= 1, timed=True)
    for client in clients:
        client.close()


def many(checks, program, home):
    """Memory after many calls over standard input and output."""
    calls = 2_000 if checks.args.short else 100_000
    server = Stdio(program, home)
    failed, first = 0, None
    began = time.monotonic()
    while server.asked < calls:
        batch = [("tools/call", {"name": "list_factors", "arguments": {"query": f"q{at % 7}"}}) for at in range(40)]
        batch += [("tools/call", {"name": "get_factor_analysis", "arguments": small()}) for _ in range(8)]
        batch += [("tools/call", {"name": "get_factor_analysis", "arguments": {"analysis_type": "performance", "format": "full", "max_chars": 0}}),
                  ("tools/call", {"name": "get_server_status", "arguments": {}})]
        failed += server.ask(batch)
        first = first or rss(server.process.pid)
    after = rss(server.process.pid)
    checks.say(f"memory after {server.asked} calls over stdio", f"{after:.0f} MB, {first:.0f} MB after the first 50; {failed} failed; {server.asked / (time.monotonic() - began):.0f} calls a second", "at most 200 MB, none failed", after <= 200 and failed == 0)
    checks.say("its end", f"exit code {(code := server.stop())}", "0", code == 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--soak", type=int, default=3_600, metavar="SECONDS", help="how long the check `soak` takes, which is made where it is named")
    parser.add_argument("--only", nargs="+", default=["attacks", "neighbour", "keys", "overload", "held", "many"], dest="names", metavar="NAME")
    args = parser.parse_args()
    raise_limits()
    random.seed(1)
    checks = Checks(args)
    # A server each for strangers and heavy users, and for a crowd whose calls are small: its memory is not theirs.
    for together, users in (((attacks, neighbour), 2), ((keys, overload), 10 if args.short else 100)):
        keyed = [check for check in together if check.__name__ in args.names]
        if keyed:
            with tempfile.TemporaryDirectory() as home:
                server = Server(args.program, home, users=users)
                for check in keyed:
                    asyncio.run(check(checks, server))
                checks.say("the end of the server", f"exit code {(code := server.stop())}", "0", code == 0)
    with tempfile.TemporaryDirectory() as home:
        if "soak" in args.names:
            server = Server(args.program, home, users=10 if args.short else 200)
            asyncio.run(soak(checks, server))
            server.stop()
    with tempfile.TemporaryDirectory() as home:
        if "held" in args.names:
            # Here everybody is at one address, and it is nobody's proxy.
            server = Server(args.program, home, environment={"FACTOR_TRUSTED_PROXIES": ""})
            asyncio.run(held(checks, server))
            server.stop()
        if "many" in args.names:
            many(checks, args.program, home)
    print(f"checks: {checks.made} made, {checks.failed} failed")
    raise SystemExit(checks.failed > 0)


main()
