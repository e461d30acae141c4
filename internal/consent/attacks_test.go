package consent_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/consent/page"
)

// attack is a response that must come to nothing.
type attack struct {
	name   string
	send   func(b *browser, form url.Values) *httptest.ResponseRecorder
	status int
	kind   page.Kind
	reason string
}

// changed is the merchant's own response, but for one parameter.
func changed(name string, values ...string) func(*browser, url.Values) *httptest.ResponseRecorder {
	return func(b *browser, form url.Values) *httptest.ResponseRecorder {
		form[name] = values
		return b.callback(form)
	}
}

// stateAttacks are refused before anything but the state is looked at.
func stateAttacks() []attack {
	return []attack{
		{"state forged", changed("state", "zforged"), http.StatusBadRequest, page.Wrong, "state_unknown"},
		{"state empty", changed("state", ""), http.StatusBadRequest, page.Wrong, "state_missing"},
		{"state missing", changed("state"), http.StatusBadRequest, page.Wrong, "state_missing"},
		{"no cookie", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			b.cookies = nil
			return b.callback(form)
		}, http.StatusBadRequest, page.Wrong, "state_unknown"},
		{"begun in another browser", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			victim := b.browser()
			victim.begin()
			return victim.callback(form)
		}, http.StatusBadRequest, page.Wrong, "state_unknown"},
		{"cookie of another attempt under this one's name", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			own := b.cookies[0].Name
			b.cookies = nil
			b.begin()
			b.cookies[0].Name = own
			return b.callback(form)
		}, http.StatusBadRequest, page.Wrong, "cookie_tampered"},
		{"cookie changed", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			c := b.cookies[0]
			c.Value = c.Value[:len(c.Value)-8] + "AAAAAAAA"
			return b.callback(form)
		}, http.StatusBadRequest, page.Wrong, "cookie_tampered"},
		{"cookie is no sealed value", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			b.cookies[0].Value = "zforged"
			return b.callback(form)
		}, http.StatusBadRequest, page.Wrong, "cookie_malformed"},
		{"cookie empty", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			b.cookies[0].Value = ""
			return b.callback(form)
		}, http.StatusBadRequest, page.Wrong, "cookie_malformed"},
		{"cookie sealed with a key that is not ours", func(b *browser, _ url.Values) *httptest.ResponseRecorder {
			b.keys.current = "x1"
			b.restart()
			b.cookies = nil
			form := b.approved("code-2")
			b.keys.current = "v1"
			b.restart()
			return b.callback(form)
		}, http.StatusBadRequest, page.Wrong, "cookie_key_unknown"},
		{"invite for a cookie", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			_, b.cookies[0].Value, _ = strings.Cut(b.invite(), "=")
			return b.callback(form)
		}, http.StatusBadRequest, page.Wrong, "cookie_tampered"},
		{"attempt too old, though the browser kept it", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			time.Sleep(10 * time.Minute)
			return b.callback(form)
		}, http.StatusGone, page.Expired, "attempt_expired"},
		{"error without a valid state", func(b *browser, _ url.Values) *httptest.ResponseRecorder {
			return b.callback(url.Values{"error": {"access_denied"}, "state": {"zforged"}})
		}, http.StatusBadRequest, page.Wrong, "state_unknown"},
		{"error without a state", func(b *browser, _ url.Values) *httptest.ResponseRecorder {
			return b.callback(url.Values{"error": {"access_denied"}})
		}, http.StatusBadRequest, page.Wrong, "state_missing"},
	}
}

