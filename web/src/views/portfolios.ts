// The caller's portfolios: pasted or loaded from a file, saved, or used without being saved.

import type { PortfolioList, SavedPortfolio } from "../answers";
import { type ReadHoldings, readHoldings, writeHoldings } from "../csv";
import { type Child, h, replace } from "../dom";
import { percent, plural } from "../format";
import { Problem } from "../http";
import type { Page, View } from "../page";
import { type Field, button, fault, field, panel, placeFaults, stated, warnings } from "./common";
import { portfolioList } from "./holdings";

const LIST = { kind: "portfolios", path: "api/portfolios", body: null as unknown as Record<string, unknown> };
const LONGEST_FILE = 256 * 1024;

const at = (name: string): string => `${LIST.path}/${encodeURIComponent(name)}`;

/** What rests on portfolios. */
export const restsOnPortfolios = (kind: string): boolean => kind !== "groups";

class Portfolios {
  readonly element = h("div", { class: "view" });
  private readonly listed = h("div");
  private readonly preview = h("div", { class: "preview", "aria-live": "polite" });
  private readonly said = h("div", { class: "outcome", "aria-live": "polite" });
  private readonly name = field("Name", h("input", { type: "text", maxlength: 100, autocomplete: "off", name: "portfolio_name", value: "CURRENT_PORTFOLIO" }));
  private readonly holdings = field("Holdings", h("textarea", { rows: 8, spellcheck: "false", name: "holdings" }), "One a line, such as SPY 60%; or a table with a header: ticker and weight, shares or value");
  private readonly file = field("From a file", h("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv,text/plain", name: "file" }), "CSV; it is read here, and sent only when you save it or ask about it");
  private readonly submit = h("button", { type: "submit", class: "primary" }, "Save portfolio");
  private busy = false;
  private confirming: string | null = null;

  constructor(private page: Page) {
    this.holdings.input.addEventListener("input", () => this.look());
    this.file.input.addEventListener("change", () => void this.load());
    const form = h(
      "form",
      {
        class: "panel form",
        novalidate: true,
        onsubmit: (event: Event) => {
          event.preventDefault();
          void this.save();
        },
      },
      h("h2", null, "Add or change a portfolio"),
      [this.name, this.holdings, this.file].map((field) => field.element),
      this.preview,
      h("p", { class: "buttons" }, this.submit, button("Use without saving", () => this.use(), { "data-key": "use pasted" })),
      this.said,
    );
    this.element.append(this.listed, form);
  }

  private get fields(): Record<string, Field> {
    return { portfolio_name: this.name, holdings: this.holdings };
  }

  update(page: Page): void {
    this.page = page;
    replace(
      this.listed,
      panel(
        "Your portfolios",
        page.pasted && h("p", { class: "message" }, `${plural(page.pasted.length, "holding")} in use that are not saved; they are gone when the page is closed. `, button("Forget them", () => page.usePasted(null), { "data-key": "forget pasted" })),
        stated(page, LIST, portfolioList(page), (answer) => this.rows(answer)),
      ),
    );
  }

  private rows(answer: PortfolioList): Child {
    const rows = answer.portfolios ?? [];
    return [
      rows.length === 0 && h("p", null, "None yet."),
      h(
        "ul",
        { class: "items" },
        rows.map(({ portfolio_name: name, holding_count: count }) =>
          h(
            "li",
            null,
            h("span", { class: "names" }, h("b", null, name), ` ${plural(count, "holding")}`),
            h(
              "span",
              { class: "buttons" },
              button("Exposures", () => this.show(name), { "aria-label": `Exposures of ${name}`, "data-key": `show ${name}` }),
              button("Edit", () => void this.edit(name), { "aria-label": `Edit ${name}`, "data-key": `edit ${name}` }),
              this.confirming === name
                ? [
                    button("Really delete", () => void this.remove(name), { class: "danger", "aria-label": `Really delete ${name}`, "data-key": `delete ${name}` }),
                    button("Keep", () => this.confirm(null), { "data-key": `keep ${name}` }),
                  ]
                : button("Delete", () => this.confirm(name), { "aria-label": `Delete ${name}`, "data-key": `delete ${name}` }),
            ),
          ),
        ),
      ),
    ];
  }

  private confirm(name: string | null): void {
    this.confirming = name;
    this.update(this.page);
  }

  private show(name: string): void {
    this.page.usePasted(null);
    this.page.go({ view: "exposures", portfolio: name });
  }

  /** Says how the text is read, before anything is sent. */
  private look(): ReadHoldings {
    const read = readHoldings(this.holdings.input.value);
    const weights = read.holdings.map((holding) => holding.weight);
    const sum = weights.every((weight) => weight !== undefined) ? weights.reduce<number>((sum, weight) => sum + (weight ?? 0), 0) : null;
    replace(
      this.preview,
      read.holdings.length > 0 && h("p", { class: "hint" }, `Read as ${plural(read.holdings.length, "holding")}${sum === null ? "" : `, ${percent(sum)} in all`}: ${read.holdings.slice(0, 8).map((holding) => holding.ticker).join(", ")}${read.holdings.length > 8 ? "…" : ""}`),
      read.problems.length > 0 && h("ul", { class: "wrong" }, read.problems.slice(0, 10).map((problem) => h("li", null, problem))),
    );
    return read;
  }

  private async load(): Promise<void> {
    const file = (this.file.input as HTMLInputElement).files?.[0];
    if (!file) return;
    if (file.size > LONGEST_FILE) {
      this.file.fault(`${file.name} is longer than 256 KiB`);
      return;
    }
    this.file.fault("");
    this.holdings.input.value = await file.text();
    this.look();
  }

  private read(): ReadHoldings | null {
    const read = this.look();
    const wrong = [
      ...(read.problems.length > 0 ? [{ field: "holdings", rule: read.problems.length === 1 ? "a line cannot be read" : `${read.problems.length} lines cannot be read` }] : []),
      ...(read.holdings.length === 0 && read.problems.length === 0 ? [{ field: "holdings", rule: "needs at least one holding" }] : []),
    ];
    placeFaults(this.fields, wrong);
    return wrong.length > 0 ? null : read;
  }

  private use(): void {
    const read = this.read();
    if (!read) return;
    this.page.usePasted(read.holdings);
    this.page.go({ view: "exposures", portfolio: "" });
  }

  /** One thing at a time: a second click finds the first at work. */
  private async alone(work: () => Promise<void>, isForm = false): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.submit.disabled = true;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // What is wrong with one of the list stands below it, not at the fields of the form, which are about another.
      const homeless = isForm ? placeFaults(this.fields, error.fields) : error.fields;
      if (error.fields.length === 0 || homeless.length > 0) replace(this.said, fault(error, null));
      // It is not there any more: the list is an old one.
      if (error.status === 404) this.page.queries.outdate(restsOnPortfolios);
    } finally {
      this.busy = false;
      this.submit.disabled = false;
    }
  }

  private save(): Promise<void> {
    return this.alone(async () => {
      replace(this.said);
      const read = this.read();
      const name = this.name.input.value.trim();
      if (!name) placeFaults(this.fields, [{ field: "portfolio_name", rule: "needs a name" }]);
      if (!read || !name) return;
      const saved = await this.page.client.write<SavedPortfolio>(at(name), { method: "PUT", body: { holdings: read.holdings } });
      const words = `${saved.portfolio_name} is saved: ${saved.normalisation ?? plural(saved.holding_count, "holding")}.`;
      replace(this.said, h("p", { class: "message" }, words), warnings({ warnings: saved.warnings ?? [] }, false));
      this.page.say(words);
      this.page.usePasted(null);
      this.page.queries.outdate(restsOnPortfolios);
    }, true);
  }

  private edit(name: string): Promise<void> {
    return this.alone(async () => {
      const kept = await this.page.client.read<SavedPortfolio>(at(name));
      this.name.input.value = kept.portfolio_name;
      this.holdings.input.value = writeHoldings(
        (kept.holdings ?? []).map((row) => ({
          ticker: row.ticker,
          ...(row.weight === undefined || row.weight === null ? {} : { weight: row.weight }),
          ...(row.shares === undefined || row.shares === null ? {} : { shares: row.shares }),
          ...(row.value === undefined || row.value === null ? {} : { value: row.value }),
        })),
      );
      replace(this.said);
      this.look();
      this.holdings.input.focus();
    });
  }

  private remove(name: string): Promise<void> {
    return this.alone(async () => {
      this.confirming = null;
      await this.page.client.write(at(name), { method: "DELETE" });
      replace(this.said, h("p", { class: "message" }, `${name} is deleted.`));
      if (this.page.state.portfolio === name) this.page.go({ portfolio: "" });
      this.page.queries.outdate(restsOnPortfolios);
    });
  }
}

let made: Portfolios | null = null;

/** Another user has come: nothing of the one before stays. */
export function forgetPortfolios(): void {
  made = null;
}

export const portfolios: View = {
  title: "Portfolios",
  scope: { dates: false, categories: false, tickers: false },
  question: () => LIST,
  controls: () => null,
  render(page) {
    made ??= new Portfolios(page);
    made.update(page);
    return made.element;
  },
  takeaway: () => null,
};
