package secretsmanager

import "token-refresher/internal/sandbox/awsjson"

// An operation is one of the service's calls: the rate it counts against,
// whether it changes anything, and what it does.
type operation struct {
	rate    rateName
	mutates bool
	run     func(s *Server, body []byte) (any, error)
}

// lookUp knows the operations that the system, an operator and a consumer use.
func lookUp(name string) (operation, bool) {
	switch name {
	case "BatchGetSecretValue":
		return operation{rate: rateBatchGet, run: handle((*Server).batchGetSecretValue)}, true
	case "CreateSecret":
		return operation{rate: rateCreate, mutates: true, run: handle((*Server).createSecret)}, true
	case "DeleteSecret":
		return operation{rate: rateDelete, mutates: true, run: handle((*Server).deleteSecret)}, true
	case "DescribeSecret":
		return operation{rate: rateRead, run: handle((*Server).describeSecret)}, true
	case "GetRandomPassword":
		return operation{rate: ratePassword, run: handle((*Server).getRandomPassword)}, true
	case "GetSecretValue":
		return operation{rate: rateRead, run: handle((*Server).getSecretValue)}, true
	case "ListSecretVersionIds":
		return operation{rate: rateListVersions, run: handle((*Server).listSecretVersionIDs)}, true
	case "ListSecrets":
		return operation{rate: rateList, run: handle((*Server).listSecrets)}, true
	case "PutSecretValue":
		return operation{rate: rateWrite, mutates: true, run: handle((*Server).putSecretValue)}, true
	case "RestoreSecret":
		return operation{rate: rateRestore, mutates: true, run: handle((*Server).restoreSecret)}, true
	case "TagResource":
		return operation{rate: rateTag, mutates: true, run: handle((*Server).tagResource)}, true
	case "UntagResource":
		return operation{rate: rateTag, mutates: true, run: handle((*Server).untagResource)}, true
	case "UpdateSecret":
		return operation{rate: rateWrite, mutates: true, run: handle((*Server).updateSecret)}, true
	case "UpdateSecretVersionStage":
		return operation{rate: rateWrite, mutates: true, run: handle((*Server).updateSecretVersionStage)}, true
	default:
		return operation{}, false
	}
}

func handle[Request, Answer any](f func(*Server, Request) (Answer, error)) func(*Server, []byte) (any, error) {
	return func(s *Server, body []byte) (any, error) {
		request, err := decode[Request](body)
		if err != nil {
			return nil, err
		}
		return f(s, request)
	}
}

// call runs one operation: observed first, then subject to a fault, then to the
// rate, as a request meets them at AWS.
func (s *Server) call(name string, body []byte) (any, error) {
	op, ok := lookUp(name)
	if !ok {
		return nil, awsjson.Refuse(awsjson.TypeUnknownOperation, "")
	}
	secret := s.addressee(body)
	s.observe(name, secret)
	fault := s.faultFor(name, secret)
	if err := fault.Refusal(); err != nil {
		return nil, err
	}
	if !s.limits.allow(op.rate, s.config.Now()) {
		return nil, awsjson.Refuse(typeThrottling, textRate)
	}
	return fault.After(s.run(op, body))
}

func (s *Server) run(op operation, body []byte) (any, error) {
	if op.mutates {
		s.mutating.Lock()
		defer s.mutating.Unlock()
	}
	return op.run(s, body)
}

// addressee is the name of the secret that a request is about.
func (s *Server) addressee(body []byte) string {
	target, err := decode[struct {
		Name     string
		SecretID string `json:"SecretId"`
	}](body)
	if err != nil {
		return ""
	}
	if target.SecretID == "" {
		return target.Name
	}
	return s.nameOf(target.SecretID)
}

func (s *Server) observe(name, secret string) {
	if s.config.Observe != nil {
		s.config.Observe(name, secret)
	}
}
