// Pieces that every view has: its states, the quality of its data, its forms.

import { type Child, h } from "../dom";
import { NONE, fixed, plural, words } from "../format";
import { type FieldProblem, Problem } from "../http";
import type { Page, Question } from "../page";
import type { Entry } from "../queries";
import type { DataQuality, Metadata } from "../answers";

export function panel(title: string, ...children: Child[]): HTMLElement {
  return h("section", { class: "panel" }, h("h2", null, title), children);
}

/** A part that may fail by itself: the others stay. */
export function guarded(what: string, draw: () => Child): Child {
  try {
    return draw();
  } catch (error) {
    console.error(error);
    return h("div", { class: "message fault", role: "alert" }, `${what} cannot be shown. The rest of the page is not concerned.`);
  }
}

export function button(words: string, onclick: () => void, props: Record<string, string | number | boolean | undefined> = {}): HTMLButtonElement {
  return h("button", { type: "button", onclick, ...props }, words);
}

/** A question's answer as it stands: on its way, older than asked for, failed, or nothing in it. */
export function stated<T>(page: Page, question: Question, entry: Entry<T>, draw: (data: T) => Child, isEmpty: (data: T) => boolean = () => false): Child {
  const again = () => page.queries.refetch(question.kind, question.body);
  if (entry.data === undefined) {
    if (entry.problem) return fault(entry.problem, again);
    return h("div", { class: "message busy", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), "Computing…");
  }
  const data = entry.data;
  return [
    entry.problem && fault(entry.problem, again, "What is shown is older."),
    isEmpty(data)
      ? h("div", { class: "message", role: "status" }, "No data: nothing was found for these dates, categories and tickers.")
      : h(
          "div",
          { class: entry.refetching ? "older" : "", "aria-busy": entry.refetching ? "true" : "false" },
          entry.refetching && h("p", { class: "mark", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), "Updating; what is shown is the last answer."),
          guarded("This answer", () => draw(data)),
        ),
  ];
}

/** What went wrong, and the way out: try again, but not before the server wants to be asked. */
export function fault(problem: Problem, again: (() => void) | null, more = ""): HTMLElement {
  const retry = again && button("Retry", again, { "data-key": "retry" });
  const wait = h("span", { class: "wait" });
  const until = problem.retryAt;
  if (until !== null) {
    const count = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      wait.textContent = left > 0 ? ` The server asks to wait ${waiting(left)}.` : "";
      if (retry) retry.disabled = left > 0;
      if (left <= 0) clearInterval(timer);
    };
    const timer = setInterval(() => (wait.isConnected ? count() : clearInterval(timer)), 1000);
    count();
  }
  return h(
    "div",
    { class: "message fault", role: "alert" },
    h("p", null, problem.message, " ", more, wait),
    problem.fields.length > 1 && h("ul", null, problem.fields.map((field) => h("li", null, h("b", null, field.field), ` ${field.rule}`, field.hint ? ` (${field.hint})` : ""))),
    retry && h("p", null, retry),
  );
}

function waiting(seconds: number): string {
  if (seconds < 120) return plural(seconds, "second");
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? plural(minutes, "minute") : plural(Math.ceil(minutes / 60), "hour");
}

/** What an answer says of its data. */
export function quality(data: DataQuality | null | undefined): Child {
  if (!data) return null;
  const score = data.quality_score ?? "poor";
  const excluded = data.excluded_factor_list ?? [];
  return h(
    "section",
    { class: `panel quality ${score}` },
    h("h2", null, "Analysis quality ", badge(score)),
    h(
      "dl",
      { class: "facts" },
      fact("Analysed", String(data.factors_analyzed ?? NONE)),
      fact("Coverage", data.data_coverage_pct === undefined || data.data_coverage_pct === null ? NONE : `${fixed(data.data_coverage_pct, 1)}%`),
      fact("Excluded", String(data.factors_excluded ?? NONE)),
      fact("Score", words(score)),
    ),
    excluded.length > 0 &&
      h(
        "details",
        null,
        h("summary", null, `${plural(excluded.length, "factor")} excluded, and why`),
        h("ul", null, excluded.map((factor) => h("li", null, h("b", null, factor.ticker), factor.label ? ` ${factor.label}` : "", `: ${factor.detail ?? words(factor.reason)}`))),
      ),
  );
}

export function badge(score: string): HTMLElement {
  return h("span", { class: `badge ${score}` }, words(score));
}

export function fact(name: string, value: Child): Child {
  return h("div", null, h("dt", null, name), h("dd", null, value));
}

/** Warnings stand before everything: they are what would change a decision. */
export function warnings(answer: { warnings?: readonly string[] | null; note?: string | null }, isSimulated: boolean): Child {
  const said = [...(answer.warnings ?? []), ...(answer.note ? [answer.note] : [])];
  return [
    isSimulated && h("p", { class: "simulated", role: "note" }, h("strong", null, "SIMULATED"), " These prices are made up; no market had them."),
    said.length > 0 &&
      h(
        "details",
        { class: "warnings", ...(said.length <= 3 ? { open: true } : {}) },
        h("summary", null, plural(said.length, "warning")),
        h("ul", null, said.map((warning) => h("li", null, warning))),
      ),
  ];
}

