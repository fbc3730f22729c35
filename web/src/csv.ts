// Comma-separated values: what people paste or load as holdings, and what they download.

export interface Holding {
  ticker: string;
  weight?: number;
  shares?: number;
  value?: number;
}

export interface ReadHoldings {
  holdings: Holding[];
  problems: string[];
}

const SEPARATORS = ["\t", ";", ","] as const;
const TICKERS = /^(ticker|symbol|fund|holding|instrument)$/i;
const AMOUNTS: readonly [RegExp, "weight" | "shares" | "value"][] = [
  [/^(weight|weight ?%|weight ?\(%\)|allocation|% of (portfolio|assets|account)|percent)$/i, "weight"],
  [/^(shares|quantity|qty|units)$/i, "shares"],
  [/^(value|market ?value|amount|current ?value)$/i, "value"],
];
const MOST = 1000;

/** The cells of a line; quotes may hold separators and doubled quotes. */
function cells(line: string, separator: string): string[] {
  const found: string[] = [];
  let [text, quoted] = ["", false];
  for (let at = 0; at < line.length; at++) {
    const letter = line[at] as string;
    if (quoted && letter === '"' && line[at + 1] === '"') {
      text += '"';
      at++;
    } else if (letter === '"') quoted = !quoted;
    else if (letter === separator && !quoted) {
      found.push(text.trim());
      text = "";
    } else text += letter;
  }
  found.push(text.trim());
  return found;
}

/** A number with its sign, currency and thousands; what can be meant in two ways is none. */
function amount(text: string): { value: number; percent: boolean } | null {
  const percent = text.endsWith("%");
  const negative = /^\(.*\)$/.test(text);
  const bare = text.replace(/[%$€£()\s]/g, "").replace("−", "-");
  const plain = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(bare) ? bare.replaceAll(",", "") : bare;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return null;
  const value = Number(plain) * (negative ? -1 : 1);
  return Number.isFinite(value) ? { value: percent ? value / 100 : value, percent } : null;
}

/**
 * Holdings as people paste them: `SPY 60%`, `SPY, 0.6`, or a table whose header names a ticker and a weight, shares or a value. What
 * cannot be read is named line by line, and nothing of it is guessed.
 */
export function readHoldings(text: string): ReadHoldings {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const problems: string[] = [];
  const holdings: Holding[] = [];
  const separator = SEPARATORS.find((separator) => lines.some((line) => line.includes(separator)));
  let columns: { ticker: number; amount: number; kind: "weight" | "shares" | "value" } | null = null;
  const split = (line: string) => (separator ? cells(line, separator) : line.trim().split(/\s+/));
  lines.forEach((line, at) => {
    if (!line.trim() || holdings.length >= MOST) return;
    const parts = split(line);
    const ticker = parts.findIndex((name) => TICKERS.test(name));
    if (!columns && holdings.length === 0 && ticker >= 0) {
      for (const [pattern, kind] of AMOUNTS) {
        const found = parts.findIndex((name) => pattern.test(name));
        if (found >= 0 && !columns) columns = { ticker, amount: found, kind };
      }
      if (columns) return;
      problems.push(`line ${at + 1}: the header names no weight, shares or value`);
      return;
    }
    const [name, given] = columns ? [parts[columns.ticker] ?? "", parts[columns.amount] ?? ""] : [parts[0] ?? "", parts[1] ?? ""];
    const read = amount(given);
    if (!name || parts.length < 2) problems.push(`line ${at + 1}: write a ticker and a weight, such as SPY 60%`);
    else if (!read) problems.push(`line ${at + 1}: “${given.slice(0, 40)}” of ${name.slice(0, 40)} is no number`);
    else holdings.push({ ticker: name, [columns && !read.percent ? columns.kind : "weight"]: read.value });
  });
  if (lines.filter((line) => line.trim()).length > MOST) problems.push(`only the first ${MOST} lines are read`);
  return { holdings: percentages(holdings), problems };
}

/** Weights that sum to about 100 were meant as percentages. */
function percentages(holdings: Holding[]): Holding[] {
  const weights = holdings.map((holding) => holding.weight);
  if (holdings.length === 0 || weights.some((weight) => weight === undefined)) return holdings;
  const sum = (weights as number[]).reduce((sum, weight) => sum + weight, 0);
  if (sum < 90 || sum > 110) return holdings;
  return holdings.map((holding) => ({ ...holding, weight: Number(((holding.weight as number) / 100).toPrecision(12)) }));
}

/** Holdings as text that is read again as the same. */
export function writeHoldings(holdings: readonly Holding[]): string {
  const kind = (holding: Holding) => (holding.shares !== undefined ? "shares" : holding.value !== undefined ? "value" : "weight");
  const kinds = new Set(holdings.map(kind));
  const [only] = kinds;
  if (kinds.size !== 1 || !only) return holdings.map((holding) => `${holding.ticker}, ${holding[kind(holding)]}`).join("\n");
  return [`ticker, ${only}`, ...holdings.map((holding) => `${quoted(holding.ticker)}, ${holding[only]}`)].join("\n");
}

const quoted = (text: string): string => (/[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A table as CSV. Text that a spreadsheet would compute begins with an apostrophe. */
export function writeCsv(rows: readonly (readonly (string | number | null | undefined)[])[]): string {
  const written = (value: string | number | null | undefined): string => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    return quoted(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
  };
  return rows.map((row) => `${row.map(written).join(",")}\r\n`).join("");
}
