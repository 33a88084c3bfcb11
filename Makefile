# Two commands: `make demo` and `make test`. Everything else is what they are made of.
VENV ?= .venv
PYTHON ?= python3
CORES ?= 2
SHELL := /bin/bash
BIN := $(VENV)/bin
export PATH := $(abspath $(BIN)):$(PATH)
export PYTHONPATH := $(abspath workflow)
# One thread per process: parallel work stands at the edges (docs/architecture.md).
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
# Python keeps what it has compiled, whatever the machine says: a process per job would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-slurm check bench kernels generated lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    simulate the demo survey, run the whole campaign, print where its report is"
	@echo "make test    lint, types, import order, dry runs, tests"
	@echo "make test-slurm  a campaign on a real Slurm on this host, whatever breaks on the way"
	@echo "make bench   ours beside the peers' programs, in turn on the same input"

demo: kernels
	@set -o pipefail; snakemake --profile profiles/local --cores $(CORES) --logger gnomon \
	  --logger-gnomon-file run/demo/log/events.jsonl 2>&1 | python -m gnomon.progress
	@python -m gnomon.costs run/demo --cores $(CORES)
	@echo "report: $(abspath run/demo/release/report.html)"

test: check
	@pytest

check: kernels
	@ruff check . && ruff format --check .
	@snakefmt --check Snakefile rules
	@mypy
	@lint-imports
	@python tests/check_workflow.py

test-slurm: kernels ## a real Slurm of four nodes on this host; needs root and .ci/system_packages
	@pytest -m slurm tests/slurm

bench: kernels
	@python tests/bench/run.py

kernels: $(VENV)/.ready
	@mkdir -p build
	@cmake -S . -B build/dev -G Ninja -DPython_EXECUTABLE=$(abspath $(BIN))/python >build/cmake.log 2>&1 \
	  || { cat build/cmake.log; exit 1; }
	@cmake --build build/dev

$(VENV)/.ready: envs/requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/requirements.lock
	@touch $@

generated: kernels ## pages and files made from the code
	@python -m gnomon.generate

lock: ## pin the newest versions again
	$(BIN)/python -m pip install --quiet pip-tools
	cd envs && ../$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-header \
	  --no-emit-trusted-host --no-emit-find-links --allow-unsafe --strip-extras -o requirements.lock requirements.in

clean:
	rm -rf build run workflow/gnomon/kernels/_*.so workflow/gnomon/kernels/_*.pyi
