package authserver

import "crypto/rsa"

// IDTokenKey is what the server's ID tokens are verified with now.
func (s *Server) IDTokenKey() *rsa.PublicKey {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	with, err := s.keys.current()
	if err != nil {
		panic(err)
	}
	return &with.private.PublicKey
}
