package serve_test

import (
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// Of a client whose credentials cannot be used nothing is handed out either that
// must not be: the secret may still hold an older token.
func TestUnusableClientHandsOutNothingElse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*token.Entry)
		want   serve.Code
	}{
		{"suspect", func(e *token.Entry) { e.Suspect, e.DueAt = true, time.Time{} }, serve.ClientMisconfigured},
		{"removed", func(e *token.Entry) { e.Removed, e.DueAt = true, time.Time{} }, serve.ClientMisconfigured},
		{"parked", func(e *token.Entry) { e.Parked, e.DueAt = true, time.Time{} }, serve.ClientMisconfigured},
		{"sealed, the secret is behind", func(e *token.Entry) { e.Sealed, e.AccessPut.Revision = token.ErrSealed, 0 }, serve.ClientMisconfigured},
		{"sealed, the secret holds it", func(e *token.Entry) { e.Sealed, e.AccessPut.Revision = token.ErrSealed, 1 }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.lifetime = time.Hour
				id := w.publish(w.consent(time.Minute, test.change), time.Minute)
				unreadable(w)
				got, err := w.server(t).Get(t.Context(), serve.Request{ID: id})
				if codeOf(err) != test.want || (test.want == "") != (err == nil) {
					t.Errorf("Get = %v, %v; want code %q", !got.Value.Empty(), err, test.want)
				}
			})
		})
	}
}
