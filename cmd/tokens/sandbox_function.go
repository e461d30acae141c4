package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"token-refresher/internal/sandbox/lambda"
	"token-refresher/internal/token"
)

// What the sandbox's functions are told of AWS. The keys open nothing.
const (
	region    = "eu-west-1"
	accessKey = "sandbox"
)

// The functions, by the names that they are invoked by, and the figures that the
// template gives them.
const (
	integratorFunction = "refresh-integrator"
	grantsFunction     = "refresh-grants"
	operatorFunction   = "operator"

	refreshTimeout   = 2 * time.Minute
	refreshMemoryMB  = 512
	operatorTimeout  = time.Minute
	operatorMemoryMB = 256
)

// The folders that `make build` puts the programs into.
const (
	refreshProgram  = "refresh"
	operatorProgram = "operator"
)

// journalTable is the name of the journal's table.
const journalTable = "journal"

// pace is how many times faster than real time the sandbox runs.
type pace int

// of is what a machine's duration becomes.
func (p pace) of(d time.Duration) time.Duration { return d / time.Duration(p) }

// The intervals of a deployment (docs/contract.md, "Environment of the
// functions"), before the pace.
const (
	sweepInterval     = time.Minute
	reconcileInterval = 15 * time.Minute
	writeInterval     = 16 * time.Minute
	writesPerSecond   = 40
)

// bootstraps finds the built functions, as `make build` leaves them, by the
// names of their folders.
func bootstraps(folder string) (map[string]string, error) {
	if folder == "" {
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find the folder of this program: %w", err)
		}
		folder = filepath.Dir(program)
	}
	paths := map[string]string{}
	for _, name := range []string{refreshProgram, operatorProgram} {
		path := filepath.Join(folder, name, "bootstrap")
		if err := checkProgram(path); err != nil {
			return nil, err
		}
		paths[name] = path
	}
	return paths, nil
}

func checkProgram(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is missing: build it with `make build`, or name the folder of the built functions with --functions DIR", path)
	case err != nil:
		return fmt.Errorf("find a function: %w", err)
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("%s is not a program: build it with `make build`", path)
	}
	return nil
}

// environment is what the template gives every function, at this pace and with
// the sandbox in AWS's place.
func environment(p pace, awsURL, providerHost string) []string {
	return []string{
		"SECRET_PREFIX=" + secretPrefix,
		"PROVIDER_HOSTS=" + providerHost,
		"SWEEP_INTERVAL=" + p.of(sweepInterval).String(),
		"RECONCILE_INTERVAL=" + p.of(reconcileInterval).String(),
		"SECRET_WRITE_INTERVAL=" + p.of(writeInterval).String(),
		fmt.Sprintf("SECRET_WRITES_PER_SECOND=%d", writesPerSecond*int(p)),
		"AWS_ENDPOINT_URL=" + awsURL,
		"AWS_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + accessKey,
		"AWS_SECRET_ACCESS_KEY=" + accessKey,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_XRAY_SDK_DISABLED=TRUE",
	}
}

// definitions are the functions as the sandbox deploys them.
func definitions(programs map[string]string, common []string, log io.Writer) []lambda.Function {
	refresh := lambda.Function{
		Command: programs[refreshProgram], Timeout: refreshTimeout, MemoryMB: refreshMemoryMB,
		MaxInstances: 1, // what a sweep remembers of failures is its instance's
		Log:          log,
	}
	integrator, grants := refresh, refresh
	integrator.Name = integratorFunction
	integrator.Env = slices.Concat(common, []string{"GRANT_TYPE=" + string(token.GrantTypeClientCredentials)})
	grants.Name = grantsFunction
	grants.Env = slices.Concat(common, []string{"GRANT_TYPE=" + string(token.GrantTypeAuthorizationCode), "JOURNAL_TABLE=" + journalTable})
	operator := lambda.Function{
		Name: operatorFunction, Command: programs[operatorProgram], Timeout: operatorTimeout, MemoryMB: operatorMemoryMB,
		MaxInstances: 2, Log: log,
		Env: slices.Concat(common, []string{"JOURNAL_TABLE=" + journalTable, "ALLOW_GET=true"}),
	}
	return []lambda.Function{integrator, grants, operator}
}
