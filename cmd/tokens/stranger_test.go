package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/authserver"
)

// checkSecond starts another sandbox in the folder of the running one: it is
// refused, with --reset too, and leaves everything as it is.
func checkSecond(t *testing.T, state string) {
	files := func() map[string]os.FileInfo {
		found := map[string]os.FileInfo{}
		entries, err := os.ReadDir(state)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if found[entry.Name()], err = entry.Info(); err != nil {
				t.Fatal(err)
			}
		}
		return found
	}
	before := files()
	for _, more := range [][]string{nil, {"--reset"}} {
		args := append([]string{"sandbox", "--state", state, "--aws=127.0.0.1:0", "--provider=localhost:0", "--page=127.0.0.1:0"}, more...)
		output, err := exec.CommandContext(t.Context(), filepath.Join(buildDir(), "tokens"), args...).CombinedOutput()
		if err == nil || !strings.Contains(string(output), "choose another folder with --state") {
			t.Errorf("%v: got %v and %q, want it to name --state", more, err, output)
		}
		after := files()
		if len(after) != len(before) {
			t.Errorf("%v: %d files, want the %d that were there", more, len(after), len(before))
		}
		for name, was := range before {
			if is, found := after[name]; !found || !os.SameFile(was, is) {
				t.Errorf("%v: %s is gone or another file, want it left alone", more, name)
			}
		}
	}
}

// checkStrangers asks what a page of another site can: by its own name, turned
// to this machine, and by the right name, blindly.
func checkStrangers(t *testing.T, s *running) {
	invoke := s.facts.AWS + "/2015-03-31/functions/" + operatorFunction + "/invocations"
	tests := []struct {
		name, method, url, header, value string
		want                             int
	}{
		{"AWS by another name", "POST", invoke, "Host", "evil.example:4566", 421},
		{"provider by another name", "GET", s.facts.Provider + authserver.MerchantDiscoveryPath, "Host", "evil.example:9400", 421},
		{"merchants' pages by another name", "GET", s.facts.Page + donePath, "Host", "evil.example:8080", 421},
		{"status page by another name", "GET", s.facts.Page, "Host", "evil.example", 421},
		{"AWS from another site", "POST", invoke, "Sec-Fetch-Site", "cross-site", 403},
		{"AWS from another port", "POST", invoke, "Sec-Fetch-Site", "same-site", 403},
		{"AWS from another origin, old browser", "POST", invoke, "Origin", "http://evil.example", 403},
		{"faults from another site", "DELETE", s.facts.Provider + authserver.FaultsPath, "Sec-Fetch-Site", "cross-site", 403},
		{"faults from another origin, old browser", "DELETE", s.facts.Provider + authserver.FaultsPath, "Origin", "http://evil.example", 403},
		{"AWS by no page", "POST", invoke, "Accept", "*/*", 200},
		{"provider by no page", "GET", s.facts.Provider + authserver.MerchantDiscoveryPath, "Accept", "*/*", 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), test.method, test.url, strings.NewReader(`{"action":"status"}`))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set(test.header, test.value)
			if test.header == "Host" {
				request.Host = test.value
			}
			response, err := (&http.Client{Timeout: patience}).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.StatusCode != test.want {
				t.Errorf("got %s, want %d", response.Status, test.want)
			}
		})
	}
}
