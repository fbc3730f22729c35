// What the app can draw: whose answer one is, what a drawing of it needs, and whether all of it is there.

import { matricesOf } from "../matrix";
import { sectionsOf } from "../views/stress";

export const TOOLS = ["get_factor_analysis", "get_factor_recommendations", "get_portfolio_exposures", "compare_factors", "analyze_factor_model", "stress_test"] as const;
export type Tool = (typeof TOOLS)[number];
export type Answer = Record<string, unknown>;

/** Something to be drawn: which tool, with what, and what it answered. */
export interface Scene {
  readonly tool: Tool;
  readonly args: Answer;
  readonly answer: Answer;
}

export const isAnswer = (value: unknown): value is Answer => typeof value === "object" && value !== null && !Array.isArray(value);

/** The sections that a drawing of an answer is made of. */
function sections({ tool, args, answer }: Scene): string[] {
  switch (tool) {
    case "get_factor_recommendations":
      return ["recommendations"];
    case "get_portfolio_exposures":
      return ["by_industry"];
    case "compare_factors":
      return ["pairs"];
    case "analyze_factor_model":
      return ["fits"];
    case "stress_test":
      return sectionsOf(args);
    case "get_factor_analysis":
      return answer.analysis_type === "returns" ? ["rankings"] : answer.analysis_type === "performance" ? ["per_factor"] : ["matrices", "overlays"];
  }
}

export interface Needs {
  /** What to ask for. */
  readonly include: string[];
  /** Whether there is something to draw. */
  readonly isThere: boolean;
  /** Whether nothing is missing: a summary is not whole, and neither is what was cut. */
  readonly isWhole: boolean;
}

/** The sections that a drawing needs, and whether an answer has them. */
export function needs(scene: Scene): Needs {
  const { tool, answer } = scene;
  const named = sections(scene);
  const has = (name: string) => answer[name] !== undefined && answer[name] !== null;
  const rows = (name: string) => (Array.isArray(answer[name]) ? answer[name].filter(isAnswer) : []);
  const isMarked = has("analysis_metadata") && !has("truncated");
  const include = [...named, "metadata"];
  if (tool === "analyze_factor_model") {
    const fits = rows("fits");
    return { include, isThere: fits.length > 0, isWhole: isMarked && fits.length > 0 && fits.every((fit) => fit.factors !== undefined) };
  }
  if (tool === "stress_test") {
    const isThere = rows("scenarios").length > 0 || has("shock") || has("reverse");
    const parts = [...rows("scenarios"), answer.shock, answer.reverse].filter(isAnswer);
    // A summary has the best hedge in short, and nothing of the holdings in a scenario.
    return { include, isThere, isWhole: isMarked && isThere && named.every(has) && parts.every((part) => part.best_hedge === undefined && (part.holdings ?? part.moves) !== undefined) };
  }
  const isThere = (tool === "get_factor_analysis" && named[0] === "matrices" ? matricesOf(answer).size > 0 : named.every(has)) && has("analysis_metadata");
  return { include, isThere, isWhole: isThere };
}

const SAYS: readonly (readonly [Tool, readonly string[]])[] = [
  ["get_factor_recommendations", ["overexposed_factor"]],
  ["get_factor_analysis", ["analysis_type"]],
  ["stress_test", ["scenarios", "shock", "shocks", "reverse", "reverse_loss"]],
  ["compare_factors", ["pairs", "side_by_side"]],
  ["analyze_factor_model", ["fits", "rolling", "attribution", "style", "model"]],
];

/** Which tool an answer is of, where the host has not said: by what is in it, or else by what was asked for. */
export function toolOf(answer: Answer, args: Answer): Tool {
  for (const said of [answer, args]) {
    const found = SAYS.find(([, names]) => names.some((name) => said[name] !== undefined));
    if (found) return found[0];
  }
  return "get_portfolio_exposures";
}

/** Why there is nothing to draw, where the answer says so. */
export function reasons(answer: Answer): string[] {
  const inWords = (value: unknown) => (isAnswer(value) ? Object.entries(value).map(([name, why]) => `${name}: ${String(why)}`) : []);
  return [...inWords(answer.not_computed), ...inWords(answer.not_fitted), ...(typeof answer.note === "string" ? [answer.note] : [])];
}
