package provider_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"token-refresher/internal/provider"
)

// pinned has keys at a place of its own.
var pinned = strings.Replace(discovered, `"issuer"`, `"jwks_uri":"https://idp.example/pinned","issuer"`, 1)

func TestKeysComeFromTheJWKSURI(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, object, want string }{
		{"discovered", discovered, "https://idp.example/doc https://idp.example/jwks https://idp.example/jwks"},
		{"pinned", pinned, "https://idp.example/pinned https://idp.example/pinned"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			idp := serving(http.StatusOK, goodDocument)
			d, p := discoverer(t, idp), parse(t, test.object)
			for range 2 {
				keys, err := d.Keys(t.Context(), p, credentials(nil))
				if err != nil || string(keys) != goodDocument {
					t.Fatalf("got %q and error %v", keys, err)
				}
			}
			var got []string
			for _, request := range idp.requests {
				got = append(got, request.URL.String())
				if request.Header.Get("X-IBM-Client-Id") != "the-client-id" || request.Header.Get("X-Secret") != "" {
					t.Errorf("got the headers %v, want the client's id and not its secret", request.Header)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got requests %q, want %q", got, test.want)
			}
		})
	}
}

func TestKeysThatCannotBeHad(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, object string
		status       int
		body         string
		want         string
	}{
		{"nowhere to ask", inline(""), 200, "", "jwks_uri is not pinned"},
		{"on another host", discovered, 200, strings.Replace(goodDocument, "idp.example/jwks", "evil.example/jwks", 1), "jwks_uri has the host evil.example"},
		{"over http", discovered, 200, strings.Replace(goodDocument, "https://idp.example/jwks", "http://idp.example/jwks", 1), "jwks_uri is http"},
		{"too large", pinned, 200, strings.Repeat("x", 64<<10+1), "larger than 64 KiB"},
		{"moved", pinned, 302, "", "status 302"},
		{"failing", pinned, 503, pasted, "status 503"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			idp := serving(test.status, test.body)
			_, err := discoverer(t, idp).Keys(t.Context(), parse(t, test.object), credentials(nil))
			wantError(t, err, []string{"discovery: ", test.want}, pasted)
			if found, ok := errors.AsType[*provider.DiscoveryError](err); !ok || found.Temporary != (test.status == 503) {
				t.Errorf("got %#v, want a *DiscoveryError that is temporary: %v", err, test.status == 503)
			}
		})
	}
}

// A provider that was changed after it was parsed is checked again.
func TestKeysOfAForeignHostAreNotAskedFor(t *testing.T) {
	t.Parallel()
	idp, p := serving(http.StatusOK, goodDocument), parse(t, pinned)
	p.JWKSURI = "https://evil.example/keys"
	_, err := discoverer(t, idp).Keys(t.Context(), p, credentials(nil))
	wantError(t, err, []string{"jwks_uri has the host evil.example"})
	if idp.asked() != 0 {
		t.Errorf("got %d requests, want none", idp.asked())
	}
}
