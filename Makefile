# Every command a person needs. `make help` lists them; settings are variables: make load EVENTS=200000
SHELL := /bin/bash
NODE := node --import tsx
SWORDLAKE := node orchestrator/bin.js
PIPELINE ?= game
DEMO_EVENTS ?= 10000

.DEFAULT_GOAL := help
.PHONY: help deps up down clean demo demo-all demo-pipeline load replay report ledger status check test test-minio \
  test-hdfs test-compose chaos notebooks lab soak-console bench bench-ingest bench-overload fuzz chromium

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-17s %s\n", $$1, $$2 }'

# The install scripts of all packages stay off; stack/addon.ts runs the two that are needed.
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --prefer-offline

node_modules/.package-lock.json: package.json package-lock.json
	$(NPM_CI) --omit=dev
	@touch $@

node_modules/.dev: package.json package-lock.json
	$(NPM_CI)
	@touch node_modules/.package-lock.json $@

deps: node_modules/.package-lock.json ## install packages, fetch engines into the cache (once)
	@$(NODE) stack/install/main.ts

up: deps ## start the stack and apply all pipelines, or ONLY=game
	@$(SWORDLAKE) up $(if $(ONLY),--only $(ONLY))

down: ## end every process; the data stays
	@$(SWORDLAKE) down

clean: ## end the instance and remove its data
	@$(SWORDLAKE) clean

demo: ONLY = game
demo: up ## players buy swords and join guilds; reports and a closed ledger
	@rm -f .swordlake/demo.ndjson
	@$(NODE) loadgen/main.ts --url "$$($(SWORDLAKE) url api)" --pipeline game --events $(DEMO_EVENTS) --journal .swordlake/demo.ndjson
	@$(SWORDLAKE) ledger game --journal .swordlake/demo.ndjson
	@$(SWORDLAKE) report game
	@$(SWORDLAKE) next

DEMO_FILES = --rows $(or $(ROWS),100000) --seed $(or $(SEED),1) --damage $(or $(DAMAGE),0.01)

demo-all: up ## every pipeline that can make files: generate, load twice, compare all reports: ROWS= SEED= DAMAGE=
	@$(SWORDLAKE) demo $(DEMO_FILES)

demo-pipeline: ONLY = $(P)
demo-pipeline: up ## the same for one: P= ROWS= SEED= DAMAGE=
	@$(SWORDLAKE) demo $(P) $(DEMO_FILES)

load: ## make events: USERS= EVENTS= ENDPOINTS= CONNECTIONS= LOOP= RATE= PROFILE= OUTSTANDING= SEED= BATCH= JOURNAL= PIPELINE=
	@API_URL="$${API_URL:-$$($(SWORDLAKE) url api)}" PIPELINE="$(PIPELINE)" USERS="$(USERS)" EVENTS="$(EVENTS)" \
	  ENDPOINTS="$(ENDPOINTS)" CONNECTIONS="$(CONNECTIONS)" LOOP="$(LOOP)" RATE="$(RATE)" PROFILE="$(PROFILE)" \
	  OUTSTANDING="$(OUTSTANDING)" SEED="$(SEED)" BATCH="$(BATCH)" JOURNAL="$(JOURNAL)" KEY_FILE="$(KEY_FILE)" \
	  $(NODE) loadgen/main.ts

NDJSON := %.ndjson %.jsonl %.ndjson.gz %.jsonl.gz

replay: ## send rows of CSV or NDJSON files: FILE= TYPE= MAP= EVENT_TIME= RATE= SPEED_UP= RUN= RESUME=yes JOURNAL= PIPELINE=
	@API_URL="$${API_URL:-$$($(SWORDLAKE) url api)}" PIPELINE="$(PIPELINE)" TYPE="$(TYPE)" TYPE_COLUMN="$(TYPE_COLUMN)" \
	  MAP="$(MAP)" KEY_COLUMN="$(KEY_COLUMN)" EVENT_TIME="$(EVENT_TIME)" TIME_FORMAT="$(TIME_FORMAT)" RATE="$(RATE)" \
	  SPEED_UP="$(SPEED_UP)" BATCH="$(BATCH)" RUN="$(RUN)" RESUME="$(RESUME)" JOURNAL="$(JOURNAL)" \
	  KEY_FILE="$(KEY_FILE)" $(NODE) loadgen/replay/main.ts \
	  $(addprefix --csv ,$(filter-out $(NDJSON),$(FILE))) $(addprefix --ndjson ,$(filter $(NDJSON),$(FILE)))

report: ## print every report: PIPELINE=
	@$(SWORDLAKE) report $(PIPELINE)

ledger: ## account for every accepted event: PIPELINE=
	@$(SWORDLAKE) ledger $(PIPELINE)

status: ## what runs
	@$(SWORDLAKE) status

VITEST := npx vitest run --reporter=default --reporter=json --outputFile=.swordlake/test-results

check: node_modules/.dev deps ## types, style and unit tests
	npx tsc --noEmit
	npx tsc --noEmit -p console
	npx biome check --error-on-warnings .
	$(VITEST)/unit.json --project unit

