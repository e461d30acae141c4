package authserver

import "net/http"

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle(TokenPath, s.requests(s.integrator()))
	mux.Handle(VippsTokenPath, s.requests(s.vipps()))
	mux.Handle(PartnerTokenPath, s.requests(s.partner()))
	mux.Handle(MerchantTokenPath, s.requests(s.merchant()))
	mux.Handle(RevocationPath, s.requests(s.revocation()))
	mux.HandleFunc(DiscoveryPath, s.serveDiscovery)
	mux.HandleFunc("GET "+MerchantDiscoveryPath, s.serveMerchantDiscovery)
	mux.HandleFunc("GET "+JWKSPath, s.serveKeys)
	s.accountRoutes(mux)
	s.controlRoutes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { notFound().write(w) })
	return mux
}

// accountRoutes are the pages. No other site may post their forms.
func (s *Server) accountRoutes(mux *http.ServeMux) {
	guard := http.NewCrossOriginProtection()
	mux.HandleFunc("GET "+AuthorizePath, s.serveAuthorize)
	mux.HandleFunc("GET "+returnPath, s.serveReturn)
	mux.HandleFunc("GET "+LoginPath, s.serveLogin)
	mux.HandleFunc("GET "+ConsentPath, s.serveConsent)
	mux.Handle("POST "+LoginPath, guard.Handler(http.HandlerFunc(s.postLogin)))
	mux.Handle("POST "+ConsentPath, guard.Handler(http.HandlerFunc(s.postConsent)))
	mux.Handle("GET "+assetsPath, assets())
}

// controlRoutes are the sandbox's own. No other site may change anything here.
func (s *Server) controlRoutes(mux *http.ServeMux) {
	guard := http.NewCrossOriginProtection()
	handle := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, guard.Handler(h)) }
	handle("GET "+FaultsPath, s.listFaults)
	handle("PUT "+FaultsPath, s.putFault)
	handle("DELETE "+FaultsPath, s.deleteFaults)
	handle("POST "+ApprovePath, s.postAuthorize)
	handle("GET "+CodesPath, s.listCodes)
	handle("POST "+KeysPath, s.postKeys)
	handle("DELETE "+ConsentsPath, s.deleteConsent)
}
