#!/usr/bin/env bash
# Installs what the tests need, then runs every check and says what passed.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/test.sh [--quick] [--keep-going] [--release] [--only PATTERN] [--tests FILTER]...

  --quick           formatting, clippy and the Rust tests only; installs nothing
  --keep-going      runs the other checks after one has failed
  --release         clients and oracle ask the program as people get it, not the one that the Rust tests built
  --only PATTERN    only the checks whose name fits the regular expression, and what they need
  --tests FILTER    of the Rust tests those whose name contains FILTER; may be given again

Needs Rust, and on Debian the right to install packages if python3, npm, Postgres or a C compiler are missing. Everything
else is installed into target/test-tools. Market data for the oracle is looked for in ../shared/data/prices, or in the folder
that MARKET_DATA names: one wide CSV of daily prices and treasury_yields.csv.
TEXT
}

quick=no keep_going=no release=no only= filter=()
while (($#)); do
    case $1 in
        --quick) quick=yes ;;
        --keep-going) keep_going=yes ;;
        --release) release=yes ;;
        --only) only=${2:?--only needs a pattern}; shift ;;
        --tests) filter+=("${2:?--tests needs a part of a name}"); shift ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
target=${CARGO_TARGET_DIR:-$root/target}
[[ $target = /* ]] || target=$root/$target
tools=$target/test-tools
market_data=${MARKET_DATA:-../shared/data/prices}
server=$target/debug/factor-mcp
[[ $release == no ]] || server=$target/release/factor-mcp
ci=no
[[ ${CI:-} == true ]] && ci=yes
locked=()
[[ $ci == yes ]] && locked=(--locked)

# What the tests start must not find the settings of the user who runs them.
for name in $(compgen -e | grep -E '^(FACTOR|FMP|YAHOO|TREASURY|FRED)_' || true); do unset "$name"; done
# Nor keep anything in that user's folder.
export FACTOR_DATA_DIR=$tools/data
# The oracle's matrices are small: several threads of two programs side by side wait for each other more than they compute.
export OPENBLAS_NUM_THREADS=1

# ---------------------------------------------------------------------------------------------------- running checks

lines=() passed=0 failed=0 skipped=0
market_ran=no

summary() {
    printf '\n=== Summary\n'
    if ((${#lines[@]})); then printf '%s\n' "${lines[@]}"; fi
    printf '%d s in all\n\n' "$SECONDS"
    printf 'checks: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
}

# in_order COMMAND...: runs it in a shell of its own, which ends at the first failure; its exit status is in $status.
in_order() {
    set +e
    (
        set -e
        "$@"
    )
    status=$?
    set -e
}

# record NAME STATUS SECONDS
record() {
    local name=$1 status=$2 took=$3
    if ((status == 0)); then
        passed=$((passed + 1))
        lines+=("$(printf 'ok    %4d s  %s' "$took" "$name")")
        printf -- '--- ok: %s (%d s)\n' "$name" "$took"
    else
        failed=$((failed + 1))
        lines+=("$(printf 'FAIL  %4d s  %s (exit status %d)' "$took" "$name" "$status")")
        printf -- '--- FAILED: %s (%d s, exit status %d)\n' "$name" "$took" "$status"
        if [[ $keep_going == no ]]; then
            lines+=("The checks after it were not run (see --keep-going).")
            wait
            summary
            exit 1
        fi
    fi
}

# wanted NAME: whether --only, if it is given, asks for the check.
wanted() { [[ -z $only || $1 =~ $only ]]; }

# check NAME COMMAND...: a heading, the command, and how long it took.
check() {
    local name=$1 from=$SECONDS status=0
    wanted "$name" || return 0
    shift
    printf '\n=== %s\n' "$name"
    in_order "$@"
    record "$name" "$status" $((SECONDS - from))
}

# begin NAME COMMAND...: a check beside others, for work that keeps one core busy, as many at once as there are cores;
# `await` shows how they went, in the order of their beginning.
begun=()
cores=$(nproc 2>/dev/null || echo 2)
begin() {
    local name=$1 folder=$tools/begun/${#begun[@]}
    wanted "$name" || return 0
    shift
    while (($(jobs -rp | wc -l) >= cores)); do wait -n || true; done
    rm -rf "$folder"
    mkdir -p "$folder"
    (
        from=$SECONDS
        in_order "$@"
        printf '%d %d\n' "$status" $((SECONDS - from)) >"$folder/outcome"
    ) >"$folder/log" 2>&1 &
    begun+=("$name")
}

await() {
    local at status took
    wait
    for at in "${!begun[@]}"; do
        printf '\n=== %s\n' "${begun[$at]}"
        cat "$tools/begun/$at/log"
        status=1 took=0
        [[ -f $tools/begun/$at/outcome ]] && read -r status took <"$tools/begun/$at/outcome"
        record "${begun[$at]}" "$status" "$took"
    done
    begun=()
}

skip() {
    local name=$1 why=$2
    wanted "$name" || return 0
    skipped=$((skipped + 1))
    lines+=("$(printf 'skip          %s: %s' "$name" "$why")")
    printf '\n=== %s\n--- SKIPPED: %s\n' "$name" "$why"
}

finish() {
    if [[ -n $only ]] && ((passed + failed + skipped == 0)); then
        printf 'no check has a name like %s\n' "$only" >&2
        failed=1
    fi
    summary
    ((failed == 0))
}

has() { command -v "$1" >/dev/null 2>&1; }

# ------------------------------------------------------------------------------------------------------------- tools

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif has sudo; then
        sudo "$@"
    else
        printf 'needed, and there are neither root rights nor sudo: %s\n' "$*" >&2
        return 1
    fi
}

python_version() { python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

# A Python that can make an environment with pip in it: Debian's needs a package of its own for that.
has_venv() { has python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }

# The programs of a Postgres: the tests start one of their own, on a socket.
has_postgres() { [[ -n ${PG_BIN:-} ]] || has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

# Debian's package would otherwise make a cluster and start its server.
without_postgres_cluster() {
    [[ -e /etc/postgresql-common/createcluster.conf ]] ||
        as_root sh -c 'mkdir -p /etc/postgresql-common &&
            echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf'
}

# What a build needs. The rest is installed while the first checks compile.
install_compilers() {
    has cc || install_packages gcc libc6-dev
    install_rust_components
}

# install_packages NAME...: of Debian.
packages_known=no
install_packages() {
    if ! has apt-get; then
        printf 'please install, and run this again: %s\n' "$*" >&2
        return 1
    fi
    printf 'installing Debian packages: %s\n' "$*"
    [[ $packages_known == yes ]] || as_root apt-get update -qq
    packages_known=yes
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

install_system_packages() {
    local missing=()
    has curl || missing+=(curl ca-certificates)
    has git || missing+=(git)
    has_venv || missing+=(python3 python3-venv)
    has npm || missing+=(nodejs npm)
    has_postgres || missing+=(postgresql)
    has nginx || [[ -x /usr/sbin/nginx ]] || missing+=(nginx)
    if ((${#missing[@]})); then
        has_postgres || without_postgres_cluster
        install_packages "${missing[@]}"
        # Debian's package would otherwise go on listening on port 80.
        [[ " ${missing[*]} " != *" nginx "* ]] || as_root systemctl disable --now nginx >/dev/null 2>&1 || true
    fi
    if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        printf 'Python 3.11 or newer is needed, this is %s\n' "$(python_version)" >&2
        return 1
    fi
}

install_rust_components() {
    local component
    for component in fmt:rustfmt clippy:clippy; do
        if ! cargo "${component%%:*}" --version >/dev/null 2>&1; then
            if ! has rustup; then
                printf 'cargo %s is missing\n' "${component%%:*}" >&2
                return 1
            fi
            rustup component add "${component##*:}"
        fi
    done
}

# up_to_date FOLDER KEY: true when FOLDER was installed whole from the same KEY.
up_to_date() { [[ -f $1/.installed && $(<"$1/.installed") == "$2" ]]; }

install_python_packages() {
    local files=(tests/clients/requirements.txt fixtures/oracle/requirements.txt docs/requirements.txt) key
    key="$(python_version) $(cat "${files[@]}" | cksum)"
    if ! up_to_date "$tools/venv" "$key"; then
        rm -rf "$tools/venv"
        python3 -m venv "$tools/venv"
        "$tools/venv/bin/pip" install --disable-pip-version-check --quiet "${files[@]/#/--requirement=}"
        printf '%s\n' "$key" >"$tools/venv/.installed"
    fi
    key="$(python_version) $(cksum <tests/clients/requirements-1x.txt)"
    if ! up_to_date "$tools/venv-1x" "$key"; then
        rm -rf "$tools/venv-1x"
        python3 -m venv "$tools/venv-1x"
        "$tools/venv-1x/bin/pip" install --disable-pip-version-check --quiet --requirement=tests/clients/requirements-1x.txt
        printf '%s\n' "$key" >"$tools/venv-1x/.installed"
    fi
    printf 'Python %s: %s\n' "$(python_version)" "$("$tools/venv/bin/pip" --disable-pip-version-check list --format=freeze |
        grep -iE '^(mcp|numpy|pandas|schemathesis|scipy|statsmodels)==' | tr '\n' ' ')"
}

# with_node COMMAND...: with the Node that the packages bring (not every npm links it) and their programs.
with_node() {
    local modules=$tools/node/node_modules
    PATH=$(printf '%s:' "$modules"/node-linux-*/bin)$modules/.bin:$PATH "$@"
}

