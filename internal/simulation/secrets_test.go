package simulation_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"token-refresher/internal/token"
)

// secretCall is about how long a call to Secrets Manager lasts.
const secretCall = 20 * time.Millisecond

// secrets is a Secrets Manager in memory: versions under labels, idempotent
// puts, writes that other people make too.
type secrets struct {
	pace  *pace
	watch *watch
	mu    sync.Mutex

	grants  map[token.ID]*secret
	access  map[token.ID]token.Stored[token.AccessToken]
	puts    int
	strange int // puts by people

	fault func(operation string, id token.ID) error // nil: none
	blind bool                                      // sabotage: whatever differs looks new
	steps *steps                                    // nil: nobody dies
	rate  *rate.Limiter                             // what secretstore keeps to
}

// secret is one grant secret.
type secret struct {
	versions          map[string]token.Grant
	order             []string // of the versions
	current, previous string
	deleted           bool
	putAt             []time.Time // of ours
}

func newSecrets(p *pace, w *watch) *secrets {
	return &secrets{pace: p, watch: w, grants: map[token.ID]*secret{}, access: map[token.ID]token.Stored[token.AccessToken]{}, rate: rate.NewLimiter(40, 1)}
}

func (s *secrets) call(ctx context.Context, operation string, id token.ID) error {
	if isPut(operation) {
		if err := s.rate.Wait(ctx); err != nil {
			return err
		}
	}
	s.pace.take(ctx, secretCall, "secrets "+operation, id.String())
	if err := s.steps.begin("secrets " + operation); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		return nil
	}
	return s.fault(operation, id)
}

// isPut reports whether an operation writes a secret.
func isPut(operation string) bool {
	return operation == "PutGrant" || operation == "PutAccessToken" || operation == "KeepGrant"
}

// put makes a version current. A version that is there already changes nothing.
func (s *secret) put(version string, g token.Grant) {
	if _, known := s.versions[version]; known {
		return
	}
	s.versions[version] = g
	s.order = append(s.order, version)
	s.previous, s.current = s.current, version
}

// byHand is what a person does in the console.
func (s *secrets) byHand(id token.ID, g token.Grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strange++
	if s.grants[id] == nil {
		s.grants[id] = &secret{versions: map[string]token.Grant{}}
	}
	s.grants[id].put(fmt.Sprint("person-", s.strange), g)
	s.pace.record("person puts %s", id)
}

// moveBack makes the version before the last two current again, as a person
// does in the console.
func (s *secrets) moveBack(id token.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if secret := s.grants[id]; secret != nil && len(secret.order) > 2 {
		secret.previous, secret.current = secret.current, secret.order[len(secret.order)-3]
		s.pace.record("person moves the label of %s back", id)
	}
}

// restored takes a deletion back.
func (s *secrets) restored(id token.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants[id].deleted = false
}

func (s *secrets) Clients(context.Context, token.GrantType) ([]string, error) {
	return []string{"reporting", "subscriptions"}, nil
}

func (s *secrets) Untagged(context.Context) ([]string, error) { return nil, nil }

func (s *secrets) Credentials(_ context.Context, names []string) (map[string]token.Stored[token.Credentials], error) {
	found := map[string]token.Stored[token.Credentials]{}
	for _, name := range names {
		found[name] = token.Stored[token.Credentials]{Value: token.Credentials{Client: name, ClientID: name}, Version: "v1"}
	}
	return found, nil
}

func (s *secrets) ListGrants(ctx context.Context) ([]token.Listed, error) {
	if err := s.call(ctx, "ListGrants", token.ID{}); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var listed []token.Listed
	for id, secret := range s.grants {
		listed = append(listed, token.Listed{ID: id, Name: "mobilepay/" + id.String() + "/grant", Version: secret.current, Deleted: secret.deleted})
	}
	slices.SortFunc(listed, func(a, b token.Listed) int { return strings.Compare(a.Name, b.Name) })
	return listed, nil
}

