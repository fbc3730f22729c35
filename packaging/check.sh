#!/usr/bin/env bash
# Every package that this machine can make, made of one program, and run from the packed file as a person would.
#
#   check.sh PROGRAM        with mcpb, npm, Python and hadolint on PATH; what cannot run here is said
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
packaging=$PWD/packaging
server=$(realpath "${1:?usage: check.sh PROGRAM}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
target=$(uname -m)-unknown-linux-gnu
out=$scratch/out
version=$(sed -n '/^\[workspace\.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
passed=0 failed=0 skipped=0

# step NAME COMMAND...: its output is shown where it fails, and its last line where not.
step() {
    local name=$1 from=$SECONDS status
    shift
    # In a shell of its own, which ends at the first failure: behind `if` it would go on.
    set +e
    (
        set -e
        "$@"
    ) >"$scratch/log" 2>&1
    status=$?
    set -e
    if ((status == 0)); then
        passed=$((passed + 1))
        printf 'ok   %s (%d s): %s\n' "$name" $((SECONDS - from)) "$(tail -1 "$scratch/log")"
    else
        failed=$((failed + 1))
        printf 'FAIL %s\n' "$name"
        tail -40 "$scratch/log" | sed 's/^/     /'
    fi
}

skip() {
    skipped=$((skipped + 1))
    printf 'skip %s: %s\n' "$1" "$2"
}

has() { command -v "$1" >/dev/null 2>&1; }

# as_stranger COMMAND...: in an empty folder, as a user who owns nothing, without Rust on PATH, where this is run by root.
as_stranger() {
    local home=$scratch/home
    rm -rf "$home"
    mkdir -p "$home"
    if ((EUID == 0)) && has setpriv; then
        chmod a+rx "$scratch"
        chown 65533:65533 "$home"
        (cd "$home" && env -i HOME="$home" PATH="${STRANGER_PATH:-/usr/local/bin:/usr/bin:/bin}" \
            setpriv --reuid=65533 --regid=65533 --clear-groups --no-new-privs "$@")
    else
        (cd "$home" && env -i HOME="$home" PATH="${STRANGER_PATH:-/usr/local/bin:/usr/bin:/bin}" "$@")
    fi
}

# first_answer PROGRAM [ARGUMENT]...: through a client, by whichever Python is there.
first_answer() {
    cp "$packaging/client.py" "$scratch/client.py"
    as_stranger /usr/bin/env python3 "$scratch/client.py" -- "$@"
}

made() { python3 "$packaging/pack.py" all --server "$server" --target "$target" --out "$out" --level 1 && python3 "$packaging/pack.py" npm --out "$out"; }

archive() {
    mkdir "$scratch/archive"
    tar xzf "$out/factor-mcp-$version-$target.tar.gz" -C "$scratch/archive"
    first_answer "$scratch/archive/factor-mcp-$version-$target/factor-mcp"
}

bundle() {
    mcpb validate "$out/mcpb-$target/manifest.json"
    mcpb pack "$out/mcpb-$target" "$out/factor-mcp-$version-$target.mcpb"
    mcpb unpack "$out/factor-mcp-$version-$target.mcpb" "$scratch/bundle"
    chmod -R a+rX "$scratch/bundle"
    # What a client starts, by the bundle's own rules: nothing filled in.
    node "$packaging/mcpb/started.mjs" "$scratch/bundle" "$(dirname "$(realpath "$(command -v mcpb)")")" >"$scratch/started"
    mapfile -t started <"$scratch/started"
    cp "$packaging/client.py" "$scratch/client.py"
    as_stranger python3 "$scratch/client.py" "${started[@]}"
}

npm_packages() {
    local folder
    mkdir -p "$scratch/tarballs" "$scratch/project"
    for folder in "$out"/npm/*; do (cd "$folder" && npm pack --silent --pack-destination "$scratch/tarballs"); done
    # The packages of the other targets are on no registry yet: optional ones that cannot be had are left out.
    (cd "$scratch/project" && npm init --yes >/dev/null &&
        npm install --offline --ignore-scripts --no-audit --no-fund --loglevel=error "$scratch"/tarballs/*.tgz)
    chmod -R a+rX "$scratch/project"
    STRANGER_PATH=$(dirname "$(command -v node)"):/usr/bin:/bin first_answer node "$scratch/project/node_modules/.bin/factor-mcp"
}

wheel() {
    python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/python" -m pip install --quiet --no-index --disable-pip-version-check "$out"/factor_mcp-*.whl
    # All of it is read: a pipe that is closed early is an error of pip's.
    "$scratch/venv/bin/python" -m pip show --files factor-mcp | grep bin/factor-mcp >/dev/null
    first_answer "$scratch/venv/bin/factor-mcp"
}

# The Dockerfile's second stage, without an engine: the same folder, its root, another user, nothing that can be written but its data.
container() {
    packaging/container/rootfs.sh "$server" "$scratch/rootfs"
    cp packaging/client.py "$scratch/client.py"
    chmod a+rx "$scratch"
    mkdir "$scratch/data" && chown 65532:65532 "$scratch/data"
    cat >"$scratch/enter" <<TEXT
#!/bin/sh
# Without --fork: a parent that waits for its child takes no SIGTERM and passes none on, and the server would never end.
exec unshare --mount sh -c '
    mount --bind "$scratch/rootfs" "$scratch/rootfs" && mount -o remount,bind,ro "$scratch/rootfs" &&
    mount --bind "$scratch/data" "$scratch/rootfs/var/lib/factor-mcp" &&
    exec chroot --userspec=65532:65532 "$scratch/rootfs" /usr/bin/factor-mcp "\$@"' sh "\$@"
TEXT
    chmod +x "$scratch/enter"
    env -i PATH="$PATH" python3 "$scratch/client.py" --env FACTOR_DATA_DIR=/var/lib/factor-mcp "$scratch/enter"
    [[ $(stat -c %u "$scratch/data"/* | sort -u) == 65532 ]]
    container_health
}

container_health() {
    FACTOR_DATA_DIR=/var/lib/factor-mcp FACTOR_HTTP_ADDR=127.0.0.1:38765 "$scratch/enter" serve http >"$scratch/http.log" 2>&1 &
    local id=$! tries=0 status=1
    until FACTOR_HTTP_ADDR=127.0.0.1:38765 "$scratch/enter" health; do
        tries=$((tries + 1))
        ((tries < 100)) && kill -0 "$id" 2>/dev/null || break
        sleep 0.1
    done
    FACTOR_HTTP_ADDR=127.0.0.1:38765 "$scratch/enter" health && status=0
    kill "$id"
    # It ends when it is told to, within ten seconds.
    for ((tries = 0; tries < 100; tries++)); do
        kill -0 "$id" 2>/dev/null || break
        sleep 0.1
    done
    if kill -9 "$id" 2>/dev/null; then
        echo "the server did not end on SIGTERM within 10 s"
        return 1
    fi
    wait "$id" || true
    # And without a server it is not.
    ! FACTOR_HTTP_ADDR=127.0.0.1:38765 "$scratch/enter" health 2>/dev/null && return "$status"
}

unit() {
    local folder=$scratch/unit
    mkdir "$folder"
    sed "s|/usr/local/bin/factor-mcp|$server|" packaging/systemd/factor-mcp.service >"$folder/factor-mcp.service"
    systemd-analyze verify "$folder/factor-mcp.service"
    # The level that is asked for is in tenths of what is printed.
    systemd-analyze security --offline=true --threshold=20 "$folder/factor-mcp.service" | tail -1
}

# The name of the server is known within the composition alone.
nginx_settings() {
    sed 's/server server:8765/server 127.0.0.1:8765/' packaging/container/nginx.conf >"$scratch/site.conf"
    printf 'pid %s/nginx.pid;\nerror_log stderr;\nevents {}\nhttp { access_log off; include %s/site.conf; }\n' "$scratch" "$scratch" >"$scratch/nginx.conf"
    nginx -t -c "$scratch/nginx.conf"
    sed 's/server [abc]:8765/server 127.0.0.1:8765/' packaging/container/replicas.conf >"$scratch/site.conf"
    nginx -t -c "$scratch/nginx.conf"
}

step "names, versions, rules of server.json" python3 "$packaging/pack.py" check
step "the bundle's tools and prompts are the program's" python3 "$packaging/pack.py" manifest --server "$server" --check
step "packages of $target" made
step "archive, unpacked and asked" archive
if has mcpb; then step "MCPB, validated, packed, unpacked and asked" bundle; else skip "MCPB" "there is no mcpb"; fi
if has npm; then step "npm, installed from the tarballs and asked" npm_packages; else skip "npm" "there is no npm"; fi
step "wheel, installed and asked" wheel
step "server.json with the bundle's checksum" python3 "$packaging/pack.py" server-json --out "$out"
if has hadolint; then step "Dockerfile" hadolint "$packaging/container/Dockerfile"; else skip "Dockerfile" "there is no hadolint"; fi
if ((EUID == 0)) && unshare --mount true 2>/dev/null; then
    step "the container's root filesystem, entered as its user and asked" container
else
    skip "the container's root filesystem" "it takes root and namespaces"
fi
if has systemd-analyze; then step "systemd unit" unit; else skip "systemd unit" "there is no systemd-analyze"; fi
if has nginx; then step "nginx's settings" nginx_settings; else skip "nginx's settings" "there is no nginx"; fi
step "sums" python3 "$packaging/pack.py" sums --out "$out"
grep -h . "$out/SHA256SUMS" | sed 's/^/     /'
find "$out" -maxdepth 1 -type f -printf '     %s bytes %f\n'

printf '\npackages: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((failed == 0))
