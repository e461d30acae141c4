package lambda

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
)

const (
	runtimePath = "/2018-06-01/runtime/"
	// maxPayload is the most that a synchronous invocation carries each way.
	maxPayload = 6<<20 + 100
	version    = "$LATEST"
)

// runtimeAPI serves the four calls that a runtime makes, for one process.
func (i *instance) runtimeAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+runtimePath+"invocation/next", i.serveNext)
	mux.HandleFunc("POST "+runtimePath+"invocation/{id}/response", i.serveResponse)
	mux.HandleFunc("POST "+runtimePath+"invocation/{id}/error", i.serveError)
	mux.HandleFunc("POST "+runtimePath+"init/error", i.serveInitError)
	return mux
}

// serveNext keeps the process waiting until there is work.
func (i *instance) serveNext(w http.ResponseWriter, r *http.Request) {
	if err := i.rest(); err != nil {
		runtimeError(w, http.StatusForbidden, "InvalidStateTransition", err.Error())
		return
	}
	var inv *invocation
	select {
	case inv = <-i.function.work:
	case <-r.Context().Done(): // the process is gone; a killed one is not answered before
		return
	}
	deadline, alive := i.begin(inv)
	if !alive {
		<-r.Context().Done() // an answer without content would be taken for work
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
	header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(deadline.UnixMilli(), 10))
	header.Set("Lambda-Runtime-Invoked-Function-Arn", i.function.emulator.arn(i.function.Name))
	sampled := ";Sampled=0"
	if i.function.emulator.config.Sampled {
		sampled = ";Sampled=1"
	}
	header.Set("Lambda-Runtime-Trace-Id", inv.trace+sampled)
	_, _ = w.Write(inv.payload) // a process that is gone is noticed by its end
}

func (i *instance) serveResponse(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		why := failure{
			kind:    "Function.ResponseSizeTooLarge",
			message: "Response payload size exceeded maximum allowed payload size (" + strconv.Itoa(maxPayload) + " bytes).",
		}
		_ = i.answer(r.PathValue("id"), why.result(r.PathValue("id"))) // refused below either way
		runtimeError(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", why.message)
		return
	}
	if err != nil {
		runtimeError(w, http.StatusBadRequest, "BadRequest", "the response was not read to its end")
		return
	}
	i.accept(w, r, midway(r.Trailer, Result{Payload: body}))
}

// midway returns the result, or the failure that the trailers of the response
// report: the handler's reader failed after a part had been sent.
func midway(trailer http.Header, result Result) Result {
	if trailer.Get("Lambda-Runtime-Function-Error-Type") == "" {
		return result
	}
	reported, err := base64.StdEncoding.DecodeString(trailer.Get("Lambda-Runtime-Function-Error-Body"))
	if err != nil {
		reported = []byte("{}")
	}
	return Result{Payload: reported, FunctionError: unhandled}
}

func (i *instance) serveError(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err != nil {
		runtimeError(w, http.StatusBadRequest, "BadRequest", "the error was not read to its end")
		return
	}
	i.accept(w, r, Result{Payload: body, FunctionError: unhandled})
}

func (i *instance) accept(w http.ResponseWriter, r *http.Request, result Result) {
	if err := i.answer(r.PathValue("id"), result); err != nil {
		runtimeError(w, http.StatusBadRequest, "InvalidRequestID", err.Error())
		return
	}
	accepted(w)
}

func (i *instance) serveInitError(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err != nil {
		runtimeError(w, http.StatusBadRequest, "BadRequest", "the error was not read to its end")
		return
	}
	i.startError(body)
	accepted(w)
}

func accepted(w http.ResponseWriter) {
	writeJSON(w, http.StatusAccepted, map[string]string{"status": "OK"})
}

func runtimeError(w http.ResponseWriter, status int, kind, message string) {
	writeJSON(w, status, map[string]string{"errorType": kind, "errorMessage": message})
}
