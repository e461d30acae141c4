package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"token-refresher/internal/operate"
)

// answers are what an operator function would say, by function and event.
func answers() map[string]string {
	const forty = `"issued_at":"2026-11-21T12:00:00Z","expires_at":"2026-11-21T13:01:40Z"`
	return map[string]string{
		`operator {"action":"get","token":"pos"}`: `{"access_token":"t0ken","token_type":"Bearer","scope":"s",` + forty + `,"client":"pos"}`,

		`operator {"action":"get","token":"pos/DK1"}`: `{"error":"unknown_token","message":"there is none"}`,

		`operator {"action":"status","client":"","merchant":""}`: `{"clients":[{"client":"kiosk","grant_type":"client_credentials",` +
			`"problem":"not a JSON object","tokens":[]},{"client":"reporting","grant_type":"authorization_code","tokens":[` +
			`{"token":"reporting/DK1","state":"fresh","expires_at":"2026-11-21T13:01:40Z","due_at":"2026-11-21T12:50:00Z","revision":7,"published_revision":5},` +
			`{"token":"reporting/DK2","state":"consent_required","reason":"revoked","since":"2026-11-21T11:00:00Z","revision":3}]}]}`,
		`operator {"action":"status","client":"reporting","merchant":""}`: `{"clients":[{"client":"reporting","grant_type":"authorization_code","tokens":[` +
			`{"token":"reporting/DK1","state":"fresh","revision":7,"published_revision":7}]}]}`,
		`operator {"action":"status","client":"nobody","merchant":""}`:      `{"clients":[]}`,
		`operator {"action":"status","client":"reporting","merchant":"X1"}`: `{"clients":[{"client":"reporting","grant_type":"authorization_code","tokens":[]}]}`,
		`crowd {"action":"status","client":"","merchant":""}`:               crowd(),

		// Parts of a status; one client stands in two of them, a third part has what is left of none.
		`parts {"action":"status","client":"","merchant":""}`: `{"clients":[{"client":"pos","grant_type":"client_credentials","tokens":[{"token":"pos","state":"fresh"}]},` +
			`{"client":"reporting","grant_type":"authorization_code","tokens":[{"token":"reporting/DK1","state":"fresh"}]}],"next":"reporting/DK1"}`,
		`parts {"action":"status","after":"reporting/DK1","client":"","merchant":""}`: `{"clients":[` +
			`{"client":"reporting","grant_type":"authorization_code","tokens":[{"token":"reporting/DK2","state":"expired"}]},` +
			`{"client":"shop","grant_type":"authorization_code","tokens":[]}],"next":"shop"}`,
		`parts {"action":"status","after":"shop","client":"","merchant":""}`: `{"clients":[]}`,
		`circle {"action":"status","client":"","merchant":""}`:               `{"clients":[],"next":"pos"}`,
		`circle {"action":"status","after":"pos","client":"","merchant":""}`: `{"clients":[],"next":"pos"}`,
		`breaks {"action":"status","client":"","merchant":""}`:               `{"clients":[{"client":"pos","tokens":[]}],"next":"pos"}`,

		`operator {"action":"refresh","force":false,"tokens":["pos","pos/DK1"]}`: `{"tokens":[` +
			`{"token":"pos","outcome":"renewed","expires_at":"2026-11-21T13:01:40Z","published":true},` +
			`{"token":"pos/DK1","outcome":"failed","error":"unknown_token: there is none","published":false}]}`,
		`prod-operator:live {"action":"refresh","force":true,"tokens":["pos"]}`: `{"tokens":[{"token":"pos","outcome":"renewed","published":true}]}`,

		`operator {"action":"invite","client":"subscriptions","merchant":"DK1","valid_for":"168h0m0s"}`:                                           `{"url":"https://a.example/consent?invite=x","expires_at":"2026-11-28T12:00:00Z"}`,
		`operator {"action":"invite","client":"subscriptions","merchant":"DK1","return_to":"https://shop.example/done?a=b","valid_for":"1h0m0s"}`: `{"url":"https://a.example/consent?invite=y","expires_at":"2026-11-28T12:00:00Z"}`,
		`operator {"action":"invite","client":"subscriptions","merchant":"DK2","valid_for":"168h0m0s"}`:                                           `{"error":"client_misconfigured","message":"it is no consent client"}`,
		`operator {"action":"remove","token":"subscriptions/DK1"}`:                                                                                `{"token":"subscriptions/DK1","removed":true,"revoked":true,"deleted":true}`,
		`operator {"action":"remove","token":"subscriptions/DK2"}`:                                                                                `{"error":"unknown_token","message":"there is no grant of this merchant"}`,

		`operator {"action":"doctor"}`: `{"checks":[{"name":"credentials","state":"ok","message":"3 clients are read."},` +
			`{"name":"clock","state":"warning","message":"It is 7 s behind the provider's: look at it."},` +
			`{"name":"schedule","state":"problem","message":"No sweep was completed for 12 minutes: look whether the schedule is enabled, and at the log of the refresh function for why it ends."}]}`,
		`well {"action":"doctor"}`: `{"checks":[{"name":"credentials","state":"ok","message":"fine"},{"name":"discovery","state":"skipped","message":"Nothing is discovered."}]}`,

		`later {"action":"get","token":"pos"}`: `["something"]`,
		`empty {"action":"get","token":"pos"}`: `{}`,

		`empty {"action":"doctor"}`:                                 `{}`,
		`empty {"action":"remove","token":"subscriptions/DK1"}`:     `{}`,
		`empty {"action":"refresh","force":false,"tokens":["pos"]}`: `null`,
	}
}

// crowd is the status of thousands of merchants.
func crowd() string {
	now := time.Now()
	client := operate.Client{Name: "many", GrantType: "authorization_code"}
	for i := range 3000 {
		client.Tokens = append(client.Tokens, operate.Token{
			ID: fmt.Sprintf("many/DK%08d", i), State: operate.StateFresh, IssuedAt: now, ExpiresAt: now.Add(time.Hour),
		})
	}
	client.Tokens[1234].State, client.Tokens[1234].ExpiresAt = operate.StateExpired, now.Add(-time.Minute)
	text, _ := json.Marshal(operate.Status{Clients: []operate.Client{client}})
	return string(text)
}

// answer is Lambda's Invoke. It knows a function that fails, one that attacks
// the terminal, and none that is not named above.
func answer(w http.ResponseWriter, r *http.Request) {
	payload, _ := io.ReadAll(r.Body)
	name := strings.Split(r.URL.Path, "/")[3]
	found, known := answers()[name+" "+string(payload)]
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=test/"):
		w.WriteHeader(http.StatusForbidden)
	case name == "broken":
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		fmt.Fprint(w, `{"errorMessage":"read credentials: access denied"}`)
	case strings.HasPrefix(name, "evil"):
		attack(w, name, payload)
	case !known:
		w.Header().Set("X-Amzn-ErrorType", "ResourceNotFoundException:http://internal.amazon.com/")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"Message":"Function not found"}`)
	default:
		fmt.Fprint(w, found)
	}
}

// provide is a token endpoint that knows one secret.
func provide(w http.ResponseWriter, r *http.Request) {
	_, secret, _ := r.BasicAuth()
	w.Header().Set("Content-Type", "application/json")
	if secret != "s3cr3t" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_client"}`)
		return
	}
	fmt.Fprintf(w, `{"access_token":"opaque","token_type":"Bearer","expires_in":%d}`, map[string]int{"DK12345678": 300}[r.FormValue("merchant_vat")]+3700)
}
