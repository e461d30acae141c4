package seal_test

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/seal"
)

// fakeKeys is a key secret with versions, which counts what it is asked.
type fakeKeys struct {
	mu       sync.Mutex
	current  string
	texts    map[string]string
	err      error         // of every call
	delay    time.Duration // of every call
	currents int
	versions int
}

func (k *fakeKeys) Current(ctx context.Context) (string, []byte, error) {
	if err := k.called(ctx, &k.currents); err != nil {
		return "", nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current, []byte(k.texts[k.current]), nil
}

func (k *fakeKeys) Version(ctx context.Context, version string) ([]byte, error) {
	if err := k.called(ctx, &k.versions); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	text, ok := k.texts[version]
	if !ok {
		return nil, seal.ErrUnknownKey
	}
	return []byte(text), nil
}

func (k *fakeKeys) called(ctx context.Context, count *int) error {
	k.mu.Lock()
	*count++
	delay, err := k.delay, k.err
	k.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (k *fakeKeys) set(change func(*fakeKeys)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(k)
}

func (k *fakeKeys) expectCalls(t *testing.T, doing string, currents, versions int) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.currents != currents || k.versions != versions {
		t.Errorf("%s: current key read %d times, versions %d times, want %d and %d", doing, k.currents, k.versions, currents, versions)
	}
}

var label = seal.Label{Purpose: "journal", ID: "a/b", Revision: 1}

// versionOf is the key's version that a sealed value names.
func versionOf(sealed []byte) string { return string(sealed[2 : 2+sealed[1]]) }

func TestRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &fakeKeys{current: "v1", texts: map[string]string{"v1": key1, "v2": key2}}
		s := newSealer(t, k)
		first := mustSeal(t, s, label, "x")
		k.set(func(k *fakeKeys) { k.current = "v2" })
		time.Sleep(seal.DefaultCacheFor - time.Second)
		if got := versionOf(mustSeal(t, s, label, "x")); got != "v1" {
			t.Errorf("before the cache ends: sealed with %s, want v1", got)
		}
		k.expectCalls(t, "before the cache ends", 1, 0)
		time.Sleep(time.Second)
		second := mustSeal(t, s, label, "y")
		if got := versionOf(second); got != "v2" {
			t.Errorf("after the cache ended: sealed with %s, want v2", got)
		}
		for _, sealed := range [][]byte{first, second} {
			if _, err := s.Open(t.Context(), label, sealed); err != nil {
				t.Errorf("Open of a value of %s error = %v, want nil", versionOf(sealed), err)
			}
		}
		k.expectCalls(t, "with both keys in memory", 2, 0)

		fresh := newSealer(t, k)
		for range 3 {
			if _, err := fresh.Open(t.Context(), label, first); err != nil {
				t.Errorf("Open of an old value by a new instance error = %v, want nil", err)
			}
		}
		k.expectCalls(t, "an old key is read by its version, once", 3, 1)
	})
}

// A value of a key that was not met before says that there may be a newer one.
func TestUnknownVersionIsALookAtTheCurrentKey(t *testing.T) {
	t.Parallel()
	k := &fakeKeys{current: "v1", texts: map[string]string{"v1": key1, "v2": key2}}
	s := newSealer(t, k)
	mustSeal(t, s, label, "x")
	k.set(func(k *fakeKeys) { k.current = "v2" })
	elsewhere := mustSeal(t, newSealer(t, k), label, "x")
	if _, err := s.Open(t.Context(), label, elsewhere); err != nil {
		t.Fatalf("Open error = %v, want nil", err)
	}
	if got := versionOf(mustSeal(t, s, label, "x")); got != "v2" {
		t.Errorf("sealed with %s, want v2", got)
	}
}

func TestKeyAtHandSealsWhileKeysCannotBeRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &fakeKeys{current: "v1", texts: map[string]string{"v1": key1}}
		s := newSealer(t, k)
		if err := s.Ready(t.Context()); err != nil {
			t.Fatalf("Ready error = %v, want nil", err)
		}
		k.set(func(k *fakeKeys) { k.err, k.current, k.texts["v2"] = errors.New("throttled"), "v2", key2 })
		time.Sleep(time.Hour)
		for range 5 {
			if got := versionOf(mustSeal(t, s, label, "x")); got != "v1" {
				t.Errorf("sealed with %s, want v1", got)
			}
		}
		k.expectCalls(t, "one look, then none for a while", 2, 0)
		k.set(func(k *fakeKeys) { k.err = nil })
		time.Sleep(10 * time.Second)
		if got := versionOf(mustSeal(t, s, label, "x")); got != "v2" {
			t.Errorf("after keys can be read again: sealed with %s, want v2", got)
		}
	})
}

