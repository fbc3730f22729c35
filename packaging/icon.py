"""Draws icon.png, 512 by 512, from the rectangles of icon.svg: four samples a pixel in each direction, nothing but Python."""

import re
import struct
import zlib
from pathlib import Path

SIZE, FINE = 512, 4
FOLDER = Path(__file__).resolve().parent


def rectangles():
    for tag in re.findall(r"<rect [^>]*>", (FOLDER / "icon.svg").read_text("utf-8")):
        said = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        number = lambda name: float(said.get(name, 0))
        colour = tuple(int(said["fill"][at : at + 2], 16) for at in (1, 3, 5))
        yield number("x"), number("y"), number("width"), number("height"), number("rx"), colour


def inside(x, y, left, top, width, height, radius):
    dx = max(left + radius - x, x - (left + width - radius), 0)
    dy = max(top + radius - y, y - (top + height - radius), 0)
    return dx * dx + dy * dy <= radius * radius


def covered(x, y, shape):
    """The share of a pixel that a rectangle covers."""
    left, top, width, height, radius, _ = shape
    if x + 1 < left or x > left + width or y + 1 < top or y > top + height:
        return 0.0
    corners = [inside(x + a, y + b, left, top, width, height, radius) for a in (0, 1) for b in (0, 1)]
    if all(corners):
        return 1.0
    steps = [(at + 0.5) / FINE for at in range(FINE)]
    return sum(inside(x + a, y + b, left, top, width, height, radius) for a in steps for b in steps) / FINE**2


def main():
    shapes = list(rectangles())
    rows = bytearray()
    for y in range(SIZE):
        rows.append(0)
        for x in range(SIZE):
            red, green, blue, alpha = 0.0, 0.0, 0.0, 0.0
            for shape in shapes:
                share = covered(x, y, shape)
                red, green, blue = (old * (1 - share) + new * share for old, new in zip((red, green, blue), shape[5]))
                alpha = alpha * (1 - share) + share
            rows += bytes(round(value) for value in (*(part / alpha if alpha else 0 for part in (red, green, blue)), alpha * 255))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + chunk(b"IEND", b"")
    (FOLDER / "icon.png").write_bytes(png)


if __name__ == "__main__":
    main()
