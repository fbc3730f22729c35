# shellcheck shell=bash disable=SC2034
# Sourced by the tests that need a server: on the simulated sample, with a fixed date and none of the user's settings.
#
#   use_server PROGRAM   checks it, makes $scratch, an empty home that is removed at the end
#   serve_http [OPTION]  starts it over HTTP on a free port of this machine, or as the options say; its address is in $url
#   tell FAILED          the closing line, and the exit status

export FACTOR_PRICE_SOURCE=sample FACTOR_TODAY=2026-01-15 RUST_LOG=error

use_server() {
    server=$(realpath "$1")
    [[ -x $server ]] || { printf 'no program: %s\n' "$1" >&2; exit 2; }
    scratch=$(mktemp -d)
    server_id=
    trap clean_up EXIT
    export HOME=$scratch XDG_CONFIG_HOME=$scratch
    cd "$scratch" || exit
    passed=0 failed=0
}

clean_up() {
    stop_http || true
    rm -rf "$scratch"
}

serve_http() {
    : >"$scratch/http.log"
    (($#)) || set -- --addr 127.0.0.1:0
    "$server" serve http "$@" >"$scratch/http.out" 2>"$scratch/http.log" &
    server_id=$!
    local tries=0
    until url=$(grep -o -m1 'http://[^ ]*/mcp' "$scratch/http.log"); do
        tries=$((tries + 1))
        if ((tries > 400)) || ! kill -0 "$server_id" 2>/dev/null; then
            printf 'the server did not say where it listens:\n%s\n' "$(<"$scratch/http.log")" >&2
            exit 1
        fi
        sleep 0.05
    done
}

stop_http() {
    [[ -n $server_id ]] || return 0
    local id=$server_id
    server_id=
    kill "$id" 2>/dev/null || true
    wait "$id"
}

pass() {
    passed=$((passed + 1))
    printf 'ok   %s\n' "$1"
}

# fail NAME [FILE...]: what went wrong is in the files.
fail() {
    failed=$((failed + 1))
    printf 'FAIL %s\n' "$1"
    shift
    local file
    for file in "$@"; do
        [[ -s $file ]] && head -c 3000 "$file" | sed 's/^/     /' && printf '\n'
    done
    return 0
}

# tell NAME: a server that wrote to standard output, panicked or did not stop in order is a failure too.
tell() {
    if [[ -n $server_id ]]; then
        if ! stop_http; then
            fail "the server stops in order" "$scratch/http.log"
        elif [[ -s $scratch/http.out ]] || grep -q panicked "$scratch/http.log"; then
            fail "the server writes nothing to standard output and does not panic" "$scratch/http.out" "$scratch/http.log"
        fi
    fi
    printf '\n%s: %d passed, %d failed\n' "$1" "$passed" "$failed"
    ((failed == 0 && passed > 0))
}
