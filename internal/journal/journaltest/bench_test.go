package journaltest_test

import (
	"testing"

	"token-refresher/internal/journal/journaltest"
	"token-refresher/internal/token"
)

// What a simulation over many hours pays for each swap and read.
func BenchmarkMemory(b *testing.B) {
	m := journaltest.NewMemory(b, journaltest.Options{})
	entry, err := m.Swap(b.Context(), token.Entry{}, journaltest.Full(token.ID{Client: "pos", Merchant: "DK12345678"}))
	if err != nil {
		b.Fatalf("Swap: %v", err)
	}
	for b.Loop() {
		if entry, err = m.Swap(b.Context(), entry, entry); err != nil {
			b.Fatal(err)
		}
		if entry, err = m.Get(b.Context(), entry.ID); err != nil {
			b.Fatal(err)
		}
	}
}
