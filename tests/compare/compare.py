"""Plays the same calls against two binaries and compares their answers, byte for byte but for a short list of masks.

    python3 compare.py OLD NEW --prices FOLDER [--count 5000] [--seed 13] [--accept meant.toml] [--keep FOLDER]
    python3 compare.py --self-test PROGRAM --prices FOLDER

Python's standard library is enough. Exit status 0 when no answer differs but in what `--accept` says is meant.
"""

from __future__ import annotations

import argparse
import re
import shutil
import stat
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from altered import ALTERATIONS
from answers import MASKS, Meant, Verdict, count_shapes, judged, masked, meant_differences, tree
from other_calls import TOOLS, protocol
from servers import Side, vendor
from sessions import LEGACY, RESTART, Session, Step, drawn, request

LINK = re.compile(r'"uri":"(factor://result/[0-9a-f]{32})"')
CURSOR = re.compile(r'"next_cursor":"([^"\\]+)"')
VERDICTS = ("equal", "meant", "cut elsewhere", "different")


@dataclass
class Outcome:
    """Everything that was compared."""

    # Name, call as shown, what came of it.
    verdicts: list[tuple[str, str, Verdict]] = field(default_factory=list)
    # Per name and kind.
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    # Answers of the old binary by what they are: an answer, a refusal, an error of the protocol, nothing.
    answers: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    restarts: int = 0

    def different(self) -> int:
        return sum(verdict.what == "different" for _, _, verdict in self.verdicts)


class Player:
    """Plays sessions against both sides."""

    def __init__(self, programs: tuple[str, str], meant: list[Meant], keep: Path | None):
        self.programs, self.meant, self.keep = programs, meant, keep
        self.outcome = Outcome()

    def play(self, session: Session, folder: Path) -> None:
        # Names of equal length: the length of a path is part of an answer's length.
        sides = [Side(program, folder / name, session.world, session.era) for name, program in zip(("old", "new"), self.programs, strict=True)]
        try:
            for step in session.steps:
                if step is RESTART:
                    self.outcome.restarts += 1
                    for side in sides:
                        side.stop()
                else:
                    self.step(session, step, sides)
        finally:
            for side in sides:
                side.stop()

    def step(self, session: Session, step: Step, sides: list[Side]) -> None:
        self.outcome.counts[step.name, step.kind] += 1
        if step.command is not None:
            processes = [side.start_command(step.command) for side in sides]
            said = [side.end_command(process) for side, process in zip(sides, processes, strict=True)]
            self.compare(session, step.name, step.shown(), sides, said)
            return
        note_used(step, self.outcome.used)
        said = self.ask(sides, step.method, [step.params] * 2)
        self.compare(session, step.name, step.shown(), sides, said)
        cursors = [CURSOR.search(text) for text in said]
        if all(cursors) and step.name == "list_factors":
            self.outcome.counts["list_factors", "the next page"] += 1
            arguments = (step.params or {}).get("arguments") or {}
            pages = [{"name": "list_factors", "arguments": arguments | {"cursor": cursor[1]}} for cursor in cursors]
            self.compare(session, "list_factors", f"the next page of {step.shown()}", sides, self.ask(sides, step.method, pages))
        links = [LINK.search(text) for text in said]
        if all(links) and step.method == "tools/call":
            self.outcome.counts["resources/read", "the whole of a cut answer"] += 1
            said = self.ask(sides, "resources/read", [{"uri": link[1]} for link in links])
            self.compare(session, "resources/read", f"the whole of {step.shown()}", sides, said)

    def ask(self, sides: list[Side], method: str, params: list[dict | None]) -> list[str]:
        for side, own in zip(sides, params, strict=True):
            side.send(method, own)
        return [side.receive() for side in sides]

    def compare(self, session: Session, name: str, shown: str, sides: list[Side], said: list[str]) -> None:
        old, new = (masked(text, name, str(side.home)) for text, side in zip(said, sides, strict=True))
        verdict = judged(old, new, self.meant, name)
        self.outcome.answers[kind_of(old)] += 1
        self.outcome.verdicts.append((name, f"[{session.name}] {shown}", verdict))
        if self.keep and verdict.what in ("different", "cut elsewhere"):
            stem = f"{len(self.outcome.verdicts):05}-{re.sub(r'[^a-z_]+', '-', name)}"
            for side, text in (("old", old), ("new", new)):
                (self.keep / f"{stem}.{side}.json").write_text(text)
            (self.keep / f"{stem}.call.txt").write_text(f"[{session.name}] {shown}\n")


