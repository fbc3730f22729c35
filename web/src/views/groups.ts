// The caller's factor groups: made, checked, changed and deleted.

import type { GroupCheck, GroupList, KeptGroup, WrittenGroup } from "../answers";
import { readHoldings } from "../csv";
import { type Child, h, replace } from "../dom";
import { NONE, fixed, percent, plural, words } from "../format";
import { Problem } from "../http";
import type { Page, View } from "../page";
import { type Field, button, fact, fault, field, panel, placeFaults, stated, warnings } from "./common";

const LIST = { kind: "groups", path: "api/factor-groups", body: {} };
const METHODS = [
  ["equal", "Equal weights"],
  ["market_cap", "By market capitalisation"],
  ["custom", "Weights of my own"],
] as const;

const list = (page: Page) => page.queries.get<GroupList>(LIST.kind, LIST.body, (signal) => page.client.read(LIST.path, { signal }));

const at = (name: string, more = ""): string => `${LIST.path}/${encodeURIComponent(name)}${more}`;

/** What rests on groups. */
export const restsOnGroups = (kind: string): boolean => kind !== "portfolios";

class Groups {
  readonly element = h("div", { class: "view" });
  private readonly listed = h("div");
  private readonly said = h("div", { class: "outcome", "aria-live": "polite" });
  private readonly name = field("Name", h("input", { type: "text", maxlength: 100, autocomplete: "off", name: "group_name" }), "Letters, digits, spaces and _ - & .");
  private readonly about = field("Description", h("input", { type: "text", maxlength: 500, autocomplete: "off", name: "description" }));
  private readonly tickers = field("Tickers", h("textarea", { rows: 3, spellcheck: "false", name: "tickers" }), "2 to 50, apart by spaces, commas or lines");
  private readonly method = field("Weights", h("select", { name: "weighting_method" }, METHODS.map(([value, words]) => h("option", { value }, words))));
  private readonly weights = field("Weights of my own", h("textarea", { rows: 3, spellcheck: "false", name: "weights" }), "One a line, such as XLK 50%; together 100%");
  private readonly submit = h("button", { type: "submit", class: "primary" }, "Create group");
  private readonly cancel = button("Cancel", () => this.edit(null));
  private readonly heading = h("h2", null, "New group");
  private editing: string | null = null;
  private busy = false;
  private confirming: string | null = null;

