// What is looked at, as it stands in the address behind `#`: it can be shared, and holds neither holdings nor keys.

export const VIEWS = ["correlations", "performance", "returns", "offsets", "exposures", "model", "stress", "compare", "groups", "portfolios"] as const;
export type ViewName = (typeof VIEWS)[number];

export const SIZES = [10, 15, 25] as const;
export const MODELS = ["lens", "capm", "ff3", "carhart", "ff5", "ff6", "custom"] as const;
export const MOST_SUBJECTS = 6;
export const FREQUENCIES = ["monthly", "weekly", "daily"] as const;
/** The episodes that have a name, the last first. */
export const EPISODES = [
  "early_2026", "tariffs_2025", "carry_2024", "banks_2023", "rates_2022", "covid", "q4_2018", "volmageddon_2018",
  "china_oil_2016", "china_2015", "taper_rates", "taper_equity", "eurozone_2011", "flash_2010", "lehman", "gfc",
] as const;
export const CATEGORIES = ["industry", "style", "market", "fixed_income", "cash", "commodity", "crypto", "user"] as const;

export interface ViewState {
  readonly view: ViewName;
  readonly start: string;
  readonly end: string;
  readonly frequency: (typeof FREQUENCIES)[number];
  readonly categories: readonly string[];
  readonly tickers: readonly string[];
  /** Which matrix is drawn, and how much of it. */
  readonly matrix: string;
  readonly size: (typeof SIZES)[number];
  readonly regime: string;
  readonly order: "universe" | "cluster";
  readonly windows: readonly string[];
  readonly window: string;
  readonly sort: string;
  /** What offsets are asked for. */
  readonly factor: string;
  /** The episode that offsets are ranked by. */
  readonly scenario: string;
  /** Named, never what it holds. */
  readonly portfolio: string;
  readonly compared: readonly string[];
  readonly periods: readonly string[];
  /** What is looked at in the place of the portfolio: tickers, or a name such as USER:tech. */
  readonly subject: readonly string[];
  readonly model: (typeof MODELS)[number];
  /** The factors of a model of one's own. */
  readonly factors: readonly string[];
  readonly scenarios: readonly string[];
  /** As they were written: `SPY -20%`. */
  readonly shocks: readonly string[];
  readonly loss: string;
  readonly episode: string;
}

export const DEFAULT: ViewState = {
  view: "correlations",
  start: "",
  end: "",
  frequency: "monthly",
  categories: [],
  tickers: [],
  matrix: "",
  size: 15,
  regime: "",
  order: "universe",
  windows: ["1m", "3m", "6m", "1y"],
  window: "",
  sort: "sharpe_ratio",
  factor: "",
  scenario: "",
  portfolio: "",
  compared: ["SPY", "TLT"],
  periods: [],
  subject: [],
  model: "lens",
  factors: [],
  scenarios: [],
  shocks: [],
  loss: "",
  episode: "",
};

const LONGEST = 120;
const MOST = 50;
const DATE = /^\d{4}-\d{2}(-\d{2})?$/;

const one = <T extends string>(value: string | null, of: readonly T[], otherwise: T): T => of.find((known) => known === value) ?? otherwise;
const text = (value: string | null): string => (value ?? "").slice(0, LONGEST);
const date = (value: string | null): string => (value && DATE.test(value) ? value : "");

/** Names that people write one after the other. */
export function names(value: string | null): string[] {
  const found = (value ?? "").split(/[,\n;]+/).map((name) => name.trim().slice(0, LONGEST));
  return [...new Set(found.filter(Boolean))].slice(0, MOST);
}

/** The state that an address names; what is not understood is left at its default. */
export function readState(fragment: string): ViewState {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const list = (name: keyof ViewState, otherwise: readonly string[]) => (said.has(name) ? names(said.get(name)) : otherwise);
  return {
    view: one(said.get("view"), VIEWS, DEFAULT.view),
    start: date(said.get("start")),
    end: date(said.get("end")),
    frequency: one(said.get("frequency"), FREQUENCIES, DEFAULT.frequency),
    categories: list("categories", []).filter((name) => (CATEGORIES as readonly string[]).includes(name)),
    tickers: list("tickers", []),
    matrix: text(said.get("matrix")),
    size: SIZES.find((size) => String(size) === said.get("size")) ?? DEFAULT.size,
    regime: text(said.get("regime")),
    order: one(said.get("order"), ["universe", "cluster"], DEFAULT.order),
    windows: list("windows", DEFAULT.windows),
    window: text(said.get("window")),
    sort: text(said.get("sort")) || DEFAULT.sort,
    factor: text(said.get("factor")),
    scenario: text(said.get("scenario")),
    portfolio: text(said.get("portfolio")),
    compared: list("compared", DEFAULT.compared).slice(0, 6),
    periods: list("periods", []),
    subject: list("subject", []).slice(0, MOST_SUBJECTS),
    model: one(said.get("model"), MODELS, DEFAULT.model),
    factors: list("factors", []),
    scenarios: list("scenarios", []),
    shocks: list("shocks", []),
    loss: text(said.get("loss")),
    episode: text(said.get("episode")),
  };
}

/** The same as text, what is at its default left out. */
export function writeState(state: ViewState): string {
  const said = new URLSearchParams();
  for (const name of Object.keys(DEFAULT) as (keyof ViewState)[]) {
    const [value, usual] = [String(state[name]), String(DEFAULT[name])];
    if (name === "view" || value !== usual) said.set(name, value);
  }
  return `#${said.toString()}`;
}