def kind_of(answer: str) -> str:
    if '"isError":true' in answer:
        return "refusals"
    if '"gone":' in answer[:20]:
        return "no answer at all"
    if '"error":{"code":' in answer:
        return "errors of the protocol"
    if answer.startswith('{"exit":'):
        return "commands that ended with 0" if answer.startswith('{"exit":0') else "commands that failed"
    return "answers"


# ------------------------------------------------------------------------------------------------------------ coverage


def note_used(step: Step, used: Counter[str]) -> None:
    """Counts every argument, and every value of a closed set, that a call gives."""
    if step.method != "tools/call" or not isinstance(step.params, dict):
        return
    arguments = step.params.get("arguments")
    for name, value in arguments.items() if isinstance(arguments, dict) else ():
        used[f"{step.name}.{name}"] += 1
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                used[f"{step.name}.{name}={one}"] += 1
            if isinstance(one, dict):
                for field_name, inner in one.items():
                    used[f"{step.name}.{name}.{field_name}"] += 1
                    for item in inner if isinstance(inner, list) else [inner]:
                        if isinstance(item, str):
                            used[f"{step.name}.{name}.{field_name}={item}"] += 1


def advertised(program: str, prices: str, folder: Path) -> list[str]:
    """Every argument of `tools/list`, those within arguments, and every value of a closed set, as `note_used` names them."""
    session = drawn(0, 100, prices)[0]
    side = Side(program, folder / "list", session.world, session.era)
    side.send("tools/list", {})
    tools = tree(side.receive())["result"]["tools"]
    side.stop()
    if [tool["name"] for tool in tools] != TOOLS:
        raise SystemExit(f"the tools are not those that calls are drawn for: {[tool['name'] for tool in tools]}")
    names = []

    def walk(path: str, schema: dict) -> None:
        for one in schema.get("enum", []) + schema.get("items", {}).get("enum", []):
            names.append(f"{path}={one}")
        for inner in (schema, schema.get("items", {})):
            for name, below in inner.get("properties", {}).items():
                names.append(f"{path}.{name}")
                walk(f"{path}.{name}", below)

    for tool in tools:
        walk(tool["name"], tool["inputSchema"])
    return names


# -------------------------------------------------------------------------------------------------------------- report


def report(outcome: Outcome, meant: list[Meant], unused: list[str], seconds: float, most: int) -> None:
    total = Counter(verdict.what for _, _, verdict in outcome.verdicts)
    print(f"{sum(total.values())} answers compared in {seconds:.0f} s, {outcome.restarts} restarts of servers on their data")
    print("  " + ", ".join(f"{count} {kind}" for kind, count in outcome.answers.most_common()))
    print("masked: " + "; ".join(f"{mask.about}{f' (only {mask.tool})' if mask.tool else ''}" for mask in MASKS) + "; the temporary folder\n")
    print(f"{'call':32} {'all':>6} " + " ".join(f"{what:>13}" for what in VERDICTS))
    by_name: dict[str, Counter[str]] = {}
    for name, _, verdict in outcome.verdicts:
        by_name.setdefault(name, Counter())[verdict.what] += 1
    for name, counts in sorted(by_name.items()) + [("all", total)]:
        print(f"{name:32} {sum(counts.values()):6} " + " ".join(f"{counts[what]:13}" for what in VERDICTS))
    print("\nkinds of calls")
    kinds: dict[str, Counter[str]] = {}
    for (name, kind), count in outcome.counts.items():
        kinds.setdefault(name, Counter())[kind] += count
    for name, counts in sorted(kinds.items()):
        print(f"  {name}: " + ", ".join(f"{kind} {count}" for kind, count in counts.most_common()))
    if unused:
        print(f"never asked for: {', '.join(unused)}")
    if meant:
        print("\nmeant differences, and how many answers have them:")
        for one in meant:
            print(f"{one.applied:6}  {one.about}{'' if one.applied else '   <- applied nowhere'}")
    shapes = count_shapes(outcome.verdicts)
    print(f"\n{outcome.different()} other differences, of {len(shapes)} shapes")
    for piece, count, name, shown in shapes[:most]:
        print(f"\n{count:6}  {name}{'' if piece.path.startswith('.') else '.'}{piece.path}\n        old: {piece.old}\n        new: {piece.new}\n        in:  {shown[:400]}")
    if len(shapes) > most:
        print(f"\n... and {len(shapes) - most} shapes more (--most)")


