package oauth

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"token-refresher/internal/token"
)

// maxBody is the size in bytes of the largest answer that is read. x/oauth2
// reads 1 MiB: what is left is room for the fields that a clean answer adds.
const maxBody = 1023 << 10

// exchange is the RoundTripper of one token request. It shapes the request, and
// hands x/oauth2 either a clean answer (RFC 6749 section 5.1) or an *Error:
// x/oauth2 never sees what a server really sent, and http.Client no redirect
// that it could follow.
type exchange struct {
	next      http.RoundTripper
	headers   map[string]token.Secret
	emptyBody bool
	fallback  time.Duration  // lifetime of a token whose answer does not say
	secrets   []token.Secret // what an answer must not bring into an error

	oddities []string // of the answer
}

// RoundTrip implements http.RoundTripper. Every error is an *Error.
func (e *exchange) RoundTrip(request *http.Request) (*http.Response, error) {
	shaped := e.shape(request)
	response, err := e.next.RoundTrip(shaped)
	if err != nil {
		return nil, unanswered(request.Context(), err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		broken := unanswered(request.Context(), err)
		broken.Status = response.StatusCode
		return nil, broken
	}
	clean, err := e.judge(response, body)
	if err != nil {
		return nil, err
	}
	return clean.response(request)
}

// shape makes a copy of the request with the provider's headers and, for a
// provider that reads nothing else, without a body.
func (e *exchange) shape(request *http.Request) *http.Request {
	shaped := request.Clone(request.Context())
	if e.emptyBody {
		if request.Body != nil {
			_ = request.Body.Close()
		}
		shaped.Body, shaped.GetBody, shaped.ContentLength = http.NoBody, nil, 0
		shaped.Header.Del("Content-Type")
	}
	shaped.Header.Set("Accept", "application/json")
	shaped.Header.Set("User-Agent", "token-refresher")
	for name, value := range e.headers {
		shaped.Header.Set(name, value.Reveal())
	}
	return shaped
}

// judge tells an answer that brings a token from one that does not.
func (e *exchange) judge(response *http.Response, body []byte) (clean, error) {
	if len(body) > maxBody {
		return clean{}, e.refused(response, nil, "the answer is larger than 1023 KiB")
	}
	fields, readable := readFields(response.Header.Get("Content-Type"), body)
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return clean{}, e.refused(response, fields, "")
	}
	if !readable {
		return clean{}, e.refused(response, nil, "the answer is not a JSON object")
	}
	answer, oddities, problem := normalise(fields, e.fallback)
	if problem != "" {
		return clean{}, e.refused(response, fields, problem)
	}
	e.oddities = oddities
	return answer, nil
}

// response is the clean answer as x/oauth2 reads it.
func (c clean) response(request *http.Request) (*http.Response, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // it would lengthen a token up to sixfold
	if err := encoder.Encode(c); err != nil {
		return nil, &Error{Class: ClassUnknown, problem: "the answer could not be passed on"}
	}
	return &http.Response{
		StatusCode:    http.StatusOK,
		Header:        http.Header{"Content-Type": {"application/json"}},
		ContentLength: int64(body.Len()),
		Body:          io.NopCloser(&body),
		Request:       request,
	}, nil
}
