#!/usr/bin/env bash
# Makes web/dist/factor.html, which the binary has in it, from web/src; what it needs goes to target/test-tools/web.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/web.sh [--check | --tools] [--server PROGRAM]

  --check             changes nothing: the types, what is built anew and what is committed must be the same, and the tests pass
  --tools             installs what it needs, and nothing more
  --server PROGRAM    makes the types of the answers anew from this server's schemas (with --check: compares them); without it
                      they are taken as they are

Needs npm; Node 24 and everything else comes from web/package-lock.json.
TEXT
}

check=no tools_only=no server=
while (($#)); do
    case $1 in
        --check) check=yes ;;
        --tools) tools_only=yes ;;
        --server) server=${2:?--server needs a program}; shift ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
[[ $target = /* ]] || target=$PWD/$target
tools=$target/test-tools/web
[[ -z $server ]] || server=$(realpath "$server")

key=$(cat web/package.json web/package-lock.json | cksum)
if [[ ! -f $tools/.installed || $(<"$tools/.installed") != "$key" ]]; then
    rm -rf "$tools"
    mkdir -p "$tools"
    cp web/package.json web/package-lock.json "$tools/"
    # npm itself may run on an older Node than the packages want; they run on the one they bring.
    (cd "$tools" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    printf '%s\n' "$key" >"$tools/.installed"
fi
# Where Node and TypeScript look for packages.
ln -sfn "$tools/node_modules" web/node_modules
[[ $tools_only == no ]] || exit 0
PATH=$(printf '%s:' "$tools"/node_modules/node-linux-*/bin)$tools/node_modules/.bin:$PATH
export PATH

cd web
if [[ $check == no ]]; then
    [[ -z $server ]] || node scripts/types.mjs "$server"
    tsc
    node scripts/bundle.mjs
    exit
fi
[[ -z $server ]] || node scripts/types.mjs "$server" --check
tsc
made=$(mktemp)
trap 'rm -f "$made"' EXIT
node scripts/bundle.mjs "$made"
if ! cmp "$made" dist/factor.html; then
    echo "web/dist/factor.html is not what web/src makes: run scripts/web.sh and commit it" >&2
    exit 1
fi
vitest run --root . --dir tests --reporter=dot
