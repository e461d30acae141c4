package publish_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"token-refresher/internal/journal"
	"token-refresher/internal/publish"
	emulator "token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/token"
)

// many are the ids of that many merchants of one client.
func many(n int) []token.ID {
	var ids []token.ID
	for i := range n {
		ids = append(ids, token.ID{Client: "subscriptions", Merchant: fmt.Sprintf("DK%08d", i)})
	}
	return ids
}

// publishedMany makes grants whose secrets hold what the journal holds.
func (w *world) publishedMany(n int) []token.ID {
	w.t.Helper()
	ids := many(n)
	for _, id := range ids {
		w.commit(id, "first of "+id.Merchant, 5*time.Minute)
		w.publish(id)
	}
	return ids
}

// reconcile runs one that is due, and returns its figures.
func (w *world) reconcile() publish.Reconciled {
	w.t.Helper()
	time.Sleep(reconcileInterval)
	publisher, _ := w.start()
	got, err := publisher.Reconcile(w.t.Context())
	if err != nil {
		w.t.Fatalf("Reconcile: %v", err)
	}
	return got
}

func (w *world) wantReconciled(want publish.Reconciled) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.reconcile(), cmpopts.IgnoreFields(publish.Reconciled{}, "Failed")); diff != "" {
		w.t.Errorf("Reconcile (-want +got):\n%s", diff)
	}
}

// Grants that the journal does not know are added, and due at once: an import,
// and all of them after the table was lost. What is stamped keeps its revision.
func TestReconcileAdds(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.published(merchant)
		w.publish(merchant)
		revision := w.entry(merchant).Revision
		for _, row := range w.journal.Rows() { // the table is lost
			w.journal.RemoveRow(row.Key)
		}
		imported := token.ID{Client: "reporting", Merchant: "FI12345678"}
		w.paste(imported, pasted)
		w.wantReconciled(publish.Reconciled{Added: 2})

		if e := w.entry(merchant); e.Revision != revision || !e.Published() || e.DueAt.After(time.Now()) || e.DueAt.IsZero() {
			w.t.Errorf("rebuilt: revision %d, published %v, due %v, want %d, true, now", e.Revision, e.Published(), e.DueAt, revision)
		}
		if e := w.entry(imported); e.Revision != 1 || e.Published() || e.DueAt.After(time.Now()) || e.DueAt.IsZero() {
			w.t.Errorf("imported: revision %d, published %v, due %v, want 1, false, now", e.Revision, e.Published(), e.DueAt)
		}
		w.converge()
		w.wantSettled(merchant, "third")
		w.wantSettled(imported, "pasted")
	})
}

// What cannot be a grant of ours is reported by name, with nothing of its value.
func TestReconcileReports(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		scribbled := token.ID{Client: "reporting", Merchant: "FI12345678"}
		w.paste(scribbled, "s3cr3t")
		for _, name := range []string{"mobilepay/Not_A_Client/DK12345678/grant", "mobilepay/pos/a/b/grant"} {
			_, err := w.console.CreateSecret(w.t.Context(), &sm.CreateSecretInput{Name: aws.String(name), SecretString: aws.String(pasted)})
			if err != nil {
				w.t.Fatalf("CreateSecret: %v", err)
			}
		}
		got := w.reconcile()
		var names []string
		for _, failure := range got.Failed {
			names = append(names, failure.Token)
			if strings.Contains(failure.Err.Error(), "s3cr3t") {
				w.t.Errorf("error shows the value: %v", failure.Err)
			}
		}
		want := []string{"mobilepay/Not_A_Client/DK12345678/grant", "mobilepay/pos/a/b/grant", "reporting/FI12345678"}
		if diff := cmp.Diff(want, names); diff != "" || len(w.journal.Rows()) != 0 {
			w.t.Errorf("%d rows, failed (-want +got):\n%s", len(w.journal.Rows()), diff)
		}
	})
}

// A row that cannot be read is reported and left alone, and stops no other: it
// is neither missing nor to be parked.
func TestReconcileReportsUnreadableRows(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		ids := w.publishedMany(3)
		for _, id := range ids[:2] {
			w.corrupt(id, func(row *journal.Row) { row.Document = []byte(`{"memory":"no"}`) })
		}
		w.remove(ids[1])
		w.paste(ids[2], pasted)
		got := w.reconcile()
		if got.Adopted != 1 || got.Added+got.Parked+got.Gone != 0 || len(got.Failed) != 2 ||
			!errors.Is(got.Failed[0].Err, token.ErrUnreadable) || got.Failed[1].Token != ids[1].String() {
			w.t.Errorf("Reconcile = %+v, want two reported and one adopted", got)
		}
	})
}

