package secretstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// Whatever a secret holds, reading it ends in a token that can be written and
// read again as it is, or in an error that shows nothing of it.
func FuzzDecodeAccessToken(f *testing.F) {
	f.Add([]byte(`{"access_token":"x","token_type":"Bearer","scope":"a","issued_at":"2026-03-01T12:00:00Z","expires_at":"2026-03-01T13:00:00Z","client":"pos","later":1}`))
	f.Add([]byte(`{"access_token":"<&\u2028>","issued_at":"2026-03-01T12:00:00.9+01:00","expires_at":"2026-03-01T13:00:00Z"}`))
	f.Add([]byte(`{"access_token":12345678901234567890}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, value []byte) {
		read, err := secretstore.DecodeAccessToken(unbound, value)
		if err != nil {
			if len(err.Error()) > 120 {
				t.Errorf("error of %d bytes: %v", len(err.Error()), err)
			}
			return
		}
		if read.ExpiresAt.Sub(read.IssuedAt) < 2*time.Second {
			return // cut to whole seconds it may have no life left, and is refused
		}
		written, err := secretstore.EncodeAccessToken(read)
		if err != nil {
			t.Fatalf("writing what was read: %v", err)
		}
		again, err := secretstore.DecodeAccessToken(unbound, written)
		if err != nil {
			t.Fatalf("reading what was written: %v", err)
		}
		if again.ExpiresAt.After(read.ExpiresAt) || again.IssuedAt.After(read.IssuedAt) {
			t.Errorf("times moved later: %v to %v, %v to %v", read.IssuedAt, again.IssuedAt, read.ExpiresAt, again.ExpiresAt)
		}
		read.IssuedAt, read.ExpiresAt = again.IssuedAt, again.ExpiresAt
		if diff := cmp.Diff(read, again, equalSecrets); diff != "" {
			t.Errorf("a token changed (-read +again):\n%s", diff)
		}
	})
}

// A name says one thing only: what is read of it writes it again.
func FuzzParseName(f *testing.F) {
	for _, name := range []string{
		"mobilepay/pos/credentials", "mobilepay/pos/access-token", "mobilepay/pos/DK12345678/access-token",
		"mobilepay/a/b/credentials", "mobilepay//access-token", "mobilepay/pos//access-token",
		"mobilepay/pos/DK12345678/grant", "mobilepay/pos/grant", "mobilepay/pos/DK1/x/access-token", "mobilepay/access-token", "mobilepay/sealing-key", "other/pos/credentials", "",
	} {
		f.Add("mobilepay", name)
	}
	f.Fuzz(func(t *testing.T, prefix, name string) {
		kind, id, err := secretstore.ParseName(prefix, name)
		if err != nil {
			return
		}
		again := secretstore.AccessTokenName(prefix, id)
		switch kind {
		case secretstore.KindCredentials:
			again = secretstore.CredentialsName(prefix, id.Client)
		case secretstore.KindGrant:
			again = secretstore.GrantName(prefix, id)
		}
		if again != name {
			t.Errorf("%q reads as %s of %q and writes as %q", name, kind, id, again)
		}
	})
}

// Every valid id has names that are read back as it is, that AWS takes, and
// that do not look like the end of an ARN.
func FuzzName(f *testing.F) {
	f.Add("mobilepay", "pos", "DK12345678")
	f.Add("a/b", "x", "")
	f.Add(strings.Repeat("p", 400), "c"+strings.Repeat("-", 30), strings.Repeat("M", 64))
	f.Fuzz(func(t *testing.T, prefix, client, merchant string) {
		id := token.ID{Client: client, Merchant: merchant}
		if id.Check() != nil || secretstore.CheckPrefix(prefix) != nil {
			return
		}
		names := map[string]secretstore.Kind{
			secretstore.AccessTokenName(prefix, id):     secretstore.KindAccessToken,
			secretstore.CredentialsName(prefix, client): secretstore.KindCredentials,
		}
		if merchant != "" {
			names[secretstore.GrantName(prefix, id)] = secretstore.KindGrant
		}
		for name, want := range names {
			kind, got, err := secretstore.ParseName(prefix, name)
			if want == secretstore.KindCredentials {
				got.Merchant = merchant
			}
			if err != nil || kind != want || got != id {
				t.Errorf("%q reads as %s of %q, error %v, want %s of %q", name, kind, got, err, want, id)
			}
			if len(name) > 512 || (len(name) > 7 && name[len(name)-7] == '-') {
				t.Errorf("%q is too long, or ends in a hyphen and six characters", name)
			}
		}
	})
}
