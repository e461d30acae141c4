package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"token-refresher/internal/sandbox/lambda"
	"token-refresher/internal/token"
)

// What the sandbox's functions are told of AWS. The keys open nothing.
const (
	region    = "eu-west-1"
	accessKey = "sandbox"
)

// refreshFunction is the function's name; the figures are the template's.
const (
	refreshFunction = "refresh"
	refreshTimeout  = 2 * time.Minute
	refreshMemoryMB = 512
)

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

// bootstrap finds the built refresh function, as `make build` leaves it.
func bootstrap(folder string) (string, error) {
	if folder == "" {
		program, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find the folder of this program: %w", err)
		}
		folder = filepath.Dir(program)
	}
	path := filepath.Join(folder, refreshFunction, "bootstrap")
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s is missing: build it with `make build`, or name the folder of the built functions with --functions DIR", path)
	case err != nil:
		return "", fmt.Errorf("find the refresh function: %w", err)
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return "", fmt.Errorf("%s is not a program: build it with `make build`", path)
	}
	return path, nil
}

// refreshEnvironment is what the template gives the function, at this pace and
// with the sandbox in AWS's place.
func refreshEnvironment(p pace, awsURL, providerHost string) []string {
	return []string{
		"GRANT_TYPE=" + string(token.GrantTypeClientCredentials),
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

// refreshDefinition is the function as the sandbox deploys it.
func refreshDefinition(program string, environment []string, log io.Writer) lambda.Function {
	return lambda.Function{
		Name:         refreshFunction,
		Command:      program,
		Env:          environment,
		Timeout:      refreshTimeout,
		MemoryMB:     refreshMemoryMB,
		MaxInstances: 1, // what a sweep remembers of failures is its instance's
		Log:          log,
	}
}