// While one caller looks for a newer key, the others seal with the one at hand;
// without any, all wait for the same look.
func TestOneLookForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &fakeKeys{current: "v1", texts: map[string]string{"v1": key1}, delay: time.Second}
		s := newSealer(t, k)
		all := func() (slowest, quick int) {
			var wg sync.WaitGroup
			took := make(chan time.Duration, 10)
			for range cap(took) {
				wg.Go(func() {
					start := time.Now()
					mustSeal(t, s, label, "x")
					took <- time.Since(start)
				})
			}
			wg.Wait()
			close(took)
			for d := range took {
				if d == 0 {
					quick++
				} else {
					slowest++
				}
			}
			return slowest, quick
		}
		if slow, quick := all(); slow != 10 || quick != 0 {
			t.Errorf("without a key %d callers waited and %d did not, want 10 and 0", slow, quick)
		}
		k.expectCalls(t, "without a key", 1, 0)
		time.Sleep(seal.DefaultCacheFor)
		if slow, quick := all(); slow != 1 || quick != 9 {
			t.Errorf("with an old key %d callers waited and %d did not, want 1 and 9", slow, quick)
		}
		k.expectCalls(t, "with an old key", 2, 0)
	})
}

func TestKeysThatCannotBeHad(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		keys *fakeKeys
		want error
	}{
		{"an error", &fakeKeys{err: errors.New("denied")}, seal.ErrKeyUnavailable},
		{"no answer in time", &fakeKeys{delay: time.Minute}, seal.ErrKeyUnavailable},
		{"a key of 31 bytes", &fakeKeys{current: "v1", texts: map[string]string{"v1": key1[:31]}}, seal.ErrWeakKey},
		{"a version that is none", &fakeKeys{current: "v 1", texts: map[string]string{"v 1": key1}}, seal.ErrKeyUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSealer(t, tt.keys)
				start := time.Now()
				if _, err := s.Seal(t.Context(), label, nil); !errors.Is(err, tt.want) {
					t.Errorf("Seal error = %v, want %v", err, tt.want)
				}
				if err := s.Ready(t.Context()); !errors.Is(err, tt.want) || strings.Contains(err.Error(), key1[:8]) {
					t.Errorf("Ready error = %v, want %v without the key", err, tt.want)
				}
				if took := time.Since(start); took > 2*seal.DefaultTimeout {
					t.Errorf("two calls took %v, want at most %v", took, 2*seal.DefaultTimeout)
				}
			})
		})
	}
}

func TestOldKeysThatCannotBeHad(t *testing.T) {
	t.Parallel()
	k := &fakeKeys{current: "v1", texts: map[string]string{"v1": key1, "v2": key2}}
	sealed := mustSeal(t, newSealer(t, k), label, "x")
	k.set(func(k *fakeKeys) { k.current = "v2" })
	tests := []struct {
		name   string
		change func(*fakeKeys)
		want   error
	}{
		{"it cannot be read", func(k *fakeKeys) { k.err = errors.New("throttled") }, seal.ErrKeyUnavailable},
		{"it is gone", func(k *fakeKeys) { k.err = nil; delete(k.texts, "v1") }, seal.ErrUnknownKey},
		{"it is too short", func(k *fakeKeys) { k.texts["v1"] = "short" }, seal.ErrWeakKey},
		{"it is another", func(k *fakeKeys) { k.texts["v1"] = key2 }, seal.ErrTampered},
		{"it is back", func(k *fakeKeys) { k.texts["v1"] = key1 }, nil},
	}
	for _, tt := range tests { // a failure is not remembered, a key is: a new instance each
		k.set(tt.change)
		if _, err := newSealer(t, k).Open(t.Context(), label, sealed); !errors.Is(err, tt.want) {
			t.Errorf("%s: Open error = %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := seal.New(seal.Config{Keys: &fakeKeys{delay: time.Hour}, Timeout: time.Hour})
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for range 2 { // one looks, one waits for that look
			wg.Go(func() {
				if err := s.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, seal.ErrKeyUnavailable) {
					t.Errorf("Ready error = %v, want %v", err, context.DeadlineExceeded)
				}
			})
		}
		wg.Wait()
	})
}

func TestKeysPrintRedacted(t *testing.T) {
	t.Parallel()
	printed := seal.PrintKey(key1)
	if strings.Contains(printed, key1[:8]) || strings.Contains(printed, hex.EncodeToString([]byte(key1[:8]))) {
		t.Error("a key is printed")
	}
	if !strings.Contains(printed, "[redacted]") {
		t.Errorf("a key prints as %q, want [redacted]", printed)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]seal.Config{
		"no keys":               {},
		"a negative lifetime":   {Keys: &fakeKeys{}, CacheFor: -1},
		"a negative time limit": {Keys: &fakeKeys{}, Timeout: -1},
	} {
		if _, err := seal.New(c); err == nil {
			t.Errorf("%s: New error = nil, want one", name)
		}
	}
}
