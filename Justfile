# Short names for the scripts. `just` is not needed: each recipe is one line that runs without it.

# What there is.
default:
    @just --list

# Formatting, lints and the Rust tests: before a commit.
quick:
    scripts/test.sh --quick

# What is generated in the book, then README and book with every command run and every link followed, by the program built for development.
docs:
    python3 docs/generate.py
    python3 docs/check.py --server target/debug/factor-mcp

# Everything that CI runs.
ci:
    .ci/run

# The Rust tests whose name contains NAME.
test NAME:
    scripts/test.sh --quick --only 'Rust tests' --tests {{ quote(NAME) }}

# Formatting and lints.
lint:
    scripts/test.sh --quick --only 'Formatting|Clippy'

# Puts what the server answers now into fixtures/contract and the snapshots; what `git diff` then shows is a change for users.
contract:
    UPDATE_CONTRACT=1 INSTA_UPDATE=always scripts/test.sh --quick --only 'Rust tests' --tests every_example_is_answered_as_written --tests definitions_are_as_agreed
    git diff --stat -- fixtures/contract tests/integration/snapshots

# Every number of the server's answers against the oracle's.
oracle:
    scripts/test.sh --only 'Programs|Oracle'

# The questions of `evals` as their plans answer them; what came of it goes into evals/RESULTS.md.
evals:
    scripts/test.sh --only 'Programs|export of the bundled sample'
    target/test-tools/venv/bin/python evals/run.py --server target/debug/factor-mcp --record plans

# The oracle's values on the bundled sample, after a change of its model or of what is written down.
expected:
    scripts/test.sh --only 'Programs|export of the bundled sample'
    target/test-tools/venv/bin/python fixtures/oracle/make_expected.py --sample-dir target/test-tools/sample
    git diff --stat -- fixtures/expected

# The server as the Python client, the Inspector, the conformance suite and Schemathesis see it.
clients:
    scripts/test.sh --only 'Programs|Python client|Inspector|Conformance|REST'

# The page and the MCP App: web/src to web/dist.
web:
    scripts/web.sh

# Criterion on the kernels; FILTER picks some by name.
bench FILTER='':
    cargo bench --locked --package factor-analytics --bench kernels -- {{ quote(FILTER) }}

# Whole calls over stdio, timed.
calls:
    cargo build --locked --release
    python3 benches/calls.py target/release/factor-mcp

# A check too long for every change; its log is kept under logs/long. Without a name: which there are.
long NAME='--help' TIMES='':
    scripts/long.sh {{ NAME }} {{ TIMES }}

# The documentation of the crates, in a browser.
doc:
    cargo doc --locked --workspace --no-deps --open
