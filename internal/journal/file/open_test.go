package file_test

import (
	"path/filepath"
	"strings"
	"testing"

	"token-refresher/internal/journal/file"
	"token-refresher/internal/journal/journaltest"
	"token-refresher/internal/token"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	openFile(t, path, journaltest.Options{Seal: journaltest.Sealer(t)})
	tests := []struct {
		name   string
		config file.Config
		want   string
	}{
		{"no sealer", file.Config{Path: path}, "no sealer"},
		{"a file that is open", file.Config{Path: path, Seal: journaltest.Sealer(t)}, "another process"},
		{"a folder", file.Config{Path: t.TempDir(), Seal: journaltest.Sealer(t)}, "directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := file.Open(tt.config); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open error = %v, want it to say %q", err, tt.want)
			}
		})
	}
}

func TestClosedAndOpenedAgain(t *testing.T) {
	t.Parallel()
	path, sealer := filepath.Join(t.TempDir(), "journal.db"), journaltest.Sealer(t)
	id := token.ID{Client: "pos", Merchant: "DK12345678"}
	first, err := file.Open(file.Config{Path: path, Seal: sealer})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	entry, swapErr := first.Swap(t.Context(), token.Entry{}, journaltest.Answered(id, 1))
	if err := first.Close(); err != nil || swapErr != nil {
		t.Fatalf("Swap and Close: %v, %v", swapErr, err)
	}
	again := openFile(t, path, journaltest.Options{Seal: sealer})
	if got, err := again.Get(t.Context(), id); err != nil || got.WriteID != entry.WriteID {
		t.Errorf("Get = %q, %v, want %q", got.WriteID, err, entry.WriteID)
	}
}

func BenchmarkGet(b *testing.B) {
	j, entry := benchmarked(b)
	for b.Loop() {
		if _, err := j.Get(b.Context(), entry.ID); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSwap(b *testing.B) {
	j, entry := benchmarked(b)
	for b.Loop() {
		entry.DueAt = entry.DueAt.Add(1)
		var err error
		if entry, err = j.Swap(b.Context(), entry, entry); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarked(b *testing.B) (*file.Journal, token.Entry) {
	b.Helper()
	j, err := file.Open(file.Config{Path: filepath.Join(b.TempDir(), "journal.db"), Seal: journaltest.Sealer(b)})
	if err != nil {
		b.Fatalf("Open: %v", err)
	}
	b.Cleanup(func() { _ = j.Close() })
	entry, err := j.Swap(b.Context(), token.Entry{}, journaltest.Full(token.ID{Client: "pos", Merchant: "DK12345678"}))
	if err != nil {
		b.Fatalf("Swap: %v", err)
	}
	return j, entry
}
