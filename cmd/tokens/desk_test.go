package main

import (
	"context"
	"errors"
	"testing"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/lambda"
	"token-refresher/internal/statuspage"
)

func TestDeskInvites(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	tests := []struct {
		name    string
		answer  lambda.Result
		err     error
		link    string
		refused string // what the person reads
	}{
		{"a link", lambda.Result{Payload: []byte(`{"url":"https://a.example/consent?invite=x","expires_at":"2026-01-02T03:04:05Z"}`)}, nil, "https://a.example/consent?invite=x", ""},
		{"a refusal", lambda.Result{Payload: []byte(`{"error":"unknown_token","message":"the merchant is none"}`)}, nil, "", "the merchant is none"},
		{"a failure", lambda.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"store fell"}`)}, nil, "", ""},
		{"no answer", lambda.Result{Payload: []byte(`[]`)}, nil, "", ""},
		{"no function", lambda.Result{}, gone, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := desk{invoke: func(_ context.Context, function string, event []byte) (lambda.Result, error) {
				if want := `{"action":"invite","client":"pos","merchant":"DK1"}`; function != operatorFunction || string(event) != want {
					t.Errorf("invoked %s with %s, want %s with %s", function, event, operatorFunction, want)
				}
				return test.answer, test.err
			}}
			link, err := d.invite(t.Context(), "pos", "DK1")
			if link != test.link || (err == nil) != (test.link != "") {
				t.Errorf("got %q, %v; want %q", link, err, test.link)
			}
			refusal, refused := errors.AsType[*statuspage.Refusal](err)
			if refused != (test.refused != "") || refused && refusal.Reason != test.refused {
				t.Errorf("got %v, want the person to read %q", err, test.refused)
			}
		})
	}
}

func TestDeskRevokes(t *testing.T) {
	t.Parallel()
	provider, err := authserver.New(authserver.Config{Clients: []authserver.Client{{ID: "at-provider", RefreshTokens: authserver.OneTime}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Grant("at-provider", "DK12345678"); err != nil {
		t.Fatal(err)
	}
	d := desk{provider: provider, clients: map[string]registration{"reporting": {ClientID: "at-provider"}}}
	for _, of := range [][2]string{{"reporting", "FI12345678"}, {"stranger", "DK12345678"}} {
		if _, refused := errors.AsType[*statuspage.Refusal](d.revoke(t.Context(), of[0], of[1])); !refused {
			t.Errorf("revoke %v: got no refusal", of)
		}
	}
	if _, live := provider.Live("at-provider", "DK12345678"); !live {
		t.Error("the consent ended by somebody else's revocation")
	}
	if err := d.revoke(t.Context(), "reporting", "DK12345678"); err != nil {
		t.Errorf("revoke: %v", err)
	}
	if _, live := provider.Live("at-provider", "DK12345678"); live {
		t.Error("the consent still lives")
	}
}
