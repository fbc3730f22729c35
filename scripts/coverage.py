"""Lines that the tests ran, by part of the workspace: reads what `llvm-cov export --format=lcov` writes from standard input.

    scripts/coverage.py ROOT

Lines of tests do not count: files of tests, and in others whatever follows `#[cfg(test)]` at the end. A line counts once, however many
programs it is built into, and as run where any of them ran it.
"""

import sys
from collections import defaultdict
from pathlib import Path

GOAL = 95.0
# Of these the goal is.
WITH_GOAL = ("factor-analytics", "src/services")
# Crates that serve tests alone are no part of the product.
OUTSIDE = ("stand-in", "stand-in-issuer", "throwaway-postgres")
WORST = 15


def lines_by_file(lcov, root: Path) -> dict[Path, dict[int, bool]]:
    """Which lines of each file of the product ran."""
    found: dict[Path, dict[int, bool]] = defaultdict(dict)
    file, until = None, 0
    for line in lcov:
        kind, _, rest = line.strip().partition(":")
        if kind == "SF":
            path = Path(rest)
            file = path.relative_to(root) if path.is_relative_to(root) else None
            if file and (is_of_tests(file) or part_of(file) is None):
                file = None
            until = first_of_tests(root / file) if file else 0
        elif kind == "DA" and file:
            number, ran = (int(field) for field in rest.split(",")[:2])
            if number < until:
                found[file][number] = found[file].get(number, False) or ran > 0
    return found


def is_of_tests(file: Path) -> bool:
    parts = file.with_suffix("").parts
    return any(part in ("tests", "benches", "examples") or part.endswith("_tests") or part.startswith("test_") for part in parts)


def first_of_tests(path: Path) -> int:
    """The line at which a module of tests begins at the end of a file; beyond the file where there is none."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, (line, after) in enumerate(zip(lines, [*lines[1:], ""]), 1):
        if line == "#[cfg(test)]" and after.startswith(("mod ", "pub mod ", "pub(crate) mod ")) and after.endswith("{"):
            return number
    return len(lines) + 1


def part_of(file: Path) -> str | None:
    """The crate, or the folder of the server."""
    if file.parts[0] == "crates":
        return None if file.parts[1] in OUTSIDE else file.parts[1]
    if file.parts[0] != "src":
        return None
    return "/".join(file.parts[:2]) if len(file.parts) > 2 else f"src/{file.stem}"


def share(lines: dict[int, bool]) -> float:
    return 100.0 * sum(lines.values()) / len(lines)


def main() -> None:
    root = Path(sys.argv[1]).resolve()
    files = {file: lines for file, lines in lines_by_file(sys.stdin, root).items() if lines}
    parts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for file, lines in files.items():
        for name in {part_of(file), "all crates" if file.parts[0] == "crates" else "all of src", "all"}:
            parts[name][0] += sum(lines.values())
            parts[name][1] += len(lines)
    if not parts:
        sys.exit("no line of the product is in what was measured")
    percent = {name: 100.0 * ran / count for name, (ran, count) in parts.items()}
    for name in sorted(parts, key=lambda name: (name.startswith("all"), name)):
        ran, count = parts[name]
        print(f"{name:24} {percent[name]:6.1f}%  {ran:6} of {count:6} lines")
    print(f"\nfiles with the most lines that no test runs:")
    missed = {file: sum(not ran for ran in lines.values()) for file, lines in files.items()}
    for file in sorted(missed, key=missed.get, reverse=True)[:WORST]:
        print(f"{missed[file]:6}  {share(files[file]):5.1f}%  {file}")
    for name in WITH_GOAL:
        if name in percent and percent[name] < GOAL:
            print(f"under the goal of {GOAL:.0f}%: {name}")
    told = [f"{name} {percent[name]:.1f}%" for name in (*WITH_GOAL, "all crates", "all of src", "all") if name in percent]
    print("\nlines run by tests: " + ", ".join(told))


if __name__ == "__main__":
    main()
