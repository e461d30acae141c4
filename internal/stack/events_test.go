package stack_test

import (
	"cmp"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/moto"
)

// invoked names the functions that an event is for, by the beginning of its
// file's name.
func invoked(file string) []string {
	kinds := map[string][]string{
		"refresh": {"RefreshFunction", "GrantsFunction"}, "consent": {"ConsentFunction"},
		"accesstoken": {"AccessTokenFunction"}, "operator": {"OperatorFunction"},
	}
	kind, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), "-")
	return kinds[kind]
}

// TestEvents sends every file of events/ to the functions that it is for, as
// they are built and deployed, with moto as AWS. None may fail.
func TestEvents(t *testing.T) {
	t.Parallel()
	address, err := url.Parse(moto.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, httputil.NewSingleHostReverseProxy(address))
	r.seed(t)
	files, err := filepath.Glob("../../events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("found events %v, error %v", files, err)
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Compare(turn(a), turn(b)) })
	sent := map[string]bool{}
	for _, file := range files {
		event, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		targets := invoked(file)
		if len(targets) == 0 {
			t.Errorf("%s: no function is invoked so", file)
		}
		for _, function := range targets { // one by one: moto is not safe for concurrent use
			t.Run(filepath.Base(file)+" to "+function, func(t *testing.T) {
				var answer map[string]any
				r.invoke(t, function, event, &answer)
				checkAnswer(t, filepath.Base(file), answer)
			})
			sent[function] = true
		}
	}
	for _, function := range functions(t, r.stack) {
		if !sent[function] {
			t.Errorf("no event is for %s", function)
		}
	}
}

// A merchant's browser comes by every route of the API, so each has its event.
func TestEveryRouteHasAnEvent(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../events/consent-*.json")
	if err != nil {
		t.Fatal(err)
	}
	var sent, want []any
	for _, file := range files {
		sent = append(sent, readEvent(t, file)["routeKey"])
	}
	stack := load(t, nil)
	for _, id := range stack.ids(t, "AWS::ApiGatewayV2::Route") {
		want = append(want, stack.properties(t, id)["RouteKey"])
	}
	for _, route := range want {
		if !slices.Contains(sent, route) {
			t.Errorf("no event comes by %s, only by %v", route, sent)
		}
	}
	for _, route := range sent {
		if !slices.Contains(want, route) {
			t.Errorf("an event comes by %s, which the API does not pass on", route)
		}
	}
}

// turn puts sweeps first, which make what others ask for, and removals last.
func turn(file string) int {
	switch filepath.Base(file) {
	case "refresh-sweep.json":
		return 0
	case "operator-remove.json":
		return 2
	default:
		return 1
	}
}

// expected says what an answer must hold: the path to a value, and the value if
// it is one that is known beforehand.
func expected() map[string]struct {
	path []string
	want any
} {
	return map[string]struct {
		path []string
		want any
	}{
		"refresh-sweep.json":        {[]string{"failed"}, []any{}},
		"consent-begin.json":        {[]string{"statusCode"}, 400.0},
		"consent-callback.json":     {[]string{"statusCode"}, 400.0},
		"consent-callback-get.json": {[]string{"statusCode"}, 405.0},
		"consent-done.json":         {[]string{"statusCode"}, 200.0},
		"operator-get.json":         {[]string{"error"}, "not_allowed"}, // the template's default
		"operator-status.json":      {[]string{"clients"}, nil},
		"operator-refresh.json":     {[]string{"tokens"}, nil},
		"operator-invite.json":      {[]string{"url"}, nil},
		"operator-remove.json":      {[]string{"token"}, nil},
		"operator-doctor.json":      {[]string{"checks"}, nil},
	}
}

func checkAnswer(t *testing.T, file string, answer map[string]any) {
	t.Helper()
	path, want := []string{"access_token"}, any(nil) // of accesstoken*.json
	if known, ok := expected()[file]; ok {
		path, want = known.path, known.want
	}
	got := at(answer, path...)
	delete(answer, "access_token") // not for a test's output
	switch {
	case got == nil:
		t.Errorf("no %s in the answer: %v", strings.Join(path, "."), answer)
	case want != nil && !reflect.DeepEqual(got, want):
		t.Errorf("%s is %v, want %v; the answer: %v", strings.Join(path, "."), got, want, answer)
	}
}
