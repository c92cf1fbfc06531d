# WorkDrive. `make help` lists what there is.

BIN      := bin/workdrive
DATA     ?= ./data
LISTEN   ?= 127.0.0.1:8080
TOOLS    := go tool -modfile=tools/go.mod

# Nothing here needs C but the race detector. One setting everywhere, so that linting and
# building share what was compiled.
export CGO_ENABLED := 0
CC_FOUND := $(shell command -v gcc cc 2>/dev/null)
RACE     := $(if $(CC_FOUND),-race)

# Long tests that do one thing after another: the race detector makes them ten times slower and has
# nothing to find in them that the concurrent tests do not show it. They run without it.
SERIAL   := ^(TestIsolationMatrix.*|TestEveryOperationRefusesBadInput|TestEveryExampleIsReplayed|TestVisibilityAgreesWithOracle|$\
TestAnOrganizationIsTheSameBytesWhereverItIs|TestABackupBringsEverythingBack|TestNoListHasAStatementPerRow|TestInboxesHaveWhatTheModelSays|$\
TestPrintedExamplesWorkToTheLetter|TestAcknowledgements|TestEveryQuestionHasTheSameAnswer|TestListsAreTheExpansionOfAllSeries|$\
TestHostilePDFsEndTheirOwnProcessAlone|TestBombsNeedLittleMemory|TestTheDemo.*)$$
SERIAL_IN := ./internal/app ./internal/demo ./internal/kernel/audience ./internal/kernel/extract ./internal/module/event
# Packages in which nothing is concurrent, and the console, whose tests wait for a browser.
PLAIN    := ./internal/arch ./internal/console ./internal/kernel/ical ./internal/kernel/recurrence

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

.PHONY: run
run: build ## Build and serve a demo organization on LISTEN with the data in DATA
	./$(BIN) serve --demo --listen $(LISTEN) --data-dir $(DATA)

.PHONY: build
build: ## Build the program: one static binary
	go build -o $(BIN) ./cmd/workdrive

.PHONY: test
test: ## Run every test on both engines; installs PostgreSQL and ffmpeg from Debian's packages when it can
	./scripts/test-deps
	$(if $(RACE),,@echo 'no C compiler here: the tests run without the race detector' >&2; [ "$${CI:-}" != true ])
	CGO_ENABLED=$(if $(RACE),1,0) go test $(RACE) -timeout 40m -skip '$(SERIAL)' $$(go list ./... | grep -vxF "$$(go list $(PLAIN))")
	go test -timeout 40m -run '$(SERIAL)' $(SERIAL_IN)
	go test -timeout 40m $(PLAIN)
	@echo 'make test: every package passed'

.PHONY: lint
lint: ## Run the linters: format, vet, golangci-lint (.golangci.yml)
	$(TOOLS) golangci-lint run --allow-parallel-runners

.PHONY: generate
generate: ## Renew the derived files: the console's *_templ.go, api/openapi.json
	$(TOOLS) templ generate -path internal/console -log-level error
	go run ./cmd/workdrive openapi >api/openapi.json.new && mv api/openapi.json.new api/openapi.json

.PHONY: verify
verify: ## Check that the derived files are current and the architecture rules hold
	@made=$$(mktemp -d) && cp internal/console/*.templ $$made && $(TOOLS) templ generate -path $$made -log-level error && \
	  for f in $$made/*_templ.go; do cmp $$f internal/console/$$(basename $$f) || { echo 'a template has changed: make generate' >&2; exit 1; }; done; rm -r $$made
	go test -run TestOpenAPIIsCurrent ./internal/app
	go test ./internal/arch

.PHONY: check
check: build lint verify ## Everything but the tests: build, linters, derived files, architecture

.PHONY: bench
bench: ## Measure: server against bare floors on both engines (see docs/performance.md)
	go run ./bench

.PHONY: e2e
e2e: ## Drive the real program: command line, restarts, graceful stop
	go test -count=1 ./cmd/workdrive
