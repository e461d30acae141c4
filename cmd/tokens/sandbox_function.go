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
	integratorFunction  = "refresh-integrator"
	grantsFunction      = "refresh-grants"
	consentFunction     = "consent"
	accessTokenFunction = "accesstoken"
	operatorFunction    = "operator"

	refreshTimeout      = 2 * time.Minute
	refreshMemoryMB     = 512
	consentTimeout      = 29 * time.Second
	consentMemoryMB     = 512
	accessTokenTimeout  = 30 * time.Second
	accessTokenMemoryMB = 256
	operatorTimeout     = time.Minute
	operatorMemoryMB    = 256
)

// How many processes a function may have at once: enough for one person.
const (
	consentInstances     = 4
	accessTokenInstances = 4
	operatorInstances    = 2
)

// The folders that `make build` puts the programs into.
const (
	refreshProgram     = "refresh"
	consentProgram     = "consent"
	accessTokenProgram = "accesstoken"
	operatorProgram    = "operator"
)

// programNames are all of them, in the order in which they are looked for.
func programNames() []string {
	return []string{refreshProgram, operatorProgram, consentProgram, accessTokenProgram}
}

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
	for _, name := range programNames() {
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

// deployment is what the functions have in common.
type deployment struct {
	programs  map[string]string // bootstraps
	common    []string          // environment
	publicURL string            // where merchants reach the consent function
	log       io.Writer
}

// functions are they as the sandbox deploys them.
func (d deployment) functions() []lambda.Function {
	journal, public := "JOURNAL_TABLE="+journalTable, "PUBLIC_URL="+d.publicURL
	all := []lambda.Function{
		d.refresh(integratorFunction, token.GrantTypeClientCredentials),
		d.refresh(grantsFunction, token.GrantTypeAuthorizationCode, journal),
		{
			Name: consentFunction, Command: d.programs[consentProgram], Env: []string{journal, public},
			Timeout: consentTimeout, MemoryMB: consentMemoryMB, MaxInstances: consentInstances,
		},
		{
			Name: accessTokenFunction, Command: d.programs[accessTokenProgram], Env: []string{journal},
			Timeout: accessTokenTimeout, MemoryMB: accessTokenMemoryMB, MaxInstances: accessTokenInstances,
		},
		{
			Name: operatorFunction, Command: d.programs[operatorProgram], Env: []string{journal, public, "ALLOW_GET=true"},
			Timeout: operatorTimeout, MemoryMB: operatorMemoryMB, MaxInstances: operatorInstances,
		},
	}
	for i := range all {
		all[i].Log, all[i].Env = d.log, slices.Concat(d.common, all[i].Env)
	}
	return all
}

// refresh is the refresh function as it is deployed for one grant type.
func (d deployment) refresh(name string, grantType token.GrantType, env ...string) lambda.Function {
	return lambda.Function{
		Name: name, Command: d.programs[refreshProgram], Env: append(env, "GRANT_TYPE="+string(grantType)),
		Timeout: refreshTimeout, MemoryMB: refreshMemoryMB,
		MaxInstances: 1, // what a sweep remembers of failures is its instance's
	}
}
