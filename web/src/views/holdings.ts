// Which portfolio an answer is about: a saved one, or holdings that were pasted and are not kept.

import type { PortfolioList } from "../answers";
import { type Child, h } from "../dom";
import type { Page } from "../page";
import type { Entry } from "../queries";
import { names } from "../state";
import { button, choice, entry, fault } from "./common";

const PASTED = "pasted:";
const USUAL = "CURRENT_PORTFOLIO";

export function portfolioList(page: Page): Entry<PortfolioList> {
  return page.queries.get<PortfolioList>("portfolios", null, (signal) => page.client.read("api/portfolios", { signal }));
}

/** The saved portfolio that is meant: the one in the address, else the usual one, else the first. */
export function meant(page: Page): string | null {
  if (page.state.portfolio) return page.state.portfolio;
  const known = (portfolioList(page).data?.portfolios ?? []).map((portfolio) => portfolio.portfolio_name);
  return known.includes(USUAL) ? USUAL : (known[0] ?? null);
}

/** The arguments that it comes to; null where there is none. */
export function holdingsOf(page: Page): Record<string, unknown> | null {
  if (page.pasted) return { holdings: page.pasted };
  const name = meant(page);
  return name ? { portfolio_name: name } : null;
}

export function portfolioChoice(page: Page): Child {
  const known = (portfolioList(page).data?.portfolios ?? []).map((portfolio) => portfolio.portfolio_name);
  const named = page.state.portfolio && !known.includes(page.state.portfolio) ? [page.state.portfolio] : [];
  const options = [...(page.pasted ? [[PASTED, "Pasted, not saved"] as const] : []), ...[...known, ...named].map((name) => [name, name] as const)];
  if (options.length === 0) return null;
  return choice("Portfolio", "portfolio", page.pasted ? PASTED : (meant(page) ?? ""), options, (name) => {
    if (name === PASTED) return;
    page.usePasted(null);
    page.go({ portfolio: name });
  });
}

export function noPortfolio(page: Page, words: string): Child {
  return h(
    "div",
    { class: "message", role: "status" },
    h("p", null, words),
    h("p", null, button("Add a portfolio", () => page.go({ view: "portfolios" }), { "data-key": "add portfolio", class: "primary" })),
  );
}

/** What a model or a stress test is about: what is named, else the portfolio; null where there is neither, or it is not known yet. */
export function subjectOf(page: Page, most: number): Record<string, unknown> | null {
  const subject = page.state.subject.slice(0, most);
  const [first, ...others] = subject;
  if (first !== undefined) return others.length > 0 ? { tickers: subject } : { ticker: first };
  return holdingsOf(page);
}

/** Where it is named, beside the portfolios that it may be instead of. */
export function subjectEntry(page: Page, most: number): Child {
  return [
    entry("Fund or group", "subject", page.state.subject.slice(0, most).join(", "), (text) => page.go({ subject: names(text).slice(0, most) }), { placeholder: "your portfolio; XLK, USER:name", list: "factor-names" }),
    page.state.subject.length === 0 && portfolioChoice(page),
  ];
}

/** The view while there is nothing that it could be about. */
export function withoutSubject(page: Page, words: string): Child {
  const list = portfolioList(page);
  if (list.status === "loading") return h("div", { class: "message busy", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), "Looking for your portfolios…");
  return [list.problem && fault(list.problem, () => page.queries.refetch("portfolios", null)), noPortfolio(page, words)];
}
