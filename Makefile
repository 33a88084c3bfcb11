# Two commands: `make demo` and `make test`. Everything else is what they are made of.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
export PATH := $(abspath $(BIN)):$(PATH)
export PYTHONPATH := $(abspath workflow)
# One thread per process: parallel work stands at the edges (docs/architecture.md).
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: kernels
kernels: $(VENV)/.ready
	@cmake -S . -B build/dev -G Ninja -DPython_EXECUTABLE=$(abspath $(BIN))/python >build/dev.log 2>&1 \
	  || { mkdir -p build; cat build/dev.log; exit 1; }
	@cmake --build build/dev
