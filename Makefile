# `make demo` and `make test` need nothing but Python 3.11 or newer and make: each sets up .venv first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help setup demo test test-stock soak coverage bench test-all test-interop test-wheel lint types generate check-generated check-breaking ci \
	clean

help:                ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

setup: $(READY)      ## Make the virtual environment with everything for development.

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[progress,sbom,server]' --group dev
	@touch $@

demo: setup          ## Start the embedded store and do the main job on real files.
	$(BIN)/python examples/demo.py

# Most tests wait for something, so that more than there are cores pay. They are told apart by nothing but their names.
WORKERS ?= 3

test: setup          ## Run every test, some at a time: `make test WORKERS=1` one after another.
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadgroup

test-stock: setup    ## Run what speaks with a store without the fast lane: over httpx as it comes.
	ASTORE_FAST_LANE=0 $(BIN)/python -m pytest tests/client tests/transfer tests/parallel tests/concurrency tests/property tests/lane

soak: setup          ## Try for long what `make test` tries for a moment: properties, and stores and transfers killed at any moment.
	ASTORE_EXPLORE=20 $(BIN)/python -m pytest tests/property tests/store_faults tests/server/test_store_durability.py \
		tests/parallel/test_interrupts.py tests/parallel/test_resume.py tests/lane

# Processes that tests start are measured too, but for those that are killed.
coverage: setup      ## Run every test, and print what of the hand code none of them reaches.
	$(BIN)/python -m coverage erase
	-$(BIN)/python -m coverage run -m pytest
	-$(BIN)/python -m coverage run -m pytest -o addopts="--strict-markers --strict-config -ra" tests/interop
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report
	$(BIN)/python scripts/uncovered.py

# Without what development needs: the sizes and times of imports are those of an installation. `make bench ARGS="--only small"`.
BENCH := .venv-bench

bench: $(BENCH)/.ready  ## Measure the SDK beside its peers; needs nginx, curl and some minutes of a quiet machine.
	$(BENCH)/bin/python benchmarks/run.py $(ARGS)

$(BENCH)/.ready: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[server]' --group bench
	@touch $@

test-interop: setup  ## Let openssl, Sigstore and others verify what we sign, and the other way round.
	$(BIN)/python -m pytest -o addopts="--strict-markers --strict-config -ra" tests/interop

# Each Python that is supported, and the oldest one with the lowest versions of the core dependencies.
PYTHONS ?= 3.11 3.12 3.13
# On PATH, or else among those of pyenv.
find-python = $$(python$(1) -c 'import sys; print(sys.executable)' 2>/dev/null || ls $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$(1).*/bin/python | tail -n 1)

test-all: $(PYTHONS:%=.test-%) .test-lowest  ## Run every test on all supported Pythons, and with the lowest dependencies.

.PHONY: .test-lowest
.test-%:
	$(MAKE) --no-print-directory test PYTHON="$(call find-python,$*)" VENV=.venv-$*

.test-lowest:
	$(MAKE) --no-print-directory setup PYTHON="$(call find-python,3.11)" VENV=.venv-lowest
	.venv-lowest/bin/python scripts/lowest.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint .venv-lowest/constraints.txt --editable '.[server]'
	$(MAKE) --no-print-directory test VENV=.venv-lowest

test-wheel: setup    ## Install the built wheel in empty environments and use it.
	$(BIN)/python scripts/test_wheel.py

lint: setup          ## Check style and format.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup         ## Check types as mypy and as pyright see them.
	$(BIN)/mypy
	$(BIN)/pyright

# The generator formats with the first ruff on PATH, by the settings of the folder it writes to: hence the environment's own
# ruff, and a temporary folder.
FRESH := $(VENV)/generated

.PHONY: .fresh
.fresh: setup
	@rm -rf $(FRESH) && mkdir -p $(FRESH)
	@out=$$(mktemp -d) && PATH="$(CURDIR)/$(BIN):$$PATH" openapi-python-client generate --path openapi.yaml --meta none --fail-on-warning \
		--output-path $$out/astore_api && rm -rf $$out/astore_api/.ruff_cache && touch $$out/astore_api/py.typed \
		&& mv $$out/astore_api $(FRESH)/ && rmdir $$out

generate: .fresh     ## Write generated/astore_api anew from openapi.yaml.
	@rm -rf generated/astore_api && mkdir -p generated && mv $(FRESH)/astore_api generated/

check-generated: .fresh  ## Fail if generated/astore_api is not what openapi.yaml gives.
	@diff -r -x __pycache__ generated/astore_api $(FRESH)/astore_api && echo "generated/astore_api is fresh"

check-breaking: setup  ## Name what the last change of openapi.yaml breaks.
	@$(BIN)/python scripts/breaking_changes.py

ci: check-generated check-breaking lint types test test-interop test-wheel  ## Everything that has to hold before a change lands.

clean:               ## Remove what the other targets made.
	rm -rf $(VENV) $(BENCH) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
