package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// checkConsent follows the link that the sandbox prints, as a browser without a
// screen: TestBrowser does with one.
func checkConsent(t *testing.T, s *running, issued map[string]bool) {
	begun := s.send(t, http.MethodGet, s.facts.Consent, nil, nil)
	var form authserver.FormPost
	asked := map[string]string{"url": begun.Header.Get("Location"), "answer": "yes"}
	s.call(t, http.MethodPost, s.facts.Provider+authserver.ApprovePath, asked, &struct {
		URI    *string `json:"redirect_uri"`
		Values *url.Values
	}{&form.RedirectURI, &form.Values})
	if want := s.facts.Page + callbackPath; form.RedirectURI != want {
		t.Fatalf("the provider posts to %s, want %s", form.RedirectURI, want)
	}
	done := s.send(t, http.MethodPost, form.RedirectURI, form.Values, begun.Cookies())
	if want := s.facts.Page + donePath; done.StatusCode != http.StatusSeeOther || done.Header.Get("Location") != want {
		t.Fatalf("the callback: got %s to %q, want a redirect to %s", done.Status, done.Header.Get("Location"), want)
	}
	issued[s.accessToken(t, token.ID{Client: shortClient, Merchant: newMerchant})] = true
	typed := s.send(t, http.MethodGet, form.RedirectURI, nil, nil)
	if kind := typed.Header.Get("Content-Type"); typed.StatusCode != http.StatusMethodNotAllowed || typed.Header.Get("Allow") != "POST" || !strings.HasPrefix(kind, "text/html") {
		t.Errorf("the callback by its address: got %s, allowed %q, %s, want a page that says 405 and POST", typed.Status, typed.Header.Get("Allow"), kind)
	}
}

// send makes one request as a browser does, of a form if it is a post, and does
// not follow where it leads.
func (s *running) send(t *testing.T, method, address string, form url.Values, cookies []*http.Cookie) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, cookie := range cookies {
		request.AddCookie(cookie)
	}
	response, err := (&http.Client{CheckRedirect: noRedirect}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response
}

// accessToken gets a token of the access-token function, as a service would.
func (s *running) accessToken(t *testing.T, id token.ID) string {
	t.Helper()
	var got struct {
		AccessToken             string `json:"access_token"`
		Client, Merchant, Error string
	}
	s.call(t, http.MethodPost, s.facts.AWS+"/2015-03-31/functions/"+accessTokenFunction+"/invocations",
		map[string]string{"client": id.Client, "merchant": id.Merchant}, &got)
	if got.AccessToken == "" || got.Client != id.Client || got.Merchant != id.Merchant {
		t.Errorf("token of %s: got one of %s/%s with %d bytes, error %q", id, got.Client, got.Merchant, len(got.AccessToken), got.Error)
	}
	return got.AccessToken
}

// call makes one call with a JSON body, and decodes the JSON answer.
func (s *running) call(t *testing.T, method, address string, body, answer any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		t.Fatalf("%s %s: %s, %v", method, request.URL.Path, response.Status, err)
	}
}
