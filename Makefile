# Everything a checkout can do. Needs make, git and /usr/bin/python3 (3.9 or later); the rest it fetches.
SHELL   := /bin/bash
PYTHON  ?= /usr/bin/python3
PYTHONS ?= 3.9 3.10 3.11 3.12 3.13
DESTDIR ?=
PREFIX  ?= /usr
COUNT   ?= 2000
ROUNDS  ?= 1000
CRASHES ?= 30
SEED    ?= 1
LABS    ?= 2
LANES   ?= 4

# A venv is good at one place for one interpreter, and ready for one set of declarations. Both are
# asked for when a recipe runs: on a bare machine the interpreter comes only then.
digest = $(shell { $(1); } | sha256sum | cut -c1-12)
PLACE = .venv/.at-$(call digest,echo $(CURDIR); readlink -f $(PYTHON))
LOCK = packaging/requirements-dev.txt
READY = .venv/.ready-$(call digest,cat pyproject.toml $(LOCK) src/ocf_py/_version.py)
INSTALLER = PYTHONPATH=src $(PYTHON) -SBm ocf_py.toolkit.installer
PYTEST = .venv/bin/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup lock demo test check lint compat bench bench-cluster bench-drbd install uninstall stage man \
        clean test-unit test-contract test-kernel test-cluster test-vm test-packages test-wheel fuzz soak rpm deb sdist

help: ## lists the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 24

setup: packages ## installs system packages (as root) and makes .venv; at once when nothing is to do
	@[ -e $(PLACE) ] || { echo "making .venv with $(PYTHON)"; \
	    $(PYTHON) -m venv --clear .venv && touch $(PLACE); }
	@[ -e $(READY) ] || { .venv/bin/python packaging/develop.py && touch $(READY); }

lock: setup ## renews the hashes of all that development uses, to the latest that pyproject.toml takes
	@$(PYTHON) -m venv --clear build/lock
	@build/lock/bin/python -m pip install -q --disable-pip-version-check uv
	@build/lock/bin/uv pip compile --quiet --universal --python-version 3.9 --all-extras --upgrade \
	    --generate-hashes --no-annotate --no-emit-package ocf-py --custom-compile-command "make lock" \
	    --output-file $(LOCK) pyproject.toml

.PHONY: python packages
python: # a machine without any Python gets one
	@[ -x $(PYTHON) ] || packaging/get_python.sh $(PYTHON)

packages: python
	@$(PYTHON) packaging/system_packages.py

demo: setup ## a real cluster; its active node loses power; the address moves
	@.venv/bin/ocf-py lab demo

# What `make test` has side by side, as many at a time as LANES, the longest first: parts of the
# cluster tier mostly wait, those of the others mostly compute.
PARTS = kernel contract/others cluster/mirror contract/fuzz cluster/agents cluster/examples \
        cluster/lab unit
test: lint ## set-up, lint and every tier
	@$(MAKE) --no-print-directory --keep-going --jobs=$(LANES) --output-sync=target \
	    $(addprefix part/,$(PARTS))

# The contract tier looks at what its agents leave on the machine: with processes and a /run of its
# own it sees nobody else's. The shell stays, as process 1: orphans are for it to reap.
APART = unshare --mount --pid --fork --kill-child --mount-proc \
        sh -c 'mount -t tmpfs -o mode=755 run /run && mkdir /run/lock && "$$@"; exit $$?' apart
part/contract/fuzz:
	@$(APART) $(PYTEST) tests/contract/test_fuzz.py

part/contract/others:
	@$(APART) $(PYTEST) tests/contract --ignore=tests/contract/test_fuzz.py

part/unit part/kernel:
	@$(PYTEST) tests/$(@F)

part/cluster/%:
	@$(IN_SHORT_FOLDER) $(PYTEST) tests/cluster/$*

check: test ## what CI runs

lint: setup ## ruff and mypy --strict
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

test-unit: setup ## decisions, against fakes
	$(PYTEST) tests/unit

test-contract: setup ## agents spawned as Pacemaker does
	$(PYTEST) tests/contract

fuzz: setup ## odd environments for every action of every agent (root): make fuzz COUNT=2000 SEED=7
	$(PYTEST) tests/contract/test_fuzz.py --fuzz-count=$(COUNT) --fuzz-seed=$(SEED)

