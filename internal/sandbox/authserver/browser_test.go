package authserver_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"

	"token-refresher/internal/sandbox/authserver"
)

// browser is a merchant's: it keeps cookies, follows redirects and runs no
// script.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T, server http.Handler) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, &http.Client{Transport: authserver.Transport(server), Jar: jar}}
}

// sheet is a page as it came.
type sheet struct {
	status int
	path   string
	header http.Header
	body   string
	fields url.Values // the hidden ones
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

func (b browser) get(address string) sheet {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(request)
}

func (b browser) post(path string, form url.Values) sheet {
	b.t.Helper()
	return b.do(post(b.t.Context(), authserver.DefaultURL+path, form.Encode()))
}

func (b browser) do(request *http.Request) sheet {
	b.t.Helper()
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	s := sheet{response.StatusCode, response.Request.URL.Path, response.Header, string(body), url.Values{}}
	for _, field := range hidden.FindAllStringSubmatch(s.body, -1) {
		s.fields.Add(field[1], html.UnescapeString(field[2]))
	}
	return s
}

// login goes as far as the consent page.
func (b browser) login(query url.Values) sheet {
	b.t.Helper()
	s := b.get(authorizeURL(query))
	if s.path != authserver.LoginPath || s.status != http.StatusOK {
		b.t.Fatalf("authorize: got %s with status %d, want the login page", s.path, s.status)
	}
	s.fields.Set("username", "merchant@example.com")
	s.fields.Set("password", "anything")
	s = b.post(authserver.LoginPath, s.fields)
	if s.path != authserver.ConsentPath || s.status != http.StatusOK {
		b.t.Fatalf("login: got %s with status %d, want the consent page", s.path, s.status)
	}
	return s
}

func (b browser) reply(s sheet, reply string) sheet {
	b.t.Helper()
	form := url.Values{"request": s.fields["request"], "answer": {reply}}
	return b.post(authserver.ConsentPath, form)
}
