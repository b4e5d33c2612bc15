# `make demo` shows what strmctl does, `make test` proves it; both begin with a fresh checkout.

PYTHON ?= python3
BIN := .venv/bin

# `make test` is to end within half an hour on two cores; `make test-long` has more cases of the
# same kinds, and longer ones. DURATIONS says how many of the longest tests are named at the end.
DURATIONS ?= 25
PYTEST := $(BIN)/pytest --durations=$(DURATIONS)

# Most everyday tests wait for something: six at once keep two cores busy. Who is done first takes
# tests from who is not, or one worker is left with the longest hundreds of them.
EVERYDAY := -n 6 --dist worksteal -m "not slow and not players"

# How many may fail beside others if they pass alone: none, but on machines that nobody can look at.
MAY_FAIL ?= 0
AGAIN := $(BIN)/python tests/again.py $(MAY_FAIL)

# pip compiles what it installs, but no checkout; without, PYTHONDONTWRITEBYTECODE doubles each start.
COMPILE := $(BIN)/python -m compileall -q strmctl

.PHONY: demo test test-long test-fast explore bench bench-quick lint docs site dist lock clean

.venv/ready: pyproject.toml requirements.lock requirements-dev.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock pip
	$(BIN)/python -m pip install --quiet -c requirements.lock -c requirements-dev.lock \
		-e . --group dev
	$(COMPILE)
	touch $@

# What strmctl itself needs is a tenth of what its tests need.
.venv/runs: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	$(COMPILE)
	touch $@

demo: $(or $(wildcard .venv/ready),.venv/runs)
	$(BIN)/strmctl demo $(if $(ONCE),--once)

test: LONG :=
test-long: LONG := --long
test test-long: lint
	sh tests/setup.sh
	$(AGAIN) $(PYTEST) $(LONG) $(EVERYDAY)
	$(AGAIN) $(PYTEST) $(LONG) -n 3 --dist loadgroup -m "slow or players"

test-fast: .venv/ready
	$(PYTEST) $(EVERYDAY)

explore: .venv/ready
	$(BIN)/pytest -n 2 --hypothesis-profile=explore -m hypothesis

# Writes the measured tables of docs/benchmarks.md and its picture. BENCH=probe is one subject of it.
bench: .venv/ready
	$(BIN)/python -m bench $(BENCH)

# Writes nothing; fails when a ratio is a tenth worse than the one that `make bench` wrote last.
bench-quick: .venv/ready
	$(BIN)/python -m bench --quick $(BENCH)

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/ready
	$(BIN)/python docs/make_share.py
	$(BIN)/python docs/make_map.py

# Warnings are errors: a page that links to nothing is not published.
site: .venv/ready
	$(BIN)/sphinx-build -q -W --keep-going -b html docs build/site

dist: .venv/ready
	$(BIN)/hatchling build -d dist

# The newest versions: first of what runs, then of what development adds to it.
FREEZE := pip freeze --all --exclude-editable --exclude setuptools
lock:
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[ytdlp]"
	{ head -n 1 requirements.lock; $(BIN)/python -m $(FREEZE); } > .venv/requirements.lock
	$(BIN)/python -m pip install --quiet -c .venv/requirements.lock -e . --group dev
	{ head -n 1 requirements-dev.lock; \
		$(BIN)/python -m $(FREEZE) | grep -vxFf .venv/requirements.lock; } \
		> requirements-dev.lock.new
	mv .venv/requirements.lock requirements.lock
	mv requirements-dev.lock.new requirements-dev.lock
	touch .venv/ready

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
