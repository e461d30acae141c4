package importer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/importer"
	"token-refresher/internal/token"
)

const interval = 16 * time.Minute

// vault is a Secrets Manager of grants: every version of each, the newest last.
type vault struct {
	mu       sync.Mutex
	versions map[token.ID][]token.Stored[token.Grant]
	broken   map[token.ID]error
	before   func(token.ID) // called before a write
	failing  error          // of batch reads
}

func newVault() *vault {
	return &vault{versions: map[token.ID][]token.Stored[token.Grant]{}, broken: map[token.ID]error{}, before: func(token.ID) {}}
}

func (v *vault) put(g token.Grant, version string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.versions[g.ID] = append(v.versions[g.ID], token.Stored[token.Grant]{Value: g, Version: version, WrittenAt: time.Now()})
}

func (v *vault) Grant(_ context.Context, id token.ID) token.Stored[token.Grant] {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := v.versions[id]
	switch {
	case v.broken[id] != nil:
		return token.Stored[token.Grant]{Err: v.broken[id]}
	case len(all) == 0:
		return token.Stored[token.Grant]{Err: token.ErrNotFound}
	}
	return all[len(all)-1]
}

func (v *vault) Grants(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.Grant], error) {
	all := map[token.ID]token.Stored[token.Grant]{}
	for _, id := range ids {
		all[id] = v.Grant(ctx, id)
	}
	return all, v.failing
}

func (v *vault) GrantVersion(_ context.Context, id token.ID, version string) token.Stored[token.Grant] {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, stored := range v.versions[id] {
		if stored.Version == version {
			return stored
		}
	}
	return token.Stored[token.Grant]{Err: token.ErrNotFound}
}

func (v *vault) Labels(_ context.Context, id token.ID) (token.Labels, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var labels token.Labels
	for _, stored := range v.versions[id] {
		labels = token.Labels{Current: stored.Version, Previous: labels.Current}
	}
	return labels, nil
}

func (v *vault) RestoreGrant(_ context.Context, id token.ID) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.broken, id)
	return nil
}

func (v *vault) ImportGrant(ctx context.Context, g token.Grant, replaces string) error {
	v.before(g.ID)
	if err := ctx.Err(); err != nil {
		return err
	}
	current := v.Grant(ctx, g.ID)
	if v.broken[g.ID] != nil {
		return v.broken[g.ID]
	}
	if replaces == "" && current.Err == nil {
		return token.ErrConflict
	}
	v.put(g, fmt.Sprint("v", len(v.versions[g.ID])))
	return nil
}

// run plans and runs an import, and returns the outcome of each grant with why
// it failed, and how many remained.
func run(ctx context.Context, t *testing.T, v *vault, replace bool, grants ...token.Grant) (outcomes []string, remaining int) {
	t.Helper()
	i, err := importer.New(importer.Config{Store: v, Replace: replace, WriteInterval: interval, Concurrency: 4})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]importer.Row, len(grants))
	for n, g := range grants {
		rows[n] = importer.Row{Line: n + 2, Grant: g}
	}
	steps, err := i.Plan(ctx, rows)
	if err != nil {
		t.Fatalf("Plan: %v", err)
	}
	outcomes = make([]string, len(grants))
	remaining = i.Run(ctx, steps, func(done importer.Step) {
		outcomes[done.Line-2] = string(done.Outcome)
		if done.Err != nil {
			outcomes[done.Line-2] += ": " + done.Err.Error()
		}
	})
	return outcomes, remaining
}

func at(g token.Grant, consented time.Time) token.Grant {
	g.ConsentedAt = consented
	return g
}

