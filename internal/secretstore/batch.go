package secretstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"token-refresher/internal/token"
)

// maxBatch is how many secrets one BatchGetSecretValue reads (API reference).
const maxBatch = 20

// maxParallelBatches keeps a large read short and far below the account's 100
// calls per second.
const maxParallelBatches = 4

// found is the current value of one secret, or why there is none.
type found struct {
	value   []byte
	version string
	created time.Time
	err     error
}

// batch reads the current values of the named secrets; every name is a key of
// the answer. An error means that nothing can be said of some of them.
func (s *Store) batch(ctx context.Context, secrets []string) (map[string]found, error) {
	chunks := slices.Collect(slices.Chunk(secrets, maxBatch))
	results := make([]map[string]found, len(chunks))
	var group errgroup.Group
	group.SetLimit(maxParallelBatches)
	for i, chunk := range chunks {
		group.Go(func() (err error) {
			results[i], err = s.chunk(ctx, chunk)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := make(map[string]found, len(secrets))
	for _, result := range results {
		maps.Copy(all, result)
	}
	return all, nil
}

// chunk reads up to maxBatch secrets. Where AWS refuses the whole call for what
// only one secret can be the cause of, such as a value that KMS cannot decrypt,
// the halves are read apart until that one stands alone.
func (s *Store) chunk(ctx context.Context, secrets []string) (map[string]found, error) {
	if len(secrets) == 1 {
		return s.single(ctx, secrets[0])
	}
	all, err := s.pages(ctx, secrets)
	switch {
	case err == nil:
		return all, nil
	case !concernsOne(err):
		return nil, callError("read secrets", err)
	}
	half := len(secrets) / 2
	all, err = s.chunk(ctx, secrets[:half])
	if err != nil {
		return nil, err
	}
	others, err := s.chunk(ctx, secrets[half:])
	maps.Copy(all, others)
	return all, err
}

// single reads one secret by itself: an account may make 10,000 such calls a
// second but only 100 batches, and the sweeps need those (AWS Secrets Manager
// quotas).
func (s *Store) single(ctx context.Context, name string) (map[string]found, error) {
	one := s.get(ctx, name, "")
	switch err := one.err; {
	case err == nil, errors.Is(err, token.ErrDeleted), errors.Is(err, token.ErrUnreadable),
		errors.Is(err, ErrDenied), concernsOne(err):
		return map[string]found{name: one}, nil
	default:
		return nil, err
	}
}

// concernsOne reports whether a refused batch can be the fault of a single
// secret in it.
func concernsOne(err error) bool {
	return slices.Contains([]string{codeDecryptionFailure, codeInvalidParameter, codeInvalidRequest, codeNotFound}, codeOf(err))
}

// pages makes one batch call and those that its answer asks for.
func (s *Store) pages(ctx context.Context, secrets []string) (map[string]found, error) {
	all := make(map[string]found, len(secrets))
	for _, name := range secrets {
		all[name] = found{err: secretError(name, errors.New("the answer to a batch read leaves it out"))}
	}
	pages := secretsmanager.NewBatchGetSecretValuePaginator(s.client,
		&secretsmanager.BatchGetSecretValueInput{SecretIdList: secrets})
	for pages.HasMorePages() {
		page, err := s.page(ctx, pages)
		if err != nil {
			return nil, err
		}
		for _, entry := range page.SecretValues {
			all[aws.ToString(entry.Name)] = foundValue(entry)
		}
		for _, fault := range page.Errors {
			name := nameOf(aws.ToString(fault.SecretId))
			all[name] = found{err: s.explain(ctx, name, &smithy.GenericAPIError{
				Code: aws.ToString(fault.ErrorCode), Message: aws.ToString(fault.Message),
			})}
		}
	}
	return all, nil
}

func (s *Store) page(ctx context.Context, pages *secretsmanager.BatchGetSecretValuePaginator) (*secretsmanager.BatchGetSecretValueOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return pages.NextPage(ctx)
}

func foundValue(entry types.SecretValueEntry) found {
	f := found{version: aws.ToString(entry.VersionId), created: aws.ToTime(entry.CreatedDate)}
	if entry.SecretString == nil {
		f.err = unreadable(aws.ToString(entry.Name), errors.New("it is binary, not text"))
		return f
	}
	f.value = []byte(*entry.SecretString)
	return f
}

// nameOf is the name in a secret's ARN, which ends in a hyphen and six
// characters that AWS chose; a name is returned as it is.
func nameOf(id string) string {
	_, suffixed, isARN := strings.Cut(id, ":secret:")
	if !isARN {
		return id
	}
	return suffixed[:max(strings.LastIndexByte(suffixed, '-'), 0)]
}

// explain says what an error about one secret means. AWS refuses calls on a
// deleted secret with a code that has other causes too, so that is looked up.
func (s *Store) explain(ctx context.Context, name string, err error) error {
	if codeOf(err) == codeInvalidRequest {
		if labels, describeErr := s.describe(ctx, name); describeErr == nil && labels.Deleted {
			return secretError(name, token.ErrDeleted)
		}
	}
	return secretError(name, err)
}
