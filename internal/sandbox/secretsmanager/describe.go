package secretsmanager

import (
	"slices"

	"token-refresher/internal/sandbox/awsjson"
)

type describeRequest struct {
	SecretID string `json:"SecretId"`
}

// metadata is what DescribeSecret and ListSecrets have in common.
type metadata struct {
	ARN              string
	Name             string
	Description      string `json:",omitempty"`
	KMSKeyID         string `json:"KmsKeyId,omitempty"`
	CreatedDate      awsjson.Time
	LastChangedDate  awsjson.Time
	LastAccessedDate awsjson.Time `json:",omitzero"`
	DeletedDate      awsjson.Time `json:",omitzero"` // end of the recovery window
	Tags             []tag        `json:",omitempty"`
}

type described struct {
	metadata
	VersionIDsToStages map[string][]string `json:"VersionIdsToStages,omitempty"`
}

func (r *record) metadata() metadata {
	return metadata{
		ARN: r.ARN, Name: r.Name, Description: r.Description, KMSKeyID: r.KMSKeyID,
		CreatedDate: awsjson.Time{Time: r.Created}, LastChangedDate: awsjson.Time{Time: r.Changed},
		LastAccessedDate: awsjson.Time{Time: r.Accessed}, DeletedDate: awsjson.Time{Time: r.Deleting}, Tags: r.Tags,
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
	CreatedDate      awsjson.Time
	LastAccessedDate awsjson.Time `json:",omitzero"`
	KMSKeyIDs        []string     `json:"KmsKeyIds"`
	VersionStages    []string     `json:",omitempty"`
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
		VersionID: v.ID, CreatedDate: awsjson.Time{Time: v.Created}, LastAccessedDate: awsjson.Time{Time: v.Accessed},
		KMSKeyIDs: []string{key}, VersionStages: v.Labels,
	}
}
