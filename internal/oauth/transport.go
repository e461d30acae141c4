package oauth

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"token-refresher/internal/provider"
)

// idleTimeout is short because a frozen Lambda function finds its connections
// dead, and one that a gateway dropped silently must not take a token request.
const idleTimeout = 15 * time.Second

// NewTransport returns what Config.Transport is by default. A proxy of the
// environment is honoured: it belongs to the deployment, as PROVIDER_HOSTS
// does, sees no more than host names of https, and is never used for loopback.
func NewTransport() *http.Transport {
	dialer := net.Dialer{Timeout: 5 * time.Second, KeepAlive: idleTimeout}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  provider.MaxTimeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    32,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 5 * time.Second, PingTimeout: 5 * time.Second},
	}
}
