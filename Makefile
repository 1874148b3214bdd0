# Footfall. `make run` and `make test` are all a newcomer needs; plain `make` lists the rest.

CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TARGET_DIR
# One profile for tests and end-to-end alike: dependencies are compiled once. See docs/decisions/0002-build-profiles.md.
PROFILE := ci
FEATURES := --features footfall/failpoints,footfall-store/failpoints
BINARY := $(CARGO_TARGET_DIR)/$(PROFILE)/footfall
CHROMIUM ?= /usr/bin/chromium
export CHROMIUM
LISTEN ?= 127.0.0.1:7340
DATA_DIR ?= $(CURDIR)/data

.DEFAULT_GOAL := help
.PHONY: help run build dist demo test setup check unit e2e fmt gen bench bench-console console screenshots

# What npm installed is as new as the lockfile; dist is as new as what it is made of.
CONSOLE_SOURCES := $(shell find console -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
NPM_CI := npm ci --no-audit --no-fund --loglevel=error

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

console: console/dist/index.html

console/node_modules: console/package-lock.json
	cd console && $(NPM_CI)
	touch $@

console/dist/index.html: console/node_modules $(CONSOLE_SOURCES)
	cd console && npm run --silent build

e2e/node_modules: e2e/package-lock.json
	cd e2e && $(NPM_CI)
	touch $@

run: console ## Build everything and start the server with automatic applications
	cargo build --locked --profile $(PROFILE) -p footfall
	FOOTFALL_CREATE_APPLICATIONS=$${FOOTFALL_CREATE_APPLICATIONS:-true} \
		FOOTFALL_API_KEY=$${FOOTFALL_API_KEY:-footfall-local-key} \
		$(BINARY) serve --data-dir "$(DATA_DIR)" --listen $(LISTEN)

build: console ## Release binary at $CARGO_TARGET_DIR/release/footfall
	cargo build --locked --release -p footfall

dist: console ## Smallest binary (thin LTO) at $CARGO_TARGET_DIR/dist/footfall
	cargo build --locked --profile dist -p footfall

demo: console ## Send realistic traffic to a running server
	cargo build --locked --profile $(PROFILE) -p footfall
	$(BINARY) demo --server http://$(LISTEN)

test: setup check unit e2e ## Everything, on a fresh machine

setup:
	scripts/setup

check: console e2e/node_modules ## Formatting, lints, generated files
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --profile $(PROFILE) $(FEATURES) -- -D warnings
	cd console && npm run --silent check && npm run --silent gen && git diff --exit-code -- src/api/generated
	cd e2e && npm run --silent check

unit: console ## Unit, integration and crash tests
	cd console && npm run --silent test
	cargo test --locked --workspace --profile $(PROFILE) $(FEATURES)

# Built as part of the workspace's tests: another selection of crates would compile dependencies with other features again.
e2e: console e2e/node_modules ## Real SDKs, the console in Chromium and other engines against the real binary
	cargo test --locked --workspace --profile $(PROFILE) $(FEATURES) --no-run
	cd e2e && FOOTFALL_BINARY=$(BINARY) npm test
	scripts/fuzz-api $(BINARY) $(CARGO_TARGET_DIR)
	scripts/open-data $(BINARY) $(CARGO_TARGET_DIR)
	scripts/postgres-clients $(BINARY)

bench-console: build e2e/node_modules ## How long the console's screens take over five million events
	cd e2e && FOOTFALL_BINARY=$(CARGO_TARGET_DIR)/release/footfall FOOTFALL_DEMO_SESSIONS=115000 FOOTFALL_DEMO_DAYS=7 npm run --silent settle

screenshots: console e2e/node_modules ## Renew the README's pictures from demo traffic
	cargo build --locked --profile $(PROFILE) -p footfall
	cd e2e && FOOTFALL_BINARY=$(BINARY) FOOTFALL_DEMO_SESSIONS=4000 npm run --silent screenshots

fmt: console/node_modules e2e/node_modules ## Format everything
	cargo fmt --all
	cd console && npm run --silent fmt
	cd e2e && npm run --silent fmt

gen: console/node_modules ## Renew generated files
	UPDATE_GENERATED=1 cargo test --locked --workspace --profile $(PROFILE) $(FEATURES) generated
	cd console && npm run --silent gen

bench: console ## Ingest, storage, queries and crashes, beside their baselines
	cargo build --locked --release -p footfall -p footfall-bench --features footfall/failpoints
	$(CARGO_TARGET_DIR)/release/footfall-bench --binary $(CARGO_TARGET_DIR)/release/footfall --python "$$(scripts/readers $(CARGO_TARGET_DIR))"
