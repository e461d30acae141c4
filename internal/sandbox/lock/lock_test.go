package lock_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/lock"
)

func TestOneAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, err := lock.Take(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Take(path); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("while it is held: got %v, want %v", err, lock.ErrHeld)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := lock.Take(path)
	if err != nil {
		t.Fatalf("when it is free again: %v", err)
	}
	defer second.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		t.Errorf("mode of the file: got %s, want nothing for others", info.Mode())
	}
}

func TestNoLockWithoutAFile(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"a folder": t.TempDir(), "in no folder": filepath.Join(t.TempDir(), "none", "lock"),
	} {
		if _, err := lock.Take(path); err == nil || errors.Is(err, lock.ErrHeld) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want an error that names it", name, err)
		}
	}
}
