package app_test

import (
	"fmt"
	"strings"
	"testing"

	"token-refresher/internal/token"
)

// A consent wins over whatever grant stands in the merchant's secret and was not
// looked at yet: one that was imported, or that a lost journal has published. The
// provider may have ended it with the consent.
func TestConsentWinsOverAnUnseenGrant(t *testing.T) {
	w := newConsentWorld(t)
	for name, value := range map[string]func(token.ID) string{
		"imported":       func(token.ID) string { return `{"refresh_token":"imported"}` },
		"with its date":  func(token.ID) string { return `{"refresh_token":"imported","consented_at":"2025-01-01T00:00:00Z"}` },
		"dated ahead":    func(token.ID) string { return `{"refresh_token":"imported","consented_at":"2099-01-01T00:00:00Z"}` },
		"of a lost row":  func(id token.ID) string { return stampedGrant(id, 17) },
		"with no stamp ": func(id token.ID) string { return strings.Replace(stampedGrant(id, 17), `"stamp"`, `"other"`, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			b := w.visit()
			w.store(t, "mobilepay/"+b.id.String()+"/grant", value(b.id),
				"token-refresher:grant-type", "authorization_code", "token-refresher:kind", "grant", "token-refresher:client", b.id.Client)
			b.succeeds(t)
		})
	}
}

// stampedGrant is the value of a grant secret as these functions write it.
func stampedGrant(id token.ID, revision int64) string {
	g := token.Grant{ID: id, RefreshToken: token.NewSecret("rotated")}.Stamped(revision)
	return fmt.Sprintf(`{"refresh_token":"rotated","consented_at":"2026-01-01T00:00:00Z","revision":%d,"stamp":%q}`, revision, g.Stamp)
}
