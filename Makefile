# Every target does its own set-up. `make help` lists them.
SWIFT      ?= swift
PREFIX     ?= /usr/local
DESTDIR    ?=
# Where systemd looks for units (system/ and user/ below it), if that is not PREFIX/lib/systemd.
UNITS      ?=
# Build, demo and tests share one configuration, so that the dependencies are compiled once.
FLAGS      := -c release -Xswiftc -enable-testing --explicit-target-dependency-import-check error
STATIC     := -c release --static-swift-stdlib --scratch-path .build/static
# The manifest reads it: the CLI is linked without any shared library, since loading them took half of its start-up.
LINK       := ANYCLAUDE_LINK=static
PROGRAMS   := anyclaude anyclaude-supervisor anyclaude-proxy anyclaude-runtime
VERSION    := $(shell sed -n 's/.*static let current = "\(.*\)"/\1/p' Sources/Control/Version.swift)
BIN        := .build/release
# What can be tested keeps all that a linker would drop and inline: what users run is measured where it is compared with others.
INSTALLED  := .build/static/release

.PHONY: help setup build demo test test-mlx-textgen test-anthropic-sdk test-llama-server lint fmt cover tsan asan bench bench-translation bench-runtime bench-experts bench-supervisor bench-proxy soak crash stress fuzz docs static install install-units dist clean train-demo-model
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install the Debian packages that are missing
	@scripts/setup.sh

build: setup ## compile the four programs into .build/release
	$(SWIFT) build $(FLAGS) --product anyclaude
	$(SWIFT) build $(FLAGS)

demo: build ## the whole stack on the quickstart: plan, apply, ask, break, roll back, stop
	@scripts/demo.sh $(BIN)

# Tests at a time. Without a bound all begin at once, and what waits for an answer waits behind all that computes, longer than clients do.
WIDTH      ?= 8
test: setup ## build and run all tests
	$(SWIFT) build $(FLAGS) --build-tests
	@scripts/test.sh $(SWIFT) test $(FLAGS) --skip-build --disable-xctest --experimental-maximum-parallelization-width $(WIDTH)

test-mlx-textgen: build ## the real MLX-Textgen and mlx_lm.server as workers; not in CI: it installs 2 GB of packages into .build/mlx
	@python3 scripts/test_mlx_servers.py $(BIN)

test-llama-server: build ## the real llama-cpp-python as a worker; not in CI: it compiles llama.cpp into .build/llama, ten minutes, once
	@python3 scripts/test_llama_server.py $(BIN)

test-anthropic-sdk: build ## the anthropic SDK's own tests against the proxy; not in CI: it installs what they need into .build/anthropic-sdk
	@python3 scripts/test_anthropic_sdk.py $(BIN)

lint: ## check the format of all sources
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

fmt: ## format all sources in place
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests

cover: setup ## run the tests with coverage and print a table
	@scripts/cover.sh $(SWIFT)

tsan: setup ## run the unit tests under ThreadSanitizer
	SWIFT_BACKTRACE=enable=no $(SWIFT) test --sanitize=thread -Xswiftc -DTHREAD_SANITIZER --scratch-path .build/tsan --disable-xctest --skip IntegrationTests

asan: setup ## run the unit tests under AddressSanitizer
	SWIFT_BACKTRACE=enable=no $(SWIFT) test --sanitize=address --scratch-path .build/asan --disable-xctest --skip IntegrationTests

bench: build ## measure: validate beside nginx -t, large texts beside JSON in Python, time to first token, the demo model's table
	@scripts/bench.sh $(BIN)

bench-translation: static ## measure: CPU per client's body before its server is asked, cold and with layer 1 warm
	@python3 scripts/bench_translation.py $(INSTALLED)

bench-runtime: build ## measure: the native runtime beside llama.cpp (compiles that once, about ten minutes)
	@python3 scripts/bench_runtime.py $(BIN)

bench-experts: build ## measure: a checkpoint of the shape of Qwen3-Coder-30B-A3B (20 GB of memory, 36 GB of disk)
	@python3 scripts/bench_experts.py $(BIN)

bench-supervisor: build ## measure: restarts, storms, memory and wake-ups beside runit, s6, supervisord, systemd
	@python3 scripts/bench_supervisor.py run $(BIN)

bench-proxy: static ## measure: the proxy's CPU time and memory beside LiteLLM's (installed into .build/litellm) and nginx's, on the same upstream
	@python3 scripts/bench_proxy.py $(INSTALLED)

REQUESTS   ?= 200000
soak: build ## REQUESTS (200000) through the proxy with faults at the upstream: no leak, no malformed stream, no lost answer
	@python3 scripts/bench_proxy.py $(BIN) --soak -n $(REQUESTS)

CRASHES    ?= 500
crash: build ## kill the supervisor at every change of a file of an apply, and CRASHES (500) times at random; as often workers that write their KV store
	@python3 scripts/crash.py $(BIN) --random $(CRASHES)
	@python3 scripts/kv_crash.py $(BIN) examples/models/demo --kills $(CRASHES)

stress: build ## storms of kills, deaf and leaving processes, a full disk, no descriptors, clock jumps, 100 deaths of the supervisor
	@python3 scripts/stress.py $(BIN)

SECONDS    ?= 600
fuzz: setup ## search for texts that break the compiler, SECONDS (600) on each of the five targets
	@scripts/fuzz.sh $(SWIFT) $(SECONDS)

docs: build ## the reference of all modules as a DocC archive in docs/out
	@scripts/docs.sh $(SWIFT)

train-demo-model: ## train examples/models/demo anew (PyTorch on CPU, at most two hours)
	python3 examples/models/training/train.py

static: setup ## compile the four programs as they are installed, into .build/static/release
	$(LINK) $(SWIFT) build $(STATIC)

install: static ## link statically, strip, install below PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin
	for program in $(PROGRAMS); do install -m 755 -s $(INSTALLED)/$$program $(DESTDIR)$(PREFIX)/bin/; done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	$(INSTALLED)/anyclaude --generate-completion-script bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/anyclaude
	$(INSTALLED)/anyclaude --generate-completion-script zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_anyclaude

install-units: ## install the systemd units for the programs below PREFIX; below one's home, only the user's own
	scripts/install-units.sh '$(DESTDIR)' '$(PREFIX)' '$(UNITS)'

dist: ## a tar of the installed tree in .build/dist
	$(MAKE) install install-units DESTDIR=$(CURDIR)/.build/dist/anyclaude-$(VERSION) PREFIX=/usr
	tar -C .build/dist -czf .build/dist/anyclaude-$(VERSION)-$$(uname -m).tar.gz anyclaude-$(VERSION)
	@echo .build/dist/anyclaude-$(VERSION)-$$(uname -m).tar.gz

clean: ## remove all that was built
	rm -rf .build docs/out
