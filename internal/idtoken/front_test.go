package idtoken_test

import (
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/idtoken"
	"token-refresher/internal/token"
)

func TestFront(t *testing.T) {
	t.Parallel()
	tests := append(common(), []variation{
		{name: "10 minutes and 30 s old", claims: func(c claims) { c["iat"] = in(-10*time.Minute - 30*time.Second) }},
		{name: "too old", claims: func(c claims) { c["iat"] = in(-10*time.Minute - 31*time.Second) }, want: "iat"},
		{name: "an at_hash that nothing came with", claims: with(claims{"at_hash": "x"})},
		{name: "another code", front: func(f *idtoken.Front) { f.Code = token.NewSecret("another") }, want: "c_hash"},
		{name: "no code", claims: with(claims{"c_hash": "47DEQpj8HBSa-_TImW-5JA"}), front: func(f *idtoken.Front) { f.Code = token.Secret{} }, want: "c_hash"},
		{name: "no c_hash", claims: with(claims{"c_hash": nil}), want: "c_hash"},
		{name: "the whole hash", claims: with(claims{"c_hash": "snAmrqgpJj1iL5pspGCHFk8jgHOUY0U7uYv6qx4vTFs"}), want: "c_hash"},
	}...)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, c := test.parties(t)
				f := front(test.token(t, frontClaims()))
				if test.front != nil {
					test.front(&f)
				}
				if test.nonceless {
					f.Nonce = ""
				}
				idp := newIDP(public("1", key1()), public("3", key2()), encryption("enc"))
				got, err := newVerifier(t, idp).Front(t.Context(), p, c, f)
				if test.subject != "" && got.Subject == test.subject {
					got.Subject = merchant
				}
				wantCheck(t, got, err, test.want)
			})
		})
	}
}
