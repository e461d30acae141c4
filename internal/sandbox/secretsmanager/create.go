package secretsmanager

import "token-refresher/internal/sandbox/awsjson"

type createRequest struct {
	Name               string
	ClientRequestToken string
	Description        string
	KMSKeyID           string `json:"KmsKeyId"`
	SecretString       *string
	SecretBinary       []byte
	Tags               []tag
}

// written answers the operations that may make a version.
type written struct {
	ARN           string
	Name          string
	VersionID     string   `json:"VersionId,omitempty"`
	VersionStages []string `json:",omitempty"`
}

func (s *Server) createSecret(in createRequest) (written, error) {
	v, err := in.check()
	if err != nil {
		return written{}, err
	}
	now := s.config.Now()
	if existing := s.store.get(in.Name); existing != nil && !existing.gone(now) {
		return s.recreate(existing, in, v)
	}
	r := &record{
		Name: in.Name, ARN: s.newARN(in.Name), Description: in.Description, KMSKeyID: in.KMSKeyID,
		Created: now, Changed: now, Tags: in.Tags,
	}
	c := change{record: r, fresh: true}
	if v != nil {
		r.Versions = []version{{ID: in.ClientRequestToken, Created: now, KMSKeyID: r.KMSKeyID}}
		r.attach(in.ClientRequestToken, labelCurrent)
		c.id, c.value = in.ClientRequestToken, v
	}
	return written{ARN: r.ARN, Name: r.Name, VersionID: c.id}, s.store.save(now, c)
}

func (in createRequest) check() (*value, error) {
	if err := validNewName(in.Name); err != nil {
		return nil, err
	}
	if err := validToken(in.ClientRequestToken); err != nil {
		return nil, err
	}
	if err := lengthOf("description", in.Description, 0, maxDescription); err != nil {
		return nil, err
	}
	if err := validTags(in.Tags); err != nil {
		return nil, err
	}
	return newValue(in.SecretString, in.SecretBinary)
}

// recreate answers a CreateSecret for a name in use: success only for the retry
// of the call that made it.
func (s *Server) recreate(r *record, in createRequest, v *value) (written, error) {
	if r.scheduled() {
		return written{}, awsjson.Refuse(typeInvalidRequest, textScheduled)
	}
	if r.version(in.ClientRequestToken) == nil {
		return written{}, awsjson.Refuse(typeExists, "The operation failed because the secret %s already exists.", r.Name)
	}
	if err := s.sameValue(r, in.ClientRequestToken, v); err != nil {
		return written{}, err
	}
	return written{ARN: r.ARN, Name: r.Name, VersionID: in.ClientRequestToken}, nil
}

// sameValue refuses a token that another value has used.
func (s *Server) sameValue(r *record, token string, v *value) error {
	stored, err := s.store.value(r.Name, token)
	if err != nil {
		return err
	}
	if !v.equal(stored) {
		return tokenInUse(r, token)
	}
	return nil
}

func tokenInUse(r *record, token string) error {
	return awsjson.Refuse(typeExists, "You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", token, r.ARN)
}
