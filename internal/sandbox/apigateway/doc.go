// Package apigateway emulates an HTTP API of Amazon API Gateway closely enough
// to put the shipped consent function in front of a browser: requests become
// events of payload version 2.0, answers become responses, with the service's
// own limits and refusals in between.
//
// It owns the two translations and the routes, which match a method and a path
// exactly. It leaves to others: listening (Gateway is an http.Handler), running
// the function, and what its events mean. Not emulated: stages other than
// $default, path parameters, authorizers, CORS, throttling, access logs and the
// X-Amzn-Trace-Id header.
//
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
package apigateway
