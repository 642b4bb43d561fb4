# Every recipe sets up what it needs; a second run starts in seconds.
PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help setup demo test check format lint types contracts images bench clean

help: ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: .venv/.ready ## Make .venv, install the product, export the embedding model

demo: .venv/.ready ## Show the whole product on this machine, without Slack, Ollama or Airtable
	$(BIN)/basecamp demo

test: .venv/.ready-dev ## Run the tests
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

check: format lint types contracts images test ## All that CI checks

format: .venv/.ready-dev
	$(BIN)/ruff format --check

lint: .venv/.ready-dev
	$(BIN)/ruff check

types: .venv/.ready-dev
	$(BIN)/mypy

contracts: .venv/.ready-dev
	$(BIN)/lint-imports

images: .venv/.ready-dev
	$(BIN)/hadolint Dockerfile

bench: .venv/.ready ## Measure the main path, and print the figures
	$(BIN)/basecamp bench

clean: ## Remove what was set up; leads in data/ stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) torch==2.13.0
	$(PIP) -e '.[reference,learn]'
	$(BIN)/basecamp init
	touch $@

.venv/.ready-dev: .venv/.ready
	$(PIP) -e '.[reference,learn,dev]'
	touch $@
