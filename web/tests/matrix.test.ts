import { describe, expect, test } from "vitest";
import { block, first, isDoubtful, matricesOf, pairStatistics, readMatrix, statisticsOf, strongest } from "../src/matrix";

const nested = { A: { A: 1, B: 0.9, C: -0.95 }, B: { A: 0.9, B: 1, C: null }, C: { A: -0.95, B: null, C: 1 } };
const triangle = { labels: ["A", "B", "C"], rows: [[1], [0.9, 1], [-0.95, null, 1]] };

describe("a matrix", () => {
  test("is the same in either layout", () => {
    expect(readMatrix(triangle)).toEqual(readMatrix(nested));
    expect(readMatrix(nested)?.values[2]).toEqual([-0.95, null, 1]);
  });

  test("has its columns in the order of its rows", () => {
    const crossed = { A: { B: 0.5, A: 1 }, B: { B: 1, A: 0.5 } };
    expect(readMatrix(crossed)).toEqual({ rows: ["A", "B"], columns: ["A", "B"], values: [[1, 0.5], [0.5, 1]], square: true });
  });

  test("may be of other columns than rows", () => {
    const rates = readMatrix({ TLT: { UST2Y: -0.7, UST10Y: -0.97 }, SPY: { UST2Y: 0, UST10Y: -0.03 } });
    expect(rates).toMatchObject({ rows: ["TLT", "SPY"], columns: ["UST2Y", "UST10Y"], square: false });
  });

  test("is none where there are summaries of one", () => {
    expect(readMatrix({ size: 2, strongest: [] })).toBeNull();
    expect(readMatrix({ XLK: { a: "b" } })).toBeNull();
    expect([null, 1, "x", [], {}].map(readMatrix)).toEqual([null, null, null, null, null]);
    const summary = { matrices: { style: { size: 2, pairs: { "A/B": { r: 0.5 } } } } };
    expect(matricesOf(summary).size).toBe(0);
  });

  test("names that an object has by itself are names like others", () => {
    const hostile = readMatrix(JSON.parse('{"__proto__": {"__proto__": 1, "constructor": 0.4}, "constructor": {"__proto__": 0.4, "constructor": 1}}'));
    expect(hostile?.values).toEqual([[1, 0.4], [0.4, 1]]);
  });
});

test("the strongest five have negatives among them, none twice, none weak, in the order of their size", () => {
  const matrix = readMatrix(triangle);
  if (!matrix) throw new Error("no matrix");
  expect(strongest(matrix)).toEqual([
    { a: "A", b: "C", correlation: -0.95, strength: "strong" },
    { a: "A", b: "B", correlation: 0.9, strength: "strong" },
  ]);
  const many = readMatrix(Object.fromEntries("ABCDE".split("").map((row, r) => [row, Object.fromEntries("ABCDE".split("").map((column, c) => [column, r === c ? 1 : (r + c) / 10]))])));
  if (!many) throw new Error("no matrix");
  const pairs = strongest(many);
  expect(pairs.map((pair) => pair.correlation)).toEqual([0.7, 0.6, 0.5, 0.5, 0.4]);
  expect(pairs.map((pair) => pair.strength)).toEqual(["moderate", "moderate", "weak", "weak", "weak"]);
});

test("exactly 0.3 is not strong enough", () => {
  const matrix = readMatrix({ A: { A: 1, B: 0.3 }, B: { A: 0.3, B: 1 } });
  expect(matrix && strongest(matrix)).toEqual([]);
});

test("parts of a matrix", () => {
  const matrix = readMatrix(triangle);
  if (!matrix) throw new Error("no matrix");
  expect(first(matrix, 2)).toEqual({ rows: ["A", "B"], columns: ["A", "B"], values: [[1, 0.9], [0.9, 1]], square: true });
  expect(block(matrix, 2, 0, 2)).toEqual({ rows: ["C"], columns: ["A", "B"], values: [[-0.95, null]], square: false });
});

test("what is to be doubted", () => {
  expect(isDoubtful({ n: 23, low: 0.5, high: 0.9 })).toBe(true);
  expect(isDoubtful({ n: 24, low: 0.5, high: 0.9 })).toBe(false);
  expect(isDoubtful({ n: 120, low: -0.1, high: 0.2 })).toBe(true);
  expect(isDoubtful({ n: null, low: null, high: null })).toBe(false);
});

test("statistics of a pair, n once or for each", () => {
  const matrix = (value: number) => ({ A: { A: value, B: value }, B: { A: value, B: value } });
  const answer = (n: unknown) => ({ statistics: { style: { n, interval_low: matrix(0.1), interval_high: matrix(0.5) } } });
  for (const n of [120, matrix(120)]) expect(pairStatistics(statisticsOf(answer(n), "style"), "A", "B")).toEqual({ n: 120, low: 0.1, high: 0.5 });
  expect(statisticsOf(answer(1), "market")).toBeNull();
});
