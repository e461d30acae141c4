package seal

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// lookAgain is how long after a failed look at the current key the next one is
// made. Until then, the key at hand seals: keys are retained, so what it seals
// can be opened.
const lookAgain = 10 * time.Second

// currentKey is the key to seal with. One caller at a time looks for a newer
// one; the others do not wait for it if they have any.
func (s *Sealer) currentKey(ctx context.Context) (string, material, error) {
	version, key, fresh := s.held()
	if fresh {
		return version, key, nil
	}
	if version != "" {
		select {
		case s.reading <- struct{}{}:
		default:
			return version, key, nil
		}
	} else {
		select {
		case s.reading <- struct{}{}:
		case <-ctx.Done():
			return "", material{}, fmt.Errorf("%w: %w", ErrKeyUnavailable, ctx.Err())
		}
	}
	defer func() { <-s.reading }()
	if version, key, fresh = s.held(); fresh { // somebody else has looked meanwhile
		return version, key, nil
	}
	return s.look(ctx)
}

// held is the current key as it is known, and whether it needs no look.
func (s *Sealer) held() (version string, key material, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current, s.known[s.current], s.current != "" && time.Now().Before(s.lookAt)
}

// look reads the current key. If that fails, the one before stays. The next look
// is at a time without the monotonic clock (Round(0)), which Lambda freezes with
// the instance.
func (s *Sealer) look(ctx context.Context) (string, material, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	version, text, err := s.keys.Current(ctx)
	var key material
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrKeyUnavailable, err)
	case !validVersion(version):
		err = fmt.Errorf("%w: its version cannot be written down", ErrKeyUnavailable)
	default:
		key, err = newMaterial(text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if s.current == "" {
			return "", material{}, err
		}
		s.lookAt = time.Now().Round(0).Add(min(lookAgain, s.cacheFor))
		return s.current, s.known[s.current], nil
	}
	s.current, s.lookAt, s.known[version] = version, time.Now().Round(0).Add(s.cacheFor), key
	return version, key, nil
}

// key is the key of a version. Most often that is the current one, which is
// read at most once, whoever asks; if it cannot be read, an older one still can.
// One that was not met before may be newer than the current one as we know it,
// so that is looked at again when next needed.
func (s *Sealer) key(ctx context.Context, version string) (material, error) {
	if key, ok := s.have(version); ok {
		return key, nil
	}
	if current, key, err := s.currentKey(ctx); err == nil && current == version {
		return key, nil
	}
	return s.fetch(ctx, version)
}

func (s *Sealer) have(version string) (material, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ok := s.known[version]
	return key, ok
}

// fetch reads the key of a version and keeps it.
func (s *Sealer) fetch(ctx context.Context, version string) (material, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	text, err := s.keys.Version(ctx, version)
	switch {
	case errors.Is(err, ErrUnknownKey):
		return material{}, err
	case err != nil:
		return material{}, fmt.Errorf("%w: %w", ErrKeyUnavailable, err)
	}
	key, err := newMaterial(text)
	if err != nil {
		return material{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[version], s.lookAt = key, time.Time{}
	return key, nil
}
