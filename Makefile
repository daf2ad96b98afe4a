# Every target makes .venv by itself; only the first time needs the network.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input install

.PHONY: help install chat run test check catalog lock bench torture audit mutants clean
.DELETE_ON_ERROR:

help: ## Says what each target does
	@awk -F ': .*## ' '/^[a-z]+: .*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

install: .venv/installed ## Sets up .venv, and nothing else

chat: .venv/installed ## A conversation in this terminal; needs no token
	@$(BIN)/backstride chat

run: .venv/installed ## The Telegram bot, with the settings of .env
	@$(BIN)/backstride run

# Both cores are at work already: more threads for the arithmetic of the drawings would only wait for each other.
test: export OPENBLAS_NUM_THREADS := 1
test: .venv/installed ## All tests, and how much of the code they reach
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses auto --dist worksteal
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include='flows/*' --omit='flows/media/*' --fail-under=100
	$(BIN)/coverage report --include='flows/media/*' --fail-under=90
	$(BIN)/coverage report --include='bot/*' --fail-under=95

check: .venv/installed ## Format, lint, types, import contracts and the clinical content and drawings
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/backstride check
	$(BIN)/python -m flows.media check

bench: .venv/installed ## How long a turn, a durable turn and a start take, and how much memory
	@$(BIN)/python -m tests.bench

torture: .venv/installed ## Kills the bot 1,000 times while people talk to it and the world fails; then 100,000 random updates
	$(BIN)/python -m tests.torture
	$(BIN)/python -m tests.torture.fuzz

audit: .venv/installed ## Asks the internet whether any pinned package has a known hole
	@$(PYTHON) -m venv build/audit && build/audit/bin/pip --quiet --disable-pip-version-check install pip-audit
	build/audit/bin/pip-audit --require-hashes --disable-pip --requirement requirements.lock

mutants: .venv/installed ## Changes the code of flows/ in small ways and names each change that no test notices
	@rm -rf mutants
	$(BIN)/mutmut run
	@$(BIN)/mutmut results

catalog: .venv/installed ## Renews the template for translators from the content
	@$(BIN)/python -m flows.catalog >flows/locale/backstride.pot

lock: ## Renews requirements.lock: newest versions that pyproject.toml allows, for every platform, with hashes
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(PYTHON) -m venv "$$folder" && "$$folder/bin/pip" --quiet --disable-pip-version-check install uv && \
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' >"$$folder/build.in" && \
	{ echo "# Written by 'make lock': every package of backstride, its tests and its build, with the hashes of all its files."; \
	  "$$folder/bin/uv" --quiet --no-config pip compile --universal --python-version 3.11 --upgrade --extra dev --extra media --generate-hashes \
	    --no-header --no-annotate pyproject.toml "$$folder/build.in"; } >"$$folder/lock" && \
	mv "$$folder/lock" requirements.lock

clean: ## Removes everything that was made, except your data and .env
	rm -rf .venv .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist mutants
	find bot flows tests -name __pycache__ -prune -exec rm -rf {} +

# Two stamps: a change of pyproject.toml alone reinstalls the project, and needs no network.
.venv/installed: .venv/locked pyproject.toml
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/locked: requirements.lock
	@$(PYTHON) -c 'import ensurepip, sys; sys.version_info >= (3, 11) or sys.exit("error")' 2>/dev/null || \
	  { echo "Backstride needs Python 3.11 or newer with its venv module; set PYTHON=/path/to/python3 to choose one." >&2; exit 1; }
	@echo "Setting up .venv (only when requirements.lock changes; about a minute) ..." >&2
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) --require-hashes --requirement requirements.lock
	@touch $@
