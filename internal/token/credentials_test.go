package token_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/token"
)

func TestParseCredentials(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, value string
		want        token.Credentials
	}{
		{
			name:  "the least",
			value: `{"provider":"mobilepay-integrator-sandbox","client_id":"id","client_secret":"s"}`,
			want: token.Credentials{
				Client: "pos", Provider: token.NewSecret(`"mobilepay-integrator-sandbox"`), ClientID: "id",
				ClientSecret: token.NewSecret("s"), Unbound: true, Refresh: token.RefreshUsed, Fields: map[string]token.Secret{},
			},
		},
		{
			name: "everything",
			value: `{"provider":{"issuer":"x"},"client_id":"id","client_secret":"s","ibm_client_id":"ibm","empty":"","serial":123456,"flag":true,"nothing":null,"list":[1],
				"scopes":["a","b"],"merchants":["DK12345678","FI12345678"],"unbound":false,"publish":"function","refresh":"always"}`,
			want: token.Credentials{
				Client: "pos", Provider: token.NewSecret(`{"issuer":"x"}`), ClientID: "id", ClientSecret: token.NewSecret("s"),
				Fields: map[string]token.Secret{"ibm_client_id": token.NewSecret("ibm"), "serial": token.NewSecret("123456")}, Scopes: []string{"a", "b"},
				Merchants: []string{"DK12345678", "FI12345678"}, Publish: token.PublishFunction, Refresh: token.RefreshAlways,
			},
		},
		{
			name:  "scopes as one string, nulls, no client secret",
			value: `{"provider":"p","client_id":"id","client_secret":null,"scopes":" a  b ","merchants":null,"unbound":null,"publish":null}`,
			want: token.Credentials{
				Client: "pos", Provider: token.NewSecret(`"p"`), ClientID: "id", Scopes: []string{"a", "b"}, Unbound: true,
				Refresh: token.RefreshUsed, Fields: map[string]token.Secret{},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := token.ParseCredentials("pos", []byte(tt.value))
			if err != nil {
				t.Fatalf("ParseCredentials: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ParseCredentials (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseCredentialsNamesEveryFault(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, value string
		want        []string
	}{
		{"empty", ``, []string{"not valid JSON"}},
		{"not JSON", `client_secret=` + hush, []string{"not valid JSON (at byte 1)"}},
		{"a list", `["` + hush + `"]`, []string{"not a JSON object"}},
		{"null", `null`, []string{"not a JSON object"}},
		{"trailing", `{"client_secret":"` + hush + `"} x`, []string{"not valid JSON"}},
		{"nothing in it", `{}`, []string{"provider is missing", "client_id is missing"}},
		{
			"every field of another type",
			`{"provider":7,"client_id":{"a":"` + hush + `"},"client_secret":["` + hush + `"],"scopes":{"a":1},"merchants":"` + hush + `","unbound":"yes","publish":7,"refresh":"` + hush + `"}`,
			[]string{"provider is neither", "client_id is not a string", "client_secret is not a string", "scopes is not a list", "merchants is not a list", "unbound is neither", "publish is not a string", "refresh must be one of used, always"},
		},
		{"a redacted secret", `{"provider":"p","client_id":"id","client_secret":"[redacted]"}`, []string{"client_secret is the placeholder"}},
		{"a merchant that is a path", `{"provider":"p","client_id":"id","client_secret":"` + hush + `","merchants":["DK12345678","../` + hush + `"]}`, []string{"merchants[1] cannot stand in a secret's name"}},
		{"a merchant named like a secret", `{"provider":"p","client_id":"id","merchants":["grant"]}`, []string{"merchants[0] cannot"}},
		{"a merchant twice", `{"provider":"p","client_id":"id","merchants":["DK12345678","DK12345678"]}`, []string{"merchants[1] is listed twice"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := token.ParseCredentials("pos", []byte(tt.value))
			if err == nil {
				t.Fatalf("ParseCredentials took it: %v", got)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			refuseLeak(t, "the error", err.Error())
		})
	}
}

func FuzzParseCredentials(f *testing.F) {
	f.Add([]byte(`{"provider":"p","client_id":"id","client_secret":"s","merchants":["DK12345678"],"scopes":"a b"}`))
	f.Add([]byte(`{"provider":{"a":1},"client_id":"id","unbound":false}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, value []byte) {
		c, err := token.ParseCredentials("pos", value)
		if err != nil {
			return
		}
		if c.ClientID == "" || c.Provider.Empty() {
			t.Errorf("credentials without client_id or provider were taken")
		}
		for _, id := range c.IDs() {
			if err := id.Check(); err != nil {
				t.Errorf("id %q: %v", id, err)
			}
		}
	})
}
