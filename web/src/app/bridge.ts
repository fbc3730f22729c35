// How an MCP App speaks with its host (SEP-1865): JSON-RPC over postMessage, written by hand. Nobody but the frame around us is heard.

const PROTOCOL = "2026-01-26";

export interface ToolResult {
  readonly content?: readonly { type: string; text?: string }[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
}

export interface HostContext {
  readonly theme?: "light" | "dark";
  readonly containerDimensions?: { readonly width?: number; readonly maxWidth?: number; readonly height?: number; readonly maxHeight?: number };
  readonly toolInfo?: { readonly tool?: { readonly name?: string } };
}

interface Message {
  readonly jsonrpc: "2.0";
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

export interface Heard {
  input(args: Record<string, unknown>): void;
  result(result: ToolResult): void;
  cancelled(): void;
  context(context: HostContext): void;
}

export class Bridge {
  private next = 1;
  private readonly waiting = new Map<number | string, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  private capabilities: Record<string, unknown> = {};

  constructor(
    private readonly heard: Heard,
    private readonly host: Window = window.parent,
  ) {
    addEventListener("message", (event: MessageEvent<Message>) => {
      if (event.source !== this.host || event.data?.jsonrpc !== "2.0") return;
      this.receive(event.data);
    });
  }

  /** Tells the host that the app is there, and hears what it is shown in. */
  async start(version: string): Promise<HostContext> {
    const answer = (await this.request("ui/initialize", {
      protocolVersion: PROTOCOL,
      appInfo: { name: "factor-app", version },
      appCapabilities: { availableDisplayModes: ["inline"] },
    })) as { hostCapabilities?: Record<string, unknown>; hostContext?: HostContext };
    this.capabilities = answer.hostCapabilities ?? {};
    this.notify("ui/notifications/initialized", {});
    return answer.hostContext ?? {};
  }

  /** Whether the host passes calls on. */
  get callsTools(): boolean {
    return this.capabilities.serverTools !== undefined;
  }

  callTool(name: string, args: Record<string, unknown>): Promise<ToolResult> {
    return this.request("tools/call", { name, arguments: args }) as Promise<ToolResult>;
  }

  /** Puts into the model's context what somebody picked. A host that takes no such words loses nothing. */
  tellModel(words: string): void {
    this.request("ui/update-model-context", { content: [{ type: "text", text: words }] }).catch((error: unknown) => console.debug(error));
  }

  sized(width: number, height: number): void {
    this.notify("ui/notifications/size-changed", { width, height });
  }

  private send(message: Message): void {
    // The host's origin is not known to a frame without one; the host checks the frame.
    this.host.postMessage(message, "*");
  }

  private notify(method: string, params: Record<string, unknown>): void {
    this.send({ jsonrpc: "2.0", method, params });
  }

  private request(method: string, params: Record<string, unknown>): Promise<unknown> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send({ jsonrpc: "2.0", id, method, params });
    });
  }

  private receive(message: Message): void {
    const { id, method, params = {} } = message;
    if (method === undefined) {
      const waiting = id === undefined ? undefined : this.waiting.get(id);
      if (id !== undefined) this.waiting.delete(id);
      if (message.error) waiting?.reject(new Error(message.error.message));
      else waiting?.resolve(message.result);
      return;
    }
    if (method === "ui/notifications/tool-input") this.heard.input((params.arguments ?? {}) as Record<string, unknown>);
    else if (method === "ui/notifications/tool-result") this.heard.result(params as ToolResult);
    else if (method === "ui/notifications/tool-cancelled") this.heard.cancelled();
    else if (method === "ui/notifications/host-context-changed") this.heard.context(params as HostContext);
    else if (id !== undefined) {
      if (method === "ui/resource-teardown" || method === "ping") this.send({ jsonrpc: "2.0", id, result: {} });
      else this.send({ jsonrpc: "2.0", id, error: { code: -32601, message: `no method ${method}` } });
    }
  }
}
