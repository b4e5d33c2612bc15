# `make demo` shows what strmctl does, `make test` proves it; both begin with a fresh checkout.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-fast explore bench lint docs lock clean

.venv/ready: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock pip
	$(BIN)/python -m pip install --quiet -c requirements.lock -e . --group dev
	touch $@

demo: .venv/ready
	$(BIN)/strmctl demo $(if $(ONCE),--once)

test: lint
	sh tests/setup.sh
	$(BIN)/pytest -n 3 -m "not slow and not players"
	$(BIN)/pytest -m slow
	$(BIN)/pytest -n 2 --dist loadgroup -m "players and not slow"

test-fast: .venv/ready
	$(BIN)/pytest -n 3 -m "not slow and not players"

explore: .venv/ready
	$(BIN)/pytest -n 2 --hypothesis-profile=explore -m hypothesis

bench: .venv/ready
	$(BIN)/python -m bench $(BENCH)

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/ready
	$(BIN)/python docs/make_share.py

lock: .venv/ready
	$(BIN)/python -m pip install --quiet --upgrade -e . --group dev
	{ head -n 1 requirements.lock; $(BIN)/python -m pip freeze --all --exclude-editable \
		--exclude setuptools; } > requirements.lock.new
	mv requirements.lock.new requirements.lock
	touch .venv/ready

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
