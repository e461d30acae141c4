package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Clients that the observer answers for.
const (
	agedClient  = "aged"  // its tokens have less than a fifth of their life left
	dyingClient = "dying" // it gets one such token, and then nothing can be asked
	crowdClient = "crowd" // its token is asked for by many at once
)

// observer stands before the sandbox's AWS, notes which tokens were asked for,
// and answers for some clients itself.
type observer struct {
	url string
	to  http.Handler

	mu    sync.Mutex
	asked []string
}

// observe serves until the test ends.
func observe(t *testing.T, awsURL string) *observer {
	t.Helper()
	address, err := url.Parse(awsURL)
	if err != nil {
		t.Fatal(err)
	}
	o := &observer{to: httputil.NewSingleHostReverseProxy(address)}
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	o.url = server.URL
	return o
}

func (o *observer) calls() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.asked)
}

// ServeHTTP implements http.Handler.
func (o *observer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	call := callOf(body)
	o.mu.Lock()
	again := slices.Contains(o.asked, call)
	o.asked = append(o.asked, call)
	o.mu.Unlock()
	switch {
	case call == "secret "+agedClient:
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		answer, _ := json.Marshal(map[string]string{"Name": "aged", "SecretString": agedToken(82 * time.Minute)}) // strings: it cannot fail
		_, _ = w.Write(answer)
	case call == "function "+dyingClient && again:
		http.Error(w, "{}", http.StatusForbidden) // which no SDK repeats
	case call == "function "+agedClient, call == "function "+dyingClient:
		_, _ = io.WriteString(w, agedToken(82*time.Minute))
	case call == "function "+crowdClient:
		_, _ = io.WriteString(w, agedToken(0))
	default:
		r.Body = io.NopCloser(bytes.NewReader(body))
		o.to.ServeHTTP(w, r)
	}
}

// callOf names the way and the token that a call asks for.
func callOf(body []byte) string {
	var call struct{ SecretID, Client, Merchant string } // names match without regard to case
	if err := json.Unmarshal(body, &call); err != nil {
		return "not JSON"
	}
	if call.SecretID != "" {
		return "secret " + strings.TrimSuffix(strings.TrimPrefix(call.SecretID, secretPrefix+"/"), "/access-token")
	}
	return strings.TrimSuffix("function "+call.Client+"/"+call.Merchant, "/")
}

// agedToken is one that has lived for so long, of 100 minutes.
func agedToken(age time.Duration) string {
	issued := time.Now().UTC().Truncate(time.Second).Add(-age)
	return fmt.Sprintf(`{"access_token":"aged","token_type":"Bearer","issued_at":%q,"expires_at":%q,"client":"aged"}`,
		issued.Format(time.RFC3339), issued.Add(100*time.Minute).Format(time.RFC3339))
}
