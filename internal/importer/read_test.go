package importer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/importer"
	"token-refresher/internal/token"
)

var equalSecrets = cmp.Comparer(token.Secret.Equal)

func grant(client, merchant, refreshToken string) token.Grant {
	return token.Grant{ID: token.ID{Client: client, Merchant: merchant}, RefreshToken: token.NewSecret(refreshToken)}
}

func whole() token.Grant {
	g := grant("reporting", "DK12345678", "r1")
	g.CodeVerifier, g.Scope, g.Subject, g.Issuer = token.NewSecret("v1"), "openid offline_access", "s", "https://i.invalid"
	g.ConsentedAt = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	return g
}

func TestRead(t *testing.T) {
	t.Parallel()
	two := []importer.Row{{Line: 2, Grant: grant("a", "DK1", "r1")}, {Line: 3, Grant: grant("a", "DK2", "r2")}}
	at := func(lines ...int) []importer.Row {
		rows := append([]importer.Row{}, two...)
		for i, line := range lines {
			rows[i].Line = line
		}
		return rows
	}
	tests := []struct {
		name, file string
		want       []importer.Row
	}{
		{
			"every column, in another order", "refresh_token,code_verifier,merchant,client,scope,subject,issuer,consented_at\n" +
				"r1,v1,DK12345678,reporting,openid offline_access,s,https://i.invalid,2026-11-21T13:00:00.5+01:00\n",
			[]importer.Row{{Line: 2, Grant: whole()}},
		},
		{"the least", "merchant,refresh_token\nDK1,r1\nDK2,r2\n", two},
		{"as a spreadsheet writes it", "\ufeffMerchant;Refresh_Token\r\nDK1; r1\r\nDK2;\"r2\"", two},
		{"empty lines between", "merchant,refresh_token\n\nDK1,r1\n\n\nDK2,r2\n", at(3, 6)},
		{"a field over two lines", "merchant,refresh_token,scope\nDK1,r1,\"\n\"\nDK2,r2,\n", at(2, 4)},
		{"another client", "client,merchant,refresh_token\n,DK1,r1\na,DK2,r2\n", two},
		{
			"a list", `[{"client":"reporting","merchant":"DK12345678","refresh_token":"r1","code_verifier":"v1","scope":"openid offline_access",` +
				`"subject":"s","issuer":"https://i.invalid","consented_at":"2026-11-21T12:00:00Z"}]`,
			[]importer.Row{{Line: 1, Grant: whole()}},
		},
		{"a list over lines", "[\n  {\"merchant\":\"DK1\",\n   \"refresh_token\":\"r1\"},\n  {\"merchant\":\"DK2\",\"refresh_token\":\"r2\"}\n]\n", at(2, 4)},
		{"an object a line", "{\"merchant\":\"DK1\",\"refresh_token\":\"r1\",\"scope\":null}\n\n{\"merchant\":\"DK2\",\"refresh_token\":\"r2\"}\n", at(1, 3)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := importer.Read(strings.NewReader(test.file), "a")
			if err != nil {
				t.Fatalf("error = %v", err)
			}
			if diff := cmp.Diff(test.want, got, equalSecrets); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// Everything is told at once, by line, and nothing of a value.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, want string }{
		{"nothing", "", "the file holds no grant"},
		{"a head alone", "merchant,refresh_token\n", "the file holds no grant"},
		{"an empty list", "[]", "the file holds no grant"},
		{"no head", "DK1,s3cr3t\n", "line 1: column 1 is not one of client, merchant,"},
		{"a column twice", "merchant,merchant,refresh_token\n", "line 1: column merchant is there twice"},
		{"no refresh token's column", "merchant\nDK1\n", "line 1: there is no column refresh_token"},
		{"fields that are missing", "merchant,refresh_token,scope\nDK1,s3cr3t\n", "line 2: has 2 fields, the head has 3"},
		{"a broken quote", "merchant,refresh_token\nDK1,\"s3cr3t\nDK2,x\n", "a quote is out of place"},
		{"no merchant", "merchant,refresh_token\n,s3cr3t\n", "line 2: merchant is missing"},
		{"a path", "merchant,refresh_token\n../../x,s3cr3t\n", "line 2: a merchant's name must match"},
		{"a client that cannot be", "client,merchant,refresh_token\nS3CR3T,DK1,s3cr3t\n", "line 2: the client's name must match"},
		{"no refresh token", "merchant,refresh_token\nDK1,\n", "line 2: refresh_token is missing"},
		{"a placeholder", "merchant,refresh_token\nDK1,[redacted]\n", "line 2: a secret is the placeholder"},
		{"an escape in a token", "merchant,refresh_token\nDK1,s3cr3t\x1b[0m\n", "line 2: refresh_token or code_verifier holds characters"},
		{"a grant that fits into no secret", "merchant,refresh_token,scope\nDK1,s3cr3t," + strings.Repeat("s", 60<<10) + "\n", "line 2: is longer than"},
		{"no time", "merchant,refresh_token,consented_at\nDK1,s3cr3t,yesterday\n", "line 2: consented_at is not a time"},
		{"a consent to come", "merchant,refresh_token,consented_at\nDK1,s3cr3t,2999-01-01T00:00:00Z\n", "line 2: consented_at lies in the future"},
		{"a merchant twice", "merchant,refresh_token\nDK1,s3cr3t\nDK2,b\nDK1,c\n", "line 4: the same client and merchant as in line 2"},
		{"a token twice", "merchant,refresh_token\nDK1,s3cr3t\nDK2,s3cr3t\n", "line 3: the same refresh_token as in line 2"},
		{"all at once", "merchant,refresh_token\n,s3cr3t\nDK2,\n", "line 2: merchant is missing\nline 3: refresh_token is missing"},
		{"too many to tell", "merchant,refresh_token\n" + strings.Repeat("DK1,\n", 25), "and 5 more"},
		{"no JSON", "[{\"merchant\":\"s3cr3t\"", "not valid JSON"},
		{"no end", `[{"merchant":"DK1","refresh_token":"s3cr3t"}`, "the list does not end"},
		{"more behind the end", "[{\"merchant\":\"DK1\",\"refresh_token\":\"s3cr3t\"}]\ntail", "line 2: something follows"},
		{"a list of others", "[\n\"s3cr3t\"]", "line 2: not a JSON object"},
		{"an unknown field", `{"merchant":"DK1","refreshtoken":"s3cr3t"}`, "line 1: has a field that is not one of"},
		{"a field twice", `[{"merchant":"DK1","refresh_token":"a"},` + "\n" + `{"refresh_token":"s3cr3t","merchant":"DK2","refresh_token":"s3cr3t2"}]`, "line 2: has refresh_token twice"},
		{"a field twice, once in other letters", `{"merchant":"DK1","m\u0065rchant":"DK2","refresh_token":"s3cr3t"}`, "line 1: has merchant twice"},
		{"a field twice, once null", `{"merchant":"DK1","refresh_token":"s3cr3t","scope":null,"scope":"a"}`, "line 1: has scope twice"},
		{"nothing in an object's place", "[null]", "line 1: not a JSON object"},
		{"a number", "\n{\"merchant\":1,\"refresh_token\":\"s3cr3t\"}", "line 2: merchant is not a string"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rows, err := importer.Read(strings.NewReader(test.file), "a")
			if err == nil || !strings.Contains(err.Error(), test.want) || rows != nil {
				t.Errorf("%d rows, error %v; want none and %q", len(rows), err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "S3CR3T")) {
				t.Errorf("error %q shows a value", err)
			}
		})
	}
}

