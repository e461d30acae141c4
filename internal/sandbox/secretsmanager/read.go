package secretsmanager

import (
	"slices"
	"time"

	"token-refresher/internal/sandbox/awsjson"
)

type getRequest struct {
	SecretID     string `json:"SecretId"`
	VersionID    string `json:"VersionId"`
	VersionStage string
}

// secretValue answers GetSecretValue, and is an entry of BatchGetSecretValue.
type secretValue struct {
	ARN           string
	Name          string
	VersionID     string   `json:"VersionId"`
	SecretString  *string  `json:",omitempty"`
	SecretBinary  []byte   `json:",omitempty"`
	VersionStages []string `json:",omitempty"`
	CreatedDate   awsjson.Time
}

func (s *Server) getSecretValue(in getRequest) (secretValue, error) {
	answer, err := s.read(in)
	if err == nil {
		err = s.touch(answer)
	}
	return answer, err
}

// read finds one value. It does not note the day.
func (s *Server) read(in getRequest) (secretValue, error) {
	if err := validVersion(in.VersionID); err != nil {
		return secretValue{}, err
	}
	r, err := s.findActive(in.SecretID)
	if err != nil {
		return secretValue{}, err
	}
	v, err := in.choose(r)
	if err != nil {
		return secretValue{}, err
	}
	stored, err := s.store.value(r.Name, v.ID)
	if err != nil {
		return secretValue{}, err
	}
	if stored == nil { // deleted since the record was read
		return secretValue{}, awsjson.Refuse(typeNotFound, textNoSecret)
	}
	return secretValue{
		ARN: r.ARN, Name: r.Name, VersionID: v.ID, VersionStages: v.Labels, CreatedDate: awsjson.Time{Time: v.Created},
		SecretString: stored.text(), SecretBinary: stored.binary(),
	}, nil
}

// choose finds the version that a request means: by id, by label, by both if
// they agree, and by AWSCURRENT if neither is given.
func (in getRequest) choose(r *record) (*version, error) {
	if in.VersionID == "" {
		label := in.VersionStage
		if label == "" {
			label = labelCurrent
		}
		if v := r.holder(label); v != nil {
			return v, nil
		}
		return nil, awsjson.Refuse(typeNotFound, "Secrets Manager can't find the specified secret value for staging label: %s", label)
	}
	v := r.version(in.VersionID)
	if v == nil {
		return nil, awsjson.Refuse(typeNotFound, "Secrets Manager can't find the specified secret value for VersionId: %s", in.VersionID)
	}
	if in.VersionStage != "" && !slices.Contains(v.Labels, in.VersionStage) {
		return nil, awsjson.Refuse(typeInvalidRequest, textStageMismatch)
	}
	return v, nil
}

// touch notes the day on which values were read: one transaction for all, and
// none on a day that is noted already.
func (s *Server) touch(read ...secretValue) error {
	today := s.config.Now().UTC().Truncate(24 * time.Hour)
	if !slices.ContainsFunc(read, func(v secretValue) bool { return s.untouched(v, today) != nil }) {
		return nil
	}
	s.mutating.Lock()
	defer s.mutating.Unlock()
	var changes []change
	for _, v := range read {
		if r := s.untouched(v, today); r != nil {
			r = r.clone()
			r.Accessed, r.version(v.VersionID).Accessed = today, today
			changes = append(changes, change{record: r})
		}
	}
	return s.store.save(s.config.Now(), changes...)
}

// untouched returns the record of a value whose day is not noted yet, or nil.
func (s *Server) untouched(v secretValue, today time.Time) *record {
	r := s.store.get(v.Name)
	if r == nil || r.ARN != v.ARN {
		return nil
	}
	if version := r.version(v.VersionID); version == nil || version.Accessed.Equal(today) {
		return nil
	}
	return r
}
