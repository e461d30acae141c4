package statuspage

import (
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

//go:embed page
var files embed.FS

// Config is what the page needs. Source is required.
type Config struct {
	Source Source
	Switch Switch        // nil: faults are shown, not switched
	Every  time.Duration // how often an open page looks for changes; 0: every second
	Log    *slog.Logger  // nil: nothing is logged
}

// maxChange bounds the body of a change (bytes).
const maxChange = 4096

type page struct {
	source Source
	faults Switch
	every  time.Duration
	log    *slog.Logger
}

// New returns the handler of the page. It is refused without a Source.
func New(config Config) (http.Handler, error) {
	if config.Source == nil {
		return nil, errors.New("status page: no source")
	}
	p := &page{source: config.Source, faults: config.Switch, every: config.Every, log: config.Log}
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
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(assets))
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("POST /faults", p.setFault)
	return guard(mux), nil
}

// guard refuses names that are not this machine's own and changes that another
// site's page asks for, and tells the browser to load nothing from elsewhere.
func guard(next http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "+
			"img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "+
			"require-trusted-types-for 'script'")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		if !loopback(r.Host) {
			http.Error(w, "this page answers to localhost only", http.StatusMisdirectedRequest)
			return
		}
		sameOrigin.ServeHTTP(w, r)
	})
}

// loopback reports whether host, with or without a port, is a name of this
// machine that no DNS server decides about.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = strings.Trim(host, "[]")
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func (p *page) setFault(w http.ResponseWriter, r *http.Request) {
	var change struct {
		Name string `json:"name"`
		On   bool   `json:"on"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxChange))
	decoder.DisallowUnknownFields()
	switch {
	case p.faults == nil:
		http.Error(w, "faults cannot be switched here", http.StatusNotFound)
	case decoder.Decode(&change) != nil || change.Name == "":
		http.Error(w, `send {"name":"…","on":true}`, http.StatusBadRequest)
	default:
		if err := p.faults.SetFault(r.Context(), change.Name, change.On); err != nil {
			p.log.WarnContext(r.Context(), "fault not switched", "fault", change.Name, "error", err)
			http.Error(w, "this fault cannot be switched", http.StatusUnprocessableEntity)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}
