package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.uber.org/goleak"

	"token-refresher/internal/journal"
	"token-refresher/internal/journal/journaltest"
	"token-refresher/internal/sandbox/moto"
	"token-refresher/internal/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The contract holds through the real SDK, on moto.
func TestContract(t *testing.T) {
	t.Parallel()
	endpoint := moto.Start(t)
	var tables atomic.Int64
	journaltest.Run(t, func(t *testing.T, o journaltest.Options) journaltest.Backend {
		t.Helper()
		name := fmt.Sprintf("journal-%d", tables.Add(1))
		return connect(t, endpoint, name).backend(t, o)
	})
}

// errLost is what a connection fails with that loses an answer.
var errLost = errors.New("connection reset by peer")

// lossy is a transport that loses the answer to a write when it is told to.
type lossy struct {
	transport *http.Transport
	lose      atomic.Bool
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.transport.RoundTrip(r)
	write := strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".PutItem")
	if err == nil && write && l.lose.CompareAndSwap(true, false) {
		response.Body.Close()
		return nil, errLost
	}
	return response, err
}

// table is a table in moto, and what acts on it behind the journal's back.
type table struct {
	*dynamodb.Client
	*lossy
	name string
}

func connect(t *testing.T, endpoint, name string) *table {
	t.Helper()
	l := &lossy{transport: &http.Transport{}}
	t.Cleanup(l.transport.CloseIdleConnections)
	client := dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(endpoint),
		Region:       "eu-west-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:   &http.Client{Transport: l, Timeout: 30 * time.Second},
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 3
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		}),
	})
	if _, err := client.CreateTable(t.Context(), journal.TableInput(name)); err != nil {
		t.Fatalf("CreateTable: %v", err)
	}
	return &table{Client: client, lossy: l, name: name}
}

func (b *table) backend(t *testing.T, o journaltest.Options) journaltest.Backend {
	t.Helper()
	return journaltest.Backend{
		Journal:    newJournal(t, journal.Config{Client: b, Table: b.name, Seal: o.Seal, NewID: o.NewID, Timeout: 30 * time.Second}),
		Rows:       b.rows,
		SetRow:     b.setRow,
		RemoveRow:  b.removeRow,
		AllBytes:   b.bytes,
		LoseAnswer: func() { b.lose.Store(true) },
	}
}

func newJournal(t *testing.T, c journal.Config) *journal.Journal {
	t.Helper()
	j, err := journal.New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return j
}

func (b *table) items(t *testing.T) []map[string]types.AttributeValue {
	t.Helper()
	out, err := b.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(b.name)})
	if err != nil {
		t.Fatalf("Scan: %v", err)
	}
	return out.Items
}

func (b *table) rows(t *testing.T) (rows []journal.Row) {
	t.Helper()
	for _, item := range b.items(t) {
		row, err := journal.RowOf(item)
		if err != nil {
			t.Fatalf("RowOf: %v", err)
		}
		rows = append(rows, row)
	}
	return rows
}

func (b *table) setRow(t *testing.T, row journal.Row) {
	t.Helper()
	_, err := b.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(b.name), Item: journal.ItemOf(row)})
	if err != nil {
		t.Fatalf("PutItem: %v", err)
	}
}

func (b *table) removeRow(t *testing.T, id token.ID) {
	t.Helper()
	_, err := b.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
		TableName: aws.String(b.name),
		Key:       map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: journal.Key(id)}},
	})
	if err != nil {
		t.Fatalf("DeleteItem: %v", err)
	}
}

// bytes is every attribute of every item, one after the other.
func (b *table) bytes(t *testing.T) []byte {
	t.Helper()
	var all bytes.Buffer
	for _, item := range b.items(t) {
		for name, value := range item {
			switch value := value.(type) {
			case *types.AttributeValueMemberS:
				fmt.Fprintln(&all, name, value.Value)
			case *types.AttributeValueMemberN:
				fmt.Fprintln(&all, name, value.Value)
			case *types.AttributeValueMemberB:
				fmt.Fprintln(&all, name, string(value.Value))
			default:
				t.Errorf("attribute %s is a %T, which this test does not look into", name, value)
			}
		}
	}
	return all.Bytes()
}
