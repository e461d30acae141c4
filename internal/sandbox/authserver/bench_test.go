package authserver_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// BenchmarkRefresh is what one refresh costs a simulation: what is signed and
// what is written makes the difference.
func BenchmarkRefresh(b *testing.B) {
	for name, c := range map[string]authserver.Client{
		"without ID token": {OmitIDToken: true},
		"with ID token":    {},
	} {
		for where, path := range map[string]string{"in memory": "", "on disk": "state.db"} {
			b.Run(name+" "+where, func(b *testing.B) {
				c.ID, c.Secret = consentID, token.NewSecret(consentPass)
				config := authserver.Config{Clients: []authserver.Client{c}}
				if path != "" {
					config.Path = filepath.Join(b.TempDir(), path)
				}
				server, err := authserver.New(config)
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = server.Close() })
				consent, err := server.Grant(consentID, merchantVAT)
				if err != nil {
					b.Fatal(err)
				}
				current := consent.RefreshToken.Reveal()
				for b.Loop() {
					status, answer, err := exchange(server, authserver.MerchantTokenPath, refreshForm(current))
					if err != nil || status != http.StatusOK {
						b.Fatalf("got status %d and error %v", status, err)
					}
					current, _ = answer["refresh_token"].(string)
				}
			})
		}
	}
}
