// Numbers and names as people read them. What is undefined is a dash, never a zero.

export const NONE = "–";
const MINUS = "−";

type Maybe = number | null | undefined;

const known = (value: Maybe): value is number => typeof value === "number" && Number.isFinite(value);

/** With so many decimals; a zero has no sign. */
export function fixed(value: Maybe, decimals: number): string {
  if (!known(value)) return NONE;
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** A share as a percentage: 0.0512 is 5.1%. */
export function percent(value: Maybe, decimals = 1): string {
  return known(value) ? `${fixed(value * 100, decimals)}%` : NONE;
}

/** An interval as answers have it: a pair, or its ends by name. */
export type Range = readonly Maybe[] | { readonly low: Maybe; readonly high: Maybe };

/** An interval, low to high. */
export function interval(range: Range | null | undefined, write: (value: Maybe) => string = (value) => fixed(value, 2)): string {
  const [low, high, ...others] = !range ? [] : "low" in range ? [range.low, range.high] : range;
  return known(low) && known(high) && others.length === 0 ? `${write(low)} to ${write(high)}` : NONE;
}

/** A p-value: never 0. */
export function pValue(p: Maybe): string {
  if (!known(p)) return NONE;
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

export type Strength = "strong" | "moderate" | "weak";

/** How strong a correlation is called. */
export function strength(correlation: number): Strength {
  const size = Math.abs(correlation);
  return size > 0.7 ? "strong" : size > 0.5 ? "moderate" : "weak";
}

/** A correlation of this size can be asked about further. */
export function asksForOffsets(correlation: Maybe): correlation is number {
  return known(correlation) && Math.abs(correlation) > 0.3;
}

/** A name as words: `fixed_income` is "Fixed income". */
export function words(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
