# Needs python3.11+ and make, nothing else: `make env` brings the rest into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
	command -v $$python && break; done)
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
TS := clients/typescript
CODE := services stack gateway clients/python

# npm too trusts what the machine trusts.
export NODE_USE_SYSTEM_CA := 1

# Where compiled files are forbidden beside the sources (container images do that), they go into the
# environment's own folder: everything starts twice as fast with them.
ifneq ($(PYTHONDONTWRITEBYTECODE),)
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache
endif

# A machine whose pip is pointed at a mirror, or that has a certificate authority of its own, has
# uv use the same.
pip_setting = $(shell $(BIN)/python -m pip config get global.$(1) 2>/dev/null)

.PHONY: help
help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: env
env: $(STAMP) ## Create .venv and install what requirements.lock says

# Installed anew only when the lock or the project's own metadata changed.
$(STAMP): requirements.lock pyproject.toml | $(VENV)/bin/uv
	@echo "Installing what requirements.lock says into $(VENV) ..."
	@index="$(call pip_setting,index-url)"; \
	if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}"; fi; \
	if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export UV_SYSTEM_CERTS=1; fi; \
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements.lock; \
	$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/bin/uv:
	@[ -n "$(PYTHON)" ] || { echo "No Python 3.11 or newer was found; install one, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.PHONY: gen
gen: env ## Generate stubs and descriptors from proto/
	@$(BIN)/python -m stack.gen
	@if [ -d $(TS)/node_modules ]; then $(BIN)/python -m stack.gen.typescript >/dev/null; fi

.PHONY: up
up: gen ## Boot the mesh and walk the demo (DETACH=1, PROCESSES=1, PORT=8090)
	@$(BIN)/weneeds up $(if $(DETACH),--detach) $(if $(PROCESSES),--processes) $(if $(PORT),--port $(PORT))

.PHONY: down
down: env ## Stop the mesh
	@$(BIN)/weneeds down

.PHONY: demo
demo: env ## Walk the demo again in the running mesh
	@$(BIN)/weneeds demo

.PHONY: status
status: env ## Show how each part of the mesh does
	@$(BIN)/weneeds status

.PHONY: clean
clean: env ## Remove what the mesh keeps: data, mails, keys, logs
	@$(BIN)/weneeds clean

.PHONY: test
test: lint types ## Lint, types and every test except the slow ones
	@$(BIN)/pytest -m "not slow"

.PHONY: test-fast
test-fast: gen ## Unit and contract tests
	@$(BIN)/pytest -q tests/unit tests/contract

.PHONY: test-all
test-all: lint types ## Every test
	@$(BIN)/pytest

.PHONY: lint
lint: gen ## Style, import rules, protos
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/buf lint
	@$(BIN)/buf format --diff --exit-code proto
	@$(BIN)/python -m stack.breaking

.PHONY: types
types: gen ## mypy --strict
	@$(BIN)/mypy --strict $(CODE)

.PHONY: bench
bench: gen ## Measure against peers and print the table
	@$(BIN)/python -m bench

.PHONY: eval
eval: gen ## Measure the ranking on labelled sets (EVAL_DIR=../shared/eval)
	@$(BIN)/python -m evaluation
	@$(BIN)/python -m evaluation.cv_files

.PHONY: lock
lock: env ## Resolve pyproject.toml again into requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras \
		--generate-hashes --no-header --no-annotate \
		--output-file requirements.lock pyproject.toml
