package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/app"
	"token-refresher/internal/operate"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/serve"
)

// operated is a consent world as somebody sees it from the command line.
type operated struct {
	*consentWorld
	handler *operate.Handler
}

// openOperator opens the operator with the functions' environment, in which
// GRANT_TYPE is another function's.
func openOperator(t *testing.T, w *consentWorld, changes map[string]string) *operated {
	t.Helper()
	variables := map[string]string{"JOURNAL_TABLE": "journal", "PROVIDER_HOSTS": "127.0.0.1", "PUBLIC_URL": consentURL}
	for name, value := range changes {
		variables[name] = value
	}
	h, err := app.OpenOperator(t.Context(), lookup(variables), w.log)
	if err != nil {
		t.Fatalf("OpenOperator: %v", err)
	}
	return &operated{w, h}
}

// ask sends an event and returns the answer's JSON.
func (o *operated) ask(t *testing.T, event string, answer any) {
	t.Helper()
	got, err := o.handler.Handle(t.Context(), json.RawMessage(event))
	if err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	text, err := json.Marshal(got)
	if err == nil {
		err = json.Unmarshal(text, answer)
	}
	if err != nil {
		t.Fatalf("%s: answered %s: %v", event, text, err)
	}
	if strings.Contains(string(text)+o.log.String(), clientSecret) {
		t.Errorf("%s: the answer or the log shows the client's secret", event)
	}
}

// doctor returns the checks by name, as "state: message".
func (o *operated) doctor(t *testing.T) map[string]string {
	t.Helper()
	var diagnosis operate.Diagnosis
	o.ask(t, `{"action":"doctor"}`, &diagnosis)
	checks := map[string]string{}
	for _, check := range diagnosis.Checks {
		checks[check.Name] = string(check.State) + ": " + check.Message
	}
	return checks
}

// storeIssuing stores credentials of a provider that has no document.
func (w *consentWorld) storeIssuing(t *testing.T, client, endpoint string) {
	t.Helper()
	w.store(t, "mobilepay/"+client+"/credentials", fmt.Sprintf(`{"client_id":"a","client_secret":%q,"provider":{"grant_type":"client_credentials",`+
		`"token_endpoint":%q,"token_endpoint_auth_method":"client_secret_post"}}`, clientSecret, endpoint),
		"token-refresher:grant-type", "client_credentials")
}

func TestOperatorWithoutAFunction(t *testing.T) {
	w := newConsentWorld(t)
	o := openOperator(t, w, nil)

	var status operate.Status
	o.ask(t, `{"action":"status"}`, &status)
	if len(status.Clients) != 2 || status.Clients[0].Name != "production" || status.Clients[1].Problem != "" {
		t.Errorf("status: got %+v, want both clients", status)
	}

	var invitation struct{ URL string }
	o.ask(t, `{"action":"invite","client":"shop","merchant":"DK12345678"}`, &invitation)
	link, err := url.Parse(invitation.URL)
	if err != nil {
		t.Fatal(err)
	}
	began := httptest.NewRecorder()
	w.handler.ServeHTTP(began, httptest.NewRequestWithContext(t.Context(), http.MethodGet, link.RequestURI(), http.NoBody))
	if began.Code != http.StatusFound && began.Code != http.StatusSeeOther {
		t.Errorf("the link answers %d, want a redirect to the provider", began.Code)
	}
	if strings.Contains(w.log.String(), link.Query().Get("invite")) {
		t.Error("the log shows the invite")
	}

	var refusal serve.Refusal
	w.storeIssuing(t, "pos", "http://127.0.0.1:1/token")
	o.ask(t, `{"action":"invite","client":"pos","merchant":"DK12345678"}`, &refusal)
	if refusal.Code != serve.ClientMisconfigured || !strings.Contains(refusal.Message, "nothing to consent to") {
		t.Errorf("invite to client credentials: got %+v, want %s", refusal, serve.ClientMisconfigured)
	}
	o.ask(t, `{"action":"remove","token":"shop/DK12345678"}`, &refusal)
	if refusal.Code != serve.UnknownToken {
		t.Errorf("remove: got %+v, want %s", refusal, serve.UnknownToken)
	}
	o.ask(t, `{"action":"get","token":"shop/DK12345678"}`, &refusal)
	if refusal.Code != serve.NotAllowed {
		t.Errorf("get: got %+v, want %s", refusal, serve.NotAllowed)
	}
	o = openOperator(t, w, map[string]string{"ALLOW_GET": "true"})
	o.ask(t, `{"action":"get","token":"shop/DK12345678"}`, &refusal)
	if refusal.Code != serve.UnknownToken {
		t.Errorf("get: got %+v, want %s", refusal, serve.UnknownToken)
	}
}

