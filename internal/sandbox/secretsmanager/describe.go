package secretsmanager

import "slices"

type describeRequest struct {
	SecretID string `json:"SecretId"`
}

// metadata is what DescribeSecret and ListSecrets have in common.
type metadata struct {
	ARN              string
	Name             string
	Description      string `json:",omitempty"`
	KMSKeyID         string `json:"KmsKeyId,omitempty"`
	CreatedDate      epoch
	LastChangedDate  epoch
	LastAccessedDate epoch `json:",omitzero"`
	DeletedDate      epoch `json:",omitzero"` // end of the recovery window
	Tags             []tag `json:",omitempty"`
}

type described struct {
	metadata
	VersionIDsToStages map[string][]string `json:"VersionIdsToStages,omitempty"`
}

func (r *record) metadata() metadata {
	return metadata{
		ARN: r.ARN, Name: r.Name, Description: r.Description, KMSKeyID: r.KMSKeyID,
		CreatedDate: epoch{r.Created}, LastChangedDate: epoch{r.Changed},
		LastAccessedDate: epoch{r.Accessed}, DeletedDate: epoch{r.Deleting}, Tags: r.Tags,
	}
}

func (s *Server) describeSecret(in describeRequest) (described, error) {
	r, err := s.find(in.SecretID)
	if err != nil {
		return described{}, err
	}
	return described{metadata: r.metadata(), VersionIDsToStages: r.stages()}, nil
}

type versionsRequest struct {
	SecretID          string `json:"SecretId"`
	IncludeDeprecated bool
	MaxResults        *int
	NextToken         string
}

type versionEntry struct {
	VersionID        string `json:"VersionId"`
	CreatedDate      epoch
	LastAccessedDate epoch    `json:",omitzero"`
	KMSKeyIDs        []string `json:"KmsKeyIds"`
	VersionStages    []string `json:",omitempty"`
}

type versionsAnswer struct {
	ARN       string
	Name      string
	Versions  []versionEntry
	NextToken string `json:",omitempty"`
}

// listSecretVersionIDs lists versions, oldest first.
func (s *Server) listSecretVersionIDs(in versionsRequest) (versionsAnswer, error) {
	size, err := pageSize(in.MaxResults, maxPage)
	if err != nil {
		return versionsAnswer{}, err
	}
	r, err := s.find(in.SecretID)
	if err != nil {
		return versionsAnswer{}, err
	}
	versions := slices.DeleteFunc(slices.Clone(r.Versions), func(v version) bool {
		return len(v.Labels) == 0 && !in.IncludeDeprecated
	})
	p, err := page(versions, func(v version) position { return position{Key: sortableTime(v.Created), Name: v.ID} }, size, in.NextToken)
	if err != nil {
		return versionsAnswer{}, err
	}
	answer := versionsAnswer{ARN: r.ARN, Name: r.Name, Versions: []versionEntry{}, NextToken: p.next}
	for _, v := range p.items {
		answer.Versions = append(answer.Versions, v.entry())
	}
	return answer, nil
}

func (v version) entry() versionEntry {
	key := v.KMSKeyID
	if key == "" {
		key = "DefaultEncryptionKey"
	}
	return versionEntry{
		VersionID: v.ID, CreatedDate: epoch{v.Created}, LastAccessedDate: epoch{v.Accessed},
		KMSKeyIDs: []string{key}, VersionStages: v.Labels,
	}
}
