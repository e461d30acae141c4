package statuspage_test

import (
	"slices"
	"strings"
	"testing"

	"token-refresher/internal/statuspage"
)

func ids(tokens []statuspage.Token) (ids []string) {
	for _, t := range tokens {
		ids = append(ids, t.ID)
	}
	return ids
}

func TestTroubleComesFirst(t *testing.T) {
	t.Parallel()
	view := statuspage.View{
		Clients: []statuspage.Client{
			{Name: "b-fine"}, {Name: "a-fine"}, {Name: "shaky"}, {Name: "lost"}, {Name: "refused", Problem: "no client_id"},
		},
		Tokens: []statuspage.Token{
			{ID: "lost/removed", State: statuspage.StateRemoved},
			{ID: "lost/fresh", State: statuspage.StateFresh},
			{ID: "lost/waits", State: statuspage.StateConsentRequired},
			{ID: "lost/expired", State: statuspage.StateExpired},
			{ID: "lost/tired", State: statuspage.StateDue, Problem: "failed 3 times in a row"},
			{ID: "shaky", State: statuspage.StateFresh, Problem: "failed once"},
			{ID: "b-fine", State: statuspage.StateHeld},
			{ID: "a-fine/2", State: statuspage.StateIdle},
			{ID: "a-fine/1", State: statuspage.StateDue},
		},
	}
	got := firstEvent(t, newPage(t, &board{view: view}))
	var clients []string
	for _, c := range got.Clients {
		clients = append(clients, c.Name)
	}
	if want := []string{"lost", "refused", "shaky", "a-fine", "b-fine"}; !slices.Equal(clients, want) {
		t.Errorf("clients: got %v, want %v", clients, want)
	}
	want := []string{
		"lost/expired", "lost/waits", "lost/tired", "shaky", "a-fine/1", "a-fine/2", "b-fine", "lost/fresh", "lost/removed",
	}
	if got := ids(got.Tokens); !slices.Equal(got, want) {
		t.Errorf("tokens: got %v, want %v", got, want)
	}
	if view.Tokens[0].ID != "lost/removed" || view.Clients[0].Name != "b-fine" {
		t.Error("the source's own lists were sorted")
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	tokens := func(states ...statuspage.State) (list []statuspage.Token) {
		for _, state := range states {
			list = append(list, statuspage.Token{ID: "shop/DK1", State: state})
		}
		return list
	}
	failing := statuspage.Token{ID: "shop/DK2", State: statuspage.StateDue, Problem: "failed twice"}
	refused := []statuspage.Client{{Name: "kiosk", Problem: "unreadable"}}
	tests := []struct {
		name   string
		view   statuspage.View
		tone   statuspage.Tone
		title  string
		detail []string
	}{
		{name: "nothing", tone: statuspage.ToneWarn, title: "No token is promised yet"},
		{name: "all well", view: statuspage.View{Tokens: tokens("fresh", "due", "held", "idle")}, tone: statuspage.ToneGood, title: "Everything is fresh"},
		{name: "removed ones are not counted", view: statuspage.View{Tokens: tokens("removed", "fresh")}, tone: statuspage.ToneGood, title: "Everything is fresh"},
		{name: "only removed ones", view: statuspage.View{Tokens: tokens("removed")}, tone: statuspage.ToneWarn, title: "No token is promised yet"},
		{name: "usable, and failing", view: statuspage.View{Tokens: append(tokens("fresh"), failing)}, tone: statuspage.ToneWarn,
			title: "Every token is usable, but not all is well", detail: []string{"1 usable, but not renewed at the last try"}},
		{name: "one lost", view: statuspage.View{Tokens: tokens("consent_required", "fresh", "removed")}, tone: statuspage.ToneBad,
			title: "1 of 2 tokens cannot be used", detail: []string{"1 waiting for the merchant's consent"}},
		{name: "several lost", view: statuspage.View{Clients: refused, Tokens: append(tokens("expired", "missing", "consent_required", "parked", "unreadable", "expired"), failing)},
			tone: statuspage.ToneBad, title: "6 of 7 tokens cannot be used", detail: []string{
				"1 waiting for the merchant's consent", "2 expired", "1 unreadable", "1 not there yet", "1 parked",
				"1 client that cannot be used", "1 usable, but not renewed at the last try",
			}},
		{name: "a client", view: statuspage.View{Clients: refused, Tokens: tokens("fresh")}, tone: statuspage.ToneBad,
			title: "Not everything is fresh", detail: []string{"1 client that cannot be used"}},
		{name: "a state that is new here", view: statuspage.View{Tokens: tokens("melted")}, tone: statuspage.ToneBad, title: "1 of 1 token cannot be used"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := statuspage.Verdict{Tone: test.tone, Title: test.title, Detail: strings.Join(test.detail, ", ")}
			if got := firstEvent(t, newPage(t, &board{view: test.view})).Verdict; got != want {
				t.Errorf("verdict: got %+v, want %+v", got, want)
			}
		})
	}
}
