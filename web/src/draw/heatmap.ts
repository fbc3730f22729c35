// The heat map: a table whose cells take the keyboard one by one, and the same as a drawing to take away.

import { type Palette, diverging, legend } from "../colour";
import { h, s } from "../dom";
import { asksForOffsets, fixed, interval } from "../format";
import { type CellStatistics, type Matrix, isDoubtful, pairStatistics } from "../matrix";

export interface HeatMap {
  readonly caption: string;
  readonly matrix: Matrix;
  readonly statistics: CellStatistics | null;
  readonly palette: Palette;
  readonly label: (name: string) => string;
  /** Groups of like factors, each outlined. */
  readonly blocks?: readonly (readonly string[])[];
  /** Called for a cell over 0.3; without it no cell does anything. */
  readonly onAsk?: (row: string, column: string) => void;
  /** Called for the cell that is looked at. */
  readonly onLook?: (row: string, column: string, words: string) => void;
}

/** What is said of a cell. */
export function wordsOf(map: Pick<HeatMap, "statistics" | "label">, row: string, column: string, value: number | null): string {
  const known = pairStatistics(map.statistics, row, column);
  const parts = [`${named(map, row)} and ${named(map, column)}: ${value === null ? "not known" : fixed(value, 3)}`];
  if (known.n !== null) parts.push(`n ${known.n}`);
  if (known.low !== null) parts.push(`95% interval ${interval([known.low, known.high])}`);
  return parts.join(", ");
}

function named(map: Pick<HeatMap, "label">, name: string): string {
  const label = map.label(name);
  return label && label !== name ? `${name} (${label})` : name;
}

/** The sides of a block that a cell lies on, as shadows inside it; nothing where it lies in none. */
function outline(map: HeatMap, row: number, column: number): string {
  const { rows, columns } = map.matrix;
  const of = (name: string | undefined) => map.blocks?.findIndex((block) => name !== undefined && block.includes(name)) ?? -1;
  const block = of(rows[row]);
  if (block < 0 || of(columns[column]) !== block) return "";
  const ends = [[rows[row - 1], "0 2px"], [rows[row + 1], "0 -2px"], [columns[column - 1], "2px 0"], [columns[column + 1], "-2px 0"]] as const;
  return ends.filter(([beside]) => of(beside) !== block).map(([, side]) => `inset ${side} 0 ${map.palette.text}`).join(", ");
}

/** The table. Arrows, Home, End and their likes go from cell to cell; Enter and a click ask. */
export function heatMap(map: HeatMap): HTMLElement {
  const { matrix, palette, onAsk } = map;
  const cells: HTMLTableCellElement[][] = [];
  const body = matrix.rows.map((row, r) => {
    const line = matrix.columns.map((column, c) => {
      const value = matrix.values[r]?.[c] ?? null;
      const own = row === column;
      const asks = !own && onAsk !== undefined && asksForOffsets(value);
      const words = own ? `${named(map, row)} with itself` : wordsOf(map, row, column, value);
      const shown = value === null ? "–" : fixed(value, 2);
      // What is read out begins with what is seen.
      const said = `${shown}, ${words}`;
      const cell = h(
        "td",
        {
          class: `cell${own ? " own" : ""}${asks ? " asks" : ""}${!own && isDoubtful(pairStatistics(map.statistics, row, column)) ? " doubtful" : ""}`,
          tabindex: r === 0 && c === 0 ? 0 : -1,
          "data-key": `cell ${row} ${column}`,
          "data-row": row,
          "data-column": column,
          "aria-label": asks ? `${said}. Enter asks for offsets of ${row}.` : said,
          title: words,
        },
        shown,
      );
      cell.style.boxShadow = outline(map, r, c);
      if (!own && value !== null) {
        const { fill, ink } = diverging(value, palette);
        cell.style.backgroundColor = fill;
        cell.style.color = ink;
      }
      return cell;
    });
    cells.push(line);
    return h("tr", null, h("th", { scope: "row", title: map.label(row) }, row), line);
  });
  const at = (target: EventTarget | null): [number, number] | null => {
    const cell = target instanceof Element ? target.closest("td.cell") : null;
    const r = cells.findIndex((line) => line.includes(cell as HTMLTableCellElement));
    return r < 0 ? null : [r, (cells[r] as Element[]).indexOf(cell as Element)];
  };
  const ask = (place: [number, number] | null) => {
    const [row, column] = [matrix.rows[place?.[0] ?? -1], matrix.columns[place?.[1] ?? -1]];
    const value = place ? (matrix.values[place[0]]?.[place[1]] ?? null) : null;
    if (row && column && row !== column && asksForOffsets(value)) onAsk?.(row, column);
  };
  const look = (place: [number, number] | null) => {
    const [row, column] = [matrix.rows[place?.[0] ?? -1], matrix.columns[place?.[1] ?? -1]];
    if (!place || !row || !column) return;
    if (row !== column) map.onLook?.(row, column, wordsOf(map, row, column, matrix.values[place[0]]?.[place[1]] ?? null));
  };
  const go = (from: [number, number], row: number, column: number) => {
    const [r, c] = [Math.max(0, Math.min(cells.length - 1, row)), Math.max(0, Math.min(matrix.columns.length - 1, column))];
    (cells[from[0]]?.[from[1]] as HTMLElement).tabIndex = -1;
    const cell = cells[r]?.[c] as HTMLElement;
    cell.tabIndex = 0;
    cell.focus();
  };
  const grid = h(
    "table",
    {
      class: "heat",
      role: "grid",
      "aria-label": map.caption,
      onclick: (event: MouseEvent) => ask(at(event.target)),
      onmouseover: (event: MouseEvent) => look(at(event.target)),
      onfocusin: (event: FocusEvent) => {
        const place = at(event.target);
        if (!place) return;
        for (const line of cells) for (const cell of line) if (cell.tabIndex === 0) cell.tabIndex = -1;
        (cells[place[0]]?.[place[1]] as HTMLElement).tabIndex = 0;
        look(place);
      },
      onkeydown: (event: KeyboardEvent) => {
        const place = at(event.target);
        if (!place) return;
        const [r, c] = place;
        const last = matrix.columns.length - 1;
        const moves: Record<string, [number, number]> = {
          ArrowRight: [r, c + 1],
          ArrowLeft: [r, c - 1],
          ArrowDown: [r + 1, c],
          ArrowUp: [r - 1, c],
          Home: [event.ctrlKey ? 0 : r, 0],
          End: [event.ctrlKey ? cells.length - 1 : r, last],
          PageDown: [cells.length - 1, c],
          PageUp: [0, c],
        };
        const move = moves[event.key];
        if (move) go(place, ...move);
        else if (event.key === "Enter" || event.key === " ") ask(place);
        else return;
        event.preventDefault();
      },
    },
    h(
      "thead",
      null,
      h("tr", null, h("td", { class: "corner" }), matrix.columns.map((name) => h("th", { scope: "col", title: map.label(name) }, h("span", null, name)))),
    ),
    h("tbody", null, body),
  );
  return h("div", { class: "scroll heat-box", "data-scroll": "heat" }, grid);
}

