#!/usr/bin/env python3
"""Whether README and book say what is so: every command is run, every link followed, what is generated is fresh, pictures are made again.

    docs/check.py --server PROGRAM [--mdbook PROGRAM] [--record] [--only PATTERN]

Commands run in an empty folder and home, with FACTOR_TODAY=2026-01-15 and nothing else of this machine's settings. docs/commands.toml
lists those that cannot run here, and why; of these the program's own are still held against its `--help`. A block `console` is
played and its output compared, `...` standing for anything. --record writes the pictures; --only takes blocks by page or text.
"""

import argparse
import datetime
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import links

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/src"
PATIENCE = 180  # seconds for a command
TODAY = "2026-01-15"
OUR_PORT = re.compile(r"(localhost|127\.0\.0\.1):8765")
METRICS = "127.0.0.1:9464"


class Failures(list):
    def add(self, where: str, what: str):
        self.append(f"{where}: {what}")
        print(f"FAIL {where}: {what}", flush=True)


def blocks(page: Path):
    """Each fenced block of a page, with what it includes: its kind, its words after a comma, its text, its line."""
    lines = links.expanded(page).split("\n")
    fence, start, kind = None, 0, ""
    for number, line in enumerate(lines):
        mark = re.match(r"^(`{3,})(.*)$", line)
        if fence is None and mark:
            fence, kind, start = mark[1], mark[2].strip(), number + 1
        elif fence is not None and line.strip() == fence:
            name, _, rest = kind.partition(",")
            yield name, rest, "\n".join(lines[start:number]), start + 1
            fence = None


def commands(text: str):
    """The commands of a block, a line each; one that goes on in the next line ends with a backslash."""
    for line in text.replace("\\\n", " ").split("\n"):
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def port_that_is_free() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


