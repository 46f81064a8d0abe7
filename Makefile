# Two commands do it: `make run` and `make test`. `make` alone lists all.

VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements.lock
# What the type checker needs to read the settings; nothing connects to it.
LINT_SETTINGS := ISOFLOP_SECRET_KEY=only-for-the-type-checker-which-never-signs ISOFLOP_DATABASE_URL=postgresql://lint@localhost/lint

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench accuracy lock hooks clean browser
.DELETE_ON_ERROR:

help:  ## List these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(VENV)/.run $(VENV)/.compiled  ## Run Isoflop on this machine (PORT=8123 make run chooses the port)
	@$(BIN)/isoflop up

test: $(VENV)/.test $(VENV)/.compiled browser  ## Run all tests (ARGS="-k word" passes pytest's options)
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: $(VENV)/.lint  ## Check style, types, floors and templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(LINT_SETTINGS) $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --check --lint frontend/templates

format: $(VENV)/.lint  ## Put code and templates into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint --quiet --reformat frontend/templates

bench: $(VENV)/.run $(VENV)/.compiled  ## Measure the solvers' speed
	@$(BIN)/isoflop bench

accuracy: $(VENV)/.test  ## Compare the models with measurements and with the published figures of papers
	@OMP_NUM_THREADS=1 $(BIN)/python -m solvers.training.tables
	@OMP_NUM_THREADS=1 $(BIN)/python -m solvers.serving.tables
	@OMP_NUM_THREADS=1 $(BIN)/python -m tests.solvers.scaling.report
	@$(BIN)/python -m pytest tests/papers --verbose

lock: $(VENV)/.made  ## Choose new exact versions of all dependencies
	$(BIN)/pip install --quiet 'uv~=0.13.9'
	@index="$$($(BIN)/pip config get global.index-url 2>/dev/null || true)"; index="$${PIP_INDEX_URL:-$$index}"; \
	UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 --extra test --extra lint \
	  $${index:+--default-index "$$index"} --no-annotate --no-emit-index-url --no-emit-find-links --quiet --output-file $(LOCK)

hooks: $(VENV)/.lint  ## Check each commit with `make lint`'s checks
	$(BIN)/pre-commit install

clean:  ## Remove what was installed and cached, not what was stored
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A browser for the pages' tests: this machine's, else Playwright's own; without one those tests say that they are skipped.
browser: $(VENV)/.test
	@for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do command -v $$name >/dev/null && exit 0; done; \
	[ -e $(VENV)/.browser ] || { echo "Looking for a Chromium ..."; \
	  timeout 300 $(BIN)/playwright install chromium >/dev/null 2>&1 || echo "No Chromium can be installed: browser tests will be skipped."; \
	  touch $(VENV)/.browser; }

$(VENV)/.made:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { found="$$python"; break; }; \
	done; \
	if [ -z "$$found" ]; then echo "Isoflop needs Python 3.11 or newer; found none. PYTHON=/path/to/python make run names one." >&2; exit 1; fi; \
	"$$found" -m venv --clear $(VENV) || { echo "Python's venv module is missing: install it (Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@touch $@

# Exact versions come from the lock, as constraints, so that pip's own settings (an index, wheels at hand) hold.
$(VENV)/.run $(VENV)/.test $(VENV)/.lint: $(VENV)/.made pyproject.toml $(LOCK)
	@echo "Installing what \`make $(patsubst .%,%,$(notdir $@))\` needs ..."
	@PIP_CONSTRAINT=$(CURDIR)/$(LOCK) PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/pip install --quiet \
	  --config-settings editable_mode=compat --editable '.[$(EXTRAS$(notdir $@))]'
	@touch $@

# The serving simulator, compiled once, so that the first answer does not wait for it.
$(VENV)/.compiled: $(wildcard solvers/simulate/serving/*.py) | $(VENV)/.made
	@echo "Compiling the serving simulator (half a minute) ..."
	@$(BIN)/python -c 'from solvers.simulate.serving.engine import prepare; prepare()'
	@touch $@

EXTRAS.run := server,embedded
EXTRAS.test := test
EXTRAS.lint := lint
