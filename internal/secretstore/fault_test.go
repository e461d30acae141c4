package secretstore_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	emulator "token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// refuse makes one operation of the emulator fail, for one secret or for all.
func refuse(server *emulator.Server, operation, secret, code, message string) {
	server.SetFault(func(op, name string) *emulator.Fault {
		if op != operation || (secret != "" && secret != name) {
			return nil
		}
		return &emulator.Fault{Type: code, Message: message}
	})
}

// A used-up version quota is no throttling: it is told apart and not retried.
func TestVersionQuota(t *testing.T) {
	t.Parallel()
	var elapsed atomic.Int64
	_, b := emulated(t, func(c *emulator.Config) {
		c.Now = func() time.Time { return issued.Add(time.Duration(elapsed.Load())) }
	})
	store := b.store(t)
	put(t, store, accessToken(unbound, "first"), "")

	var err error
	puts := 0
	next := accessToken(unbound, "next")
	for ; err == nil && puts < 200; puts++ {
		next.IssuedAt = next.IssuedAt.Add(time.Minute)
		next.ExpiresAt = next.ExpiresAt.Add(time.Minute)
		err = store.PutAccessToken(t.Context(), grantType, next, stored(t, store, unbound).Version)
	}
	if !errors.Is(err, secretstore.ErrQuota) || errors.Is(err, secretstore.ErrThrottled) {
		t.Fatalf("put %d: error = %v, want ErrQuota and not ErrThrottled", puts, err)
	}
	if got := b.of("PutSecretValue"); got != puts {
		t.Errorf("%d requests for %d puts, want no retry", got, puts)
	}

	elapsed.Store(int64(25 * time.Hour))
	next.IssuedAt = next.IssuedAt.Add(time.Hour)
	next.ExpiresAt = next.ExpiresAt.Add(time.Hour)
	put(t, store, next, stored(t, store, unbound).Version)
}

func TestRefusedWrites(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		code     string
		want     error
		requests int // of the refused operation
	}{
		{name: "throttled", code: "ThrottlingException", want: secretstore.ErrThrottled, requests: 3},
		{name: "quota", code: "LimitExceededException", want: secretstore.ErrQuota, requests: 1},
		{name: "denied", code: "AccessDeniedException", want: secretstore.ErrDenied, requests: 1},
		{name: "gone meanwhile", code: "ResourceNotFoundException", want: token.ErrNotFound, requests: 1},
		{name: "another reason than deletion", code: "InvalidRequestException", requests: 1},
		{name: "a fault of AWS", code: "InternalServiceError", requests: 3},
		{name: "a key that does not work", code: "EncryptionFailure", requests: 1},
	}
	writes := map[string]func(t *testing.T, store *secretstore.Store) error{
		"CreateSecret": func(t *testing.T, store *secretstore.Store) error {
			t.Helper()
			return store.PutAccessToken(t.Context(), grantType, accessToken(token.ID{Client: "new"}, "s3cr3t"), "")
		},
		"PutSecretValue": func(t *testing.T, store *secretstore.Store) error {
			t.Helper()
			return store.PutAccessToken(t.Context(), grantType, accessToken(unbound, "s3cr3t"), strings.Repeat("0", 32))
		},
		"RestoreSecret": func(t *testing.T, store *secretstore.Store) error {
			t.Helper()
			return store.RestoreAccessToken(t.Context(), unbound)
		},
		"TagResource": func(t *testing.T, store *secretstore.Store) error {
			t.Helper()
			return store.PutAccessToken(t.Context(), grantType, accessToken(token.ID{Client: "empty"}, "s3cr3t"), "")
		},
	}
	for operation, write := range writes {
		for _, tt := range tests {
			t.Run(operation+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				server, b := emulated(t)
				store := b.store(t)
				put(t, store, accessToken(unbound, "first"), "")
				b.seed(t, "empty/access-token", "")
				before := b.of(operation)

				refuse(server, operation, "", tt.code, "AWS's own words")
				wantRefused(t, write(t, store), tt.want, tt.code)
				if got := b.of(operation) - before; got != tt.requests {
					t.Errorf("%d requests, want %d", got, tt.requests)
				}
			})
		}
	}
}

// wantRefused checks what an error of a write is and says.
func wantRefused(t *testing.T, err, want error, code string) {
	t.Helper()
	if err == nil || (want != nil && !errors.Is(err, want)) {
		t.Fatalf("error = %v, want %v", err, want)
	}
	for _, other := range []error{
		secretstore.ErrQuota, secretstore.ErrThrottled, secretstore.ErrDenied,
		token.ErrNotFound, token.ErrDeleted, token.ErrConflict, token.ErrUnreadable,
	} {
		if !errors.Is(want, other) && errors.Is(err, other) {
			t.Errorf("error = %v, is also %v", err, other)
		}
	}
	for _, part := range []string{"secret mobilepay/", "/access-token: ", code, "AWS's own words"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error = %q, want %q in it", err, part)
		}
	}
}

