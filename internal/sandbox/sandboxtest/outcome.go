package sandboxtest

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Outcome is "success", or the code of AWS's error.
func Outcome(err error) string {
	if err == nil {
		return "success"
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return err.Error()
}

// WantError compares an error's AWS code, and a part of its text.
func WantError(t testing.TB, err error, code, text string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Fatalf("error = %v, want %s", err, code)
	}
	if api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		t.Errorf("error = %s: %q, want %s: %q", api.ErrorCode(), api.ErrorMessage(), code, text)
	}
}

// WantFailure compares an error's AWS code and HTTP status. With an empty code,
// there must be an error and no answer at all.
func WantFailure(t testing.TB, err error, code string, status int) {
	t.Helper()
	api, answered := errors.AsType[smithy.APIError](err)
	if err == nil || answered != (code != "") || (answered && api.ErrorCode() != code) {
		t.Errorf("error = %v, want code %q", err, code)
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); answered && (!ok || response.HTTPStatusCode() != status) {
		t.Errorf("error = %v, want status %d", err, status)
	}
}
