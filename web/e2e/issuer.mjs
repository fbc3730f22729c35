// A small issuer of tokens with a login page that asks nobody, for the test of signing in.
import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { after } from "node:test";

const base64url = (value) => Buffer.from(value).toString("base64url");

export async function issuer() {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "1", alg: "ES256", use: "sig" };
    const codes = new Map();
    const it = { seen: [], audience: "", token: null };
    const signed = (claims) => {
        const text = `${base64url(JSON.stringify({ alg: "ES256", typ: "at+jwt", kid: "1" }))}.${base64url(JSON.stringify(claims))}`;
        return `${text}.${createSign("SHA256").update(text).sign({ key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
    };
    const server = createServer(async (request, response) => {
        const asked = new URL(request.url, it.url);
        let body = "";
        for await (const part of request) body += part;
        const said = request.method === "POST" ? new URLSearchParams(body) : asked.searchParams;
        it.seen.push({ path: asked.pathname, said });
        const answer = (status, value) => response.writeHead(status, { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" }).end(JSON.stringify(value));
        switch (asked.pathname) {
            case "/.well-known/oauth-authorization-server":
            case "/.well-known/openid-configuration":
                return answer(200, { issuer: it.url, authorization_endpoint: `${it.url}/authorize`, token_endpoint: `${it.url}/token`, jwks_uri: `${it.url}/jwks`, code_challenge_methods_supported: ["S256"] });
            case "/jwks":
                return answer(200, { keys: [jwk] });
            case "/authorize": {
                const code = randomBytes(8).toString("hex");
                codes.set(code, said);
                const back = new URL(said.get("redirect_uri"));
                back.search = String(new URLSearchParams({ code, state: said.get("state"), iss: it.url }));
                // Back by a page of its own, as issuers do that have asked somebody.
                return response.writeHead(200, { "Content-Type": "text/html" }).end(`<meta http-equiv="refresh" content="0;url=${back.href.replaceAll("&", "&amp;")}">`);
            }
            case "/token": {
                const begun = codes.get(said.get("code"));
                codes.delete(said.get("code"));
                const challenge = createHash("sha256").update(said.get("code_verifier") ?? "").digest("base64url");
                if (!begun || begun.get("code_challenge") !== challenge || begun.get("redirect_uri") !== said.get("redirect_uri")) return answer(400, { error: "invalid_grant" });
                const now = Math.floor(Date.now() / 1000);
                it.token = signed({ iss: it.url, aud: it.audience, sub: "ada", client_id: begun.get("client_id"), jti: randomBytes(8).toString("hex"), iat: now, exp: now + 600, scope: begun.get("scope") });
                return answer(200, { access_token: it.token, token_type: "Bearer", expires_in: 600 });
            }
            default:
                return answer(404, {});
        }
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    it.url = `http://127.0.0.1:${server.address().port}`;
    after(() => {
        server.closeAllConnections();
        server.close();
    });
    return it;
}
