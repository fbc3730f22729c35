"""Draws the scorecard of BENCHMARKS.md: what hedges took away in the quarter after, and the return that is left.

    python3 benches/scorecard_picture.py          # writes docs/scorecard.svg from the table in BENCHMARKS.md

Python's standard library is enough.
"""

import html, re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT, WIDE, ROW, TOP = 232, 520, 34, 62
LEAST, MOST = -25.0, 100.0


def ways():
    """Rows of the table whose head begins with `way`: name, mean, median, 10th percentile, share that helped, return a year."""
    table = re.search(r"\| way \|.*?\n\| ---.*?\n((?:\|.*\n)+)", (ROOT / "BENCHMARKS.md").read_text())[1]
    for line in table.splitlines():
        name, _, _, *figures = [cell.strip() for cell in line.strip("|").split("|")]
        number = lambda text: float(text.rstrip("%")) if text else None
        mean, median, tenth, _, helped, _, _, _, year = map(number, figures)
        yield {"cash": "as much sold for cash"}.get(name.split(":")[0], name.split(":")[0]), mean, median, tenth, helped, year


def x(share):
    return LEFT + WIDE * (min(max(share, LEAST), MOST) - LEAST) / (MOST - LEAST)


def text(at, y, words, kind="", anchor="start"):
    return f'<text x="{at:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{html.escape(words)}</text>'


def main():
    rows = [row for row in ways() if row[0] != "no hedge"]
    height = TOP + ROW * len(rows) + 64
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 {height}" role="img" aria-label="What hedges took away in the quarter after">',
        "<style>text{font:13px system-ui,sans-serif;fill:#24292f}.head{font-weight:600}.small{font-size:11.5px;fill:#57606a}"
        ".grid{stroke:#d0d7de}.range{stroke:#0969da;stroke-width:7;stroke-linecap:round;opacity:.35}.dot{fill:#0969da}.mean{stroke:#bc4c00;stroke-width:2.5}"
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}.grid{stroke:#3d444d}.range{stroke:#4493f8}.dot{fill:#4493f8}.mean{stroke:#f0883e}}</style>",
        text(16, 24, "Share of the next quarter's variance that was taken away", "head"),
        text(16, 42, "each quarter's hedge made of the data of then; 85 funds, the quarters of BENCHMARKS.md", "small"),
        text(x(MOST) + 22, 42, "helped", "small"),
        text(904, 42, "return a year", "small", "end"),
    ]
    bottom = TOP + ROW * len(rows)
    for share in range(-25, 101, 25):
        parts.append(f'<line x1="{x(share):.1f}" x2="{x(share):.1f}" y1="{TOP - 8}" y2="{bottom}" class="grid"/>')
        parts.append(text(x(share), bottom + 16, f"{share}%", "small", "middle"))
    for at, (name, mean, median, tenth, helped, year) in enumerate(rows):
        y = TOP + ROW * at + ROW / 2
        parts.append(text(LEFT - 12, y + 4, name, anchor="end"))
        parts.append(f'<line x1="{x(tenth):.1f}" x2="{x(median):.1f}" y1="{y:.1f}" y2="{y:.1f}" class="range"/>')
        parts.append(f'<circle cx="{x(median):.1f}" cy="{y:.1f}" r="5.5" class="dot"/>')
        parts.append(f'<line x1="{x(mean):.1f}" x2="{x(mean):.1f}" y1="{y - 9:.1f}" y2="{y + 9:.1f}" class="mean"/>')
        if helped is not None:
            parts.append(text(x(MOST) + 22, y + 4, f"{helped:.0f}%"))
        if year is not None:
            parts.append(text(904, y + 4, f"{year:.1f}%", anchor="end"))
    parts.append(text(16, height - 12, "dot: median quarter; pale line: from it to the tenth percentile; upright line: mean. Return of the hedged position, before borrow, margin and trading costs.", "small"))
    parts.append("</svg>\n")
    (ROOT / "docs" / "scorecard.svg").write_text("\n".join(parts))


main()
