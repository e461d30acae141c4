package authserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const maxControlBytes = 4 << 10

// listing is what GET /sandbox/faults answers.
type listing struct {
	Faults []Fault `json:"faults"`
	Known  []known `json:"known"`
}

type known struct {
	Kind Kind   `json:"fault"`
	Says string `json:"does"`
}

// listFaults answers which faults are on and which there are.
func (s *Server) listFaults(w http.ResponseWriter, _ *http.Request) {
	l := listing{Faults: s.Faults()}
	for _, b := range s.faults.known {
		l.Known = append(l.Known, known{Kind: b.kind, Says: b.says})
	}
	writeControl(w, l)
}

// putFault switches on the fault in the body, as Fault is written in JSON.
func (s *Server) putFault(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	err := decodeControl(http.MaxBytesReader(w, r.Body, maxControlBytes), &fault)
	if err == nil {
		err = s.SetFault(fault)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// deleteFaults switches off the fault of ?client_id= (empty: the one for every
// client), or without that parameter all faults.
func (s *Server) deleteFaults(w http.ResponseWriter, r *http.Request) {
	if query := r.URL.Query(); query.Has("client_id") {
		s.ClearFault(query.Get("client_id"))
	} else {
		s.ClearFaults()
	}
	w.WriteHeader(http.StatusNoContent)
}

// decodeControl reads the one JSON value of a control request.
func decodeControl(r io.Reader, into any) error {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("decode the request: %w", err)
	}
	if decoder.More() {
		return errors.New("decode the request: more than one JSON value")
	}
	return nil
}

func writeControl(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // the client may be gone
}