test-kernel: setup ## real addresses and processes in fresh namespaces (root)
	$(PYTEST) tests/kernel

# The leak tests look at what lies in their own folder for temporary files, whose name is short: a
# lab's sockets are in one of those, and the kernel takes 108 bytes of a path.
IN_SHORT_FOLDER = folder=$$(mktemp -d -t XXXX) && trap 'rm -rf "$$folder"' EXIT && \
                  chmod 0711 "$$folder" && TMPDIR=$$folder
test-cluster: setup ## real Corosync and Pacemaker, with faults (root)
	@$(IN_SHORT_FOLDER) $(PYTEST) tests/cluster

test-vm: setup ## what needs kernels of its own: two QEMU guests (root, Debian)
	@$(PYTHON) packaging/system_packages.py --vm
	$(PYTEST) tests/vm

test-packages: setup ## RPMs and Debian packages, installed and upgraded; 7 minutes (root, Debian)
	@$(PYTHON) packaging/system_packages.py --packages
	$(PYTEST) tests/packages

test-wheel: setup ## all of the contract tier, of the wheel in an environment of its own; half an hour
	$(PYTEST) tests/packages/test_wheel.py --whole

compat: ## unit and contract tiers on other interpreters: make compat PYTHONS="3.9 3.13"
	@$(PYTHON) packaging/compat.py $(PYTHONS)

.PHONY: rehearse test-browser
rehearse: setup ## all examples against all faults, to build/rehearsal/index.html (root, Debian): hours
	@$(PYTHON) packaging/system_packages.py --vm
	.venv/bin/ocf-py lab rehearse $(sort $(wildcard examples/cib/*.xml)) --labs $(LABS) \
	    --report build/rehearsal

test-browser: setup ## a rehearsal's report, in Chromium
	@$(PYTHON) packaging/system_packages.py --browser
	$(PYTEST) tests/browser

soak: setup ## a mirror's random lives and power losses (root): make soak ROUNDS=1000 CRASHES=30 SEED=7
	$(PYTEST) tests/kernel/test_mirror_lives.py --mirror-count=$(ROUNDS) --mirror-seed=$(SEED)
	$(PYTEST) tests/cluster/mirror/test_power.py --crashes=$(CRASHES) --crash-seed=$(SEED)

bench: setup stage ## CPU, wall time and memory beside the peers of ocf:heartbeat (root)
	@.venv/bin/python -m tests.bench --stage build/stage

bench-cluster: setup ## 50 addresses and one, beside IPaddr2, on the lab; 15 minutes (root)
	@.venv/bin/python -m tests.bench.cluster

bench-drbd: setup ## a database on a mirrored disk, beside ocf:linbit:drbd, on guests; an hour (root)
	@$(PYTHON) packaging/system_packages.py --vm
	@.venv/bin/python -m tests.bench.drbd

.PHONY: docs
docs: setup ## the documentation as a site, below build/site; a link that leads nowhere ends it
	@rm -rf build/site
	@.venv/bin/python -m sphinx -qW --keep-going -b html -d build/doctrees docs build/site
	@echo build/site/index.html

man: setup ## the manual pages, below build/man, with the date of the last commit
	@rm -rf build/man
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null)} \
	    .venv/bin/ocf-py man build/man

rpm deb: setup ## packages to dist/, with the unit and contract tiers as their check
	@$(PYTHON) packaging/system_packages.py --packages
	@.venv/bin/python packaging/packages.py $@

sdist: setup ## source archive and wheel to dist/, the same bytes for the same commit
	@.venv/bin/python packaging/packages.py $@

stage: python ## a tree under build/stage that runs as it stands, examples included
	@$(INSTALLER) install --root build/stage --python $(PYTHON) --with-examples

# Through the environment: no quote or blank in a path is the shell's to read.
install uninstall: export DESTDIR := $(DESTDIR)
install uninstall: export PREFIX := $(PREFIX)

install: python ## agents to DESTDIR/PREFIX/lib/ocf, for packagers too: needs no .venv
	@$(INSTALLER) install --root="$$DESTDIR/" --prefix="$$PREFIX" --python $(PYTHON)

uninstall: python ## removes what install wrote
	@$(INSTALLER) uninstall --root="$$DESTDIR/" --prefix="$$PREFIX"

clean: ## removes what the other targets made in the checkout
	@rm -rf .venv .venv-* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
