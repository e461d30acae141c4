package authserver

import "crypto/rsa"

// IDTokenKey is what the server's ID tokens are verified with, once it has
// signed one.
func (s *Server) IDTokenKey() *rsa.PublicKey { return &s.idTokens.key.PublicKey }
