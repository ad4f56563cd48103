# The project's commands. Everything is installed into .venv from requirements.lock.

SUITE ?= mini
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEMO := $(VENV)/demo
GRADIO := $(DEMO)/.installed
PORT ?= 5000
GPU_PYTHON ?= $(if $(wildcard $(INSTALLED)),$(BIN)/python,$(PYTHON))
unexport PYTHONDONTWRITEBYTECODE# images of containers set it, and then each of hundreds of processes would compile the package
PINNED := --universal --python-version 3.11 --no-header --no-annotate

.PHONY: help setup tables check-tables test test-projects test-components test-chaos test-gpu packages lint schemas ui demo develop lock clean
.DEFAULT_GOAL := tables

# This list: targets by the first line of what is said above them.
help:
	@echo 'make TARGET SUITE=$(SUITE); without a target it is tables:'
	@awk '/^# / {if (!said) said = substr($$0, 3); next} said && /^[a-z-]+:/ {sub(":.*", ""); printf "  %-16s%s\n", $$0, said} {said = ""}' Makefile

# .venv with all packages (6 GB), and nothing else.
setup: $(INSTALLED)
	@echo "Installed: source .venv/bin/activate gives you tcclip and snakemake"

# All tables of a suite, after the set-up: SUITE=mini some 20 minutes on two cores, SUITE=paper months of one GPU.
# docs/cluster.md is about clusters.
tables: $(INSTALLED)
	@exec env PATH="$(CURDIR)/$(BIN):$$PATH" workflow/make_tables.sh $(SUITE)

# After `make tables`: every cell that the plan measures is filled, and there is nothing to be done again.
check-tables: $(INSTALLED)
	$(BIN)/python .ci/check_tables.py $(SUITE)
	@log=$$(mktemp); $(MAKE) --no-print-directory tables >$$log 2>&1; code=$$?; cat $$log; \
	grep -q "Nothing to be done" $$log || code=1; rm $$log; exit $$code

PYTEST := OMP_NUM_THREADS=1 PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

# Every test that needs no server and no whole project: some 10 minutes on two cores.
test: $(INSTALLED)
	$(PYTEST)

# Whole projects on tiny input, by the commands that people type.
test-projects: $(INSTALLED)
	$(PYTEST) -m project

# Real servers: Slurm, MLflow, S3-like, PostgreSQL, Chromium; what is not installed is skipped with the reason.
# Gradio is no prerequisite: make -j would do all other tests while it is installed, and these, which wait most, last.
test-components: $(INSTALLED)
	@$(MAKE) --no-print-directory $(GRADIO)
	$(PYTEST) -m component -rs

# A small table made under kills, in minutes.
test-chaos: $(INSTALLED)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -m slow tests/workflow/test_chaos.py

# What a machine's GPU does, in ten minutes (docs/performance.md); installs nothing. GPU_PYTHON: a Python of your own.
test-gpu:
	@PYTHONPATH="$(CURDIR):$$PYTHONPATH" $(GPU_PYTHON) -m tcclip.bench.gpu $(GPU_OPTIONS)

# Debian's packages of the real servers.
packages:
	.ci/packages

# Style and types, as CI checks them.
# The first line takes as long as the others. The last one says that every test can be imported, and keeps them compiled.
lint: $(INSTALLED)
	@PATH="$(CURDIR)/$(BIN):$$PATH"; printf '%s\n' mypy \
	"ruff check . && ruff format --check . && snakefmt --check Snakefile workflow && python tests/lint_workflow.py" \
	'python -m pytest --collect-only -qq >/dev/null || { python -m pytest --collect-only -qq | tail -40; exit 1; }' | xargs -P 2 -I LINE sh -cx LINE

# The runs in MLflow, on localhost.
ui: $(INSTALLED)
	@PATH="$(CURDIR)/$(BIN):$$PATH" tcclip ui --port $(PORT)

# A page on which to try a run: make demo RUN=few_shot-hmdb51-k4-tc_clip-s1024
demo: $(if $(RUN),$(INSTALLED) $(GRADIO))
	@[ -n "$(RUN)" ] || { echo "Error: say which run: make demo RUN=few_shot-hmdb51-k4-tc_clip-s1024"; exit 1; }
	@PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH="$(CURDIR)/$(DEMO)" tcclip demo $(RUN)

# tcclip into the environment that is active (conda), instead of .venv.
develop:
	$(PYTHON) -m pip install -qq --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .

# TORCH_INDEX=URL takes torch and torchvision from an index of wheels without CUDA and leaves CUDA's libraries out.
PIP := $(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-compile
PYTORCH := torch|torchvision
CUDA := triton|cuda-[a-z]+|nvidia-[a-z0-9-]+
# A second make in another terminal waits, and finds it made. PyTorch and the others are unpacked side by side, and then
# compiled by all cores: pip does one after the other.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Error: Python 3.11 or newer is needed ($$($(PYTHON) --version) found): make PYTHON=python3.12 ..."; exit 1; }
	@exec 8>.install.lock; flock 8 2>/dev/null; \
	if [ $@ -nt requirements.lock ] && [ $@ -nt pyproject.toml ]; then exit 0; fi; \
	echo "Setting up .venv: some 3 minutes and 6 GB"; set -ex; \
	$(PYTHON) -m venv $(VENV); \
	grep -E '^($(PYTORCH)$(if $(TORCH_INDEX),,|$(CUDA)))==' requirements.lock >$(VENV)/pytorch.txt; \
	grep -vE '^($(PYTORCH)|$(CUDA))==' requirements.lock >$(VENV)/others.txt; \
	printf '%s\n' "$(TORCH_INDEX:%=--index-url %) -r $(VENV)/pytorch.txt" "-r $(VENV)/others.txt" | xargs -L 1 -P 2 $(PIP); \
	$(PIP) --no-build-isolation --config-settings editable_mode=compat --editable .; \
	$(BIN)/python -m compileall -qq -j 0 -x /tests/ $(VENV)/lib || true; \
	touch $@

# Gradio wants an older Pillow than numbers are made with: its packages lie beside the others, for `tcclip demo` alone.
$(GRADIO): requirements-demo.lock $(INSTALLED)
	rm -rf $(DEMO)
	$(PIP) --target $(DEMO) -r requirements-demo.lock
	@touch $@

# What editors know of the files in params/, after a change of a class of tcclip/params/.
schemas: $(INSTALLED)
	$(BIN)/python -m tcclip.params.schemas

# The files of locked packages, after a change of the dependencies in pyproject.toml (needs uv).
lock:
	uv pip compile pyproject.toml --extra dev $(PINNED) --output-file requirements.lock
	cp requirements.lock requirements-demo.lock
	uv pip compile pyproject.toml --extra dev --extra demo $(PINNED) --output-file requirements-demo.lock
	other=$$(grep -vxFf requirements.lock requirements-demo.lock); echo "$$other" >requirements-demo.lock

# Removes .venv and logs; data and results stay, which may have taken days.
clean:
	rm -rf .venv logs
