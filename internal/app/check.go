package app

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/loopback"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

const (
	maxConcurrency = 256

	// What Secrets Manager takes ("AWS Secrets Manager quotas"): 50 writes a
	// second for a whole account and Region, and one write per secret every
	// 14.4 minutes, sustained, since 100 versions are kept and none younger than
	// a day is removed.
	quotaWritesPerSecond = 50
	quotaWriteInterval   = 15 * time.Minute
)

// kmsKeyPattern has the characters of key ids, ARNs and aliases (AWS KMS API
// reference, CreateAlias), or none.
var kmsKeyPattern = regexp.MustCompile(`^[A-Za-z0-9:/_-]*$`)

// check notes what is wrong with the values themselves.
func (c Config) check(found faults) {
	c.checkGrantType(found)
	if secretstore.CheckPrefix(c.SecretPrefix) != nil { // its error quotes the value
		found.add("SECRET_PREFIX", "must be letters, digits and _+=.@- in parts between single slashes, and leave room for the names")
	}
	c.require(found, "RefreshConcurrency", c.RefreshConcurrency >= 1 && c.RefreshConcurrency <= maxConcurrency)
	c.require(found, "SecretWritesPerSecond", c.SecretWritesPerSecond >= 1)
	c.require(found, "SecretWriteInterval", c.SecretWriteInterval > 0)
	c.require(found, "SweepInterval", c.SweepInterval > 0)
	c.require(found, "ReconcileInterval", c.ReconcileInterval > 0)
	c.require(found, "SecretKMSKeyID", kmsKeyPattern.MatchString(c.SecretKMSKeyID))
	c.require(found, "PublicURL", c.PublicURL == "" || consent.CheckOrigin(c.PublicURL) == nil)
	c.require(found, "Endpoint", c.Endpoint == "" || isEndpoint(c.Endpoint))
	c.require(found, "SecretsEndpoint", c.SecretsEndpoint == "" || isEndpoint(c.SecretsEndpoint))
	c.checkIntervals(found)
}

// checkGrantType holds the two kinds apart: what renews client credentials has
// no business with the journal.
func (c Config) checkGrantType(found faults) {
	switch c.GrantType {
	case "":
	case token.GrantTypeClientCredentials:
		if c.JournalTable != "" {
			found.add("JOURNAL_TABLE", "is not for client_credentials: leave it out")
		}
	case token.GrantTypeAuthorizationCode:
		if c.JournalTable == "" {
			found.add("JOURNAL_TABLE", "is not set")
		}
	default:
		found.add("GRANT_TYPE", "must be client_credentials or authorization_code")
	}
	if c.JournalTable != "" && !tableName.MatchString(c.JournalTable) {
		found.add("JOURNAL_TABLE", "must be the name of a table: 3 to 255 letters, digits, underscores, hyphens and dots")
	}
}

// tableName is what DynamoDB takes ("Naming rules" in its developer guide).
var tableName = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// require notes that a field is not what its tag `want` says.
func (Config) require(found faults, name string, fits bool) {
	field, _ := reflect.TypeFor[Config]().FieldByName(name)
	if !fits {
		found.add(field.Tag.Get("env"), "must be "+field.Tag.Get("want"))
	}
}

// isEndpoint reports whether the SDK can call what the text names.
func isEndpoint(text string) bool {
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "http" || address.Scheme == "https") && address.Hostname() != ""
}

// checkIntervals compares the intervals with each other, as far as they are
// known. A secret that may be written in every sweep, or is looked for more
// often than it is swept, is a slip of the unit.
func (c Config) checkIntervals(found faults) {
	if _, unknown := found["SWEEP_INTERVAL"]; unknown {
		return
	}
	if c.SweepInterval >= c.SecretWriteInterval {
		found.add("SECRET_WRITE_INTERVAL", fmt.Sprintf(
			"%s must be longer than SWEEP_INTERVAL, %s", c.SecretWriteInterval, c.SweepInterval))
	}
	if c.SweepInterval > c.ReconcileInterval {
		found.add("RECONCILE_INTERVAL", fmt.Sprintf(
			"%s must not be shorter than SWEEP_INTERVAL, %s", c.ReconcileInterval, c.SweepInterval))
	}
}

// Warnings says which settings AWS would not bear for long. They are no faults:
// an emulator has quotas of its own, and the sandbox scales these with its
// speed. On loopback there is nothing to warn of.
func (c Config) Warnings() []string {
	if c.onLoopback() {
		return nil
	}
	var warnings []string
	if c.SecretWritesPerSecond > quotaWritesPerSecond {
		warnings = append(warnings, fmt.Sprintf(
			"SECRET_WRITES_PER_SECOND: %d is above what Secrets Manager takes from a whole account: %d",
			c.SecretWritesPerSecond, quotaWritesPerSecond))
	}
	if c.SecretWriteInterval < quotaWriteInterval {
		warnings = append(warnings, fmt.Sprintf(
			"SECRET_WRITE_INTERVAL: %s is shorter than what Secrets Manager bears for one secret: %s",
			c.SecretWriteInterval, quotaWriteInterval))
	}
	return warnings
}

// onLoopback reports whether Secrets Manager is an emulator on this machine.
func (c Config) onLoopback() bool {
	endpoint := c.SecretsEndpoint
	if endpoint == "" {
		endpoint = c.Endpoint
	}
	address, err := url.Parse(endpoint)
	return err == nil && loopback.Is(strings.ToLower(address.Hostname()))
}
