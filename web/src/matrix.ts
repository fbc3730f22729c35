// Matrices of an answer, in whichever of the two layouts they come, and what is read off them.

import { type Strength, strength } from "./format";

export type Cell = number | null;

export interface Matrix {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly values: readonly (readonly Cell[])[];
  /** Rows and columns are the same, and the diagonal says nothing. */
  readonly square: boolean;
}

/** n and the 95% interval of each cell. */
export interface CellStatistics {
  readonly n: Matrix | number;
  readonly low: Matrix;
  readonly high: Matrix;
}

export interface Pair {
  readonly a: string;
  readonly b: string;
  readonly correlation: number;
  readonly strength: Strength;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const cell = (value: unknown): Cell => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** A matrix that is nested (row, column, value) or a triangle (labels and rows); null for anything else. */
export function readMatrix(given: unknown): Matrix | null {
  if (!isObject(given)) return null;
  if (Array.isArray(given.labels) && Array.isArray(given.rows)) {
    const names = given.labels.map(String);
    const rows = given.rows as unknown[];
    const at = (row: number, column: number): Cell => cell((rows[Math.max(row, column)] as unknown[] | undefined)?.[Math.min(row, column)]);
    const values = names.map((_, row) => names.map((_, column) => at(row, column)));
    return { rows: names, columns: names, values, square: true };
  }
  const rows = Object.keys(given).filter((name) => isObject(given[name]));
  if (rows.length === 0 || rows.length !== Object.keys(given).length) return null;
  const columns = [...new Set(rows.flatMap((row) => Object.keys(given[row] as object)))];
  const numbers = rows.every((row) => Object.values(given[row] as object).every((value) => value === null || typeof value === "number"));
  if (columns.length === 0 || !numbers) return null;
  const values = rows.map((row) => columns.map((column) => cell((given[row] as Record<string, unknown>)[column])));
  const square = rows.length === columns.length && rows.every((row) => columns.includes(row));
  // A square one has its columns in the order of its rows.
  if (square && rows.some((row, at) => columns[at] !== row)) {
    return { rows, columns: rows, values: rows.map((row) => rows.map((column) => cell((given[row] as Record<string, unknown>)[column]))), square };
  }
  return { rows, columns, values, square };
}

/** Every matrix of an answer about correlations, by the name that it is chosen by. */
export function matricesOf(answer: unknown): Map<string, Matrix> {
  if (!isObject(answer)) return new Map();
  return once(matricesRead, answer, () => readMatrices(answer));
}

// An answer is read once, however often it is drawn: it never changes.
const matricesRead = new WeakMap<object, Map<string, Matrix>>();
const statisticsRead = new WeakMap<object, CellStatistics | null>();

function once<T>(kept: WeakMap<object, T>, of: object, read: () => T): T {
  const known = kept.get(of);
  if (known !== undefined) return known;
  const found = read();
  kept.set(of, found);
  return found;
}

function readMatrices(answer: Record<string, unknown>): Map<string, Matrix> {
  const found = new Map<string, Matrix>();
  const put = (name: string, given: unknown) => {
    const matrix = readMatrix(given);
    if (matrix) found.set(name, matrix);
  };
  for (const [name, given] of Object.entries(isObject(answer.matrices) ? answer.matrices : {})) put(name, given);
  const overlays = isObject(answer.overlays) ? answer.overlays : {};
  put("macro_composite", overlays.macro_composite_matrix);
  put("macro_etf", overlays.macro_etf_matrix);
  put("market_sensitivity", overlays.market_sensitivity);
  put("rate_sensitivity", overlays.rate_sensitivity);
  return found;
}

/** The matrix that is shown: the one named, else the first with something to see, those of single factors before the rest. */
export function chosenMatrix(answer: unknown, named: string): [string, Matrix] | null {
  const all = matricesOf(answer);
  const known = all.get(named);
  if (known) return [named, known];
  const preferred = ["selected", "industry", "style"].map((name) => [name, all.get(name)] as const);
  const [name, matrix] = [...preferred, ...all].find(([, matrix]) => matrix && matrix.rows.length > 1) ?? [];
  return name && matrix ? [name, matrix] : null;
}

/** The first rows (and, of a square one, columns). */
export function first(matrix: Matrix, size: number, from = 0): Matrix {
  const rows = matrix.rows.slice(from, from + size);
  const values = matrix.values.slice(from, from + size);
  if (!matrix.square) return { ...matrix, rows, values };
  return { rows, columns: rows, values: values.map((row) => row.slice(from, from + size)), square: true };
}

/** A part of a matrix: so many rows from one place on, and so many columns. */
export function block(matrix: Matrix, row: number, column: number, size: number): Matrix {
  const values = matrix.values.slice(row, row + size).map((cells) => cells.slice(column, column + size));
  return { rows: matrix.rows.slice(row, row + size), columns: matrix.columns.slice(column, column + size), values, square: matrix.square && row === column };
}

/** The strongest relationships, negative ones among them: at most so many, those over 0.3 by size. */
export function strongest(matrix: Matrix, most = 5): Pair[] {
  const pairs: Pair[] = [];
  matrix.rows.forEach((a, row) => {
    matrix.columns.forEach((b, column) => {
      const correlation = matrix.values[row]?.[column];
      if (a === b || (matrix.square && column <= row) || correlation === null || correlation === undefined || Math.abs(correlation) <= 0.3) return;
      pairs.push({ a, b, correlation, strength: strength(correlation) });
    });
  });
  return pairs.sort((one, other) => Math.abs(other.correlation) - Math.abs(one.correlation)).slice(0, most);
}

/** The value at a row and a column by name. */
export function at(matrix: Matrix | undefined, row: string, column: string): Cell {
  const [r, c] = [matrix?.rows.indexOf(row) ?? -1, matrix?.columns.indexOf(column) ?? -1];
  return matrix?.values[r]?.[c] ?? null;
}

/** The statistics of one matrix of an answer, where they are there. */
export function statisticsOf(answer: unknown, name: string): CellStatistics | null {
  const statistics = isObject(answer) && isObject(answer.statistics) ? answer.statistics[name] : null;
  return isObject(statistics) ? once(statisticsRead, statistics, () => readStatistics(statistics)) : null;
}

function readStatistics(statistics: Record<string, unknown>): CellStatistics | null {
  const [low, high] = [readMatrix(statistics.interval_low), readMatrix(statistics.interval_high)];
  const n = typeof statistics.n === "number" ? statistics.n : readMatrix(statistics.n);
  return low && high && n !== null ? { n, low, high } : null;
}

/** What is known of a pair. */
export function pairStatistics(statistics: CellStatistics | null, row: string, column: string): { n: Cell; low: Cell; high: Cell } {
  if (!statistics) return { n: null, low: null, high: null };
  const n = typeof statistics.n === "number" ? statistics.n : at(statistics.n, row, column);
  return { n, low: at(statistics.low, row, column), high: at(statistics.high, row, column) };
}

/** A cell to be doubted: few rows, or an interval that holds 0. */
export function isDoubtful({ n, low, high }: { n: Cell; low: Cell; high: Cell }): boolean {
  return (n !== null && n < 24) || (low !== null && high !== null && low <= 0 && high >= 0);
}
