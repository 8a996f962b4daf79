# Needs Python 3.11 or newer and nothing else; `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help setup up distributed distributed-down test test-distributed check bench contracts lock

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

setup: ## Everything that developing needs, into .venv
	@scripts/setup.sh dev

up: ## TaskFlow with its five services and its database, in the foreground
	@scripts/setup.sh run
	@exec .venv/bin/taskflow up

distributed: ## The distributed size with Docker Compose: secrets, build, start, wait (docs/operate/compose.md)
	@scripts/make_secrets.sh
	@docker compose up --build --wait
	@echo "TaskFlow is ready at https://localhost:$${TASKFLOW_HTTPS_PORT:-8443}"

distributed-down: ## Stop it; the data and the secrets stay
	@docker compose --profile '*' down

test: setup ## All tests but those of the distributed size; the branches that they reach may only become more
	@scripts/test.sh --ignore=tests/distributed --cov --cov-report=

test-distributed: setup ## The distributed size on a real Dapr, Kafka, Redis and PostgreSQL; builds them once (Go, Java)
	@scripts/programs.sh redis-server nginx-light openjdk-17-jre-headless maven
	@scripts/engine.sh
	@env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m pytest tests/distributed

check: setup ## Formatting, lint, types, import contracts, dependency audit
	@scripts/check.sh

bench: ## Figures beside those of peers and of the machine; GOALS="2 10" for some (benchmarks/README.md)
	@scripts/setup.sh bench
	@.venv/bin/python -m benchmarks $(GOALS)

contracts: setup ## What is promised to other programs, and the page's types of it, from the code
	@scripts/contracts.sh

lock: ## Pin the newest dependencies with hashes under requirements/
	@scripts/lock.sh --upgrade
