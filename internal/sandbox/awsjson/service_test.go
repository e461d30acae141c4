package awsjson_test

import (
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/sandbox/awsjson"
	"token-refresher/internal/sandbox/sandboxtest"
)

// service takes bodies of ten bytes, and writes the text and the detail of errors.
func service() awsjson.Service {
	return awsjson.Service{
		Target: "Cafe.", Version: "1.0", MaxBody: 10, Unknown: "no coffee", RequestID: func() string { return "id" },
		Internal: awsjson.Error{Type: "Broken", Message: "inside"},
		Failure: func(header http.Header, e *awsjson.Error) (status int, body any) {
			header.Set("X-Kind", e.Type)
			return http.StatusTeapot, []any{e.Error(), e.Detail}
		},
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                 string
		method, target, body string
		fails                error // of the call
		answer               any
		status               int
		want, kind           string
	}{
		{"an answer", "POST", "Cafe.Brew", "0123456789", nil, "Brew 0123456789", 200, `"Brew 0123456789"`, ""},
		{"an error", "POST", "Cafe.Brew", "", awsjson.Refuse("Empty", "no %s", "beans"), nil, 418, `["Empty: no beans",null]`, "Empty"},
		{"an error with a detail", "POST", "Cafe.Brew", "", fmt.Errorf("brewing: %w", &awsjson.Error{Type: "Empty", Detail: 7}), nil, 418, `["Empty: ",7]`, "Empty"},
		{"a body that is malformed", "POST", "Cafe.Brew", "", awsjson.Malformed(), nil, 418, `["SerializationException: the request body is not what the operation takes",null]`, "SerializationException"},
		{"an error inside", "POST", "Cafe.Brew", "", errors.New("disk full"), nil, 418, `["Broken: inside",null]`, "Broken"},
		{"an answer that is no JSON", "POST", "Cafe.Brew", "", nil, func() {}, 500, `{"__type":"Broken"}`, ""},
		{"a body too large", "POST", "Cafe.Brew", "0123456789a", nil, "brewed", 418, `["SerializationException: the request body could not be read",null]`, "SerializationException"},
		{"another service", "POST", "Bar.Brew", "", nil, "brewed", 418, `["UnknownOperationException: no coffee",null]`, "UnknownOperationException"},
		{"not a POST", "GET", "Cafe.Brew", "", nil, "brewed", 418, `["UnknownOperationException: no coffee",null]`, "UnknownOperationException"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, checksum := range []bool{false, true} {
				s := service()
				s.Checksum = checksum
				w := httptest.NewRecorder()
				s.Serve(w, sandboxtest.Request(tt.method, tt.target, tt.body), func(operation string, body []byte) (any, error) {
					if operation != "Brew" || string(body) != tt.body {
						t.Errorf("call %s of %q, want Brew of %q", operation, body, tt.body)
					}
					return tt.answer, tt.fails
				})
				if w.Code != tt.status || w.Body.String() != tt.want {
					t.Errorf("status %d: %s, want %d: %s", w.Code, w.Body, tt.status, tt.want)
				}
				sum := ""
				if checksum {
					sum = fmt.Sprint(crc32.ChecksumIEEE(w.Body.Bytes()))
				}
				h := w.Header()
				if h.Get("Content-Type") != "application/x-amz-json-1.0" || h.Get("X-Amzn-Requestid") != "id" || h.Get("X-Amz-Crc32") != sum || h.Get("X-Kind") != tt.kind {
					t.Errorf("header %v, want the protocol's, checksum %q and kind %q", h, sum, tt.kind)
				}
			}
		})
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]bool{"Cafe.Brew": true, "CafeBar.Brew": false, "": false} {
		if got := awsjson.Claims(sandboxtest.Request("POST", target, ""), "Cafe."); got != want {
			t.Errorf("Claims of target %q = %t, want %t", target, got, want)
		}
	}
}

func TestFault(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	tests := []struct {
		name    string
		fault   *awsjson.Fault
		refusal string
		err     error // of the call that is processed
		want    error // of what becomes of it
	}{
		{"none", nil, "<nil>", nil, nil},
		{"none of a call that fails", nil, "<nil>", failed, failed},
		{"refused", &awsjson.Fault{Type: "Slow", Message: "100%d"}, "Slow: 100%d", nil, nil},
		{"answer lost", &awsjson.Fault{LoseAnswer: true}, "<nil>", nil, awsjson.ErrAnswerLost},
		{"answer lost of a call that fails", &awsjson.Fault{LoseAnswer: true}, "<nil>", failed, failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := fmt.Sprint(tt.fault.Refusal()); got != tt.refusal {
				t.Errorf("refusal %s, want %s", got, tt.refusal)
			}
			answer, err := tt.fault.After("brewed", tt.err)
			if !errors.Is(err, tt.want) || (answer == nil) != errors.Is(err, awsjson.ErrAnswerLost) {
				t.Errorf("after: %v, %v, want %v", answer, err, tt.want)
			}
		})
	}
}

// TestAnswerLost: the client sees a closed connection.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service().Serve(w, r, func(string, []byte) (any, error) { return nil, awsjson.ErrAnswerLost })
	}))
	t.Cleanup(listener.Close)
	call, err := http.NewRequestWithContext(t.Context(), http.MethodPost, listener.URL, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	call.Header.Set("X-Amz-Target", "Cafe.Brew")
	if response, err := listener.Client().Do(call); err == nil {
		t.Errorf("answered %s, want none", response.Status)
		response.Body.Close()
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 1_999_999, time.UTC)
	written, err := awsjson.Time{Time: at.In(time.FixedZone("", 3600))}.MarshalJSON()
	if err != nil || string(written) != "1772366400.001" {
		t.Errorf("written %s, %v, want 1772366400.001", written, err)
	}
	for text, want := range map[string]time.Time{"1772366400.5": at.Truncate(time.Second).Add(500 * time.Millisecond), "0": time.UnixMilli(0).UTC()} {
		var got awsjson.Time
		if err := got.UnmarshalJSON([]byte(text)); err != nil || got.Time != want {
			t.Errorf("%s is read as %v, %v, want %v", text, got, err, want)
		}
	}
	if err := new(awsjson.Time).UnmarshalJSON([]byte(`"noon"`)); err == nil {
		t.Error("a text is read as a time")
	}
}
