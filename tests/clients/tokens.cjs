// What a model reads before its first question, in tokens: the tools as tools/list gives them, and the server's instructions.
//
//     node tokens.cjs PROGRAM [--each]        with gpt-tokenizer from package.json where node finds it
//
// Counted by o200k_base, whose ranks come with the package. Other models count otherwise, within some tenths of it; the limit
// leaves room for that.
const { spawn } = require("node:child_process");
const { mkdtempSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const readline = require("node:readline");
const { countTokens } = require("gpt-tokenizer/cjs/encoding/o200k_base");

const MOST_TOKENS = 7_000;
const MOST_BYTES = 29_000;

const [program, each] = process.argv.slice(2);
if (!program) {
    console.error("usage: node tokens.cjs PROGRAM [--each]");
    process.exit(2);
}
const home = mkdtempSync(join(tmpdir(), "tokens-"));
const server = spawn(program, [], { env: { HOME: home, FACTOR_PRICE_SOURCE: "sample", RUST_LOG: "error" }, stdio: ["pipe", "pipe", "inherit"] });
const send = (message) => server.stdin.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");

readline.createInterface({ input: server.stdout }).on("line", (line) => {
    const { id, result } = JSON.parse(line);
    if (id === 1) {
        console.log(`instructions: ${countTokens(result.instructions)} tokens, ${result.instructions.length} characters`);
        send({ method: "notifications/initialized" });
        send({ id: 2, method: "tools/list", params: {} });
    }
    if (id === 2) {
        const text = JSON.stringify(result.tools);
        const [tokens, bytes] = [countTokens(text), Buffer.byteLength(text)];
        if (each) {
            for (const tool of result.tools) {
                const own = JSON.stringify(tool);
                console.log(`  ${tool.name}: ${countTokens(own)} tokens, ${Buffer.byteLength(own)} bytes`);
            }
        }
        console.log(`tools/list: ${tokens} tokens of ${MOST_TOKENS}, ${bytes} bytes of ${MOST_BYTES}, ${result.tools.length} tools`);
        server.stdin.end();
        process.exitCode = tokens <= MOST_TOKENS && bytes <= MOST_BYTES ? 0 : 1;
    }
});
const client = { name: "tokens", version: "1" };
send({ id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: client } });
