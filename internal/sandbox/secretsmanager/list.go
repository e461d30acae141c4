package secretsmanager

import "slices"

type listRequest struct {
	Filters                []filter
	IncludePlannedDeletion bool
	MaxResults             *int
	NextToken              string
	SortBy                 string
	SortOrder              string
}

type listEntry struct {
	metadata
	SecretVersionsToStages map[string][]string `json:",omitempty"`
}

type listAnswer struct {
	SecretList []listEntry
	NextToken  string `json:",omitempty"`
}

// listSecrets lists what lists have reached, oldest secret first.
func (s *Server) listSecrets(in listRequest) (listAnswer, error) {
	size, err := pageSize(in.MaxResults, maxPage)
	if err != nil {
		return listAnswer{}, err
	}
	at, err := in.position()
	if err != nil {
		return listAnswer{}, err
	}
	records, err := s.matching(in.Filters, in.IncludePlannedDeletion)
	if err != nil {
		return listAnswer{}, err
	}
	p, err := page(records, at, size, in.NextToken)
	if err != nil {
		return listAnswer{}, err
	}
	answer := listAnswer{SecretList: []listEntry{}, NextToken: p.next}
	for _, r := range p.items {
		answer.SecretList = append(answer.SecretList, listEntry{metadata: r.metadata(), SecretVersionsToStages: r.stages()})
	}
	return answer, nil
}

// matching returns the listed records that pass all filters.
func (s *Server) matching(filters []filter, scheduled bool) ([]*record, error) {
	if err := validFilters(filters); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(s.store.listed(s.config.Now()), func(r *record) bool {
		return (r.scheduled() && !scheduled) || !matchesAll(filters, r)
	}), nil
}

// position says what a request sorts by: the creation date, if it does not say.
func (in listRequest) position() (func(*record) position, error) {
	if !slices.Contains([]string{"", "asc", "desc"}, in.SortOrder) {
		return nil, invalid("Value '%s' at 'sortOrder' failed to satisfy constraint: Member must satisfy enum value set: [asc, desc]", in.SortOrder)
	}
	var key func(*record) string
	switch in.SortBy {
	case "", "created-date":
		key = func(r *record) string { return sortableTime(r.Created) }
	case "last-changed-date":
		key = func(r *record) string { return sortableTime(r.Changed) }
	case "last-accessed-date":
		key = func(r *record) string { return sortableTime(r.Accessed) }
	case "name":
		key = func(r *record) string { return r.Name }
	default:
		return nil, invalid("Value '%s' at 'sortBy' failed to satisfy constraint: Member must satisfy enum value set: [created-date, last-accessed-date, last-changed-date, name]", in.SortBy)
	}
	return func(r *record) position {
		return position{Key: key(r), Name: r.Name, Descending: in.SortOrder == "desc"}
	}, nil
}
