package oauth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"

	"token-refresher/internal/provider"
)

// unanswered classifies a request that got no complete answer. All of it is
// transient; of the cause only the kind is kept. A context that was given a
// cause of its own ends with that, so it is asked itself.
func unanswered(ctx context.Context, err error) *Error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return &Error{Class: ClassTransient, problem: "it was cancelled before the answer came", cause: context.Canceled}
	}
	if slow, ok := errors.AsType[net.Error](err); ctx.Err() != nil || ok && slow.Timeout() {
		return &Error{Class: ClassTransient, Timeout: true, problem: "no complete answer came in time", cause: context.DeadlineExceeded}
	}
	return &Error{Class: ClassTransient, problem: networkProblem(err)}
}

func networkProblem(err error) string {
	_, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case isDNS:
		return "the provider's host name cannot be resolved"
	case isTLS(err):
		return "the TLS handshake failed"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke off"
	}
	return "the connection failed"
}

func isTLS(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	return certificate || authority || alert || record
}

// undiscovered classifies an endpoint that was not found. A document that
// is wrong may be right again soon, so it stops no client; a gateway that does
// not know the client does.
func undiscovered(err error) *Error {
	class, problem := ClassUnknown, "the endpoint is not known"
	found, ok := errors.AsType[*provider.DiscoveryError](err)
	if !ok {
		return &Error{Class: class, NotSent: true, problem: problem}
	}
	switch {
	case found.Temporary:
		class = ClassTransient
	case found.Status == http.StatusUnauthorized:
		class = ClassClient
	}
	return &Error{Class: class, NotSent: true, Timeout: found.Timeout, problem: err.Error(), cause: found.Unwrap()}
}

// misconfigured is a request that was not sent because something that an
// operator wrote is wrong.
func misconfigured(problem string) *Error {
	return &Error{Class: ClassClient, NotSent: true, problem: "not sent: " + problem}
}