class Place:
    """An empty folder, as somebody would have who starts here, and the server that its commands start."""

    def __init__(self, server: Path):
        self.folder = Path(tempfile.mkdtemp(prefix="book-"))
        for name in ("bin", "home", "here", "prices"):
            (self.folder / name).mkdir()
        (self.folder / "bin/factor-mcp").symlink_to(server)
        self.port = port_that_is_free()
        self.http = None
        self.log = (self.folder / "http.log").open("w")
        self.environment = {
            "HOME": str(self.folder / "home"), "PATH": f"{self.folder / 'bin'}:/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8",
            "FACTOR_TODAY": TODAY, "FACTOR_DATA_DIR": str(self.folder / "data"), "FACTOR_HTTP_ADDR": f"127.0.0.1:{self.port}", "RUST_LOG": "warn",
        }
        self.made_up_prices()

    def made_up_prices(self):
        """Three years of weekdays of two funds, in the folder that the pages call /path/to/prices."""
        day, rows = datetime.date(2023, 1, 2), ["date,SPY,TLT"]
        while day.isoformat() <= TODAY:
            if day.weekday() < 5:
                at = len(rows)
                rows.append(f"{day},{400 + 0.2 * at + at * 7 % 11:.2f},{100 + 0.01 * at + at * 5 % 7 / 4:.2f}")
            day += datetime.timedelta(days=1)
        (self.folder / "prices/prices.csv").write_text("\n".join(rows) + "\n")

    def as_here(self, command: str) -> str:
        """The command with what stands for something in its place."""
        command = re.sub(r"\bcargo run --release -- ", "factor-mcp ", command)
        command = re.sub(r"\btarget/release/factor-mcp\b|(?<![\w./])/path/to/factor-mcp\b", "factor-mcp", command)
        command = command.replace("/path/to/prices", str(self.folder / "prices"))
        command = OUR_PORT.sub(f"127.0.0.1:{self.port}", command)
        if METRICS in command:
            command = command.replace(METRICS, f"127.0.0.1:{port_that_is_free()}")
        return re.sub(r"\bcurl ", "curl --fail-with-body ", command)

    def run(self, command: str) -> tuple[int, str]:
        if re.search(r"\bcurl\b.*:%d" % self.port, command):
            self.serve("factor-mcp serve http")
        done = subprocess.run(["bash", "-c", command], cwd=self.folder / "here", env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
        return done.returncode, done.stdout

    def serve(self, command: str) -> tuple[int, str]:
        """Starts it, unless there is one, and waits until it is ready."""
        if self.http is None:
            self.http = subprocess.Popen(["bash", "-c", f"exec env {command}"], cwd=self.folder / "here", env=self.environment,
                                         stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for _ in range(300):
            if subprocess.run(["factor-mcp", "health"], env=self.environment, cwd=self.folder, capture_output=True).returncode == 0:
                return 0, ""
            if self.http.poll() is not None:
                break
            time.sleep(0.1)
        return 1, (self.folder / "http.log").read_text()[-2000:]

    def stop_serving(self):
        if self.http is not None:
            self.http.terminate()
            self.http.wait(timeout=20)
            self.http = None

    def close(self):
        self.stop_serving()
        self.log.close()
        shutil.rmtree(self.folder)


def like(expected: str, found: str) -> bool:
    """Line by line, where `...` stands for anything: at a line's end for its rest, alone for lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"[ ]*\n"
        for line in expected.rstrip().split("\n"))
    return re.fullmatch(pattern + r"(?:.*\n)*", found.rstrip() + "\n") is not None


def exit_code_of(command: str, exits: list[dict]) -> int:
    for one in exits:
        if command.startswith(one["begins"]):
            one["used"] = True
            return one["code"]
    return 0


def check_help(place: Place, command: str) -> str | None:
    """What the program's own command line says against a command that is not run: its words before the first that the shell reads."""
    words = re.match(r"(?:\w+=\S* )*(factor-mcp(?:\s[^#|&;<>]*)?)", command)
    if not words:
        return None
    code, said = place.run(f"{words[1].strip()} --help")
    return None if code == 0 else said.strip()[-300:]


def run_page(page: Path, place: Place, rules: dict, failures: Failures, only: str | None) -> tuple[int, int]:
    ran = left = 0
    name = page.relative_to(ROOT).as_posix()
    for kind, title, text, line in blocks(page):
        where = f"{name}:{line}"
        if only and not re.search(only, f"{name}\n{text}"):
            continue
        if title:
            (place.folder / "here" / title).write_text(place.as_here(text) + "\n")
        elif kind == "json":
            try:
                json.loads(text)
            except ValueError as error:
                failures.add(where, f"no JSON: {error}")
        elif kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, expected = part.partition("\n")
                code, said = place.run(place.as_here(command))
                ran += 1
                if not like(expected, said):
                    failures.add(where, f"`{command}` says something else:\n{said[:3000]}")
        elif kind == "sh":
            for command in commands(text):
                rule = next((one for one in rules["not_run"] if re.match(one["like"], command)), None)
                here = place.as_here(command)
                if rule:
                    rule["used"] = True
                    left += 1
                    if wrong := check_help(place, here):
                        failures.add(where, f"`{command}` is not what the program takes: {wrong}")
                    continue
                ran += 1
                wanted = exit_code_of(command, rules["exit"])
                try:
                    code, said = place.serve(here.split("#")[0]) if "factor-mcp serve http" in here else place.run(here)
                except subprocess.TimeoutExpired:
                    code, said = -1, f"not done after {PATIENCE} s"
                if code != wanted:
                    failures.add(where, f"`{command}` ended with {code}, not {wanted}: {said.strip()[-600:]}")
        elif kind not in ("text", "toml", "csv", "yaml"):
            failures.add(where, f"a block of kind `{kind}`: sh and console are run, json is read, what has a name (`csv,NAME`) becomes a file, text is none of these")
    return ran, left


def check_pictures(drawn: dict[str, bytes], failures: Failures, record: bool):
    """Each picture of the book is what a page's command draws."""
    for picture in sorted((PAGES / "pictures").glob("*")):
        if picture.name not in drawn:
            failures.add(picture.relative_to(ROOT).as_posix(), "no command of a page makes it")
        elif record:
            picture.write_bytes(drawn[picture.name])
        elif drawn[picture.name] != picture.read_bytes():
            failures.add(picture.relative_to(ROOT).as_posix(), "the program draws another: docs/check.py --record")


def check_version(server: Path, failures: Failures):
    """A build for release says which commit it was built from; one for development says its version alone."""
    said = subprocess.run([server, "--version"], capture_output=True, text=True, timeout=PATIENCE).stdout.strip()
    expected = "factor-mcp " + re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    git = lambda *asked: subprocess.run(["git", *asked], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    # Of a copy within another repository, and of an archive, no commit is known.
    own = git("rev-parse", "--show-toplevel")
    if server.parent.name == "release" and own and Path(own).resolve() == ROOT and (commit := git("log", "-1", "--format=%h %cs")):
        expected += f" ({commit})"
    if said != expected:
        failures.add("--version", f"{said!r}, not {expected!r}: build again")


def check_book(program: str, failures: Failures):
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run([program, "build", str(ROOT / "docs"), "--dest-dir", out], capture_output=True, text=True, timeout=PATIENCE)
        said = done.stdout + done.stderr
        if done.returncode != 0 or re.search(r"\b(WARN|ERROR)\b", said):
            failures.add("docs", f"mdbook: {said[-2000:]}")
        missing = [page for page in links.pages_of_summary() if not (Path(out) / page).with_suffix(".html").exists()]
        if missing:
            failures.add("docs", f"mdbook built no {missing}")
        print(f"mdbook: {sum(1 for _ in Path(out).rglob('*.html'))} pages")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--server", required=True, type=Path)
    parser.add_argument("--mdbook")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--only", metavar="PATTERN")
    given = parser.parse_args()
    failures = Failures()
    began = time.monotonic()
    for where, what in links.check():
        failures.add(where, what)
    if subprocess.run([sys.executable, str(ROOT / "docs/generate.py"), "--check"]).returncode != 0:
        failures.add("docs", "what is generated is stale")
    if (length := len((ROOT / "README.md").read_text().split("\n"))) > 81:
        failures.add("README.md", f"{length - 1} lines, more than a screen of 80: the rest belongs into the book")
    check_version(given.server, failures)
    rules = tomllib.loads((ROOT / "docs/commands.toml").read_text())
    ran, left, drawn = 0, 0, {}
    for page in [ROOT / "README.md", *(PAGES / page for page in links.pages_of_summary() if not page.startswith("tools/"))]:
        place = Place(given.server.resolve())
        try:
            for one in rules["before"]:
                if ROOT / one["page"] == page and (said := place.run(one["command"]))[0] != 0:
                    failures.add("docs/commands.toml", f"`{one['command']}`: {said[1]}")
            here, there = run_page(page, place, rules, failures, given.only)
            ran, left = ran + here, left + there
            drawn |= {path.name: path.read_bytes() for path in (place.folder / "here").glob("*.svg")}
        finally:
            place.close()
    if not given.only:
        check_pictures(drawn, failures, given.record)
        for rule in rules["not_run"] + rules["exit"]:
            if "used" not in rule:
                failures.add("docs/commands.toml", f"no command is like {rule.get('like') or rule['begins']!r}")
    if given.mdbook:
        check_book(given.mdbook, failures)
    else:
        print("the book is not built: no --mdbook")
    print(f"docs: {ran} commands run, {left} not run here with their reasons in docs/commands.toml, {len(failures)} failures, "
          f"{time.monotonic() - began:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
