# make demo | test | lint | docs | clean
#
# Needs python3.11 or newer, make and git. Everything else is installed into .venv, once: again only after pyproject.toml
# has changed.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# files are read in one worker for each core; `make test JOBS=0` runs in one process
JOBS ?= auto
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint docs clean

help:
	@echo "make demo    install, then assess a credit model on bundled data"
	@echo "make test    install everything, then run every test"
	@echo "make lint    style, types, layers and docstrings"
	@echo "make docs    build the documentation into site/"
	@echo "make clean   remove .venv and everything that was built"

demo: $(VENV)/.installed
	@$(BIN)/sparring demo --overwrite

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports --no-logo
	$(BIN)/numpydoc lint $$(find src -name '*.py')

docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) build dist site .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A shim may be on PATH and still refuse to run, so each candidate is asked; it must also be able to make environments.
$(VENV)/.created:
	@for candidate in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3 python; do \
	  if $$candidate -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    echo "Creating $(VENV) with $$($$candidate --version)"; \
	    $$candidate -m venv --clear $(VENV) && touch $@ && exit; \
	    exit 1; \
	  fi; \
	done; \
	echo "Python 3.11 or newer, with its venv module, must be on PATH and was not found;" \
	  "install it (Debian: apt install python3 python3-venv) or say where it is: make PYTHON=/path/to/python" >&2; \
	exit 1

$(VENV)/.installed: pyproject.toml | $(VENV)/.created
	@echo "Installing sparring and what it needs into $(VENV); the first time takes a minute or two"
	@$(PIP) install -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/.created
	@echo "Installing sparring and everything that its tests need into $(VENV); the first time takes some minutes"
	@$(PIP) install -e ".[all,dev]"
	@touch $(VENV)/.installed $@

$(VENV)/.installed-docs: pyproject.toml | $(VENV)/.created
	@echo "Installing what the documentation needs into $(VENV)"
	@$(PIP) install -e ".[docs]"
	@touch $(VENV)/.installed $@
