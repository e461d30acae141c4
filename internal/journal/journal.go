package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"token-refresher/internal/seal"
)

// DefaultTimeout is that of Config.
const DefaultTimeout = 5 * time.Second

// API are the calls of DynamoDB that a Journal makes; *dynamodb.Client has them.
// A role needs the actions of the same names on the table, and dynamodb:Query on
// its indexes.
type API interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
}

// NewClient makes the client that Config.Client takes, from the settings that
// all AWS clients of an instance share. It makes no call.
func NewClient(config aws.Config) *dynamodb.Client { return dynamodb.NewFromConfig(config) }

// Config is what a Journal is made of. Client, Table and Seal are required.
type Config struct {
	Client  API
	Table   string
	Seal    *seal.Sealer
	NewID   func() string // makes write ids, each only once; random ones if nil
	Timeout time.Duration // of one call with its retries; DefaultTimeout if 0
}

// Journal is a journal in a table. It is safe for concurrent use.
type Journal struct {
	client  API
	table   string
	codec   *Codec
	timeout time.Duration
}

// New makes a Journal. It makes no call. All faults are reported at once.
func New(c Config) (*Journal, error) {
	codec, err := NewCodec(c.Seal, c.NewID)
	faults := []error{err}
	if c.Client == nil {
		faults = append(faults, errors.New("no client"))
	}
	if c.Table == "" {
		faults = append(faults, errors.New("no table"))
	}
	if c.Timeout < 0 {
		faults = append(faults, errors.New("the timeout must be positive"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	return &Journal{client: c.Client, table: c.Table, codec: codec, timeout: c.Timeout}, nil
}

// limited is the context of one call.
func (j *Journal) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, j.timeout)
}
