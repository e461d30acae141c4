package page_test

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"token-refresher/internal/consent/page"
)

// everyPage calls test with every page in every language, as consent shows it:
// with a reference and a way back.
func everyPage(t *testing.T, test func(t *testing.T, v page.View, d dom)) {
	t.Helper()
	for _, kind := range page.Kinds() {
		for _, language := range page.Languages() {
			t.Run(string(kind)+" "+string(language), func(t *testing.T) {
				t.Parallel()
				v := page.View{Kind: kind, Language: language, Reference: "K7QF2M9X", ReturnTo: "https://shop.example/back?a=1&b=2"}
				test(t, v, render(t, v))
			})
		}
	}
}

func TestPagesAreDocumentsOfTheirOwn(t *testing.T) {
	t.Parallel()
	everyPage(t, func(t *testing.T, v page.View, d dom) {
		if got := d.only(t, "html").attribute("lang"); got != string(v.Language) {
			t.Errorf("lang: got %q, want %q", got, v.Language)
		}
		if title, heading := d.only(t, "title").text(), d.only(t, "h1").text(); title != heading || title == "" {
			t.Errorf("title %q and heading %q: want the same, and not empty", title, heading)
		}
		if got := d.only(t, "svg").attribute("aria-hidden"); got != "true" {
			t.Errorf("mark: got aria-hidden %q, want true: the heading says it", got)
		}
		if got := d.only(t, "path").attribute("d"); !strings.HasPrefix(got, "M") {
			t.Errorf("mark: got %q, want a drawing", got)
		}
		for _, name := range []string{"main", "style"} {
			d.only(t, name)
		}
		if d.meta("viewport") == "" || d.meta("color-scheme") != "light dark" {
			t.Error("want a viewport for phones and both colour schemes")
		}
		if len(d.source) > 8<<10 {
			t.Errorf("it has %d bytes, want few", len(d.source))
		}
	})
}

// What the policy would block is not there in the first place.
func TestPagesDoAndLoadNothing(t *testing.T) {
	t.Parallel()
	harmless := []string{
		"html", "head", "meta", "title", "style", "body", "main", "svg", "path", "h1", "p", "a", "footer", "strong",
	}
	everyPage(t, func(t *testing.T, v page.View, d dom) {
		for _, e := range d.elements {
			if !slices.Contains(harmless, e.Data) {
				t.Errorf("element %s: want none that runs, loads or sends", e.Data)
			}
			for _, a := range e.Attr {
				if strings.HasPrefix(a.Key, "on") || slices.Contains([]string{"style", "src", "srcset", "http-equiv", "ping", "target"}, a.Key) {
					t.Errorf("%s has %s, want none", e.Data, a.Key)
				}
				if a.Key == "href" && (e.Data != "a" || a.Val != v.ReturnTo) {
					t.Errorf("%s leads to %s, want nowhere but the return address", e.Data, a.Val)
				}
			}
		}
		for _, loads := range []string{"url(", "@import", "@font-face", "//"} {
			if strings.Contains(d.only(t, "style").text(), loads) {
				t.Errorf("the style has %q in it, want nothing from elsewhere", loads)
			}
		}
	})
}

func TestPolicyAllowsTheStyleAndNothingElse(t *testing.T) {
	t.Parallel()
	everyPage(t, func(t *testing.T, _ page.View, d dom) {
		hash := sha256.Sum256([]byte(d.only(t, "style").text()))
		want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
		if got := page.ContentSecurityPolicy(); got != want {
			t.Errorf("policy: got %s, want %s", got, want)
		}
	})
}

