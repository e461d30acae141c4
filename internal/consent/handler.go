package consent

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"token-refresher/internal/consent/page"
	"token-refresher/internal/seal"
)

// The paths that the handler answers to.
const (
	beginPath    = "/consent"
	callbackPath = "/consent/callback"
	donePath     = "/consent/done"
)

// Config is what the handler is made of. All but NewReference is required.
type Config struct {
	// PublicURL is the origin under which merchants reach the handler; the
	// redirect URI is its /consent/callback.
	PublicURL string
	Clients   Clients
	Journal   Journal
	Exchanger Exchanger
	Seal      *seal.Sealer // with the key of invites and cookies
	Log       *slog.Logger

	// NewReference makes what a merchant tells support, and support looks for in
	// the log: letters, digits and hyphens. Random ones if nil.
	NewReference func() string
}

func (c Config) check() error {
	var faults []error
	if err := CheckOrigin(c.PublicURL); err != nil {
		faults = append(faults, err)
	}
	if c.Clients == nil || c.Journal == nil || c.Exchanger == nil || c.Seal == nil || c.Log == nil {
		faults = append(faults, errors.New("Clients, Journal, Exchanger, Seal and Log are needed"))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("consent: %w", err)
	}
	return nil
}

// handler answers merchants' browsers.
type handler struct {
	Config
	policy string // Content-Security-Policy
}

// New returns the handler of consents. All faults of the configuration are
// reported at once.
//
// It answers to the three paths exactly, whatever host the request names. It
// limits bodies and its own time (a callback is answered within 25 s); how long
// a request may take to arrive is for the server to limit.
func New(c Config) (http.Handler, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.NewReference == nil {
		c.NewReference = newReference
	}
	return &handler{Config: c, policy: page.ContentSecurityPolicy()}, nil
}

// newReference is short enough to be read out on the telephone.
func newReference() string { return rand.Text()[:10] }

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	path, a := h.route(r)
	a.reference = h.NewReference()
	h.write(w, r, a)
	h.note(r, path, a, time.Since(began))
}

// route finds what a request comes to, and the path as the log may show it.
func (h *handler) route(r *http.Request) (path string, a *answer) {
	switch r.URL.Path {
	case beginPath:
		return beginPath, allowing(r, h.begin, http.MethodGet, http.MethodHead)
	case callbackPath:
		return callbackPath, allowing(r, h.complete, http.MethodPost)
	case donePath:
		return donePath, allowing(r, h.done, http.MethodGet, http.MethodHead)
	default:
		return "other", show(http.StatusNotFound, page.NotFound, "path")
	}
}

// allowing serves a request of an allowed method.
func allowing(r *http.Request, serve func(*http.Request) *answer, methods ...string) *answer {
	if slices.Contains(methods, r.Method) {
		return serve(r)
	}
	a := show(http.StatusMethodNotAllowed, page.Wrong, "method")
	a.allow = strings.Join(methods, ", ")
	return a
}

// note writes the one log line of a request. No value of a parameter, header or
// cookie is in it.
func (h *handler) note(r *http.Request, path string, a *answer, took time.Duration) {
	level := slog.LevelInfo
	if a.err != nil || a.status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	attributes := []any{
		"path", path, "status", a.status, "outcome", a.outcome(), "reason", a.reason,
		"reference", a.reference, "duration_ms", took.Milliseconds(),
	}
	if a.id.Merchant != "" {
		attributes = append(attributes, "token", a.id.String())
	}
	if a.err != nil {
		attributes = append(attributes, "error", a.err)
	}
	h.Log.Log(r.Context(), level, "consent request", attributes...)
}
