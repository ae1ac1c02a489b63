# Every target sets up what it needs: Python 3.11 or newer, Node 22 (20 works), make and git are all a machine must have.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# Node 20 still works, until January 2027; jsii would print a banner about its age on every synth.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help setup demo test check docs pins synth mutants bench bench-client clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: .venv/.installed node_modules/.installed ## make .venv/ and node_modules/ in this folder

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
	tenant-keys demo

test: setup ## run the tests
	python -m pytest -n 2 --dist loadfile -q

check: setup ## everything that CI runs: lint, types, import contracts, docs drift, tests
	ruff check .                       # style, likely bugs, security smells
	ruff format --check .              # one format
	mypy                               # types, strict
	lint-imports                       # who may import whom: the review must not know the code it judges
	zizmor --offline --quiet .github   # workflows: permissions, pins, injection
	python -m tools.docs --check       # what the docs show is what the code does, the JSON Schema included
	python -m pytest -n 2 --dist loadfile -q

docs: setup ## write again what README.md and docs/ show of the code
	python -m tools.docs

pins: setup ## refresh requirements.txt: newest versions that pyproject.toml allows, with their hashes
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --annotation-style line --no-emit-package tenant-keys --no-emit-package tenant-keys-client \
	  --group dev -o requirements.txt pyproject.toml packages/client/pyproject.toml packages/local/pyproject.toml

synth: setup ## synthesize tenants.yaml into cdk.out
	cdk synth --quiet --no-notices

mutants: setup ## break real templates and random ones, and print how many the proof catches
	python -m tools.mutants

bench: setup ## measure synth, manifest, proof and review, as ratios within one run
	python -m tools.benchmarks

bench-client: setup ## measure the runtime client beside the Encryption SDK
	python -m tools.benchmarks.client

clean: ## remove what the targets made
	rm -rf .venv node_modules cdk.out