install_node_packages() {
    local files=(tests/clients/package.json tests/clients/package-lock.json) key
    key=$(cat "${files[@]}" | cksum)
    if ! up_to_date "$tools/node" "$key"; then
        rm -rf "$tools/node"
        mkdir -p "$tools/node"
        cp "${files[@]}" "$tools/node/"
        # npm itself may run on an older Node than the packages want; they run on the one they bring.
        npm ci --prefix "$tools/node" --ignore-scripts --no-audit --no-fund --loglevel=error
        printf '%s\n' "$key" >"$tools/node/.installed"
    fi
    printf 'Node %s: %s\n' "$(with_node node --version)" \
        "$(sed -n 's/^ *"@modelcontextprotocol\/\([a-z]*\)": "\(.*\)".*/\1 \2/p' "$tools/node/package.json" | tr '\n' ' ')"
}

install_tools() {
    install_system_packages
    install_python_packages
    install_node_packages
}

# ------------------------------------------------------------------------------------------------------------ checks

formatting() { cargo fmt --all --check; }

lints() { cargo clippy "${locked[@]}" --workspace --all-targets -- -D warnings; }

documentation() { RUSTDOCFLAGS="-D warnings" cargo doc "${locked[@]}" --workspace --no-deps; }

deny() { cargo deny "${locked[@]}" check --allow unused-wrapper bans licenses sources; }

