# Portero. `make` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
ARGS ?=
BIN := .venv/bin
RUN := $(BIN)/portero
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 2

.PHONY: help setup demo test test-real test-fast check format journey storm bench prove schemas migrate house lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: ## install everything into .venv (the other targets do it by themselves)
	@./portero/local/bootstrap.sh

demo: setup ## start it all on this machine; ARGS=--story tells the story and ends, ARGS=--fresh starts over
	@$(RUN) demo $(ARGS)

test: setup ## install what the tests need and run them all
	@./portero/local/system_parts.sh
	@$(MAKE) --no-print-directory check
	$(PYTEST) -n $(WORKERS) --dist loadgroup $(ARGS)

test-real: setup ## drivers against a real Home Assistant; says so where it cannot be installed
	@./portero/local/home_assistant.sh; code=$$?; \
	if [ $$code -eq 75 ]; then \
	  echo "Left out, because there is no Home Assistant to try them on:"; \
	  PORTERO_REAL_HOME=none $(PYTEST) tests/real --collect-only -q -p no:randomly | grep :: ; exit 0; \
	fi; \
	[ $$code -eq 0 ] && PORTERO_REAL_HOME=.portero/home_assistant $(PYTEST) tests/real $(ARGS)

test-fast: setup ## tests without journeys and storms
	$(PYTEST) -n $(WORKERS) --dist loadgroup -m "not journey and not storm" $(ARGS)

check: setup ## lint, types, walls, spelling
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/codespell
	@$(BIN)/mypy

format: setup ## format and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

journey: setup ## the journeys alone
	$(PYTEST) -m journey $(ARGS)

storm: setup ## the storms alone
	$(PYTEST) -m storm $(ARGS)

bench: setup ## measure speed as ratios to a bare floor; writes bench/results/
	@$(BIN)/python -m bench $(ARGS)

prove: setup ## try every row of the matrix for an hour and write docs/proof.md; ARGS="--minutes 600 --rows A1,B4"
	@$(BIN)/python -m tests.prove $(ARGS)

schemas: setup ## write protocol/schemas anew from the code
	@$(RUN) schemas

migrate: setup ## bring the database at PORTERO_DATABASE_OWNER_DSN to the newest schema
	@$(RUN) migrate

house: setup ## a simulated house by itself
	@$(RUN) house $(ARGS)

lock: ## lock the requirements anew, with hashes and without addresses
	@set -e; uv="$$(command -v uv || echo .portero/uv/bin/uv)"; \
	flags="--quiet --generate-hashes --no-annotate --no-header --no-emit-index-url --universal --python-version 3.13"; \
	$$uv pip compile $$flags --all-extras pyproject.toml -o requirements/all.txt; \
	$$uv pip compile $$flags --extra cloud pyproject.toml -o requirements/cloud.txt; \
	$$uv pip compile $$flags --extra edge --extra provisioning pyproject.toml -o requirements/edge.txt

clean: ## remove .venv, caches and the demo's data
	rm -rf .venv .portero .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis
