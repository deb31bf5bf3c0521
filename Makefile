# `make lab` opens the course and `make test` tests it; both set up .venv first, once. `make help` lists the rest.
#
#   PYTHON=python3.13          the Python to build .venv with (3.11 or newer)
#   COURSE_LANG=en             the language: ko or en
#   TORCH_INDEX=https://…      a package index with another build of torch (default: the CPU build)
#   LAB_ARGS="--no-browser"    options for JupyterLab
#   PYTEST_ARGS="-k adam -x"   options for pytest

PYTHON ?= python3
COURSE_LANG ?= ko
export COURSE_LANG

RUN := .venv/bin/python
NOTEBOOKS := $(foreach part,notebooks solutions exercises,$(part)/ko $(part)/en)
# The assignment's trainings take minutes: tests/notebooks runs it with short ones, and in full among the slow.
NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout=120 --ignore-glob='*/assignment.ipynb'
# A notebook stays whole on one worker (loadscope); two workers with a thread each fill two CPUs.
WORKERS := -n 2 --dist loadscope --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-site setup-class lab test test-all doctor build site clean

help:
	@$(PYTHON) -m course_lib.bootstrap help

setup:
	@$(PYTHON) -m course_lib.bootstrap setup

setup-test:
	@$(PYTHON) -m course_lib.bootstrap setup-test

setup-site:
	@$(PYTHON) -m course_lib.bootstrap setup-site

setup-class:
	@$(PYTHON) -m course_lib.bootstrap setup-class

lab: setup
	@$(RUN) -m course_lib.cli lab $(LAB_ARGS)

doctor: setup
	@$(RUN) -m course_lib.cli doctor

build: setup
	@$(RUN) -m course_lib.cli build

site: setup-site
	@$(RUN) -m course_lib.site

test-all: setup-site  # among the slow tests is one that builds the site
site test test-all: export OMP_NUM_THREADS := 1
test test-all: export COURSE_PROGRESS := off
test: SELECTION := -m "not slow"
test test-all: setup-test
	$(RUN) -m course_lib.cli build --check
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m pytest $(WORKERS) $(SELECTION) $(PYTEST_ARGS)
	$(RUN) -m pytest $(WORKERS) $(NBVAL) $(NOTEBOOKS)
	@$(RUN) -m course_lib.bootstrap passed

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} + -o -name .ipynb_checkpoints -prune -exec rm -rf {} +
