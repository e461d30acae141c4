package operate_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

// Whatever hangs, an operator gets an answer, which says what hangs.
func TestExamineEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config := healthy().config(t)
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		config.Examination.SealingKey, config.Examination.InviteKey = hang, hang
		config.Examination.Labels = func(ctx context.Context, _ token.ID) (token.Labels, error) { return token.Labels{}, hang(ctx) }
		config.Examination.Providers = func(ctx context.Context, _ []token.Credentials) operate.Providers {
			return operate.Providers{Failed: map[string]error{"shop": hang(ctx)}}
		}
		o, err := operate.New(config)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		checks := o.Examine(ctx).Checks
		if ctx.Err() != nil || len(checks) != 9 {
			t.Fatalf("%d checks and %v, want all of them in time", len(checks), ctx.Err())
		}
		for _, check := range checks {
			hangs := check.Name == "permissions" || check.Name == "discovery" || strings.HasSuffix(check.Name, "-key")
			if said := strings.Contains(check.Message, context.DeadlineExceeded.Error()); said != hangs {
				t.Errorf("%s: %s, %q; want said to hang: %v", check.Name, check.State, check.Message, hangs)
			}
		}
	})
}

// tedious is a store of so many secrets that a list of them takes its time.
type tedious struct {
	*world
	list time.Duration
}

func (s tedious) Survey(ctx context.Context) (map[string]token.GrantType, []token.Listed, error) {
	select {
	case <-time.After(s.list):
		return s.world.Survey(ctx)
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("list secrets: %w", ctx.Err())
	}
}

// That there was too little time is no matter of rights, and is not said so.
func TestExamineOfTooManySecrets(t *testing.T) {
	t.Parallel()
	for list, want := range map[time.Duration]operate.CheckState{19 * time.Second: operate.CheckOK, 21 * time.Second: operate.CheckProblem} {
		synctest.Test(t, func(t *testing.T) {
			w := healthy()
			config := w.config(t)
			config.Store = tedious{w, list}
			o, err := operate.New(config)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for _, check := range o.Examine(ctx).Checks[:2] {
				if strings.Contains(check.Message, "role") {
					t.Errorf("a list of %s: %s: %q, want nothing about rights", list, check.Name, check.Message)
				}
				if check.Name == "credentials" && (check.State != want || strings.Contains(check.Message, "too little time") != (want == operate.CheckProblem)) {
					t.Errorf("a list of %s: %s, %q; want %s", list, check.State, check.Message, want)
				}
			}
		})
	}
}
