# Everything that is done with this project. `make help` lists it.
# A fresh machine needs nothing but make, bash and python3: the set-up brings the rest.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
# Where rustup puts cargo; a CARGO_HOME that is set says so itself.
export PATH := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)
# The demo and the tests find the servers here also when they are run from elsewhere.
export JETSCOPE_SERVER_CACHE := $(CURDIR)/.cache/nats-server

.PHONY: help setup demo test faults check fmt lint docs bench fuzz screenshots

help: ## Say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Bring the Rust toolchain and the pinned nats-servers, where they are missing
	@scripts/setup.sh

demo: setup ## Build, start a server with events on it, and open the console
	@cargo build --release --quiet
	@target/release/jetscope demo

test: setup ## Run all tests
	@cargo test --all-targets

faults: setup ## Bring about every fault beside console, tail, --watch, check and replay, and print the table (minutes)
	@JETSCOPE_FAULTS=all cargo test --test it -- faults::table --nocapture

fmt: ## Format the code
	@cargo fmt --all

lint: setup ## Formatting and clippy, warnings denied
	@cargo fmt --all --check
	@cargo clippy --all-targets -- -D warnings

docs: setup ## Build the documentation, warnings denied
	@RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --quiet

check: lint test docs ## What must hold before anything lands: lint, tests (with schema drift), docs

bench: setup ## Measure: sweeps, reading, printing and plans, frames, verdicts, idle cost, start, replay, history
	@cargo bench --bench sweep
	@cargo bench --bench tail
	@cargo bench --bench printed
	@cargo bench --bench frame
	@cargo bench --bench verdict
	@cargo bench --bench history
	@cargo bench --bench terminal
	@cargo bench --bench replay

fuzz: ## Feed anything to the decoders, the filters and the ranges, a minute each (needs a nightly toolchain and cargo-fuzz)
	@cargo +nightly fuzz run decode -- -max_total_time=60
	@cargo +nightly fuzz run filter -- -max_total_time=60
	@cargo +nightly fuzz run range -- -max_total_time=60
	@cargo +nightly fuzz run headers -- -max_total_time=60
	@cargo +nightly fuzz run wire -- -max_total_time=60

screenshots: setup ## Make assets/screenshots anew from the real program
	@cargo build --release --quiet
	@cargo run --release --quiet --example screenshots
