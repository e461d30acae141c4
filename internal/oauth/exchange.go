package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
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
	next       http.RoundTripper
	headers    map[string]token.Secret
	parameters url.Values // to be added to the form
	emptyBody  bool
	oneTime    bool           // the answer may hold a refresh token that cannot be had again
	fallback   time.Duration  // lifetime of a token whose answer does not say
	secrets    []token.Secret // what an answer must not bring into an error

	oddities []string // of the answer
	rescued  clean    // what there is of an answer without a usable access token
}

// RoundTrip implements http.RoundTripper. Every error is an *Error.
func (e *exchange) RoundTrip(request *http.Request) (*http.Response, error) {
	reply, err := e.send(request)
	var answer clean
	if err == nil {
		answer, err = e.judge(reply)
	}
	if err != nil && e.salvage(err, reply) {
		answer, err = e.rescued, nil
	}
	if err != nil {
		return nil, err
	}
	return answer.response(request)
}

// response is an answer as it came.
type response struct {
	status int // 0: none came
	header http.Header
	body   []byte
}

// good reports whether the status announces a token.
func (r response) good() bool { return r.status >= 200 && r.status <= 299 }

// send sends the request and reads the answer to its end, or as far as it came.
func (e *exchange) send(request *http.Request) (response, error) {
	shaped, err := e.shape(request)
	if err != nil {
		return response{}, err
	}
	var wire wire
	arriving, err := e.next.RoundTrip(shaped.WithContext(wire.watch(request.Context())))
	if err != nil {
		failure := unanswered(request.Context(), err)
		failure.NotSent = wire.untouched()
		return response{}, failure
	}
	defer arriving.Body.Close()
	reply := response{status: arriving.StatusCode, header: arriving.Header}
	reply.body, err = io.ReadAll(io.LimitReader(arriving.Body, maxBody+1))
	if err != nil {
		failure := unanswered(request.Context(), err)
		failure.Status, failure.incomplete = reply.status, true
		return reply, failure
	}
	return reply, nil
}

// shape makes a copy of the request with the provider's headers and further
// parameters and, for a provider that reads nothing else, without a body.
//
// The copy has no GetBody: net/http can then not send it a second time, which it
// otherwise does by itself when a kept connection turns out to be dead.
func (e *exchange) shape(request *http.Request) (*http.Request, error) {
	form, err := readBody(request)
	if err != nil {
		return nil, &Error{Class: ClassUnknown, NotSent: true, problem: "the request could not be made"}
	}
	if len(e.parameters) > 0 {
		form = append(form, "&"+e.parameters.Encode()...)
	}
	shaped := request.Clone(request.Context())
	shaped.Body, shaped.GetBody, shaped.ContentLength = io.NopCloser(bytes.NewReader(form)), nil, int64(len(form))
	if e.emptyBody {
		shaped.Body, shaped.ContentLength = http.NoBody, 0
		shaped.Header.Del("Content-Type")
	}
	shaped.Header.Set("Accept", "application/json")
	shaped.Header.Set("User-Agent", "token-refresher")
	for name, value := range e.headers {
		shaped.Header.Set(name, value.Reveal())
	}
	return shaped, nil
}

// readBody reads and closes the body, as a RoundTripper must.
func readBody(request *http.Request) ([]byte, error) {
	if request.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(request.Body)
	return body, errors.Join(err, request.Body.Close())
}

// judge tells an answer that brings a token from one that does not.
func (e *exchange) judge(r response) (clean, error) {
	if len(r.body) > maxBody {
		return clean{}, e.refused(r, nil, "the answer is larger than 1023 KiB")
	}
	fields, readable := readFields(r.header.Get("Content-Type"), r.body)
	if !r.good() {
		return clean{}, e.refused(r, fields, "")
	}
	if !readable {
		return clean{}, e.refused(r, nil, "the answer is not a JSON object")
	}
	answer, oddities, problem := normalise(fields, e.fallback)
	if problem != "" {
		return clean{}, e.refused(r, fields, problem)
	}
	e.oddities = oddities
	return answer, nil
}

// salvage keeps the new refresh token of an answer that failed otherwise, unless
// the answer says itself that it is an error. It reports whether there is an
// access token beside it, so that the answer serves after all.
func (e *exchange) salvage(failure error, r response) bool {
	refused, _ := errors.AsType[*Error](failure)
	if !e.oneTime || !r.good() || refused == nil || refused.Code != "" {
		return false
	}
	answer, oddities, problem := normalise(salvage(r.body), e.fallback)
	isOurs := func(sent token.Secret) bool { return sent.Equal(token.NewSecret(answer.RefreshToken)) }
	if answer.RefreshToken == "" || slices.ContainsFunc(e.secrets, isOurs) && problem != "" {
		return false
	}
	e.rescued, e.oddities = answer, append(oddities, oddInPart)
	return problem == ""
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
