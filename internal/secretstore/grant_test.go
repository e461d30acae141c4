package secretstore_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	emulator "token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// A grant that could not be read back as ours is refused before any call: the
// stub would panic.
func TestPutGrantRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*token.Grant)
		want   string
	}{
		{name: "an empty token", change: func(g *token.Grant) { g.RefreshToken = token.Secret{} }, want: "refresh_token is missing"},
		{name: "a redacted token", change: func(g *token.Grant) { g.RefreshToken = token.NewSecret(token.Redacted) }, want: "refresh_token is the placeholder"},
		{name: "a redacted verifier", change: func(g *token.Grant) { g.CodeVerifier = token.NewSecret(token.Redacted) }, want: "code_verifier is the placeholder"},
		{name: "a stamp of another token", change: func(g *token.Grant) { g.RefreshToken = token.NewSecret("s3cr3t, another") }, want: "the stamp does not fit"},
		{name: "no stamp", change: func(g *token.Grant) { g.Stamp, g.Revision = "", 0 }, want: "the stamp does not fit"},
		{name: "text that JSON cannot say", change: func(g *token.Grant) {
			g.RefreshToken = token.NewSecret("s3cr3t\xff")
			*g = g.Stamped(1)
		}, want: "the stamp does not fit"},
		{name: "a time that RFC 3339 cannot say", change: func(g *token.Grant) { g.ConsentedAt = issued.AddDate(9000, 0, 0) }, want: "consented_at is not a time"},
		{name: "over the limit", change: func(g *token.Grant) { g.Scope = strings.Repeat("x", 65536) }, want: "at most 65536"},
		{name: "no merchant", change: func(g *token.Grant) { g.ID.Merchant = "" }, want: "needs a merchant"},
		{name: "an invalid client", change: func(g *token.Grant) { g.ID.Client = "Not_A_Client" }, want: "the client's name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t, secretstore.Config{Client: &stub{}})
			g := grantOf("s3cr3t", 1)
			tt.change(&g)
			for _, err := range []error{
				store.PutGrant(t.Context(), g, token.Put{Version: readVersion}),
				store.PutGrant(t.Context(), g, token.Put{Read: readVersion, Version: readVersion}),
				store.KeepGrant(t.Context(), g),
			} {
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "secret mobilepay/") {
					t.Errorf("error = %v, want %q and the secret's name", err, tt.want)
				}
				if err != nil && strings.Contains(err.Error(), "s3cr3t") {
					t.Errorf("error = %q shows the token", err)
				}
			}
		})
	}
}

// A version is named by all that a put is about, so that no put is taken for
// another one.
func TestPutVersion(t *testing.T) {
	t.Parallel()
	store := newStore(t, secretstore.Config{Client: &stub{}})
	other := newStore(t, secretstore.Config{Client: &stub{}, Prefix: "other"})
	seen := map[string]string{}
	for name, version := range map[string]string{
		"a put":                store.PutVersion(bound, readVersion, 12, 3),
		"of another secret":    other.PutVersion(bound, readVersion, 12, 3),
		"of another merchant":  store.PutVersion(token.ID{Client: "pos", Merchant: "FI12345678"}, readVersion, 12, 3),
		"over another version": store.PutVersion(bound, "", 12, 3),
		"of another revision":  store.PutVersion(bound, readVersion, 1, 3),
		"of another number":    store.PutVersion(bound, readVersion, 12, 4),
		"its digits apart":     store.PutVersion(bound, readVersion, 1, 23),
	} {
		if before, again := seen[version]; again || len(version) != 64 {
			t.Errorf("%s is named %q, as %s", name, version, before)
		}
		seen[version] = name
	}
	again := newStore(t, secretstore.Config{Client: &stub{}}) // another instance
	if name := seen[again.PutVersion(bound, readVersion, 12, 3)]; name != "a put" {
		t.Errorf("the same put of another instance has the name of %q", name)
	}
}

