package stack_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/lambda"
	"token-refresher/internal/sandbox/sandboxtest"
)

// rig is the translated template, deployed: every function resource runs its
// built bootstrap with the template's environment, timeout and rights, between
// an AWS and the sandbox's authorization server.
type rig struct {
	*lambda.Emulator
	guard    *guard
	stack    *stack
	provider *authserver.Server
	origin   string // of the provider
	secrets  *secretsmanager.Client
	log      *printed
	endpoint string // of the guard
}

// newRig deploys the stack on a backend, which is all of AWS.
func newRig(t *testing.T, backend http.Handler) *rig {
	t.Helper()
	s := load(t, map[string]string{"ProviderHosts": "127.0.0.1", "LogLevel": "debug"})
	r := &rig{
		Emulator: lambda.New(lambda.Config{}), guard: newGuard(t, s, backend), stack: s, log: &printed{},
		secrets: secretsmanager.NewFromConfig(sandboxtest.Config(serve(t, backend))),
	}
	t.Cleanup(func() { r.Close() })
	r.startProvider(t)
	r.makeTable(t, backend)
	r.makeKeys(t)
	r.endpoint = serve(t, r.guard)
	built := bootstraps(t)
	for _, id := range functions(t, s) {
		properties := s.properties(t, id)
		if err := r.AddFunction(lambda.Function{
			Name: id, Command: built[id], Env: r.environment(t, id, r.endpoint), Log: r.log, MaxInstances: 1,
			Timeout:  time.Duration(properties["Timeout"].(float64) * float64(time.Second)),
			MemoryMB: int(properties["MemorySize"].(float64)),
		}); err != nil {
			t.Fatalf("AddFunction: %v", err)
		}
	}
	return r
}

func serve(t *testing.T, handler http.Handler) (endpoint string) {
	t.Helper()
	listener := httptest.NewServer(handler)
	t.Cleanup(listener.Close)
	return listener.URL
}

func (r *rig) startProvider(t *testing.T) {
	t.Helper()
	listener := httptest.NewUnstartedServer(nil)
	r.origin = "http://" + listener.Listener.Addr().String()
	provider, err := authserver.New(authserver.Config{URL: r.origin})
	if err != nil {
		t.Fatalf("authserver: %v", err)
	}
	r.provider = provider
	listener.Config.Handler = provider
	listener.Start()
	t.Cleanup(listener.Close)
}

// makeTable makes the journal as the template says.
func (r *rig) makeTable(t *testing.T, backend http.Handler) {
	t.Helper()
	properties, err := json.Marshal(r.stack.properties(t, "Journal"))
	if err != nil {
		t.Fatal(err)
	}
	input := &dynamodb.CreateTableInput{TableName: aws.String(journalTable)}
	if err := json.Unmarshal(properties, input); err != nil {
		t.Fatalf("the journal of the template is no table: %v", err)
	}
	input.DeletionProtectionEnabled = nil // the emulator has none
	client := dynamodb.NewFromConfig(sandboxtest.Config(serve(t, backend)))
	if _, err := client.CreateTable(t.Context(), input); err != nil {
		t.Fatalf("CreateTable: %v", err)
	}
}

// makeKeys makes the generated secrets of the template.
func (r *rig) makeKeys(t *testing.T) {
	t.Helper()
	for _, id := range r.stack.ids(t, "AWS::SecretsManager::Secret") {
		properties := r.stack.properties(t, id)
		length := at(properties, "GenerateSecretString", "PasswordLength").(float64)
		r.create(t, properties["Name"].(string), strings.Repeat("k", int(length)), nil)
	}
}

// environment is a function's, as the template sets it and Lambda and this rig
// complete it.
func (r *rig) environment(t *testing.T, id, endpoint string) []string {
	t.Helper()
	variables := environment(t, r.stack, id)
	deployed(variables)
	if variables["JOURNAL_TABLE"] != "" {
		variables["JOURNAL_TABLE"] = journalTable
	}
	all := []string{
		"AWS_ACCESS_KEY_ID=" + id, "AWS_SECRET_ACCESS_KEY=test", "AWS_ENDPOINT_URL=" + endpoint,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_XRAY_SDK_DISABLED=TRUE",
	}
	for name, value := range variables {
		all = append(all, name+"="+value)
	}
	return all
}

// create makes a secret with tags.
func (r *rig) create(t *testing.T, name, value string, tags map[string]string) {
	t.Helper()
	input := &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value}
	for key, value := range tags {
		input.Tags = append(input.Tags, secretTag("token-refresher:"+key, value))
	}
	if _, err := r.secrets.CreateSecret(t.Context(), input); err != nil {
		t.Fatalf("CreateSecret %s: %v", name, err)
	}
}

// invoke sends an event, and decodes the answer into answer.
func (r *rig) invoke(t *testing.T, function string, event []byte, answer any) {
	t.Helper()
	result, err := r.Invoke(t.Context(), function, event)
	if err != nil {
		t.Fatalf("invoke %s: %v", function, err)
	}
	if result.FunctionError != "" {
		t.Fatalf("%s failed: %s\n%s", function, result.Payload, r.log.end())
	}
	if err := json.Unmarshal(result.Payload, answer); err != nil {
		t.Fatalf("%s: decode the answer: %v", function, err)
	}
}

// printed is what all functions print.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

// end is the last of it, for a failure's message.
func (p *printed) end() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	const enough = 2000
	text := p.text.String()
	return text[max(0, len(text)-enough):]
}

// programs is where the programs of all functions are built, once for all tests.
var programs string

// TestMain makes room for what is built, and removes it.
func TestMain(m *testing.M) {
	var err error
	if programs, err = os.MkdirTemp("", "stack"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(programs) // best effort: it lies in the folder for temporary files
	os.Exit(code)
}

var build = sync.OnceValue(func() error { return buildFunctions("../..", programs, "") })

// bootstraps gives the program of each function resource.
func bootstraps(t *testing.T) map[string]string {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	built := map[string]string{}
	for id, resource := range readTemplate(t).Resources {
		if resource.Type == "AWS::Serverless::Function" {
			built[id] = filepath.Join(programs, filepath.Base(resource.Properties.CodeURI), "bootstrap")
		}
	}
	return built
}

// buildFunctions builds every folder below functions/ of a source tree as `make
// build` does, into to/NAME/bootstrap.
func buildFunctions(tree, to, architecture string) error {
	sources, err := filepath.Glob(filepath.Join(tree, "functions", "*", "main.go"))
	if err != nil {
		return err
	}
	for _, source := range sources {
		name := filepath.Base(filepath.Dir(source))
		command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-tags", "lambda.norpc",
			"-o", filepath.Join(to, name, "bootstrap"), "./functions/"+name)
		command.Dir = tree
		// What a machine sets for all builds must not hide what this one lacks.
		command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=auto")
		if architecture != "" {
			command.Env = append(command.Env, "GOOS=linux", "GOARCH="+architecture)
		}
		if text, err := command.CombinedOutput(); err != nil {
			return &buildError{name, string(text), err}
		}
	}
	return nil
}

// buildError is what the compiler said.
type buildError struct {
	name, text string
	cause      error
}

// Error implements error.
func (e *buildError) Error() string {
	return "build " + e.name + ": " + e.cause.Error() + "\n" + e.text
}

// Unwrap returns the cause.
func (e *buildError) Unwrap() error { return e.cause }
