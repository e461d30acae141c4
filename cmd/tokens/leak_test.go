package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checkNothingLeaked searches everything that the sandbox wrote for people.
func checkNothingLeaked(t *testing.T, dir, printed, credentials string, issued map[string]bool) {
	t.Helper()
	written := printed
	logs, err := filepath.Glob(filepath.Join(dir, "*.log*"))
	if err != nil || len(logs) != 4 {
		t.Fatalf("logs: got %v, want those of two runs", logs)
	}
	for _, path := range logs {
		log, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(log)
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		written += string(text)
	}
	if !strings.Contains(written, "sweep completed") {
		t.Error("the function's log is not there")
	}
	var secret struct {
		ClientSecret string `json:"client_secret"`
	}
	if err := json.Unmarshal([]byte(credentials), &secret); err != nil || secret.ClientSecret == "" {
		t.Fatalf("credentials: no client_secret: %v", err)
	}
	issued[secret.ClientSecret] = true
	if len(issued) < 8 {
		t.Errorf("values to search for: got %d, want those of every renewal", len(issued))
	}
	for value := range issued {
		if strings.Contains(written, value) {
			t.Error("a secret value was printed or logged")
		}
	}
}
