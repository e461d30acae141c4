package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

// speakBadly is a runtime that makes every mistake the Runtime API knows, once
// in its one invocation, and answers with the statuses it got for them.
func speakBadly() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	next, err := http.Get(api + "next")
	if err != nil {
		os.Exit(1)
	}
	_ = next.Body.Close()
	id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
	statuses := map[string]int{}
	if again, err := http.Get(api + "next"); err == nil {
		_ = again.Body.Close()
		statuses["next without an answer"] = again.StatusCode
	}
	statuses["answer of another"] = send(api+"other/response", nil)
	statuses["error of another"] = send(api+"other/error", nil)
	answer, _ := json.Marshal(statuses)
	first := send(api+id+"/response", answer)
	fmt.Println("first answer:", first, "second answer:", send(api+id+"/response", answer))
	os.Exit(0)
}

// send returns the status, or 0 if there was none.
func send(target string, body []byte) int {
	response, err := http.Post(target, "application/json", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}