// What people and imports write is read; what is no grant is told by field, and
// nothing of it is shown.
func TestDecodeGrant(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value string
		want  token.Grant
		fault string
	}{
		{name: "the least", value: `{"refresh_token":"s3cr3t"}`, want: token.Grant{ID: bound, RefreshToken: token.NewSecret("s3cr3t")}},
		{
			name:  "in another zone, with more",
			value: `{"refresh_token":"s3cr3t","consented_at":"2026-03-01T13:00:00+01:00","revision":7,"stamp":"x","more":{}}`,
			want:  token.Grant{ID: bound, RefreshToken: token.NewSecret("s3cr3t"), ConsentedAt: issued, Revision: 7, Stamp: "x"},
		},
		{name: "nothing", value: ``, fault: "not valid JSON (at byte 0)"},
		{name: "null", value: `null`, fault: "refresh_token is missing"},
		{name: "a list", value: `["s3cr3t"]`, fault: "not a JSON object"},
		{name: "no token", value: `{"access_token":"s3cr3t"}`, fault: "refresh_token is missing"},
		{name: "a redacted one", value: `{"refresh_token":"[redacted]"}`, fault: "refresh_token is the placeholder that redacted secrets print as"},
		{name: "a token that is a number", value: `{"refresh_token":53}`, fault: "refresh_token is not a string"},
		{name: "a revision that is text", value: `{"refresh_token":"s3cr3t","revision":"7"}`, fault: "revision is not a whole number"},
		{name: "a revision in parts", value: `{"refresh_token":"s3cr3t","revision":1.5}`, fault: "revision is not a whole number"},
		{name: "more faults at once", value: `{"revision":-1,"consented_at":"s3cr3t"}`, fault: "refresh_token is missing; revision is negative; consented_at is not a time as in RFC 3339"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := secretstore.DecodeGrant(bound, []byte(tt.value))
			if tt.fault != "" {
				if err == nil || err.Error() != tt.fault {
					t.Errorf("error = %v, want %q", err, tt.fault)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got, equalSecrets); err != nil || diff != "" {
				t.Errorf("error %v, grant (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Whatever a secret holds, reading it ends in a grant that is written and read
// again as it is, if its stamp fits, or in an error that shows nothing of it.
func FuzzDecodeGrant(f *testing.F) {
	f.Add([]byte(`{"refresh_token":"x","code_verifier":"y","scope":"a","subject":"s","issuer":"i","consented_at":"2026-03-01T12:00:00Z","revision":1,"stamp":"z","later":1}`))
	f.Add([]byte(`{"refresh_token":"<&\u2028>","consented_at":"2026-03-01T12:00:00.9+01:00"}`))
	f.Add([]byte(`{"refresh_token":12345678901234567890}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, value []byte) {
		read, err := secretstore.DecodeGrant(bound, value)
		if err != nil {
			if len(err.Error()) > 200 {
				t.Errorf("error of %d bytes: %v", len(err.Error()), err)
			}
			return
		}
		read = read.Stamped(max(read.Revision, 1))
		written, err := secretstore.EncodeGrant(read)
		if err != nil {
			t.Fatalf("writing what was read: %v", err)
		}
		again, err := secretstore.DecodeGrant(bound, written)
		if err != nil {
			t.Fatalf("reading what was written: %v", err)
		}
		read.ConsentedAt = read.ConsentedAt.Truncate(time.Second)
		if diff := cmp.Diff(read, again, equalSecrets); diff != "" || !again.StampFits() {
			t.Errorf("a grant changed (-read +again):\n%s", diff)
		}
	})
}

// Errors of grants mean what those of access tokens mean, and show no token.
func TestRefusedGrants(t *testing.T) {
	t.Parallel()
	calls := map[string]func(*testing.T, *secretstore.Store) error{
		"GetSecretValue": func(t *testing.T, s *secretstore.Store) error { t.Helper(); return s.Grant(t.Context(), bound).Err },
		"DescribeSecret": func(t *testing.T, s *secretstore.Store) error {
			t.Helper()
			_, err := s.Labels(t.Context(), bound)
			return err
		},
		"ListSecrets": func(t *testing.T, s *secretstore.Store) error {
			t.Helper()
			_, err := s.ListGrants(t.Context())
			return err
		},
		"RestoreSecret": func(t *testing.T, s *secretstore.Store) error { t.Helper(); return s.RestoreGrant(t.Context(), bound) },
		"DeleteSecret":  func(t *testing.T, s *secretstore.Store) error { t.Helper(); return s.DeleteGrant(t.Context(), bound) },
		"CreateSecret": func(t *testing.T, s *secretstore.Store) error {
			t.Helper()
			return s.PutGrant(t.Context(), grantOf("s3cr3t", 1), token.Put{Version: readVersion})
		},
		"PutSecretValue": func(t *testing.T, s *secretstore.Store) error {
			t.Helper()
			return s.KeepGrant(t.Context(), grantOf("s3cr3t", 1))
		},
	}
	for operation, call := range calls {
		for code, want := range map[string]error{
			"AccessDeniedException": secretstore.ErrDenied, "ThrottlingException": secretstore.ErrThrottled, "LimitExceededException": secretstore.ErrQuota,
		} {
			t.Run(operation+" "+code, func(t *testing.T) {
				t.Parallel()
				server, b := emulated(t)
				b.seed(t, "pos/credentials", validCredentials)
				refuse(server, operation, "", code, "s3cr3t is refused")
				err := call(t, b.store(t))
				if !errors.Is(err, want) || errors.Is(err, token.ErrNotFound) || errors.Is(err, token.ErrDeleted) {
					t.Errorf("error = %v, want %v", err, want)
				}
				if writes := operation == "CreateSecret" || operation == "PutSecretValue"; writes && strings.Contains(err.Error(), "s3cr3t") {
					t.Errorf("error = %q shows the token", err)
				}
			})
		}
	}
}

// Somebody may make the secret between a fallback's look and its write.
func TestKeepGrantMeetsANewSecret(t *testing.T) {
	t.Parallel()
	server, b := emulated(t)
	var once atomic.Bool
	server.SetFault(func(operation, _ string) *emulator.Fault {
		if operation == "CreateSecret" && !once.Swap(true) {
			b.seed(t, grantName, "written by a person")
		}
		return nil
	})
	if err := b.store(t).KeepGrant(t.Context(), grantOf("kept", 1)); err != nil {
		t.Fatalf("KeepGrant: %v", err)
	}
	if got := b.store(t).Grant(t.Context(), bound); got.Err != nil || got.Value.RefreshToken.Reveal() != "kept" {
		t.Errorf("the secret holds %q, error %v", got.Value.RefreshToken.Reveal(), got.Err)
	}
}
