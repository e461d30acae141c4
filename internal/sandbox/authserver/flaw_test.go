package authserver_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/authserver"
)

// parsed is an ID token taken apart.
type parsed struct {
	Missing bool
	Header  map[string]any
	Claims  map[string]any
	Signed  string // what the signature verifies with
}

func parse(t *testing.T, server *authserver.Server, jwt string) parsed {
	t.Helper()
	if jwt == "" {
		return parsed{Missing: true}
	}
	parts := strings.Split(jwt, ".")
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		t.Fatalf("the header is not base64url: %v", err)
	}
	return parsed{Header: decode(t, header), Claims: claims(t, jwt), Signed: signedWith(t, server.IDTokenKey(), parts)}
}

func signedWith(t *testing.T, public *rsa.PublicKey, parts []string) string {
	t.Helper()
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatalf("the signature is not base64url: %v", err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(parts[0] + "." + parts[1])
	digest := sha256.Sum256(text)
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write(text)
	switch {
	case len(signature) == 0:
		return "nothing"
	case rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil:
		return "the key"
	case hmac.Equal(mac.Sum(nil), signature):
		return "the public key as a secret"
	default:
		return "another key"
	}
}

// TestFlaws switches each flaw on, and sees it and nothing else in the ID token
// that it is meant for, once.
func TestFlaws(t *testing.T) {
	t.Parallel()
	const now = 1_700_000_000
	tests := []struct {
		kind   authserver.Kind
		change func(p *parsed) // of a good token
	}{
		{authserver.WrongNonce, func(p *parsed) { p.Claims["nonce"] = "another-n1" }},
		{authserver.NoNonce, func(p *parsed) { delete(p.Claims, "nonce") }},
		{authserver.WrongCodeHash, func(p *parsed) { p.Claims["c_hash"] = half("another value") }},
		{authserver.NoCodeHash, func(p *parsed) { delete(p.Claims, "c_hash") }},
		{authserver.WrongTokenHash, func(p *parsed) { p.Claims["at_hash"] = half("another value") }},
		{authserver.AlgorithmNone, func(p *parsed) { p.Header["alg"], p.Signed = "none", "nothing" }},
		{authserver.AlgorithmHS256, func(p *parsed) { p.Header["alg"], p.Signed = "HS256", "the public key as a secret" }},
		{authserver.UnknownKey, func(p *parsed) { p.Header["kid"] = "somebody-else" }},
		{authserver.ForeignKey, func(p *parsed) { p.Signed = "another key" }},
		{authserver.WrongIssuer, func(p *parsed) { p.Claims["iss"] = "https://issuer.invalid/merchant" }},
		{authserver.WrongAudience, func(p *parsed) { p.Claims["aud"] = "somebody-else" }},
		{authserver.WrongParty, func(p *parsed) { p.Claims["azp"] = "somebody-else" }},
		{authserver.Expired, func(p *parsed) {
			p.Claims["iat"], p.Claims["nbf"], p.Claims["exp"] = json.Number("1699996100"), json.Number("1699996100"), json.Number("1699996400")
		}},
		{authserver.FromTheFuture, func(p *parsed) {
			p.Claims["iat"], p.Claims["nbf"], p.Claims["exp"] = json.Number("1700003600"), json.Number("1700003600"), json.Number("1700003900")
		}},
		{authserver.NoIDToken, func(p *parsed) { *p = parsed{Missing: true} }},
	}
	for _, test := range tests {
		t.Run(string(test.kind), func(t *testing.T) {
			t.Parallel()
			for _, back := range []bool{false, true} {
				server := newAuthorizeServer(t, authserver.Config{Now: at(now)}, nil)
				fault := authserver.Fault{ClientID: consentID, Kind: test.kind, Times: 1}
				if back {
					fault.Value = authserver.BackChannel
				}
				if err := server.SetFault(fault); err != nil {
					t.Fatal(err)
				}
				front := mustApprove(t, server, "n1")
				answer := mustExchange(t, server, front.Get("code"))
				second, _ := answer["id_token"].(string)
				access, _ := answer["access_token"].(string)
				wantFront := goodToken(t, server, "c_hash", half(front.Get("code")))
				wantBack := goodToken(t, server, "at_hash", half(access))
				if back {
					test.change(&wantBack)
				} else {
					test.change(&wantFront)
				}
				if diff := cmp.Diff(wantFront, parse(t, server, front.Get("id_token"))); diff != "" {
					t.Errorf("back %v: the front ID token (-want +got):\n%s", back, diff)
				}
				if diff := cmp.Diff(wantBack, parse(t, server, second)); diff != "" {
					t.Errorf("back %v: the second ID token (-want +got):\n%s", back, diff)
				}
				if got := server.Faults(); len(got) != 0 {
					t.Errorf("back %v: got %d faults on after that, want none", back, len(got))
				}
			}
		})
	}
}

// goodToken is one without a flaw.
func goodToken(t *testing.T, server *authserver.Server, hash, value string) parsed {
	t.Helper()
	kids := publishedKeys(t, server)
	return parsed{
		Header: map[string]any{"alg": "RS256", "typ": "JWT", "kid": kids[len(kids)-1]},
		Claims: map[string]any{
			"iss": authserver.MerchantIssuer, "aud": consentID, "sub": subject(t, server), "nonce": "n1", hash: value,
			"nbf": json.Number("1700000000"), "iat": json.Number("1700000000"), "exp": json.Number("1700000300"),
		},
		Signed: "the key",
	}
}

// subject is what the server calls the merchant.
func subject(t *testing.T, server *authserver.Server) string {
	t.Helper()
	consent, err := server.Grant(otherConsent, merchantVAT)
	if err != nil {
		t.Fatal(err)
	}
	return consent.Subject
}

func TestFlawsOfTheTokenAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind authserver.Kind
		seen func(answer map[string]any, front, back, access map[string]any) bool
	}{
		{authserver.OtherMerchant, func(_, _, _, access map[string]any) bool { return access["merchant_vat"] == "DK87654321" }},
		{authserver.OtherSubject, func(_, front, back, _ map[string]any) bool { return back["sub"] != front["sub"] }},
		{authserver.NoRefreshToken, func(answer, _, _, _ map[string]any) bool { _, has := answer["refresh_token"]; return !has }},
	}
	for _, test := range tests {
		t.Run(string(test.kind), func(t *testing.T) {
			t.Parallel()
			for _, on := range []bool{false, true} {
				server := newAuthorizeServer(t, authserver.Config{}, nil)
				front := mustApprove(t, server, "n1")
				if on {
					if err := server.SetFault(authserver.Fault{Kind: test.kind}); err != nil {
						t.Fatal(err)
					}
				}
				status, answer := tryRefresh(t, server, codeForm(front.Get("code")))
				if status != http.StatusOK {
					t.Fatalf("status: got %d, want 200", status)
				}
				access, _ := answer["access_token"].(string)
				second, _ := answer["id_token"].(string)
				if seen := test.seen(answer, claims(t, front.Get("id_token")), claims(t, second), claims(t, access)); seen != on {
					t.Errorf("switched on %v: seen %v", on, seen)
				}
			}
		})
	}
}

// TestFrontFlawsWaitForAnAuthorization holds that neither channel uses up the
// other's flaw.
func TestFrontFlawsWaitForAnAuthorization(t *testing.T) {
	t.Parallel()
	for value, usedByRefresh := range map[string]bool{"": false, authserver.BackChannel: true} {
		server := newAuthorizeServer(t, authserver.Config{}, func(c *authserver.Client) { c.OmitIDToken = false })
		refreshToken := mustGrant(t, server).RefreshToken.Reveal()
		if err := server.SetFault(authserver.Fault{Kind: authserver.WrongIssuer, Times: 1, Value: value}); err != nil {
			t.Fatal(err)
		}
		mustRefresh(t, server, refreshToken)
		if used := len(server.Faults()) == 0; used != usedByRefresh {
			t.Errorf("value %q: used up by a refresh: %v, want %v", value, used, usedByRefresh)
		}
	}
	server := newAuthorizeServer(t, authserver.Config{}, nil)
	if err := server.SetFault(authserver.Fault{Kind: authserver.WrongIssuer, Value: "x"}); err == nil {
		t.Error("SetFault took a flaw of neither channel")
	}
}
