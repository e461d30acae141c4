package authserver_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/sandbox/authserver"
)

// TestFaultsAroundARefresh is what each fault does to a one-time refresh token,
// and what the client, which waits for 10 s, gets to see.
func TestFaultsAroundARefresh(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault   authserver.Fault
		status  int // 0: none came
		header  string
		rotates bool
		timeout bool
	}{
		{fault: authserver.Fault{Kind: authserver.HTML500}, status: 500},
		{fault: authserver.Fault{Kind: authserver.HTML500After}, status: 500, rotates: true},
		{fault: authserver.Fault{Kind: authserver.Unavailable}, status: 503},
		{fault: authserver.Fault{Kind: authserver.Throttle}, status: 429},
		{fault: authserver.Fault{Kind: authserver.Throttle, Value: "7"}, status: 429, header: "7"},
		{fault: authserver.Fault{Kind: authserver.ResetBefore}},
		{fault: authserver.Fault{Kind: authserver.ResetAfter}, rotates: true},
		{fault: authserver.Fault{Kind: authserver.Hang}, timeout: true},
		{fault: authserver.Fault{Kind: authserver.HangAfter}, timeout: true, rotates: true},
		{fault: authserver.Fault{Kind: authserver.Late}, timeout: true, rotates: true},
		{fault: authserver.Fault{Kind: authserver.Late, Value: "9s"}, status: 200, rotates: true},
		{fault: authserver.Fault{Kind: authserver.TextPlain}, status: 200, rotates: true},
		{fault: authserver.Fault{Kind: authserver.ErrorIn200, Value: "invalid_grant"}, status: 200},
		{fault: authserver.Fault{Kind: authserver.InvalidClient}, status: 400},
	}
	for _, test := range tests {
		t.Run(string(test.fault.Kind)+" "+test.fault.Value, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := newConsentServer(t, authserver.Config{}, nil)
				first := mustGrant(t, server).RefreshToken
				test.fault.ClientID, test.fault.Times = consentID, 1
				if err := server.SetFault(test.fault); err != nil {
					t.Fatal(err)
				}
				status, header, err := request(t.Context(), server, authserver.MerchantTokenPath, refreshForm(first.Reveal()))
				if status != test.status || header.Get("Retry-After") != test.header || errors.Is(err, context.DeadlineExceeded) != test.timeout {
					t.Errorf("got status %d and error %v, want %d, timeout %v", status, err, test.status, test.timeout)
				}
				time.Sleep(time.Minute) // whatever is still on its way
				live, _ := server.Live(consentID, merchantVAT)
				if rotated := !live.Equal(first); rotated != test.rotates {
					t.Errorf("rotated: got %v, want %v", rotated, test.rotates)
				}
				mustRefresh(t, server, live.Reveal())
			})
		})
	}
}

// request sends a form with a client that waits for 10 s and reads the answer.
func request(ctx context.Context, server http.Handler, path string, form url.Values) (status int, header http.Header, err error) {
	client := &http.Client{Transport: authserver.Transport(server), Timeout: 10 * time.Second}
	response, err := client.Do(merchantRequest(ctx, path, form))
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, response.Header, err
}

func TestFaultsAroundARevocation(t *testing.T) {
	t.Parallel()
	for kind, ends := range map[authserver.Kind]bool{authserver.HTML500: false, authserver.ResetBefore: false, authserver.ResetAfter: true, authserver.HTML500After: true} {
		server := newConsentServer(t, authserver.Config{}, nil)
		form := url.Values{"token": {mustGrant(t, server).RefreshToken.Reveal()}, "client_id": {consentID}, "client_secret": {consentPass}}
		if err := server.SetFault(authserver.Fault{Kind: kind}); err != nil {
			t.Fatal(err)
		}
		status, _, err := request(t.Context(), server, authserver.RevocationPath, form)
		if status == http.StatusOK && err == nil {
			t.Errorf("%s: got a good answer", kind)
		}
		if ended := server.Consents()[0].Ended != ""; ended != ends {
			t.Errorf("%s: ended %v, want %v", kind, ended, ends)
		}
	}
}

func TestAnIDTokenOfAnotherSubject(t *testing.T) {
	t.Parallel()
	server := newConsentServer(t, authserver.Config{}, func(c *authserver.Client) { c.OmitIDToken = false })
	consent := mustGrant(t, server)
	if err := server.SetFault(authserver.Fault{Kind: authserver.OtherSubject}); err != nil {
		t.Fatal(err)
	}
	_, answer := tryRefresh(t, server, refreshForm(consent.RefreshToken.Reveal()))
	idToken, _ := answer["id_token"].(string)
	if got := claims(t, idToken)["sub"]; got == consent.Subject || got == "" {
		t.Errorf("sub: got %v, want another than %s", got, consent.Subject)
	}
}

