// What the server tells of changes: groups, portfolios, the universe. A stream with our key in its head, which EventSource cannot send.

import { type Client, problemOf } from "./http";

export type Changed = "groups" | "portfolios" | "universe";
type State = Record<Changed, string>;

const PARTS: readonly Changed[] = ["groups", "portfolios", "universe"];
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/** The parts that differ. */
export function differing(before: State | null, after: State): Changed[] {
  return before ? PARTS.filter((part) => before[part] !== after[part]) : [];
}

/** Takes events out of text as it comes: what is whole, and what is left. */
export function takeEvents(text: string): { data: string[]; rest: string } {
  const blocks = text.split(/\r?\n\r?\n/);
  const rest = blocks.pop() ?? "";
  const data = blocks.map((block) =>
    block
      .split(/\r?\n/)
      .filter((line) => line.startsWith("data:"))
      .map((line) => line.slice(5).trimStart())
      .join("\n"),
  );
  return { data: data.filter(Boolean), rest };
}

export class Events {
  private state: State | null = null;
  private stopped = new AbortController();

  constructor(
    private readonly client: Client,
    private readonly onChange: (changed: Changed[]) => void,
    /** Hears the first word of each stream: from then on no change is missed. */
    private readonly onHeard: () => void = () => {},
  ) {}

  private wanted = false;

  /** Listens, and again where the stream breaks off; what changed meanwhile shows in the first event. */
  start(): void {
    this.state = null;
    this.wanted = true;
    this.resume();
  }

  stop(): void {
    this.wanted = false;
    this.pause();
  }

  /** A browser has six connections to a server: a page that nobody looks at leaves its own to others. */
  pause(): void {
    this.stopped.abort();
  }

  resume(): void {
    if (!this.wanted) return;
    this.stopped.abort();
    this.stopped = new AbortController();
    void this.listen(this.stopped.signal);
  }

  private async listen(signal: AbortSignal): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        const response = await this.client.open("api/events", { signal, headers: { Accept: "text/event-stream" } });
        if (response.ok && response.body) {
          for await (const text of chunks(response.body)) {
            pause = FIRST_PAUSE_MS;
            this.hear(text);
          }
        } else {
          const problem = await problemOf(response, Date.now());
          // Nobody is let in, or there is no such stream: asking again helps nobody.
          if ([401, 403, 404].includes(response.status)) return;
          pause = Math.max(pause, (problem.retryAt ?? 0) - Date.now());
        }
      } catch (error) {
        if (signal.aborted) return;
        console.debug("events:", error);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  private hear(data: string): void {
    const state = JSON.parse(data) as State;
    const changed = differing(this.state, state);
    this.state = state;
    this.onHeard();
    if (changed.length > 0) this.onChange(changed);
  }
}

async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const { data, rest } = takeEvents(waiting + value);
    waiting = rest;
    yield* data;
  }
}