rust_tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run "${locked[@]}" --workspace "${filter[@]}"
    else
        echo "cargo-nextest is not installed: cargo test instead"
        cargo test "${locked[@]}" --workspace --lib --bins --tests --examples -- "${filter[@]}"
    fi
}

doc_tests() { cargo test "${locked[@]}" --workspace --doc; }

# The server that everything below asks, and what writes the sample. An example among what is built gives it the features of the tests,
# so that nothing is compiled again.
programs() {
    cargo build "${locked[@]}" --workspace --bin factor-mcp --example export_sample
    [[ $release == no ]] || cargo build "${locked[@]}" --release
    ls -l "$server"
}

oracle() { "$tools/venv/bin/python" fixtures/oracle/check.py "$@"; }

export_sample() {
    rm -rf "$tools/sample"
    mkdir -p "$tools/sample"
    "$target/debug/examples/export_sample" "$tools/sample" --today 2026-01-15
    ls -l "$tools/sample"
}

oracle_on_the_sample() { oracle --server "$server" --sample-dir "$tools/sample"; }

oracle_on_market_data() { oracle --server "$server" --prices "$market_data" --yields "$market_data/treasury_yields.csv"; }

# A sample: `scripts/long.sh ends` has every date.
oracle_on_ends() {
    "$tools/venv/bin/python" fixtures/oracle/sweep.py --server "$server" --prices "$market_data" --yields "$market_data/treasury_yields.csv" --every 150 --cut 5
}

oracle_self_test() {
    oracle --self-test --prices "$market_data" --yields "$market_data/treasury_yields.csv"
    "$tools/venv/bin/python" fixtures/oracle/sweep.py --self-test --prices "$market_data" --yields "$market_data/treasury_yields.csv"
    "$tools/venv/bin/python" fixtures/oracle/scorecard.py --self-test
    "$tools/venv/bin/python" fixtures/oracle/hedge_answers.py
    "$tools/venv/bin/python" fixtures/oracle/scorecard_answers.py --self-test
    "$tools/venv/bin/python" fixtures/oracle/stress.py --self-test
    "$tools/venv/bin/python" fixtures/oracle/lens.py --check
}

# Samples: `scripts/long.sh stress` and `scripts/long.sh models` have every portfolio and every fund.
oracle_on_stress() {
    "$tools/venv/bin/python" fixtures/oracle/stress.py --server "$server" --prices "$market_data" --yields "$market_data/treasury_yields.csv" --portfolios 2
}

# On files of the library where there are some beside the market data.
oracle_on_models() {
    "$tools/venv/bin/python" fixtures/oracle/model_oracle.py --self-test
    "$tools/venv/bin/python" fixtures/oracle/model_oracle.py --server "$server" --prices "$market_data" --french "$market_data/../french" --funds 5
}

oracle_on_scorecards() {
    "$tools/venv/bin/python" fixtures/oracle/scorecard_answers.py --server "$server" --prices "$market_data" --yields "$market_data/treasury_yields.csv"
}

# Questions with an oracle of their own: the plans against the server, and what plays them against answers made up for it.
evals() {
    "$tools/venv/bin/python" evals/test_run.py
    "$tools/venv/bin/python" evals/test_sitting.py
    "$tools/venv/bin/python" evals/run.py --server "$server" --sample-dir "$tools/sample" --market-data "$market_data"
}

