package operate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

// lambdaLimit is what Lambda answers at most, in bytes.
const lambdaLimit = 6 << 20

// crowded is a world of thousands of merchants, of both grant types and of
// clients whose names begin alike, with all that a line can say.
func crowded(merchants int) *world {
	w := newWorld()
	pos := w.credentials["pos"]
	pos.Value.Merchants = nil
	for i := range merchants / 4 {
		merchant := fmt.Sprintf("FI%08d", merchants-i) // not in the order of ids
		pos.Value.Merchants = append(pos.Value.Merchants, merchant)
		w.publishAccess(token.ID{Client: "pos", Merchant: merchant}, time.Minute, time.Minute)
	}
	w.credentials["pos"] = pos
	for i := range merchants {
		id := w.consent(fmt.Sprintf("DK%08d", i), time.Minute, func(e *token.Entry) {
			e.Result = token.Result{Outcome: token.OutcomeFailed, At: time.Now(), Failures: 2}
		})
		if i%3 == 0 {
			w.move(id, "shop-two")
		}
	}
	for _, name := range []string{"shop-two", "shop-empty", "Not_A_Name"} {
		w.credentials[name] = token.Stored[token.Credentials]{Value: token.Credentials{Client: name}, Version: "c1"}
		w.grantTypes[name] = token.GrantTypeAuthorizationCode
	}
	w.credentials["kiosk"] = token.Stored[token.Credentials]{} // without a tag
	return w
}

// move gives a merchant's grant to another client.
func (w *world) move(id token.ID, client string) {
	e, secret := w.entries[id], w.secrets[id]
	delete(w.entries, id)
	delete(w.secrets, id)
	e.ID.Client = client
	w.entries[e.ID], w.secrets[e.ID] = e, secret
}

// pages asks for a status as a command line does, until there is no more.
func pages(t *testing.T, w *world, client string) (parts []operate.Status, sizes []int) {
	t.Helper()
	event := map[string]string{"action": "status", "client": client}
	for {
		payload, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		answer, _, err := invoke(t, w, false, string(payload))
		if err != nil {
			t.Fatalf("%s: %v", payload, err)
		}
		var part operate.Status
		if err := json.Unmarshal([]byte(answer), &part); err != nil {
			t.Fatal(err)
		}
		parts, sizes = append(parts, part), append(sizes, len(answer))
		if part.Next == "" {
			return parts, sizes
		}
		if len(parts) > 100 {
			t.Fatal("there is no end")
		}
		event["after"] = part.Next
	}
}

// tokensOf counts how often each client and token is in the parts; of a client
// without tokens, its name.
func tokensOf(parts ...operate.Status) map[string]int {
	found := map[string]int{}
	for _, part := range parts {
		for _, client := range part.Clients {
			if len(client.Tokens) == 0 {
				found[client.Name]++
			}
			for _, t := range client.Tokens {
				found[t.ID]++
			}
		}
	}
	return found
}

// Whatever Lambda would refuse comes in parts that it answers: each token once,
// each client without tokens too, and none forgotten.
func TestStatusOfThousandsFits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := crowded(20_000)
		whole, err := w.operator(t).Status(t.Context(), token.ID{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(whole)
		if err != nil || len(text) < lambdaLimit {
			t.Fatalf("the whole has %d bytes: it proves nothing (%v)", len(text), err)
		}
		parts, sizes := pages(t, w, "")
		t.Logf("%d bytes in parts of %v", len(text), sizes)
		for i, size := range sizes {
			if size > lambdaLimit*9/10 {
				t.Errorf("part %d has %d bytes, want a margin below %d", i, size, lambdaLimit)
			}
			if i < len(sizes)-1 && size < lambdaLimit/2 {
				t.Errorf("part %d has %d bytes only, and is not the last", i, size)
			}
		}
		if diff := cmp.Diff(tokensOf(whole), tokensOf(parts...)); diff != "" {
			t.Errorf("whole and parts differ (-whole +parts):\n%s", diff)
		}
	})
}

// Of a few tokens there is one answer, as if there were no parts.
func TestStatusOfFewHasNoNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := crowded(8)
		whole, err := w.operator(t).Status(t.Context(), token.ID{})
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range []string{`{"action":"status"}`, `{"action":"status","client":"","merchant":""}`, `{"action":"status","after":""}`} {
			if answer, _, err := invoke(t, w, false, event); err != nil || answer != string(want) || strings.Contains(answer, "next") {
				t.Errorf("%s: answered %s (%v)\nwant %s", event, answer, err, want)
			}
		}
		pos := whole.Clients[slices.IndexFunc(whole.Clients, func(c operate.Client) bool { return c.Name == "pos" })]
		if got := pos.Tokens; len(got) != 3 || got[1].ID != "pos/FI00000008" || got[2].ID != "pos/FI00000007" {
			t.Errorf("tokens of pos: got %+v, want them in the order of its credentials", got)
		}
	})
}

