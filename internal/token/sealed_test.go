package token_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"token-refresher/internal/token"
)

func TestBlobPrintsItsLength(t *testing.T) {
	t.Parallel()
	entry := token.Entry{Blob: token.Blob("sealed answer")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for name, value := range map[string]any{"blob": entry.Blob, "entry": entry} {
			printed := fmt.Sprintf(verb, value)
			if !strings.Contains(printed, "[sealed, 13 bytes]") {
				t.Errorf("%s of the %s does not show the length", verb, name)
			}
			if strings.Contains(printed, "answer") || strings.Contains(printed, "616e73776572") || strings.Contains(printed, "115 101 97") {
				t.Errorf("%s of the %s shows the bytes", verb, name)
			}
		}
	}
	var line strings.Builder
	slog.New(slog.NewTextHandler(&line, nil)).Info("stored", "blob", entry.Blob)
	if !strings.Contains(line.String(), "[sealed, 13 bytes]") {
		t.Errorf("logged as %q, want its length", line.String())
	}
}