func TestReadWithoutAClient(t *testing.T) {
	t.Parallel()
	_, err := importer.Read(strings.NewReader("merchant,refresh_token\nDK1,r\n"), "")
	if err == nil || !strings.Contains(err.Error(), "line 2: client is missing") {
		t.Errorf("error = %v, want that the client is missing", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"merchant,refresh_token\nDK1,r1\n", "\ufeffmerchant;refresh_token\r\nDK1;\"r\n1\"", "[{\"merchant\":\"DK1\",\"refresh_token\":\"r\"},]", "{}{}\n{", "[[", "\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		rows, err := importer.Read(strings.NewReader(file), "a")
		if (err == nil) != (len(rows) > 0) {
			t.Errorf("Read: %d rows and error %v", len(rows), err)
		}
		seen := map[string]bool{}
		last := 0
		for _, row := range rows {
			id := row.Grant.ID.String()
			if seen[id] || row.Grant.ID.Check() != nil || !row.Grant.RefreshToken.Storable() {
				t.Errorf("Read took %q", id)
			}
			if row.Line < last || row.Line > strings.Count(file, "\n")+1 {
				t.Errorf("%s: line %d after %d", id, row.Line, last)
			}
			seen[id], last = true, row.Line
		}
		if err != nil && strings.Contains(fmt.Sprint(err), "\x1b") {
			t.Errorf("error %q holds an escape", err)
		}
	})
}
