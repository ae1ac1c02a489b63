# Every target sets up what it needs: Python 3.11, Node 20, make and git are all a machine must have.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# Node 20 is what we promise to run on; jsii would print a banner about its age on every synth.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help setup demo test check synth mutants bench bench-client clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: .venv/.installed node_modules/.installed ## make .venv/ and node_modules/ in this folder

.venv/.installed: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
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
	tenant-keys docs --check           # what the docs show is what the code does
	tenant-keys schema --check         # the JSON Schema and the manifest's reference too
	python -m pytest -n 2 --dist loadfile -q

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
