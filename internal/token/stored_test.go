package token_test

import (
	"errors"
	"fmt"
	"testing"

	"token-refresher/internal/token"
)

func TestAbsent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"a value", nil, false},
		{"nothing there", fmt.Errorf("secret x: %w", token.ErrNotFound), true},
		{"being deleted", fmt.Errorf("secret x: %w", token.ErrDeleted), true},
		{"no value of this kind", token.ErrUnreadable, false},
		{"access denied", errors.New("access denied"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := token.Absent(tt.err); got != tt.want {
				t.Errorf("Absent(%v): got %v, want %v", tt.err, got, tt.want)
			}
		})
	}
}