func (s *secrets) Labels(ctx context.Context, id token.ID) (token.Labels, error) {
	if err := s.call(ctx, "Labels", id); err != nil {
		return token.Labels{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	secret := s.grants[id]
	if secret == nil {
		return token.Labels{}, token.ErrNotFound
	}
	return token.Labels{Current: secret.current, Previous: secret.previous, Deleted: secret.deleted}, nil
}

func (s *secrets) GrantVersion(ctx context.Context, id token.ID, version string) token.Stored[token.Grant] {
	if err := s.call(ctx, "GrantVersion", id); err != nil {
		return token.Stored[token.Grant]{Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	secret := s.grants[id]
	if secret == nil {
		return token.Stored[token.Grant]{Err: token.ErrNotFound}
	}
	g, ok := secret.versions[version]
	if !ok {
		return token.Stored[token.Grant]{Err: token.ErrNotFound}
	}
	if s.blind {
		g.Stamp = ""
	}
	return token.Stored[token.Grant]{Value: g, Version: version}
}

// KeepGrant implements refresh.GrantSecrets.
func (s *secrets) KeepGrant(ctx context.Context, g token.Grant) error {
	if err := s.call(ctx, "KeepGrant", g.ID); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grants[g.ID] == nil {
		s.grants[g.ID] = &secret{versions: map[string]token.Grant{}}
	}
	s.grants[g.ID].deleted = false
	s.grants[g.ID].put("kept-"+g.Stamp[:8], g)
	s.pace.record("kept %s revision %d", g.ID, g.Revision)
	return s.steps.end()
}

func (s *secrets) PutVersion(id token.ID, read string, revision, number int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %d", id, read, revision, number))
	return hex.EncodeToString(sum[:16])
}

func (s *secrets) PutGrant(ctx context.Context, g token.Grant, put token.Put) error {
	if err := s.call(ctx, "PutGrant", g.ID); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	target := s.grants[g.ID]
	switch {
	case target == nil && put.Read == "":
		target = &secret{versions: map[string]token.Grant{}}
		s.grants[g.ID] = target
	case target == nil:
		return token.ErrNotFound
	case target.deleted:
		return token.ErrDeleted
	}
	s.puts++
	if n := len(target.putAt); n > 0 {
		s.watch.gap(g.ID, time.Since(target.putAt[n-1]))
	}
	target.putAt = append(target.putAt, time.Now())
	target.put(put.Version, g)
	s.pace.record("put %s revision %d", g.ID, g.Revision)
	return s.steps.end()
}

func (s *secrets) RestoreGrant(ctx context.Context, id token.ID) error {
	if err := s.call(ctx, "RestoreGrant", id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants[id].deleted = false
	return nil
}

func (s *secrets) DeleteGrant(ctx context.Context, id token.ID) error {
	if err := s.call(ctx, "DeleteGrant", id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if secret := s.grants[id]; secret != nil {
		secret.deleted = true
	}
	return s.steps.end()
}

// DeleteAccessToken forgets what a consumer could read.
func (s *secrets) DeleteAccessToken(ctx context.Context, id token.ID) error {
	if err := s.call(ctx, "DeleteAccessToken", id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.access, id)
	return s.steps.end()
}

func (s *secrets) AccessTokens(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error) {
	if err := s.call(ctx, "AccessTokens", ids[0]); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[token.ID]token.Stored[token.AccessToken]{}
	for _, id := range ids {
		stored, ok := s.access[id]
		if !ok {
			stored.Err = token.ErrNotFound
		}
		found[id] = stored
	}
	return found, nil
}

func (s *secrets) PutAccessToken(ctx context.Context, _ token.GrantType, t token.AccessToken, replaces string) error {
	if err := s.call(ctx, "PutAccessToken", t.ID); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.access[t.ID]
	if old.Version != replaces {
		return token.ErrConflict
	}
	if old.Version != "" {
		s.watch.gap(t.ID, time.Since(old.WrittenAt))
		s.watch.life(old.Value)
	}
	s.puts++
	s.access[t.ID] = token.Stored[token.AccessToken]{Value: t, Version: fmt.Sprint("a", s.puts), WrittenAt: time.Now()}
	s.pace.record("put access token %s", t.ID)
	return s.steps.end()
}

func (s *secrets) RestoreAccessToken(context.Context, token.ID) error { return nil }
