package app_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync/atomic"
	"testing"

	"token-refresher/internal/app"
	"token-refresher/internal/sandbox/authserver"
)

// What a consent that fails its checks brought is given back, but for a refresh
// token that the provider gave before: the standing grant lives on it.
func TestStandingGrantIsNotGivenBack(t *testing.T) {
	w := newConsentWorld(t)
	b := w.visit()
	b.succeeds(t)
	entry, err := app.Entry(t.Context(), w.app, b.id)
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]int32{entry.Grant.RefreshToken.Reveal(): 0, "a new one": 1} {
		var revoked atomic.Int32
		w.answer = func(provider http.Handler, rw http.ResponseWriter, r *http.Request) {
			got := httptest.NewRecorder()
			provider.ServeHTTP(got, r)
			body := got.Body.String()
			switch r.URL.Path {
			case authserver.RevocationPath:
				revoked.Add(1)
			case authserver.MerchantTokenPath:
				body = regexp.MustCompile(`"refresh_token": *"[^"]*"`).ReplaceAllString(body, `"refresh_token":"`+given+`"`)
			}
			maps.Copy(rw.Header(), got.Header())
			rw.Header().Del("Content-Length")
			rw.WriteHeader(got.Code)
			_, _ = io.WriteString(rw, body)
		}
		if err := w.provider.SetFault(authserver.Fault{Kind: authserver.NoNonce, Times: 1, Value: authserver.BackChannel}); err != nil {
			t.Fatalf("SetFault: %v", err)
		}
		again := w.again(b.id)
		if got := again.post(again.consented(t)); got.Code != http.StatusBadRequest {
			t.Errorf("got status %d, want 400", got.Code)
		}
		w.provider.ClearFaults()
		w.answer = nil
		if got := revoked.Load(); got != want {
			t.Errorf("%d revocations, want %d", got, want)
		}
	}
}
