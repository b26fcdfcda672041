# Every target sets up what it needs; nothing is expected but git, make and Python >= 3.11.
PYTHON ?= python3
VENV ?= .venv$(if $(filter-out python3,$(PYTHON)),-$(notdir $(PYTHON)))
BIN := $(VENV)/bin
WORKERS = $(shell $(PYTHON) -c 'import os; print(min(os.cpu_count() or 1, 4))')
AXE := 4.14.1
AXE_SHA256 := 29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c

.PHONY: help browser pooler demo test lint format setup upstreams lock prices release clean
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: setup  ## simulated providers, the gateway, traffic through it, the bill against the plan
	$(BIN)/headgate demo $(ARGS)

test: setup lint upstreams browser pooler  ## all checks and all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: setup  ## style, types, the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser: build/axe.min.js  ## what the tests of the pages need: Debian's Chromium, and axe-core
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get install --quiet --yes --no-install-recommends chromium; } \
	  || echo "No chromium here, and it cannot be installed: the tests of the pages are skipped."

build/axe.min.js:
	@mkdir -p build
	@command -v npm >/dev/null && cd build && npm pack --silent axe-core@$(AXE) >/dev/null \
	  && tar -xzf axe-core-$(AXE).tgz package/axe.min.js \
	  && echo "$(AXE_SHA256)  package/axe.min.js" | sha256sum --check --quiet \
	  && mv package/axe.min.js axe.min.js \
	  || echo "axe-core cannot be fetched with npm: its tests are skipped."

pooler:  ## what the tests of a ledger behind a pooler need: Debian's PgBouncer, unpacked and not installed
	@command -v pgbouncer >/dev/null || test -x build/pgbouncer/usr/sbin/pgbouncer || { command -v apt-get >/dev/null \
	  && mkdir -p build/pgbouncer && cd build/pgbouncer \
	  && apt-get download --quiet pgbouncer $$(apt-cache depends pgbouncer | sed -n 's/.* Depends: \(libcares2\|libc-ares2\|libevent[^ ]*\)$$/\1/p') \
	  && for package in *.deb; do dpkg-deb -x "$$package" .; done && rm -f ./*.deb; } \
	  || echo "No pgbouncer here, and it cannot be fetched: the tests behind it are skipped."

format: setup  ## mend style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/.ready  ## the locked environment in $(VENV)

$(VENV)/.ready: requirements/dev.txt pyproject.toml setup.py src/headgate/routing/_ngrams.c
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headgate needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

upstreams: setup  ## mock providers from npm for the strictest tests; skipped where there is no Node.js
	$(BIN)/python tools/fetch_upstreams.py

lock:  ## resolve again; needs uv
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command 'make lock' pyproject.toml -o requirements/core.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command 'make lock' --all-extras --group dev pyproject.toml -o requirements/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command 'make lock' --constraint requirements/dev.txt --extra otel --extra postgres --extra zstd pyproject.toml \
	  -o requirements/image.txt

prices: setup  ## compile the shipped price table from the installed genai-prices
	$(BIN)/python tools/compile_prices.py

release: setup  ## source package and wheel of what is committed, each tried in an empty environment
	$(BIN)/python tools/release.py $(ARGS)

clean:  ## remove what was built
	rm -rf $(VENV) build dist
