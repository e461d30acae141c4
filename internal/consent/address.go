package consent

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"token-refresher/internal/loopback"
)

// MaxReturnTo bounds a return address (bytes): it travels in a cookie.
const MaxReturnTo = 512

// uriCharacters are those that may stand in a URI (RFC 3986 appendix A). What a
// browser would repair or read in its own way, such as a backslash, a space or a
// line feed, is none of them.
const uriCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%"

// CheckReturnTo reports why a merchant cannot be offered to go to the address
// afterwards, or nil. The error does not repeat it.
func CheckReturnTo(address string) error {
	if len(address) > MaxReturnTo {
		return fmt.Errorf("the return address is longer than %d bytes", MaxReturnTo)
	}
	if strings.Trim(address, uriCharacters) != "" {
		return errors.New("the return address holds a character that no URL does: write it percent-encoded")
	}
	_, err := webAddress(address)
	if err != nil {
		return fmt.Errorf("the return address %w", err)
	}
	return nil
}

// CheckOrigin reports why merchants cannot reach the handler under the URL, or
// nil: an origin (RFC 6454) is needed, since cookies named __Host- are for whole
// hosts. The error does not repeat it.
func CheckOrigin(publicURL string) error {
	u, err := webAddress(publicURL)
	if err != nil {
		return fmt.Errorf("the public URL %w", err)
	}
	if origin := u.Scheme + "://" + u.Host; origin != publicURL {
		return errors.New("the public URL must be an origin, such as https://consent.example.com: no path, no query, no slash at the end")
	}
	return nil
}

// webAddress parses an absolute https URL, or a http one on loopback, that names
// no user. The error ends a sentence that begins with what the address is.
func webAddress(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("is no URL") // the parser's own error repeats it
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback.Is(u.Hostname())):
		return nil, errors.New("must be an absolute https URL (http on loopback only)")
	case u.Hostname() == "", u.Opaque != "":
		return nil, errors.New("must name a host")
	case u.User != nil:
		return nil, errors.New("must not name a user")
	}
	return u, nil
}
