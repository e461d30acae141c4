package authserver

import (
	"net"
	"net/http"
	"time"
)

// dripInterval is the pause after each byte of a slow answer. Network times
// are not scaled with the sandbox's speed.
const dripInterval = time.Second

// deliver sends the answer as a healthy server does.
func deliver(w http.ResponseWriter, _ *http.Request, a answer) { a.write(w) }

// hang waits until the client or the server gives up.
func hang(_ http.ResponseWriter, r *http.Request, _ answer) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// reset breaks the connection: with a TCP reset where there is a TCP
// connection, else by aborting the handler, which an in-memory transport turns
// into the same error.
func reset(w http.ResponseWriter, _ *http.Request, _ answer) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, isTCP := connection.(*net.TCPConn); isTCP {
		// Without lingering, Close sends RST in place of FIN. If it cannot be
		// set the client sees an early end, which is as good a fault.
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// drip sends the answer byte by byte, until it is done or nobody reads it.
func drip(w http.ResponseWriter, r *http.Request, a answer) {
	head := answer{status: a.status, header: a.header}
	head.write(w)
	flush := http.NewResponseController(w)
	for i := range a.body {
		if _, err := w.Write(a.body[i : i+1]); err != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		case <-time.After(dripInterval):
		}
	}
}
