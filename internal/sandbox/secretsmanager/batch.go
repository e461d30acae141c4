package secretsmanager

import (
	"errors"

	"token-refresher/internal/sandbox/awsjson"
)

// maxBatch is the most secrets that one BatchGetSecretValue takes or answers.
const maxBatch = 20

type batchRequest struct {
	SecretIDList []string `json:"SecretIdList"`
	Filters      []filter
	MaxResults   *int
	NextToken    string
}

type batchError struct {
	SecretID  string `json:"SecretId"`
	ErrorCode string
	Message   string
}

type batchAnswer struct {
	SecretValues []secretValue
	Errors       []batchError
	NextToken    string `json:",omitempty"`
}

// batchGetSecretValue reads current values. What fails for one secret becomes
// an entry of Errors, and the call succeeds.
func (s *Server) batchGetSecretValue(in batchRequest) (batchAnswer, error) {
	size, err := in.check()
	if err != nil {
		return batchAnswer{}, err
	}
	ids, next := in.SecretIDList, ""
	if len(ids) == 0 {
		if ids, next, err = s.filtered(in, size); err != nil {
			return batchAnswer{}, err
		}
	}
	answer := batchAnswer{SecretValues: []secretValue{}, Errors: []batchError{}, NextToken: next}
	for _, id := range ids {
		v, err := s.readObserved(id)
		api, refused := errors.AsType[*awsjson.Error](err)
		switch {
		case refused:
			answer.Errors = append(answer.Errors, batchError{SecretID: id, ErrorCode: api.Type, Message: api.Message})
		case err != nil:
			return batchAnswer{}, err
		default:
			answer.SecretValues = append(answer.SecretValues, v)
		}
	}
	return answer, s.touch(answer.SecretValues...)
}

func (in batchRequest) check() (size int, err error) {
	switch {
	case (len(in.SecretIDList) > 0) == (len(in.Filters) > 0):
		return 0, awsjson.Refuse(typeInvalidParameter, textBatchOne)
	case in.MaxResults != nil && len(in.Filters) == 0:
		return 0, awsjson.Refuse(typeInvalidParameter, textBatchMax)
	case len(in.SecretIDList) > maxBatch:
		return 0, invalid("Value at 'secretIdList' failed to satisfy constraint: Member must have length less than or equal to %d", maxBatch)
	default:
		return pageSize(in.MaxResults, maxBatch)
	}
}

// filtered returns one page of names that pass the filters.
func (s *Server) filtered(in batchRequest, size int) (names []string, next string, err error) {
	records, err := s.matching(in.Filters, false)
	if err != nil {
		return nil, "", err
	}
	at := func(r *record) position { return position{Key: sortableTime(r.Created), Name: r.Name} }
	p, err := page(records, at, size, in.NextToken)
	for _, r := range p.items {
		names = append(names, r.Name)
	}
	return names, p.next, err
}

// readObserved is a GetSecretValue to observers and faults, and not to rates.
func (s *Server) readObserved(id string) (secretValue, error) {
	name := s.nameOf(id)
	s.observe("GetSecretValue", name)
	if err := s.faultFor("GetSecretValue", name).Refusal(); err != nil {
		return secretValue{}, err
	}
	return s.read(getRequest{SecretID: id})
}