// bodyAttacks are refused before the state is looked at.
func bodyAttacks() []attack {
	typed := func(contentType string) func(*browser, url.Values) *httptest.ResponseRecorder {
		return func(b *browser, form url.Values) *httptest.ResponseRecorder {
			r := posted(form.Encode())
			r.Header.Set("Content-Type", contentType)
			return b.do(r)
		}
	}
	body := func(change func(string) string) func(*browser, url.Values) *httptest.ResponseRecorder {
		return func(b *browser, form url.Values) *httptest.ResponseRecorder { return b.post(change(form.Encode())) }
	}
	method := func(method string) func(*browser, url.Values) *httptest.ResponseRecorder {
		return func(b *browser, form url.Values) *httptest.ResponseRecorder {
			return b.do(httptest.NewRequest(method, publicURL+"/consent/callback?"+form.Encode(), nil))
		}
	}
	return []attack{
		{"state twice", body(func(s string) string { return s + "&state=zforged" }), http.StatusBadRequest, page.Wrong, "parameter_twice"},
		{"state twice, the same", body(func(s string) string { return s + "&" + s[strings.Index(s, "state="):] }), http.StatusBadRequest, page.Wrong, "parameter_twice"},
		{"code twice", body(func(s string) string { return s + "&code=zforged" }), http.StatusBadRequest, page.Wrong, "parameter_twice"},
		{"id_token twice, once empty", body(func(s string) string { return "id_token=&" + s }), http.StatusBadRequest, page.Wrong, "parameter_twice"},
		{"error twice", body(func(string) string { return "error=access_denied&error=server_error" }), http.StatusBadRequest, page.Wrong, "parameter_twice"},
		{"something unknown twice", body(func(s string) string { return s + "&zforged=1&zforged=2" }), http.StatusBadRequest, page.Wrong, "parameter_twice"},
		{"no form: JSON", body(func(string) string { return `{"state":"zforged","code":"zforged"}` }), http.StatusBadRequest, page.Wrong, "state_missing"},
		{"no form: a broken escape", body(func(s string) string { return s + "&x=%zz" }), http.StatusBadRequest, page.Wrong, "body"},
		{"no form: semicolons", body(func(s string) string { return strings.ReplaceAll(s, "&", ";") }), http.StatusBadRequest, page.Wrong, "body"},
		{"nothing at all", body(func(string) string { return "" }), http.StatusBadRequest, page.Wrong, "state_missing"},
		{"one megabyte", body(func(s string) string { return s + "&x=" + strings.Repeat("z", 1<<20) }), http.StatusRequestEntityTooLarge, page.Wrong, "body_too_large"},
		{"one byte too many", body(func(s string) string { return s + "&x=" + strings.Repeat("z", 64<<10-len(s)-2) }), http.StatusRequestEntityTooLarge, page.Wrong, "body_too_large"},
		{"body breaks off", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			r := posted("")
			r.Body = http.MaxBytesReader(nil, posted(form.Encode()).Body, 10)
			return b.do(r)
		}, http.StatusBadRequest, page.Wrong, "body"},
		{"typed as JSON", typed("application/json"), http.StatusUnsupportedMediaType, page.Wrong, "content_type"},
		{"typed as text", typed("text/plain; charset=utf-8"), http.StatusUnsupportedMediaType, page.Wrong, "content_type"},
		{"typed as multipart", typed("multipart/form-data; boundary=x"), http.StatusUnsupportedMediaType, page.Wrong, "content_type"},
		{"not typed", typed(""), http.StatusUnsupportedMediaType, page.Wrong, "content_type"},
		{"typed twice", typed("application/x-www-form-urlencoded, text/plain"), http.StatusUnsupportedMediaType, page.Wrong, "content_type"},
		{"GET", method(http.MethodGet), http.StatusMethodNotAllowed, page.Wrong, "method"},
		{"PUT", method(http.MethodPut), http.StatusMethodNotAllowed, page.Wrong, "method"},
		{"parameters in the URL", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			r := posted("")
			r.URL.RawQuery = form.Encode()
			return b.do(r)
		}, http.StatusBadRequest, page.Wrong, "state_missing"},
	}
}