func TestDoctorOfAWholeDeployment(t *testing.T) {
	w := newConsentWorld(t)
	o := openOperator(t, w, nil)
	for name, want := range map[string]string{
		"credentials": "ok: The credentials of 2 clients", "permissions": "ok: ", "discovery": "ok: The providers of 2 clients answer; the documents of 2",
		"clock": "ok: ", "journal": "ok: ", "sealing-key": "ok: ", "invite-key": "ok: ", "schedule": "ok: ", "quota": "ok: ",
	} {
		if got := o.doctor(t)[name]; !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q…", name, got, want)
		}
	}
	for _, name := range []string{"mobilepay/sealing-key", "mobilepay/invite-key"} {
		if _, err := w.secrets.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String(name)}); err != nil {
			t.Fatal(err)
		}
	}
	broken := o.doctor(t)
	for _, name := range []string{"sealing-key", "invite-key"} {
		if got := broken[name]; !strings.HasPrefix(got, "problem: ") || !strings.Contains(got, "disaster.md") {
			t.Errorf("%s: got %q, want a problem: keys are read anew", name, got)
		}
	}
	o = openOperator(t, w, map[string]string{"JOURNAL_TABLE": "another", "PUBLIC_URL": ""})
	broken = o.doctor(t)
	if got := broken["journal"]; !strings.HasPrefix(got, "problem: ") || !strings.Contains(got, "JOURNAL_TABLE") {
		t.Errorf("journal: got %q, want a problem that names JOURNAL_TABLE", got)
	}
	if got := broken["invite-key"]; !strings.HasPrefix(got, "skipped: ") {
		t.Errorf("invite-key: got %q, want it skipped without PUBLIC_URL", got)
	}
}

func TestDoctorLooksAtProviders(t *testing.T) {
	w := newConsentWorld(t)
	o := openOperator(t, w, nil)
	pinned := func(change func(http.Header)) string {
		return listen(t, func(string) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodHead || r.Header.Get("Authorization") != "" || r.ContentLength > 0 {
					t.Errorf("the provider got %s with %v, want a question without a secret", r.Method, r.Header)
				}
				change(rw.Header())
				rw.WriteHeader(http.StatusMethodNotAllowed)
			})
		}) + "/token"
	}
	date := func(ahead time.Duration) string { return time.Now().Add(ahead).UTC().Format(http.TimeFormat) }

	var asked atomic.Int32
	cached := pinned(func(h http.Header) {
		asked.Add(1)
		h.Set("Date", date(-time.Hour))
		h.Set("Age", "3600")
	})
	w.storeIssuing(t, "cached", cached)
	w.storeIssuing(t, "cached-too", cached)
	if got := o.doctor(t); !strings.HasPrefix(got["clock"], "ok: ") || !strings.HasPrefix(got["discovery"], "ok: The providers of 4 clients answer; the documents of 2") {
		t.Errorf("a cached answer: got %q and %q, want both well", got["clock"], got["discovery"])
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("a provider of two clients was asked %d times, want once", n)
	}
	w.storeIssuing(t, "ahead", pinned(func(h http.Header) { h.Set("Date", date(time.Hour)) }))
	if got := o.doctor(t)["clock"]; !strings.HasPrefix(got, "problem: This clock is 1h0m0s behind") && !strings.HasPrefix(got, "problem: This clock is 59m") {
		t.Errorf("a provider that is an hour ahead: got %q, want a problem", got)
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	w.storeIssuing(t, "gone", gone.URL+"/token")
	impostor := listen(t, func(string) http.Handler { return w.provider })
	w.store(t, "mobilepay/impostor/credentials", fmt.Sprintf(`{"client_id":"a","client_secret":%q,"provider":{"grant_type":"authorization_code",`+
		`"issuer":"https://other.example","discovery_url":%q,"token_endpoint":%q,"token_endpoint_auth_method":"client_secret_post"}}`,
		clientSecret, impostor+authserver.MerchantDiscoveryPath, impostor+"/token"), "token-refresher:grant-type", "authorization_code")
	got := o.doctor(t)["discovery"]
	for _, want := range []string{"problem: ", "gone: the token endpoint does not answer", "impostor: discovery: the document names another issuer"} {
		if !strings.Contains(got, want) {
			t.Errorf("discovery: got %q, want %q in it", got, want)
		}
	}
}

func TestOpenOperatorTellsAllFaults(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	_, err := app.OpenOperator(t.Context(), lookup(map[string]string{"PUBLIC_URL": "shop.example", "LOG_LEVEL": "loud"}), &logbook{})
	config, ok := errors.AsType[*app.ConfigError](err)
	if !ok || len(config.Faults) != 3 || strings.Contains(err.Error(), "GRANT_TYPE") {
		t.Errorf("OpenOperator: got %v, want the faults of JOURNAL_TABLE, PUBLIC_URL and LOG_LEVEL", err)
	}
}

// What a person renews is in the metrics of sweeps, under the grant type of the
// token: the function has none.
func TestOperatorCountsRenewals(t *testing.T) {
	w := newConsentWorld(t)
	o := openOperator(t, w, nil)
	w.storeIssuing(t, "pos", "http://127.0.0.1:1/token")
	var answer struct{ Tokens []operate.Refreshed }
	o.ask(t, `{"action":"refresh","tokens":["pos"]}`, &answer)
	if len(answer.Tokens) != 1 || answer.Tokens[0].Outcome != operate.Failed {
		t.Fatalf("refresh: got %+v, want a failure", answer)
	}
	var lines []string
	for line := range strings.Lines(w.log.String()) {
		if strings.Contains(line, `"_aws"`) {
			lines = append(lines, line)
		}
	}
	for i, want := range []string{`"GrantType":"client_credentials"`, `"Class":"transient"`} {
		if len(lines) != 2 || !strings.Contains(lines[i], want) || !strings.Contains(lines[i], `"Failed":1`) {
			t.Errorf("metrics: got %q, want a failure with %s", lines, want)
		}
	}
}
