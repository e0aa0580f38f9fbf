# Everything from a fresh clone with nothing but Python: `make run`, `make test`. Options go in ARGS:
#   make run ARGS='--in "Keyboard" --out "Synth"'
#   make test ARGS='-k schedule'

# The first that runs here, is new enough and can make a virtual environment. It is asked, not only looked up:
# pyenv's shims exist for versions that are not switched on, and Debian's python3 comes without ensurepip.
# 3.11 and 3.10 come first because the trainer's extra is widest there.
fits = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))
PYTHON ?= $(shell for python in python3.11 python3.10 python3.12 python3.13 python3; do \
	"$$python" -c '$(fits)' >/dev/null 2>&1 && { echo "$$python"; break; }; done)

# Python 3.12, which has another TensorFlow and another Keras. Where pyenv's shim is switched off, pyenv still has it.
PYTHON312 ?= $(shell for python in python3.12 "$$(pyenv root 2>/dev/null)"/versions/3.12*/bin/python3.12; do \
	"$$python" -c '$(fits)' >/dev/null 2>&1 && { echo "$$python"; break; }; done)

# Python 3.13, for which python-rtmidi has no wheel.
PYTHON313 ?= $(shell for python in python3.13 "$$(pyenv root 2>/dev/null)"/versions/3.13*/bin/python3.13; do \
	"$$python" -c '$(fits)' >/dev/null 2>&1 && { echo "$$python"; break; }; done)

VENV := .venv
VENV312 := .venv-3.12
VENV313 := .venv-3.13
# A user's own pip settings must not send packages past the virtual environment, which is where the target lies.
pip = PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 $(@D)/bin/python -m pip install --quiet
unexport PYTHONPATH PYTHONHOME

.PHONY: help run test lint quality newest compiled clean

help:
	@echo 'make run    set up what playing needs and start improvd; options in ARGS'
	@echo 'make test   set up everything and run every check; options for pytest in ARGS'
	@echo 'make lint   the checks without the tests'
	@echo 'make newest train a tiny model, and hear a recording, with Python 3.12; options for pytest in ARGS'
	@echo 'make compiled  play over real ports with Python 3.13 and a python-rtmidi that is compiled here; pytest in ARGS'
	@echo 'make quality ARGS="MODEL CORPUS"  measure a model, and write docs/quality and its card anew'
	@echo 'make clean  remove what these made, the virtual environment too'

run: $(VENV)/.daemon
	@exec $(VENV)/bin/improvd run $(ARGS)

# Two processes share the tests, as tests/sharing.py says: much of what is played in real time is waiting.
sharing := --numprocesses 2

test: lint
	$(VENV)/bin/python -m pytest $(sharing) $(ARGS)

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

newest: $(VENV312)/.dev
	$(VENV312)/bin/python -m pytest $(sharing) tests/train/test_train.py tests/train/fitting/test_replicas.py \
		tests/train/music/test_transcribe.py $(ARGS)

compiled: $(VENV313)/.daemon
	$(VENV313)/bin/python -m pytest $(sharing) tests/daemon tests/jack $(ARGS)

quality: $(VENV)/.dev
	$(VENV)/bin/improvd eval $(ARGS) --suite docs/quality --card

clean:
	rm -rf $(VENV) $(VENV312) $(VENV313) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The marks are written last, so that whatever was interrupted is done again.
# Installed in place (-e): an edit or a `git pull` counts at once, and only a new pyproject.toml needs pip again.

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo 'improvd needs Python 3.10 or newer that can make virtual environments' \
		'(on Debian and Ubuntu: apt install python3 python3-venv).' \
		'If you have one elsewhere, name it: make run PYTHON=/path/to/python3.11' >&2; exit 1; }
	@"$(PYTHON)" -c '$(fits)' 2>/dev/null || \
		{ echo '$(PYTHON) is not there, is older than Python 3.10, or lacks venv' >&2; exit 1; }
	@echo "Setting up $(VENV) with $$("$(PYTHON)" --version); the first time takes a minute"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.daemon: $(VENV)/.made pyproject.toml
	@$(pip) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	@echo 'Installing the trainer and the tools; the first time takes a few minutes (tensorflow is large)'
	@$(pip) -e '.[train,dev]'
	@touch $@ $(VENV)/.daemon

$(VENV312)/.dev: pyproject.toml
	@test -n "$(PYTHON312)" || { echo 'This wants Python 3.12, which is not here;' \
		'if you have one elsewhere, name it: make newest PYTHON312=/path/to/python3.12' >&2; exit 1; }
	@echo "Setting up $(VENV312) with $$("$(PYTHON312)" --version); the first time takes a few minutes"
	@"$(PYTHON312)" -m venv --clear $(VENV312)
	@$(pip) -e '.[train,dev]'
	@$(pip) --no-deps basic-pitch==0.4.0  # its pin admits no newer TensorFlow, of which nothing is used
	@touch $@

# Compiled whatever there is to download, as on a machine for which nobody made a wheel. What is installed stands here too.
$(VENV313)/.daemon: pyproject.toml Makefile
	@test -n "$(PYTHON313)" || { echo 'This wants Python 3.13, which is not here;' \
		'if you have one elsewhere, name it: make compiled PYTHON313=/path/to/python3.13' >&2; exit 1; }
	@echo "Setting up $(VENV313) with $$("$(PYTHON313)" --version), and compiling python-rtmidi"
	@"$(PYTHON313)" -m venv --clear $(VENV313)
	@$(pip) --no-cache-dir --no-binary=python-rtmidi -e '.[link]' hypothesis pytest pytest-xdist
	@touch $@