def compared(programs: tuple[str, str], sessions: list[Session], meant: list[Meant], keep: Path | None, quiet: bool = False) -> Outcome:
    player = Player(programs, meant, keep)
    with tempfile.TemporaryDirectory(prefix="compare-") as folder:
        for at, session in enumerate(sessions):
            if not quiet and sys.stderr.isatty():
                print(f"\r{at}/{len(sessions)} {session.name:40}", end="", file=sys.stderr)
            player.play(session, Path(folder) / str(at))
            shutil.rmtree(Path(folder) / str(at), ignore_errors=True)
    return player.outcome


# ----------------------------------------------------------------------------------------------------------- self-test


def for_self_test(prices: str) -> list[Session]:
    """A short draw, and everything that the protocol itself offers."""
    sessions = drawn(7, 160, prices)
    of_protocol = [request(*one) for one in protocol()]
    return [*sessions, Session("the protocol", sessions[0].world, LEGACY, of_protocol)]


def self_test(program: str, prices: str) -> int:
    """Puts a wrapper around the program that alters answers: each alteration must be found, and nothing without one."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="compare-self-") as folder:
        for name in ["nothing", *ALTERATIONS]:
            wrapper = Path(folder) / name.replace(" ", "-") / "factor-mcp"
            wrapper.parent.mkdir()
            wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).parent / "altered.py"}" "{name}" "{program}" "$@"\n')
            wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
            found = compared((program, str(wrapper)), for_self_test(prices), [], None, quiet=True)
            good = (found.different() > 0) == (name != "nothing")
            print(f"{'ok  ' if good else 'FAIL'} {name}: {found.different()} of {len(found.verdicts)} answers differ")
            failed += not good
        accept = Path(folder) / "accept.toml"
        accept.write_text('[[difference]]\nabout = "the heading"\nold = "## Mind"\nnew = "## Caveats"\n')
        meant = meant_differences(accept)
        found = compared((program, str(Path(folder) / "heading" / "factor-mcp")), for_self_test(prices), meant, None, quiet=True)
        good = found.different() == 0 and meant[0].applied > 0
        print(f"{'ok  ' if good else 'FAIL'} heading, accepted: applied {meant[0].applied} times, {found.different()} differ nevertheless")
        failed += not good
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", metavar="OLD NEW", help="the two binaries")
    parser.add_argument("--prices", required=True, help="folder with the market's prices and yields")
    parser.add_argument("--count", type=int, default=5_000, help="about so many calls")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--stand-in", metavar="PROGRAM", help="factor-stand-in: plays some calls over a vendor's prices too")
    parser.add_argument("--accept", type=Path, help="TOML file of meant differences")
    parser.add_argument("--keep", type=Path, help="write answers that differ to this folder")
    parser.add_argument("--session", help="only sessions whose name holds this")
    parser.add_argument("--most", type=int, default=60, help="show so many shapes of differences")
    parser.add_argument("--self-test", metavar="PROGRAM")
    args = parser.parse_args()
    prices = str(Path(args.prices).resolve())
    if args.self_test:
        with tempfile.TemporaryDirectory(prefix="compare-program-") as folder:
            return self_test(named(args.self_test, Path(folder) / "program"), prices)
    if len(args.programs) != 2:
        parser.error("two binaries are needed")
    with tempfile.TemporaryDirectory(prefix="compare-programs-") as folder:
        old, new = (named(program, Path(folder) / side) for program, side in zip(args.programs, ("old", "new"), strict=True))
        return whole_run((old, new), args, prices)


def named(program: str, folder: Path) -> str:
    """The program under its usual name, which its help shows."""
    folder.mkdir()
    (folder / "factor-mcp").symlink_to(Path(program).resolve())
    return str(folder / "factor-mcp")


def whole_run(programs: tuple[str, str], args: argparse.Namespace, prices: str) -> int:
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
    meant = meant_differences(args.accept)
    with vendor(args.stand_in, Path(prices)) as settings:
        sessions = drawn(args.seed, args.count, prices, settings)
        sessions = [session for session in sessions if args.session is None or args.session in session.name]
        started = time.monotonic()
        outcome = compared(programs, sessions, meant, args.keep)
    with tempfile.TemporaryDirectory() as folder:
        unused = [name for name in advertised(programs[0], prices, Path(folder)) if name not in outcome.used]
    report(outcome, meant, unused, time.monotonic() - started, args.most)
    if unused and args.session is None and args.count >= 5_000:
        print("\nan argument that tools/list advertises was never given: the draw does not cover it")
        return 1
    return 1 if outcome.different() else 0


if __name__ == "__main__":
    sys.exit(main())
