package statuspage

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"token-refresher/internal/loopback"
)

//go:embed page
var files embed.FS

// Config is what the page needs. Source is required.
type Config struct {
	Source Source
	Switch Switch        // nil: faults are shown, not switched
	Invite InviteFunc    // nil: nobody is invited here
	Revoke RevokeFunc    // nil: no consent is taken back here
	Every  time.Duration // how often an open page looks for changes; 0: every second
	Log    *slog.Logger  // nil: nothing is logged
}

// InviteFunc returns the link by which the merchant consents to the client.
type InviteFunc func(ctx context.Context, client, merchant string) (url string, err error)

// RevokeFunc takes the merchant's consent back at the provider, behind the
// functions' backs, as a merchant would in the provider's portal.
type RevokeFunc func(ctx context.Context, client, merchant string) error

type page struct {
	source Source
	faults Switch
	invite InviteFunc
	revoke RevokeFunc
	every  time.Duration
	log    *slog.Logger
	ticket string // that a change must bring; only our own pages can read it
}

// New returns the handler of the page. It is refused without a Source.
func New(config Config) (http.Handler, error) {
	if config.Source == nil {
		return nil, errors.New("status page: no source")
	}
	p := &page{
		source: config.Source, faults: config.Switch, invite: config.Invite, revoke: config.Revoke,
		every: config.Every, log: config.Log, ticket: rand.Text(),
	}
	if p.every <= 0 {
		p.every = time.Second
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	assets, err := fs.Sub(files, "page")
	if err != nil {
		return nil, err
	}
	document, err := parseDocument()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", document)
	mux.Handle("GET /", http.FileServerFS(assets))
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("POST /faults", p.ours(p.setFault))
	mux.HandleFunc("POST /invite", p.ours(p.sendInvite))
	mux.HandleFunc("POST /revoke", p.ours(p.takeBack))
	return guard(mux), nil
}

// guard refuses names that are not this machine's own and changes that another
// site's page asks for, and tells the browser to load nothing from elsewhere.
// Only the document itself may load anything: it sets a policy of its own.
func guard(next http.Handler) http.Handler {
	ours := loopback.Only(http.NewCrossOriginProtection().Handler(next))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		ours.ServeHTTP(w, r)
	})
}
