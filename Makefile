# dosebook: `make` lists what can be done.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
TARGET := $(or $(CARGO_TARGET_DIR),target)
TOOLS := $(CURDIR)/target/tools
REDOCLY := @redocly/cli@2.77.0
CARGO_DENY := 0.20.2
WEB := tests/web
# Alone, after all others: a browser wants a core of its own.
BROWSER := PATH="$$(scripts/node-bin):$$PATH" CHROMIUM="$$(command -v chromium)" \
    scripts/with-postgres cargo test --locked --test it -- --ignored --exact --nocapture browser::

PYTHON := python3
FUZZ := $(CURDIR)/target/fuzz-venv

.PHONY: help run evening test test-web test-stall test-mutants fuzz screenshots check bench \
    bench-operations bench-quick build prepare fmt clippy \
    openapi licences queries javascript

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 14

run: build ## Load the demonstration and serve it (DOSEBOOK_LISTEN, DOSEBOOK_DATA_DIR, DATABASE_URL)
	@test -n "$${DATABASE_URL:-}" || scripts/need postgresql
	$(TARGET)/release/dosebook demo
	exec $(TARGET)/release/dosebook serve --show-codes

evening: build ## Watch an opening: a crowd comes in a minute and books until nothing is left (DOSEBOOK_LISTEN)
	@scripts/need postgresql
	exec scripts/evening $(TARGET)/release/dosebook

build:
	@scripts/need cargo cc
	cargo build --release --locked

test: ## Run all tests, each on a database of its own
	@scripts/need aiosmtpd cargo cc curl kannel openssl postgresql
	scripts/with-postgres cargo test --locked --no-fail-fast
	@$(MAKE) --no-print-directory test-web

test-web: $(WEB)/node_modules/.package-lock.json ## Play the stories of the pages in Chromium (DOSEBOOK_STORY: which, as a pattern)
	@scripts/need cargo cc chromium postgresql
	$(BROWSER)the_pages_hold_in_a_browser

test-stall: ## Let disks fill up and servers stay down for long: two minutes, as root
	@scripts/need cargo cc postgresql
	scripts/with-postgres cargo test --locked --test it -- --ignored --test-threads 1 stall::long::

test-mutants: ## Take each guard and each mend away once, and see its test fail (ARGS="--only PATTERN --why")
	@scripts/need cargo cc postgresql
	@command -v $(PYTHON) >/dev/null || { echo 'make test-mutants needs Python 3.11 or later' >&2; exit 1; }
	scripts/with-postgres $(PYTHON) tests/mutants/run.py $(ARGS)

fuzz: $(FUZZ)/.installed ## Throw made-up requests at API and pages, for eight minutes (ARGS="--seed N --seconds N")
	@scripts/need cargo cc postgresql
	cargo build --locked
	$(FUZZ)/bin/python tests/fuzz/fuzz.py --binary $(TARGET)/debug/dosebook $(ARGS)

$(FUZZ)/.installed: tests/fuzz/requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo 'make fuzz needs Python 3.11 or later' >&2; exit 1; }
	$(PYTHON) -m venv $(FUZZ)
	$(FUZZ)/bin/pip install --quiet --no-deps --requirement tests/fuzz/requirements.txt
	@touch $@

screenshots: $(WEB)/node_modules/.package-lock.json ## Take the pictures of docs/pictures anew (DOSEBOOK_PICTURE: which, as a pattern)
	@scripts/need cargo cc chromium pngquant postgresql
	FONTCONFIG_FILE=$(CURDIR)/$(WEB)/fonts.conf $(BROWSER)the_pages_are_pictured

# npm's own list of what it has installed, younger than what it was told to install.
$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json
	@scripts/need node
	cd $(WEB) && npm ci --ignore-scripts --no-audit --no-fund </dev/null
	@touch $@

check: fmt clippy openapi licences queries javascript ## Formatting, lints, contract, licences, query data

bench: ## Measure what a crowd meets at 20:00, in forty minutes at most, and write docs/performance.md
	@scripts/need cargo cc postgresql
	cargo build --release --locked --workspace
	ulimit -n "$$(ulimit -Hn)"; $(TARGET)/release/dosebook-bench $(ARGS)

bench-operations: ## Measure stalls, what goes on beside bookings, and what grows, in twenty-five minutes
	@$(MAKE) --no-print-directory bench ARGS="--table operations $(ARGS)"

bench-quick: ## Measure only bookings a second, in two minutes
	@$(MAKE) --no-print-directory bench ARGS="--only bookings --seconds 3"

prepare: ## Describe the queries anew in .sqlx, after a change of SQL or schema
	@scripts/need cargo cc postgresql
	scripts/with-postgres scripts/queries .sqlx

fmt:
	cargo fmt --check --all

clippy:
	@scripts/need cargo cc
	cargo clippy --locked --workspace --all-targets -- -D warnings

openapi:
	@scripts/need node
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
	    npx --yes $(REDOCLY) lint --extends recommended-strict openapi.yaml </dev/null

licences: $(TOOLS)/bin/cargo-deny
	$(TOOLS)/bin/cargo-deny --locked check licenses bans sources

$(TOOLS)/bin/cargo-deny:
	@scripts/need cargo cc
	cargo install --quiet --debug --locked --root $(TOOLS) --target-dir $(TOOLS)/build cargo-deny@$(CARGO_DENY)
	rm -rf $(TOOLS)/build

queries:
	@scripts/need cargo cc postgresql
	rm -rf $(CURDIR)/target/queries
	scripts/with-postgres scripts/queries target/queries
	diff -r .sqlx target/queries || { echo 'run make prepare and commit .sqlx' >&2; exit 1; }

javascript: $(WEB)/node_modules/.package-lock.json
	cd $(WEB) && timeout 120 npx biome lint --error-on-warnings . ../../src/web/assets/*.js
	cd $(WEB) && timeout 120 npx tsc --project . && timeout 120 npx tsc --project assets.tsconfig.json
	cd $(WEB) && timeout 60 node --test live.test.mjs again.test.mjs
