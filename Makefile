# Two commands matter, and each works alone on a fresh clone:
#   make demo   install, then compare and rank real photographs, with a report
#   make test   install, then run every check that CI runs
# While you work: make check, the quick half of it.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test tests check unit busy lint docs bench release browser database clean
.DELETE_ON_ERROR:

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fgresq needs Python 3.11 or later; try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/.demo: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) --editable '.[demo]'
	touch $@

.venv/.test: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) --editable '.[test]'
	touch $@ .venv/.demo

demo: .venv/.demo
	$(BIN)/python examples/make_demo_images.py demo/images demo/references
	$(BIN)/fgresq compare demo/images/degraded/astronaut.png demo/images/nonlocal-means/astronaut.png
	$(BIN)/fgresq rank demo/images --report demo/ranking.html --output demo/ranking.json
	@echo 'open demo/ranking.html in a browser'

# Three at a time with one thread each, for two cores: a sixth of the time a test waits for a server or a browser. A file
# of tests goes to one, so that what it sets up once is set up once. Files go in the order of their names: the long ones
# of end_to_end come before the short ones of unit, which even out the end. Compiled files are kept, whatever the
# environment says: the tests start some two hundred programs, and pytest rewrites what it collects.
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 3 --dist loadfile \
	--no-loadscope-reorder --durations 10

# Lint and tests at once, as mypy's first run takes a while.
test: .venv/.test browser database
	@$(MAKE) --no-print-directory --jobs 2 lint tests

tests: .venv/.test
	$(PYTEST)

check: .venv/.test
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint unit

unit: .venv/.test
	$(PYTEST) -m 'not slow' tests/unit tests/architecture

# `make test` beside eight processes that never rest: no test may depend on its speed.
busy:
	for _ in 1 2 3 4 5 6 7 8; do (while :; do :; done) & idle="$$idle $$!"; done; \
	trap "kill $$idle" EXIT; $(MAKE) test

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The tests of pages need a browser. CI installs one; elsewhere they are skipped, with the reason, when there is none.
browser:
	@if [ "$$CI" = true ] && ! command -v chromium >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq chromium chromium-driver >/dev/null; fi

# The tests of studies run on SQLite and on a PostgreSQL server that they start themselves; the same rule as for pages.
database:
	@if [ "$$CI" = true ] && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && ! command -v initdb >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq postgresql >/dev/null; fi

docs: .venv/bin/python
	$(INSTALL) '.[docs]'
	$(BIN)/mkdocs build --strict

bench: .venv/.test
	$(BIN)/python benchmarks/speed.py

# A source package and a wheel in dist, then the wheel in an environment that knows nothing of this folder.
release: .venv/bin/python
	$(INSTALL) build
	rm -rf dist build/smoke
	$(BIN)/python -m build --outdir dist .
	$(PYTHON) -m venv build/smoke
	build/smoke/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		"fgresq[demo] @ file://$$(ls $(CURDIR)/dist/*.whl)"
	cd build/smoke && bin/python $(CURDIR)/examples/make_demo_images.py images
	cd build/smoke && bin/fgresq compare images/degraded/astronaut.png images/nonlocal-means/astronaut.png
	cd build/smoke && bin/fgresq rank images --report ranking.html --output ranking.json
	@ls -l dist

clean:
	rm -rf .venv demo site build dist
