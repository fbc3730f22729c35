// What the views share: the state, the answers, and how to ask for others.

import type { Palette, Theme } from "./colour";
import type { Holding } from "./csv";
import type { Child } from "./dom";
import type { Client } from "./http";
import type { Entry, Queries } from "./queries";
import type { ViewState } from "./state";

/** What a drawing is made for. */
export interface Canvas {
  readonly state: ViewState;
  readonly theme: Theme;
  readonly palette: Palette;
  /** How wide a drawing may be, in pixels. */
  readonly width: number;
  /** How high, where that is bounded. */
  readonly height?: number;
}

export interface Page extends Canvas {
  readonly client: Client;
  readonly queries: Queries;
  /** Holdings that were pasted and are not saved; gone with the page. */
  readonly pasted: readonly Holding[] | null;
  go(patch: Partial<ViewState>): void;
  usePasted(holdings: readonly Holding[] | null): void;
  /** Says something to people who listen. */
  say(words: string): void;
}

/** What a view gives to be taken away. */
export interface Takeaway {
  readonly name: string;
  readonly rows?: readonly (readonly (string | number | null | undefined)[])[];
  readonly json?: unknown;
  readonly drawing?: () => SVGSVGElement;
  /** The question whose answer can be had as a report. */
  readonly report?: Question;
}

export interface View {
  readonly title: string;
  /** What is chosen here besides dates. */
  controls(page: Page): Child;
  render(page: Page): Child;
  /** The question whose refresh button it is; null for views that ask nothing. */
  question(page: Page): Question | null;
  takeaway(page: Page): Takeaway | null;
  /** Which of dates, categories and tickers mean something here. */
  readonly scope: { readonly dates: boolean; readonly categories: boolean; readonly tickers: boolean };
}

export interface Question {
  readonly kind: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
}

/** Asks, or gives what was answered. */
export function asked<T>(page: Page, question: Question): Entry<T> {
  const { kind, path, body } = question;
  return page.queries.get<T>(kind, body, (signal) => page.client.read<T>(path, { method: "POST", body, signal }));
}

/** The arguments that dates and frequency come to. */
export function dates(state: ViewState): Record<string, unknown> {
  return {
    ...(state.start ? { start_date: state.start } : {}),
    ...(state.end ? { end_date: state.end } : {}),
    ...(state.frequency === "monthly" ? {} : { frequency: state.frequency }),
  };
}

/** The arguments that dates, categories and tickers come to. */
export function scope(state: ViewState): Record<string, unknown> {
  return {
    ...dates(state),
    ...(state.tickers.length > 0 ? { tickers: state.tickers } : state.categories.length > 0 ? { categories: state.categories } : {}),
  };
}
