package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Why a value cannot be sealed or opened. Told apart with errors.Is; no error
// contains a key, a plaintext or a sealed value.
var (
	// ErrMalformed: it is no sealed value of a known format.
	ErrMalformed = errors.New("not a sealed value")
	// ErrMislabelled: it was sealed under another purpose, id or revision.
	ErrMislabelled = errors.New("sealed under another label")
	// ErrTampered: it is not what was sealed, or its key is another one.
	ErrTampered = errors.New("the sealed value was changed, or its key was")
	// ErrUnknownKey: the key that it names does not exist, or does not any more.
	ErrUnknownKey = errors.New("its key is not known")
	// ErrKeyUnavailable: a key could not be read just now. Nothing is said about
	// the value; try again.
	ErrKeyUnavailable = errors.New("a sealing key could not be read")
	// ErrWeakKey: the text of a key is too short.
	ErrWeakKey = errors.New("the sealing key is too short")
)

// Keys is where keys are kept: a secret with versions.
type Keys interface {
	// Current returns the key that seals, and its version.
	Current(ctx context.Context) (version string, key []byte, err error)
	// Version returns an older key. If there is none, now and for ever, the
	// error is ErrUnknownKey (errors.Is).
	Version(ctx context.Context, version string) ([]byte, error)
}

// The defaults of Config.
const (
	DefaultCacheFor = 5 * time.Minute
	DefaultTimeout  = 3 * time.Second
)

// Config is what a Sealer is made of. Only Keys is required.
type Config struct {
	Keys     Keys
	CacheFor time.Duration // how long the current key is used without another look; DefaultCacheFor if 0
	Timeout  time.Duration // of one call of Keys; DefaultTimeout if 0
}

// Sealer seals with the current key and opens with the one that a value names.
// It is safe for concurrent use and holds every key it has met in memory.
type Sealer struct {
	keys     Keys
	cacheFor time.Duration
	timeout  time.Duration
	reading  chan struct{} // holds one element: one look at the current key at a time

	mu      sync.Mutex
	current string    // version of the key that seals; empty: not read yet
	lookAt  time.Time // when to look for a newer one
	known   map[string]material
}

// New makes a Sealer. It reads no key yet: see Ready.
func New(c Config) (*Sealer, error) {
	switch {
	case c.Keys == nil:
		return nil, errors.New("seal: no keys")
	case c.CacheFor < 0, c.Timeout < 0:
		return nil, errors.New("seal: durations must be positive")
	}
	if c.CacheFor == 0 {
		c.CacheFor = DefaultCacheFor
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	return &Sealer{
		keys:     c.Keys,
		cacheFor: c.CacheFor,
		timeout:  c.Timeout,
		reading:  make(chan struct{}, 1),
		known:    map[string]material{},
	}, nil
}

// Ready makes sure that a key to seal with is in memory: from then on Seal
// cannot fail for want of one. Whoever is about to receive something that must
// be sealed calls it first. Errors: ErrKeyUnavailable, ErrWeakKey.
func (s *Sealer) Ready(ctx context.Context) error {
	_, _, err := s.currentKey(ctx)
	return err
}

// Seal encrypts plaintext under the current key, to be opened under the same
// label only. Errors: ErrKeyUnavailable, ErrWeakKey.
func (s *Sealer) Seal(ctx context.Context, l Label, plaintext []byte) ([]byte, error) {
	version, key, err := s.currentKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	box, err := key.box(l)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	header := envelope{version: version, mark: l.mark()}.header()
	return box.Seal(header, nil, plaintext, associated(header, l)), nil //nolint:gosec // it makes its nonce itself
}

// Open decrypts what Seal made under the same label. Errors: ErrMalformed,
// ErrMislabelled, ErrTampered, ErrUnknownKey, ErrKeyUnavailable, ErrWeakKey.
func (s *Sealer) Open(ctx context.Context, l Label, sealed []byte) ([]byte, error) {
	e, err := parseEnvelope(sealed)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(e.mark, l.mark()) {
		return nil, ErrMislabelled
	}
	key, err := s.key(ctx, e.version)
	if err != nil {
		return nil, fmt.Errorf("open a value sealed with key version %s: %w", e.version, err)
	}
	box, err := key.box(l)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	plaintext, err := box.Open(nil, nil, e.box, associated(e.header(), l))
	if err != nil {
		return nil, ErrTampered
	}
	return plaintext, nil
}

// associated is the data that is authenticated beside the plaintext: the whole
// header and the whole label.
func associated(header []byte, l Label) []byte {
	return append(bytes.Clone(header), l.bytes()...)
}
