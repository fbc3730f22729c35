// Elements. What is shown is text nodes and attributes: nothing that comes from data is ever read as markup.

export type Child = Node | string | number | null | undefined | false | readonly Child[];
// `style` and everything that takes markup is left out on purpose.
type Value = string | number | boolean | null | undefined;
export type Props = { [name: string]: Value | ((event: never) => void) };

const SVG = "http://www.w3.org/2000/svg";
const FORBIDDEN = /^(style|srcdoc|innerhtml|outerhtml)$/i;

/** An element with attributes, listeners (`onclick`) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props?: Props | null, ...children: Child[]): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), props, children);
}

/** The same of a drawing. */
export function s<K extends keyof SVGElementTagNameMap>(tag: K, props?: Props | null, ...children: Child[]): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag) as SVGElementTagNameMap[K], props, children);
}

function fill<E extends Element>(element: E, props: Props | null | undefined, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (FORBIDDEN.test(name)) throw new Error(`${name} is not set here`);
    if (typeof value === "function") element.addEventListener(name.slice(2), value as unknown as EventListener);
    else if (name === "value" && "value" in element) (element as unknown as { value: string }).value = String(value);
    else if (name === "checked") (element as unknown as { checked: boolean }).checked = true;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  // A choice is set once its options are there.
  if (element instanceof HTMLSelectElement && props?.value !== undefined && props.value !== null) element.value = String(props.value);
  return element;
}

function append(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(parent, child as readonly Child[]);
    else parent.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Puts children in the place of those that are there. What had the focus has it again, found by `data-key` or id; what was scrolled stays
 * so, and what somebody has opened stays open.
 */
export function replace(parent: Element, ...children: Child[]): void {
  const focused = document.activeElement;
  const inside = focused && parent.contains(focused) ? focused : null;
  const key = inside?.getAttribute("data-key") ?? null;
  const id = inside?.id ?? "";
  const scrolled = [...parent.querySelectorAll<HTMLElement>("[data-scroll]")].map((box) => [box.dataset.scroll, box.scrollLeft, box.scrollTop] as const);
  const opened = new Set([...parent.querySelectorAll("details[open] > summary")].map(nameOf));
  parent.replaceChildren();
  append(parent, children);
  for (const summary of parent.querySelectorAll("details > summary")) if (opened.has(nameOf(summary))) (summary.parentElement as HTMLDetailsElement).open = true;
  for (const [name, left, top] of scrolled) {
    const box = [...parent.querySelectorAll<HTMLElement>("[data-scroll]")].find((box) => box.dataset.scroll === name);
    box?.scrollTo(left, top);
  }
  if (!inside) return;
  const again = key
    ? [...parent.querySelectorAll<HTMLElement>("[data-key]")].find((element) => element.dataset.key === key)
    : id
      ? document.getElementById(id)
      : null;
  again?.focus({ preventScroll: true });
}

/** What a summary is told from others by. */
const nameOf = (summary: Element): string => (summary as HTMLElement).dataset.key ?? summary.textContent ?? "";

const NUMBER = /^[−–<]?\s*[\d.]*%?( to | \/ | → |$)/;

// Names such as that of a group have no place to be broken at; words have.
const LONG = /[^\s]{15}/;
const wraps = (cell: Child): string | undefined => (typeof cell === "string" && LONG.test(cell) ? "long" : undefined);

/** A table of text, its first column being what each row is called; columns of numbers stand to the right. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  const numeric = head.map((_, at) => at > 0 && rows.length > 0 && rows.every((row) => typeof row[at] === "string" && NUMBER.test(row[at] as string)));
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption, "data-scroll": caption },
    h(
      "table",
      { class: "figures" },
      h("caption", { class: "unseen" }, caption),
      h("thead", null, h("tr", null, head.map((name, at) => h("th", { scope: "col", class: numeric[at] ? "number" : undefined }, name)))),
      h("tbody", null, rows.map((row) => h("tr", null, row.map((cell, at) => (at === 0 ? h("th", { scope: "row", class: wraps(cell) }, cell) : h("td", { class: numeric[at] ? "number" : wraps(cell) }, cell)))))),
    ),
  );
}