test: check test-minio test-hdfs ## every test, on real engines started for them; `make check` first

# The console's tests drive a browser: the one in PATH, or the one that CHROMIUM names, or Debian's.
chromium:
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
	  || { echo "The console's tests need Chromium: install Debian's 'chromium', or name yours in CHROMIUM." >&2; exit 1; }

# In these the store has no part: they run once, where fewer jobs run beside them.
STORELESS := tests/e2e/crash-broker.test.ts tests/e2e/lifecycle.test.ts

test-minio: node_modules/.dev deps chromium ## tests against each engine, then events in over HTTP and rows out of Trino, crashes
	STACK=$(or $(STACK),native) STORE=minio $(VITEST)/minio.json --project integration --project alone --project e2e \
	  $(addprefix --exclude ,$(STORELESS))

test-hdfs: node_modules/.dev deps ## the same way through, with HDFS as the store; a broker that is away, a second instance
	STACK=$(or $(STACK),native) STORE=hdfs $(VITEST)/hdfs.json --project e2e tests/e2e/game.test.ts \
	  tests/e2e/crash.test.ts $(STORELESS)

test-compose: node_modules/.dev deps ## the way through on Docker Compose, and integration tests on containers
	$(VITEST)/containers.json --project containers
	STACK=compose STORE=minio $(VITEST)/compose.json --project e2e tests/e2e/game.test.ts \
	  tests/e2e/pipeline-folder.test.ts tests/e2e/crash.test.ts tests/e2e/crash-broker.test.ts tests/e2e/demo.test.ts

chaos: node_modules/.dev deps ## break a stack of its own under load and account for every event: RATE= FAULTS= SEED= KEEP=yes
	@RATE="$(RATE)" FAULTS="$(FAULTS)" SEED="$(SEED)" KEEP="$(KEEP)" $(NODE) tests/chaos/main.ts

.venv-fuzz/.done: tests/fuzz/requirements.txt
	python3 -m venv .venv-fuzz
	.venv-fuzz/bin/pip install --quiet --require-virtualenv -r tests/fuzz/requirements.txt
	@touch $@

# A field may stand in the body or in the query string; each form is fuzzed as a document of its own.
fuzz: .venv-fuzz/.done ## send thousands of made-up requests to the API by its OpenAPI document: CASES= per route
	@for form in body query; do \
	  FORM=$$form SCHEMATHESIS_HOOKS=forms PYTHONPATH=tests/fuzz PYTHONDONTWRITEBYTECODE=1 \
	  .venv-fuzz/bin/schemathesis --config-file tests/fuzz/schemathesis.toml run --checks all --max-examples $(or $(CASES),100) \
	    --phases examples,coverage,fuzzing --continue-on-failure "$${API_URL:-$$($(SWORDLAKE) url api)}/openapi.json" || exit 1; \
	done

soak-console: node_modules/.dev deps chromium ## hold the console open under live events; exit 1 where its memory grows: MINUTES= RATE=
	@MINUTES="$(MINUTES)" RATE="$(RATE)" $(NODE) tests/support/soak-console.ts

.venv/.done: notebooks/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --require-virtualenv -r notebooks/requirements.txt
	@touch $@

# JupyterLab is three quarters of the download, and nothing but `make lab` needs it.
.venv/.lab: .venv/.done notebooks/requirements-lab.txt
	.venv/bin/pip install --quiet --require-virtualenv -r notebooks/requirements-lab.txt
	@touch $@

notebooks: .venv/.done ## execute the notebooks against the running stack, write HTML; ONLY=game
	SWORDLAKE_TRINO="$$($(SWORDLAKE) url trino)" PYTHONDONTWRITEBYTECODE=1 .venv/bin/python notebooks/execute.py .swordlake/notebooks \
	  $(or $(patsubst %,notebooks/%.ipynb,$(ONLY)),$(wildcard notebooks/*.ipynb))

lab: .venv/.lab ## open the notebooks in JupyterLab on loopback
	SWORDLAKE_TRINO="$$($(SWORDLAKE) url trino)" .venv/bin/jupyter lab --ip=127.0.0.1 --LabApp.news_url= \
	  --LabApp.extension_manager=readonly --notebook-dir notebooks $$([ "$$(id -u)" = 0 ] && echo --allow-root)

BENCH_ARGS ?=

bench: bench-ingest bench-overload ## measure everything that has a bench

bench-ingest: deps ## the collector against its peers: ROUNDS= SECONDS= CONNECTIONS=, BENCH_ARGS=--check
	@ROUNDS="$(ROUNDS)" SECONDS="$(SECONDS)" CONNECTIONS="$(CONNECTIONS)" taskset -c 0 \
	  $(NODE) bench/ingest/main.ts $(BENCH_ARGS)

bench-overload: deps ## the API under three times what it can do: SECONDS= (300), CONNECTIONS=
	@SECONDS="$(SECONDS)" CONNECTIONS="$(CONNECTIONS)" taskset -c 0 $(NODE) bench/overload/main.ts
