# Run, test, and measure Triage. Needs Python 3.11 or newer, make, and git.
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,$(if $(shell $(name) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(name))))
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

# Always write bytecode: the tests start many processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run demo test test-rest test-all lint format bench screenshots system-deps lock

run: .venv/run.stamp
	@$(BIN)/python -m triage_site.start

# The simulated Sentry, even if .env connects a real one.
demo: .venv/run.stamp
	@TRIAGE_ENV_FILE=/dev/null $(BIN)/python -m triage_site.start demo

# Everything a change must pass: lint and all tests except those in tests/slow.txt.
test: .venv/dev.stamp system-deps
	@.ci/test -m "not slow"

# The rest: slow tests, and property-based tests with more examples.
test-rest: .venv/dev.stamp
	@sh .ci/system-deps rest
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest --numprocesses auto -m "slow or hypothesis"

test-all: test test-rest

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy apps triage_site tests manage.py
	$(BIN)/lint-imports
	git ls-files -z 'templates/*.html' | xargs -0 $(BIN)/djade --target-version 5.2 --check
	$(BIN)/python manage.py makemigrations --check --dry-run

format: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	git ls-files -z 'templates/*.html' | xargs -0 $(BIN)/djade --target-version 5.2

bench: .venv/dev.stamp
	$(BIN)/python -m tests.bench

screenshots: .venv/dev.stamp system-deps
	$(BIN)/python -m tests.browser.screenshots

system-deps:
	@sh .ci/system-deps

lock: .venv/dev.stamp
	$(BIN)/python -m pip install --quiet uv
	for name in requirements requirements-dev requirements-audit; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o $$name.txt $$name.in; done

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Triage needs Python 3.11 or newer. Install it first."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt | .venv/bin/python
	$(PIP) -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt | .venv/bin/python
	$(PIP) -r requirements-dev.txt
	@touch $@ .venv/run.stamp
