package seal_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"token-refresher/internal/seal"
)

// key1 and key2 are keys of tests, sealing nothing real.
const (
	key1 = "the first key of the tests, which is long enough"
	key2 = "the second key of the tests, which is long enough"
)

func newSealer(t testing.TB, k seal.Keys) *seal.Sealer {
	t.Helper()
	s, err := seal.New(seal.Config{Keys: k})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func mustSeal(t *testing.T, s *seal.Sealer, l seal.Label, plaintext string) []byte {
	t.Helper()
	sealed, err := s.Seal(t.Context(), l, []byte(plaintext))
	if err != nil {
		t.Fatalf("Seal error = %v, want nil", err)
	}
	return sealed
}

func TestOpensUnderItsOwnLabelOnly(t *testing.T) {
	t.Parallel()
	own := seal.Label{Purpose: "journal", ID: "subscriptions/DK12345678", Revision: 7}
	s := newSealer(t, &fakeKeys{current: "v1", texts: map[string]string{"v1": key1}})
	sealed := mustSeal(t, s, own, "the answer")
	tests := []struct {
		name  string
		label seal.Label
		want  error
	}{
		{"its own", own, nil},
		{"another purpose", seal.Label{Purpose: "cookie", ID: own.ID, Revision: 7}, seal.ErrMislabelled},
		{"another id", seal.Label{Purpose: own.Purpose, ID: "subscriptions/DK12345679", Revision: 7}, seal.ErrMislabelled},
		{"an older revision", seal.Label{Purpose: own.Purpose, ID: own.ID, Revision: 6}, seal.ErrMislabelled},
		{"a newer revision", seal.Label{Purpose: own.Purpose, ID: own.ID, Revision: 8}, seal.ErrMislabelled},
		{"a letter moved from purpose to id", seal.Label{Purpose: "journa", ID: "lsubscriptions/DK12345678", Revision: 7}, seal.ErrMislabelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := s.Open(t.Context(), tt.label, sealed)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("Open error = %v, want %v", err, tt.want)
			}
			if (err == nil) != (string(got) == "the answer") {
				t.Errorf("Open = %q with error %v", got, err)
			}
		})
	}
}

// The mark only tells mistakes apart: with the mark of another label a value
// opens under that one no more than without.
func TestMarkProtectsNothing(t *testing.T) {
	t.Parallel()
	s := newSealer(t, &fakeKeys{current: "v1", texts: map[string]string{"v1": key1}})
	own := seal.Label{Purpose: "journal", ID: "a/b", Revision: 1}
	for name, other := range map[string]seal.Label{
		"purpose":  {Purpose: "cookie", ID: "a/b", Revision: 1},
		"id":       {Purpose: "journal", ID: "a/c", Revision: 1},
		"revision": {Purpose: "journal", ID: "a/b", Revision: 2},
	} {
		forged := mustSeal(t, s, own, "the answer")
		copy(forged[2+len("v1"):], seal.Mark(other))
		if _, err := s.Open(t.Context(), other, forged); !errors.Is(err, seal.ErrTampered) {
			t.Errorf("another %s: Open error = %v, want %v", name, err, seal.ErrTampered)
		}
	}
}

// Whatever byte is changed, nothing opens.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	l := seal.Label{Purpose: "journal", ID: "a/b", Revision: 1}
	// A changed version may name a key that there is: it must not open either.
	texts := map[string]string{"v1": key1}
	for _, version := range []string{"v0", "v3", "v5", "v9", "w1", "t1"} {
		texts[version] = key1
	}
	s := newSealer(t, &fakeKeys{current: "v1", texts: texts})
	sealed := mustSeal(t, s, l, "the answer")
	for i := range sealed {
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			if got, err := s.Open(t.Context(), l, changed); err == nil {
				t.Fatalf("byte %d, bit %d changed: opens as %q", i, bit, got)
			}
		}
		if got, err := s.Open(t.Context(), l, sealed[:i]); err == nil {
			t.Fatalf("cut after %d bytes: opens as %q", i, got)
		}
	}
}

