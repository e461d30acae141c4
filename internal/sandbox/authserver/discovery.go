package authserver

import (
	_ "embed"
	"fmt"
	"net/http"
	"strings"
)

// Discovery names one of the documents that the discovery endpoint can serve.
type Discovery string

const (
	// DiscoveryConsistent has the published document's shape, and endpoints
	// and issuer that are the emulator's own.
	DiscoveryConsistent Discovery = "consistent"
	// DiscoveryInternalHosts is the published document word for word: the
	// public issuer, and endpoints on internal http hosts that no credential
	// may ever be sent to.
	DiscoveryInternalHosts Discovery = "internal_hosts"
)

const (
	internalBase   = "http://sandprod-az3-front-ext-rest-integrator-auth.ext.mobilepay.dk/integrator-authentication-restapi"
	integratorBase = "/integrator-authentication"
)

// published is the document as MobilePay published it.
//
//go:embed discovery.json
var published string

// SetDiscovery switches the document. It fails on an unknown name.
func (s *Server) SetDiscovery(document Discovery) error {
	if err := document.check(); err != nil {
		return fmt.Errorf("authserver: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discovery = document
	return nil
}

// serveDiscovery answers the discovery document, behind the same gateway as
// the token endpoint.
func (s *Server) serveDiscovery(w http.ResponseWriter, r *http.Request) {
	if refusal := s.gateway(r); refusal != nil {
		refusal.write(w)
		return
	}
	if r.Method != http.MethodGet {
		answer{status: http.StatusMethodNotAllowed}.write(w)
		return
	}
	header := http.Header{}
	header.Set("Content-Type", "application/json; charset=UTF-8")
	answer{status: http.StatusOK, header: header, body: []byte(s.document())}.write(w)
}

func (s *Server) document() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.discovery == DiscoveryInternalHosts {
		return published
	}
	own := s.config.URL + integratorBase
	return strings.NewReplacer(internalBase, own, issuer, own).Replace(published)
}

func (d Discovery) check() error {
	switch d {
	case DiscoveryConsistent, DiscoveryInternalHosts:
		return nil
	default:
		return fmt.Errorf("unknown discovery document %q", string(d))
	}
}
