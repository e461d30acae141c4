package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

const (
	kills = 20
	// killWithin is how long after its start a sandbox is killed at the latest:
	// its first sweeps, when all is due, and a few that follow.
	killWithin = 700 * time.Millisecond
	// killOnTheWire is the kill that is made while an answer is on the wire. It
	// is an early one, so that the lease that it leaves ends during the others.
	killOnTheWire = 2
)

// TestSandboxKilled kills the whole sandbox again and again at random moments.
// No grant is lost but those whose answer was on the wire: a kill is made to
// meet one, others may. Whom the provider saw with a spent token, and whom the
// functions call lost, are the same. It is not parallel: it counts processes.
func TestSandboxKilled(t *testing.T) { //nolint:paralleltest // see above
	dir := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	var lost []token.ID
	for i := range kills {
		s := launch(t, dir, "--speed=600", "--provider=localhost:0")
		if i == killOnTheWire {
			s.rotate(authserver.Fault{ClientID: "sandbox-" + shortClient, Kind: authserver.HangAfter, Times: 1})
		}
		if i == 0 { // the journal learns of the seeded grants in their first sweep
			for swept := ""; swept != "refresh-grants"; {
				swept = s.await("sweep").Function
			}
		}
		<-time.After(time.Duration(moments.Int64N(int64(killWithin))))
		killed := time.Now()
		_ = s.end(syscall.SIGKILL)
		awaitNoChildren(t)
		log := keepLog(t, dir, i)
		found := lostGrants(t, dir, func(id token.ID, e token.Entry, answered time.Time) {
			if slices.Contains(lost, id) {
				return
			}
			t.Logf("kill %d: %s was answered %s before", i, id, killed.Sub(answered).Round(time.Millisecond))
			if e.Lease.Holder == "" || renewedAfter(t, log, id, answered) {
				t.Errorf("kill %d: %s is lost, although its answer was not on the wire", i, id)
			}
		})
		for _, id := range lost {
			if !slices.Contains(found, id) {
				t.Errorf("kill %d: %s is not lost any more", i, id)
			}
		}
		lost = found
	}
	if len(lost) == 0 {
		t.Error("no grant was lost, want the one whose answer was on the wire")
	}

	last := start(t, dir, "--speed=600", "--provider=localhost:0")
	for deadline := time.Now().Add(2 * time.Minute); len(lostByLog(t, dir)) < len(lost) && time.Now().Before(deadline); {
		last.await("sweep")
	}
	if err := last.end(interrupt); err != nil {
		t.Errorf("exit after Ctrl-C: %v", err)
	}
	told, refused := calledLost(t, dir), refusedGrants(t, dir)
	t.Logf("%d kills: lost %v, told of as lost %v, refused by the provider %v", kills, lost, told, refused)
	for _, id := range lost {
		if !told[id.String()] || !refused[id.String()] {
			t.Errorf("%s is lost: told %v, refused by the provider %v; want both", id, told[id.String()], refused[id.String()])
		}
	}
	if len(told) != len(lost) || len(refused) != len(lost) {
		t.Errorf("lost: %d by the stores, %d by the journal's word, %d by the provider; want all the same", len(lost), len(told), len(refused))
	}
	if now := lostGrants(t, dir, nil); len(now) != len(lost) {
		t.Errorf("lost afterwards: %v, want no more than %v", now, lost)
	}
}

// TestSandboxEndsItsSweeps presses Ctrl-C while an answer is on the wire: the
// sweep that waits for it still keeps it.
func TestSandboxEndsItsSweeps(t *testing.T) { //nolint:paralleltest // it starts processes, as the test above
	dir := t.TempDir()
	s := launch(t, dir, "--speed=600", "--provider=localhost:0")
	s.rotate(authserver.Fault{ClientID: "sandbox-" + shortClient, Kind: authserver.Late, Value: "1s", Times: 1})
	if err := s.end(interrupt); err != nil {
		t.Errorf("exit after Ctrl-C: %v", err)
	}
	if lost := lostGrants(t, dir, nil); len(lost) > 0 {
		t.Errorf("lost by Ctrl-C: %v", lost)
	}
}

// rotate waits until a token of the client was rotated, and its answer met the
// fault.
func (s *running) rotate(once authserver.Fault) {
	s.t.Helper()
	s.await("ready")
	fault, err := json.Marshal(once)
	if err != nil {
		s.t.Fatal(err)
	}
	s.faults(http.MethodPut, bytes.NewReader(fault))
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for strings.Contains(s.faults(http.MethodGet, nil), `"client_id":"`+once.ClientID) {
		select {
		case <-look.C:
		case <-deadline.C:
			s.t.Fatal("no token was renewed")
		}
	}
}

// faults makes one call of the provider's switchboard.
func (s *running) faults(method string, body io.Reader) string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.facts.Provider+authserver.FaultsPath, body)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode/100 != 2 {
		s.t.Fatalf("%s %s: %s %v", method, authserver.FaultsPath, response.Status, err)
	}
	return strings.ReplaceAll(string(text), " ", "")
}

// keepLog puts a run's log aside, since the next but one would drop it, and
// returns where it is.
func keepLog(t *testing.T, dir string, run int) string {
	t.Helper()
	path := filepath.Join(dir, functionLogFile)
	kept := path + "." + string(rune('a'+run))
	if err := os.Rename(path, kept); err != nil {
		t.Fatal(err)
	}
	return kept
}

// logLine is what a function says of one token.
type logLine struct {
	Timestamp                     time.Time
	Message, Type, Token, Outcome string
	Reason                        string // of an event
}

// logLines reads a functions' log. Lines that a kill cut off are left out.
func logLines(t *testing.T, path string) (lines []logLine) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for one := range strings.Lines(string(text)) {
		var line logLine
		if json.Unmarshal([]byte(one), &line) == nil {
			lines = append(lines, line)
		}
	}
	return lines
}

// renewedAfter reports whether a function said that it has kept an answer which
// was given at that time.
func renewedAfter(t *testing.T, log string, id token.ID, answered time.Time) bool {
	t.Helper()
	return slices.ContainsFunc(logLines(t, log), func(line logLine) bool {
		return line.Token == id.String() && line.Outcome == "renewed" && line.Timestamp.After(answered)
	})
}

// calledLost are the grants that the journal calls lost.
func calledLost(t *testing.T, dir string) map[string]bool {
	t.Helper()
	lost := map[string]bool{}
	lostGrants(t, dir, func(id token.ID, e token.Entry, _ time.Time) {
		if e.Result.RotationLost {
			lost[id.String()] = true
		}
	})
	return lost
}

// lostByLog are the grants that a function told of as lost, in any run. A kill
// may come between the journal's word and the function's.
func lostByLog(t *testing.T, dir string) map[string]bool {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, functionLogFile+"*"))
	if err != nil {
		t.Fatal(err)
	}
	lost := map[string]bool{}
	for _, log := range logs {
		for _, line := range logLines(t, log) {
			if line.Message == "event" && (line.Type == "Rotation Lost" || line.Reason == "rotation_lost") {
				lost[line.Token] = true
			}
		}
	}
	return lost
}
