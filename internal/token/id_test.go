package token_test

import (
	"strings"
	"testing"

	"token-refresher/internal/token"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want token.ID
		ok   bool
	}{
		{"pos", token.ID{Client: "pos"}, true},
		{"pos/DK12345678", token.ID{Client: "pos", Merchant: "DK12345678"}, true},
		{"a-1/merchant_2.x", token.ID{Client: "a-1", Merchant: "merchant_2.x"}, true},
		{"", token.ID{}, false},
		{"/DK12345678", token.ID{}, false},
		{"pos/", token.ID{}, false},
		{"pos/a/b", token.ID{}, false},
		{"Pos", token.ID{}, false},
		{"1pos", token.ID{}, false},
		{"pos/..", token.ID{}, false},
		{"pos/0-", token.ID{}, false},
		{"pos/0", token.ID{Client: "pos", Merchant: "0"}, true},
		{"pos/0-0", token.ID{Client: "pos", Merchant: "0-0"}, true},
		{"pos/access-token", token.ID{}, false},
		{"pos/credentials", token.ID{}, false},
		{"pos/grant", token.ID{}, false},
		{"pos\n", token.ID{}, false},
		{"pos/DK1\x1b[31m", token.ID{}, false},
		{strings.Repeat("a", 31), token.ID{Client: strings.Repeat("a", 31)}, true},
		{strings.Repeat("a", 32), token.ID{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := token.ParseID(tt.text)
			if got != tt.want || (err == nil) != tt.ok {
				t.Errorf("ParseID(%q) = %v, %v; want %v and an error: %v", tt.text, got, err, tt.want, !tt.ok)
			}
		})
	}
}

func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"pos", "pos/DK12345678", "pos/a/b", "/", "pos/grant"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := token.ParseID(text)
		if err != nil {
			return
		}
		if id.String() != text || id.Check() != nil {
			t.Errorf("ParseID(%q) = %v, which reads %q and has fault %v", text, id, id.String(), id.Check())
		}
	})
}
