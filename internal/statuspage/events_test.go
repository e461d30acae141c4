package statuspage_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/statuspage"
)

// tape is a ResponseWriter that can be read while it is written.
type tape struct {
	header http.Header
	mu     sync.Mutex
	body   strings.Builder
}

func (r *tape) Header() http.Header { return r.header }
func (r *tape) WriteHeader(int)     {}
func (r *tape) Flush()              {}

func (r *tape) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.body.Write(b)
}

func (r *tape) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.body.String()
}

// event is what an open page is sent.
type event struct {
	statuspage.View
	Verdict statuspage.Verdict
	Can     map[string]bool
	Ticket  string
}

// glance is a ResponseWriter that goes away after the first event.
type glance struct {
	*httptest.ResponseRecorder
	leave context.CancelFunc
}

func (g glance) Flush() { g.leave() }

// firstEvent opens the event stream until its first event.
func firstEvent(t *testing.T, page http.Handler) event {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "http://localhost/events", nil).WithContext(ctx)
	page.ServeHTTP(glance{recorder, leave}, request)
	_, data, _ := strings.Cut(recorder.Body.String(), "data: ")
	var got event
	if err := json.Unmarshal([]byte(data), &got); err != nil {
		t.Fatalf("first event: %v", err)
	}
	return got
}

// follow opens the event stream in a bubble and returns the tape that the
// events pile up on.
func follow(ctx context.Context, page http.Handler) (events *tape, ended <-chan struct{}) {
	events = &tape{header: http.Header{}}
	request := httptest.NewRequest(http.MethodGet, "http://localhost/events", nil).WithContext(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		page.ServeHTTP(events, request)
	}()
	return events, done
}

func TestEventsTellEveryChangeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &board{}
		ctx, cancel := context.WithCancel(t.Context())
		events, ended := follow(ctx, newPage(t, b))
		count := func(event string) int { return strings.Count(events.String(), "event: "+event+"\n") }

		synctest.Wait()
		if got := count("view"); got != 1 {
			t.Errorf("views at once: got %d, want 1", got)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := count("view"); got != 1 {
			t.Errorf("views without a change: got %d, want 1", got)
		}
		b.set(statuspage.View{Speed: 30}, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := count("view"); got != 2 {
			t.Errorf("views after a change: got %d, want 2", got)
		}
		time.Sleep(16 * time.Second)
		synctest.Wait()
		if got := count("view"); got != 3 {
			t.Errorf("views after a quiet while: got %d, want 3", got)
		}
		b.set(statuspage.View{}, errors.New("store is gone"))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := count("trouble"); got != 1 {
			t.Errorf("troubles: got %d, want 1", got)
		}
		if strings.Contains(events.String(), "store is gone") {
			t.Error("the stream shows the source's error text")
		}
		cancel()
		<-ended
		if got := events.Header().Get("Content-Type"); got != "text/event-stream; charset=utf-8" {
			t.Errorf("Content-Type: got %q", got)
		}
	})
}

func TestEventsCarryTheView(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &board{view: statuspage.View{
			Tokens: []statuspage.Token{{ID: "pos/DK12345678", State: statuspage.StateMissing, Problem: "line one\nline two"}},
			Sweeps: []statuspage.Sweep{{Renewed: 3}},
		}}
		ctx, cancel := context.WithCancel(t.Context())
		events, ended := follow(ctx, newPage(t, b))
		synctest.Wait()
		cancel()
		<-ended

		event := events.String()
		_, data, _ := strings.Cut(event, "data: ")
		data, rest, _ := strings.Cut(data, "\n")
		if rest != "\n" {
			t.Errorf("event ends with %q, want one empty line: a line break in a value tore it", rest)
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(data), &got); err != nil {
			t.Fatalf("data is not JSON: %v", err)
		}
		for _, list := range []string{"clients", "tokens", "sweeps", "faults"} {
			if _, ok := got[list].([]any); !ok {
				t.Errorf("%s: got %v, want a list", list, got[list])
			}
		}
		if strings.Contains(data, `"failures":null`) || strings.Contains(data, `0001-01-01T00:00:00Z","due_at`) {
			t.Errorf("data: got %s, want empty lists and no zero times", data)
		}
	})
}
