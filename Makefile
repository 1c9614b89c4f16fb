# make demo   train, localize and evaluate on embedded synthetic images; pictures land in demo/
# make test   the tests, on two processes
# make check  what CI runs: format, lint, types, tests
# make format put files into shape
#
# Each command first makes its own environment in .venv; another interpreter: make test PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help demo test check lint format clean

help:
	@sed -n 's/^# make /  make /p' Makefile

demo: $(INSTALLED)
	$(BIN)/python examples/demo.py

# One thread in each process: two threads beside another busy process run many times slower.
test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

check: lint test

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build demo

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "aln needs Python 3.11 or newer as '$(PYTHON)'; name another one: make test PYTHON=python3.12" >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@
