# Everything a newcomer needs: `make run` and `make test`. Needs Python 3.11 or newer, and nothing else.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint bench eval clean

PORT ?= 4000
CONFIG ?= proxy_config.yaml
TIER_ROUTER_DATA ?= ../shared/data
PYTEST_ARGS ?=
EVAL_ARGS ?=
export TIER_ROUTER_DATA
export LITELLM_LOCAL_MODEL_COST_MAP ?= True

BIN := .venv/bin
# The first interpreter that is new enough; another one by `make run PYTHON=/path/to/python`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

help: ## Show the targets.
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/'

run: .venv/.ready ## Start the proxy with the bundled config; tiers without a provider key answer offline.
	$(BIN)/tier-router serve --config $(CONFIG) --offline-if-no-keys --port $(PORT)

test: .venv/.ready-dev ## Run the tests with coverage.
	$(BIN)/pytest --cov --cov-report=term $(PYTEST_ARGS)

lint: .venv/.ready-dev ## Check style, format and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.ready-dev ## Run the benchmarks, one after the other.
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || failed=1; done; exit $${failed:-0}

eval: .venv/.ready ## Evaluate routing on the recorded outcomes below TIER_ROUTER_DATA.
	@test -f $(TIER_ROUTER_DATA)/routing_outcomes/train.jsonl.gz || { \
		echo "no recorded outcomes: set TIER_ROUTER_DATA to the folder that holds routing_outcomes/" >&2; exit 2; }
	$(BIN)/tier-router evaluate --data $(TIER_ROUTER_DATA)/routing_outcomes/train.jsonl.gz \
		--dev $(TIER_ROUTER_DATA)/routing_outcomes/dev.jsonl.gz --folds 3 $(EVAL_ARGS)
	@place=$$(mktemp -d) && all="$$place/all.jsonl.gz" && trap 'rm -rf "$$place"' EXIT && \
		cat $(TIER_ROUTER_DATA)/routing_outcomes/train.jsonl.gz $(TIER_ROUTER_DATA)/routing_outcomes/dev.jsonl.gz > "$$all" && \
		$(BIN)/tier-router evaluate --data "$$all" --folds 5 --prices $(TIER_ROUTER_DATA)/routing_outcomes/prices.json \
		--tiers $(TIER_ROUTER_DATA)/routing_outcomes/tiers.json $(EVAL_FOLDS_ARGS)

clean: ## Remove the environment and all caches.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov .coverage .coverage.*

.venv/.created:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or give PYTHON=/path/to/python" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.ready: .venv/.created pyproject.toml
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable ".[all]"
	@touch $@

# The group `dev` of pyproject.toml, spelt out for versions of pip that do not know groups.
.venv/.ready-dev: .venv/.ready
	$(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['dependency-groups']['dev'], sep='\n')" > .venv/dev-requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --requirement .venv/dev-requirements.txt
	@touch $@