// What people did to secrets that nobody is about to put is found and judged.
func TestReconcileJudges(t *testing.T) {
	t.Parallel()
	covered := stranger{
		name: "a grant is pasted, then a spent one",
		act:  func(w *world) { w.paste(merchant, pasted); w.paste(merchant, spent) }, want: "pasted",
	}
	for _, stranger := range append(strangers(), covered) {
		t.Run(stranger.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.published(merchant)
				w.publish(merchant)
				stranger.act(w)
				w.reconcile()
				if stranger.last != nil {
					stranger.last(w)
				}
				w.converge()
				w.wantSettled(merchant, stranger.want)
			})
		})
	}
}

// What was seen before another publisher put something is not made of it.
func TestStaleLookChangesNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.published(merchant)
		w.publish(merchant)
		time.Sleep(writeInterval)
		w.paste(merchant, pasted)
		publisher, _ := w.start(func(p *process) {
			p.before = func(_ int, name string) {
				if name == "GrantVersion" {
					w.commit(merchant, "fourth", 5*time.Minute)
					w.publish(merchant)
				}
			}
		})
		got, err := publisher.Reconcile(w.t.Context())
		if diff := cmp.Diff(publish.Reconciled{}, got); err != nil || diff != "" {
			w.t.Errorf("Reconcile: error %v (-want +got):\n%s", err, diff)
		}
		w.wantSettled(merchant, "pasted")
		labels, err := w.store.Labels(w.t.Context(), merchant)
		if err != nil || !w.entry(merchant).Names(labels) {
			w.t.Errorf("labels = %+v, error %v, the journal names %+v", labels, err, w.entry(merchant).Put)
		}
	})
}

// A list that is behind changes nothing: a direct look decides.
func TestReconcileConfirms(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		ids := w.publishedMany(6) // the list knows none of them
		w.paste(token.ID{Client: "pos", Merchant: "DK00000000"}, pasted)
		publisher, p := w.start()
		got, err := publisher.Reconcile(w.t.Context())
		if diff := cmp.Diff(publish.Reconciled{}, got); err != nil || diff != "" {
			w.t.Errorf("Reconcile: error %v (-want +got):\n%s", err, diff)
		}
		if len(p.calls) != 4+2*len(ids) {
			w.t.Errorf("calls = %v, want one read and one look for each of %d", p.calls, len(ids))
		}
	}, func(c *emulator.Config) { c.ListLag = 5 * time.Minute })
}

// A removed entry is nobody's: its secret is not read, and a restored one does
// not bring it back.
func TestReconcileLeavesTheRemoved(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.published(merchant)
		e := w.entry(merchant)
		removed := e
		removed.Removed = true
		w.swap(e, removed)
		w.paste(merchant, pasted)
		w.wantReconciled(publish.Reconciled{})
		w.remove(merchant)
		w.wantReconciled(publish.Reconciled{})
		if got := w.entry(merchant); !got.Removed || got.Parked || got.Grant.RefreshToken.Reveal() != "third" {
			w.t.Errorf("entry = %+v, want the tombstone as it was", got)
		}
	})
}

// One instance reconciles per interval, whoever is first; a failure is not
// waited out.
func TestReconcileTakesTurns(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		listed := func(at time.Duration, alter ...func(*process)) int {
			time.Sleep(at)
			publisher, p := w.start(alter...)
			_, _ = publisher.Reconcile(w.t.Context())
			return strings.Count(strings.Join(p.calls, " "), "ListGrants")
		}
		other := func(p *process) {
			p.before = func(_ int, name string) {
				if name == "SwapNote" {
					rival, _ := w.start()
					_, _ = rival.Reconcile(w.t.Context())
				}
			}
		}
		failing := func(p *process) {
			p.refuse = func(_ int, name string) error {
				if name == "Entries" {
					return errors.New("refused")
				}
				return nil
			}
		}
		steps := []struct {
			name  string
			after time.Duration
			alter func(*process)
			want  int
		}{
			{name: "the first", want: 1},
			{name: "too early", after: reconcileInterval - time.Second, want: 0},
			{name: "due", after: time.Second, want: 1},
			{name: "another was faster", after: reconcileInterval, alter: other, want: 0},
			{name: "a failure", after: reconcileInterval, alter: failing, want: 1},
			{name: "again at once", want: 1},
		}
		for _, step := range steps {
			alter := step.alter
			if alter == nil {
				alter = func(*process) {}
			}
			if got := listed(step.after, alter); got != step.want {
				w.t.Errorf("%s: listed %d times, want %d", step.name, got, step.want)
			}
		}
	})
}
