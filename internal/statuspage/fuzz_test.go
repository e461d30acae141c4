package statuspage_test

import (
	"net/http"
	"testing"

	"token-refresher/internal/token"
)

// FuzzChange looks for a body that invites or revokes what is no merchant of a
// client, or both answers an error and does it.
func FuzzChange(f *testing.F) {
	for _, body := range []string{
		`{"client":"shop","merchant":"DK12345678"}`, `{"client":"shop"}`, `{"client":"shop","merchant":"../x"}`, `{}`, `[]`, ``,
		`{"client":"shop","merchant":"DK1"}{}`, `{"client":"SHOP","merchant":"a\u0000"}`, `{"CLIENT":"shop","Merchant":"grant"}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		b := &board{link: "http://localhost/consent"}
		handler := newPage(t, b)
		for path, done := range map[string]*[]string{"/invite": &b.invited, "/revoke": &b.revoked} {
			answer := press(t, handler, path, body)
			if ok := answer.Code < http.StatusMultipleChoices; ok != (len(*done) == 1) {
				t.Errorf("%s %q: got status %d and did %v", path, body, answer.Code, *done)
			}
			for _, name := range *done {
				if id, err := token.ParseID(name); err != nil || id.Merchant == "" {
					t.Errorf("%s %q: did it for %q (%v)", path, body, name, err)
				}
			}
		}
	})
}
