package provider_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/provider"
)

func TestNewHosts(t *testing.T) {
	t.Parallel()
	got := hosts(t, " API.Example ", "127.0.0.1", "::1", "localhost", "api.example").Names()
	if diff := cmp.Diff([]string{"127.0.0.1", "::1", "api.example", "localhost"}, got); diff != "" {
		t.Errorf("names differ (-want +got):\n%s", diff)
	}
}

func TestNewHostsRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		names []string
		want  string
	}{
		{"nothing", nil, "the list of hosts is empty"},
		{"an empty name", []string{"a.example", " "}, "host 2 of 2 is empty"},
		{"a scheme", []string{"https://a.example"}, "host 1 of 1 is not a bare host name"},
		{"a path", []string{"a.example/b"}, "host 1 of 1 is not a bare host name"},
		{"a wildcard", []string{"*.example"}, "has a wildcard"},
		{"a port", []string{"a.example:443"}, "has a port"},
		{"a space", []string{"a b"}, "is not a host name"},
		{"a user", []string{"u@a.example"}, "is not a host name"},
		{"a trailing dot", []string{"a.example."}, "is not a host name"},
		{"another script", []string{"аpi.example"}, "is not a host name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := provider.NewHosts(test.names)
			wantError(t, err, []string{test.want})
		})
	}
}

// TestCheckURL is the guard of where credentials may go.
func TestCheckURL(t *testing.T) {
	t.Parallel()
	p, err := provider.Parse([]byte(inline("")), hosts(t, "idp.example", "localhost", "127.0.0.1", "::1", "10.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, url, want string }{
		{"good", "https://idp.example/token", ""},
		{"another case", "HTTPS://IDP.EXAMPLE/token", ""},
		{"a port and a query", "https://idp.example:8443/token?p=policy", ""},
		{"loopback by name", "http://localhost:9400/token", ""},
		{"loopback in other letters", "http://LocalHost:9400/token", ""},
		{"loopback by address", "http://127.0.0.1:9400/token", ""},
		{"loopback by IPv6 address", "http://[::1]:9400/token", ""},
		{"empty", "", "is not an absolute URL"},
		{"relative", "/token", "is not an absolute URL"},
		{"no host", "https:///token", "is not an absolute URL"},
		{"only a port", "https://:443/", "is not an absolute URL"},
		{"opaque", "https:idp.example", "is not an absolute URL"},
		{"unparsable", "https://idp.example:" + pasted, "is not an absolute URL"},
		{"a control character", "https://idp.example/\n", "is not an absolute URL"},
		{"http", "http://idp.example/token", "is http: only https"},
		{"http on a private address", "http://10.0.0.1/token", "is http: only https"},
		{"another scheme", "ftp://idp.example/token", "is not an https URL"},
		{"a user", "https://" + pasted + "@idp.example/", "user name or password"},
		{"a password", "https://u:" + pasted + "@idp.example/", "user name or password"},
		{"a host behind a user", "https://idp.example@evil.example/", "user name or password"},
		{"a fragment", "https://idp.example/#" + pasted, "has a fragment"},
		{"an empty fragment", "https://idp.example/#", "has a fragment"},
		{"another host", "https://evil.example/", "has the host evil.example, which is not among PROVIDER_HOSTS"},
		{"a subdomain", "https://a.idp.example/", "has the host a.idp.example"},
		{"a suffix", "https://evil-idp.example/", "has the host evil-idp.example"},
		{"a trailing dot", "https://idp.example./", "has a host, which is not among PROVIDER_HOSTS"},
		{"a secret for a host", "https://5ecretpa5ted/", "has a host, which is not among PROVIDER_HOSTS"},
		{"another loopback address", "http://127.0.0.2/", "has the host 127.0.0.2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := p.CheckURL(test.url)
			if test.want == "" {
				if err != nil {
					t.Errorf("got %v, want it allowed", err)
				}
				return
			}
			wantError(t, err, []string{test.want}, pasted, "5ecretpa5ted")
		})
	}
}

func TestProviderThatParseDidNotMakeAllowsNothing(t *testing.T) {
	t.Parallel()
	wantError(t, provider.Provider{}.CheckURL("https://idp.example/"), []string{"not among PROVIDER_HOSTS"})
}
