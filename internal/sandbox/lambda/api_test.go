package lambda_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/sandbox/lambda"
)

// call sends an Invoke request to the emulator's handler.
func call(t *testing.T, e *lambda.Emulator, name, query, kind, payload string) *httptest.ResponseRecorder {
	t.Helper()
	target := "/2015-03-31/functions/" + url.PathEscape(name) + "/invocations" + query
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(payload))
	if kind != "" {
		request.Header.Set("X-Amz-Invocation-Type", kind)
	}
	recorder := httptest.NewRecorder()
	e.ServeHTTP(recorder, request)
	return recorder
}

func TestInvokeCall(t *testing.T) {
	t.Parallel()
	e := newEmulator(t, lambda.Function{Timeout: time.Minute})
	const arn = "arn:aws:lambda:eu-north-1:123456789012:function:f"
	tests := []struct {
		name       string
		function   string
		query      string
		kind       string
		payload    string
		wantStatus int
		wantHeader [2]string
		wantBody   string
	}{
		{"by name", "f", "", "", `{}`, 200, [2]string{"X-Amz-Executed-Version", "$LATEST"}, `"pid":`},
		{"by ARN", arn, "", "RequestResponse", `{}`, 200, [2]string{"X-Amz-Function-Error", ""}, `"pid":`},
		{"by partial ARN", "123456789012:function:f", "", "", `{}`, 200, [2]string{}, `"pid":`},
		{"the stack's alias", "f:live", "?Qualifier=live", "", ``, 200, [2]string{"X-Amz-Executed-Version", "$LATEST"}, `"pid":`},
		{"latest version", "f:$LATEST", "?Qualifier=$LATEST", "", ``, 200, [2]string{}, `"pid":`},
		{"function error", "f", "", "", `{"do":"fail"}`, 200, [2]string{"X-Amz-Function-Error", "Unhandled"}, `"errorMessage":"it did not work"`},
		{"dry run", "f", "", "DryRun", `{"do":"exit"}`, 204, [2]string{"X-Amz-Executed-Version", "$LATEST"}, ""},
		{"unknown function", "g", "", "", `{}`, 404, [2]string{"X-Amzn-Errortype", "ResourceNotFoundException"}, `"Message":"Function not found: arn:aws:lambda:eu-north-1:123456789012:function:g"`},
		{"unknown version", "f", "?Qualifier=7", "", `{}`, 404, [2]string{"X-Amzn-Errortype", "ResourceNotFoundException"}, ""},
		{"unknown version in the name", "f:7", "", "", `{}`, 404, [2]string{"X-Amzn-Errortype", "ResourceNotFoundException"}, ""},
		{"unknown type", "f", "", "Later", `{}`, 400, [2]string{"X-Amzn-Errortype", "InvalidParameterValueException"}, ""},
		{"no JSON", "f", "", "", `{`, 400, [2]string{"X-Amzn-Errortype", "InvalidRequestContentException"}, ""},
		{"no JSON event", "f", "", "Event", `{`, 400, [2]string{"X-Amzn-Errortype", "InvalidRequestContentException"}, ""},
		{"too large", "f", "", "", `"` + strings.Repeat("x", 7<<20) + `"`, 413, [2]string{"X-Amzn-Errortype", "RequestTooLargeException"}, ""},
		{"event too large", "f", "", "Event", `"` + strings.Repeat("x", 2<<20) + `"`, 413, [2]string{"X-Amzn-Errortype", "RequestTooLargeException"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := call(t, e, test.function, test.query, test.kind, test.payload)
			if answer.Code != test.wantStatus {
				t.Errorf("status: got %d, want %d (%s)", answer.Code, test.wantStatus, answer.Body)
			}
			if name, want := test.wantHeader[0], test.wantHeader[1]; name != "" && answer.Header().Get(name) != want {
				t.Errorf("%s: got %q, want %q", name, answer.Header().Get(name), want)
			}
			if !strings.Contains(answer.Body.String(), test.wantBody) {
				t.Errorf("body: got %s, want it to hold %s", answer.Body, test.wantBody)
			}
			if test.wantStatus == http.StatusOK && answer.Header().Get("X-Amzn-Requestid") == "" {
				t.Error("there is no request id")
			}
		})
	}
}

func TestRequestIDOfTheCallIsTheFunctions(t *testing.T) {
	t.Parallel()
	e := newEmulator(t, lambda.Function{Timeout: time.Minute})
	answer := call(t, e, "f", "", "", `{}`)
	var seen report
	if err := json.Unmarshal(answer.Body.Bytes(), &seen); err != nil {
		t.Fatal(err)
	}
	if got := answer.Header().Get("X-Amzn-Requestid"); got != seen.RequestID {
		t.Errorf("request id: got %q, the function saw %q", got, seen.RequestID)
	}
}

func TestEventIsAcceptedAtOnceAndRuns(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	e := newEmulator(t, lambda.Function{Timeout: time.Minute})
	answer := call(t, e, "f", "", "Event", string(m.event()))
	if answer.Code != http.StatusAccepted || answer.Body.Len() != 0 {
		t.Errorf("got status %d and %q, want 202 and no body", answer.Code, answer.Body)
	}
	m.accept(t).dismiss()
}

func TestCallsOfAClosedOrBusyEmulator(t *testing.T) {
	t.Parallel()
	t.Run("closed", func(t *testing.T) {
		t.Parallel()
		e := newEmulator(t, lambda.Function{})
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"RequestResponse", "Event"} {
			if answer := call(t, e, "f", "", kind, `{}`); answer.Code != http.StatusInternalServerError {
				t.Errorf("%s: got status %d, want 500", kind, answer.Code)
			}
		}
	})
	t.Run("busy", func(t *testing.T) {
		t.Parallel()
		// The one instance runs into its timeout twice; whoever is third
		// waits for longer than a timeout and a start.
		e := newEmulator(t, lambda.Function{Timeout: startTimeout + time.Second})
		answers := make(chan *httptest.ResponseRecorder, 3)
		for range cap(answers) {
			go func() { answers <- call(t, e, "f", "", "", `{"do":"hang"}`) }()
		}
		throttled := 0
		for range cap(answers) {
			answer := <-answers
			if answer.Code == http.StatusTooManyRequests && answer.Header().Get("X-Amzn-Errortype") == "TooManyRequestsException" {
				throttled++
			}
		}
		if throttled != 1 {
			t.Errorf("throttled: got %d, want 1", throttled)
		}
	})
}

// FuzzInvokePath calls with any name, version and type: nothing but the
// function itself is ever run, and every answer has a fitting status.
func FuzzInvokePath(f *testing.F) {
	f.Add("arn:aws:lambda:eu-north-1:123456789012:function:f:$LATEST", "", "DryRun")
	f.Add("../f", "?Qualifier=%zz", "Event")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, name, query, kind string) {
		e := lambda.New(lambda.Config{})
		defer func() { _ = e.Close() }()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
		request.URL = &url.URL{Path: "/2015-03-31/functions/" + name + "/invocations", RawQuery: query}
		request.Header.Set("X-Amz-Invocation-Type", kind)
		recorder := httptest.NewRecorder()
		e.ServeHTTP(recorder, request)
		if code := recorder.Code; code != http.StatusNotFound && code/100 != 3 {
			t.Errorf("status: got %d, want 404 or a redirect to a clean path", code)
		}
	})
}
