package authserver

import (
	_ "embed"
	"net/http"
	"strings"
)

// merchantDocument is the discovery document of the merchant server (OpenID
// Connect Discovery section 3) with a placeholder for our URL. Its issuer is the
// published one, which no document at our URL can be that of: the real one does
// not match either.
//
//go:embed merchant_discovery.json
var merchantDocument string

// serveMerchantDiscovery answers it. No gateway stands in front of it.
func (s *Server) serveMerchantDiscovery(w http.ResponseWriter, _ *http.Request) {
	header := http.Header{}
	header.Set("Content-Type", "application/json; charset=UTF-8")
	body := strings.ReplaceAll(merchantDocument, "{url}", s.config.URL)
	if s.config.ResponseIssuer {
		body = strings.Replace(body, `"authorization_response_iss_parameter_supported": false`, `"authorization_response_iss_parameter_supported": true`, 1)
	}
	answer{status: http.StatusOK, header: header, body: []byte(body)}.write(w)
}
