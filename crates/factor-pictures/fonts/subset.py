"""Makes the two files of the bundled font from the npm package @fontsource/inter (OFL 1.1, see OFL.txt).

    npm pack @fontsource/inter && tar xzf fontsource-inter-*.tgz
    pip install fonttools brotli
    python subset.py package/files .

Latin, Greek and Cyrillic letters and what stands in figures; no kerning and no ligatures, so that the width of a text is the sum of
its letters' widths, here as in every renderer.
"""

import sys
from pathlib import Path

from fontTools import merge, subset
from fontTools.ttLib import TTFont

RANGES = [(0x20, 0x7F), (0xA0, 0x180), (0x391, 0x3CA), (0x400, 0x460)]
SIGNS = "\u2212\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u2022\u20ac\u2122\u2191\u2193"
LAYOUT = "GSUB GPOS GDEF STAT fpgm prep gasp DSIG MVAR HVAR avar fvar gvar".split() + ["cvt "]


def options():
    chosen = subset.Options()
    chosen.layout_features = []
    chosen.hinting = False
    chosen.drop_tables += LAYOUT
    chosen.notdef_outline = True
    chosen.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14]
    chosen.recalc_timestamp = False
    return chosen


def make(files: Path, to: Path, weight: int, style: str):
    wanted = {code for start, end in RANGES for code in range(start, end)} | {ord(sign) for sign in SIGNS}
    parts = []
    for part in ("latin", "latin-ext", "greek", "cyrillic"):
        font = TTFont(files / f"inter-{part}-{weight}-normal.woff2")
        font.flavor = None
        subsetter = subset.Subsetter(options())
        subsetter.populate(unicodes=list(wanted))
        subsetter.subset(font)
        path = to / f"part-{part}.ttf"
        font.save(path)
        parts.append(path)
    merged = merge.Merger().merge([str(path) for path in parts])
    for path in parts:
        path.unlink()
    merged["head"].modified = merged["head"].created
    names = {1: "Inter", 4: f"Inter {style}", 6: f"Inter-{style}"}
    for record in merged["name"].names:
        record.string = names.get(record.nameID, str(record))
    merged["OS/2"].usWeightClass = weight
    merged.recalcTimestamp = False
    merged.save(to / f"Inter-{style}.ttf")


for weight, style in ((400, "Regular"), (600, "SemiBold")):
    make(Path(sys.argv[1]), Path(sys.argv[2]), weight, style)
