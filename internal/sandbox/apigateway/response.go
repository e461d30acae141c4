package apigateway

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

// respond makes a response of the function's answer. An answer without a status
// is a body ("Lambda function response for format 2.0"); one that makes no
// response is the function's fault.
func respond(w http.ResponseWriter, payload []byte) {
	var answer events.APIGatewayV2HTTPResponse
	if !json.Valid(payload) {
		refuse(w, http.StatusInternalServerError)
		return
	}
	if json.Unmarshal(payload, &answer) != nil || answer.StatusCode == 0 {
		answer = events.APIGatewayV2HTTPResponse{
			StatusCode: http.StatusOK, Body: string(payload), Headers: map[string]string{"Content-Type": "application/json"},
		}
	}
	body := []byte(answer.Body)
	var err error
	if answer.IsBase64Encoded {
		body, err = base64.StdEncoding.DecodeString(answer.Body)
	}
	if err != nil || answer.StatusCode < http.StatusOK || answer.StatusCode > 599 {
		refuse(w, http.StatusInternalServerError)
		return
	}
	header := w.Header()
	for name, value := range answer.Headers {
		header.Set(name, value)
	}
	header.Del("Content-Length") // counted anew
	for _, cookie := range answer.Cookies {
		header.Add("Set-Cookie", cookie)
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(body) // the caller may be gone
}
