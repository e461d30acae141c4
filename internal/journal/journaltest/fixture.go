package journaltest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"token-refresher/internal/token"
)

var (
	dk = token.ID{Client: "subscriptions", Merchant: "DK12345678"}
	fi = token.ID{Client: "subscriptions", Merchant: "FI12345678"}
	se = token.ID{Client: "reporting", Merchant: "SE12345678"}
)

// at is a moment of the tests, in a zone that must not show in what is stored.
func at(seconds int) time.Time {
	start := time.Date(2026, 3, 1, 13, 0, 0, 123456789, time.FixedZone("test", 3600))
	return start.Add(time.Duration(seconds) * time.Second)
}

// Full is an entry with something in every field, but for those that the journal
// itself sets.
func Full(id token.ID) token.Entry {
	e := Answered(id, 7)
	e.Suspect = true
	e.DueAt = at(100)
	e.Lease = token.Lease{Holder: "holder-1", Until: at(160)}
	e.Unsettled = true
	e.Result = token.Result{
		Outcome: token.OutcomeRefused, At: at(90), Failures: 3, RefusedAt: at(80), PardonedAt: at(85),
		RotationLost: true,
		Latch:        &token.Latch{Fingerprint: token.FingerprintOf(token.NewSecret("latched")), Since: at(70)},
	}
	e.UsedAt = at(60)
	e.Rejection = token.Rejection{At: at(55), Times: 2}
	e.PublishAt = at(200)
	e.Memory = token.Memory{}.With(token.NewSecret("first"), 1).With(token.NewSecret("second"), 2)
	e.Put = token.Put{Number: 4, At: at(50), Revision: 6, Read: "version-read", Version: "version-made", Confirmed: true}
	e.AccessPut = token.AccessPut{Revision: 5, At: at(40)}
	e.Forced = []time.Time{at(30), at(31)}
	e.Exchanges = []token.Exchange{{Attempt: token.FingerprintOf(token.NewSecret("attempt")), At: at(20), Outcome: "stored"}}
	e.Parked, e.Removed = true, true
	e.Removal = token.Removal{At: at(11), RevokedAt: at(12), DeletedAt: at(13), DoneAt: at(14), NextAt: at(15), Unrevocable: true}
	e.Untold = []token.Notice{{Type: "Consent Removed", Reason: "removed", Since: at(11)}}
	e.Extra = map[string]json.RawMessage{"later": json.RawMessage(`{"deep":[1,"<é>"]}`)}
	return e
}

// Answered is an entry with an answer and nothing else.
func Answered(id token.ID, revision int64) token.Entry {
	of := func(what string) token.Secret {
		return token.NewSecret(fmt.Sprintf("%s-of-%s-%d", what, id, revision))
	}
	return token.Entry{
		ID: id, Revision: revision, CommittedAt: at(10),
		Grant: token.Grant{
			ID: id, RefreshToken: of("refresh"), CodeVerifier: of("verifier"),
			Scope: "openid subscriptions", Subject: "subject", Issuer: "https://issuer.example", ConsentedAt: at(0),
		}.Stamped(revision),
		Access: token.AccessToken{
			ID: id, Value: of("access"), Type: "Bearer", Scope: "subscriptions",
			IssuedAt: at(10), ExpiresAt: at(310),
		},
	}
}

// same ignores what the journal itself sets.
func same() cmp.Option {
	return cmp.Options{
		cmpopts.IgnoreFields(token.Entry{}, "WriteID", "Schema", "Blob", "Attempt"),
		cmpopts.EquateErrors(), cmpopts.EquateEmpty(),
		cmp.Comparer(sameJSON),
	}
}

// sameJSON: what is kept of a newer schema may be written another way.
func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && cmp.Equal(x, y)
}

func differ(t *testing.T, doing string, got, want token.Entry) {
	t.Helper()
	if diff := cmp.Diff(want, got, same()); diff != "" {
		t.Errorf("%s: the entry differs (-want +got):\n%s", doing, diff)
	}
}

// mustSwap swaps and fails the test if that fails.
func mustSwap(t *testing.T, j Journal, old, next token.Entry) token.Entry {
	t.Helper()
	stored, err := j.Swap(t.Context(), old, next)
	if err != nil {
		t.Fatalf("Swap(%s) error = %v, want nil", next.ID, err)
	}
	return stored
}

// mustGet reads an entry and fails the test if that fails.
func mustGet(t *testing.T, j Journal, id token.ID) token.Entry {
	t.Helper()
	e, err := j.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("Get(%s) error = %v, want nil", id, err)
	}
	return e
}