// Whatever a part ended at, the next begins right behind it: also where that one
// is gone, and where the name of a client cannot be used.
func TestStatusGoesOnBehindAnyPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := crowded(8)
		whole, err := w.operator(t).Status(t.Context(), token.ID{})
		if err != nil {
			t.Fatal(err)
		}
		all := slices.SortedFunc(maps.Keys(tokensOf(whole)), byPlace)
		if len(all) != 14 {
			t.Fatalf("got %v, want 11 tokens and 3 clients without", all)
		}
		for _, after := range append(slices.Clone(all), "pos/EE1", "shop/", "zebra") {
			want := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return byPlace(id, after) <= 0 })
			answer, _, err := invoke(t, w, false, fmt.Sprintf(`{"action":"status","after":%q}`, after))
			var part operate.Status
			if err == nil {
				err = json.Unmarshal([]byte(answer), &part)
			}
			if got := slices.SortedFunc(maps.Keys(tokensOf(part)), byPlace); err != nil || !slices.Equal(got, want) {
				t.Errorf("after %s: got %v (%v), want %v", after, got, err, want)
			}
		}
	})
}

// byPlace orders ids by client and merchant.
func byPlace(a, b string) int {
	return slices.Compare(strings.SplitN(a, "/", 2), strings.SplitN(b, "/", 2))
}

// slow is a journal that takes its time.
type slow struct {
	*world
	each time.Duration
}

func (s slow) Get(ctx context.Context, id token.ID) (token.Entry, error) {
	time.Sleep(s.each)
	return s.world.Get(ctx, id)
}

// What an invocation has no time for, the next one looks at; nothing is looked at
// in its last quarter.
func TestStatusAnswersInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := crowded(10_000)
		config := w.config(t)
		config.Journal = slow{w, 40 * time.Millisecond} // 5 s for 500 by four
		o, err := operate.New(config)
		if err != nil {
			t.Fatal(err)
		}
		var parts []operate.Status
		for after, more := (token.ID{}), true; more; {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			began := time.Now()
			part, err := o.Page(ctx, token.ID{}, after)
			cancel()
			if took := time.Since(began); err != nil || took > 50*time.Second {
				t.Fatalf("part %d took %s (%v), want it to end before the invocation", len(parts), took, err)
			}
			parts = append(parts, part)
			after, err = token.ParseID(part.Next)
			more = err == nil
		}
		if len(parts) < 2 || len(parts) > 4 {
			t.Errorf("%d parts, want as few as there is time for", len(parts))
		}
		whole, err := w.operator(t).Status(t.Context(), token.ID{})
		if diff := cmp.Diff(tokensOf(whole), tokensOf(parts...)); err != nil || diff != "" {
			t.Errorf("whole and parts differ (%v, -whole +parts):\n%s", err, diff)
		}
	})
}

// Whoever asks gets on, though nothing but the list was in time.
func TestStatusSaysSomethingWhenLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := crowded(1000)
		config := w.config(t)
		config.Store = slowList{w, 50 * time.Second}
		o, err := operate.New(config)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		part, err := o.Page(ctx, token.ID{}, token.ID{})
		if err != nil || part.Next == "" || len(tokensOf(part)) == 0 {
			t.Errorf("%d tokens and then %q (%v), want some, and where the others begin", len(tokensOf(part)), part.Next, err)
		}
	})
}

// slowList is a Secrets Manager of many secrets.
type slowList struct {
	*world
	list time.Duration
}

func (s slowList) Survey(ctx context.Context) (map[string]token.GrantType, []token.Listed, error) {
	time.Sleep(s.list)
	return s.world.Survey(ctx)
}

// Of one client, too.
func TestStatusOfOneClientGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := crowded(8)
		answer, _, err := invoke(t, w, false, `{"action":"status","client":"shop","after":"shop/DK00000004"}`)
		if err != nil || !strings.HasPrefix(answer, `{"clients":[{"client":"shop",`) || strings.Count(answer, `{"token":`) != 2 {
			t.Errorf("answered %s (%v), want the last two of the client", answer, err)
		}
		answer, _, err = invoke(t, w, false, `{"action":"status","client":"shop","after":"shop/DK00000009"}`)
		if err != nil || answer != `{"clients":[]}` {
			t.Errorf("behind the last: answered %s (%v), want no client", answer, err)
		}
	})
}

// To list tens of thousands of secrets takes most of the time that there is: an
// answer lists them once.
func TestSecretsAreListedOnce(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{`{"action":"status"}`, `{"action":"status","client":"shop"}`, `{"action":"status","client":"shop","merchant":"DK1"}`, `{"action":"doctor"}`} {
		w := newWorld()
		w.consent("DK1", time.Minute, nil)
		if answer, _, err := invoke(t, w, false, payload); err != nil || w.surveys != 1 {
			t.Errorf("%s: %d lists for %s (%v), want 1", payload, w.surveys, answer, err)
		}
	}
}
