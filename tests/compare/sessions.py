"""Which calls are played, in which order, against which processes: all of it follows from a seed and a count."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from analysis_calls import TOOL as ANALYSIS
from analysis_calls import AnalysisCalls
from other_calls import SUBCOMMANDS, OtherCalls, administration, commands, list_factors, protocol
from pools import World, worlds
from portfolio_calls import PortfolioCalls

RECOMMENDATIONS, EXPOSURES = "get_factor_recommendations", "get_portfolio_exposures"
LEGACY, MODERN = "2025-11-25", "2026-07-28"

# The share of each kind of drawn call.
WEIGHTS = {
    ANALYSIS: 50, RECOMMENDATIONS: 12, EXPOSURES: 10, "group": 12, "portfolio": 7, "list_factors": 3, "get_server_status": 2,
    "protocol": 4,
}  # fmt: skip
# A server that lives long has its caches warm; one that lives for a few calls has them cold.
LONG_LIVED = [("sample", LEGACY, 0.25), ("sample", MODERN, 0.15), ("market", LEGACY, 0.22), ("market", MODERN, 0.13), ("strict", LEGACY, 0.07)]
COLD_CALLS = 8
# Calls over a vendor's prices, as a share of the others.
OF_VENDOR = 0.07
CALLS_BETWEEN_RESTARTS = 160


@dataclass(frozen=True)
class Step:
    """One thing to do: a request to the server, a command, or a restart of the server."""

    # What it is counted under: the tool, the method, the command.
    name: str
    kind: str
    method: str = ""
    params: dict[str, Any] | None = None
    command: list[str] | None = None

    def shown(self) -> str:
        if self.command is not None:
            return "factor-mcp " + " ".join(self.command)
        return f"{self.method} {self.params}" if self.method != "tools/call" else f"{self.name} {(self.params or {}).get('arguments')}"


RESTART = Step("restart", "restart")


@dataclass
class Session:
    """Steps over one data folder."""

    name: str
    world: World
    era: str
    steps: list[Step] = field(default_factory=list)


def call(tool: str, kind: str, arguments: dict) -> Step:
    return Step(tool, kind, "tools/call", {"name": tool, "arguments": arguments})


def command(kind: str, words: list[str]) -> Step:
    known = {first for first, *_ in filter(None, SUBCOMMANDS)}
    name = next((word for word in words if word in known), "factor-mcp")
    return Step(f"$ {name}", kind, command=words)


class Drawer:
    """Draws the calls of one world."""

    def __init__(self, rng: random.Random, world: World):
        self.rng = rng
        self.world = world
        self.analysis = AnalysisCalls(rng, world)
        self.portfolio = PortfolioCalls(rng, world)
        self.others = OtherCalls(rng, world)

    def systematic(self, half: int) -> list[Step]:
        """Every right value, and every second wrong one: a world of each `half` has them all."""
        steps = [call(ANALYSIS, kind, arguments) for kind, arguments in self.analysis.systematic()]
        for tool in (RECOMMENDATIONS, EXPOSURES):
            steps += [call(tool, kind, arguments) for kind, arguments in self.portfolio.systematic(tool)]
        wrong = [step for step in steps if step.kind == "each wrong value"][half::2]
        steps = [step for step in steps if step.kind != "each wrong value"] + wrong
        self.rng.shuffle(steps)
        return steps

    def beginning(self) -> list[Step]:
        return [call(tool, kind, arguments) for tool, kind, arguments in self.portfolio.beginning()]

    def certain(self) -> list[Step]:
        """What a draw might miss."""
        lists = [call("list_factors", kind, arguments) for kind, arguments in list_factors()]
        return [call(tool, kind, arguments) for tool, kind, arguments in self.portfolio.certain()] + lists

    def draw(self) -> Step:
        what = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if what == ANALYSIS:
            return call(what, *self.analysis.draw())
        if what in (RECOMMENDATIONS, EXPOSURES):
            return call(what, *self.portfolio.over_holdings(what))
        if what == "group":
            return call(*self.portfolio.group())
        if what == "portfolio":
            return call(*self.portfolio.portfolio())
        if what == "protocol":
            return request(*self.rng.choice(protocol()))
        return call(what, *self.others.draw(what))


def request(kind: str, method: str, params: dict | None) -> Step:
    return Step(method if method != "tools/call" else "an unknown tool", kind, method, params)


def drawn(seed: int, count: int, prices: str, vendor: dict[str, str] | None = None) -> list[Session]:
    """About `count` calls (restarts are none), the same for the same seed; with a vendor's settings some more."""
    rng = random.Random(seed)
    known = worlds(prices, vendor)
    of_commands = command_sessions(rng, known, count // 20)
    left = count - sum(len(session.steps) for session in of_commands)
    drawers = {name: Drawer(rng, world) for name, world in known.items()}
    systematic = {name: drawers[name].systematic(half) for half, name in enumerate(("sample", "market"))}
    sessions = []
    for name, era, share in LONG_LIVED:
        size, drawer = int(left * share), drawers[name]
        steps = []
        # The two eras of a world share what is asked systematically.
        if waiting := systematic.get(name):
            take = min(len(waiting), int(size * 0.6)) if era == LEGACY else min(len(waiting), int(size * 0.75))
            steps, systematic[name] = waiting[:take], waiting[take:]
        first = (drawer.beginning() + drawer.certain())[: size // 2]
        # What the protocol itself offers is asked once in each.
        steps += [request(*one) for one in protocol()][: max(0, size - len(first) - len(steps))]
        steps += [drawer.draw() for _ in range(size - len(first) - len(steps))]
        rng.shuffle(steps)
        sessions.append(Session(f"{name}, {era}, warm", known[name], era, with_restarts(first + steps)))
    left -= sum(1 for session in sessions for step in session.steps if step is not RESTART)
    at = 0
    while left > 0:
        name, era = ("sample", "market")[at % 2], (LEGACY, MODERN)[at // 2 % 2]
        drawer = drawers[name]
        first = drawer.beginning() if at % 3 == 0 else []
        steps = rng.sample(first, min(2, len(first))) + [drawer.draw() for _ in range(COLD_CALLS)]
        sessions.append(Session(f"{name}, {era}, cold {at}", known[name], era, steps[:left]))
        left -= len(sessions[-1].steps)
        at += 1
    if vendor is not None:
        # A generator of its own: the other calls are the same with a vendor and without.
        drawer = Drawer(random.Random(seed + 1), known["vendor"])
        steps = drawer.beginning() + [drawer.draw() for _ in range(int(count * OF_VENDOR))]
        sessions.append(Session("vendor, warm", known["vendor"], LEGACY, with_restarts(steps)))
    return sessions + of_commands


def with_restarts(steps: list[Step]) -> list[Step]:
    played = []
    for at, step in enumerate(steps):
        if at and at % CALLS_BETWEEN_RESTARTS == 0:
            played.append(RESTART)
        played.append(step)
    return played


def command_sessions(rng: random.Random, known: dict[str, World], count: int) -> list[Session]:
    """The command line: an administrator's day with a server after it, and single commands on both data sets."""
    lines = {"sample": commands(), "market": [one for one in commands() if one[0] in ("analyze", "config", "verify")]}
    day = [command(*one) for one in administration()]
    wanted = {"day": len(day), "sample": len(lines["sample"]), "market": len(lines["market"])}
    scale = min(1.0, count / sum(wanted.values()))
    sessions = []
    for name, all_lines in lines.items():
        picked = all_lines if scale == 1 else rng.sample(all_lines, int(len(all_lines) * scale))
        sessions.append(Session(f"{name}, commands", known[name], LEGACY, [command(*one) for one in picked]))
    day = day[: int(len(day) * scale)]
    after = Drawer(rng, known["sample"])
    served = [RESTART] + [after.draw() for _ in range(len(day) // 3)]
    return [*sessions, Session("sample, administration", known["sample"], LEGACY, day + (served if day else []))]
