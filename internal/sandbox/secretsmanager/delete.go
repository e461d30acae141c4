package secretsmanager

import (
	"time"

	"token-refresher/internal/sandbox/awsjson"
)

const (
	day            = 24 * time.Hour
	minWindowDays  = 7
	maxWindowDays  = 30
	usualWindowDay = 30
)

type deleteRequest struct {
	SecretID                   string `json:"SecretId"`
	RecoveryWindowInDays       *int
	ForceDeleteWithoutRecovery bool
}

type deleted struct {
	ARN          string
	Name         string
	DeletionDate awsjson.Time
}

// deleteSecret schedules a deletion, or deletes at once by force.
func (s *Server) deleteSecret(in deleteRequest) (deleted, error) {
	days, err := in.check()
	if err != nil {
		return deleted{}, err
	}
	if in.ForceDeleteWithoutRecovery {
		return s.forceDelete(in.SecretID)
	}
	r, err := s.findActive(in.SecretID)
	if err != nil {
		return deleted{}, err
	}
	r = r.clone()
	r.Changed = s.config.Now()
	r.Deleting = r.Changed.Add(s.config.scale(time.Duration(days) * day))
	answer := deleted{ARN: r.ARN, Name: r.Name, DeletionDate: awsjson.Time{Time: r.Deleting}}
	return answer, s.store.save(r.Changed, change{record: r})
}

func (in deleteRequest) check() (days int, err error) {
	switch {
	case in.RecoveryWindowInDays == nil:
		return usualWindowDay, nil
	case in.ForceDeleteWithoutRecovery:
		return 0, awsjson.Refuse(typeInvalidParameter, textWindowAndForce)
	case *in.RecoveryWindowInDays < minWindowDays || *in.RecoveryWindowInDays > maxWindowDays:
		return 0, awsjson.Refuse(typeInvalidParameter, textWindow)
	default:
		return *in.RecoveryWindowInDays, nil
	}
}

// forceDelete erases a secret, scheduled or not. One that does not exist is no
// error, as the API reference says.
func (s *Server) forceDelete(id string) (deleted, error) {
	if err := validID(id); err != nil {
		return deleted{}, err
	}
	now := s.config.Now()
	name := s.nameOf(id)
	r := s.store.get(name)
	if r == nil {
		return deleted{ARN: s.newARN(name), Name: name, DeletionDate: awsjson.Time{Time: now}}, nil
	}
	return deleted{ARN: r.ARN, Name: r.Name, DeletionDate: awsjson.Time{Time: now}}, s.store.remove(r.Name, now)
}

// restoreSecret cancels a deletion; of a secret that is not scheduled it
// changes nothing.
func (s *Server) restoreSecret(in describeRequest) (written, error) {
	r, err := s.find(in.SecretID)
	if err != nil {
		return written{}, err
	}
	answer := written{ARN: r.ARN, Name: r.Name}
	if !r.scheduled() {
		return answer, nil
	}
	r = r.clone()
	r.Changed, r.Deleting = s.config.Now(), time.Time{}
	return answer, s.store.save(r.Changed, change{record: r})
}
