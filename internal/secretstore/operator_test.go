package secretstore_test

import (
	"strings"
	"testing"

	"token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// What a secret could not be read back from is refused without a call: the stub
// has none of those that write.
func TestPutCredentialsRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*token.Credentials)
		want   string
	}{
		{name: "no client", change: func(c *token.Credentials) { c.Client = "" }, want: "the client's name"},
		{name: "a path for a client", change: func(c *token.Credentials) { c.Client = "../x" }, want: "the client's name"},
		{name: "no client id", change: func(c *token.Credentials) { c.ClientID = "" }, want: "client_id is missing"},
		{name: "a placeholder", change: func(c *token.Credentials) { c.ClientSecret = token.NewSecret(token.Redacted) }, want: "placeholder"},
		{name: "no provider", change: func(c *token.Credentials) { c.Provider = token.NewSecret(`""`) }, want: "provider is missing"},
		{name: "a provider that is no JSON", change: func(c *token.Credentials) { c.Provider = token.NewSecret(`s3cr3t`) }, want: "not text"},
		{name: "a further field of our name", change: func(c *token.Credentials) { c.Fields = map[string]token.Secret{"client_id": token.NewSecret("s3cr3t")} }, want: "one of our own"},
		{name: "an empty further field", change: func(c *token.Credentials) { c.Fields = map[string]token.Secret{"key": {}} }, want: "empty value"},
		{name: "a merchant twice", change: func(c *token.Credentials) { c.Merchants = []string{"DK1", "DK1"} }, want: "listed twice"},
		{name: "a value that is too long", change: func(c *token.Credentials) { c.ClientSecret = token.NewSecret(strings.Repeat("s3cr3t", 11000)) }, want: "at most 65536"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t, secretstore.Config{Client: &stub{}})
			for _, replaces := range []string{"", readVersion} {
				c := operatorCredentials()
				tt.change(&c)
				err := store.PutCredentials(t.Context(), token.GrantTypeClientCredentials, c, replaces)
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cr3t") {
					t.Errorf("error = %v, want %q and no value", err, tt.want)
				}
			}
		})
	}
}

func TestImportGrantRefuses(t *testing.T) {
	t.Parallel()
	store := newStore(t, secretstore.Config{Client: &stub{}})
	for name, change := range map[string]func(*token.Grant){
		"no refresh token": func(g *token.Grant) { g.RefreshToken = token.Secret{} },
		"no merchant":      func(g *token.Grant) { g.ID.Merchant = "" },
		"a placeholder":    func(g *token.Grant) { g.RefreshToken = token.NewSecret(token.Redacted) },
	} {
		g := grantOf("s3cr3t", 0)
		change(&g)
		if err := store.ImportGrant(t.Context(), g, ""); err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: error = %v, want a refusal without the value", name, err)
		}
	}
}

// What AWS says of a value is withheld if it repeats it.
func TestPutCredentialsShowsNoValue(t *testing.T) {
	t.Parallel()
	server, b := emulated(t)
	server.SetFault(func(string, string) *secretsmanager.Fault {
		return &secretsmanager.Fault{Type: "InvalidParameterException", Message: "the value k3y is odd"}
	})
	err := b.store(t).PutCredentials(t.Context(), token.GrantTypeClientCredentials, operatorCredentials(), "")
	if err == nil || strings.Contains(err.Error(), "k3y") || !strings.Contains(err.Error(), "withheld") {
		t.Errorf("error = %v, want one that withholds the message", err)
	}
}
