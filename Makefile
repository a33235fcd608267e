# Two commands on a fresh machine with Python 3.11+: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Tests start hundreds of processes, none of which shall compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
# One more than there are cores: some tests wait, and each worker has to collect them all first.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(1 + (os.cpu_count() or 1))')

.PHONY: help setup demo tui test check style types house format unit bench soak screenshots docs clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

setup: $(READY)  ## a virtual environment with all that is needed

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "roamlab needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

demo: $(READY)  ## the whole story, from plug-in to an accepted CDR
	$(BIN)/roamlab demo

tui: $(READY)  ## the terminal interface on the demo world
	$(BIN)/roamlab tui

test: $(READY)  ## format, lint, types, import contracts, tests
	@$(MAKE) --no-print-directory --jobs 2 check
	@$(MAKE) --no-print-directory unit

check: style types house  ## format, lint, types, import contracts, house rules

style: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: $(READY)
	$(BIN)/mypy

# All tests are collected once, that not every worker has to prepare them from their sources.
house: $(READY)
	$(BIN)/python -m pytest tests/test_house.py
	$(BIN)/python -m pytest --collect-only --quiet --quiet -p no:syrupy >$(VENV)/tests || { cat $(VENV)/tests; exit 1; }

unit: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --ignore tests/test_house.py

format: $(READY)  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## measured figures, ratios in one run
	$(BIN)/python -m tests.bench

soak: $(READY)  ## a thousand random worlds with random faults
	$(BIN)/roamlab soak --seeds 1..1000 --jobs 2 --keep-going

screenshots: $(READY)  ## draw the screens anew, for documents and tests
	$(BIN)/python -m tests.screens
	$(BIN)/python -m pytest tests/test_screens.py --snapshot-update

docs: screenshots  ## what the documents take from the program
	$(BIN)/python -m mock_peer.rules_markdown > docs/rules.md
	$(BIN)/python -m tests.readme
	$(BIN)/python -m tests.scenario_list

clean:  ## remove what setup and tests made
	rm -rf $(VENV) .ruff_cache .mypy_cache .pytest_cache .hypothesis .benchmarks build *.egg-info
