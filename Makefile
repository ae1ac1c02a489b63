# Every target sets up what it needs: Python 3.11 or newer, Node 22 (20 works), make and git are all a machine must have.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# Node 20 still works, until January 2027; jsii would print a banner about its age on every synth.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
# Programs that tests start by the hundred would compile our modules again each time, where the shell keeps them from storing it.
export PYTHONDONTWRITEBYTECODE :=
# Files run in the order of their names: the default begins with the files of many quick tests, and one worker ends alone.
PYTEST := python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)

# `tenant-keys init --here` replaces the sample, which the tool's own tests and docs are about: then each target is for
# the estate that took its place. The account is the sample's.
OWN := $(shell grep -qs '"account": "111111111111"' tenants.lock || echo yes)

.PHONY: help setup demo test test-all test-fast coverage check docs pins synth checkov mutants mutate bench bench-client clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: .venv/.installed node_modules/.installed ## create .venv/ and node_modules/ in this folder

.venv/.installed: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	JSII_RUNTIME_PACKAGE_CACHE_ROOT=.venv/jsii $(BIN)/python -c 'import aws_cdk, cdk_nag'  # else each demo unpacks them
	touch $@

node_modules/.installed: package.json package-lock.json
	npm ci --silent --no-audit --no-fund
	touch $@

demo: setup ## synthesize, prove, deploy to a local AWS, serve tenants, attack them
	$(if $(OWN),tenant-keys local attack,tenant-keys demo)

test: setup ## run the tests, a fixed sample where cases are many; in your own estate, the checks of a pull request
	$(if $(OWN),tenant-keys check,$(PYTEST) -m "not exhaustive")

test-all: setup ## run all tests, as CI does every night
	$(PYTEST)

FAST := $(addprefix tests/,policy manifest constructs client review/iam review/rules review/assembly)
test-fast: setup ## run the tests of model, policies, evaluator, rules and client in a minute, without a deployment
	$(PYTEST) -m "not slow and not exhaustive and not xdist_group" $(FAST)

coverage: setup ## run the tests and print branch coverage; policy, review/iam and review/proof need 95 %
	$(PYTEST) -m "not exhaustive" --cov --cov-report=
	coverage report
	for part in policy review/iam review/proof; do \
	  printf '%s: ' $$part; coverage report --include="*/tenant_keys/$$part/*" --format=total --fail-under=95; done

ifdef OWN
check: test
docs:
	@echo 'docs: written from the sample, which init --here replaced; nothing to do'
else
check: setup ## everything that CI runs: lint, types, import contracts, docs drift, tests
	ruff check .                       # style, likely bugs, security smells
	ruff format --check .              # one format
	mypy                               # types, strict
	lint-imports                       # who may import whom: the review must not know the code it judges
	zizmor --offline --quiet .github   # workflows: permissions, pins, injection
	python -m tools.docs --check       # what the docs show is what the code does, the JSON Schema included
	$(PYTEST) -m "not exhaustive"      # the tests

docs: setup ## regenerate the parts of README.md and docs/ that show code or output
	python -m tools.docs
endif

pins: setup ## refresh requirements.txt: newest versions that pyproject.toml allows, with their hashes
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --annotation-style line --no-emit-package tenant-keys --no-emit-package tenant-keys-client \
	  --group dev -o requirements.txt pyproject.toml packages/client/pyproject.toml packages/local/pyproject.toml
	python -m tools.docs # what a new estate is pinned to

synth: setup ## synthesize tenants.yaml into cdk.out
	cdk synth --quiet --no-notices

checkov: synth ## scan cdk.out with checkov, in a separate environment
	uv tool run --quiet checkov==3.3.30 --directory cdk.out --framework cloudformation --quiet --compact --skip-download

mutants: setup ## break real templates and random ones, and print how many the proof catches
	python -m tools.mutants

mutate: setup ## break our own code in one place at a time, and count how often a test fails (FOLDER=, COUNT=, SEED=)
	python -m tools.mutate $(if $(FOLDER),--folder $(FOLDER)) --count $(or $(COUNT),60) --seed $(or $(SEED),1)

bench: setup ## measure synth, manifest, proof and review, as ratios within one run (PARTS=proof)
	python -m tools.benchmarks $(PARTS)

bench-client: setup ## measure the runtime client: the Encryption SDK, 10,000 tenants, hanging calls, many threads
	python -m tools.benchmarks.client
	python -m tools.benchmarks.client_memory
	python -m tools.benchmarks.client_latency
	python -m tools.benchmarks.client_readers
	python -m tools.benchmarks.client_crowd

clean: ## remove everything that the targets created
	rm -rf .venv node_modules cdk.out