  constructor(private page: Page) {
    this.cancel.hidden = true;
    const weights = this.weights.element;
    const sync = () => {
      weights.hidden = this.method.input.value !== "custom";
    };
    this.method.input.addEventListener("change", sync);
    sync();
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
      this.heading,
      [this.name, this.tickers, this.method, this.weights, this.about].map((field) => field.element),
      h("p", { class: "buttons" }, this.submit, this.cancel),
      this.said,
    );
    this.element.append(this.listed, form);
  }

  private get fields(): Record<string, Field> {
    return { group_name: this.name, new_name: this.name, tickers: this.tickers, weighting_method: this.method, weights: this.weights, description: this.about };
  }

  update(page: Page): void {
    this.page = page;
    replace(this.listed, panel("Your groups", stated(page, LIST, list(page), (answer) => this.rows(answer))));
  }

  private rows(answer: GroupList): Child {
    const groups = answer.factor_groups ?? [];
    const damaged = answer.damaged ?? [];
    return [
      groups.length === 0 && h("p", null, "None yet. A group is a basket of tickers that is a factor in your analyses from then on."),
      h(
        "ul",
        { class: "items" },
        groups.map((group) =>
          h(
            "li",
            null,
            h("span", { class: "names" }, h("b", null, group.group_name), ` ${plural(group.ticker_count, "ticker")}, ${words(group.weighting_method).toLowerCase()}`, h("small", null, group.tickers.join(", "))),
            !group.is_valid && h("span", { class: "badge fair" }, "to be checked"),
            h(
              "span",
              { class: "buttons" },
              button("Check", () => void this.check(group.group_name), { "aria-label": `Check ${group.group_name}`, "data-key": `check ${group.group_name}` }),
              button("Edit", () => void this.begin(group.group_name), { "aria-label": `Edit ${group.group_name}`, "data-key": `edit ${group.group_name}` }),
              this.confirming === group.group_name
                ? [
                    button("Really delete", () => void this.remove(group.group_name), { class: "danger", "aria-label": `Really delete ${group.group_name}`, "data-key": `delete ${group.group_name}` }),
                    button("Keep", () => this.confirm(null), { "data-key": `keep ${group.group_name}` }),
                  ]
                : button("Delete", () => this.confirm(group.group_name), { "aria-label": `Delete ${group.group_name}`, "data-key": `delete ${group.group_name}` }),
            ),
          ),
        ),
      ),
      damaged.length > 0 && h("p", { class: "message fault" }, `${plural(damaged.length, "group")} cannot be read and ${damaged.length === 1 ? "is" : "are"} left out.`),
    ];
  }

  private confirm(name: string | null): void {
    this.confirming = name;
    this.update(this.page);
  }

  /** The whole of a group, into the form. */
  private begin(name: string): Promise<void> {
    return this.alone(async () => this.edit(await this.page.client.read<KeptGroup>(at(name))));
  }

  private edit(group: KeptGroup | null): void {
    this.editing = group?.group_name ?? null;
    this.heading.textContent = group ? `Edit ${group.group_name}` : "New group";
    this.submit.textContent = group ? "Save changes" : "Create group";
    this.cancel.hidden = !group;
    this.name.input.value = group?.group_name ?? "";
    this.about.input.value = group?.description ?? "";
    this.tickers.input.value = group?.tickers.join(", ") ?? "";
    this.method.input.value = group?.weighting_method ?? "equal";
    this.weights.input.value = Object.entries(group?.weights ?? {}).map(([ticker, weight]) => `${ticker} ${weight}`).join("\n");
    this.method.input.dispatchEvent(new Event("change"));
    placeFaults(this.fields, []);
    replace(this.said);
    if (group) this.name.input.focus();
  }

  /** What the form says; null where it cannot be read. */
  private read(): Record<string, unknown> | null {
    const tickers = this.tickers.input.value.split(/[\s,;]+/).filter(Boolean);
    const isCustom = this.method.input.value === "custom";
    const { holdings, problems } = isCustom ? readHoldings(this.weights.input.value) : { holdings: [], problems: [] };
    const wrong = [
      ...(this.name.input.value.trim() ? [] : [{ field: "group_name", rule: "needs a name" }]),
      ...(tickers.length >= 2 ? [] : [{ field: "tickers", rule: "needs at least two tickers" }]),
      ...(problems[0] ? [{ field: "weights", rule: problems[0] }] : []),
    ];
    placeFaults(this.fields, wrong);
    if (wrong.length > 0) return null;
    return {
      [this.editing ? "new_name" : "group_name"]: this.name.input.value.trim(),
      description: this.about.input.value.trim(),
      tickers,
      weighting_method: this.method.input.value,
      ...(isCustom ? { weights: holdings.map(({ ticker, weight }) => ({ ticker, weight })) } : {}),
    };
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
      if (error.status === 404) this.page.queries.outdate(restsOnGroups);
    } finally {
      this.busy = false;
      this.submit.disabled = false;
    }
  }

  private save(): Promise<void> {
    return this.alone(async () => {
      const body = this.read();
      if (!body) return;
      replace(this.said, h("p", { class: "message busy" }, h("span", { class: "spinner", "aria-hidden": "true" }), "Checking the tickers’ prices…"));
      const renamed = this.editing !== null && this.editing === body.new_name;
      if (renamed) delete body.new_name;
      try {
        const saved = this.editing
          ? await this.page.client.write<WrittenGroup>(at(this.editing), { method: "PUT", body })
          : await this.page.client.write<WrittenGroup>(LIST.path, { method: "POST", body });
        const was = this.editing;
        this.edit(null);
        this.outcome(was ? `${saved.group_name} is changed.` : `${saved.group_name} is saved: it is the factor ${saved.proxy_identifier} from now on.`, saved);
        this.page.queries.outdate(restsOnGroups);
      } catch (error) {
        replace(this.said);
        throw error;
      }
    }, true);
  }

  private check(name: string): Promise<void> {
    return this.alone(async () => {
      const checked = await this.page.client.write<GroupCheck>(at(name, "/validate"), { method: "POST" });
      this.outcome(checked.is_valid ? `${name} is good.` : `${name} has faults.`, checked);
    });
  }

  private remove(name: string): Promise<void> {
    return this.alone(async () => {
      this.confirming = null;
      await this.page.client.write(at(name), { method: "DELETE" });
      if (this.editing === name) this.edit(null);
      replace(this.said, h("p", { class: "message" }, `${name} is deleted.`));
      this.page.queries.outdate(restsOnGroups);
    });
  }

  private outcome(words: string, answer: WrittenGroup | GroupCheck): void {
    const data = answer.validation_metadata;
    const issues = "issues" in answer ? (answer.issues ?? []) : [];
    const risk = answer.performance;
    replace(
      this.said,
      h("p", { class: "message" }, words),
      warnings({ warnings: [...issues, ...(answer.warnings ?? [])], note: "note" in answer ? (answer.note ?? null) : null }, false),
      (data?.tickers_excluded ?? []).length > 0 && h("ul", null, (data?.tickers_excluded ?? []).map((row) => h("li", null, h("b", null, row.ticker), ` left out: ${row.reason}`))),
      h(
        "dl",
        { class: "facts" },
        fact("Weights", Object.entries(data?.final_weights ?? {}).map(([ticker, weight]) => `${ticker} ${percent(weight)}`).join(", ") || NONE),
        fact("Months", String(data?.data_points ?? NONE)),
        fact("Return a year", percent(risk?.annual_return)),
        fact("Volatility a year", percent(risk?.volatility)),
        fact("Sharpe ratio", fixed(risk?.sharpe_ratio, 2)),
        fact("Largest drawdown", percent(risk?.max_drawdown)),
      ),
    );
    this.page.say(words);
  }
}

let made: Groups | null = null;

/** Another user has come: nothing of the one before stays. */
export function forgetGroups(): void {
  made = null;
}

export const groups: View = {
  title: "Groups",
  scope: { dates: false, categories: false, tickers: false },
  question: () => LIST,
  controls: () => null,
  render(page) {
    made ??= new Groups(page);
    made.update(page);
    return made.element;
  },
  takeaway(page) {
    const { data } = list(page);
    const rows = data?.factor_groups ?? [];
    if (!data || rows.length === 0) return null;
    return { name: "factor-groups", json: data, rows: [["group_name", "weighting_method", "tickers", "description"], ...rows.map((group) => [group.group_name, group.weighting_method, group.tickers.join(" "), group.description ?? ""])] };
  },
};
