package idtoken

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

const (
	fetchTimeout = 5 * time.Second // of one fetch, with discovery
	keysLife     = time.Hour       // how long keys are used
	failureLife  = 5 * time.Second // how long a client's failure is
	searchFloor  = 30 * time.Second
)

// keyring holds the keys of every provider that was asked.
type keyring struct {
	source *provider.Discoverer

	mu     sync.Mutex
	places map[string]*place
}

// place is where keys come from. Whoever has its turn may fetch, and alone uses
// searched and failures. Its times are without the monotonic clock (Round(0)),
// which Lambda freezes with the instance.
type place struct {
	turn     chan struct{}
	searched time.Time          // when a key that was not known was last looked for
	failures map[string]failure // by client: one may be refused because of its headers

	keys    keySet // under the keyring's lock, like fetched
	fetched time.Time
}

type failure struct {
	err error
	at  time.Time
}

// fresh returns keys that are less than an hour old.
func (k *keyring) fresh(ctx context.Context, p provider.Provider, c token.Credentials) (keySet, error) {
	place := k.at(p)
	if keys, age := k.look(place); keys != nil && age < keysLife {
		return keys, nil
	}
	if err := place.take(ctx); err != nil {
		return nil, err
	}
	defer place.release()
	if keys, age := k.look(place); keys != nil && age < keysLife {
		return keys, nil // somebody else's, who had the turn before
	}
	return k.fetch(ctx, place, p, c)
}

// search gets the keys anew, to look for one that is not known. If that was done a
// moment ago it returns those at hand: anybody can make up an id.
func (k *keyring) search(ctx context.Context, p provider.Provider, c token.Credentials) (keySet, error) {
	place := k.at(p)
	if err := place.take(ctx); err != nil {
		return nil, err
	}
	defer place.release()
	if time.Since(place.searched) < searchFloor {
		keys, _ := k.look(place)
		return keys, nil
	}
	keys, err := k.fetch(ctx, place, p, c)
	if err == nil {
		place.searched = time.Now().Round(0)
	}
	return keys, err
}

// atHand returns the keys that were fetched last.
func (k *keyring) atHand(p provider.Provider) (keySet, error) {
	if keys, _ := k.look(k.at(p)); keys != nil {
		return keys, nil
	}
	return nil, fmt.Errorf("%w: nobody asked for them before they were needed", ErrKeysUnavailable)
}

// at returns the provider's place. Clients that name the same address share it.
func (k *keyring) at(p provider.Provider) *place {
	k.mu.Lock()
	defer k.mu.Unlock()
	address := cmp.Or(p.JWKSURI, p.DiscoveryURL)
	known, ok := k.places[address]
	if !ok {
		known = &place{turn: make(chan struct{}, 1), failures: map[string]failure{}}
		k.places[address] = known
	}
	return known
}

func (k *keyring) look(place *place) (keys keySet, age time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return place.keys, time.Since(place.fetched)
}

// fetch is for whoever has the turn. A failure that is not the caller's own is kept
// for a moment, so that those who wait behind it do not wait for each other too.
func (k *keyring) fetch(ctx context.Context, place *place, p provider.Provider, c token.Credentials) (keySet, error) {
	if known, ok := place.failures[c.Client]; ok && time.Since(known.at) < failureLife {
		return nil, known.err
	}
	within, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	document, err := k.source.Keys(within, p, c)
	var keys keySet
	if err == nil {
		keys, err = parseKeys(document)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrKeysUnavailable, err)
		if ctx.Err() == nil {
			place.failures[c.Client] = failure{err: err, at: time.Now().Round(0)}
		}
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	place.keys, place.fetched = keys, time.Now().Round(0)
	return keys, nil
}

func (p *place) take(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrKeysUnavailable, ctx.Err())
	}
}

func (p *place) release() { <-p.turn }