// An answer that repeats the value, as a refused parameter can, is not passed
// on, and is still understood.
func TestErrorNeverRepeatsTheValue(t *testing.T) {
	t.Parallel()
	for operation, replaces := range map[string]string{"CreateSecret": "", "PutSecretValue": strings.Repeat("0", 32)} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			server, b := emulated(t)
			b.seed(t, "pos/credentials", validCredentials)
			refuse(server, operation, "", "AccessDeniedException", `Value '{"access_token":"s3cr3t"}' is refused`)
			err := b.store(t).PutAccessToken(t.Context(), grantType, accessToken(unbound, "s3cr3t"), replaces)
			if !errors.Is(err, secretstore.ErrDenied) {
				t.Errorf("error = %v, want ErrDenied", err)
			}
			for text := range strings.SplitSeq(fmt.Sprintf("%v|%+v|%#v", err, err, err), "|") {
				if strings.Contains(text, "s3cr3t") {
					t.Errorf("error shows the value: %s", text)
				}
			}
		})
	}
}

// A write whose answer was lost is repeated by the SDK and done once.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	server, b := emulated(t)
	store := b.store(t)
	lose := func(operation string) {
		var lost atomic.Bool
		server.SetFault(func(op, _ string) *emulator.Fault {
			if op != operation || lost.Swap(true) {
				return nil
			}
			return &emulator.Fault{LoseAnswer: true}
		})
	}

	lose("CreateSecret")
	put(t, store, accessToken(unbound, "first"), "")
	lose("PutSecretValue")
	put(t, store, accessToken(unbound, "second"), stored(t, store, unbound).Version)

	if got := stored(t, store, unbound).Value.Value.Reveal(); got != "second" {
		t.Errorf("token = %q, want second", got)
	}
	if got := len(b.describe(t, "pos/access-token").VersionIdsToStages); got != 2 {
		t.Errorf("%d versions, want 2", got)
	}
	if create, put := b.of("CreateSecret"), b.of("PutSecretValue"); create != 2 || put != 2 {
		t.Errorf("%d create and %d put requests, want 2 of each: a lost answer and its repetition", create, put)
	}
}

// What is refused for one secret stays with it.
func TestRefusedReadOfOne(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		code string
		want error
	}{
		{name: "denied", code: "AccessDeniedException", want: secretstore.ErrDenied},
		{name: "throttled", code: "ThrottlingException", want: secretstore.ErrThrottled},
		{name: "not decrypted", code: "DecryptionFailure"},
		{name: "a fault of AWS", code: "InternalServiceError"},
		{name: "another reason than deletion", code: "InvalidRequestException"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server, b := emulated(t)
			b.seed(t, "pos/credentials", validCredentials)
			b.seed(t, "bad/credentials", validCredentials)
			refuse(server, "GetSecretValue", "mobilepay/bad/credentials", tt.code, "AWS's own words")

			got, err := b.store(t).Credentials(t.Context(), []string{"bad", "pos"})
			if err != nil {
				t.Fatalf("Credentials: %v", err)
			}
			if got["pos"].Err != nil {
				t.Errorf("the neighbour: error = %v, want nil", got["pos"].Err)
			}
			bad := got["bad"].Err
			if bad == nil || (tt.want != nil && !errors.Is(bad, tt.want)) || errors.Is(bad, token.ErrDeleted) {
				t.Fatalf("error = %v, want %v and not ErrDeleted", bad, tt.want)
			}
			if text := bad.Error(); !strings.HasPrefix(text, "secret mobilepay/bad/credentials: ") || !strings.Contains(text, tt.code) {
				t.Errorf("error = %q, want the secret's name and %s", text, tt.code)
			}
		})
	}
}

// What is refused for all fails the call.
func TestRefusedCalls(t *testing.T) {
	t.Parallel()
	calls := map[string]func(*testing.T, *secretstore.Store) error{
		"BatchGetSecretValue": func(t *testing.T, s *secretstore.Store) error {
			t.Helper()
			_, err := s.AccessTokens(t.Context(), []token.ID{unbound, {Client: unbound.Client, Merchant: "DK12345678"}})
			return err
		},
		"ListSecrets": func(t *testing.T, s *secretstore.Store) error {
			t.Helper()
			_, err := s.Clients(t.Context(), grantType)
			_, untagged := s.Untagged(t.Context())
			_, listed := s.List(t.Context())
			_, _, surveyed := s.Survey(t.Context())
			if err == nil || untagged == nil || listed == nil || surveyed == nil {
				t.Errorf("Clients: %v; Untagged: %v; List: %v; Survey: %v; want errors", err, untagged, listed, surveyed)
			}
			return err
		},
	}
	for operation, call := range calls {
		for code, want := range map[string]error{
			"AccessDeniedException": secretstore.ErrDenied, "ThrottlingException": secretstore.ErrThrottled,
		} {
			t.Run(operation+" "+code, func(t *testing.T) {
				t.Parallel()
				server, b := emulated(t)
				refuse(server, operation, "", code, "AWS's own words")
				err := call(t, b.store(t))
				if !errors.Is(err, want) || !strings.Contains(err.Error(), "AWS's own words") {
					t.Errorf("error = %v, want %v with AWS's message", err, want)
				}
			})
		}
	}
}
