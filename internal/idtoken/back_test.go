package idtoken_test

import (
	"testing"
	"testing/synctest"

	"token-refresher/internal/idtoken"
	"token-refresher/internal/token"
)

func TestBack(t *testing.T) {
	t.Parallel()
	tests := append(common(), []variation{
		{name: "no at_hash", claims: with(claims{"at_hash": nil})},
		{name: "no access token that can be used", back: func(b *idtoken.Back) { b.AccessToken = token.Secret{} }},
		{name: "c_hash once more", claims: with(claims{"c_hash": codeHash})},
		{name: "another access token", back: func(b *idtoken.Back) { b.AccessToken = token.NewSecret("another") }, want: "at_hash"},
		{name: "an empty at_hash", claims: with(claims{"at_hash": ""}), want: "at_hash"},
		{name: "another subject than in front", back: func(b *idtoken.Back) { b.Front.Subject = "merchant-2" }, want: "sub"},
		{name: "another issuer than in front", back: func(b *idtoken.Back) { b.Front.Issuer = "https://idp.example/other" }, want: "iss"},
		{name: "nobody in front", back: func(b *idtoken.Back) { b.Front = idtoken.Subject{} }, want: "iss"},
	}...)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, c := test.parties(t)
				idp := newIDP(public("1", key1()), public("3", key2()), encryption("enc"))
				verifier := newVerifier(t, idp)
				if err := verifier.Ready(t.Context(), p, c); err != nil {
					t.Fatal(err)
				}
				b := back(test.token(t, backClaims()))
				if test.subject != "" {
					b.Front.Subject = test.subject
				}
				if test.back != nil {
					test.back(&b)
				}
				if test.nonceless {
					b.Nonce = ""
				}
				asked := idp.asked()
				got, err := verifier.Back(p, c, b)
				if test.subject != "" && got.Subject == test.subject {
					got.Subject = merchant
				}
				wantCheck(t, got, err, test.want)
				if idp.asked() != asked {
					t.Errorf("got %d requests, want none", idp.asked()-asked)
				}
			})
		})
	}
}
