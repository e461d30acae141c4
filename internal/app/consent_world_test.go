package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"token-refresher/internal/app"
	"token-refresher/internal/consent"
	"token-refresher/internal/consent/page"
	"token-refresher/internal/journal"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/dynamodb"
	emulated "token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/token"
)

const (
	consentURL  = "https://consent.example.com"
	consentHome = "https://shop.example/settings"
)

// logbook is a log that is read while it is written.
type logbook struct {
	mu      sync.Mutex
	written bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.String()
}

// consentWorld is the consent handler as it is deployed, between emulators of
// AWS and of the provider, which are reached over sockets.
type consentWorld struct {
	app      *app.App
	handler  http.Handler
	inviter  *consent.Inviter
	provider *authserver.Server // where client shop is sent
	other    *authserver.Server // of the same issuer, with keys of its own: production beside sandbox
	secrets  *secretsmanager.Client
	vault    *emulated.Server
	table    *dynamodb.Server
	answer   func(provider http.Handler, w http.ResponseWriter, r *http.Request) // for the provider; nil: it answers itself
	log      *logbook
	begun    []string // everything of attempts that must not be printed
	merchant int
}

func newConsentWorld(t *testing.T) *consentWorld {
	t.Helper()
	awsEnvironment(t, "eu-west-1")
	vault, err := emulated.Open(emulated.Config{Path: filepath.Join(t.TempDir(), "secrets.db"), ListLag: -1})
	if err != nil {
		t.Fatalf("secrets manager: %v", err)
	}
	t.Cleanup(func() { _ = vault.Close() })
	table, err := dynamodb.Open(dynamodb.Config{})
	if err != nil {
		t.Fatalf("dynamodb: %v", err)
	}
	t.Cleanup(func() { _ = table.Close() })
	t.Setenv("AWS_ENDPOINT_URL", listen(t, func(string) http.Handler { return vault }))
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", listen(t, func(string) http.Handler { return table }))
	w := &consentWorld{log: &logbook{}, vault: vault, table: table}
	w.secrets = secretsmanager.NewFromConfig(awsAt(vault))
	if _, err := journal.NewClient(awsAt(table)).CreateTable(t.Context(), journal.TableInput("journal")); err != nil {
		t.Fatalf("CreateTable: %v", err)
	}
	w.provider, w.other = w.listenProvider(t, "shop"), w.listenProvider(t, "production")
	w.store(t, "mobilepay/invite-key", strings.Repeat("invite key of the tests ", 2))
	w.store(t, "mobilepay/sealing-key", strings.Repeat("sealing key of the tests ", 2))
	w.start(t)
	return w
}

// listen serves a handler that may want to know where it is reached.
func listen(t *testing.T, handler func(url string) http.Handler) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	url = "http://" + server.Listener.Addr().String()
	server.Config.Handler = handler(url)
	server.Start()
	t.Cleanup(server.Close)
	return url
}

// awsAt is how the test itself calls an emulator: in memory.
func awsAt(h http.Handler) aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://aws"),
		Credentials: awscredentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:  &http.Client{Transport: authserver.Transport(h)},
	}
}

// listenProvider runs a provider, and stores the credentials of a client of it.
func (w *consentWorld) listenProvider(t *testing.T, client string) *authserver.Server {
	t.Helper()
	var server *authserver.Server
	url := listen(t, func(url string) (h http.Handler) {
		var err error
		server, err = authserver.New(authserver.Config{URL: url, Clients: []authserver.Client{{
			ID: "shop-1", Secret: token.NewSecret(clientSecret), RedirectURIs: []string{consentURL + "/consent/callback"},
		}}})
		if err != nil {
			t.Fatalf("authserver: %v", err)
		}
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if w.answer != nil {
				w.answer(server, rw, r)
				return
			}
			server.ServeHTTP(rw, r)
		})
	})
	w.store(t, "mobilepay/"+client+"/credentials", fmt.Sprintf(`{"client_id":"shop-1","client_secret":%q,"scopes":["subscriptions"],`+
		`"provider":{"grant_type":"authorization_code","issuer":%q,"discovery_url":%q,"token_endpoint_auth_method":"client_secret_post",`+
		`"merchant_parameter":"merchant_vat","code_verifier_on_refresh":true}}`,
		clientSecret, authserver.MerchantIssuer, url+authserver.MerchantDiscoveryPath),
		"token-refresher:grant-type", "authorization_code", "token-refresher:kind", "credentials", "token-refresher:client", client)
	return server
}

// store makes a secret, tagged with pairs of key and value.
func (w *consentWorld) store(t *testing.T, name, value string, tags ...string) {
	t.Helper()
	in := &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value}
	for pair := range slices.Chunk(tags, 2) {
		in.Tags = append(in.Tags, types.Tag{Key: &pair[0], Value: &pair[1]})
	}
	if _, err := w.secrets.CreateSecret(t.Context(), in); err != nil {
		t.Fatalf("store %s: %v", name, err)
	}
}

// start begins with a new instance, which knows nothing.
func (w *consentWorld) start(t *testing.T) {
	t.Helper()
	var err error
	if w.app, err = start(t, lookup(map[string]string{
		"GRANT_TYPE": "authorization_code", "JOURNAL_TABLE": "journal", "PROVIDER_HOSTS": "127.0.0.1", "PUBLIC_URL": consentURL,
	}), w.log); err != nil {
		t.Fatalf("Start: %v", err)
	}
	if w.handler, err = w.app.Consent(); err != nil {
		t.Fatalf("Consent: %v", err)
	}
	if w.inviter, err = w.app.Inviter(); err != nil {
		t.Fatalf("Inviter: %v", err)
	}
}

// shown returns which page an answer is. It must be that page exactly, so that
// nothing of the request is in it.
func shown(t *testing.T, got *httptest.ResponseRecorder) page.Kind {
	t.Helper()
	view := page.View{}
	if found := regexp.MustCompile(`<strong translate="no">([A-Z2-7]+)</strong>`).FindStringSubmatch(got.Body.String()); found != nil {
		view.Reference = found[1]
	}
	for _, view.Kind = range page.Kinds() {
		for _, view.Language = range page.Languages() {
			for _, view.ReturnTo = range []string{"", consentHome} {
				if want, err := page.Render(view); err == nil && got.Body.String() == string(want) {
					return view.Kind
				}
			}
		}
	}
	return ""
}

// reason is why the last request was answered as it was, for support.
func (w *consentWorld) reason(t *testing.T) (reason, failure string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
	for _, text := range slices.Backward(lines) {
		var line struct{ Message, Reason, Error string }
		if err := json.Unmarshal([]byte(text), &line); err == nil && line.Message == "consent request" {
			return line.Reason, line.Error
		}
	}
	return "", ""
}
