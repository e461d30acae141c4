package telemetry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Namespace is the CloudWatch namespace of every metric.
const Namespace = "TokenRefresher"

// The units that CloudWatch knows them by.
const (
	unitCount        = "Count"
	unitPercent      = "Percent"
	unitMilliseconds = "Milliseconds"
	unitSeconds      = "Seconds"
)

// MetricsConfig is what NewMetrics needs.
type MetricsConfig struct {
	Writer io.Writer // standard output, in Lambda

	// The dimensions GrantType and SecretPrefix of every metric: stacks that
	// share an account and Region have different prefixes.
	GrantType, SecretPrefix string

	Now func() time.Time // time.Now if nil
}

// Metrics writes metrics as EMF lines, which CloudWatch Logs turns into metrics
// without a call from us ("Specification: Embedded metric format" in the
// CloudWatch User Guide). Each line is one Write, so lines of a logger on the
// same file are not torn.
type Metrics struct {
	writer     io.Writer
	dimensions map[string]string
	now        func() time.Time
}

// NewMetrics returns Metrics, or an error that names what is missing.
func NewMetrics(c MetricsConfig) (*Metrics, error) {
	if c.Writer == nil || c.GrantType == "" || c.SecretPrefix == "" {
		return nil, errors.New("metrics need a writer, a grant type and a secret prefix")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	dimensions := map[string]string{"GrantType": c.GrantType, "SecretPrefix": c.SecretPrefix}
	return &Metrics{writer: c.Writer, dimensions: dimensions, now: c.Now}, nil
}

// Sweep is one sweep in figures. A merchant is never among them: there are too
// many of them to be a dimension.
type Sweep struct {
	Due, Renewed, Remaining int
	FailedByClass           map[string]int
	SecretWriteFailed       int
	LowestLifeLeftPercent   *float64 // nil when no life is promised to any token
	Duration                time.Duration
	Grants                  *Grants // nil for client credentials
}

// Grants is what a sweep of grants counts beside.
type Grants struct {
	ConsentRequired, Adopted, RotationLost, MassRejection, ResultAtRisk int

	Lag time.Duration // age of the oldest answer that no secret holds yet
}

func (g Grants) addTo(line *emfLine) {
	line.add("ConsentRequired", unitCount, float64(g.ConsentRequired))
	line.add("Adopted", unitCount, float64(g.Adopted))
	line.add("RotationLost", unitCount, float64(g.RotationLost))
	line.add("MassRejection", unitCount, float64(g.MassRejection))
	line.add("ResultAtRisk", unitCount, float64(g.ResultAtRisk))
	line.add("GrantLagSeconds", unitSeconds, g.Lag.Seconds())
}

// Sweep writes the metrics of one completed sweep, SweepCompleted among them:
// one line with all of them, and one more for each class of failure. The first
// carries the sum of Failed, zero included, so that an alarm on it recovers. For
// a sweep that did not complete nothing is written: the gap is what pages.
func (m *Metrics) Sweep(s Sweep) error {
	failed := 0
	for _, count := range s.FailedByClass {
		failed += count
	}
	line := m.line()
	line.add("Due", unitCount, float64(s.Due))
	line.add("Renewed", unitCount, float64(s.Renewed))
	line.add("Failed", unitCount, float64(failed))
	line.add("SecretWriteFailed", unitCount, float64(s.SecretWriteFailed))
	line.add("Remaining", unitCount, float64(s.Remaining))
	line.add("SweepDuration", unitMilliseconds, float64(s.Duration.Milliseconds()))
	if s.LowestLifeLeftPercent != nil {
		line.add("LowestLifeLeftPercent", unitPercent, *s.LowestLifeLeftPercent)
	}
	if s.Grants != nil {
		s.Grants.addTo(line)
	}
	line.add("SweepCompleted", unitCount, 1)
	err := m.write(line)
	for _, class := range slices.Sorted(maps.Keys(s.FailedByClass)) {
		err = errors.Join(err, m.failed(m.dimensions["GrantType"], class, s.FailedByClass[class]))
	}
	return err
}

// OnDemand is one renewal that no sweep made, in figures.
type OnDemand struct {
	GrantType   string // of the token, whatever the function's is
	Renewed     bool
	FailedClass string // empty: nothing failed

	ConsentRequired, RotationLost, Adopted bool
}

// OnDemand writes what one renewal outside of a sweep counts for, under the names
// that sweeps count the same by, and nothing else: what it says nothing of has no
// value then, not zero.
func (m *Metrics) OnDemand(d OnDemand) error {
	line := m.line()
	line.values["GrantType"] = d.GrantType
	for _, one := range []struct {
		name    string
		counted bool
	}{
		{"Renewed", d.Renewed},
		{"Failed", d.FailedClass != ""},
		{"ConsentRequired", d.ConsentRequired},
		{"RotationLost", d.RotationLost},
		{"Adopted", d.Adopted},
	} {
		if one.counted {
			line.add(one.name, unitCount, 1)
		}
	}
	err := m.write(line)
	if d.FailedClass == "" {
		return err
	}
	return errors.Join(err, m.failed(d.GrantType, d.FailedClass, 1))
}

// failed writes failures of one class.
func (m *Metrics) failed(grantType, class string, count int) error {
	line := m.line("Class")
	line.values["GrantType"], line.values["Class"] = grantType, class
	line.add("Failed", unitCount, float64(count))
	return m.write(line)
}

// AtRisk writes that answers are in neither store, for a function that renews
// outside of sweeps.
func (m *Metrics) AtRisk(answers int) error {
	line := m.line()
	line.add("ResultAtRisk", unitCount, float64(answers))
	return m.write(line)
}

// emfLine is one EMF document: its members beside `_aws` are the dimensions'
// and the metrics' values.
type emfLine struct {
	timestamp  int64 // milliseconds since 1970
	dimensions []string
	metrics    []emfMetric
	values     map[string]any
}

type emfMetric struct {
	Name string
	Unit string
}

// line begins a document with the dimensions that all have, and further ones.
func (m *Metrics) line(further ...string) *emfLine {
	line := &emfLine{
		timestamp:  m.now().UnixMilli(),
		dimensions: append(slices.Sorted(maps.Keys(m.dimensions)), further...),
		values:     map[string]any{},
	}
	for name, value := range m.dimensions {
		line.values[name] = value
	}
	return line
}

func (l *emfLine) add(name, unit string, value float64) {
	l.metrics = append(l.metrics, emfMetric{Name: name, Unit: unit})
	l.values[name] = value
}

func (m *Metrics) write(line *emfLine) error {
	line.values["_aws"] = map[string]any{
		"Timestamp": line.timestamp,
		"CloudWatchMetrics": []map[string]any{{
			"Namespace":  Namespace,
			"Dimensions": [][]string{line.dimensions},
			"Metrics":    line.metrics,
		}},
	}
	document, err := json.Marshal(line.values)
	if err != nil {
		return fmt.Errorf("encode metrics: %w", err)
	}
	if _, err := m.writer.Write(append(document, '\n')); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}
