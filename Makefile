# make demo   train, localize and evaluate on embedded synthetic images; pictures land in demo/
# make test   the tests, on two processes
# make docs   the documentation, in site/
# make check  what CI runs: format, lint, types, tests, documentation
# make format put files into shape
#
# Each command first makes its own environment in .venv; another interpreter: make test PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
INSTALLED_DOCS := .venv/.installed-docs

.PHONY: help demo test docs check lint format clean

help:
	@sed -n 's/^# make /  make /p' Makefile

demo: $(INSTALLED)
	$(BIN)/python examples/demo.py

# One thread in each process: two threads beside another busy process run many times slower.
test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

# Warnings are errors. The search of site/index.html works from disk too.
docs: $(INSTALLED_DOCS)
	NO_MKDOCS_2_WARNING=1 OMP_NUM_THREADS=1 $(BIN)/python -m mkdocs build --strict --quiet

check: lint test docs

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build demo site

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "aln needs Python 3.11 or newer as '$(PYTHON)'; name another one: make test PYTHON=python3.12" >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@

$(INSTALLED_DOCS): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]' -c constraints.txt
	@touch $@
