# Run, test and measure Triage. Needs Python 3.11 or newer, make and git.
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,$(if $(shell $(name) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(name))))
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: run test lint format bench screenshots system-deps lock

run: .venv/run.stamp
	@$(BIN)/python -m triage_site.start

test: .venv/dev.stamp system-deps lint
	$(BIN)/python -m pytest --numprocesses auto

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy apps triage_site tests manage.py
	$(BIN)/lint-imports
	git ls-files -z 'templates/*.html' | xargs -0 $(BIN)/djade --target-version 5.2 --check
	$(BIN)/python manage.py makemigrations --check --dry-run
	@sh .ci/file-sizes

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
	@test -n "$(PYTHON)" || { echo "Triage needs Python 3.11 or newer; please install it."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt | .venv/bin/python
	$(PIP) -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt | .venv/bin/python
	$(PIP) -r requirements-dev.txt
	@touch $@ .venv/run.stamp