func TestLateNeedsADuration(t *testing.T) {
	t.Parallel()
	server := newConsentServer(t, authserver.Config{}, nil)
	if err := server.SetFault(authserver.Fault{Kind: authserver.Late, Value: "soon"}); err == nil {
		t.Error("got no error")
	}
}

// TestLiveRequests presents one refresh token again while, or after, the first
// request is served that its client has given up.
func TestLiveRequests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		wait     time.Duration // after the timeout
		overlaps int
	}{{"at once", 0, 1}, {"when the first is over", 6 * time.Second, 0}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := newConsentServer(t, authserver.Config{}, nil)
				form := refreshForm(mustGrant(t, server).RefreshToken.Reveal())
				if err := server.SetFault(authserver.Fault{Kind: authserver.Late, Times: 1, Value: "15s"}); err != nil {
					t.Fatal(err)
				}
				_, _, err := request(t.Context(), server, authserver.MerchantTokenPath, form)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("got error %v, want a timeout", err)
				}
				time.Sleep(test.wait)
				_, _, _ = request(t.Context(), server, authserver.MerchantTokenPath, form)
				time.Sleep(time.Minute)
				got := server.RefreshTokens()[0]
				if server.Counters().Overlaps != test.overlaps || got.Presented != 2 || got.MostAtOnce != 1+test.overlaps {
					t.Errorf("got %d overlaps, presented %d times, %d at once; want %d, 2, %d",
						server.Counters().Overlaps, got.Presented, got.MostAtOnce, test.overlaps, 1+test.overlaps)
				}
				if stale := server.Counters().Stale; stale != 1 {
					t.Errorf("stale: got %d, want 1: whoever was second", stale)
				}
			})
		})
	}
}

// Two at once are one good and one stale request, whatever their order.
func TestConcurrentRefreshes(t *testing.T) {
	t.Parallel()
	server := newConsentServer(t, authserver.Config{}, nil)
	form := refreshForm(mustGrant(t, server).RefreshToken.Reveal())
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { _, _, _ = request(t.Context(), server, authserver.MerchantTokenPath, form) })
	}
	all.Wait()
	if got := server.Counters(); got.Refreshed != 1 || got.Stale != 19 {
		t.Errorf("got %d refreshed and %d stale, want 1 and 19", got.Refreshed, got.Stale)
	}
	if got := server.RefreshTokens(); len(got) != 2 || !got[0].Spent || got[1].Spent || got[0].Presented != 20 {
		t.Errorf("got %d refresh tokens, want a spent one and a live one", len(got))
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[string]int{}
	server := newConsentServer(t, authserver.Config{
		Clients: []authserver.Client{client()},
		Choose: func(clientID, merchant string) authserver.Fault {
			mu.Lock()
			defer mu.Unlock()
			asked[clientID+" "+merchant]++
			if merchant == "FI12345678" {
				return authserver.Fault{Kind: authserver.Unavailable}
			}
			return authserver.Fault{}
		},
	}, nil)
	danish := mustGrant(t, server)
	finnish, err := server.Grant(consentID, "FI12345678")
	if err != nil {
		t.Fatal(err)
	}
	mustRefresh(t, server, danish.RefreshToken.Reveal())
	status, _, _ := request(t.Context(), server, authserver.MerchantTokenPath, refreshForm(finnish.RefreshToken.Reveal()))
	if status != http.StatusServiceUnavailable {
		t.Errorf("the merchant with a fault: got status %d, want 503", status)
	}
	form := url.Values{"token": {finnish.RefreshToken.Reveal()}, "client_id": {consentID}, "client_secret": {consentPass}}
	if status, _, _ := request(t.Context(), server, authserver.RevocationPath, form); status != http.StatusServiceUnavailable {
		t.Errorf("its revocation: got status %d, want 503", status)
	}
	send(t, server, integratorRequest(t.Context(), authserver.DefaultURL))
	if err := server.SetFault(authserver.Fault{Kind: authserver.HTML500}); err != nil {
		t.Fatal(err)
	}
	status, _, _ = request(t.Context(), server, authserver.MerchantTokenPath, refreshForm(finnish.RefreshToken.Reveal()))
	if status != http.StatusInternalServerError {
		t.Errorf("with a fault switched on: got status %d, want its 500", status)
	}
	for who, want := range map[string]int{consentID + " " + merchantVAT: 1, consentID + " FI12345678": 2, clientID + " ": 1} {
		if asked[who] != want {
			t.Errorf("%s: asked %d times, want %d", who, asked[who], want)
		}
	}
}
