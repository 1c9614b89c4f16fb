# make demo   train, localize and evaluate on embedded synthetic images; pictures land in demo/
# make test   the tests, on two processes
# make docs   the documentation, in site/
# make browser  the review page in a real browser; skipped where there is no Chromium
# make check  what CI runs: format, lint, types, tests, browser, documentation
# make readers annotation formats read back by the tools' own packages, in an environment of their own
# make format put files into shape
#
# Each command first makes its own environment in .venv; another interpreter: make test PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
INSTALLED_DOCS := .venv/.installed-docs
READERS := .venv-readers/.installed

.PHONY: help demo test readers docs check lint format clean browser

help:
	@sed -n 's/^# make /  make /p' Makefile

demo: $(INSTALLED)
	$(BIN)/python examples/demo.py

# One thread in each process: two threads beside another busy process run many times slower.
test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

# Warnings are errors. Pages open from disk; their search needs a server: python -m http.server -d site
docs: $(INSTALLED_DOCS)
	NO_MKDOCS_2_WARNING=1 OMP_NUM_THREADS=1 $(BIN)/python -m mkdocs build --strict --quiet

# Neither torch nor the package is installed there: writing annotations needs the sources alone.
readers: $(READERS)
	OMP_NUM_THREADS=1 QT_QPA_PLATFORM=offscreen ALN_READERS=all PYTHONPATH=src \
		.venv-readers/bin/python -m pytest tests/export

# A step of its own: the other tests keep every processor busy. -rs says why one is skipped.
browser: $(INSTALLED)
	ALN_BROWSER=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -rs tests/web/test_browser*.py

check: lint test browser docs

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .venv-readers .mypy_cache .ruff_cache .pytest_cache .hypothesis build demo site

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

# The list is whole, so nothing is resolved.
$(READERS): tests/export/readers.txt
	$(PYTHON) -m venv .venv-readers
	.venv-readers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@
