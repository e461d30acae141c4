package statuspage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// writeTimeout is how long one event may take to be written: a browser that
// stopped reading is let go.
const writeTimeout = 10 * time.Second

// quiet is after how long without a change something is sent all the same, so
// that both ends notice a connection that is gone.
const quiet = 15 * time.Second

// events streams the view as server-sent events (HTML Standard, section 9.2):
// one `view` at once and one after every change, `trouble` while the source
// fails. It ends with the request's context.
func (p *page) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	s := stream{w: w, control: http.NewResponseController(w)}
	for {
		name, data := p.look(r.Context())
		if r.Context().Err() != nil || s.send(name, data, time.Now()) != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// look asks the source and returns the event that tells its answer.
func (p *page) look(ctx context.Context) (name string, data []byte) {
	view, err := p.source.View(ctx)
	if err == nil {
		data, err = json.Marshal(p.told(view))
	}
	if err != nil {
		p.log.WarnContext(ctx, "view not read", "error", err)
		return "trouble", []byte(`{}`)
	}
	return "view", data
}

// told is what an open page is sent: the view in its order, the answer to what
// everybody asks first, and what can be done here.
type told struct {
	View
	Verdict Verdict `json:"verdict"`
	Can     can     `json:"can"`
	Ticket  string  `json:"ticket"`
}

type can struct {
	Switch bool `json:"switch"`
	Invite bool `json:"invite"`
	Revoke bool `json:"revoke"`
}

func (p *page) told(v View) told {
	return told{
		View: v.arranged(), Verdict: v.Verdict(), Ticket: p.ticket,
		Can: can{Switch: p.faults != nil, Invite: p.invite != nil, Revoke: p.revoke != nil},
	}
}

// stream is one open page.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	last    []byte
	sentAt  time.Time
}

// send writes the event if it differs from the last one or nothing was sent
// for a while. The event's id is the server's time in milliseconds, by which
// the page corrects a browser's clock.
func (s *stream) send(name string, data []byte, now time.Time) error {
	if bytes.Equal(data, s.last) && now.Sub(s.sentAt) < quiet {
		return nil
	}
	s.last, s.sentAt = data, now
	// Not every ResponseWriter has deadlines; without one the kernel's hold.
	_ = s.control.SetWriteDeadline(now.Add(writeTimeout))
	if _, err := fmt.Fprintf(s.w, "event: %s\nid: %d\ndata: %s\n\n", name, now.UnixMilli(), data); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return s.control.Flush()
}
