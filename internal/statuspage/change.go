package statuspage

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"token-refresher/internal/token"
)

const (
	// maxChange bounds the body of a change (bytes).
	maxChange = 4096
	// changeTimeout is how long a change may take.
	changeTimeout = 10 * time.Second
	// ticketHeader brings the ticket of the event stream back. A page of another
	// site can neither read the ticket nor set the header.
	ticketHeader = "X-Ticket"
)

// Refusal is why a change is not made, in words for the person who asked for
// it. Of any other error the page says only that it failed.
type Refusal struct{ Reason string } //nolint:errname // an answer in the first place, an error only on its way there

func (r *Refusal) Error() string { return r.Reason }

// ours lets a change through that brings the ticket, and bounds it.
func (p *page) ours(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get(ticketHeader)), []byte(p.ticket)) != 1 {
			http.Error(w, "this page is out of date: reload it", http.StatusForbidden)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), changeTimeout)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, maxChange)
		next(w, r.WithContext(ctx))
	}
}

func (p *page) setFault(w http.ResponseWriter, r *http.Request) {
	var change struct {
		Name string `json:"name"`
		On   bool   `json:"on"`
	}
	switch {
	case p.faults == nil:
		http.Error(w, "faults cannot be switched here", http.StatusNotFound)
	case !decode(r, &change) || change.Name == "":
		http.Error(w, `send {"name":"…","on":true}`, http.StatusBadRequest)
	default:
		if err := p.faults.SetFault(r.Context(), change.Name, change.On); err != nil {
			p.refuse(w, r, "this fault cannot be switched", err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// sendInvite answers the link for a merchant.
func (p *page) sendInvite(w http.ResponseWriter, r *http.Request) {
	if p.invite == nil {
		http.Error(w, "nobody is invited here", http.StatusNotFound)
		return
	}
	id, ok := decodeMerchant(w, r)
	if !ok {
		return
	}
	link, err := p.invite(r.Context(), id.Client, id.Merchant)
	if err == nil {
		err = checkLink(link)
	}
	if err != nil {
		p.refuse(w, r, "there is no invitation for this merchant at the moment", err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"url": link}) // the browser may be gone
}

// takeBack revokes a consent at the provider.
func (p *page) takeBack(w http.ResponseWriter, r *http.Request) {
	if p.revoke == nil {
		http.Error(w, "no consent is taken back here", http.StatusNotFound)
		return
	}
	id, ok := decodeMerchant(w, r)
	if !ok {
		return
	}
	if err := p.revoke(r.Context(), id.Client, id.Merchant); err != nil {
		p.refuse(w, r, "this consent cannot be taken back", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// refuse answers why a change is not made: the reason of a Refusal, else the
// fallback, and then the log says more.
func (p *page) refuse(w http.ResponseWriter, r *http.Request, fallback string, err error) {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		fallback = refusal.Reason
	}
	p.log.WarnContext(r.Context(), "change not made", "path", r.URL.Path, "error", err)
	http.Error(w, fallback, http.StatusUnprocessableEntity)
}

// decodeMerchant reads which client's merchant a change is about, or answers
// what is wrong with it.
func decodeMerchant(w http.ResponseWriter, r *http.Request) (id token.ID, ok bool) {
	var change struct {
		Client   string `json:"client"`
		Merchant string `json:"merchant"`
	}
	if !decode(r, &change) || change.Client == "" || change.Merchant == "" {
		http.Error(w, `send {"client":"…","merchant":"…"}`, http.StatusBadRequest)
		return token.ID{}, false
	}
	id = token.ID{Client: change.Client, Merchant: change.Merchant}
	if err := id.Check(); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return token.ID{}, false
	}
	return id, true
}

// decode reads the body's only JSON value.
func decode(r *http.Request, change any) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	return decoder.Decode(change) == nil && !decoder.More()
}

// checkLink holds that what the page makes a link of is one to a web page.
func checkLink(link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("the invitation is no link to a web page")
	}
	return nil
}
