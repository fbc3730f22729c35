"""A server under load, and clients that speak just enough HTTP and stdio to it. Python's standard library is enough."""

import asyncio, atexit, json, os, re, subprocess, time

MODERN = "2026-07-28"
# A hundred users ask more in a minute than they may in a day.
COUNTED = ("CORRELATIONS", "PERFORMANCE", "RETURNS", "RECOMMENDATIONS", "EXPOSURES", "COMPARISONS", "GROUPS_CREATE", "GROUPS_LIST", "LOOKUPS")
UNLIMITED = {f"FACTOR_{name}_RATE_LIMIT": "unlimited;unlimited;unlimited" for name in COUNTED}


class Server:
    """A server that listens, with a data folder of its own and users with keys."""

    def __init__(self, program, home, users=0, environment=None, arguments=()):
        self.settings = {"HOME": home, "FACTOR_DATA_DIR": f"{home}/data", "FACTOR_TODAY": "2026-06-15", "RUST_LOG": "error",
                         "FACTOR_TRUSTED_PROXIES": "127.0.0.1", "FACTOR_PRICE_SOURCE": "sample"} | UNLIMITED | (environment or {})
        self.keys = [self.added(program, self.settings) for _ in range(users)]
        command = [program, "serve", "http", "--addr", "127.0.0.1:0", *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.settings, text=True)
        atexit.register(self.process.kill)
        said = ""
        while not (found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", said)):
            line = self.process.stderr.readline()
            if not line:
                raise SystemExit(f"the server ended: {said}")
            said += line
        self.port = int(found[1])

    @staticmethod
    def added(program, settings):
        """The key of a new user."""
        added = subprocess.run([program, "user", "add", "--format", "json"], env=settings, capture_output=True, check=True)
        return json.loads(added.stdout)["key"]

    def rss(self):
        return rss(self.process.pid)

    def descriptors(self):
        """Files and sockets that it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def busy(self):
        """Seconds of processor time that it has taken."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=30)


def rss(pid):
    """Resident memory in megabytes."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s*(\d+)", status.read())[1]) / 1000


class Client:
    """One connection, kept open between calls and opened again when it was closed."""

    def __init__(self, server, key=None, forwarded=None):
        self.server, self.key, self.forwarded = server, key, forwarded
        self.reader = self.writer = None

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.server.port, limit=1 << 26)

    def close(self):
        if self.writer:
            self.writer.close()
        self.writer = None

    def request(self, method, path, headers, body):
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.server.port}", f"Content-Length: {len(body)}"]
        lines += [f"Authorization: Bearer {self.key}"] if self.key else []
        lines += [f"X-Forwarded-For: {self.forwarded}"] if self.forwarded else []
        return "\r\n".join(lines + headers + ["", ""]).encode() + body

    async def send(self, method, path, headers=(), body=b""):
        """Status, body, and milliseconds from the first byte sent to the last byte read."""
        began = time.perf_counter()
        for last in (False, True):
            if self.writer is None:
                await self.open()
            try:
                self.writer.write(self.request(method, path, list(headers), body))
                await self.writer.drain()
                status, answer = await self._response()
                return status, answer, 1e3 * (time.perf_counter() - began)
            except (ConnectionError, asyncio.IncompleteReadError):
                # An idle connection may be closed just as it is used again.
                self.close()
                if last:
                    raise

    async def _response(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        status = int(head.split(" ", 2)[1])
        if "transfer-encoding: chunked" in head:
            body = b""
            while size := int(await self.reader.readline(), 16):
                body += await self.reader.readexactly(size)
                await self.reader.readline()
            await self.reader.readline()
        else:
            length = re.search(r"content-length: *(\d+)", head)
            body = await self.reader.readexactly(int(length[1])) if length else b""
        if "connection: close" in head:
            self.close()
        return status, body

    async def call(self, tool, arguments):
        return await self.post(tool, self.body(tool, arguments))

    @staticmethod
    def body(tool, arguments):
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                   "params": {"name": tool, "arguments": arguments, "_meta": Client.meta()}}
        return json.dumps(message).encode()

    @staticmethod
    def meta():
        return {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "load", "version": "1"}}

    @staticmethod
    def headers(method):
        return ["Content-Type: application/json", "Accept: application/json, text/event-stream",
                f"MCP-Protocol-Version: {MODERN}", f"Mcp-Method: {method}"]

    async def post(self, tool, body):
        return await self.send("POST", "/mcp", self.headers("tools/call") + [f"Mcp-Name: {tool}"], body)

    async def health(self):
        return await self.send("GET", "/health/live")


class Stdio:
    """A server over standard input and output."""

    def __init__(self, program, home):
        settings = {"HOME": home, "FACTOR_TODAY": "2026-06-15", "RUST_LOG": "error", "FACTOR_PRICE_SOURCE": "sample"}
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=settings)
        atexit.register(self.process.kill)
        self.asked = 0
        client = {"name": "load", "version": "1"}
        self.ask([("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client})])
        self.write([{"jsonrpc": "2.0", "method": "notifications/initialized"}])

    def write(self, messages):
        self.process.stdin.write(b"".join(json.dumps(message).encode() + b"\n" for message in messages))
        self.process.stdin.flush()

    def ask(self, requests):
        """Sends requests at once and reads as many answers."""
        ids = range(self.asked + 1, self.asked + 1 + len(requests))
        self.asked += len(requests)
        self.write([{"jsonrpc": "2.0", "id": at, "method": method, "params": params} for at, (method, params) in zip(ids, requests)])
        left, failed = set(ids), 0
        while left:
            message = json.loads(self.process.stdout.readline())
            if message.get("id") in left:
                left.discard(message["id"])
                failed += "error" in message or bool(message["result"].get("isError"))
        return failed

    def stop(self):
        self.process.stdin.close()
        return self.process.wait(timeout=30)


def slope(points):
    """By least squares, of (x, y)."""
    if len(points) < 2:
        return 0.0
    x0, y0 = (sum(values) / len(points) for values in zip(*points))
    return sum((x - x0) * (y - y0) for x, y in points) / sum((x - x0) ** 2 for x, _ in points)


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def raise_limits():
    import resource
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192) if most != resource.RLIM_INFINITY else 8192, most))
