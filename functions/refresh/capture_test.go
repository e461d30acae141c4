package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"token-refresher/internal/token"
)

// capture keeps what leaves a function, by the way it leaves. The zero value is
// empty.
type capture struct {
	mu      sync.Mutex
	streams map[string]*bytes.Buffer
}

// writerFunc is a function as an io.Writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// stream returns a writer to the stream called name.
func (c *capture) stream(name string) io.Writer {
	return writerFunc(func(b []byte) (int, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.streams == nil {
			c.streams = map[string]*bytes.Buffer{}
		}
		if c.streams[name] == nil {
			c.streams[name] = &bytes.Buffer{}
		}
		return c.streams[name].Write(b)
	})
}

// text is what a stream holds.
func (c *capture) text(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[name] == nil {
		return ""
	}
	return c.streams[name].String()
}

// leaks names every stream in which a secret shows, and how.
func (c *capture) leaks(secrets []token.Secret) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []string
	for _, name := range slices.Sorted(maps.Keys(c.streams)) {
		text := c.streams[name].String()
		for i, secret := range secrets {
			for form, shown := range forms(secret.Reveal()) {
				if strings.Contains(text, shown) {
					found = append(found, fmt.Sprintf("secret %d of %d, %s, in %s", i+1, len(secrets), form, name))
				}
			}
		}
	}
	return found
}

// forms is how a secret may show: as it is, and encoded. Base64 is looked for at
// each of the three offsets at which it may begin within a longer text, such as
// Basic's `id:secret`, without the characters that its neighbours decide.
func forms(secret string) map[string]string {
	quoted, _ := json.Marshal(secret) // a string
	shown := map[string]string{
		"as it is":   secret,
		"in JSON":    strings.Trim(string(quoted), `"`),
		"as a query": url.QueryEscape(secret),
		"as a path":  url.PathEscape(secret),
		"in hex":     hex.EncodeToString([]byte(secret)),
	}
	for offset := range 3 {
		shown[fmt.Sprintf("in base64 at offset %d", offset)] = inner(secret, offset, base64.StdEncoding)
		shown[fmt.Sprintf("in base64url at offset %d", offset)] = inner(secret, offset, base64.URLEncoding)
		shown[fmt.Sprintf("form-encoded Basic at offset %d", offset)] = inner(url.QueryEscape(secret), offset, base64.StdEncoding)
	}
	return shown
}

// inner is the part of a base64 text that secret alone decides when it begins
// at the offset, modulo three, of what is encoded.
func inner(secret string, offset int, encoding *base64.Encoding) string {
	skip := (3 - offset) % 3
	whole := secret[skip:]
	return encoding.EncodeToString([]byte(whole[:len(whole)/3*3]))
}

func TestCaptureFindsLeaks(t *testing.T) {
	t.Parallel()
	const secret = `a"secret+with/odd=chars & spaces`
	basic := func(prefix string) string {
		return base64.StdEncoding.EncodeToString([]byte(prefix + url.QueryEscape(secret)))
	}
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatalf("quote: %v", err)
	}
	for name, text := range map[string]string{
		"plain":           "error: " + secret + "!",
		"JSON":            string(quoted),
		"query":           "?client_secret=" + url.QueryEscape(secret) + "&x=1",
		"hex":             fmt.Sprintf("%x", secret),
		"base64":          base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64url":       base64.RawURLEncoding.EncodeToString([]byte("xy" + secret + "z")),
		"Basic, offset 0": basic("id:"),
		"Basic, offset 1": basic("pos:"),
		"Basic, offset 2": basic("id_1:"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c capture
			_, _ = c.stream("log").Write([]byte("before " + text + " after"))
			if len(c.leaks([]token.Secret{token.NewSecret(secret)})) == 0 {
				t.Errorf("no leak was found in %q", text)
			}
		})
	}
	var c capture
	_, _ = c.stream("log").Write([]byte("nothing to see"))
	if found := c.leaks([]token.Secret{token.NewSecret(secret)}); len(found) > 0 {
		t.Errorf("leaks: got %q, want none", found)
	}
}