func TestReferenceAndReturnAddressAreShown(t *testing.T) {
	t.Parallel()
	everyPage(t, func(t *testing.T, v page.View, d dom) {
		back := d.only(t, "a")
		if !strings.HasSuffix(back.text(), " shop.example") || back.attribute("rel") != "noreferrer" {
			t.Errorf("link: got %q with rel %q, want the host it leads to, and noreferrer", back.text(), back.attribute("rel"))
		}
		if got := d.only(t, "strong").text(); got != v.Reference {
			t.Errorf("reference: got %q, want %q", got, v.Reference)
		}
		without := render(t, page.View{Kind: v.Kind, Language: v.Language})
		for _, name := range []string{"a", "strong", "footer"} {
			if len(without.named(name)) != 0 {
				t.Errorf("%s is there without a reference and a return address", name)
			}
		}
	})
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	fine := page.View{Kind: page.Wrong, Language: page.English}
	tests := []struct {
		name   string
		change func(v *page.View)
	}{
		{"no kind", func(v *page.View) { v.Kind = "" }},
		{"unknown kind", func(v *page.View) { v.Kind = "teapot" }},
		{"no language", func(v *page.View) { v.Language = "" }},
		{"unknown language", func(v *page.View) { v.Language = "sv" }},
		{"reference with markup", func(v *page.View) { v.Reference = "<b>x</b>" }},
		{"reference with words", func(v *page.View) { v.Reference = "call 555-1234 now" }},
		{"reference of two lines", func(v *page.View) { v.Reference = "K7QF\n" }},
		{"long reference", func(v *page.View) { v.Reference = strings.Repeat("x", 65) }},
		{"return by script", func(v *page.View) { v.ReturnTo = "javascript:alert(1)" }},
		{"return to data", func(v *page.View) { v.ReturnTo = "data:text/html,x" }},
		{"return in plain text", func(v *page.View) { v.ReturnTo = "http://shop.example/" }},
		{"return to what only begins like loopback", func(v *page.View) { v.ReturnTo = "http://localhost.shop.example/" }},
		{"return to a path", func(v *page.View) { v.ReturnTo = "/consent" }},
		{"return to the same scheme", func(v *page.View) { v.ReturnTo = "//shop.example/" }},
		{"return without a host", func(v *page.View) { v.ReturnTo = "https:///x" }},
		{"return to a port without a host", func(v *page.View) { v.ReturnTo = "https://:443/x" }},
		{"return that hides its host", func(v *page.View) { v.ReturnTo = "https://mobilepay.dk@evil.example/" }},
		{"return with a tab", func(v *page.View) { v.ReturnTo = "https://shop.example/\tx" }},
		{"return with a space before", func(v *page.View) { v.ReturnTo = " https://shop.example/" }},
		{"opaque return", func(v *page.View) { v.ReturnTo = "https:shop.example" }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := fine
			test.change(&v)
			out, err := page.Render(v)
			if err == nil || out != nil {
				t.Errorf("Render(%+v): got %d bytes and no error", v, len(out))
			}
			if err != nil && v.ReturnTo != "" && strings.Contains(err.Error(), v.ReturnTo) {
				t.Errorf("the error repeats the address: %v", err)
			}
		})
	}
}

func TestRenderTakesLoopback(t *testing.T) {
	t.Parallel()
	for returnTo, host := range map[string]string{
		"http://localhost:8080/x": "localhost:8080", "http://127.0.0.1/": "127.0.0.1", "http://[::1]:80/": "[::1]:80",
		"https://shop.example:8443/?x=%3Cb%3E#y": "shop.example:8443",
	} {
		d := render(t, page.View{Kind: page.Done, Language: page.English, ReturnTo: returnTo})
		link := d.only(t, "a")
		if link.attribute("href") != returnTo || link.text() != "Back to "+host {
			t.Errorf("%s: got %q to %q, want host %s", returnTo, link.text(), link.attribute("href"), host)
		}
	}
}

// FuzzRender looks for a reference or a return address that changes more of a
// page than the text and the link that are meant for them.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		"K7QF2M9X", "", `"><script>`, "https://shop.example/", "http://localhost/", "https://shop.example/'\"<>&", "javascript:alert(1)",
		"https://a:b@c/", "https://shop.example\\@evil.example/", "https://[::1]/", "https://shop.example/</style>",
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, reference, returnTo string) {
		v := page.View{Kind: page.Done, Language: page.Finnish, Reference: reference, ReturnTo: returnTo}
		out, err := page.Render(v)
		if err != nil {
			return
		}
		d := parse(t, out)
		plain := page.View{Kind: v.Kind, Language: v.Language}
		if reference != "" {
			plain.Reference = "x"
		}
		if returnTo != "" {
			plain.ReturnTo = "https://x.example"
		}
		if got, want := d.shape(), render(t, plain).shape(); got != want {
			t.Errorf("elements: got %s, want %s", got, want)
		}
		for _, link := range d.named("a") {
			if to := link.attribute("href"); !strings.HasPrefix(strings.ToLower(to), "https://") && !strings.HasPrefix(strings.ToLower(to), "http://") {
				t.Errorf("link: got %q, want a page", to)
			}
		}
	})
}
