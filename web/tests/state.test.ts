import { expect, test } from "vitest";
import { DEFAULT, readState, writeState } from "../src/state";

test("an address and its state are the same, there and back", () => {
  const state = { ...DEFAULT, view: "offsets", factor: "Real Estate & more=#?", scenario: "2022-01-03/2022-10-12", portfolio: "My Fund", start: "2015-12", tickers: ["SPY", "USER:a b"], size: 25, frequency: "weekly", order: "cluster", subject: ["XLK", "USER:a b"], model: "custom", factors: ["SPY", "TLT"], scenarios: ["covid", "2022-01-03/2022-10-12"], shocks: ["SPY -20%", "UST10Y 1"], loss: "20%", episode: "shocks" } as const;
  expect(readState(writeState(state))).toEqual(state);
  expect(readState(writeState(DEFAULT))).toEqual(DEFAULT);
  expect(writeState(DEFAULT)).toBe("#view=correlations");
});

test("what is not understood is left at its default", () => {
  expect(readState("#view=admin&size=1000&start=yesterday&frequency=hourly&categories=style,nothing&order=up&model=best")).toEqual({ ...DEFAULT, categories: ["style"] });
  expect(readState("#%%%&view")).toEqual(DEFAULT);
});

test("lists are bounded, and no name comes twice", () => {
  expect(readState(`#tickers=${Array.from({ length: 500 }, (_, at) => `T${at}`).join(",")}`).tickers).toHaveLength(50);
  expect(readState("#tickers=SPY,SPY, ,TLT").tickers).toEqual(["SPY", "TLT"]);
  expect(readState(`#factor=${"x".repeat(10_000)}`).factor).toHaveLength(120);
});

test("a list that is emptied is empty, and not what it usually is", () => {
  expect(readState(writeState({ ...DEFAULT, compared: [] })).compared).toEqual([]);
});

test("neither holdings nor keys have a place in it", () => {
  expect(Object.keys(DEFAULT).filter((name) => /hold|key|token|weight/.test(name))).toEqual([]);
});
