package journal_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"token-refresher/internal/journal"
	"token-refresher/internal/journal/journaltest"
	"token-refresher/internal/token"
)

var dk = token.ID{Client: "subscriptions", Merchant: "DK12345678"}

// stub is a DynamoDB that fails every call, or hangs, or answers in pages.
type stub struct {
	err   error
	hang  bool
	pages [][]map[string]types.AttributeValue
	asked []string // what each call asked for
}

func (s *stub) call(ctx context.Context, asked string) error {
	s.asked = append(s.asked, asked)
	if s.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.err
}

// page answers with the page that the start key names, and the key of the next.
func (s *stub) page(start map[string]types.AttributeValue) (page []map[string]types.AttributeValue, next map[string]types.AttributeValue) {
	n := 0
	if at, ok := start["page"].(*types.AttributeValueMemberN); ok {
		_, _ = fmt.Sscan(at.Value, &n)
	}
	if n+1 < len(s.pages) {
		next = map[string]types.AttributeValue{"page": &types.AttributeValueMemberN{Value: fmt.Sprint(n + 1)}}
	}
	return s.pages[n], next
}

func (s *stub) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return &dynamodb.GetItemOutput{}, s.call(ctx, fmt.Sprintf("get, consistent %t", aws.ToBool(in.ConsistentRead)))
}

func (s *stub) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return &dynamodb.PutItemOutput{}, s.call(ctx, "put if "+aws.ToString(in.ConditionExpression))
}

func (s *stub) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if err := s.call(ctx, fmt.Sprintf("query %s, limit %d", aws.ToString(in.IndexName), aws.ToInt32(in.Limit))); err != nil {
		return nil, err
	}
	items, next := s.page(in.ExclusiveStartKey)
	return &dynamodb.QueryOutput{Items: items, LastEvaluatedKey: next}, nil
}

func (s *stub) Scan(ctx context.Context, in *dynamodb.ScanInput, _ ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	if err := s.call(ctx, fmt.Sprintf("scan, consistent %t", aws.ToBool(in.ConsistentRead))); err != nil {
		return nil, err
	}
	items, next := s.page(in.ExclusiveStartKey)
	return &dynamodb.ScanOutput{Items: items, LastEvaluatedKey: next}, nil
}

func (s *stub) journal(t *testing.T) *journal.Journal {
	t.Helper()
	return newJournal(t, journal.Config{Client: s, Table: "t", Seal: journaltest.Sealer(t)})
}

// everyCall makes each call of a journal and returns what it failed with.
func everyCall(ctx context.Context, j *journal.Journal) map[string]error {
	failed := map[string]error{}
	_, failed["Get"] = j.Get(ctx, dk)
	_, failed["Swap"] = j.Swap(ctx, token.Entry{}, journaltest.Answered(dk, 1))
	_, failed["Due"] = j.Due(ctx, time.Now(), 1)
	_, failed["Unpublished"] = j.Unpublished(ctx, time.Now(), 1)
	for _, err := range j.Entries(ctx) {
		failed["Entries"] = err
	}
	_, _, failed["Note"] = j.Note(ctx, "n")
	_, failed["SwapNote"] = j.SwapNote(ctx, "n", nil, "")
	return failed
}

func TestErrorsAreNamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"throttled", &types.ThrottlingException{}, journal.ErrThrottled},
		{"the table's rate", &types.ProvisionedThroughputExceededException{}, journal.ErrThrottled},
		{"the account's rate", &types.RequestLimitExceeded{}, journal.ErrThrottled},
		{"denied", &smithy.GenericAPIError{Code: "AccessDeniedException"}, journal.ErrDenied},
		{"no table", &types.ResourceNotFoundException{}, journal.ErrNoTable},
		{"another", &types.InternalServerError{}, nil},
		{"no answer of AWS", errLost, errLost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for call, err := range everyCall(t.Context(), (&stub{err: tt.err}).journal(t)) {
				if !errors.Is(err, tt.err) || (tt.want != nil && !errors.Is(err, tt.want)) {
					t.Errorf("%s error = %v, want %v", call, err, tt.want)
				}
				if errors.Is(err, token.ErrNotFound) || errors.Is(err, token.ErrConflict) {
					t.Errorf("%s error = %v, which is taken for a verdict on the entry", call, err)
				}
			}
		})
	}
}

func TestEveryCallEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		calls := everyCall(t.Context(), (&stub{hang: true}).journal(t))
		for call, err := range calls {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s error = %v, want %v", call, err, context.DeadlineExceeded)
			}
		}
		if took, want := time.Since(start), time.Duration(len(calls))*journal.DefaultTimeout; took != want {
			t.Errorf("%d calls that hang took %v, want %v", len(calls), took, want)
		}
	})
}

func TestCallsAreConsistentAndConditional(t *testing.T) {
	t.Parallel()
	s := &stub{pages: [][]map[string]types.AttributeValue{nil}}
	everyCall(t.Context(), s.journal(t))
	want := []string{
		"get, consistent true", "put if attribute_not_exists(#attribute)", "query due, limit 1", "query publish, limit 1",
		"scan, consistent true", "get, consistent true", "put if attribute_not_exists(#attribute)",
	}
	if !slices.Equal(s.asked, want) {
		t.Errorf("calls were %q, want %q", s.asked, want)
	}
}

// An answer of DynamoDB ends where a megabyte does, not where the limit does,
// and may be empty in between.
func TestPages(t *testing.T) {
	t.Parallel()
	row := func(n int) map[string]types.AttributeValue {
		return journal.ItemOf(journal.Row{Key: fmt.Sprintf("grant#pos/DK%d", n), WriteID: "w", Schema: 1, Document: []byte("{}")})
	}
	s := &stub{pages: [][]map[string]types.AttributeValue{{row(1)}, {}, {row(2), row(3)}, {row(4)}}}
	j := s.journal(t)
	for limit, want := range map[int]int{1: 1, 3: 3, 4: 4, 100: 4} {
		ids, err := j.Due(t.Context(), time.Now(), limit)
		if err != nil || len(ids) != want {
			t.Errorf("Due with limit %d = %v, %v, want %d", limit, ids, err, want)
		}
	}
	s.asked = nil
	if _, err := j.Due(t.Context(), time.Now(), 5000); err != nil || !strings.HasSuffix(s.asked[0], "limit 1000") || !strings.HasSuffix(s.asked[1], "limit 1000") {
		t.Errorf("Due asked for %q, %v, want pages of 1000", s.asked, err)
	}
	count := 0
	for e, err := range j.Entries(t.Context()) {
		if err != nil {
			t.Errorf("Entries error = %v, want nil", err)
		}
		if count++; e.ID.Merchant != fmt.Sprintf("DK%d", count) {
			t.Errorf("entry %d is %s", count, e.ID)
		}
	}
	if count != 4 {
		t.Errorf("%d entries are listed, want 4", count)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, err := journal.New(journal.Config{Timeout: -1})
	for _, want := range []string{"no sealer", "no client", "no table", "timeout"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New error = %v, want it to say %q", err, want)
		}
	}
}
