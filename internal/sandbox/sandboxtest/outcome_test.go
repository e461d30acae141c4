package sandboxtest_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"token-refresher/internal/sandbox/sandboxtest"
)

// A witness is a test that notes whether it was failed.
type witness struct {
	testing.TB
	failed bool
}

func (w *witness) Helper()               {}
func (w *witness) Errorf(string, ...any) { w.failed = true }
func (w *witness) Fatalf(string, ...any) { w.failed = true; panic(w) }

// fails reports whether a comparison fails its test.
func fails(compare func(testing.TB)) bool {
	w := &witness{}
	func() {
		defer func() { _ = recover() }() // of Fatalf
		compare(w)
	}()
	return w.failed
}

// refused is an error of the SDK, with the answer that it is made of.
func refused(status int, code, text string) error {
	return &smithy.OperationError{Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.GenericAPIError{Code: code, Message: text},
	}}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{"success": nil, "Slow": refused(400, "Slow", "down"), "eof": errors.New("eof")} {
		if got := sandboxtest.Outcome(err); got != want {
			t.Errorf("outcome of %v = %q, want %q", err, got, want)
		}
	}
}

func TestWantError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, code, text string
		err              error
		fails            bool
	}{
		{"as wanted", "Slow", "own", refused(400, "Slow", "down"), false},
		{"another code", "Fast", "own", refused(400, "Slow", "down"), true},
		{"another text", "Slow", "up", refused(400, "Slow", "down"), true},
		{"no answer", "Slow", "eof", errors.New("eof"), true},
		{"no error", "Slow", "", nil, true},
	}
	for _, tt := range tests {
		if got := fails(func(tb testing.TB) { sandboxtest.WantError(tb, tt.err, tt.code, tt.text) }); got != tt.fails {
			t.Errorf("%s: fails %t, want %t", tt.name, got, tt.fails)
		}
	}
}

func TestWantFailure(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		code   string
		status int
		err    error
		fails  bool
	}{
		{"as wanted", "Slow", 400, refused(400, "Slow", "down"), false},
		{"another code", "Fast", 400, refused(400, "Slow", "down"), true},
		{"another status", "Slow", 503, refused(400, "Slow", "down"), true},
		{"no answer", "Slow", 400, errors.New("eof"), true},
		{"no error", "Slow", 400, nil, true},
		{"no answer, as wanted", "", 0, fmt.Errorf("sending: %w", errors.New("eof")), false},
		{"an answer where none is wanted", "", 0, refused(400, "Slow", "down"), true},
		{"no error where no answer is wanted", "", 0, nil, true},
	}
	for _, tt := range tests {
		if got := fails(func(tb testing.TB) { sandboxtest.WantFailure(tb, tt.err, tt.code, tt.status) }); got != tt.fails {
			t.Errorf("%s: fails %t, want %t", tt.name, got, tt.fails)
		}
	}
}