python_client() { "$tools/venv/bin/python" tests/clients/python_client.py --server "$server"; }

# Those on the official client 1.x, then those on 2.x: they cannot be installed side by side.
frameworks() {
    local of
    for of in venv-1x venv; do with_node "$tools/$of/bin/python" tests/clients/frameworks.py --server "$server"; done
}

sse_client() { "$tools/venv-1x/bin/python" tests/clients/sse_client.py --server "$server"; }

inspector() { with_node tests/clients/inspector.sh "$server"; }

tokens() { NODE_PATH=$tools/node/node_modules with_node node tests/clients/tokens.cjs "$server"; }

conformance() { with_node tests/clients/conformance.sh "$server"; }

rest() { tests/clients/rest.sh "$server"; }

# README and book: every command run, every link followed, what is generated fresh, pictures drawn again, the book built.
docs() {
    local mdbook=()
    [[ -x $tools/venv/bin/mdbook ]] && mdbook=(--mdbook "$tools/venv/bin/mdbook")
    "$tools/venv/bin/python" docs/check.py --server "$server" "${mdbook[@]}"
}

# Of the program without its symbols, as it is packed.
packages() {
    strip -o "$tools/factor-mcp" "$server"
    PATH=$tools/venv/bin:$PATH with_node packaging/check.sh "$tools/factor-mcp"
}

# Types, bytes and logic of the page and the MCP App.
web() { scripts/web.sh --check --server "$server"; }

has_chromium() { [[ -n ${CHROMIUM:-} ]] || has chromium || has chromium-browser || has google-chrome; }

# The same in a real browser, against the real server, its groups kept in SQLite and in a Postgres of the tests' own. One file after the
# other: each has a browser and servers. A sample of widths, themes and cases; WEB_LONG has all of them (scripts/long.sh page).
web_in_chromium() {
    has_chromium || install_packages chromium fonts-dejavu-core
    if ! has_postgres; then
        without_postgres_cluster
        install_packages postgresql
    fi
    scripts/web.sh --tools
    local modules=$tools/web/node_modules
    (
        cd web
        PATH=$(printf '%s:' "$modules"/node-linux-*/bin)$PATH FACTOR_MCP=$server \
            node --test --test-concurrency=1 --test-timeout=600000 e2e/*.test.mjs
    )
}

# --------------------------------------------------------------------------------------------------------------- run

mkdir -p "$tools"
if [[ $quick == no ]]; then
    check "Compilers" install_compilers
    if [[ -z $only || $only =~ Tools || ! -d $tools/venv || ! -d $tools/venv-1x || ! -d $tools/node ]]; then
        everything=$only only=
        begin "Tools" install_tools
        only=$everything
    fi
    export PATH=$tools/venv/bin:$PATH
fi

check "Formatting" formatting
check "Clippy" lints
if [[ $quick == no ]]; then
    check "Documentation" documentation
    if why=$(cargo deny --version 2>&1); then
        check "Dependencies: bans, licences, sources" deny
    else
        skip "Dependencies: bans, licences, sources" "cargo-deny is not there or does not run here: ${why%%$'\n'*}"
    fi
    await
fi
check "Rust tests" rust_tests
check "Documentation tests" doc_tests
if [[ $quick == yes ]]; then
    finish
    exit
fi

check "Programs" programs
check "Oracle: export of the bundled sample" export_sample
# The longest first.
if [[ -d $market_data ]]; then
    begin "Oracle: market data" oracle_on_market_data
    wanted "Oracle: market data" && market_ran=yes
fi
begin "Oracle: bundled sample" oracle_on_the_sample
if [[ -d $market_data ]]; then
    begin "Oracle: its own comparison" oracle_self_test
    begin "Oracle: scorecards" oracle_on_scorecards
    begin "Oracle: ends of months and weeks" oracle_on_ends
    begin "Oracle: stress" oracle_on_stress
    begin "Oracle: factor models" oracle_on_models
else
    skip "Oracle: market data" "there is no folder $market_data"
fi
begin "Inspector" inspector
begin "Conformance" conformance
begin "REST" rest
check "Web" web
begin "Tokens of the tools" tokens
begin "Python client" python_client
begin "Python client over SSE" sse_client
begin "Frameworks with a token" frameworks
begin "Oracle: hand-made series" oracle --hand --server "$server"
begin "Web in Chromium" web_in_chromium
begin "Evals" evals
begin "Packages" packages
begin "Docs" docs
await

if [[ $ci == yes && -z $only && -d $market_data && $market_ran == no ]]; then
    failed=$((failed + 1))
    lines+=("FAIL          the market data is there, but the oracle did not run on it")
fi
finish
