package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
)

// InvokePath is where the Invoke call is served, below the URL of the emulator.
const InvokePath = "/2015-03-31/functions/{name}/invocations"

// maxEventPayload is the most that an asynchronous invocation carries.
const maxEventPayload = 1 << 20

// reference is a function name as Invoke takes it: a name, a partial or a full
// ARN, each with an optional version, of which there is only one here, or the
// alias that a stack gives it.
var reference = regexp.MustCompile(
	`^(?:(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:)?(?:[0-9]{12}:)?function:)?([a-zA-Z0-9_-]{1,64})(?::(?:\$LATEST|` + alias + `))?$`)

const alias = "live"

// ServeHTTP implements http.Handler: the Invoke call of the Lambda API.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.mux.ServeHTTP(w, r) }

func (e *Emulator) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+InvokePath, e.serveInvoke)
	return mux
}

func (e *Emulator) serveInvoke(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if match := reference.FindStringSubmatch(name); match != nil {
		name = match[1]
	}
	f, known := e.find(name)
	if qualifier := r.URL.Query().Get("Qualifier"); !known || qualifier != "" && qualifier != version && qualifier != alias {
		apiError(w, http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+e.arn(name))
		return
	}
	switch kind := r.Header.Get("X-Amz-Invocation-Type"); kind {
	case "", "RequestResponse":
		if payload, ok := readPayload(w, r, maxPayload); ok {
			f.serveSync(w, r, payload)
		}
	case "Event":
		if payload, ok := readPayload(w, r, maxEventPayload); ok {
			f.serveAsync(w, payload)
		}
	case "DryRun":
		head(w, newRequestID())
		w.WriteHeader(http.StatusNoContent)
	default:
		apiError(w, http.StatusBadRequest, "InvalidParameterValueException", "Unknown invocation type: "+strconv.Quote(kind))
	}
}

func (f *function) serveSync(w http.ResponseWriter, r *http.Request, payload []byte) {
	result, err := f.invoke(r.Context(), newInvocation(payload))
	switch {
	case errors.Is(err, ErrThrottled):
		apiError(w, http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.")
	case err != nil && r.Context().Err() != nil:
		// Nobody is there to read an answer.
	case err != nil:
		apiError(w, http.StatusInternalServerError, "ServiceException", err.Error())
	default:
		head(w, result.RequestID)
		if result.FunctionError != "" {
			w.Header().Set("X-Amz-Function-Error", result.FunctionError)
		}
		_, _ = w.Write(result.Payload) // the caller may be gone
	}
}

// serveAsync accepts the event and runs the function once; what becomes of it
// is in the function's log.
func (f *function) serveAsync(w http.ResponseWriter, payload []byte) {
	inv := newInvocation(payload)
	accepted := f.emulator.spawn(func() {
		if _, err := f.invoke(context.Background(), inv); err != nil {
			f.note(inv.id, failure{kind: "Event", message: err.Error()})
		}
	})
	if !accepted {
		apiError(w, http.StatusInternalServerError, "ServiceException", ErrClosed.Error())
		return
	}
	head(w, inv.id)
	w.WriteHeader(http.StatusAccepted)
}

// readPayload returns the body if it is JSON (or empty) and not too large, and
// answers the caller if not.
func readPayload(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, bool) {
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		apiError(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException",
			"Request must be smaller than "+strconv.FormatInt(limit, 10)+" bytes for the InvokeFunction operation")
		return nil, false
	}
	if err != nil || len(payload) > 0 && !json.Valid(payload) {
		apiError(w, http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json")
		return nil, false
	}
	return payload, true
}

func head(w http.ResponseWriter, requestID string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amz-Executed-Version", version)
	w.Header().Set("X-Amzn-Requestid", requestID)
}

// apiError answers as the Lambda API does: the type in a header.
func apiError(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	writeJSON(w, status, map[string]string{"Type": "User", "Message": message})
}

func writeJSON(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may be gone
}
