# The only commands a person needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv reads no index of its own here: it uses the machine's configuration, and the lock names no host.
UV_VERSION := 0.13.9
UV := $(BIN)/uv
ZIG_CC := $(CURDIR)/$(BIN)/python -m ziglang cc
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test check bench screenshots lock format setup clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Install everything into .venv (the other commands do it by themselves)

$(READY): requirements.lock requirements-build.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@echo "Installing the locked packages (the first time takes about a minute) …"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-build.lock
	@CC="$(ZIG_CC)" LDSHARED="$(ZIG_CC) -shared" $(UV) pip install --quiet --python $(BIN)/python \
	  --no-build-isolation-package durable-rules --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY) ## Start the product with its demo world
	@$(BIN)/haodian up

test: $(READY) ## Run every test
	@$(BIN)/python -m pytest

check: $(READY) ## Format, lint, types, layers, house style, rules, proofs and forms (under a minute)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest tests/tidy
	@$(BIN)/haodian check --prove

format: $(READY) ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only .

bench: $(READY) ## Measure every figure beside its peer; writes bench/results.json
	@$(BIN)/python -m bench all

screenshots: $(READY) ## Make the pictures of the README again
	@$(BIN)/python -m haodian.screenshots

lock: $(READY) ## Resolve the dependencies anew into the two lock files
	@$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --python-version 3.11 --extra dev pyproject.toml -o requirements.lock
	@printf '%s\n' setuptools wheel ziglang | $(UV) pip compile --quiet --universal --generate-hashes --no-header \
	  --no-emit-index-url --python-version 3.11 -c requirements.lock - -o requirements-build.lock

clean: ## Remove the virtual environment and caches (never your data)
	@rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .hypothesis