/** What an answer says of itself; only that of an analysis has a schema, and the others are the same. */
export type Said = Metadata | { [name: string]: unknown } | null | undefined;
const read = (metadata: Said): Metadata | undefined => (metadata ?? undefined) as Metadata | undefined;

export function isSimulated(metadata: Said): boolean {
  return (read(metadata)?.price_source as { simulated?: boolean } | undefined)?.simulated === true;
}

/** What every answer says of where it comes from; a summary has no metadata. */
interface Sourced {
  readonly analysis_metadata?: Said;
  readonly warnings?: readonly string[] | null;
  readonly period?: { readonly from: string; readonly to: string | null; readonly frequency: string } | null;
  readonly as_of?: string | null;
}

/** Whether an answer's prices are made up. A summary says so in a warning alone, and one that was cut may have lost it in its metadata. */
export const saysSimulated = (answer: Sourced): boolean => isSimulated(answer.analysis_metadata) || (answer.warnings ?? []).some((warning) => warning.startsWith("prices are simulated"));

/** What stands below a drawing: where its answer comes from, by its metadata or, in a summary, by its period. */
export function sources(answer: Sourced): string[] {
  const { period, as_of } = answer;
  const said = provenance(answer.analysis_metadata ?? { start_date: period?.from, end_date: period?.to, frequency: period?.frequency, as_of });
  return [said, saysSimulated(answer) ? "SIMULATED prices: no market had them." : ""].filter(Boolean);
}

/** Dates, rows and source in a line. */
export function provenance(said: Said): string {
  const metadata = read(said);
  if (!metadata) return "";
  const source = metadata.price_source as { name?: string; simulated?: boolean } | undefined;
  const parts = [
    metadata.start_date && metadata.end_date ? `${metadata.start_date} to ${metadata.end_date}` : "",
    metadata.frequency ? String(metadata.frequency) : "",
    source?.name ? `prices: ${source.name}${source.simulated ? " (SIMULATED)" : ""}` : "",
    metadata.as_of ? `as of ${metadata.as_of}` : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

export const labelOf =
  (metadata: Said) =>
  (name: string): string =>
    (read(metadata)?.labels as { [name: string]: { label?: string | null } } | undefined)?.[name]?.label ?? name;

// ---------------------------------------------------------------------------------------------------------------------- forms

let fields = 0;

export interface Field {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
  /** Says what is wrong with it; nothing takes it back. */
  fault(words: string): void;
}

/** A named input with room for what is wrong with it. */
export function field(label: string, input: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement, hint = ""): Field {
  const id = `field-${++fields}`;
  const wrong = h("span", { class: "wrong", id: `${id}-wrong`, role: "alert" });
  const help = hint ? h("span", { class: "hint", id: `${id}-hint` }, hint) : null;
  input.id = id;
  input.setAttribute("aria-describedby", `${id}-wrong${help ? ` ${id}-hint` : ""}`);
  return {
    element: h("div", { class: "field" }, h("label", { for: id }, label), input, help, wrong),
    input,
    fault(words) {
      wrong.textContent = words;
      if (words) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    },
  };
}

/** Puts what the server says next to the inputs that it means; gives what belongs to none. */
export function placeFaults(inputs: Readonly<Record<string, Field>>, problems: readonly FieldProblem[]): FieldProblem[] {
  for (const input of Object.values(inputs)) input.fault("");
  const homeless: FieldProblem[] = [];
  for (const problem of problems) {
    const name = problem.field.split(/[.[]/)[0] ?? "";
    const input = inputs[name];
    if (input) input.fault(`${problem.got ? `${problem.got} ` : ""}${problem.rule}${problem.hint ? ` (${problem.hint})` : ""}`);
    else homeless.push(problem);
  }
  Object.values(inputs)
    .find((input) => input.input.hasAttribute("aria-invalid"))
    ?.input.focus();
  return homeless;
}

/** A choice in the controls. */
export function choice(label: string, name: string, value: string, options: readonly (readonly [string, string])[], choose: (value: string) => void): HTMLElement {
  const select = h(
    "select",
    { "data-key": `choice ${name}`, onchange: (event: Event) => choose((event.target as HTMLSelectElement).value), value },
    options.map(([value, words]) => h("option", { value }, words)),
  );
  return field(label, select).element;
}

/** A text in the controls, taken when it is left or Enter is pressed. */
export function entry(label: string, name: string, value: string, take: (value: string) => void, props: Record<string, string> = {}): HTMLElement {
  const input = h("input", { type: "text", "data-key": `entry ${name}`, autocomplete: "off", spellcheck: "false", ...props, value });
  input.addEventListener("change", () => take(input.value.trim()));
  return field(label, input).element;
}
