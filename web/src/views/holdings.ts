// Which portfolio an answer is about: a saved one, or holdings that were pasted and are not kept.

import type { PortfolioList } from "../answers";
import { type Child, h } from "../dom";
import type { Page } from "../page";
import type { Entry } from "../queries";
import { button, choice } from "./common";

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