// responseAttacks come with a valid state.
func responseAttacks() []attack {
	failed := func(failure string) func(*browser, url.Values) *httptest.ResponseRecorder {
		return func(b *browser, form url.Values) *httptest.ResponseRecorder {
			return b.callback(url.Values{"error": {failure}, "error_description": {"zforged"}, "state": form["state"]})
		}
	}
	return []attack{
		{"declined", failed("access_denied"), http.StatusOK, page.Declined, "access_denied"},
		{"declined, with a code beside it", changed("error", "access_denied"), http.StatusOK, page.Declined, "access_denied"},
		{"provider's error", failed("invalid_scope"), http.StatusBadRequest, page.Wrong, "invalid_scope"},
		{"an error that is none", failed("zforged<script>"), http.StatusBadRequest, page.Wrong, "unregistered_error"},
		{"error of another server", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			return b.callback(url.Values{"error": {"access_denied"}, "iss": {"https://zforged.example"}, "state": form["state"]})
		}, http.StatusBadRequest, page.Wrong, "iss"},
		{"iss of another server", changed("iss", "https://zforged.example"), http.StatusBadRequest, page.Wrong, "iss"},
		{"iss with a slash more", changed("iss", issuer+"/"), http.StatusBadRequest, page.Wrong, "iss"},
		{"iss of another server, where none is pinned", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			b.provider.issuer = ""
			return changed("iss", "https://zforged.example")(b, form)
		}, http.StatusBadRequest, page.Wrong, "iss"},
		{"code missing", changed("code"), http.StatusBadRequest, page.Wrong, "code_missing"},
		{"id_token missing", changed("id_token"), http.StatusBadRequest, page.Wrong, "id_token_missing"},
		{"id_token empty", changed("id_token", ""), http.StatusBadRequest, page.Wrong, "id_token_missing"},
		{"id_token of no kind", changed("id_token", "zforged"), http.StatusBadRequest, page.Wrong, "id_token"},
		{"code of another attempt", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			other := b.browser().approved("code-2")
			form["code"] = other["code"]
			return b.callback(form)
		}, http.StatusBadRequest, page.Wrong, "id_token"},
		{"code and id_token of another attempt", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			other := b.browser().approved("code-2")
			other["state"] = form["state"]
			return b.callback(other)
		}, http.StatusBadRequest, page.Wrong, "id_token"},
		{"id_token too old", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			time.Sleep(5 * time.Minute)
			return b.callback(form)
		}, http.StatusBadRequest, page.Wrong, "id_token"},
		{"another flaw of the id_token", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			b.provider.verifyErr = &consent.Flaw{Check: "alg"}
			return b.callback(form)
		}, http.StatusBadRequest, page.Wrong, "id_token"},
		{"client gone since", func(b *browser, form url.Values) *httptest.ResponseRecorder {
			b.provider.lookupErr = consent.ErrUnknownClient
			return b.callback(form)
		}, http.StatusGone, page.Expired, "client_unknown"},
	}
}

// outages are nobody's fault who sends a response.
func outages() []attack {
	down := errors.New("down")
	broken := func(damage func(*world)) func(*browser, url.Values) *httptest.ResponseRecorder {
		return func(b *browser, form url.Values) *httptest.ResponseRecorder {
			damage(b.world)
			return b.callback(form)
		}
	}
	return []attack{
		{"credentials unreadable", broken(func(w *world) { w.provider.lookupErr = down }), http.StatusServiceUnavailable, page.TryAgain, "client"},
		{"journal unreadable", broken(func(w *world) { w.rows.getErr = down }), http.StatusServiceUnavailable, page.TryAgain, "journal"},
		{"provider's keys out of reach", broken(func(w *world) { w.provider.readyErr = down }), http.StatusServiceUnavailable, page.TryAgain, "keys"},
		{"id_token cannot be verified now", broken(func(w *world) { w.provider.verifyErr = down }), http.StatusServiceUnavailable, page.TryAgain, "id_token_not_verified"},
		{"our own key out of reach", broken(func(w *world) {
			w.keys.err = down
			w.restart()
		}), http.StatusServiceUnavailable, page.TryAgain, "cookie_key_unavailable"},
	}
}
