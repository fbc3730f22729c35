// Charts of our own: bars and a scatter. Scales are straight lines, axes are text; each stands by itself when it is taken away.

import type { Palette } from "../colour";
import { s } from "../dom";

const FONT = "system-ui, sans-serif";

export interface Frame {
  readonly title: string;
  /** What the picture shows in a sentence. */
  readonly finding: string;
  readonly notes: readonly string[];
  readonly palette: Palette;
  readonly width?: number;
  /** The most that it may be high; what has no room is left out, and said. */
  readonly height?: number | undefined;
}

export interface Bar {
  readonly name: string;
  readonly detail: string;
  readonly value: number;
  readonly shown: string;
  readonly colour?: string;
  /** Low and high of its interval. */
  readonly range?: readonly [number, number];
}

/** Round steps over a range: at most `most` of them. */
export function ticks(low: number, high: number, most = 6): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((times) => times * power >= rough) ?? 10) * power;
  const found: number[] = [];
  for (let at = Math.ceil(low / step); at * step <= high + step * 1e-9; at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

/** Words in lines of at most so many letters. */
export function wrap(words: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

// What a letter takes where the system's font is a wide one.
const LETTER = { title: 9, note: 6.3, name: 7.2 };
const titleOf = (frame: Frame, width: number): string[] => wrap(frame.title, (width - 24) / LETTER.title);
const notesOf = (frame: Frame, width: number): string[] => frame.notes.flatMap((note) => wrap(note, (width - 24) / LETTER.note));
/** What a title of more than one line and the notes take. */
const wordsHigh = (frame: Frame, width: number): number => (titleOf(frame, width).length - 1) * 18 + 12 + notesOf(frame, width).length * 16;

function canvas(frame: Frame, width: number, height: number, ...inside: Parameters<typeof s>[2][]): SVGSVGElement {
  const { palette, title } = frame;
  const [titles, notes] = [titleOf(frame, width), notesOf(frame, width)];
  const down = (titles.length - 1) * 18;
  const whole = height + wordsHigh(frame, width);
  const text = (x: number, y: number, words: string, more: Record<string, string | number>) => s("text", { x, y, fill: palette.text, "font-family": FONT, ...more }, words);
  return s(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height: whole, viewBox: `0 0 ${width} ${whole}`, role: "img", "aria-label": `${title}. ${frame.finding}` },
    s("rect", { width, height: whole, fill: palette.surface }),
    titles.map((line, at) => text(12, 22 + at * 18, line, { "font-size": 15, "font-weight": 600 })),
    s("g", { transform: `translate(0 ${down})` }, ...inside),
    notes.map((note, at) => text(12, down + height + 12 + at * 16, note, { fill: palette.muted, "font-size": 11 })),
  );
}

/** How high a bar and what is around it are, in pixels. */
const ROW = { usual: 24, least: 18 };

/** Bars from a zero line, one below the other; `scale` has the ends of the scale where it does not go by the bars. */
export function bars(whole: Frame & { readonly scale?: readonly [number, number] }, given: readonly Bar[]): SVGSVGElement {
  const { palette, width = 800 } = whole;
  const longest = Math.max(...given.map((bar) => bar.name.length), 0);
  const [side, right, top] = [Math.min(longest * LETTER.name + 20, width * 0.4), 74, 40];
  const letters = Math.floor((side - 14) / LETTER.name);
  const high = whole.height === undefined ? Number.POSITIVE_INFINITY : whole.height - top - 8 - wordsHigh(whole, width);
  // Closer together before any is left out.
  const row = Math.min(ROW.usual, Math.max(ROW.least, Math.floor(high / given.length)));
  const room = Math.max(2, Math.floor(high / row));
  // Of a ranking both ends are worth seeing.
  const all = given.length <= room ? given : [...given.slice(0, Math.ceil(room / 2)), ...given.slice(given.length - Math.floor(room / 2))];
  const frame = all.length === given.length ? whole : { ...whole, notes: [...whole.notes, `The first and last of ${given.length}.`] };
  const values = all.flatMap((bar) => [bar.value, ...(bar.range ?? [])]).concat(whole.scale ?? []);
  const low = Math.min(0, ...values);
  const span = Math.max(0, ...values) - low || 1;
  const x = (value: number): number => side + ((value - low) / span) * (width - side - right);
  const height = top + all.length * row + 8;
  return canvas(
    frame,
    width,
    height,
    all.map((bar, at) => {
      const middle = top + at * row + row / 2 - 1;
      const [from, to] = [Math.min(x(0), x(bar.value)), Math.max(x(0), x(bar.value))];
      const end = Math.max(to, bar.range ? x(bar.range[1]) : to);
      return s(
        "g",
        null,
        s("title", null, `${bar.name}${bar.detail ? `, ${bar.detail}` : ""}: ${bar.shown}`),
        s("text", { x: side - 8, y: middle + 4, "text-anchor": "end", fill: palette.text, "font-family": FONT, "font-size": 12 }, bar.name.length > letters ? `${bar.name.slice(0, letters - 1)}…` : bar.name),
        s("rect", { x: from, y: middle - (row - 8) / 2, width: Math.max(1, to - from), height: row - 8, fill: bar.colour ?? (bar.value < 0 ? palette.loss : palette.bar) }),
        bar.range && s("line", { x1: x(bar.range[0]), x2: x(bar.range[1]), y1: middle, y2: middle, stroke: palette.text, "stroke-width": 1.5 }),
        s("text", { x: end + 6, y: middle + 4, fill: palette.text, "font-family": FONT, "font-size": 12 }, bar.shown),
      );
    }),
    s("line", { x1: x(0), x2: x(0), y1: top - 4, y2: top + all.length * row, stroke: palette.muted }),
  );
}

export interface Dot {
  readonly name: string;
  readonly detail: string;
  readonly x: number;
  readonly y: number;
  /** 0 to 1: how large. */
  readonly size: number;
  readonly colour: string;
}

/** Dots over two axes, with the names of those that have room for one. */
export function scatter(frame: Frame & { xName: string; yName: string; write: (value: number) => string }, dots: readonly Dot[]): SVGSVGElement {
  const { palette, width = 800, write } = frame;
  const [left, right, top, bottom] = [58, 20, 44, 44];
  const height = Math.round(Math.min(460, Math.max(280, width * 0.6), (frame.height ?? 1000) - wordsHigh(frame, width)));
  const range = (values: number[]): [number, number] => {
    const [low, high] = [Math.min(0, ...values), Math.max(...values, 0.01)];
    return [low, high + (high - low) * 0.08];
  };
  const [x0, x1] = range(dots.map((dot) => dot.x));
  const [y0, y1] = range(dots.map((dot) => dot.y));
  const x = (value: number) => left + ((value - x0) / (x1 - x0)) * (width - left - right);
  const y = (value: number) => height - bottom - ((value - y0) / (y1 - y0)) * (height - top - bottom);
  const label = (words: string, more: Record<string, string | number>) => s("text", { "font-family": FONT, "font-size": 11, fill: palette.muted, ...more }, words);
  // A name is written where no other name and no dot stands; who has none is told on hover and in the table.
  const taken: { left: number; right: number; top: number; bottom: number }[] = dots.map((dot) => ({ left: x(dot.x) - 4, right: x(dot.x) + 4, top: y(dot.y) - 4, bottom: y(dot.y) + 4 }));
  const names = dots.map((dot, at) => {
    const wide = dot.name.length * 7;
    for (const [dx, dy] of [[8, 4], [-8 - wide, 4], [-wide / 2, -9], [-wide / 2, 17]] as const) {
      const box = { left: x(dot.x) + dx, right: x(dot.x) + dx + wide, top: y(dot.y) + dy - 10, bottom: y(dot.y) + dy + 2 };
      const free = taken.every((other, of) => of === at || other.right < box.left || other.left > box.right || other.bottom < box.top || other.top > box.bottom);
      if (!free || box.right > width || box.left < left || box.top < top) continue;
      taken.push(box);
      return s("text", { x: box.left, y: box.bottom - 2, "font-family": FONT, "font-size": 11, fill: palette.text }, dot.name);
    }
    return null;
  });
  return canvas(
    frame,
    width,
    height,
    ticks(x0, x1).map((tick) => [
      s("line", { x1: x(tick), x2: x(tick), y1: top, y2: height - bottom, stroke: palette.line, "stroke-width": tick === 0 ? 1.5 : 0.5 }),
      label(write(tick), { x: x(tick), y: height - bottom + 16, "text-anchor": "middle" }),
    ]),
    ticks(y0, y1).map((tick) => [
      s("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), stroke: palette.line, "stroke-width": tick === 0 ? 1.5 : 0.5 }),
      label(write(tick), { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }),
    ]),
    s("text", { x: width - right, y: height - 8, "text-anchor": "end", "font-family": FONT, "font-size": 12, fill: palette.text }, frame.xName),
    s("text", { x: left, y: top - 6, "font-family": FONT, "font-size": 12, fill: palette.text }, frame.yName),
    dots.map((dot) =>
      s(
        "circle",
        { cx: x(dot.x), cy: y(dot.y), r: 3 + 5 * Math.sqrt(Math.max(0, Math.min(1, dot.size))), fill: dot.colour, "fill-opacity": 0.75 },
        s("title", null, `${dot.name}${dot.detail ? `, ${dot.detail}` : ""}`),
      ),
    ),
    names,
  );
}