// What becomes of a grant, by what is there, with and without --replace.
func TestWhatIsThereDecides(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(1999, 1, n, 0, 0, 0, 0, time.UTC) } // a bubble begins in 2000
	id := token.ID{Client: "a", Merchant: "DK1"}
	file := grant("a", "DK1", "file's")
	tests := []struct {
		name              string
		there             []token.Grant // versions, the newest last
		broken            error
		file              token.Grant
		wait              time.Duration // since the last version
		want, wantReplace string        // replacing or not
	}{
		{name: "nothing", file: file, want: "created", wantReplace: "created"},
		{name: "the same", there: []token.Grant{file}, file: file, wait: time.Hour, want: "exists", wantReplace: "exists"},
		{name: "the same, adopted by the functions", there: []token.Grant{file.Stamped(1)}, file: at(file, day(2)), wait: time.Hour, want: "exists", wantReplace: "exists"},
		{name: "another that nobody renewed", there: []token.Grant{grant("a", "DK1", "other")}, file: file, wait: time.Hour, want: "exists", wantReplace: "replaced"},
		{name: "the same with another scope", there: []token.Grant{func() token.Grant { g := file; g.Scope = "x"; return g }()}, file: file, wait: time.Hour, want: "exists", wantReplace: "replaced"},
		{name: "another that is written just now", there: []token.Grant{grant("a", "DK1", "other")}, file: file, wait: 15 * time.Minute, want: "exists", wantReplace: "failed: its secret was written too recently"},
		{name: "another that was given later", there: []token.Grant{at(grant("a", "DK1", "other"), day(3))}, file: at(file, day(2)), wait: time.Hour, want: "exists", wantReplace: "failed: it was given before"},
		{name: "one that was renewed since", there: []token.Grant{file, grant("a", "DK1", "rotated").Stamped(9)}, file: file, wait: time.Hour, want: "exists", wantReplace: "failed: the functions renew"},
		{name: "one that was renewed since, of the same consent", there: []token.Grant{at(grant("a", "DK1", "rotated"), day(2)).Stamped(9)}, file: at(file, day(2)), wait: time.Hour, want: "exists", wantReplace: "failed: the functions renew"},
		{name: "a live one of unknown consent", there: []token.Grant{grant("a", "DK1", "rotated").Stamped(9)}, file: at(file, day(2)), wait: time.Hour, want: "exists", wantReplace: "failed: the functions renew"},
		{name: "a live one of an older consent", there: []token.Grant{at(grant("a", "DK1", "rotated"), day(1)).Stamped(9)}, file: at(file, day(2)), wait: time.Hour, want: "exists", wantReplace: "replaced"},
		{name: "the one before", there: []token.Grant{file, grant("a", "DK1", "corrected")}, file: file, wait: time.Hour, want: "exists", wantReplace: "failed: it is the one that the secret held before"},
		{name: "a forged stamp is none", there: []token.Grant{func() token.Grant { g := grant("a", "DK1", "other"); g.Revision, g.Stamp = 9, "x"; return g }()}, file: file, wait: time.Hour, want: "exists", wantReplace: "replaced"},
		{name: "what cannot be read", broken: token.ErrUnreadable, file: file, want: "failed: unreadable value", wantReplace: "failed: unreadable value"},
		{name: "what is deleted", broken: token.ErrDeleted, file: file, want: "failed: its secret is scheduled for deletion", wantReplace: "replaced"},
	}
	for _, test := range tests {
		for replace, want := range map[bool]string{false: test.want, true: test.wantReplace} {
			t.Run(fmt.Sprintf("%s, replace %v", test.name, replace), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					v := newVault()
					for n, g := range test.there {
						v.put(g, fmt.Sprint("v", n))
					}
					if test.broken != nil {
						v.put(grant("a", "DK1", "held before").Stamped(9), "v0")
						v.broken[id] = test.broken
					}
					before := len(v.versions[id])
					time.Sleep(test.wait)
					got, _ := run(t.Context(), t, v, replace, test.file)
					if !strings.HasPrefix(got[0], want) {
						t.Errorf("outcome %q, want %q", got[0], want)
					}
					wrote := len(v.versions[id]) > before
					if wrote != (want == "created" || want == "replaced") {
						t.Errorf("%s, and written: %v", got[0], wrote)
					}
				})
			})
		}
	}
}

