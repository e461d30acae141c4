package consent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"time"

	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

const (
	maxAttempts = 4 // open at once in one browser

	// attemptPrefix begins the names of attempt cookies. The rest is a hash of
	// the state, so that a response finds its own.
	attemptPrefix = "__Host-consent-"
	hashLen       = 8 // bytes
)

// attemptWire is an attempt as its cookie holds it.
type attemptWire struct {
	Client    string    `json:"client"`
	Merchant  string    `json:"merchant"`
	ReturnTo  string    `json:"return_to,omitempty"`
	State     string    `json:"state"`
	Nonce     string    `json:"nonce"`
	Verifier  string    `json:"verifier"`
	StartedAt time.Time `json:"started_at"`
}

// attemptName is the name of the cookie of an attempt with that state.
func attemptName(state string) string {
	sum := sha256.Sum256([]byte(state))
	return attemptPrefix + hex.EncodeToString(sum[:hashLen])
}

// isAttemptName reports whether a cookie is one of ours by its name.
func isAttemptName(name string) bool {
	return len(name) == len(attemptPrefix)+2*hashLen && name[:len(attemptPrefix)] == attemptPrefix
}

// An attempt opens under the name of its own cookie only.
func attemptLabel(name string) seal.Label { return seal.Label{Purpose: "attempt", ID: name} }

// cookie seals the attempt.
func (a attempt) cookie(ctx context.Context, s *seal.Sealer) (*http.Cookie, error) {
	name := attemptName(a.state)
	value, err := sealText(ctx, s, attemptLabel(name), attemptWire{
		Client: a.id.Client, Merchant: a.id.Merchant, ReturnTo: a.returnTo,
		State: a.state, Nonce: a.nonce, Verifier: a.verifier.Reveal(), StartedAt: a.startedAt.UTC(),
	})
	if err != nil {
		return nil, err
	}
	return newAttemptCookie(name, value, attemptFor), nil
}

// newAttemptCookie has the attributes that the name's prefix demands. The
// response is posted by the provider's site, and of all cookies only one with
// SameSite=None comes along with that.
func newAttemptCookie(name, value string, age time.Duration) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // SameSite=None is the point
		Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode,
		MaxAge: maxAge(age),
	}
}

// maxAge is the Max-Age attribute in net/http's terms, where 0 is none at all.
func maxAge(age time.Duration) int {
	if age <= 0 {
		return -1
	}
	return int(age / time.Second)
}

// openAttempt reads an attempt's cookie. It does not look at its time. Errors:
// those of openText.
func openAttempt(ctx context.Context, s *seal.Sealer, cookie *http.Cookie) (attempt, error) {
	var wire attemptWire
	if err := openText(ctx, s, attemptLabel(cookie.Name), cookie.Value, &wire); err != nil {
		return attempt{}, err
	}
	return attempt{
		id: token.ID{Client: wire.Client, Merchant: wire.Merchant}, returnTo: wire.ReturnTo,
		state: wire.State, nonce: wire.Nonce, verifier: token.NewSecret(wire.Verifier), startedAt: wire.StartedAt,
	}, nil
}

// superfluous returns cookies that delete what stands in the way of one more
// attempt: those that do not open or have expired, and the oldest beyond the
// limit. Of more than a browser can have from us, the rest is deleted unread.
func superfluous(ctx context.Context, s *seal.Sealer, cookies []*http.Cookie, now time.Time) []*http.Cookie {
	var (
		open []attempt
		gone []*http.Cookie
	)
	for _, c := range cookies {
		if !isAttemptName(c.Name) {
			continue
		}
		if len(open)+len(gone) < 2*maxAttempts {
			if a, err := openAttempt(ctx, s, c); err == nil && !a.expired(now) {
				open = append(open, a)
				continue
			}
		}
		gone = append(gone, newAttemptCookie(c.Name, "", 0))
	}
	slices.SortFunc(open, func(a, b attempt) int { return b.startedAt.Compare(a.startedAt) })
	for _, a := range open[min(len(open), maxAttempts-1):] {
		gone = append(gone, newAttemptCookie(attemptName(a.state), "", 0))
	}
	return gone
}
