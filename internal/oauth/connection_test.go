package oauth_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// closing tells when its connection is closed.
type closing struct {
	net.Conn
	once   *sync.Once
	closed chan<- struct{}
}

func (c closing) Close() error {
	c.once.Do(func() { c.closed <- struct{}{} })
	return c.Conn.Close()
}

// TestCodeHasAConnectionOfItsOwn keeps a connection idle with refreshes: a code
// goes over another, which is closed behind it, and several at once share none.
func TestCodeHasAConnectionOfItsOwn(t *testing.T) {
	t.Parallel()
	const codes = 5
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			requests := map[string]int{} // by connection
			idp, transport := serveTLS(t, protocol, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				requests[r.RemoteAddr]++
				mu.Unlock()
				_, _ = io.WriteString(w, goodAnswer)
			})
			closed, dial := make(chan struct{}, 2*codes), transport.DialContext
			transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				return closing{conn, new(sync.Once), closed}, err
			}
			p := parse(t, consented(""))
			p.TokenEndpoint = idp.URL + "/token"
			client := newClient(t, transport)
			for range 2 {
				if _, err := client.Refresh(t.Context(), p, credentials(nil), grant(nil)); err != nil {
					t.Fatal(err)
				}
			}
			var consents sync.WaitGroup
			for range codes {
				consents.Go(func() {
					if _, err := client.AuthorizationCode(t.Context(), p, credentials(nil), code(nil)); err != nil {
						t.Error(err)
					}
				})
			}
			consents.Wait()
			if len(requests) != 1+codes {
				t.Errorf("got requests by connection %v, want one connection for the refreshes and one for each of %d codes", requests, codes)
			}
			for n := range codes {
				select {
				case <-closed:
				case <-time.After(time.Minute):
					t.Fatalf("got %d connections closed, want %d", n, codes)
				}
			}
		})
	}
}

// A code must not go twice, and net/http sends again what it can and may.
func TestNoCodeCanBeRepeated(t *testing.T) {
	t.Parallel()
	idp := serving(http.StatusOK, goodAnswer)
	quick := idp.answer
	idp.answer = func(request *http.Request) (*http.Response, error) {
		if request.GetBody != nil || request.Body == nil || request.Body == http.NoBody || request.ContentLength <= 0 {
			t.Error("net/http could repeat the request")
		}
		return quick(request)
	}
	if _, err := exchange(t, idp, consented("")); err != nil {
		t.Fatal(err)
	}
}
