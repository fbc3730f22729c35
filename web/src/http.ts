// Requests to the server: who asks, how often it is tried again, and what a failure says.

export interface FieldProblem {
  readonly field: string;
  readonly got?: string;
  readonly rule: string;
  readonly hint?: string;
}

/** What went wrong, in words for people. */
export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: readonly FieldProblem[] = [],
    /** When it may be asked again, in milliseconds of the clock; null where the server has not said. */
    readonly retryAt: number | null = null,
  ) {
    super(message);
  }

  /** A fault of the server or of the way to it: the same request may succeed. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status >= 500;
  }

  get needsLogin(): boolean {
    return this.status === 401;
  }
}

export interface Asked {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

const MOST_RETRIES = 2;
const PAUSE_MS = 600;
const SIGNED_OUT = "signed_out";

export class Client {
  /** A key or token. In memory and nowhere else: it is gone with the page. */
  #credential: string | null = null;
  /** Hears that somebody has to sign in. */
  onRefused: (problem: Problem) => void = () => {};

  constructor(
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
    private readonly pause: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    private readonly now: () => number = Date.now,
  ) {}

  get isSignedIn(): boolean {
    return this.#credential !== null;
  }

  signIn(credential: string): void {
    this.#credential = credential;
  }

  signOut(): void {
    this.#credential = null;
  }

  /**
   * Asks for an answer that changes nothing. A fault of the server is tried again twice at most; a mistake of ours, and a quota that is
   * used up, never.
   */
  async read<T>(path: string, asked: Asked = {}): Promise<T> {
    const credential = this.#credential;
    for (let tries = 0; ; tries++) {
      try {
        return await this.once<T>(path, asked, credential);
      } catch (error) {
        const again = error instanceof Problem && error.isTemporary && credential === this.#credential && tries < MOST_RETRIES && !asked.signal?.aborted;
        if (!again) throw error;
        await this.pause(PAUSE_MS * (tries + 1));
      }
    }
  }

  /** Asks for a change, once: whether it was made is not known when it fails on the way. */
  write<T>(path: string, asked: Asked): Promise<T> {
    return this.once<T>(path, asked, this.#credential);
  }

  /** A response as it comes, for streams. */
  async open(path: string, { method = "GET", body, signal, headers = {} }: Asked): Promise<Response> {
    const sent: Record<string, string> = { ...headers };
    if (body !== undefined) sent["Content-Type"] = "application/json";
    if (this.#credential) sent.Authorization = `Bearer ${this.#credential}`;
    try {
      return await this.fetcher(path, {
        method,
        headers: sent,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Problem(0, "network", "The server cannot be reached: is it running, and is this computer connected?");
    }
  }

  private async once<T>(path: string, asked: Asked, credential: string | null): Promise<T> {
    const response = await this.open(path, asked);
    const answer = response.ok ? ((await response.json()) as T) : await problemOf(response, this.now());
    // What was asked for one user is told to no other, who may be at the page by now.
    if (credential !== this.#credential) throw new Problem(0, SIGNED_OUT, "Whoever asked for this has signed out.");
    if (!(answer instanceof Problem)) return answer;
    if (answer.needsLogin) this.onRefused(answer);
    throw answer;
  }
}

/** What a response that is no success says. */
export async function problemOf(response: Response, now: number): Promise<Problem> {
  let said: Record<string, unknown> = {};
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null) said = body as Record<string, unknown>;
  } catch {
    // Something in front of the server answered in its own way.
  }
  const text = (name: string): string | null => (typeof said[name] === "string" ? (said[name] as string) : null);
  const message = text("detail") ?? text("message") ?? `The server answered ${response.status}${response.statusText ? ` ${response.statusText}` : ""}.`;
  const fields = Array.isArray(said.problems) ? (said.problems as FieldProblem[]).filter((problem) => typeof problem?.field === "string") : [];
  return new Problem(response.status, text("code") ?? text("error") ?? "unknown", message, fields, retryAt(response.headers.get("Retry-After"), now));
}

function retryAt(header: string | null, now: number): number | null {
  if (!header) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return now + Math.max(0, seconds) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : date;
}
