package journaltest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/token"
)

func testRefused(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	first := mustSwap(t, j, token.Entry{}, Answered(dk, 5))
	tests := []struct {
		name string
		next func(e token.Entry) token.Entry
	}{
		{"an id without merchant", func(e token.Entry) token.Entry { e.ID.Merchant = ""; return e }},
		{"an id that is none", func(e token.Entry) token.Entry { e.ID.Client = "No"; return e }},
		{"another entry's id", func(token.Entry) token.Entry { return Answered(fi, 5) }},
		{"another entry's grant", func(e token.Entry) token.Entry { e.Grant = Answered(fi, 6).Grant; return e }},
		{"another entry's access token", func(e token.Entry) token.Entry { e.Access.ID = fi; e.Access.Scope = "x"; return e }},
		{"a revision that goes back", func(token.Entry) token.Entry { return Answered(dk, 4) }},
		{"an empty refresh token", func(e token.Entry) token.Entry { e.Grant.RefreshToken = token.Secret{}; return e }},
		{"a redacted refresh token", func(e token.Entry) token.Entry {
			e.Grant.RefreshToken = token.NewSecret(token.Redacted)
			return e
		}},
		{"a redacted verifier", func(e token.Entry) token.Entry { e.Grant.CodeVerifier = token.NewSecret(token.Redacted); return e }},
		{"a redacted access token", func(e token.Entry) token.Entry { e.Access.Value = token.NewSecret(token.Redacted); return e }},
		{"a due time that no index holds", func(e token.Entry) token.Entry { e.DueAt = time.Unix(-1, 0); return e }},
		{"a publish time that no index holds", func(e token.Entry) token.Entry { e.PublishAt = at(0).AddDate(300, 0, 0); return e }},
		{"a row that does not fit", func(e token.Entry) token.Entry {
			e.Extra = map[string]json.RawMessage{"long": json.RawMessage(`"` + strings.Repeat("x", 400_000) + `"`)}
			return e
		}},
	}
	for _, tt := range tests {
		_, err := j.Swap(t.Context(), first, tt.next(first))
		switch {
		case err == nil:
			t.Errorf("%s: Swap error = nil, want one", tt.name)
		case errors.Is(err, token.ErrConflict), errors.Is(err, token.ErrNotFound):
			t.Errorf("%s: Swap error = %v, want a refusal", tt.name, err)
		case strings.Contains(err.Error(), "-of-"):
			t.Errorf("%s: the error tells a secret", tt.name)
		}
	}
	got := mustGet(t, j, dk)
	differ(t, "after refusals", got, first)
	if got.WriteID != first.WriteID {
		t.Errorf("write id = %q, want %q", got.WriteID, first.WriteID)
	}
}
