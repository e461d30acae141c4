package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/lambda"
	"token-refresher/internal/sandbox/moto"
	emulated "token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/token"
)

// backends are the two Secrets Managers that the shipped binary is held
// against.
func backends() map[string]func(t *testing.T) (endpoint string) {
	return map[string]func(*testing.T) string{
		"sandbox": func(t *testing.T) string {
			server, err := emulated.Open(emulated.Config{Path: filepath.Join(t.TempDir(), "state.db"), ListLag: -1})
			if err != nil {
				t.Fatalf("open the sandbox's Secrets Manager: %v", err)
			}
			t.Cleanup(func() { server.Close() })
			listener := httptest.NewServer(server)
			t.Cleanup(listener.Close)
			return listener.URL
		},
		"moto": func(t *testing.T) string { return moto.Start(t) },
	}
}

// bootstrap builds the function as `make build` does.
func bootstrap(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w", "-tags", "lambda.norpc", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	return path
}

// rig is the built function between emulators, with everything that leaves it
// captured.
type rig struct {
	*lambda.Emulator
	provider *authserver.Server
	tokenURL string
	secrets  *secretsmanager.Client
	prefix   string // of the secrets' names
	captured *capture
	planted  []token.Secret // secrets in what the test stored and set
}

const functionName = "refresh"

// newRig starts a rig around the binary at path. variables are the function's
// own, beside those that lead it to the emulators.
func newRig(t *testing.T, path, endpoint string, variables map[string]string) *rig {
	t.Helper()
	provider, err := authserver.New(authserver.Config{})
	if err != nil {
		t.Fatalf("authserver: %v", err)
	}
	listener := httptest.NewServer(provider)
	t.Cleanup(listener.Close)

	r := &rig{
		Emulator: lambda.New(lambda.Config{Sampled: true}),
		provider: provider,
		tokenURL: listener.URL + authserver.TokenPath,
		prefix:   variables["SECRET_PREFIX"],
		captured: &capture{},
		planted:  []token.Secret{token.NewSecret(awsSecretKey)},
		secrets: secretsmanager.New(secretsmanager.Options{
			BaseEndpoint: aws.String(endpoint),
			Region:       lambda.DefaultRegion,
			Credentials:  awscredentials.NewStaticCredentialsProvider("test", awsSecretKey, ""),
		}),
	}
	t.Cleanup(func() { r.Close() })
	environment := []string{
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=" + awsSecretKey,
		"AWS_ENDPOINT_URL=" + endpoint, "AWS_XRAY_DAEMON_ADDRESS=" + daemon(t, r.captured),
	}
	for name, value := range variables {
		environment = append(environment, name+"="+value)
	}
	if err := r.AddFunction(lambda.Function{
		Name: functionName, Command: path, Env: environment, Timeout: time.Minute, Log: r.captured.stream("log"),
	}); err != nil {
		t.Fatalf("AddFunction: %v", err)
	}
	return r
}

// awsSecretKey signs the calls. It must not be printed either.
const awsSecretKey = "awsSecretKey/of+the=test"

// daemon listens as an X-Ray daemon does and captures what it is sent.
func daemon(t *testing.T, captured *capture) (address string) {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	var reading sync.WaitGroup
	t.Cleanup(func() { conn.Close(); reading.Wait() })
	to := captured.stream("xray")
	reading.Go(func() {
		packet := make([]byte, 1<<16)
		for {
			n, _, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			_, _ = to.Write(packet[:n])
		}
	})
	return conn.LocalAddr().String()
}

// store writes a client's credentials secret as an operator does. What is
// secret in value is named beside it.
func (r *rig) store(t *testing.T, client, value string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		r.planted = append(r.planted, token.NewSecret(secret))
	}
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	if _, err := r.secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String(r.prefix + "/" + client + "/credentials"), SecretString: &value,
		Tags: []types.Tag{
			tag("token-refresher:grant-type", "client_credentials"),
			tag("token-refresher:kind", "credentials"),
			tag("token-refresher:client", client),
		},
	}); err != nil {
		t.Fatalf("store the credentials of %s: %v", client, err)
	}
}

// credentials is the JSON of credentials that lead to the rig's provider.
func (r *rig) credentials(id, secret, more string) string {
	return fmt.Sprintf(`{"provider":{"grant_type":"client_credentials","token_endpoint":%q,`+
		`"headers":{"x-ibm-client-id":"{client_id}"},"merchant_parameter":"merchant_vat"},`+
		`"client_id":%q,"client_secret":%q%s}`, r.tokenURL, id, secret, more)
}

// register makes a client known to the provider.
func (r *rig) register(t *testing.T, id, secret string) {
	t.Helper()
	if err := r.provider.AddClient(authserver.Client{ID: id, Secret: token.NewSecret(secret)}); err != nil {
		t.Fatalf("AddClient: %v", err)
	}
}

// invoke sends the event and captures the answer.
func (r *rig) invoke(t *testing.T, event []byte) lambda.Result {
	t.Helper()
	result, err := r.Invoke(t.Context(), functionName, event)
	if err != nil {
		t.Fatalf("Invoke: %v", err)
	}
	_, _ = r.captured.stream("answers").Write(append(result.Payload, '\n'))
	return result
}

// answer is the refresh function's, as a consumer decodes it.
type answer struct {
	Due                   int      `json:"due"`
	Renewed               int      `json:"renewed"`
	NotDue                int      `json:"not_due"`
	Leased                int      `json:"leased"`
	ConsentRequired       []string `json:"consent_required"`
	Remaining             int      `json:"remaining"`
	LowestLifeLeftPercent *float64 `json:"lowest_life_left_percent"`
	Failed                []struct{ Token, Error string }
}

// sweep runs one sweep.
func (r *rig) sweep(t *testing.T) answer {
	t.Helper()
	result := r.invoke(t, sweepEvent(t))
	if result.FunctionError != "" {
		t.Fatalf("sweep: %s: %s\n%s", result.FunctionError, result.Payload, r.captured.text("log"))
	}
	var a answer
	decoder := json.NewDecoder(strings.NewReader(string(result.Payload)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&a); err != nil {
		t.Fatalf("decode %s: %v", result.Payload, err)
	}
	return a
}

// read returns the value of a secret, and false if there is no such secret.
func (r *rig) read(t *testing.T, name string) (value string, found bool) {
	t.Helper()
	out, err := r.secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return err.Error(), false
	}
	return aws.ToString(out.SecretString), true
}
