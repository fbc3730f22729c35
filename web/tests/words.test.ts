import { describe, expect, test } from "vitest";
import { PALETTES, contrast, diverging } from "../src/colour";
import { ticks } from "../src/draw/charts";
import { differing, takeEvents } from "../src/events";
import { asksForOffsets, fixed, interval, pValue, percent, strength, words } from "../src/format";

test("numbers as people read them", () => {
  expect([fixed(-0.004, 2), fixed(0.995, 2), fixed(null, 2), fixed(Number.NaN, 2), fixed(-0.5, 3)]).toEqual(["0.00", "0.99", "–", "–", "−0.500"]);
  expect([percent(0.0512), percent(-0.5, 0), percent(undefined)]).toEqual(["5.1%", "−50%", "–"]);
  expect([interval([0.1, 0.25]), interval({ low: 0.1, high: 0.25 }), interval(null), interval([null, 1]), interval([1, 2, 3])]).toEqual(["0.10 to 0.25", "0.10 to 0.25", "–", "–", "–"]);
  expect([pValue(1e-9), pValue(0.05), pValue(null)]).toEqual(["< 0.001", "0.050", "–"]);
  expect(words("fixed_income")).toBe("Fixed income");
});

test("strengths and what can be asked about, at their borders", () => {
  expect([0.7, 0.71, -0.71, 0.5, 0.51, 0.31].map(strength)).toEqual(["moderate", "strong", "strong", "weak", "moderate", "weak"]);
  expect([0.3, 0.301, -0.301, null, undefined].map(asksForOffsets)).toEqual([false, true, true, false, false]);
});

test("every cell can be read in both themes: at least 4.5 to 1", () => {
  const rgb = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as readonly [number, number, number];
  for (const palette of Object.values(PALETTES)) {
    for (let value = -1; value <= 1; value += 0.01) {
      const { fill, ink } = diverging(value, palette);
      expect(contrast(rgb(fill), rgb(ink)), `${fill} ${ink}`).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast(rgb(palette.muted), rgb(palette.surface))).toBeGreaterThanOrEqual(4.5);
  }
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 10);
});

test("axes have round steps", () => {
  expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticks(-0.13, 0.31)).toEqual([-0.1, 0, 0.1, 0.2, 0.3]);
  expect(ticks(1, 1)).toEqual([1]);
});

describe("events", () => {
  test("come in pieces", () => {
    const first = takeEvents('event: state\ndata: {"a":1}\n\n: ping\n\nevent: st');
    expect(first).toEqual({ data: ['{"a":1}'], rest: "event: st" });
    expect(takeEvents(`${first.rest}ate\r\ndata: 2\r\n\r\n`)).toEqual({ data: ["2"], rest: "" });
  });

  test("the first says nothing is new, the next what is", () => {
    const state = { groups: "1", portfolios: "1", universe: "1" };
    expect(differing(null, state)).toEqual([]);
    expect(differing(state, { ...state, groups: "2", universe: "2" })).toEqual(["groups", "universe"]);
  });
});
