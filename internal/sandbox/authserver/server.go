package authserver

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"sync"
	"time"
)

// Lifetimes of access tokens when Config names none, as the real servers have
// them.
const (
	DefaultLifetime        = 3700 * time.Second
	DefaultVippsLifetime   = time.Hour
	DefaultPartnerLifetime = 15 * time.Minute
)

// DefaultURL is where the sandbox serves the emulator.
const DefaultURL = "http://localhost:9400"

// accountPath is what is above every path that a merchant's browser sees.
const accountPath = "/account"

// Paths below the URL of the server.
const (
	TokenPath        = "/integrator-authentication/connect/token"
	DiscoveryPath    = "/integrator-authentication/.well-known/openid-configuration"
	VippsTokenPath   = "/accesstoken/get"
	PartnerTokenPath = "/miami/v1/token"

	MerchantTokenPath = "/merchant-authentication-openidconnect/connect/token"
	RevocationPath    = "/merchant-authentication-openidconnect/connect/revocation"

	MerchantDiscoveryPath = "/account/.well-known/openid-configuration"
	JWKSPath              = "/account/.well-known/openid-configuration/jwks"
	AuthorizePath         = accountPath + "/connect/authorize"
	LoginPath             = accountPath + "/login"
	ConsentPath           = accountPath + "/consent"

	FaultsPath   = "/sandbox/faults"
	ApprovePath  = "/sandbox/authorize"
	CodesPath    = "/sandbox/codes"
	KeysPath     = "/sandbox/keys"
	ConsentsPath = "/sandbox/consents"
)

// Config says what a Server knows at its start. The zero value serves no
// client and is otherwise complete.
type Config struct {
	// Clients are registered before the first request.
	Clients []Client
	// URL is the base under which the server is reached, without a trailing
	// slash; it appears in the discovery document. DefaultURL when empty.
	URL string
	// Lifetime, VippsLifetime and PartnerLifetime are what the three kinds of
	// access token live, in whole seconds (a fraction is cut off). The sandbox
	// divides them by its speed. Zero means the real server's.
	Lifetime, VippsLifetime, PartnerLifetime time.Duration
	// Discovery is the document that is served first.
	Discovery Discovery
	// ResponseIssuer puts iss into answers to authorize requests (RFC 9207).
	ResponseIssuer bool
	// IDTokenKey is the first key of ID tokens, unless the file has one; nil:
	// one is made when it is needed, which takes a while.
	IDTokenKey *rsa.PrivateKey
	// Choose is asked which fault a request meets that meets none of those
	// switched on; the zero Fault is none, and its kind must be a known one. The
	// merchant is empty where the request names none.
	Choose func(clientID, merchant string) Fault
	// Path is the file that consents, codes and the keys of ID tokens are kept
	// in; empty keeps them in memory.
	// Whatever an answer says is on disk before it is sent.
	Path string
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Rand is where keys and ids come from; crypto/rand when nil. It is read
	// by one goroutine at a time.
	Rand io.Reader
}

// Server is the emulator. Its methods are safe for concurrent use.
type Server struct {
	config  Config
	mux     *http.ServeMux
	clients *registry
	faults  *faults
	ledger  *ledger
	signer  *signer

	consents *book
	keys     *keyring
	lobby    *lobby
	pages    *template.Template

	mu        sync.Mutex
	discovery Discovery
}

// New makes a Server, to be closed if it has a Path. It fails on a client that
// is registered twice, has no id or settings that make no sense, on a lifetime
// below one second, on an unknown discovery document, on randomness and on a
// state file that cannot be read.
func New(config Config) (*Server, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("authserver: %w", err)
	}
	signer, err := newSigner(config.Rand)
	if err != nil {
		return nil, fmt.Errorf("authserver: %w", err)
	}
	s := &Server{
		config:    config,
		clients:   newRegistry(),
		ledger:    newLedger(),
		signer:    signer,
		discovery: config.Discovery,
		lobby:     newLobby(config.Now, signer.id),
	}
	if s.pages, err = newPages(); err != nil {
		return nil, fmt.Errorf("authserver: %w", err)
	}
	s.faults = newFaults(s.behaviours())
	s.mux = s.routes()
	for _, client := range config.Clients {
		if err := s.AddClient(client); err != nil {
			return nil, err
		}
	}
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("authserver: %w", err)
	}
	return s, nil
}

// open begins with what the state file holds.
func (s *Server) open() error {
	d, err := openDisk(s.config.Path)
	if err != nil {
		return err
	}
	kept, err := d.load()
	if err == nil {
		s.keys, err = newKeyring(d, kept.keys, s.config.IDTokenKey, s.config.Now)
	}
	if err != nil {
		return errors.Join(err, d.close())
	}
	s.consents = newBook(d, kept, s.config.Now, s.signer.bare)
	return nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (c Config) withDefaults() Config {
	if c.URL == "" {
		c.URL = DefaultURL
	}
	if c.Lifetime == 0 {
		c.Lifetime = DefaultLifetime
	}
	if c.VippsLifetime == 0 {
		c.VippsLifetime = DefaultVippsLifetime
	}
	if c.PartnerLifetime == 0 {
		c.PartnerLifetime = DefaultPartnerLifetime
	}
	if c.Discovery == "" {
		c.Discovery = DiscoveryConsistent
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return c
}

func (c Config) check() error {
	if min(c.Lifetime, c.VippsLifetime, c.PartnerLifetime) < time.Second {
		return errors.New("a token lifetime is below one second")
	}
	return c.Discovery.check()
}
