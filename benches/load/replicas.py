"""What one, two and three servers on one Postgres answer behind nginx, and what Postgres and the audit cost a call.

    python3 benches/load/replicas.py target/release/factor-mcp [--seconds 10] [--clients 32] [--users 16]

Postgres (that writes to its disk as it does by itself), nginx with packaging/container/replicas.conf, the servers and the clients all run
here. Each client asks again as soon as it is answered: one kind of call is answered from memory and is counted and written down, the other
reads the caller's groups. Answers a second, medians and the slowest of a hundred.
"""

import argparse, asyncio, glob, itertools, os, pwd, shutil, socket, subprocess, tempfile, time
from pathlib import Path

from client import Client, Server, quantile, raise_limits

ROOT = Path(__file__).parents[2]
NAMES = "abc"
numbers = itertools.count()


def small():
    """A summary of a panel that is in memory; the answer is not, since each is asked for in other words."""
    return "get_factor_analysis", {"analysis_type": "returns", "windows": ["1m"], "top_n": 5, "max_chars": 8_000 + next(numbers) % 30_000}


def groups():
    return "list_factor_groups", {}


def program(name, *places):
    found = shutil.which(name) or next((path for place in places for path in sorted(glob.glob(place), reverse=True)), None)
    if not found:
        raise SystemExit(f"{name} is not installed: scripts/test.sh installs it")
    return found


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Postgres:
    """A cluster of its own in a folder, by a user that is not root."""

    def __init__(self, folder):
        self.folder, self.bin = folder, Path(program("initdb", "/usr/lib/postgresql/*/bin/initdb")).resolve().parent
        self.user = {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid} if os.getuid() == 0 else {}
        if self.user:
            shutil.chown(folder, "postgres")
        quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | self.user
        subprocess.run([self.bin / "initdb", "-D", "data", "-U", "postgres", "-A", "trust"], check=True, **quiet)
        self.process = subprocess.Popen([self.bin / "postgres", "-D", "data", "-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"], **quiet)
        while subprocess.run([self.bin / "pg_isready", "-q", "-h", folder], **quiet).returncode:
            time.sleep(0.1)
        self.sql("CREATE ROLE factor_app LOGIN")
        self.sql("CREATE DATABASE factors")

    def sql(self, text):
        subprocess.run([self.bin / "psql", "-q", "-h", self.folder, "-U", "postgres", "-c", text], check=True, cwd=self.folder, **self.user)

    def url(self, role):
        return f"postgres://{role}@localhost/factors?host={self.folder}"

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


class Proxy:
    """nginx before some servers."""

    def __init__(self, folder, servers, port):
        self.port = port
        site = (ROOT / "packaging/container/replicas.conf").read_text().replace("listen 8080;", f"listen 127.0.0.1:{port};")
        # A server that is not there is left out of the balancing; its sessions are nobody's.
        for at, name in enumerate(NAMES):
            if at < len(servers):
                site = site.replace(f"server {name}:8765", f"server 127.0.0.1:{servers[at].port}")
            else:
                site = site.replace(f"    server {name}:8765 max_fails=1 fail_timeout=2s;\n", "").replace(f"server {name}:8765", "server 127.0.0.1:9")
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        Path(folder, "nginx.conf").write_text(
            f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{ worker_connections 4096; }}\n"
            f"http {{ access_log off;\n{temporary}{site}\n}}\n")
        command = [program("nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
        self.process = subprocess.Popen(command)
        time.sleep(0.5)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


async def answered(at, keys, args, kind):
    """Answers a second, and how long each took."""
    took, until = [], time.monotonic() + args.seconds

    async def one(client):
        while time.monotonic() < until:
            status, _, ms = await client.call(*kind())
            if status != 200:
                raise SystemExit(f"{kind.__name__}: status {status}")
            took.append(ms)

    clients = [Client(at, keys[number % len(keys)]) for number in range(args.clients)]
    for client in clients[: len(keys)]:
        await client.call(*kind())
    await asyncio.gather(*(one(client) for client in clients))
    for client in clients:
        client.close()
    return len(took) / args.seconds, took


def measured(name, at, servers, keys, args):
    for kind in (small, groups):
        busy = sum(server.busy() for server in servers)
        rate, took = asyncio.run(answered(at, keys, args, kind))
        per_call = 1e3 * (sum(server.busy() for server in servers) - busy) / len(took)
        print(f"| {name} | {kind()[0]} | {rate:.0f} | {quantile(took, 0.5):.1f} ms | {quantile(took, 0.99):.1f} ms | {per_call:.2f} ms |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--users", type=int, default=16)
    args = parser.parse_args()
    raise_limits()
    print("| servers | call | answers a second | median | of a hundred the slowest | the servers' processor, a call |\n| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as home:
        server = Server(args.program, home, users=args.users)
        measured("one on SQLite", server, [server], server.keys, args)
        server.stop()
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
        postgres = Postgres(folder)
        owner = {"DATABASE_URL": postgres.url("postgres"), "HOME": home}
        subprocess.run([args.program, "migrate", "--app-role", "factor_app"], env=owner, check=True, stdout=subprocess.DEVNULL)
        keys = [Server.added(args.program, owner) for _ in range(args.users)]
        shared = {"DATABASE_URL": postgres.url("factor_app")}
        port = free_port()
        # nginx passes on the name by which the client asks.
        hosts = ["--allowed-host", f"127.0.0.1:{port}"]
        of = lambda name, **more: Server(args.program, home, environment=shared | {"FACTOR_REPLICA": name} | more, arguments=hosts)
        for name, audit in (("one on Postgres, no audit", "off"), ("one on Postgres", "on")):
            server = of("a", FACTOR_AUDIT=audit)
            measured(name, server, [server], keys, args)
            server.stop()
        for count in (1, 2, 3):
            servers = [of(name) for name in NAMES[:count]]
            with tempfile.TemporaryDirectory() as place:
                proxy = Proxy(place, servers, port)
                measured(f"{count} behind nginx", proxy, servers, keys, args)
                proxy.stop()
            for server in servers:
                server.stop()
        postgres.stop()


main()
