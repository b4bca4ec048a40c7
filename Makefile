# Everything a fresh machine needs: make run · make test · make lint · make bench
# Wants Linux on x86_64 with glibc 2.28 or newer, CPython 3.11 or 3.12, and a package index within reach once.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
FRONT := .nurture/vendor/manifest.json

# The first Python that will do; PYTHON=… on the command line goes before it.
SUITS := import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 12) and sys.implementation.name == "cpython"))
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c '$(SUITS)' >/dev/null 2>&1; then echo $$p; break; fi; done)

.PHONY: help run test lint bench screenshots faults translations clean fire

help:
	@echo "make run     start everything, set up on the first run; Ctrl-C stops it"
	@echo "make test    the whole test suite"
	@echo "make fire    processes killed while mails go out (minutes, a quiet machine)"
	@echo "make lint    style, types and layers"
	@echo "make translations   bring the catalogues up to date with the strings of the program"
	@echo "make screenshots   the pictures of the documentation, anew"
	@echo "make bench   the benchmarks (ONLY=send,hits  SCALE=small|full)"
	@echo "make faults  kills, stops and faults of every kind (SEED=7  MINUTES=10)"

run: $(INSTALLED) $(FRONT)
	@exec $(BIN)/nurture up

test: $(INSTALLED) $(FRONT)
	@$(BIN)/python -m pytest -n 3 --dist loadgroup

fire: $(INSTALLED) $(FRONT)
	@$(BIN)/python -m pytest -m fire

lint: $(INSTALLED)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(INSTALLED) $(FRONT)
	@$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) --scale $(or $(SCALE),small)

# Which strings there are, and a place for each in every catalogue; docs/translating.md tells the rest.
translations: $(INSTALLED)
	@$(BIN)/pybabel -q extract -F babel.cfg -k _N -k pgettext:1c,2 --no-location --sort-output \
		--omit-header -o nurture/translations/messages.pot .
	@$(BIN)/pybabel -q update -i nurture/translations/messages.pot -d nurture/translations \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap
	@rm nurture/translations/messages.pot

# Pictures for docs/ and the README, from the demo data of a fixed day; wants Debian's Chromium.
screenshots: $(INSTALLED) $(FRONT)
	@$(BIN)/python -m tests.browser.pictures

faults: $(INSTALLED) $(FRONT)
	@$(BIN)/python -m bench.faults $(if $(SEED),--seed $(SEED)) --minutes $(or $(MINUTES),10) --lines --mutants

clean:
	rm -rf $(VENV) .nurture

$(INSTALLED): requirements.txt pyproject.toml
	@if [ "$$(uname -s) $$(uname -m)" != "Linux x86_64" ]; then \
		echo "This runs on Linux on x86_64; here is $$(uname -s) on $$(uname -m): use such a machine or container." >&2; exit 1; fi
	@if ! getconf GNU_LIBC_VERSION >/dev/null 2>&1; then \
		echo "This needs glibc 2.28 or newer, which this Linux does not have: use Debian 10, Ubuntu 20.04, RHEL 8 or newer." >&2; exit 1; fi
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c '$(SUITS)' >/dev/null 2>&1; then \
		echo "This needs CPython 3.11 or 3.12: install one, or name one with  make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@echo "Setting up the virtual environment (once)…"
	@$(PYTHON) -m venv $(VENV) >/dev/null || { \
		echo "The virtual environment could not be made: install the venv module of Python (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --use-pep517 -r requirements.txt || { \
		echo "The packages could not be installed: is the package index within reach? See the lines above." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --editable . || { \
		echo "The program itself could not be installed; see the lines above." >&2; exit 1; }
	@touch $@

$(FRONT): package-lock.json package.json nurture/web/parts.py nurture/web/assets.py | $(INSTALLED)
	@$(BIN)/python -m nurture.web.assets
	@touch $@
