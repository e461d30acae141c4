package moto_test

import (
	"net/http"
	"testing"

	"token-refresher/internal/sandbox/moto"
)

func TestStartAnswersAndStops(t *testing.T) {
	t.Parallel()
	var endpoint string
	t.Run("running", func(t *testing.T) {
		endpoint = moto.Start(t)
		response, err := http.Get(endpoint + "/moto-api/")
		if err != nil {
			t.Fatalf("asking a started moto: %v", err)
		}
		response.Body.Close()
	})
	if endpoint == "" {
		t.Skip("SKIPPED: moto_server is not installed")
	}
	if response, err := http.Get(endpoint + "/moto-api/"); err == nil {
		response.Body.Close()
		t.Error("moto still answers after its test ended")
	}
}
