package secretsmanager

type updateRequest struct {
	SecretID           string `json:"SecretId"`
	ClientRequestToken string
	Description        *string
	KMSKeyID           *string `json:"KmsKeyId"`
	SecretString       *string
	SecretBinary       []byte
}

// updateSecret changes what is sent. A value makes a new version; unlike
// PutSecretValue, a token that is in use is always refused.
func (s *Server) updateSecret(in updateRequest) (written, error) {
	v, err := in.check()
	if err != nil {
		return written{}, err
	}
	r, err := s.findActive(in.SecretID)
	if err != nil {
		return written{}, err
	}
	if v != nil && r.version(in.ClientRequestToken) != nil {
		return written{}, tokenInUse(r, in.ClientRequestToken)
	}
	r = r.clone()
	in.describe(r)
	r.Changed = s.config.Now()
	c := change{record: r}
	if v != nil {
		if c, err = s.addVersion(r, in.ClientRequestToken, v, nil); err != nil {
			return written{}, err
		}
	}
	return written{ARN: r.ARN, Name: r.Name, VersionID: c.id}, s.store.save(r.Changed, c)
}

func (in updateRequest) check() (*value, error) {
	if err := validToken(in.ClientRequestToken); err != nil {
		return nil, err
	}
	if in.Description != nil {
		if err := lengthOf("description", *in.Description, 0, maxDescription); err != nil {
			return nil, err
		}
	}
	return newValue(in.SecretString, in.SecretBinary)
}

func (in updateRequest) describe(r *record) {
	if in.Description != nil {
		r.Description = *in.Description
	}
	if in.KMSKeyID != nil {
		r.KMSKeyID = *in.KMSKeyID
	}
}
