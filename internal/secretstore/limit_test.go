package secretstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/secretstore"
)

var readVersion = strings.Repeat("0", 32)

// Writes are spread over time, also those that many goroutines begin at once.
func TestWriteLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var puts atomic.Int64
		s := &stub{put: func(context.Context) error { puts.Add(1); return nil }}
		store := newStore(t, secretstore.Config{Client: s, WritesPerSecond: 10})
		begin := time.Now()
		var wg sync.WaitGroup
		for range 31 {
			wg.Go(func() {
				if err := store.PutAccessToken(t.Context(), grantType, accessToken(unbound, "x"), readVersion); err != nil {
					t.Errorf("PutAccessToken: %v", err)
				}
			})
		}
		<-time.After(time.Second + time.Millisecond)
		if got := puts.Load(); got != 11 {
			t.Errorf("%d puts within the first second, want 11", got)
		}
		wg.Wait()
		if got := time.Since(begin); got != 3*time.Second {
			t.Errorf("31 puts at 10 a second took %v, want 3s", got)
		}
	})
}

// A write that would have to wait beyond the deadline is not begun.
func TestNoWriteBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		puts := 0
		s := &stub{put: func(context.Context) error { puts++; return nil }}
		store := newStore(t, secretstore.Config{Client: s, WritesPerSecond: 0.1})
		put(t, store, accessToken(unbound, "x"), readVersion)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err := store.PutAccessToken(ctx, grantType, accessToken(unbound, "x"), readVersion)
		if !errors.Is(err, secretstore.ErrThrottled) || puts != 1 {
			t.Errorf("error = %v after %d puts, want ErrThrottled and no second put", err, puts)
		}
		if got := time.Since(begin); got != 0 {
			t.Errorf("it was told after %v, want at once", got)
		}
	})
}

// Every call ends, also where AWS does not answer.
func TestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stub{put: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		begin := time.Now()
		err := newStore(t, secretstore.Config{Client: s}).
			PutAccessToken(t.Context(), grantType, accessToken(unbound, "x"), readVersion)
		if got := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || got != secretstore.DefaultTimeout {
			t.Errorf("error = %v after %v, want a deadline after %v", err, got, secretstore.DefaultTimeout)
		}
	})
}