// A neighbour that fails stops nobody, and the file's order is kept in the plan.
func TestFailuresStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	v := newVault()
	denied := errors.New("access denied")
	v.broken[token.ID{Client: "a", Merchant: "DK2"}] = denied
	got, remaining := run(t.Context(), t, v, false, grant("a", "DK1", "1"), grant("a", "DK2", "2"), grant("a", "DK3", "3"))
	if want := []string{"created", "failed: access denied", "created"}; !slices.Equal(got, want) || remaining != 0 {
		t.Errorf("outcomes %q, %d remain; want %q and 0", got, remaining, want)
	}
}

// What somebody else puts there between plan and write stays, or is judged anew.
func TestTheLastLookDecides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVault()
		v.before = func(token.ID) {
			v.before = func(token.ID) {}
			v.put(grant("a", "DK1", "faster"), "theirs")
		}
		if got, _ := run(t.Context(), t, v, false, grant("a", "DK1", "mine")); got[0] != "exists" {
			t.Errorf("outcome %q, want exists", got[0])
		}
		time.Sleep(time.Hour)
		i, err := importer.New(importer.Config{Store: v, Replace: true, WriteInterval: interval, Concurrency: 1})
		if err != nil {
			t.Fatal(err)
		}
		steps, err := i.Plan(t.Context(), []importer.Row{{Line: 2, Grant: grant("a", "DK1", "mine")}})
		if err != nil || steps[0].Outcome != importer.Replaced {
			t.Fatalf("plan: %v (%v), want replaced", steps[0].Outcome, err)
		}
		v.put(grant("a", "DK1", "rotated").Stamped(2), "live") // while the person thinks
		i.Run(t.Context(), steps, func(done importer.Step) {
			if done.Outcome != importer.Failed || done.Err == nil {
				t.Errorf("outcome %s (%v), want failed: a live grant is there now", done.Outcome, done.Err)
			}
		})
		if got := v.Grant(t.Context(), steps[0].Grant.ID).Version; got != "live" {
			t.Errorf("current version %q, want live", got)
		}
	})
}

// An import that is ended reports what it did, and what it did not begin
// remains; run again, it does the rest and nothing twice.
func TestEndedAndRunAgain(t *testing.T) {
	t.Parallel()
	v := newVault()
	var grants []token.Grant
	for n := range 100 {
		grants = append(grants, grant("a", fmt.Sprint("DK", n), fmt.Sprint("r", n)))
	}
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var writes int
	var mu sync.Mutex
	v.before = func(token.ID) {
		mu.Lock()
		defer mu.Unlock()
		if writes++; writes == 30 {
			end()
		}
	}
	got, remaining := run(ctx, t, v, false, grants...)
	reported := len(slices.DeleteFunc(slices.Clone(got), func(outcome string) bool { return outcome == "" }))
	if reported == 0 || remaining == 0 || reported+remaining != 100 {
		t.Errorf("%d reported and %d remain, want some of each and 100 together", reported, remaining)
	}
	if failed := slices.ContainsFunc(got, func(outcome string) bool { return strings.HasPrefix(outcome, "failed") }); failed || writes > 40 {
		t.Errorf("%d writes were begun, failed: %v; want no more than were under way, and none called failed", writes, failed)
	}
	v.before = func(token.ID) {}
	if _, remaining := run(t.Context(), t, v, true, grants...); remaining != 0 {
		t.Errorf("%d remain after the second run", remaining)
	}
	for _, g := range grants {
		if n := len(v.versions[g.ID]); n != 1 {
			t.Errorf("%s has %d versions, want 1", g.ID, n)
		}
	}
}

func TestPlanNeedsTheStore(t *testing.T) {
	t.Parallel()
	v := newVault()
	v.failing = errors.New("access denied")
	i, err := importer.New(importer.Config{Store: v, WriteInterval: interval, Concurrency: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Plan(t.Context(), []importer.Row{{Grant: grant("a", "DK1", "1")}}); !errors.Is(err, v.failing) {
		t.Errorf("Plan: %v, want the store's error", err)
	}
	if _, err := importer.New(importer.Config{}); err == nil {
		t.Error("New takes an empty configuration")
	}
}
