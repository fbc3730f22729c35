// Signing in at the issuer: OAuth 2.1's code with PKCE (RFC 7636). The token stays in memory; what waits across the way to the issuer and
// back is the verifier of this one login, which opens nothing without the code.

export interface Config {
  readonly key_required: boolean;
  readonly issuer: string | null;
  readonly client_id: string | null;
  readonly resource: string | null;
}

interface Waiting {
  readonly verifier: string;
  readonly state: string;
  readonly fragment: string;
  readonly token_endpoint: string;
}

const WAITING = "factor-login";
const SCOPES = "factor.read factor.write";

export function readConfig(): Config {
  const none: Config = { key_required: false, issuer: null, client_id: null, resource: null };
  const text = document.querySelector<HTMLMetaElement>('meta[name="factor-config"]')?.content;
  return text ? { ...none, ...(JSON.parse(text) as Partial<Config>) } : none;
}

const base64url = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** A verifier and its challenge. */
export async function pkce(): Promise<{ verifier: string; challenge: string }> {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return { verifier, challenge: base64url(new Uint8Array(digest)) };
}

interface Metadata {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
}

async function metadataOf(issuer: string): Promise<Metadata> {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/$/, "");
  const places = [`${url.origin}/.well-known/oauth-authorization-server${path}`, `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`];
  for (const place of places) {
    try {
      const response = await fetch(place, { credentials: "omit" });
      const metadata = response.ok ? ((await response.json()) as Metadata) : null;
      if (metadata?.issuer === issuer && metadata.authorization_endpoint && metadata.token_endpoint) return metadata;
    } catch {
      // The other place may have it.
    }
  }
  throw new Error("The issuer does not say where people sign in.");
}

const here = (): string => location.origin + location.pathname;

/** Leaves for the issuer. */
export async function leaveForLogin(config: Config): Promise<void> {
  if (!config.issuer || !config.client_id) return;
  const metadata = await metadataOf(config.issuer);
  const { verifier, challenge } = await pkce();
  const state = base64url(crypto.getRandomValues(new Uint8Array(16)));
  const waiting: Waiting = { verifier, state, fragment: location.hash, token_endpoint: metadata.token_endpoint };
  sessionStorage.setItem(WAITING, JSON.stringify(waiting));
  const asked = new URL(metadata.authorization_endpoint);
  const said = {
    response_type: "code",
    client_id: config.client_id,
    redirect_uri: here(),
    scope: SCOPES,
    state,
    code_challenge: challenge,
    code_challenge_method: "S256",
    resource: config.resource ?? "",
  };
  for (const [name, value] of Object.entries(said)) if (value) asked.searchParams.set(name, value);
  location.assign(asked);
}

/** The token, where the issuer has just sent somebody back; the address is cleaned of what it brought. */
export async function returnFromLogin(config: Config): Promise<string | null> {
  const said = new URLSearchParams(location.search);
  const kept = sessionStorage.getItem(WAITING);
  sessionStorage.removeItem(WAITING);
  if (!said.has("state")) return null;
  const waiting = kept ? (JSON.parse(kept) as Waiting) : null;
  history.replaceState(null, "", here() + (waiting?.fragment ?? ""));
  if (!waiting || said.get("state") !== waiting.state) throw new Error("This login was not begun here: sign in again.");
  const issuer = said.get("iss");
  if (issuer && issuer !== config.issuer) throw new Error("Another issuer has answered: sign in again.");
  const code = said.get("code");
  if (!code) throw new Error(`The issuer refused: ${said.get("error_description") ?? said.get("error") ?? "no reason given"}.`);
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: here(),
    client_id: config.client_id ?? "",
    code_verifier: waiting.verifier,
    ...(config.resource ? { resource: config.resource } : {}),
  });
  const response = await fetch(waiting.token_endpoint, { method: "POST", body, credentials: "omit" });
  const answer = (await response.json().catch(() => ({}))) as { access_token?: string; error_description?: string; error?: string };
  if (!response.ok || !answer.access_token) throw new Error(`The issuer gave no token: ${answer.error_description ?? answer.error ?? response.status}.`);
  return answer.access_token;
}
