package stack_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/eventbridge"
	emulated "token-refresher/internal/sandbox/secretsmanager"
)

// elsewhere are the actions that no call of ours shows, and who makes them.
func elsewhere() []string {
	return []string{
		"logs:CreateLogStream", "logs:PutLogEvents", // Lambda, of what is printed
		"sqs:SendMessage",                                   // Lambda, of what failed
		"xray:PutTelemetryRecords", "xray:PutTraceSegments", // the daemon beside the function
	}
}

// later are the actions that come after longer than a test waits.
func later() map[string][]string {
	return map[string][]string{
		// A removal that broke off is ended by a sweep a minute later:
		// TestRemovalIsFinished of internal/publish.
		"GrantsFunction": {"secretsmanager:DeleteSecret"},
	}
}

// TestEveryRightIsUsed puts the deployed functions through all that they do
// against AWS, and compares both ways: every call is allowed by the role of the
// function that makes it (the guard sees to that), and every action of every
// role is used.
func TestEveryRightIsUsed(t *testing.T) {
	t.Parallel()
	aws := &emulators{}
	aws.start(t)
	r := newRig(t, aws)
	aws.ago(2 * time.Hour)
	r.seed(t)
	r.seedTrouble(t)
	aws.ago(0)

	r.sweep(t, "RefreshFunction")
	for range 3 { // adopt, renew, publish
		r.sweep(t, "GrantsFunction")
	}
	r.operate(t)
	r.takeConsents(t)
	r.handOut(t)

	for _, function := range functions(t, r.stack) {
		unused := slices.DeleteFunc(r.guard.unused(function), func(action string) bool {
			return slices.Contains(elsewhere(), action) || slices.Contains(later()[function], action)
		})
		if len(unused) > 0 {
			t.Errorf("%s: its role allows %v, which it never uses", function, unused)
		}
	}
}

// emulators are the sandbox's AWS, on one address. Secrets can be made in the
// past.
type emulators struct {
	secrets  *emulated.Server
	dynamodb *dynamodb.Server
	events   *eventbridge.Sink
	behind   atomic.Int64 // nanoseconds
}

func (e *emulators) start(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	var err error
	e.secrets, err = emulated.Open(emulated.Config{
		Path: filepath.Join(dir, "secrets.db"), Account: "123456789012", ListLag: -1,
		Now: func() time.Time { return time.Now().Add(-time.Duration(e.behind.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.secrets.Close() })
	if e.dynamodb, err = dynamodb.Open(dynamodb.Config{Path: filepath.Join(dir, "journal.db"), Account: "123456789012"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.dynamodb.Close() })
	e.events = eventbridge.New(eventbridge.Config{})
}

// ago puts the clock of Secrets Manager back.
func (e *emulators) ago(d time.Duration) { e.behind.Store(int64(d)) }

// ServeHTTP implements http.Handler.
func (e *emulators) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case emulated.Claims(r):
		e.secrets.ServeHTTP(w, r)
	case dynamodb.Claims(r):
		e.dynamodb.ServeHTTP(w, r)
	default:
		e.events.ServeHTTP(w, r)
	}
}

// seedTrouble adds what makes the sweeps use their rarer rights: secrets that
// are old, deleted or empty, and clients that the provider refuses.
func (r *rig) seedTrouble(t *testing.T) {
	t.Helper()
	tags := map[string]string{"client": "pos2", "kind": "access-token", "grant-type": integrator}
	r.register(t, authserver.Client{ID: "pos2"})
	r.credentials(t, "pos2", integrator, map[string]any{"merchants": []string{"DK00000001", "DK00000002"}})
	r.create(t, "mobilepay/pos2/access-token", oldToken("pos2", ""), tags)
	r.create(t, "mobilepay/pos2/DK00000001/access-token", oldToken("pos2", "DK00000001"), tags)
	r.deleteSecret(t, "mobilepay/pos2/DK00000001/access-token")
	if _, err := r.secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("mobilepay/pos2/DK00000002/access-token")}); err != nil {
		t.Fatalf("CreateSecret: %v", err)
	}
	r.consent(t, longClient, "DK00000005")                                                    // without an access token
	r.credentials(t, "stranger", integrator, map[string]any{"merchants": []string{merchant}}) // unknown to the provider
	r.register(t, authserver.Client{ID: "expelled"})
	r.credentials(t, "expelled", consented, map[string]any{"client_secret": "another"}) // refused by it
	r.consent(t, "expelled", merchant)
	r.consent(t, "expelled", "FI12345678")
	r.credentialsOf(t, lockedClient, merchant, "FI12345678")
	r.create(t, "mobilepay/"+longClient+"/"+merchant+"/access-token", oldToken(longClient, merchant), map[string]string{
		"client": longClient, "kind": "access-token", "grant-type": consented,
	})
	r.deleteSecret(t, "mobilepay/"+longClient+"/"+merchant+"/access-token")
}

// oldToken is the value of a secret whose token has expired.
func oldToken(client, merchant string) string {
	issued := time.Now().Add(-2 * time.Hour).UTC()
	of := ""
	if merchant != "" {
		of = fmt.Sprintf(`,"merchant":%q`, merchant)
	}
	return fmt.Sprintf(`{"access_token":"old","token_type":"Bearer","scope":"","issued_at":%q,"expires_at":%q,"client":%q%s}`,
		issued.Format(time.RFC3339), issued.Add(time.Hour).Format(time.RFC3339), client, of)
}

func (r *rig) deleteSecret(t *testing.T, name string) {
	t.Helper()
	if _, err := r.secrets.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &name}); err != nil {
		t.Fatalf("DeleteSecret %s: %v", name, err)
	}
}

func (r *rig) sweep(t *testing.T, function string) {
	t.Helper()
	var answer map[string]any
	r.invoke(t, function, []byte(`{"action":"sweep"}`), &answer)
}

// operate asks the operator function for everything once; of what it publishes,
// one secret is gone and one is deleted.
func (r *rig) operate(t *testing.T) {
	t.Helper()
	r.credentialsOf(t, "leaving", merchant)
	r.eraseSecret(t, "mobilepay/pos2/DK00000002/access-token")
	r.deleteSecret(t, "mobilepay/"+longClient+"/"+merchant+"/access-token")
	for _, event := range []string{
		`{"action":"status"}`,
		`{"action":"doctor"}`,
		`{"action":"refresh","tokens":["pos","pos2/DK00000002","` + longClient + `/` + merchant + `"],"force":true}`,
		`{"action":"remove","token":"leaving/` + merchant + `"}`,
	} {
		var answer map[string]any
		r.invoke(t, "OperatorFunction", []byte(event), &answer)
	}
}
