package provider

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"token-refresher/internal/loopback"
)

// hostPattern is a DNS name in ASCII (RFC 1123 section 2.1), lower case.
var hostPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

// Hosts is the set of host names that credentials may be sent to. The zero
// value allows none.
type Hosts struct{ names []string }

// NewHosts makes the set that PROVIDER_HOSTS names: exact host names or IP
// addresses, without scheme, port or wildcard. A port of a URL is not compared.
// All faults are reported at once.
func NewHosts(names []string) (Hosts, error) {
	var hosts Hosts
	var faults faults
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if problem := hostProblem(name); problem != "" {
			faults.add(fmt.Sprintf("host %d of %d", i+1, len(names)), problem)
			continue
		}
		hosts.names = append(hosts.names, name)
	}
	if len(names) == 0 {
		faults.add("the list of hosts", "is empty: no provider could be reached")
	}
	if err := faults.err(); err != nil {
		return Hosts{}, err
	}
	slices.Sort(hosts.names)
	hosts.names = slices.Compact(hosts.names)
	return hosts, nil
}

func hostProblem(name string) string {
	_, notIP := netip.ParseAddr(name)
	switch {
	case name == "":
		return "is empty"
	case strings.Contains(name, "/"):
		return "is not a bare host name: leave out scheme and path"
	case strings.Contains(name, "*"):
		return "has a wildcard: list exact host names"
	case notIP != nil && strings.Contains(name, ":"):
		return "has a port: leave it out"
	case notIP != nil && (len(name) > 253 || !hostPattern.MatchString(name)):
		return "is not a host name"
	}
	return ""
}

// Names lists the allowed host names, sorted.
func (h Hosts) Names() []string { return slices.Clone(h.names) }

// Allows reports whether a host name is in the set.
func (h Hosts) Allows(host string) bool {
	return slices.Contains(h.names, strings.ToLower(host))
}

// check reports why the URL may not be contacted, or nil.
func (h Hosts) check(raw string) error {
	parsed, err := url.Parse(raw)
	if err != nil || parsed.Host == "" || parsed.Hostname() == "" {
		return errors.New("is not an absolute URL") // url.Error quotes the value
	}
	host := parsed.Hostname()
	switch {
	case parsed.User != nil:
		return errors.New("has a user name or password in it: credentials have fields of their own")
	case strings.Contains(raw, "#"):
		return errors.New("has a fragment")
	case parsed.Scheme != "https" && parsed.Scheme != "http":
		return errors.New("is not an https URL")
	case parsed.Scheme == "http" && !loopback.Is(strings.ToLower(host)):
		return errors.New("is http: only https is allowed, except on loopback")
	case !h.Allows(host):
		return fmt.Errorf("has %s, which is not among PROVIDER_HOSTS (or the provider's own hosts)", printableHost(host))
	}
	return nil
}

// printableHost shows a host that is clearly a name. Anything else may be a
// secret that was pasted into the wrong field.
func printableHost(host string) string {
	host = strings.ToLower(host)
	_, notIP := netip.ParseAddr(host)
	if notIP == nil || host == "localhost" || (strings.Contains(host, ".") && hostProblem(host) == "") {
		return "the host " + host
	}
	return "a host"
}
