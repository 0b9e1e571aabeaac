# The repository's commands. `make lab` and `make test` need Python 3.11 or newer and make, nothing else.
#
#   make lab      JupyterLab on the first lesson         (ARGS=--no-browser, ARGS="--port 9000")
#   make test     every check and every test             (ARGS="-k dialogue", ARGS=tests/mail)
#   make check    ruff, mypy, clean notebooks
#   make format   put code and notebooks into the one layout
#   make bench    the figures of docs/benchmarks.md, measured here
#   make exercises  what students get, made from solutions/
#   make pins     write constraints.txt anew from .venv
#   make clean    remove .venv and what the tools cache
#
# Written for make 3.81, which macOS has. What is set up lives in .venv; two stamp files in it say for
# which pyproject.toml and constraints.txt, so that a second run starts at once.

VENV   := .venv
RUN    := $(VENV)/bin/python
PIP    := $(RUN) -m pip --disable-pip-version-check --quiet install --constraint constraints.txt
PYTHON ?= python3
ARGS   ?=

.PHONY: lab test bench format check exercises pins clean

lab: $(VENV)/lab.stamp
	@$(RUN) -m smtplab.cli lab $(ARGS)

# What Python compiles is kept, whatever the environment says: every worker, kernel and command of the tests
# loads the same modules again.
test: check
	PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest -n 2 $(ARGS)

bench: $(VENV)/test.stamp
	$(RUN) -m benchmarks $(ARGS)

check: $(VENV)/test.stamp
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) tools/notebooks.py check

format: $(VENV)/test.stamp
	$(RUN) -m ruff check --fix-only --quiet .
	$(RUN) -m ruff format .
	$(RUN) tools/notebooks.py clean

exercises: $(VENV)/test.stamp
	$(RUN) tools/exercises.py make

pins: $(VENV)/test.stamp
	$(RUN) tools/constraints.py > $(VENV)/constraints.txt
	mv $(VENV)/constraints.txt constraints.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(VENV)/lab.stamp: pyproject.toml constraints.txt | $(RUN)
	@echo "Installing smtplab into $(VENV): a minute or two, this once."
	@$(PIP) --editable .
	@touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt | $(RUN)
	@echo "Installing smtplab and what its tests need into $(VENV): a minute or two, this once."
	@$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/lab.stamp

# The first Python that is new enough and can make an environment (Debian's own needs python3-venv).
$(RUN):
	@for python in "$(PYTHON)" python3 python python3.14 python3.13 python3.12 python3.11; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  found=yes; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
	  "$$python" -m venv --clear $(VENV) && exit 0; \
	  rm -rf $(VENV); exit 1; \
	done; \
	if [ "$$found" = yes ]; then \
	  echo "This Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; \
	else \
	  echo "smtplab needs Python 3.11 or newer, and none was found."; \
	  echo "Install one from https://www.python.org/downloads/, or name yours: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; \
	fi >&2; \
	exit 1
