package consent

// ParseResponse reads a form as the callback does, and returns the parameters
// that count, or what is wrong with it.
func ParseResponse(body string) (parameters map[string]string, fault string) {
	r, fault := parseResponse(body)
	return map[string]string{
		"state": r.state, "iss": r.issuer, "error": r.failure, "code": r.code.Reveal(), "id_token": r.idToken.Reveal(),
	}, fault
}
