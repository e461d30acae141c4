package secretstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// What could not be read back is refused before any call: the stub would panic.
func TestPutRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*token.AccessToken)
		want   string
	}{
		{name: "an empty token", change: func(a *token.AccessToken) { a.Value = token.Secret{} }, want: "access_token is missing"},
		{name: "a redacted token", change: func(a *token.AccessToken) { a.Value = token.NewSecret(token.Redacted) }, want: "placeholder"},
		{name: "a token over the limit", change: func(a *token.AccessToken) { a.Value = token.NewSecret(strings.Repeat("x", 65536)) }, want: "65677 bytes: at most 65536"},
		{name: "no expiry", change: func(a *token.AccessToken) { a.ExpiresAt = a.IssuedAt }, want: "expires_at is not after"},
		{name: "less than a second of life", change: func(a *token.AccessToken) { a.ExpiresAt = a.IssuedAt.Add(999 * time.Millisecond) }, want: "expires_at is not after"},
		{name: "an expiry that RFC 3339 cannot say", change: func(a *token.AccessToken) { a.ExpiresAt = a.IssuedAt.AddDate(9000, 0, 0) }, want: "expires_at is not a time"},
		{name: "an invalid client", change: func(a *token.AccessToken) { a.ID.Client = "Not_A_Client" }, want: "the client's name"},
		{name: "an invalid merchant", change: func(a *token.AccessToken) { a.ID.Merchant = "a/b" }, want: "a merchant's name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t, secretstore.Config{Client: &stub{}})
			for _, replaces := range []string{"", readVersion} {
				published := accessToken(unbound, "s3cr3t")
				tt.change(&published)
				err := store.PutAccessToken(t.Context(), grantType, published, replaces)
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

// The longest value that AWS takes is taken.
func TestPutTakesTheLongestValue(t *testing.T) {
	t.Parallel()
	_, b := emulated(t)
	store := b.store(t)
	longest := accessToken(unbound, strings.Repeat("x", 65536-141))
	put(t, store, longest, "")
	if got := len(b.value(t, "pos/access-token")); got != 65536 {
		t.Errorf("value has %d bytes, want 65536", got)
	}
	if got := stored(t, store, unbound); got.Err != nil || !got.Value.Value.Equal(longest.Value) {
		t.Errorf("reading it back: error = %v", got.Err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		config secretstore.Config
		want   []string
	}{
		{name: "nothing", want: []string{"no client"}},
		{
			name: "all at once",
			config: secretstore.Config{
				Prefix: "/mobilepay", WritesPerSecond: -1, WriteInterval: -1, Timeout: -1,
				Tags: map[string]string{"AWS:x": "", "token-refresher:kind": "", "": "", "long": strings.Repeat("v", 257)},
			},
			want: []string{
				"no client", `prefix "/mobilepay"`, "writes per second", "write interval", "timeout",
				`"AWS:x"`, `"token-refresher:kind"`, `tag key ""`, `"long": the value`,
			},
		},
		{name: "a prefix that ends in a slash", config: secretstore.Config{Client: &stub{}, Prefix: "a/"}, want: []string{`prefix "a/"`}},
		{name: "a prefix with an empty part", config: secretstore.Config{Client: &stub{}, Prefix: "a//b"}, want: []string{`prefix "a//b"`}},
		{name: "a prefix with a space", config: secretstore.Config{Client: &stub{}, Prefix: "a b"}, want: []string{`prefix "a b"`}},
		{name: "a prefix that leaves no room", config: secretstore.Config{Client: &stub{}, Prefix: strings.Repeat("a", 401)}, want: []string{"401 characters"}},
		{name: "too many tags", config: secretstore.Config{Client: &stub{}, Tags: manyTags(48)}, want: []string{"48 tags: there is room for 47"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := secretstore.New(tt.config)
			if err == nil {
				t.Fatal("New: error = nil")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error = %q, want %q in it", err, want)
				}
			}
		})
	}
	if _, err := secretstore.New(secretstore.Config{Client: &stub{}, Prefix: "a/b_c+d=e.f@g-h", Tags: manyTags(47)}); err != nil {
		t.Errorf("New with a prefix of every character and all tags: %v", err)
	}
}

func manyTags(n int) map[string]string {
	tags := map[string]string{}
	for i := range n {
		tags[strings.Repeat("k", i+1)] = "v"
	}
	return tags
}

func TestUnreadableAccessTokens(t *testing.T) {
	t.Parallel()
	const times = `"issued_at":"2026-03-01T12:00:00Z","expires_at":"2026-03-01T13:00:00Z"`
	merchant := token.ID{Client: "pos", Merchant: "DK12345678"}
	tests := []struct {
		name  string
		id    token.ID
		value string
		want  string // "" for readable
	}{
		{name: "as little as is needed", value: `{"access_token":"s3cr3t",` + times + `}`},
		{name: "fields of later versions", value: `{"access_token":"s3cr3t","later":{"s3cr3t":1},` + times + `}`},
		{name: "another offset", value: `{"access_token":"s3cr3t","issued_at":"2026-03-01T12:00:00.5+01:00","expires_at":"2026-03-01T13:00:00Z"}`},
		{name: "no JSON", value: `s3cr3t`, want: "not valid JSON (at byte 1)"},
		{name: "cut short", value: `{"access_token":"s3cr3t`, want: "not valid JSON"},
		{name: "two values", value: `{"access_token":"s3cr3t",` + times + `}{}`, want: "not valid JSON"},
		{name: "a list", value: `["s3cr3t"]`, want: "not a JSON object"},
		{name: "null", value: `null`, want: "access_token is missing; issued_at is missing"},
		{name: "a token that is a number", value: `{"access_token":53123}`, want: "access_token is not a string"},
		{name: "no token", value: `{` + times + `}`, want: "access_token is missing"},
		{name: "a redacted token", value: `{"access_token":"[redacted]",` + times + `}`, want: "placeholder"},
		{name: "no times", value: `{"access_token":"s3cr3t"}`, want: "issued_at is missing; expires_at is missing"},
		{name: "a time in seconds", value: `{"access_token":"s3cr3t","issued_at":"1772366400","expires_at":"s3cr3t"}`, want: "issued_at is not a time"},
		{name: "expired when issued", value: `{"access_token":"s3cr3t","issued_at":"2026-03-01T13:00:00Z","expires_at":"2026-03-01T13:00:00Z"}`, want: "expires_at is not after issued_at"},
		{name: "another client's", value: `{"access_token":"s3cr3t","client":"s3cr3t",` + times + `}`, want: "client is not the one"},
		{name: "a merchant's under an unbound name", value: `{"access_token":"s3cr3t","merchant":"DK12345678",` + times + `}`, want: "merchant is not the one"},
		{name: "another merchant's", id: merchant, value: `{"access_token":"s3cr3t","merchant":"FI12345678",` + times + `}`, want: "merchant is not the one"},
		{name: "the merchant's own", id: merchant, value: `{"access_token":"s3cr3t","merchant":"DK12345678",` + times + `}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.id.Client == "" {
				tt.id = unbound
			}
			_, b := emulated(t)
			b.seed(t, tt.id.String()+"/access-token", tt.value)
			got := stored(t, b.store(t), tt.id)
			if tt.want == "" {
				if got.Err != nil || got.Value.Value.Reveal() != "s3cr3t" || got.Value.IssuedAt.Location() != time.UTC {
					t.Errorf("token %q issued %v, error %v", got.Value.Value.Reveal(), got.Value.IssuedAt, got.Err)
				}
				return
			}
			wantFault(t, "mobilepay/"+tt.id.String()+"/access-token", got.Err, token.ErrUnreadable)
			if got.Err != nil && !strings.Contains(got.Err.Error(), tt.want) {
				t.Errorf("error = %q, want %q in it", got.Err, tt.want)
			}
			if !got.Value.Value.Empty() || errors.Is(got.Err, token.ErrNotFound) {
				t.Error("an unreadable value is passed on, or called missing")
			}
		})
	}
}
