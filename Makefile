# For developers. `make demo` shows what credseries does, `make test` what it promises.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
KERNEL_TREE ?=
FUZZ_PROGRAMS ?= 20000
FUZZ_SEED ?=
FUZZ_C_FILES ?= 30000
FUZZ_C_SEED ?=
KILLS ?= 500
KILLS_SEED ?=

.PHONY: help demo test test-kernel fuzz fuzz-c kills lint format bench clean

help:
	@echo 'make demo         the whole pipeline on the miniature kernel tree'
	@echo 'make test         the tests, without those that need a real kernel tree'
	@echo 'make test-kernel  the tests on Linux 6.12 (or KERNEL_TREE=DIR)'
	@echo 'make fuzz         random programs, their proven rewrites run beside them (FUZZ_PROGRAMS=N FUZZ_SEED=N)'
	@echo 'make fuzz-c       C files changed at random, read and rewritten (FUZZ_C_FILES=N FUZZ_C_SEED=N)'
	@echo 'make kills        kill -9 while a series is written, and a look at what is left (KILLS=N KILLS_SEED=N)'
	@echo 'make lint         ruff and mypy'
	@echo 'make bench        times of start-up, scan, split and verify, and the model of the usage counter'

# A virtual environment of its own, made again when the dependencies change.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

demo: $(STAMP)
	$(PY) -m credseries demo

test: $(STAMP)
	$(PY) -m pytest -n auto -m 'not kernel'

test-kernel: $(STAMP)
	@if [ -n '$(KERNEL_TREE)' ]; then tree='$(KERNEL_TREE)'; else tree=$$(tests/kernel/prepare.sh | tail -n 1); fi; \
	if [ -z "$$tree" ]; then echo 'make test-kernel: there is no kernel tree to test on' >&2; exit 1; fi; \
	echo "kernel tree: $$tree"; \
	CREDSERIES_KERNEL_TREE="$$tree" $(PY) -m pytest -n auto --dist loadfile -m kernel

fuzz: $(STAMP)
	$(PY) -m tests.programs --programs $(FUZZ_PROGRAMS) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED)) --census

fuzz-c: $(STAMP)
	$(PY) -m tests.mutants --files $(FUZZ_C_FILES) $(if $(FUZZ_C_SEED),--seed $(FUZZ_C_SEED))

kills: $(STAMP)
	$(PY) -m tests.kills --kills $(KILLS) $(if $(KILLS_SEED),--seed $(KILLS_SEED))
	$(PY) -m tests.kills --kills $(KILLS) $(if $(KILLS_SEED),--seed $(KILLS_SEED)) --writing
	$(PY) -m tests.kills --kills $(KILLS) $(if $(KILLS_SEED),--seed $(KILLS_SEED)) --moving

lint: $(STAMP)
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy

format: $(STAMP)
	$(PY) -m ruff format
	$(PY) -m ruff check --fix

bench: $(STAMP)
	$(PY) benchmarks/bench_startup.py
	$(PY) benchmarks/bench_scan_split.py
	$(PY) benchmarks/bench_verify.py
	$(PY) benchmarks/bench_counter.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
