// Answers that the page holds: how fresh they are, and that of each kind one is asked for at a time.

import { Problem } from "./http";

/** For so long an answer is not asked for again by itself. */
export const FRESH_MS = 5 * 60 * 1000;

export type Status = "loading" | "ready" | "failed";

export interface Entry<T> {
  readonly status: Status;
  /** The last answer, also while another is on its way or after one has failed. */
  readonly data?: T;
  readonly problem?: Problem;
  /** True while an older answer is shown and a newer is on its way. */
  readonly refetching: boolean;
}

interface Kept {
  kind: string;
  data?: unknown;
  problem?: Problem;
  at: number;
  running?: AbortController | undefined;
  run: (signal: AbortSignal) => Promise<unknown>;
}

export class Queries {
  private readonly kept = new Map<string, Kept>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly now: () => number = Date.now) {}

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  /**
   * The answer to a question of a kind: the one that is there, and a new one on its way where there is none or it is old. A question of a
   * kind that is being asked with other arguments gives way to this one.
   */
  get<T>(kind: string, key: unknown, run: (signal: AbortSignal) => Promise<T>): Entry<T> {
    const name = `${kind} ${JSON.stringify(key)}`;
    let kept = this.kept.get(name);
    if (!kept) {
      kept = { kind, at: Number.NEGATIVE_INFINITY, run };
      this.kept.set(name, kept);
    }
    kept.run = run;
    const stale = this.now() - kept.at >= FRESH_MS;
    // What has failed waits for somebody to say again, for as long as an answer is fresh.
    if (!kept.running && stale) this.start(kept);
    return this.entry<T>(kept);
  }

  /** Whether anything is on its way. */
  get isAsking(): boolean {
    return [...this.kept.values()].some((kept) => kept.running !== undefined);
  }

  /** What is there, without asking for anything. */
  peek(kind: string, key: unknown): (Entry<unknown> & { at: number }) | null {
    const kept = this.kept.get(`${kind} ${JSON.stringify(key)}`);
    return kept ? { ...this.entry(kept), at: kept.at } : null;
  }

  /** Asks again for what is shown of a kind, whatever its age; nothing where it is being asked for. */
  refetch(kind: string, key: unknown): void {
    const kept = this.kept.get(`${kind} ${JSON.stringify(key)}`);
    if (!kept || kept.running) return;
    this.start(kept);
    this.changed();
  }

  /** Answers of these kinds may be others now: they are asked for when they are next shown. */
  outdate(isOf: (kind: string) => boolean): void {
    for (const kept of this.kept.values()) if (isOf(kept.kind)) kept.at = Number.NEGATIVE_INFINITY;
    this.changed();
  }

  /** Forgets everything: another user has come. */
  clear(): void {
    for (const kept of this.kept.values()) kept.running?.abort();
    this.kept.clear();
    this.changed();
  }

  private entry<T>(kept: Kept): Entry<T> {
    const has = kept.data !== undefined;
    const status: Status = kept.problem && !kept.running ? "failed" : has ? "ready" : "loading";
    return {
      status,
      ...(has ? { data: kept.data as T } : {}),
      ...(kept.problem && !kept.running ? { problem: kept.problem } : {}),
      refetching: has && kept.running !== undefined,
    };
  }

  private start(kept: Kept): void {
    for (const other of this.kept.values()) if (other.kind === kept.kind && other !== kept) other.running?.abort();
    const running = new AbortController();
    kept.running = running;
    const ended = (put: () => void) => {
      if (kept.running !== running) return;
      kept.running = undefined;
      put();
      this.changed();
    };
    kept.run(running.signal).then(
      (data) =>
        ended(() => {
          kept.data = data;
          delete kept.problem;
          kept.at = this.now();
        }),
      (error: unknown) =>
        ended(() => {
          if (running.signal.aborted) return;
          kept.problem = error instanceof Problem ? error : new Problem(-1, "page", "The page could not read the answer.");
          kept.at = this.now();
          if (!(error instanceof Problem)) console.error(error);
        }),
    );
  }
}
