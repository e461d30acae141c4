package secretsmanager

import "token-refresher/internal/sandbox/awsjson"

type stageRequest struct {
	SecretID            string `json:"SecretId"`
	VersionStage        string
	RemoveFromVersionID string `json:"RemoveFromVersionId"`
	MoveToVersionID     string `json:"MoveToVersionId"`
}

// updateSecretVersionStage moves a label, or takes it away. Whoever moves one
// must name the version that holds it.
func (s *Server) updateSecretVersionStage(in stageRequest) (written, error) {
	if err := lengthOf("versionStage", in.VersionStage, 1, 256); err != nil {
		return written{}, err
	}
	r, err := s.findActive(in.SecretID)
	if err != nil {
		return written{}, err
	}
	if err := in.check(r); err != nil {
		return written{}, err
	}
	r = r.clone()
	r.Changed = s.config.Now()
	if in.MoveToVersionID == "" {
		r.detach(in.VersionStage)
	} else {
		r.attach(in.MoveToVersionID, in.VersionStage)
	}
	if r.labels() > maxLabels {
		return written{}, awsjson.Refuse(typeLimitExceeded, "A secret can have at most %d staging labels.", maxLabels)
	}
	return written{ARN: r.ARN, Name: r.Name}, s.store.save(r.Changed, change{record: r})
}

func (in stageRequest) check(r *record) error {
	for _, id := range []string{in.RemoveFromVersionID, in.MoveToVersionID} {
		if id != "" && r.version(id) == nil {
			return awsjson.Refuse(typeNotFound, textNoVersion)
		}
	}
	holder := r.holder(in.VersionStage)
	switch {
	case in.RemoveFromVersionID == "" && in.MoveToVersionID == "":
		return awsjson.Refuse(typeInvalidParameter, "You must provide MoveToVersionId, RemoveFromVersionId, or both.")
	case in.MoveToVersionID == "" && in.VersionStage == labelCurrent:
		return awsjson.Refuse(typeInvalidParameter, textCurrentStays)
	case holder != nil && holder.ID == in.MoveToVersionID:
		return nil
	case holder != nil && in.RemoveFromVersionID == "":
		return awsjson.Refuse(typeInvalidParameter, "The parameter RemoveFromVersionId can't be empty. Staging label %s is currently attached to version %s, so you must explicitly reference that version in RemoveFromVersionId.", in.VersionStage, holder.ID)
	case in.RemoveFromVersionID != "" && (holder == nil || holder.ID != in.RemoveFromVersionID):
		return awsjson.Refuse(typeInvalidParameter, "When you move staging label %s, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label %s.", in.VersionStage, in.VersionStage)
	default:
		return nil
	}
}
