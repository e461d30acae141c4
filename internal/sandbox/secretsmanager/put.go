package secretsmanager

import (
	"slices"
	"time"

	"token-refresher/internal/sandbox/awsjson"
)

// The quota of "Versions per secret": about 100 are kept, and none younger than
// a day is removed to make room.
const (
	maxVersions  = 100
	versionsKept = 24 * time.Hour
)

type putRequest struct {
	SecretID           string `json:"SecretId"`
	ClientRequestToken string
	SecretString       *string
	SecretBinary       []byte
	VersionStages      []string
}

func (s *Server) putSecretValue(in putRequest) (written, error) {
	v, err := in.check()
	if err != nil {
		return written{}, err
	}
	r, err := s.findActive(in.SecretID)
	if err != nil {
		return written{}, err
	}
	if existing := r.version(in.ClientRequestToken); existing != nil {
		err := s.sameValue(r, existing.ID, v)
		return written{ARN: r.ARN, Name: r.Name, VersionID: existing.ID, VersionStages: existing.Labels}, err
	}
	r = r.clone()
	c, err := s.addVersion(r, in.ClientRequestToken, v, in.VersionStages)
	if err != nil {
		return written{}, err
	}
	answer := written{ARN: r.ARN, Name: r.Name, VersionID: c.id, VersionStages: r.version(c.id).Labels}
	return answer, s.store.save(r.Changed, c)
}

func (in putRequest) check() (*value, error) {
	if err := validToken(in.ClientRequestToken); err != nil {
		return nil, err
	}
	for _, label := range in.VersionStages {
		if err := lengthOf("versionStages", label, 1, 256); err != nil {
			return nil, err
		}
	}
	v, err := newValue(in.SecretString, in.SecretBinary)
	if v == nil && err == nil {
		err = awsjson.Refuse(typeInvalidRequest, textNoValue)
	}
	return v, err
}

// addVersion adds a new version to a clone, makes room for it, and moves the
// labels. Without labels, and for the first version, AWSCURRENT is meant.
func (s *Server) addVersion(r *record, id string, v *value, labels []string) (change, error) {
	now := s.config.Now()
	current := r.holder(labelCurrent)
	if len(labels) == 0 || (current == nil && !slices.Contains(labels, labelCurrent)) {
		labels = append(slices.Clone(labels), labelCurrent)
	}
	if slices.Contains(labels, labelCurrent) && current != nil {
		// Seen at AWS: a put that replaces the current version ends a pending
		// rotation of it, while the labels of others stay.
		current.Labels = slices.DeleteFunc(current.Labels, func(l string) bool { return l == labelPending })
	}
	r.Versions = append(r.Versions, version{ID: id, Created: now, KMSKeyID: r.KMSKeyID})
	for _, label := range labels {
		r.attach(id, label)
	}
	r.Changed = now
	if r.labels() > maxLabels {
		return change{}, awsjson.Refuse(typeLimitExceeded, "A secret can have at most %d staging labels.", maxLabels)
	}
	drop, err := r.makeRoom(now.Add(-s.config.scale(versionsKept)))
	return change{record: r, id: id, value: v, drop: drop}, err
}

// makeRoom removes the oldest deprecated versions that were created before the
// given time, until the quota is met, and returns their ids.
func (r *record) makeRoom(before time.Time) ([]string, error) {
	var drop []string
	surplus := len(r.Versions) - maxVersions
	r.Versions = slices.DeleteFunc(r.Versions, func(v version) bool {
		if len(drop) >= surplus || len(v.Labels) > 0 || v.Created.After(before) {
			return false
		}
		drop = append(drop, v.ID)
		return true
	})
	if len(r.Versions) > maxVersions {
		return nil, awsjson.Refuse(typeLimitExceeded, "You've reached the quota of %d versions of a secret, and none created in the last 24 hours can be removed.", maxVersions)
	}
	return drop, nil
}
