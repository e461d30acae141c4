package refresh_test

import (
	"errors"
	"testing"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// A commit that the journal does not take goes into the secret, and from there
// back into the journal.
func TestJournalDownAfterTheAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		lost      bool // swaps are made, their answers lost
		keepFault error
		atRisk    bool
	}{
		{"refused, the secret takes it", false, nil, false},
		{"refused, the secret refuses too", false, errStore, true},
		{"made but not answered", true, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				down := func() {
					w.lostSwap = tt.lost
					if !tt.lost {
						w.journalFault = func(string) error { return errStore }
					}
				}
				w.answer = func(token.ID) answer { down(); return answer{} }
				w.keepFault = tt.keepFault
				r := w.renewer()
				got := w.renew(r, id, refresh.WhenDue)
				if got.AtRisk != tt.atRisk {
					t.Errorf("at risk %v (%v), want %v", got.AtRisk, got.Err, tt.atRisk)
				}
				if atRisk := r.Settle(t.Context()); (atRisk == 1) == tt.lost {
					t.Errorf("%d at risk while the journal is down, want the answer kept until it is stored", atRisk)
				}
				w.journalFault, w.lostSwap, w.answer = nil, false, nil
				if atRisk := r.Settle(t.Context()); atRisk != 0 || !w.kept(id) {
					t.Errorf("%d at risk after the journal is back, kept %v; want it settled", atRisk, w.kept(id))
				}
				time.Sleep(2 * time.Minute)
				if got := w.renew(w.renewer(), id, refresh.OnDemand); got.Err != nil || !w.kept(id) {
					t.Errorf("the next renewal: %v", got.Err)
				}
			})
		})
	}
}

// The same, with the instance gone: the next one finds the answer in the secret.
func TestInstanceDiesWithTheJournalDown(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.answer = func(token.ID) answer {
			w.journalFault = func(string) error { return errStore }
			return answer{}
		}
		w.renew(w.renewer(), id, refresh.WhenDue)
		w.journalFault, w.answer = nil, nil
		time.Sleep(5 * time.Minute)
		if got := w.renew(w.renewer(), id, refresh.WhenDue); got.Err != nil || !got.Adopted || !w.kept(id) || len(w.lost()) != 0 {
			t.Errorf("the next instance: %v, adopted %v; want the secret's grant adopted and renewed", got.Err, got.Adopted)
		}
	})
}

func TestCommitOnWhatWasLoaded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		during  func(w *grantWorld, id token.ID) // while the provider works
		wantErr error
		kept    bool
	}{
		{"somebody published meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			e.Put.Number, e.WriteID = 7, "publisher"
			w.entries[id] = e
		}, nil, true},
		{"the lease was taken over meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			e.Lease, e.WriteID = token.Lease{Holder: "other", Until: time.Now().Add(time.Minute)}, "other"
			w.entries[id] = e
		}, nil, true},
		{"the row is gone", func(w *grantWorld, id token.ID) { delete(w.entries, id) }, nil, true},
		{"a consent was stored meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			e.Revision, e.WriteID = e.Revision+1, "consent"
			w.entries[id] = e
		}, token.ErrSuperseded, false},
		{"a later consent of the same revision was adopted meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			found := token.Grant{ID: id, RefreshToken: token.NewSecret("consented"), ConsentedAt: time.Now()}
			e = e.Adopt(e.Revision, found, time.Now())
			e.WriteID = "settled"
			w.entries[id] = e
		}, token.ErrSuperseded, false},
		{"the row was lost, and made again of a secret that is behind", func(w *grantWorld, id token.ID) {
			behind := token.Entry{ID: id, WriteID: "reconcile"}
			w.entries[id] = behind.Adopt(0, token.Grant{ID: id, RefreshToken: token.NewSecret("spent")}, time.Now())
		}, nil, true},
		{"the row cannot be opened meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			e.Grant, e.Access, e.Sealed, e.WriteID = token.Grant{}, token.AccessToken{}, token.ErrSealed, "another key"
			w.entries[id] = e
		}, nil, true},
		{"it was removed meanwhile", func(w *grantWorld, id token.ID) {
			e := w.entries[id]
			e.Revision, e.Removed, e.WriteID = e.Revision+1, true, "removal"
			w.entries[id] = e
		}, token.ErrRemoved, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				w.answer = func(id token.ID) answer { tt.during(w, id); return answer{} }
				got := w.renew(w.renewer(), id, refresh.WhenDue)
				if !errors.Is(got.Err, tt.wantErr) || w.kept(id) != tt.kept {
					t.Errorf("Renew: %v, kept %v; want %v, %v", got.Err, w.kept(id), tt.wantErr, tt.kept)
				}
				if e := w.entries[id]; tt.kept && (e.Revision != 2 || e.Grant.RefreshToken.Empty()) {
					t.Errorf("entry %+v, want revision 2", e)
				}
			})
		})
	}
}

// The claim is the canary: a journal that cannot be written burns no token.
func TestUnwritableJournalBurnsNoToken(t *testing.T) {
	t.Parallel()
	inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
		w.journalFault = func(operation string) error {
			if operation == "Swap" {
				return errStore
			}
			return nil
		}
		s := w.sweep()
		for range 10 {
			w.run(s)
			time.Sleep(time.Minute)
		}
		if w.calls[id] != 0 {
			t.Errorf("%d requests while the journal refuses writes, want none", w.calls[id])
		}
		w.journalFault = nil
		if r := w.run(s); r.Renewed != 1 {
			t.Errorf("after it: %+v, want it renewed", r)
		}
	})
}
