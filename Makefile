# `make demo` and `make test` each work as the first command in a fresh clone.

SHELL := /bin/sh
# A Go that was unpacked where its manual says is found without being asked for.
export PATH := $(PATH):/usr/local/go/bin
# The version is stamped below; Go's own way fails in a clone of another user's.
export GOFLAGS := $(GOFLAGS) -buildvcs=false

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -X main.version=$(VERSION)
FUZZTIME ?= 30s
RUNS ?= 2000
TESTFLAGS ?=

# Where make install puts things; what a packager needs is below DESTDIR.
PREFIX ?= /usr/local
DESTDIR ?=
BIN ?= bin/countersign
to = $(DESTDIR)$(PREFIX)
etc = $(DESTDIR)/etc/countersign
units = countersign.service countersign-prune.service countersign-prune.timer

.NOTPARALLEL: # the dependencies come before to lint, and that before to test

.PHONY: help
help: ## Say what make can do.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

.PHONY: demo
demo: ## Play some changes from proposal to closed, all on this machine.
	@.ci/install demo
	@go run -ldflags '$(LDFLAGS)' ./cmd/countersign demo

.PHONY: play
play: ## Keep the company of the demo running, with everybody's mailbox on a local page.
	@.ci/install demo
	@go run -ldflags '$(LDFLAGS)' ./cmd/countersign play

# Packages in which nothing goes on at the same time: the race detector would only
# make their tests take many times as long.
PURE := ./policy ./mailread ./mailtmpl ./daemon/records/page

.PHONY: test
test: deps lint ## Install what is missing, then vet, lint and all tests, with -race where more than one thing goes on.
	go test -race -timeout 20m $(TESTFLAGS) $$(go list ./... | grep -vxF "$$(go list $(PURE))")
	go test $(TESTFLAGS) $(PURE) ./internal/year
	go test ./mailread -run 'TestAnyVote|TestSentences' -cases=10000

.PHONY: test-long
test-long: ## Every conversation on each real server; a simulated year of 2,000 changes; 100,000 replies; the property tests with a hundred times as many random cases; 1,000 ballots with 50 conflicting answers each; 1,000 changes published in a storm.
	go test -timeout 4h ./daemon -run '^TestConversationsOn' -everywhere -count=1
	go test -timeout 4h ./internal/year -count=1 -v -year.changes=2000
	go test -timeout 4h ./policy ./mailread -rapid.checks=10000
	go test -timeout 4h ./mailread -run 'TestAnyVote|TestSentences' -cases=100000 -v
	go test -timeout 4h ./daemon -run '^TestConflictingAnswers$$' -rounds=1000 -count=1 -v
	go test -timeout 4h ./daemon/records -run '^TestManyChangesInAStorm$$' -records.changes=1000 -count=1 -v

.PHONY: test-chaos
test-chaos: ## Kill the daemon 2,000 times at random (RUNS), by SEED if it is given.
	@.ci/install test
	@seed=$${SEED:-$$(date +%s)}; echo "make test-chaos RUNS=$(RUNS) SEED=$$seed"; \
	go test -timeout 4h ./internal/chaos -run TestChaos -chaos.runs=$(RUNS) -chaos.seed=$$seed

.PHONY: bench
bench: deps ## Measure the daemon beside the limits of this machine, and write docs/performance.md.
	go test ./internal/bench -run '^TestMeasure$$' -count=1 -timeout 2h -v -measure
	go test ./daemon/web -run '^TestMeasureTheRegister$$' -count=1 -timeout 1h -v -measure

.PHONY: quick
quick: ## All tests, without -race and without linting.
	go test -timeout 10m $(TESTFLAGS) ./...

.PHONY: test-db
test-db: ## The tests of storage alone.
	@.ci/install test
	go test -timeout 10m $(TESTFLAGS) ./storage/... ./internal/testkit/...

.PHONY: lint
lint: ## Vet and golangci-lint.
	go vet ./...
	.ci/golangci-lint run ./...

.PHONY: build
build: ## Build bin/countersign.
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w $(LDFLAGS)' -o $(BIN) ./cmd/countersign

.PHONY: install
install: build ## Install the program, its service, manual and example configuration below PREFIX (/usr/local).
	install -D -m 755 $(BIN) $(to)/bin/countersign
	install -D -m 644 docs/countersign.8 $(to)/share/man/man8/countersign.8
	install -D -m 644 docs/countersign.toml.5 $(to)/share/man/man5/countersign.toml.5
	install -D -m 644 systemd/countersign.sysusers $(to)/lib/sysusers.d/countersign.conf
	install -D -m 644 -t $(to)/lib/systemd/system $(units:%=systemd/%)
	sed -i 's|/usr/local/|$(PREFIX)/|' $(units:%=$(to)/lib/systemd/system/%)
	$(if $(DESTDIR),,if command -v systemd-sysusers >/dev/null; then systemd-sysusers $(to)/lib/sysusers.d/countersign.conf; fi)
	$(if $(DESTDIR),,getent group countersign >/dev/null || { echo "There is no systemd here: make the user and the group countersign, then install again." >&2; exit 1; })
	[ -e $(etc)/countersign.toml ] || \
		install -D -m 640 $(if $(DESTDIR),,-g countersign) systemd/countersign.toml $(etc)/countersign.toml

.PHONY: uninstall
uninstall: ## Remove what install has put there, but for configuration, secrets and user.
	rm -f $(to)/bin/countersign $(to)/share/man/man8/countersign.8 $(to)/share/man/man5/countersign.toml.5
	rm -f $(to)/lib/sysusers.d/countersign.conf $(units:%=$(to)/lib/systemd/system/%)

.PHONY: fuzz
fuzz: ## Every fuzz test for FUZZTIME (30s).
	@.ci/fuzz $(FUZZTIME)

.PHONY: audit
audit: ## Hold the modules against their checksums, and against the known vulnerabilities, where these can be reached.
	@.ci/audit

.PHONY: docs
docs: ## Write again the pages that are made from the code (by tests called TestDocs…).
	go test -run '^TestDocs' $$(grep -rl --include='*_test.go' '^func TestDocs' . | xargs -n1 dirname | sort -u) -update

.PHONY: screenshots
screenshots: ## Write the pictures in docs/screenshots: mails in Chromium and in Thunderbird, and the pages, ours and Confluence's.
	@.ci/install screenshots
	go test ./internal/screens -run 'TestScreenshots|TestThunderbird' -count=1 -timeout 30m -v -screenshots
	go test ./daemon/web -run TestEveryPageIsForEverybody -count=1 -timeout 30m -v -screenshots
	go test ./internal/play -run TestItCanBeRead -count=1 -timeout 30m -v -screenshots
	go test ./daemon/records/page -run 'TestAnAuditorFindsTheAssessmentsAtOnce|TestTheRegisterCanBeRead' -count=1 -timeout 30m -v -screenshots

.PHONY: recordings
recordings: ## Drive real mail programs and record how they answer a ballot, in mailread/testdata/clients.
	@.ci/install recordings
	rm -f mailread/testdata/clients/*
	go test ./internal/clients -run TestRecord -count=1 -timeout 1h -v -record

.PHONY: deps
deps: ## Install what the tests need, where it is missing.
	@.ci/install test

.PHONY: fresh
fresh: ## As root: try demo and test on a fresh Debian, twice each, in a temporary tree.
	@.ci/fresh
