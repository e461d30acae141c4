package authserver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/authserver"
)

// control sends a control request and returns the status and the body.
func control(t *testing.T, server *authserver.Server, method, path, body string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, authserver.DefaultURL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, answer := send(t, server, request)
	return response.StatusCode, answer
}

func TestControlOfConsents(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{Now: at(1_700_000_000)}, nil)
	asked := func(nonce, reply string) string {
		return fmt.Sprintf(`{"url":%q,"answer":%q}`, authorizeURL(authorizeQuery(nonce)), reply)
	}
	var got struct {
		RedirectURI string     `json:"redirect_uri"`
		Values      url.Values `json:"values"`
	}
	status, body := control(t, server, http.MethodPost, authserver.ApprovePath, asked("n1", "yes"))
	if err := json.Unmarshal(body, &got); err != nil || status != http.StatusOK || got.RedirectURI != redirectURI {
		t.Fatalf("yes: got status %d, error %v, for %s", status, err, got.RedirectURI)
	}
	mustExchange(t, server, got.Values.Get("code"))
	_, body = control(t, server, http.MethodPost, authserver.ApprovePath, asked("n2", "no"))
	if !strings.Contains(string(body), "access_denied") {
		t.Error("no: the answer does not say access_denied")
	}

	_, body = control(t, server, http.MethodGet, authserver.CodesPath, "")
	var codes []map[string]any
	if err := json.Unmarshal(body, &codes); err != nil {
		t.Fatal(err)
	}
	issued := time.Unix(1_700_000_000, 0).Format(time.RFC3339)
	want := []map[string]any{{"client_id": consentID, "merchant": merchantVAT, "issued": issued, "presented": 1.0, "exchanged": true}}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}

	revoke := authserver.ConsentsPath + "?client_id=" + consentID + "&merchant=" + merchantVAT
	for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
		if status, _ := control(t, server, http.MethodDelete, revoke, ""); status != want {
			t.Errorf("revoke: got status %d, want %d", status, want)
		}
	}
	if got := server.Consents()[0].Ended; got != authserver.EndedByMerchant {
		t.Errorf("ended: got %q, want by the merchant", got)
	}

	before := publishedKeys(t, server)
	if status, _ := control(t, server, http.MethodPost, authserver.KeysPath, ""); status != http.StatusNoContent {
		t.Errorf("rotate: got status %d, want 204", status)
	}
	if after := publishedKeys(t, server); len(after) != len(before)+1 {
		t.Errorf("keys: got %d, want one more than %d", len(after), len(before))
	}
}

func TestControlOfConsentsRefuses(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, `[]`, `{"url":"/account/connect/authorize","answer":"yes"}`, `{"url":"x","answer":"yes","more":1}`,
		`{"url":` + fmt.Sprintf("%q", authorizeURL(authorizeQuery("n1"))) + `,"answer":""}`,
	} {
		server := newAuthorizeServer(t, authserver.Config{}, nil)
		if status, _ := control(t, server, http.MethodPost, authserver.ApprovePath, body); status != http.StatusBadRequest || len(server.Codes()) != 0 {
			t.Errorf("%s: got status %d and %d codes, want 400 and none", body, status, len(server.Codes()))
		}
	}
}