func TestWhatIsNotSealed(t *testing.T) {
	t.Parallel()
	s := newSealer(t, &fakeKeys{current: "v1", texts: map[string]string{"v1": key1}})
	l := seal.Label{Purpose: "journal", ID: "a/b"}
	sealed := mustSeal(t, s, l, "the answer")
	rename := func(version string) []byte {
		return append(append([]byte{1, byte(len(version))}, version...), sealed[4:]...)
	}
	tests := []struct {
		name   string
		sealed []byte
		want   error
	}{
		{"nothing", nil, seal.ErrMalformed},
		{"one byte", []byte{1}, seal.ErrMalformed},
		{"a later format", append([]byte{2}, sealed[1:]...), seal.ErrMalformed},
		{"no version", rename(""), seal.ErrMalformed},
		{"a version that is none", rename("../v1"), seal.ErrMalformed},
		{"a version that is too long", rename(strings.Repeat("v", 65)), seal.ErrMalformed},
		{"a key that there is not", rename("v7"), seal.ErrUnknownKey},
		{"cut short", sealed[:30], seal.ErrMalformed},
		{"something added", append(bytes.Clone(sealed), 0), seal.ErrTampered},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Open(t.Context(), l, tt.sealed)
			if !errors.Is(err, tt.want) {
				t.Errorf("Open error = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAnotherKeyDoesNotOpen(t *testing.T) {
	t.Parallel()
	l := seal.Label{Purpose: "journal", ID: "a/b", Revision: 1}
	sealed := mustSeal(t, newSealer(t, &fakeKeys{current: "v1", texts: map[string]string{"v1": key1}}), l, "x")
	other := newSealer(t, &fakeKeys{current: "v1", texts: map[string]string{"v1": key2}})
	if _, err := other.Open(t.Context(), l, sealed); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("Open error = %v, want %v", err, seal.ErrTampered)
	}
}

func TestSealsAnewEachTime(t *testing.T) {
	t.Parallel()
	s := newSealer(t, &fakeKeys{current: "v1", texts: map[string]string{"v1": key1}})
	l := seal.Label{Purpose: "journal", ID: "a/b", Revision: 1}
	if bytes.Equal(mustSeal(t, s, l, "x"), mustSeal(t, s, l, "x")) {
		t.Error("the same value is sealed twice as the same bytes: the nonce repeats")
	}
}

// vector is a sealed value with all that opens it.
type vector struct {
	Key, Version, Purpose, ID string
	Revision                  int64
	Plaintext, Sealed         string
}

func readVectors(t testing.TB) (vectors []vector) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err == nil {
		err = json.Unmarshal(text, &vectors)
	}
	if err != nil || len(vectors) == 0 {
		t.Fatalf("read %d vectors: %v", len(vectors), err)
	}
	return vectors
}

func (v vector) sealer(t testing.TB) *seal.Sealer {
	t.Helper()
	return newSealer(t, &fakeKeys{current: v.Version, texts: map[string]string{v.Version: v.Key}})
}

func (v vector) label() seal.Label {
	return seal.Label{Purpose: v.Purpose, ID: v.ID, Revision: v.Revision}
}

func (v vector) bytes(t testing.TB) []byte {
	t.Helper()
	b, err := hex.DecodeString(v.Sealed)
	if err != nil {
		t.Fatalf("a vector's bytes: %v", err)
	}
	return b
}

// The vectors were made by another implementation (Python's cryptography): what
// was sealed once opens for ever.
func TestVectors(t *testing.T) {
	t.Parallel()
	vectors := readVectors(t)
	for _, v := range vectors {
		s, l, sealed := v.sealer(t), v.label(), v.bytes(t)
		got, err := s.Open(t.Context(), l, sealed)
		if err != nil || string(got) != v.Plaintext {
			t.Errorf("Open of %s %q = %q, %v, want %q", v.Purpose, v.ID, got, err, v.Plaintext)
		}
		if again := mustSeal(t, s, l, v.Plaintext); len(again) != len(sealed) || !bytes.Equal(again[:len(v.Version)+10], sealed[:len(v.Version)+10]) {
			t.Errorf("Seal of %s %q makes another envelope than the vector's", v.Purpose, v.ID)
		}
	}
}

// Whatever bytes come, Open ends in an error or in what was sealed.
func FuzzOpen(f *testing.F) {
	v := readVectors(f)[0]
	s, l, sealed := v.sealer(f), v.label(), v.bytes(f)
	f.Add(sealed)
	f.Add(sealed[:20])
	f.Add([]byte{1, 255})
	f.Fuzz(func(t *testing.T, input []byte) {
		switch got, err := s.Open(t.Context(), l, input); {
		case err == nil && !bytes.Equal(input, sealed):
			t.Errorf("%x opens as %q", input, got)
		case err != nil && len(err.Error()) > 300:
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	s := newSealer(b, &fakeKeys{current: "v1", texts: map[string]string{"v1": key1}})
	l := seal.Label{Purpose: "journal", ID: "subscriptions/DK12345678", Revision: 7}
	plaintext := make([]byte, 2048)
	for b.Loop() {
		sealed, err := s.Seal(b.Context(), l, plaintext)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Open(b.Context(), l, sealed); err != nil {
			b.Fatal(err)
		}
	}
}
