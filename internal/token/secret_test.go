package token_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"token-refresher/internal/token"
)

const hush = "hush-4711"

// carrier has a Secret where fmt calls methods and where it does not.
type carrier struct {
	Exported token.Secret
	hidden   token.Secret
	Nested   struct{ list []token.Secret }
	mapped   map[string]token.Secret
	pointer  *token.Secret
}

func newCarrier() carrier {
	secret := token.NewSecret(hush)
	c := carrier{Exported: secret, hidden: secret, mapped: map[string]token.Secret{"k": secret}, pointer: &secret}
	c.Nested.list = []token.Secret{secret}
	return c
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	secret := token.NewSecret(hush)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%p", "%T", "%e", "%t", "%c", "%U", "%10.3s", "%!"} {
		for _, value := range []any{secret, &secret, newCarrier(), []any{secret}, map[token.Secret]int{secret: 1}, fmt.Errorf("wrapped %v", secret)} {
			refuseLeak(t, verb, fmt.Sprintf(verb, value))
		}
	}
	if got := fmt.Sprintf("%s|%v|%q", secret, secret, secret); got != strings.Repeat(token.Redacted+"|", 2)+token.Redacted {
		t.Errorf("printed %s, want %s each time", got, token.Redacted)
	}
}

func TestSecretIsNeverLogged(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		log := slog.New(handler)
		log.Info("message", "secret", token.NewSecret(hush), "carrier", newCarrier(), "pointer", new(token.NewSecret(hush)))
		log.With("bound", token.NewSecret(hush)).WithGroup("g").Info("message", slog.Group("in", "secret", token.NewSecret(hush)))
	}
	refuseLeak(t, "slog", out.String())
	if !strings.Contains(out.String(), token.Redacted) {
		t.Errorf("log lines show no %s:\n%s", token.Redacted, out.String())
	}
}

func TestSecretRefusesToBeMarshalled(t *testing.T) {
	t.Parallel()
	secret := token.NewSecret(hush)
	if _, err := json.Marshal(struct{ S token.Secret }{secret}); !errors.Is(err, token.ErrSecretMarshalled) {
		t.Errorf("json.Marshal: got %v, want ErrSecretMarshalled", err)
	}
	if _, err := json.Marshal(map[token.Secret]int{secret: 1}); err == nil { // encoding/json does not wrap this one
		t.Error("json.Marshal took a secret as a key")
	}
	if _, err := xml.Marshal(secret); !errors.Is(err, token.ErrSecretMarshalled) {
		t.Errorf("xml.Marshal: got %v, want ErrSecretMarshalled", err)
	}
}

func TestSecretValue(t *testing.T) {
	t.Parallel()
	var zero token.Secret
	secret := token.NewSecret(hush)
	if !zero.Empty() || !token.NewSecret("").Empty() || secret.Empty() {
		t.Error("Empty: want true of the zero value and of an empty string only")
	}
	if zero.Reveal() != "" || secret.Reveal() != hush {
		t.Error("Reveal: want the value itself")
	}
	if !secret.Equal(token.NewSecret(hush)) || secret.Equal(token.NewSecret("other")) || secret.Equal(zero) || !zero.Equal(token.Secret{}) {
		t.Error("Equal: want equality of values")
	}
	if zero.Storable() || token.NewSecret(token.Redacted).Storable() || !secret.Storable() {
		t.Error("Storable: want false of nothing and of what a printed secret reads as")
	}
}

func TestCredentialsNameTheClientOnly(t *testing.T) {
	t.Parallel()
	c := token.Credentials{
		Client: "pos", ClientID: "id", ClientSecret: token.NewSecret(hush),
		Provider: token.NewSecret(hush), Fields: map[string]token.Secret{"key": token.NewSecret(hush)},
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got, want := fmt.Sprintf(verb, c), "credentials of pos"; got != want {
			t.Errorf("%s printed %q, want %q", verb, got, want)
		}
		refuseLeak(t, verb, fmt.Sprintf(verb, struct{ c token.Credentials }{c}))
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("message", "credentials", c)
	refuseLeak(t, "slog", out.String())
}

func refuseLeak(t *testing.T, how, printed string) {
	t.Helper()
	if strings.Contains(printed, hush) || strings.Contains(printed, fmt.Sprintf("%x", hush)) {
		t.Errorf("%s shows the secret: %s", how, printed)
	}
}
