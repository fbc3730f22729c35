// A Postgres of the tests' own: on a socket in a folder of its own, gone with the tests.
import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const INSTALLED = "/usr/lib/postgresql";
const TRIES = 600;
/** Runs the server for as long as its standard input is open: it ends with the tests, however they end, and waits for nobody. */
const WATCHED = `"$0" -D data -c listen_addresses= -k "$1" -c fsync=off & cat >/dev/null; kill -INT $!; wait`;

function programs() {
    const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED).sort((one, other) => Number(other) - Number(one)) : [];
    const folders = [process.env.PG_BIN, ...versions.map((version) => join(INSTALLED, version, "bin")), ...process.env.PATH.split(":")];
    const found = folders.find((folder) => folder && existsSync(join(folder, "initdb")));
    if (!found) throw new Error("no Postgres: apt-get install postgresql, or name the folder of initdb in PG_BIN");
    return found;
}

/** Postgres refuses to run as root. */
function unprivileged() {
    if (process.getuid() !== 0) return {};
    for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
        const [name, , uid, gid] = line.split(":");
        if (name === "postgres") return { uid: Number(uid), gid: Number(gid) };
    }
    throw new Error("Postgres does not run as root, and there is no user postgres to run it as");
}

/** Starts one. `database` makes an empty database and gives its address by role; `halt` and `resume` play an outage. */
export async function postgres() {
    const bin = programs();
    // The path of a socket has at most 107 bytes, so the name is short.
    const folder = mkdtempSync("/tmp/pg");
    const log = openSync(join(folder, "log"), "a");
    const options = { ...unprivileged(), cwd: folder, env: { LC_ALL: "C.UTF-8", TZ: "UTC" } };
    if (options.uid !== undefined) chownSync(folder, options.uid, options.gid);
    const initdb = ["-D", "data", "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8"];
    execFileSync(join(bin, "initdb"), initdb, { ...options, stdio: "ignore" });
    const sql = (text) => execFileSync(join(bin, "psql"), ["-h", folder, "-U", "postgres", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text], { ...options, stdio: "pipe" });
    let server;
    const resume = async () => {
        server = spawn("/bin/sh", ["-c", WATCHED, join(bin, "postgres"), folder], { ...options, stdio: ["pipe", log, log] });
        for (let tries = 0; ; tries++) {
            try {
                return void sql("SELECT 1");
            } catch (error) {
                if (tries >= TRIES || server.exitCode !== null) throw new Error(`Postgres does not start: ${readFileSync(join(folder, "log"), "utf8")}`, { cause: error });
                await pause(50);
            }
        }
    };
    const halt = () =>
        new Promise((resolve) => {
            server.on("exit", resolve);
            server.stdin.end();
        });
    await resume();
    sql("CREATE ROLE factor_owner LOGIN; CREATE ROLE factor_app LOGIN");
    let databases = 0;
    return {
        database() {
            const name = `test_${databases++}`;
            sql(`CREATE DATABASE ${name} OWNER factor_owner`);
            return (role) => `postgres://${role}@localhost/${name}?host=${folder}`;
        },
        halt,
        resume,
        async end() {
            if (server.exitCode === null) await halt();
            rmSync(folder, { recursive: true, force: true });
        },
    };
}
