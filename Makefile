# Tollfree. `make` alone prints this help; CI calls these targets and nothing else.
.DEFAULT_GOAL := help
.PHONY: help install run check fix test migrate bench docs
VENV := .venv
BIN := $(VENV)/bin
LOCKS := constraints.txt pyproject.toml sdk/python/pyproject.toml $(wildcard web/package-lock.json)
PYTHON_FILES := kernel ledger language adserver api web advertiser_portal developer_portal operator_console fakestripe tollfree sdk/python tests alembic bench deploy
CLIENTS := $(wildcard tests/conformance/*/requirements.txt) tests/conformance/node/package-lock.json
# Two processes share the tests, and the model that was exported at install.
WORKERS := 2
MODEL := $(abspath $(VENV))/share/tollfree/models/all-MiniLM-L6-v2
export PYTHON
# A process that may keep its byte code starts in half the time, and the tests start many.
unexport PYTHONDONTWRITEBYTECODE
export TEST_MODEL := $(MODEL)

help:  ## Print this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

# Stamps say when a step was last done, so that a second `make run` starts at once.
$(VENV)/.installed: $(LOCKS)
	@deploy/install.sh

$(VENV)/.test-installed: $(VENV)/.installed $(CLIENTS)
	@deploy/install.sh test

install: $(VENV)/.installed  ## Make .venv with exact versions, the assets and the language model

run: $(VENV)/.installed  ## Start the demo: a free API, an ad server and a portal (ARGS="--port 9000")
	@exec $(BIN)/tollfree demo $(ARGS)

check: $(VENV)/.test-installed  ## Lint, format, types, import contracts
	$(BIN)/ruff check $(PYTHON_FILES)
	$(BIN)/ruff format --check $(PYTHON_FILES)
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.test-installed  ## Format and mend what can be mended by itself
	$(BIN)/ruff check --fix $(PYTHON_FILES)
	$(BIN)/ruff format $(PYTHON_FILES)

test: $(VENV)/.test-installed  ## Run all tests, on SQLite and on a real PostgreSQL and Valkey (ARGS="-k click")
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

migrate: $(VENV)/.installed  ## Bring the database that DATABASE_URL names to the newest schema
	$(BIN)/tollfree migrate

bench: $(VENV)/.installed  ## Measure the whole road against calling the upstream directly
	$(BIN)/python bench/first_road.py

docs: $(VENV)/.test-installed  ## Check that settings, errors, glossary and README say what the code does
	$(BIN)/pytest tests/architecture/test_docs.py tests/journey/test_readme.py
