package oauth

import "time"

// Salvage is what is read in part of the answer to a refresh.
func Salvage(body []byte, fallback time.Duration) clean {
	answer, _, _ := normalise(salvage(body), fallback)
	return answer
}

// Normalise is what the RoundTripper does to an answer with a good status, for
// the fuzz test: the clean JSON, or why there is none.
func Normalise(contentType string, body []byte, fallback time.Duration) (clean, string) {
	fields, readable := readFields(contentType, body)
	if !readable {
		return clean{}, "the answer is not a JSON object"
	}
	answer, _, problem := normalise(fields, fallback)
	return answer, problem
}
