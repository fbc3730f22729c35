// Colours. Correlations go from blue over a neutral middle to orange, which people tell apart whatever they see of red and green.

export type Theme = "light" | "dark";
type Rgb = readonly [number, number, number];

export interface Palette {
  readonly text: string;
  readonly muted: string;
  readonly surface: string;
  readonly line: string;
  readonly bar: string;
  readonly loss: string;
  readonly empty: string;
  readonly low: Rgb;
  readonly middle: Rgb;
  readonly high: Rgb;
}

export const PALETTES: Record<Theme, Palette> = {
  light: {
    text: "#1c2127",
    muted: "#545d68",
    surface: "#ffffff",
    line: "#c9d1d9",
    bar: "#1f6fb5",
    loss: "#b35806",
    empty: "#dfe3e8",
    low: [33, 102, 172],
    middle: [247, 247, 247],
    high: [194, 92, 12],
  },
  dark: {
    text: "#e8eaed",
    muted: "#aab3bd",
    surface: "#171b21",
    line: "#434c57",
    bar: "#6aaef5",
    loss: "#f2a154",
    empty: "#3b434d",
    low: [84, 160, 240],
    middle: [36, 41, 48],
    high: [240, 150, 70],
  },
};

/** Of the categories, in their order in the universe: told apart by lightness as well. */
export const CATEGORY_COLOURS: Record<Theme, readonly string[]> = {
  light: ["#1f6fb5", "#b35806", "#4d4d4d", "#00796b", "#8e4585", "#7a6a00", "#c2185b", "#5d4037"],
  dark: ["#6aaef5", "#f2a154", "#c8ccd1", "#4fc3b0", "#d7a0e0", "#e0cf55", "#ff8fb3", "#c9a08e"],
};

const mix = (from: Rgb, to: Rgb, share: number): Rgb => [0, 1, 2].map((at) => Math.round(from[at as 0] + (to[at as 0] - from[at as 0]) * share)) as unknown as Rgb;

const hex = (colour: Rgb): string => `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast of two colours as WCAG has it, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** The colour of a value between -1 and 1, and the ink that reads best on it. */
export function diverging(value: number, palette: Palette): { fill: string; ink: string } {
  const size = Math.min(1, Math.abs(value));
  const fill = mix(palette.middle, value < 0 ? palette.low : palette.high, size);
  const ink = contrast(fill, [0, 0, 0]) >= contrast(fill, [255, 255, 255]) ? "#000000" : "#ffffff";
  return { fill: hex(fill), ink };
}

/** Steps of the scale for a legend. */
export function legend(palette: Palette): { value: number; fill: string }[] {
  return [-1, -0.5, 0, 0.5, 1].map((value) => ({ value, fill: diverging(value, palette).fill }));
}
