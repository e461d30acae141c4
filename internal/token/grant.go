package token

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// Grant is a merchant's consent in the form that is kept: all that is needed to
// ask for the next access token. Its refresh token may be one-time.
type Grant struct {
	ID           ID
	RefreshToken Secret
	CodeVerifier Secret // PKCE (RFC 7636) of the authorization, sent with refreshes by some
	Scope        string // space-separated
	Subject      string // sub of the ID token
	Issuer       string
	ConsentedAt  time.Time
	Revision     int64  // +1 for every answer that was stored, refresh or consent
	Stamp        string // ties revision and refresh token together: see Stamped
}

// Stamped returns the grant with that revision and the stamp that belongs to
// it: SHA-256 of token id, revision and refresh token, in hex. A value whose
// stamp does not fit was put together by somebody else.
func (g Grant) Stamped(revision int64) Grant {
	g.Revision = revision
	g.Stamp = g.stamp()
	return g
}

// StampFits reports whether the stamp belongs to id, revision and refresh token.
func (g Grant) StampFits() bool { return g.Revision > 0 && g.Stamp == g.stamp() }

func (g Grant) stamp() string {
	hash := sha256.New()
	for _, part := range []string{g.ID.String(), strconv.FormatInt(g.Revision, 10), g.RefreshToken.Reveal()} {
		hash.Write([]byte(part))
		hash.Write([]byte{0})
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Fingerprint recognises a refresh token without telling it: the first 16
// bytes of its SHA-256, which is enough for a random token and too little to
// confirm a guess of a short one among many.
type Fingerprint [16]byte

// FingerprintOf returns the refresh token's fingerprint.
func FingerprintOf(refreshToken Secret) Fingerprint {
	sum := sha256.Sum256([]byte(refreshToken.Reveal()))
	return Fingerprint(sum[:16])
}

// memorySize is how many refresh tokens a journal entry remembers.
const memorySize = 64

// Memory holds the refresh tokens that were last adopted from a secret or
// published in one, the newest last, each with its revision.
type Memory []Remembered

// Remembered is one refresh token of a Memory.
type Remembered struct {
	Fingerprint Fingerprint
	Revision    int64
}

// With returns the memory with one more refresh token, without the oldest if
// there are too many.
func (m Memory) With(refreshToken Secret, revision int64) Memory {
	added := Remembered{FingerprintOf(refreshToken), revision}
	kept := make(Memory, 0, memorySize)
	for _, r := range m {
		if r.Fingerprint != added.Fingerprint {
			kept = append(kept, r)
		}
	}
	kept = append(kept, added)
	return kept[max(0, len(kept)-memorySize):]
}

// Revision returns the revision that is remembered of a refresh token.
func (m Memory) Revision(refreshToken Secret) (revision int64, known bool) {
	sought := FingerprintOf(refreshToken)
	for _, r := range m {
		if r.Fingerprint == sought {
			return r.Revision, true
		}
	}
	return 0, false
}

// Standing is how a grant found in a secret compares with the journal's.
type Standing int

// The standings of rule R.
const (
	Older Standing = iota // spent, or of no use: what the journal holds is published again
	Same                  // the very refresh token that the journal holds
	Newer                 // to be adopted before anything is sent
)

// Judge is rule R: it says which revision a grant found in a secret has, and
// how it compares with what the journal holds.
//
// A remembered refresh token has its remembered revision; else a fitting stamp
// has the stamped one; else a person or an import put it there and it is one
// ahead of the journal. The higher revision wins, on a tie the later consent,
// then the journal; a tombstone's revision is above all that was removed. That
// it differs makes nothing newer, and neither does its revision if it stood in
// the secret when the merchant gave the consent that the journal holds: it is
// one behind then.
func (e Entry) Judge(stored Stored[Grant]) (revision int64, standing Standing) {
	found := stored.Value
	if !e.Grant.RefreshToken.Empty() && found.RefreshToken.Equal(e.Grant.RefreshToken) {
		return e.Revision, Same
	}
	revision, known := e.Memory.Revision(found.RefreshToken)
	switch {
	case known:
	case found.StampFits():
		revision = found.Revision
	default:
		revision = e.Revision + 1
	}
	if !known && e.consentedSince(stored.WrittenAt) {
		return min(revision, e.Revision-1), Older
	}
	tie := revision == e.Revision && !e.Removed
	if revision > e.Revision || (tie && found.ConsentedAt.After(e.Grant.ConsentedAt)) {
		return revision, Newer
	}
	return revision, Older
}

// consentedSince reports whether the consent that the entry holds was given after
// that time, which may be unknown. A consent that an import dates ahead was not,
// and one of the same second may not have been if the time is in whole seconds.
func (e Entry) consentedSince(written time.Time) bool {
	given := e.Grant.ConsentedAt
	if written.IsZero() || given.After(e.CommittedAt) {
		return false
	}
	if written.Nanosecond() == 0 {
		given = given.Truncate(time.Second)
	}
	return given.After(written)
}
