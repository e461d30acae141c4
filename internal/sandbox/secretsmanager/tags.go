package secretsmanager

import "slices"

type tagRequest struct {
	SecretID string `json:"SecretId"`
	Tags     []tag
}

type untagRequest struct {
	SecretID string `json:"SecretId"`
	TagKeys  []string
}

// nothing is the answer without fields.
type nothing struct{}

// tagResource adds tags, and replaces the values of those that are there.
func (s *Server) tagResource(in tagRequest) (nothing, error) {
	if err := validTags(in.Tags); err != nil {
		return nothing{}, err
	}
	return s.retag(in.SecretID, func(tags []tag) []tag {
		for _, t := range in.Tags {
			tags = slices.DeleteFunc(tags, func(old tag) bool { return old.Key == t.Key })
			tags = append(tags, t)
		}
		return tags
	})
}

// untagResource removes tags by key; one that is not there is no error.
func (s *Server) untagResource(in untagRequest) (nothing, error) {
	return s.retag(in.SecretID, func(tags []tag) []tag {
		return slices.DeleteFunc(tags, func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) })
	})
}

func (s *Server) retag(id string, alter func([]tag) []tag) (nothing, error) {
	r, err := s.findActive(id)
	if err != nil {
		return nothing{}, err
	}
	r = r.clone()
	r.Tags = alter(r.Tags)
	if err := validTags(r.Tags); err != nil {
		return nothing{}, err
	}
	r.Changed = s.config.Now()
	return nothing{}, s.store.save(r.Changed, change{record: r})
}