/** The scale, with what hatching means. */
export function heatLegend(palette: Palette, hatched: boolean): HTMLElement {
  return h(
    "p",
    { class: "legend" },
    legend(palette).map(({ value, fill }) => {
      const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
      swatch.style.backgroundColor = fill;
      return h("span", null, swatch, fixed(value, 1));
    }),
    hatched && h("span", null, h("span", { class: "swatch doubtful", "aria-hidden": "true" }), "interval over 0, or n under 24"),
  );
}

/** The same as a drawing that stands by itself. */
export function heatMapDrawing(map: HeatMap, notes: readonly string[]): SVGSVGElement {
  const { matrix, palette } = map;
  const [cell, side, top] = [44, 120, 120];
  const width = side + matrix.columns.length * cell + 16;
  const height = top + matrix.rows.length * cell + 24 + notes.length * 16;
  const font = "system-ui, sans-serif";
  const text = (x: number, y: number, words: string, more: Record<string, string | number> = {}) =>
    s("text", { x, y, fill: palette.text, "font-family": font, "font-size": 12, ...more }, words);
  return s(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": map.caption },
    s("rect", { width, height, fill: palette.surface }),
    text(12, 22, map.caption, { "font-size": 15, "font-weight": 600 }),
    matrix.columns.map((name, c) => {
      const x = side + c * cell + cell / 2;
      return text(x, top - 8, name.slice(0, 14), { "font-size": 11, transform: `rotate(-45 ${x} ${top - 8})` });
    }),
    matrix.rows.map((row, r) => [
      text(side - 8, top + r * cell + cell / 2 + 4, row.slice(0, 16), { "text-anchor": "end", "font-size": 11 }),
      matrix.columns.map((column, c) => {
        const value = matrix.values[r]?.[c] ?? null;
        const own = row === column;
        const { fill, ink } = own || value === null ? { fill: palette.empty, ink: palette.text } : diverging(value, palette);
        return [
          s("rect", { x: side + c * cell, y: top + r * cell, width: cell - 1, height: cell - 1, fill }),
          s(
            "text",
            { x: side + c * cell + cell / 2, y: top + r * cell + cell / 2 + 4, "text-anchor": "middle", fill: ink, "font-family": font, "font-size": 12 },
            value === null ? "–" : fixed(value, 2),
          ),
        ];
      }),
    ]),
    notes.map((note, at) => text(12, top + matrix.rows.length * cell + 22 + at * 16, note, { fill: palette.muted, "font-size": 11 })),
  );
}
