# The project's commands; `make help` lists them. Only Go and make are needed:
# a step of `make check` that needs more says so and is skipped (never in CI).

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

# ARCH=arm64 or ARCH=amd64 builds the functions for Lambda instead of for this
# machine; ARGS is passed on by `make run`; ENV is a section of samconfig.toml,
# exported so that it is an argument of a command and never a part of it.
ARCH ?=
ARGS ?=
ENV  ?=
export ENV

# Every folder under functions/ is a Lambda function, built to the folder that
# CodeUri names in template.yaml.
functions  := $(notdir $(patsubst %/main.go,%,$(wildcard functions/*/main.go)))
bootstraps := $(functions:%=build/%/bootstrap)

# -buildvcs=false: a clone and a copy of it give the same binary.
# lambda.norpc: no support for the go1.x runtime that is gone.
go_build := CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w'

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: override ARCH :=
run: build ## start the sandbox (ARGS=… for its flags)
	build/tokens sandbox $(ARGS)

.PHONY: test
test: ## run all tests
	@sh .ci/test ./...

.PHONY: check
check: ## run the gate: what CI runs
	@sh .ci/check

.PHONY: bench
bench: ## run all benchmarks
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: soak
soak: ## run the simulations for long: many more orders of steps
	SOAK=1 go test -timeout 60m -v -run 'Consent|Remov|TenHours|Consumers' ./internal/simulation

.PHONY: profile
profile: ## profile ten simulated hours of sweeps, to build/profile
	@mkdir -p build/profile
	go test -run TenHours -o build/profile/simulation.test -cpuprofile build/profile/cpu.out \
		-memprofile build/profile/mem.out ./internal/simulation
	go tool pprof -top -nodecount 20 build/profile/simulation.test build/profile/cpu.out

.PHONY: build
build: $(bootstraps) build/tokens ## build the functions (ARCH=arm64 for Lambda) and build/tokens
	@test -n '$(functions)' || { echo 'build: no function under functions/' >&2; exit 1; }

# Go's build cache knows what is stale, make does not: always ask it.
.PHONY: $(bootstraps) build/tokens
$(bootstraps): build/%/bootstrap:
	@case '$(ARCH)' in ''|arm64|amd64) ;; *) echo 'build: ARCH is arm64 or amd64, not $(ARCH)' >&2; exit 2;; esac
	$(if $(ARCH),GOOS=linux GOARCH=$(ARCH) )$(go_build) -tags lambda.norpc -o $@ ./functions/$*

build/tokens:
	$(go_build) -o $@ ./cmd/tokens

.PHONY: deploy
deploy: ## deploy the stack (ENV=staging or ENV=production)
	@sh .ci/deploy "$$ENV"

.PHONY: clean
clean: ## remove build/ and the sandbox's state
	rm -rf build .sandbox
