package refresh_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// logBuffer is the log of sweeps that may overlap.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// take returns what was logged since the last call.
func (b *logBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.text.Reset()
	return b.text.String()
}

// A schedule throws a sweep's answer away: what failed has to be in the log.

func TestWhatASweepCouldNotTryIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "pos", "broken")
		w.untagged = []string{"lost"}
		w.published[token.ID{Client: "pos"}] = token.Stored[token.AccessToken]{Err: errors.New("pos cannot be read")}
		w.credentials["broken"] = token.Stored[token.Credentials]{Err: errors.New("broken cannot be read")}
		report := w.run(w.sweep())
		logged(t, report, w.log.take(), "pos", "broken", "lost")
	})
}

func TestARefusedPublishIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "short")
		w.lifetime = schedule.ShortestPublishable() / 2
		stored := w.credentials["short"]
		stored.Value.Publish = token.PublishSecret
		w.credentials["short"] = stored
		s := w.sweep()
		for range 2 {
			logged(t, w.run(s), w.log.take(), "short")
		}
	})
}

func TestWhatAGrantSweepCouldNotPublishOrReconcileIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		w.published.Failed = []refresh.Failure{{Token: "apps/DK12345678", Error: "the grant's secret cannot be read"}}
		w.reconciled.Failed = []refresh.Failure{{Token: "mobilepay/apps/NOBODY/grant", Error: "no merchant"}}
		logged(t, w.run(w.sweep()), w.log.take(), "apps/DK12345678", "mobilepay/apps/NOBODY/grant")
	})
}

func TestARefusedPublishOfAGrantIsLogged(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		publish  token.Publish
		lifetime time.Duration
		refused  bool
	}{
		{"short", token.PublishSecret, 300 * time.Second, true},
		{"long", token.PublishSecret, schedule.ShortestPublishable(), false},
		{"short, as it comes", "", 300 * time.Second, false},
		{"short, by function", token.PublishFunction, 300 * time.Second, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newGrantWorld(t)
				w.lifetime = test.lifetime
				id := w.addClient("apps", token.Use{Publish: test.publish}, 1)[0]
				report := w.run(w.sweep())
				if report.Renewed != 1 || !w.kept(id) {
					t.Errorf("%d renewed, want the grant renewed and kept whatever becomes of its token", report.Renewed)
				}
				var names []string
				if test.refused {
					names = []string{id.String()}
				}
				logged(t, report, w.log.take(), names...)
			})
		})
	}
}

// logged checks that these failed, and that the log says why.
func logged(t *testing.T, report refresh.Report, log string, names ...string) {
	t.Helper()
	if len(report.Failed) != len(names) {
		t.Fatalf("failed: %v, want %v", report.Failed, names)
	}
	for _, f := range report.Failed {
		found := false
		for line := range strings.Lines(log) {
			line = strings.ReplaceAll(line, `\"`, `"`)
			found = found || strings.Contains(line, "="+f.Token+" ") && strings.Contains(line, f.Error)
		}
		if !found {
			t.Errorf("the log does not say that %s failed: %s\n%s", f.Token, f.Error, log)
		}
	}
}
